"""6.4, second part: rotary positions."""

import torch

from rnn2attn_grading.questions.chapter06.q4_positions import QUESTION
from rnn2attn_grading.questions.chapter06.ready_made import READY_MADE

TEXT = r"""
**Rotated.** Rotary positions add nothing to a word. They turn each query and each key by its own place, before the
two meet (Su et al., 2021). Two features that stand side by side, 2i and 2i + 1, are a pair, and the pair turns by the
angle $\omega_i t$, counterclockwise:

$$
\begin{pmatrix} x_{2i} \\ x_{2i+1} \end{pmatrix} \mapsto
\begin{pmatrix} \cos \omega_i t & -\sin \omega_i t \\ \sin \omega_i t & \cos \omega_i t \end{pmatrix}
\begin{pmatrix} x_{2i} \\ x_{2i+1} \end{pmatrix}
$$

The places are given, for each row of the batch its own: rows may be padded on the left, or go on where a cache ends.
All heads turn alike. Before you begin: what becomes of $q \cdot k$ if both turn by the same angle? Checked: the
values, and the gradient for x.
"""


def rotated(x, places, omega):
    """Queries or keys with rotary positions.

    Args:
        x: queries or keys, (B, heads, T, d).
        places: at which place each of them is, int64, (B, T).
        omega: the frequency of each pair, (d / 2,).

    Returns:
        The same vectors, each turned by its place, (B, heads, T, d).
    """
    angle = places[:, None, :, None] * omega
    sin, cos = angle.sin(), angle.cos()
    even, odd = x[..., ::2], x[..., 1::2]
    turned = torch.stack([even * cos - odd * sin, even * sin + odd * cos], 4)
    return turned.flatten(3)


PART = QUESTION.part(
    rotated, 1, gradients=("x",), forbidden=READY_MADE[:2], text=TEXT
)


