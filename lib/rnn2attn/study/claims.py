"""`claim`: a statement of the register put to the test, shown with its verdict, and loud where it does not hold."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from IPython.display import display

from rnn2attn.study.register import Claim, look_up, typeset
from rnn2attn.study.results import record, studying
from rnn2attn.study.values import Value, can_fail, holds, numbers

SHOWN = 12  # numbers in a row that are shown one by one
ROUNDING = 1e-9  # below it, an exact number may be what rounding left, which differs from machine to machine

CLAIMED, TESTED = "Claimed", "What the book tests"
LINE = "margin:0.2em 0;padding:0;border:0"
STYLE = "border-left:4px solid #2f7fc1;padding:0.1em 1em;margin:0.5em 0"  # a blue of 3:1 on white and on dark ground


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
    names is judged over the stored rows of all seeds, on the page of evidence.

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


def judge(id, value=None, passes=None, *, measure="", at="", kind=None) -> "Verdict":
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
    if passed is False:
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


def number(x: float, kind: str) -> str:
    """A number as text: with ≈ where it may differ from machine to machine, else to six digits."""
    from rnn2attn.training import approx  # here, because it imports torch, and the book's build reads results only

    if isinstance(x, bool):
        return "yes" if x else "no"
    return f"{x:.6g}" if kind == "exact" and (x == 0 or abs(x) >= ROUNDING) else approx(x)


@dataclass(frozen=True)
class Verdict:
    """A claim, what was measured, and whether the statement holds; None where nothing is judged."""

    entry: Claim
    kind: str
    measure: str
    rows: tuple[tuple[str, str, float], ...]
    passed: bool | None

    @property
    def anchor(self) -> str:
        """Its place on the page: "claim-c9", and the measure where there is one."""
        return re.sub(r"[^a-z0-9]+", "-", f"claim {self.entry.id} {self.measure}".lower()).strip("-")

    @property
    def title(self) -> str:
        """The claim and the book's verdict on it."""
        return f"Claim {self.entry.id}: {self.entry.verdict}."

    def measured(self) -> str:
        """The numbers, by name."""
        named: dict[str, list[tuple[str, float]]] = {}
        for name, at, x in self.rows:
            named.setdefault(name.removeprefix(self.measure).removeprefix(": "), []).append((at, x))
        return "; ".join(f"{name} {self._in_a_row(found)}".strip() for name, found in named.items())

    def _in_a_row(self, found: list[tuple[str, float]]) -> str:
        if len(found) > SHOWN:
            low, high = (number(pick(x for _, x in found), self.kind) for pick in (min, max))
            return f"{len(found)} numbers from {low} to {high}"
        counted = [at for at, _ in found] == [str(place) for place in range(len(found))]
        return ", ".join(number(x, self.kind) + (f" at {at}" if at and not counted else "") for at, x in found)

    def failure(self) -> str:
        """Why it fails, for the reader of the traceback."""
        text = f"{self.title}\nIt does not hold here: {self.entry.statement}\nMeasured: {self.measured()}"
        if self.kind == "trained" and studying() is None:
            share = self.entry.frequency
            text += f"\nThis is one seed. It has to hold in {share.numerator} of {share.denominator}; try another."
        return text

    def lines(self) -> list[tuple[str, str]]:
        """(heading, text), as they are shown under the title."""
        lines = [(CLAIMED, self.entry.says), (TESTED, self.entry.statement)]
        if self.rows:
            end = "The book's statement holds." if self.passed else "Reported, not judged."
            part = f"Measured, {self.measure}" if self.measure else "Measured"
            lines.append((part, f"{self.measured()}. {end}"))
        return lines

    def __repr__(self) -> str:
        return "\n".join([self.title, *(f"  {heading}: {text}" for heading, text in self.lines())])

    def _repr_html_(self) -> str:
        def html(text: str) -> str:
            pieces = [(tag, escape(piece)) for tag, piece in typeset(text)]
            return "".join(f"<{tag}>{piece}</{tag}>" if tag else piece for tag, piece in pieces)

        body = f'<p style="{LINE}"><strong>{escape(self.title)}</strong></p>'
        for heading, text in self.lines():
            if heading == TESTED:  # long, and the same in every part of a claim: folded
                body += f'<details style="{LINE}"><summary>{heading}</summary>{html(text)}</details>'
            else:
                body += f'<p style="{LINE}"><em>{escape(heading)}:</em> {html(text)}</p>'
        return f'<div class="claim" id="{self.anchor}" style="{STYLE}">{body}</div>'
