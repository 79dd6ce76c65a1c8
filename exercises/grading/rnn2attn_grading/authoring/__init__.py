"""What is written from the specifications: notebooks, and the data of `check`."""
