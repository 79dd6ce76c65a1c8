"""1.4: the Jacobian over many steps."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
How does the last state change with an earlier one? Write $\partial h_T/\partial h_t$, one matrix for each example
of the batch; entry (i, j) is $\partial h_{T,i}/\partial h_{t,j}$. For $t = T$ nothing lies between.

The states are given, $h_0$ in front, so `hs[:, s]` is $h_s$ and T is `hs.shape[1] − 1`. Not allowed: `autograd`
in any form, and the library's `rnn_jacobians` and `jacobian`. Checked: the values, for several t from 0 to T. The
norm of this matrix is what vanishes or explodes.
"""

QUESTION = Question("1.4", "From one state to a later one", TEXT)


def jacobian(hs, W_hh, t):
    """Jacobian of the last state with respect to the state at t.

    Args:
        hs: states h_0 … h_T, (B, T+1, d_h).
        W_hh: (d_h, d_h).
        t: from 0 to T.

    Returns:
        ∂h_T/∂h_t, (B, d_h, d_h).
    """
    product = torch.eye(hs.shape[2]).to(hs).repeat(len(hs), 1, 1)
    for h in hs[:, t + 1 :].unbind(dim=1):
        product = (1 - h**2).unsqueeze(-1) * W_hh @ product
    return product


PART = QUESTION.part(
    jacobian,
    3,
    forbidden=(
        "torch.autograd",
        "torch.func",
        "torch._functorch",
        ".backward",
        ".requires_grad_",
        "rnn2attn.gradients",
    ),
)


def inputs(draw, B, T, d_h, t):
    # Not states of one run, but of some run: each can be reached by its input.
    hs = torch.tanh(draw.normal(B, T + 1, d_h, scale=0.7))
    return {
        "hs": hs.mul(1e4).round() / 1e4,
        "W_hh": draw.normal(d_h, d_h, scale=0.6),
        "t": t,
    }


@PART.cases
def cases(draw):
    yield "three steps apart", inputs(draw, 2, 5, 3, 2)
    yield "t = T", inputs(draw, 2, 3, 5, 3)
    yield "t = T − 1", inputs(draw, 2, 4, 3, 3)
    yield "t = 0", inputs(draw, 2, 3, 5, 0)
    yield "a batch of one", inputs(draw, 1, 4, 3, 1)


@PART.edges
def edges(draw):
    yield "one unit", inputs(draw, 3, 4, 1, 1)
    yield "one step", inputs(draw, 2, 1, 3, 0)
    yield "as many examples as units", inputs(draw, 3, 3, 3, 1)
    yield "many steps", inputs(draw, 2, 11, 3, 2)


def product_of(factors, hs):
    product = torch.eye(hs.shape[2]).to(hs).repeat(len(hs), 1, 1)
    for factor in factors:
        product = factor @ product
    return product


def factor(h, W_hh):
    return (1 - h**2).unsqueeze(-1) * W_hh


@PART.mistake(
    "The factors stand in the other order. The newest one belongs on the "
    "left: h_T depends on h_{T−1} first."
)
def other_order(hs, W_hh, t):
    later = hs[:, t + 1 :].flip(1).unbind(1)
    return product_of([factor(h, W_hh) for h in later], hs)


@PART.mistake(
    "tanh is applied last in a step, so its diagonal stands left of W_hh and "
    "scales the rows; yours scales the columns."
)
def diagonal_on_the_right(hs, W_hh, t):
    later = hs[:, t + 1 :].unbind(1)
    return product_of([W_hh * (1 - h**2).unsqueeze(-2) for h in later], hs)


@PART.mistake(
    "You have one factor too many: from h_t to h_T there are T − t steps, "
    "and t = T must give the identity."
)
def one_factor_more(hs, W_hh, t):
    return product_of([factor(h, W_hh) for h in hs[:, t:].unbind(1)], hs)


@PART.mistake(
    "You have one factor too few, the oldest: from h_t to h_T there are "
    "T − t steps, and t = T − 1 has one."
)
def one_factor_fewer(hs, W_hh, t):
    return product_of([factor(h, W_hh) for h in hs[:, t + 2 :].unbind(1)], hs)


@PART.mistake(
    "You have one factor too few, the newest: the last step leads to h_T, "
    "and its factor holds h_T."
)
def last_factor_left_out(hs, W_hh, t):
    later = hs[:, t + 1 : -1].unbind(1)
    return product_of([factor(h, W_hh) for h in later], hs)


@PART.mistake(
    "The step from h_{s−1} to h_s has the slope at its end: 1 − h_s². You "
    "took 1 − h_{s−1}²."
)
def slope_of_the_step_before(hs, W_hh, t):
    return product_of([factor(h, W_hh) for h in hs[:, t:-1].unbind(1)], hs)


@PART.mistake(
    "`W ** k` raises each entry to a power. A chain of steps is a matrix "
    "product, with the slopes in between."
)
def elementwise_power(hs, W_hh, t):
    later = hs[:, t + 1 :]
    slopes = (1 - later**2).prod(dim=1)
    return slopes.unsqueeze(-1) * W_hh ** later.shape[1]


@PART.mistake(
    "The slopes cannot be collected in front of a power of W_hh: they stand "
    "between the matrices, and matrices do not commute."
)
def slopes_collected(hs, W_hh, t):
    later = hs[:, t + 1 :]
    slopes = (1 - later**2).prod(dim=1)
    power = torch.linalg.matrix_power(W_hh, later.shape[1])
    return slopes.unsqueeze(-1) * power


@PART.mistake(
    "Right for a linear RNN: the slope of tanh, 1 − h_s², is missing in each "
    "factor."
)
def no_slope(hs, W_hh, t):
    return product_of([W_hh] * (hs.shape[1] - 1 - t), hs)
