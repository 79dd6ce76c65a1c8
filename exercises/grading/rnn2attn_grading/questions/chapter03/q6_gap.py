"""3.6: what a gap shows."""

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
A decoder is more often right when it reads the right words than when it reads its own. Two things make this gap: how
often it errs at all, and what an error does to the words after it. So a small gap need not mean that errors do no
harm, and a narrower one need not be an improvement. Two functions.
"""

QUESTION = Question("3.6", "What a gap shows", TEXT)
