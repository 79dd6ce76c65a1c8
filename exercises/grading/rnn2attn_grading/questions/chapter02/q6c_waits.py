"""2.6, third part: the waits after which memories are told apart."""

import math
from itertools import pairwise

import torch

from rnn2attn_grading.questions.chapter02.q6_memory import QUESTION

TEXT = r"""
**Tested.** Some LSTMs of one unit differ only in the bias $b$ of the forget gate. Each stores 1 in its cell, and
then nothing is written any more: after t steps $\sigma(b)^t$ is left. One of them lies in a box, and you want to
know which. A measurement is to wait for t steps and to read what is left. It is not exact, so that it tells two
cells apart only if what they hold then differs by 0.2 or more. For any two of them some wait does.

Choose the experiment: return waits such that any two of the cells are told apart by one of them at least, and as few
waits as possible. Checked: what the cells hold after your waits, and whether fewer would do.

Before you begin, draw what is left in two of the cells against t. Where are the curves farthest apart? What does a
measurement show that comes much earlier, and one that comes much later?
"""


def waits(biases):
    """Waits after which any two of some cells are told apart.

    Args:
        biases: of the forget gates, floats, two or more, all different and in
            no order.

    Returns:
        A list of whole numbers of steps, each 1 or more, as few as possible.
    """
    f = sorted(1 / (1 + math.exp(-b)) for b in biases)
    # Waits that tell neighbours apart tell all apart. For each two neighbours
    # they form an interval; of the one that ends first, the last may do for
    # others.
    intervals = [
        [t for t in range(5000) if f[n + 1] ** t - f[n] ** t >= 0.2]
        for n in range(len(f) - 1)
    ]
    chosen = []
    for telling in sorted(intervals, key=lambda telling: telling[-1]):
        if not set(chosen) & set(telling):
            chosen.append(telling[-1])
    return chosen


PART = QUESTION.part(waits, 2, view="told_apart", text=TEXT)


def inputs(draw, cells, first=(0.8, 1.4), ratio=(0.85, 1.5)):
    """Biases, each larger than the one before by about the logarithm of the ratio of their half-lives."""
    biases = [draw.uniform(*first)]
    while len(biases) < cells:
        biases.append(round(biases[-1] + draw.uniform(*ratio), 2))
    shuffled = draw.shuffled(biases)
    while shuffled in (biases, biases[::-1]) and cells > 2:
        shuffled = draw.shuffled(biases)
    return solved(shuffled)


def solved(biases):
    return {"biases": biases}, {"fewest": len(waits(biases))}


@PART.cases
def cases(draw):
    yield "two cells", *inputs(draw, 2)
    yield "two cells that keep for long", *inputs(draw, 2, (5.0, 6.0))
    yield "six cells", *inputs(draw, 6, ratio=(0.85, 1.2))
    yield "eight cells", *inputs(draw, 8, (0.0, 0.5), (0.85, 1.0))
    # The slower two are told apart only for a while, which the interval of
    # the others holds as a whole: who begins with that takes a wait too many.
    slower = draw.uniform(4.6, 5.4)
    yield (
        "two cells alike, and one far off",
        *solved([slower + 0.557, draw.uniform(-0.3, 0.3), slower]),
    )


@PART.edges
def edges(draw):
    yield "three cells, far apart", *inputs(draw, 3, (-0.4, 0.0), (2.8, 3.6))
    yield (
        "gates that are often shut",
        *inputs(draw, 3, (-2.2, -2.0), (1.5, 1.7)),
    )
    yield "seven cells", *inputs(draw, 7, (0.0, 0.6), (0.9, 1.2))
    yield (
        "one cell that keeps, among others",
        *inputs(draw, 5, ratio=(1.3, 1.6)),
    )


def half_life(b):
    return math.log(2) / math.log1p(math.exp(-b))


def steps(*times):
    return [max(1, round(t)) for t in times]


EARLY = "too early, neither has forgotten much"
LATE = "too late, both have forgotten too much"
BETWEEN = "a wait between them is missing"
FEWER = "fewer waits do"
NUMBERS = "must be a list of whole numbers of steps"
TENSORS = "Your output holds tensors"


@PART.mistake(EARLY)
def as_soon_as_possible(biases):
    return [1]


@PART.mistake(LATE)
def the_longer_the_better(biases):
    return steps(10 * max(map(half_life, biases)))


@PART.mistake(BETWEEN)
def one_short_and_one_long(biases):
    half_lives = [half_life(b) for b in biases]
    return steps(min(half_lives) / 50, 20 * max(half_lives))


@PART.mistake(FEWER)
def all_half_lives(biases):
    return steps(*map(half_life, biases))


@PART.mistake(FEWER)
def a_wait_for_each_two(biases):
    """Where their curves are farthest apart."""
    waits = []
    for b, c in pairwise(sorted(biases)):
        p, q = (math.log1p(math.exp(-x)) for x in (b, c))
        waits += steps(math.log(p / q) / (p - q))
    return waits


@PART.mistake(LATE)
def the_middle_of_the_half_lives(biases):
    half_lives = [half_life(b) for b in biases]
    return steps(sum(half_lives) / len(half_lives))


@PART.mistake(EARLY)
def bias_taken_for_half_life(biases):
    return steps(max(biases))


@PART.mistake(NUMBERS)
def not_whole(biases):
    return [half_life(b) for b in biases]


@PART.mistake(TENSORS)
def each_a_tensor(biases):
    return [torch.tensor(t) for t in waits(biases)]


@PART.mistake(NUMBERS)
def none_at_all(biases):
    return []
