"""Handwritten digits on a canvas, captioned: which one is where, or all of them in reading order.

The handwriting is scikit-learn's `load_digits`, 1,797 pictures of 8 × 8 pixels, a part of the Optical Recognition of
Handwritten Digits data (Alpaydin and Kaynak, 1998). It comes with the package; here it is enlarged to 12 × 12. A test
canvas shows digits that come later in the file than all of the training's: neighbours in the file are often by the
same writer. Writers are not labelled, so it cannot be said that no writer is on both sides.

Each caption exists in English and in Korean. Korean names the reference first and what lies there last: "six left
of five" is 오의 왼쪽에 육, word by word "five's left-side-at six". So the two languages walk through the same picture
in opposite order. The particles 의 and 에 are written with their noun, and are the same after a vowel and after a
consonant.
"""

import random
from collections.abc import Sequence
from functools import cache
from itertools import combinations
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

Box = tuple[int, int, int, int]

SIZE, DIGIT = 32, 12  # sides of the canvas and of a digit, in pixels
TRAINING = 1500  # so many digits from the start of the file
CLEARER = 4  # pixels by which the named direction must outdo the other
LANGUAGES = ("en", "ko")
NAMES = {
    "en": ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
    "ko": list("영일이삼사오육칠팔구"),
}
# How the first digit lies to the second, along columns (1) or rows (0).
RELATIONS = {1: {"en": ["left", "of"], "ko": ["왼쪽에"]}, 0: {"en": ["above"], "ko": ["위에"]}}


class Canvas(NamedTuple):
    """A picture with its caption, and what each word of it names.

    Attributes:
        image: (1, 32, 32), 0 (background) … 1 (ink).
        caption: tokens.
        named: for each token the number of the box that it names, or None.
        boxes: of each digit (top, left, bottom, right) in pixels; the last two are no longer inside.
    """

    image: Tensor
    caption: list[str]
    named: list[int | None]
    boxes: list[Box]


def relation(n: int, language: str = "en", seed: int = 0, test: bool = False) -> list[Canvas]:
    """Two different digits, and how they lie: "six left of five", "nine above two".

    Two captions would be true of every canvas; that the left or the upper digit comes first in English makes it one.
    (Were it the larger one, its first word would need both digits at once.) Both relations are equally frequent; the
    corners of the digits lie at least 12 pixels apart in the direction that is named, so that no boxes overlap, and
    at least 4 pixels more than in the other. Box 0 is that of the left or upper digit.

    Args:
        n: number of canvases.
        language: "en" or "ko".
        seed: the same one gives the same canvases, in either language.
        test: digits from the file's end.

    Raises:
        TypeError: n is not an integer.
        ValueError: n is negative, or the language is another.
    """
    _check(n, language)
    rng = random.Random(f"{seed} {test}")
    return [_relation(rng, language, test) for _ in range(n)]


def _relation(rng: random.Random, language: str, test: bool) -> Canvas:
    digits = _distinct(rng, test)
    axis = rng.choice(list(RELATIONS))
    while True:
        first, second = corners = [_corner(rng), _corner(rng)]
        along, across = second[axis] - first[axis], abs(first[1 - axis] - second[1 - axis])
        if along >= max(DIGIT, across + CLEARER):
            break
    names, words = [NAMES[language][value] for value, _ in digits], RELATIONS[axis][language]
    nothing = [None] * len(words)
    if language == "ko":
        return _draw(digits, corners, [names[1] + "의", *words, names[0]], [1, *nothing, 0])
    return _draw(digits, corners, [names[0], *words, names[1]], [0, *nothing, 1])


