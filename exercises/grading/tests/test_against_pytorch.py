"""The references against PyTorch's own: what the questions call right is right."""

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
