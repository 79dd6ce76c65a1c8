"""Language models: what comes next in a text, by counting and by networks; measured in bits, and made to write."""

from rnn2attn.language.counting import Counts
from rnn2attn.language.measures import bits, perplexity
from rnn2attn.language.recurrent import RecurrentLanguageModel, fit_stream
from rnn2attn.language.stream import stretches
from rnn2attn.language.transformer import TransformerLanguageModel
from rnn2attn.language.writing import tempered, write

__all__ = [
    "Counts",
    "RecurrentLanguageModel",
    "TransformerLanguageModel",
    "bits",
    "fit_stream",
    "perplexity",
    "stretches",
    "tempered",
    "write",
]
