"""A drawing of chapter 5: a picture, its grid of features, two looks at it, and two words."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from rnn2attn.attention import attend, dot
from rnn2attn.plots.drawn.canvas import SMALL, Canvas, number
from rnn2attn.plots.drawn.drawing import Drawing
from rnn2attn.tasks import digits

CELLS = 8  # on each side of the grid


class Look(NamedTuple):
    """One word, the map with which it is said, (8, 8), the share of it on the digit, and what was found, (3,)."""

    word: str
    weights: Tensor
    share: float
    found: Tensor


def looked_at() -> tuple[Tensor, Tensor, list[Look]]:
    """A canvas of the task, (32, 32), three features of each cell, (3, 8, 8), and the looks of first and last word.

    Three kernels made by hand stand for the network, and two queries made by hand for the decoder's states: they ask
    for ink on the left and on the right.
    """
    canvas = next(one for one in digits.relation(20, seed=3) if "left" in one.caption)
    across = torch.tensor([[-1.0, -1.0, -1.0], [2.0, 2.0, 2.0], [-1.0, -1.0, -1.0]])
    kernels = torch.stack([torch.ones(3, 3), across, across.T])[:, None]
    strokes = F.conv2d(canvas.image[None], kernels, stride=2, padding=1).relu()
    z = F.max_pool2d(strokes, kernel_size=2)[0]
    z = z / z.amax(dim=(1, 2), keepdim=True)
    places = torch.linspace(-1, 1, CELLS).expand(1, CELLS, CELLS)
    keys = torch.cat([z, places]).flatten(1).T[None]
    values = z.flatten(1).T[None]
    looks = []
    for at, side in ((0, -5.0), (-1, 5.0)):
        c, alpha = attend(torch.tensor([[8.0, 0.0, 0.0, side]]), keys, values, score=dot)
        top, left, bottom, right = (edge / 4 for edge in canvas.boxes[canvas.named[at]])
        weights = alpha.reshape(CELLS, CELLS)
        share = weights[int(top) : int(bottom + 0.75), int(left) : int(right + 0.75)].sum().item()
        looks.append(Look(canvas.caption[at], weights, share, c[0]))
    return canvas.image[0], z, looks


def _look(canvas: Canvas, x: float, y: float, look: Look, t: int) -> None:
    """One look from the left edge of its map, whose middle is at this height."""
    shown = look.weights / look.weights.max()
    canvas.grid(x, y - 44, shown.tolist(), "weight", 11)
    canvas.arrow((x + 88, y - 24), (x + 152, y - 24), kind="input", width=2)
    canvas.cells(x + 180, y - 24, look.found.tolist(), "input", across=True, w=18, digits=None)
    canvas.text(x + 180, y - 3, f"$c_{t}$")
    canvas.box(x + 130, y + 24, f"$s_{t}$", "state", w=32)
    canvas.arrow((x + 114, y + 24), (x + 89, y + 24), kind="weight")
    canvas.arrow((x + 207, y - 24), (x + 272, y - 24), (x + 272, y - 12), kind="output")
    canvas.arrow((x + 146, y + 24), (x + 272, y + 24), (x + 272, y + 12), kind="output")
    canvas.box(x + 272, y, look.word, "output", w=60)


def spatial_attention() -> Drawing:
    """From the picture to two of its words."""
    image, z, looks = looked_at()
    wide, narrow = Canvas(690, 250), Canvas(330, 376)
    wide.grid(4, 55, image.tolist(), "ink", 4)
    wide.text(68, 198, "32 × 32 pixels", SMALL)
    wide.arrow((136, 119), (184, 119), kind="input", width=2)
    wide.text(160, 104, "CNN", SMALL)
    for n, plane in enumerate(z):
        wide.grid(190, 5 + 76 * n, plane.tolist(), "input", 8.5)
    wide.text(224, 240, "8 × 8 cells", SMALL)
    for y in (60, 180):
        wide.arrow((262, 119), (300, 119), (300, y), (336, y), kind="input", width=2)
    narrow.grid(6, 4, image.tolist(), "ink", 3)
    narrow.text(54, 114, "32 × 32", SMALL)
    narrow.arrow((105, 52), (143, 52), kind="input", width=2)
    narrow.text(124, 38, "CNN", SMALL)
    for n, plane in enumerate(z):
        narrow.grid(148 + 62 * n, 24, plane.tolist(), "input", 7)
    narrow.text(238, 94, "8 × 8 cells", SMALL)
    for y in (190, 310):
        narrow.arrow((168, 84), (168, 130), (5, 130), (5, y), (19, y), kind="input", width=2)
    for t, look, high, low in ((1, looks[0], 60, 190), (4, looks[1], 180, 310)):
        _look(wide, 338, high, look, t)
        _look(narrow, 20, low, look, t)
    names, shares = [look.word for look in looks], [number(look.share, 2) for look in looks]
    return Drawing(
        title="A picture, its grid, two looks and two words",
        shows=f"A picture of two handwritten digits, {names[0]} on the left and {names[1]} on the right. A network "
        "turns it into three maps of 8 by 8 cells. Two looks at these: the state s1 asks, and the weights lie on the "
        f"left digit, with {shares[0]} of their sum; their mean c1 and s1 lead to the word {names[0]}. s4 asks, the "
        f"weights lie on the right digit with {shares[1]}, and the word is {names[1]}.",
        caption="The first and the last word of a caption. The cells are the same, but the states differ in what "
        "they ask. Three features made by hand, ink and two kinds of strokes, stand here for the 64 that a network "
        "learns, and two queries made by hand, for ink on the left and on the right, for those of a trained decoder.",
        wide=wide,
        narrow=narrow,
    )
