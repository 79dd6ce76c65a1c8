"""5.4, first part: the pixels that each cell sees, along one side."""

from rnn2attn_grading.questions.autograd import AUTOGRAD
from rnn2attn_grading.questions.chapter05.q4_seen import QUESTION

TEXT = r"""
**The pixels of a cell.** Convolutions follow each other, each with a kernel, a stride and a padding. Along one side
of a picture of `size` pixels, return for each cell of the last grid the pixels that can reach it, as a pair (first,
last), where last is no longer seen. Padding is zeros: it is no pixel. A convolution over n cells with p zeros on
either side gives $\lfloor (n + 2p - k)/s \rfloor + 1$ cells, and the first of them begins p before the first cell.
Not allowed: `rnn2attn.captioning`, and convolutions and gradients of PyTorch.
"""


def pixels_seen(layers, size):
    """Which pixels each cell sees, along one side.

    Args:
        layers: a list of (kernel, stride, padding), the first one at the
            picture; the padding is smaller than the kernel.
        size: of the picture, in pixels.

    Returns:
        A list with a pair of ints (first, last) for each cell, in order.
    """
    seen = [(pixel, pixel + 1) for pixel in range(size)]
    for kernel, stride, padding in layers:
        cells = []
        starts = range(-padding, len(seen) + padding - kernel + 1, stride)
        for start in starts:
            inside = seen[max(start, 0) : start + kernel]
            cells.append((inside[0][0], inside[-1][1]))
        seen = cells
    return seen


PART = QUESTION.part(
    pixels_seen,
    2,
    forbidden=(
        "rnn2attn.captioning",
        "torch.nn",
        "torch.conv1d",
        "torch.conv2d",
        *AUTOGRAD,
    ),
    text=TEXT,
)


CHAPTER = [(3, 2, 1), (3, 2, 1), (3, 1, 1)]
PATCHES = [(4, 4, 0), (1, 1, 0), (1, 1, 0)]


def drawn(draw, size, *strides):
    """Kernels larger than their strides, and paddings that leave a kernel something to see."""
    layers = []
    for stride in strides:
        kernel = stride + draw.choice(1, 2, 3)
        layers.append((kernel, stride, draw.choice(1, 2) % kernel))
    return {"layers": layers, "size": size}


@PART.cases
def cases(draw):
    yield "the chapter's network", {"layers": CHAPTER, "size": 32}
    yield "patches", {"layers": PATCHES, "size": 4 * draw.choice(3, 4, 5)}
    yield "one layer", drawn(draw, draw.choice(11, 13, 17), 2)
    yield "strides 2, 1 and 3", drawn(draw, draw.choice(31, 37, 41), 2, 1, 3)
    # The last pixel is seen by no cell of the first grid.
    unseen = [(3, 2, 0), (3, 1, 1)]
    size = 2 * draw.choice(4, 5, 6)
    yield "a pixel that no cell sees", {"layers": unseen, "size": size}


@PART.edges
def edges(draw):
    yield "no layer", {"layers": [], "size": draw.choice(3, 5, 7)}
    wide = [(7, 1, 3), (5, 2, 4)]
    yield "wide padding", {"layers": wide, "size": draw.choice(8, 9, 11)}
    yield "four layers", drawn(draw, draw.choice(43, 47), 1, 2, 1, 2)
    yield (
        "one cell",
        {"layers": [(5, 1, 0), (3, 3, 0)], "size": draw.choice(7, 8, 9)},
    )


def windows(layers, size, widen=None, shift=None, cut=True):
    """By the formula: a width and a step that are the same for all cells, a start for the first."""
    cells, step, start, width = size, 1, 0, 1
    for kernel, stride, padding in layers:
        cells = (cells + 2 * padding - kernel) // stride + 1
        width += (widen or (lambda k, s, step: (k - 1) * step))(
            kernel, stride, step
        )
        start -= shift(padding, stride, step) if shift else padding * step
        step *= stride
    found = [(start + k * step, start + k * step + width) for k in range(cells)]
    return [(max(0, a), min(size, b)) for a, b in found] if cut else found


def formula(hint, **parts):
    return PART.mistake(hint)(
        lambda layers, size: windows(layers, size, **parts)
    )


