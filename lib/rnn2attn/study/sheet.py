"""A sheet for reading: each paragraph of a chapter that follows a measurement, beside the rows that it is about."""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pandas as pd

from rnn2attn.study.results import RESULTS, read

MEASURES = re.compile(r"\b(?:claim|curve)\(\s*\"(C\d+)\"")
NAMED = re.compile(r"(?<=\()C\d+(?=\))")  # in the closing table
BOUND = re.compile(r"\bsays\(")


def sheet(notebook: Path, path: Path = RESULTS) -> Iterator[str]:
    """Texts to read one after the other: a paragraph, and a table of its rows, by measure and seed, with medians.

    Args:
        notebook: the chapter.
        path: of results.csv.

    Yields:
        For each markdown cell that comes after a measurement, or names a claim, its place and text, with the tables
        of what was measured since the last one, and how many sentences are bound in the cell behind it.
    """
    rows = read(path)
    cells = nbformat.read(notebook, as_version=4).cells
    since: list[str] = []
    for place, cell in enumerate(cells):
        if cell.cell_type == "code":
            since += [id for id in MEASURES.findall(cell.source) if id not in since]
        elif since := since + [id for id in NAMED.findall(cell.source) if id not in since]:
            behind = cells[place + 1].source if place + 1 < len(cells) else ""
            bound = len(BOUND.findall(behind))
            tables = [f"{id}\n{table(rows[rows.claim == id])}" for id in since]
            head = f"=== {notebook.stem}, cell {place}; {bound} bound"
            yield "\n\n".join([head, cell.source, *tables])
            since = []


def table(rows: pd.DataFrame) -> str:
    """Medians and all seeds of a claim, one line for each measure and place."""
    if rows.empty:
        return "no rows"
    wide = rows.pivot_table(index=["measure", "at"], columns="seed", values="value", sort=False)
    wide.insert(0, "median", wide.median(axis=1))
    return wide.to_string(float_format="{:.4g}".format)
