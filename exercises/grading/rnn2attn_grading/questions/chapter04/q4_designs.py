"""4.4: the two designs of a decoder that attends."""

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
The chapter has two decoders that attend, and they differ in when they look. Write both for a whole target, with a
tanh cell, and with dot products as scores, undivided. Column t of `y` is what step t reads, with $t = 1$ in column 0;
`s` is $s_0$; `h` holds the encoder's states, and the mask is True where a state may be used. Each row has one.
Not allowed: `rnn2attn.attention`, `rnn2attn.seq2seq` and `F.scaled_dot_product_attention`.
"""

QUESTION = Question("4.4", "When to look", TEXT)
