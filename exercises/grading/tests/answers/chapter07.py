"""Answers to the exercises of chapter 7."""

import fractions
import itertools
import math

import numpy as np
import torch
import torch.nn.functional as F

from answers import GENERAL, HIDDEN, NAMES, chapter

right, wrong = chapter(7)


# 7.1


@right("write_and_read", "einsum for all")
def _(S, q, k, v, a):
    S = torch.einsum("b,bvk->bvk", a, S) + torch.einsum("bv,bk->bvk", v, k)
    return torch.einsum("bvk,bk->bv", S, q), S


@right("write_and_read", "batched products of matrices")
def _(S, q, k, v, a):
    S = a.view(-1, 1, 1) * S + torch.bmm(v.unsqueeze(2), k.unsqueeze(1))
    return torch.bmm(S, q.unsqueeze(2)).squeeze(2), S


@right("write_and_read", "row by row")
def _(S, q, k, v, a):
    states = [a[b] * S[b] + torch.outer(v[b], k[b]) for b in range(len(S))]
    return torch.stack([M @ x for M, x in zip(states, q, strict=True)]), torch.stack(states)


@right("write_and_read", "what is left and the pair are read apart")
def _(S, q, k, v, a):
    left = S * a[:, None, None]
    o = (left * q[:, None]).sum(-1) + v * (k * q).sum(-1, keepdim=True)
    return o, left + v[..., None] * k[:, None]


@right("write_and_read", "baddbmm on a copy")
def _(S, q, k, v, a):
    after = torch.baddbmm(a[:, None, None] * S.clone(), v[:, :, None], k[:, None, :])
    return (after @ q[..., None])[..., 0], after


@wrong("write_and_read", "one reads, then one writes", NAMES, "You read the old one")
def _(S, q, k, v, a):
    o = torch.einsum("bvk,bk->bv", S, q)
    return o, a[:, None, None] * S + v[:, :, None] * k[:, None, :]


@wrong("write_and_read", "a convex mixture, as in every gate so far", NAMES, "as a GRU does")
def _(S, q, k, v, a):
    g = a.reshape(-1, 1, 1)
    S = g * S + (1 - g) * torch.bmm(v[:, :, None], k[:, None])
    return torch.bmm(S, q[:, :, None])[:, :, 0], S


@wrong("write_and_read", "the pair is in the memory, so it fades as well", NAMES, "falls on the new pair as well")
def _(S, q, k, v, a):
    S = a[:, None, None] * (S + v[:, :, None] * k[:, None])
    return (S @ q[:, :, None]).squeeze(-1), S


@wrong("write_and_read", "keys are rows, so k comes first", GENERAL, "")
def _(S, q, k, v, a):
    S = a[:, None, None] * S + k[:, :, None] * v[:, None, :]
    return (S @ q[:, :, None]).squeeze(-1), S


@wrong("write_and_read", "a fades by itself", NAMES, "Inverted: a is the share that stays")
def _(S, q, k, v, a):
    S = S - a[:, None, None] * S + v[:, :, None] * k[:, None]
    return (S @ q[:, :, None]).squeeze(-1), S


@right("all_at_once", "a loop over steps with a state")
def _(q, k, v, a):
    S, outputs = q.new_zeros(len(q), v.shape[2], k.shape[2]), []
    for t in range(q.shape[1]):
        S = a[:, t, None, None] * S + v[:, t, :, None] * k[:, t, None]
        outputs.append((S @ q[:, t, :, None])[..., 0])
    return torch.stack(outputs, 1)


@right("all_at_once", "two loops over pairs")
def _(q, k, v, a):
    rows = []
    for t in range(q.shape[1]):
        o = 0
        for i in range(t + 1):
            factor = a[:, i + 1 : t + 1].prod(dim=1)
            o = o + (factor * (q[:, t] * k[:, i]).sum(1))[:, None] * v[:, i]
        rows.append(o)
    return torch.stack(rows, dim=1)


@right("all_at_once", "the factors row by row")
def _(q, k, v, a):
    B, T = a.shape
    rows = [torch.zeros(B, T).to(a)]
    factor = torch.zeros(B, T).to(a)
    rows = []
    for t in range(T):
        factor = factor * a[:, t : t + 1]
        factor = torch.cat([factor[:, :t], torch.ones(B, 1).to(a), factor[:, t + 1 :]], 1)
        rows.append(factor)
    return torch.einsum("bti,bti,biv->btv", q @ k.transpose(1, 2), torch.stack(rows, 1), v)


@right("all_at_once", "a weighted sum, backwards from each step")
def _(q, k, v, a):
    outputs = []
    for t in range(q.shape[1]):
        keep, o = torch.ones_like(a[:, 0]), 0
        for i in range(t, -1, -1):
            o = o + keep[:, None] * torch.einsum("bk,bk->b", q[:, t], k[:, i])[:, None] * v[:, i]
            keep = keep * a[:, i]
        outputs.append(o)
    return torch.stack(outputs, dim=1)


