"""2.6: memory that is learned in stretches, priced, and measured."""

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
A text does not end, and a network learns from it in stretches: what it cannot reach back to, it is not told to keep.
How well it foresees a text has a price a letter. And what a memory keeps can be measured, by an experiment whose
length somebody has to choose. Three functions.
"""

HINTS = r"""
`in_stretches`: the state of an LSTM is a pair. Which of the two does the gradient go back through? `perplexities`:
what is added up, what is it divided by, and what comes last? `waits`: take two cells first, and draw what is left in
each against t. The curves are together at the beginning and in the end.

`in_stretches`: `detach()` gives the same numbers without a way back. It is done where a stretch begins, and on the
state, not on what you return. `perplexities`: nats of all letters, divided by all letters; not a mean of means.
`waits`: sort the cells. What tells neighbours apart tells all apart. For two neighbours the waits after which the
difference is 0.2 or more form an interval, so that you look for numbers such that each interval holds one.

`in_stretches`: a loop over t; if `t % steps == 0`, both parts of the state are detached; then the step.
`perplexities`: `F.cross_entropy(logits.mT, labels, reduction="none").where(mask, 0)`, its sums divided by those of
the mask, and `exp`. `waits`: go through the neighbours in the order in which their intervals end. If one of your
waits lies in their interval already, go on; if not, add the *last* wait of the interval, which is the one that may
serve the next ones.
"""

QUESTION = Question(
    "2.6",
    "Memory: learned in stretches, priced, measured",
    TEXT,
    minutes=60,
    difficulty=3,
    hints=HINTS,
)


@QUESTION.now("""
An LSTM learns names of places, read in your stretches of 30 letters, and your perplexities price names that it has
not read. Then your experiment is done: seven LSTMs of one unit, equal but for the bias of the forget gate, of which
one lies in a box. What is left in it after your waits, misread by up to 0.09, tells which one it was; a wait of 10
steps, then one of 1,000, tries the same alone. Before you run the cell: which is foreseen best, *marola*,
*merseburg* or *xrqptz*? And which of the seven does each single wait mistake for another?
""")
def read_names_and_open_the_box(in_stretches, perplexities, waits):
    from torch import nn

    from rnn2attn.tasks import names

    text = "\n" + "\n".join(names.texts(["en", "de"])).lower()
    held_out = [name.lower() for name in names.texts(["en", "de"], test=True)]
    letters = sorted({*text, *"".join(held_out), *"xrqptz"})
    d, V, rows = 48, len(letters), 96
    torch.manual_seed(0)
    sizes = (4 * d, V), (4 * d, d), (4 * d,), (V, d)
    weights = [(torch.randn(s) * d**-0.5).requires_grad_() for s in sizes]
    W_x, W_h, b, W_o = weights

    def read(ids, steps):
        start = torch.zeros(2, len(ids), d).unbind()
        x = F.one_hot(ids, V).float()
        return in_stretches(x, start, W_x, W_h, b, steps) @ W_o.T

    def prices(names):
        ids = [[letters.index(c) for c in f"\n{name}\n"] for name in names]
        ids = [torch.tensor(row) for row in ids]
        padded = nn.utils.rnn.pad_sequence(ids, True)
        mask = nn.utils.rnn.pad_sequence([r * 0 + 1 for r in ids], True).bool()
        z = read(padded[:, :-1], 99).detach()
        return perplexities(z, padded[:, 1:], mask[:, 1:])

    ids = torch.tensor([letters.index(c) for c in text])
    ids = ids[: len(ids) // rows * rows].view(rows, -1)
    adam = torch.optim.Adam(weights, lr=0.04)
    for update in range(41):
        if update % 20 == 0:
            print(f"{update} updates: perplexity {prices(held_out)[1]:.1f}")
        z = read(ids[:, :-1], 30)
        loss = F.cross_entropy(z.flatten(0, 1), ids[:, 1:].flatten())
        adam.zero_grad()
        loss.backward()
        adam.step()
    asked = ["marola", "merseburg", "xrqptz"]
    for name, price in zip(asked, prices(asked)[0], strict=True):
        print(f"{name}: {price:.1f}")

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
