"""Pictures with their captions, and where a model looks in them."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle

from rnn2attn.plots.figure import Figure, in_forms, room
from rnn2attn.style import COLOURS, INK, breadth, plain

Box = tuple[int, int, int, int]
LEAST, MOST = 1.4, 1.9  # inches that a picture is wide


@in_forms
def pictures(images: Sequence, titles: Sequence[str], *, columns: int = 4) -> Figure:
    """Grey pictures side by side, each with its title below.

    Args:
        images: (H, W) or (1, H, W), 0 (black) … 1 (white).
        titles: one for each; Hangul is drawn as such.
        columns: at most so many in a row.

    Raises:
        ValueError: there is not one title for each picture, or a picture has another shape.
    """
    fig, panels = _panels(len(images), titles, columns)
    for ax, image in zip(panels, images, strict=True):
        _draw(ax, image)
    return fig


@in_forms
def attended(
    image,
    maps,
    words: Sequence[str],
    *,
    boxes: Sequence[Box | None] | None = None,
    smooth: bool = False,
    columns: int = 4,
) -> Figure:
    """One picture for each word, with the weights of the word's attention laid over it.

    A cell is coloured the more, the larger its weight; the largest weight of all words is coloured fully.

    Args:
        image: (H, W) or (1, H, W), 0 … 1.
        maps: weights, (T', H', W'), each map adding up to 1.
        words: T' words; Hangul is drawn as such.
        boxes: for each word the box that it names, (top, left, bottom, right) in pixels, or None; drawn as a frame.
        smooth: whether weights are interpolated between the cells, as is often done. Off, a cell is a square.
        columns: at most so many pictures in a row.

    Raises:
        ValueError: words, maps and boxes are not equally many, or the picture has another shape.
    """
    maps = np.asarray(maps, dtype=float)
    if maps.ndim != 3:
        raise ValueError(f"maps has shape {maps.shape}, but (T', H', W') was expected")
    boxes = [None] * len(words) if boxes is None else boxes
    if len(boxes) != len(words):
        raise ValueError(f"there are {len(boxes)} boxes and {len(words)} words")
    fig, panels = _panels(len(maps), words, columns)
    for ax, weights, box in zip(panels, maps, boxes, strict=True):
        H, W = _draw(ax, image)
        shade = np.full((*weights.shape, 4), mpl.colors.to_rgba(COLOURS[1]))
        shade[..., 3] = weights / maps.max() * 0.85
        ax.imshow(
            shade,
            extent=(-0.5, W - 0.5, H - 0.5, -0.5),
            interpolation="bicubic" if smooth else "none",
        )
        if box is not None:
            top, left, bottom, right = box
            frame = Rectangle((left - 0.5, top - 0.5), right - left, bottom - top)
            frame.set(fill=False, edgecolor=COLOURS[0], linewidth=1.5, linestyle="--")
            ax.add_patch(frame)
    return fig


def _panels(count: int, titles: Sequence[str], most: int) -> tuple[Figure, list[Axes]]:
    """Panels with their titles below, as many in a row as have room for theirs; the rows are about equally long."""
    if not count == len(titles) > 0:
        raise ValueError(
            f"there are {count} pictures and {len(titles)} names; one name for each of at least 1 was expected"
        )
    rows = -(-count // max(1, min(most, count, int(room() / max(breadth(titles) + 0.1, LEAST)))))
    columns = -(-count // rows)
    side = min(MOST, room() / columns)
    fig = Figure(layout="constrained", figsize=(side * columns, (side + 0.25) * rows))
    FigureCanvasAgg(fig)
    panels = list(np.atleast_1d(fig.subplots(rows, columns)).flat)
    for ax in panels[count:]:
        ax.remove()
    for ax, title in zip(panels, titles, strict=False):
        ax.set_xlabel(plain(title))
    return fig, panels[:count]


def _draw(ax: Axes, image) -> tuple[int, int]:
    """The picture, without ticks; its height and width."""
    image = np.asarray(image, dtype=float)
    if image.ndim == 3 and len(image) == 1:
        image = image[0]
    if image.ndim != 2:
        raise ValueError(f"a picture has shape {image.shape}, but (H, W) or (1, H, W) was expected")
    ax.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="none")
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(visible=True, color=INK, linewidth=0.6)
    return image.shape
