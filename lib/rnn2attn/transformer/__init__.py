"""The Transformer (Vaswani et al., 2017): encoder and decoder of attention alone, in the place of recurrent networks.

An encoder and a decoder fit `Seq2Seq` as those of `seq2seq` do, so training and translation are what they were.
"""

from rnn2attn.transformer.embedding import InputEmbedding, sinusoidal
from rnn2attn.transformer.layers import AddNorm, Cache, DecoderLayer, EncoderLayer, FeedForward
from rnn2attn.transformer.model import TransformerDecoder, TransformerEncoder, transformer
from rnn2attn.transformer.rotary import turn

__all__ = [
    "AddNorm",
    "Cache",
    "DecoderLayer",
    "EncoderLayer",
    "FeedForward",
    "InputEmbedding",
    "TransformerDecoder",
    "TransformerEncoder",
    "sinusoidal",
    "transformer",
    "turn",
]