@right("all_at_once", "the system of the recurrence, solved")
def _(q, k, v, a):
    B, T = a.shape
    back = torch.diag_embed(a[:, 1:], offset=-1) if T > 1 else torch.zeros(B, 1, 1).to(a)
    P = torch.linalg.solve_triangular(torch.eye(T).to(a) - back, torch.eye(T).to(a).expand(B, T, T), upper=False)
    return (P * (q @ k.mT)) @ v


@wrong("all_at_once", "quotients of products from the start", HIDDEN)
def _(q, k, v, a):
    total = a.cumprod(1)
    return ((q @ k.mT) * (total[:, :, None] / total[:, None, :]).tril()) @ v


@wrong("all_at_once", "differences of logarithms", HIDDEN)
def _(q, k, v, a):
    total = a.log().cumsum(1)
    return ((q @ k.mT) * (total[:, :, None] - total[:, None, :]).exp().tril()) @ v


@wrong("all_at_once", "attention without softmax, and without the gates", NAMES, "Nothing is forgotten")
def _(q, k, v, a):
    return torch.tril(torch.einsum("btk,bik->bti", q, k)) @ v


@wrong("all_at_once", "the mask of chapter 6 is forgotten", NAMES, "Your outputs know the future")
def _(q, k, v, a):
    T = a.shape[1]
    P = torch.ones(len(a), T, T).to(a)
    for t in range(T):
        for i in range(t):
            P[:, t, i] = a[:, i + 1 : t + 1].prod(1)
    return (q @ k.mT * P) @ v


@wrong("all_at_once", "quotients of products, and no mask", NAMES, "one over the gates between")
def _(q, k, v, a):
    total = torch.cumprod(a, dim=1)
    P = total.unsqueeze(2) / total.unsqueeze(1)
    return torch.einsum("bti,biv->btv", torch.einsum("btk,bik->bti", q, k) * P, v)


@wrong("all_at_once", "each pair meets its own gate too", NAMES, "One factor too many")
def _(q, k, v, a):
    outputs = []
    for t in range(a.shape[1]):
        weights = torch.stack([a[:, i : t + 1].prod(1) for i in range(t + 1)], 1)
        scores = torch.einsum("bk,bik->bi", q[:, t], k[:, : t + 1])
        outputs.append(torch.einsum("bi,biv->bv", weights * scores, v[:, : t + 1]))
    return torch.stack(outputs, 1)


@wrong("all_at_once", "a softmax over the past", NAMES, "There is a softmax in your answer")
def _(q, k, v, a):
    T = a.shape[1]
    P = torch.stack(
        [
            torch.stack([a[:, i + 1 : t + 1].prod(1) if i <= t else 0 * a[:, 0] for i in range(T)], 1)
            for t in range(T)
        ],
        1,
    )
    seen = torch.ones(T, T).tril().bool()
    return (F.softmax((q @ k.mT).masked_fill(~seen, -math.inf), dim=-1) * P) @ v


# 7.2


def chunk_by_steps(S, q, k, v, gamma, read=lambda before, after: after, pair=1.0):
    outputs = []
    for t in range(q.shape[2]):
        before = S
        S = gamma[:, None, None] * S + pair * v[:, :, t, :, None] * k[:, :, t, None]
        outputs.append(torch.einsum("bhvk,bhk->bhv", read(before, S), q[:, :, t]))
    return torch.stack(outputs, dim=2), S


@right("through_chunk", "step by step")
def _(S, q, k, v, gamma):
    return chunk_by_steps(S, q, k, v, gamma)


@right("through_chunk", "einsum, with exponents in a table")
def _(S, q, k, v, gamma):
    C = q.size(2)
    table = torch.zeros(len(gamma), C, C).to(q)
    for t, i in itertools.product(range(C), range(C)):
        if i <= t:
            table[:, t, i] = gamma ** (t - i)
    ages = torch.stack([gamma ** (t + 1) for t in range(C)], 1)
    o = torch.einsum("bhtk,bhik,hti,bhiv->bhtv", q, k, table, v)
    o = o + torch.einsum("ht,bhvk,bhtk->bhtv", ages, S, q)
    after = torch.einsum("hi,bhiv,bhik->bhvk", table[:, -1], v, k)
    return o, after + gamma[:, None, None] ** C * S


@right("through_chunk", "head by head")
def _(S, q, k, v, gamma):
    outputs, states = [], []
    C = q.shape[2]
    for h, g in enumerate(gamma.tolist()):
        powers = torch.tensor([g**n for n in range(C + 1)], dtype=q.dtype)
        M = torch.stack([torch.cat([powers[: t + 1].flip(0), torch.zeros(C - t - 1).to(q)]) for t in range(C)])
        outputs.append((q[:, h] @ k[:, h].mT * M) @ v[:, h] + powers[1:, None] * (q[:, h] @ S[:, h].mT))
        states.append(powers[C] * S[:, h] + (v[:, h] * powers[:C].flip(0)[:, None]).mT @ k[:, h])
    return torch.stack(outputs, 1), torch.stack(states, 1)


