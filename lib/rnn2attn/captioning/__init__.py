"""Captioning: a picture becomes a grid of features, the grid a row of cells, and a decoder attends to the cells.

Nothing is new but the flattening (Xu et al., 2015): with it a picture is to `seq2seq` what a sentence was.
"""

from rnn2attn.captioning.looking import Look, influence, looks, receptive_field, shares
from rnn2attn.captioning.model import CNN, OVERLAPPING, PATCHES, Captioner, Pictures, Shuffled, uniform

__all__ = [
    "CNN",
    "OVERLAPPING",
    "PATCHES",
    "Captioner",
    "Look",
    "Pictures",
    "Shuffled",
    "influence",
    "looks",
    "receptive_field",
    "shares",
    "uniform",
]
