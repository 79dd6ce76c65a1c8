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

BY_HAND = r"""
A beam search may stop before all of its beginnings have ended. Show: as soon as the best ended one has a $\ln p$
that is at least that of every beginning that goes on, nothing better can come. Then show where the proof breaks if
hypotheses are compared by $\ln p$ divided by their length.
"""

DERIVED = r"""
One more word adds $\ln p(\text{word} \mid \dots) \le 0$, so $\ln p$ of a continuation is at most that of its
beginning, and so on to its end. If every beginning that goes on is at most as likely as the best ended one, so is
whatever comes of it. The search may stop.

Divided by length, $\ln p / n$ can rise: a word with $\ln p = -0.1$ takes a beginning of one word from $-1$ to
$-1.1/2 = -0.55$. What goes on may overtake what has ended. A bound needs the largest length that is allowed: from
$\ln p$ now, no end can have a mean above $\ln p / n_{\max}$.
"""

DISCUSS = r"""
A translator without attention is right less often the longer the sentence. Name one reason other than the size of
the context, and an experiment that tells the two apart.
"""

CHAPTER = Chapter(
    3,
    "03-seq2seq-bottleneck",
    "Exercises 3: sequence to sequence, and its bottleneck",
    TEXT,
    IMPORTS,
    questions_in(__name__),
    by_hand=BY_HAND,
    derived=DERIVED,
    discuss=DISCUSS,
)
