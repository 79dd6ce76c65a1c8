"""2.6: gates counted and tested."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
A gate costs parameters, and they can be counted. What it brings is memory, and to find out how much of it there is
takes an experiment, whose length somebody has to choose. Two functions.
"""

HINTS = r"""
Each block has a matrix for x, one for h and its biases; count blocks. For the waits take two cells first, and draw
what is left in each against t. The curves are together at the beginning and in the end.

Sort the cells. What tells neighbours apart tells all apart: the others are farther from each other. For two
neighbours the waits after which the difference is 0.2 or more form an interval, so that you look for numbers such
that each interval holds one.

Go through the neighbours from the fastest on. If one of your waits lies in their interval already, go on; if not,
add the *last* wait of the interval, which is the one that may serve the next ones, too.
"""

QUESTION = Question(
    "2.6",
    "Gates counted, and gates tested",
    TEXT,
    minutes=35,
    difficulty=3,
    hints=HINTS,
)


@QUESTION.now("""
Your experiment is done. Seven real LSTMs of one unit are built, equal but for the bias of the forget gate, and one
of them lies in a box. What is left in it after your waits, misread by up to 0.09, tells which one it was; and a wait
of 10 steps, then one of 1,000, tries the same alone. Before you run the cell: which of the seven does each of the
two mistake for another?
""")
def open_the_box(waits):
    from torch import nn

    biases = [0.5, 1.5, 2.6, 3.7, 4.7, 5.8, 6.9]
    cells = []
    for bias in biases:
        cell = nn.LSTMCell(1, 1).requires_grad_(False)
        for parameter in cell.parameters():
            parameter.zero_()
        cell.bias_ih[1] = bias
        cells.append(cell)

    def left(cell, wait):
        state = torch.zeros(1, 1), torch.ones(1, 1)
        for _ in range(wait):
            state = cell(torch.zeros(1, 1), state)
        return state[1].item()

    torch.manual_seed(0)
    for chosen in (waits(biases), [10], [1000]):
        table = torch.tensor(
            [[left(cell, t) for t in chosen] for cell in cells]
        )
        error = 0.09 * (2 * torch.rand(100, 1, len(chosen)) - 1)
        apart = (table[:, None, None] + error - table).abs().amax(dim=3)
        found = apart.argmin(dim=2) == torch.arange(len(cells))[:, None]
        share = found.double().mean(dim=1)
        print(f"after {chosen}: found in", *(f"{s:.0%}" for s in share))
