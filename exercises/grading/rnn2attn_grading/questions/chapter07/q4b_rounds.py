"""7.4, second part: the scan, some rounds of it."""

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.chapter07.q1a_step import shares
from rnn2attn_grading.questions.chapter07.q4_scan import QUESTION
from rnn2attn_grading.questions.chapter07.ready_made import READY_MADE

TEXT = r"""
**Some rounds of a scan.** The recurrence is $c_t = f_t \odot c_{t-1} + x_t$ with $c_0 = 0$, feature by feature, and
place t begins with its own step $(f_t, x_t)$. In each round every place is put together with one to its left, all at
the same time, so that after r rounds it holds the $2^r$ steps that end there; or all there are, if there are fewer.
Return what the places hold after a given number of rounds. After enough of them the x are the states. Do without a
loop over places; one over rounds is meant. Checked: both, and their gradients for f and x.
"""


def after_rounds(f, x, rounds):
    """What each place of a scan holds after some rounds.

    Args:
        f: factors, (B, T, d).
        x: terms, (B, T, d).
        rounds: how many, 0 or more.

    Returns:
        The tuple f, x: of each place the factor and the term of its steps put
        together, both (B, T, d).
    """
    for r in range(rounds):
        reach = 2**r
        later, earlier = slice(reach, None), slice(None, -reach)
        more = x[:, later] + f[:, later] * x[:, earlier]
        x = torch.cat([x[:, :reach], more], dim=1)
        f = torch.cat([f[:, :reach], f[:, later] * f[:, earlier]], dim=1)
    return f, x


PART = QUESTION.part(
    after_rounds,
    2,
    gradients=("f", "x"),
    forbidden=READY_MADE,
    text=TEXT,
)


def inputs(draw, B, T, d, rounds):
    return {
        "f": shares(draw, B, T, d),
        "x": draw.normal(B, T, d),
        "rounds": rounds,
    }


@PART.cases
def cases(draw):
    yield "one round", inputs(draw, 2, 5, 3, 1)
    yield "two rounds", inputs(draw, 2, 7, 2, 2)
    yield "all rounds", inputs(draw, 1, 8, 2, 3)
    yield "all rounds, a length that is no power of 2", inputs(draw, 2, 6, 1, 3)


@PART.edges
def edges(draw):
    yield "no round", inputs(draw, 2, 4, 3, 0)
    yield "one step", inputs(draw, 2, 1, 3, 2)
    yield "more rounds than are needed", inputs(draw, 1, 3, 2, 5)
    given = inputs(draw, 2, 9, 2, 3)
    given["f"][0, 4], given["f"][1, 5, 0] = 0, 0
    yield "factors of 0", given
    yield "many steps", inputs(draw, 1, 21, 1, 4)


def variant(f, x, rounds, *, reach=lambda r: 2**r, terms=None, factors=None):
    """The right answer with one part of it replaced; of earlier places, shifted, where there are none (1, 0)."""
    for r in range(rounds):
        n = min(reach(r), f.shape[1])
        one, zero = torch.ones_like(f[:, :n]), torch.zeros_like(x[:, :n])
        f_e = torch.cat([one, f[:, : f.shape[1] - n]], dim=1)
        x_e = torch.cat([zero, x[:, : x.shape[1] - n]], dim=1)
        new_x = terms(f, x, f_e, x_e) if terms else f * x_e + x
        f = factors(f, f_e) if factors else f * f_e
        x = new_x
    return f, x


@PART.mistake(
    "Each of your rounds looks one place to the left. So the second takes in "
    "again what was taken in already; how much do the places hold by then?"
)
def one_to_the_left(f, x, rounds):
    return variant(f, x, rounds, reach=lambda r: 1)


@PART.mistake(
    "The reach grows by one from round to round. It has to be as large as what "
    "a place already holds."
)
def reach_by_one(f, x, rounds):
    return variant(f, x, rounds, reach=lambda r: r + 1)


@PART.mistake(
    "The first round already looks two places to the left, and leaves the "
    "neighbour out."
)
def begins_at_two(f, x, rounds):
    return variant(f, x, rounds, reach=lambda r: 2 ** (r + 1))


@PART.mistake(
    "The factors stay as they were. They have to be put together, too: the "
    "next round multiplies by what a place has in all."
)
def factors_stay(f, x, rounds):
    return variant(f, x, rounds, factors=lambda f, f_e: f)


@PART.mistake(
    "The terms are made with new factors: f was replaced too early. Both are "
    "made of what f and x were before the round."
)
def factors_first(f, x, rounds):
    return variant(f, x, rounds, terms=lambda f, x, f_e, x_e: f * f_e * x_e + x)


@PART.mistake(
    "The earlier term is multiplied by its own factor. It goes through the "
    "step that comes after it."
)
def earlier_factor(f, x, rounds):
    return variant(f, x, rounds, terms=lambda f, x, f_e, x_e: f_e * x_e + x)


@PART.mistake(
    "The later term is multiplied, and the earlier one is left as it is. Which "
    "of them goes through which step?"
)
def later_term_multiplied(f, x, rounds):
    return variant(f, x, rounds, terms=lambda f, x, f_e, x_e: x_e + f_e * x)


@PART.mistake(
    "The terms are added without a factor: that makes sums, in which nothing "
    "is forgotten."
)
def sums(f, x, rounds):
    return variant(f, x, rounds, terms=lambda f, x, f_e, x_e: x_e + x)


@PART.mistake(
    "Places at the beginning are put together with those at the end: `roll` "
    "leads around, and left of the first place there is nothing."
)
def around(f, x, rounds):
    for r in range(rounds):
        x = f * x.roll(2**r, dims=1) + x
        f = f * f.roll(2**r, dims=1)
    return f, x


@PART.mistake(
    "Places that have no partner lose what they hold. They keep it: they hold "
    "all steps there are."
)
def beginning_lost(f, x, rounds):
    for r in range(rounds):
        n = min(2**r, f.shape[1])
        f_e = F.pad(f, (0, 0, n, 0))[:, : f.shape[1]]
        x_e = F.pad(x, (0, 0, n, 0))[:, : x.shape[1]]
        x, f = torch.where(x_e == 0, 0, f * x_e + x), f * f_e
    return f, x


@PART.mistake(
    "The places at the beginning lose their factors: where there is no "
    "partner, a factor stays as it is."
)
def first_factors_lost(f, x, rounds):
    for r in range(rounds):
        n = min(2**r, f.shape[1])
        f_e = F.pad(f, (0, 0, n, 0))[:, : f.shape[1]]
        x_e = F.pad(x, (0, 0, n, 0))[:, : x.shape[1]]
        x, f = f * x_e + x, f * f_e
    return f, x


@PART.mistake(
    "You do all rounds, however many are asked for: the terms are the states "
    "themselves."
)
def all_rounds(f, x, rounds):
    return variant(f, x, max(1, (f.shape[1] - 1).bit_length()))


@PART.mistake(
    "Each place takes in the one to its right. Time runs the other way: what "
    "comes later is not known yet."
)
def from_the_right(f, x, rounds):
    turned = variant(f.flip(1), x.flip(1), rounds)
    return tuple(y.flip(1) for y in turned)


@PART.mistake("One round too many: with 0 rounds f and x are as they were.")
def one_too_many(f, x, rounds):
    return variant(f, x, rounds + 1)
