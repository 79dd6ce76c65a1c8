"""Answers to the exercises of chapter 6."""

import cmath
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from answers import GENERAL, NAMES, chapter

right, wrong = chapter(6)


@right("self_attention", "three products, masked_fill")
def _(x, W_q, W_k, W_v, mask):
    q, k, v = x @ W_q.T, x @ W_k.T, x @ W_v.T
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask.unsqueeze(1), float("-inf"))
    weights = F.softmax(scores, dim=-1)
    return weights @ v, weights


@right("self_attention", "einsum, and a mask of ones if there is none")
def _(x, W_q, W_k, W_v, mask):
    if mask is None:
        mask = torch.ones(x.shape[:2], dtype=torch.bool)
    q, k, v = (torch.einsum("od,btd->bto", W, x) for W in (W_q, W_k, W_v))
    e = torch.einsum("bto,bso->bts", q, k) * W_k.shape[0] ** -0.5
    alpha = torch.where(mask[:, None], e, -torch.inf).softmax(2)
    return torch.einsum("bts,bsv->btv", alpha, v), alpha


@right("self_attention", "one matrix for queries, keys and values")
def _(x, W_q, W_k, W_v, mask):
    q, k, v = F.linear(x, torch.cat([W_q, W_k, W_v])).split([len(W_q), len(W_k), len(W_v)], dim=-1)
    bias = 0 if mask is None else torch.zeros(mask.shape).to(x).masked_fill(~mask, -torch.inf)[:, None]
    weights = torch.softmax(torch.baddbmm(torch.zeros(1).to(x), q / len(W_q) ** 0.5, k.mT) + bias, -1)
    return weights.bmm(v), weights


@right("self_attention", "sequence by sequence, the real words only")
def _(x, W_q, W_k, W_v, mask):
    contexts, weights = [], []
    for b, row in enumerate(x):
        real = torch.arange(len(row)) if mask is None else mask[b].nonzero().squeeze(1)
        keys, values = row[real] @ W_k.T, row[real] @ W_v.T
        alpha = torch.softmax(row @ W_q.T @ keys.T / math.sqrt(len(W_k)), dim=1)
        weights.append(torch.zeros(len(row), len(row)).to(x).index_copy(1, real, alpha))
        contexts.append(alpha @ values)
    return torch.stack(contexts), torch.stack(weights)


@right("self_attention", "a softmax by hand")
def _(x, W_q, W_k, W_v, mask):
    e = (x @ W_q.mT).matmul((x @ W_k.mT).permute(0, 2, 1)).div(math.sqrt(W_q.size(0)))
    e = e if mask is None else e.where(mask[:, None, :], torch.tensor(-torch.inf).to(e))
    powers = (e - e.max(-1, keepdim=True)[0].detach()).exp()
    alpha = powers / powers.sum(-1, keepdim=True)
    return alpha @ (x @ W_v.mT), alpha


@right("self_attention", "contexts of x first, then the matrix of values")
def _(x, W_q, W_k, W_v, mask):
    scores = x @ (W_q.T @ W_k) @ x.mT / math.sqrt(len(W_q))
    if mask is not None:
        scores = scores.masked_fill(mask.logical_not()[:, None], torch.finfo(scores.dtype).min)
    weights = nn.Softmax(dim=2)(scores)
    return weights @ x @ W_v.T, weights


def one_head(x, W_q, W_k, W_v, mask, *, root=None, weigh=None):
    q, k, v = x @ W_q.T, x @ W_k.T, x @ W_v.T
    e = q @ k.mT / (math.sqrt(len(W_k)) if root is None else root)
    m = torch.ones(x.shape[:2], dtype=torch.bool) if mask is None else mask
    a = weigh(e, m) if weigh else e.masked_fill(~m[:, None], -torch.inf).softmax(-1)
    return a @ v, a


@wrong("self_attention", "the root of d_model", NAMES, "The scores are divided by √d_model. A score is a sum over")
def _(x, W_q, W_k, W_v, mask):
    return one_head(x, W_q, W_k, W_v, mask, root=math.sqrt(x.shape[-1]))


@wrong(
    "self_attention", "the root of the size of values", NAMES, "The scores are divided by the root of the size of a"
)
def _(x, W_q, W_k, W_v, mask):
    return one_head(x, W_q, W_k, W_v, mask, root=math.sqrt(len(W_v)))


@wrong("self_attention", "undivided", NAMES, "The scores are not divided by √d_k.")
def _(x, W_q, W_k, W_v, mask):
    return one_head(x, W_q, W_k, W_v, mask, root=1)


@wrong(
    "self_attention",
    "rows of queries that are padding are shut, too",
    NAMES,
    "Right for the queries of real words. One that is padding",
)
def _(x, W_q, W_k, W_v, mask):
    def weigh(e, m):
        a = e.masked_fill(~m[:, None], -torch.inf).softmax(-1)
        return a * m[:, :, None]

    return one_head(x, W_q, W_k, W_v, mask, weigh=weigh)


@wrong(
    "self_attention",
    "the mask is laid over queries",
    NAMES,
    "Your mask acts on the queries, `mask[:, :, None]`. It has",
)
def _(x, W_q, W_k, W_v, mask):
    return one_head(x, W_q, W_k, W_v, mask, weigh=lambda e, m: e.masked_fill(~m[:, :, None], -1e30).softmax(-1))


@wrong("self_attention", "the softmax over queries", NAMES, "Masked words got a large negative number, and you")
def _(x, W_q, W_k, W_v, mask):
    return one_head(x, W_q, W_k, W_v, mask, weigh=lambda e, m: e.masked_fill(~m[:, None], -1e30).softmax(1))


@wrong("self_attention", "a causal mask as well", NAMES, "Your words look at themselves and earlier ones only. No")
def _(x, W_q, W_k, W_v, mask):
    def weigh(e, m):
        return e.masked_fill(~(m[:, None] & torch.ones_like(e).tril().bool()), -1e30).softmax(-1)

    return one_head(x, W_q, W_k, W_v, mask, weigh=weigh)


@wrong("self_attention", "x itself is the values", NAMES, "The weights are right. What is averaged is x itself; the")
def _(x, W_q, W_k, W_v, mask):
    _, a = one_head(x, W_q, W_k, W_v, mask)
    return a @ x, a


@wrong(
    "self_attention", "padding gets a score of 0", NAMES, "You set the scores of masked words to 0. exp(0) is 1, so"
)
def _(x, W_q, W_k, W_v, mask):
    return one_head(x, W_q, W_k, W_v, mask, weigh=lambda e, m: (e * m[:, None]).softmax(-1))


