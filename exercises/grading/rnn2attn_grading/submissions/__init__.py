"""What was handed in: whose it is, and its bytes."""
