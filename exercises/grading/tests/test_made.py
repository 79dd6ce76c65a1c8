"""What is committed is what the specifications make, and it holds no answer and no hidden case."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

import rnn2attn.check
from rnn2attn.check.judging import Case
from rnn2attn_grading import cli
from rnn2attn_grading.authoring import check_data, notebooks
from rnn2attn_grading.cli import made, write
from rnn2attn_grading.questions import specification
from rnn2attn_grading.questions.chapters import CHAPTERS
from rnn2attn_grading.questions.specification import COUNTS, Question

ROOT = Path(__file__).resolve().parents[3]
PATHS = [
    Path(place, name)
    for chapter in CHAPTERS
    for place, name in (
        ("exercises/source", f"{chapter.stem}.ipynb"),
        ("exercises", f"{chapter.stem}.ipynb"),
        ("lib/rnn2attn/check", f"chapter{chapter.number:02}.json"),
    )
]
CHECK = Path(rnn2attn.check.__file__).parent
LARGEST = 150_000  # bytes of check's data on a chapter


def same(a, b):
    """Equal JSON, numbers up to what two processors differ in."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-8)
    return type(a) is type(b) and a == b


@pytest.fixture(scope="module")
def texts():
    """What the specifications make: path → text."""
    return made(ROOT)


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_what_is_committed_is_what_would_be_written(texts, path):
    committed = (ROOT / path).read_text(encoding="utf-8")
    told = f"{path} is not what the specifications make. Next: make exercises"
    if path.suffix == ".json":
        assert same(json.loads(committed), json.loads(texts[path])), told
    else:
        assert committed == texts[path], told


def test_nothing_else_lies_where_things_are_made(texts):
    places = {"exercises": "*.ipynb", "exercises/source": "*", "lib/rnn2attn/check": "*.json"}
    found = {path.relative_to(ROOT) for place, names in places.items() for path in (ROOT / place).glob(names)}
    found = {path for path in found if path.name != ".ipynb_checkpoints"}
    assert found == set(texts) == set(PATHS)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_the_opening_counts_questions_and_points(chapter):
    for questions in (chapter.questions[:1], chapter.questions[:-1], chapter.questions * 3):
        opening = replace(chapter, questions=questions).opening
        word, points = re.match(r"(\w+) questions? .*, (\d+) points,", opening).groups()
        assert len(questions) == (COUNTS.index(word) if word in COUNTS else int(word))
        assert int(points) == sum(part.points for question in questions for part in question.parts)


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        ([40], "40 minutes"),
        ([40, 20], "one hour"),
        ([40, 40], "one and a half hours"),
        ([60, 70], "two hours"),
        ([100, 100, 80], "four and a half hours"),
    ],
)
def test_how_long_a_chapter_takes_is_the_sum_of_its_questions(minutes, said):
    questions = tuple(Question("1.1", "", "", minutes=n) for n in minutes)
    assert replace(CHAPTERS[0], questions=questions).time == f"about {said}"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_the_notebook_says_how_much_is_asked_in_its_opening_alone(chapter):
    shorter = replace(chapter, questions=chapter.questions[:-1])
    made = json.loads(notebooks.learners(shorter, "", ""))
    text = "".join(made["cells"][0]["source"])
    assert text.count(shorter.opening) == 1
    assert not re.search(r"questions? on|\d points", text.replace(shorter.opening, ""))


def test_what_is_made_once_more_is_the_same_to_the_last_digit(texts):
    chapter = CHAPTERS[0]
    path = f"lib/rnn2attn/check/chapter{chapter.number:02}.json"
    assert check_data.data(chapter) == texts[Path(path)]


def test_writing_twice_changes_nothing(texts, tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "made", lambda root: texts)
    for path in PATHS:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    assert write(tmp_path) == list(texts)
    assert write(tmp_path) == []


def test_the_data_are_small():
    for path in CHECK.glob("*.json"):
        assert path.stat().st_size <= LARGEST, path.name


