"""Chapter 6: self-attention and the Transformer."""

from rnn2attn_grading.questions.specification import Chapter, questions_in

TEXT = """
Each question asks for one function or two. Replace `raise NotImplementedError` by your code, keep the name and the
arguments, and run the cell below it. `check` calls your function on several inputs. It compares values, gradients
where the question says so, and whether your function left its inputs as they were; then it names the first thing
that is wrong. Run it as often as you like. No question needs the answer to another one, so you can take them in
any order.

Conventions as in the chapter: batch first, a sequence is (B, T, $d$), weights lie (out, in) unless a question says
otherwise, and a mask is True where a key may be used. Numbers are float64, lengths and positions int64. In place of
`rnn2attn.attention`, `rnn2attn.transformer` and PyTorch's ready-made attention and Transformer layers, write the
computation yourself; matrix products, `softmax`, `einsum`, `layer_norm` and the like are allowed.
"""

IMPORTS = """
import math

import torch
import torch.nn.functional as F

from rnn2attn.check import check
"""

BY_HAND = r"""
6.4 moves an encoding of a position by $k$ places with a matrix $M_k$, which acts on each pair by itself. Show that
$M_k$ is a rotation, so that $M_k^\top = M_{-k}$, and that $\mathrm{PE}(t) \cdot \mathrm{PE}(t + k)$ is the same for
all $t$. Where is it largest? Then take two vectors $a$ and $b$ that encode nothing, turn each by its own position,
and compute $(M_s\, a) \cdot (M_t\, b)$: on what does it depend?
"""

DERIVED = r"""
On the pair $i$, with $\theta = \omega_i k$, the addition formulas give

$$\begin{pmatrix} \sin(\omega_i (t + k)) \\ \cos(\omega_i (t + k)) \end{pmatrix} =
\begin{pmatrix} \cos\theta & \sin\theta \\ -\sin\theta & \cos\theta \end{pmatrix}
\begin{pmatrix} \sin(\omega_i t) \\ \cos(\omega_i t) \end{pmatrix}.$$

That matrix is a rotation; its transpose turns by $-\theta$, which is $M_{-k}$ on this pair. So $\mathrm{PE}(t)
\cdot \mathrm{PE}(t + k) = \sum_i \cos(\omega_i k)$, because $\sin^2 + \cos^2 = 1$ takes $t$ out. It is largest,
$d/2$, at $k = 0$.

$(M_s\, a) \cdot (M_t\, b) = a^\top M_s^\top M_t\, b = a^\top M_{t-s}\, b$. Positions have gone, and their
difference has stayed. Models that turn queries and keys in this way, and add no encoding to the words, use *rotary*
positions, which are the second function of 6.4; which way round they turn is all the same to the product.
"""

DISCUSS = r"""
A recurrent network has order built in, and a Transformer has to be told of it. Name data for which the first is a
help, and data for which it is in the way.
"""

CHAPTER = Chapter(
    6,
    "06-self-attention",
    "Exercises 6: self-attention and the Transformer",
    TEXT,
    IMPORTS,
    questions_in(__name__),
    by_hand=BY_HAND,
    derived=DERIVED,
    discuss=DISCUSS,
)
