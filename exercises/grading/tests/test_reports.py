"""What comes of a class: tables, a page for each learner, a summary, and which answers are nearly the same."""

import csv
import io
import re
import resource
import time
from array import array
from html.parser import HTMLParser
from unicodedata import normalize

import pytest
from classroom import CHAPTER, FULL, NAMES, hidden, right

from rnn2attn.check.judging import judge
from rnn2attn_grading.grading import grader
from rnn2attn_grading.grading.progress import Progress
from rnn2attn_grading.questions.specification import attempt
from rnn2attn_grading.reports import feedback, similarity, uploads
from rnn2attn_grading.reports.similarity import pairs, shingles
from rnn2attn_grading.reports.tables import UnwrittenError, filenames, report, students, table
from rnn2attn_grading.reports.visible import printed
from rnn2attn_grading.sandbox.inside import protocol
from rnn2attn_grading.sandbox.limits import Limits
from rnn2attn_grading.sandbox.process import StoppedError

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
    "th", "td", "meter",
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


UNREAD = [row(status="unreadable", hint="x.pdf is no notebook.", question=f"1.{n} {n}") for n in (1, 2)]
SAYS = "Unreadable. x.pdf is no notebook."


def test_what_holds_for_a_whole_exercise_is_said_once():
    assert Parsed(feedback.feedback("ada", UNREAD)).text.count(SAYS) == 1
    (missing,) = [row(status="not handed in", hint="", question="")]
    assert Parsed(feedback.feedback("ada", [missing])).text.rstrip().endswith("0 of 2 points.\nNot handed in.")
    decided = [UNREAD[0] | {"points": 2, "decision": "Set to 2."}, UNREAD[1]]
    said = Parsed(feedback.feedback("ada", decided)).text
    assert f"Set to 2. {SAYS}" in said and said.count(SAYS) == 2
    right = [row(points=2, hint=""), row(points=2, hint="", question="1.2 x")]
    assert Parsed(feedback.feedback("ada", right)).text.count("Right.") == 2


@pytest.mark.parametrize("rows", [UNREAD, [row(status="timed out"), row(hint="", points=2, question="1.2 x")]])
def test_moodle_says_what_the_page_says(rows):
    more = {"platform": "Moodle", "user": "7", "before": 0, "decision": "", "again": "", "lateness": "", "graded": ""}
    _, (*_, comment) = uploads.files([one | more for one in rows], [])[f"moodle/{CHAPTER.stem}.csv"]
    page = Parsed(feedback.feedback("ada", rows)).text
    for sentence in comment.split("<br>"):
        assert sentence.rpartition(" of 2. ")[2] in page
    assert comment.count(SAYS) == (rows is UNREAD)


def test_what_was_not_judged_makes_no_question_a_hard_one():
    text = Parsed(feedback.summary([*UNREAD, row(student="bob"), row(student="eve", points=2)], [])).text
    _, _, wrong = text.partition("Questions that are most often wrong")
    assert "1 of 2\n" in wrong.replace("(1) σ", "\n") and "no notebook" not in wrong
    assert "1.2 2" not in wrong


def test_who_has_part_of_the_points_is_wrong_in_part():
    rows = [row(student=student, points=points) for student, points in (("ada", 0), ("bob", 1), ("eve", 2))]
    assert "2 of 3, 1 in part" in Parsed(feedback.summary(rows, [])).text
    assert "in part" not in Parsed(feedback.summary(rows[::2], [])).text
    assert "1 of 2" in Parsed(feedback.feedback("bob", rows[1:2])).text


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
        return {"found": True, "uses": ""}

    def calls(self, cases, most, seconds, /, first, gradients, **given):
        text, _ = protocol.LENGTHS.unpack_from(cases)
        data = cases[protocol.LENGTHS.size :]
        for inputs in protocol.unpacked(data[:text], data[text:])[first:]:
            self.asked.append(inputs)
            yield self.reply(inputs, gradients)

    def reply(self, inputs, gradients):
        answer = attempt(self.function, grader.Case("", inputs, gradients=dict.fromkeys(gradients)))
        return vars(answer) | {"error": answer.error and vars(answer.error)}


def graded(function, part, salt="a class"):
    notebook = grader._Notebook([], Limits(), [part.name])
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


EDGED = [part for part in CHAPTER.parts if part.on_edges]