@right("through_chunk", "queries and keys with their own powers")
def _(S, q, k, v, gamma):
    t = torch.arange(1, q.shape[2] + 1)[:, None]
    g = gamma[:, None, None]
    since = g**t
    M = torch.where((t >= t.T), g ** (t - t.T).clamp(min=0), 0)
    o = (q * since) @ S.mT + (q @ k.mT * M) @ v
    return o, g ** len(t) * S + v.mT @ (k * g ** (len(t) - t))


@right("through_chunk", "the state as a pair before all others")
def _(S, q, k, v, gamma):
    B, H, C, d_k = q.shape
    eye = torch.eye(d_k).to(q).expand(B, H, d_k, d_k)
    keys, values = torch.cat([eye, k], 2), torch.cat([S.mT, v], 2)
    written = torch.cat([torch.zeros(d_k), torch.arange(1, C + 1)])
    t = torch.arange(1, C + 1)[:, None]
    M = (written <= t) * gamma[:, None, None] ** (t - written).clamp(min=0)
    after = (values * (gamma[:, None] ** (C - written))[..., None]).mT @ keys
    return (q @ keys.mT * M) @ values, after


@wrong("through_chunk", "the state is read as it arrives", NAMES, "The outputs read the arriving state as it was")
def _(S, q, k, v, gamma):
    C = q.shape[2]
    t = torch.arange(C)
    g = gamma.view(-1, 1, 1)
    M = torch.where(t[:, None] >= t, g ** (t[:, None] - t).clamp(0), 0.0)
    o = (q @ k.mT * M) @ v + q @ S.mT
    return o, g**C * S + (v * g ** (C - 1 - t)[:, None]).mT @ k


@wrong("through_chunk", "steps counted from 0", NAMES, "one step too young")
def _(S, q, k, v, gamma):
    C = q.shape[2]
    t = torch.arange(C)[:, None]
    g = gamma.view(-1, 1, 1)
    M = torch.where(t >= t.T, g ** (t - t.T).clamp(0), 0.0)
    o = (q @ k.mT * M) @ v + g**t * (q @ S.mT)
    return o, g**C * S + (v * g ** (C - 1 - t)).mT @ k


@wrong("through_chunk", "a table of powers, and no mask", NAMES, "the power of γ is negative")
def _(S, q, k, v, gamma):
    C = q.shape[2]
    t = torch.arange(1, C + 1).to(q)
    table = gamma[:, None, None] ** (t[:, None] - t[None, :])
    o = (q @ k.mT * table) @ v + gamma[:, None, None] ** t[:, None] * (q @ S.mT)
    after = gamma[:, None, None] ** C * S + (v * gamma[:, None, None] ** (C - t)[:, None]).mT @ k
    return o, after


@wrong("through_chunk", "range(C) where the equations have 1 … C", NAMES, "Your t begins at 0. So")
def _(S, q, k, v, gamma):
    C = q.shape[2]
    powers = torch.stack([gamma**n for n in range(C + 1)], dim=1)
    o, after = torch.zeros_like(v), powers[:, C, None, None] * S
    for t in range(C):
        o[:, :, t] = powers[:, t, None] * torch.einsum("bhvk,bhk->bhv", S, q[:, :, t])
        for i in range(t + 1):
            o[:, :, t] += powers[:, t - i, None] * v[:, :, i] * (q[:, :, t] * k[:, :, i]).sum(-1, keepdim=True)
        after = after + powers[:, C - t, None, None] * v[:, :, t, :, None] * k[:, :, t, None]
    return o, after


@wrong("through_chunk", "the last step is C − 1", NAMES, "Your t begins at 0, and ends at C − 1")
def _(S, q, k, v, gamma):
    C = q.shape[2]
    t = torch.arange(C)[:, None]
    g = gamma.view(-1, 1, 1)
    o = (q @ k.mT * g ** (t - t.T).clamp(min=0)).tril() @ v + g**t * (q @ S.mT)
    return o, g ** (C - 1) * S + (v * g ** (C - 1 - t)).mT @ k


@wrong("through_chunk", "γ to the C − 1 for the old state alone", NAMES, "as old as the pair of step 1")
def _(S, q, k, v, gamma):
    o, after = chunk_by_steps(S, q, k, v, gamma)
    g = gamma.view(-1, 1, 1)
    return o, after + (g ** (q.shape[2] - 1) - g ** q.shape[2]) * S


@wrong("through_chunk", "the state forgets once a chunk", NAMES, "the old one has lost one share")
def _(S, q, k, v, gamma):
    o, after = chunk_by_steps(S, q, k, v, gamma)
    g = gamma.view(-1, 1, 1)
    return o, after - g ** q.shape[2] * S + g * S


