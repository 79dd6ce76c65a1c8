"""4.5: where to look, from two numbers."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
No training: choose queries and keys so that attention looks where it is told to. There are T places. Each has a key
of two numbers, and each step a query of two numbers. Scores are plain dot products, $e_{t,i} = q_t \cdot k_i$, and
weights their softmax over the T places. Step t is to have 0.99 of its weight, or more, on place `order[t]`. Some
places may be asked for twice, and some never. Steps and places are counted from 0 here.

Checked: where the weights lie, for up to 60 places; hidden cases have more. No number may be above a million. Before
you begin: where in the plane can a key lie so that there is a query by which it wins over all others? Could one
number do?

What to see when it runs. A reversal is `order = T − 1, …, 0`. Two numbers for each place are enough for it, at any
length, if they may be large. The network of the chapter had to learn where to look, and in strings longer than those
of its training it looked at wrong places.
"""

QUESTION = Question("4.5", "Addresses of two numbers", TEXT)


def addresses(T, order):
    """Queries and keys by which each step looks at one place.

    Args:
        T: number of places, 1 or more.
        order: place that each step looks at, from 0 to T − 1, int64, (T',).

    Returns:
        The tuple (queries, keys), (T', 2) and (T, 2).
    """
    # p i − i²/2 is p²/2 − (i − p)²/2: largest at i = p, and 1/2 less beside it.
    i = torch.arange(T)
    keys = torch.stack([i, -i * i / 2], dim=1)
    queries = 12.0 * torch.stack([order, torch.ones_like(order)], dim=1)
    return queries, keys


PART = QUESTION.part(addresses, 3, view="pointing")


def inputs(T, *order):
    return {"T": T, "order": torch.tensor(order)}


def drawn(draw, T, steps):
    """The first place, the last and a middle one are always among them, and one comes twice."""
    middle = 1 + draw.integers(T - 2, steps - 3)
    return inputs(T, *middle.tolist(), T - 1, 0, middle[0].item())


@PART.cases
def cases(draw):
    yield "five places, three steps more", drawn(draw, 5, 8)
    yield "eleven places, reversed", inputs(11, *reversed(range(11)))
    yield "sixty places", drawn(draw, 60, 7)
    yield "one place", inputs(1, 0, 0)
    yield "two places", inputs(2, 1, 0, draw.choice(0, 1))


@PART.edges
def edges(draw):
    yield "ninety-seven places", drawn(draw, 97, 13)
    yield "three places, one step", inputs(3, 1)
    yield "copied", inputs(23, *range(23))
    yield "other places", drawn(draw, 41, 17)


LINE = "Your keys lie on a line"
TWINS = "are the same point"
NEARLY = "It leads, and not by enough"
LONGER = "is longer"
OTHER = "For which query is this key's score above all others?"
SHAPES = "Your output must be two tensors"


def circle(T, share=1.0):
    angle = share * 2 * torch.pi * torch.arange(T).double() / T
    return torch.stack([angle.cos(), angle.sin()], dim=1)


@PART.mistake(LINE)
def on_a_line(T, order):
    keys = torch.stack([torch.arange(T), torch.ones(T)], dim=1)
    return 12 * keys[order], keys


@PART.mistake(LINE)
def one_number(T, order):
    queries, keys = addresses(T, order)
    return queries * torch.eye(2)[0], keys * torch.eye(2)[0]


@PART.mistake(NEARLY)
def queries_of_length_one(T, order):
    return circle(T)[order], circle(T)


@PART.mistake(NEARLY)
def sharp_for_few_places(T, order):
    return 100 * circle(T)[order], circle(T)


@PART.mistake(NEARLY)
def not_sharp(T, order):
    queries, keys = addresses(T, order)
    return queries / 12, keys


@PART.mistake(TWINS)
def once_around(T, order):
    angle = torch.linspace(0, 2 * torch.pi, T).double()
    keys = torch.stack([angle.cos(), angle.sin()], dim=1)
    return 1e5 * keys[order], keys


@PART.mistake(LONGER)
def query_is_key(T, order):
    _, keys = addresses(T, order)
    return 100 * keys[order], keys


@PART.mistake(OTHER)
def one_place_on(T, order):
    return addresses(T, order + 1)


@PART.mistake(OTHER)
def order_ignored(T, order):
    return addresses(T, torch.arange(len(order)))


@PART.mistake(OTHER)
def upside_down(T, order):
    queries, keys = addresses(T, order)
    return queries, -keys


@PART.mistake(SHAPES)
def exchanged(T, order):
    queries, keys = addresses(T, order)
    return keys, queries


@PART.mistake(SHAPES)
def transposed(T, order):
    queries, keys = addresses(T, order)
    return queries.T, keys.T


@PART.mistake(SHAPES)
def one_hot(T, order):
    return 50 * torch.eye(T)[order], torch.eye(T)
