"""Answers to the exercises of chapter 1."""

import functools
import itertools
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from answers import GENERAL, NAMES, chapter

right, wrong = chapter(1)


@right("rnn_step", "F.linear twice")
def _(x, h, W_xh, W_hh, b):
    return torch.tanh(F.linear(x, W_xh) + F.linear(h, W_hh, b))


@right("rnn_step", "einsum, as the equation is read")
def _(x, h, W_xh, W_hh, b):
    return (torch.einsum("ij,bj->bi", W_xh, x) + torch.einsum("ij,bj->bi", W_hh, h) + b).tanh()


@right("rnn_step", "a loop over the examples, each a column")
def _(x, h, W_xh, W_hh, b):
    rows = []
    for i in range(x.shape[0]):
        rows.append(torch.tanh(W_xh @ x[i] + W_hh @ h[i] + b))
    return torch.stack(rows)


@right("rnn_step", "the whole batch turned into columns and back")
def _(x, h, W_xh, W_hh, b):
    return torch.tanh(W_xh @ x.T + W_hh @ h.T + b.unsqueeze(1)).T


@right("rnn_step", "x and h side by side, and the two matrices as one")
def _(x, h, W_xh, W_hh, b):
    both = torch.cat((x, h), dim=-1)
    W = torch.cat((W_xh, W_hh), dim=1)
    return torch.tanh(both.matmul(W.t()) + b)


@right("rnn_step", "tanh through the logistic function")
def _(x, h, W_xh, W_hh, b):
    a = x @ W_xh.mT + h @ W_hh.mT + b
    return 2 * torch.sigmoid(2 * a) - 1


@right("rnn_step", "products by broadcasting, and addition in place on a new tensor")
def _(x, h, W_xh, W_hh, b):
    a = (x[:, None, :] * W_xh[None]).sum(-1)
    a += (h[:, None, :] * W_hh[None]).sum(-1)
    a += b
    return a.tanh()


class Cell:
    def __init__(self, W_xh, W_hh, b):
        self.W_xh, self.W_hh, self.b = W_xh, W_hh, b

    def __call__(self, x, h):
        return torch.tanh(torch.addmm(torch.addmm(self.b, x, self.W_xh.T), h, self.W_hh.T))


@right("rnn_step", "a class with the weights in it")
def _(x, h, W_xh, W_hh, b):
    return Cell(W_xh, W_hh, b)(x, h)


@right("rnn_step", "vmap over the batch")
def _(x, h, W_xh, W_hh, b):
    def one(x, h):
        return torch.tanh(W_xh.mv(x) + W_hh.mv(h) + b)

    return torch.vmap(one)(x, h)


@wrong("rnn_step", "the matrices lie as they are multiplied", NAMES, "Neither of your matrices was transposed")
def _(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh + h @ W_hh + b)


@wrong("rnn_step", "a square matrix need not be transposed", NAMES, "W_hh is square, so the shapes do not show")
def _(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh.T + h @ W_hh + b)


@wrong(
    "rnn_step",
    "a matrix is transposed by giving it the other shape",
    NAMES,
    "reshaping keeps the numbers in the order",
)
def _(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh.reshape(x.shape[1], -1) + h @ W_hh.T + b)


@wrong("rnn_step", "the tanh belongs to the input alone", NAMES, "The state joins the sum before the tanh")
def _(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh.T + b) + h @ W_hh.T


@wrong("rnn_step", "each term has its own tanh", NAMES, "input and state have one each")
def _(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh.T) + torch.tanh(h @ W_hh.T + b)


@wrong("rnn_step", "PyTorch has two biases, so it is added twice", NAMES, "it was added twice")
def _(x, h, W_xh, W_hh, b):
    return torch.tanh(F.linear(x, W_xh, b) + F.linear(h, W_hh, b))


@wrong("rnn_step", "gates squash with σ, so does the state", NAMES, "yours is the logistic function")
def _(x, h, W_xh, W_hh, b):
    return torch.sigmoid(x @ W_xh.T + h @ W_hh.T + b)


@wrong("rnn_step", "no gradient may flow into the past", NAMES, "no gradient reaches `h`")
def _(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh.T + h.detach() @ W_hh.T + b)


@wrong("rnn_step", "written for one example, the first", NAMES, "does not run over the batch")
def _(x, h, W_xh, W_hh, b):
    return torch.tanh(W_xh @ x[0] + W_hh @ h[0] + b)[None]


@wrong("rnn_step", "the state is updated where it lies", NAMES, "changes its input `h` in place")
def _(x, h, W_xh, W_hh, b):
    h[:] = torch.tanh(x @ W_xh.T + h @ W_hh.T + b)
    return h


@wrong(
    "rnn_step",
    "layers made fresh, and the weights copied into them",
    NAMES,
    "no gradient reaches `W_xh`, `W_hh`, `b`",
)
def _(x, h, W_xh, W_hh, b):
    layer = nn.Linear(x.shape[1] + h.shape[1], h.shape[1])
    layer.weight.data = torch.cat([W_xh, W_hh], 1)
    layer.bias.data = b
    return torch.tanh(layer(torch.cat([x, h], 1)))


@wrong("rnn_step", "the new state is added to the old one", NAMES, "The old state was added to the new one")
def _(x, h, W_xh, W_hh, b):
    return h + torch.tanh(x @ W_xh.T + h @ W_hh.T + b)


@right("next_token_loss", "F.cross_entropy on what was flattened alike")
def _(logits, ids):
    B, V = len(logits), logits.shape[-1]
    return F.cross_entropy(logits.reshape(-1, V), ids[:, 1:].reshape(-1), reduction="sum") / B


