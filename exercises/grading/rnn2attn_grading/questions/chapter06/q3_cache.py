"""6.3: decoding with a cache."""

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
A decoder that says one word at a time keeps the keys and values of the words it has read, and asks only the newest
word's query. In training it reads the whole sentence at once, under a causal mask. Both have to give the same. Two
functions.
"""

QUESTION = Question("6.3", "A causal mask, and a cache", TEXT)
