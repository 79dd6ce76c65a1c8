"""Chapter 5: spatial attention."""

from rnn2attn_grading.questions.specification import Chapter, questions_in

TEXT = """
Each question asks for one function or two. Replace `raise NotImplementedError` by your code, keep the name and the
arguments, and run the cell below it. `check` calls your function on several inputs. It compares values, gradients
where the question says so, and whether your function left its inputs as they were; then it names the first thing
that is wrong. Run it as often as you like. No question needs the answer to another one, so you can take them in
any order.

As in the chapter, weights of layers lie (out, in), cells are numbered row by row, and a mask is True where a cell may
be used. Here a grid of features is as a convolution gives it, (B, d, H', W'). Grids and pictures need not be square,
height comes before width everywhere, and rows and columns are counted from 0. Numbers are float64. In place of the
functions of `rnn2attn`, write the computation yourself; what PyTorch has for single steps of it, such as `softmax`,
`flatten`, `permute` or `argsort`, is allowed.
"""

IMPORTS = """
import math

import torch
import torch.nn.functional as F

from rnn2attn.check import check
"""

BY_HAND = r"""
In 5.3 the sentinel competes with the cells of the picture. Show that this is the same as two decisions, one after
the other: attention $\alpha'$ to the picture alone, with context $c'$, and then a gate $\beta$ that mixes, $c =
\beta\, m + (1 - \beta)\, c'$. Which logistic function is $\beta$, and of what?
"""

DERIVED = r"""
Let $S = \sum_{i,j} \exp e_{i,j}$, so that $Z = \exp e_m + S$ and $\alpha'_{i,j} = \exp e_{i,j} / S$. Then
$\alpha_{i,j} = \alpha'_{i,j}\, S / Z = (1 - \beta)\, \alpha'_{i,j}$, since $\beta = \exp e_m / Z = 1 - S/Z$. So $c
= \beta\, m + (1 - \beta) \sum \alpha'_{i,j}\, z_{i,j}$.

$\beta = \exp e_m / (\exp e_m + S) = \sigma(e_m - \ln S)$: a gate, as in chapter 2. It does not compare the sentinel
with the best cell but with $\ln S = \ln \sum \exp e_{i,j}$, which grows with the number of cells: on a finer grid
with the same scores, the picture wins more often.
"""

DISCUSS = r"""
At the word *of* the sentinel's share is 0.95. Does that show that the model needs no picture to say *of*, and which
picture would you take away to find out?
"""

CHAPTER = Chapter(
    5,
    "05-spatial-attention",
    "Exercises 5: spatial attention",
    TEXT,
    IMPORTS,
    questions_in(__name__),
    by_hand=BY_HAND,
    derived=DERIVED,
    discuss=DISCUSS,
)
