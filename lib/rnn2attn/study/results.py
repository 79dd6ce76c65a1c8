"""The stored measurements, results.csv: written by a study, read by the chapters and by the page of evidence."""

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from rnn2attn.study.register import look_up

RESULTS = Path(__file__).with_name("results.csv")
TRIED = Path(__file__).with_name("tried.csv")  # what a reader with a seed that is not stored meets; the same columns
# A chapter may have several pages, each measured by itself: "1" and "1b" are rows of chapter 1.
COLUMNS = ("claim", "chapter", "seed", "measure", "at", "value", "passed", "version", "date")
NUMBER = re.compile(r"((?:(?<![^=\s])-)?\d+(?:,\d{3}(?!\d))*(?:\.\d+)?)")  # a minus within a word is a hyphen
TYPES = dict.fromkeys(COLUMNS, "str") | {"seed": "int64", "value": "float64"}


def read(path: Path = RESULTS) -> pd.DataFrame:
    """All rows, one a number. `passed` is "True", "False", or "" where nothing was judged, as in a curve.

    Raises:
        ValueError: the file has other columns.
    """
    if not path.exists():
        return pd.DataFrame({name: pd.Series(dtype=TYPES[name]) for name in COLUMNS})
    rows = pd.read_csv(path, dtype=TYPES, keep_default_na=False, na_values={"value": ["nan"]})
    if tuple(rows.columns) != COLUMNS:
        raise ValueError(f"{path.name} has the columns {', '.join(rows.columns)}; expected were {', '.join(COLUMNS)}")
    return rows


def write(rows: pd.DataFrame, path: Path = RESULTS) -> None:
    """Write them sorted, six digits a number, whole or not at all: what is interrupted leaves the file as it was."""
    places = rows.apply(_place, axis=1)
    rows = rows.loc[sorted(rows.index, key=lambda index: places[index])] if len(rows) else rows
    new = path.with_suffix(".tmp")
    rows.to_csv(new, columns=list(COLUMNS), index=False, float_format="%.6g", na_rep="nan", lineterminator="\n")
    os.replace(new, path)


def _place(row: pd.Series) -> tuple:
    return natural(row.chapter), natural(row.claim), natural(row.measure), natural(row["at"]), row.seed


def natural(text: str) -> list[tuple]:
    """A key by which "C2" comes before "C10", "bias=-1" before "bias=0", and "250 updates" before "1,000 updates"."""
    return [
        (0, float(part.replace(",", "")), "") if number else (1, 0.0, part)
        for number, part in ((k % 2, part) for k, part in enumerate(NUMBER.split(text)))
        if part
    ]


def studying() -> int | None:
    """The seed of the study that this process is part of; None outside a study."""
    return int(os.environ["RNN2ATTN_SEED"]) if "RNN2ATTN_STUDY" in os.environ else None


def sampling() -> bool:
    """Whether this process measures one point of each curve only, to compare with what is stored."""
    return trying() or os.environ.get("RNN2ATTN_CURVES") == "one point"


def trying() -> bool:
    """Whether it does so at a seed that is not stored, and each point is judged by the stored band."""
    return os.environ.get("RNN2ATTN_CURVES") == "one point, judged"


def strict() -> bool:
    """Whether what does not hold stops the run: in the build, the tests and a study. Readers are told, and go on."""
    return studying() is not None or "RNN2ATTN_STRICT" in os.environ


def elsewhere(claim: str, measures: Iterable[str], at: str | None = None, held_as: str = "it held in {}") -> str:
    """In how many of the seeds that are tried and not stored it held, in words; "" where none was tried."""
    held = _held(TRIED, claim, measures, at)
    return f"Of {len(held)} other seeds that were tried, {held_as.format(held.sum())}." if len(held) else ""


def stored_but_one(claim: str, measures: Iterable[str]) -> "Judged | None":
    """The stored seeds, one where it held replaced by a run where it does not; None where nothing is stored."""
    held = _held(RESULTS, claim, measures)
    return Judged(claim, "", max(int(held.sum()) - 1, 0), len(held)) if len(held) else None


def _held(path: Path, claim: str, measures: Iterable[str], at: str | None = None) -> pd.Series:
    """Seed → whether all passed there that was judged of these measures."""
    rows = read(path)
    rows = rows[(rows.claim == claim) & rows.measure.isin(measures) & (rows.passed != "")]
    rows = rows if at is None else rows[rows["at"] == at]
    return (rows.passed == "True").groupby(rows.seed).all()


def record(claim: str, kind: str, values: Iterable[tuple[str, str, float]], passed: bool | None) -> None:
    """In a study, append rows (measure, at, value) to the file that RNN2ATTN_STUDY names; else do nothing."""
    if studying() is not None:
        lines = [
            {"claim": claim, "kind": kind, "measure": measure, "at": at, "value": float(value), "passed": passed}
            for measure, at, value in values
        ]
        with Path(os.environ["RNN2ATTN_STUDY"]).open("a", encoding="utf-8") as file:
            file.write("".join(json.dumps(line) + "\n" for line in lines))


@dataclass(frozen=True)
class Judged:
    """One measure of a claim over its seeds: in how many of them it passed."""

    claim: str
    measure: str
    passed: int
    seeds: int

    @property
    def enough(self) -> bool:
        """Whether that is what the statement asks for."""
        return look_up(self.claim).enough(self.passed, self.seeds)

    def __str__(self) -> str:
        name = f"{self.claim}, {self.measure}" if self.measure else self.claim
        return f"{name}: passed in {self.passed} of {self.seeds} seeds"


def judged(rows: pd.DataFrame) -> list[Judged]:
    """Every measure that was judged. A seed passes where all its rows do."""
    rows = rows[rows.passed != ""]
    seeds = (rows.passed == "True").groupby([rows.claim, rows.measure, rows.seed], sort=False).all()
    return [
        Judged(claim, measure, int(passed.sum()), len(passed))
        for (claim, measure), passed in seeds.groupby(level=[0, 1], sort=False)
    ]
