"""6.4, first part: a position moved without knowing it."""

import torch

from rnn2attn_grading.questions.chapter06.q4_positions import QUESTION
from rnn2attn_grading.questions.chapter06.ready_made import READY_MADE

TEXT = r"""
**Moved.** "[…] it would allow the model to easily learn to attend by relative positions, since for any fixed offset
$k$, $PE_{pos+k}$ can be represented as a linear function of $PE_{pos}$." Find that function. You get encodings, the
frequencies, and by how much each encoding is to be moved; at which positions they are, you are not told. Being
linear, the function is defined for vectors that encode no position, too, and those are asked as well. Checked: the
values, and the gradient for the encodings.
"""


def moved(p, k, omega):
    """Encodings of positions, each moved by some places.

    Args:
        p: the encoding of a position t in each row, (N, d).
        k: by how many places to move each, int64, (N,); below 0 it is back.
        omega: the frequency of each pair, (d / 2,).

    Returns:
        The encodings of t + k, (N, d).
    """
    angle = k[:, None] * omega
    sin, cos = p[:, ::2], p[:, 1::2]
    new_sin = sin * angle.cos() + cos * angle.sin()
    new_cos = cos * angle.cos() - sin * angle.sin()
    return torch.stack([new_sin, new_cos], dim=2).flatten(1)


PART = QUESTION.part(
    moved, 2, gradients=("p",), forbidden=READY_MADE[:2], text=TEXT
)


