"""1.3: back-propagation through time, by hand."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Write back-propagation through time by hand. The forward pass is done, and its states are given, $h_0$ in front.
The loss looks at every state: `dh[:, t−1]` is $\partial^{+} L/\partial h_t$, the loss's own gradient at $h_t$,
without what comes through later states.

Return the gradients of $W_{xh}$, $W_{hh}$, $b$ and the inputs. Not allowed: `autograd` in any form
(`.backward()`, `.requires_grad_()`, `torch.func`), and the library's `rnn_backward`. Checked: each of the four
against autograd. Whoever has written this once can say where every factor of a vanishing gradient comes from.
"""

QUESTION = Question("1.3", "Back through time, by hand", TEXT)


def rnn_backward(x, hs, W_xh, W_hh, dh):
    """Gradients of an RNN's parameters and inputs, by back-propagation through time.

    Args:
        x: inputs x_1 … x_T, (B, T, d_x).
        hs: states h_0 … h_T, (B, T+1, d_h).
        W_xh: (d_h, d_x).
        W_hh: (d_h, d_h).
        dh: the loss's own gradient at h_1 … h_T, (B, T, d_h).

    Returns:
        A dict with the gradients "W_xh" (d_h, d_x), "W_hh" (d_h, d_h),
        "b" (d_h,), each summed over batch and time, and "x" (B, T, d_x).
    """
    back = torch.zeros_like(hs[:, 0])
    deltas = []
    for t in reversed(range(dh.shape[1])):
        delta = (1 - hs[:, t + 1] ** 2) * (dh[:, t] + back)
        back = delta @ W_hh
        deltas = [delta, *deltas]
    delta = torch.stack(deltas, dim=1)
    return {
        "W_xh": torch.einsum("bti,btj->ij", delta, x),
        "W_hh": torch.einsum("bti,btj->ij", delta, hs[:, :-1]),
        "b": delta.sum(dim=(0, 1)),
        "x": delta @ W_xh,
    }


PART = QUESTION.part(
    rnn_backward,
    5,
    forbidden=(
        "torch.autograd",
        "torch.func",
        "torch._functorch",
        ".backward",
        ".requires_grad_",
        "torch.nn.RNN",
        "torch.nn.RNNCell",
        "rnn2attn.gradients",
    ),
)


def inputs(draw, B, T, d_x, d_h):
    x = draw.normal(B, T, d_x)
    W_xh = draw.normal(d_h, d_x, scale=0.5)
    W_hh = draw.normal(d_h, d_h, scale=0.6)
    b = draw.normal(d_h, scale=0.5)
    hs = [draw.normal(B, d_h, scale=0.5)]
    for t in range(T):
        hs.append(torch.tanh(x[:, t] @ W_xh.T + hs[-1] @ W_hh.T + b))
    # Rounded alike for everyone: the states are given, and need not be exact.
    hs = torch.stack(hs, dim=1).mul(1e6).round() / 1e6
    dh = draw.normal(B, T, d_h)
    return {"x": x, "hs": hs, "W_xh": W_xh, "W_hh": W_hh, "dh": dh}


@PART.cases
def cases(draw):
    yield "a loss at every step", inputs(draw, 2, 3, 5, 7)
    last = inputs(draw, 2, 4, 3, 5)
    last["dh"][:, :-1] = 0
    yield "a loss at the last step only", last
    yield "a batch of one", inputs(draw, 1, 3, 2, 3)
    yield "one step", inputs(draw, 2, 1, 3, 5)
    yield "as many inputs as units", inputs(draw, 2, 3, 3, 3)


@PART.edges
def edges(draw):
    first = inputs(draw, 2, 4, 3, 5)
    first["dh"][:, 1:] = 0
    yield "a loss at the first step only", first
    yield "a long sequence", inputs(draw, 2, 17, 3, 5)
    yield "one unit", inputs(draw, 3, 4, 2, 1)


