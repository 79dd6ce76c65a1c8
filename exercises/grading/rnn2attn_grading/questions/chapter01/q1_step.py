"""1.1: the step."""

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Write one step of the recurrent network for a batch, from its equation:

$$h_t = \tanh(W_{xh}\, x_t + W_{hh}\, h_{t-1} + b)$$

Not allowed: `nn.RNN`, `nn.RNNCell`, and the library's `rnn_step`. Checked: the values, and the gradient for all
five arguments. Everything else in the chapter repeats this line.
"""

HINTS = r"""
One tanh, around one sum of three terms. In a batch each example is a row of `x` and of `h`; the equation is written
for columns.

The result is (B, $d_h$). Which of `x @ W_xh` and `x @ W_xh.T` has this shape, where $d_x$ and $d_h$ differ? $W_{hh}$
is square, so no shape tells you of it; it lies the same way.

Multiply the rows of `x` by the transposed $W_{xh}$ and those of `h` by the transposed $W_{hh}$; add both and `b`,
which PyTorch repeats for each row; and put `torch.tanh` around the whole.
"""

QUESTION = Question(
    "1.1", "One step", TEXT, minutes=10, difficulty=1, hints=HINTS
)


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


@QUESTION.now("""
Your step learns to spell. A network of eight units, which calls your function at every letter, is trained on the word
hello. Now and then it gets an h and goes on alone: it reads what it has just said. Before you run the cell: which
letter will be wrong longest, and what must the state hold there that the letter just read cannot tell?
""")
def spell_hello(rnn_step):
    letters = "ehlo"
    ids = torch.tensor([letters.index(letter) for letter in "hello"])
    x = torch.eye(4).double()[:, None]  # x[i] is letter i as a batch of one
    torch.manual_seed(0)
    shapes = (8, 4), (8, 8), (8,), (4, 8)
    weights = [torch.randn(shape).double().mul(0.3) for shape in shapes]
    W_xh, W_hh, b, W_hy = (W.requires_grad_() for W in weights)
    adam = torch.optim.Adam(weights, lr=0.005)
    for update in range(31):
        h, loss = torch.zeros(1, 8).double(), 0
        for t in range(4):
            h = rnn_step(x[ids[t]], h, W_xh, W_hh, b)
            loss = loss + F.cross_entropy(h @ W_hy.T, ids[t + 1 : t + 2])
        if update % 5 == 0:
            h, said = torch.zeros(1, 8).double(), "h"
            while len(said) < 5:
                h = rnn_step(x[letters.index(said[-1])], h, W_xh, W_hh, b)
                said += letters[(h @ W_hy.T).argmax()]
            print(f"after {update:2} updates: {said}")
        adam.zero_grad()
        loss.backward()
        adam.step()


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


@PART.mistake(
    "The state joins the sum before the tanh, not after it: yours is added to "
    "what the tanh of the input gives."
)
def state_outside(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh.T + b) + h @ W_hh.T


@PART.mistake(
    "One tanh, around the whole sum: input and state have one each in yours, "
    "so that your output can reach ±2."
)
def tanh_for_each(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh.T) + torch.tanh(h @ W_hh.T + b)


@PART.mistake(
    "A matrix of another shape is not the transposed one: reshaping keeps the "
    "numbers in the order in which they lie. Exchange the axes."
)
def reshaped(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh.reshape(W_xh.T.shape) + h @ W_hh.T + b)


@PART.mistake(
    "The old state was added to the new one. In the equation it comes in by "
    "W_hh alone."
)
def added_to_the_old_state(x, h, W_xh, W_hh, b):
    return h + rnn_step(x, h, W_xh, W_hh, b)
