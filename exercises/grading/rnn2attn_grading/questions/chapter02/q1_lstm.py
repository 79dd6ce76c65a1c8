"""2.1: a step of the LSTM."""

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Write one step of the LSTM for a batch:

$$
\begin{aligned}
i_t &= \sigma(W_{xi} x_t + W_{hi} h_{t-1} + b_i) & f_t &= \sigma(W_{xf} x_t + W_{hf} h_{t-1} + b_f)\\
g_t &= \tanh(W_{xg} x_t + W_{hg} h_{t-1} + b_g) & o_t &= \sigma(W_{xo} x_t + W_{ho} h_{t-1} + b_o)\\
c_t &= f_t \odot c_{t-1} + i_t \odot g_t & h_t &= o_t \odot \tanh(c_t)
\end{aligned}
$$

The blocks of the four are stacked in the order i, f, g, o. Not allowed: `nn.LSTM`, `nn.LSTMCell`, and the functions
of `rnn2attn.recurrent`. Checked: both states, and the gradient for all arguments, the two old states included.
"""

HINTS = r"""
Four quantities are made in the same way, from x and from h, and differ only in the block of rows and in what
squashes them. One of the four is not squashed by σ. And $h_t$ is made from which cell, the old one or the new one?

`x @ W_x.T + h @ W_h.T + b` is (B, $4 d_h$). Its columns are the blocks i, f, g, o, in this order, $d_h$ each. The
state that comes in and the one that goes out are pairs, h first.