@wrong(
    "self_attention",
    "if mask: without a thought about None",
    NAMES,
    "one row, no mask: Your code stops with TypeError",
)
def _(x, W_q, W_k, W_v, mask):
    q, k, v = x @ W_q.T, x @ W_k.T, x @ W_v.T
    a = (q @ k.mT / math.sqrt(len(W_k))).masked_fill(~mask[:, None], -torch.inf).softmax(-1)
    return a @ v, a


@right("score_variance", "three terms")
def _(d_k, mean_q, var_q, mean_k, var_k):
    return d_k * (var_q * var_k + mean_q**2 * var_k + mean_k**2 * var_q)


@right("score_variance", "the mean of squares less the square of the mean")
def _(d_k, mean_q, var_q, mean_k, var_k):
    square = (var_q + mean_q * mean_q) * (var_k + mean_k * mean_k)
    return d_k * (square - (mean_q * mean_k) ** 2)


@right("score_variance", "a sum over entries")
def _(d_k, mean_q, var_q, mean_k, var_k):
    return math.fsum(var_q * (var_k + mean_k**2) + mean_q**2 * var_k for _ in range(d_k))


@right("score_variance", "two-valued entries, of which all pairs are counted")
def _(d_k, mean_q, var_q, mean_k, var_k):
    q = mean_q - math.sqrt(var_q), mean_q + math.sqrt(var_q)
    k = mean_k - math.sqrt(var_k), mean_k + math.sqrt(var_k)
    products = [a * b for a in q for b in k]
    mean = sum(products) / 4
    return d_k * sum((p - mean) ** 2 for p in products) / 4


@wrong(
    "score_variance",
    "the product of the variances, as for means of 0",
    NAMES,
    "Right for means of 0. With others each product q_j k_j",
)
def _(d_k, mean_q, var_q, mean_k, var_k):
    return d_k * var_q * var_k


@wrong("score_variance", "it is d_k", NAMES, "d_k is right where all means are 0 and the variances")
def _(d_k, mean_q, var_q, mean_k, var_k):
    return float(d_k)


@wrong("score_variance", "the mean of the square", NAMES, "That is d_k times the mean square of a product. Its")
def _(d_k, mean_q, var_q, mean_k, var_k):
    return d_k * (var_q + mean_q**2) * (var_k + mean_k**2)


@wrong("score_variance", "variances add up", NAMES, "You add the variances of the query and the key. Entries")
def _(d_k, mean_q, var_q, mean_k, var_k):
    return d_k * (var_q + var_k)


@wrong("score_variance", "after the division", NAMES, "That is the variance after the division by √d_k. Asked is")
def _(d_k, mean_q, var_q, mean_k, var_k):
    return var_q * var_k + mean_q**2 * var_k + mean_k**2 * var_q


@wrong("score_variance", "the standard deviation", NAMES, "That is the standard deviation, the number by which")
def _(d_k, mean_q, var_q, mean_k, var_k):
    return math.sqrt(d_k * (var_q * var_k + mean_q**2 * var_k + mean_k**2 * var_q))


@wrong("score_variance", "a mean is not squared", NAMES, "You did not square the means.")
def _(d_k, mean_q, var_q, mean_k, var_k):
    return d_k * (var_q * var_k + mean_q * var_k + mean_k * var_q)


@wrong(
    "score_variance", "the means are exchanged", NAMES, "The means are exchanged: what one varies is multiplied by"
)
def _(d_k, mean_q, var_q, mean_k, var_k):
    return d_k * (var_q * var_k + mean_q**2 * var_q + mean_k**2 * var_k)


@wrong("score_variance", "measured on ten thousand draws", GENERAL)
def _(d_k, mean_q, var_q, mean_k, var_k):
    q = mean_q + math.sqrt(var_q) * torch.randn(10000, d_k)
    k = mean_k + math.sqrt(var_k) * torch.randn(10000, d_k)
    return (q * k).sum(1).var().item()


@right("pack_heads", "flattened transposes")
def _(W_q, W_k, W_v, W_o):
    return torch.cat([W.transpose(1, 2).flatten(0, 1) for W in (W_q, W_k, W_v)]), W_o.t()


@right("pack_heads", "heads beside each other, then turned around")
def _(W_q, W_k, W_v, W_o):
    rows = [torch.cat(list(W), dim=1).T for W in (W_q, W_k, W_v)]
    return torch.vstack(rows), W_o.T.contiguous()


@right("pack_heads", "every row of every head in its place")
def _(W_q, W_k, W_v, W_o):
    H, d, d_head = W_q.shape
    packed = torch.zeros(3 * d, d, dtype=W_q.dtype)
    for n, W in enumerate((W_q, W_k, W_v)):
        for h in range(H):
            start = n * d + h * d_head
            packed[start : start + d_head] = W[h].T
    return packed, W_o.mT


@right("pack_heads", "stack, permute and reshape")
def _(W_q, W_k, W_v, W_o):
    d = W_q.shape[1]
    return torch.stack([W_q, W_k, W_v]).permute(0, 1, 3, 2).reshape(3 * d, d), W_o.permute(1, 0)


@right("pack_heads", "einsum alone")
def _(W_q, W_k, W_v, W_o):
    packed = torch.einsum("nhde->nhed", torch.stack((W_q, W_k, W_v)))
    return packed.flatten(0, 2), torch.einsum("ij->ji", W_o)


@wrong(
    "pack_heads", "reshaped without turning around", NAMES, "`reshape` keeps the numbers in the order in which they"
)
def _(W_q, W_k, W_v, W_o):
    d = W_q.shape[1]
    return torch.cat([W.reshape(d, d) for W in (W_q, W_k, W_v)]), W_o.T


@wrong("pack_heads", "W_o as it lies", NAMES, "output[1] holds the right values, transposed")
def _(W_q, W_k, W_v, W_o):
    return torch.cat([W.mT.flatten(0, 1) for W in (W_q, W_k, W_v)]), W_o


@wrong(
    "pack_heads",
    "head by head: its query, key and value together",
    NAMES,
    "`out_proj.weight` is right. In `in_proj_weight` the first",
)
def _(W_q, W_k, W_v, W_o):
    return torch.cat([W.mT for W in (W_q, W_k, W_v)], dim=1).flatten(0, 1), W_o.T


@wrong(
    "pack_heads", "entries of the heads in turns", NAMES, "The heads take turns in your rows: first entry 1 of every"
)
def _(W_q, W_k, W_v, W_o):
    return torch.cat([W.permute(2, 0, 1).flatten(0, 1) for W in (W_q, W_k, W_v)]), W_o.T


@wrong("pack_heads", "joined on the columns, as they lie", NAMES, "Side by side the heads make the matrix (in, out).")
def _(W_q, W_k, W_v, W_o):
    return torch.cat([torch.cat(list(W), dim=1) for W in (W_q, W_k, W_v)]), W_o.T


