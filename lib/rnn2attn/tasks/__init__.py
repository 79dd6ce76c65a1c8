"""Tasks: one small module for each kind of data. Text ends in pairs (source, target), numbers in tensors."""
