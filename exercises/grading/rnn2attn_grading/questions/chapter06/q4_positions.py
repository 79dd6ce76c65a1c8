"""6.4: positions."""

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Position $t$ is encoded by sines and cosines that take turns, as in the chapter:

$$
\mathrm{PE}(t)_{2i} = \sin(\omega_i t) \qquad
\mathrm{PE}(t)_{2i+1} = \cos(\omega_i t) \qquad
\omega_i = 10000^{-2i/d}
$$

The paper (Vaswani et al., 2017, section 3.5) says two things of them without a proof. Two functions.
"""

QUESTION = Question("6.4", "What the paper says of positions", TEXT)
