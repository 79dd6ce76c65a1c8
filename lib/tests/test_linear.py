"""Linear attention and scans: all forms are equal, forward and gradient; each rule does what it is for."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from rnn2attn.attention import attend, causal_mask, dot
from rnn2attn.linear import (
    MinGRU,
    MinLSTM,
    as_convolution,
    at_once,
    chunked,
    delta_step,
    differences,
    discretised,
    kernel,
    memory_step,
    parallel,
    recurrent,
    run,
    scan,
    shares,
    written,
)

SIZES = st.integers(1, 4)


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).requires_grad_()


def both(form, inputs, other):
    """Two functions give the same, forward and gradient."""
    found, expected = form(*inputs), other(*inputs)
    torch.testing.assert_close(found, expected)
    weights = torch.randn_like(found)
    for a, b in zip(
        torch.autograd.grad((weights * found).sum(), inputs, materialize_grads=True),
        torch.autograd.grad((weights * expected).sum(), inputs, materialize_grads=True),
        strict=True,
    ):
        torch.testing.assert_close(a, b)


@settings(deadline=None)
@given(SIZES, st.integers(1, 20), SIZES, SIZES, st.floats(0.5, 1), st.integers(1, 25))
def test_three_forms_are_one(B, T, d_k, d_v, decay, chunk):
    q, k, v = random(B, T, d_k), random(B, T, d_k, seed=1), random(B, T, d_v, seed=2)
    both(lambda *x: parallel(*x, decay), (q, k, v), lambda *x: recurrent(*x, decay))
    both(lambda *x: chunked(*x, decay, chunk), (q, k, v), lambda *x: recurrent(*x, decay))


def test_it_is_attention_with_scores_in_the_place_of_weights():
    q, k, v = random(2, 6, 3), random(2, 6, 3, seed=1), random(2, 6, 4, seed=2)
    mask = causal_mask(6)
    _, weights = attend(q, k, v, mask, score=dot)
    scores = (q @ k.mT).masked_fill(~mask, 0)
    assert weights.shape == scores.shape
    torch.testing.assert_close(parallel(q, k, v), scores @ v)


def test_orthogonal_keys_are_read_back_whole_and_one_more_is_not():
    keys, values = torch.eye(4, dtype=torch.float64)[None], random(1, 4, 3)
    S = torch.zeros(1, 3, 4, dtype=torch.float64)
    for t in range(4):
        S = memory_step(S, keys[:, t], values[:, t])
    torch.testing.assert_close(S @ keys.mT, values.mT)
    S = memory_step(S, F.normalize(torch.ones(1, 4, dtype=torch.float64)), random(1, 3, seed=1))
    assert ((S @ keys.mT - values.mT).norm(dim=1) > 0.1).all()


def test_keep_fades_by_number_and_by_column():
    S, k, v = random(2, 3, 4), torch.zeros(2, 4, dtype=torch.float64), random(2, 3)
    for keep in (0.5, torch.tensor([[0.5], [0.25]]), torch.rand(2, 4)):
        factor = keep if isinstance(keep, float) else keep[:, None, :]
        torch.testing.assert_close(memory_step(S, k, v, keep), S * factor)


@settings(deadline=None)
@given(st.integers(0, 99), st.floats(0.1, 1))
def test_the_delta_rule_overwrites_what_a_sum_would_add_to(seed, keep):
    S, v = random(2, 3, 4, seed=seed), random(2, 3, seed=seed + 1)
    k = F.normalize(random(2, 4, seed=seed + 2), dim=1)
    read = lambda S: torch.einsum("bvk,bk->bv", S, k)  # noqa: E731
    torch.testing.assert_close(read(delta_step(S, k, v, 1.0, keep)), v)
    torch.testing.assert_close(read(memory_step(S, k, v, keep)), keep * read(S) + v)
    # S (I − β k kᵀ) + β v kᵀ, as it is also written
    beta = torch.tensor([[0.3], [0.8]], dtype=torch.float64)
    eye, outer = torch.eye(4, dtype=torch.float64), k[:, :, None] * k[:, None, :]
    written = S @ (eye - beta[:, :, None] * outer) + beta[:, :, None] * v[:, :, None] * k[:, None, :]
    torch.testing.assert_close(delta_step(S, k, v, beta), written)


def test_a_delta_step_is_a_step_downhill():
    """S_t = S − β ∂/∂S ½ ‖S k − v‖²."""
    S, k, v = random(1, 3, 4), random(1, 4, seed=1), random(1, 3, seed=2)
    loss = 0.5 * (torch.einsum("bvk,bk->bv", S, k) - v).pow(2).sum()
    (slope,) = torch.autograd.grad(loss, S)
    torch.testing.assert_close(delta_step(S, k, v, 0.1), S - 0.1 * slope)


def looped(f, x, c=None):
    states, c = [], torch.zeros_like(x[:, 0]) if c is None else c
    for t in range(x.shape[1]):
        c = f[:, t] * c + x[:, t]
        states.append(c)
    return torch.stack(states, dim=1)


@settings(deadline=None)
@given(SIZES, st.integers(1, 40), SIZES, st.booleans())
def test_a_scan_is_the_loop(B, T, d, begun):
    inputs = (random(B, T, d), random(B, T, d, seed=1), *([random(B, d, seed=2)] if begun else []))
    both(scan, inputs, looped)


def test_gates_that_see_the_input_only_are_their_loops():
    x, h = random(2, 7, 3), random(2, 5, seed=1)
    torch.manual_seed(0)
    gru, lstm = MinGRU(3, 5).double(), MinLSTM(3, 5).double()
    z = torch.sigmoid(gru.gate(x))
    torch.testing.assert_close(gru(x, h)[0], looped(1 - z, z * gru.candidate(x), h))
    f, i = torch.sigmoid(lstm.forget(x)), torch.sigmoid(lstm.input(x))
    states, last = lstm(x)
    torch.testing.assert_close(states, looped(f / (f + i), i / (f + i) * lstm.candidate(x)))
    torch.testing.assert_close(last, states[:, -1])


@settings(deadline=None)
@given(SIZES, SIZES, SIZES, st.integers(1, 20))
def test_a_system_is_a_convolution(N, d_u, d_y, T):
    A, B, C, u = random(N, N) / 2, random(N, d_u, seed=1), random(d_y, N, seed=2), random(T, d_u, seed=3)
    torch.testing.assert_close(as_convolution(A, B, C, u), run(A, B, C, u))
    K = kernel(A, B, C, T)
    direct = torch.stack([sum(K[k] @ u[t - k] for k in range(t + 1)) for t in range(T)])
    torch.testing.assert_close(direct, run(A, B, C, u))


def test_a_step_of_the_discrete_system_is_the_continuous_one_in_small_steps():
    A, B, u = random(3, 3).detach(), random(3, 2, seed=1).detach(), random(2, seed=2).detach()
    A_bar, B_bar = discretised(A, B, 0.3)
    x = y = random(3, seed=3).detach()
    for _ in range(20_000):
        y = y + 0.3 / 20_000 * (A @ y + B @ u)
    torch.testing.assert_close(A_bar @ x + B_bar @ u, y, rtol=1e-4, atol=1e-4)
    flat_A, flat_B = discretised(torch.zeros(3, 3, dtype=torch.float64), B, 0.3)  # A without an inverse
    torch.testing.assert_close(flat_A, torch.eye(3, dtype=torch.float64))
    torch.testing.assert_close(flat_B, 0.3 * B)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: recurrent(x, x, x[:, :2]), r"v has shape \(2, 2, 4\)"),
        (lambda x: parallel(x[:, :0], x[:, :0], x[:, :0]), "there is no step"),
        (lambda x: chunked(x, x, x, chunk=0), "chunk is 0"),
        (lambda x: recurrent(x, x, x, decay=1.5), "decay is 1.5"),
        (lambda x: memory_step(x, x[:, 0], x[:, 0]), r"v has shape \(2, 4\)"),
        (lambda x: memory_step(x, x[:, 0], x[:, 0, :3], torch.ones(3)), r"keep has shape \(3,\)"),
        (lambda x: delta_step(x, x[:, 0], x[:, 0, :3], torch.ones(2)), r"write has shape \(2,\)"),
        (lambda x: scan(x, x[:1]), r"x has shape \(1, 3, 4\)"),
        (lambda x: run(torch.eye(2), torch.ones(2, 1), torch.ones(1, 2), torch.ones(0, 1)), "there is no input"),
        (lambda x: discretised(torch.eye(2), torch.ones(2, 1), 0), "step is 0"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(torch.zeros(2, 3, 4))


def gates(B, T):
    """γ between 0.02 and 1, β between 0 and 1."""
    low, high = (torch.sigmoid(random(B, T, seed=seed)) for seed in (5, 6))
    return (0.02 + 0.98 * low).detach().requires_grad_(), high.detach().requires_grad_()


def stepped(k, v, keep, write=None, q=None):
    """The loop of the steps: the last state, or with queries what is read."""
    S, out = v.new_zeros(len(v), v.shape[2], k.shape[2]), []
    for t in range(k.shape[1]):
        at = k[:, t], v[:, t]
        share = keep[:, t, None]
        S = memory_step(S, *at, share) if write is None else delta_step(S, *at, write[:, t, None], share)
        if q is not None:
            out.append(torch.einsum("bvk,bk->bv", S, q[:, t]))
    return S if q is None else torch.stack(out, dim=1)


@settings(deadline=None)
@given(SIZES, st.integers(1, 20), SIZES, SIZES, st.booleans())
def test_gates_and_differences_without_a_loop_are_the_loop(B, T, d_k, d_v, delta):
    k, v, q = F.normalize(random(B, T, d_k), dim=2).detach().requires_grad_(), random(B, T, d_v), random(B, T, d_k)
    inputs = (k, v, *gates(B, T)[: 1 + delta])
    both(written, inputs, stepped)
    both(lambda q, *x: at_once(q, *x), (q, *inputs), lambda q, *x: stepped(*x, q=q))


def test_shares_are_products_of_what_each_step_leaves():
    left = shares(torch.tensor([[0.5, 0.2, 0.1]], dtype=torch.float64))[0]
    expected = torch.tensor([[1, 0, 0], [0.2, 1, 0], [0.02, 0.1, 1]], dtype=torch.float64)
    torch.testing.assert_close(left, expected)
    shut = shares(torch.tensor([[1.0, 0.0, 1.0]]))[0]
    assert torch.isfinite(shut).all() and (shut[1:, 0] < 1e-30).all() and shut[2, 1] == 1


def test_keys_that_are_orthogonal_leave_nothing_to_correct():
    k, v = torch.eye(4, dtype=torch.float64)[None], random(1, 4, 3)
    ones = torch.ones(1, 4, dtype=torch.float64)
    torch.testing.assert_close(differences(k, v, ones, shares(ones)), v)


def test_without_a_gate_all_of_what_is_written_is_left():
    k, v, (_, write) = F.normalize(random(2, 6, 4), dim=2), random(2, 6, 3, seed=1), gates(2, 6)
    ones = torch.ones(2, 6, dtype=torch.float64)
    torch.testing.assert_close(differences(k, v, write), differences(k, v, write, shares(ones)))
    torch.testing.assert_close(differences(k, v, write).mT @ k, stepped(k, v, ones, write))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: shares(x), r"keep has shape \(2, 3, 4\)"),
        (lambda x: written(x, x, x[:, :, 0][:, :2]), r"keep has shape \(2, 2\)"),
        (lambda x: written(x[:, :0], x[:, :0], x[:, :0, 0]), "there is no step"),
        (lambda x: written(x, x, 1 + x[..., 0], x[:1, :, 0]), r"write has shape \(1, 3\)"),
        (lambda x: at_once(x[:, :, :2], x, x, 1 + x[..., 0]), r"k has shape \(2, 3, 4\)"),
    ],
)
def test_what_does_not_fit_the_gated_forms_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(torch.zeros(2, 3, 4))
