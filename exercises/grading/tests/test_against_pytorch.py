"""The references against PyTorch's own: what the questions call right is right."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from rnn2attn_grading.chapter01 import (
    q1_step,
    q2_loss,
    q3_backward,
    q4_jacobian,
    q5_clipping,
)
from rnn2attn_grading.chapter02 import (
    q1_lstm,
    q2_gru,
    q3_import,
    q4_latch,
    q5a_read,
    q5b_write,
    q6a_count,
)
from rnn2attn_grading.drawing import Draw

DRAW = Draw("parity", "")


def test_the_step_is_that_of_pytorchs_cell():
    given = q1_step.inputs(DRAW, 3, 5, 7)
    cell = nn.RNNCell(5, 7).double()
    parameters = {
        "weight_ih": given["W_xh"],
        "weight_hh": given["W_hh"],
        "bias_ih": given["b"],
    }
    cell.load_state_dict(parameters | {"bias_hh": torch.zeros_like(given["b"])})
    torch.testing.assert_close(
        q1_step.rnn_step(**given), cell(given["x"], given["h"])
    )


def test_the_loss_is_pytorchs_summed_over_time():
    given = q2_loss.inputs(DRAW, 3, 5, 7)
    theirs = (
        F.cross_entropy(
            given["logits"].mT, given["ids"][:, 1:], reduction="sum"
        )
        / 3
    )
    torch.testing.assert_close(q2_loss.next_token_loss(**given), theirs)


def unrolled(x, h, W_xh, W_hh, b):
    states = [h]
    for x_t in x.unbind(1):
        states.append(q1_step.rnn_step(x_t, states[-1], W_xh, W_hh, b))
    return torch.stack(states, 1)


def test_gradients_and_jacobians_are_those_of_autograd():
    given = q3_backward.inputs(DRAW, 2, 4, 3, 5)
    named = {
        name: given[name].requires_grad_() for name in ("x", "W_xh", "W_hh")
    }
    b = DRAW.normal(5).requires_grad_()
    hs = unrolled(
        named["x"], given["hs"][:, 0], named["W_xh"], named["W_hh"], b
    )
    right = torch.autograd.grad(
        (hs[:, 1:] * given["dh"]).sum(), [*named.values(), b]
    )
    ours = q3_backward.rnn_backward(
        named["x"], hs, named["W_xh"], named["W_hh"], given["dh"]
    )
    for name, gradient in zip((*named, "b"), right, strict=True):
        torch.testing.assert_close(ours[name], gradient)

    for t in range(5):
        for row in range(2):

            def last(h, row=row, t=t):
                return unrolled(
                    named["x"][row : row + 1, t:],
                    h[None],
                    named["W_xh"],
                    named["W_hh"],
                    b,
                )[0, -1]

            right = torch.autograd.functional.jacobian(last, hs[row, t])
            torch.testing.assert_close(
                q4_jacobian.jacobian(hs, named["W_hh"], t)[row], right
            )


def test_clipping_is_pytorchs_but_for_its_small_number():
    grads = [DRAW.normal(3, 5), DRAW.normal(7, scale=9.0)]
    ours, norm = q5_clipping.clip_by_norm(grads, 2.0)
    parameters = [nn.Parameter(g.clone()) for g in grads]
    for p, g in zip(parameters, grads, strict=True):
        p.grad = g.clone()
    assert abs(norm - nn.utils.clip_grad_norm_(parameters, 2.0).item()) < 1e-9
    for p, g in zip(parameters, ours, strict=True):
        torch.testing.assert_close(g, p.grad, rtol=1e-5, atol=0)


def layer(kind, W_x, W_h, b_x, b_h):
    """PyTorch's layer with these parameters."""
    net = kind(W_x.shape[1], W_h.shape[1], batch_first=True).double()
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    given = (W_x, W_h, b_x, b_h)
    net.load_state_dict(dict(zip(names, given, strict=True)))
    return net.requires_grad_(False)


