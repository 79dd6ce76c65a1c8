"""Clipping against PyTorch's, and the angle by which it turns a gradient."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.testing import assert_close

from rnn2attn import clipping as C

seeds = st.integers(0, 2**31)
fast = settings(deadline=None, max_examples=30)


def draw(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def gradient_lists(seed, scale=1.0):
    return [scale * draw(3, 4, seed=seed), 5 * scale * draw(4, seed=seed + 1), scale * draw(1, seed=seed + 2)]


def with_grads(grads):
    parameters = [nn.Parameter(torch.zeros_like(g)) for g in grads]
    for parameter, g in zip(parameters, grads, strict=True):
        parameter.grad = g.clone()
    return parameters


@given(seed=seeds, limit=st.floats(0.1, 30))
@fast
def test_clipping_equals_pytorch(seed, limit):
    grads = gradient_lists(seed)
    parameters = with_grads(grads)
    expected = nn.utils.clip_grad_norm_(parameters, limit)
    clipped, norm = C.clip_by_norm(grads, limit)
    assert_close(norm, expected.item())
    for g, parameter in zip(clipped, parameters, strict=True):  # PyTorch divides by ‖g‖ + 1e-6
        assert_close(g, parameter.grad, rtol=1.1e-6 / min(norm, limit), atol=0)

    parameters = with_grads(grads)
    nn.utils.clip_grad_value_(parameters, limit)
    assert_close(C.clip_by_value(grads, limit), [parameter.grad for parameter in parameters])

    parameters = with_grads(grads)
    for parameter in parameters:
        nn.utils.clip_grad_norm_([parameter], limit)
    for g, parameter in zip(C.clip_per_tensor(grads, limit), parameters, strict=True):
        assert_close(g, parameter.grad, rtol=2e-6 / min(limit, C.gradient_norm([g])), atol=0)


@given(seed=seeds, scale=st.sampled_from([1e-100, 1.0, 1e100]))
@fast
def test_one_norm_over_all_keeps_the_direction_and_the_others_turn_it(seed, scale):
    grads = gradient_lists(seed, scale)
    clipped, norm = C.clip_by_norm(grads, 0.1 * scale)
    assert_close(norm, C.gradient_norm(grads))
    assert_close(C.gradient_norm(clipped), 0.1 * scale)
    assert C.angle(clipped, grads) < 1e-7
    largest = max(g.abs().max() for g in grads).item()
    assert 1e-3 < C.angle(C.clip_by_value(grads, largest / 2), grads) < 90
    lengths = [C.gradient_norm([g]) for g in grads]
    assert 1e-3 < C.angle(C.clip_per_tensor(grads, (min(lengths) + max(lengths)) / 2), grads) < 90


def test_small_gradients_and_zeros_come_back_as_they_are_and_nothing_is_changed_in_place():
    grads = gradient_lists(0)
    before = [g.clone() for g in grads]
    for clipped in (C.clip_by_norm(grads, 1e3)[0], C.clip_per_tensor(grads, 1e3), C.clip_by_value(grads, 1e3)):
        assert all(map(torch.equal, clipped, before))
    zeros = [torch.zeros(2, 2), torch.zeros(3)]
    for clipped in (C.clip_by_norm(zeros, 1.0)[0], C.clip_per_tensor(zeros, 1.0), C.clip_by_value(zeros, 1.0)):
        assert all(map(torch.equal, clipped, zeros))
    for clipped in (C.clip_by_norm(grads, 1e-3)[0], C.clip_per_tensor(grads, 1e-3), C.clip_by_value(grads, 1e-3)):
        assert not any(map(torch.equal, clipped, before))
    assert all(map(torch.equal, grads, before))


def test_the_norm_of_large_float32_entries_does_not_overflow():
    clipped, norm = C.clip_by_norm([torch.full((2,), 1e30)], 1.0)
    assert_close(norm, math.sqrt(2) * 1e30)
    assert_close(clipped[0], torch.full((2,), 0.5**0.5))
    assert clipped[0].dtype == torch.float32


@pytest.mark.parametrize("degrees", [0, 1e-9, 1e-3, 49, 90, 179.999, 180])
def test_angle_is_right_also_where_arccos_is_not(degrees):
    radians = math.radians(degrees)
    u = [torch.tensor([3.0, 0.0], dtype=torch.float64)]
    v = [1e-3 * torch.tensor([math.cos(radians), math.sin(radians)], dtype=torch.float64)]
    assert C.angle(u, v) == pytest.approx(degrees, rel=1e-9, abs=1e-12)
    assert C.angle(v, u) == pytest.approx(degrees, rel=1e-9, abs=1e-12)


b, h = torch.ones(11), torch.ones(2, 11)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: C.clip_by_norm([b], 0.0), r"max_norm is 0.0, but a number above 0"),
        (lambda: C.clip_by_norm([b], math.nan), r"max_norm is nan"),
        (lambda: C.clip_per_tensor([b], -1.0), r"max_norm is -1.0"),
        (lambda: C.clip_by_value([b], 0.0), r"limit is 0.0"),
        (lambda: C.angle([b], [h]), r"v has shape \(22,\).*entries = 11 from u"),
        (lambda: C.angle([b], [b * 0]), r"v, with 11 entries, is zero"),
        (lambda: C.angle([b * 0], [b]), r"u, with 11 entries, is zero"),
    ],
)
def test_bad_input_is_met_at_the_door(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda bad: C.clip_by_norm(bad, 1.0),
        lambda bad: C.clip_per_tensor(bad, 1.0),
        lambda bad: C.clip_by_value(bad, 1.0),
        lambda bad: C.gradient_norm(bad),
    ],
)
@pytest.mark.parametrize("bad", [torch.ones(3), [], [torch.ones(3), None]])
def test_gradients_are_a_list_of_tensors(call, bad):
    with pytest.raises(TypeError, match="grads must be a list of one tensor or more"):
        call(bad)
    with pytest.raises(TypeError, match="v must be a list"):
        C.angle([torch.ones(3)], bad)
