"""Moving in: files of other programs become students, groups, prices and opening balances, all or nothing."""
