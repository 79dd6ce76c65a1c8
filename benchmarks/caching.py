"""Greedy decoding at several target lengths: the Transformer with its cache, without it, and recurrent networks."""

from typing import NamedTuple

import pandas as pd

from loops import WithoutCache
from rnn2attn.attention import dot
from rnn2attn.seq2seq import AttentionDecoder, Encoder, Seq2Seq
from rnn2attn.text import Vocabulary
from rnn2attn.training import set_seed
from rnn2attn.transformer import transformer
from timing import stamped, timed
from variants import Sizes, data, decoding


class Lengths(NamedTuple):
    """Rows of a batch, source tokens of a row, d_model = d_emb = d_h, vocabulary, and how many tokens are said."""

    batch: int = 16
    source: int = 30
    d: int = 64
    vocabulary: int = 60
    targets: tuple[int, ...] = (10, 20, 40, 80, 160)


def models(vocabulary: Vocabulary, d: int) -> dict[str, Seq2Seq]:
    """The models by name. The two Transformers are one, and the sizes not given are its defaults."""
    set_seed(0)
    cached = transformer(vocabulary, vocabulary, d_model=d)
    without = Seq2Seq(vocabulary, vocabulary, cached.encoder, WithoutCache(cached.decoder))
    found = {"cache": cached, "no cache": without}
    for cell in ("LSTM", "GRU"):
        encoder = Encoder(len(vocabulary), d, d, cell)
        found[cell] = Seq2Seq(vocabulary, vocabulary, encoder, AttentionDecoder(encoder, len(vocabulary), dot))
    return found


def measure(rounds: int, lengths: Lengths) -> pd.DataFrame:
    """One row a number, with the columns that `tables.cache_table` takes."""
    batch, vocabulary = data(lengths.vocabulary, Sizes(lengths.batch, lengths.source))
    jobs = {
        (name, T): decoding(model, batch, T)
        for T in lengths.targets
        for name, model in models(vocabulary, lengths.d).items()
    }
    rows = [
        {"model": name, "target": T, "round": number, "seconds": f"{seconds:.5g}"}
        for (name, T), number, seconds in timed(jobs, rounds)
    ]
    return stamped(pd.DataFrame(rows).assign(batch=lengths.batch))