@right("next_token_loss", "F.cross_entropy with the classes on axis 1")
def _(logits, ids):
    each = F.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none")
    return each.sum(dim=1).mean()


@right("next_token_loss", "two loops and a list")
def _(logits, ids):
    losses = []
    for b in range(len(logits)):
        row = 0
        for t in range(logits.shape[1]):
            row = row - F.log_softmax(logits[b, t], dim=0)[ids[b, t + 1]]
        losses.append(row)
    return sum(losses) / len(losses)


@right("next_token_loss", "one-hot targets")
def _(logits, ids):
    y = F.one_hot(ids[:, 1:], logits.shape[-1]).to(logits)
    return -(y * logits.log_softmax(-1)).sum((1, 2)).mean()


@right("next_token_loss", "the logarithm of the sum, minus the logit that was picked")
def _(logits, ids):
    picked = logits.gather(2, ids[:, 1:].unsqueeze(2)).squeeze(2)
    return (torch.logsumexp(logits, 2) - picked).sum() / logits.size(0)


@right("next_token_loss", "the largest logit subtracted by hand")
def _(logits, ids):
    z = logits - logits.max(dim=-1, keepdim=True).values
    log_p = z - z.exp().sum(-1, keepdim=True).log()
    rows, steps = torch.arange(ids.shape[0])[:, None], torch.arange(ids.shape[1] - 1)
    return -log_p[rows, steps, ids[:, 1:]].sum(1).mean(0)


@right("next_token_loss", "nn.NLLLoss, step by step")
def _(logits, ids):
    nll = nn.NLLLoss()
    total = torch.zeros((), dtype=logits.dtype)
    for z, y in zip(logits.unbind(1), ids[:, 1:].unbind(1), strict=True):
        total = total + nll(torch.log_softmax(z, -1), y)
    return total


@right("next_token_loss", "recursion over time")
def _(logits, ids):
    def rest(t):
        if t == logits.shape[1]:
            return logits.new_zeros(())
        return F.cross_entropy(logits[:, t], ids[:, t + 1]) + rest(t + 1)

    return rest(0)


@wrong("next_token_loss", "the target is the token that was read", NAMES, "You ask the network to repeat its input")
def _(logits, ids):
    log_p = logits.log_softmax(-1)
    return -log_p.gather(2, ids[:, :-1, None]).sum() / len(ids)


@wrong("next_token_loss", "cross_entropy averages as it should", NAMES, "you average over the targets of a row")
def _(logits, ids):
    return F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())


@wrong("next_token_loss", "the sum over everything", NAMES, "average over the batch")
def _(logits, ids):
    return F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="sum")


@wrong("next_token_loss", "averaged over time, summed over the batch", NAMES, "B and T have changed places")
def _(logits, ids):
    return F.cross_entropy(logits.mT, ids[:, 1:], reduction="none").mean(1).sum()


@wrong("next_token_loss", "softmax, and then its logarithm", NAMES, "Subtract the maximum first")
def _(logits, ids):
    p = torch.softmax(logits, dim=-1)
    return -torch.log(p.gather(2, ids[:, 1:, None])).sum() / len(ids)


@wrong("next_token_loss", "exponentials divided by their sum", NAMES, "Subtract the maximum first")
def _(logits, ids):
    e = torch.exp(logits)
    p = e / e.sum(-1, keepdim=True)
    return -torch.log(p.gather(2, ids[:, 1:, None])).sum() / len(ids)


@wrong(
    "next_token_loss",
    "a small number keeps the logarithm finite",
    NAMES,
    "A small number was added to the probabilities",
)
def _(logits, ids):
    p = torch.softmax(logits, dim=-1)
    return -torch.log(p.gather(2, ids[:, 1:, None]) + 1e-9).sum() / len(ids)


@wrong("next_token_loss", "dim=1 is where the classes are", NAMES, "yours sum to 1 over time")
def _(logits, ids):
    log_p = logits.log_softmax(dim=1)
    return -log_p.gather(2, ids[:, 1:, None]).sum() / len(ids)


@wrong("next_token_loss", "cross_entropy wants probabilities", NAMES, "Softmax twice")
def _(logits, ids):
    p = logits.softmax(-1)
    return F.cross_entropy(p.mT, ids[:, 1:], reduction="sum") / len(ids)


@wrong("next_token_loss", "view brings the classes to axis 1", NAMES, "`reshape` to (B, V, T)")
def _(logits, ids):
    B, T, V = logits.shape
    return F.cross_entropy(logits.reshape(B, V, T), ids[:, 1:], reduction="sum") / B


@wrong(
    "next_token_loss",
    "both are shifted, as in a library that gets ids of the same length",
    NAMES,
    "The last step is left out",
)
def _(logits, ids):
    return F.cross_entropy(logits[:, :-1].mT, ids[:, 1:-1], reduction="sum") / len(ids)


@wrong("next_token_loss", "only the last step has to announce anything", NAMES, "Only the last step counts in yours")
def _(logits, ids):
    return F.cross_entropy(logits[:, -1], ids[:, -1])


@wrong("next_token_loss", "information is measured in bits", NAMES, "it is in bits")
def _(logits, ids):
    return F.cross_entropy(logits.mT, ids[:, 1:], reduction="sum") / len(ids) / math.log(2)


@wrong("next_token_loss", "id 0 is padding", NAMES, "as by `ignore_index=0`")
def _(logits, ids):
    return F.cross_entropy(logits.mT, ids[:, 1:], reduction="sum", ignore_index=0) / len(ids)


