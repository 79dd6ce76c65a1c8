"""Pages in HTML: what a learner is told, and a summary for the instructor. All that is not ours is escaped."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import groupby

from rnn2attn_grading.reports.visible import escape

MOST = 15  # rows of a table of the summary
UNJUDGED = ("unreadable", "not graded", "set aside")  # says nothing about a question
STYLE = """
body { max-width: 50rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
table { border-collapse: collapse; width: 100%; }
td + td, h1, h2, p { overflow-wrap: anywhere; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid #8888; text-align: left; vertical-align: top; }
th.n, td.n { text-align: right; white-space: nowrap; }
td:has(meter) { width: 60%; }
meter { width: 100%; min-width: 4rem; }
@media (max-width: 30rem) { body { padding: 0 .6rem; } th, td { padding: .3rem; } }
:root { color-scheme: light dark; }
"""


def page(title: str, body: str) -> bytes:
    """A page that asks for nothing from elsewhere and runs nothing."""
    rule = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{rule}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n"
        f"<main>\n<h1>{escape(title)}</h1>\n{body}</main>\n</html>\n"
    ).encode("utf-8", "backslashreplace")


def table(heads: list[str], rows: list[list[object]]) -> str:
    """A table; whole numbers stand on the right, and a share from 0 to 1, a float, is a bar."""
    numbers = [bool(rows) and all(isinstance(row[n], int) for row in rows) for n in range(len(heads))]
    marks = [' class="n"' if number else "" for number in numbers]

    def line(cells: list[object], kind: str) -> str:
        inner = "".join(
            f"<{kind}{mark}>{_bar(cell) if isinstance(cell, float) else escape(str(cell))}</{kind}>"
            for cell, mark in zip(cells, marks, strict=True)
        )
        return f"<tr>{inner}</tr>\n"

    body = "".join(line(row, "td") for row in rows)
    return f"<table>\n{line(heads, 'th')}{body}</table>\n"


def _bar(share: float) -> str:
    """A bar, which is not read out: what it stands for is in the cell before it."""
    return f'<meter value="{share:.3f}" aria-hidden="true"></meter>' if share else ""


def feedback(student: str, rows: list[dict]) -> bytes:
    """What a learner is told: points, what happened and a hint for each question.

    Args:
        student: the name.
        rows: see `standing`; the message in them is not shown.
    """
    body = ""
    for exercise, group in groupby(rows, lambda row: row["exercise"]):
        lines = list(group)
        points, most = (round(sum(r[key] for r in lines), 2) for key in ("points", "most"))
        before = round(sum(r.get("before", r["points"]) for r in lines), 2)
        earned = f" Before that it was {before:g}." if before != points else ""
        late = f" {lines[0]['lateness']}{earned}" if lines[0].get("lateness") else ""
        late += f" {lines[0]['again']}" if lines[0].get("again") else ""
        body += f"<h2>{escape(exercise or 'Nothing to grade')}</h2>\n"
        body += f"<p>{points:g} of {most} points.{escape(late)}</p>\n"
        if whole := told_of_all(lines):
            body += f"<p>{escape(whole)}</p>\n"
        else:
            heads = ["Question", "Points", "What to know"]
            body += table(heads, [[r["question"], _points(r), told(r)] for r in lines])
    return page(f"Feedback for {student}", body)


def _points(row: dict) -> str:
    points = row.get("before", row["points"])
    return f"{points:+g}" if row["status"] == "override" else f"{points} of {row['most']}"


def told(row: dict) -> str:
    """What a learner is told about a question."""
    if row["status"] == "override":
        return row["decision"]
    status = "" if row["status"] == "graded" else f"{row['status'].capitalize()}."
    return " ".join(filter(None, (row.get("decision", ""), status, row["hint"]))) or "Right."


def told_of_all(rows: list[dict]) -> str:
    """What is told about a whole exercise, where all its questions came to nothing for the same reason; or ""."""
    said = {told(row) for row in rows}
    return said.pop() if len(said) == 1 and rows[0]["status"] not in ("graded", "override") else ""


def summary(rows: list[dict], alike: list[tuple], remarks: Iterable[str] = ()) -> bytes:
    """The class: how many points, which questions are often wrong and by which mistake, which answers are alike.

    Args:
        rows: see `standing`.
        alike: see `similarity.pairs`.
        remarks: sentences that stand above all.
    """
    body = (
        "".join(f"<p>{escape(text)}</p>\n" for text in remarks)
        + _distribution(rows)
        + _wrong(rows)
        + _statuses(rows)
        + _alike(alike)
    )
    return page("Summary", body)


def _distribution(rows: list[dict]) -> str:
    body, sums = "", defaultdict(Counter)
    most = {}
    for row in rows:
        if row["question"]:
            sums[row["exercise"]][row["student"]] += row["points"]
            most.setdefault(row["exercise"], {})[row["question"]] = row["most"]
    for exercise, found in sums.items():
        full = sum(most[exercise].values())
        if not full:  # nothing was judged: points were given by hand
            continue
        ordered = sorted(found.values())
        middle = ordered[len(ordered) // 2]
        bins = Counter(min(9, 10 * points // full) for points in ordered)
        body += f"<h2>{escape(exercise)}</h2>\n<p>{len(ordered)} students, {full} points. "
        body += f"The median is {middle}, the least {ordered[0]}, the most {ordered[-1]}.</p>\n"
        body += table(
            ["Share of the points", "Students", ""],
            [[f"{10 * n}–{10 * (n + 1)}\N{NO-BREAK SPACE}%", bins[n], bins[n] / len(ordered)] for n in range(10)],
        )
    return body


def _wrong(rows: list[dict]) -> str:
    tried, partly, wrong = Counter(), Counter(), defaultdict(Counter)
    for row in rows:
        if row["question"] and row["most"] and row["status"] not in UNJUDGED:
            key = row["exercise"], row["question"]
            tried[key] += 1
            points = row.get("before", row["points"])
            if points < row["most"]:
                wrong[key][told(row)] += 1
                partly[key] += points > 0
    found = sorted(wrong, key=lambda key: -wrong[key].total() / tried[key])
    return "<h2>Questions that are most often wrong</h2>\n" + table(
        ["Question", "Wrong", "Most often because"],
        [
            [
                f"{exercise}, {question}",
                f"{wrong[exercise, question].total()} of {tried[exercise, question]}"
                + f", {partly[exercise, question]} in part" * (partly[exercise, question] > 0),
                " ".join(f"({n}) {text}" for text, n in wrong[exercise, question].most_common(2)),
            ]
            for exercise, question in found[:MOST]
        ],
    )


def _statuses(rows: list[dict]) -> str:
    counts = Counter(row["status"].partition(" at cell")[0] for row in rows)
    return "<h2>What happened</h2>\n" + table(["Status", "Answers"], [[*pair] for pair in counts.most_common()])


def _alike(alike: list[tuple]) -> str:
    text = (
        "<h2>Answers that are nearly the same</h2>\n<p>The code of the answers, without comments and layout, "
        "is nearly the same in these. That says nothing about why: people work together, use the same source, or "
        "find the same short answer. Read both before you ask.</p>\n"
    )
    return text + table(
        ["Exercise", "Student", "Student", "In common"],
        [[exercise, a, b, f"{share:.0%}"] for exercise, a, b, share in alike],
    )
