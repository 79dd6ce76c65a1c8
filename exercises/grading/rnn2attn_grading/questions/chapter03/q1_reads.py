"""3.1: what the decoder reads."""

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
At each step a decoder reads the word before the one that it has to say. In training that word comes from the
reference, or from the model itself, or now from the one and now from the other. Two functions.
"""

QUESTION = Question("3.1", "What the decoder reads", TEXT)