beyond_the_last = formula(
    "Right, except where a layer pads behind a cell that is not there. Its "
    "zeros reach no pixel; you count those that one cell more would see."
)
not_cut = formula(
    "Your pairs reach beyond the picture. There are zeros, and no pixels.",
    cut=False,
)
no_padding = formula(
    "Padding moves the windows: the first one begins before the picture.",
    shift=lambda padding, stride, step: 0,
)
padding_in_pixels = formula(
    "A layer's padding is counted in pixels. It is counted in cells of the "
    "grid below, which lie as many pixels apart as the strides before it "
    "multiply to.",
    shift=lambda padding, stride, step: padding,
)
steps_forgotten = formula(
    "Kernels are added up as if all were laid on pixels. A later kernel is "
    "laid on cells, which lie as many pixels apart as the strides before it "
    "multiply to.",
    widen=lambda k, s, step: k - 1,
)
own_stride = formula(
    "A layer's own stride has widened its own windows. It moves them apart; "
    "only the layers after it get to feel that.",
    widen=lambda k, s, step: (k - 1) * step * s,
)
kernels_whole = formula(
    "A kernel of k cells reaches k − 1 steps beyond the first of them. You "
    "added k.",
    widen=lambda k, s, step: k * step,
)


@PART.mistake(
    "These are the squares over which the cells lie. With overlap a cell has "
    "seen more than that."
)
def own_squares(layers, size):
    step = size // len(pixels_seen(layers, size))
    return [(k, k + step) for k in range(0, size - step + 1, step)]


@PART.mistake(
    "Your second number is the last pixel that is seen. It is to be the first "
    "one after it."
)
def last_included(layers, size):
    return [(first, last - 1) for first, last in pixels_seen(layers, size)]


@PART.mistake(
    "Two things. Your second number is the last pixel that is seen, and is to "
    "be the first one after it. And at the end you count pixels that only one "
    "cell more would see."
)
def last_included_beyond(layers, size):
    whole = windows(layers, size, cut=False)
    return [(max(0, a), min(size - 1, b - 1)) for a, b in whole]


@PART.mistake(
    "Going back through the layers you take `last` for a cell that is seen. "
    "The last one that is seen is `last` − 1: its kernel is the one to add."
)
def last_taken_for_seen(layers, size):
    found = []
    for k in range(len(pixels_seen(layers, size))):
        first, last = k, k + 1
        for kernel, stride, padding in reversed(layers):
            first = first * stride - padding
            last = last * stride - padding + kernel
        found.append((max(0, first), min(size, last)))
    return found


@PART.mistake("Pixels are counted from 0 here, and yours from 1.")
def from_one(layers, size):
    return [(first + 1, last + 1) for first, last in pixels_seen(layers, size)]


@PART.mistake(
    "The layers are taken in the wrong order: the first is at the picture."
)
def backwards(layers, size):
    return pixels_seen(layers[::-1], size)


@PART.mistake(
    "As wide as they are, your windows lie evenly about the cells' squares. "
    "Where one begins is a matter of padding: follow the first cell."
)
def centred(layers, size):
    whole = windows(layers, size, cut=False)
    step = size / len(whole)
    found = []
    for k, (first, last) in enumerate(whole):
        start = math_round((k + 0.5) * step - (last - first) / 2)
        found.append((max(0, start), min(size, start + last - first)))
    return found


def math_round(x):
    """Halves upwards."""
    return int(x + 0.5) if x >= 0 else -int(-x + 0.5)


@PART.mistake(
    "One grid with fewer cells than there are: the zeros are on either side, "
    "so padding counts twice."
)
def padding_on_one_side(layers, size):
    seen = [(pixel, pixel + 1) for pixel in range(size)]
    for kernel, stride, padding in layers:
        starts = range(-padding, len(seen) - kernel + 1, stride)
        seen = [
            (
                seen[max(start, 0)][0],
                seen[min(start + kernel, len(seen)) - 1][1],
            )
            for start in starts
        ]
    return seen


@PART.mistake(
    "Padding is left out, so that there are fewer cells, and the first one "
    "begins at the edge. Zeros on both sides make room for more."
)
def without_padding(layers, size):
    return pixels_seen([(k, s, 0) for k, s, _ in layers], size)


@PART.mistake(
    "Your kernels move by one cell at a time. A stride is by how many they "
    "move."
)
def without_strides(layers, size):
    return pixels_seen([(k, 1, p) for k, _, p in layers], size)


@PART.mistake(
    "You count what the last layer sees of the grid below it. That consists of "
    "cells, and each of them has seen pixels of its own."
)
def last_layer_only(layers, size):
    below = len(pixels_seen(layers[:-1], size))
    return pixels_seen(layers[-1:], below)


@PART.mistake(
    "You share the picture out among the cells. Which pixels reach a cell is "
    "up to the kernels: they overlap, and some pixels reach several."
)
def shared_out(layers, size):
    cells = len(pixels_seen(layers, size))
    return [(k * size // cells, (k + 1) * size // cells) for k in range(cells)]
