"""What the cases of any class must notice, and what they must not depend on: salts are many, and each has to do."""

import functools
import math

import pytest
import torch
from ideas import IDEAS

from rnn2attn.check.calling import call
from rnn2attn.check.values import leaves, mapped
from rnn2attn_grading.questions.chapters import CHAPTERS
from rnn2attn_grading.questions.specification import judged

PARTS = {part.name: part for chapter in CHAPTERS for part in chapter.parts}
SALTS = [f"class {n}" for n in range(30)]
NOISE = 1e-10  # by which numbers are moved: what then falls otherwise is a tie

# Cases that hold a tie because the question says what it means.
SAID = {
    ("steps_until", "equality"): r"A bound that equals $\varepsilon$ is not below it.",
    ("steps_until", "equality, tanh"): r"A bound that equals $\varepsilon$ is not below it.",
    ("steps_until", "eps of one"): r"A bound that equals $\varepsilon$ is not below it.",
    ("verdict", "the bound is 1"): "shrink by every step",
    ("verdict", "the bound is 1, σ"): "shrink by every step",
    ("gap", "times that touch"): "each of its times there is longer",
    ("gap", "times that touch, library off"): "each of its times there is longer",
    ("effect", "as often right in one seed, else more"): "more often right, in every seed",
    ("effect", "as often right in one seed, else less"): "less often right in every seed",
    ("effect", "a gap as wide in one seed"): "the gap is not narrower",
    ("map_says", "nine tenths"): "at least 0.9",
    ("map_says", "more by 0.05"): "by more than 0.05",
    ("evidence", "as much on the other box"): "is larger for it than for the other box",
    ("evidence", "as often without the other"): "changes more often",
    ("evidence", "exactly chance"): "a larger share of the attention than of the area",
    ("evidence", "the mean of the cells, covered"): "a larger share of the attention than of the area",
    ("order_seen", "differences at the tolerance"): "differ by more than `tolerance`",
}


@functools.cache
def hidden(name, salt):
    return PARTS[name].hidden(salt)


@pytest.mark.parametrize(("name", "says", "answer"), IDEAS, ids=[f"{name}-{says}" for name, says, _ in IDEAS])
def test_a_wrong_idea_loses_the_points_in_every_class(name, says, answer):
    passed = [
        salt for salt in SALTS if not any(fault for case in hidden(name, salt) for fault in judged(answer, [case]))
    ]
    assert passed == []


def moved(value, generator):
    """The value with its numbers a little larger or smaller."""

    def move(leaf):
        by = 1 + NOISE * (2 * torch.rand(getattr(leaf, "shape", ()), generator=generator, dtype=torch.float64) - 1)
        if isinstance(leaf, torch.Tensor):
            return leaf * by if leaf.is_floating_point() else leaf
        return leaf * by.item() if isinstance(leaf, float) else leaf

    return mapped(value, move)


def falls_otherwise(a, b):
    a, b = dict(leaves(a)), dict(leaves(b))
    return a.keys() != b.keys() or any(not near(a[path], b[path]) for path in a)


def near(a, b):
    if isinstance(a, torch.Tensor) and a.is_floating_point():
        return a.shape == b.shape and torch.allclose(a, b, rtol=1e-3, atol=1e-4, equal_nan=True)
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    return math.isclose(a, b, rel_tol=1e-3, abs_tol=1e-4) if isinstance(a, float) else a == b


def ties(part, cases):
    """The cases in which the right answer is another one when numbers are moved by next to nothing."""
    generator = torch.Generator().manual_seed(0)
    for case in cases:
        right = call(part.reference, case.inputs).value
        others = [call(part.reference, moved(case.inputs, generator)).value for _ in range(2)]
        if any(falls_otherwise(right, other) for other in others):
            yield case.name


@pytest.mark.parametrize(
    "salts", [["a class"], pytest.param([f"class {n}" for n in range(100)], marks=pytest.mark.soak)], ids=len
)
@pytest.mark.parametrize("name", [name for name, part in PARTS.items() if not part.view])
def test_no_right_answer_depends_on_how_a_tie_falls(name, salts):
    part = PARTS[name]
    cases = [*part.public(), *(case for salt in salts for case in hidden(name, salt))]
    assert {found for found in ties(part, cases) if (name, found) not in SAID} == set()


def test_what_a_tie_means_is_said_in_the_question():
    texts = {
        part.name: f"{q.text} {part.text}" for chapter in CHAPTERS for q in chapter.questions for part in q.parts
    }
    for (name, _), sentence in SAID.items():
        assert sentence in " ".join(texts[name].split()), name
