"""4.6: reading a map of weights."""

from rnn2attn_grading.questions.chapter04 import q6a_largest, q6b_says
from rnn2attn_grading.questions.specification import Question

TEXT = r"""
"The weights show which word is used." First measure where they lie, then say what follows. Two functions.
"""

QUESTION = Question(
    "4.6",
    "Reading a map",
    TEXT,
    (q6a_largest.PART, q6b_says.PART),
)
