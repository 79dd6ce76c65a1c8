"""Every figure of the book, in one style."""

from rnn2attn.plots import drawn
from rnn2attn.plots.attention import AmongKeys, among_keys
from rnn2attn.plots.chain import chain
from rnn2attn.plots.charts import heatmap, lines, powers
from rnn2attn.plots.figure import Figure
from rnn2attn.plots.pictures import attended, pictures
from rnn2attn.plots.sequences import search
from rnn2attn.style import COLOURS, INK, STYLE, plain

__all__ = [
    "COLOURS",
    "INK",
    "STYLE",
    "AmongKeys",
    "Figure",
    "among_keys",
    "attended",
    "chain",
    "drawn",
    "heatmap",
    "lines",
    "pictures",
    "plain",
    "powers",
    "search",
]
