"""5.1, second part: from weights over shuffled cells to maps of the picture."""

import torch

from rnn2attn_grading.questions.chapter05.q1_grid import QUESTION

TEXT = r"""
**Back to the picture.** An encoder has shuffled its cells, as `Shuffled` does in the chapter: number k of the row
that the decoder attends to is the cell whose number was `order[k]`. The decoder's weights belong to the shuffled row.
Return them as maps of the picture, where each weight lies on the cell that it was given to. The weights themselves
stay as they are. Checked: the values, and the gradient for `weights`. Not allowed: `rnn2attn.captioning`.
"""


def picture_maps(weights, order, height, width):
    """Weights over shuffled cells, laid over the picture.

    Args:
        weights: over the shuffled row, (B, T', H' W').
        order: a permutation of 0 … H' W' − 1, int64, (H' W',).
        height: H', number of rows of cells.
        width: W', number of columns of cells.

    Returns:
        (B, T', H', W').
    """
    back = order.argsort()
    return weights[..., back].unflatten(-1, (height, width))


PART = QUESTION.part(
    picture_maps,
    1,
    gradients=("weights",),
    forbidden=("rnn2attn.captioning",),
    text=TEXT,
)


def inputs(draw, B, T, height, width):
    L = height * width
    order = draw.normal(L).argsort()
    # One that differs from its inverse, so that the two can be told apart.
    while L > 2 and torch.equal(order, order.argsort()):
        order = draw.normal(L).argsort()
    weights = draw.normal(B, T, L).abs()
    return {
        "weights": weights,
        "order": order,
        "height": height,
        "width": width,
    }


@PART.cases
def cases(draw):
    yield "different sizes", inputs(draw, 2, 3, 2, 5)
    yield "a square grid", inputs(draw, 2, 2, 3, 3)
    yield "one picture, one word", inputs(draw, 1, 1, 5, 3)


@PART.edges
def edges(draw):
    yield "one row of cells", inputs(draw, 2, 3, 1, 7)
    yield "as many words as cells", inputs(draw, 3, 6, 2, 3)
    yield "one cell", inputs(draw, 2, 3, 1, 1)


@PART.mistake(
    "You shuffle the weights once more. Weight k belongs to cell `order[k]`: "
    "the way back is the inverse permutation."
)
def shuffled_again(weights, order, height, width):
    return weights[..., order].unflatten(-1, (height, width))


@PART.mistake(
    "The weights still lie in the shuffled order. Take them back first."
)
def not_taken_back(weights, order, height, width):
    return weights.unflatten(-1, (height, width))


@PART.mistake(
    "Taken back, and then laid out column by column. The cells are numbered "
    "row by row."
)
def column_by_column(weights, order, height, width):
    back = weights[..., order.argsort()]
    return back.unflatten(-1, (width, height)).mT


@PART.mistake(
    "Height and width are exchanged: a map has H' rows and W' columns."
)
def sizes_exchanged(weights, order, height, width):
    back = weights[..., order.argsort()]
    return back.unflatten(-1, (width, height))


@PART.mistake(
    "You sort the weights themselves. What is to be undone is the order of the "
    "cells, whatever their weights."
)
def sorted_by_weight(weights, order, height, width):
    return weights.sort(dim=-1).values.unflatten(-1, (height, width))


@PART.mistake(
    "The row is only reversed. `order` says where each cell came from."
)
def reversed_(weights, order, height, width):
    return weights.flip(-1).unflatten(-1, (height, width))


@PART.mistake("One map for all words together. Each word has a map of its own.")
def words_added(weights, order, height, width):
    return picture_maps(weights, order, height, width).sum(dim=1)


@PART.mistake(
    "Every map is divided by its largest weight. The weights themselves are "
    "to stay as they are."
)
def divided_by_the_largest(weights, order, height, width):
    maps = picture_maps(weights, order, height, width)
    return maps / maps.amax(dim=(2, 3), keepdim=True)
