"""What comes of a class: tables for the instructor and for a learning platform, a page for each learner, a summary.

All of it is made from the gradebook, and anew after every run.
"""

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from unicodedata import normalize

from rnn2attn_grading.grading.gradebook import Gradebook
from rnn2attn_grading.grading.learner import EXERCISES
from rnn2attn_grading.grading.standing import plain, remarks, standing
from rnn2attn_grading.reports import feedback, uploads
from rnn2attn_grading.reports.similarity import pairs
from rnn2attn_grading.reports.visible import printed, visible

COLUMNS = [
    "student", "exercise", "question", "points", "max_points", "status",
    "message", "late", "versions", "points_before", "decision",
]  # fmt: skip
# A formula, also in the next cell or line, where a spreadsheet takes another sign for the comma.
FORMULA = re.compile(r"(^|[;|\t\r\n])(?=\s{0,9}[=+\-@＝＋－＠\t\r])")
LONGEST = 80  # bytes of a file's name, beside its sum and its kind
MARKED = re.compile(r"-[0-9a-f]{16}$", re.IGNORECASE)
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)  # on Windows


class UnwrittenError(Exception):
    """Some of what comes of a class could not be written; the text says what, and why."""


def report(book: Gradebook, out: Path, *, all_of_them: bool = True) -> None:
    """Write grades.csv, students.csv, summary.html, feedback/ and printed/, and what platforms import.

    Args:
        book: the gradebook.
        out: the folder; each file in it is replaced as a whole.
        all_of_them: also those who have no grade yet.

    Raises:
        RuntimeError: somebody who handed in would be in no table.
        UnwrittenError: see there; what can be written is.
    """
    rows = standing(book, all_of_them=all_of_them)
    if all_of_them and (missing := book.students() - {row["student"] for row in rows}):
        raise RuntimeError(f"This is a bug of ours: {', '.join(sorted(missing))} would be in no table.")
    unwritten = []

    def put(path: Path, text: bytes) -> None:
        try:
            write(path, text)
        except OSError as error:
            unwritten.append(f"{path} is not written: {error.strerror}.")

    put(out / "grades.csv", table([COLUMNS, *map(_line, rows)]))
    put(out / "students.csv", table(students(rows)))
    for name, lines in uploads.files(rows, book.roster()).items():
        put(out / name, table(lines))
    put(out / "summary.html", feedback.summary(rows, pairs(book.kept("shingles")), remarks(book, rows)))
    files = filenames({row["student"] for row in rows})
    for student, lines in groupby(rows, lambda row: row["student"]):
        put(out / "feedback" / f"{files[student]}.html", feedback.feedback(student, list(lines)))
    for page in (out / "feedback").glob("*.html") if all_of_them else ():
        if page.stem not in files.values() and page.is_file():  # of a student who is now called otherwise
            page.unlink()
    for one in book.kept("printed"):
        if one["printed"]:
            (exercise,) = filenames([one["exercise"]]).values()
            put(out / "printed" / files[one["student"]] / f"{exercise}.txt", printed(one["printed"]))
    if unwritten:
        more = f" Nor are {len(unwritten) - 1} more." if len(unwritten) > 1 else ""
        raise UnwrittenError(f"{unwritten[0]}{more} The gradebook has all grades; the same command writes the rest.")


def _line(row: dict) -> list:
    return [
        row["student"], row["exercise"], row["question"], row["points"],
        row["most"], row["status"], row["message"],
        "late" if row["late"] else "", row["versions"], row["before"],
        " ".join(filter(None, (row["decision"], row["again"]))),
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
    """Lines as CSV, marked as UTF-8. A text that a spreadsheet would take for a formula gets an apostrophe."""
    file = io.StringIO(newline="")
    csv.writer(file).writerows([_cell(c) if isinstance(c, str) else c for c in line] for line in lines)
    return file.getvalue().encode("utf-8-sig")


def _cell(text: str) -> str:
    return FORMULA.sub(r"\1'", visible(text))


def filenames(names: Iterable[str]) -> dict[str, str]:
    """Each name as that of a file: short, without signs that mean something, and no two the same on any disk.

    Where that changes a name, or a disk takes it for another's, because it
    ignores case or how an accent is composed, a sum of it is part of it.
    """
    plain = {name: _plain(name) for name in names}
    count = Counter(map(_folded, plain.values()))
    return {
        name: short if short == name and count[_folded(short)] == 1 else f"{short}-{_sum(name)}"
        for name, short in plain.items()
    }


def _plain(name: str) -> str:
    """The name, as far as it can be a file's, and without what looks like a sum."""
    text = re.sub(r"[^\w .@-]", "_", name).encode()[:LONGEST].decode("utf-8", "ignore").strip(" .")
    return MARKED.sub("", RESERVED.sub(r"\1_\2", text)) or "_"


def _folded(name: str) -> str:
    """What a disk that ignores case, and how accents are composed, takes a name for."""
    return normalize("NFKD", normalize("NFKD", name).casefold())


def _sum(name: str) -> str:
    return sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def write(path: Path, text: bytes) -> None:
    """Write a file, whole or not at all, for its owner alone."""
    for folder in path.parent.parent, path.parent:
        folder.mkdir(mode=0o700, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    try:
        new.write_bytes(text)
        new.chmod(0o600)
        os.replace(new, path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
