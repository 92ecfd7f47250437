"""The whole ledger of a centre as a journal that accounting programs read: beancount and hledger. Writes no table."""
