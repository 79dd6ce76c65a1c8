"""1.6: what can be said beforehand."""

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
What can be said of the gradients before any training, from $W_{hh}$ and the nonlinearity alone? The chapter has a
bound: going back one step multiplies a gradient by at most $\gamma\,\sigma$. There $\gamma$ is the steepest slope
of the nonlinearity, and which number of the matrix $\sigma$ is, the chapter says. Three functions.
"""

QUESTION = Question("1.6", "What is certain beforehand", TEXT)
