"""Processes of a running installation are killed while people work in it; afterwards the books are audited."""