@wrong("pack_heads", "keys, queries, values", NAMES, "The order is queries, keys, values. Yours is another.")
def _(W_q, W_k, W_v, W_o):
    return torch.cat([W.mT.flatten(0, 1) for W in (W_k, W_q, W_v)]), W_o.T


@wrong("pack_heads", "(in, 3 out)", NAMES, "output[0] holds the right values, transposed")
def _(W_q, W_k, W_v, W_o):
    return torch.cat([W.mT.flatten(0, 1) for W in (W_q, W_k, W_v)]).T, W_o.T


@right("shares_of_heads", "a block of columns for each head")
def _(contexts, W_o):
    d = contexts.shape[-1]
    return torch.stack([contexts[:, h] @ W_o[:, h * d : (h + 1) * d].T for h in range(contexts.shape[1])], dim=1)


@right("shares_of_heads", "einsum over blocks")
def _(contexts, W_o):
    return torch.einsum("bhte,ohe->bhto", contexts, W_o.reshape(len(W_o), contexts.shape[1], -1))


@right("shares_of_heads", "all heads but one set to 0, and the joined product")
def _(contexts, W_o):
    shares = []
    for h in range(contexts.size(1)):
        only = torch.zeros_like(contexts)
        only[:, h] = contexts[:, h]
        shares.append(only.transpose(1, 2).flatten(2) @ W_o.T)
    return torch.stack(shares, 1)


@right("shares_of_heads", "chunk and zip")
def _(contexts, W_o):
    blocks = W_o.chunk(contexts.shape[1], dim=1)
    return torch.stack([F.linear(c, W) for c, W in zip(contexts.unbind(1), blocks, strict=True)], dim=1)


@right("shares_of_heads", "one broadcast product")
def _(contexts, W_o):
    blocks = W_o.T.unflatten(0, (contexts.shape[1], contexts.shape[3]))
    return contexts @ blocks[None]


@wrong(
    "shares_of_heads",
    "entry by entry: the columns of a head lie apart",
    NAMES,
    "A head's columns lie together, d_head of them. You took",
)
def _(contexts, W_o):
    blocks = W_o.unflatten(1, (contexts.shape[3], contexts.shape[1]))
    return torch.einsum("bhte,oeh->bhto", contexts, blocks)


@wrong("shares_of_heads", "the rows are cut", NAMES, "You cut the rows of `W_o`. They belong to the output; a")
def _(contexts, W_o):
    blocks = W_o.unflatten(0, (contexts.shape[1], contexts.shape[3]))
    return torch.einsum("bhte,heo->bhto", contexts, blocks)


@wrong(
    "shares_of_heads",
    "the output, shared out evenly",
    NAMES,
    "You give each head an equal part of the output. Of two",
)
def _(contexts, W_o):
    out = contexts.transpose(1, 2).flatten(2) @ W_o.T
    return (out / contexts.shape[1])[:, None].expand(-1, contexts.shape[1], -1, -1)


@wrong("shares_of_heads", "the sum over the heads", NAMES, "That is the sum over the heads, the output itself. Asked")
def _(contexts, W_o):
    return contexts.transpose(1, 2).flatten(2) @ W_o.T


@wrong(
    "shares_of_heads",
    "the first block for all heads",
    NAMES,
    "Every head is given the first head's columns. Each has",
)
def _(contexts, W_o):
    return contexts @ W_o[:, : contexts.shape[-1]].T


@wrong("shares_of_heads", "words before heads", NAMES, "Right numbers in another place: the heads are the second")
def _(contexts, W_o):
    return torch.einsum("bhte,ohe->btho", contexts, W_o.unflatten(1, (contexts.shape[1], -1)))


@right("decoding_mask", "column numbers compared")
def _(lengths, T_query, T):
    key = torch.arange(T)[None, None, :]
    query = torch.arange(T - T_query, T)[None, :, None]
    first = torch.minimum((T - lengths)[:, None, None], query)
    return (key >= first) & (key <= query)


@right("decoding_mask", "three loops")
def _(lengths, T_query, T):
    mask = torch.zeros(len(lengths), T_query, T, dtype=torch.bool)
    for b, n in enumerate(lengths.tolist()):
        for j in range(T_query):
            place = T - T_query + j
            for i in range(T):
                if place < T - n:
                    mask[b, j, i] = i == place
                else:
                    mask[b, j, i] = T - n <= i <= place
    return mask


@right("decoding_mask", "tril and real words, or an eye where a row is empty")
def _(lengths, T_query, T):
    causal = torch.ones(T, T, dtype=torch.bool).tril()
    real = torch.arange(T) >= T - lengths.unsqueeze(1)
    mask = causal & real[:, None]
    mask = mask | (torch.eye(T, dtype=torch.bool) & ~mask.any(-1, keepdim=True))
    return mask[:, T - T_query :]


@right("decoding_mask", "the diagonal is always allowed")
def _(lengths, T_query, T):
    allowed = torch.arange(T)[None] >= (T - lengths)[:, None]
    causal = torch.tril(torch.ones(T_query, T), diagonal=T - T_query).bool()
    own = torch.arange(T)[None] == torch.arange(T - T_query, T)[:, None]
    return (causal[None] & allowed[:, None]) | own


@right("decoding_mask", "slices of a Boolean array")
def _(lengths, T_query, T):
    mask = np.zeros((len(lengths), T_query, T), dtype=bool)
    for b, n in enumerate(lengths.tolist()):
        for j, place in enumerate(range(T - T_query, T)):
            mask[b, j, min(place, T - n) : place + 1] = True
    return torch.from_numpy(mask)


def masks(lengths, T_query, T):
    key, query = torch.arange(T), torch.arange(T - T_query, T)
    real = key >= (T - lengths)[:, None]
    return key <= query[:, None], real[:, None], key == query[:, None]


@wrong(
    "decoding_mask",
    "causal, and real words; empty rows stay empty",
    NAMES,
    "Right, except where a query is padding: it has no key at",
)
def _(lengths, T_query, T):
    causal, real, _ = masks(lengths, T_query, T)
    return causal & real


@wrong("decoding_mask", "padding is on the right", NAMES, "You have the padding on the right. Row b has its words in")
def _(lengths, T_query, T):
    causal, _, own = masks(lengths, T_query, T)
    return (causal & (torch.arange(T) < lengths[:, None])[:, None]) | own


@wrong(
    "decoding_mask", "query 0 stands in column 0", NAMES, "Your first query stands in the first column. The queries"
)
def _(lengths, T_query, T):
    _, real, _ = masks(lengths, T_query, T)
    tril = torch.ones(T_query, T).tril().bool()
    return (tril & real) | torch.eye(T_query, T).bool()


@wrong(
    "decoding_mask",
    "a query may not use its own place",
    NAMES,
    "Your words do not see themselves, but for the first of a",
)
def _(lengths, T_query, T):
    _, real, own = masks(lengths, T_query, T)
    before = torch.ones(T_query, T).tril(T - T_query - 1).bool()
    mask = before & real
    return mask | (own & ~mask.any(-1, keepdim=True))


