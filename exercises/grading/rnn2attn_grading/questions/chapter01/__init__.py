"""Chapter 1: the recurrent network and its gradients."""

from rnn2attn_grading.questions.specification import Chapter, questions_in

TEXT = """
Each question asks for a function. Replace `raise NotImplementedError` by your code, keep the name and the
arguments, and run the cell below it. `check` calls your function on several inputs. It compares values, gradients
where the question says so, and whether your function left its inputs as they were; then it names the first thing
that is wrong. Run it as often as you like. No question needs the answer to another one, so you can take them in
any order.

Conventions as in the chapter: batch first, an input is (B, $d_x$), a sequence (B, T, $d_x$), a state (B, $d_h$),
and weights lie (out, in). All tensors are float64. In place of `torch.nn`'s ready-made networks and of the
functions of `rnn2attn`, write the computation yourself; matrix products, sums, `torch.tanh`, `log_softmax` and
the like are all allowed.
"""

IMPORTS = """
import math

import torch
import torch.nn.functional as F

from rnn2attn.check import check
"""

BY_HAND = r"""
The cell under 1.3 begins with $p - y$, where $y$ is the right letter, one-hot. Derive it: $L = -\ln p_k$ with $p =
\mathrm{softmax}(z)$ and the right letter $k$; what is $\partial L/\partial z_i$, for $i = k$ and for the others?
Then show that the norm of this gradient is never above $\sqrt 2$. So where does a gradient that explodes get its
size from?
"""

DERIVED = r"""
$L = -z_k + \ln \sum_j e^{z_j}$. The first term gives $-1$ for $i = k$ and 0 else. The second gives $e^{z_i} /
\sum_j e^{z_j} = p_i$. Together $\partial L/\partial z_i = p_i - y_i$.

Its entries are $p_k - 1$ and, for the others, $p_i$, which add up to $1 - p_k$. A sum of squares is at most the
square of the sum where nothing is negative, so $\lVert p - y \rVert^2 \le (1 - p_k)^2 + (1 - p_k)^2 \le 2$.

The loss of one step pulls at the logits with a force below $\sqrt 2$, however wrong the network is. What explodes
has been multiplied on the way back, by $W_{hy}$ once and by one Jacobian a step.
"""

DISCUSS = r"""
A network's loss on *hello* is near 0, and its author writes that it remembers what it has read. Which number would
have to be beside that loss, and what could one change about the word so that a network without memory fails?
"""

CHAPTER = Chapter(
    1,
    "01-rnn-gradients",
    "Exercises 1: the recurrent network and its gradients",
    TEXT,
    IMPORTS,
    questions_in(__name__),
    by_hand=BY_HAND,
    derived=DERIVED,
    discuss=DISCUSS,
)
