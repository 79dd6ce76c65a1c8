"""What follows a question without points: the learner's functions at work. `tests/test_exercises.py` sees it run."""

import inspect
import re
import types

import nbformat
import pytest
import torch
from ideas import STYLES

import rnn2attn.check
from rnn2attn import plots
from rnn2attn.check import LINKS, progress, use
from rnn2attn.check.card import Card
from rnn2attn_grading.authoring import notebooks
from rnn2attn_grading.grading.grader import _defines, _Notebook
from rnn2attn_grading.questions.chapters import CHAPTERS
from rnn2attn_grading.questions.specification import HARDEST
from rnn2attn_grading.sandbox.limits import Limits

QUESTIONS = [question for chapter in CHAPTERS for question in chapter.questions]
IDS = [question.number for question in QUESTIONS]
ANSWERS = {part.name: part.reference for chapter in CHAPTERS for part in chapter.parts}


def answers_of(question):
    """The functions that its cell uses."""
    return list(inspect.signature(question.use.function).parameters)


@pytest.fixture
def shown(monkeypatch):
    """A notebook, and what it shows."""
    shown = []
    monkeypatch.setattr(rnn2attn.check, "_in_notebook", lambda: True)
    monkeypatch.setattr(rnn2attn.check, "display", shown.append)
    return shown


@pytest.mark.parametrize("question", QUESTIONS, ids=IDS)
def test_a_question_says_how_hard_it_is_and_has_three_hints(question):
    assert 1 <= question.difficulty <= HARDEST and question.minutes >= 5
    assert len(question.hints.strip().split("\n\n")) == 3


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_a_part_that_is_easier_or_harder_says_so_above_its_stub(chapter):
    cells = {cell.id: cell.source for cell in nbformat.reads(notebooks.learners(chapter, "", ""), 4).cells}
    for part in chapter.parts:
        said = re.search(r"\n\n\*Difficulty (\d) of 3\.\*", cells.get(f"text-{part.name}", ""))
        assert part.difficulty in range(HARDEST + 1)
        assert (int(said[1]) if said else 0) == part.difficulty


@pytest.mark.parametrize("question", QUESTIONS, ids=IDS)
def test_a_cell_that_uses_answers_uses_those_of_its_question(question):
    asked = [part.name for part in question.parts]
    assert answers_of(question) and set(answers_of(question)) <= set(asked)


@pytest.mark.parametrize("question", QUESTIONS, ids=IDS)
def test_without_right_answers_one_line_says_what_the_cell_waits_for(question, shown, capsys):
    """It is run as the notebook runs it, with each answer missing, open and wrong in turn."""
    code = notebooks.use_code(question.use.function)
    for name in answers_of(question):
        (part,) = (part for part in question.parts if part.name == name)
        for answer in (None, notebooks.stub, part.mistakes[0].function):
            exec(code, ANSWERS | {"check": rnn2attn.check.check, name: answer})
            assert [repr(card) for card in shown] == [f"○ This cell runs as soon as `{name}` is right."]
            shown.clear()
    assert not capsys.readouterr().out


@pytest.mark.heavy  # networks are trained
@pytest.mark.parametrize("style", STYLES, ids=lambda style: f"{style[0]}, {style[1]}")
def test_a_right_answer_in_another_style_is_used_as_well(style, shown, capsys):
    name, _, answer = style
    (chapter, question), *_ = (
        (chapter, question)
        for chapter in CHAPTERS
        for question in chapter.questions
        if name in (part.name for part in question.parts)
    )
    scope = {}
    exec(chapter.imports, scope)
    exec(notebooks.use_code(question.use.function), scope | ANSWERS | {name: answer})
    assert not [card for card in shown if isinstance(card, Card)]
    assert shown or capsys.readouterr().out


def test_all_that_a_cell_waits_for_is_named(shown):
    def both(greedy, beam_step):
        pass

    use(both)
    assert "runs as soon as `greedy` and `beam_step` are right" in repr(shown)


def test_a_cell_calls_the_functions_beside_it_and_shows_what_it_returns(shown):
    scope = ANSWERS | {"check": rnn2attn.check.check}
    exec("@check.use\ndef soon(steps_until):\n    return steps_until(0.5, 1.0, 0.1)", scope)
    assert shown == [4]
    assert scope["soon"](lambda *given: "callable still") == "callable still"


def test_an_answer_gets_float64_and_a_network_its_own_dtype(shown):
    def attend(query, keys, values, mask):
        one = torch.ones((), dtype=torch.float64)
        assert query.dtype == torch.float64 and mask.dtype == torch.bool
        return ANSWERS["attend"](torch.einsum("btd,->btd", query, one), keys, values, mask)

    x = torch.randn(1, 2, 3, requires_grad=True)

    def look(attend):
        contexts, weights = attend(x, x, x, torch.ones(1, 2).bool())
        contexts.sum().backward()
        return contexts.dtype, weights.dtype, attend(x.double(), x, x, torch.ones(1, 2).bool())[0].dtype

    look = types.FunctionType(look.__code__, {"torch": torch, "attend": attend}, closure=look.__closure__)
    use(look)
    assert shown == [(torch.float32, torch.float32, torch.float32)]
    assert x.grad.abs().sum() > 0


def test_what_is_built_is_drawn_and_said(shown, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "FOLDER", tmp_path)
    monkeypatch.setattr(progress, "_session", {})
    rnn2attn.check.check("attend", ANSWERS["attend"])
    capsys.readouterr(), shown.clear()
    rnn2attn.check.built(4)
    assert f"1 of {len(ANSWERS)} pieces, 1 of them in this chapter" in capsys.readouterr().out
    assert isinstance(shown[0], plots.Figure)
    with pytest.raises(ValueError, match="chapter 99 has no exercises"):
        rnn2attn.check.built(99)


def test_every_chapter_says_what_it_builds():
    assert list(LINKS) == [chapter.number for chapter in CHAPTERS]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_a_chapter_has_a_derivation_whose_end_unfolds_and_something_to_discuss(chapter):
    assert all(text.strip() for text in (chapter.by_hand, chapter.derived, chapter.discuss))


def test_where_nobody_looks_nothing_is_run():
    def expensive(rnn_step):
        raise RuntimeError

    assert use(expensive) is expensive
    rnn2attn.check.built("a chapter that is not there")


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_the_grader_takes_no_such_cell_for_an_answer(chapter):
    """Nor for one that gives a name another meaning."""
    names = [part.name for part in chapter.parts]
    sources = []
    for question in chapter.questions:
        sources += [f"{notebooks.stub(part.reference)}\n{part.name}" for part in question.parts]
        sources.append(notebooks.use_code(question.use.function))
        assert not [name for name in names if _defines(name).search(sources[-1])]
    notebook = _Notebook(sources, Limits(), names)
    assert not [name for name in names if notebook.reused(name)]