@wrong("through_chunk", "each step reads before it writes", GENERAL, "")
def _(S, q, k, v, gamma):
    return chunk_by_steps(S, q, k, v, gamma, read=lambda before, after: before)


@wrong("through_chunk", "all outputs are read from the state in the end", NAMES, "All your outputs are read from it")
def _(S, q, k, v, gamma):
    _, after = chunk_by_steps(S, q, k, v, gamma)
    return torch.einsum("bhvk,bhtk->bhtv", after, q), after


# 7.3


@right("delta_step", "a matrix that acts on the state")
def _(S, k, v, beta, a):
    b = beta[:, None, None]
    turn = torch.eye(k.shape[1]).to(k) - b * k[:, :, None] * k[:, None]
    return a[:, None, None] * S @ turn + b * v[:, :, None] * k[:, None]


@right("delta_step", "row by row")
def _(S, k, v, beta, a):
    rows = []
    for M, key, value, b, keep in zip(S, k, v, beta, a, strict=True):
        M = keep * M
        rows.append(M + b * torch.outer(value - M @ key, key))
    return torch.stack(rows)


@right("delta_step", "baddbmm")
def _(S, k, v, beta, a):
    left = S * a.view(-1, 1, 1)
    error = v[..., None] - left @ k[..., None]
    return torch.baddbmm(left, beta.view(-1, 1, 1) * error, k[:, None, :])


@right("delta_step", "gradient descent, by hand")
def _(S, k, v, beta, a):
    left = torch.einsum("b,bvk->bvk", a, S)
    gradient = torch.einsum("bv,bk->bvk", torch.einsum("bvk,bk->bv", left, k) - v, k)
    return left - torch.einsum("b,bvk->bvk", beta, gradient)


@right("delta_step", "the old value out, the new one in")
def _(S, k, v, beta, a):
    left = a[:, None, None] * S
    old = (left * k[:, None]).sum(2)
    new = (1 - beta[:, None]) * old + beta[:, None] * v
    return left - old[:, :, None] * k[:, None] + new[:, :, None] * k[:, None]


@wrong("delta_step", "the memory is read first", NAMES, "before it has forgotten")
def _(S, k, v, beta, a):
    old = torch.bmm(S, k[:, :, None])[..., 0]
    return a[:, None, None] * S + (beta[:, None] * (v - old))[:, :, None] * k[:, None]


@wrong("delta_step", "all is faded by the gate in the end", NAMES, "The memory forgets in the end")
def _(S, k, v, beta, a):
    old = torch.bmm(S, k[:, :, None])[..., 0]
    return a[:, None, None] * (S + (beta[:, None] * (v - old))[:, :, None] * k[:, None])


@wrong("delta_step", "keys have length 1", NAMES, "make the key's length 1")
def _(S, k, v, beta, a):
    k = F.normalize(k, dim=1)
    S = a[:, None, None] * S
    return S + (beta[:, None] * (v - (S @ k[:, :, None])[..., 0]))[:, :, None] * k[:, None]


@wrong("delta_step", "β v, without the old", NAMES, "You never look at what stands under the key")
def _(S, k, v, beta, a):
    return a[:, None, None] * S + beta[:, None, None] * torch.bmm(v[:, :, None], k[:, None])


@wrong("delta_step", "predicted minus wanted, as in a loss", NAMES, "you move away from the value")
def _(S, k, v, beta, a):
    S = a[:, None, None] * S
    error = torch.einsum("bvk,bk->bv", S, k) - v
    return S + torch.einsum("b,bv,bk->bvk", beta, error, k)


@right("written", "a list of u")
def _(v, gram, beta):
    u = []
    for t in range(v.shape[1]):
        found = sum((gram[:, t, i, None] * u[i] for i in range(t)), torch.zeros_like(v[:, 0]))
        u.append(beta[:, t, None] * (v[:, t] - found))
    return torch.stack(u, dim=1)


@right("written", "solve, with a lower triangle")
def _(v, gram, beta):
    A = torch.eye(gram.shape[1]).to(v) + torch.tril(beta[..., None] * gram, diagonal=-1)
    return torch.linalg.solve(A, beta[..., None] * v)


@right("written", "divided by β first, where it is not 0")
def _(v, gram, beta):
    T = v.shape[1]
    L = torch.einsum("bt,bti->bti", beta, gram.tril(-1))
    total, term = torch.zeros_like(v), beta[..., None] * v
    for _ in range(T):
        total, term = total + term, -L @ term
    return total


@right("written", "the inverse")
def _(v, gram, beta):
    b = torch.diag_embed(beta)
    return torch.linalg.inv(torch.eye(v.shape[1]).to(v) + b @ gram.tril(-1)) @ b @ v


@right("written", "substitution with stacked rows")
def _(v, gram, beta):
    u = beta[:, :1, None] * v[:, :1]
    for t in range(1, v.shape[1]):
        new = beta[:, t, None] * (v[:, t] - torch.einsum("bi,biv->bv", gram[:, t, :t], u))
        u = torch.cat([u, new[:, None]], 1)
    return u


