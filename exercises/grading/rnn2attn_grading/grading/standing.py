"""What counts in the end: what was judged, what an instructor decided, who is missing, and what came late."""

import re
from dataclasses import replace
from itertools import groupby

from rnn2attn_grading.grading.gradebook import Decision, Gradebook
from rnn2attn_grading.grading.lateness import Lateness, Rule, lateness
from rnn2attn_grading.grading.learner import EXERCISES
from rnn2attn_grading.submissions.roster import Roster

BY_HAND = "by hand"  # in place of a question: what brings an exercise to the points that an instructor gave


def standing(book: Gradebook, *, all_of_them: bool = True) -> list[dict]:
    """The rows of `Gradebook.counting` as they stand in the end, in the same order.

    Each has more keys: before, the points without the late policy; decision,
    what an instructor decided; again, why it was graded again; lateness, what
    the policy says.
    """
    rows = book.counting(all_of_them=all_of_them)
    roster = Roster(tuple(book.roster()))
    there = {row["student"] for row in rows}
    rules, decisions = ([_by_roster(one, there, roster) for one in said] for said in (book.rules(), book.decisions()))
    rows += _missing(roster, decisions, rows) if all_of_them else []
    rows.sort(key=lambda row: (row["student"], row["exercise"]))
    found = []
    for (student, exercise), group in groupby(rows, key=lambda row: (row["student"], row["exercise"])):
        mine = [one for one in decisions if one.student == student and one.exercise in (exercise, "")]
        lines = _decided(list(group), mine)
        policy = Lateness()
        if exercise and lines[0]["status"] != "not handed in":
            policy = lateness(rules, student, exercise, lines[0]["time"], bool(lines[0]["late"]))
        for row in lines:
            points = plain(row["points"] * policy.share)
            found.append(
                row | {"before": row["points"], "points": points, "late": policy.late, "lateness": policy.text}
            )
    return found


def remarks(book: Gradebook, rows: list[dict]) -> list[str]:
    """What does not fit together: names that the roster has not, rules for nobody."""
    people = {one.student for one in book.roster()}
    there = {row["student"] for row in rows} - {""}
    strangers = sorted(there - people) if people else []
    nobody = sorted({rule.student for rule in book.rules()} - there - people - {""})
    return [
        f"{text}: {', '.join(names)}."
        for text, names in (("Not on the roster", strangers), ("Deadlines name who is not here", nobody))
        if names
    ]


def plain(number: float) -> int | float:
    """A number as people write it: whole, or with two places at most."""
    number = round(number, 2)
    return int(number) if number == int(number) else number


def _by_roster(one: Rule | Decision, there: set[str], roster: Roster) -> Rule | Decision:
    """What was said of somebody who is not there by this name, under that of the roster, which may be newer."""
    if one.student in there:
        return one
    person = roster.named(one.student) or roster.named(re.sub(r"_\d+$", "", one.student))
    return replace(one, student=person.student) if person else one


def _missing(roster: Roster, decisions: list[Decision], rows: list[dict]) -> list[dict]:
    """Rows for those on the roster, and those of whom something was decided, who handed in nothing."""
    there = {(row["student"], row["exercise"]) for row in rows}
    exercises = {row["exercise"] for row in rows if row["exercise"] in EXERCISES} or {""}
    something = {row["student"] for row in rows if not row["exercise"]}  # handed in, and no notebook
    wanted = {(one.student, what) for one in roster.people for what in exercises if one.student not in something}
    wanted |= {(one.student, one.exercise) for one in decisions if one.kind == "override"}
    return [
        {
            "student": student, "exercise": exercise, "user": "", "platform": "", "late": 0, "time": "", "graded": "",
            "versions": 0, "question": "", "points": 0, "most": EXERCISES[exercise].points if exercise else 0,
            "status": "not handed in", "message": "Nothing was handed in.", "hint": "",
        }
        for student, exercise in wanted - there
    ]  # fmt: skip


def _decided(rows: list[dict], decisions: list[Decision]) -> list[dict]:
    """The rows of a student and an exercise, with what was decided; of one question the last decision counts."""
    set_to = {one.question: one for one in decisions if one.kind != "regrade"}
    again = " ".join(str(one) for one in decisions if one.kind == "regrade")
    for row in rows:
        row["decision"], row["again"] = "", again
        one = set_to.get(row["question"].rpartition(" ")[2])
        if one and row["question"] and one.kind == "override":
            row["points"], row["decision"] = plain(one.points), str(one)
    whole = set_to.get("")
    if whole and whole.kind == "override":
        points = plain(whole.points - sum(row["points"] for row in rows))
        rows.append(
            rows[0] | {
                "question": BY_HAND, "points": points, "most": 0, "status": "override", "message": "", "hint": "",
                "decision": str(whole),
            }
        )  # fmt: skip
    return rows
