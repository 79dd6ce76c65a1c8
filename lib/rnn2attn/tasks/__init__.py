"""Tasks: one small module for each kind of data. Every one of them ends in pairs (source, target)."""