@wrong("written", "the values stand under the keys", NAMES, "and not of their values")
def _(v, gram, beta):
    found = torch.einsum("bti,biv->btv", torch.tril(gram, -1), v)
    return beta[..., None] * (v - found)


@wrong("written", "one round of correction", NAMES, "as if nothing had stood there then")
def _(v, gram, beta):
    u = beta[..., None] * v
    return beta[..., None] * (v - gram.tril(-1) @ u)


@wrong("written", "the system with the diagonal", NAMES, "A step finds what it is about to write")
def _(v, gram, beta):
    A = torch.eye(v.shape[1]).to(v) + (beta[..., None] * gram).tril()
    return torch.linalg.solve_triangular(A, beta[..., None] * v, upper=False)


@wrong("written", "all keys at once", NAMES, "the whole of G is in the system")
def _(v, gram, beta):
    A = torch.eye(v.shape[1]).to(v) + torch.diag_embed(beta) @ gram
    return torch.linalg.solve(A, beta[..., None] * v)


@wrong("written", "the columns get their β", NAMES, "stands the β of the earlier step")
def _(v, gram, beta):
    A = torch.eye(v.shape[1]).to(v) + (gram * beta[:, None, :]).tril(-1)
    return torch.linalg.solve_triangular(A, beta[..., None] * v, upper=False)


# 7.4


@right("combined", "products of batches")
def _(first, second):
    A, b = first
    return torch.bmm(second[0], A), torch.bmm(second[0], b[:, :, None])[:, :, 0] + second[1]


@right("combined", "as one larger matrix")
def _(first, second):
    def larger(A, b):
        below = torch.zeros(len(A), 1, A.shape[1] + 1).to(A)
        below[:, :, -1] = 1
        return torch.cat([torch.cat([A, b[:, :, None]], 2), below], 1)

    whole = larger(*second) @ larger(*first)
    return whole[:, :-1, :-1], whole[:, :-1, -1]


@right("combined", "row by row")
def _(first, second):
    rows = [(B @ A, B @ a + b) for A, a, B, b in zip(*first, *second, strict=True)]
    return tuple(map(torch.stack, zip(*rows, strict=True)))


@right("combined", "baddbmm, and rows times a transposed matrix")
def _(first, second):
    (A, a), (B, b) = first, second
    return torch.matmul(B, A), torch.baddbmm(b[:, None], a[:, None], B.mT).squeeze(1)


@right("combined", "by what they do to unit vectors")
def _(first, second):
    def run(c):
        for A, b in (first, second):
            c = torch.einsum("bij,bj->bi", A, c) + b
        return c

    zero = torch.zeros_like(first[1])
    term = run(zero)
    columns = [run(zero + e) - term for e in torch.eye(zero.shape[1]).to(zero)]
    return torch.stack(columns, 2), term


@wrong("combined", "left to right, as it is read", NAMES, "The product of the matrices is in the other order")
def _(first, second):
    (A, a), (B, b) = first, second
    return A @ B, (B @ a[..., None])[..., 0] + b


@wrong("combined", "the second inside the first", NAMES, "You do the second step first")
def _(first, second):
    (A, a), (B, b) = first, second
    return A @ B, torch.einsum("bij,bj->bi", A, b) + a


@wrong("combined", "terms add up", NAMES, "as if the second step left")
def _(first, second):
    return second[0] @ first[0], first[1] + second[1]


@wrong("combined", "the bracket in the wrong place", NAMES, "In b both terms go through the second matrix")
def _(first, second):
    return second[0] @ first[0], (second[0] @ (first[1] + second[1])[..., None]).squeeze(-1)


@wrong("combined", "as for gates, entry by entry", NAMES, "entry by entry")
def _(first, second):
    return first[0] * second[0], torch.einsum("bij,bj->bi", second[0], first[1]) + second[1]


@right("after_rounds", "padded, so that all places have a partner")
def _(f, x, rounds):
    T = f.shape[1]
    for r in range(rounds):
        n = 2**r
        f_e = F.pad(f, (0, 0, n, 0), value=1.0)[:, :T]
        x_e = F.pad(x, (0, 0, n, 0))[:, :T]
        f, x = f * f_e, f * x_e + x
    return f, x


@right("after_rounds", "stops when nothing is left to do")
def _(f, x, rounds):
    n = 1
    while rounds and n < f.shape[1]:
        x = torch.cat((x[:, :n], torch.addcmul(x[:, n:], f[:, n:], x[:, :-n])), 1)
        f = torch.cat((f[:, :n], f[:, n:] * f[:, :-n]), 1)
        n, rounds = 2 * n, rounds - 1
    return f, x


