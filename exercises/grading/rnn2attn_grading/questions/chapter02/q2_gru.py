"""2.2: a step of the GRU."""

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Write one step of the GRU for a batch, in PyTorch's form: $z$ keeps, and $r$ acts after the matrix.

$$
\begin{aligned}
r_t &= \sigma(W_{xr} x_t + b_{xr} + W_{hr} h_{t-1} + b_{hr})\\
z_t &= \sigma(W_{xz} x_t + b_{xz} + W_{hz} h_{t-1} + b_{hz})\\
n_t &= \tanh(W_{xn} x_t + b_{xn} + r_t \odot (W_{hn} h_{t-1} + b_{hn}))\\
h_t &= z_t \odot h_{t-1} + (1 - z_t) \odot n_t
\end{aligned}
$$

The blocks are stacked in the order r, z, n. Not allowed: `nn.GRU`, `nn.GRUCell`, and the functions of
`rnn2attn.recurrent`. Checked: the values, and the gradient for all six arguments. Papers and programs differ from
each other in four places here; each of them is a way to be wrong.
"""

HINTS = r"""
Three blocks, and one of them is not like the others: in the candidate, x and h do not meet in one sum. And which
way round does z mix here, as z = 1 keeps?

Cut `x @ W_x.T + b_x` and `h @ W_h.T + b_h` apart, each into r, z, n, (B, $d_h$). The gates add their two pieces. In
the candidate r multiplies the whole piece that comes from h, its bias included.

