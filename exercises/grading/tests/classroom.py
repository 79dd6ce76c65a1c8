"""A class whose submissions are graded, and where no jail can be made, a word about that."""

import contextlib
import csv
import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import torch

from rnn2attn.check.judging import Case
from rnn2attn_grading.grading.learner import drawn
from rnn2attn_grading.questions.chapters import CHAPTERS
from rnn2attn_grading.questions.specification import Part
from rnn2attn_grading.sandbox import self_test
from rnn2attn_grading.sandbox.bubblewrap import RefusedError
from rnn2attn_grading.sandbox.jail import Jail
from rnn2attn_grading.sandbox.limits import Limits

CHAPTER = CHAPTERS[0]
torch.set_num_threads(1)
NAMES = [part.name for part in CHAPTER.parts]
FULL = CHAPTER.points
QUICK = Limits(cell=4, call=3, submission=200, memory=512, disk=16, output=10, answer=4)
ROOT = Path(__file__).resolve().parents[3]
NOTEBOOK = nbformat.read(ROOT / "exercises/source" / f"{CHAPTER.stem}.ipynb", 4)
USER = 210001  # no one's number


def answered(answers: dict[str, str]) -> dict:
    """The right notebook, with other code in the cells of these functions."""
    cells = [
        cell | {"source": answers.get(cell["id"][7:], cell["source"])} if cell["id"].startswith("answer-") else cell
        for cell in NOTEBOOK["cells"]
    ]
    return NOTEBOOK | {"cells": cells}


def right(name: str) -> str:
    """The code of a right answer."""
    (cell,) = (c for c in NOTEBOOK["cells"] if c["id"] == f"answer-{name}")
    return cell["source"]


def hand_in(folder: Path, student: str, notebook: dict = NOTEBOOK) -> None:
    """Put a notebook where a submission is expected."""
    path = folder / student / f"{CHAPTER.stem}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(notebook))


def grades(out: Path) -> dict[str, list[dict]]:
    """The lines of grades.csv, by student."""
    found = {}
    with open(out / "grades.csv", newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["student"], []).append(row)
    return found


def total(rows: list[dict]) -> int:
    """The points of a student."""
    return sum(int(row["points"]) for row in rows)


def points(out: Path) -> dict[str, int]:
    """The points of each student, by name."""
    return {student: total(rows) for student, rows in grades(out).items()}


def saying(path: Path, word: str, time: float = 10**9) -> None:
    """Hand in a notebook that says a word."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": word}]}))
    os.utime(path, (time, time))


def hidden(part: Part, salt: str = "a class") -> list[Case]:
    """The hidden cases of a function, drawn once."""
    return drawn(CHAPTER.stem, salt)[part]


class NoJail(contextlib.AbstractContextManager):
    """In place of a jail that was proven, where nothing runs."""

    def __init__(self, limits: Limits):
        self.process = None

    def __exit__(self, *error: object) -> None:
        pass

    def stop(self) -> None:
        """There is nothing to end."""


@contextlib.contextmanager
def proven() -> Iterator[Jail]:
    """A jail, or a word about why there is none."""
    try:
        with self_test.proven(QUICK) as jail:
            yield jail
    except RefusedError as refused:
        not_run(refused)


def not_run(reason: object) -> None:
    """Say why a test did not run. Where CI=true that is a failure."""
    text = f"No jail could be made: its tests did not run. To install what it needs: make system. {reason}"
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(text)


def command(*words: object, ordinary: bool) -> list[str]:
    """The command line of Python with these words, as root or as no one special.

    Root becomes an ordinary user in a view of this machine in which the
    interpreter and the repository can be reached, wherever they lie.
    """
    line = [sys.executable, *map(str, words)]
    if os.geteuid():
        return line if ordinary else not_run("These need root.")
    if not ordinary:
        return line
    view = ["bwrap", "--dev-bind", "/", "/"]
    needed = [Path(p) for p in (sys.base_prefix, sys.prefix, ROOT)]
    closed = {folder for path in needed for folder in path.parents if not folder.stat().st_mode & stat.S_IXOTH}
    for folder in sorted(closed):
        view += ["--perms", "0755", "--tmpfs", str(folder)]
    for path in (p for p in needed if closed & set(p.parents)):
        for folder in reversed(path.parents):
            view += ["--perms", "0755", "--dir", str(folder)]
        view += ["--ro-bind", str(path), str(path)]
    user = f"setpriv --reuid={USER} --regid={USER} --clear-groups"
    return [*view, *user.split(), "--bounding-set=-all", *line]
