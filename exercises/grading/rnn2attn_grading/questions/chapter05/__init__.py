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

CHAPTER = Chapter(
    5,
    "05-spatial-attention",
    "Exercises 5: spatial attention",
    "about two and a half hours",
    TEXT,
    IMPORTS,
    questions_in(__name__),
)