def reading(
    n: int, language: str = "en", digits: tuple[int, int] = (2, 3), seed: int = 0, test: bool = False
) -> list[Canvas]:
    """Some digits in reading order: the canvas has two lines, 16 pixels high, each read from left to right.

    Args:
        n: number of canvases.
        language: "en" or "ko"; the order is the same.
        digits: the fewest and the most on a canvas, of 1 … 4; each number of them is equally likely.
        seed: the same one gives the same canvases, in either language.
        test: digits from the file's end.

    Raises:
        TypeError: n is not an integer.
        ValueError: n is negative, the language is another, or digits are no range within 1 … 4.
    """
    _check(n, language)
    fewest, most = digits
    if not 1 <= fewest <= most <= 4:
        raise ValueError(f"digits is {digits}, but (fewest, most) with 1 ≤ fewest ≤ most ≤ 4 was expected")
    rng = random.Random(f"{seed} {test}")
    return [_reading(rng, language, rng.randint(fewest, most), test) for _ in range(n)]


def _reading(rng: random.Random, language: str, count: int, test: bool) -> Canvas:
    line = SIZE // 2
    while True:
        lines = [rng.randrange(2) for _ in range(count)]
        corners = sorted((at, rng.randint(0, SIZE - DIGIT)) for at in lines)
        if all(a[0] != b[0] or b[1] - a[1] >= DIGIT for a, b in combinations(corners, 2)):
            break
    corners = [(at * line + rng.randint(0, line - DIGIT), left) for at, left in corners]
    digits = [_one(rng, test) for _ in corners]
    return _draw(digits, corners, [NAMES[language][value] for value, _ in digits], list(range(count)))


def cover(image: Tensor, box: Box) -> Tensor:
    """The image, (1, H, W), with background instead of what is in the box. The one given stays as it is.

    Raises:
        ValueError: the box is empty or reaches beyond the image.
    """
    top, left, bottom, right = box
    H, W = image.shape[-2:]
    if not (0 <= top < bottom <= H and 0 <= left < right <= W):
        raise ValueError(f"box {box} is not (top, left, bottom, right) within an image of {H} × {W} pixels")
    covered = image.clone()
    covered[..., top:bottom, left:right] = 0
    return covered


@cache
def _handwriting() -> tuple[Tensor, list[int]]:
    """All digits in the file's order: pictures (1797, 12, 12), 0 … 1, and their values."""
    from sklearn.datasets import load_digits  # takes longer to import than the rest of this package

    file = load_digits()
    pictures = torch.tensor(file.images / 16, dtype=torch.float32)
    larger = F.interpolate(pictures[None], (DIGIT, DIGIT), mode="bilinear", align_corners=False)[0]
    return larger, file.target.tolist()


def _one(rng: random.Random, test: bool) -> tuple[int, Tensor]:
    pictures, values = _handwriting()
    at = rng.randrange(TRAINING, len(values)) if test else rng.randrange(TRAINING)
    return values[at], pictures[at]


def _distinct(rng: random.Random, test: bool) -> list[tuple[int, Tensor]]:
    """Two digits of different value."""
    while True:
        pair = [_one(rng, test), _one(rng, test)]
        if pair[0][0] != pair[1][0]:
            return pair


def _corner(rng: random.Random) -> tuple[int, int]:
    return rng.randint(0, SIZE - DIGIT), rng.randint(0, SIZE - DIGIT)


def _draw(
    digits: Sequence[tuple[int, Tensor]],
    corners: Sequence[tuple[int, int]],
    caption: list[str],
    named: list[int | None],
) -> Canvas:
    image = torch.zeros(1, SIZE, SIZE)
    for (_, picture), (top, left) in zip(digits, corners, strict=True):
        image[0, top : top + DIGIT, left : left + DIGIT] = picture
    boxes = [(top, left, top + DIGIT, left + DIGIT) for top, left in corners]
    return Canvas(image, caption, named, boxes)


def _check(n: int, language: str) -> None:
    if not isinstance(n, int) or isinstance(n, bool):
        raise TypeError(f"n must be an integer, the number of canvases, not {n!r}")
    if n < 0:
        raise ValueError(f"n is {n}, but n ≥ 0 was expected")
    if language not in LANGUAGES:
        raise ValueError(f"language is {language!r}, but one of {', '.join(map(repr, LANGUAGES))} was expected")