def frequencies(d):
    return 10000 ** (-2 * torch.arange(d // 2).double() / d)


def encoded(t, omega):
    """Encodings of positions, from the formula."""
    angle = t[:, None] * omega
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)


def inputs(draw, d, *ks):
    """Rows at positions of their own, none of them near 0; frequencies in no more digits than are stored."""
    omega = frequencies(d).round(decimals=8)
    p = encoded(4 + draw.integers(90, len(ks)), omega)
    return {"p": p, "k": torch.tensor(ks), "omega": omega}


@PART.cases
def cases(draw):
    steps = range(2, 13)
    yield (
        "forward",
        inputs(draw, 6, draw.choice(*steps), 1, draw.choice(*steps)),
    )
    yield (
        "back, and not at all",
        inputs(draw, 4, -draw.choice(*steps), 0, -1, 5),
    )
    yield "one row, far", inputs(draw, 8, 100 * draw.choice(*steps))
    other = {"p": draw.normal(3, 10), "k": draw.integers(12, 3) - 15}
    yield (
        "vectors that encode no position, other frequencies",
        other | {"omega": draw.normal(5).abs()},
    )


@PART.edges
def edges(draw):
    yield "one pair", inputs(draw, 2, draw.choice(3, 5, 7), -3, 8)
    yield (
        "as many rows as features",
        inputs(draw, 4, 7, draw.choice(2, 3), -1, 0),
    )


def variant(p, k, omega, *, split=None, turn=None):
    """The right answer with one part of it replaced."""
    angle = k[:, None] * omega
    sin, cos = split(p) if split else (p[:, ::2], p[:, 1::2])
    pair = (turn or turned)(sin, cos, angle.sin(), angle.cos())
    if split:
        return torch.cat(pair, dim=1)
    return torch.stack(pair, dim=2).flatten(1)


def turned(sin, cos, s, c):
    return sin * c + cos * s, cos * c - sin * s


@PART.mistake(
    "It moves back by k. Either the sign of the angle is wrong, or you take "
    "the even features for cosines."
)
def back(p, k, omega):
    return variant(p, -k, omega)


@PART.mistake(
    "You take the first half of the features for sines and the second for "
    "cosines. Some programs store them so; here they take turns."
)
def halves(p, k, omega):
    return variant(p, k, omega, split=lambda p: p.chunk(2, dim=1))


@PART.mistake(
    "Right numbers in other places: the sines come first, and then the "
    "cosines. They take turns."
)
def not_interleaved(p, k, omega):
    whole = variant(p, k, omega)
    return torch.cat([whole[:, ::2], whole[:, 1::2]], dim=1)


@PART.mistake(
    "Sine and cosine of a pair turn by one angle. You repeat the frequencies "
    "as a whole, so that a pair gets two; repeat each by itself."
)
def frequencies_tiled(p, k, omega):
    angle = k[:, None] * torch.cat([omega, omega])
    s, c = angle.sin(), angle.cos()
    sin, cos = p[:, ::2], p[:, 1::2]
    pair = (
        sin * c[:, ::2] + cos * s[:, ::2],
        cos * c[:, 1::2] - sin * s[:, 1::2],
    )
    return torch.stack(pair, dim=2).flatten(1)


@PART.mistake("You divide by the frequency. The angle of k places is ω k.")
def divided(p, k, omega):
    return variant(p, k, 1 / omega)


@PART.mistake(
    "All your pairs turn by the angle k. Each has a frequency of its own."
)
def one_frequency(p, k, omega):
    return variant(p, k, torch.ones_like(omega))


@PART.mistake(
    "You add PE(k). Angles add; their sines do not. Look up sin(a + b)."
)
def added(p, k, omega):
    return p + encoded(k, omega)


@PART.mistake(
    "You multiply by PE(k), feature by feature. sin(a + b) has two terms, and "
    "one of them needs the cosine of a."
)
def multiplied(p, k, omega):
    return p * encoded(k, omega)


@PART.mistake(
    "The cosines are not right: cos(a + b) = cos a cos b − sin a sin b. Yours "
    "are with a plus."
)
def plus(p, k, omega):
    return variant(
        p, k, omega,
        turn=lambda sin, cos, s, c: (sin * c + cos * s, cos * c + sin * s),
    )  # fmt: skip


@PART.mistake(
    "The cosines are made of the new sines: you wrote over the old ones too "
    "early. Both come from what p was."
)
def overwritten(p, k, omega):
    def turn(sin, cos, s, c):
        new = sin * c + cos * s
        return new, cos * c - new * s

    return variant(p, k, omega, turn=turn)


@PART.mistake(
    "Every row is moved by the k of the first. Each has a k of its own."
)
def first_k(p, k, omega):
    return variant(p, k[:1], omega)


@PART.mistake(
    "`k * omega` pairs the rows with the frequencies, and runs only where there "
    "are as many of the one as of the other. Every k meets every frequency: "
    "`k[:, None] * omega`."
)
def paired(p, k, omega):
    angle = (k * omega)[None]
    pair = turned(p[:, ::2], p[:, 1::2], angle.sin(), angle.cos())
    return torch.stack(pair, dim=2).flatten(1)


@PART.mistake(
    "You read t off the first pair, and encode t + k anew. That angle is known "
    "up to multiples of 2π only, which is enough for the first pair, and for "
    "no other."
)
def position_guessed(p, k, omega):
    return encoded(torch.atan2(p[:, 0], p[:, 1]) + k, omega)


@PART.mistake(
    "Right where p encodes a position. You read each pair's angle off and turn "
    "it, so the length is lost where a pair's is not 1. Is that linear?"
)
def lengths_lost(p, k, omega):
    angle = torch.atan2(p[:, ::2], p[:, 1::2]) + k[:, None] * omega
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)


@PART.mistake(
    "You read t off the first pair by an arc tangent, up to multiples of the "
    "wavelength, and lengths are lost. In which pairs is that enough?"
)
def position_guessed_by_frequency(p, k, omega):
    return encoded(torch.atan2(p[:, 0], p[:, 1]) / omega[0] + k, omega)


@PART.mistake(
    "You return other rows of p. In row n is not the encoding of n, and the "
    "one that is wanted need not be in p at all."
)
def rows_shifted(p, k, omega):
    rows = torch.arange(len(p)) + k
    return p[rows.clamp(0, len(p) - 1)]
