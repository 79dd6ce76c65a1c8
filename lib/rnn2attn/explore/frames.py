"""From figures to the few kilobytes of text that a static page needs to show each of them.

A frame is a figure as SVG, to be put into an HTML page: its ink is the page's text colour, its letters are the page's
font, its points lie on a grid of a tenth of a point. Frames of one explorable differ in little but their points, and
points of a curve differ little from their neighbours; `pack` keeps those differences.
"""

import base64
import io
import json
import re
import warnings
import zlib
from collections.abc import Sequence
from unittest import mock

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.textpath import text_to_path

from rnn2attn.plots import INK, STYLE

PLACE = "\x7f"  # stands in a packed line where a number was; no SVG holds this character
# A number with one decimal, in the one way of writing it that `toFixed(1)` has.
PACKED = re.compile(r"(?<![\d.])(?!-0\.0)-?(?:0|[1-9]\d*)\.\d(?!\d)", re.ASCII)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
PLACED = re.compile(r'(?<=<path d=")[^"]*|(?<= x=")[^"]*|(?<= y=")[^"]*|(?<=translate\()[^)]*|(?<=rotate\()[^)]*')


def svg(figure: Figure, salt: str) -> str:
    """The figure as an `<svg>` element, the same text whenever the figure is the same.

    Args:
        figure: its size on the page is that of its PNG, or the page's width where that is smaller.
        salt: goes into the ids, so that those of different explorables on one page differ.

    Returns:
        One element a line. Only ids that are referred to are left.
    """
    out = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    style = {**STYLE, "svg.fonttype": "none", "svg.hashsalt": salt}
    # Matplotlib would parse every formula anew for every figure; its one shared parser remembers them (3 × faster).
    formulas = mock.patch("matplotlib.text.TextToPath", lambda: text_to_path)
    # It draws a figure that has a layout twice, first for nobody to see: the layout alone is needed then (a quarter).
    draw, layout = figure.draw, figure.get_layout_engine()
    first = iter([lambda renderer: layout.execute(figure)] if layout else [])
    drawing = mock.patch.object(figure, "draw", lambda renderer: next(first, draw)(renderer))
    with mpl.rc_context(style), formulas, drawing, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # the letters are drawn by the browser
        figure.savefig(out, format="svg", metadata=nothing)
    text = out.getvalue()
    body = text[text.index(">", text.index("<svg")) + 1 :]
    body = body.replace("xlink:href", "href").replace(INK, "currentColor")
    body = re.sub(r"<style.*?</style>|<!--.*?-->| font-family: [^;\"]*;?", "", body, flags=re.DOTALL)
    body = re.sub(r' transform="rotate\(-?0 [^"]*\)"', "", body)
    body = PLACED.sub(lambda places: _rounded(places[0]), body)
    used = set(re.findall(r"#([\w.-]+)", body))
    body = re.sub(r' id="([^"]*)"', lambda name: name[0] if name[1] in used else "", body)
    width, height = figure.get_size_inches()
    return (
        f'<svg viewBox="0 0 {72 * width:g} {72 * height:g}" style="display: block; width: 100%; height: auto; '
        f'max-width: {figure.dpi * width:.0f}px; stroke-linejoin: round">' + re.sub(r"\s*\n\s*", "\n", body).strip()
    )


def _rounded(places: str) -> str:
    """Path data or coordinates with every number at one decimal, on one line."""
    places = NUMBER.sub(lambda number: f"{float(number[0]):.1f}".replace("-0.0", "0.0"), places)
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", places)


def pack(frames: Sequence[str], texts: Sequence[str]) -> str:
    """Frames and their descriptions as base64 of deflated JSON, which ``page.js`` undoes without a library.

    Every different line is kept once. A frame is the list of its lines, as (first, count), and
    its numbers in tenths, each as the difference from the last but one: a curve's x from the x before it, its y from
    the y before.
    """
    lines: dict[str, int] = {}
    runs, numbers = [], []
    for frame in frames:
        tenths = [int(number.replace(".", "")) for number in PACKED.findall(frame)]
        numbers.append(tenths[:2] + [here - before for before, here in zip(tenths, tenths[2:], strict=False)])
        runs.append([])
        for line in PACKED.sub(PLACE, frame).split("\n"):
            at = lines.setdefault(line, len(lines))
            if runs[-1] and sum(runs[-1][-1]) == at:
                runs[-1][-1][1] += 1
            else:
                runs[-1].append([at, 1])
    packed = {"lines": list(lines), "runs": runs, "numbers": numbers, "texts": list(texts)}
    text = json.dumps(packed, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()
