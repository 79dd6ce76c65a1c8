"""5.5, first part: the share of attention on a box."""

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.chapter05.q5_share import QUESTION

TEXT = r"""
**The share.** A grid of H' × W' cells is laid over a picture of `height` × `width` pixels. All cells cover rectangles
of one size, which need not be squares and need not end where a pixel ends. Spread a cell's weight evenly over its
rectangle, and return for each word how much of it lies in a box, which reaches nowhere beyond the picture. So a cell
of which the box covers a quarter counts by a quarter. Not allowed: `rnn2attn.captioning`.

What should come out if the box is the whole picture? And for a map of equal weights?
"""


def share_in_box(maps, box, height, width):
    """Share of attention on a box, for each word.

    Args:
        maps: weights, those of a word adding up to 1, (T', H', W').
        box: (top, left, bottom, right) in pixels; the last two are no longer
            inside.
        height: of the picture, in pixels.
        width: of the picture, in pixels.

    Returns:
        (T',).
    """
    top, left, bottom, right = box

    def covered(first, last, cells, size):
        k = torch.arange(cells, dtype=maps.dtype)
        first, last = first * cells / size, last * cells / size
        return (last - k).clamp(0, 1) - (first - k).clamp(0, 1)

    rows = covered(top, bottom, maps.shape[1], height)
    columns = covered(left, right, maps.shape[2], width)
    return maps @ columns @ rows


PART = QUESTION.part(
    share_in_box, 2, forbidden=("rnn2attn.captioning",), text=TEXT
)


def drawn_maps(draw, T, H, W):
    """Thousandths; one cell of each map gets what the others leave."""
    counts = 1 + draw.integers(9, T, H * W)
    at = [draw.integers(H * W, 1).item() for _ in range(T)]
    counts[range(T), at] += 1000 - counts.sum(dim=1)
    return counts.double().reshape(T, H, W) / 1000


def inputs(draw, T, H, W, height, width, box):
    return {
        "maps": drawn_maps(draw, T, H, W),
        "box": box,
        "height": height,
        "width": width,
    }


@PART.cases
def cases(draw):
    top, left = draw.choice(1, 2), draw.choice(6, 7)
    box = (top, left, top + 5, left + 7)
    yield "parts of cells", inputs(draw, 3, 3, 5, 12, 20, box)
    box = (4, 8, 12, 12 + 4 * draw.choice(0, 1))
    yield "whole cells", inputs(draw, 2, 4, 5, 16, 20, box)
    box = (3, 4, 10 + draw.choice(0, 1), 9)
    yield "cells that end within a pixel", inputs(draw, 2, 3, 3, 11, 13, box)
    box = (2, 8, 9, 11 + draw.choice(0, 1))
    yield "a square grid over a square", inputs(draw, 2, 4, 4, 16, 16, box)
    box = (5, 9, 6, 10)
    yield "one word, one pixel", inputs(draw, 1, 3, 4, 12, 16, box)


@PART.edges
def edges(draw):
    yield "the whole picture", inputs(draw, 3, 2, 3, 14, 15, (0, 0, 14, 15))
    even = inputs(draw, 2, 5, 2, 15, 14, (draw.choice(1, 2), 3, 8, 12))
    yield (
        "equal weights",
        even | {"maps": torch.full((2, 5, 2), 0.1, dtype=torch.float64)},
    )
    yield "one cell", inputs(draw, 2, 1, 1, 7, 5, (1, 2, draw.choice(4, 5), 3))
    fine = inputs(draw, 2, 6, 8, 3, 4, (1, 1, 2, draw.choice(2, 3)))
    yield "cells smaller than pixels", fine
    yield "a tall picture", inputs(draw, 5, 7, 2, 35, 6, (11, 1, 24, 5))


def of_axis(first, last, cells, size):
    """Of each cell, the share within the box, along one axis."""
    k = torch.arange(cells).double()
    first, last = first * cells / size, last * cells / size
    return (last - k).clamp(0, 1) - (first - k).clamp(0, 1)


def variant(axis=of_axis, change=lambda box: box, scale=None):
    """The right answer with one part of it replaced."""

    def answer(maps, box, height, width):
        top, left, bottom, right = change(box)
        rows = axis(top, bottom, maps.shape[1], height)
        columns = axis(left, right, maps.shape[2], width)
        share = maps @ columns.to(maps) @ rows.to(maps)
        if scale:
            cells = rows.sum().item() * columns.sum().item()
            pixels = height * width / maps[0].numel()
            share = share * scale(cells, pixels)
        return share

    return answer


def whole_pixels(first, last, cells, size):
    """A map enlarged by whole pixels, the rest of the picture empty."""
    step = size // cells
    ends = [(k * step, (k + 1) * step) for k in range(cells)]
    inside = [max(0, min(last, b) - max(first, a)) / step for a, b in ends]
    return torch.tensor(inside)