@wrong(
    "decoding_mask",
    "no causal part: all real words",
    NAMES,
    "A query that is padding is right. One that is a word sees",
)
def _(lengths, T_query, T):
    _, real, own = masks(lengths, T_query, T)
    return torch.where(real.mT[:, -T_query:] if T_query < T else real.mT, real, own)


@wrong(
    "decoding_mask",
    "the mask is causal, and padding is forgotten",
    NAMES,
    "Right but for the lengths: the padding of the shorter",
)
def _(lengths, T_query, T):
    causal, _, _ = masks(lengths, T_query, T)
    return causal.expand(len(lengths), -1, -1)


@wrong(
    "decoding_mask",
    "True where a key may not be used",
    NAMES,
    "The mask is inverted. Here True means that a key may be",
)
def _(lengths, T_query, T):
    causal, real, own = masks(lengths, T_query, T)
    return ~((causal & real) | own)


@wrong(
    "decoding_mask",
    "an empty row may use everything",
    NAMES,
    "Right, except where a query is padding: it may use all",
)
def _(lengths, T_query, T):
    causal, real, _ = masks(lengths, T_query, T)
    mask = causal & real
    return mask | ~mask.any(-1, keepdim=True)


@wrong(
    "decoding_mask",
    "an empty row looks at the first word",
    NAMES,
    "Right, except where a query is padding: it may use the",
)
def _(lengths, T_query, T):
    causal, real, _ = masks(lengths, T_query, T)
    first = torch.arange(T) == (T - lengths)[:, None]
    mask = causal & real
    return mask | (first[:, None] & ~mask.any(-1, keepdim=True))


@wrong(
    "decoding_mask",
    "one column too many on the left",
    NAMES,
    "One word too many in each padded row: the last place of",
)
def _(lengths, T_query, T):
    return masks(lengths, T_query, T)[0] & masks(lengths + 1, T_query, T)[1] | masks(lengths, T_query, T)[2]


@right("cached_step", "cat and two products")
def _(q, k, v, cache):
    keys = torch.cat([cache[0], k.unsqueeze(2)], dim=2)
    values = torch.cat([cache[1], v.unsqueeze(2)], dim=2)
    scores = (keys @ q.unsqueeze(-1)).squeeze(-1) / math.sqrt(q.shape[-1])
    weights = torch.softmax(scores, dim=-1)
    return (weights.unsqueeze(2) @ values).squeeze(2).flatten(1), (keys, values)


@right("cached_step", "einsum")
def _(q, k, v, cache):
    K, V = (torch.cat((old, new[:, :, None, :]), -2) for old, new in zip(cache, (k, v), strict=True))
    alpha = torch.einsum("bhd,bhtd->bht", q * q.size(-1) ** -0.5, K).softmax(-1)
    return torch.einsum("bht,bhtv->bhv", alpha, V).reshape(len(q), -1), (K, V)


@right("cached_step", "head by head")
def _(q, k, v, cache):
    old_k, old_v = cache
    keys = torch.cat([old_k, k[:, :, None]], dim=2)
    values = torch.cat([old_v, v[:, :, None]], dim=2)
    found = []
    for h in range(q.shape[1]):
        e = torch.bmm(keys[:, h], q[:, h, :, None])[..., 0] / math.sqrt(q.shape[2])
        found.append((F.softmax(e, dim=1)[..., None] * values[:, h]).sum(1))
    return torch.cat(found, dim=1), (keys, values)


@right("cached_step", "scores of the old words and of the new one apart")
def _(q, k, v, cache):
    K, V = cache
    root = math.sqrt(q.shape[-1])
    old = torch.einsum("bhd,bhtd->bht", q, K) / root
    new = (q * k).sum(-1, keepdim=True) / root
    alpha = torch.cat([old, new], -1).softmax(-1)
    c = (alpha[..., :-1, None] * V).sum(2) + alpha[..., -1:] * v
    return c.flatten(1), (torch.cat([K, k.unsqueeze(2)], 2), torch.cat([V, v.unsqueeze(2)], 2))


@right("cached_step", "batch and heads as one axis")
def _(q, k, v, cache):
    B, H, d = q.shape
    K = torch.concat([cache[0], k.view(B, H, 1, d)], dim=2)
    V = torch.concat([cache[1], v.view(B, H, 1, -1)], dim=2)
    e = q.reshape(B * H, 1, d).bmm(K.flatten(0, 1).mT).div(d**0.5)
    powers = (e - e.amax(-1, keepdim=True).detach()).exp()
    c = (powers / powers.sum(-1, keepdim=True)).bmm(V.flatten(0, 1))
    return c.reshape(B, -1), (K, V)


def step(q, k, v, cache, *, root=None, axis=-1, order=lambda c: c.flatten(1), seen=None):
    K, V = torch.cat([cache[0], k[:, :, None]], 2), torch.cat([cache[1], v[:, :, None]], 2)
    keys, values = seen(K, V) if seen else (K, V)
    e = (keys @ q[..., None])[..., 0] / (math.sqrt(q.shape[-1]) if root is None else root)
    return order((e.softmax(axis)[..., None] * values).sum(2)), (K, V)


@wrong(
    "cached_step",
    "the newest word does not look at itself",
    NAMES,
    "The new cache is right. The newest word does not see",
)
def _(q, k, v, cache):
    return step(q, k, v, cache, seen=lambda K, V: (K[:, :, :-1], V[:, :, :-1]))


@wrong("cached_step", "undivided", NAMES, "The new cache is right. The scores are not divided by")
def _(q, k, v, cache):
    return step(q, k, v, cache, root=1)


@wrong("cached_step", "the root of H d_k", NAMES, "The new cache is right. The scores are divided by")
def _(q, k, v, cache):
    return step(q, k, v, cache, root=math.sqrt(q.shape[1] * q.shape[2]))


@wrong("cached_step", "the softmax over heads", NAMES, "The new cache is right. You normalise over the heads: it")
def _(q, k, v, cache):
    return step(q, k, v, cache, axis=1)


@wrong(
    "cached_step",
    "heads are not side by side but in turns",
    NAMES,
    "The new cache is right. The heads take turns in your",
)
def _(q, k, v, cache):
    return step(q, k, v, cache, order=lambda c: c.mT.flatten(1))


@wrong("cached_step", "the heads are left apart", NAMES, "The contexts are not joined: side by side, those of all")
def _(q, k, v, cache):
    return step(q, k, v, cache, order=lambda c: c)