@wrong("next_token_loss", "the number is taken out with item()", NAMES, "`.item()`")
def _(logits, ids):
    total = 0.0
    for z, y in zip(logits, ids, strict=True):
        total += F.cross_entropy(z, y[1:], reduction="sum").item()
    return torch.tensor(total / len(ids), dtype=logits.dtype)


@wrong("next_token_loss", "logits are clamped so that nothing overflows", GENERAL)
def _(logits, ids):
    return F.cross_entropy(logits.clamp(-50, 50).mT, ids[:, 1:], reduction="sum") / len(ids)


@wrong("next_token_loss", "the mean probability of the right tokens, without a logarithm", NAMES, "That is −p")
def _(logits, ids):
    return -logits.softmax(-1).gather(2, ids[:, 1:, None]).sum() / len(ids)


@wrong("next_token_loss", "the minus is forgotten", NAMES, "The sign")
def _(logits, ids):
    return logits.log_softmax(-1).gather(2, ids[:, 1:, None]).sum() / len(ids)


@right("rnn_backward", "einsum over a stack of deltas")
def _(x, hs, W_xh, W_hh, dh):
    back, deltas = torch.zeros_like(hs[:, 0]), []
    for t in reversed(range(x.shape[1])):
        delta = (1 - hs[:, t + 1] ** 2) * (dh[:, t] + back)
        back = delta @ W_hh
        deltas.insert(0, delta)
    d = torch.stack(deltas, 1)
    return {
        "W_xh": torch.einsum("bti,btj->ij", d, x),
        "W_hh": torch.einsum("bti,btj->ij", d, hs[:, :-1]),
        "b": d.sum((0, 1)),
        "x": d @ W_xh,
    }


@right("rnn_backward", "sums grow step by step")
def _(x, hs, W_xh, W_hh, dh):
    g = {"W_xh": torch.zeros_like(W_xh), "W_hh": torch.zeros_like(W_hh), "b": W_hh.new_zeros(len(W_hh))}
    g["x"] = torch.zeros_like(x)
    carry = 0
    for t in range(x.size(1), 0, -1):
        da = (dh[:, t - 1] + carry) * (1 - hs[:, t].square())
        g["W_xh"] += da.T @ x[:, t - 1]
        g["W_hh"] += da.T @ hs[:, t - 1]
        g["b"] += da.sum(0)
        g["x"][:, t - 1] = da @ W_xh
        carry = da @ W_hh
    return g


@right("rnn_backward", "NumPy, and back")
def _(x, hs, W_xh, W_hh, dh):
    x, hs, W_xh, W_hh, dh = (a.numpy() for a in (x, hs, W_xh, W_hh, dh))
    T = x.shape[1]
    delta, flow = np.zeros_like(dh), np.zeros_like(dh[:, 0])
    for t in range(T)[::-1]:
        delta[:, t] = (1 - hs[:, t + 1] ** 2) * (dh[:, t] + flow)
        flow = delta[:, t].dot(W_hh)
    out = {
        "W_xh": np.tensordot(delta, x, ((0, 1), (0, 1))),
        "W_hh": np.tensordot(delta, hs[:, :-1], ((0, 1), (0, 1))),
        "b": delta.sum(axis=(0, 1)),
        "x": delta @ W_xh,
    }
    return {k: torch.from_numpy(v) for k, v in out.items()}


@right("rnn_backward", "recursion that comes back from the future")
def _(x, hs, W_xh, W_hh, dh):
    def deltas(t):
        if t == dh.shape[1]:
            return []
        later = deltas(t + 1)
        total = dh[:, t] + later[0] @ W_hh if later else dh[:, t]
        return [total * (1 - hs[:, t + 1] * hs[:, t + 1]), *later]

    d = torch.stack(deltas(0), dim=1).flatten(0, 1)
    return {
        "W_xh": d.T @ x.flatten(0, 1),
        "W_hh": d.T @ hs[:, :-1].flatten(0, 1),
        "b": d.sum(0),
        "x": (d @ W_xh).view_as(x),
    }


@right("rnn_backward", "example by example, with outer products")
def _(x, hs, W_xh, W_hh, dh):
    B, T = x.shape[:2]
    gx, gW_xh, gW_hh, gb = x * 0, W_xh * 0, W_hh * 0, W_hh[0] * 0
    for i in range(B):
        back = torch.zeros_like(gb)
        for t in range(T - 1, -1, -1):
            d = (1 - hs[i, t + 1] ** 2) * (dh[i, t] + back)
            gW_xh, gW_hh, gb = gW_xh + torch.outer(d, x[i, t]), gW_hh + torch.outer(d, hs[i, t]), gb + d
            gx[i, t] = W_xh.T @ d
            back = W_hh.T @ d
    return dict(W_xh=gW_xh, W_hh=gW_hh, b=gb, x=gx)


@right("rnn_backward", "accumulates in a copy of dh")
def _(x, hs, W_xh, W_hh, dh):
    total = dh.clone()
    slope = 1 - hs[:, 1:].pow(2)
    for t in range(total.shape[1] - 1, 0, -1):
        total[:, t - 1] += (total[:, t] * slope[:, t]) @ W_hh
    d = total * slope
    return {
        "x": d.matmul(W_xh),
        "b": d.sum(dim=0).sum(dim=0),
        "W_hh": (d.mT @ hs[:, :-1]).sum(0),
        "W_xh": (d.mT @ x).sum(0),
    }


