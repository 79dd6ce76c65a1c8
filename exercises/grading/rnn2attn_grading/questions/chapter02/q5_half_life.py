"""2.5: half-lives, read from biases and written into them."""

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
If weights and inputs count for little, the bias of a forget gate says for how long its unit keeps: after its
half-life, half is left. `nn.LSTM` keeps its biases in two vectors of blocks i, f, g, o, `bias_ih_l0` and
`bias_hh_l0`. Read half-lives from them, then write half-lives into them. Checked: units that keep for a moment, and
units that keep for longer than any sequence.
"""

QUESTION = Question("2.5", "Half-lives, in PyTorch's biases", TEXT)
