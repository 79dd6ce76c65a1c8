"""The one style of every figure: colours, dashes, markers, fonts, and a figure that shows itself.

Figures are PNG on a transparent ground. Lines and text keep a contrast of at least 3:1 both on white and on the dark
theme's ground, or on the cell of a heatmap that they stand in. Lines differ in dash and marker too, so that nobody
needs the colours. Hangul is drawn with the font that ``koreanize-matplotlib`` carries, where that is installed.
"""

import importlib.util
import io
from pathlib import Path

from cycler import cycler
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as MatplotlibFigure

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


def axes(**figure) -> tuple[Figure, Axes]:
    """A figure with one set of axes, as Matplotlib makes it in the present style."""
    fig = Figure(layout="constrained", **figure)
    FigureCanvasAgg(fig)
    return fig, fig.add_subplot()
