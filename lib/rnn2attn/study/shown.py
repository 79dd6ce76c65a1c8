"""How a claim is shown: its verdict and its numbers, in a notebook and as text. Nothing here changes a number."""

import re
from dataclasses import dataclass
from html import escape

from rnn2attn.study.register import Claim, typeset
from rnn2attn.study.results import Judged, elsewhere, stored_but_one, studying

SHOWN = 12  # numbers in a row that are shown one by one
ROUNDING = 1e-9  # below it, an exact number may be what rounding left, which differs from machine to machine

CLAIMED, TESTED = "Claimed", "What the book tests"
LINE = "margin:0.2em 0;padding:0;border:0"
STYLE = "border-left:4px solid #2f7fc1;padding:0.1em 1em;margin:0.5em 0"  # a blue of 3:1 on white and on dark ground
CHIP = "border-radius:1em;padding:0 0.5em;white-space:nowrap;font-weight:600;border:1.5px solid"
TABLE = "margin:0.3em 0;border-collapse:collapse;width:auto"
NAME = "text-align:start;font-weight:normal;padding:0.1em 1.5em 0.1em 0;border:0"
NUMBERS = "text-align:end;font-variant-numeric:tabular-nums;padding:0.1em 0;border:0"
COLUMN = "text-align:end;font-weight:normal;padding:0.1em 0 0.1em 1.5em;border:0"
SIGNS = {  # verdict → a colour of 3:1 on white and on dark ground, and the sign's paths
    "confirmed": ("#2a9d4a", '<path d="M2 9l4 4 8-10"/>'),
    "conditional": ("#b7791f", '<circle cx="8" cy="8" r="6"/><path d="M9 4a4 4 0 0 1 0 8z" fill="#b7791f"/>'),
    "refuted": ("#d1495b", '<path d="M3 3l10 10M13 3L3 13"/>'),
    "convention": ("#2f7fc1", '<path d="M2 6h12M2 11h12"/>'),
}


