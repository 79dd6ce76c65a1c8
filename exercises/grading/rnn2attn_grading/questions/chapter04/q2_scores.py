"""4.2: scores with parameters."""

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Two scores that take queries and keys of different sizes. Both are asked for the plain scores: no division, no mask,
no softmax. Rows belong to queries, columns to keys.
"""

QUESTION = Question("4.2", "Scores with parameters", TEXT)
