"""Every figure of the book, in one style.

Figures are PNG on a transparent ground. Lines and text keep a contrast of at least 3:1 both on white and on the dark
theme's ground, or on the cell of a heatmap that they stand in. Lines differ in dash and marker too, so that nobody
needs the colours. Hangul is drawn with the font that ``koreanize-matplotlib`` carries, where that is installed.
"""

import importlib.util
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

INK = "#7a7a7a"  # text, axes, frames
COLOURS = ("#2f7fc1", "#d3600a", "#1f8f6a", "#b0559e", "#8a7413")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v")


def _hangul_font() -> list[str]:
    """Register the Nanum font of koreanize-matplotlib, found without importing it (its import fails on 3.12)."""
    spec = importlib.util.find_spec("koreanize_matplotlib")
    if spec is None or not spec.submodule_search_locations:
        return []
    path = Path(spec.submodule_search_locations[0]) / "fonts" / "NanumGothic.ttf"
    if not path.exists():
        return []
    font_manager.fontManager.addfont(path)
    return [font_manager.FontProperties(fname=path).get_name()]


STYLE = {
    "figure.figsize": (5.2, 3.2),
    "figure.dpi": 144,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "font.family": ["DejaVu Sans", *_hangul_font()],
    "font.size": 10.5,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlesize": "medium",
    "axes.prop_cycle": cycler(color=COLOURS) + cycler(linestyle=DASHES) + cycler(marker=MARKERS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 4.5,
}


class Figure(MatplotlibFigure):
    """A Matplotlib figure that a notebook shows when it is a cell's last value, and pyplot knows nothing of."""

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        png = io.BytesIO()
        self.savefig(png, format="png", bbox_inches="tight", metadata={"Software": None})
        return {"image/png": png.getvalue(), "text/plain": "<Figure>"}


def _axes(**figure) -> tuple[Figure, Axes]:
    fig = Figure(layout="constrained", **figure)
    FigureCanvasAgg(fig)
    return fig, fig.add_subplot()


def lines(
    series: Mapping[str, Sequence],
    *,
    x: Sequence[float] | None = None,
    xlabel: str,
    ylabel: str,
    levels: Mapping[str, float] | None = None,
    log: bool = False,
    ylim: tuple[float, float] | None = None,
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
        ylim: fixed limits of the y axis, where figures are to be compared.

    Raises:
        ValueError: there is no series, or there are more than can be told apart without colour.
    """
    if not 0 < len(series) <= len(COLOURS):
        raise ValueError(f"{len(series)} series were given, where 1 to {len(COLOURS)} can be told apart")
    columns = 1 if max(map(len, series)) > 24 else 2
    rows = -(-len(series) // columns) if len(series) > 1 else 0
    with mpl.rc_context(STYLE):
        fig, ax = _axes(figsize=(5.2, 3.0 + 0.22 * rows))
        for label, values in series.items():
            values = np.atleast_2d(np.asarray(values, dtype=float))
            places = np.arange(values.shape[1]) if x is None else np.asarray(x, dtype=float)
            every = max(1, values.shape[1] // 10)
            (line,) = ax.plot(places, np.median(values, axis=0), label=label, markevery=every)
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
            ax.annotate(label, (1.01, height), xycoords=("axes fraction", "data"), va="center")
        ax.set(xlabel=xlabel, ylabel=ylabel, yscale="log" if log else "linear", ylim=ylim)
        if len(series) > 1:
            fig.legend(loc="outside upper left", ncols=columns)
    return fig


def _text_on(value: float) -> str:
    return "white" if value > 0.62 else "#303030"


def heatmap(
    values: Sequence[Sequence[float]],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    xlabel: str,
    ylabel: str,
) -> Figure:
    """Numbers between 0 and 1 as shaded, numbered cells.

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
    with mpl.rc_context(STYLE):
        fig, ax = _axes(figsize=(1.6 + 0.62 * len(columns), 1.0 + 0.44 * len(rows)))
        ax.pcolormesh(values, cmap="Blues", vmin=0, vmax=1, edgecolors=INK, linewidth=0.6)
        for (row, column), value in np.ndenumerate(values):
            ax.text(
                column + 0.5,
                row + 0.5,
                f"{value:.2f}",
                ha="center",
                va="center",
                color=_text_on(value),
            )
        ax.set_xticks(np.arange(len(columns)) + 0.5, columns)
        ax.set_yticks(np.arange(len(rows)) + 0.5, rows)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        ax.invert_yaxis()
        ax.set(xlabel=xlabel, ylabel=ylabel)
    return fig


def _arrow(ax: Axes, start: tuple, end: tuple, colour: str, bend: float = 0.0) -> None:
    ax.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=12, color=colour, linewidth=1.6,
            connectionstyle=f"arc3,rad={bend}", shrinkA=0, shrinkB=0,
        )
    )  # fmt: skip


