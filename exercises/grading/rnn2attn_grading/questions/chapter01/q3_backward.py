"""1.3: back-propagation through time, by hand."""

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.autograd import AUTOGRAD
from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Write back-propagation through time by hand. The forward pass is done, and its states are given, $h_0$ in front.
The loss looks at every state: `dh[:, t−1]` is $\partial^{+} L/\partial h_t$, the loss's own gradient at $h_t$,
without what comes through later states.

Return the gradients of $W_{xh}$, $W_{hh}$, $b$ and the inputs. Not allowed: `autograd` in any form
(`.backward()`, `.requires_grad_()`, `torch.func`), and the library's `rnn_backward`. Checked: each of the four
against autograd. Whoever has written this once can say where every factor of a vanishing gradient comes from.
"""

HINTS = r"""
Draw three steps, and mark every way by which $h_2$ reaches the loss: its own, and the one through $h_3$. The second
comes to you from the right, so the loop runs from T down to 1.

With $\delta_t$ for the gradient at the sum inside the tanh: $\delta_t = (1 - h_t^2) \odot (\partial^{+}L/\partial
h_t + W_{hh}^\top \delta_{t+1})$, and $\delta_{T+1} = 0$. Each weight's gradient is a sum over t and over the batch
of $\delta_t$ times what the weight was multiplied with: $x_t$, $h_{t-1}$, or 1.

Keep `back`, zeros at first. For t from T−1 to 0: `delta = (1 - hs[:, t + 1]**2) * (dh[:, t] + back)`, then `back`
is `delta` times `W_hh`, not transposed, since examples are rows. Stack the deltas in order, (B, T, $d_h$). Then
`einsum("bti,btj->ij", …)` with `x` and with `hs[:, :-1]`, a sum for b, and a product with `W_xh` for x.
"""

QUESTION = Question(
    "1.3",
    "Back through time, by hand",
    TEXT,
    minutes=40,
    difficulty=3,
    hints=HINTS,
)


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
        *AUTOGRAD,
        ".requires_grad_",
        "torch.nn.RNN",
        "torch.nn.RNNCell",
        "rnn2attn.gradients",
    ),
)


@QUESTION.now("""
Your gradients train a network, and autograd has no part in it. The task is the chapter's: read twelve letters, then
say the first. All that is added to your function is the loss at the last step, $p - y$ for a softmax. Before you
run the cell: guessing costs ln 4 ≈ 1.39. Why does the curve stay near it for a while, and then fall so fast?
""")
def train_by_hand(rnn_backward):
    from rnn2attn import plots
    from rnn2attn.tasks.memory import remember

    torch.manual_seed(0)
    shapes = {"W_xh": (16, 4), "W_hh": (16, 16), "b": (16,), "W_hy": (4, 16)}
    weights = {k: torch.randn(s).double() * 0.25 for k, s in shapes.items()}
    adam = torch.optim.Adam(weights.values(), lr=0.01)
    losses = []
    for _ in range(180):
        x, first = remember(64, 12)
        x, hs = x.double(), [torch.zeros(64, 16).double()]
        for x_t in x.unbind(1):
            inside = x_t @ weights["W_xh"].T + hs[-1] @ weights["W_hh"].T
            hs.append(torch.tanh(inside + weights["b"]))
        logits = hs[-1] @ weights["W_hy"].T
        losses.append(F.cross_entropy(logits, first).item())
        wrong = (logits.softmax(1) - F.one_hot(first, 4)) / 64
        dh = torch.zeros(64, 12, 16).double()
        dh[:, -1] = wrong @ weights["W_hy"]
        hs = torch.stack(hs, 1)
        found = rnn_backward(x, hs, weights["W_xh"], weights["W_hh"], dh)
        for name, weight in weights.items():
            weight.grad = found.get(name, wrong.T @ hs[:, -1])
        adam.step()
    right = (logits.argmax(1) == first).double().mean()
    print(f"It remembers the first of twelve letters: {right:.0%} right.")
    return plots.lines({"": losses}, xlabel="update", ylabel="loss in nats")


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


@PART.mistake(
    "The slope of tanh is 1 − tanh², so 1 − h_t²; yours is 1 − h_t, without "
    "the square."
)
def slope_not_squared(x, hs, W_xh, W_hh, dh):
    return variant(x, hs, W_xh, W_hh, dh, slope=lambda t: 1 - hs[:, t + 1])


@PART.mistake(
    "h (1 − h) is the slope of the logistic function σ. These states come out "
    "of tanh."
)
def slope_of_the_logistic_function(x, hs, W_xh, W_hh, dh):
    return variant(
        x, hs, W_xh, W_hh, dh,
        slope=lambda t: hs[:, t + 1] * (1 - hs[:, t + 1]),
    )  # fmt: skip


@PART.mistake(
    "h_t is the tanh already. You took the tanh of it once more before the "
    "square."
)
def tanh_once_more(x, hs, W_xh, W_hh, dh):
    return variant(
        x, hs, W_xh, W_hh, dh, slope=lambda t: 1 - hs[:, t + 1].tanh() ** 2
    )


@PART.mistake(
    "What goes back to the step before has passed this step's tanh as well: "
    "multiply by W_hh what the slope has been applied to."
)
def slope_left_out_on_the_way(x, hs, W_xh, W_hh, dh):
    total = list(dh.unbind(1))
    for t in reversed(range(1, len(total))):
        total[t - 1] = total[t - 1] + total[t] @ W_hh
    own = torch.stack(total, dim=1)
    return variant(x, hs, W_xh, W_hh, own, go_back=torch.zeros_like)


@PART.mistake(
    "Your loop runs forwards: it hands what step t owes to step t + 1. A state "
    "reaches the loss through later ones, so begin at T."
)
def forwards(x, hs, W_xh, W_hh, dh):
    back, deltas = torch.zeros_like(hs[:, 0]), []
    for t in range(dh.shape[1]):
        deltas.append((1 - hs[:, t + 1] ** 2) * (dh[:, t] + back))
        back = deltas[-1] @ W_hh
    return of_deltas(x, hs, W_xh, deltas)


@PART.mistake(
    "Your deltas stand in the order in which they were found, that of step T "
    "first. Turn them around before they meet x and h."
)
def not_turned_around(x, hs, W_xh, W_hh, dh):
    back, deltas = torch.zeros_like(hs[:, 0]), []
    for t in reversed(range(dh.shape[1])):
        deltas.append((1 - hs[:, t + 1] ** 2) * (dh[:, t] + back))
        back = deltas[-1] @ W_hh
    return of_deltas(x, hs, W_xh, deltas)


def of_deltas(x, hs, W_xh, deltas):
    delta = torch.stack(deltas, dim=1)
    return {
        "W_xh": torch.einsum("bti,btj->ij", delta, x),
        "W_hh": torch.einsum("bti,btj->ij", delta, hs[:, :-1]),
        "b": delta.sum(dim=(0, 1)),
        "x": delta @ W_xh,
    }
