"""Grading a class: what has no grade yet, by whom it is graded, and where the grades are kept."""
