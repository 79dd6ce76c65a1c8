"""A decoder without a state, read its own words or the right ones."""

from numbers import Integral

from torch import Tensor

from rnn2attn.check.views.unfit import UnfitError


def forced_and_free(table: object, target: list[int], V: int, forced: int, free: int) -> bool:
    """True if a decoder that says table[w] after reading w is as often right as asked for, forced and free.

    Args:
        table: what was returned; V + 1 words from 0 to V − 1.
        target: the right sentence.
        V: number of words, and the word <sos>, which is read first.
        forced: how many words are to be right where the right words are read.
        free: how many where its own are.

    Raises:
        UnfitError: there is no such table, or one of the numbers is another.
    """
    table = _checked(table, V)
    own = [V]
    for _ in target:
        own.append(table[own[-1]])
    for way, said, asked in (
        ("Forced", [table[w] for w in (V, *target[:-1])], forced),
        ("Free", own[1:], free),
    ):
        right = sum(a == b for a, b in zip(said, target, strict=True))
        if right != asked:
            words, wanted = (" ".join(map(str, row)) for row in (said, target))
            raise UnfitError(
                f"{way}, it says {words} where {wanted} is right. {right} of {len(target)} words are right; {asked} "
                f"were asked for. {_cause(way, table, target, said, asked)}"
            )
    return True


def _cause(way: str, table: list[int], target: list[int], said: list[int], asked: int) -> str:
    """What may be behind it that another number than `asked` of what was said is right."""
    if table[: len(target)] == target:
        return "An entry belongs to the word that was read, not to a place in the sentence."
    if table[0] == target[0] and table[target[0] + 1] == target[1 % len(target)] and table[-1] != target[0]:
        return "Is the first entry that of <sos>? <sos> is word V, and has the last one."
    if way == "Forced":
        return "Which entries are used in this run, and how many of them are right?"
    right = [a == b for a, b in zip(said, target, strict=True)]
    if sum(right) < asked:
        return "Words that are not in the sentence are read as well. What may be said after them?"
    if all(right[: asked + 1]):
        return f"Up to its first error a run is right, so that has to come at place {asked + 1} at the latest."
    return "What is read after the first wrong word, and what comes of that?"


def _checked(table: object, V: int) -> list[int]:
    words = table.tolist() if isinstance(table, Tensor) else table
    listed = isinstance(words, list | tuple) and len(words) == V + 1
    if not listed or not all(isinstance(w, Integral) and 0 <= w < V for w in words):
        raise UnfitError(f"Your output must be a list of {V + 1} words, each from 0 to {V - 1}.")
    return list(words)
