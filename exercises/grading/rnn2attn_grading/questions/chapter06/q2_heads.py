"""6.2: heads."""

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Heads can be written in two ways. In the paper (Vaswani et al., 2017, section 3.2.2) each has small matrices of its
own. In code one large matrix makes the queries of all heads, and its result is cut. Two functions go from the one way
to the other.
"""

QUESTION = Question("6.2", "Heads, apart and together", TEXT)
