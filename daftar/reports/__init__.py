"""Questions that cross packages.

Each is a fixed number of set-based statements, driven from the table whose index serves the sort, however many rows a
page has. Nothing is written here.
"""