@right("rnn_backward", "a generator and reduce")
def _(x, hs, W_xh, W_hh, dh):
    def one(acc, step):
        g, s = step
        return [(g + (acc[0] @ W_hh if acc else 0)) * s, *acc]

    steps = zip(dh.unbind(1)[::-1], (1 - hs[:, 1:] ** 2).unbind(1)[::-1], strict=True)
    d = torch.stack(functools.reduce(one, steps, []), 1)
    rows = torch.cat([x, hs[:, :-1], torch.ones_like(x[..., :1])], dim=-1)
    W = torch.einsum("btj,bti->ij", rows, d)
    n = x.shape[-1]
    return {"W_xh": W[:, :n], "W_hh": W[:, n:-1], "b": W[:, -1], "x": d @ W_xh}


def backward(  # the reference's way, with one idea of it exchanged
    slope=lambda hs, t: 1 - hs[:, t + 1] ** 2,
    back=lambda delta, W_hh: delta @ W_hh,
    read=lambda hs: hs[:, :-1],
    finish=lambda grads, x: grads,
):
    def answer(x, hs, W_xh, W_hh, dh):
        flow, deltas = torch.zeros_like(dh[:, 0]), []
        for t in reversed(range(dh.shape[1])):
            delta = slope(hs, t) * (dh[:, t] + flow)
            flow = back(delta, W_hh)
            deltas.append(delta)
        d = torch.stack(deltas[::-1], 1)
        grads = {"W_xh": (d.mT @ x).sum(0), "W_hh": (d.mT @ read(hs)).sum(0), "b": d.sum((0, 1)), "x": d @ W_xh}
        return finish(grads, x)

    return answer


wrong("rnn_backward", "each state has only its own loss", NAMES, "Each step stands alone here")(
    backward(back=lambda delta, W_hh: 0)
)
wrong("rnn_backward", "backwards means transposed", NAMES, "Going back, the matrix is transposed")(
    backward(back=lambda delta, W_hh: delta @ W_hh.T)
)
wrong("rnn_backward", "the slope is taken at the state before", NAMES, "You took h_{t−1}")(
    backward(slope=lambda hs, t: 1 - hs[:, t] ** 2)
)
wrong("rnn_backward", "the slope of tanh is 1 − h", NAMES, "without the square")(
    backward(slope=lambda hs, t: 1 - hs[:, t + 1])
)
wrong("rnn_backward", "the slope of σ", NAMES, "is the slope of the logistic function")(
    backward(slope=lambda hs, t: hs[:, t + 1] * (1 - hs[:, t + 1]))
)
wrong(
    "rnn_backward",
    "tanh applied to the states once more before its slope",
    NAMES,
    "You took the tanh of it once more",
)(backward(slope=lambda hs, t: 1 - hs[:, t + 1].tanh() ** 2))
wrong("rnn_backward", "W_hh was multiplied with the state that came out", NAMES, "your outer product uses h_t")(
    backward(read=lambda hs: hs[:, 1:])
)
wrong("rnn_backward", "averaged over the batch", NAMES, "Your gradients are 1/B of the right ones")(
    backward(finish=lambda grads, x: {k: g if k == "x" else g / len(x) for k, g in grads.items()})
)
wrong("rnn_backward", "matrices as (in, out)", NAMES, "transposed: its last two axes")(
    backward(finish=lambda grads, x: {**grads, "W_xh": grads["W_xh"].T, "W_hh": grads["W_hh"].T})
)
wrong("rnn_backward", "the inputs are data and need no gradient", NAMES, "has no entry 'x'")(
    backward(finish=lambda grads, x: {k: grads[k] for k in ("W_xh", "W_hh", "b")})
)


@wrong("rnn_backward", "the slope is left out on the way back", NAMES, "has passed this step's tanh as well")
def _(x, hs, W_xh, W_hh, dh):
    back, deltas = 0, []
    for t in range(x.shape[1] - 1, -1, -1):
        total = dh[:, t] + back
        back = total @ W_hh
        deltas.insert(0, (1 - hs[:, t + 1] ** 2) * total)
    d = torch.stack(deltas, 1)
    return {"W_xh": (d.mT @ x).sum(0), "W_hh": (d.mT @ hs[:, :-1]).sum(0), "b": d.sum((0, 1)), "x": d @ W_xh}


@wrong("rnn_backward", "the loop runs forwards in time", NAMES, "Your loop runs forwards")
def _(x, hs, W_xh, W_hh, dh):
    back, deltas = 0, []
    for t in range(x.shape[1]):
        deltas.append((1 - hs[:, t + 1] ** 2) * (dh[:, t] + back))
        back = deltas[-1] @ W_hh
    d = torch.stack(deltas, 1)
    return {"W_xh": (d.mT @ x).sum(0), "W_hh": (d.mT @ hs[:, :-1]).sum(0), "b": d.sum((0, 1)), "x": d @ W_xh}


@wrong("rnn_backward", "the list of deltas is never turned around", NAMES, "Turn them around")
def _(x, hs, W_xh, W_hh, dh):
    back, deltas = 0, []
    for t in reversed(range(x.shape[1])):
        deltas.append((1 - hs[:, t + 1] ** 2) * (dh[:, t] + back))
        back = deltas[-1] @ W_hh
    d = torch.stack(deltas, 1)
    return {"W_xh": (d.mT @ x).sum(0), "W_hh": (d.mT @ hs[:, :-1]).sum(0), "b": d.sum((0, 1)), "x": d @ W_xh}