class Faulty(Plain):
    """A process in which the right answer returns None on some inputs; or they end the process."""

    cut = False

    def __init__(self, part, chosen, deadly):
        super().__init__(part.reference)
        self.inputs, self.deadly, self.output = {repr(case.inputs) for case in chosen}, deadly, bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def reply(self, inputs, gradients):
        if repr(inputs) not in self.inputs:
            return super().reply(inputs, gradients)
        self.stopped = self.deadly
        if self.deadly:
            raise StoppedError("crashed", "It died.")
        return {"value": None}


@pytest.mark.parametrize(("deadly", "status"), [(False, "graded"), (True, "crashed")])
@pytest.mark.parametrize("part", EDGED, ids=lambda part: part.name)
def test_who_is_wrong_on_edges_alone_keeps_the_other_points(part, deadly, status):
    """On one or on all of them; who is wrong on any other case has nothing left."""
    edges = [case for case in hidden(part) if case.edge]
    usual = next(case for case in hidden(part) if not case.edge)
    most = part.points - part.on_edges
    for chosen, points in ((edges[:1], most), (edges, most), ([usual], 0), ([*edges, usual], 0)):
        started = []

        def start(chosen=chosen, started=started):
            started.append(Faulty(part, chosen, deadly))
            return started[-1]

        grades, _ = grader.examine([], {part: hidden(part)}, Limits(), start)
        assert (grades[part].points, grades[part].status) == (points, status)
        assert grades[part].hint and (deadly or any(f"({case.name})" in grades[part].message for case in chosen))
        assert len(started) == 1


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


def cells(text):
    """What a spreadsheet reads of a line with this text."""
    data = table([[text, -1, 0.5, "a-b"]])
    (line,) = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert line[1:] == ["-1", "0.5", "a-b"]
    return line[0]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", " ="])
def test_a_text_that_a_spreadsheet_would_take_for_a_formula_gets_an_apostrophe(sign):
    assert cells(f"{sign}1+1") == f"'{sign}1+1"


@pytest.mark.parametrize("other", ";|\t\n\r")
def test_so_does_one_behind_what_parts_cells_or_lines_elsewhere(other):
    assert cells(f"ada{other}=1+1") == f"ada{other}'=1+1"
    assert cells(f"ada{other}1+1") == f"ada{other}1+1"


def test_a_table_is_marked_as_utf_8():
    assert table([["김"]]) == "\ufeff김\r\n".encode()


STEERING = "\x1b]0;x\x07", "\x9b2J", "\u202e", "\u2066", "\u200b", "\x00", "\x7f"


@pytest.mark.parametrize("sign", STEERING, ids=ascii)
def test_nothing_steers_who_reads(sign):
    """A name in a table or on a page, or what was printed, on a terminal."""
    name = f"ada {sign}txt"
    assert cells(name) == f"ada {sign[0].encode('unicode-escape').decode()}{sign[1:]}txt".replace("\x07", r"\x07")
    pages = feedback.feedback(name, [row(student=name)]) + feedback.summary(
        [row(student=name)], [("1", name, "b", 1.0)]
    )
    for data in pages, printed(name.encode()), table([[name]]):
        assert sign[0] not in data.decode("utf-8-sig")


def test_what_was_printed_stays_as_it_was_but_for_that():
    assert printed("a\tü김\r\n\u200c\n".encode()) == "a\tü김\r\n\u200c\n".encode()
    assert printed(b"never shown\rfalse \xff\x08") == rb"never shown\rfalse \xff\x08"


def test_a_line_for_each_student():
    rows = [
        row(student="ada_7", user="7", points=2),
        row(student="ada_7", user="7", points=3, question="1.2 x"),
        row(student="bob", exercise="", question="", most=0),
    ]
    heads, *lines = students(rows)
    assert heads == ["Student", "ID", f"{CHAPTER.stem} ({FULL} points)", f"Total ({FULL} points)"]
    assert lines == [["ada", "7", 5, 5], ["bob", "", 0, 0]]


