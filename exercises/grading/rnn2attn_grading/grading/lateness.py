"""What comes late counts less: deadlines, extensions and a late policy, from a CSV file.

Each line says something of an exercise, of a student, of both, or of all:
the more it names, the more it counts. A cell that is empty says nothing.
"""

import contextlib
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime, time, timedelta
from pathlib import Path

from rnn2attn_grading.submissions.owners import clean
from rnn2attn_grading.submissions.roster import Roster, rows

HEADS = "exercise, student, due, percent, days, handed_in"


@dataclass(frozen=True)
class Rule:
    """A line of the file.

    Attributes:
        exercise: its name; "" for all.
        student: the name; "" for all.
        due: the deadline, in ISO 8601, of this machine's time zone.
        percent: taken off what was earned, for each day that has begun.
        days: after the deadline in which it still counts; "" for all.
        handed_in: when it was, where the platform does not say it.
    """

    exercise: str = ""
    student: str = ""
    due: str = ""
    percent: str = ""
    days: str = ""
    handed_in: str = ""


@dataclass(frozen=True)
class Lateness:
    """What a policy makes of a submission.

    Attributes:
        share: of the points, that counts.
        text: what to say of it, "" if it is in time.
        late: whether it is late, as far as that is known.
    """

    share: float = 1.0
    text: str = ""
    late: bool = False


def read(path: Path, exercises: Iterable[str], roster: Roster) -> list[Rule]:
    """The lines of a file of deadlines.

    Raises:
        ValueError: something in it is not understood; the text says which
            line.
    """
    known, found = set(exercises), []
    for number, row in enumerate(rows(path), 2):
        if unknown := row.keys() - {field.name for field in fields(Rule)}:
            raise ValueError(f"{path}: there is no column {min(unknown)!r}. These are known: {HEADS}.")
        row["exercise"] = row.get("exercise", "").removesuffix(".ipynb").replace("*", "")
        row["student"] = clean(row.get("student", "")).replace("*", "")
        if row["exercise"] and row["exercise"] not in known:
            text = f"there is no exercise {row['exercise']!r}. There are {', '.join(sorted(known))}."
            raise ValueError(f"{path}, line {number}: {text}")
        if row["student"] and roster.people:
            person = roster.named(row["student"])
            if not person:
                raise ValueError(f"{path}, line {number}: {row['student']!r} is not one name on the roster.")
            row["student"] = person.student
        rule = Rule(**row)
        for name, understand in {"due": _moment, "handed_in": _moment, "percent": _percent, "days": _count}.items():
            if text := getattr(rule, name):
                try:
                    understand(text)
                except (ValueError, OverflowError):
                    text = f"{path}, line {number}: {name} is {text!r}; expected {EXPECTED[name]}."
                    raise ValueError(text) from None
        found.append(rule)
    return found


def _moment(text: str) -> datetime:
    """A time of this machine's zone; a day alone is its end."""
    moment = datetime.fromisoformat(text)
    if len(text) <= len("2026-12-01"):
        return datetime.combine(moment, time.max)
    return moment.astimezone().replace(tzinfo=None) if moment.tzinfo else moment


def _percent(text: str) -> float:
    return _within(float(text.removesuffix("%")), 100)


def _count(text: str) -> float:
    return _within(float(text), math.inf)


def _within(number: float, most: float) -> float:
    if not 0 <= number <= most:
        raise ValueError
    return number


MOMENT = "a day or a time, as in 2026-12-01 or 2026-12-01 18:00"
EXPECTED = {"due": MOMENT, "handed_in": MOMENT, "percent": "a number from 0 to 100", "days": "a number of days"}


def lateness(rules: Iterable[Rule], student: str, exercise: str, handed_in: str, late: bool) -> Lateness:
    """What the rules make of a submission.

    Args:
        rules: see `read`.
        student: the name.
        exercise: its name.
        handed_in: when, as far as the platform says it; see
            `Submission.handed_in`.
        late: whether the platform says that it is.
    """
    said = [r for r in rules if r.exercise in ("", exercise) and r.student in ("", student)]
    said.sort(key=lambda rule: (bool(rule.student), bool(rule.exercise)))
    told = {field.name: "" for field in fields(Rule)}
    for rule in said:
        told |= {name: text for name, text in asdict(rule).items() if text}
    due, when = told["due"], told["handed_in"]
    with contextlib.suppress(ValueError, OverflowError):  # a platform writes what it likes
        when = when or (_moment(handed_in) and handed_in)
    if not due:
        return Lateness(text="It was handed in late." if late else "", late=late)
    if not when:
        if not late:
            return Lateness()
        return Lateness(text="It was handed in late; when is not known, so nothing is taken off.", late=True)
    over = _moment(when) - _moment(due)
    if over <= timedelta():
        return Lateness()
    days = math.ceil(over / timedelta(days=1))
    begun = f"It was handed in late, on day {days} after the deadline"
    if told["days"] and days > _count(told["days"]):
        return Lateness(0.0, f"{begun}. After day {_count(told['days']):g} nothing counts.", late=True)
    percent = min(100.0, _percent(told["percent"] or "0") * days)
    return Lateness(1 - percent / 100, f"{begun}: {percent:g} % are taken off.", late=True)
