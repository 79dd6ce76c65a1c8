"""4.2: scores with parameters."""

from rnn2attn_grading.questions.chapter04 import q2a_general, q2b_concat
from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Two scores that take queries and keys of different sizes. Both are asked for the plain scores: no division, no mask,
no softmax. Rows belong to queries, columns to keys.
"""

QUESTION = Question(
    "4.2",
    "Scores with parameters",
    TEXT,
    (q2a_general.PART, q2b_concat.PART),
)
