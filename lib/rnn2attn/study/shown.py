"""How a claim is shown: its verdict and its numbers, in a notebook and as text. Nothing here changes a number."""

import re
from dataclasses import dataclass
from html import escape

from rnn2attn.study.register import Claim, typeset
from rnn2attn.study.results import studying

SHOWN = 12  # numbers in a row that are shown one by one
ROUNDING = 1e-9  # below it, an exact number may be what rounding left, which differs from machine to machine

CLAIMED, TESTED = "Claimed", "What the book tests"
LINE = "margin:0.2em 0;padding:0;border:0"
STYLE = "border-left:4px solid #2f7fc1;padding:0.1em 1em;margin:0.5em 0"  # a blue of 3:1 on white and on dark ground


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
