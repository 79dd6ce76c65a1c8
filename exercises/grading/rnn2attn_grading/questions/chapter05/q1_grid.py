"""5.1: a grid as a row of cells, and back."""

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Attention takes a row of vectors and gives a row of weights. A picture is a grid. Two functions: from the grid to the
row, and from the row of weights back to a map that can be laid over the picture.
"""

QUESTION = Question("5.1", "A grid as a row, and back", TEXT)