@right("after_rounds", "each place from its own window")
def _(f, x, rounds):
    T = f.shape[1]
    factors, terms = [], []
    for t in range(T):
        p, c = torch.ones_like(f[:, 0]), torch.zeros_like(x[:, 0])
        for s in range(max(0, t - 2**rounds + 1), t + 1):
            p, c = f[:, s] * p, f[:, s] * c + x[:, s]
        factors.append(p), terms.append(c)
    return torch.stack(factors, 1), torch.stack(terms, 1)


@right("after_rounds", "rolled, and the beginning put back")
def _(f, x, rounds):
    place = torch.arange(f.shape[1])[:, None]
    for n in (2**r for r in range(rounds)):
        inside = place >= n
        f, x = f * f.roll(n, 1).where(inside, 1), x + f * x.roll(n, 1).where(inside, 0)
    return f, x


@right("after_rounds", "recursion on the rounds")
def _(f, x, rounds):
    def go(f, x, n, left):
        if not left or n >= f.size(1):
            return f, x
        new = x[:, n:] + f[:, n:] * x[:, : f.size(1) - n]
        both = f[:, n:] * f[:, : f.size(1) - n]
        return go(torch.cat([f[:, :n], both], 1), torch.cat([x[:, :n], new], 1), 2 * n, left - 1)

    return go(f, x, 1, rounds)


@wrong("after_rounds", "always the neighbour", NAMES, "Each of your rounds looks one place to the left")
def _(f, x, rounds):
    for _ in range(rounds):
        x = torch.cat([x[:, :1], x[:, 1:] + f[:, 1:] * x[:, :-1]], 1)
        f = torch.cat([f[:, :1], f[:, 1:] * f[:, :-1]], 1)
    return f, x


@wrong("after_rounds", "f is replaced first", NAMES, "f was replaced too early")
def _(f, x, rounds):
    for r in range(rounds):
        n = 2**r
        f = torch.cat([f[:, :n], f[:, n:] * f[:, :-n]], 1)
        x = torch.cat([x[:, :n], x[:, n:] + f[:, n:] * x[:, :-n]], 1)
    return f, x


@wrong("after_rounds", "roll", NAMES, "left of the first place there is nothing")
def _(f, x, rounds):
    for r in range(rounds):
        f, x = f * torch.roll(f, 2**r, 1), f * torch.roll(x, 2**r, 1) + x
    return f, x


@wrong("after_rounds", "only the terms are put together", NAMES, "The factors stay as they were")
def _(f, x, rounds):
    n = 1
    for _ in range(rounds):
        x = torch.cat([x[:, :n], x[:, n:] + f[:, n:] * x[:, :-n]], 1)
        n *= 2
    return f, x


@wrong("after_rounds", "the states themselves", NAMES, "however many are asked for")
def _(f, x, rounds):
    c, states = torch.zeros_like(x[:, 0]), []
    for t in range(x.shape[1]):
        c = f[:, t] * c + x[:, t]
        states.append(c)
    return f.cumprod(1), torch.stack(states, 1)


# 7.5


