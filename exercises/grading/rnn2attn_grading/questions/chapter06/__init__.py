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

CHAPTER = Chapter(
    6,
    "06-self-attention",
    "Exercises 6: self-attention and the Transformer",
    "about two and a half hours",
    TEXT,
    IMPORTS,
    questions_in(__name__),
)
