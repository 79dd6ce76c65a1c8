"""Gradients through time against autograd, over random shapes."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.testing import assert_close

from rnn2attn import gradients as G
from rnn2attn.recurrent import RNN, rnn_step

torch.set_num_threads(1)
sizes = st.integers(1, 5)
seeds = st.integers(0, 2**31)
shapes = dict(B=sizes, T=sizes, d_x=sizes, d_h=sizes, seed=seeds)
fast = settings(deadline=None, max_examples=30)


def draw(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def network(B, T, d_x, d_h, seed):
    """Inputs, h_0, W_xh, W_hh, b, and a random linear functional of all states."""
    x, h, W_xh = draw(B, T, d_x, seed=seed), draw(B, d_h, seed=seed + 1), draw(d_h, d_x, seed=seed + 2)
    W_hh, b, dh = draw(d_h, d_h, seed=seed + 3), draw(d_h, seed=seed + 4), draw(B, T, d_h, seed=seed + 5)
    return x, h, (W_xh, W_hh, b), dh


def run(x, h, parameters):
    hs = [h]
    for x_t in x.unbind(1):
        hs.append(rnn_step(x_t, hs[-1], *parameters))
    return torch.stack(hs, 1)


def orthogonal(n, seed):
    return torch.linalg.qr(draw(n, n, seed=seed))[0]


# the shared matrix


@given(**shapes)
@fast
def test_step_gradients_sum_to_the_gradient_of_the_shared_parameters(B, T, d_x, d_h, seed):
    x, h, parameters, dh = network(B, T, d_x, d_h, seed)
    each = G.step_gradients(rnn_step, x, h, parameters, lambda hs: (hs * dh).sum())
    leaves = [p.clone().requires_grad_() for p in parameters]
    total = torch.autograd.grad((run(x, h, leaves)[:, 1:] * dh).sum(), leaves)
    for contributions, gradient in zip(each, total, strict=True):
        assert contributions.shape == (T, *gradient.shape)
        assert_close(contributions.sum(0), gradient)


@given(**shapes)
@fast
def test_each_step_gradient_is_delta_times_the_state_before(B, T, d_x, d_h, seed):
    x, h, parameters, dh = network(B, T, d_x, d_h, seed)
    _, each, each_b = G.step_gradients(rnn_step, x, h, parameters, lambda hs: (hs * dh).sum())
    hs = run(x, h, parameters)
    for t in range(T):  # the loss reaches copy t only through h_{t+1}: cut the graph there and carry on
        cut = hs[:, t + 1].clone().requires_grad_()
        later = [cut, *run(x[:, t + 1 :], cut, parameters)[:, 1:].unbind(1)]
        loss = sum((state * weight).sum() for state, weight in zip(later, dh[:, t:].unbind(1), strict=True))
        (back,) = torch.autograd.grad(loss, cut)
        delta = back * (1 - hs[:, t + 1] ** 2)
        assert_close(each[t], delta.T @ hs[:, t])
        assert_close(each_b[t], delta.sum(0))


def test_step_gradients_takes_any_step():
    gru = nn.GRUCell(3, 4).double()
    parameters = dict(gru.named_parameters())
    x, h = draw(2, 6, 3, seed=0), draw(2, 4, seed=1)

    def step(x_t, h, *values):
        return torch.func.functional_call(gru, dict(zip(parameters, values, strict=True)), (x_t, h))

    each = G.step_gradients(step, x, h, list(parameters.values()), lambda hs: hs[:, -1].sum())
    for x_t in x.unbind(1):
        h = gru(x_t, h)
    h.sum().backward()
    for contributions, parameter in zip(each, parameters.values(), strict=True):
        assert_close(contributions.sum(0), parameter.grad)


def test_steps_the_loss_ignores_and_parameters_the_step_ignores_contribute_zeros():
    x, h, parameters, _ = network(2, 3, 4, 5, seed=0)
    each = G.step_gradients(rnn_step, x, h, parameters, lambda hs: hs[:, 0].sum())
    assert each[1][0].any()
    assert not each[1][1:].any()
    each = G.step_gradients(lambda x_t, h, W, b: torch.tanh(x_t @ W.T), x, h, parameters[::2], lambda hs: hs.sum())
    assert each[0].any()
    assert torch.equal(each[1], torch.zeros(3, 5, dtype=torch.float64))


@given(T=sizes, n=sizes, seed=seeds, scale=st.sampled_from([1e-200, 1.0, 1e200]))
@fast
def test_shares_sum_to_one_and_stay_under_the_ratio_of_norms(T, n, seed, scale):
    each = draw(T, n, n, seed=seed)
    share = G.shares(each * scale)
    ratio = torch.linalg.matrix_norm(each) / torch.linalg.matrix_norm(each.sum(0))
    assert_close(share.sum().item(), 1.0)
    assert (share.abs() <= ratio * (1 + 1e-9)).all()
    assert_close(share, torch.einsum("tij,ij->t", each, each.sum(0)) / each.sum(0).square().sum())


def test_shares_of_steps_that_pull_together_aside_and_against():
    along, aside = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    assert_close(G.shares(torch.stack([3 * along, aside, -aside, -along])).tolist(), [1.5, 0.0, 0.0, -0.5])


def test_shares_of_nothing_raise():
    with pytest.raises(ValueError, match=r"contributions, of shape \(2, 1\), sums to zero"):
        G.shares(torch.tensor([[1.0], [-1.0]]))
    with pytest.raises(ValueError, match=r"shape \(\), but \(T, …\)"):
        G.shares(torch.tensor(1.0))


# back-propagation through time and Jacobians


@given(**shapes, only_last=st.booleans())
@fast
def test_back_propagation_by_hand_equals_autograd(B, T, d_x, d_h, seed, only_last):
    x, h, parameters, dh = network(B, T, d_x, d_h, seed)
    if only_last:
        dh[:, :-1] = 0
    leaves = [tensor.clone().requires_grad_() for tensor in (*parameters, x)]
    hs = run(leaves[3], h, leaves[:3])
    expected = torch.autograd.grad((hs[:, 1:] * dh).sum(), leaves)
    found = G.rnn_backward(x, hs.detach(), *parameters[:2], dh)
    assert list(found) == ["W_xh", "W_hh", "b", "x"]
    for gradient, by_autograd in zip(found.values(), expected, strict=True):
        assert_close(gradient, by_autograd)


@given(**shapes)
@fast
def test_jacobian_equals_autograd(B, T, d_x, d_h, seed):
    x, h, parameters, _ = network(B, T, d_x, d_h, seed)
    hs = run(x, h, parameters)
    factors = G.rnn_jacobians(hs, parameters[1])
    assert_close(factors, G.step_jacobians(lambda x_t, h: rnn_step(x_t, h, *parameters), x, h))
    norms = G.jacobian_norms(factors)
    assert norms.shape == (B, T + 1)
    for t in range(T + 1):
        found = G.jacobian(factors, t)
        for row in range(B):
            rest = x[row : row + 1, t:]
            expected = torch.autograd.functional.jacobian(
                lambda h_t, rest=rest: run(rest, h_t[None], parameters)[0, -1], hs[row, t]
            )
            assert_close(found[row], expected)
        assert_close(norms[:, T - t], torch.linalg.matrix_norm(found, ord=2))


def test_jacobian_at_t_equal_T_is_the_identity():
    factors = draw(2, 3, 5, 5, seed=0)
    assert torch.equal(G.jacobian(factors, 3), torch.eye(5, dtype=torch.float64).expand(2, 5, 5))
    assert torch.equal(G.jacobian(factors, 2), factors[:, 2])
    assert_close(G.jacobian(factors, 0), factors[:, 2] @ factors[:, 1] @ factors[:, 0])
    assert torch.equal(G.jacobian_norms(factors)[:, 0], torch.ones(2).double())


def test_step_jacobians_of_a_cell_with_two_states_side_by_side():
    lstm = nn.LSTMCell(3, 4).double()
    x, hc = draw(2, 3, 3, seed=0), draw(2, 8, seed=1)

    def step(x_t, hc):
        return torch.cat(lstm(x_t, hc.chunk(2, -1)), -1)

    found = G.jacobian(G.step_jacobians(step, x, hc), 0)
    whole = torch.autograd.functional.jacobian(lambda hc: step(x[:, 2], step(x[:, 1], step(x[:, 0], hc))), hc)
    assert_close(found, torch.stack([whole[i, :, i] for i in range(2)]))


def test_jacobian_norms_are_taken_in_float64():
    factors = torch.full((1, 40, 1, 1), 1e-3)  # 1e-120: float32 ends at 1e-45
    assert_close(G.jacobian_norms(factors)[0, 40].log10().item(), -120.0)


# matrices


def test_radius_and_largest_singular_value_are_different_things():
    W = torch.tensor([[0.5, 10.0], [0.0, 0.5]])
    assert_close(G.radius(W), 0.5)
    assert_close(G.sigma_max(W), 5 + math.sqrt(25.25))  # σ σ' = ¼ and σ² + σ'² = 100½, so σ − σ' = 10


@given(n=sizes, seed=seeds, value=st.floats(0, 3))
@fast
def test_scaling_reaches_the_value_and_keeps_the_direction(n, seed, value):
    W = draw(n, n, seed=seed)
    assert_close(G.radius(G.with_radius(W, value)), value)
    assert_close(G.sigma_max(G.with_sigma_max(W, value)), value)
    assert G.radius(W) <= G.sigma_max(W) * (1 + 1e-9)
    assert_close(torch.linalg.eigvals(G.with_radius(W, 1.0)).abs().max().item(), 1.0)
    assert G.with_radius(W.float(), value).dtype == torch.float32


@given(**shapes, value=st.floats(0.1, 2))
@fast
def test_the_bound_holds_for_tanh_and_an_orthogonal_matrix_meets_it_without(B, T, d_x, d_h, seed, value):
    x, h, (W_xh, W_hh, b), _ = network(B, T, d_x, d_h, seed)
    W_hh = G.with_sigma_max(W_hh, value)
    norms = G.jacobian_norms(G.rnn_jacobians(run(x, h, (W_xh, W_hh, b)), W_hh))
    bound = G.jacobian_bound(W_hh, T)
    assert_close(bound[-1].item(), value**T)
    assert (norms <= bound * (1 + 1e-9)).all()

    W = value * orthogonal(d_h, seed)
    linear = G.step_jacobians(lambda x_t, h: x_t @ W_xh.T + h @ W.T, x, h)
    assert_close(G.jacobian_norms(linear), G.jacobian_bound(W, T).expand(B, -1))


def test_the_bound_of_the_sigmoid_is_a_quarter():
    W = 4 * orthogonal(3, seed=0)
    factors = G.step_jacobians(
        lambda x_t, h: torch.sigmoid(h @ W.T), torch.zeros(1, 5, 1).double(), draw(1, 3, seed=1)
    )
    assert (G.jacobian_norms(factors)[0] <= G.jacobian_bound(W, 5, gamma=0.25) * (1 + 1e-9)).all()
    assert_close(G.jacobian_bound(W, 5, gamma=0.25), torch.ones(6).double())


# bad input

x, h, (W_xh, W_hh, b), dh = network(2, 5, 7, 11, seed=0)
hs = run(x, h, (W_xh, W_hh, b))
factors = G.rnn_jacobians(hs, W_hh)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: G.step_gradients(rnn_step, x[0], h, (W_xh, W_hh, b), torch.sum), r"x has shape \(5, 7\).*B, T, d_x"),
        (lambda: G.step_gradients(rnn_step, x, h[:1], (W_xh, W_hh, b), torch.sum), r"h has shape \(1, 11\).*B = 2"),
        (lambda: G.rnn_backward(x, hs[:, 1:], W_xh, W_hh, dh), r"hs has shape \(2, 5, 11\).*\(B, T\+1, d_h\).*T = 5"),
        (lambda: G.rnn_backward(x, hs, W_xh.T, W_hh, dh), r"W_xh has shape \(7, 11\).*d_h = 11 from W_hh"),
        (lambda: G.rnn_backward(x, hs, W_xh, W_hh, dh[:, -1]), r"dh has shape \(2, 11\).*B, T, d_h"),
        (lambda: G.rnn_jacobians(hs[0], W_hh), r"hs has shape \(6, 11\).*\(B, T\+1, d_h\)"),
        (lambda: G.rnn_jacobians(hs, W_xh), r"W_hh has shape \(11, 7\)"),
        (lambda: G.step_jacobians(lambda x, h: h, x[:, 0], h), r"x has shape \(2, 7\).*B, T, d_x"),
        (lambda: G.jacobian(factors[0], 0), r"factors has shape \(5, 11, 11\).*B, T, d_h, d_h"),
        (lambda: G.jacobian(factors, 6), r"t is 6, but 0 ≤ t ≤ 5.*\(2, 5, 11, 11\)"),
        (lambda: G.jacobian(factors, -1), r"t is -1, but 0 ≤ t ≤ 5"),
        (lambda: G.jacobian_norms(factors[:, 0]), r"factors has shape \(2, 11, 11\)"),
        (lambda: G.radius(W_xh), r"W has shape \(11, 7\).*\(d, d\)"),
        (lambda: G.sigma_max(b), r"W has shape \(11,\).*\(m, n\)"),
        (lambda: G.with_radius(torch.tensor([[0.0, 1.0], [0.0, 0.0]]), 1.0), r"\(2, 2\), has spectral radius 0"),
        (lambda: G.with_sigma_max(torch.zeros(2, 3), 1.0), r"\(2, 3\), has largest singular value 0"),
        (lambda: G.with_radius(W_hh, -1.0), r"no factor makes it -1"),
        (lambda: G.jacobian_bound(W_xh, 3), r"W_hh has shape \(11, 7\)"),
    ],
)
def test_bad_input_is_met_at_the_door(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_functions_leave_the_graph_alone():
    rnn = RNN(3, 4)
    x, h = torch.randn(2, 5, 3), torch.randn(2, 4)
    each = G.step_gradients(rnn_step, x, h, [rnn.W_xh, rnn.W_hh, rnn.b], lambda hs: hs.sum())
    hs = torch.cat([h[:, None], rnn(x, h)[0]], 1)
    norms = G.jacobian_norms(G.rnn_jacobians(hs, rnn.W_hh))
    assert not any(c.requires_grad for c in each)
    assert not norms.requires_grad
    assert all(parameter.grad is None for parameter in rnn.parameters())
    G.rnn_jacobians(hs, rnn.W_hh).sum().backward()  # and where it is wanted, it is there
    assert rnn.W_hh.grad is not None


def test_the_longest_chain_is_counted():
    x = torch.randn(3, requires_grad=True)
    assert G.longest_chain(x.exp()) == 1
    assert G.longest_chain(x.exp().exp() + x.exp()) == 3  # the longer of two ways, and the sum
    y = x
    for _ in range(2000):  # deeper than Python's stack
        y = y + x
    assert G.longest_chain(y) == 2000
    for _ in range(60):  # 2^60 ways through 60 sums
        y = y + y
    assert G.longest_chain(y) == 2060
    with pytest.raises(ValueError, match=r"shape \(3,\), has no graph"):
        G.longest_chain(x.detach())
