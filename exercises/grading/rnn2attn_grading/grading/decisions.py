"""What an instructor decides about one grade, with a reason. It is kept, survives regrading, and is shown."""

import difflib
import glob
from datetime import UTC, datetime
from pathlib import Path

from rnn2attn_grading.grading.gradebook import Decision, Gradebook
from rnn2attn_grading.grading.learner import EXERCISES
from rnn2attn_grading.reports.tables import report
from rnn2attn_grading.submissions.owners import clean
from rnn2attn_grading.submissions.roster import Roster


def override(out: Path, what: str, points: str, reason: str, who: str) -> Decision:
    """Set the points of a function, or of a whole exercise, and write the tables anew.

    Args:
        out: the folder of the results.
        what: STUDENT/EXERCISE or STUDENT/EXERCISE/FUNCTION.
        points: a number, or "none" for what was judged.
        reason: why.
        who: decides it.

    Raises:
        ValueError: there is no such folder, student, exercise or function, no
            reason, or the points are not from 0 to what there are.
    """
    with _gradebook(out) as book:
        student, exercise, question = _split(book, what)
        if not exercise:
            raise ValueError(f"{what} names no exercise. Expected is STUDENT/EXERCISE or STUDENT/EXERCISE/FUNCTION.")
        parts = {part.name: part.points for part in EXERCISES[exercise].parts}
        if question and question not in parts:
            raise ValueError(f"{exercise} has no function {question!r}. It has {', '.join(parts)}.")
        most = parts[question] if question else sum(parts.values())
        kind, number = ("withdrawn", 0.0) if points == "none" else ("override", _number(points, most))
        return _keep(book, out, Decision(kind, student, exercise, question, number, _said(reason), who, _now()))


def regraded(out: Path, what: str, reason: str, who: str) -> Decision:
    """Note that something was graded again, and write the tables anew. The arguments are those of `override`."""
    with _gradebook(out) as book:
        student, exercise, _ = _split(book, what)
        return _keep(book, out, Decision("regrade", student, exercise, "", 0.0, _said(reason), who, _now()))


def check(out: Path, what: str, reason: str) -> tuple[str, list[Path]]:
    """Whether something can be graded again: the pattern for `grade`, and where submissions are, as far as is known.

    Raises:
        ValueError: as for `override`.
    """
    _said(reason)
    with _gradebook(out) as book:
        student, exercise, question = _split(book, what)
        if question:
            raise ValueError(
                f"{what}: an exercise is graded again as a whole. Expected is STUDENT or STUDENT/EXERCISE."
            )
        return f"{glob.escape(student)}/{exercise or '*'}", [place for place in book.places() if place.exists()]


def _gradebook(out: Path) -> Gradebook:
    if not (out / "gradebook.sqlite").exists():
        raise ValueError(f"There is no gradebook in {out}.")
    return Gradebook(out)


def _keep(book: Gradebook, out: Path, one: Decision) -> Decision:
    book.decide(one)
    report(book, out)
    return one


def _split(book: Gradebook, what: str) -> tuple[str, str, str]:
    """Student, exercise and function. A name may hold a slash; an exercise's does not."""
    parts = clean(what).split("/")
    at = next((n for n, part in enumerate(parts) if n and part in EXERCISES), len(parts))
    student, exercise, question = "/".join(parts[:at]), "".join(parts[at : at + 1]), "/".join(parts[at + 1 :])
    roster = Roster(tuple(book.roster()))
    known = book.students() | {one.student for one in roster.people}
    if student not in known and (person := roster.named(student)):
        student = person.student
    if student not in known:
        called, slash, other = student.rpartition("/") if at == len(parts) else ("", "", "")
        if slash and (called in known or roster.named(called)):
            raise ValueError(f"There is no exercise {other!r}. There are {', '.join(EXERCISES)}.")
        like = [name for name in sorted(known) if student.casefold() in name.casefold()]
        near = like[:3] or difflib.get_close_matches(student, known, 3)
        text = f" Do you mean {' or '.join(near)}?" if near else " Expected is a name from grades.csv or the roster."
        raise ValueError(f"The gradebook has no student {student!r}.{text}")
    return student, exercise, question


def _number(points: str, most: int) -> float:
    try:
        number = float(points)
    except ValueError:
        number = -1.0
    if not 0 <= number <= most:
        raise ValueError(f"The points are {points!r}; a number from 0 to {most} is needed, or none.")
    return number


def _said(reason: str) -> str:
    reason = " ".join("".join(c if c.isprintable() else " " for c in reason).split())
    if not reason:
        raise ValueError("A reason is needed: the learner reads it.")
    return reason


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
