"""Chapter 3: sequence to sequence and its bottleneck."""

from rnn2attn_grading.questions.specification import Chapter, questions_in

TEXT = """
Each question asks for one function or two. Replace `raise NotImplementedError` by your code, keep the name and the
arguments, and run the cell below it. `check` calls your function on several inputs. It compares values, gradients
where the question says so, and whether your function left its inputs as they were; then it names the first thing
that is wrong. Run it as often as you like. No question needs the answer to another one, so you can take them in
any order.

Conventions as in the chapter: batch first, ids are (B, T), weights lie (out, in), and a mask is True where a token
counts. Numbers are float64, ids int64. In place of the functions of `rnn2attn`, write the computation yourself; what
PyTorch has for single steps of it, such as `gather`, `flip`, `topk`, `log_softmax` or `pad_sequence`, is allowed.
"""

IMPORTS = """
import math

import torch
import torch.nn.functional as F
from torch.nn.utils.rnn import pad_sequence

from rnn2attn.check import check
"""

CHAPTER = Chapter(
    3,
    "03-seq2seq-bottleneck",
    "Exercises 3: sequence to sequence, and its bottleneck",
    "about two and a half hours",
    TEXT,
    IMPORTS,
    questions_in(__name__),
)