def unrolled(inputs: Sequence[str], outputs: Sequence[str]) -> Figure:
    """The recurrent network as a graph: above with its loop, below unrolled, with the equations' names.

    Args:
        inputs: what stands under each step.
        outputs: what stands over each step.

    Raises:
        ValueError: there are not equally many inputs and outputs.
    """
    if len(inputs) != len(outputs):
        raise ValueError(f"{len(inputs)} inputs and {len(outputs)} outputs: one of each a step was expected")
    with mpl.rc_context(STYLE | {"font.size": 14}):
        fig, ax = _axes(figsize=(5.2, 5.0))

        def box(x, y, text, colour):
            ax.add_patch(
                FancyBboxPatch(
                    (x - 0.24, y - 0.2), 0.48, 0.4, boxstyle="round,pad=0,rounding_size=0.08",
                    facecolor="none", edgecolor=colour, linewidth=1.8,
                )
            )  # fmt: skip
            ax.text(x, y, text, ha="center", va="center")

        def arrow(start, end, colour, label, shift=(0.0, 0.0), bend=0.0):
            _arrow(ax, start, end, colour, bend)
            x, y = (start[0] + end[0]) / 2 + shift[0], (start[1] + end[1]) / 2 + shift[1]
            ax.text(x, y, label, ha="center", va="center", color=colour, fontsize=13)

        def step(x, y, state, below, above):
            box(x, y, state, COLOURS[0])
            arrow((x, y - 0.75), (x, y - 0.2), COLOURS[2], "$W_{xh}$", (-0.29, -0.06))
            arrow((x, y + 0.2), (x, y + 0.75), COLOURS[2], "$W_{hy}$", (-0.29, 0))
            ax.text(x, y - 0.92, below, ha="center", va="center")
            ax.text(x, y + 0.92, above, ha="center", va="center")

        last = len(inputs)
        step(last / 2, 2.45, "$h_t$", "$x_t$", "$z_t$")
        arrow((last / 2 + 0.24, 2.55), (last / 2 + 0.24, 2.35), COLOURS[1], "$W_{hh}$", (0.56, 0), bend=-2.4)
        box(0, 0, "$h_0$", INK)
        for t, (below, above) in enumerate(zip(inputs, outputs, strict=True), start=1):
            step(t, 0, f"$h_{{{t}}}$", below, above)
            arrow((t - 0.76, 0), (t - 0.24, 0), COLOURS[1], "$W_{hh}$", (-0.02, -0.2))
        ax.set(xlim=(-0.3, last + 0.3), ylim=(-1.1, 3.5), aspect="equal")
        ax.axis("off")
    return fig


def patterns() -> Figure:
    """Five ways to read inputs and outputs off the same recurrent step, each as a row of steps."""
    rows = {  # name → (steps that get an input, steps that give an output)
        "one-to-one": ([1], [1]),
        "one-to-many": ([1], [1, 2, 3, 4]),
        "many-to-one": ([1, 2, 3, 4], [4]),
        "aligned\nmany-to-many": ([1, 2, 3, 4], [1, 2, 3, 4]),
        "encoder–\ndecoder": ([1, 2, 3], [4, 5, 6]),
    }
    with mpl.rc_context(STYLE | {"font.size": 13}):
        fig, ax = _axes(figsize=(5.2, 6.6))
        for row, (name, (inputs, outputs)) in enumerate(rows.items()):
            y = -1.9 * row
            ax.text(-0.1, y, name, ha="right", va="center")
            steps = range(1, max(inputs + outputs) + 1)
            for t in steps:
                decoder = name.startswith("encoder") and t not in inputs
                ax.plot(
                    t, y, "s", color=COLOURS[3] if decoder else COLOURS[0], markersize=15, fillstyle="none", mew=2
                )
                if t in inputs:
                    _arrow(ax, (t, y - 0.75), (t, y - 0.27), COLOURS[2])
                if t in outputs:
                    _arrow(ax, (t, y + 0.27), (t, y + 0.75), COLOURS[2])
                if t > 1:
                    _arrow(ax, (t - 0.72, y), (t - 0.28, y), COLOURS[1])
        ax.set(xlim=(-2.4, 6.5), ylim=(-1.9 * (len(rows) - 1) - 0.9, 0.9))
        ax.axis("off")
    return fig


def powers(images: Mapping[int, Sequence], norms: Sequence[float], *, extent: float) -> Figure:
    """What the powers of a 2 × 2 matrix do: above, the unit circle and its images; below, the norms ‖W^k‖.

    Args:
        images: k → the points of W^k times the unit circle, (2, N); at most five of them.
        norms: ‖W^k‖ for k = 0, 1, 2, …
        extent: half the side of the upper picture.
    """
    with mpl.rc_context(STYLE):
        fig = Figure(layout="constrained", figsize=(4.6, 6.6))
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
