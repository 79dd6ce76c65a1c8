"""7.3, first part: one step of the delta rule, with a gate."""

import torch

from rnn2attn_grading.questions.chapter07.q1a_step import outer, read, shares
from rnn2attn_grading.questions.chapter07.q3_delta import QUESTION
from rnn2attn_grading.questions.chapter07.ready_made import READY_MADE

TEXT = r"""
**One step.** Write it for a batch, with a gate in front of it, as in Gated DeltaNet (Yang et al., 2025):

$$
\tilde S = a_t S_{t-1} \qquad S_t = \tilde S + \beta_t \bigl(v_t - \tilde S k_t\bigr)\, k_t^\top
$$

Keys have any length here. Checked: the new state, and the gradient for all five arguments.
"""


def delta_step(S, k, v, beta, a):
    """One step of the delta rule.

    Args:
        S: the state before the step, (B, d_v, d_k).
        k: key, (B, d_k).
        v: value, (B, d_v).
        beta: the share of the difference that goes in, (B,), from 0 to 1.
        a: the share of the state that is kept, (B,), from 0 to 1.

    Returns:
        The state after the step, (B, d_v, d_k).
    """
    S = a[:, None, None] * S
    found = torch.einsum("bvk,bk->bv", S, k)
    new = beta[:, None] * (v - found)
    return S + new[:, :, None] * k[:, None]


PART = QUESTION.part(
    delta_step,
    2,
    gradients=("S", "k", "v", "beta", "a"),
    forbidden=READY_MADE,
    text=TEXT,
)


def inputs(draw, B, d_v, d_k):
    return {
        "S": draw.normal(B, d_v, d_k),
        "k": draw.normal(B, d_k),
        "v": draw.normal(B, d_v),
        "beta": shares(draw, B),
        "a": shares(draw, B),
    }


@PART.cases
def cases(draw):
    yield "different sizes", inputs(draw, 2, 5, 3)
    yield "all sizes alike", inputs(draw, 3, 3, 3)
    yield "a batch of one", inputs(draw, 1, 2, 4)


@PART.edges
def edges(draw):
    given = inputs(draw, 4, 3, 5)
    given["beta"][:3], given["a"][1:] = torch.tensor([0, 1, 0]), 1
    yield "nothing written, all of it, nothing at all", given
    given = inputs(draw, 3, 2, 4)
    given["a"][1], given["k"][2] = 0, 0
    yield "a gate that shuts, a key of zeros", given
    yield "values of one number", inputs(draw, 2, 1, 3)
    yield "keys of one number", inputs(draw, 2, 3, 1)


def variant(S, k, v, beta, a, *, found=None, new=None, key=None, kept=None):
    """The right answer with one part of it replaced."""
    left = a[:, None, None] * S
    there = found(left) if found else read(left, k)
    change = new(there) if new else beta[:, None] * (v - there)
    pair = outer(change, k if key is None else key)
    return kept(left, pair) if kept else left + pair


@PART.mistake(
    "You look at the memory before it has forgotten. The difference is taken "
    "to what is left there when the pair is written."
)
def read_before(S, k, v, beta, a):
    return variant(S, k, v, beta, a, found=lambda left: read(S, k))


@PART.mistake(
    "What is read has forgotten; what you add to has not. S̃ is in the "
    "equation twice."
)
def added_to_the_old(S, k, v, beta, a):
    return variant(S, k, v, beta, a, kept=lambda left, pair: S + pair)


@PART.mistake(
    "The memory forgets in the end, and the new pair with it. The gate comes "
    "first."
)
def forgets_at_the_end(S, k, v, beta, a):
    share = a[:, None, None]
    return share * variant(S, k, v, beta, torch.ones_like(a))


@PART.mistake(
    "You never look at what stands under the key. That is the sum of linear "
    "attention, with a factor."
)
def only_added(S, k, v, beta, a):
    return variant(S, k, v, beta, a, new=lambda there: beta[:, None] * v)


@PART.mistake(
    "The sign of the difference: you move away from the value, and the error "
    "grows."
)
def away_from_the_value(S, k, v, beta, a):
    return variant(
        S, k, v, beta, a, new=lambda there: beta[:, None] * (there - v)
    )


@PART.mistake("The whole difference is written: β does not come up.")
def no_beta(S, k, v, beta, a):
    return variant(S, k, v, torch.ones_like(beta), a)


@PART.mistake(
    "β falls on the value alone. What stood there is taken out whole, and the "
    "new one put in for a share of it."
)
def beta_on_the_value(S, k, v, beta, a):
    return variant(
        S, k, v, beta, a, new=lambda there: beta[:, None] * v - there
    )


@PART.mistake(
    "β falls on the old value alone: the new one is added whole, and the old "
    "one taken out for a share of it."
)
def beta_on_the_old(S, k, v, beta, a):
    return variant(
        S, k, v, beta, a, new=lambda there: v - beta[:, None] * there
    )


@PART.mistake("β and a are exchanged: which one is the gate of the state?")
def exchanged(S, k, v, beta, a):
    return variant(S, k, v, a, beta)


@PART.mistake("Nothing is forgotten: a does not come up in your answer.")
def nothing_forgotten(S, k, v, beta, a):
    return variant(S, k, v, beta, torch.ones_like(a))


@PART.mistake("Inverted: a is the share that stays, not the one that goes.")
def inverted(S, k, v, beta, a):
    return variant(S, k, v, beta, 1 - a)


@PART.mistake(
    "You make the key's length 1 first. Some networks do so before they come "
    "here; the equation does not."
)
def normalised(S, k, v, beta, a):
    length = (k**2).sum(dim=1, keepdim=True).sqrt().clamp(min=1e-12)
    return variant(S, k / length, v, beta, a)


@PART.mistake(
    "You fade the whole memory by 1 − β. The delta rule takes out what stands "
    "under this key, and leaves the rest."
)
def all_faded(S, k, v, beta, a):
    share = 1 - beta[:, None, None]
    return variant(
        S, k, v, beta, a,
        new=lambda there: beta[:, None] * v,
        kept=lambda left, pair: share * left + pair,
    )  # fmt: skip


@PART.mistake(
    "You read the memory the wrong way round: S k is a sum over the entries of "
    "the key, for each row of S."
)
def read_transposed(S, k, v, beta, a):
    return variant(S, k, v, beta, a, found=lambda left: read(left.mT, k))


@PART.mistake(
    "The difference is written as k (…)ᵀ. S lies (d_v, d_k): the value is the "
    "column, and the key the row."
)
def written_transposed(S, k, v, beta, a):
    return variant(S, k, v, beta, a, kept=lambda left, pair: left + pair.mT)


@PART.mistake(
    "The difference is taken to the key of each entry by itself, "
    "`v[:, :, None] - S * k`, without the sum. What is read is a value, one "
    "number for each row of S."
)
def not_summed(S, k, v, beta, a):
    left = a[:, None, None] * S
    change = beta[:, None, None] * (v[:, :, None] - left * k[:, None])
    return left + change * k[:, None]


@PART.mistake(
    "You return what is added, without the state to which it is added."
)
def change_alone(S, k, v, beta, a):
    return variant(S, k, v, beta, a, kept=lambda left, pair: pair)


@PART.mistake(
    "All rows of the batch have the β and the a of the first one. Each has its "
    "own."
)
def first_of_both(S, k, v, beta, a):
    return variant(S, k, v, beta[:1], a[:1])


@PART.mistake(
    "The key is missing in the end: the difference is added to all columns "
    "alike, whatever the key."
)
def without_the_key(S, k, v, beta, a):
    return variant(S, k, v, beta, a, key=torch.ones_like(k))