def secrets():
    """Lines that occur in an answer or in what draws hidden cases only."""
    for chapter in CHAPTERS:
        for part in chapter.parts:
            _, body = notebooks._split(part.reference)
            for line in body.splitlines():
                if len(line.strip()) > 12 and not line.strip().startswith(("for ", "if rule", "k = ")):
                    yield line.strip()


def learners_files():
    yield from (ROOT / "exercises").glob("*.ipynb")
    yield from (path for path in CHECK.rglob("*") if path.suffix in (".py", ".json"))


def text_of(path):
    if path.suffix == ".ipynb":
        return "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
    return path.read_text(encoding="utf-8")


def test_nothing_hidden_or_solved_is_in_what_learners_get():
    lines = set(secrets())
    assert len(lines) >= 20
    for path in learners_files():
        text = text_of(path)
        for line in lines:
            assert line not in text, (path.name, line)
        for word in ("BEGIN SOLUTION", "HIDDEN TESTS", "rnn2attn_grading", "def edges", "salt"):
            assert word not in text, (path.name, word)
    source = text_of(next((ROOT / "exercises/source").glob("*.ipynb")))
    assert any(line in source for line in lines), "the search finds nothing where the answers are"


def test_the_data_hold_no_code_and_no_edge(monkeypatch):
    """Of a hidden case the name is enough: none is solved here."""
    monkeypatch.setattr(specification.Part, "_solved", lambda part, *case: Case(*case[:2]))
    for path in CHECK.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\bdef |lambda|import |return torch|\b__\w+__", text)
        names = {case["name"] for part in json.loads(text)["parts"] for case in part["cases"]}
        hidden = {case.name for chapter in CHAPTERS for part in chapter.parts for case in part.hidden("x")}
        assert names < hidden


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_the_notebook_says_what_each_function_earns(chapter):
    text = text_of(ROOT / "exercises" / f"{chapter.stem}.ipynb")
    said = re.findall(r"`(\w+)` earns (\d) points?(?:, (\d) of them for special inputs)?", text)
    assert [(name, int(points), int(edges or 0)) for name, points, edges in said] == [
        (part.name, part.points, part.on_edges) for part in chapter.parts
    ]
    for question in chapter.questions:
        assert f"## {question.number} {question.title} ({sum(part.points for part in question.parts)} point" in text


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_the_source_has_nbgraders_metadata(chapter):
    """Schema 3: answers to be cut out, locked tests that earn points; ids once; the points of the specifications."""
    notebook = nbformat.read(ROOT / "exercises/source" / f"{chapter.stem}.ipynb", as_version=4)
    nbformat.validate(notebook)
    cells = [(cell, cell.metadata.nbgrader) for cell in notebook.cells if "nbgrader" in cell.metadata]
    ids = [marks.grade_id for _, marks in cells]
    assert len(set(ids)) == len(ids) == 2 * len(chapter.parts)
    for cell, marks in cells:
        assert marks.schema_version == 3 and marks.task is False
        assert re.fullmatch(r"[a-zA-Z0-9_\-]+", marks.grade_id)
        if marks.grade:
            assert marks.locked and not marks.solution and marks.points > 0
            assert cell.source.startswith('check("')
        else:
            assert marks.solution and not marks.locked and "points" not in marks
            assert cell.source.count("### BEGIN SOLUTION") == cell.source.count("### END SOLUTION") == 1
    earned = sum(marks.get("points", 0) for _, marks in cells)
    assert earned == chapter.points


def test_the_learners_notebook_is_the_source_without_solutions():
    for path in (ROOT / "exercises").glob("*.ipynb"):
        ours = nbformat.read(path, as_version=4)
        source = nbformat.read(path.parent / "source" / path.name, as_version=4)
        nbformat.validate(ours)
        assert [cell.id for cell in ours.cells] == [cell.id for cell in source.cells]
        for mine, theirs in zip(ours.cells, source.cells, strict=True):
            assert "nbgrader" not in mine.metadata
            if "SOLUTION" in theirs.source:
                head = theirs.source.partition("    ### BEGIN SOLUTION")[0]
                assert mine.source == f"{head}    raise NotImplementedError"
            else:
                assert mine.source == theirs.source
