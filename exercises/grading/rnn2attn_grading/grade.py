"""Grading a folder of submissions: a line for each question, in grades.csv.

In the folder of the results lies the salt, from which the hidden cases of the
class are drawn. Whoever knows it can draw them too.
"""

import csv
import functools
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from rnn2attn.check.judging import Case
from rnn2attn_grading.bubblewrap import Refused
from rnn2attn_grading.chapters import CHAPTERS
from rnn2attn_grading.doctor import complaints
from rnn2attn_grading.jail import Limits
from rnn2attn_grading.specification import Part
from rnn2attn_grading.submissions import (
    Submission,
    Unreadable,
    cells,
    submitted,
)
from rnn2attn_grading.supervise import Grade, examine

EXERCISES = {chapter.stem: chapter for chapter in CHAPTERS}
COLUMNS = [
    "student", "exercise", "question", "points", "max_points", "status", "message",
]  # fmt: skip


def grade(
    submissions: Path,
    out: Path,
    limits: Limits,
    say: Callable[[str], None] = print,
) -> None:
    """Grade every notebook SUBMISSIONS/STUDENT/EXERCISE.ipynb.

    A notebook's lines are in OUT/grades.csv as soon as it is graded. What it
    printed is in OUT/printed/STUDENT/EXERCISE.txt.

    Args:
        submissions: a folder for each student.
        out: where the results go; it is made if there is none.
        limits: of each submission.
        say: is told of each.

    Raises:
        Refused: this machine cannot jail. Nothing is graded.
        NotADirectoryError: there is no folder of submissions.
        ValueError: the results would lie among the submissions, or the salt
            is empty.
    """
    if not submissions.is_dir():
        raise NotADirectoryError(f"There is no folder {submissions}.")
    if out.resolve().is_relative_to(submissions.resolve()):
        raise ValueError(f"The results, {out}, would lie among submissions.")
    if reasons := complaints(limits):
        raise Refused("\n".join(reasons))
    out.mkdir(parents=True, exist_ok=True)
    secret = salt(out)
    hidden = functools.cache(lambda name: drawn(name, secret))
    with open(
        out / "grades.csv", "w", newline="",
        encoding="utf-8", errors="backslashreplace",
    ) as file:  # fmt: skip
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for one in submitted(submissions):
            lines, printed = marked(one, hidden, limits)
            table.writerows([one.student, one.exercise, *li] for li in lines)
            file.flush()
            if printed:
                path = out / "printed" / one.student / f"{one.exercise}.txt"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(printed)
            points, most = (sum(li[n] for li in lines) for n in (1, 2))
            say(f"{one.student!r} {one.exercise!r}: {points} of {most} points")


def salt(out: Path) -> str:
    """The secret of a class, from the file ``salt``; drawn if there is none.

    Raises:
        ValueError: the file is empty.
    """
    path = out / "salt"
    if not path.exists():
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(number, "w") as file:
            file.write(f"{secrets.token_hex(16)}\n")
    text = path.read_text("utf-8").strip()
    if not text:
        raise ValueError(f"{path} is empty. Write a secret text, or remove it.")
    return text


def drawn(exercise: str, secret: str) -> dict[Part, list[Case]]:
    """The hidden cases of an exercise's functions."""
    return {part: part.hidden(secret) for part in EXERCISES[exercise].parts}


def marked(
    submission: Submission,
    hidden: Callable[[str], dict[Part, list[Case]]],
    limits: Limits,
) -> tuple[list[tuple], bytes]:
    """A submission's lines, from the question on, and what it printed."""
    if submission.status:
        return [("", 0, 0, submission.status, submission.message)], b""
    if submission.exercise not in EXERCISES:
        known = ", ".join(f"{stem}.ipynb" for stem in EXERCISES)
        text = f"No exercise has this name. These are known: {known}."
        return [("", 0, 0, "unreadable", text)], b""
    cases = hidden(submission.exercise)
    try:
        grades, printed = examine(cells(submission.path), cases, limits)
    except Refused:
        raise
    except Unreadable as error:
        none = Grade(0, "unreadable", str(error))
        grades, printed = dict.fromkeys(cases, none), b""
    except Exception as error:  # ours, and no reason to stop the others
        none = Grade(0, "not graded", f"The grading failed: {error!r}")
        grades, printed = dict.fromkeys(cases, none), b""
    lines = []
    for question in EXERCISES[submission.exercise].questions:
        for part in question.parts:
            name, got = f"{question.number} {part.name}", grades[part]
            status = got.status, got.message
            lines.append((name, got.points, part.points, *status))
    return lines, printed