@wrong("rnn_backward", "what flows back is added to dh where it lies", NAMES, "changes its input `dh` in place")
def _(x, hs, W_xh, W_hh, dh):
    for t in range(x.shape[1] - 1, 0, -1):
        dh[:, t - 1] += (dh[:, t] * (1 - hs[:, t + 1] ** 2)) @ W_hh
    d = dh * (1 - hs[:, 1:] ** 2)
    return {"W_xh": (d.mT @ x).sum(0), "W_hh": (d.mT @ hs[:, :-1]).sum(0), "b": d.sum((0, 1)), "x": d @ W_xh}


@wrong("rnn_backward", "the loss looks at the last state alone", NAMES, "Right when the loss looks at h_T only")
def _(x, hs, W_xh, W_hh, dh):
    total, deltas = dh[:, -1], []
    for t in reversed(range(x.shape[1])):
        deltas.insert(0, (1 - hs[:, t + 1] ** 2) * total)
        total = deltas[0] @ W_hh
    d = torch.stack(deltas, 1)
    return {"W_xh": (d.mT @ x).sum(0), "W_hh": (d.mT @ hs[:, :-1]).sum(0), "b": d.sum((0, 1)), "x": d @ W_xh}


@wrong(
    "rnn_backward",
    "each step overwrites the gradient of the one before",
    NAMES,
    "add the contributions of all T steps",
)
def _(x, hs, W_xh, W_hh, dh):
    back, gx = 0, torch.zeros_like(x)
    for t in reversed(range(x.shape[1])):
        d = (1 - hs[:, t + 1] ** 2) * (dh[:, t] + back)
        back = d @ W_hh
        gW_xh, gW_hh, gb, gx[:, t] = d.T @ x[:, t], d.T @ hs[:, t], d.sum(0), d @ W_xh
    return {"W_xh": gW_xh, "W_hh": gW_hh, "b": gb, "x": gx}


@wrong("rnn_backward", "autograd does it", NAMES, "Your code uses `torch.autograd`")
def _(x, hs, W_xh, W_hh, dh):
    x, W_xh, W_hh = (a.clone().requires_grad_() for a in (x, W_xh, W_hh))
    b = torch.zeros(len(W_hh), dtype=x.dtype, requires_grad=True)
    h, loss = hs[:, 0], 0
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ W_xh.T + h @ W_hh.T + b)
        loss = loss + (h * dh[:, t]).sum()
    grads = torch.autograd.grad(loss, [W_xh, W_hh, b, x])
    return dict(zip(("W_xh", "W_hh", "b", "x"), grads, strict=True))


@right("jacobian", "an identity, multiplied from the left")
def _(hs, W_hh, t):
    J = torch.eye(len(W_hh)).double().repeat(len(hs), 1, 1)
    for h in hs[:, t + 1 :].unbind(1):
        J = ((1 - h**2)[:, :, None] * W_hh) @ J
    return J


@right("jacobian", "from the end, multiplied from the right")
def _(hs, W_hh, t):
    J = torch.eye(hs.shape[2], dtype=hs.dtype).expand(hs.shape[0], -1, -1)
    for s in range(hs.shape[1] - 1, t, -1):
        J = J @ torch.diag_embed(1 - hs[:, s] ** 2) @ W_hh
    return J.clone()


@right("jacobian", "one example after the other, with diag and reduce")
def _(hs, W_hh, t):
    def of(states):
        steps = [torch.diag(1 - h.square()) @ W_hh for h in states[t + 1 :]]
        return functools.reduce(lambda J, step: step @ J, steps, torch.eye(len(W_hh)).to(W_hh))

    return torch.stack([of(states) for states in hs])


@right("jacobian", "recursion on t")
def _(hs, W_hh, t):
    def from_state(s):
        if s == hs.shape[1] - 1:
            return torch.eye(hs.shape[-1], dtype=hs.dtype).repeat(hs.shape[0], 1, 1)
        return from_state(s + 1) @ torch.einsum("bi,ij->bij", 1 - hs[:, s + 1] ** 2, W_hh)

    return from_state(t)


@right("jacobian", "linalg.multi_dot, where there is something to multiply")
def _(hs, W_hh, t):
    T, d = hs.shape[1] - 1, hs.shape[2]
    out = []
    for row in hs:
        factors = [(1 - row[s] ** 2).unsqueeze(1) * W_hh for s in range(T, t, -1)]
        out.append(
            torch.linalg.multi_dot([torch.eye(d, dtype=hs.dtype), *factors]) if factors else torch.eye(d).double()
        )
    return torch.stack(out)


@right("jacobian", "each column is a push that travels forwards")
def _(hs, W_hh, t):
    B, d = hs.shape[0], hs.shape[2]
    columns = []
    for j in range(d):
        push = torch.zeros(B, d, dtype=hs.dtype)
        push[:, j] = 1
        for s in range(t + 1, hs.shape[1]):
            push = (1 - hs[:, s] ** 2) * (push @ W_hh.T)
        columns.append(push)
    return torch.stack(columns, dim=2)


def product(step=None, states=lambda hs, t: hs[:, t + 1 :], join=lambda J, step: step @ J):
    step = step or (lambda h, W_hh: (1 - h**2)[:, :, None] * W_hh)

    def answer(hs, W_hh, t):
        J = torch.eye(len(W_hh), dtype=hs.dtype).repeat(len(hs), 1, 1)
        for h in states(hs, t).unbind(1):
            J = join(J, step(h, W_hh))
        return J

    return answer


