"""What Canvas and Moodle import as it is: their own columns, by their own numbers of students.

Canvas wants the columns of lib/gradebook_importer.rb, Moodle those of
mod/assign/feedback/offline/importgradeslib.php.
"""

from collections import defaultdict
from collections.abc import Iterable

from rnn2attn_grading.grading.learner import EXERCISES
from rnn2attn_grading.grading.standing import plain
from rnn2attn_grading.reports.feedback import told, told_of_all
from rnn2attn_grading.reports.visible import escape
from rnn2attn_grading.submissions.roster import Person

CANVAS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
MOODLE = [
    "Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade", "Grade can be changed",
    "Last modified (submission)", "Last modified (grade)", "Feedback comments",
]  # fmt: skip
OPEN = ("not graded", "not handed in")  # in place of points nothing is written


def files(rows: list[dict], roster: Iterable[Person]) -> dict[str, list[list]]:
    """The tables for the platforms that have given numbers: name of the file → its lines.

    Args:
        rows: see `standing`.
        roster: of the class.
    """
    people = {one.student: one for one in roster}
    students = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row["exercise"] in EXERCISES:
            students[row["student"]][row["exercise"]].append(row)
    known = [name for name in EXERCISES if any(name in held for held in students.values())]
    found = {}
    lines = [line for who, held in students.items() if (line := _canvas(who, held, people.get(who), known))]
    if any(line[1] or line[3] for line in lines):
        most = ["    Points Possible", "", "", "", "", *(EXERCISES[name].points for name in known)]
        found["canvas.csv"] = [[*CANVAS, *known], most, *lines]
    for name in known:
        held = {who: held[name] for who, held in students.items() if name in held}
        if any(row["platform"] == "Moodle" for own in held.values() for row in own):
            lines = [line for who, own in held.items() if (line := _moodle(who, own, people.get(who)))]
            found[f"moodle/{name}.csv"] = [MOODLE, *lines]
    return found


def _user(rows: Iterable[dict], platform: str) -> str:
    """The platform's number of a student, or ""."""
    return next((row["user"] for row in rows if row["platform"] == platform and row["user"]), "")


def _points(rows: list[dict]) -> int | float | str:
    """The points of an exercise; "" where there is nothing to tell."""
    return "" if not rows or all(row["status"] in OPEN for row in rows) else plain(sum(row["points"] for row in rows))


def _canvas(student: str, held: dict[str, list[dict]], person: Person | None, known: list[str]) -> list:
    """The line of a student; none without a number or a login of Canvas's."""
    user = _user((row for rows in held.values() for row in rows), "Canvas")
    person = person or Person(student.removesuffix(f"_{user}"))
    number = person.canvas or user
    if not (number or person.sis or person.login):
        return []
    points = [_points(held.get(name, [])) for name in known]
    return [person.student, number, person.sis, person.login, person.section, *points]


def _moodle(student: str, rows: list[dict], person: Person | None) -> list:
    """The line of a student in an assignment; its numbers are those of this assignment alone."""
    user, points = _user(rows, "Moodle"), _points(rows)
    person = person or Person(student.removesuffix(f"_{user}"))
    if points == "" or not (user or person.email):
        return []
    graded = rows[0]["graded"][:19].replace("T", " ")
    whole = told_of_all(rows)
    said = [whole] if whole else [f"{r['question']}: {r['before']} of {r['most']}. {told(r)}" for r in rows]
    comment = "<br>".join(map(escape, filter(None, [*said, rows[0]["lateness"], rows[0]["again"]])))
    return [
        f"Participant {user}" if user else "", person.student, person.email, "", points,
        EXERCISES[rows[0]["exercise"]].points, "Yes", "", f"{graded} UTC" if graded else "", comment,
    ]  # fmt: skip