@wrong(
    "cached_step", "the newest word is put in front", NAMES, "The contexts are right. In the cache the newest word"
)
def _(q, k, v, cache):
    c, _ = step(q, k, v, cache)
    return c, (torch.cat([k[:, :, None], cache[0]], 2), torch.cat([v[:, :, None], cache[1]], 2))


@wrong("cached_step", "the old cache is returned", NAMES, "The contexts are right. The cache is returned as it came")
def _(q, k, v, cache):
    return step(q, k, v, cache)[0], cache


@wrong("cached_step", "the cache is past, so it is detached", NAMES, "no gradient reaches `cache[0]`, `cache[1]`")
def _(q, k, v, cache):
    return step(q, k, v, tuple(x.detach() for x in cache))


@wrong("cached_step", "heads are added up", NAMES, "The new cache is right. The contexts of the heads are")
def _(q, k, v, cache):
    return step(q, k, v, cache, order=lambda c: c.sum(1))


@right("rotated", "two halves, stacked")
def _(x, places, omega):
    a = torch.einsum("bt,i->bti", places.to(omega), omega).unsqueeze(1)
    even, odd = x[..., 0::2], x[..., 1::2]
    out = torch.empty_like(x)
    out[..., 0::2] = even * a.cos() - odd * a.sin()
    out[..., 1::2] = even * a.sin() + odd * a.cos()
    return out


@right("rotated", "complex numbers")
def _(x, places, omega):
    z = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())
    angle = places[:, None, :, None] * omega
    return torch.view_as_real(z * torch.exp(1j * angle)).flatten(-2)


@right("rotated", "as the paper has it: x times cos, and the turned x times sin")
def _(x, places, omega):
    angle = (places[..., None] * omega).repeat_interleave(2, -1)[:, None]
    turned = torch.stack([-x[..., 1::2], x[..., ::2]], -1).reshape(x.shape)
    return x * angle.cos() + turned * angle.sin()


@right("rotated", "a matrix for each pair")
def _(x, places, omega):
    angle = places[:, None, :, None] * omega
    s, c = angle.sin(), angle.cos()
    R = torch.stack([torch.stack([c, -s], -1), torch.stack([s, c], -1)], -2)
    pairs = x.reshape(*x.shape[:3], -1, 2)
    return (R @ pairs[..., None])[..., 0].reshape(x.shape)


@right("rotated", "word by word, with one large matrix")
def _(x, places, omega):
    out = []
    for row, at in zip(x, places.tolist(), strict=True):
        turned = []
        for t, place in enumerate(at):
            angles = [w * place for w in omega.tolist()]
            blocks = [[[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]] for a in angles]
            turned.append(row[:, t] @ torch.block_diag(*torch.tensor(blocks, dtype=torch.float64)).T)
        out.append(torch.stack(turned, 1))
    return torch.stack(out)


@wrong("rotated", "rotate_half, as in programs that are around", NAMES, "You pair feature i with feature i + d/2")
def _(x, places, omega):
    angle = (places[..., None] * torch.cat([omega, omega]))[:, None]
    one, two = x.chunk(2, -1)
    return x * angle.cos() + torch.cat([-two, one], -1) * angle.sin()


@wrong("rotated", "clockwise", NAMES, "Your pairs turn clockwise")
def _(x, places, omega):
    angle = (places[..., None] * omega).repeat_interleave(2, -1)[:, None]
    turned = torch.stack([x[..., 1::2], -x[..., ::2]], -1).reshape(x.shape)
    return x * angle.cos() + turned * angle.sin()


@wrong("rotated", "the places are 0 … T − 1 anyway", NAMES, "you count from 0 in every row")
def _(x, places, omega):
    angle = torch.arange(x.shape[2])[:, None] * omega
    even, odd = x[..., ::2], x[..., 1::2]
    return torch.stack([even * angle.cos() - odd * angle.sin(), even * angle.sin() + odd * angle.cos()], -1).flatten(
        3
    )


@wrong("rotated", "repeat for repeat_interleave", GENERAL, "")
def _(x, places, omega):
    angle = (places[..., None] * omega).repeat(1, 1, 2)[:, None]
    turned = torch.stack([-x[..., 1::2], x[..., ::2]], -1).reshape(x.shape)
    return x * angle.cos() + turned * angle.sin()


@wrong("rotated", "the halves are put one behind the other", NAMES, "Right numbers in other places")
def _(x, places, omega):
    angle = places[:, None, :, None] * omega
    even, odd = x[..., ::2], x[..., 1::2]
    return torch.cat([even * angle.cos() - odd * angle.sin(), even * angle.sin() + odd * angle.cos()], dim=-1)


@wrong("rotated", "in place, the first half first", NAMES, "you wrote over the old ones too early")
def _(x, places, omega):
    angle = places[:, None, :, None] * omega
    x = x.clone()
    x[..., ::2] = x[..., ::2] * angle.cos() - x[..., 1::2] * angle.sin()
    x[..., 1::2] = x[..., ::2] * angle.sin() + x[..., 1::2] * angle.cos()
    return x


@wrong("rotated", "one angle for all pairs", NAMES, "All your pairs turn by the place itself")
def _(x, places, omega):
    angle = places[:, None, :, None].to(x)
    even, odd = x[..., ::2], x[..., 1::2]
    return torch.stack([even * angle.cos() - odd * angle.sin(), even * angle.sin() + odd * angle.cos()], -1).flatten(
        3
    )


@wrong("rotated", "a plus in both lines", NAMES, "A plus in both rows is no turn")
def _(x, places, omega):
    angle = places[:, None, :, None] * omega
    even, odd = x[..., ::2], x[..., 1::2]
    return torch.stack([even * angle.cos() + odd * angle.sin(), odd * angle.cos() + even * angle.sin()], -1).flatten(
        3
    )


@right("moved", "the addition formulas, and a stack")
def _(p, k, omega):
    sin, cos = p[:, 0::2], p[:, 1::2]
    by = k.unsqueeze(1) * omega
    new = torch.stack([sin * by.cos() + cos * by.sin(), cos * by.cos() - sin * by.sin()], dim=-1)
    return new.reshape(p.shape)


@right("moved", "a matrix of rotation for every pair")
def _(p, k, omega):
    a = k[:, None] * omega[None, :]
    rotation = torch.stack([torch.stack([a.cos(), a.sin()], -1), torch.stack([-a.sin(), a.cos()], -1)], -2)
    return torch.einsum("nixy,niy->nix", rotation, p.unflatten(1, (-1, 2))).flatten(1)


@right("moved", "complex numbers: a turn is a product")
def _(p, k, omega):
    pairs = torch.view_as_complex(p.unflatten(1, (-1, 2)).flip(2).contiguous())
    turned = pairs * torch.polar(torch.ones_like(k[:, None] * omega), k[:, None] * omega)
    return torch.view_as_real(turned).flip(2).flatten(1)


