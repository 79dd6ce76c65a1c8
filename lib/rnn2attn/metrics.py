"""How good translations are: exact match, token accuracy, BLEU. All take lists of token sequences, one a sentence."""

from collections.abc import Sequence
from typing import NamedTuple


class Bleu(NamedTuple):
    """A BLEU score, 0 … 100, and sacrebleu's signature: everything that must be the same for scores to compare."""

    score: float
    signature: str


def exact_match(predictions: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> float:
    """Share of sentences that are right in every token, and in length.

    Raises:
        ValueError: there is nothing to compare, or not one prediction for each reference.
    """
    _paired(predictions, references)
    return sum(list(p) == list(r) for p, r in zip(predictions, references, strict=True)) / len(references)


def token_accuracy(predictions: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> float:
    """Share of positions at which both have the same token, over all sentences together.

    A sentence has as many positions as the longer of the two: what is missing is wrong, and so is what is too much.
    It is 1 only if `exact_match` is.

    Raises:
        ValueError: there is nothing to compare, or not one prediction for each reference.
    """
    _paired(predictions, references)
    both = [(list(p), list(r)) for p, r in zip(predictions, references, strict=True)]
    positions = sum(max(len(p), len(r)) for p, r in both)
    same = sum(a == b for p, r in both for a, b in zip(p, r, strict=False))
    return same / positions if positions else 1.0


def bleu(predictions: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> Bleu:
    """BLEU of a whole corpus (Papineni et al., 2002), by sacrebleu (Post, 2018), on the tokens as they are.

    Raises:
        ImportError: sacrebleu is not installed.
        ValueError: there is nothing to compare, or not one prediction for each reference.
    """
    _paired(predictions, references)
    try:
        from sacrebleu.metrics import BLEU
    except ImportError as error:
        raise ImportError("BLEU needs sacrebleu. To install it: pip install sacrebleu") from error
    metric = BLEU(tokenize="none", force=True)
    result = metric.corpus_score([" ".join(p) for p in predictions], [[" ".join(r) for r in references]])
    return Bleu(result.score, str(metric.get_signature()))


def _paired(predictions: Sequence, references: Sequence) -> None:
    if not len(references):
        raise ValueError("there is nothing to compare: references is empty")
    if len(predictions) != len(references):
        raise ValueError(f"{len(predictions)} predictions were given for {len(references)} references")
    for name, sentences in (("predictions", predictions), ("references", references)):
        if isinstance(sentences, str):
            raise ValueError(f"{name} must be a list of sentences, not one string, {sentences!r:.40}")