def test_the_lstms_step_is_pytorchs():
    given = q1_lstm.inputs(DRAW, 3, 7, 11)
    xs = DRAW.normal(3, 5, 7)
    W_x, W_h, b = (given[name] for name in ("W_x", "W_h", "b"))
    split = DRAW.normal(44)  # of the two biases only the sum matters
    net = layer(nn.LSTM, W_x, W_h, b - split, split)
    theirs, last = net(xs, tuple(s[None] for s in given["state"]))
    state = given["state"]
    for t in range(5):
        state = q1_lstm.lstm_step(xs[:, t], state, W_x, W_h, b)
        torch.testing.assert_close(state[0], theirs[:, t])
    torch.testing.assert_close(state[1], last[1][0])


def test_the_grus_step_is_pytorchs():
    given = q2_gru.inputs(DRAW, 3, 7, 11)
    parameters = [given[name] for name in ("W_x", "W_h", "b_x", "b_h")]
    xs, h = DRAW.normal(3, 5, 7), given["h"]
    theirs, _ = layer(nn.GRU, *parameters)(xs, h[None])
    for t in range(5):
        h = q2_gru.gru_step(xs[:, t], h, *parameters)
        torch.testing.assert_close(h, theirs[:, t])


def the_other_program(x, h, K_x, K_h, b_x, b_h):
    """A step as the documentation in 2.3 has it, block by block."""
    columns = zip(
        (x @ K_x + b_x).chunk(3, 1), (h @ K_h + b_h).chunk(3, 1), strict=True
    )
    (x_z, h_z), (x_r, h_r), (x_n, h_n) = columns
    z, r = torch.sigmoid(x_z + h_z), torch.sigmoid(x_r + h_r)
    return (1 - z) * h + z * torch.tanh(x_n + r * h_n)


def test_an_imported_gru_gives_what_the_other_program_gave():
    given = q3_import.inputs(DRAW, 7, 11)
    net = layer(nn.GRU, *q3_import.import_gru(**given))
    xs, h = DRAW.normal(3, 5, 7), DRAW.normal(3, 11)
    theirs, _ = net(xs, h[None])
    for t in range(5):
        h = the_other_program(xs[:, t], h, **given)
        torch.testing.assert_close(theirs[:, t], h)


def test_the_latch_latches_in_pytorchs_lstm():
    W_x, W_h, b = (t.double() for t in q4_latch.latch())
    net = layer(nn.LSTM, W_x, W_h, b, 0 * b)
    value = (6 * torch.rand(2003, dtype=torch.float64)) - 3
    write = torch.zeros(2003).double()
    write[[0, 1, 1002]] = 1
    h, (_, c) = net(torch.stack([value, write], dim=1)[None])
    stored = value[[0] + 1001 * [1] + 1001 * [1002]].tanh()
    assert (h[0, :, 0] - stored.tanh()).abs().max() < 1e-3
    assert abs(c.item() - stored[-1]) < 1e-3


def test_half_lives_are_those_of_pytorchs_lstm():
    """A cell without weights, and with its input gate closed, has half of itself left after its half-life."""
    wanted = torch.tensor([1.0, 5.0, 40.0], dtype=torch.float64)
    given = q5b_write.inputs(DRAW, *wanted.tolist())
    given["bias_ih"][:3] = -80
    biases = q5b_write.with_half_lives(**given)
    torch.testing.assert_close(q5a_read.half_lives(*biases), wanted)
    net = layer(nn.LSTM, torch.zeros(12, 1), torch.zeros(12, 3), *biases)
    for unit, steps in enumerate((1, 5, 40)):
        start = torch.ones(1, 1, 3).double()
        nothing = torch.zeros(1, steps, 1).double()
        _, (_, c) = net(nothing, (start, start))
        assert abs(c[0, 0, unit].item() - 0.5) < 1e-9


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_parameters_are_counted_as_pytorch_has_them(kind):
    for d_x, d_h in ((7, 11), (5, 5), (1, 1)):
        theirs = sum(p.numel() for p in kind(d_x, d_h).parameters())
        ours = q6a_count.count_parameters
        assert ours(kind.__name__, d_x, d_h, 2) == theirs
        bare = kind(d_x, d_h, bias=False)
        theirs = sum(p.numel() for p in bare.parameters())
        rows = bare.weight_ih_l0.shape[0]
        assert ours(kind.__name__, d_x, d_h, 1) == theirs + rows
