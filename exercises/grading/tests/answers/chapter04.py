"""Answers to the exercises of chapter 4."""

import itertools
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from answers import GENERAL, HIDDEN, NAMES, chapter

right, wrong = chapter(4)


@right("attend", "einsum, where, and NaN made 0")
def _(query, keys, values, mask):
    scores = torch.einsum("btd,bsd->bts", query, keys) / keys.shape[-1] ** 0.5
    scores = torch.where(mask.unsqueeze(1), scores, float("-inf"))
    weights = torch.softmax(scores, dim=2).nan_to_num(0.0)
    return torch.einsum("bts,bsv->btv", weights, values), weights


@right("attend", "a softmax by hand over finite numbers")
def _(query, keys, values, mask):
    usable = mask[:, None].to(query.dtype)
    scores = torch.bmm(query, keys.transpose(1, 2)) / math.sqrt(query.size(-1))
    scores = scores.masked_fill(~mask[:, None], torch.finfo(scores.dtype).min)
    top = scores.max(dim=-1, keepdim=True).values.detach()
    powers = torch.exp(scores - top) * usable
    weights = powers / powers.sum(dim=-1, keepdim=True).clamp(min=1e-300)
    return weights @ values, weights


@right("attend", "a loop over the batch, and only the keys that may be used")
def _(query, keys, values, mask):
    all_weights = []
    for q, k, m in zip(query, keys, mask, strict=True):
        weights = torch.zeros(len(q), len(k), dtype=q.dtype)
        if m.any():
            weights[:, m] = F.softmax(q @ k[m].T / math.sqrt(k.shape[1]), dim=1)
        all_weights.append(weights)
    weights = torch.stack(all_weights)
    return weights @ values, weights


@right("attend", "two loops, one query at a time")
def _(query, keys, values, mask):
    contexts, weights = torch.zeros_like(query @ keys.mT @ values), torch.zeros_like(query @ keys.mT)
    for b in range(len(query)):
        places = mask[b].nonzero()[:, 0]
        if len(places) == 0:
            continue
        for t in range(query.shape[1]):
            alpha = torch.softmax(keys[b, places] @ query[b, t] / math.sqrt(query.shape[-1]), 0)
            weights[b, t, places] = alpha
            contexts[b, t] = alpha @ values[b, places]
    return contexts, weights


@right("attend", "an added mask, and a product with what is there")
def _(query, keys, values, mask):
    there = mask.double()[:, None, :]
    scores = query @ keys.mT * keys.shape[2] ** -0.5 + (1 - there) * -1e30
    weights = scores.softmax(-1) * there
    return weights.matmul(values), weights


