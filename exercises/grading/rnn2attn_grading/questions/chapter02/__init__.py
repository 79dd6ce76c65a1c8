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
of `torch.nn`'s ready-made networks and of the functions of `rnn2attn.recurrent`, write the computation yourself, as
long as a question does not name one; matrix products, `torch.sigmoid`, `torch.tanh`, `chunk` and the like are all
allowed.
"""

IMPORTS = """
import math

import torch
import torch.nn.functional as F

from rnn2attn import recurrent
from rnn2attn.check import check
"""

BY_HAND = r"""
In an LSTM of one unit the old cell $c_{t-1}$ reaches the new one in more ways than the one that the drawing shows,
because $h_{t-1} = o_{t-1} \tanh c_{t-1}$ goes into the gates. Derive $\partial c_t / \partial c_{t-1}$ with all of
them. Call the recurrent weights $w_i, w_f, w_g$. Then put in a latch such as that of 2.4: which terms are left?
"""

DERIVED = r"""
$c_t = f_t c_{t-1} + i_t g_t$, and each of the three depends on $h_{t-1}$. With $u = \partial h_{t-1}/\partial
c_{t-1} = o_{t-1}\,(1 - \tanh^2 c_{t-1})$ and the slopes of σ and tanh,

$$\frac{\partial c_t}{\partial c_{t-1}} = f_t + u\,\bigl[\, w_f f_t (1 - f_t)\, c_{t-1} + w_i\, i_t (1 - i_t)\, g_t +
w_g\, i_t\, (1 - g_t^2) \,\bigr].$$

The first term is the wire. The bracket is the multiplication that came back: it goes through weights, as in the
recurrent network. In the latch the recurrent weights are 0, and what is left is $f_t$, nearly 1 where nothing is
written. Where gates are saturated, $f(1-f)$ and $i(1-i)$ vanish as well, and with $i$ near 0 the last term does,
too: where nothing is written, the bracket is small even if weights are large.
"""

DISCUSS = r"""
Somebody starts every LSTM with a forget bias of 1, because everybody does. What does that say about how long the
task needs its memory, and for which task would you start with a negative one?
"""

CHAPTER = Chapter(
    2,
    "02-lstm-gru-gates",
    "Exercises 2: gates, the LSTM and the GRU",
    TEXT,
    IMPORTS,
    questions_in(__name__),
    by_hand=BY_HAND,
    derived=DERIVED,
    discuss=DISCUSS,
)
