"""What is owed and why.

Charges follow from facts: the rules say what should be charged, the ledger remembers what was, and `reconcile`
posts the difference. Nobody types a charge that a rule can know, and nobody edits one.
"""
