"""The jail that learners' code runs in, and what is inside of it."""