NAMES_OF_FILES = [
    "ada/../../x", "..", "", "a\nb", "a" * 300, "\udcff", "CON", "nul.txt", "CON:", "\u202eada", EVIL, "가" * 83,
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES_OF_FILES, ids=ascii)
def test_a_name_makes_a_file_in_the_folder(name, tmp_path):
    made = filenames([name])[name]
    assert made not in ("", ".", "..") and "/" not in made and "\n" not in made
    assert len(made.encode()) < 100 and made.isprintable()
    assert filenames([f"{name} "])[f"{name} "] != made
    assert not re.match(r"(?i)(con|nul)(\.|$)", made)
    assert filenames(["Ada Lovelace_1", "김"]) == {"Ada Lovelace_1": "Ada Lovelace_1", "김": "김"}


@pytest.mark.parametrize(
    "names",
    [
        ["Ada", "ada", "ADA"],
        ["straße", "STRASSE"],
        [normalize("NFC", "Zoë 김"), normalize("NFD", "Zoë 김")],
        ["ﬁn", "fin"],
        ["a/b", "a:b", "a_b"],
        ["a" * 300, "a" * 301],
        ["ada", "ada.", " ada"],
        [r"\udcff", "\udcff", "_udcff"],
        ["가" * 83, "가" * 84],
    ],
    ids=ascii,
)
def test_no_two_names_make_one_file_on_any_disk(names):
    def disk(name):
        return normalize("NFD", name.casefold())

    made = filenames(names)
    assert len(set(map(disk, made.values()))) == len(names)
    like = list(made.values())  # a student may be named like another one's file
    both = filenames([*names, *like])
    assert len(set(map(disk, both.values()))) == len({*names, *like})


class Book:
    """A gradebook with these students."""

    def __init__(self, *names):
        self.names = names

    def students(self):
        return set(self.names)

    def counting(self, **more):
        return [row(student=name, time="", platform="", graded="") for name in self.names]

    def roster(self):
        return []

    rules = decisions = roster

    def kept(self, column):
        data = {"printed": b"said", "shingles": b""}[column]
        return [{"student": name, "exercise": CHAPTER.stem, column: data} for name in self.names]


def test_only_the_owner_may_read_what_is_written(tmp_path):
    report(Book("ada"), tmp_path)
    found = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")]
    assert "printed/ada" in found and "feedback" in found
    assert not [name for name in found if (tmp_path / name).stat().st_mode & 0o077]


def test_a_page_that_is_now_another_ones_is_removed(tmp_path):
    report(Book("Ada"), tmp_path)
    assert [path.name for path in (tmp_path / "feedback").iterdir()] == ["Ada.html"]
    report(Book("Ada", "ada"), tmp_path)
    assert len(list((tmp_path / "feedback").iterdir())) == 2
    assert not (tmp_path / "feedback/Ada.html").exists()


def test_what_cannot_be_written_is_named_and_costs_nothing_else(tmp_path):
    (tmp_path / "summary.html").mkdir(parents=True)
    (tmp_path / "feedback/ada.html").mkdir(parents=True)
    with pytest.raises(UnwrittenError, match=r"summary.html is not written: Is a directory. Nor are 1 more."):
        report(Book("ada", "bob"), tmp_path)
    assert (tmp_path / "feedback/bob.html").exists() and (tmp_path / "grades.csv").exists()
    assert [path.name for path in tmp_path.rglob(".*")] == []


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


LARGE = {
    "statements": "a;" * 10**7,
    "statements within": "def rnn_step():\n " + "a;" * 10**7,
    "signs in a row": "def rnn_step():\n return " + "-" * 90_000 + "1",
    "brackets": "def rnn_step():\n return " + "(" * 90_000,
    "names of names": "def rnn_step():\n return a" + ".a" * 40_000,
    "sums": "def rnn_step():\n return 1" + "+1" * 40_000,
    "a text within texts": "def rnn_step():\n return f'{" * 200,
}


@pytest.mark.parametrize("what", LARGE)
def test_code_without_end_is_not_compared_and_costs_little(what):
    before, process = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = shingles([LARGE[what], right("rnn_step")], frozenset(NAMES))
    assert time.process_time() - before < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - process < 300_000  # kB
    assert len(found) <= 8 * similarity.MOST


def test_so_many_small_statements_are_the_most_that_is_compared():
    code = "def rnn_step():\n " + ";".join(f"a{n}" for n in range(10_000)) + ";x=1"
    found = shingles([code + "\n x = 2" * 10], frozenset(NAMES))
    assert len(found) <= 8 * similarity.MOST


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
