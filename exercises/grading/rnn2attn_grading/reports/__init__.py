"""What comes of a class: tables, pages of feedback, answers that are alike."""
