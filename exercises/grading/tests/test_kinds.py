"""Kinds of answers to the newest questions, honest and hostile, in a jail: each gets what it deserves."""

import json
from dataclasses import replace

import nbformat
import pytest
from classroom import QUICK, ROOT
from kinds import HOSTILE, OF_GRADIENTS, OF_INPUTS, SPOILED, TOP, UNUSUAL, WITHOUT_GRADIENT

from rnn2attn_grading.grading.grader import LONGEST, examine
from rnn2attn_grading.grading.learner import drawn
from rnn2attn_grading.questions.chapters import CHAPTERS
from rnn2attn_grading.submissions.untrusted import cells

pytestmark = pytest.mark.heavy
SALTS = "the first", "the second", "the third"
STEMS = {number: chapter.stem for number, chapter in enumerate(CHAPTERS, 1)}
# Chapter → the functions that are answered in a kind's way; the others are right.
ASKED = {
    number: {part.name: part for question in CHAPTERS[number - 1].questions for part in question.parts
             if number == 7 or question.number in ("2.6", "6.4")}
    for number in (2, 6, 7)
}  # fmt: skip
PARTS = {name: part for parts in ASKED.values() for name, part in parts.items()}
GRADIENTS = {name for name, part in PARTS.items() if part.gradients}
TENSORS = GRADIENTS | {"perplexities", "least_error"}
TIMED = "the alarm is switched off", "a way back that has no end"
HONEST = replace(QUICK, call=10)  # as long as without the option
LIMITS = replace(QUICK, call=1)


def graded(jail, number, code, names, salt, limits=LIMITS):
    """The points that each function lost, and its grade, where those named are answered by RIGHT and this code."""
    path = ROOT / f"exercises/source/{STEMS[number]}.ipynb"
    notebook = nbformat.read(path, 4)
    for cell in notebook["cells"]:
        name = cell["id"].removeprefix("answer-")
        if name in names:
            mine = code.replace("RIGHT", f"right_{name}").replace("NAME", name)
            cell["source"] += f"\nright_{name} = {name}\n{mine}"
    sources = [TOP, *cells(json.dumps(notebook).encode())]
    grades, _ = examine(sources, drawn(STEMS[number], salt), limits, jail.process)
    for grade in grades.values():
        assert all(text.isprintable() and len(text) <= LONGEST for text in (grade.message, grade.hint))
    return {part.name: (part.points - grade.points, grade) for part, grade in grades.items()}


def rows(kinds, wanted):
    """For each kind and chapter, with a salt: the functions that the kind is for. A tenth is tried in `make test`."""
    for count, (kind, code) in enumerate(kinds.items()):
        for number, parts in ASKED.items():
            names = [name for name in parts if name in wanted]
            if kind in TIMED:
                names = names[:1]
            if names:
                salt, soaked = SALTS[(count + number) % len(SALTS)], (count + number) % 10 > 0
                yield pytest.param(
                    number, code, names, salt, id=f"{kind}, {number}", marks=[pytest.mark.soak] * soaked
                )


@pytest.mark.parametrize(
    ("number", "code", "names", "salt"),
    [*rows(UNUSUAL, PARTS), *rows(WITHOUT_GRADIENT, PARTS.keys() - GRADIENTS)],
)
def test_an_honest_answer_keeps_its_points_however_it_is_dressed(jail, number, code, names, salt):
    lost = graded(jail, number, code, names, salt, HONEST)
    assert {name: grade for name, (points, grade) in lost.items() if points} == {}


@pytest.mark.parametrize(
    ("number", "code", "names", "salt"),
    [*rows(HOSTILE, PARTS), *rows(OF_INPUTS, TENSORS), *rows(OF_GRADIENTS, GRADIENTS)],
)
def test_a_hostile_answer_gets_nothing_and_costs_no_other(jail, number, code, names, salt):
    lost = graded(jail, number, code, names, salt)
    assert {name for name, (points, _) in lost.items() if points} == set(names)
    assert {name for name in names if lost[name][1].points} == set()
    assert "not graded" not in {grade.status for _, grade in lost.values()}


@pytest.mark.parametrize(
    ("number", "code", "names", "salt"),
    [*rows({k: v + "def NAME(*given):\n    return 7" for k, v in SPOILED.items()}, PARTS)],
)
def test_a_spoiled_process_gives_a_wrong_answer_nothing(jail, number, code, names, salt):
    lost = graded(jail, number, code, names, salt)
    assert {name for name in names if lost[name][1].points} == set()
    assert "not graded" not in {grade.status for _, grade in lost.values()}
