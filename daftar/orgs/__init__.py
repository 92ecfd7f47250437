"""Who it is for and who acts: organizations, branches, members, their rights, and the register of what was done.

An `Actor` is built once per request or job and passed first to every verb and question. A `@verb` checks one
permission, runs in one transaction and leaves one audit row made of what `add` and `change` noted. Facts are
announced with `publish`; who reacts stands in `config/reactions.py`.
"""