def inputs(draw, B, heads, T, d, first=0):
    """Rows of which each begins at a place of its own."""
    omega = (10000 ** (-2 * torch.arange(d // 2).double() / d)).round(
        decimals=8
    )
    begins = first + draw.integers(9, B, 1)
    return {
        "x": draw.normal(B, heads, T, d),
        "places": begins + torch.arange(T),
        "omega": omega,
    }


@PART.cases
def cases(draw):
    yield "different sizes", inputs(draw, 2, 2, 3, 4)
    yield "all sizes alike", inputs(draw, 2, 2, 2, 2, first=1)
    yield "a batch of one, far from the beginning", inputs(draw, 1, 2, 3, 6, 50)
    other = inputs(draw, 2, 1, 2, 6, first=2)
    other["omega"] = draw.normal(3).abs()
    yield "other frequencies", other


@PART.edges
def edges(draw):
    yield "one pair", inputs(draw, 2, 2, 3, 2, first=1)
    yield "one word", inputs(draw, 3, 2, 1, 4, first=5)
    given = inputs(draw, 2, 2, 4, 6)
    given["places"] = torch.tensor([[0, 0, 0, 1], [7, 3, 0, 5]])
    yield "places in any order, some of them alike", given


def variant(x, places, omega, *, angle=None, split=None, turn=None, join=None):
    """The right answer with one part of it replaced."""
    a = places[:, None, :, None] * omega if angle is None else angle
    even, odd = split(x) if split else (x[..., ::2], x[..., 1::2])
    pair = (turn or turned)(even, odd, a.sin(), a.cos())
    return join(pair) if join else torch.stack(pair, dim=4).flatten(3)


def turned(even, odd, sin, cos):
    return even * cos - odd * sin, even * sin + odd * cos


def halves(x):
    return x.chunk(2, dim=3)


def side_by_side(pair):
    return torch.cat(pair, dim=3)


@PART.mistake(
    "Your pairs turn clockwise. Scores between two words would come out the "
    "same; the vectors do not."
)
def clockwise(x, places, omega):
    return variant(x, -places, omega)


@PART.mistake(
    "You pair feature i with feature i + d/2. Many programs do, and are as "
    "good; here a pair stands side by side."
)
def paired_by_halves(x, places, omega):
    return variant(x, places, omega, split=halves, join=side_by_side)


@PART.mistake(
    "Right numbers in other places: the first features of all pairs come first "
    "in your answer, and then the second ones."
)
def not_interleaved(x, places, omega):
    return variant(x, places, omega, join=side_by_side)


@PART.mistake(
    "The places are not used: you count from 0 in every row. A row that is "
    "padded on the left begins elsewhere."
)
def counted_from_zero(x, places, omega):
    count = torch.arange(x.shape[2]).expand(len(x), -1)
    return variant(x, count, omega)


@PART.mistake(
    "You count from 1 in every row. The places are given, for each row its own."
)
def counted_from_one(x, places, omega):
    count = torch.arange(1, x.shape[2] + 1).expand(len(x), -1)
    return variant(x, count, omega)


@PART.mistake("Every place is one too far.")
def one_too_far(x, places, omega):
    return variant(x, places + 1, omega)


@PART.mistake(
    "All rows have the places of the first one. Each begins where it begins."
)
def first_row(x, places, omega):
    return variant(x, places[:1], omega)


@PART.mistake(
    "Your places run over the heads: their axes come out beside the wrong ones "
    "of x, and it runs only because two sizes are alike."
)
def along_the_heads(x, places, omega):
    T, heads = x.shape[2], x.shape[1]
    angle = places[:, :heads, None, None] * omega
    return variant(x, places, omega, angle=angle.expand(-1, -1, T, -1))


@PART.mistake(
    "`places[:, :, None] * omega` has no axis for the heads, so that its rows "
    "are taken for them: each head turns by the places of one row."
)
def rows_for_heads(x, places, omega):
    return variant(x, places, omega, angle=places[:, :, None] * omega)


@PART.mistake(
    "All your pairs turn by the place itself. Each has its frequency."
)
def one_frequency(x, places, omega):
    return variant(x, places, torch.ones_like(omega))


@PART.mistake("You divide by the frequency. The angle at place t is ω t.")
def divided(x, places, omega):
    return variant(x, places, 1 / omega)


@PART.mistake(
    "The frequencies are those of another order: the first pair turns fastest."
)
def frequencies_flipped(x, places, omega):
    return variant(x, places, omega.flip(0))


@PART.mistake(
    "The two features of a pair get different frequencies: you repeat them as "
    "a whole. Repeat each by itself."
)
def frequencies_tiled(x, places, omega):
    a = places[:, None, :, None] * torch.cat([omega, omega])
    even, odd = x[..., ::2], x[..., 1::2]
    s, c = a.sin(), a.cos()
    pair = (
        even * c[..., ::2] - odd * s[..., ::2],
        odd * c[..., 1::2] + even * s[..., 1::2],
    )
    return torch.stack(pair, dim=4).flatten(3)


@PART.mistake(
    "Only the cosines are there: a pair becomes shorter, and does not turn. "
    "Each feature gets something of the other."
)
def cosines_alone(x, places, omega):
    return variant(
        x, places, omega,
        turn=lambda even, odd, sin, cos: (even * cos, odd * cos),
    )  # fmt: skip


@PART.mistake(
    "A plus in both rows is no turn: one of the two sines has a minus."
)
def plus(x, places, omega):
    return variant(
        x, places, omega,
        turn=lambda even, odd, sin, cos: (
            even * cos + odd * sin,
            even * sin + odd * cos,
        ),
    )  # fmt: skip


@PART.mistake(
    "Sine and cosine are exchanged: at place 0 nothing turns, and yours turns "
    "by a right angle there."
)
def exchanged(x, places, omega):
    return variant(
        x, places, omega,
        turn=lambda even, odd, sin, cos: turned(even, odd, cos, sin),
    )  # fmt: skip


@PART.mistake(
    "The second features are made of the new first ones: you wrote over the "
    "old ones too early."
)
def overwritten(x, places, omega):
    def turn(even, odd, sin, cos):
        new = even * cos - odd * sin
        return new, new * sin + odd * cos

    return variant(x, places, omega, turn=turn)


@PART.mistake(
    "You add sines and cosines, as in the paper of the Transformer. Rotary "
    "positions turn, and add nothing."
)
def added(x, places, omega):
    a = places[:, None, :, None] * omega
    return x + torch.stack([a.sin(), a.cos()], dim=4).flatten(3)
