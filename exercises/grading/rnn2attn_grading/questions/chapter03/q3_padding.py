"""3.3: an encoder and its padding."""

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
`nn.LSTM` and `nn.GRU` know nothing of padding: in a batch they read it like any other word. What an encoder hands
over for a sentence must not depend on the sentences that happen to lie beside it. Two functions.
"""

QUESTION = Question("3.3", "An encoder and its padding", TEXT)
