"""2.6: what gates cost."""

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
"The GRU computes less than the LSTM, so it is faster." The first half can be counted. The second has to be measured,
and what a measurement says about the reason depends on what it was compared with. Two functions.
"""

QUESTION = Question("2.6", "What gates cost", TEXT)