`x_r, x_z, x_n` and `h_r, h_z, h_n` by two `.chunk(3, dim=1)`; `r` and `z` are σ of sums; `n` is the tanh of `x_n`
plus r times `h_n`; then z times the old h plus (1 − z) times n.
"""

QUESTION = Question(
    "2.2", "One step of the GRU", TEXT, minutes=20, difficulty=2, hints=HINTS
)


def gru_step(x, h, W_x, W_h, b_x, b_h):
    """One step of the GRU, as PyTorch has it.

    Args:
        x: input x_t, (B, d_x).
        h: state h_{t−1}, (B, d_h).
        W_x: blocks r, z, n, (3 d_h, d_x).
        W_h: the same blocks, (3 d_h, d_h).
        b_x: the same blocks, (3 d_h,).
        b_h: the same blocks, (3 d_h,).

    Returns:
        The new state h_t, (B, d_h).
    """
    x_r, x_z, x_n = (x @ W_x.T + b_x).chunk(3, dim=1)
    h_r, h_z, h_n = (h @ W_h.T + b_h).chunk(3, dim=1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return z * h + (1 - z) * n


PART = QUESTION.part(
    gru_step,
    4,
    gradients=("x", "h", "W_x", "W_h", "b_x", "b_h"),
    forbidden=(
        "torch.nn.GRU",
        "torch.nn.GRUCell",
        "torch.gru",
        "torch.gru_cell",
        "rnn2attn.recurrent",
    ),
)


@QUESTION.now("""
A network that PyTorch trained runs on your step. `nn.GRU` learns a sentence by heart, and then your function writes
with its weights, letter by letter. Then twice more, with one block of biases moved by 4: that of z, and that of r,
down. Before you run the cell: what will it write when z is near 1? And does it need r at all?
""")
def write_with_it(gru_step):
    from torch import nn

    sentence = "one gate keeps, and one forgets."
    letters = sorted(set(sentence))
    ids = torch.tensor([letters.index(letter) for letter in sentence])
    x = torch.eye(len(letters))
    torch.manual_seed(0)
    gru, output = nn.GRU(len(letters), 32), nn.Linear(32, len(letters))
    adam = torch.optim.Adam([*gru.parameters(), *output.parameters()], 1e-2)
    for _ in range(150):
        logits = output(gru(x[ids[:-1]])[0])
        loss = F.cross_entropy(logits, ids[1:])
        adam.zero_grad()
        loss.backward()
        adam.step()
    for name, moved in (
        ("as it was", {}),
        ("z up", {1: 4}),
        ("r down", {0: -4}),
    ):
        W_x, W_h, b_x, b_h = (W.detach().clone() for W in gru.parameters())
        for block, by in moved.items():
            b_x[32 * block : 32 * (block + 1)] += by
        h, said = torch.zeros(1, 32), sentence[0]
        while len(said) < len(sentence):
            now = x[letters.index(said[-1])][None]
            h = gru_step(now, h, W_x, W_h, b_x, b_h)
            said += letters[output(h).argmax()]
        print(f"{name:9}: {said}")


def inputs(draw, B, d_x, d_h, scale=0.4):
    gates = draw.normal(2 * d_h, scale=0.5)
    candidate = draw.normal(d_h, scale=2.0)  # shows whether r multiplies it
    return {
        "x": draw.normal(B, d_x),
        "h": draw.normal(B, d_h),
        "W_x": draw.normal(3 * d_h, d_x, scale=scale),
        "W_h": draw.normal(3 * d_h, d_h, scale=scale),
        "b_x": draw.normal(3 * d_h, scale=0.5),
        "b_h": torch.cat([gates, candidate]),
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


def variant(
    x, h, W_x, W_h, b_x, b_h, *,
    order="rzn", gate=torch.sigmoid, candidate=None, mix=None,
):  # fmt: skip
    """The right answer with one part of it replaced."""
    from_x = dict(zip(order, (x @ W_x.T + b_x).chunk(3, dim=1), strict=True))
    from_h = dict(zip(order, (h @ W_h.T + b_h).chunk(3, dim=1), strict=True))
    r, z = (gate(from_x[letter] + from_h[letter]) for letter in "rz")
    candidate = candidate or (lambda r, z, a, c: torch.tanh(a + r * c))
    n = candidate(r, z, from_x["n"], from_h["n"])
    return z * h + (1 - z) * n if mix is None else mix(r, z, n)


def last(rows):
    return rows.chunk(3)[2]


def other_mix(r, z, n, h):
    return (1 - z) * h + z * n


@PART.mistake(
    "Your z takes, as in Chung et al. (2014): z = 1 puts the candidate in. "
    "Here z = 1 keeps."
)
def z_takes(*given):
    return variant(*given, mix=lambda r, z, n: other_mix(r, z, n, given[1]))


@PART.mistake(
    "Your r acts on h before the matrix, as in Cho et al. (2014). In "
    "PyTorch's form it multiplies what comes out of the matrix, its bias "
    "included."
)
def reset_before(x, h, W_x, W_h, b_x, b_h):
    return variant(
        x, h, W_x, W_h, b_x, b_h,
        candidate=lambda r, z, a, _: torch.tanh(
            a + (r * h) @ last(W_h).T + last(b_h)
        ),
    )  # fmt: skip


@PART.mistake(
    "Two things: your r acts before the matrix, and your z takes. That is "
    "the GRU of Chung et al. (2014); look at the last two equations."
)
def all_of_chung(x, h, W_x, W_h, b_x, b_h):
    return variant(
        x, h, W_x, W_h, b_x, b_h,
        candidate=lambda r, z, a, _: torch.tanh(
            a + (r * h) @ last(W_h).T + last(b_h)
        ),
        mix=lambda r, z, n: other_mix(r, z, n, h),
    )  # fmt: skip


@PART.mistake(
    "The bias b_hn stands inside of what r multiplies; yours is added "
    "outside. That is why the GRU has two biases."
)
def bias_outside(x, h, W_x, W_h, b_x, b_h):
    return variant(
        x, h, W_x, W_h, b_x, b_h,
        candidate=lambda r, z, a, _: torch.tanh(
            a + r * (h @ last(W_h).T) + last(b_h)
        ),
    )  # fmt: skip


@PART.mistake(
    "Both biases of the candidate stand inside of what r multiplies. One of "
    "them comes with the input."
)
def both_biases_inside(x, h, W_x, W_h, b_x, b_h):
    return variant(
        x, h, W_x, W_h, b_x, b_h,
        candidate=lambda r, z, a, c: torch.tanh(
            a - last(b_x) + r * (c + last(b_x))
        ),
    )  # fmt: skip


@PART.mistake(
    "Your r multiplies the whole sum in the candidate. It touches only what "
    "comes from h; the input passes."
)
def reset_on_all(*given):
    return variant(*given, candidate=lambda r, z, a, c: torch.tanh(r * (a + c)))


@PART.mistake(
    "Your r multiplies what comes from the input, not what comes from h."
)
def reset_on_the_input(*given):
    return variant(*given, candidate=lambda r, z, a, c: torch.tanh(r * a + c))


@PART.mistake("The reset gate is idle: r does not occur in your candidate.")
def no_reset(*given):
    return variant(*given, candidate=lambda r, z, a, c: torch.tanh(a + c))


@PART.mistake(
    "In the candidate stands z where r should: one decides what the "
    "candidate sees, the other who wins."
)
def z_resets(*given):
    return variant(*given, candidate=lambda r, z, a, c: torch.tanh(a + z * c))


@PART.mistake(
    "The first block of rows belongs to r, the second to z. Yours are "
    "exchanged, as Keras has them."
)
def order_zrn(*given):
    return variant(*given, order="zrn")


@PART.mistake(
    "The candidate's block of rows is the last one; yours is the first."
)
def order_nrz(*given):
    return variant(*given, order="nrz")


@PART.mistake(
    "In the last equation stands r where z should: one decides what the "
    "candidate sees, the other who wins."
)
def r_mixes(*given):
    h = given[1]
    return variant(*given, mix=lambda r, z, n: r * h + (1 - r) * n)


@PART.mistake(
    "r multiplies h in the last equation. It belongs to the candidate alone: "
    "what z keeps, it keeps unchanged."
)
def reset_in_the_mix(*given):
    h = given[1]
    return variant(*given, mix=lambda r, z, n: z * (r * h) + (1 - z) * n)


@PART.mistake(
    "The candidate enters whole. In the last equation the two shares add up "
    "to 1, so that h stays between the old state and the candidate."
)
def shares_do_not_add_up(*given):
    h = given[1]
    return variant(*given, mix=lambda r, z, n: z * h + n)


@PART.mistake(
    "The candidate went through σ. It lies in (−1, 1); σ is for the gates."
)
def candidate_sigmoid(*given):
    return variant(
        *given, candidate=lambda r, z, a, c: torch.sigmoid(a + r * c)
    )


@PART.mistake(
    "Your gates went through tanh and can be negative. A gate is a share, "
    "between 0 and 1."
)
def gates_tanh(*given):
    return variant(*given, gate=torch.tanh)


@PART.mistake("Right but for b_h: it was left out.")
def no_recurrent_bias(x, h, W_x, W_h, b_x, b_h):
    return variant(x, h, W_x, W_h, b_x, 0 * b_h)


@PART.mistake("Right but for the biases: both were left out.")
def no_bias(x, h, W_x, W_h, b_x, b_h):
    return variant(x, h, W_x, W_h, 0 * b_x, 0 * b_h)


@PART.mistake("b_x and b_h are exchanged. In the candidate that matters.")
def biases_exchanged(x, h, W_x, W_h, b_x, b_h):
    return variant(x, h, W_x, W_h, b_h, b_x)


@PART.mistake(
    "A block is d_h rows that lie together. You took every third row, as if "
    "the gates took turns."
)
def interleaved(x, h, *parameters):
    return variant(
        x, h, *(torch.cat([p[k::3] for k in range(3)]) for p in parameters)
    )


@PART.mistake(
    "The input went through W_h, and the state through W_x. That only runs "
    "where d_x = d_h."
)
def exchanged(x, h, W_x, W_h, b_x, b_h):
    return variant(x, h, W_h, W_x, b_x, b_h)


@PART.mistake(
    "Your new state is the candidate alone: z does not occur, and nothing of "
    "the old state is kept as it was."
)
def candidate_alone(*given):
    return variant(*given, mix=lambda r, z, n: n)


@PART.mistake(
    "The old state enters whole. In the last equation z says which share of it "
    "is kept."
)
def old_state_whole(*given):
    h = given[1]
    return variant(*given, mix=lambda r, z, n: h + (1 - z) * n)


@PART.mistake(
    "In your candidate stands 1 − r. In spite of its name r = 1 lets the state "
    "pass, and r = 0 resets."
)
def reset_inverted(*given):
    return variant(
        *given, candidate=lambda r, z, a, c: torch.tanh(a + (1 - r) * c)
    )