Unpack `h, c = state`; cut the sum by `.chunk(4, dim=1)`; σ on three of the pieces and tanh on the third of them;
the new c is f times the old c plus i times g; the new h is o times the tanh of the new c.
"""

QUESTION = Question(
    "2.1", "One step of the LSTM", TEXT, minutes=15, difficulty=1, hints=HINTS
)


def lstm_step(x, state, W_x, W_h, b):
    """One step of the LSTM.

    Args:
        x: input x_t, (B, d_x).
        state: the pair (h_{t−1}, c_{t−1}), each (B, d_h).
        W_x: blocks i, f, g, o, (4 d_h, d_x).
        W_h: the same blocks, (4 d_h, d_h).
        b: the same blocks, (4 d_h,).

    Returns:
        The new state, the pair (h_t, c_t), each (B, d_h).
    """
    h, c = state
    i, f, g, o = (x @ W_x.T + h @ W_h.T + b).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


PART = QUESTION.part(
    lstm_step,
    3,
    gradients=("x", "state[0]", "state[1]", "W_x", "W_h", "b"),
    forbidden=(
        "torch.nn.LSTM",
        "torch.nn.LSTMCell",
        "torch.lstm",
        "torch.lstm_cell",
        "rnn2attn.recurrent",
    ),
)


@QUESTION.now("""
Your cell counts. `nn.LSTM` was taught to say after each letter how many a's it has read, from strings of 20
letters; then your function runs with its weights over 80, and the picture shows what it says, what is right, and
the cell of the unit that follows the count most closely. Before you run the cell: how large can an entry of h
become, and how large one of c?
""")
def count_letters(lstm_step):
    from torch import nn

    from rnn2attn import plots

    def strings(n, T):
        x = F.one_hot(torch.randint(3, (n, T)), 3).float()
        return x, x[:, :, 0].cumsum(dim=1)

    torch.manual_seed(0)
    lstm, output = nn.LSTM(3, 8, batch_first=True), nn.Linear(8, 1)
    adam = torch.optim.Adam([*lstm.parameters(), *output.parameters()], 0.02)
    for _ in range(400):
        x, counts = strings(32, 20)
        loss = F.mse_loss(output(lstm(x)[0])[:, :, 0], counts)
        adam.zero_grad()
        loss.backward()
        adam.step()
    W_x, W_h, b_ih, b_hh = (W.detach() for W in lstm.parameters())
    x, counts = strings(1, 80)
    state, said, cells = torch.zeros(2, 1, 8).unbind(), [], []
    for x_t in x.unbind(1):
        state = lstm_step(x_t, state, W_x, W_h, b_ih + b_hh)
        said.append(output(state[0]).item())
        cells.append(state[1][0])
    cells = torch.stack(cells, dim=1)
    follows = torch.corrcoef(torch.cat([counts, cells]))[0, 1:].abs().argmax()
    print(f"{counts[0, -1]:.0f} a's in 80 letters; it says {said[-1]:.1f}")
    return plots.lines(
        {"right": counts[0], "said": said, "a cell": cells[follows].abs()},
        xlabel="letters read", ylabel="a's",
    )  # fmt: skip


def inputs(draw, B, d_x, d_h, scale=0.4):
    return {
        "x": draw.normal(B, d_x),
        "state": (draw.normal(B, d_h, scale=0.6), draw.normal(B, d_h)),
        "W_x": draw.normal(4 * d_h, d_x, scale=scale),
        "W_h": draw.normal(4 * d_h, d_h, scale=scale),
        "b": draw.normal(4 * d_h, scale=0.5),
    }


@PART.cases
def cases(draw):
    yield "different sizes", inputs(draw, 2, 7, 11)
    yield "as many inputs and examples as units", inputs(draw, 5, 5, 5)
    yield "a batch of one", inputs(draw, 1, 3, 5)


@PART.edges
def edges(draw):
    yield "one unit", inputs(draw, 3, 2, 1)
    yield "as many inputs as units", inputs(draw, 2, 7, 7)
    yield "large weights", inputs(draw, 2, 3, 5, scale=4.0)
    full = inputs(draw, 2, 3, 5)
    full["state"] = (full["state"][0], 20 * full["state"][1])
    yield "a cell far from zero", full


def variant(
    x, state, W_x, W_h, b, *,
    order="ifgo", gate=torch.sigmoid, candidate=torch.tanh, write=None,
    show=None,
):  # fmt: skip
    """The right answer with one part of it replaced."""
    h, c = state
    blocks = (x @ W_x.T + h @ W_h.T + b).chunk(4, dim=1)
    named = dict(zip(order, blocks, strict=True))
    i, f, o = (gate(named[letter]) for letter in "ifo")
    g = candidate(named["g"])
    new = f * c + i * g if write is None else write(h, c, i, f, g)
    shown = o * torch.tanh(new) if show is None else show(c, new, o)
    return shown, new


@PART.mistake(
    "Rows 2 d_h to 3 d_h hold the candidate g. Yours took them for the output "
    "gate: many drawings and lectures have the order i, f, o, g."
)
def order_ifog(*given):
    return variant(*given, order="ifog")


@PART.mistake(
    "i and f are exchanged. The first block of rows belongs to the input "
    "gate, the second to the forget gate; f multiplies the old cell."
)
def order_figo(*given):
    return variant(*given, order="figo")


@PART.mistake(
    "The second block of rows belongs to the forget gate, the third to the "
    "candidate. Yours are exchanged; TensorFlow's older cells have that order."
)
def order_igfo(*given):
    return variant(*given, order="igfo")


@PART.mistake(
    "The candidate went through σ and lies in (0, 1): with it c could only "
    "grow. A gate says how much, the candidate what, with a sign."
)
def candidate_sigmoid(*given):
    return variant(*given, candidate=torch.sigmoid)


@PART.mistake(
    "The candidate is not squashed: look at the equation of g, and at the "
    "interval it has to lie in."
)
def candidate_linear(*given):
    return variant(*given, candidate=lambda a: a)


@PART.mistake(
    "Your gates went through tanh and can be negative. A gate is a share, "
    "between 0 and 1."
)
def gates_tanh(*given):
    return variant(*given, gate=torch.tanh)


@PART.mistake("Your gates are not squashed: a share lies between 0 and 1.")
def gates_linear(*given):
    return variant(*given, gate=lambda a: a)


@PART.mistake(
    "The input gate is idle: the whole candidate is added to what f leaves."
)
def no_input_gate(*given):
    return variant(*given, write=lambda h, c, i, f, g: f * c + g)


@PART.mistake(
    "The forget gate is idle: the old cell enters whole. That was the LSTM "
    "of 1997."
)
def no_forget_gate(*given):
    return variant(*given, write=lambda h, c, i, f, g: c + i * g)


@PART.mistake(
    "In place of the input gate you have 1 − f. That is the coupled variant; "
    "here nothing makes f + i equal to 1."
)
def coupled(*given):
    return variant(*given, write=lambda h, c, i, f, g: f * c + (1 - f) * g)


@PART.mistake(
    "f multiplied h_{t−1}. What it keeps is the cell, c_{t−1}; h is only what "
    "is shown of it."
)
def keeps_the_output(*given):
    return variant(*given, write=lambda h, c, i, f, g: f * h + i * g)


@PART.mistake(
    "Your new cell went through tanh. The cell has no bound, and nothing "
    "squashes it on its path; tanh stands only in the last equation."
)
def squashed_cell(*given):
    return variant(
        *given, write=lambda h, c, i, f, g: torch.tanh(f * c + i * g)
    )


@PART.mistake(
    "c is right. On its way to h the cell is squashed first; look at the "
    "last equation."
)
def output_not_squashed(*given):
    return variant(*given, show=lambda c, new, o: o * new)


@PART.mistake(
    "c is right, and h looks at the cell before the update. Which c stands "
    "in the last equation?"
)
def shows_the_old_cell(*given):
    return variant(*given, show=lambda c, new, o: o * torch.tanh(c))


@PART.mistake("c is right, and h shows all of it: the output gate is idle.")
def no_output_gate(*given):
    return variant(*given, show=lambda c, new, o: torch.tanh(new))


@PART.mistake("c is right. In h the gate belongs outside of the tanh.")
def gate_inside(*given):
    return variant(*given, show=lambda c, new, o: torch.tanh(o * new))


@PART.mistake(
    "The state is the pair (h, c). You took its first entry for the cell and "
    "fed the second to the gates."
)
def state_exchanged(x, state, W_x, W_h, b):
    return variant(x, state[::-1], W_x, W_h, b)


@PART.mistake(
    "Right but for b: it was left out. (PyTorch's two biases are one sum here.)"
)
def no_bias(x, state, W_x, W_h, b):
    return variant(x, state, W_x, W_h, 0 * b)


@PART.mistake(
    "Right but for b: it was added twice. (PyTorch's two biases are one sum "
    "here.)"
)
def bias_twice(x, state, W_x, W_h, b):
    return variant(x, state, W_x, W_h, 2 * b)


@PART.mistake(
    "A block is d_h rows that lie together. You took every fourth row, as if "
    "the gates took turns."
)
def interleaved(x, state, W_x, W_h, b):
    def sorted_(rows):
        return torch.cat([rows[k::4] for k in range(4)])

    return variant(x, state, sorted_(W_x), sorted_(W_h), sorted_(b))


@PART.mistake(
    "The input went through W_h, and the state through W_x. That only runs "
    "where d_x = d_h."
)
def exchanged(x, state, W_x, W_h, b):
    return variant(x, state, W_h, W_x, b)


@PART.mistake(
    "Your f says how much is forgotten. It says how much is kept: f = 1 leaves "
    "the old cell as it is."
)
def forgets_by_f(*given):
    return variant(*given, write=lambda h, c, i, f, g: (1 - f) * c + i * g)


@PART.mistake(
    "1 was added to the forget gate's bias, as some programs do where training "
    "begins. The equations have b alone."
)
def forget_bias(x, state, W_x, W_h, b):
    raised = b.clone().view(4, -1)
    raised[1] += 1
    return variant(x, state, W_x, W_h, raised.flatten())


@PART.mistake(
    "Your pairs are (c, h), the one that comes in and the one that goes out. "
    "Both have h first."
)
def pairs_exchanged(x, state, W_x, W_h, b):
    return variant(x, state[::-1], W_x, W_h, b)[::-1]


@PART.mistake(
    "Each block of W_h is square, so the shapes do not show that it was not "
    "transposed: h in rows needs `h @ W.T`."
)
def blocks_not_transposed(x, state, W_x, W_h, b):
    turned = torch.cat([block.T for block in W_h.chunk(4)])
    return variant(x, state, W_x, turned, b)


@PART.mistake(
    "c is right, and your output gate looks at it. That is a peephole; here the "
    "gates see x and h alone."
)
def peephole(x, state, W_x, W_h, b):
    _, new = lstm_step(x, state, W_x, W_h, b)
    o = (x @ W_x.T + state[0] @ W_h.T + b).chunk(4, dim=1)[3]
    return torch.sigmoid(o + new) * torch.tanh(new), new
