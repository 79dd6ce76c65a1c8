"""6.1: self-attention, and the size of its scores."""

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
In self-attention every word makes a query, a key and a value of its own, and the scores are divided by $\sqrt{d_k}$.
Write it; then say what that division rests on. Two functions.
"""

QUESTION = Question("6.1", "Self-attention, and the size of its scores", TEXT)
