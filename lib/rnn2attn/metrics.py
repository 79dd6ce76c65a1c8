"""How good translations are: exact match, token accuracy, BLEU. All take lists of token sequences, one a sentence."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import count
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


def edit_distance(a: Sequence[str], b: Sequence[str]) -> int:
    """How many tokens have to be changed, put in or taken out, at least, to make b of a (Levenshtein, 1966).

    D_ij = min(D_{i−1,j} + 1, D_{i,j−1} + 1, D_{i−1,j−1} + [a_i ≠ b_j]), with D_i0 = i and D_0j = j: a row at a time.
    """
    row = [*range(len(b) + 1)]
    for i, x in enumerate(a, 1):
        corner, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (x != y))
    return row[-1]


def tokens_wrong(predictions: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> float:
    """The edit distances of all sentences, over the number of tokens in the references; more than 1 is possible.

    Raises:
        ValueError: there is nothing to compare, not one prediction for each reference, or all references are empty.
    """
    _paired(predictions, references)
    total = sum(len(r) for r in references)
    if not total:
        raise ValueError("the references have no token among them, where one or more were expected")
    return sum(edit_distance(p, r) for p, r in zip(predictions, references, strict=True)) / total


def bleu(predictions: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> Bleu:
    """BLEU of a whole corpus (Papineni et al., 2002), by sacrebleu (Post, 2018), on the tokens as they are.

    It counts runs of one to four tokens. A corpus in which no sentence has four has none to count, and scores 0 also
    where all is right; `exact_match` is a measure for such sentences.

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
    # sacrebleu parts a sentence at spaces; a token may hold some, or be one. A number for each keeps them apart.
    numbers = defaultdict(count().__next__)
    said, right = ([" ".join(str(numbers[token]) for token in s) for s in side] for side in (predictions, references))
    result = metric.corpus_score(said, [right])
    return Bleu(result.score, str(metric.get_signature()))


def _paired(predictions: Sequence, references: Sequence) -> None:
    if not len(references):
        raise ValueError("there is nothing to compare: references is empty")
    if len(predictions) != len(references):
        raise ValueError(f"{len(predictions)} predictions were given for {len(references)} references")
    for name, sentences in (("predictions", predictions), ("references", references)):
        if isinstance(sentences, str):
            raise ValueError(f"{name} must be a list of sentences, not one string, {sentences!r:.40}")
