"""For instructors: the exercises' specifications, and what is made from them. It holds the answers."""