class Attention(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.scale = math.sqrt(d)

    def forward(self, query, keys, values, mask):
        empty = ~mask.any(dim=1)[:, None, None]
        mask = mask[:, None].logical_or(empty)
        scores = (query / self.scale).matmul(keys.permute(0, 2, 1)).masked_fill(mask.logical_not(), -math.inf)
        weights = nn.Softmax(dim=-1)(scores).masked_fill(empty, 0)
        return weights.matmul(values), weights


@right("attend", "a module, and empty rows that may use everything at first")
def _(query, keys, values, mask):
    return Attention(query.shape[-1])(query, keys, values, mask)


@right("attend", "vmap over rows and queries")
def _(query, keys, values, mask):
    def one(q, k, v, m):
        scores = (k @ q / math.sqrt(q.shape[0])).masked_fill(~m, -1e300)
        alpha = torch.softmax(scores, 0) * m
        return alpha @ v, alpha

    return torch.vmap(torch.vmap(one, in_dims=(0, None, None, None)))(query, keys, values, mask)


@wrong(
    "attend",
    "the mask is multiplied into the weights",
    NAMES,
    "The mask comes after the softmax. What was on the padding",
)
def _(query, keys, values, mask):
    weights = torch.softmax(query @ keys.mT / math.sqrt(keys.shape[-1]), -1) * mask[:, None]
    return weights @ values, weights


@wrong(
    "attend",
    "masked after the softmax, and divided by the sum again",
    NAMES,
    "Right, except where scores are large. You subtract the",
)
def _(query, keys, values, mask):
    weights = torch.softmax(query @ keys.mT / math.sqrt(keys.shape[-1]), -1) * mask[:, None]
    weights = weights / weights.sum(-1, keepdim=True).clamp(min=1e-9)
    return weights @ values, weights


@wrong("attend", "−1e9 is as good as −∞", NAMES, "Right, except where a row has no key: with all scores at")
def _(query, keys, values, mask):
    scores = query @ keys.mT / math.sqrt(keys.shape[-1])
    weights = torch.softmax(scores.masked_fill(~mask[:, None], -1e9), -1)
    return weights @ values, weights


@wrong("attend", "nothing is done about an empty row", NAMES, "Right, except where a row has no key: a softmax of")
def _(query, keys, values, mask):
    scores = query @ keys.mT / math.sqrt(keys.shape[-1])
    weights = torch.softmax(scores.masked_fill(~mask[:, None], -torch.inf), -1)
    return weights @ values, weights


@wrong(
    "attend",
    "the contexts are cleaned of NaN, the weights are not",
    NAMES,
    "Right, except where a row has no key. Its contexts were",
)
def _(query, keys, values, mask):
    scores = query @ keys.mT / math.sqrt(keys.shape[-1])
    weights = torch.softmax(scores.masked_fill(~mask[:, None], -torch.inf), -1)
    return torch.nan_to_num(weights @ values), weights


@wrong(
    "attend",
    "the scores are those of 4.4, undivided",
    NAMES,
    "The scores are not divided. With entries of variance 1",
)
def _(query, keys, values, mask):
    scores = (query @ keys.mT).masked_fill(~mask[:, None], -torch.inf)
    weights = torch.softmax(scores, -1).masked_fill(~mask.any(1)[:, None, None], 0)
    return weights @ values, weights


@wrong("attend", "divided by d_k, not by its root", NAMES, "You divide by d, which makes the scores' variance 1 / d.")
def _(query, keys, values, mask):
    scores = (query @ keys.mT / keys.shape[-1]).masked_fill(~mask[:, None], -torch.inf)
    weights = torch.softmax(scores, -1).masked_fill(~mask.any(1)[:, None, None], 0)
    return weights @ values, weights


@wrong("attend", "the root of the number of keys", NAMES, "You divide by the root of the number of keys. The sum in")
def _(query, keys, values, mask):
    scores = (query @ keys.mT / math.sqrt(keys.shape[1])).masked_fill(~mask[:, None], -torch.inf)
    weights = torch.softmax(scores, -1).masked_fill(~mask.any(1)[:, None, None], 0)
    return weights @ values, weights


@wrong(
    "attend",
    "each key shares itself out among the queries",
    NAMES,
    "Your weights sum to 1 over the queries. Each query has",
)
def _(query, keys, values, mask):
    scores = (query @ keys.mT / math.sqrt(keys.shape[-1])).masked_fill(~mask[:, None], -torch.inf)
    weights = torch.softmax(scores, dim=1).nan_to_num()
    return weights @ values, weights


@wrong(
    "attend", "keys are turned around by reshape", NAMES, "`reshape` does not turn the keys around: it reads them on"
)
def _(query, keys, values, mask):
    B, T, d = keys.shape
    scores = (query @ keys.reshape(B, d, T) / math.sqrt(d)).masked_fill(~mask[:, None], -torch.inf)
    weights = torch.softmax(scores, -1).nan_to_num()
    return weights @ values, weights


@wrong(
    "attend", "True in a mask means: to be masked", NAMES, "The mask is inverted: all weight lies on padding. True is"
)
def _(query, keys, values, mask):
    scores = (query @ keys.mT / math.sqrt(keys.shape[-1])).masked_fill(mask[:, None], -torch.inf)
    weights = torch.softmax(scores, -1).nan_to_num()
    return weights @ values, weights


@wrong("attend", "values of masked keys are set to 0 where they lie", NAMES, "changes its input `values` in place")
def _(query, keys, values, mask):
    scores = (query @ keys.mT / math.sqrt(keys.shape[-1])).masked_fill(~mask[:, None], -torch.inf)
    weights = torch.softmax(scores, -1).nan_to_num()
    values[~mask] = 0
    return weights @ values, weights


@right("general", "the matrix first, then two products")
def _(query, keys, W_q, W_k):
    W = W_q.t() @ W_k
    return W, torch.bmm(query @ W, keys.transpose(-2, -1))


@right("general", "einsum for both")
def _(query, keys, W_q, W_k):
    W = torch.einsum("rq,rk->qk", W_q, W_k)
    return W, torch.einsum("btq,qk,bsk->bts", query, W, keys)


@right("general", "two layers, and their dot products")
def _(query, keys, W_q, W_k):
    scores = F.linear(query, W_q) @ F.linear(keys, W_k).permute(0, 2, 1)
    return (W_k.T @ W_q).T, scores


@right("general", "a sum of outer products")
def _(query, keys, W_q, W_k):
    W = sum(torch.outer(a, b) for a, b in zip(W_q, W_k, strict=True))
    return W, torch.stack([q @ W @ k.T for q, k in zip(query, keys, strict=True)])


@right("general", "every pair by itself, in F.bilinear")
def _(query, keys, W_q, W_k):
    W = torch.tensordot(W_q, W_k, dims=([0], [0]))
    B, T_q, T_k = len(query), query.shape[1], keys.shape[1]
    q = query[:, :, None].expand(B, T_q, T_k, -1).contiguous()
    k = keys[:, None].expand(B, T_q, T_k, -1).contiguous()
    return W, F.bilinear(q, k, W[None]).squeeze(-1)


@wrong("general", "the matrix is the other way around", NAMES, "output[0] holds the right values, transposed")
def _(query, keys, W_q, W_k):
    return W_k.T @ W_q, (query @ W_q.T) @ (keys @ W_k.T).mT


@wrong(
    "general",
    "the matrix is made over the wrong axis",
    NAMES,
    "The scores are right, and W is W_q W_kᵀ, which compares",
)
def _(query, keys, W_q, W_k):
    return W_q @ W_k.mT, (query @ W_q.T) @ (keys @ W_k.T).mT


@wrong("general", "rows are keys", NAMES, "output[1] holds the right values, transposed")
def _(query, keys, W_q, W_k):
    W = W_q.T @ W_k
    return W, keys @ W.T @ query.mT


@wrong("general", "scores are weights", NAMES, "W is right. What stands beside it are weights; scores")
def _(query, keys, W_q, W_k):
    W = W_q.T @ W_k
    return W, torch.softmax(query @ W @ keys.mT, dim=-1)


@wrong("general", "divided by the root of r", NAMES, "W is right, and your scores are divided by the root of r.")
def _(query, keys, W_q, W_k):
    W = W_q.T @ W_k
    return W, query @ W @ keys.mT / math.sqrt(len(W_q))


@wrong(
    "general",
    "the matrix is only to look at, so it is detached",
    NAMES,
    "Is a part of the computation cut off, by `.detach()`",
)
def _(query, keys, W_q, W_k):
    W = (W_q.T @ W_k).detach()
    return W, (query @ W_q.T) @ (keys @ W_k.T).mT


@wrong("general", "the scores come first", NAMES, "the right values in another order")
def _(query, keys, W_q, W_k):
    W = W_q.T @ W_k
    return query @ W @ keys.mT, W


@right("concat", "literally side by side")
def _(query, keys, W, v):
    T_q, T_k = query.shape[1], keys.shape[1]
    q = query.unsqueeze(2).expand(-1, -1, T_k, -1)
    k = keys.unsqueeze(1).expand(-1, T_q, -1, -1)
    return torch.tanh(torch.cat([q, k], dim=-1) @ W.T) @ v


@right("concat", "the layer cut in two, in einsum")
def _(query, keys, W, v):
    d = query.shape[-1]
    q = torch.einsum("aq,btq->bta", W[:, :d], query)
    k = torch.einsum("ak,bsk->bsa", W[:, d:], keys)
    return torch.einsum("a,btsa->bts", v, (q[:, :, None, :] + k[:, None, :, :]).tanh())


@right("concat", "one query after the other")
def _(query, keys, W, v):
    columns = []
    for t in range(query.shape[1]):
        q = query[:, t : t + 1].repeat(1, keys.shape[1], 1)
        columns.append(torch.tanh(F.linear(torch.cat((q, keys), dim=2), W)).matmul(v))
    return torch.stack(columns, dim=1)


@right("concat", "every pair by itself, in lists")
def _(query, keys, W, v):
    return torch.stack(
        [
            torch.stack([torch.stack([v @ torch.tanh(W @ torch.cat([q, k])) for k in row_k]) for q in row_q])
            for row_q, row_k in zip(query, keys, strict=True)
        ]
    )


@right("concat", "vmap over all three axes")
def _(query, keys, W, v):
    def score(q, k):
        return torch.dot(v, torch.tanh(W.mv(torch.cat([q, k]))))

    of_keys = torch.vmap(score, in_dims=(None, 0))
    of_queries = torch.vmap(of_keys, in_dims=(0, None))
    return torch.vmap(of_queries)(query, keys)


@right("concat", "pairs repeated, and a view at the end")
def _(query, keys, W, v):
    B, T_q, T_k = query.shape[0], query.shape[1], keys.shape[1]
    q = query.repeat_interleave(T_k, dim=1)
    k = keys.repeat(1, T_q, 1)
    hidden = torch.tanh(torch.cat([q, k], -1).matmul(W.t()))
    return (hidden * v).sum(-1).view(B, T_q, T_k)


@wrong("concat", "the key first", NAMES, "The key stands first in your [k ; q]. The query does, and")
def _(query, keys, W, v):
    W_k, W_q = W.split([keys.shape[-1], query.shape[-1]], dim=1)
    return torch.tanh((query @ W_q.T)[:, :, None] + (keys @ W_k.T)[:, None]) @ v


@wrong("concat", "the layer is cut in the middle", GENERAL)
def _(query, keys, W, v):
    W_q, W_k = W.chunk(2, dim=1)
    return torch.tanh((query @ W_q.T)[:, :, None] + (keys @ W_k.T)[:, None]) @ v


@wrong("concat", "each part has its own tanh", NAMES, "Two tanhs: query and key each go through one before they")
def _(query, keys, W, v):
    d = query.shape[-1]
    return (torch.tanh(query @ W[:, :d].T)[:, :, None] + torch.tanh(keys @ W[:, d:].T)[:, None]) @ v


@wrong("concat", "no tanh", NAMES, "No tanh. Then a score is the sum of one number of the")
def _(query, keys, W, v):
    d = query.shape[-1]
    return ((query @ W[:, :d].T)[:, :, None] + (keys @ W[:, d:].T)[:, None]) @ v


@wrong("concat", "tanh around everything", NAMES, "The tanh stands around the whole. It bounds every score")
def _(query, keys, W, v):
    d = query.shape[-1]
    return torch.tanh(((query @ W[:, :d].T)[:, :, None] + (keys @ W[:, d:].T)[:, None]) @ v)


@wrong("concat", "rows are keys", NAMES, "transposed: its last two axes")
def _(query, keys, W, v):
    d = query.shape[-1]
    return torch.tanh((query @ W[:, :d].T)[:, None] + (keys @ W[:, d:].T)[:, :, None]) @ v


@wrong("concat", "weights, not scores", NAMES, "Those are weights. Scores were asked for, before any")
def _(query, keys, W, v):
    d = query.shape[-1]
    scores = torch.tanh((query @ W[:, :d].T)[:, :, None] + (keys @ W[:, d:].T)[:, None]) @ v
    return scores.softmax(-1)


@wrong(
    "concat",
    "pairs repeated in the same order twice",
    NAMES,
    "Queries and keys are both repeated as a whole, so that",
)
def _(query, keys, W, v):
    B, T_q, T_k = query.shape[0], query.shape[1], keys.shape[1]
    both = torch.cat([query.repeat(1, T_k, 1), keys.repeat(1, T_q, 1)], -1)
    return (torch.tanh(both @ W.T) @ v).view(B, T_q, T_k)


@right("attend_backward", "einsum, line by line backwards")
def _(query, keys, values, weights, dcontext):
    dvalues = torch.einsum("bts,btv->bsv", weights, dcontext)
    dweights = torch.einsum("btv,bsv->bts", dcontext, values)
    mean = torch.einsum("bts,bts->bt", weights, dweights)
    dscores = weights * (dweights - mean.unsqueeze(-1)) / keys.shape[-1] ** 0.5
    return {
        "query": torch.einsum("bts,bsd->btd", dscores, keys),
        "keys": torch.einsum("bts,btd->bsd", dscores, query),
        "values": dvalues,
    }


@right("attend_backward", "the softmax's Jacobian, written out")
def _(query, keys, values, weights, dcontext):
    jacobian = torch.diag_embed(weights) - weights[..., :, None] * weights[..., None, :]
    g = dcontext @ values.transpose(1, 2)
    de = (jacobian @ g[..., None]).squeeze(-1) / math.sqrt(query.shape[-1])
    return dict(query=de @ keys, keys=de.transpose(1, 2) @ query, values=weights.transpose(1, 2) @ dcontext)


@right("attend_backward", "loops over rows and queries that add up")
def _(query, keys, values, weights, dcontext):
    dq, dk, dv = torch.zeros_like(query), torch.zeros_like(keys), torch.zeros_like(values)
    root = math.sqrt(query.shape[2])
    for b in range(query.shape[0]):
        for t in range(query.shape[1]):
            a, g = weights[b, t], values[b] @ dcontext[b, t]
            de = a * (g - a.dot(g)) / root
            dq[b, t] = keys[b].T @ de
            dk[b] += torch.outer(de, query[b, t])
            dv[b] += torch.outer(a, dcontext[b, t])
    return {"query": dq, "keys": dk, "values": dv}


@right("attend_backward", "NumPy")
def _(query, keys, values, weights, dcontext):
    q, k, v, a, dc = (x.detach().numpy() for x in (query, keys, values, weights, dcontext))
    g = dc @ v.swapaxes(1, 2)
    de = a * (g - np.sum(a * g, axis=2, keepdims=True)) / np.sqrt(k.shape[2])
    found = {"query": de @ k, "keys": de.swapaxes(1, 2) @ q, "values": a.swapaxes(1, 2) @ dc}
    return {name: torch.from_numpy(np.ascontiguousarray(x)) for name, x in found.items()}


@right("attend_backward", "with the context: g less what the context has of it")
def _(query, keys, values, weights, dcontext):
    context = weights @ values
    delta = (context * dcontext).sum(-1, keepdim=True)
    de = weights * (dcontext @ values.mT - delta)
    de /= query.shape[-1] ** 0.5
    return {"query": de.bmm(keys), "keys": de.mT.bmm(query), "values": weights.mT.bmm(dcontext)}


@right("attend_backward", "vmap over the batch")
def _(query, keys, values, weights, dcontext):
    def one(q, k, v, a, dc):
        g = dc @ v.T
        de = a.mul(g.sub(a.mul(g).sum(1, keepdim=True))).div(math.sqrt(q.shape[-1]))
        return de @ k, de.T @ q, a.T @ dc

    found = torch.vmap(one)(query, keys, values, weights, dcontext)
    return dict(zip(("query", "keys", "values"), found, strict=True))


def attend_backward(query, keys, values, weights, dcontext, root=None, axis=-1, softmax=None):
    root = math.sqrt(query.shape[-1]) if root is None else root
    g = dcontext @ values.mT
    de = (weights * (g - (weights * g).sum(axis, keepdim=True)) if softmax is None else softmax(weights, g)) / root
    return {"query": de @ keys, "keys": de.mT @ query, "values": weights.mT @ dcontext}


@wrong(
    "attend_backward",
    "the root is forgotten on the way back",
    NAMES,
    "The gradients at the values are right. The scores were",
)
def _(query, keys, values, weights, dcontext):
    return attend_backward(query, keys, values, weights, dcontext, root=1)


@wrong(
    "attend_backward",
    "backwards, a division becomes a product",
    NAMES,
    "The gradients at the values are right. You multiply by",
)
def _(query, keys, values, weights, dcontext):
    return attend_backward(query, keys, values, weights, dcontext, root=1 / math.sqrt(query.shape[-1]))


@wrong(
    "attend_backward",
    "the root of the size of values",
    NAMES,
    "The gradients at the values are right. You divide by the",
)
def _(query, keys, values, weights, dcontext):
    return attend_backward(query, keys, values, weights, dcontext, root=math.sqrt(values.shape[-1]))


@wrong(
    "attend_backward", "the softmax is stepped over", NAMES, "The gradients at the values are right. The softmax is"
)
def _(query, keys, values, weights, dcontext):
    return attend_backward(query, keys, values, weights, dcontext, softmax=lambda a, g: g)


@wrong(
    "attend_backward",
    "a softmax is differentiated like a σ",
    NAMES,
    "The gradients at the values are right. You went through",
)
def _(query, keys, values, weights, dcontext):
    return attend_backward(query, keys, values, weights, dcontext, softmax=lambda a, g: a * (1 - a) * g)


@wrong(
    "attend_backward",
    "each weight depends on its own score only",
    NAMES,
    "The gradients at the values are right. In the step",
)
def _(query, keys, values, weights, dcontext):
    return attend_backward(query, keys, values, weights, dcontext, softmax=lambda a, g: a * g)


@wrong("attend_backward", "the sum runs over queries", NAMES, "The gradients at the values are right. In the step")
def _(query, keys, values, weights, dcontext):
    return attend_backward(query, keys, values, weights, dcontext, axis=1)


@wrong(
    "attend_backward",
    "the sum of g is without the weights",
    NAMES,
    "The gradients at the values are right. In the step",
)
def _(query, keys, values, weights, dcontext):
    return attend_backward(
        query, keys, values, weights, dcontext, softmax=lambda a, g: a * (g - g.sum(-1, keepdim=True))
    )


@wrong(
    "attend_backward",
    "the weights are computed again, and no mask is known",
    NAMES,
    "You compute the weights anew, and without the mask. They",
)
def _(query, keys, values, weights, dcontext):
    weights = torch.softmax(query @ keys.mT / math.sqrt(query.shape[-1]), -1)
    return attend_backward(query, keys, values, weights, dcontext)


@wrong(
    "attend_backward",
    "the gradients of keys and values are means over the queries",
    NAMES,
    "The gradients at the queries are right. Those at keys and",
)
def _(query, keys, values, weights, dcontext):
    found = attend_backward(query, keys, values, weights, dcontext)
    return {name: g if name == "query" else g / query.shape[1] for name, g in found.items()}


@wrong("attend_backward", "autograd does it", NAMES, "uses `torch.autograd`")
def _(query, keys, values, weights, dcontext):
    leaves = [x.detach().requires_grad_() for x in (query, keys, values)]
    scores = leaves[0] @ leaves[1].mT / math.sqrt(query.shape[-1])
    contexts = scores.masked_fill(weights == 0, -torch.inf).softmax(-1) @ leaves[2]
    found = torch.autograd.grad(contexts, leaves, dcontext)
    return dict(zip(("query", "keys", "values"), found, strict=True))


@right("look_after", "the states in a loop, attention once")
def _(y, s, h, mask, W_x, W_h, b):
    states = []
    for t in range(y.shape[1]):
        s = torch.tanh(y[:, t] @ W_x.T + s @ W_h.T + b)
        states.append(s)
    S = torch.stack(states, dim=1)
    alpha = (S @ h.mT).masked_fill(~mask[:, None], -torch.inf).softmax(dim=-1)
    return torch.cat([alpha @ h, S], dim=-1)


@right("look_after", "everything in the loop, by einsum")
def _(y, s, h, mask, W_x, W_h, b):
    outputs = []
    for y_t in y.transpose(0, 1):
        s = torch.tanh(torch.einsum("dy,by->bd", W_x, y_t) + torch.einsum("de,be->bd", W_h, s) + b)
        e = torch.where(mask, torch.einsum("btd,bd->bt", h, s), torch.tensor(-math.inf, dtype=h.dtype))
        c = torch.einsum("bt,btd->bd", F.softmax(e, dim=1), h)
        outputs.append(torch.hstack([c, s]))
    return torch.stack(outputs).transpose(0, 1)


@right("look_after", "row by row, with the states that may be used")
def _(y, s, h, mask, W_x, W_h, b):
    rows = []
    for y_row, s_t, states in zip(y, s, [h_row[m] for h_row, m in zip(h, mask, strict=True)], strict=True):
        steps = []
        for y_t in y_row:
            s_t = torch.tanh(W_x @ y_t + W_h @ s_t + b)
            steps.append(torch.cat([torch.softmax(states @ s_t, 0) @ states, s_t]))
        rows.append(torch.stack(steps))
    return torch.stack(rows)


@right("look_after", "PyTorch's own cell for the states")
def _(y, s, h, mask, W_x, W_h, b):
    cell = nn.RNN(y.shape[-1], s.shape[-1], batch_first=True).double()
    weights = {"weight_ih_l0": W_x, "weight_hh_l0": W_h, "bias_ih_l0": b, "bias_hh_l0": torch.zeros_like(b)}
    states, _ = torch.func.functional_call(cell, weights, (y, s[None]))
    e = states.bmm(h.permute(0, 2, 1)) + torch.zeros(mask.shape).double().masked_fill(~mask, -torch.inf)[:, None]
    return torch.cat((e.softmax(2).bmm(h), states), 2)


@right("look_after", "a recursion over the steps")
def _(y, s, h, mask, W_x, W_h, b):
    def steps(t, s):
        if t == y.size(1):
            return []
        s = torch.tanh(F.linear(y[:, t], W_x, b) + F.linear(s, W_h))
        e = (h @ s.unsqueeze(2)).squeeze(2).masked_fill(mask.logical_not(), torch.finfo(h.dtype).min)
        c = (e.softmax(1).unsqueeze(2) * h).sum(1)
        return [torch.cat([c, s], 1), *steps(t + 1, s)]

    return torch.stack(steps(0, s), 1)


def unrolled(y, s, h, mask, W_x, W_h, b, *, attention=None, look_at="new"):
    attention = attention or (lambda e: e.masked_fill(~mask, -torch.inf).softmax(-1))
    rows = []
    for y_t in y.unbind(1):
        new = torch.tanh(y_t @ W_x.T + s @ W_h.T + b)
        alpha = attention((h @ (new if look_at == "new" else s)[:, :, None]).squeeze(-1))
        rows.append(torch.cat([(alpha[:, None] @ h).squeeze(1), new], -1))
        s = new
    return torch.stack(rows, 1)


@wrong("look_after", "the old state asks", NAMES, "The states are right. It is the old state that asks in")
def _(y, s, h, mask, W_x, W_h, b):
    return unrolled(y, s, h, mask, W_x, W_h, b, look_at="old")


@wrong(
    "look_after",
    "the state first, then the context",
    NAMES,
    "Contexts and states are right, and exchanged: the context",
)
def _(y, s, h, mask, W_x, W_h, b):
    c, s = unrolled(y, s, h, mask, W_x, W_h, b).chunk(2, -1)
    return torch.cat([s, c], -1)


@wrong("look_after", "padding is looked at", NAMES, "The states are right. The mask has no effect: padding is")
def _(y, s, h, mask, W_x, W_h, b):
    return unrolled(y, s, h, mask, W_x, W_h, b, attention=lambda e: e.softmax(-1))


@wrong("look_after", "the mask after the softmax", NAMES, "The states are right. The mask comes after the softmax")
def _(y, s, h, mask, W_x, W_h, b):
    return unrolled(y, s, h, mask, W_x, W_h, b, attention=lambda e: e.softmax(-1) * mask)


@wrong(
    "look_after",
    "scores divided by the root of d",
    NAMES,
    "The states are right. The scores are divided by √d; plain",
)
def _(y, s, h, mask, W_x, W_h, b):
    return unrolled(
        y, s, h, mask, W_x, W_h, b,
        attention=lambda e: (e / math.sqrt(h.shape[-1])).masked_fill(~mask, -torch.inf).softmax(-1),
    )  # fmt: skip


@wrong("look_after", "the last step only", NAMES, "has shape (2, 10); (2, 3, 10) was expected")
def _(y, s, h, mask, W_x, W_h, b):
    return unrolled(y, s, h, mask, W_x, W_h, b)[:, -1]


@wrong("look_after", "every step starts from s_0", NAMES, "The state does not go on: every step of yours starts from")
def _(y, s, h, mask, W_x, W_h, b):
    S = torch.tanh(y @ W_x.T + (s @ W_h.T)[:, None] + b)
    alpha = (S @ h.mT).masked_fill(~mask[:, None], -torch.inf).softmax(-1)
    return torch.cat([alpha @ h, S], -1)


@wrong(
    "look_after",
    "the states are shifted: s_0 is the first",
    NAMES,
    "Your states begin with s_0, and the last one is missing.",
)
def _(y, s, h, mask, W_x, W_h, b):
    states = [s]
    for y_t in y.unbind(1):
        states.append(torch.tanh(y_t @ W_x.T + states[-1] @ W_h.T + b))
    S = torch.stack(states[:-1], 1)
    return torch.cat([(S @ h.mT).masked_fill(~mask[:, None], -torch.inf).softmax(-1) @ h, S], -1)


@right("look_before", "a loop with bmm")
def _(y, s, h, mask, W_x, W_h, b):
    states, weights = [], []
    for t in range(y.size(1)):
        e = torch.bmm(h, s.unsqueeze(-1)).squeeze(-1).masked_fill(~mask, float("-inf"))
        alpha = F.softmax(e, dim=-1)
        c = torch.bmm(alpha.unsqueeze(1), h).squeeze(1)
        s = torch.tanh(torch.cat([y[:, t], c], dim=-1) @ W_x.T + s @ W_h.T + b)
        states.append(s)
        weights.append(alpha)
    return torch.stack(states, dim=1), torch.stack(weights, dim=1)


@right("look_before", "W_x cut, and what y gives computed before the loop")
def _(y, s, h, mask, W_x, W_h, b):
    W_y, W_c = W_x.split([y.shape[2], h.shape[2]], dim=1)
    given = y @ W_y.T + b
    mapped = h @ W_c.T
    states, weights = torch.zeros(*y.shape[:2], s.shape[1]).to(s), torch.zeros(*y.shape[:2], h.shape[1]).to(s)
    for t in range(y.shape[1]):
        alpha = (h * s[:, None]).sum(2).where(mask, -torch.inf).softmax(1)
        s = torch.tanh(given[:, t] + (alpha[:, :, None] * mapped).sum(1) + s @ W_h.T)
        states[:, t], weights[:, t] = s, alpha
    return states, weights


class Decoder:
    def __init__(self, h, mask, W_x, W_h, b):
        self.h, self.mask, self.W_x, self.W_h, self.b = h, mask, W_x, W_h, b

    def look(self, s):
        scores = torch.einsum("bd,btd->bt", s, self.h)
        scores = scores - scores.masked_fill(~self.mask, -torch.inf).max(1, keepdim=True).values.detach()
        powers = torch.where(self.mask, scores, -torch.inf).exp()
        return powers / powers.sum(1, keepdim=True)

    def step(self, y, s):
        alpha = self.look(s)
        read = torch.cat([y, torch.einsum("bt,btd->bd", alpha, self.h)], 1)
        return torch.tanh(F.linear(read, self.W_x, self.b) + F.linear(s, self.W_h)), alpha


@right("look_before", "a class with look and step")
def _(y, s, h, mask, W_x, W_h, b):
    decoder, found = Decoder(h, mask, W_x, W_h, b), []
    for y_t in torch.unbind(y, dim=1):
        s, alpha = decoder.step(y_t, s)
        found.append((s, alpha))
    states, weights = zip(*found, strict=True)
    return torch.stack(states, 1), torch.stack(weights, 1)


@right("look_before", "accumulate over the steps")
def _(y, s, h, mask, W_x, W_h, b):
    def step(before, y_t):
        alpha = torch.softmax((h @ before[0][..., None])[..., 0].masked_fill(~mask, -1e300), 1)
        c = (alpha[:, None, :] @ h)[:, 0]
        return torch.tanh(torch.cat((y_t, c), 1) @ W_x.mT + before[0] @ W_h.mT + b), alpha

    steps = list(itertools.accumulate(y.unbind(1), step, initial=(s, None)))[1:]
    return tuple(torch.stack(part, dim=1) for part in zip(*steps, strict=True))


def unrolled_before(y, s, h, mask, W_x, W_h, b, *, attention=None, joined=None):
    attention = attention or (lambda e: e.masked_fill(~mask, -torch.inf).softmax(-1))
    joined = joined or (lambda y_t, c: torch.cat([y_t, c], -1))
    states, weights = [], []
    for y_t in y.unbind(1):
        alpha = attention((h @ s[:, :, None]).squeeze(-1))
        s = torch.tanh(joined(y_t, (alpha[:, None] @ h).squeeze(1)) @ W_x.T + s @ W_h.T + b)
        states.append(s)
        weights.append(alpha)
    return torch.stack(states, 1), torch.stack(weights, 1)


@wrong("look_before", "the context is read before y", NAMES, "You read [c ; y]. What is read stands first, and the")
def _(y, s, h, mask, W_x, W_h, b):
    return unrolled_before(y, s, h, mask, W_x, W_h, b, joined=lambda y_t, c: torch.cat([c, y_t], -1))


@wrong("look_before", "padding is looked at", NAMES, "The mask has no effect: padding is looked at as well.")
def _(y, s, h, mask, W_x, W_h, b):
    return unrolled_before(y, s, h, mask, W_x, W_h, b, attention=lambda e: e.softmax(-1))


@wrong(
    "look_before", "padding is set to a score of 0", NAMES, "You multiply scores by the mask. A score of 0 is not low"
)
def _(y, s, h, mask, W_x, W_h, b):
    return unrolled_before(y, s, h, mask, W_x, W_h, b, attention=lambda e: (e * mask).softmax(-1))


@wrong(
    "look_before",
    "one look, with s_0, for all steps",
    NAMES,
    "All your steps look with s_0. The state that asks is the",
)
def _(y, s, h, mask, W_x, W_h, b):
    alpha = (h @ s[:, :, None]).squeeze(-1).masked_fill(~mask, -torch.inf).softmax(-1)
    c = (alpha[:, None] @ h).squeeze(1)
    states = []
    for y_t in y.unbind(1):
        s = torch.tanh(torch.cat([y_t, c], -1) @ W_x.T + s @ W_h.T + b)
        states.append(s)
    return torch.stack(states, 1), alpha[:, None].expand(-1, y.shape[1], -1)


@wrong(
    "look_before",
    "the context of the step before, 0 at first",
    NAMES,
    "Your new state asks, and what it finds is read at the",
)
def _(y, s, h, mask, W_x, W_h, b):
    c, states, weights = torch.zeros_like(s), [], []
    for y_t in y.unbind(1):
        s = torch.tanh(torch.cat([y_t, c], -1) @ W_x.T + s @ W_h.T + b)
        alpha = (h @ s[:, :, None]).squeeze(-1).masked_fill(~mask, -torch.inf).softmax(-1)
        c = (alpha[:, None] @ h).squeeze(1)
        states.append(s)
        weights.append(alpha)
    return torch.stack(states, 1), torch.stack(weights, 1)


@wrong(
    "look_before",
    "the query is detached: looking is not learned",
    NAMES,
    "Is a part of the computation cut off, by `.detach()`",
)
def _(y, s, h, mask, W_x, W_h, b):
    states, weights = [], []
    for y_t in y.unbind(1):
        alpha = (h @ s.detach()[:, :, None]).squeeze(-1).masked_fill(~mask, -torch.inf).softmax(-1)
        s = torch.tanh(torch.cat([y_t, (alpha[:, None] @ h).squeeze(1)], -1) @ W_x.T + s @ W_h.T + b)
        states.append(s)
        weights.append(alpha)
    return torch.stack(states, 1), torch.stack(weights, 1)


@wrong("look_before", "steps come first in what is returned", NAMES, "its axes 0 and 1 are exchanged")
def _(y, s, h, mask, W_x, W_h, b):
    states, weights = unrolled_before(y, s, h, mask, W_x, W_h, b)
    return states.transpose(0, 1), weights.transpose(0, 1)


@right("addresses", "the parabola, times 20")
def _(T, order):
    i = torch.arange(T, dtype=torch.float64)
    keys = torch.stack([i, -(i**2) / 2], dim=1)
    p = order.to(torch.float64)
    return 20 * torch.stack([p, torch.ones_like(p)], dim=1), keys


@right("addresses", "a parabola around the middle")
def _(T, order):
    at = torch.arange(T).double() - (T - 1) / 2
    keys = torch.column_stack([2 * at, -at.square()])
    queries = 30 * torch.column_stack([at, torch.ones(T).double()])
    return queries[order], keys


@right("addresses", "a circle, and queries as long as T squared asks for")
def _(T, order):
    angle = 2 * math.pi * torch.arange(T, dtype=torch.float64) / T
    keys = 1000 * torch.stack([angle.cos(), angle.sin()], 1)
    return keys[order] * T, keys


@right("addresses", "a circle in plain Python, with the smallest factor")
def _(T, order):
    points = [(math.cos(2 * math.pi * i / T), math.sin(2 * math.pi * i / T)) for i in range(T)]
    lead = 1 - math.cos(2 * math.pi / T) if T > 1 else 1
    size = math.sqrt(2 * math.log(99 * T + 1) / lead)
    keys = torch.tensor([[size * x, size * y] for x, y in points], dtype=torch.float64)
    return torch.stack([keys[p] for p in order.tolist()]), keys


@right("addresses", "half a circle in NumPy")
def _(T, order):
    angle = np.linspace(0, np.pi, T)
    keys = 3e4 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return torch.tensor(keys[order.numpy()]), torch.tensor(keys)


@wrong("addresses", "a number line: place i at i", NAMES, "Your keys lie on a line")
def _(T, order):
    i = torch.arange(T).double()
    return torch.stack([order.double(), torch.zeros(len(order)).double()], 1), torch.stack([i, 0 * i], 1)


@wrong("addresses", "a circle of radius 1", NAMES, "It leads, and not by enough")
def _(T, order):
    angle = 2 * math.pi * torch.arange(T).double() / T
    keys = torch.stack([angle.cos(), angle.sin()], 1)
    return keys[order], keys


@wrong("addresses", "a circle of radius 30, enough for those of check", HIDDEN)
def _(T, order):
    angle = 2 * math.pi * torch.arange(T).double() / T
    keys = 35 * torch.stack([angle.cos(), angle.sin()], 1)
    return keys[order], keys


@wrong("addresses", "the parabola without a factor", NAMES, "It leads, and not by enough")
def _(T, order):
    i = torch.arange(T).double()
    p = order.double()
    return torch.stack([p, torch.ones_like(p)], 1), torch.stack([i, -(i**2) / 2], 1)


@wrong("addresses", "the parabola without the half", NAMES, "second number of each key were half as large")
def _(T, order):
    i = torch.arange(T).double()
    p = order.double()
    return 50 * torch.stack([p, torch.ones_like(p)], 1), torch.stack([i, -(i**2)], 1)


@wrong("addresses", "the parabola opens upwards", NAMES, "second number of each key were of the other sign")
def _(T, order):
    i = torch.arange(T).double()
    p = order.double()
    return 50 * torch.stack([p, torch.ones_like(p)], 1), torch.stack([i, i**2 / 2], 1)


@wrong("addresses", "a factor of a million, to be safe", NAMES, "numbers above a million")
def _(T, order):
    i = torch.arange(T).double()
    p = order.double()
    return 1e6 * torch.stack([p, torch.ones_like(p)], 1), torch.stack([i, -(i**2) / 2], 1)


@wrong("addresses", "step t looks at place t", GENERAL)
def _(T, order):
    i = torch.arange(T).double()
    return 50 * torch.stack([i, torch.ones_like(i)], 1)[: len(order)], torch.stack([i, -(i**2) / 2], 1)


@wrong("addresses", "the circle closes: the first and the last are one", NAMES, "Keys 0 and 4 are the same point")
def _(T, order):
    angle = torch.linspace(0, 2 * math.pi, T).double()
    keys = 1e5 * torch.stack([angle.cos(), angle.sin()], 1)
    return keys[order], keys


@right("on_right_words", "boolean indices")
def _(weights, gold):
    counts = gold.any(-1)
    w, g = weights[counts], gold[counts]
    hit = g[torch.arange(len(w)), w.argmax(-1)]
    return hit.double().mean().item(), (w * g).sum(-1).mean().item()


@right("on_right_words", "three loops")
def _(weights, gold):
    n, hits, mass = 0, 0, 0.0
    for b in range(weights.shape[0]):
        for t in range(weights.shape[1]):
            right_words = [i for i in range(weights.shape[2]) if gold[b, t, i]]
            if not right_words:
                continue
            row = weights[b, t].tolist()
            n += 1
            hits += row.index(max(row)) in right_words
            mass += sum(row[i] for i in right_words)
    return hits / n, mass / n


@right("on_right_words", "NumPy")
def _(weights, gold):
    w = weights.detach().numpy().reshape(-1, weights.shape[-1])
    g = gold.numpy().reshape(-1, gold.shape[-1])
    w, g = w[g.any(axis=1)], g[g.any(axis=1)]
    return float(np.mean(g[range(len(w)), w.argmax(1)])), float(np.where(g, w, 0).sum() / len(g))


@right("on_right_words", "gather, and sums that are divided")
def _(weights, gold):
    n = gold.any(dim=2).sum()
    found = gold.gather(2, weights.argmax(dim=2, keepdim=True)).sum()
    return float(found / n), float(weights.masked_fill(~gold, 0).sum() / n)


@wrong(
    "on_right_words",
    "rows without a right word count as well",
    NAMES,
    "All rows are counted, padding and words that come from",
)
def _(weights, gold):
    hits = gold.gather(2, weights.argmax(2, keepdim=True)).double()
    return hits.mean().item(), (weights * gold).sum(2).mean().item()


@wrong(
    "on_right_words",
    "the mean of the sentences' means",
    NAMES,
    "Those are means of the sentences' means. Each row that",
)
def _(weights, gold):
    largest, mass = [], []
    for w, g in zip(weights, gold, strict=True):
        n = g.any(-1).sum().clamp(min=1)
        largest.append((g.gather(1, w.argmax(1, keepdim=True)).sum() / n).item())
        mass.append(((w * g).sum() / n).item())
    return sum(largest) / len(largest), sum(mass) / len(mass)


@wrong(
    "on_right_words",
    "the first right word is the right word",
    NAMES,
    "Both your numbers know of the first right word of a row",
)
def _(weights, gold):
    counts = gold.any(-1)
    first = gold.int().argmax(-1)
    hits = (weights.argmax(-1) == first)[counts]
    mass = weights.gather(2, first[..., None])[..., 0][counts]
    return hits.double().mean().item(), mass.mean().item()


@wrong(
    "on_right_words",
    "the mass is that of the largest weights which are right",
    NAMES,
    "The share of largest weights is right. Your mass counts",
)
def _(weights, gold):
    counts = gold.any(-1)
    top, at = weights.max(-1)
    hits = gold.gather(2, at[..., None])[..., 0]
    return hits[counts].double().mean().item(), (top * hits)[counts].mean().item()


@wrong(
    "on_right_words",
    "the mean weight of right words",
    NAMES,
    "The share of largest weights is right. Your mass is the",
)
def _(weights, gold):
    counts = gold.any(-1)
    hits = gold.gather(2, weights.argmax(2, keepdim=True))[..., 0]
    return hits[counts].double().mean().item(), weights[gold].mean().item()


@wrong(
    "on_right_words",
    "for each source word the step that looks at it most",
    NAMES,
    "The mass is right. Your argmax runs over the target's",
)
def _(weights, gold):
    counts = gold.any(-1)
    hits = gold.gather(1, weights.argmax(1, keepdim=True))
    return hits.double().mean().item(), (weights * gold).sum(-1)[counts].mean().item()


@wrong(
    "on_right_words",
    "a weight above one half is a look",
    NAMES,
    "The mass is right. You count a largest weight only above",
)
def _(weights, gold):
    counts = gold.any(-1)
    hits = ((weights > 0.5) & gold).any(-1)
    return hits[counts].double().mean().item(), (weights * gold).sum(-1)[counts].mean().item()


def farthest(weights, directions):
    """Along each direction, forwards and backwards, until a weight is 0; of these the map that is farthest away."""
    found = []
    for d in [*directions, *(-d for d in directions)]:
        falls = d < -1e-12
        if falls.any():
            found.append((weights + d * (weights[falls] / -d[falls]).min()).clamp(min=0))
    return max(found, key=lambda w: (w - weights).abs().sum())


@right("another_map", "SVD, the farthest of all directions")
def _(weights, values):
    A = torch.cat([values, torch.ones(len(values), 1).to(values)], dim=1).T
    _, S, Vh = torch.linalg.svd(A)
    return farthest(weights, Vh[len(S) :])


@right("another_map", "a complete QR")
def _(weights, values):
    A = torch.column_stack([values, torch.ones_like(weights)])
    Q, _ = torch.linalg.qr(A, mode="complete")
    return farthest(weights, Q.T[A.shape[1] :])


@right("another_map", "each word's own direction, made orthogonal by the pseudo-inverse")
def _(weights, values):
    A = torch.cat([values.T, torch.ones(1, len(weights)).double()])
    P = torch.eye(len(weights)).double() - torch.linalg.pinv(A) @ A
    return farthest(weights, [row for row in P if row.norm() > 1e-6])


@right("another_map", "the eigenvectors of A'A whose eigenvalue is 0, in NumPy")
def _(weights, values):
    v, w = values.numpy(), weights.numpy()
    A = np.vstack([v.T, np.ones(len(w))])
    _, _, vh = np.linalg.svd(A)
    best = w
    for d in [*vh[A.shape[0] :], *-vh[A.shape[0] :]]:
        steps = [w[i] / -d[i] for i in range(len(w)) if d[i] < -1e-12]
        if steps and np.abs(d).sum() * min(steps) > np.abs(best - w).sum():
            best = w + min(steps) * d
    return torch.from_numpy(np.maximum(best, 0))


@wrong("another_map", "all weights alike", NAMES, "Your weights are all alike")
def _(weights, values):
    return torch.full_like(weights, 1 / len(weights))


@wrong("another_map", "the two largest change places", NAMES, "Yours are the old weights on other words")
def _(weights, values):
    new, (a, b) = weights.clone(), weights.topk(2).indices.tolist()
    new[a], new[b] = weights[b], weights[a]
    return new


@wrong("another_map", "the least-squares solution of the same context", GENERAL)
def _(weights, values):
    A = torch.cat([values.T, torch.ones(1, len(weights)).to(values)])
    return torch.linalg.lstsq(A, A @ weights, driver="gelsd").solution


@wrong("another_map", "only the context is kept, not the sum", NAMES, "one more equation for a new map")
def _(weights, values):
    return farthest(weights, torch.linalg.svd(values.T).Vh[-1:])


@wrong("another_map", "a step of one along the direction", NAMES, "is below 0,")
def _(weights, values):
    A = torch.cat([values, torch.ones(len(values), 1).to(values)], dim=1).T
    return weights + torch.linalg.svd(A).Vh[-1]


@wrong(
    "another_map", "a step so short that no weight falls below 0", NAMES, "of the weight has moved; 0.1 was asked for"
)
def _(weights, values):
    A = torch.cat([values, torch.ones(len(values), 1).to(values)], dim=1).T
    d = torch.linalg.svd(A).Vh[-1]
    return weights + d * min(1e-3, weights.min().item())


@wrong(
    "another_map",
    "what falls below 0 is cut off, and the rest divided by its sum",
    NAMES,
    "Cutting weights off there changes the context",
)
def _(weights, values):
    A = torch.cat([values, torch.ones(len(values), 1).to(values)], dim=1).T
    new = (weights + torch.linalg.svd(A).Vh[-1]).clamp(min=0)
    return new / new.sum()


@right("attend", "log-softmax, and an exponential at the end")
def _(query, keys, values, mask):
    scores = torch.matmul(query, keys.swapaxes(-1, -2)).div(math.sqrt(keys.size(-1)))
    scores = scores + torch.where(mask, 0.0, -1e18).to(scores)[:, None]
    weights = F.log_softmax(scores, -1).exp() * mask.any(1).to(scores)[:, None, None]
    weights = torch.where(mask[:, None], weights, torch.zeros_like(weights))
    return weights @ values, weights


@right("look_before", "row by row in plain loops")
def _(y, s, h, mask, W_x, W_h, b):
    all_states, all_weights = [], []
    for n in range(y.shape[0]):
        places = torch.where(mask[n])[0]
        state, states, weights = s[n], [], []
        for t in range(y.shape[1]):
            alpha = torch.zeros(h.shape[1], dtype=h.dtype).index_put(
                (places,), torch.softmax(h[n, places] @ state, 0)
            )
            state = torch.tanh(W_x @ torch.cat([y[n, t], alpha @ h[n]]) + W_h @ state + b)
            states.append(state)
            weights.append(alpha)
        all_states.append(torch.stack(states))
        all_weights.append(torch.stack(weights))
    return torch.stack(all_states), torch.stack(all_weights)


@right("on_right_words", "comprehensions over rows")
def _(weights, gold):
    rows = [(w, g) for w, g in zip(weights.flatten(0, 1), gold.flatten(0, 1), strict=True) if g.any()]
    largest = sum(bool(g[w.argmax()]) for w, g in rows) / len(rows)
    return largest, sum(w[g].sum().item() for w, g in rows) / len(rows)


@right("addresses", "a parabola in whole numbers at first")
def _(T, order):
    i = torch.arange(T)
    return torch.stack([2 * order, torch.ones_like(order)], 1).double() * 12, torch.stack([i, -i * i], 1).double()


@right("another_map", "directions from the pairs of a basis, tried one after the other")
def _(weights, values):
    A = np.concatenate([values.numpy(), np.ones((len(weights), 1))], axis=1)
    basis = np.linalg.qr(A, mode="complete")[0][:, A.shape[1] :].T
    tried = [farthest(weights, [torch.tensor(d)]) for d in basis]
    return next(new for new in tried if (new - weights).abs().sum() / 2 >= 0.1)