wrong("jacobian", "the factors in the order in which they come", NAMES, "The factors stand in the other order")(
    product(join=lambda J, step: J @ step)
)
wrong("jacobian", "the slope is taken at the state before", NAMES, "You took 1 − h_{s−1}²")(
    product(states=lambda hs, t: hs[:, t:-1])
)
wrong("jacobian", "the slope scales the columns", NAMES, "yours scales the columns")(
    product(step=lambda h, W_hh: (1 - h**2)[:, None, :] * W_hh)
)
wrong("jacobian", "only the matrix, as in a linear network", NAMES, "Right for a linear RNN")(
    product(step=lambda h, W_hh: W_hh.expand(len(h), -1, -1))
)
wrong("jacobian", "h_t has a factor of its own", NAMES, "one factor too many")(
    product(states=lambda hs, t: hs[:, t:])
)
wrong("jacobian", "the last state has no factor", NAMES, "one factor too few")(
    product(states=lambda hs, t: hs[:, t + 1 : -1])
)
wrong("jacobian", "counted from the beginning to t", NAMES, "the way from the beginning to t")(
    product(states=lambda hs, t: hs[:, 1 : t + 1])
)
wrong("jacobian", "entry by entry", NAMES, "Your factors are multiplied entry by entry")(
    product(join=lambda J, step: step * J)
)
wrong("jacobian", "the matrix transposed, as gradients go back through it", NAMES, "Yours hold W_hh transposed")(
    product(step=lambda h, W_hh: (1 - h**2)[:, :, None] * W_hh.T)
)
wrong("jacobian", "the slope of tanh is 1 − tanh²(h)", NAMES, "You took the tanh of it once more")(
    product(step=lambda h, W_hh: (1 - h.tanh() ** 2)[:, :, None] * W_hh)
)


@wrong(
    "jacobian",
    "the gradient of the sum of h_T, one vector for each example",
    NAMES,
    "Yours is one vector for each example",
)
def _(hs, W_hh, t):
    g = torch.ones_like(hs[:, 0])
    for s in range(hs.shape[1] - 1, t, -1):
        g = (g * (1 - hs[:, s] ** 2)) @ W_hh
    return g


@wrong("jacobian", "starts with the last factor, which is there always", NAMES, "Right, except where t = T")
def _(hs, W_hh, t):
    J = (1 - hs[:, -1] ** 2)[:, :, None] * W_hh
    for s in range(hs.shape[1] - 2, t, -1):
        J = J @ ((1 - hs[:, s] ** 2)[:, :, None] * W_hh)
    return J


@wrong("jacobian", "one matrix, with the mean slope of the batch", NAMES, "made with a mean over the batch")
def _(hs, W_hh, t):
    J = torch.eye(len(W_hh), dtype=hs.dtype)
    for h in hs[:, t + 1 :].unbind(1):
        J = torch.diag((1 - h**2).mean(0)) @ W_hh @ J
    return J.expand(len(hs), -1, -1).clone()


@right("clip_by_norm", "sum of squares and one factor")
def _(grads, max_norm):
    norm = math.sqrt(sum((g * g).sum().item() for g in grads))
    if norm <= max_norm:
        return grads, norm
    return [g * (max_norm / norm) for g in grads], norm


@right("clip_by_norm", "everything in one long vector")
def _(grads, max_norm):
    total = torch.cat([g.flatten() for g in grads]).norm()
    factor = max_norm / total if total > max_norm else 1.0
    return [factor * g for g in grads], total


@right("clip_by_norm", "the norm of the norms, factor at most 1")
def _(grads, max_norm):
    norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in grads]))
    scale = torch.clamp(max_norm / norm, max=1.0) if norm > 0 else 1.0
    return list(map(lambda g: g * scale, grads)), norm.item()


@right("clip_by_norm", "NumPy for the norm, where for the factor")
def _(grads, max_norm):
    norm = np.sqrt(sum(np.square(g.numpy()).sum() for g in grads))
    factor = max_norm / max(norm, max_norm)
    return [torch.mul(g, float(factor)) for g in grads], float(norm)


@right("clip_by_norm", "clones that are shortened in place")
def _(grads, max_norm):
    norm = 0.0
    for g in grads:
        norm += float(g.pow(2).sum())
    norm **= 0.5
    new = [g.clone() for g in grads]
    if norm > max_norm:
        for g in new:
            g.mul_(max_norm).div_(norm)
    return new, norm


@right("clip_by_norm", "math.hypot over all numbers")
def _(grads, max_norm):
    norm = math.hypot(*itertools.chain.from_iterable(g.reshape(-1).tolist() for g in grads))
    return ([g / norm * max_norm for g in grads] if norm > max_norm else [g + 0 for g in grads]), norm


def length(grads):
    return math.sqrt(sum((g * g).sum().item() for g in grads))


@wrong("clip_by_norm", "each tensor by itself", NAMES, "Take one norm over all tensors")
def _(grads, max_norm):
    return [g * min(1, max_norm / g.norm().item()) if g.norm() else g for g in grads], length(grads)


@wrong("clip_by_norm", "each entry by itself", NAMES, "clipping by value")
def _(grads, max_norm):
    return [g.clamp(-max_norm, max_norm) for g in grads], length(grads)


@wrong("clip_by_norm", "always brought to max_norm", NAMES, "A short gradient was made longer")
def _(grads, max_norm):
    norm = length(grads)
    return [g * max_norm / norm if norm else g for g in grads], norm


@wrong("clip_by_norm", "the norm is that of what is returned", NAMES, "measured before clipping")
def _(grads, max_norm):
    norm = length(grads)
    grads = [g * (max_norm / norm) if norm > max_norm else g for g in grads]
    return grads, length(grads)


@wrong("clip_by_norm", "shortened where they lie, as PyTorch does", NAMES, "changes its input `grads` in place")
def _(grads, max_norm):
    norm = length(grads)
    if norm > max_norm:
        for g in grads:
            g *= max_norm / norm
    return grads, norm


