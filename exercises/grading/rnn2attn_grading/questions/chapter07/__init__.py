"""Chapter 7: back to recurrence."""

from rnn2attn_grading.questions.specification import Chapter, questions_in

TEXT = """
Each question asks for one function or two. Replace `raise NotImplementedError` by your code, keep the name and the
arguments, and run the cell below it. `check` calls your function on several inputs. It compares values, gradients
where the question says so, and whether your function left its inputs as they were; then it names the first thing
that is wrong. Run it as often as you like. No question needs the answer to another one, so you can take them in
any order.

Conventions as in the chapter: batch first, a sequence is (B, T, $d$), and the state is a matrix $S$ that lies
($d_v$, $d_k$), so that a value is written under a key as $v k^\\top$ and read by $S q$. Numbers are float64. In place
of `rnn2attn.linear`, write the computation yourself; matrix products, `einsum`, `cumprod`, `torch.linalg` and the
like are allowed, and so are loops, unless a question says otherwise.
"""

IMPORTS = """
import math

import torch
import torch.nn.functional as F

from rnn2attn.check import check
"""

BY_HAND = r"""
The delta rule of 7.3 is learning. Take one pair, and the loss $L(S) = \tfrac12 \lVert S k - v \rVert^2$. What is
$\partial L / \partial S$, and what is a step of gradient descent of length $\beta$? Then write the same pair again
and again: how large is $S k - v$ after $n$ writes? For which $\beta$ does it shrink, and which is the best? Last,
take another key $k'$, at a right angle to $k$: what do all these writes change in $S k'$?
"""

DERIVED = r"""
With $e = S k - v$, $\partial L / \partial S_{ij} = e_i k_j$, so that $\partial L / \partial S = (S k - v)\, k^\top$.
A step against it is $S + \beta (v - S k)\, k^\top$: the delta rule, with $\beta$ for the learning rate.

After one write, $S' k - v = S k - v + \beta (v - S k)\, k^\top k = (1 - \beta \lVert k \rVert^2)(S k - v)$. After
$n$ of them the factor is $(1 - \beta \lVert k \rVert^2)^n$. It shrinks where $0 < \beta < 2 / \lVert k \rVert^2$, and
is 0 at once for $\beta = 1 / \lVert k \rVert^2$, which is 1 for a key of length 1. At $\beta = 2 / \lVert k \rVert^2$
it only changes its sign for ever.

$S' k' = S k' + \beta (v - S k)\, k^\top k' = S k'$, since $k^\top k' = 0$: nothing. What the sum of linear attention
does to a pair that is written twice, the delta rule does not do; what both do to keys that are not at a right angle
is 7.5.
"""

DISCUSS = r"""
A network with a state of fixed size reads a book and is asked, at the end, for one sentence of it. What did it have
to decide while it read that a Transformer can put off until the question comes? Name a task in which it pays to be
forced to decide.
"""

CHAPTER = Chapter(
    7,
    "07-back-to-recurrence",
    "Exercises 7: back to recurrence",
    TEXT,
    IMPORTS,
    questions_in(__name__),
    by_hand=BY_HAND,
    derived=DERIVED,
    discuss=DISCUSS,
)
