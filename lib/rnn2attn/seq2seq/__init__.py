"""Sequence to sequence: an encoder, a decoder, and the two together.

The encoder reads x_1 … x_T into states h_1 … h_T; the decoder starts from what the encoder hands over, reads <sos>,
and says y_1 … <eos>, each time reading what was said before. `Batch` has put <sos>, <eos> and padding in place.
"""

from rnn2attn.seq2seq.attending import AttentionDecoder, ContextDecoder
from rnn2attn.seq2seq.decoder import Decoder
from rnn2attn.seq2seq.encoder import Encoder, Memory, Tagger, reverse_rows
from rnn2attn.seq2seq.made import model_of
from rnn2attn.seq2seq.model import Seq2Seq, Translation

__all__ = [
    "AttentionDecoder",
    "ContextDecoder",
    "Decoder",
    "Encoder",
    "Memory",
    "Seq2Seq",
    "Tagger",
    "Translation",
    "model_of",
    "reverse_rows",
]
