"""Answers as people write them: what the hidden cases of any class and `check` make of them."""

import functools

import pytest
from answers import ANSWERS, GENERAL, HIDDEN, MISLEADS, NAMES

from rnn2attn.check import examine
from rnn2attn.check.questions import chapters
from rnn2attn.check.reading import forbidden_call
from rnn2attn_grading.questions.chapters import CHAPTERS
from rnn2attn_grading.questions.specification import judged

PARTS = {part.name: part for chapter in CHAPTERS for part in chapter.parts}
PUBLISHED = {part.name: part for parts in chapters().values() for part in parts}
SALTS = [f"year {n}" for n in range(10)]
GIVEN = [given for answers in ANSWERS.values() for given in answers]


def labelled(given):
    return [pytest.param(one, id=f"{one.name}-{one.says}") for one in given]


@functools.cache
def hidden(name, salt):
    return PARTS[name].hidden(salt)


def keeps_all(given, salt):
    return not forbidden_call(given.function, PARTS[given.name].forbidden) and not any(
        judged(given.function, hidden(given.name, salt))
    )


def said(given):
    """Whether `check` takes an answer, and what it says."""
    card = examine(PUBLISHED[given.name], given.function)
    return card.state == "right", " ".join(card.lines)


def meets_its_description(given, salts):
    taken, words = said(given)
    assert taken == (given.right or given.judgement == HIDDEN), words
    assert given.hint in words
    assert [salt for salt in salts if keeps_all(given, salt) != given.right] == []


@pytest.mark.parametrize("given", labelled(GIVEN[::10]))
def test_a_tenth_of_the_answers_is_judged_as_it_is_described(given):
    meets_its_description(given, SALTS[:1])


@pytest.mark.soak
@pytest.mark.parametrize("given", labelled(GIVEN))
def test_every_answer_is_judged_as_it_is_described_in_ten_classes(given):
    meets_its_description(given, SALTS)


@pytest.mark.parametrize("number", ANSWERS)
def test_a_chapter_has_fifty_of_each_for_all_its_functions(number):
    for right in (True, False):
        names = [given.name for given in ANSWERS[number] if given.right == right]
        assert len(names) >= 50
        assert set(names) == {part.name for part in CHAPTERS[number - 1].parts}


@pytest.mark.parametrize("number", ANSWERS)
def test_nine_of_ten_wrong_answers_hear_what_is_wrong_and_none_is_misled(number):
    judgements = [given.judgement for given in ANSWERS[number] if not given.right]
    assert set(judgements) <= {NAMES, GENERAL, HIDDEN}
    assert judgements.count(NAMES) >= 0.9 * (len(judgements) - judgements.count(HIDDEN))


def test_a_judgement_that_speaks_of_a_hint_quotes_it():
    assert [one.says for one in GIVEN if (one.judgement in (NAMES, MISLEADS)) != bool(one.hint)] == []


@pytest.mark.soak
@pytest.mark.parametrize("number", ANSWERS)
def test_the_table_of_a_chapter(number, capsys):
    right = [said(given)[0] for given in ANSWERS[number] if given.right]
    wrong = [given for given in ANSWERS[number] if not given.right]
    caught = sum(not said(given)[0] for given in wrong)
    lose = sum(not any(keeps_all(given, salt) for salt in SALTS) for given in wrong)
    judged_as = {kind: sum(given.judgement == kind for given in wrong) for kind in (NAMES, GENERAL, MISLEADS)}
    with capsys.disabled():
        print(
            f"\nchapter {number}: {sum(right)} of {len(right)} right answers taken; of {len(wrong)} wrong ones "
            f"check catches {caught}, the hidden cases of every class {lose}; hints: {judged_as}"
        )
    assert lose == len(wrong)
