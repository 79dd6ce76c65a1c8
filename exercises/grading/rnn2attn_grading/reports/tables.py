"""What comes of a class: tables for the instructor and for a learning platform, a page for each learner, a summary.

All of it is made from the gradebook, and anew after every run.
"""

import csv
import io
import os
import re
from collections.abc import Iterable
from hashlib import sha256
from itertools import groupby
from pathlib import Path

from rnn2attn_grading.grading.gradebook import Gradebook
from rnn2attn_grading.grading.learner import EXERCISES
from rnn2attn_grading.grading.standing import plain, standing
from rnn2attn_grading.reports import feedback, uploads
from rnn2attn_grading.reports.similarity import pairs

COLUMNS = [
    "student", "exercise", "question", "points", "max_points", "status",
    "message", "late", "versions", "points_before", "decision",
]  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def report(book: Gradebook, out: Path, *, all_of_them: bool = True) -> None:
    """Write grades.csv, students.csv, summary.html, feedback/ and printed/, and what platforms import.

    Args:
        book: the gradebook.
        out: the folder; each file in it is replaced as a whole.
        all_of_them: also those who have no grade yet.

    Raises:
        RuntimeError: somebody who handed in would be in no table.
    """
    rows = standing(book, all_of_them=all_of_them)
    if all_of_them and (missing := book.students() - {row["student"] for row in rows}):
        raise RuntimeError(f"This is a bug of ours: {', '.join(sorted(missing))} would be in no table.")
    write(out / "grades.csv", table([COLUMNS, *map(_line, rows)]))
    write(out / "students.csv", table(students(rows)))
    for name, lines in uploads.files(rows, book.roster()).items():
        write(out / name, table(lines))
    write(out / "summary.html", feedback.summary(rows, pairs(book.kept("shingles"))))
    for student, lines in groupby(rows, lambda row: row["student"]):
        path = out / "feedback" / f"{filename(student)}.html"
        write(path, feedback.feedback(student, list(lines)))
    for one in book.kept("printed"):
        if one["printed"]:
            path = out / "printed" / filename(one["student"])
            write(path / f"{filename(one['exercise'])}.txt", one["printed"])


def _line(row: dict) -> list:
    return [
        row["student"], row["exercise"], row["question"], row["points"],
        row["most"], row["status"], row["message"],
        "late" if row["late"] else "", row["versions"], row["before"], row["decision"],
    ]  # fmt: skip


def students(rows: list[dict]) -> list[list]:
    """A line for each student: name, the platform's number, points by exercise and together.

    Where a late policy takes something off, the points without it follow.

    Args:
        rows: see `standing`.
    """
    known = [name for name in EXERCISES if any(r["exercise"] == name for r in rows)]
    reduced = [
        name
        for name in known
        if any(r["exercise"] == name and r.get("before", r["points"]) != r["points"] for r in rows)
    ]
    most = [sum(part.points for part in EXERCISES[name].parts) for name in known]
    heads = [f"{n} ({m} points)" for n, m in zip(known, most, strict=True)]
    before = [f"{name}, before the late policy" for name in reduced]
    lines = [["Student", "ID", *heads, f"Total ({sum(most)} points)", *before]]
    for student, group in groupby(rows, lambda row: row["student"]):
        held = list(group)
        user = max(row["user"] for row in held)
        found = [sum(row["points"] for row in held if row["exercise"] == name) for name in known]
        whole = [sum(row["before"] for row in held if row["exercise"] == name) for name in reduced]
        name = student.removesuffix(f"_{user}") if user else student
        lines.append([name, user, *map(plain, [*found, sum(found), *whole])])
    return lines


def table(lines: Iterable[list]) -> bytes:
    """Lines as CSV. A text that a spreadsheet would take for a formula gets an apostrophe."""
    file = io.StringIO(newline="")
    csv.writer(file).writerows(
        [f"'{c}" if isinstance(c, str) and c.startswith(FORMULA) else c for c in line] for line in lines
    )
    return file.getvalue().encode("utf-8", "backslashreplace")


def filename(name: str) -> str:
    """A name as that of a file: short, and without signs that mean something; a sum stands for what that changes."""
    plain = re.sub(r"[^\w .@-]", "_", name)[:80].strip(" .")
    mark = sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    return plain if name and plain == name else f"{plain}-{mark}"


def write(path: Path, text: bytes) -> None:
    """Write a file, whole or not at all, for its owner alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(text)
    new.chmod(0o600)
    os.replace(new, path)
