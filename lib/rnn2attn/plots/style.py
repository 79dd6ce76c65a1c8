"""The one style of every figure: colours, dashes, markers, fonts, and a figure that shows itself.

Figures are PNG on a transparent ground. Lines and text keep a contrast of at least 3:1 both on white and on the dark
theme's ground, or on the cell of a heatmap that they stand in. Lines differ in dash and marker too, so that nobody
needs the colours. Words that come from data go through `plain`. What DejaVu Sans lacks is drawn with the font of this
package, which has Hangul and Kana, or with one that the machine has.
"""

import io
from importlib.resources import as_file, files

from cycler import cycler
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as MatplotlibFigure

from rnn2attn.words import clean

INK = "#7a7a7a"  # text, axes, frames
COLOURS = ("#2f7fc1", "#d3600a", "#1f8f6a", "#b0559e", "#8a7413")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v")


# Fonts with other scripts, as machines and Colab have them, in the order in which they are asked for a sign.
OTHERS = (
    *("Noto Sans CJK KR", "Noto Sans CJK JP", "Noto Sans CJK SC", "Malgun Gothic", "Apple SD Gothic Neo"),
    *("Microsoft YaHei", "Hiragino Sans", "Arial Unicode MS", "Noto Sans", "Noto Sans Arabic", "Noto Sans Hebrew"),
    *("Noto Sans Devanagari", "Noto Sans Thai", "Noto Emoji", "Segoe UI Symbol", "Unifont"),
)


def _fonts() -> list[str]:
    """The names of the fonts that are asked for a sign, one after the other."""
    with as_file(files("rnn2attn.plots") / "fonts" / "Hangul.ttf") as path:
        font_manager.fontManager.addfont(path)
        ours = font_manager.get_font(path).family_name
    there = {font.name for font in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", ours, *(name for name in OTHERS if name in there)]


def plain(words: str) -> str:
    """Words from data as a label that shows them as they are: none is taken for a formula; Hangul is composed."""
    return clean(words).replace("$", r"\$")


STYLE = {
    "figure.figsize": (5.2, 3.2),
    "figure.dpi": 144,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "font.family": _fonts(),
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
