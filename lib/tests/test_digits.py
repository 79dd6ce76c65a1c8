"""Canvases of digits: what the caption says is looked up in the picture, by other means than those that drew it."""

import random
from collections import Counter

import pytest
import torch
from sklearn.datasets import load_digits
from torch.nn import functional as F

from rnn2attn.tasks import digits

FILE = load_digits()
LARGER = F.interpolate(torch.tensor(FILE.images / 16).float()[None], (12, 12), mode="bilinear", align_corners=False)[
    0
]
FOUND = {picture.numpy().tobytes(): number for number, picture in enumerate(LARGER)}
ENGLISH = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
KOREAN = ["영", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구"]


def places(canvas):
    """Where in the file the digits of a canvas stand, box after box."""
    crops = [canvas.image[0, top:bottom, left:right] for top, left, bottom, right in canvas.boxes]
    return [FOUND[crop.contiguous().numpy().tobytes()] for crop in crops]


def values(canvas):
    return [int(FILE.target[place]) for place in places(canvas)]


def centre(box):
    top, left, bottom, right = box
    return (top + bottom) / 2, (left + right) / 2


@pytest.mark.parametrize("make", [digits.relation, digits.reading])
@pytest.mark.parametrize("test", [False, True])
def test_a_canvas_holds_its_digits_and_nothing_else(make, test):
    for canvas in make(200, seed=1, test=test):
        rest, seen = canvas.image.clone(), torch.zeros(32, 32)
        for top, left, bottom, right in canvas.boxes:
            rest[0, top:bottom, left:right] = 0
            seen[top:bottom, left:right] += 1
        assert canvas.image.shape == (1, 32, 32) and canvas.image.dtype == torch.float32
        assert canvas.image.min() >= 0 and 0.8 < canvas.image.max() <= 1
        assert not rest.any() and seen.max() == 1, "no ink outside the boxes, and no two boxes overlap"
        assert seen.sum() == 144 * len(canvas.boxes), "all of each box lies on the canvas"
        assert all((place >= 1500) is test for place in places(canvas))


@pytest.mark.parametrize("test", [False, True])
def test_a_relation_is_true_of_the_picture(test):
    for canvas in digits.relation(300, seed=2, test=test):
        first, last = values(canvas)
        assert first != last and canvas.caption[:: len(canvas.caption) - 1] == [ENGLISH[first], ENGLISH[last]]
        (y, x), (v, u) = map(centre, canvas.boxes)
        words = " ".join(canvas.caption[1:-1])
        along, across = {"left of": (u - x, abs(v - y)), "above": (v - y, abs(u - x))}[words]
        assert along >= 12 and along >= across + 4, "what is said is true, and clearly so"
        assert canvas.named == [0, *[None] * len(words.split()), 1]


def test_korean_says_the_same_of_the_same_picture_the_other_way_round():
    into = {"left of": "왼쪽에", "above": "위에"}
    english, korean = digits.relation(200, "en", seed=3), digits.relation(200, "ko", seed=3)
    for one, other in zip(english, korean, strict=True):
        assert torch.equal(one.image, other.image) and one.boxes == other.boxes
        first, last = values(one)
        assert other.caption == [KOREAN[last] + "의", into[" ".join(one.caption[1:-1])], KOREAN[first]]
        assert other.named == [1, None, 0]


def test_relations_and_digits_are_equally_frequent():
    canvases = digits.relation(2000)
    counts = Counter(canvas.caption[1] for canvas in canvases)
    assert set(counts) == {"left", "above"} and max(counts.values()) < 1.25 * min(counts.values())
    for box in (0, 1):
        counts = Counter(values(canvas)[box] for canvas in canvases)
        assert set(counts) == set(range(10)) and max(counts.values()) < 1.6 * min(counts.values()), "in either place"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_reading_goes_line_by_line(language):
    names = {"en": ENGLISH, "ko": KOREAN}[language]
    sizes = Counter()
    for canvas in digits.reading(300, language, (1, 4), seed=4):
        assert canvas.caption == [names[value] for value in values(canvas)]
        assert canvas.named == list(range(len(canvas.caption)))
        assert all(bottom <= 16 or top >= 16 for top, _, bottom, _ in canvas.boxes), "a digit lies in one line"
        order = [(top >= 16, left) for top, left, _, _ in canvas.boxes]
        assert order == sorted(order)
        sizes[len(canvas.boxes)] += 1
    assert set(sizes) == {1, 2, 3, 4} and min(sizes.values()) > 40
    assert {len(canvas.boxes) for canvas in digits.reading(50, digits=(2, 2))} == {2}


@pytest.mark.parametrize("make", [digits.relation, digits.reading])
def test_the_same_seed_gives_the_same_canvases(make):
    def drawn(seed, **options):
        return [(canvas.image.numpy().tobytes(), *canvas[1:]) for canvas in make(20, seed=seed, **options)]

    random.seed(1)
    one = drawn(5)
    random.seed(2)
    assert one == drawn(5)
    assert one != drawn(6) and one != drawn(5, test=True)


def test_covering_leaves_background_in_the_box_and_the_rest_as_it_was():
    canvas = digits.relation(1)[0]
    before, (top, left, bottom, right) = canvas.image.clone(), canvas.boxes[1]
    covered = digits.cover(canvas.image, canvas.boxes[1])
    changed = torch.zeros(32, 32, dtype=torch.bool)
    changed[top:bottom, left:right] = True
    assert torch.equal(canvas.image, before) and not covered[0, changed].any()
    assert torch.equal(covered[0, ~changed], before[0, ~changed]) and before[0, changed].any()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: digits.relation(-1), ValueError, "n is -1"),
        (lambda: digits.reading(2.0), TypeError, "n must be an integer, the number of canvases, not 2.0"),
        (lambda: digits.relation(True), TypeError, "not True"),
        (lambda: digits.relation(1, "fr"), ValueError, "language is 'fr', but one of 'en', 'ko'"),
        (lambda: digits.reading(1, "kr"), ValueError, "language is 'kr'"),
        (lambda: digits.reading(1, digits=(3, 2)), ValueError, r"digits is \(3, 2\)"),
        (lambda: digits.reading(1, digits=(0, 2)), ValueError, r"digits is \(0, 2\)"),
        (lambda: digits.reading(1, digits=(2, 5)), ValueError, r"digits is \(2, 5\)"),
        (lambda: digits.cover(torch.zeros(1, 32, 32), (0, 0, 33, 4)), ValueError, r"box \(0, 0, 33, 4\).* 32 × 32"),
        (lambda: digits.cover(torch.zeros(1, 32, 32), (4, 4, 4, 8)), ValueError, r"box \(4, 4, 4, 8\)"),
        (lambda: digits.cover(torch.zeros(1, 32, 32), (-4, 0, 4, 8)), ValueError, r"box \(-4, 0, 4, 8\)"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