def variant(
    x, hs, W_xh, W_hh, dh, *, slope=None, go_back=None, met=None, counted=None
):
    """The right answer with one part of it replaced."""
    T = dh.shape[1]
    slope = slope or (lambda t: 1 - hs[:, t + 1] ** 2)
    go_back = go_back or (lambda delta: delta @ W_hh)
    back, deltas = torch.zeros_like(hs[:, 0]), []
    for t in reversed(range(T)):
        delta = slope(t) * (dh[:, t] + back)
        back = go_back(delta)
        deltas = [delta, *deltas]
    delta = torch.stack(deltas, dim=1)
    some = counted or slice(None)
    met = hs[:, :-1] if met is None else met
    return {
        "W_xh": torch.einsum("bti,btj->ij", delta[:, some], x[:, some]),
        "W_hh": torch.einsum("bti,btj->ij", delta[:, some], met[:, some]),
        "b": delta[:, some].sum(dim=(0, 1)),
        "x": delta @ W_xh,
    }


@PART.mistake(
    "tanh' = 1 − tanh², and the tanh of this step is h_t. You took h_{t−1}."
)
def slope_of_the_step_before(x, hs, W_xh, W_hh, dh):
    return variant(x, hs, W_xh, W_hh, dh, slope=lambda t: 1 - hs[:, t] ** 2)


@PART.mistake(
    "Right only for a linear RNN: the factor 1 − h_t², the slope of tanh, is "
    "missing."
)
def no_slope(x, hs, W_xh, W_hh, dh):
    return variant(
        x, hs, W_xh, W_hh, dh, slope=lambda t: torch.ones_like(hs[:, t])
    )


@PART.mistake(
    "Going back, the matrix is transposed relative to the forward step: that "
    "used `h @ W_hh.T` for a batch of rows."
)
def not_transposed(x, hs, W_xh, W_hh, dh):
    return variant(x, hs, W_xh, W_hh, dh, go_back=lambda delta: delta @ W_hh.T)


@PART.mistake(
    "In step t the matrix W_hh met h_{t−1}; your outer product uses h_t."
)
def outer_with_the_new_state(x, hs, W_xh, W_hh, dh):
    return variant(x, hs, W_xh, W_hh, dh, met=hs[:, 1:])


@PART.mistake(
    "This is what the last step adds. The weights are shared: add the "
    "contributions of all T steps (claim C1 of the chapter)."
)
def last_step_only(x, hs, W_xh, W_hh, dh):
    return variant(x, hs, W_xh, W_hh, dh, counted=slice(-1, None))


@PART.mistake(
    "This is what the first step adds, the one your loop meets last. The "
    "weights are shared: add the contributions of all T steps, with `+=` or "
    "a sum."
)
def overwritten(x, hs, W_xh, W_hh, dh):
    return variant(x, hs, W_xh, W_hh, dh, counted=slice(0, 1))


@PART.mistake(
    "Right when the loss looks at h_T only. Every h_t has its own way to the "
    "loss too: add `dh` at every step."
)
def middle_ignored(x, hs, W_xh, W_hh, dh):
    only = torch.zeros_like(dh)
    only[:, -1] = dh[:, -1]
    return variant(x, hs, W_xh, W_hh, only)


@PART.mistake(
    "Each step stands alone here: what the later steps owe to h_t does not "
    "come back through W_hh."
)
def nothing_comes_back(x, hs, W_xh, W_hh, dh):
    return variant(
        x, hs, W_xh, W_hh, dh, go_back=lambda delta: torch.zeros_like(delta)
    )


@PART.mistake(
    "Your gradients are 1/B of the right ones: `dh` belongs to the loss "
    "already, so sum over the batch."
)
def mean_over_batch(x, hs, W_xh, W_hh, dh):
    right = rnn_backward(x, hs, W_xh, W_hh, dh)
    return {
        name: grad if name == "x" else grad / len(x)
        for name, grad in right.items()
    }