@right("moved", "row by row, pair by pair")
def _(p, k, omega):
    rows = []
    for row, by in zip(p, k.tolist(), strict=True):
        entries = []
        for i, w in enumerate(omega.tolist()):
            turn = cmath.exp(1j * w * by)
            s, c = row[2 * i], row[2 * i + 1]
            entries += [s * turn.real + c * turn.imag, c * turn.real - s * turn.imag]
        rows.append(torch.stack(entries))
    return torch.stack(rows)


@right("moved", "a block-diagonal matrix for each row")
def _(p, k, omega):
    rows = []
    for row, by in zip(p, k, strict=True):
        blocks = []
        for angle in omega * by:
            s, c = angle.sin().item(), angle.cos().item()
            blocks.append(torch.tensor([[c, s], [-s, c]], dtype=p.dtype))
        rows.append(torch.block_diag(*blocks) @ row)
    return torch.stack(rows)


@right("moved", "filled into a new tensor")
def _(p, k, omega):
    angle = torch.outer(k.to(omega), omega)
    out = torch.empty_like(p)
    out[:, ::2] = p[:, ::2] * torch.cos(angle) + p[:, 1::2] * torch.sin(angle)
    out[:, 1::2] = p[:, 1::2] * torch.cos(angle) - p[:, ::2] * torch.sin(angle)
    return out


def turn(p, angle, sign=1):
    sin, cos = p[:, ::2], p[:, 1::2]
    return sin * angle.cos() + sign * cos * angle.sin(), cos * angle.cos() - sign * sin * angle.sin()


@wrong("moved", "turned the other way", NAMES, "It moves back by k. Either the sign of the angle is")
def _(p, k, omega):
    return torch.stack(turn(p, k[:, None] * omega, -1), 2).flatten(1)


@wrong(
    "moved",
    "sines in the first half, cosines in the second",
    NAMES,
    "You take the first half of the features for sines and the",
)
def _(p, k, omega):
    sin, cos = p.chunk(2, dim=1)
    a = k[:, None] * omega
    return torch.cat([sin * a.cos() + cos * a.sin(), cos * a.cos() - sin * a.sin()], 1)


@wrong("moved", "the new halves beside each other", NAMES, "Right numbers in other places: the sines come first, and")
def _(p, k, omega):
    return torch.cat(turn(p, k[:, None] * omega), 1)


@wrong("moved", "the encoding of k is added", NAMES, "You add PE(k). Angles add; their sines do not. Look up")
def _(p, k, omega):
    a = k[:, None] * omega
    return p + torch.stack([a.sin(), a.cos()], 2).flatten(1)


@wrong(
    "moved",
    "the position is found by the arc tangent of the first pair",
    NAMES,
    "You read t off the first pair by an arc tangent, up to",
)
def _(p, k, omega):
    t = torch.atan2(p[:, :1], p[:, 1:2]) / omega[0]
    a = (t + k[:, None]) * omega
    return torch.stack([a.sin(), a.cos()], 2).flatten(1)


@wrong(
    "moved",
    "each pair's own angle, by the arc tangent: of length 1",
    NAMES,
    "Right where p encodes a position. You read each pair's",
)
def _(p, k, omega):
    a = torch.atan2(p[:, ::2], p[:, 1::2]) + k[:, None] * omega
    return torch.stack([a.sin(), a.cos()], 2).flatten(1)


@wrong(
    "moved", "the second half from the new sines", NAMES, "The cosines are made of the new sines: you wrote over the"
)
def _(p, k, omega):
    a = k[:, None] * omega
    sin = p[:, ::2] * a.cos() + p[:, 1::2] * a.sin()
    cos = p[:, 1::2] * a.cos() - sin * a.sin()
    return torch.stack([sin, cos], 2).flatten(1)


@wrong("moved", "all rows by the first k", NAMES, "Every row is moved by the k of the first. Each has a k of")
def _(p, k, omega):
    return torch.stack(turn(p, (k[0] * omega)[None]), 2).flatten(1)


@wrong(
    "moved",
    "rows of the matrix of encodings are shifted",
    NAMES,
    "You return other rows of p. In row n is not the encoding",
)
def _(p, k, omega):
    at = (torch.arange(len(p)) + k).clamp(0, len(p) - 1)
    return p[at]


@wrong("moved", "where p lies", NAMES, "changes its input `p` in place")
def _(p, k, omega):
    p[:, ::2], p[:, 1::2] = turn(p.clone(), k[:, None] * omega)
    return p


@wrong("moved", "frequencies are wavelengths", NAMES, "You divide by the frequency. The angle of k places is ω k.")
def _(p, k, omega):
    return torch.stack(turn(p, k[:, None] / omega), 2).flatten(1)


@right("encoder_layer", "two branches of two lines")
def _(x, attention, norm1, feed, norm2, pre_norm):
    A, W = attention
    W_1, b_1, W_2, b_2 = feed
    d = x.shape[-1:]

    def ff(y):
        return torch.relu(y @ W_1.T + b_1) @ W_2.T + b_2

    if pre_norm:
        u = x + A @ F.layer_norm(x, d, *norm1) @ W.T
        return u + ff(F.layer_norm(u, d, *norm2))
    u = F.layer_norm(x + A @ x @ W.T, d, *norm1)
    return F.layer_norm(u + ff(u), d, *norm2)


@right("encoder_layer", "a sublayer as a function of a function")
def _(x, attention, norm1, feed, norm2, pre_norm):
    def attend(y):
        return torch.einsum("bts,de,bse->btd", attention[0], attention[1], y)

    def feed_forward(y):
        return F.linear(F.relu(F.linear(y, feed[0], feed[1])), feed[2], feed[3])

    for sublayer, (gain, bias) in ((attend, norm1), (feed_forward, norm2)):

        def norm(y, gain=gain, bias=bias):
            return F.layer_norm(y, (y.size(-1),), gain, bias)

        x = x + sublayer(norm(x)) if pre_norm else norm(x + sublayer(x))
    return x


@right("encoder_layer", "the norm by hand")
def _(x, attention, norm1, feed, norm2, pre_norm):
    def norm(y, gain, bias):
        centred = y - y.mean(-1, keepdim=True)
        return gain * centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + 1e-5) + bias

    def attend(y):
        return attention[0].bmm(y).matmul(attention[1].t())

    def feed_forward(y):
        return (y @ feed[0].mT + feed[1]).clamp(min=0) @ feed[2].mT + feed[3]

    u = x + attend(norm(x, *norm1) if pre_norm else x)
    u = u if pre_norm else norm(u, *norm1)
    out = u + feed_forward(norm(u, *norm2) if pre_norm else u)
    return out if pre_norm else norm(out, *norm2)


