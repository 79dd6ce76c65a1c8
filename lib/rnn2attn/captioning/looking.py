"""Where a captioning model looks: the share of its attention on a box, and what a cell of the grid has seen."""

from collections.abc import Sequence
from copy import deepcopy
from typing import NamedTuple

import torch
from torch import Tensor, nn

from rnn2attn.captioning.model import CNN, Captioner, Pictures
from rnn2attn.shapes import expect

Box = tuple[int, int, int, int]


class Look(NamedTuple):
    """Where a model looked while it said one word.

    Attributes:
        word: the token.
        named: share of its attention on the box that the word names; None if it names none.
        area: what that share would be with equal weights, the box's share of the picture; None as above.
        shares: on each box of the picture.
    """

    word: str
    named: float | None
    area: float | None
    shares: list[float]


def shares(alignment: Tensor, boxes: Sequence[Box], size: int) -> Tensor:
    """Share of attention on each box: a cell's weight is spread evenly over its pixels, and those inside are counted.

    So a cell that a box covers by half counts by half, and equal weights give the box's share of the picture's area.

    Args:
        alignment: weights, (T', H', W'), that of a word adding up to 1.
        boxes: N of them, (top, left, bottom, right) in pixels; the last two are no longer inside.
        size: side of the picture, in pixels.

    Returns:
        (T', N).

    Raises:
        ValueError: there is no box, one is empty or reaches beyond the picture, or alignment has another shape.
    """
    sizes = expect(alignment=(alignment, "T' H' W'"))
    if not len(boxes):
        raise ValueError("there are no boxes, and at least one was expected")
    for box in boxes:
        top, left, bottom, right = box
        if not (0 <= top < bottom <= size and 0 <= left < right <= size):
            raise ValueError(f"box {box} is not (top, left, bottom, right) within {size} × {size} pixels")
    covered = [
        _covered(top, bottom, sizes["H'"], size)[:, None] * _covered(left, right, sizes["W'"], size)
        for top, left, bottom, right in boxes
    ]
    return torch.einsum("thw,nhw->tn", alignment, torch.stack(covered).to(alignment))


def _covered(first: int, last: int, cells: int, size: int) -> Tensor:
    """Of each of so many cells along a side of `size` pixels, the share within first … last, (cells,)."""
    edges = torch.arange(cells + 1) * (size / cells)
    return (edges[1:].clamp(max=last) - edges[:-1].clamp(min=first)).clamp(min=0) / (size / cells)


@torch.no_grad()
def looks(model: Captioner, samples: Sequence) -> list[Look]:
    """Where the model looks for each word of the captions, under teacher forcing; ``<eos>`` is left out.

    Args:
        model: with a decoder that attends.
        samples: with ``image``, ``caption``, ``named`` and ``boxes``, as `tasks.digits.Canvas` has them.

    Returns:
        One `Look` a word, caption after caption.

    Raises:
        TypeError: the decoder does not attend.
        ValueError: there are no samples, or a token is not known.
    """
    training = model.training
    model.eval()
    try:
        weights = model.align(Pictures.of(samples, model.target)).unflatten(2, model.encoder.grid)
    finally:
        model.train(training)
    found = []
    for sample, maps in zip(samples, weights, strict=True):
        size = sample.image.shape[-1]
        rows = shares(maps[: len(sample.caption)], sample.boxes, size).tolist()
        for word, box, row in zip(sample.caption, sample.named, rows, strict=True):
            if box is None:
                found.append(Look(word, None, None, row))
                continue
            top, left, bottom, right = sample.boxes[box]
            found.append(Look(word, row[box], (bottom - top) * (right - left) / size**2, row))
    return found


def influence(encoder: CNN, picture: Tensor, cell: tuple[int, int]) -> Tensor:
    """How much each pixel moves the features of one cell: ‖∂z_{i,j}/∂x_{u,v}‖, as the encoder is without training.

    Args:
        encoder: the CNN. Batch norm takes its stored means, so that no other picture has a say.
        picture: (1, H, W).
        cell: (i, j), row and column.

    Returns:
        (H, W).

    Raises:
        ValueError: there is no such cell, or the picture has another shape.
    """
    i, j = cell
    rows, columns = encoder.grid
    if not (0 <= i < rows and 0 <= j < columns):
        raise ValueError(f"cell is {cell}, but (row, column) on a grid of {rows} × {columns} was expected")
    training = encoder.training
    encoder.eval()
    try:
        jacobian = torch.autograd.functional.jacobian(
            lambda x: encoder.features(x[None])[0, i * columns + j], picture.detach()
        )
    finally:
        encoder.train(training)
    return jacobian.square().sum(dim=(0, 1)).sqrt()


def receptive_field(encoder: CNN, cell: tuple[int, int]) -> Tensor:
    """The pixels that can reach a cell, whatever the weights: bool, (size, size). Raises as `influence`.

    Found by the gradient of a twin in which no path is closed or cancels: all weights are 1 and all pixels are.
    """
    twin = deepcopy(encoder).double()
    for layer in twin.convolutions:
        if isinstance(layer, nn.Conv2d):
            nn.init.ones_(layer.weight), nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d):
            layer.reset_parameters()
    return influence(twin, torch.ones(1, encoder.size, encoder.size, dtype=torch.float64), cell) > 0
