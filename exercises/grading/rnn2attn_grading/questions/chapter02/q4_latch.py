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

HINTS = r"""
Nothing here needs the old h: each of the four blocks looks at value and write alone. So say of each gate in words
where it should stand when write is 1 and when it is 0. Which of the four depends on value?

Where write = 1: i open, f closed. Where write = 0: i closed, f open; and for 1,000 steps to lose less than 0.001 in
all, 1 − f has to be below a millionth. σ(14) is about that near to 1. The output gate is open always, and g is the
tanh of value alone.

A gate that follows write has a large weight on it, and a bias of about minus half of that: `40 * write - 20` for i,
and the negative of it for f. g has weight 1 on value and bias 0; o has a large bias; $W_h$ is zeros.
"""

QUESTION = Question(
    "2.4",
    "A latch, from weights alone",
    TEXT,
    minutes=30,
    difficulty=3,
    hints=HINTS,
)


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


PART = QUESTION.part(latch, 3, view="latched")


@QUESTION.now("""
Your weights are put into a real `nn.LSTM`, and it holds on to what it is told to. The line with circles is the
value that arrives at each of 60 steps, the other is what the cell shows; at the marks above the picture write is 1.
Before you run the cell: the values go from −3 to 3. Why does the line that is shown stay within ±1?
""")
def hold_on(latch):
    from torch import nn

    from rnn2attn import plots

    lstm = nn.LSTM(2, 1)
    W_x, W_h, b = latch()
    for mine, yours in zip(
        lstm.parameters(), (W_x, W_h, b, torch.zeros(4)), strict=True
    ):
        mine.data.copy_(yours)
    torch.manual_seed(2)
    value, write = 6 * torch.rand(60) - 3, torch.zeros(60)
    write[[3, 17, 30, 48]] = 1
    shown = lstm(torch.stack([value, write], dim=1))[0].detach()[:, 0]
    for t in write.nonzero()[:, 0].tolist():
        wanted = value[t].tanh().tanh()
        print(f"at {t:2} it is told {wanted:6.3f} and shows {shown[t]:6.3f}")
    return plots.lines(
        {"value": value, "shown": shown}, xlabel="step", ylabel="",
        above=("write", {"1": 3, "1 ": 17, " 1": 30, " 1 ": 48}),
    )  # fmt: skip


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
wrong("looks at write, and not at value", g=(0, 1, 0, 0))
wrong("the weight 40 for value", g=(40, 0, 0, 0))


@PART.mistake("of shape (4, 2), W_h of shape (4, 1)")
def without_h():
    W_x, _, b = cell()
    return W_x, b