class Layer(nn.Module):
    def __init__(self, attention, feed):
        super().__init__()
        self.attention, self.feed = attention, feed

    def attend(self, y):
        A, W = self.attention
        return A @ (y @ W.T)

    def expand(self, y):
        W_1, b_1, W_2, b_2 = self.feed
        h = torch.einsum("fd,btd->btf", W_1, y) + b_1
        return torch.einsum("df,btf->btd", W_2, torch.maximum(h, torch.zeros_like(h))) + b_2


@right("encoder_layer", "a module, and norms called by functional_call")
def _(x, attention, norm1, feed, norm2, pre_norm):
    layer, blank = Layer(attention, feed), nn.LayerNorm(x.shape[-1]).double()
    first, second = (
        lambda y, p=p: torch.func.functional_call(blank, {"weight": p[0], "bias": p[1]}, (y,)) for p in (norm1, norm2)
    )
    if pre_norm:
        x = x + layer.attend(first(x))
        return x + layer.expand(second(x))
    x = first(x + layer.attend(x))
    return second(x + layer.expand(x))


@right("encoder_layer", "words one by one after the mixing")
def _(x, attention, norm1, feed, norm2, pre_norm):
    A, W = attention
    W_1, b_1, W_2, b_2 = feed
    d = (x.shape[2],)
    y = F.layer_norm(x, d, *norm1) if pre_norm else x
    words = []
    for t in range(x.shape[1]):
        u = x[:, t] + (A[:, t, :, None] * y).sum(1) @ W.T
        u = u if pre_norm else F.layer_norm(u, d, *norm1)
        inside = F.layer_norm(u, d, *norm2) if pre_norm else u
        u = u + F.relu(inside @ W_1.T + b_1) @ W_2.T + b_2
        words.append(u if pre_norm else F.layer_norm(u, d, *norm2))
    return torch.stack(words, dim=1)


def encoder(x, attention, norm1, feed, norm2, pre_norm, *, attend=None, ff=None, norm=None, wire=None):
    A, W = attention
    W_1, b_1, W_2, b_2 = feed
    attend = attend or (lambda y: A @ y @ W.T)
    ff = ff or (lambda y: F.relu(y @ W_1.T + b_1) @ W_2.T + b_2)
    norm = norm or (lambda y, p: F.layer_norm(y, y.shape[-1:], *p))
    wire = wire or (lambda x, f, n: x + f(n(x)) if pre_norm else n(x + f(x)))
    return wire(wire(x, attend, lambda y: norm(y, norm1)), ff, lambda y: norm(y, norm2))


@wrong(
    "encoder_layer", "pre-norm and post-norm exchanged", NAMES, "The two orders are exchanged: `pre_norm` is True for"
)
def _(x, attention, norm1, feed, norm2, pre_norm):
    return encoder(x, attention, norm1, feed, norm2, not pre_norm)


@wrong(
    "encoder_layer",
    "in pre-norm the norm lies on the plain path, too",
    NAMES,
    "Right for post-norm. In pre-norm you add norm(x) to what",
)
def _(x, attention, norm1, feed, norm2, pre_norm):
    def wire(x, f, n):
        return n(x) + f(n(x)) if pre_norm else n(x + f(x))

    return encoder(x, attention, norm1, feed, norm2, pre_norm, wire=wire)


@wrong(
    "encoder_layer",
    "post-norm norms what a sublayer gives, and then adds",
    NAMES,
    "Right for pre-norm. In post-norm you normalise what the",
)
def _(x, attention, norm1, feed, norm2, pre_norm):
    def wire(x, f, n):
        return x + (f(n(x)) if pre_norm else n(f(x)))

    return encoder(x, attention, norm1, feed, norm2, pre_norm, wire=wire)


@wrong("encoder_layer", "no residual connections", NAMES, "The residual connections are missing: x is not added.")
def _(x, attention, norm1, feed, norm2, pre_norm):
    return encoder(x, attention, norm1, feed, norm2, pre_norm, wire=lambda x, f, n: f(n(x)) if pre_norm else n(f(x)))


@wrong(
    "encoder_layer",
    "the second sublayer adds x, not u",
    NAMES,
    "The second residual connection adds x once more. It goes",
)
def _(x, attention, norm1, feed, norm2, pre_norm):
    A, W = attention
    W_1, b_1, W_2, b_2 = feed
    d = x.shape[-1:]
    u = (
        x + A @ F.layer_norm(x, d, *norm1) @ W.T
        if pre_norm
        else F.layer_norm(x + A @ x @ W.T, d, *norm1)
    )  # fmt: skip
    y = F.layer_norm(u, d, *norm2) if pre_norm else u
    out = x + F.relu(y @ W_1.T + b_1) @ W_2.T + b_2
    return out if pre_norm else F.layer_norm(out, d, *norm2)


@wrong(
    "encoder_layer",
    "a norm over words and features",
    NAMES,
    "You normalise over words and features together. Each word",
)
def _(x, attention, norm1, feed, norm2, pre_norm):
    def norm(y, p):
        return F.layer_norm(y, y.shape[1:]) * p[0] + p[1]

    return encoder(x, attention, norm1, feed, norm2, pre_norm, norm=norm)


@wrong("encoder_layer", "norms without gain and bias", NAMES, "The norms' gain and bias are not used.")
def _(x, attention, norm1, feed, norm2, pre_norm):
    return encoder(x, attention, norm1, feed, norm2, pre_norm, norm=lambda y, p: F.layer_norm(y, y.shape[-1:]))


@wrong("encoder_layer", "one norm is used twice", NAMES, "You normalise with norm1 in both places. The second has")
def _(x, attention, norm1, feed, norm2, pre_norm):
    return encoder(x, attention, norm1, feed, norm1, pre_norm)


@wrong("encoder_layer", "no ReLU", NAMES, "There is no max(0, ·) in your feed-forward network.")
def _(x, attention, norm1, feed, norm2, pre_norm):
    W_1, b_1, W_2, b_2 = feed
    return encoder(x, attention, norm1, feed, norm2, pre_norm, ff=lambda y: (y @ W_1.T + b_1) @ W_2.T + b_2)


@wrong("encoder_layer", "a ReLU at the end as well", NAMES, "max(0, ·) stands between the two matrices and once more")
def _(x, attention, norm1, feed, norm2, pre_norm):
    W_1, b_1, W_2, b_2 = feed
    return encoder(
        x, attention, norm1, feed, norm2, pre_norm, ff=lambda y: F.relu(F.relu(y @ W_1.T + b_1) @ W_2.T + b_2)
    )


@wrong(
    "encoder_layer", "W lies as it is multiplied", NAMES, "Weights lie (out, in), and W is square: the shapes do not"
)
def _(x, attention, norm1, feed, norm2, pre_norm):
    A, W = attention
    return encoder(x, attention, norm1, feed, norm2, pre_norm, attend=lambda y: A @ y @ W)


