"""Chapter 2: gates, the LSTM and the GRU."""

from rnn2attn_grading.questions.specification import Chapter, questions_in

TEXT = """
Each question asks for a function. Replace `raise NotImplementedError` by your code, keep the name and the
arguments, and run the cell below it. `check` calls your function on several inputs. It compares values, gradients
where the question says so, and whether your function left its inputs as they were; then it names the first thing
that is wrong. Run it as often as you like. No question needs the answer to another one, so you can take them in
any order.

Conventions as in the chapter: batch first, an input is (B, $d_x$), a state (B, $d_h$), and weights lie (out, in).
Blocks are stacked along the rows, i, f, g, o in the LSTM and r, z, n in the GRU. All inputs are float64. In place
of `torch.nn`'s ready-made networks and of the functions of `rnn2attn.recurrent`, write the computation yourself;
matrix products, `torch.sigmoid`, `torch.tanh`, `chunk` and the like are all allowed.
"""

IMPORTS = """
import math

import torch
import torch.nn.functional as F

from rnn2attn.check import check
"""

CHAPTER = Chapter(
    2,
    "02-lstm-gru-gates",
    "Exercises 2: gates, the LSTM and the GRU",
    "about two hours",
    TEXT,
    IMPORTS,
    questions_in(__name__),
)
