"""4.6: reading a map of weights."""

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
"The weights show which word is used." First measure where they lie, then say what follows. Two functions.
"""

QUESTION = Question("4.6", "Reading a map", TEXT)
