"""4.6, second part: another map with the same answer."""

import torch

from rnn2attn_grading.questions.chapter04.q6_map import QUESTION

TEXT = r"""
**Another map.** All that the decoder gets to see of a map is the context, $c = \sum_i \alpha_i v_i$. If other
weights give the same context, all that follows is the same, and "it looked at this word" was one story of several.

Given weights and values, find such weights: none is below 0, together they are 1, the context is the same to within
$10^{-6}$ in each number, and at least a tenth of the weight has moved to other words,
$\frac{1}{2}\sum_i |\alpha'_i - \alpha_i| \ge 0.1$. The values have $d_v \le T - 2$ numbers. In each case there are
many answers, and any of them is right.

Before you begin: how many equations does a new map have to satisfy, and how many unknowns are there? What if a
sentence has twenty words, and a value 64 numbers?
"""


def another_map(weights, values):
    """Other weights that give the same context.

    Args:
        weights: α of one target word, none below 0 and together 1, (T,).
        values: v of each source word, (T, d_v), d_v ≤ T − 2.

    Returns:
        Weights of another map, (T,).
    """
    # A direction that moves neither the context nor the sum ...
    kept = torch.cat([values, torch.ones_like(weights)[:, None]], dim=1)
    direction = torch.linalg.svd(kept.T).Vh[-1]
    # ... and is followed until a weight gets to 0.
    falling = direction < 0
    steps = weights[falling] / -direction[falling]
    return weights + steps.min() * direction


PART = QUESTION.part(another_map, 2, view="same_context", text=TEXT)


def moved(weights, direction):
    """How much weight has moved when a map is followed in a direction as far as it goes."""
    steps = torch.where(direction < 0, weights / -direction, torch.inf)
    return steps.min() * direction.abs().sum() / 2


def inputs(draw, T, d_v, scale=1.0):
    """Such that whoever goes in any direction, and as far as it goes, has moved enough."""
    while True:
        counts = 1 + draw.integers(40, T)
        weights = torch.round(counts / counts.sum(), decimals=2).double()
        weights[0] += 1 - weights.sum()
        weights = weights.round(decimals=2)
        values = draw.normal(T, d_v, scale=scale)
        kept = torch.cat([values, torch.ones(T, 1).double()], dim=1)
        free = torch.linalg.svd(kept.T).Vh[d_v + 1 :]
        ways = draw.normal(400, len(free)) @ free
        if weights.min() > 0 and all(moved(weights, w) > 0.12 for w in ways):
            return {"weights": weights, "values": values}


@PART.cases
def cases(draw):
    yield "four words, values of two numbers", inputs(draw, 4, 2)
    yield "seven words, values of five numbers", inputs(draw, 7, 5)
    yield "six words, values of three numbers", inputs(draw, 6, 3)
    yield "three words, values of one number", inputs(draw, 3, 1)


@PART.edges
def edges(draw):
    yield "large values", inputs(draw, 5, 3, scale=50.0)
    yield "eight words", inputs(draw, 8, 6)
    yield "seven words, values of four numbers", inputs(draw, 7, 4)


def direction_of(weights, values):
    way = another_map(weights, values) - weights
    return way / way.norm()


SAME = "of the weight has moved"
BELOW = "is below 0"
SUM = "Your weights sum to"
CONTEXT = "The context is another one"
SHAPE = "Your output must be a tensor of floats"


@PART.mistake(SAME)
def the_same_map(weights, values):
    return weights.clone()


@PART.mistake(SAME)
def a_small_step(weights, values):
    return weights + 0.001 * direction_of(weights, values)


@PART.mistake(BELOW)
def too_far(weights, values):
    return weights + 2 * (another_map(weights, values) - weights)


@PART.mistake(CONTEXT)
def turned_around(weights, values):
    return weights.flip(0)


@PART.mistake(CONTEXT)
def even(weights, values):
    return torch.full_like(weights, 1 / len(weights))


@PART.mistake(CONTEXT)
def below_zero_cut_off(weights, values):
    new = too_far(weights, values).clamp(min=0)
    return new / new.sum()


@PART.mistake(CONTEXT)
def the_largest_weight_shut(weights, values):
    new = weights.where(weights < weights.max(), 0)
    return new / new.sum()


def sum_forgotten(weights, values):
    direction = torch.linalg.svd(values.T).Vh[-1]
    direction = direction * direction.sum().sign()
    falling = direction < 0
    steps = weights[falling] / -direction[falling]
    return weights + steps.min().clamp(max=1) * direction


PART.mistake(SUM)(sum_forgotten)


@PART.mistake(CONTEXT)
def sum_repaired(weights, values):
    new = sum_forgotten(weights, values)
    return new / new.sum()


@PART.mistake(CONTEXT)
def two_words_exchange_weight(weights, values):
    new = weights.clone()
    new[weights.argmax()] -= 0.1
    new[weights.argmin()] += 0.1
    return new


@PART.mistake(SHAPE)
def context_returned(weights, values):
    return weights @ values