@wrong("clip_by_norm", "tensors in the list replaced", NAMES, "changes its input `grads` in place")
def _(grads, max_norm):
    norm = length(grads)
    for k, g in enumerate(grads):
        grads[k] = g * min(1, max_norm / norm) if norm else g
    return grads, norm


@wrong("clip_by_norm", "the factor is the smaller of 1 and the ratio, 0 or not", NAMES, "float division by zero")
def _(grads, max_norm):
    norm = length(grads)
    return [g * min(1.0, max_norm / norm) for g in grads], norm


@wrong("clip_by_norm", "the squares' sum, without a root", NAMES, "the root is missing")
def _(grads, max_norm):
    norm = sum((g * g).sum().item() for g in grads)
    return [g * (max_norm / norm) if norm > max_norm else g for g in grads], norm


@wrong("clip_by_norm", "the norms are added", NAMES, "the sum of the tensors' norms")
def _(grads, max_norm):
    norm = sum(g.norm().item() for g in grads)
    return [g * (max_norm / norm) if norm > max_norm else g for g in grads], norm


@wrong("clip_by_norm", "the largest entry is the norm", NAMES, "Your norm is the largest entry")
def _(grads, max_norm):
    norm = max(g.abs().max().item() for g in grads if g.numel())
    return [g * (max_norm / norm) if norm > max_norm else g for g in grads], norm


@wrong("clip_by_norm", "the sum of the absolute values", NAMES, "the 1-norm")
def _(grads, max_norm):
    norm = sum(g.abs().sum().item() for g in grads)
    return [g * (max_norm / norm) if norm > max_norm else g for g in grads], norm


@wrong("clip_by_norm", "divided by the norm, to the length 1", NAMES, "comes out with the norm 1")
def _(grads, max_norm):
    norm = length(grads)
    return [g / norm if norm > max_norm else g for g in grads], norm


@wrong("clip_by_norm", "what is too long is left out", NAMES, "comes out as zeros")
def _(grads, max_norm):
    norm = length(grads)
    return [torch.zeros_like(g) if norm > max_norm else g for g in grads], norm


@wrong("clip_by_norm", "the root mean square of the entries", NAMES, "Your norm is a root mean square")
def _(grads, max_norm):
    norm = torch.cat([g.flatten() for g in grads]).square().mean().sqrt().item()
    return [g * (max_norm / norm) if norm > max_norm else g for g in grads], norm


@wrong("clip_by_norm", "the longest tensor's norm", NAMES, "Your norm is that of the longest tensor")
def _(grads, max_norm):
    norm = max(g.norm().item() for g in grads)
    return [g * (max_norm / norm) if norm > max_norm else g for g in grads], norm


@right("steps_until", "tried one after the other")
def _(sigma, gamma, eps):
    k = 0
    while (gamma * sigma) ** k >= eps:
        k += 1
    return k


@right("steps_until", "next of a count")
def _(sigma, gamma, eps):
    return next(k for k in itertools.count() if (gamma * sigma) ** k < eps)


@right("steps_until", "a guess from the logarithm, put right by trying")
def _(sigma, gamma, eps):
    q = gamma * sigma
    k = max(0, math.floor(math.log(eps) / math.log(q)) - 2)
    while not q**k < eps:
        k += 1
    return k


@right("steps_until", "for with break")
def _(sigma, gamma, eps):
    for k in range(10**7):
        if pow(gamma * sigma, k) < eps:
            break
    return k


@right("steps_until", "doubled, then halved")
def _(sigma, gamma, eps):
    q = gamma * sigma
    if eps > 1:
        return 0
    high = 1
    while q**high >= eps:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if q**middle < eps else (middle, high)
    return high


@wrong("steps_until", "the logarithm, rounded up", NAMES, "stops at equality")
def _(sigma, gamma, eps):
    return max(0, math.ceil(math.log(eps) / math.log(gamma * sigma)))


@wrong("steps_until", "without the nonlinearity", GENERAL)
def _(sigma, gamma, eps):
    k = 0
    while sigma < 1 and sigma**k >= eps:
        k += 1
    return k


@wrong("steps_until", "at least one step", NAMES, "You begin at one step")
def _(sigma, gamma, eps):
    k = 1
    while (gamma * sigma) ** k >= eps:
        k += 1
    return k


@wrong("steps_until", "the last k that is not below", NAMES, "One step too early")
def _(sigma, gamma, eps):
    k = 0
    while (gamma * sigma) ** (k + 1) >= eps:
        k += 1
    return k


@wrong("steps_until", "the slope counts once", GENERAL)
def _(sigma, gamma, eps):
    k = 0
    while gamma * sigma**k >= eps and k < 10**5:
        k += 1
    return k


@wrong("steps_until", "as a fraction of a step", NAMES, "is a float; an int was expected")
def _(sigma, gamma, eps):
    return max(0.0, math.log(eps) / math.log(gamma * sigma))


@right("verdict", "matrix_norm and a dictionary of slopes")
def _(W, phi):
    gamma = {"tanh": 1.0, "sigmoid": 0.25}[phi]
    return "vanishes" if gamma * torch.linalg.matrix_norm(W, ord=2) < 1 else "cannot tell"


@right("verdict", "the first of svdvals")
def _(W, phi):
    sigma = torch.linalg.svdvals(W)[0].item()
    if phi == "sigmoid":
        sigma /= 4
    return ["cannot tell", "vanishes"][sigma < 1]


@right("verdict", "NumPy's norm")
def _(W, phi):
    limit = 4 if phi == "sigmoid" else 1
    if np.linalg.norm(W.numpy(), 2) >= limit:
        return "cannot tell"
    return "vanishes"


