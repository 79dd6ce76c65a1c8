"""Curves, heatmaps and pictures of numbers."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.patches import Rectangle

from rnn2attn.plots.figure import Figure, axes, in_forms, room
from rnn2attn.style import CELL, COLOURS, HALF, INK, ON_CELL, ON_PAPER, PAPER, STYLE, breadth, plain


@in_forms
def lines(
    series: Mapping[str, Sequence],
    *,
    x: Sequence[float] | None = None,
    xlabel: str,
    ylabel: str,
    levels: Mapping[str, float] | None = None,
    log: bool = False,
    xlog: bool = False,
    ylim: tuple[float, float] | None = None,
    above: tuple[str, Mapping[str, float]] | None = None,
) -> Figure:
    """Curves over a common axis.

    Args:
        series: label → values, (N,), or one row a seed, (seeds, N): then the median is drawn, and all seeds lie
            in the shaded band.
        x: places of the N values; 0 … N − 1 if not given.
        xlabel: what x is, with its unit.
        ylabel: what the values are, with their unit.
        levels: label → height of a horizontal line that the curves are to be held against.
        log: whether the y axis is logarithmic.
        xlog: whether the x axis is, too; it is marked at the places then.
        ylim: fixed limits of the y axis, where figures are to be compared.
        above: a second reading of the x axis, written over it: what it is, and text → the x where it stands.

    Raises:
        ValueError: there is no series, or there are more than can be told apart without colour.
    """
    if not 0 < len(series) <= len(COLOURS):
        raise ValueError(f"{len(series)} series were given, where 1 to {len(COLOURS)} can be told apart")
    columns = min(len(series), max(1, int(room() / (0.65 + breadth(series)))))
    rows = -(-len(series) // columns) if len(series) > 1 else 0
    fig, ax = axes(figsize=(room(), 2.3 + 0.14 * room() + 0.22 * rows))
    for label, values in series.items():
        values = np.atleast_2d(np.asarray(values, dtype=float))
        places = np.arange(values.shape[1]) if x is None else np.asarray(x, dtype=float)
        every = max(1, values.shape[1] // 10)
        (line,) = ax.plot(places, np.median(values, axis=0), label=plain(label), markevery=every)
        if len(values) > 1:
            ax.fill_between(
                places,
                values.min(axis=0),
                values.max(axis=0),
                color=line.get_color(),
                alpha=0.25,
                linewidth=0,
            )
    for label, height in (levels or {}).items():
        ax.axhline(height, color=INK, linestyle=(0, (1, 1)), marker="", linewidth=1.4)
        ax.annotate(plain(label), (1.01, height), xycoords=("axes fraction", "data"), va="center")
    ax.set(xlabel=xlabel, ylabel=ylabel, yscale="log" if log else "linear", ylim=ylim)
    ax.locator_params(axis="x", integer=bool((places == places.round()).all()))
    if xlog:
        ax.set_xscale("log")
        ax.set_xticks(places, [plain(f"{place:,g}") for place in places])
        ax.minorticks_off()
    if above:
        label, ticks = above
        second = ax.secondary_xaxis("top")
        second.set_xticks(list(ticks.values()), [*map(plain, ticks)], minor=False)
        second.set_xlabel(label)
    if len(series) > 1:
        fig.legend(loc="outside upper left", ncols=columns, columnspacing=1.2)
    return fig


@in_forms
def heatmap(
    values: Sequence[Sequence[float]],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    xlabel: str,
    ylabel: str,
) -> Figure:
    """Numbers between 0 and 1 as shaded cells, with the number in each cell where all have room.

    Args:
        values: (rows, columns), each between 0 and 1.
        rows: a name for each row; Hangul is drawn as such.
        columns: a name for each column.
        xlabel: what the columns are.
        ylabel: what the rows are.

    Raises:
        ValueError: the names do not match the values, or a value lies outside 0 … 1.
    """
    values = np.asarray(values, dtype=float)
    if values.shape != (len(rows), len(columns)):
        raise ValueError(
            f"values have shape {values.shape}, but {len(rows)} rows and {len(columns)} columns are named"
        )
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"values must lie between 0 and 1; they reach from {values.min()} to {values.max()}")
    margin = 0.6 + breadth(rows)
    cell = min(0.62, (room() - margin) / len(columns))
    numbered = cell > breadth(["0.00"]) + 0.04
    fig, ax = axes(figsize=(margin + cell * len(columns), 1.0 + (0.44 if numbered else min(0.44, cell)) * len(rows)))
    ax.add_patch(Rectangle((0, 0), len(columns), len(rows), facecolor=PAPER, linewidth=0))
    shades = LinearSegmentedColormap.from_list("shades", [(*to_rgb(CELL), 0.0), (*to_rgb(CELL), 1.0)])
    ax.pcolormesh(values, cmap=shades, vmin=0, vmax=1, edgecolors=INK, linewidth=0.5)
    for (row, column), value in np.ndenumerate(values) if numbered else ():
        ink = ON_CELL if value > HALF else ON_PAPER
        ax.text(column + 0.5, row + 0.5, f"{value:.2f}", ha="center", va="center", color=ink)
    turned = 90 if breadth(columns) > cell else 0  # all names of the columns or none
    ax.set_xticks(np.arange(len(columns)) + 0.5, [*map(plain, columns)], rotation=turned)
    ax.set_yticks(np.arange(len(rows)) + 0.5, [*map(plain, rows)])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set(xlabel=xlabel, ylabel=ylabel, xlim=(0, len(columns)), ylim=(len(rows), 0))
    return fig


def powers(images: Mapping[int, Sequence], norms: Sequence[float], *, extent: float) -> Figure:
    """What the powers of a 2 × 2 matrix do: above, the unit circle and its images; below, the norms ‖W^k‖.

    Args:
        images: k → the points of W^k times the unit circle, (2, N); at most five of them.
        norms: ‖W^k‖ for k = 0, 1, 2, …
        extent: half the side of the upper picture.
    """
    with mpl.rc_context(STYLE):
        fig = Figure(layout="constrained", figsize=(4.5, 6.6))
        FigureCanvasAgg(fig)
        above, below = fig.subplots(2, 1, height_ratios=(3, 2))
        for k, points in images.items():
            above.plot(*points, marker="", label=f"k = {k}")
        above.set(xlim=(-extent, extent), ylim=(-extent, extent), aspect="equal")
        above.legend(loc="upper left", title="$W^k$ times the circle")
        below.plot(norms)
        below.axhline(1, color=INK, linestyle=(0, (1, 1)), marker="", linewidth=1.4)
        below.set(xlabel="k", ylabel="norm of $W^k$", yscale="log", ylim=(1e-8, 1e4))
    return fig
