"""4.2, second part: concat, with the keys projected once."""

import torch

from rnn2attn_grading.questions.chapter04.q2_scores import QUESTION

TEXT = r"""
**Concat.** Query and key side by side, the query first, go through a layer with tanh, and end in one number:
$e_{t,i} = v^\top \tanh(W [q_t ; k_i])$. Not allowed: `rnn2attn.attention`. Checked: the scores, and their gradients
for all four arguments.

Before you run it: which part of the work need not be done again for every query?
"""


def concat(query, keys, W, v):
    """The concat score.

    Args:
        query: (B, T', d_q).
        keys: (B, T, d_k).
        W: (d_a, d_q + d_k).
        v: (d_a,).

    Returns:
        Scores, (B, T', T).
    """
    W_q, W_k = W.split([query.shape[2], keys.shape[2]], dim=1)
    hidden = (query @ W_q.T)[:, :, None] + (keys @ W_k.T)[:, None]
    return torch.tanh(hidden) @ v


PART = QUESTION.part(
    concat,
    2,
    gradients=("query", "keys", "W", "v"),
    forbidden=("rnn2attn.attention",),
    text=TEXT,
)


def inputs(draw, B, T_query, T, d_q, d_k, d_a, scale=1.0):
    return {
        "query": draw.normal(B, T_query, d_q, scale=scale),
        "keys": draw.normal(B, T, d_k, scale=scale),
        "W": draw.normal(d_a, d_q + d_k, scale=0.4),
        "v": draw.normal(d_a),
    }


@PART.cases
def cases(draw):
    yield "different sizes", inputs(draw, 2, 3, 5, 2, 4, 7)
    yield "all sizes alike", inputs(draw, 3, 3, 3, 3, 3, 3)
    yield "keys of another size", inputs(draw, 2, 3, 2, 3, 5, 5)
    yield "one query, one key", inputs(draw, 1, 1, 1, 2, 3, 5)


@PART.edges
def edges(draw):
    yield "one hidden unit", inputs(draw, 2, 3, 5, 5, 3, 1)
    yield "large entries", inputs(draw, 2, 5, 5, 3, 3, 7, scale=10.0)


def joined(query, keys):
    """[q_t ; k_i], (B, T', T, d_q + d_k)."""
    size = (-1, query.shape[1], keys.shape[1], -1)
    return torch.cat(
        [query[:, :, None].expand(size), keys[:, None].expand(size)], dim=3
    )


@PART.mistake(
    "No tanh. Then a score is the sum of one number of the query and one of "
    "the key, the softmax cancels the first, and all queries look at the same "
    "places."
)
def no_tanh(query, keys, W, v):
    return joined(query, keys) @ W.T @ v


@PART.mistake(
    "The key stands first in your [k ; q]. The query does, and the columns of "
    "W lie accordingly."
)
def key_first(query, keys, W, v):
    both = joined(query, keys)
    turned = torch.cat(
        [both[..., query.shape[2] :], both[..., : query.shape[2]]], dim=3
    )
    return torch.tanh(turned @ W.T) @ v


@PART.mistake(
    "The tanh stands around the whole. It bounds every score by 1, and no "
    "weight can become large. It belongs to the hidden layer, before v."
)
def tanh_around_all(query, keys, W, v):
    return torch.tanh(joined(query, keys) @ W.T @ v)


@PART.mistake(
    "Two tanhs: query and key each go through one before they are added. There "
    "is one, around the sum."
)
def tanh_of_each(query, keys, W, v):
    W_q, W_k = W.split([query.shape[2], keys.shape[2]], dim=1)
    of_query = torch.tanh(query @ W_q.T)[:, :, None]
    return (of_query + torch.tanh(keys @ W_k.T)[:, None]) @ v


@PART.mistake(
    "Weights lie (out, in): W q for a column is `q @ W.T` for a batch of rows. "
    "Where all sizes are alike, no shape shows that it was not transposed."
)
def not_transposed(query, keys, W, v):
    W_q, W_k = W.split([query.shape[2], keys.shape[2]], dim=1)
    hidden = (query @ W_q)[:, :, None] + (keys @ W_k)[:, None]
    return torch.tanh(hidden) @ v


@PART.mistake(
    "Query t met key t only, and that in every column: the two sums have to be "
    "spread over different axes."
)
def own_key_only(query, keys, W, v):
    T = keys.shape[1]
    met, own = (x[:, :, None].expand(-1, -1, T, -1) for x in (query, keys))
    return torch.tanh(torch.cat([met, own], dim=3) @ W.T) @ v


@PART.mistake("You left v out: all hidden units are summed alike.")
def without_v(query, keys, W, v):
    return concat(query, keys, W, torch.ones_like(v))


@PART.mistake("σ in place of tanh: hidden units should reach from −1 to 1.")
def sigmoid(query, keys, W, v):
    return torch.sigmoid(joined(query, keys) @ W.T) @ v


@PART.mistake("Those are weights. Scores were asked for, before any softmax.")
def softmaxed(query, keys, W, v):
    return concat(query, keys, W, v).softmax(dim=-1)


@PART.mistake(
    "Queries and keys are both repeated as a whole, so that some pairs come "
    "twice. One of the two is repeated entry by entry, `repeat_interleave`."
)
def both_repeated(query, keys, W, v):
    T_query, T = query.shape[1], keys.shape[1]
    pairs = torch.cat([query.repeat(1, T, 1), keys.repeat(1, T_query, 1)], 2)
    return (torch.tanh(pairs @ W.T) @ v).unflatten(1, (T_query, T))