def number(x: float, kind: str) -> str:
    """A number as text: with ≈ where it may differ from machine to machine, else to six digits; a count as it is."""
    from rnn2attn.training import approx  # here, because it imports torch, and the book's build reads results only

    if isinstance(x, bool):
        return "yes" if x else "no"
    if isinstance(x, int):
        return str(x)
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
        return "; ".join(f"{name} {found}".strip() for name, found in self.named().items())

    def named(self) -> dict[str, str]:
        """Name → its numbers as text."""
        named: dict[str, list[tuple[str, float]]] = {}
        for name, at, x in self.rows:
            named.setdefault(name.removeprefix(self.measure).removeprefix(": "), []).append((at, x))
        return {name: self._in_a_row(found) for name, found in named.items()}

    def _in_a_row(self, found: list[tuple[str, float]]) -> str:
        if len(found) > SHOWN:
            low, high = (number(pick(x for _, x in found), self.kind) for pick in (min, max))
            return f"{len(found)} numbers from {low} to {high}"
        counted = [at for at, _ in found] == [str(place) for place in range(len(found))]
        return ", ".join(number(x, self.kind) + (f" at {at}" if at and not counted else "") for at, x in found)

    def failure(self) -> str:
        """Why it fails, for the reader of the traceback."""
        text = f"{self.title}\nIt does not hold here: {self.entry.statement}\nMeasured: {self.measured()}"
        return text if studying() is not None else f"{text}\n{self.exception()}"

    def with_this_run(self) -> Judged | None:
        """The stored seeds with this run, which fails, in the place of one that passed; None where none is stored."""
        return stored_but_one(self.entry.id, {name for name, _, _ in self.rows})

    def allowed(self) -> bool:
        """Whether the statement stands although it fails here: it names a share of seeds, and this run leaves it.

        Another processor trains to other numbers, so one run at a stored seed is a new sample. A study makes the
        stored rows, and allows nothing.
        """
        found = self.with_this_run()
        return self.kind == "trained" and studying() is None and found is not None and found.enough

    def exception(self) -> str:
        """What it means that the statement does not hold in the reader's run."""
        if self.kind != "trained":
            return "It is mathematics and should hold for every seed: please report this one."
        share, found = self.entry.frequency, self.with_this_run()
        said = [f"This is one seed. The statement has to hold in {share.numerator} of {share.denominator}."]
        if found:
            said.append(f"With this one in the place of a stored one it holds in {found.passed} of {found.seeds}.")
        return " ".join([*said, elsewhere(self.entry.id, {name for name, _, _ in self.rows})]).strip()

    def lines(self) -> list[tuple[str, str]]:
        """(heading, text), as they are shown under the title."""
        lines = [(CLAIMED, self.entry.says), (TESTED, self.entry.statement)]
        if self.rows:
            part = f"Measured, {self.measure}" if self.measure else "Measured"
            lines.append((part, f"{self.measured()}. {self.outcome()}"))
        return lines

    def outcome(self) -> str:
        """What comes of the numbers, in a sentence."""
        if self.passed is False:
            return f"The book's statement does not hold here. {self.exception()}"
        return "Reported, not judged." if self.passed is None else "The book's statement holds."

    def __repr__(self) -> str:
        return "\n".join([self.title, *(f"  {heading}: {text}" for heading, text in self.lines())])

    def _repr_html_(self) -> str:
        """The box: the verdict as sign, word and colour, the claim, the book's statement, the numbers in columns."""
        short, more = _first_sentence(self.entry.statement)
        more = f'<details style="{LINE}"><summary>In full</summary>{_html(more)}</details>' if more else ""
        head = f"<strong>Claim {self.entry.id}</strong> {_chip(self.entry.verdict)} {_html(self.entry.says)}"
        body = f'<p style="{LINE}">{head}</p><p style="{LINE}"><em>{TESTED}:</em> {_html(short)}</p>{more}'
        body = f'<div class="claim-head">{body}</div>'  # shown once for each claim on a page of the book
        if self.rows:
            body += f'{self._table()}<p style="{LINE}">{escape(self.outcome())}</p>'
        return f'<div class="claim" id="{self.anchor}" style="{STYLE}">{body}</div>'

    def _table(self) -> str:
        """What was measured, a row for each name; or one for each place, where there are several."""
        named, what = self.named(), self.measure or "Measured"
        head = "" if list(named) == [""] else f'<p style="{LINE}">{_html(what)}:</p>'
        if places := self._places(len(named)):
            rows = self._by_place(places, [name or what for name in named])
        else:
            rows = [
                f'<tr><th scope="row" style="{NAME}">{_html(name or what)}</th>'
                f'<td style="{NUMBERS}">{_powers(found)}</td></tr>'
                for name, found in named.items()
            ]
        return f'{head}<table style="{TABLE}" aria-label="{escape(what)}"><tbody>{"".join(rows)}</tbody></table>'

    def _places(self, names: int) -> list[str]:
        """At what the numbers of each name were measured, if that is said of each and the same for all; else none."""
        places = [at for _, at, _ in self.rows]
        each = len(places) // names
        told = 1 < each <= SHOWN and all(places) and places[:each] != [str(place) for place in range(each)]
        return places[:each] if told and places == places[:each] * names else []

    def _by_place(self, places: list[str], names: list[str]) -> list[str]:
        """A row for each place, below the names as heads: the places "k = 0" and "k = 1" are 0 and 1 below k."""
        said = {place.partition(" = ")[0] for place in places}
        head, cut = (*said, " = ") if len(said) == 1 else ("at", "")
        heads = "".join(f'<th scope="col" style="{COLUMN}">{_html(name)}</th>' for name in names)
        rows = [f'<tr><th scope="col" style="{NAME}">{_html(head)}</th>{heads}</tr>']
        for k, place in enumerate(places):
            found = "".join(
                f'<td style="{NUMBERS}">{_powers(number(x, self.kind))}</td>'
                for _, _, x in self.rows[k :: len(places)]
            )
            name = _html(place.removeprefix(head + cut) if cut else place)
            rows.append(f'<tr><th scope="row" style="{NAME}">{name}</th>{found}</tr>')
        return rows


def _html(text: str) -> str:
    pieces = [(tag, escape(piece)) for tag, piece in typeset(text)]
    return "".join(f"<{tag}>{piece}</{tag}>" if tag else piece for tag, piece in pieces)


def _powers(numbers: str) -> str:
    """Numbers as text, "1.5e-07" as 1.5 × 10 to the power."""
    power = r"\1 × 10<sup>\2\3</sup>"
    return re.sub(r"(\d)e\+?(-?)0*(\d+)", power, escape(numbers)).replace("<sup>-", "<sup>−")


def _first_sentence(text: str) -> tuple[str, str]:
    """Its first sentence, and the rest."""
    first, *rest = re.split(r"(?<=[A-Za-zα-ω0-9)²]\.)(?<!et al\.) (?=[A-Z∂])", text.strip(), maxsplit=1)
    return first, "".join(rest)


def _chip(verdict: str) -> str:
    """A verdict as sign, word and colour. The sign is drawn, since not every font has it."""
    colour, paths = SIGNS[verdict]
    drawn = f'viewBox="0 0 16 16" width="0.8em" height="0.8em" fill="none" stroke="{colour}" stroke-width="2"'
    return f'<span style="{CHIP} {colour}"><svg {drawn} aria-hidden="true">{paths}</svg> {verdict}</span>'
