"""Pages on what students are charged: prices, discounts, pauses and the end of memberships."""
