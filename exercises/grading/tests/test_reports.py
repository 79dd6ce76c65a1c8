"""What comes of a class: tables, a page for each learner, a summary, and which answers are nearly the same."""

import csv
import io
import re
from array import array
from html.parser import HTMLParser

import pytest
from classroom import CHAPTER, FULL, NAMES, hidden, right

from rnn2attn.check.judging import judge
from rnn2attn_grading.grading import grader
from rnn2attn_grading.grading.progress import Progress
from rnn2attn_grading.questions.specification import attempt
from rnn2attn_grading.reports import feedback
from rnn2attn_grading.reports.similarity import pairs, shingles
from rnn2attn_grading.reports.tables import filename, students, table
from rnn2attn_grading.sandbox.limits import Limits

EVIL = "<img src=x onerror=alert(1)> & \"'"


def row(**more):
    known = {
        "student": "ada", "exercise": CHAPTER.stem, "user": "", "late": 0,
        "versions": 1, "question": "1.1 rnn_step", "points": 0, "most": 2,
        "status": "graded", "message": "a secret number: 0.123", "hint": "σ",
    }  # fmt: skip
    return known | more


class Parsed(HTMLParser):
    """The tags of a page, their attributes, and its text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page.decode())

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


OURS = {
    "html", "meta", "title", "style", "main", "h1", "h2", "p", "table", "tr",
    "th", "td",
}  # fmt: skip


@pytest.mark.parametrize("key", ["student", "exercise", "question", "status", "hint"])
def test_all_that_is_not_ours_is_escaped(key):
    rows = [row(**{key: EVIL})]
    alike = [(rows[0]["exercise"], rows[0]["student"], EVIL, 1.0)]
    for page in (feedback.feedback(rows[0]["student"], rows), feedback.summary(rows, alike)):
        parsed = Parsed(page)
        assert {tag for tag, _ in parsed.tags} <= OURS
        assert not any(a.startswith("on") for _, given in parsed.tags for a in given)
    assert EVIL in parsed.text.replace("&quot;", '"')


def test_a_learner_is_told_the_hint_and_not_the_message():
    said = Parsed(feedback.feedback("ada", [row()])).text
    assert "σ" in said
    assert "secret" not in said


def test_a_page_asks_for_nothing_from_elsewhere():
    for page in (feedback.feedback("ada", [row()]), feedback.summary([row()], [])):
        parsed = Parsed(page)
        assert not any({"src", "href"} & given.keys() for _, given in parsed.tags)
        policy = dict(parsed.tags[2][1])["content"]
        assert policy == "default-src 'none'; style-src 'unsafe-inline'"


class Plain:
    """A process without a jail: the answers are called here."""

    stopped = False

    def __init__(self, function):
        self.function, self.asked = function, []

    def ask(self, do, seconds, /, **given):
        if do == "look":
            return {"found": True, "uses": ""}
        self.asked.append(given["inputs"])
        case = grader.Case("", given["inputs"], gradients=dict.fromkeys(given["gradients"]))
        answer = attempt(self.function, case)
        return vars(answer) | {"error": answer.error and vars(answer.error)}


def graded(function, part, salt="a class"):
    notebook = grader._Notebook([], Limits())
    process = Plain(function)
    return notebook.grade(process, part, hidden(part, salt)), process.asked


@pytest.mark.parametrize("part", CHAPTER.parts, ids=lambda part: part.name)
def test_most_known_mistakes_are_told_by_their_hints(part):
    hints = {known.hint for known in grader.published(part.name).mistakes}
    found = [graded(m.function, part)[0].hint for m in part.mistakes]
    told = sum(hint in hints for hint in found)
    assert told >= len(found) / 2 or part.view
    assert all(found)


def test_a_right_answer_is_called_on_the_hidden_cases_alone():
    for part in CHAPTER.parts:
        grade, asked = graded(part.reference, part)
        assert (grade.points, grade.hint) == (part.points, "")
        assert len(asked) == len(hidden(part))


def test_no_number_of_a_hidden_case_is_told():
    """Not even by an answer that says what it was given: by its value, its exception, or that one's name."""
    part = next(p for p in CHAPTER.parts if p.name == "steps_until")
    numbers = {str(value) for case in hidden(part) for value in case.inputs.values()}
    seen = []

    def raising(*given):
        seen.append(given)
        raise type(f"Was{seen[0]}", (Exception,), {})(str(seen))

    def returning(*given):
        seen.append(given)
        return int(seen[0][2] * 10**6)

    for function, says in ((raising, "Was"), (returning, "is not right")):
        seen.clear()
        grade, _ = graded(function, part)
        assert says in grade.message
        assert any(n.strip("0.") in grade.message for n in numbers if len(n) > 4)
        assert not re.search(r"\d", grade.hint)


