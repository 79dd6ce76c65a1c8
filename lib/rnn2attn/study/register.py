"""The register of claims, claims.yml: what the documents say, and the statement that the book puts to the test."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import cache
from pathlib import Path

import yaml

REGISTER = Path(__file__).with_name("claims.yml")
KINDS = ("exact", "trained", "timed", "history")
VERDICTS = ("confirmed", "conditional", "refuted", "convention")
FREQUENCY = re.compile(r"\bin\s+(?:at\s+least\s+)?(\d+)\s+of\s+(\d+)\s+seeds\b", re.IGNORECASE)

SCRIPT = re.compile(r"(.*?)(?:([_^])(?:\{([^}]+)\}|(−?[A-Za-z0-9]+))|$)", re.DOTALL)


@dataclass(frozen=True)
class Claim:
    """One entry of the register.

    Attributes:
        id: "C1", "C2" and so on.
        chapter: the chapter that settles it.
        documents: numbers of the documents that make the claim.
        says: what they say, in the book's words.
        statement: what is put to the test.
        kind: of its parts: exact (mathematics), trained (over seeds), timed (reported only), history (a citation).
        verdict: confirmed, conditional, refuted or convention.
    """

    id: str
    chapter: int
    documents: tuple[int, ...]
    says: str
    statement: str
    kind: tuple[str, ...]
    verdict: str

    @property
    def frequency(self) -> Fraction | None:
        """The share of seeds in which a trained statement must hold, as it says; None where it says nothing."""
        found = FREQUENCY.search(self.statement)
        return Fraction(int(found[1]), int(found[2])) if found and int(found[2]) else None

    def enough(self, passed: int, seeds: int) -> bool:
        """Whether this many seeds of so many bear the statement out: all of them, or the share that it names."""
        return Fraction(passed, seeds) >= (self.frequency if "trained" in self.kind else 1)


@cache
def register(path: Path = REGISTER) -> Mapping[str, Claim]:
    """All claims by id, in the order of the file.

    Raises:
        ValueError: an entry is not as it should be; the message names the entry and the field.
    """
    claims: dict[str, Claim] = {}
    for number, entry in enumerate(yaml.safe_load(path.read_text(encoding="utf-8")) or [], start=1):
        claim = _checked(entry, f"entry {number} of {path.name}")
        if claim.id in claims:
            raise ValueError(f"{claim.id} stands twice in {path.name}")
        claims[claim.id] = claim
    return claims


def look_up(id: str) -> Claim:
    """The claim with this id.

    Raises:
        ValueError: there is none.
    """
    claims = register()
    if id not in claims:
        raise ValueError(f"{id!r} is not in the register; it holds {', '.join(claims)}")
    return claims[id]


def typeset(text: str) -> list[tuple[str, str]]:
    """Cut "W_hh", "h_{t−1}" and "σ^k" into pieces ("", text), ("sub", index) and ("sup", exponent), to be set so."""
    pieces = []
    for plain, sign, braced, bare in SCRIPT.findall(text):
        pieces += [("", plain)] if plain else []
        pieces += [("sub" if sign == "_" else "sup", braced or bare)] if sign else []
    return pieces


def _checked(entry: object, place: str) -> Claim:
    if not isinstance(entry, dict):
        raise ValueError(f"{place} is not a mapping of field to value")
    place = str(entry.get("id", place))
    names = [field.name for field in fields(Claim)]
    for name in names:
        if entry.get(name) in (None, "", []):
            raise ValueError(f"{place} has no {name}")
    for name in entry:
        if name not in names:
            raise ValueError(f"{place} has a field {name!r}; the fields are {', '.join(names)}")
    kinds, chapter = tuple([entry["kind"]] if isinstance(entry["kind"], str) else entry["kind"]), entry["chapter"]
    _each(
        place,
        "id",
        entry["id"],
        isinstance(entry["id"], str) and re.fullmatch(r"C\d+", entry["id"]),
        "C and a number",
    )
    _each(place, "chapter", chapter, type(chapter) is int and chapter > 0, "the number of a chapter")
    _each(place, "documents", entry["documents"], set(entry["documents"]) <= set(range(5)), "a list of 0 … 4")
    _each(place, "kind", entry["kind"], set(kinds) <= set(KINDS), f"one or more of {', '.join(KINDS)}")
    _each(place, "verdict", entry["verdict"], entry["verdict"] in VERDICTS, f"one of {', '.join(VERDICTS)}")
    claim = Claim(**{**entry, "kind": kinds, "documents": tuple(entry["documents"])})
    if "trained" in kinds and claim.frequency is None:
        raise ValueError(
            f"{place} is trained, but its statement has no frequency, such as “in at least 4 of 5 seeds”"
        )
    return claim


def _each(place: str, name: str, value: object, fits: object, expected: str) -> None:
    if not fits:
        raise ValueError(f"{place} has {name} {value!r}, where {expected} was expected")
