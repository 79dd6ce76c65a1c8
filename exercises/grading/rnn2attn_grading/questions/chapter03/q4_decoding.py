"""3.4: decoding."""

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
A trained decoder gives probabilities, one word at a time. Which translation it says is a matter of how one reads from
it. Two functions: greedy decoding for a batch, from a decoder's weights, and one step of a beam search.
"""

QUESTION = Question("3.4", "Greedy, and one step of a beam", TEXT)
