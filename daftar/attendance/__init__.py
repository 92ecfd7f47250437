"""What happened: lessons conducted, and who was there."""
