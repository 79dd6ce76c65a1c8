"""7.1, first part: one step of linear attention with a gate."""

import torch

from rnn2attn_grading.questions.chapter07.q1_forms import QUESTION
from rnn2attn_grading.questions.chapter07.ready_made import READY_MADE

TEXT = r"""
**One step.** Write it for a batch:

$$
S_t = a_t S_{t-1} + v_t k_t^\top \qquad o_t = S_t q_t
$$

Checked: the output and the state, and the gradient for all five arguments.
"""


def write_and_read(S, q, k, v, a):
    """One step of linear attention with a gate.

    Args:
        S: the state before the step, (B, d_v, d_k).
        q: query, (B, d_k).
        k: key, (B, d_k).
        v: value, (B, d_v).
        a: the share of the state that is kept, (B,), from 0 to 1.

    Returns:
        The tuple of the output, (B, d_v), and the state after the step.
    """
    S = a[:, None, None] * S + v[:, :, None] * k[:, None]
    return torch.einsum("bvk,bk->bv", S, q), S


PART = QUESTION.part(
    write_and_read,
    1,
    gradients=("S", "q", "k", "v", "a"),
    forbidden=READY_MADE,
    text=TEXT,
    difficulty=1,
)


def shares(draw, *shape, low=0.2, high=0.9):
    """Numbers between 0 and 1."""
    count = torch.Size(shape).numel()
    drawn = [draw.uniform(low, high) for _ in range(count)]
    return torch.tensor(drawn, dtype=torch.float64).reshape(shape)


def inputs(draw, B, d_v, d_k):
    return {
        "S": draw.normal(B, d_v, d_k),
        "q": draw.normal(B, d_k),
        "k": draw.normal(B, d_k),
        "v": draw.normal(B, d_v),
        "a": shares(draw, B),
    }


@PART.cases
def cases(draw):
    yield "different sizes", inputs(draw, 2, 5, 3)
    yield "all sizes alike", inputs(draw, 3, 3, 3)
    yield "a batch of one", inputs(draw, 1, 2, 4)


@PART.edges
def edges(draw):
    given = inputs(draw, 3, 2, 5)
    given["a"][0], given["a"][1] = 0, 1
    yield "a row that forgets everything, one that forgets nothing", given
    yield "values of one number", inputs(draw, 2, 1, 4)


def outer(v, k):
    return v[:, :, None] * k[:, None]


def read(S, q):
    return torch.einsum("bvk,bk->bv", S, q)


def variant(S, q, k, v, a, *, state=None, output=None):
    """The right answer with the state, or what is read, replaced."""
    kept, pair = a[:, None, None] * S, outer(v, k)
    after = state(kept, pair) if state else kept + pair
    return (output(after) if output else read(after, q)), after


@PART.mistake(
    "The new state is right. You read the old one: the pair of this step is "
    "not in your output yet."
)
def reads_first(S, q, k, v, a):
    return variant(S, q, k, v, a, output=lambda after: read(S, q))


@PART.mistake(
    "The new state is right. You read what is left of the old one: the pair of "
    "this step is missing in your output."
)
def reads_what_is_left(S, q, k, v, a):
    left = a[:, None, None] * S
    return variant(S, q, k, v, a, output=lambda after: read(left, q))


@PART.mistake(
    "The share falls on the new pair as well. What loses, in the equation, is "
    "what was there before."
)
def pair_fades(S, q, k, v, a):
    share = a[:, None, None]
    return variant(S, q, k, v, a, state=lambda kept, pair: kept + share * pair)


@PART.mistake(
    "You add a share 1 − a of the new pair, as a GRU does. Here it is added "
    "whole."
)
def as_a_gru(S, q, k, v, a):
    share = 1 - a[:, None, None]
    return variant(S, q, k, v, a, state=lambda kept, pair: kept + share * pair)


@PART.mistake("Inverted: a is the share that stays, not the one that goes.")
def inverted(S, q, k, v, a):
    return variant(S, q, k, v, 1 - a)


@PART.mistake("Nothing is forgotten: a does not come up in your answer.")
def nothing_forgotten(S, q, k, v, a):
    return variant(S, q, k, v, torch.ones_like(a))


@PART.mistake(
    "You keep the share 1/a of it: divided by a, the state grows at every step."
)
def divided(S, q, k, v, a):
    return variant(S, q, k, v, 1 / a)


@PART.mistake(
    "Every row of the batch forgets as much as the first one. Each has an a of "
    "its own."
)
def first_share(S, q, k, v, a):
    return variant(S, q, k, v, a[:1])


@PART.mistake(
    "You wrote k vᵀ. S lies (d_v, d_k), so a column belongs to an entry of the "
    "key."
)
def written_transposed(S, q, k, v, a):
    return variant(S, q, k, v, a, state=lambda kept, pair: kept + pair.mT)


@PART.mistake(
    "The new state is right, and you read it the wrong way round: the sum runs "
    "over its rows, where it has to run over the entries of the key."
)
def read_transposed(S, q, k, v, a):
    return variant(S, q, k, v, a, output=lambda after: read(after.mT, q))


@PART.mistake(
    "The new state is right. You read it with the key: that returns what is "
    "stored under k, and it is q that asks."
)
def read_with_key(S, q, k, v, a):
    return variant(S, q, k, v, a, output=lambda after: read(after, k))


@PART.mistake(
    "The new state is right. The output is divided by √d_k, which was there to "
    "tame a softmax; there is none."
)
def scaled(S, q, k, v, a):
    return variant(
        S, q, k, v, a, output=lambda after: read(after, q) / len(q[0]) ** 0.5
    )


@PART.mistake(
    "The gate is spread over the columns: a has one entry for each row of the "
    "batch, and it runs only where there are as many keys' entries."
)
def along_columns(S, q, k, v, a):
    return variant(S, q, k, v, a, state=lambda kept, pair: a * S + pair)


@PART.mistake(
    "The new state is right. The output is v times q · k: only the pair of "
    "this step, and nothing of what was stored before."
)
def newest_alone(S, q, k, v, a):
    return variant(S, q, k, v, a, output=lambda after: read(outer(v, k), q))
