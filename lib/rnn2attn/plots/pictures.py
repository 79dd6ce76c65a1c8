"""Pictures with their captions, and where a model looks in them."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle

from rnn2attn.plots.style import COLOURS, INK, STYLE, Figure, plain

Box = tuple[int, int, int, int]


def pictures(images: Sequence, titles: Sequence[str], *, columns: int = 4) -> Figure:
    """Grey pictures side by side, each with its title below.

    Args:
        images: (H, W) or (1, H, W), 0 (black) … 1 (white).
        titles: one for each; Hangul is drawn as such.
        columns: so many in a row.

    Raises:
        ValueError: there is not one title for each picture, or a picture has another shape.
    """
    with mpl.rc_context(STYLE):
        fig, panels = _panels(len(images), len(titles), columns)
        for ax, image, title in zip(panels, images, titles, strict=True):
            _draw(ax, image)
            ax.set_xlabel(plain(title))
    return fig


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
        columns: so many pictures in a row.

    Raises:
        ValueError: words, maps and boxes are not equally many, or the picture has another shape.
    """
    maps = np.asarray(maps, dtype=float)
    if maps.ndim != 3:
        raise ValueError(f"maps has shape {maps.shape}, but (T', H', W') was expected")
    boxes = [None] * len(words) if boxes is None else boxes
    if len(boxes) != len(words):
        raise ValueError(f"there are {len(boxes)} boxes and {len(words)} words")
    with mpl.rc_context(STYLE):
        fig, panels = _panels(len(maps), len(words), columns)
        for ax, weights, word, box in zip(panels, maps, words, boxes, strict=True):
            H, W = _draw(ax, image)
            ax.imshow(
                np.ones_like(weights),
                cmap=mpl.colors.ListedColormap([COLOURS[1]]),
                alpha=weights / maps.max() * 0.85,
                extent=(-0.5, W - 0.5, H - 0.5, -0.5),
                interpolation="bicubic" if smooth else "nearest",
            )
            if box is not None:
                top, left, bottom, right = box
                frame = Rectangle((left - 0.5, top - 0.5), right - left, bottom - top)
                frame.set(fill=False, edgecolor=COLOURS[0], linewidth=1.5, linestyle="--")
                ax.add_patch(frame)
            ax.set_xlabel(plain(word))
    return fig


def _panels(count: int, named: int, columns: int) -> tuple[Figure, list[Axes]]:
    if not count == named > 0:
        raise ValueError(
            f"there are {count} pictures and {named} names; one name for each of at least 1 was expected"
        )
    columns = min(columns, count)
    rows = -(-count // columns)
    fig = Figure(layout="constrained", figsize=(1.5 * columns, 1.75 * rows))
    FigureCanvasAgg(fig)
    panels = list(np.atleast_1d(fig.subplots(rows, columns)).flat)
    for ax in panels[count:]:
        ax.remove()
    return fig, panels[:count]


def _draw(ax: Axes, image) -> tuple[int, int]:
    """The picture, without ticks; its height and width."""
    image = np.asarray(image, dtype=float)
    if image.ndim == 3 and len(image) == 1:
        image = image[0]
    if image.ndim != 2:
        raise ValueError(f"a picture has shape {image.shape}, but (H, W) or (1, H, W) was expected")
    ax.imshow(image, cmap="gray", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(visible=True, color=INK, linewidth=0.6)
    return image.shape
