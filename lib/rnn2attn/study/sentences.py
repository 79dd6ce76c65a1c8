"""`says`: a sentence of a chapter about what was measured, held by the stored rows of all seeds.

The call stands in a cell next to the paragraph. It is evaluated wherever the chapter runs. The tests and the page of
evidence read it from the notebook and do not run it: so its condition uses nothing but its argument.
"""

import ast
import html
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
from IPython.display import display

from rnn2attn.study.register import look_up
from rnn2attn.study.results import RESULTS, read, studying
from rnn2attn.study.values import can_fail, holds


class SentenceFailed(AssertionError):
    """The stored rows contradict a sentence."""

    def _render_traceback_(self) -> list[str]:
        return [f"SentenceFailed: {self}"]


class Row(Mapping):
    """What was measured for a claim, by measure, or by (measure, at): ``row["LSTM"]``, ``row["LSTM", "length=80"]``.

    Attributes:
        used: the keys asked for so far.
    """

    def __init__(self, values: Mapping[tuple[str, str], float | np.ndarray], of: str = ""):
        self.values_by_key, self.of, self.used = values, f"{of}: " if of else "", []

    def __getitem__(self, key: str | tuple[str, str]) -> float | np.ndarray:
        measure, at = (key, "") if isinstance(key, str) else key
        full = (self.of + measure).removesuffix(": "), at
        if full not in self.values_by_key:
            known = [f"{m!r}, {a!r}" if a else repr(m) for m, a in self.values_by_key if m.startswith(self.of)]
            raise LookupError(
                f"nothing is stored as {full[0]!r} at {at!r}; there are {'; '.join(known) or 'no rows'}"
            )
        self.used.append(key)
        return self.values_by_key[full]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.values_by_key)

    def __len__(self) -> int:
        return len(self.values_by_key)


@dataclass(frozen=True)
class Sentence:
    """A sentence, and what the stored rows must be for it.

    Attributes:
        claim: the id of the claim whose rows it is about.
        text: as it stands in the chapter.
        condition: ``condition(row)`` → whether it holds at one seed; `row` is a `Row`.
        at_least: in how many of five seeds it must hold; None for all.
        of: a measure that all keys begin with.
        together: the condition gets the numbers of all seeds at once, each an array (seeds,), and is asked once.
    """

    claim: str
    text: str
    condition: Callable[[Row], bool]
    at_least: int | None = None
    of: str = ""
    together: bool = False

    def rows(self, stored: pd.DataFrame) -> dict[int, Row]:
        """Seed → what the condition is asked about; one entry, at the first seed, where it is asked once."""
        mine = stored[stored.claim == look_up(self.claim).id]
        table = mine.pivot(index="seed", columns=["measure", "at"], values="value")
        if self.together:
            return {int(table.index[0]): Row({key: table[key].to_numpy() for key in table}, self.of)}
        return {int(seed): Row(dict(zip(table.columns, row, strict=True)), self.of)
                for seed, row in zip(table.index, table.to_numpy().tolist(), strict=True)}  # fmt: skip

    def numbers(self, row: Row) -> dict[str | tuple[str, str], float | np.ndarray]:
        """What the condition looks at, by its keys."""
        self.condition(row)
        return {key: row[key] for key in dict.fromkeys(row.used)}

    def held(self, stored: pd.DataFrame) -> "Held":
        """Ask the stored rows.

        Raises:
            LookupError: nothing is stored for the claim, or for a key of the condition.
            TypeError: the condition says something other than True or False.
            ValueError: it says True whatever the numbers are.
        """
        rows = self.rows(stored)
        if not rows:
            raise LookupError(f"nothing is stored for {self.claim}. Next: make study")
        numbers = {seed: self.numbers(row) for seed, row in rows.items()}
        answers = {seed: holds(self.condition, found) for seed, found in numbers.items()}
        if all(answers.values()) and not any(can_fail(self.condition, found) for found in numbers.values()):
            raise ValueError(f"the condition of “{self.text}” says True of all it was tried on: it tests nothing")
        return Held(self, answers)


@dataclass(frozen=True)
class Held:
    """In which seeds a sentence holds."""

    sentence: Sentence
    answers: dict[int, bool]

    @property
    def enough(self) -> bool:
        """Whether these are as many as it needs."""
        least, seeds = self.sentence.at_least, len(self.answers)
        return sum(self.answers.values()) >= (seeds if least is None or self.sentence.together else least / 5 * seeds)

    def where(self) -> str:
        """In how many seeds it holds, in words."""
        if self.sentence.together:
            return "holds over all stored seeds together" if self.enough else "does not hold over the stored seeds"
        return f"holds in {sum(self.answers.values())} of {len(self.answers)} stored seeds"

    def __repr__(self) -> str:
        return f"{self.sentence.claim}: “{self.sentence.text}” {self.where()}."

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(repr(self))}</p>"


def says(
    claim: str,
    text: str,
    condition: Callable[[Row], bool],
    at_least: int | None = None,
    *,
    of: str = "",
    together: bool = False,
) -> None:
    """Show in how many stored seeds a sentence holds; in a study, which is to make the rows, do nothing.

    Args:
        claim: the id of the claim whose rows the sentence is about.
        text: the sentence, as it stands in the chapter.
        condition: ``lambda row: row["with"] > row["without"]``, of the numbers at one seed (see `Row`).
        at_least: in how many of five seeds it must hold; all where it is left out.
        of: a measure that all keys begin with.
        together: ask once, of the numbers of all seeds, each an array (seeds,).

    Raises:
        SentenceFailed: the stored rows contradict the sentence; the message has both.
        LookupError: no such rows are stored.
        ValueError: the condition cannot fail.
    """
    if studying() is not None:
        return
    held = Sentence(claim, text, condition, at_least, of, together).held(_stored())
    if not held.enough:
        raise SentenceFailed(failure(held))
    display(held)


def failure(held: Held) -> str:
    """Why a sentence fails, with the numbers that it was asked about."""
    sentence = held.sentence
    wanted = "all" if sentence.at_least is None else f"at least {sentence.at_least} of 5"
    lines = [f"{held!r} It must hold in {wanted}."]
    for seed, row in sentence.rows(_stored()).items():
        said = [
            f"{key if isinstance(key, str) else ' at '.join(key)} {x}" for key, x in sentence.numbers(row).items()
        ]
        lines.append(f"  {'all seeds' if sentence.together else f'seed {seed}'}: {', '.join(said)}")
    return "\n".join(lines)


def bound(notebook: Path) -> list[Sentence]:
    """Every sentence that a chapter binds, read from its cells without running them.

    Raises:
        ValueError: a call is written so that it cannot be read; the message quotes it.
    """
    found = []
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code" and "says(" in cell.source:
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "says":
                    found.append(_read(node))
    return found


def _read(call: ast.Call) -> Sentence:
    """The sentence of a call, its condition compiled by itself: of other names it knows Python's and numpy, as np."""
    code = ast.unparse(call)
    try:
        return eval(code, {"says": Sentence, "np": np})
    except Exception as error:
        raise ValueError(f"{code} cannot be read by itself: {error}") from error


@cache
def _stored() -> pd.DataFrame:
    return read(RESULTS)
