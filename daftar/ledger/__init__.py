"""Where money is: accounts, and immutable transfers between two of them.

Knows no reason why money moves. A transfer debits one account and credits another with one positive amount, so
the books balance by construction; a mistake is reversed by another transfer, and the database itself refuses
UPDATE and DELETE. `balance` of an account is credits minus debits in minor units: a student's is what the centre
still owes in lessons (negative: debt), a desk's is minus what lies in it.
"""
