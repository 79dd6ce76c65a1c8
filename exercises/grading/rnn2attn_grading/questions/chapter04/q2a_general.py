"""4.2, first part: general, from the two maps that make its matrix."""

import torch

from rnn2attn_grading.questions.chapter04.q2_scores import QUESTION

TEXT = r"""
**General, in two maps.** Another way to compare vectors of different sizes is to map both to r entries first, and to
take the dot product there, $e_{t,i} = (W_q q_t) \cdot (W_k k_i)$. That is the general score $q_t^\top W k_i$, with a
$W$ of rank r at most. Find that $W$, and return it together with the scores. Not allowed: `rnn2attn.attention`.
Checked: the matrix, the scores, and their gradients for all four arguments.
"""


def general(query, keys, W_q, W_k):
    """The general score whose matrix is made of two maps.

    Args:
        query: (B, T', d_q).
        keys: (B, T, d_k).
        W_q: (r, d_q).
        W_k: (r, d_k).

    Returns:
        The tuple (W, scores), (d_q, d_k) and (B, T', T).
    """
    W = W_q.T @ W_k
    return W, query @ W @ keys.mT


PART = QUESTION.part(
    general,
    1,
    gradients=("query", "keys", "W_q", "W_k"),
    forbidden=("rnn2attn.attention",),
    text=TEXT,
    difficulty=1,
)


def inputs(draw, B, T_query, T, d_q, d_k, r, scale=1.0):
    return {
        "query": draw.normal(B, T_query, d_q, scale=scale),
        "keys": draw.normal(B, T, d_k, scale=scale),
        "W_q": draw.normal(r, d_q),
        "W_k": draw.normal(r, d_k),
    }


@PART.cases
def cases(draw):
    yield "different sizes", inputs(draw, 2, 3, 5, 4, 7, 2)
    yield "all sizes alike", inputs(draw, 3, 3, 3, 3, 3, 3)
    yield "as many entries, and a map to one", inputs(draw, 2, 2, 3, 5, 5, 1)
    yield "one query, one key", inputs(draw, 1, 1, 1, 2, 3, 5)


@PART.edges
def edges(draw):
    yield "large entries", inputs(draw, 2, 5, 3, 5, 5, 3, scale=30.0)
    yield "as many keys as queries", inputs(draw, 2, 5, 5, 3, 7, 3)


def with_matrix(change):
    """An answer whose matrix is another, in its scores as well."""

    def answer(query, keys, W_q, W_k):
        W = change(W_q, W_k)
        return W, query @ W @ keys.mT

    return answer


transposed = PART.mistake(
    "Your W is transposed: in qᵀ W k its rows belong to the query's entries, "
    "and its columns to the key's. Where both are of one size, no shape shows "
    "it."
)(with_matrix(lambda W_q, W_k: W_k.T @ W_q))
other_order = PART.mistake(
    "Your W is W_q W_kᵀ, which compares rows of the two maps. In qᵀ W k the "
    "sum over their r rows has to be gone."
)(with_matrix(lambda W_q, W_k: W_q @ W_k.T))
as_they_are = PART.mistake(
    "Your W is the product of the maps as they lie, W_q W_k. Of "
    "(W_q q) · (W_k k) = qᵀ W_qᵀ W_k k the first transpose is missing."
)(with_matrix(lambda W_q, W_k: W_q @ W_k))
entry_by_entry = PART.mistake(
    "You multiply the maps entry by entry. Each entry of W is a sum over the r "
    "rows."
)(with_matrix(lambda W_q, W_k: W_q * W_k))
diagonal = PART.mistake(
    "Your W is diagonal: each entry of the query meets the same entry of the "
    "key only. A product of two maps mixes them."
)(with_matrix(lambda W_q, W_k: torch.diag((W_q * W_k).sum(dim=0))))


@PART.mistake(
    "W is right, and your scores do not use it: they are plain dot products of "
    "queries and keys."
)
def plain_dot(query, keys, W_q, W_k):
    return W_q.T @ W_k, query @ keys.mT


@PART.mistake(
    "W is right. Your scores use its transpose, kᵀ W q: the query stands on "
    "the left."
)
def scores_transposed(query, keys, W_q, W_k):
    W = W_q.T @ W_k
    return W, query @ W.T @ keys.mT


@PART.mistake(
    "W is right, and your scores are divided by the root of r. Plain scores "
    "were asked for."
)
def divided(query, keys, W_q, W_k):
    W, scores = general(query, keys, W_q, W_k)
    return W, scores / len(W_q) ** 0.5


@PART.mistake(
    "W is right, and your scores are divided by the root of d_k. Plain scores "
    "were asked for."
)
def divided_by_root_d_k(query, keys, W_q, W_k):
    W, scores = general(query, keys, W_q, W_k)
    return W, scores / len(W.T) ** 0.5


@PART.mistake(
    "W is right. What stands beside it are weights; scores were asked for, "
    "before any softmax."
)
def softmaxed(query, keys, W_q, W_k):
    W, scores = general(query, keys, W_q, W_k)
    return W, scores.softmax(dim=-1)


@PART.mistake(
    "The scores are right, and W is W_q W_kᵀ, which compares rows of the two "
    "maps. In qᵀ W k the sum over their r rows has to be gone."
)
def other_matrix_beside(query, keys, W_q, W_k):
    return W_q @ W_k.T, (query @ W_q.T) @ (keys @ W_k.T).mT
