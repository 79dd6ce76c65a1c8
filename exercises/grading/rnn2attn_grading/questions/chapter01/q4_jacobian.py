"""1.4: the Jacobian over many steps."""

import torch

from rnn2attn_grading.questions.autograd import AUTOGRAD
from rnn2attn_grading.questions.specification import Question

TEXT = r"""
How does the last state change with an earlier one? Write $\partial h_T/\partial h_t$, one matrix for each example
of the batch; entry (i, j) is $\partial h_{T,i}/\partial h_{t,j}$. For $t = T$ nothing lies between.

The states are given, $h_0$ in front, so `hs[:, s]` is $h_s$ and T is `hs.shape[1] − 1`. Not allowed: `autograd`
in any form, and the library's `rnn_jacobians` and `jacobian`. Checked: the values, for several t from 0 to T. The
norm of this matrix is what vanishes or explodes.
"""

HINTS = r"""
Begin with one step: $h_s = \tanh(\dots + W_{hh} h_{s-1})$. Which matrix is $\partial h_s/\partial h_{s-1}$, and
does it contain $h_s$ or $h_{s-1}$?

One step is $\mathrm{diag}(1 - h_s^2)\, W_{hh}$. The chain rule multiplies T − t of them, the newest on the left, so
the factors hold $h_{t+1}, \dots, h_T$. With no factor the product is the identity.

Start with an identity for each example, (B, $d_h$, $d_h$). Go through `hs[:, t + 1:]` in order; each `h` gives a
factor `(1 - h**2)[:, :, None] * W_hh`, which scales the rows of $W_{hh}$; multiply the product by it from the left.
"""

QUESTION = Question(
    "1.4",
    "From one state to a later one",
    TEXT,
    minutes=25,
    difficulty=2,
    hints=HINTS,
)


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
        *AUTOGRAD,
        ".requires_grad_",
        "rnn2attn.gradients",
    ),
)


@QUESTION.now(r"""
Your Jacobians measure how far back a network can hear. Three networks differ in nothing but the size of $W_{hh}$;
for each the picture shows the longest stretch of $\partial h_T/\partial h_t$, its largest singular value, over the
distance T − t. Before you run the cell: for two of the three the chapter's bound $\sigma^{T-t}$ grows. Do the
curves?
""")
def hear_back(jacobian):
    from rnn2attn import plots

    T, d = 30, 24
    torch.manual_seed(0)
    x = torch.randn(1, T, d).double()
    U = torch.linalg.qr(torch.randn(d, d).double())[0]
    curves = {}
    for sigma in (0.9, 1.3, 2.6):
        hs = [torch.zeros(1, d).double()]
        for x_t in x.unbind(1):
            hs.append(torch.tanh(0.5 * x_t + sigma * hs[-1] @ U.T))
        hs = torch.stack(hs, 1)
        back = [jacobian(hs, sigma * U, T - k)[0] for k in range(T + 1)]
        curves[f"σ = {sigma}"] = [torch.linalg.norm(J, 2) for J in back]
        print(f"σ = {sigma}: {curves[f'σ = {sigma}'][-1]:.1e} after {T} steps")
    return plots.lines(
        curves, xlabel="steps back", ylabel="longest stretch", log=True
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


@PART.mistake(
    "That is ∂h_t/∂h_0, the way from the beginning to t. Asked is the one from "
    "t to the end."
)
def from_the_beginning(hs, W_hh, t):
    return product_of([factor(h, W_hh) for h in hs[:, 1 : t + 1].unbind(1)], hs)


@PART.mistake(
    "Your factors are multiplied entry by entry, as `*` does. A chain of steps "
    "is a matrix product, `@`."
)
def entry_by_entry(hs, W_hh, t):
    product = product_of([], hs)
    for h in hs[:, t + 1 :].unbind(1):
        product = factor(h, W_hh) * product
    return product


@PART.mistake(
    "Row i of a factor says what h_s,i is made of, as row i of W_hh does. "
    "Yours hold W_hh transposed."
)
def matrix_transposed(hs, W_hh, t):
    later = hs[:, t + 1 :].unbind(1)
    return product_of([factor(h, W_hh.T) for h in later], hs)


@PART.mistake(
    "h_s is the tanh already: its slope is 1 − h_s². You took the tanh of it "
    "once more."
)
def tanh_once_more(hs, W_hh, t):
    later = hs[:, t + 1 :].tanh().unbind(1)
    return product_of([factor(h, W_hh) for h in later], hs)


@PART.mistake(
    "Right, except where t = T. No step lies between, so that there is no "
    "factor, and you begin with one."
)
def one_factor_at_least(hs, W_hh, t):
    later = hs[:, min(t + 1, hs.shape[1] - 1) :].unbind(1)
    return product_of([factor(h, W_hh) for h in later], hs)


@PART.mistake(
    "All examples have the same matrix in yours, made with a mean over the "
    "batch. Each has states of its own, and a matrix of its own."
)
def mean_slopes(hs, W_hh, t):
    later = (1 - hs[:, t + 1 :] ** 2).mean(dim=0)
    factors = [slope[:, None] * W_hh for slope in later]
    return product_of(factors, hs)


@PART.mistake(
    "Yours is one vector for each example, the gradient of a sum over h_T. "
    "Asked is a matrix, with a row for each entry of h_T."
)
def summed_over_rows(hs, W_hh, t):
    return jacobian(hs, W_hh, t).sum(dim=1)
