"""What the long tests share: a class of many, a run that is killed, and the table of what was seen."""

import csv
import json
import os
import random
import shutil
import signal
import sys
import time
from array import array
from collections import Counter
from datetime import date
from pathlib import Path
from typing import NamedTuple

import nbformat
from classroom import QUICK, ROOT, NoJail

from rnn2attn_grading.grading import learner, workers
from rnn2attn_grading.grading.gradebook import Gradebook
from rnn2attn_grading.grading.grader import Grade
from rnn2attn_grading.grading.run import grade
from rnn2attn_grading.questions.chapters import CHAPTERS

SOURCE = ROOT / "exercises" / "source"
TABLE = ROOT / "benchmarks" / "soak.csv"
COLUMNS = ["what", "count", "seen", "date"]


def made_up(folder: Path, students: int, exercises: int = 1) -> int:
    """A class that hands in; each leaves other questions unanswered. The points that it has to get."""
    points = 0
    for chapter in CHAPTERS[:exercises]:
        whole = nbformat.read(SOURCE / f"{chapter.stem}.ipynb", 4)
        for number in range(students):
            left = [p for n, p in enumerate(chapter.parts) if (number >> n) & 1]
            points += sum(p.points for p in chapter.parts if p not in left)
            names = {f"answer-{part.name}" for part in left}
            cells = [cell | {"source": f"# {number}"} if cell["id"] in names else cell for cell in whole["cells"]]
            path = folder / f"student {number:04}" / f"{chapter.stem}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(whole | {"cells": cells}))
    return points


def plain(sources: list[str], hidden: dict, limits: object, start: object):
    """In place of a jail: an answer is right if there is one. For counts that jails are too slow for."""
    time.sleep(0.002)
    text = "\n".join(sources)
    there = {part: f"def {part.name}(" in text for part in hidden}
    empty = Grade(0, "empty", "There is no function.")
    grades = {part: Grade(part.points, "graded") if there[part] else empty for part in hidden}
    return grades, b""


class Run(NamedTuple):
    """What a run did: seconds to its first submission, and pages of memory in use after each that it graded."""

    first: float
    pages: list[int]


def run(
    places: Path, out: Path, *, jail: bool,
    killed_after: float | None = None, seen: int = 0,
) -> Run:  # fmt: skip
    """Grade in a copy of this process, and kill that one after so many seconds.

    A copy, because a fresh Python would take longer to start than to grade.

    Args:
        places: what is graded.
        out: where the gradebook is.
        jail: with jails, or with `plain`.
        killed_after: never, if not given.
        seen: the seconds count from when so many submissions are graded.
    """
    reading, writing = os.pipe()
    start, child = time.monotonic(), os.fork()
    if not child:
        code = 1
        try:
            os.close(reading)
            if not jail:
                workers.proven = NoJail
                learner.examine = plain
            memory = Path("/proc/self/statm")

            def say(*_):
                page = int(memory.read_text().split()[1])
                os.write(writing, page.to_bytes(8, sys.byteorder))

            grade([places], out, QUICK, say=say)
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    with open(reading, "rb") as pipe:
        data = pipe.read(8 * max(seen, killed_after is None))
        first = time.monotonic() - start
        if killed_after is not None:
            time.sleep(killed_after)
            os.kill(child, signal.SIGKILL)
        pages = array("Q", data + pipe.read())
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in (0, -signal.SIGKILL):
        raise RuntimeError(f"The run ended with {status}.")
    return Run(first, list(pages))


def outcome(out: Path) -> Counter:
    """Every grade in the gradebook, and how often it is there: all of it, not only what counts."""
    with Gradebook(out) as book:
        return Counter(
            tuple(row.values())
            for row in book._rows(
                "SELECT student, exercise, content, question, points, status, message, hint FROM grades"
            )
        )


def kills(folder: Path, count: int, students: int, exercises: int, *, jail: bool) -> str:
    """Kill a run at random moments, let it come to its end, and compare with a run that was left alone.

    Half of the moments lie before the first submission, half somewhere within a later one, so that half of the class
    and more are graded by runs that are killed.
    """
    points = made_up(folder / "in", students, exercises)
    start, there = time.monotonic(), students * exercises
    whole = run(folder / "in", folder / "alone", jail=jail)
    assert len(whole.pages) == there
    each = (time.monotonic() - start - whole.first) / there
    shutil.copytree(folder / "alone", folder / "killed")
    (folder / "killed/gradebook.sqlite").unlink()
    moments, share = random.Random(), max(1, there // count)
    for begun in (False, True) * (count // 2):
        seen = moments.randint(share, 2 * share) if begun else 0
        seconds = moments.uniform(0, each if begun else whole.first)
        run(
            folder / "in", folder / "killed", jail=jail,
            killed_after=seconds, seen=seen,
        )  # fmt: skip
    left = len(run(folder / "in", folder / "killed", jail=jail).pages)
    assert left < 0.7 * there, "the runs that were killed did too little"
    alone, killed = outcome(folder / "alone"), outcome(folder / "killed")
    assert killed == alone
    assert set(killed.values()) == {1}
    assert sum(row[4] for row in killed) == points
    return (
        f"{len(killed):,} grades of {there} submissions, each "
        "there once, equal to those of a run left alone; "
        f"{left} submissions were left after the last kill"
    )


def note(what: str, count: int, seen: str) -> None:
    """Put a line into the table, in place of the one that was there."""
    rows = []
    if TABLE.exists():
        with TABLE.open(newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["what"] != what]
    rows.append({"what": what, "count": count, "seen": seen, "date": date.today().isoformat()})
    with TABLE.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: row["what"]))
    lines = [f"| {row['what']} | {int(row['count']):,} | {row['seen']} | {row['date']} |\n" for row in rows]
    heads = "| What is tried | How often | What was seen | Last run |\n|---|---:|---|---|\n"
    TABLE.with_suffix(".md").write_text(heads + "".join(sorted(lines)), "utf-8")
