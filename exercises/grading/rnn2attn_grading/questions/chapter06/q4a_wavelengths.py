"""6.4, first part: the wavelengths of the encoding."""

import math

import torch

from rnn2attn_grading.questions.chapter06.q4_positions import QUESTION
from rnn2attn_grading.questions.chapter06.ready_made import READY_MADE

TEXT = r"""
**Wavelengths.** "The wavelengths form a geometric progression from 2π to 10000 · 2π." Compute them from the formula,
one for each pair, and compare the last with what the sentence says: for d = 4, and for the paper's own 512. Python's
own numbers will do; `torch.arange(d) / d` is float32, and too coarse.
"""


def wavelengths(d):
    """Wavelengths of the sinusoidal encoding: after so many places a pair is what it was.

    Args:
        d: features of an encoding, even.

    Returns:
        A list of d / 2 floats, the first pair's first.
    """
    return [2 * math.pi * 10000 ** (2 * i / d) for i in range(d // 2)]


PART = QUESTION.part(
    wavelengths, 1, forbidden=READY_MADE[:2], text=TEXT, difficulty=1
)


@PART.cases
def cases(draw):
    yield "d = 4", {"d": 4}
    yield "one pair", {"d": 2}
    yield "more of them", {"d": draw.choice(6, 10, 14)}


@PART.edges
def edges(draw):
    yield "many", {"d": draw.choice(22, 26, 34, 38)}
    yield "the paper's", {"d": 512}


def spaced(exponent, scale=2 * math.pi):
    """Wavelengths with another exponent for pair i, or another factor."""

    def answer(d):
        return [scale * 10000 ** exponent(i, d) for i in range(d // 2)]

    return answer


def right(i, d):
    return 2 * i / d


as_the_sentence_says = PART.mistake(
    "Your last wavelength is 10000 · 2π, as the sentence has it, and some "
    "programs, too. In the formula i ends at d/2 − 1, so the last exponent is "
    "below 1."
)(spaced(lambda i, d: i / max(d / 2 - 1, 1)))
exponent_halved = PART.mistake(
    "Your wavelengths grow too slowly: in the exponent stands 2i/d, where i "
    "counts the pairs."
)(spaced(lambda i, d: i / d))
exponent_doubled = PART.mistake(
    "Your wavelengths grow too fast. In the exponent stands 2i/d, where i "
    "counts the pairs: for feature 2i that is its own number over d, and not "
    "twice that."
)(spaced(lambda i, d: 4 * i / d))
shrinking = PART.mistake(
    "Your wavelengths fall from pair to pair. The faster the angle grows, the "
    "shorter is the wave, and ω_i becomes smaller."
)(spaced(lambda i, d: -2 * i / d))
periods_of_one = PART.mistake(
    "That is 1/ω_i, the places in which the angle grows by 1. A wave is over "
    "when it has grown by 2π."
)(spaced(right, scale=1))
half_waves = PART.mistake(
    "That is half of it. After π sine and cosine are at their negatives."
)(spaced(right, scale=math.pi))
from_pair_one = PART.mistake(
    "i counts from 0, and the first ω is 1. You left the first pair out."
)(spaced(lambda i, d: 2 * (i + 1) / d))
frequencies = PART.mistake(
    "Those are the frequencies ω_i. A wavelength is the number of places after "
    "which the angle has grown by 2π."
)(spaced(lambda i, d: -2 * i / d, scale=1))


@PART.mistake(
    "You give a wavelength for each feature. Sine and cosine of a pair share "
    "theirs: one for each pair."
)
def for_each_feature(d):
    return [wavelengths(d)[j // 2] for j in range(d)]


@PART.mistake(
    "Right to seven digits: somewhere your numbers went through float32."
)
def in_float32(d):
    return (2 * math.pi * 10000 ** (torch.arange(0, d, 2) / d)).tolist()
