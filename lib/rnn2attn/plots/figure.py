"""A figure that shows itself: in a notebook as a picture, on a page of the book in the page's inks and width.

The picture is PNG. Where the environment variable ``RNN2ATTN_FRAMES`` is set, as it is in the book's build, the file
carries what the page shows in its place, as SVG in its field ``svg``. So a stored output is a picture everywhere, and
book/extension/pictures.py needs no kernel.
"""

import functools
import io
import itertools
import os
import re
from collections.abc import Callable
from unittest import mock

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.ticker import ScalarFormatter
from PIL.PngImagePlugin import PngInfo

from rnn2attn.plots.svg import svg
from rnn2attn.style import STYLE

FORMS = {"narrow": 4.5, "wide": 7.6}  # a figure's form on a page → its width in inches
SCRIPTS = 0.87  # size of sub- and superscripts, by that of what they stand at: Matplotlib's 0.7 is little on a phone
_shown = itertools.count()


class Thousands(ScalarFormatter):
    """The numbers at an axis as Matplotlib has them, and 1,000 for 1000."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        """The text at a place (called by Matplotlib)."""
        return re.sub(r"(?<![\d.])\d{4,}", lambda number: f"{int(number[0]):,}", super().__call__(x, pos), count=1)


class Figure(MatplotlibFigure):
    """A Matplotlib figure that a notebook shows when it is a cell's last value, and pyplot knows nothing of.

    Attributes:
        again: a function that draws it for a width in inches; None where it has one form.
    """

    again = None

    def savefig(self, *args, **options) -> None:
        """Save it, as Matplotlib does, with larger sub- and superscripts."""
        with mock.patch("matplotlib._mathtext.SHRINK_FACTOR", SCRIPTS):
            super().savefig(*args, **options)

    def forms(self) -> str:
        """What a page shows: an `<svg>`, or one in a `<div>` for each of `FORMS`, of which the page shows one."""
        salt = f"figure {next(_shown)}"
        if self.again is None:
            return svg(self, salt)
        return "\n".join(
            f'<div class="{form}">{svg(self.again(width), f"{salt}, {form}")}</div>' for form, width in FORMS.items()
        )

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        png, carried = io.BytesIO(), PngInfo()
        if os.environ.get("RNN2ATTN_FRAMES"):
            carried.add_itxt("svg", self.forms(), zip=True)
        self.savefig(png, format="png", bbox_inches="tight", pil_kwargs={"pnginfo": carried})
        return {"image/png": png.getvalue(), "text/plain": "<Figure>"}


def in_forms(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """The same function; its figures have more than one form. Inside it, `room` says for what width it draws."""

    @functools.wraps(draw)
    def drawn(*args, **options) -> Figure:
        def again(width: float) -> Figure:
            with mpl.rc_context(STYLE | {"figure.figsize": (width, width)}):
                return draw(*args, **options)

        figure = again(STYLE["figure.figsize"][0])
        figure.again = again
        return figure

    return drawn


def room() -> float:
    """How wide a figure may be at present, in inches."""
    return mpl.rcParams["figure.figsize"][0]


def axes(**figure) -> tuple[Figure, Axes]:
    """A figure with one set of axes, as Matplotlib makes it in the present style."""
    fig = Figure(layout="constrained", **figure)
    FigureCanvasAgg(fig)
    ax = fig.add_subplot()
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(Thousands())
    return fig, ax
