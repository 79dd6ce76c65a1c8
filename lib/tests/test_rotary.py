"""Rotary positions: the equation, distance alone, lengths kept, and what is no query or key."""

from math import cos, sin

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn2attn.transformer import sinusoidal, turn

SIZES = st.tuples(*[st.integers(1, 3)] * 2, st.integers(1, 5), st.integers(1, 4), st.integers(0, 10**6))


def vectors(sizes):
    B, heads, T, half, seed = sizes
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(B, heads, T, 2 * half, dtype=torch.float64, generator=generator)


def matrix(t, d):
    """R_t of Su et al. (2021), eq. 15: blocks of two on the diagonal."""
    R = torch.zeros(d, d, dtype=torch.float64)
    for i in range(d // 2):
        angle = t * 10000 ** (-2 * i / d)
        block = [[cos(angle), -sin(angle)], [sin(angle), cos(angle)]]
        R[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = torch.tensor(block, dtype=torch.float64)
    return R


@settings(deadline=None)
@given(SIZES, st.integers(0, 300))
def test_each_vector_is_multiplied_by_the_matrix_of_its_place(sizes, start):
    x = vectors(sizes)
    turned = turn(x, start)
    for t in range(x.shape[2]):
        torch.testing.assert_close(turned[:, :, t], x[:, :, t] @ matrix(start + t, x.shape[3]).T)


@settings(deadline=None)
@given(SIZES, st.integers(0, 300), st.integers(0, 300))
def test_scores_depend_on_the_distance_alone_and_lengths_stay(sizes, start, other):
    q, k = vectors(sizes), vectors((*sizes[:4], sizes[4] + 1))
    scores = turn(q, start) @ turn(k, start).mT
    torch.testing.assert_close(scores, turn(q, other) @ turn(k, other).mT, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(turn(q, start).norm(dim=-1), q.norm(dim=-1))
    if sizes[2] > 1:  # and on the distance they do depend
        assert not torch.allclose(scores, q @ k.mT)


def test_the_angles_are_those_of_the_clock_hands():
    """A vector of ones and zeros in pairs becomes (cos, sin), and a sinusoid is (sin, cos)."""
    x = torch.tensor([1.0, 0.0] * 3, dtype=torch.float64).expand(1, 1, 9, 6)
    hands = sinusoidal(9, 6, start=4, dtype=torch.float64).view(9, 3, 2).flip(2).flatten(1)
    torch.testing.assert_close(turn(x, 4)[0, 0], hands)


@settings(deadline=None, max_examples=20)
@given(SIZES)
def test_gradients_are_turned_back(sizes):
    x = vectors(sizes).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: turn(x, 3), x)


def test_far_places_are_as_exact_in_single_precision():
    x = vectors((1, 1, 2, 4, 0))
    torch.testing.assert_close(turn(x.float(), 10**6).double(), turn(x, 10**6), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("x", "start", "message"),
    [
        (torch.zeros(2, 3, 4), 0, r"x has shape \(2, 3, 4\)"),
        (torch.zeros(1, 2, 3, 5), 0, "x has vectors of size 5, but an even number was expected"),
        (torch.zeros(1, 2, 3, 4), -1, "start is -1"),
    ],
)
def test_what_cannot_turn_is_named(x, start, message):
    with pytest.raises(ValueError, match=message):
        turn(x, start)
