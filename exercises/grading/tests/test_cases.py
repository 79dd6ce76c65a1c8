"""What the cases of any class must notice, and what they must not depend on: salts are many, and each has to do."""

import functools
import math
import re

import pytest
import torch
from ideas import IDEAS, STYLES

from rnn2attn.check.calling import call
from rnn2attn.check.values import leaves, mapped
from rnn2attn_grading.questions.chapters import CHAPTERS
from rnn2attn_grading.questions.specification import judged

PARTS = {part.name: part for chapter in CHAPTERS for part in chapter.parts}
TEXTS = {
    part.name: " ".join(f"{question.text} {part.text}".split())
    for chapter in CHAPTERS
    for question in chapter.questions
    for part in question.parts
}
SALTS = [f"class {n}" for n in range(30)]
IN_CLASSES = pytest.mark.parametrize("salts", [SALTS[:5], pytest.param(SALTS, marks=pytest.mark.soak)], ids=len)
NOISE = 1e-10  # by which numbers are moved: what then falls otherwise is a tie

# Cases that hold a tie because the question says what it means.
SAID = {
    ("steps_until", "equality"): r"A bound that equals $\varepsilon$ is not below it.",
    ("steps_until", "equality, tanh"): r"A bound that equals $\varepsilon$ is not below it.",
    ("steps_until", "eps of one"): r"A bound that equals $\varepsilon$ is not below it.",
    ("verdict", "the bound is 1"): "shrink by every step",
    ("verdict", "the bound is 1, σ"): "shrink by every step",
    ("width_needed", "a share reached exactly"): "A share that is reached exactly is small enough.",
}

# What a question says of its cases, so that nobody has to think of what else could be: the sentence, and what holds.
PROMISED = {
    "mix_inputs": ("one word is the likeliest there", lambda case: leads(case.inputs["logits"])),
    "beam_step": (
        "there are k or more, and no two of them are equally likely",
        lambda case: case.expected[0].isfinite().all() and (case.expected[0].diff() < -NOISE).all(),
    ),
    "look_after": ("Each row has one.", lambda case: case.inputs["mask"].any(dim=1).all()),
    "look_before": ("Each row has one.", lambda case: case.inputs["mask"].any(dim=1).all()),
    "on_right_words": (
        "No row that counts has two largest weights.",
        lambda case: leads(case.inputs["weights"][case.inputs["gold"].any(dim=2)]),
    ),
    "spatial_attend": (
        "In every picture there is a cell that may be used.",
        lambda case: case.inputs["usable"].flatten(1).any(dim=1).all(),
    ),
    "share_in_box": ("which reaches nowhere beyond the picture", lambda case: within_the_picture(**case.inputs)),
    "self_attention": (
        "The mask is True where a word is real, and in each row one is.",
        lambda case: case.inputs["mask"] is None or case.inputs["mask"].any(dim=1).all(),
    ),
}


def leads(scores):
    """Whether one number of each row is larger than all others, by more than noise."""
    best = scores.topk(min(2, scores.shape[-1])).values
    return (best.diff() < -NOISE).all()


def within_the_picture(maps, box, height, width):
    top, left, bottom, right = box
    return 0 <= top < bottom <= height and 0 <= left < right <= width


@functools.cache
def hidden(name, salt):
    return PARTS[name].hidden(salt)


@IN_CLASSES
@pytest.mark.parametrize(("name", "says", "answer"), IDEAS, ids=[f"{name}-{says}" for name, says, _ in IDEAS])
def test_a_wrong_idea_loses_the_points_in_every_class(name, says, answer, salts):
    passed = [
        salt for salt in salts if not any(fault for case in hidden(name, salt) for fault in judged(answer, [case]))
    ]
    assert passed == []


@IN_CLASSES
@pytest.mark.parametrize(("name", "says", "answer"), STYLES, ids=[f"{name}-{says}" for name, says, _ in STYLES])
def test_another_style_keeps_the_points_in_every_class(name, says, answer, salts):
    for salt in salts:
        assert not any(judged(answer, hidden(name, salt)))


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


@pytest.mark.parametrize(
    ("name", "sentence"), sorted({(name, sentence) for (name, _), sentence in SAID.items()}), ids=lambda x: x[:30]
)
def test_what_a_tie_means_is_said_in_the_question(name, sentence):
    assert sentence in TEXTS[name]


def drawn(name):
    """The cells of the table in a question's text, without its first row and its first column."""
    rows = re.findall(r"^\| (.+) \|$", PARTS[name].text, re.MULTILINE)
    return [row.split(" | ")[1:] for row in rows[1:]]


def test_the_drawing_of_a_mask_is_the_mask():
    mask = PARTS["decoding_mask"].reference(torch.tensor([2]), 4, 5)[0]
    assert drawn("decoding_mask") == [["**yes**" if used else "no" for used in row] for row in mask.tolist()]


def test_the_drawing_of_errors_shows_what_counts():
    """Of a target of four words, in a batch whose longest has five, one word after the other is made wrong."""
    recovery, cells = PARTS["recovery"].reference, drawn("recovery")
    target, lengths = torch.zeros(2, 5).long(), torch.tensor([4, 5])
    for k, row in enumerate(cells):
        for place, cell in enumerate(row):
            said = torch.zeros(4, 2, 5).long()
            said[k, 0, place] = 1
            assert (recovery(said, target, lengths) < 1) == (cell == "**counts**")
            assert (cell == "no word") == (place >= 4)
            assert (cell == "before") == (place <= k and place < 4)
    assert len(cells) == 4


@pytest.mark.parametrize("name", PROMISED)
def test_cases_are_as_the_question_says(name):
    sentence, holds = PROMISED[name]
    assert sentence in TEXTS[name]
    cases = [*PARTS[name].public(), *(case for salt in SALTS for case in hidden(name, salt))]
    assert [case.name for case in cases if not holds(case)] == []
