"""1.1: the step."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Write one step of the recurrent network for a batch, from its equation:

$$h_t = \tanh(W_{xh}\, x_t + W_{hh}\, h_{t-1} + b)$$

Not allowed: `nn.RNN`, `nn.RNNCell`, and the library's `rnn_step`. Checked: the values, and the gradient for all
five arguments. Everything else in the chapter repeats this line.
"""

QUESTION = Question("1.1", "One step", TEXT)


def rnn_step(x, h, W_xh, W_hh, b):
    """One step of the recurrent network.

    Args:
        x: input x_t, (B, d_x).
        h: state h_{t−1}, (B, d_h).
        W_xh: (d_h, d_x).
        W_hh: (d_h, d_h).
        b: (d_h,).

    Returns:
        The new state h_t, (B, d_h).
    """
    return torch.tanh(x @ W_xh.T + h @ W_hh.T + b)


PART = QUESTION.part(
    rnn_step,
    2,
    gradients=("x", "h", "W_xh", "W_hh", "b"),
    forbidden=(
        "torch.nn.RNN",
        "torch.nn.RNNCell",
        "torch.rnn_tanh",
        "torch.rnn_tanh_cell",
        "rnn2attn.recurrent",
    ),
)


def inputs(draw, B, d_x, d_h, scale=0.4):
    return {
        "x": draw.normal(B, d_x),
        "h": draw.normal(B, d_h, scale=0.6),
        "W_xh": draw.normal(d_h, d_x, scale=scale),
        "W_hh": draw.normal(d_h, d_h, scale=scale),
        "b": draw.normal(d_h, scale=0.5),
    }


@PART.cases
def cases(draw):
    yield "different sizes", inputs(draw, 2, 5, 7)
    yield "as many inputs and examples as units", inputs(draw, 5, 5, 5)
    yield "a batch of one", inputs(draw, 1, 3, 5)


@PART.edges
def edges(draw):
    yield "one unit", inputs(draw, 4, 3, 1)
    yield "as many inputs as units", inputs(draw, 3, 5, 5)
    yield "large weights", inputs(draw, 2, 3, 5, scale=8.0)


@PART.mistake(
    "One tanh, around the whole sum: your output can leave (−1, 1), because "
    "terms are added after it or beside it."
)
def two_tanhs(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh.T) + torch.tanh(h @ W_hh.T) + b


@PART.mistake(
    "One tanh, around the whole sum: your bias is added after it, so your "
    "output can leave (−1, 1)."
)
def bias_outside(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh.T + h @ W_hh.T) + b


@PART.mistake("Linear so far. Which part of the equation squashes?")
def no_tanh(x, h, W_xh, W_hh, b):
    return x @ W_xh.T + h @ W_hh.T + b


@PART.mistake("The equation has tanh; yours is the logistic function σ.")
def sigmoid(x, h, W_xh, W_hh, b):
    return torch.sigmoid(x @ W_xh.T + h @ W_hh.T + b)


@PART.mistake(
    "The right pre-activation minus yours is exactly b: it was forgotten. "
    "(PyTorch's two biases are one sum here.)"
)
def no_bias(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh.T + h @ W_hh.T)


@PART.mistake(
    "The right pre-activation minus yours is exactly −b: it was added twice. "
    "(PyTorch's two biases are one sum here.)"
)
def bias_twice(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh.T + b + h @ W_hh.T + b)


@PART.mistake(
    "Weights lie (out, in): W h for a column is `h @ W.T` for a batch of "
    "rows. W_hh is square, so the shapes do not show that it was not "
    "transposed."
)
def state_not_transposed(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh.T + h @ W_hh + b)


@PART.mistake(
    "Weights lie (out, in): W x for a column is `x @ W.T` for a batch of "
    "rows. Where W_xh is square, the shapes do not show that it was not "
    "transposed."
)
def input_not_transposed(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh + h @ W_hh.T + b)


@PART.mistake(
    "Weights lie (out, in): W h for a column is `h @ W.T` for a batch of "
    "rows. Neither of your matrices was transposed."
)
def neither_transposed(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh + h @ W_hh + b)


@PART.mistake(
    "`W @ h` is right for one column. In a batch the examples are rows, and "
    "the product is `h @ W.T`."
)
def columns(x, h, W_xh, W_hh, b):
    return torch.tanh(W_xh @ x + W_hh @ h + b)


@PART.mistake(
    "The input went through the state's matrix, and the state through the "
    "input's. That only runs where d_x = d_h."
)
def exchanged(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_hh.T + h @ W_xh.T + b)
