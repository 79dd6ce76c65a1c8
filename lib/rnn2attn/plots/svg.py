"""A figure as SVG, to be put into an HTML page.

Its inks are the page's, its letters are the page's font, its points lie on a grid of a tenth of a point.
"""

import io
import re
import warnings
from unittest import mock

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.textpath import text_to_path

from rnn2attn.style import INKS, STYLE

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
PLACED = re.compile(r'(?<=<path d=")[^"]*|(?<= x=")[^"]*|(?<= y=")[^"]*|(?<=translate\()[^)]*|(?<=rotate\()[^)]*')
COLOUR = re.compile("|".join(INKS))
WIDE, HIGH = 8, 38  # rem of a page for an inch of a figure, and for the whole of a high one
SEEN = 0.35  # points by which a curve may be drawn straighter than it is
SMOOTHED = 36  # pixels to the inch of a picture whose pixels are smoothed; others keep their own


def svg(figure: Figure, salt: str) -> str:
    """The figure as an `<svg>` element, the same text whenever the figure is the same.

    Args:
        figure: letters of two figures are of one size, unless a page is too narrow.
        salt: goes into the ids, so that those of different figures on one page differ.

    Returns:
        One element a line. Only ids that are referred to are left.
    """
    out = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    style = {**STYLE, "svg.fonttype": "none", "svg.hashsalt": salt, "path.simplify_threshold": SEEN}
    # Matplotlib would parse every formula anew for every figure; its one shared parser remembers them (3 × faster).
    formulas = mock.patch("matplotlib.text.TextToPath", lambda: text_to_path)
    # It draws a figure that has a layout twice, first for nobody to see: the layout alone is needed then (a quarter).
    draw, layout = figure.draw, figure.get_layout_engine()
    first = iter([lambda renderer: layout.execute(figure)] if layout else [])
    drawing = mock.patch.object(figure, "draw", lambda renderer: next(first, draw)(renderer))
    with mpl.rc_context(style), formulas, drawing, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # the letters are drawn by the browser
        figure.savefig(out, format="svg", dpi=SMOOTHED, metadata=nothing)
    text = out.getvalue()
    body = text[text.index(">", text.index("<svg")) + 1 :]
    body = body.replace("xlink:href", "href")
    body = COLOUR.sub(lambda colour: INKS[colour[0]], body)
    body = re.sub(r"<style.*?</style>|<!--.*?-->| font-family: [^;\"]*;?", "", body, flags=re.DOTALL)
    body = re.sub(r' transform="rotate\(-?0 [^"]*\)"', "", body)
    body = PLACED.sub(lambda places: _rounded(places[0]), body)
    used = set(re.findall(r"#([\w.-]+)", body))
    body = re.sub(r' id="([^"]*)"', lambda name: name[0] if name[1] in used else "", body)
    width, height = figure.get_size_inches()
    return (
        f'<svg viewBox="0 0 {72 * width:g} {72 * height:g}" style="display: block; width: 100%; height: auto; '
        f"max-width: {min(WIDE, HIGH / height) * width:.3g}rem; overflow: visible; stroke-linejoin: round"
        '">' + re.sub(r"\s*\n\s*", "\n", body).strip()
    )


def _rounded(places: str) -> str:
    """Path data or coordinates with every number at one decimal, on one line."""
    places = NUMBER.sub(lambda number: f"{float(number[0]):.1f}".replace("-0.0", "0.0"), places)
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", places)