@wrong(
    "encoder_layer",
    "the weights the other way around: columns are queries",
    NAMES,
    "A word is made of the words that look at it: A is",
)
def _(x, attention, norm1, feed, norm2, pre_norm):
    A, W = attention
    return encoder(x, attention, norm1, feed, norm2, pre_norm, attend=lambda y: A.mT @ y @ W.T)


@right("twins", "exchange or replace, by cases")
def _(length, V, layers, causal, window, period):
    one, two = [0] * length, [0] * length
    reach = length if window is None else layers * window
    step = period or 1
    late = length - 2
    exchange = (layers == 1 or (not causal and window is None)) and late - step >= max(0, length - 1 - reach)
    if exchange:
        one[late], two[late - step] = 1, 1
    else:
        one[length - 2 - reach] = 1
    return one, two


@right("twins", "the exchange as a swap in a row of zeros and one 1")
def _(length, V, layers, causal, window, period):
    apart = 1 if period is None else period
    a, b = length - 2 - apart, length - 2
    seen_from = 0 if window is None else length - 1 - layers * window
    blind_to_order = layers == 1 or not (causal or window)
    first = [0 for _ in range(length)]
    if blind_to_order and a >= max(seen_from, 0):
        first[a] = 1
        second = first.copy()
        second[a], second[b] = first[b], first[a]
    else:
        second = first.copy()
        second[seen_from - 1] = V - 1
    return first, second


@right("twins", "random sentences that are changed")
def _(length, V, layers, causal, window, period):
    generator = torch.Generator().manual_seed(length)
    one = torch.randint(V, (length,), generator=generator).tolist()
    out_of_reach = -1 if window is None else length - 2 - layers * window
    partner = length - 2 - (period or 1)
    if (layers == 1 or (window is None and not causal)) and partner > out_of_reach:
        one[partner] = (one[-2] + 1) % V
        two = list(one)
        two[partner], two[-2] = one[-2], one[partner]
    else:
        two = list(one)
        two[out_of_reach] = (two[out_of_reach] + 1) % V
    return one, two


@right("twins", "sets of what is seen, by following the layers")
def _(length, V, layers, causal, window, period):
    def looks_at(t):
        return {
            u for u in range(length) if not (causal and u > t) and (window is None or abs(u - t) <= window)
        }  # fmt: skip

    seen = {length - 1}
    for _ in range(layers):
        seen = set().union(*map(looks_at, seen))
    unordered = layers == 1 or all(len(looks_at(t)) == length for t in range(length))
    candidates = []
    for t in range(length - 1):
        if t not in seen:
            candidates.append((t, [0] * length, [int(u == t) for u in range(length)]))
        for s in range(t):
            if unordered and {s, t} <= seen and (period is None or (t - s) % period == 0):
                candidates.append((t, [int(u == s) for u in range(length)], [int(u == t) for u in range(length)]))
    return max(candidates, key=lambda c: c[0])[1:]


@right("twins", "a network with random weights that is asked: the latest pair that it cannot tell apart")
def _(length, V, layers, causal, window, period):
    generator = torch.Generator().manual_seed(0)

    def draw(*size):
        return torch.randn(*size, generator=generator, dtype=torch.float64)

    d = 8
    words, places = draw(V, d), draw(period, d) if period else torch.zeros(1, d).double()
    weights = [[draw(d, d) / d**0.5 for _ in range(3)] for _ in range(layers)]
    t = torch.arange(length)
    shut = (t[None] > t[:, None]) if causal else torch.zeros(length, length, dtype=torch.bool)
    if window is not None:
        shut = shut | ((t[None] - t[:, None]).abs() > window)

    def last(sentence):
        x = words[sentence] + places[t % len(places)]
        for W_q, W_k, W_v in weights:
            e = (x @ W_q) @ (x @ W_k).T / d**0.5
            x = x + e.masked_fill(shut, -torch.inf).softmax(1) @ (x @ W_v)
        return x[-1]

    singles = [[int(u == n) for u in range(length)] for n in range(length)]
    for at in reversed(range(length)):
        for other in [[0] * length, *singles[:at]]:
            if torch.allclose(last(singles[at]), last(other), rtol=0, atol=1e-9):
                return singles[at], other
    raise AssertionError("no twins")


@wrong("twins", "the first word is replaced", NAMES, "does place 0 come to it?")
def _(length, V, layers, causal, window, period):
    return [0] * length, [1, *[0] * (length - 1)]


def twins(length, layers, causal, window, period, *, reach):
    """The right rule, with another reach of the last word."""
    one, two = [0] * length, [0] * length
    partner = length - 2 - (period or 1)
    if (layers == 1 or not (causal or window)) and partner > length - 2 - reach:
        one[length - 2], two[partner] = 1, 1
    else:
        one[length - 2 - reach] = 1
    return one, two


@wrong("twins", "one layer's window, whatever the layers", NAMES, "does place 3 come to it?")
def _(length, V, layers, causal, window, period):
    return twins(length, layers, causal, window, period, reach=window or length)


@wrong("twins", "two words next to each other change places, always", NAMES, "their places have other positions")
def _(length, V, layers, causal, window, period):
    one, two = [0] * length, [0] * length
    one[-2] = two[-3] = 1
    return one, two


@wrong("twins", "the last word may change as well", NAMES, "it is this place whose output counts")
def _(length, V, layers, causal, window, period):
    one, two = [0] * length, [0] * length
    one[-1], two[-1 - (period or 1)] = 1, 1
    return one, two


@wrong("twins", "the replaced word is the last that is seen", NAMES, "does place 5 come to it?")
def _(length, V, layers, causal, window, period):
    one, two = [0] * length, [0] * length
    if window is None:
        one[length - 2], two[length - 2 - (period or 1)] = 1, 1
    else:
        one[max(length - 1 - layers * window, 0)] = 1
    return one, two


@wrong("twins", "one place too early", NAMES, "differ last at place 3, and others differ later")
def _(length, V, layers, causal, window, period):
    one, two = [0] * length, [0] * length
    if window is None:
        one[length - 3], two[max(length - 3 - (period or 1), 0)] = 1, 1
    else:
        one[max(length - 3 - layers * window, 0)] = 1
    return one, two


@wrong("twins", "two sentences that are the same", NAMES, "Your two sentences are the same")
def _(length, V, layers, causal, window, period):
    return [0] * length, [0] * length


@wrong("twins", "a sentence and its mirror image", NAMES, "their places have other positions")
def _(length, V, layers, causal, window, period):
    one = [0] * (length - 2) + [1, 0]
    return one, one[::-1]


@wrong("twins", "order is lost in several layers as it is in one", NAMES, "what do the layers before make of it?")
def _(length, V, layers, causal, window, period):
    reach = length if window is None else layers * window
    return twins(length, 1, causal, window, period, reach=reach)
