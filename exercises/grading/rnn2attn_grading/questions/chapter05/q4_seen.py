"""5.4: what a cell has seen, and what none of some cells has."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
The chapter shuts the cells that lie over a digit. Cells beside it have seen parts of the digit, too. To shut off all
of it one has to know what each cell has seen. Two functions, and no gradient: counting is enough.
"""

HINTS = r"""
`pixels_seen`: do one convolution after the other. A cell sees all that the cells under its kernel have seen, and it
does not matter which convolution made those. `blind_cells`: two intervals do not meet if one ends before the other
begins. What must hold for a cell to see a pixel of the box?

`pixels_seen`: before the first convolution, pixel n sees (n, n + 1). Cell j of a convolution has its kernel on
cells $j s - p$ to $j s - p + k$ of the grid before, as far as these exist; it sees from the first one's first to
the last one's last. `blind_cells`: rows miss the box, or columns do; one of the two is enough.

`pixels_seen`: a list of pairs, replaced once for each layer; starts are `range(-padding, len(seen) + padding -
kernel + 1, stride)`, and a slice that begins at `max(start, 0)` gives what is under the kernel. `blind_cells`: for
each pair of rows and each of columns, `b <= top or a >= bottom or …`, as a nested list that becomes a tensor.
"""

QUESTION = Question(
    "5.4", "What a cell has seen", TEXT, minutes=35, difficulty=3, hints=HINTS
)


@QUESTION.now("""
Your counting is put to the test on a real encoder, with random weights. A digit is taken out of a picture, and all
cells are compared before and after: those that your functions call blind may not change by a single bit. The
picture shows by how much each of the others does. Before you run the cell: how many of the 64 cells will be blind
to a digit of 12 × 12 pixels if each sees 15 × 15?
""")
def take_it_out(pixels_seen, blind_cells):
    from rnn2attn import plots
    from rnn2attn.captioning import CNN, OVERLAPPING, PATCHES
    from rnn2attn.tasks import digits

    torch.manual_seed(0)
    (canvas,) = digits.relation(1)
    box = canvas.boxes[0]
    for name, layers in (("overlapping", OVERLAPPING), ("patches", PATCHES)):
        padded = [(k, s, (k - s + 1) // 2) for k, s in layers]
        sides = pixels_seen(padded, 32)
        blind = blind_cells(sides, sides, box)
        encoder = CNN(d=32, layers=layers, positions=False).eval()
        without = digits.cover(canvas.image, box)
        z = encoder.features(torch.stack([canvas.image, without]))
        change = (z[0] - z[1]).norm(dim=1).detach().reshape(8, 8)
        print(f"{name}: a cell sees {sides[4][1] - sides[4][0]} pixels a side,")
        print(
            f"  {blind.sum()} of 64 are blind to the digit, and the most that"
        )
        print(f"  one of them changes is {change[blind].max()}")
        if name == "overlapping":
            shown = change / change.max()
    numbers = [str(n) for n in range(8)]
    return plots.heatmap(
        shown, numbers, numbers, xlabel="column of cells", ylabel="row of cells"
    )
