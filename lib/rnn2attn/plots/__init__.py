"""Every figure of the book, in one style."""

from rnn2attn.plots.attention import among_keys
from rnn2attn.plots.charts import heatmap, lines, powers
from rnn2attn.plots.diagrams import gru_cell, lstm_cell, patterns, unrolled
from rnn2attn.plots.pictures import attended, pictures
from rnn2attn.plots.sequences import encoder_decoder, search
from rnn2attn.plots.stacks import transformer
from rnn2attn.plots.style import COLOURS, INK, STYLE, Figure, plain

__all__ = [
    "COLOURS",
    "INK",
    "STYLE",
    "Figure",
    "among_keys",
    "attended",
    "encoder_decoder",
    "gru_cell",
    "heatmap",
    "lines",
    "lstm_cell",
    "patterns",
    "pictures",
    "plain",
    "powers",
    "search",
    "transformer",
    "unrolled",
]
