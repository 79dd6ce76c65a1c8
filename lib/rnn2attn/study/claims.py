"""`claim`: a statement of the register put to the test, shown with its verdict, and loud where it does not hold."""

from collections.abc import Callable, Sequence

from IPython.display import display

from rnn2attn.study.register import Claim, look_up
from rnn2attn.study.results import record, strict
from rnn2attn.study.shown import Verdict
from rnn2attn.study.values import Value, can_fail, holds, numbers


class ClaimFailed(AssertionError):
    """The statement of a claim does not hold for the value that was measured."""

    def _render_traceback_(self) -> list[str]:
        return [f"ClaimFailed: {self}"]


def claim(
    id: str,
    value: Value = None,
    passes: Callable[[Value], bool] | None = None,
    *,
    measure: str = "",
    at: str | float | Sequence = "",
    kind: str | None = None,
) -> None:
    """Show the verdict on a claim with its numbers, or raise where its statement does not hold.

    In a study (the environment names RNN2ATTN_STUDY and RNN2ATTN_SEED) the numbers are recorded first, so that a
    failure is in the results as well. A run measures its own `seed`; the share of seeds that a trained statement
    names is judged over the stored rows of all seeds, on the page of evidence. So a reader whose seed is among the
    others is told so, and goes on: only the build, the tests and a study raise. The build and the tests go on, too,
    where the stored seeds with this run in the place of one still bear the statement out.

    Args:
        id: of the claim, "C9".
        value: a number, numbers in a row (N,), or a dict name → number or numbers.
        passes: whether the statement holds for the value; True or False. Of a timed claim, none: times are reported.
        measure: what was measured, where a claim has several parts.
        at: under what condition; for numbers in a row, one each.
        kind: which of its kinds this part has, where the register gives the claim several.

    Raises:
        ClaimFailed: the statement does not hold; the message has claim, statement and value.
        ValueError: the id is unknown, the predicate cannot fail, or at does not match the value.
        TypeError: the value holds something other than numbers, or passes is no predicate.
    """
    display(judge(id, value, passes, measure=measure, at=at, kind=kind))


def judge(id, value=None, passes=None, *, measure="", at="", kind=None) -> Verdict:
    """What `claim` shows. The arguments are the same."""
    entry = look_up(id)
    kind = kind_of(entry, kind)
    if kind in ("timed", "history") and passes is not None:
        raise TypeError(f"{id} is {kind}: it is reported, not judged, so it takes no predicate")
    if kind == "history":
        return Verdict(entry, kind, measure, (), None)
    rows = _rows(value, measure, at)
    passed = None if kind == "timed" else holds(passes, value)
    if passed and not can_fail(passes, value):
        raise ValueError(f"the predicate of {id} says True of every value it was tried on: it tests nothing")
    record(id, kind, rows, passed)
    verdict = Verdict(entry, kind, measure, tuple(rows), passed)
    if passed is False and strict() and not verdict.allowed():
        raise ClaimFailed(verdict.failure())
    return verdict


def kind_of(entry: Claim, kind: str | None) -> str:
    """The kind of a part: the claim's only one, or the one named.

    Raises:
        ValueError: the claim has several and none is named, or it does not have the one named.
    """
    if kind is None and len(entry.kind) == 1:
        return entry.kind[0]
    if kind not in entry.kind:
        raise ValueError(f"{entry.id} is {' + '.join(entry.kind)}: name one of them, kind={entry.kind[0]!r}")
    return kind


def _rows(value: Value, measure: str, at) -> list[tuple[str, str, float]]:
    """(measure, at, number) for each number of the value."""
    found = numbers(value)
    several = isinstance(at, Sequence) and not isinstance(at, str)
    if several and any(place is None or place >= len(at) for _, place, _ in found):
        raise ValueError(f"at names {len(at)} conditions, which are not those of the value")
    rows = []
    for name, place, x in found:
        where = at[place] if several else ", ".join(str(part) for part in (at, place) if part not in ("", None))
        rows.append((": ".join(part for part in (measure, name) if part), str(where), x))
    return rows
