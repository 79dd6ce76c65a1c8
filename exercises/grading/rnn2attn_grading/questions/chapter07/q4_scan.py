"""7.4: a recurrence in log T rounds."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
A recurrence that is linear in its state need not wait for the step before. Two steps in a row are one step of the
same kind; so are two of those, and T steps are together in $\log_2 T$ rounds instead of T. Two functions.
"""

HINTS = r"""
`combined`: put $c_1 = A_1 c_0 + b_1$ into the second step, multiply out, and read off what stands before $c_0$.
`after_rounds`: let each place be one step. In the first round it takes in its neighbour on the left. How far left
does it have to look in the second round, so that nothing is taken in twice?

`combined`: $A_2 A_1$, in this order, and $A_2 b_1 + b_2$. `after_rounds`: after r rounds a place holds the $2^r$
steps that end there, so the next partner is $2^r$ places to the left. Where there is none, the place already holds
all steps there are.

`combined`: `A_2 @ A_1`, and `(A_2 @ b_1[:, :, None])[:, :, 0] + b_2`. `after_rounds`: for each `reach` in 1, 2, 4, …
the new x is `x[:, :reach]`, followed by `f[:, reach:] * x[:, :-reach] + x[:, reach:]`, and the new f is `f[:,
:reach]`, followed by `f[:, reach:] * f[:, :-reach]`. Both are made of the old f and x.
"""

QUESTION = Question(
    "7.4",
    "Steps put together",
    TEXT,
    minutes=25,
    difficulty=2,
    hints=HINTS,
)


@QUESTION.now("""
A leaky average follows a signal of 1,000 steps, three features at a time, and your rounds compute it. The picture
shows the first feature after 3, 6 and 10 rounds. Before you run the cell: from which round on is nothing left to do,
and why does the line after 3 rounds hardly leave 0? The last line of text puts all steps together with `combined`,
two by two in a tree, and compares.
""")
def follow_a_signal(combined, after_rounds):
    from rnn2attn import plots

    T, d = 1000, 3
    torch.manual_seed(0)
    noise = torch.randn(1, T, d).double()
    f = torch.full((1, T, d), 0.98).double()
    x = 0.02 * (torch.linspace(0, 12, T).sin()[None, :, None] + noise)
    c, loop = torch.zeros(1, d).double(), []
    for t in range(T):
        c = f[:, t] * c + x[:, t]
        loop.append(c)
    loop, lines = torch.stack(loop, dim=1), {}
    for rounds in (3, 6, 9, 10):
        states = after_rounds(f, x, rounds)[1]
        off = (states - loop).abs().max()
        print(f"{rounds} rounds: off by {off:.1e} from {T} steps of a loop")
        if rounds != 9:
            lines[f"{rounds} rounds"] = states[0, :, 0]
    steps = [(f[:, t].diag_embed(), x[:, t]) for t in range(T)]
    while len(steps) > 1:
        odd = steps[len(steps) // 2 * 2 :]
        pairs = zip(steps[::2], steps[1::2], strict=False)
        steps = [combined(one, two) for one, two in pairs] + odd
    off = (steps[0][1] - loop[:, -1]).abs().max()
    print(f"a tree of your combined steps: off by {off:.1e} at the end")
    return plots.lines(lines, xlabel="step", ylabel="state")
