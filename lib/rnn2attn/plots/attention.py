"""A query among keys in the plane."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import torch

from rnn2attn.attention import attend, dot
from rnn2attn.plots.figure import Figure, axes
from rnn2attn.style import COLOURS, INK, STYLE, plain


def among_keys(
    query: Sequence[float],
    keys: Sequence[Sequence[float]],
    weights: Sequence[float],
    names: Sequence[str],
    *,
    extent: float,
) -> Figure:
    """Keys as discs whose area is their weight, the query as an arrow, and the weighted mean of the keys as a cross.

    Args:
        query: (2,).
        keys: (T, 2); they are the values as well.
        weights: (T,), of which the mean is taken.
        names: of the keys.
        extent: the axes reach from −extent to extent.

    Raises:
        ValueError: there is not one weight and one name for each key in the plane.
    """
    keys, weights = np.asarray(keys, dtype=float), np.asarray(weights, dtype=float)
    if keys.ndim != 2 or keys.shape[1] != 2 or not len(keys) == len(weights) == len(names):
        raise ValueError(
            f"keys has shape {keys.shape}, with {len(weights)} weights and {len(names)} names; (T, 2), T and T were "
            "expected"
        )
    with mpl.rc_context(STYLE):
        fig, ax = axes(figsize=(3.8, 3.8))
        ax.axhline(0, color=INK, linewidth=0.6, marker="")
        ax.axvline(0, color=INK, linewidth=0.6, marker="")
        ax.scatter(*keys.T, s=1200 * weights, color=COLOURS[0], alpha=0.55, linewidth=0)
        ax.scatter(*keys.T, s=14, color=COLOURS[0], marker="o")
        for (x, y), name, weight in zip(keys, names, weights, strict=True):
            ax.annotate(
                f"{plain(name)} {weight:.2f}",
                (x, y),
                xytext=(0, -17),
                textcoords="offset points",
                ha="center",
                va="center",
            )
        ax.plot(*zip((0, 0), query, strict=True), color=COLOURS[1], linewidth=2.5, marker="", label="query")
        ax.scatter(*query, s=45, color=COLOURS[1], marker="^")
        ax.scatter(*(weights @ keys), s=110, color=COLOURS[2], marker="X", label="context")
        fig.legend(loc="outside upper left", ncols=2)
        ax.set(xlim=(-extent, extent), ylim=(-extent, extent), aspect="equal")
    return fig


class AmongKeys:
    """`among_keys` for any query, as `rnn2attn.explore.explore` moves it. On a static page the arrow can be dragged.

    Args:
        keys: (T, 2); they are the values as well.
        names: of the keys.
        extent: the axes reach from −extent to extent.
    """

    def __init__(self, keys: Sequence[Sequence[float]], names: Sequence[str], *, extent: float):
        self.keys, self.names, self.extent = torch.as_tensor(keys, dtype=torch.float64), list(names), extent

    def __call__(self, x: float, y: float) -> Figure:
        """The figure with the query at (x, y)."""
        return among_keys((x, y), self.keys, self.weights(x, y), self.names, extent=self.extent)

    def weights(self, x: float, y: float) -> np.ndarray:
        """(T,), each key's share for the query (x, y): the softmax of its dot product with it."""
        query = torch.tensor([[x, y]], dtype=torch.float64)
        return attend(query, self.keys[None], self.keys[None], score=dot)[1][0].numpy()
