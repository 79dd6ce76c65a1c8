"""Chapter 4: attention."""

from rnn2attn_grading.questions.specification import Chapter, questions_in

TEXT = """
Each question asks for one function or two. Replace `raise NotImplementedError` by your code, keep the name and the
arguments, and run the cell below it. `check` calls your function on several inputs. It compares values, gradients
where the question says so, and whether your function left its inputs as they were; then it names the first thing
that is wrong. Run it as often as you like. No question needs the answer to another one, so you can take them in
any order.

Conventions as in the chapter: batch first, queries are (B, T', d), keys and values (B, T, d), weights of attention
(B, T', T), weights of a layer lie (out, in), and a mask is True where a key may be used. Numbers are float64. In
place of the functions of `rnn2attn`, write the computation yourself; what PyTorch has for single steps of it, such
as `einsum`, `softmax`, `masked_fill` or `gather`, is allowed.
"""

IMPORTS = """
import math

import torch
import torch.nn.functional as F

from rnn2attn.check import check
"""

BY_HAND = r"""
One query, keys $k_i$, values $v_i$, weights $\alpha$, context $c$. Go one step further than 4.3 and derive the
Jacobian of the context by the query, $\partial c/\partial q$, for scores $q \cdot k_i / \sqrt{d_k}$. Write it so
that $c$ and the weighted mean of the keys, $\bar k$, appear in it. What is it if one weight is 1? And if all keys
are equal?
"""

DERIVED = r"""
From the softmax, $\partial \alpha_i / \partial e_j = \alpha_i(\delta_{ij} - \alpha_j)$, so $\partial c/\partial e_j
= \alpha_j (v_j - c)$. And $\partial e_j/\partial q = k_j^\top / \sqrt{d_k}$. Together

$$\frac{\partial c}{\partial q} = \frac{1}{\sqrt{d_k}} \sum_j \alpha_j\, (v_j - c)\, k_j^\top
= \frac{1}{\sqrt{d_k}} \sum_j \alpha_j\, (v_j - c)\, (k_j - \bar k)^\top,$$

because $\sum_j \alpha_j (v_j - c) = 0$. That is a covariance: of values and keys, under the weights. If one weight
is 1 there is nothing to vary, and the query gets no gradient; if all keys are equal, asking another way changes
nothing. Where attention has made up its mind, it hardly learns any more.
"""

DISCUSS = r"""
A map shows 0.9 of the weight on the word that a translator has just translated. Which sentence may stand in a
report about it, and which experiment has to come before the sentence "it used this word"?
"""

CHAPTER = Chapter(
    4,
    "04-attention",
    "Exercises 4: attention",
    TEXT,
    IMPORTS,
    questions_in(__name__),
    by_hand=BY_HAND,
    derived=DERIVED,
    discuss=DISCUSS,
)
