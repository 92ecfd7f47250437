"""What was agreed with a student on paper: contracts, numbered per branch, and what is left to pay by them."""
