"""Money in: desks, payments with numbered receipts, and their reversals. Nothing is edited or deleted."""
