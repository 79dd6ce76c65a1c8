"""2.4: a latch from weights alone."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
No training: build a memory by choosing weights. An LSTM of one unit gets two numbers at every step, $x_t$ =
(value, write), the value between −3 and 3, write 0 or 1.

- Where write = 1, it stores tanh(value) in $c$. What was there before is *replaced*.
- Where write = 0, it keeps $c$ for 1,000 steps, whatever value does meanwhile.
- At any time $h$ shows what is stored: $h = \tanh(c)$.

Each of the three to within 0.001. Return $W_x$, $W_h$ and $b$, blocks i, f, g, o. Checked: what the cell does, not
which numbers you took. A value is written, 1,000 steps with other values follow, the next one is written, and so on.
"""

QUESTION = Question("2.4", "A latch, from weights alone", TEXT)


def latch():
    """An LSTM of one unit that stores on command.

    Returns:
        The tuple W_x (4, 2), W_h (4, 1), b (4,): blocks i, f, g, o. The
        columns of W_x are for value and write.
    """
    W_x = torch.tensor(
        [
            [0.0, 40.0],  # open where write = 1
            [0.0, -40.0],  # closed there
            [1.0, 0.0],  # the value
            [0.0, 0.0],  # always open
        ]
    )
    b = torch.tensor([-20.0, 20.0, 0.0, 20.0])
    return W_x, torch.zeros(4, 1), b


PART = QUESTION.part(latch, 4, view="latched")


@PART.cases
def cases(draw):
    noise = draw.normal(31, scale=0.8).clamp(-3, 3)
    first, second = draw.uniform(0.5, 2.5), draw.uniform(-2.5, -0.5)
    for name, values, passing in (
        ("write, wait, overwrite, wait", [first, second], noise),
        ("all that passes is positive", [second, first, first], noise.abs()),
        ("all that passes is negative", [first, second, first], -noise.abs()),
    ):
        written = torch.tensor(values, dtype=torch.float64)
        yield name, {}, {"written": written, "noise": passing}


@PART.edges
def edges(draw):
    most = torch.tensor([3.0, -3.0, 0.0, 3.0]).double()
    yield "the largest values", {}, {"written": most, "noise": most[:1]}
    yield "the smallest values", {}, {"written": -most, "noise": -most[:1]}


def cell(i=(0, 40, 0, -20), f=(0, -40, 0, 20), g=(1, 0, 0, 0), o=(0, 0, 0, 20)):
    """From rows (weight of value, of write, of h, bias), the right ones unless given."""
    rows = torch.tensor([i, f, g, o], dtype=torch.float64)
    return rows[:, :2], rows[:, 2:3], rows[:, 3]


def wrong(hint, **rows):
    def latch():
        return cell(**rows)

    return PART.mistake(hint)(latch)


KEEP = "How far from 1 may a gate stay if it multiplies 1,000 times?"
DOOR = "The door stays a little open, and every value that comes by leaks in"
wrong(KEEP, f=(0, -40, 0, 1))
wrong(KEEP, f=(0, -20, 0, 10))
wrong(DOOR, i=(0, 20, 0, 0))
wrong(DOOR, i=(0, 20, 0, -5))
wrong("What is written is added to what was there", f=(0, 0, 0, 20))
wrong("What is written is added to what was there", f=(0, -20, 0, 20))
wrong("so only that share of the candidate is stored", i=(0, 20, 0, -20))
wrong("h does not show it", o=(0, 0, 0, 0))
wrong("h does not show it", o=(0, 40, 0, -20))
wrong("moves when the flag does", g=(1, 1, 0, 0))
wrong("Your candidate g depends on h", g=(1, 0, 1, 0))
wrong("Which row is the candidate's?", g=(0, 0, 0, 20), o=(1, 0, 0, 0))
wrong("Which row is the candidate's?", g=(0, 1, 0, 0))


@PART.mistake("of shape (4, 2), W_h of shape (4, 1)")
def without_h():
    W_x, _, b = cell()
    return W_x, b