def test_an_answer_that_is_right_on_what_the_learner_has_is_told_what_the_other_case_is():
    part = next(p for p in CHAPTER.parts if p.name == "steps_until")
    public = grader.published(part.name).cases

    def memory(*given):
        found = (c.expected for c in public if str([*c.inputs.values()]) == str([*given]))
        return next(found, 0)

    assert not any(judge(attempt(memory, case), case) for case in public)
    grade, _ = graded(memory, part)
    names = {case.name for case in hidden(part)}
    told = "Right on the cases that `check` tries. Not right on another: "
    assert grade.hint.startswith(told)
    assert grade.hint.removeprefix(told).rstrip(".") in names


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_a_spreadsheet_would_take_for_a_formula_gets_an_apostrophe(sign):
    data = table([[f"{sign}1+1", -1, 0.5, "a-b"]]).decode()
    (cells,) = csv.reader(io.StringIO(data, newline=""))
    assert cells == [f"'{sign}1+1", "-1", "0.5", "a-b"]


def test_a_line_for_each_student():
    rows = [
        row(student="ada_7", user="7", points=2),
        row(student="ada_7", user="7", points=3, question="1.2 x"),
        row(student="bob", exercise="", question="", most=0),
    ]
    heads, *lines = students(rows)
    assert heads == ["Student", "ID", f"{CHAPTER.stem} ({FULL} points)", f"Total ({FULL} points)"]
    assert lines == [["ada", "7", 5, 5], ["bob", "", 0, 0]]


@pytest.mark.parametrize("name", ["ada/../../x", "..", "", "a\nb", "a" * 300, "\udcff", "CON:", EVIL])
def test_a_name_makes_a_file_in_the_folder(name):
    made = filename(name)
    assert made not in ("", ".", "..") and "/" not in made and "\n" not in made
    assert len(made) < 100
    assert filename(f"{name} ") != made
    assert filename("Ada Lovelace_1") == "Ada Lovelace_1"


def notebook(change=lambda code: code):
    return [change(right(name)) for name in NAMES]


def alike(**notebooks):
    names = frozenset(NAMES)
    return pairs(
        [
            {"exercise": "1", "student": student, "shingles": shingles(sources, names)}
            for student, sources in notebooks.items()
        ]
    )


def test_what_is_nearly_the_same_is_named():
    def retouched(code):
        return code.replace("    return", "    # mine\n\n    return").replace('"""', '"""Mine. ', 1)

    assert alike(a=notebook(), b=notebook(retouched)) == [("1", "a", "b", 1.0)]
    changed = notebook()
    changed[1] = changed[1].replace("return", "return 1 *")
    ((_, a, b, share),) = alike(a=notebook(), b=changed)
    assert (a, b) == ("a", "b") and 0.8 <= share < 1


def test_what_is_not_the_same_is_not_named():
    other = notebook(lambda code: re.sub(r"\b([a-z])\b", r"\1_\1", code))
    assert alike(a=notebook(), b=other) == []
    empty = notebook(lambda code: code.split('"""')[0] + '"""\n    raise NotImplementedError\n')
    assert alike(a=empty, b=empty) == []
    assert shingles(["def rnn_step(:", "\0", "x = 1"], frozenset(NAMES)) == b""


def test_of_many_that_are_the_same_each_is_named_with_the_first():
    same = {name: notebook() for name in "abcdefgh"}
    assert [(a, b) for _, a, b, _ in alike(**same)] == [("a", b) for b in "bcdefgh"]


def test_what_more_than_a_few_have_in_common_says_nothing():
    """Eight notebooks with one word of their own each; of two such notebooks it would be said."""
    own = {
        name: [*notebook()[:-1], notebook()[-1].replace("return", f"{name} = 1\n    return", 1)]
        for name in "abcdefgh"
    }
    assert len(alike(a=own["a"], b=own["b"])) == 1
    assert alike(**own) == []


def test_shingles_are_sorted_numbers():
    found = array("Q", shingles(notebook(), frozenset(NAMES)))
    assert len(found) > 100
    assert list(found) == sorted(set(found))


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_shows_how_many_are_done():
    terminal, file = Terminal(), io.StringIO()
    for target in (terminal, file):
        progress = Progress(target)
        for done in range(1, 5):
            progress(done, 4, "ada\x1b[2J")
    assert terminal.getvalue().count("\r") == 4
    assert "4 of 4  ada?[2J" in terminal.getvalue()
    assert file.getvalue().count("\n") == 2  # the first and the last


def test_what_is_read_is_named_from_the_first_on():
    terminal, file = Terminal(), io.StringIO()
    for target in (terminal, file):
        progress = Progress(target)
        for count in range(1, 4):
            progress.found(count, "ada\x1b[2J")
    assert terminal.getvalue().count("\r") == 3
    assert file.getvalue() == "1 read  ada?[2J\n"