@right("width_needed", "integer division, turned around")
def _(pairs, share):
    return max(1, int(-((pairs - 1) // -share)))


@right("width_needed", "counted up")
def _(pairs, share):
    d = 1
    while (pairs - 1) / d > share:
        d += 1
    return d


@right("width_needed", "NumPy's ceil")
def _(pairs, share):
    return int(np.ceil(max(pairs - 1, share) / share))


@right("width_needed", "in fractions")
def _(pairs, share):
    exact = fractions.Fraction(share).limit_denominator(10000)
    return max(1, math.ceil((pairs - 1) / exact))


@right("width_needed", "one pair by itself")
def _(pairs, share):
    if pairs == 1:
        return 1
    d = math.floor((pairs - 1) / share)
    return d if d >= 1 and (pairs - 1) / d <= share else d + 1


@wrong("width_needed", "N pairs disturb", NAMES, "You count N disturbing pairs")
def _(pairs, share):
    return max(1, math.ceil(pairs / share))


@wrong("width_needed", "the product is 1/√d", NAMES, "Your share is one of lengths")
def _(pairs, share):
    return max(1, math.ceil((pairs - 1) / share / share))


@wrong("width_needed", "the error is a length, so there is a root", NAMES, "You take the root of")
def _(pairs, share):
    return math.ceil(math.sqrt((pairs - 1) / share))


@wrong("width_needed", "as many numbers as keys", NAMES, "can all stand at right angles")
def _(pairs, share):
    return pairs


@wrong("width_needed", "int() cuts", NAMES, "Rounded down")
def _(pairs, share):
    return max(1, int((pairs - 1) / share))


@wrong("width_needed", "below, not at most", NAMES, "where the share is reached exactly")
def _(pairs, share):
    d = 1
    while (pairs - 1) / d >= share:
        d += 1
    return d


@right("least_error", "lstsq")
def _(keys, values):
    W = torch.linalg.lstsq(keys, values).solution
    return (keys @ W - values).pow(2).sum().item()


@right("least_error", "NumPy's lstsq, and a float")
def _(keys, values):
    k, v = keys.numpy(), values.numpy()
    return float(((k @ np.linalg.lstsq(k, v, rcond=None)[0] - v) ** 2).sum())


@right("least_error", "what no column of the keys reaches, by QR")
def _(keys, values):
    Q, _ = torch.linalg.qr(keys)
    return ((values - Q @ (Q.T @ values)) ** 2).sum()


@right("least_error", "by the SVD and Pythagoras")
def _(keys, values):
    U = torch.linalg.svd(keys, full_matrices=False).U
    return max(0.0, (values.square().sum() - (U.T @ values).square().sum()).item())


@right("least_error", "normal equations, and 0 where there are not more pairs")
def _(keys, values):
    if len(keys) <= keys.shape[1]:
        return 0.0
    W = torch.linalg.solve(keys.T @ keys, keys.T @ values)
    return ((keys @ W - values) ** 2).sum().item()


@wrong("least_error", "normal equations everywhere", HIDDEN)
def _(keys, values):
    W = torch.linalg.inv(keys.T @ keys) @ keys.T @ values
    return ((keys @ W - values) ** 2).sum().item()


@wrong("least_error", "the sum of outer products", NAMES, "That is the error of the sum Σ v kᵀ")
def _(keys, values):
    S = torch.zeros(values.shape[1], keys.shape[1]).to(keys)
    for k, v in zip(keys, values, strict=True):
        S += torch.outer(v, k)
    return sum(((S @ k - v) ** 2).sum().item() for k, v in zip(keys, values, strict=True))


@wrong("least_error", "the delta rule, once through", NAMES, "after each pair was written once")
def _(keys, values):
    S = torch.zeros(values.shape[1], keys.shape[1]).to(keys)
    for k, v in zip(keys, values, strict=True):
        S = S + torch.outer(v - S @ k, k / k.dot(k))
    return (keys @ S.T - values).pow(2).sum().item()


@wrong("least_error", "mean squared error", NAMES, "That is the mean over all numbers")
def _(keys, values):
    W = torch.linalg.lstsq(keys, values).solution
    return F.mse_loss(keys @ W, values).item()


@wrong("least_error", "the norm", NAMES, "That is the root of it")
def _(keys, values):
    return torch.linalg.norm(keys @ torch.linalg.pinv(keys) @ values - values).item()


# 7.6


@right("readings", "two loops")
def _(beta, gamma, n):
    fresh, again = [beta], [beta]
    for _ in range(n):
        fresh.append(gamma * fresh[-1])
        again.append(gamma * again[-1] - beta * gamma * again[-1])
    return fresh, again


@right("readings", "NumPy")
def _(beta, gamma, n):
    m = np.arange(n + 1)
    return (beta * gamma**m).tolist(), (beta * (gamma - gamma * beta) ** m).tolist()


@right("readings", "with real matrices")
def _(beta, gamma, n):
    def run(keys):
        S, found = torch.zeros(n + 1).double(), []
        for m, k in enumerate(keys):
            S = gamma * S
            S = S + beta * (float(m == 0) - S @ k) * k
            found.append((S @ keys[0]).item())
        return found

    keys = torch.eye(n + 1).double()
    return run(keys), run(keys[:1].expand(n + 1, -1))


@right("readings", "accumulate")
def _(beta, gamma, n):
    def curve(factor):
        return list(itertools.accumulate(range(n), lambda r, _: r * factor, initial=beta))

    return curve(gamma), curve(gamma * (1 - beta))


@right("readings", "a cumulative product")
def _(beta, gamma, n):
    powers = [torch.tensor([beta] + [g] * n, dtype=torch.float64).cumprod(0) for g in (gamma, gamma * (1 - beta))]
    return tuple(p.tolist() for p in powers)


@wrong("readings", "the first reading is the value", NAMES, "Your readings begin with 1")
def _(beta, gamma, n):
    return [gamma**m for m in range(n + 1)], [(gamma * (1 - beta)) ** m for m in range(n + 1)]


@wrong("readings", "the gate is left out when k comes again", NAMES, "With k again you leave γ out")
def _(beta, gamma, n):
    return [beta * gamma**m for m in range(n + 1)], [beta * (1 - beta) ** m for m in range(n + 1)]


@wrong("readings", "n readings", NAMES, "The last reading is missing")
def _(beta, gamma, n):
    return [beta * gamma**m for m in range(n)], [beta * (gamma * (1 - beta)) ** m for m in range(n)]


@wrong("readings", "what is found before the gate is taken out", NAMES, "before the gate: γ − β")
def _(beta, gamma, n):
    fresh, again = [beta], [beta]
    for _ in range(n):
        fresh.append(gamma * fresh[-1])
        again.append(gamma * again[-1] - beta * again[-1])
    return fresh, again


@wrong("readings", "fresh keys leave it alone", NAMES, "Among fresh keys your memory keeps what it has")
def _(beta, gamma, n):
    return [beta] * (n + 1), [beta * (gamma * (1 - beta)) ** m for m in range(n + 1)]


@right("made_by", "ratios of two readings")
def _(fresh, again):
    f, g = fresh[1] / fresh[0], again[1] / again[0]
    if abs(f - g) < 1e-8:
        return "linear" if abs(f - 1) < 1e-8 else "decay"
    if abs(f - 1) < 1e-8:
        return "delta"
    return "softmax" if abs(fresh[0] - 1) < 1e-8 and abs(g - 0.5) < 1e-8 else "gated delta"


@right("made_by", "softmax first")
def _(fresh, again):
    halves = all(abs(r - 1 / (m + 1)) < 1e-9 for m, r in enumerate(again))
    if halves and abs(fresh[1] - again[1]) > 1e-9:
        return "softmax"
    keeps = abs(fresh[0] - fresh[-1]) < 1e-9
    same = all(abs(a - b) < 1e-9 for a, b in zip(fresh, again, strict=True))
    return {(1, 1): "linear", (0, 1): "decay", (1, 0): "delta", (0, 0): "gated delta"}[keeps, same]


@right("made_by", "the parameters are found, and the curves compared")
def _(fresh, again):
    m = range(len(fresh))
    gamma, beta = fresh[1] / fresh[0], fresh[0]
    known = {
        "linear": ([1.0] * len(fresh), [1.0] * len(fresh)),
        "decay": ([gamma**i for i in m], [gamma**i for i in m]),
        "delta": ([beta for i in m], [beta * (1 - beta) ** i for i in m]),
        "gated delta": ([beta * gamma**i for i in m], [beta * (gamma * (1 - beta)) ** i for i in m]),
    }
    for name, curves in known.items():
        if np.allclose(curves, (fresh, again), rtol=0, atol=1e-8):
            return name
    return "softmax"


@right("made_by", "match")
def _(fresh, again):
    match (math.isclose(fresh[0], fresh[1]), math.isclose(again[0], again[1]), math.isclose(fresh[1], again[1])):
        case (True, True, _):
            return "linear"
        case (True, False, _):
            return "delta"
        case (False, _, True):
            return "decay"
    return "softmax" if abs(again[1] - 0.5) < 1e-6 else "gated delta"


@right("made_by", "with equality, since the curves are exact")
def _(fresh, again):
    if [round(x, 8) for x in fresh] == [round(x, 8) for x in again]:
        return "linear" if round(fresh[0] - fresh[1], 8) == 0 else "decay"
    if round(fresh[0] - fresh[1], 8) == 0:
        return "delta"
    return "softmax" if round(again[1], 8) == 0.5 else "gated delta"


@wrong(
    "made_by", "flat among fresh keys is linear", NAMES, "You call a memory linear because fresh keys cost it nothing"
)
def _(fresh, again):
    if abs(fresh[0] - fresh[-1]) < 1e-8:
        return "linear"
    if abs(fresh[1] - again[1]) < 1e-8:
        return "decay"
    return "softmax" if abs(again[1] - 0.5) < 1e-8 else "gated delta"


@wrong("made_by", "what begins below 1 has a gate", NAMES, "You know a gated delta rule by its first reading")
def _(fresh, again):
    if fresh[0] < 1 - 1e-8:
        return "gated delta"
    if abs(fresh[1] - again[1]) < 1e-8:
        return "linear" if abs(fresh[1] - 1) < 1e-8 else "decay"
    if abs(fresh[1] - 1) < 1e-8:
        return "delta"
    return "softmax" if abs(again[1] - 0.5) < 1e-8 else "gated delta"


@wrong("made_by", "two digits are enough", HIDDEN)
def _(fresh, again):
    if abs(fresh[1] - again[1]) < 0.01:
        return "linear" if abs(fresh[1] - fresh[0]) < 0.01 else "decay"
    if abs(fresh[1] - fresh[0]) < 0.01:
        return "delta"
    return "softmax" if abs(again[1] - 0.5) < 0.01 else "gated delta"


@wrong("made_by", "softmax keeps all, so it stays flat", NAMES, "You take a memory that keeps everything for softmax")
def _(fresh, again):
    if abs(fresh[1] - again[1]) < 1e-8:
        return "softmax" if abs(fresh[1] - fresh[0]) < 1e-8 else "decay"
    if abs(fresh[1] - fresh[0]) < 1e-8:
        return "delta"
    return "softmax" if abs(again[1] - 0.5) < 1e-8 else "gated delta"


@wrong("made_by", "a first reading of 1 is softmax or a sum", NAMES, "You know softmax by a first reading of 1")
def _(fresh, again):
    if abs(fresh[1] - again[1]) < 1e-8:
        return "linear" if abs(fresh[1] - fresh[0]) < 1e-8 else "decay"
    if abs(fresh[1] - fresh[0]) < 1e-8:
        return "delta"
    return "softmax" if abs(fresh[0] - 1) < 1e-8 else "gated delta"
