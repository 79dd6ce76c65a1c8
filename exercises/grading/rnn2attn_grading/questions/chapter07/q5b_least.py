"""7.5, second part: the error that no way of writing avoids."""

import torch

from rnn2attn_grading.questions.chapter07.q5_capacity import QUESTION
from rnn2attn_grading.questions.chapter07.ready_made import READY_MADE

TEXT = r"""
**At best.** A sum is one way of writing, the delta rule another. Whatever the way, what it leaves is one matrix $S$,
and that is read by $S k$. Given N pairs, what is the least that $\sum_i \lVert S k_i - v_i \rVert^2$ can be, over
all matrices $S$? There may be fewer pairs than entries of a key, as many, or more. Checked: the number.
"""


def least_error(keys, values):
    """The sum of squared errors with which a matrix at best reads pairs.

    Args:
        keys: (N, d_k), of full rank: its rows are independent where N ≤ d_k,
            its columns where N ≥ d_k.
        values: (N, d_v).

    Returns:
        The sum over all pairs and entries, a float.
    """
    read = keys @ torch.linalg.pinv(keys) @ values
    return ((read - values) ** 2).sum().item()


PART = QUESTION.part(least_error, 2, forbidden=READY_MADE, text=TEXT)


def inputs(draw, N, d_k, d_v):
    return {"keys": draw.normal(N, d_k), "values": draw.normal(N, d_v)}


@PART.cases
def cases(draw):
    yield "more pairs than entries of a key", inputs(draw, 7, 3, 4)
    yield "one pair too many", inputs(draw, 4, 3, 2)
    yield "as many numbers in a value as pairs", inputs(draw, 5, 2, 5)


@PART.edges
def edges(draw):
    yield "fewer pairs than entries of a key", inputs(draw, 3, 6, 2)
    yield "one pair", inputs(draw, 1, 4, 3)
    yield "keys of one number", inputs(draw, 6, 1, 2)
    right_angles = torch.eye(4).double()[:, [2, 0, 3, 1]]
    yield (
        "keys at right angles, as many as fit",
        {"keys": right_angles, "values": draw.normal(4, 3)},
    )
    yield "many pairs", inputs(draw, 30, 4, 2)


def errors(keys, values, S):
    """S is (d_v, d_k)."""
    return (keys @ S.mT - values) ** 2


def best(keys, values):
    return (torch.linalg.pinv(keys) @ values).mT


@PART.mistake(
    "That is the error of the sum Σ v kᵀ. It is one matrix; another may read "
    "better."
)
def of_the_sum(keys, values):
    return errors(keys, values, values.mT @ keys).sum().item()


@PART.mistake(
    "That is the error of the sum with keys of length 1. It is one matrix; "
    "another may read better."
)
def of_the_normalised_sum(keys, values):
    S = values.mT @ (keys / (keys**2).sum(dim=1, keepdim=True))
    return errors(keys, values, S).sum().item()


@PART.mistake(
    "That is the error of the delta rule after each pair was written once. The "
    "last one is right then, and the ones before it are not as good as they "
    "could be."
)
def of_the_delta_rule(keys, values):
    S = values.new_zeros(values.shape[1], keys.shape[1])
    for k, v in zip(keys, values, strict=True):
        S = S + torch.outer(v - S @ k, k) / (k @ k)
    return errors(keys, values, S).sum().item()


@PART.mistake(
    "You make as many pairs right as a key has entries, the first ones, and "
    "leave the error to the others. Shared out among all it is smaller."
)
def first_ones_right(keys, values):
    d = keys.shape[1]
    S = best(keys[:d], values[:d])
    return errors(keys, values, S).sum().item()


@PART.mistake("That is the mean over the pairs. Asked is the sum.")
def mean_of_pairs(keys, values):
    return errors(keys, values, best(keys, values)).sum(1).mean().item()


@PART.mistake("That is the mean over all numbers. Asked is the sum.")
def mean_of_all(keys, values):
    return errors(keys, values, best(keys, values)).mean().item()


@PART.mistake("That is the root of it: a length. Asked is the sum of squares.")
def length(keys, values):
    return errors(keys, values, best(keys, values)).sum().sqrt().item()


@PART.mistake(
    "That is a share of what the values are in all. Asked is the sum of "
    "squares itself."
)
def share(keys, values):
    total = errors(keys, values, best(keys, values)).sum()
    return (total / (values**2).sum()).item()


@PART.mistake(
    "That is how much is read, not how much is missing: the squares of what S k "
    "gives."
)
def what_is_read(keys, values):
    return ((keys @ best(keys, values).mT) ** 2).sum().item()


@PART.mistake(
    "You count: pairs beyond the entries of a key, times the size of a value. "
    "How large an error is depends on the keys and on the values."
)
def counted(keys, values):
    over = max(0, len(keys) - keys.shape[1])
    return over / len(keys) * (values**2).sum().item()


@PART.mistake(
    "You keep the matrix small as well: to its error a square of its entries "
    "was added. Nothing but the error counts here."
)
def small_matrix(keys, values):
    G = keys.mT @ keys + torch.eye(keys.shape[1])
    S = torch.linalg.solve(G, keys.mT @ values).mT
    return errors(keys, values, S).sum().item()


@PART.mistake(
    "A constant is added to what is read, as in a layer with a bias. Here a "
    "matrix reads, and nothing else."
)
def with_a_bias(keys, values):
    longer = torch.cat([keys, torch.ones_like(keys[:, :1])], dim=1)
    return errors(longer, values, best(longer, values)).sum().item()


@PART.mistake(
    "Keys and values are exchanged: you look for a matrix that finds keys by "
    "values."
)
def exchanged(keys, values):
    return errors(values, keys, best(values, keys)).sum().item()
