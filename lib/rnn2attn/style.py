"""The one style of every figure: inks, dashes, markers, fonts.

Where a figure is a picture, it has a transparent ground, and lines and text keep a contrast of at least 3:1 both on
white and on the dark theme's ground. On a page each ink is the theme's: a variable of the style sheet has its name.
Lines differ in dash and marker too, so that nobody needs the colours. Words that come from data go through `plain`.
What DejaVu Sans lacks is drawn with the font of this package, which has Hangul and Kana, or with one that the machine
has.
"""

import re
from collections.abc import Iterable
from importlib.resources import as_file, files
from unicodedata import east_asian_width

from cycler import cycler
from matplotlib import font_manager

from rnn2attn.words import clean

INK = "#7a7a7a"  # text, axes, frames
COLOURS = ("#2f7fc1", "#d3600a", "#1f8f6a", "#b0559e", "#8a7413")
# Of a heatmap: where nothing is, what is laid over it the denser the larger a number is, and what numbers are written
# with in cells that are less and more than HALF dense: there both have 4.5:1, in the light theme and in the dark.
PAPER, CELL, ON_PAPER, ON_CELL = "#ffffff", "#002f80", "#000001", "#fffffe"
HALF = 0.664
# An ink → what it is on a page.
INKS = {INK: "currentColor", PAPER: f"var(--figure-paper, {PAPER})", CELL: f"var(--figure-cell, {CELL})"}
INKS |= {ON_PAPER: f"var(--figure-on-paper, {ON_PAPER})", ON_CELL: f"var(--figure-on-cell, {ON_CELL})"}
INKS |= {colour: f"var(--figure-{n}, {colour})" for n, colour in enumerate(COLOURS, 1)}
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v")


# Fonts with other scripts, as machines and Colab have them, in the order in which they are asked for a sign.
OTHERS = (
    *("Noto Sans CJK KR", "Noto Sans CJK JP", "Noto Sans CJK SC", "Malgun Gothic", "Apple SD Gothic Neo"),
    *("Microsoft YaHei", "Hiragino Sans", "Arial Unicode MS", "Noto Sans", "Noto Sans Arabic", "Noto Sans Hebrew"),
    *("Noto Sans Devanagari", "Noto Sans Thai", "Noto Emoji", "Segoe UI Symbol", "Unifont"),
)
NOUGHT = re.compile(r"(?<![\w.])-(?=0(?:\.0+)?(?![\d.]))")  # the sign of what has been rounded to nothing
MINUS = re.compile(r"(?<![\w.)\]])-(?=\.?\d)")
POWER = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)e([+-]\d+)\b")
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _fonts() -> list[str]:
    """The names of the fonts that are asked for a sign, one after the other."""
    with as_file(files("rnn2attn") / "fonts" / "Hangul.ttf") as path:
        font_manager.fontManager.addfont(path)
        ours = font_manager.get_font(path).family_name
    there = {font.name for font in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", ours, *(name for name in OTHERS if name in there)]


def printed(text: str) -> str:
    """The text with its numbers as a book prints them: −0.35 for -0.35, 0.00 for -0.00, 1.2 × 10⁹ for 1.2e+09."""
    powers = POWER.sub(lambda one: f"{one[1]} × 10{str(int(one[2])).translate(RAISED)}", text)
    return MINUS.sub("−", NOUGHT.sub("", powers))


def plain(words: str) -> str:
    """Words from data as a label: none is taken for a formula, a minus is one, and Hangul is composed."""
    return printed(clean(words)).replace("$", r"\$")


def breadth(words: Iterable[str]) -> float:
    """About how wide the widest of these labels is, in inches; signs of East Asia are as wide as they are high."""
    letters = (sum(1.7 if east_asian_width(sign) in "WF" else 1 for sign in word) for word in words)
    return 6.2 / 72 * max(letters, default=0)


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
