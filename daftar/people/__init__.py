"""Who: students (one record for lead and client), payers, and the ways to reach them."""
