"""7.3, second part: what the delta rule writes, without the keys."""

import torch

from rnn2attn_grading.questions.chapter07.q1a_step import shares
from rnn2attn_grading.questions.chapter07.q3_delta import QUESTION
from rnn2attn_grading.questions.chapter07.ready_made import READY_MADE

TEXT = r"""
**T steps, without the keys.** From $S_0 = 0$ and without a gate, step t of the delta rule adds $u_t k_t^\top$ with
$u_t = \beta_t (v_t - S_{t-1} k_t)$. So $S_{t-1} = \sum_{i<t} u_i k_i^\top$, and the state is known as soon as the
$u$ are. Find them. You get values, shares, and of the keys only their products with each other, $G_{t,i} = k_t \cdot
k_i$: no state can be built from that, and none is needed. G is symmetric, but here each of its entries is an input by
itself: for i < t take $k_t \cdot k_i$ from row t, below the diagonal. Networks that are trained with the delta rule
solve this for each chunk, because it is a system that a matrix product and one triangular solution do at once
(DeltaNet, Yang et al., 2024). Checked: the values, and the gradient for all three arguments.
"""


def written(v, gram, beta):
    """What the delta rule writes in each of T steps.

    Args:
        v: values, (B, T, d_v).
        gram: products of keys with each other, (B, T, T); [t, i] with i < t,
            below the diagonal, is the one to use.
        beta: the share of the difference that is written, (B, T).

    Returns:
        u_1 … u_T, (B, T, d_v): step t adds u_t under the key of step t.
    """
    share = beta[:, :, None]
    A = torch.eye(v.shape[1]) + share * gram.tril(-1)
    return torch.linalg.solve_triangular(A, share * v, upper=False)


PART = QUESTION.part(
    written,
    2,
    gradients=("v", "gram", "beta"),
    forbidden=READY_MADE,
    text=TEXT,
    difficulty=3,
)


def inputs(draw, B, T, d_v, d_k):
    k = draw.normal(B, T, d_k, scale=0.7)
    return {
        "v": draw.normal(B, T, d_v),
        "gram": (k @ k.mT).round(decimals=4),
        "beta": shares(draw, B, T),
    }


@PART.cases
def cases(draw):
    yield "different sizes", inputs(draw, 2, 5, 3, 4)
    yield "as many steps as a value has numbers", inputs(draw, 3, 4, 4, 3)
    yield "a batch of one", inputs(draw, 1, 4, 2, 3)


@PART.edges
def edges(draw):
    yield "one step", inputs(draw, 2, 1, 3, 2)
    given = inputs(draw, 2, 5, 2, 3)
    given["beta"][0, 1:3], given["beta"][1, 2] = 0, 1
    yield "steps that write nothing, one that writes all", given
    again = inputs(draw, 1, 4, 2, 3)
    same = torch.ones(1, 4, 4).double()
    yield (
        "the same key in all steps",
        again | {"gram": same, "beta": torch.ones(1, 4).double()},
    )
    yield "many steps", inputs(draw, 1, 15, 2, 5)


def variant(v, gram, beta, *, matrix=None, right=None):
    """The right answer with the matrix of the system, or its right side, replaced."""
    share = beta[:, :, None]
    lower = matrix(gram, share) if matrix else share * gram.tril(-1)
    A = torch.eye(v.shape[1]) + lower
    return torch.linalg.solve(A, right(v, share) if right else share * v)


@PART.mistake(
    "Nothing is looked up: you return β v. That is right for step 1 alone, "
    "where nothing stands yet."
)
def nothing_looked_up(v, gram, beta):
    return beta[:, :, None] * v


@PART.mistake(
    "What stands under a key is made of the u of earlier steps, and not of "
    "their values: a value was not written as it is."
)
def made_of_values(v, gram, beta):
    return beta[:, :, None] * (v - gram.tril(-1) @ v)


@PART.mistake(
    "What stands under a key is made of the u of earlier steps. You take β v "
    "for them, as if nothing had stood there then."
)
def one_correction(v, gram, beta):
    share = beta[:, :, None]
    return share * (v - gram.tril(-1) @ (share * v))


@PART.mistake(
    "A step finds what it is about to write: the sum runs over the steps "
    "before t, and G has its diagonal, too."
)
def own_step(v, gram, beta):
    return variant(v, gram, beta, matrix=lambda G, b: b * G.tril())


@PART.mistake(
    "Your steps find what later ones write: the whole of G is in the system, "
    "and its upper half is of the future."
)
def whole_gram(v, gram, beta):
    return variant(v, gram, beta, matrix=lambda G, b: b * G)


@PART.mistake(
    "The wrong half of G: each step finds what the steps behind it write."
)
def upper_half(v, gram, beta):
    return variant(v, gram, beta, matrix=lambda G, b: b * G.triu(1))


@PART.mistake(
    "The values are right. You read G above its diagonal, where the numbers "
    "are the same and other inputs: for i < t, k_t · k_i stands in row t."
)
def above_the_diagonal(v, gram, beta):
    return variant(v, gram, beta, matrix=lambda G, b: b * G.mT.tril(-1))


@PART.mistake(
    "In the sum stands the β of the earlier step. It is the share of step t "
    "that takes what is found."
)
def earlier_beta(v, gram, beta):
    return variant(v, gram, beta, matrix=lambda G, b: G.tril(-1) * b.mT)


@PART.mistake(
    "What is found is taken out whole, and β falls on the value alone. It "
    "falls on the difference."
)
def beta_on_the_value(v, gram, beta):
    return variant(v, gram, beta, matrix=lambda G, b: G.tril(-1))


@PART.mistake(
    "What is found is taken out for a share of it, and the value is written "
    "whole. β falls on the difference."
)
def value_whole(v, gram, beta):
    return variant(v, gram, beta, right=lambda v, b: v)


@PART.mistake("The sign of the sum: what is found has to be taken away.")
def sign(v, gram, beta):
    return variant(v, gram, beta, matrix=lambda G, b: -b * G.tril(-1))


@PART.mistake(
    "Only the step just before is looked at. Under a key there may be "
    "something of all earlier ones."
)
def one_step_back(v, gram, beta):
    return variant(v, gram, beta, matrix=lambda G, b: b * G.tril(-1).triu(-1))


@PART.mistake("β comes up twice: what you return is β u.")
def beta_twice(v, gram, beta):
    return beta[:, :, None] * variant(v, gram, beta)


@PART.mistake(
    "You return the differences, before β. What is written is a share of them."
)
def differences(v, gram, beta):
    return variant(
        v, gram, beta,
        matrix=lambda G, b: G.tril(-1) * b.mT,
        right=lambda v, b: v,
    )  # fmt: skip


@PART.mistake("The whole difference is written: β does not come up.")
def no_beta(v, gram, beta):
    return variant(v, gram, torch.ones_like(beta))