@right("verdict", "the spectral norm through torch.svd, largest by max")
def _(W, phi):
    slope = 1 if phi == "tanh" else 0.5 * (1 - 0.5)
    bound = slope * torch.svd(W).S.max()
    return "vanishes" if bool(bound < 1) else "cannot tell"


def rule(number, tanh=1.0, sigmoid=0.25):
    def answer(W, phi):
        return "vanishes" if number(W) * (tanh if phi == "tanh" else sigmoid) < 1 else "cannot tell"

    return answer


def spectral(W):
    return torch.linalg.matrix_norm(W, 2).item()


wrong("verdict", "the largest eigenvalue", NAMES, "the spectral radius")(
    rule(lambda W: torch.linalg.eigvals(W).abs().max().item())
)
wrong("verdict", "torch.norm, which is Frobenius's", NAMES, "The Frobenius norm is a bound too")(
    rule(lambda W: torch.norm(W).item())
)
wrong("verdict", "the slope of σ at 0 is a half", NAMES, "its slope there σ(1 − σ)")(rule(spectral, sigmoid=0.5))
wrong(
    "verdict",
    "both nonlinearities are at most as steep as 1",
    NAMES,
    "The slope of the logistic function is at most ¼",
)(rule(spectral, sigmoid=1.0))
wrong("verdict", "the largest sum of a row", NAMES, "You added up the sizes in each row")(
    rule(lambda W: W.abs().sum(1).max().item())
)
wrong("verdict", "the smallest singular value", NAMES, "the smallest singular value")(
    rule(lambda W: torch.linalg.svdvals(W)[-1].item())
)


@wrong("verdict", "1 still counts, and above it explodes", NAMES, "Your output must be one of")
def _(W, phi):
    bound = spectral(W) * (1 if phi == "tanh" else 0.25)
    return "vanishes" if bound <= 1 else "explodes"


@wrong("verdict", "equal to 1 shrinks as well", NAMES, "Where the bound is 1, nothing shrinks")
def _(W, phi):
    return "vanishes" if spectral(W) * (1 if phi == "tanh" else 0.25) <= 1 else "cannot tell"


@right("counterexample", "as the hint has it")
def _(rule):
    if rule == "radius":
        return torch.tensor([[0.5, 10.0], [0.0, 0.5]])
    if rule == "largest entry":
        return torch.full((4, 4), 0.5)
    return 0.9 * torch.eye(4)


@right("counterexample", "a dictionary of float64 matrices")
def _(rule):
    return {
        "radius": torch.tensor([[0, 3], [0, 0]]).double(),
        "largest entry": torch.ones(20, 20).double() * 0.9,
        "frobenius": torch.diag(torch.full((10,), 0.5)).double(),
    }[rule]


@right("counterexample", "through NumPy, with a rotation in the third")
def _(rule):
    match rule:
        case "radius":
            return torch.from_numpy(np.triu(np.full((3, 3), 2.0), 1))
        case "largest entry":
            return torch.from_numpy(np.outer(np.ones(3), np.ones(3)) * 0.7)
        case "frobenius":
            c, s = 0.8 * math.cos(1), 0.8 * math.sin(1)
            return torch.tensor([[c, -s], [s, c]])


@right("counterexample", "from singular values, by a nilpotent, a rank-one and a diagonal matrix")
def _(rule):
    u = torch.ones(9, 1).double()
    made = {
        "radius": torch.diag(torch.ones(4), 1) * 2,
        "largest entry": u @ u.T / 5,
        "frobenius": u[:, 0].diag() * 0.6,
    }
    return made[rule]


@right("counterexample", "searched at random")
def _(rule):
    generator = torch.Generator().manual_seed(1)
    numbers = {
        "radius": lambda W: torch.linalg.eigvals(W).abs().max(),
        "largest entry": lambda W: W.abs().max(),
        "frobenius": torch.norm,
    }
    while True:
        d = int(torch.randint(2, 6, (), generator=generator))
        W = torch.randn(d, d, generator=generator, dtype=torch.float64) * torch.rand((), generator=generator)
        if abs(spectral(W) - 1) > 0.01 and (numbers[rule](W) < 1) != (spectral(W) < 1):
            return W


def same_for_all(W):
    return lambda rule: W


wrong("counterexample", "the identity misleads everybody", NAMES, "The spectral radius of your matrix is 1")(
    same_for_all(torch.eye(3))
)
wrong("counterexample", "large entries mislead everybody", NAMES, "The spectral radius of your matrix is 15")(
    same_for_all(torch.full((3, 3), 5.0))
)
wrong("counterexample", "a skewed matrix misleads everybody", NAMES, "The largest entry of your matrix is 10")(
    same_for_all(torch.tensor([[0.5, 10.0], [0.0, 0.5]]))
)


@wrong("counterexample", "one unit is enough", NAMES, "two rows or more")
def _(rule):
    return torch.tensor([[0.9 if rule == "frobenius" else 1.1]])


@wrong("counterexample", "whole numbers", NAMES, "a tensor of floats")
def _(rule):
    return torch.tensor([[0, 3], [0, 0]])


@wrong(
    "counterexample",
    "for Frobenius one that is too large for both",
    NAMES,
    "The Frobenius norm of your matrix is 3.6",
)
def _(rule):
    if rule == "radius":
        return torch.tensor([[0.5, 10.0], [0.0, 0.5]])
    return torch.full((4, 4), 0.5) if rule == "largest entry" else torch.full((4, 4), 0.9)
