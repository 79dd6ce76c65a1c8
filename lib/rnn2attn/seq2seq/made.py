"""A model made for its pairs: vocabularies, encoder and decoder, in the sizes that the chapters use."""

from collections.abc import Sequence

from rnn2attn.attention import SCORES, Score
from rnn2attn.seq2seq.attending import AttentionDecoder
from rnn2attn.seq2seq.decoder import Decoder
from rnn2attn.seq2seq.encoder import Encoder
from rnn2attn.seq2seq.model import Seq2Seq
from rnn2attn.text import vocabularies


def model_of(
    pairs: Sequence[Sequence[Sequence[str]]],
    score: str | Score | None = None,
    cell: str = "LSTM",
    d_h: int = 64,
    direction: str = "forward",
    decoders: tuple[type[Decoder], type[Decoder]] = (Decoder, AttentionDecoder),
) -> Seq2Seq:
    """A model for the tokens of these pairs, not trained; its weights are the next random numbers.

    Args:
        pairs: (source tokens, target tokens), from which the vocabularies are made.
        score: by which the decoder attends: a name from `SCORES`, or the score itself; without attention if None.
        cell: "RNN", "LSTM" or "GRU", of encoder and decoder.
        d_h: size of their states. Embeddings have 32 entries.
        direction: of the encoder, as it takes it.
        decoders: the one without attention, and the one with a score.

    Raises:
        ValueError: there is no score of that name, and whatever `Encoder` and `Seq2Seq` refuse.
    """
    if isinstance(score, str) and score not in SCORES:
        raise ValueError(f"score is {score!r}, but one of {', '.join(map(repr, SCORES))} was expected")
    source, target = vocabularies(pairs)
    encoder = Encoder(len(source), 32, d_h, cell, direction)
    plain, attending = decoders
    if score is None:
        return Seq2Seq(source, target, encoder, plain(encoder, len(target)))
    by = SCORES[score](d_h, encoder.d_m) if isinstance(score, str) else score
    return Seq2Seq(source, target, encoder, attending(encoder, len(target), by))