x_first = PART.mistake(
    "x and y are exchanged: a box is (top, left, bottom, right), rows first."
)(variant(change=lambda box: (box[1], box[0], box[3], box[2])))
as_sizes = PART.mistake(
    "You take the box for (top, left, height, width). The last two are bottom "
    "and right."
)(variant(change=lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])))
end_included = PART.mistake(
    "One row and one column too many: `bottom` and `right` are no longer "
    "inside."
)(variant(change=lambda b: (b[0], b[1], b[2] + 1, b[3] + 1)))
touched_whole = PART.mistake(
    "A cell that the box only touches is counted whole. It counts by the part "
    "that is covered."
)(variant(lambda *axis: (of_axis(*axis) > 1e-9).double()))
covered_only = PART.mistake(
    "Only cells that lie in the box as a whole are counted. A cell that is "
    "covered in part counts by that part."
)(variant(lambda *axis: (of_axis(*axis) > 1 - 1e-9).double()))


@PART.mistake(
    "A cell counts whole or not at all, by where its middle lies. It counts by "
    "the part that is covered."
)
def by_centre(maps, box, height, width):
    def inside(first, last, cells, size):
        middle = (torch.arange(cells).double() + 0.5) * size / cells
        return ((middle >= first) & (middle < last)).double()

    return variant(inside)(maps, box, height, width)


in_cells = PART.mistake(
    "The box is given in pixels, and you take it for cells of the grid."
)(variant(lambda first, last, cells, size: of_axis(first, last, cells, cells)))
pixels_whole = PART.mistake(
    "Each pixel got its cell's whole weight, so that the picture has more than "
    "1 in all. Spread the weight: divide by the pixels of a cell."
)(variant(scale=lambda cells, pixels: pixels))
density = PART.mistake(
    "That is the mean weight of the cells in the box. Asked is how much they "
    "have together."
)(variant(scale=lambda cells, pixels: 1 / cells))
by_whole_pixels = PART.mistake(
    "Right where cells end with pixels. Elsewhere you round a cell's size down, "
    "and some pixels at the end get nothing."
)(variant(whole_pixels))


def enlarged(maps, box, height, width):
    """Of maps as large as the picture, each pixel with the weight of one cell: what the box has, and all of it."""
    top, left, bottom, right = box
    pixels = F.interpolate(maps[:, None], size=(height, width))[:, 0]
    inside = pixels[:, top:bottom, left:right].sum(dim=(1, 2))
    return inside, pixels.sum(dim=(1, 2))


@PART.mistake(
    "Right where cells end with pixels. Elsewhere a pixel belongs to two cells, "
    "and you give it to one."
)
def nearest_cell(maps, box, height, width):
    inside, whole = enlarged(maps, box, height, width)
    return inside / whole


@PART.mistake(
    "Two things. Each pixel got its cell's whole weight, so that the picture "
    "has more than 1 in all. And where cells do not end with pixels, a pixel "
    "belongs to two of them, and you give it to one."
)
def nearest_cell_whole(maps, box, height, width):
    return enlarged(maps, box, height, width)[0]


@PART.mistake(
    "You round the edges of the box down to whole cells. A cell that is covered "
    "in part counts by that part."
)
def rounded_down(maps, box, height, width):
    (_, H, W), (top, left, bottom, right) = maps.shape, box
    rows = slice(top * H // height, bottom * H // height)
    columns = slice(left * W // width, right * W // width)
    return maps[:, rows, columns].sum(dim=(1, 2))


@PART.mistake(
    "Height and width of the picture are exchanged: its height belongs to the "
    "rows of the grid."
)
def sizes_exchanged(maps, box, height, width):
    return variant()(maps, box, width, height)


@PART.mistake(
    "The columns of the box are not looked at: yours is the share of all rows "
    "that it crosses."
)
def rows_only(maps, box, height, width):
    top, _, bottom, _ = box
    return variant()(maps, (top, 0, bottom, width), height, width)


@PART.mistake("One number for all words. Each word looks for itself.")
def mean_of_words(maps, box, height, width):
    return variant()(maps, box, height, width).mean()


@PART.mistake(
    "You see whether the largest weight is in the box. A flat map has a "
    "largest weight as well; asked is how much of all lies there."
)
def by_the_largest(maps, box, height, width):
    flat = maps.flatten(1)
    largest = torch.zeros_like(flat)
    largest[range(len(flat)), flat.argmax(dim=1)] = 1
    largest = largest.view_as(maps)
    return by_centre(largest, box, height, width)


@PART.mistake(
    "That is the share of the picture that the box has, the same for every "
    "word. The weights say how much of each cell counts."
)
def area(maps, box, height, width):
    return variant()(
        torch.ones_like(maps) / maps[0].numel(), box, height, width
    )


@PART.mistake(
    "The map is enlarged smoothly, so that weight runs over from each cell into "
    "its neighbours. A cell's weight lies evenly on its own rectangle."
)
def smoothed(maps, box, height, width):
    top, left, bottom, right = box
    pixels = F.interpolate(
        maps[:, None], size=(height, width), mode="bilinear"
    )[:, 0]
    inside = pixels[:, top:bottom, left:right].sum(dim=(1, 2))
    return inside / pixels.sum(dim=(1, 2))
