"""Answers to the exercises of chapter 2."""

import itertools
import math

import numpy as np
import torch
import torch.nn.functional as F

from answers import GENERAL, NAMES, chapter
from rnn2attn import recurrent

right, wrong = chapter(2)


@right("lstm_step", "chunk, with names as in the equations")
def _(x, state, W_x, W_h, b):
    h, c = state
    i, f, g, o = (x @ W_x.T + h @ W_h.T + b).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


@right("lstm_step", "a block of rows for each gate")
def _(x, state, W_x, W_h, b):
    h, c = state
    d = h.shape[1]

    def block(n):
        rows = slice(n * d, (n + 1) * d)
        return F.linear(x, W_x[rows]) + F.linear(h, W_h[rows], b[rows])

    i, f, o = (block(n).sigmoid() for n in (0, 1, 3))
    c = c * f + i * block(2).tanh()
    return c.tanh() * o, c


@right("lstm_step", "a view as (B, 4, d_h), and unbind")
def _(x, state, W_x, W_h, b):
    h, c = state
    i, f, g, o = (F.linear(x, W_x, b) + F.linear(h, W_h)).view(len(x), 4, -1).unbind(1)
    new = torch.addcmul(f.sigmoid() * c, i.sigmoid(), g.tanh())
    return o.sigmoid() * new.tanh(), new


@right("lstm_step", "weights as four matrices, and einsum")
def _(x, state, W_x, W_h, b):
    h, c = state
    d = h.size(-1)
    a = torch.einsum("kij,bj->kbi", W_x.reshape(4, d, -1), x) + torch.einsum("kij,bj->kbi", W_h.reshape(4, d, d), h)
    a = a + b.reshape(4, 1, d)
    c = torch.sigmoid(a[1]) * c + torch.sigmoid(a[0]) * torch.tanh(a[2])
    return (torch.sigmoid(a[3]) * torch.tanh(c), c)


@right("lstm_step", "one example after the other")
def _(x, state, W_x, W_h, b):
    hs, cs = [], []
    for x_t, h, c in zip(x, *state, strict=True):
        i, f, g, o = torch.split(W_x @ x_t + W_h @ h + b, len(h))
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        cs.append(c)
        hs.append(torch.sigmoid(o) * torch.tanh(c))
    return torch.stack(hs), torch.stack(cs)


@right("lstm_step", "σ by hand through tanh, and x and h side by side")
def _(x, state, W_x, W_h, b):
    h, c = state
    a = torch.cat([x, h], 1) @ torch.cat([W_x, W_h], 1).T + b
    n = h.shape[1]

    def σ(z):
        return (1 + torch.tanh(z / 2)) / 2

    c_new = σ(a[:, n : 2 * n]) * c + σ(a[:, :n]) * torch.tanh(a[:, 2 * n : 3 * n])
    return [σ(a[:, 3 * n :]) * torch.tanh(c_new), c_new]


class LSTM:
    def __init__(self, W_x, W_h, b):
        self.blocks = list(zip(W_x.chunk(4), W_h.chunk(4), b.chunk(4), strict=True))

    def gate(self, name, x, h):
        W_x, W_h, b = self.blocks["ifgo".index(name)]
        return (torch.tanh if name == "g" else torch.sigmoid)(x @ W_x.mT + h @ W_h.mT + b)

    def step(self, x, h, c):
        c = self.gate("f", x, h) * c + self.gate("i", x, h) * self.gate("g", x, h)
        return self.gate("o", x, h) * torch.tanh(c), c


@right("lstm_step", "a class that knows its gates by name")
def _(x, state, W_x, W_h, b):
    return LSTM(W_x, W_h, b).step(x, *state)


@right("lstm_step", "in place on new tensors")
def _(x, state, W_x, W_h, b):
    gates = x.matmul(W_x.t()).add_(state[0].matmul(W_h.t())).add_(b)
    i, f, g, o = gates.tensor_split(4, dim=-1)
    c = state[1].clone().mul_(f.sigmoid()).add_(i.sigmoid().mul(g.tanh()))
    return c.tanh().mul(o.sigmoid()), c


def lstm(order="ifgo", cell=lambda i, f, g, o, c: f * c + i * g, show=lambda o, c: o * c.tanh(), squash=torch.tanh):
    """An LSTM with one idea of it exchanged."""

    def answer(x, state, W_x, W_h, b):
        h, c = state
        gates = dict(zip(order, (x @ W_x.T + h @ W_h.T + b).chunk(4, dim=1), strict=True))
        i, f, o = (gates[name].sigmoid() for name in "ifo")
        c = cell(i, f, squash(gates["g"]), o, c)
        return show(o, c), c

    return answer


wrong("lstm_step", "the candidate comes last", NAMES, "Yours took them for the output gate")(lstm("ifog"))
wrong("lstm_step", "the forget gate comes first, as in most texts", NAMES, "i and f are exchanged")(lstm("figo"))
wrong("lstm_step", "the candidate is a gate like the others", NAMES, "The candidate went through σ")(
    lstm(squash=torch.sigmoid)
)
wrong(
    "lstm_step",
    "what is not forgotten is not written: 1 − f for i",
    NAMES,
    "In place of the input gate you have 1 − f",
)(lstm(cell=lambda i, f, g, o, c: f * c + (1 - f) * g))
wrong("lstm_step", "f says how much to forget", NAMES, "Your f says how much is forgotten")(
    lstm(cell=lambda i, f, g, o, c: (1 - f) * c + i * g)
)
wrong("lstm_step", "the cell is shown as it is", NAMES, "On its way to h the cell is squashed first")(
    lstm(show=lambda o, c: o * c)
)
wrong("lstm_step", "the cell itself goes through tanh", NAMES, "Your new cell went through tanh")(
    lstm(cell=lambda i, f, g, o, c: torch.tanh(f * c + i * g))
)
wrong("lstm_step", "everything is added, nothing forgotten", NAMES, "The forget gate is idle")(
    lstm(cell=lambda i, f, g, o, c: c + i * g)
)
wrong("lstm_step", "the forget bias starts at 1", NAMES, "1 was added to the forget gate's bias")(
    lambda x, state, W_x, W_h, b: lstm()(
        x, state, W_x, W_h, b + F.one_hot(torch.tensor(1), 4).repeat_interleave(len(b) // 4)
    )
)
wrong("lstm_step", "PyTorch has two biases, so it is added twice", NAMES, "it was added twice")(
    lambda x, state, W_x, W_h, b: lstm()(x, state, W_x, W_h, 2 * b)
)
wrong("lstm_step", "the state is (c, h)", NAMES, "Your pairs are (c, h)")(
    lambda x, state, W_x, W_h, b: lstm()(x, state[::-1], W_x, W_h, b)[::-1]
)
wrong("lstm_step", "returned with c first", NAMES, "the right values in another order")(
    lambda x, state, W_x, W_h, b: lstm()(x, state, W_x, W_h, b)[::-1]
)
wrong("lstm_step", "the new h is all that is needed", NAMES, "a tuple of 2 was expected")(
    lambda x, state, W_x, W_h, b: lstm()(x, state, W_x, W_h, b)[0]
)
wrong("lstm_step", "no gradient may flow into the past", NAMES, "no gradient reaches `state[0]`, `state[1]`")(
    lambda x, state, W_x, W_h, b: lstm()(x, (state[0].detach(), state[1].detach()), W_x, W_h, b)
)


@wrong("lstm_step", "h is made from the old cell", NAMES, "h looks at the cell before the update")
def _(x, state, W_x, W_h, b):
    h, c = state
    i, f, g, o = (x @ W_x.T + h @ W_h.T + b).chunk(4, dim=1)
    new = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), new


@wrong("lstm_step", "columns are dealt out in turn", NAMES, "You took every fourth row")
def _(x, state, W_x, W_h, b):
    h, c = state
    i, f, g, o = (x @ W_x.T + h @ W_h.T + b).view(len(x), -1, 4).unbind(2)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


@wrong("lstm_step", "cut into four along the batch, by view", NAMES, "does not run over the batch")
def _(x, state, W_x, W_h, b):
    h, c = state
    i, f, g, o = (x @ W_x.T + h @ W_h.T + b).view(4, len(x), -1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


@wrong("lstm_step", "the cell is updated where it lies", NAMES, "changes its input `state` in place")
def _(x, state, W_x, W_h, b):
    h, c = state
    i, f, g, o = (x @ W_x.T + h @ W_h.T + b).chunk(4, dim=1)
    c *= f.sigmoid()
    c += i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


@wrong("lstm_step", "W_h is not transposed", NAMES, "Each block of W_h is square")
def _(x, state, W_x, W_h, b):
    h, c = state
    d = h.shape[1]
    i, f, g, o = (x @ W_x[n * d : n * d + d].T + h @ W_h[n * d : n * d + d] + b[n * d : n * d + d] for n in range(4))
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


@wrong("lstm_step", "the output gate sees the cell", NAMES, "your output gate looks at it")
def _(x, state, W_x, W_h, b):
    h, c = state
    i, f, g, o = (x @ W_x.T + h @ W_h.T + b).chunk(4, dim=1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return (o + c).sigmoid() * c.tanh(), c


@right("gru_step", "two chunks")
def _(x, h, W_x, W_h, b_x, b_h):
    x_r, x_z, x_n = (x @ W_x.T + b_x).chunk(3, dim=1)
    h_r, h_z, h_n = (h @ W_h.T + b_h).chunk(3, dim=1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    return z * h + (1 - z) * torch.tanh(x_n + r * h_n)


@right("gru_step", "lerp from the candidate to the old state")
def _(x, h, W_x, W_h, b_x, b_h):
    gx, gh = F.linear(x, W_x, b_x), F.linear(h, W_h, b_h)
    d = h.shape[-1]
    r, z = (gx[:, : 2 * d] + gh[:, : 2 * d]).sigmoid().split(d, 1)
    n = (gx[:, 2 * d :] + r * gh[:, 2 * d :]).tanh()
    return torch.lerp(n, h, z)


@right("gru_step", "nine small matrices, as in the equations")
def _(x, h, W_x, W_h, b_x, b_h):
    W_xr, W_xz, W_xn = W_x.split(h.size(1))
    W_hr, W_hz, W_hn = W_h.split(h.size(1))
    b_xr, b_xz, b_xn = b_x.split(h.size(1))
    b_hr, b_hz, b_hn = b_h.split(h.size(1))
    r = torch.sigmoid(x @ W_xr.T + b_xr + h @ W_hr.T + b_hr)
    z = torch.sigmoid(x @ W_xz.T + b_xz + h @ W_hz.T + b_hz)
    n = torch.tanh(x @ W_xn.T + b_xn + r * (h @ W_hn.T + b_hn))
    return z.mul(h).add((1 - z).mul(n))


@right("gru_step", "columns instead of rows")
def _(x, h, W_x, W_h, b_x, b_h):
    a, c = W_x @ x.T + b_x[:, None], W_h @ h.T + b_h[:, None]
    d = h.shape[1]
    r = torch.sigmoid(a[:d] + c[:d])
    z = torch.sigmoid(a[d : 2 * d] + c[d : 2 * d])
    n = torch.tanh(a[2 * d :] + r * c[2 * d :])
    return (n + z * (h.T - n)).T


@right("gru_step", "vmap of one example")
def _(x, h, W_x, W_h, b_x, b_h):
    def one(x, h):
        gx, gh = (W_x @ x + b_x).view(3, -1), (W_h @ h + b_h).view(3, -1)
        r, z = torch.sigmoid(gx[:2] + gh[:2])
        return z * h + (1 - z) * torch.tanh(gx[2] + r * gh[2])

    return torch.vmap(one)(x, h)


@right("gru_step", "a loop over the batch, and torch.outer in nothing")
def _(x, h, W_x, W_h, b_x, b_h):
    out = torch.empty_like(h)
    for k in range(h.shape[0]):
        gx = torch.addmv(b_x, W_x, x[k]).chunk(3)
        gh = torch.addmv(b_h, W_h, h[k]).chunk(3)
        r, z = 1 / (1 + torch.exp(-gx[0] - gh[0])), 1 / (1 + torch.exp(-gx[1] - gh[1]))
        out[k] = (1 - z) * (gx[2] + r * gh[2]).tanh() + z * h[k]
    return out


@right("gru_step", "weights as three matrices, and einsum")
def _(x, h, W_x, W_h, b_x, b_h):
    d = h.shape[1]
    from_x = torch.einsum("gij,bj->gbi", W_x.unflatten(0, (3, d)), x) + b_x.view(3, 1, d)
    from_h = torch.einsum("gij,bj->gbi", W_h.unflatten(0, (3, d)), h) + b_h.view(3, 1, d)
    r, z = torch.sigmoid(from_x[0] + from_h[0]), torch.sigmoid(from_x[1] + from_h[1])
    return torch.where(torch.ones_like(h).bool(), z * h + torch.tanh(from_x[2] + r * from_h[2]) * (1 - z), h)


def gru(order="rzn", mix=lambda z, h, n: z * h + (1 - z) * n, candidate=lambda x, h, r: torch.tanh(x + r * h)):
    """A GRU with one idea of it exchanged."""

    def answer(x, h, W_x, W_h, b_x, b_h):
        from_x = dict(zip(order, (x @ W_x.T + b_x).chunk(3, 1), strict=True))
        from_h = dict(zip(order, (h @ W_h.T + b_h).chunk(3, 1), strict=True))
        r, z = ((from_x[k] + from_h[k]).sigmoid() for k in "rz")
        return mix(z, h, candidate(from_x["n"], from_h["n"], r))

    return answer


wrong("gru_step", "z takes, as in the first paper", NAMES, "Your z takes")(
    gru(mix=lambda z, h, n: (1 - z) * h + z * n)
)
wrong("gru_step", "the update gate comes first", NAMES, "Yours are exchanged, as Keras has them")(gru("zrn"))
wrong("gru_step", "r closes over x and h alike", NAMES, "Your r multiplies the whole sum")(
    gru(candidate=lambda x, h, r: torch.tanh(r * (x + h)))
)
wrong("gru_step", "r closes over the input", NAMES, "Your r multiplies what comes from the input")(
    gru(candidate=lambda x, h, r: torch.tanh(r * x + h))
)
wrong("gru_step", "the candidate has no reset", NAMES, "The reset gate is idle")(
    gru(candidate=lambda x, h, r: torch.tanh(x + h))
)
wrong("gru_step", "all three blocks are squashed by σ", NAMES, "The candidate went through σ")(
    gru(candidate=lambda x, h, r: torch.sigmoid(x + r * h))
)
wrong("gru_step", "the candidate is the new state", NAMES, "Your new state is the candidate alone")(
    gru(mix=lambda z, h, n: n)
)
wrong("gru_step", "the update is added to the state", NAMES, "The old state enters whole")(
    gru(mix=lambda z, h, n: h + (1 - z) * n)
)
wrong("gru_step", "r is 1 where it resets", NAMES, "In your candidate stands 1 − r")(
    gru(candidate=lambda x, h, r: torch.tanh(x + (1 - r) * h))
)
wrong("gru_step", "no gradient may flow into the past", NAMES, "no gradient reaches `h`")(
    lambda x, h, W_x, W_h, b_x, b_h: gru()(x, h.detach(), W_x, W_h, b_x, b_h)
)
wrong("gru_step", "one bias is enough", NAMES, "Right but for b_h: it was left out")(
    lambda x, h, W_x, W_h, b_x, b_h: gru()(x, h, W_x, W_h, b_x, 0 * b_h)
)


@wrong("gru_step", "r acts on the state before the matrix", NAMES, "Your r acts on h before the matrix")
def _(x, h, W_x, W_h, b_x, b_h):
    d = h.shape[1]
    r, z = (x @ W_x[: 2 * d].T + b_x[: 2 * d] + h @ W_h[: 2 * d].T + b_h[: 2 * d]).sigmoid().chunk(2, 1)
    n = torch.tanh(x @ W_x[2 * d :].T + b_x[2 * d :] + (r * h) @ W_h[2 * d :].T + b_h[2 * d :])
    return z * h + (1 - z) * n


@wrong("gru_step", "r acts on the product, and the bias is outside", NAMES, "The bias b_hn stands inside")
def _(x, h, W_x, W_h, b_x, b_h):
    d = h.shape[1]
    r, z = (x @ W_x[: 2 * d].T + b_x[: 2 * d] + h @ W_h[: 2 * d].T + b_h[: 2 * d]).sigmoid().chunk(2, 1)
    n = torch.tanh(x @ W_x[2 * d :].T + b_x[2 * d :] + r * (h @ W_h[2 * d :].T) + b_h[2 * d :])
    return z * h + (1 - z) * n


@wrong("gru_step", "both biases added to everything, and then cut", NAMES, "The bias b_hn stands inside")
def _(x, h, W_x, W_h, b_x, b_h):
    x_r, x_z, x_n = (x @ W_x.T + b_x + b_h).chunk(3, 1)
    h_r, h_z, h_n = (h @ W_h.T).chunk(3, 1)
    r, z = (x_r + h_r).sigmoid(), (x_z + h_z).sigmoid()
    return z * h + (1 - z) * torch.tanh(x_n + r * h_n)


@wrong("gru_step", "columns are dealt out in turn", NAMES, "You took every third row")
def _(x, h, W_x, W_h, b_x, b_h):
    x_r, x_z, x_n = (x @ W_x.T + b_x).view(len(x), -1, 3).unbind(2)
    h_r, h_z, h_n = (h @ W_h.T + b_h).view(len(x), -1, 3).unbind(2)
    r, z = (x_r + h_r).sigmoid(), (x_z + h_z).sigmoid()
    return z * h + (1 - z) * torch.tanh(x_n + r * h_n)


@wrong("gru_step", "the state is updated where it lies", NAMES, "changes its input `h` in place")
def _(x, h, W_x, W_h, b_x, b_h):
    new = gru()(x, h, W_x, W_h, b_x, b_h)
    h.copy_(new)
    return h


@right("import_gru", "transposed, cut, put together")
def _(K_x, K_h, b_x, b_h):
    def convert(a):
        z, r, n = a.chunk(3, dim=0)
        return torch.cat([r, -z, n])

    return convert(K_x.T), convert(K_h.T), convert(b_x), convert(b_h)


@right("import_gru", "columns first, transposed in the end")
def _(K_x, K_h, b_x, b_h):
    out = []
    for K in (K_x, K_h, b_x, b_h):
        z, r, n = torch.chunk(K, 3, dim=-1)
        new = torch.cat((r, z.neg(), n), dim=-1)
        out.append(new.T if new.dim() == 2 else new)
    return tuple(out)


@right("import_gru", "an index and a sign for each row")
def _(K_x, K_h, b_x, b_h):
    d = len(K_h)
    place = torch.cat([torch.arange(d, 2 * d), torch.arange(d), torch.arange(2 * d, 3 * d)])
    sign = torch.ones(3 * d).double()
    sign[d : 2 * d] = -1
    return K_x.T[place] * sign[:, None], K_h.T[place] * sign[:, None], b_x[place] * sign, b_h[place] * sign


@right("import_gru", "one matrix does it")
def _(K_x, K_h, b_x, b_h):
    P = torch.tensor([[0, 1, 0], [-1, 0, 0], [0, 0, 1]], dtype=K_h.dtype)
    M = torch.kron(P, torch.eye(K_h.shape[0], dtype=K_h.dtype))
    return M @ K_x.T, M @ K_h.T, M @ b_x, M @ b_h


@right("import_gru", "NumPy")
def _(K_x, K_h, b_x, b_h):
    def turned(a):
        z, r, n = np.split(a.numpy().T, 3)
        return torch.from_numpy(np.concatenate([r, -z, n]))

    return [turned(a) for a in (K_x, K_h, b_x, b_h)]


@right("import_gru", "new tensors filled block by block")
def _(K_x, K_h, b_x, b_h):
    d = K_h.shape[0]
    made = ()
    for old in (K_x.t().clone(), K_h.t().clone(), b_x, b_h):
        new = torch.empty_like(old)
        new[:d], new[d : 2 * d], new[2 * d :] = old[d : 2 * d], -old[:d], old[2 * d :]
        made += (new,)
    return made


@right("import_gru", "blocks in a dictionary, put together by name")
def _(K_x, K_h, b_x, b_h):
    def rows(a):
        block = dict(zip("zrn", a.unflatten(0, (3, -1)), strict=True))
        block["z"] = block["z"] * -1
        return torch.stack([block[name] for name in "rzn"]).flatten(0, 1)

    return tuple(map(rows, (K_x.mT, K_h.mT, b_x, b_h)))


def imported(turn=lambda K: K.T, order=lambda z, r, n: (r, -z, n), bias=None):
    bias = bias or order

    def answer(K_x, K_h, b_x, b_h):
        matrices = [torch.cat(order(*turn(K).chunk(3))) for K in (K_x, K_h)]
        return *matrices, *(torch.cat(bias(*b.chunk(3))) for b in (b_x, b_h))

    return answer


wrong("import_gru", "r and z exchanged is all", NAMES, "z still takes")(imported(order=lambda z, r, n: (r, z, n)))
wrong("import_gru", "only the sign of z", NAMES, "The blocks stand as they did in the file")(
    imported(order=lambda z, r, n: (-z, r, n))
)
wrong("import_gru", "only transposed", NAMES, "Two things are left")(imported(order=lambda z, r, n: (z, r, n)))
wrong(
    "import_gru",
    "the sign changes in the weights alone",
    NAMES,
    "The matrices are right, and the biases belong to a as well",
)(imported(bias=lambda z, r, n: (r, z, n)))
wrong(
    "import_gru",
    "the sign changes in the biases alone",
    NAMES,
    "The biases are right, and the matrices belong to a as well",
)(imported(order=lambda z, r, n: (r, z, n), bias=lambda z, r, n: (r, -z, n)))
wrong("import_gru", "1 − z of the numbers themselves", NAMES, "1 − σ(a) is not σ of 1 minus something")(
    imported(order=lambda z, r, n: (r, 1 - z, n))
)
wrong("import_gru", "r changes its sign, too", NAMES, "and those of r as well")(
    imported(order=lambda z, r, n: (-r, -z, n))
)
wrong("import_gru", "everything changes its sign", NAMES, "You negated all rows")(
    imported(order=lambda z, r, n: (-r, -z, -n))
)
wrong("import_gru", "the first block changes its sign after the exchange", NAMES, "You negated the rows of r")(
    imported(order=lambda z, r, n: (-r, z, n))
)
wrong("import_gru", "the candidate changes its sign instead", NAMES, "You negated the candidate's rows")(
    imported(order=lambda z, r, n: (r, z, -n))
)
wrong("import_gru", "the order is turned round", NAMES, "The order of the blocks was reversed")(
    imported(order=lambda z, r, n: (n, r, -z))
)
wrong("import_gru", "the other shape is the transposed matrix", NAMES, "reshaping keeps the numbers in the order")(
    imported(turn=lambda K: K.reshape(K.shape[1], -1))
)


@wrong("import_gru", "matrices are left as they lie", NAMES, "transposed: its last two axes")
def _(K_x, K_h, b_x, b_h):
    W_x, W_h, b_x, b_h = imported()(K_x, K_h, b_x, b_h)
    return W_x.T, W_h.T, b_x, b_h


@wrong("import_gru", "only one of the two biases of z has to change", NAMES, "PyTorch has two biases for z")
def _(K_x, K_h, b_x, b_h):
    W_x, W_h, b_x, _ = imported()(K_x, K_h, b_x, b_h)
    z, r, n = b_h.chunk(3)
    return W_x, W_h, b_x, torch.cat([r, z, n])


@wrong("import_gru", "both biases as one, in the first", NAMES, "You moved one bias into the other")
def _(K_x, K_h, b_x, b_h):
    return imported()(K_x, K_h, b_x + b_h, 0 * b_h)


@wrong("import_gru", "the sign changed where it lies", NAMES, "changes its input `K_x`, `K_h`, `b_x`, `b_h` in place")
def _(K_x, K_h, b_x, b_h):
    for a in (K_x.T, K_h.T, b_x, b_h):
        a[: len(K_h)] *= -1
    return imported(order=lambda z, r, n: (r, z, n))(K_x, K_h, b_x, b_h)


def weights(i=(0, 40, -20), f=(0, -40, 20), g=(1, 0, 0), o=(0, 0, 20), W_h=(0, 0, 0, 0)):
    """An LSTM of one unit, from (value, write, bias) of each block."""
    rows = torch.tensor([i, f, g, o], dtype=torch.float64)
    return lambda: (rows[:, :2].clone(), torch.tensor(W_h, dtype=torch.float64)[:, None], rows[:, 2].clone())


@right("latch", "zeros, and the numbers put in one by one")
def _():
    W_x = torch.zeros(4, 2)
    W_x[0, 1] = 40
    W_x[1, 1] = -40
    W_x[2, 0] = 1
    return W_x, torch.zeros(4, 1), torch.tensor([-20.0, 20.0, 0.0, 30.0])


@right("latch", "lists in float64")
def _():
    W_x = torch.tensor([[0, 100], [0, -100], [1, 0], [0, 0]], dtype=torch.float64)
    return W_x, torch.zeros(4, 1, dtype=torch.float64), torch.tensor([-50, 50, 0, 50], dtype=torch.float64)


@right("latch", "NumPy")
def _():
    W = np.zeros((4, 3))
    W[:2] = np.outer([1, -1], [0.0, 60.0, -30.0])
    W[2, 0], W[3, 2] = 1, 25
    return torch.from_numpy(W[:, :2]), torch.zeros(4, 1).double(), torch.from_numpy(W[:, 2])


@right("latch", "the biases of the gates not in the middle")
def _():
    return weights(i=(0, 60, -18), f=(0, -60, 18), o=(0, 0, 12))()


@right("latch", "gates so steep that σ is 0 or 1")
def _():
    W_x = torch.stack([torch.tensor([0.0, s]) for s in (2000, -2000, 0, 0)]).double()
    W_x[2, 0] = 1.0
    return W_x, torch.zeros(4).double().view(4, 1), torch.tensor([-1000.0, 1000, 0, 1000]).double()


@right("latch", "a network with layers for each gate, read out")
def _():
    gates = {name: torch.nn.Linear(2, 1).double() for name in "ifgo"}
    chosen = {"i": ([0, 80], -40), "f": ([0, -80], 40), "g": ([1, 0], 0), "o": ([0, 0], 25)}
    with torch.no_grad():
        for name, (weight, bias) in chosen.items():
            gates[name].weight.copy_(torch.tensor([weight]))
            gates[name].bias.fill_(bias)
    W_x = torch.cat([gates[name].weight for name in "ifgo"])
    return W_x, torch.zeros(4, 1).double(), torch.cat([gates[name].bias for name in "ifgo"])


wrong("latch", "the forget gate stays open", NAMES, "Your forget gate is 1 while write = 1")(weights(f=(0, 0, 20)))
wrong("latch", "f opens with write", NAMES, "Your forget gate falls to 2.061154e-09 while write = 0")(
    weights(f=(0, 40, -20))
)
wrong("latch", "the input gate stays open", NAMES, "Your input gate is up to 1 while write = 0")(
    weights(i=(0, 0, 20))
)
wrong("latch", "gates of moderate size", NAMES, "Your input gate is 0.9933 while write = 1")(
    weights(i=(0, 10, -5), f=(0, -10, 5), o=(0, 0, 5))
)
wrong("latch", "without biases in the gates", NAMES, "Your forget gate falls to 0.5 while write = 0")(
    weights(i=(0, 40, 0), f=(0, -40, 0))
)
wrong("latch", "the output gate opens with write", NAMES, "h does not show it: your output gate is down to")(
    weights(o=(0, 40, -20))
)
wrong("latch", "the output gate gets zeros", NAMES, "h does not show it: your output gate is down to 0.5")(
    weights(o=(0, 0, 0))
)
wrong("latch", "the candidate looks at write as well", NAMES, "moves when the flag does")(weights(g=(1, 1, 0)))
wrong("latch", "the candidate has a large weight, to be sure", NAMES, "Its row has the weight 40 for value")(
    weights(g=(40, 0, 0))
)
wrong("latch", "columns taken for write and value", NAMES, "Its row looks at write, and not at value")(
    weights(i=(40, 0, -20), f=(-40, 0, 20), g=(0, 1, 0))
)
wrong("latch", "the candidate is the last block", NAMES, "Which row is the candidate's")(
    weights(g=(0, 0, 20), o=(1, 0, 0))
)
wrong("latch", "the forget gate is the first block", NAMES, "Your input gate is 2.061e-09 while write = 1")(
    weights(i=(0, -40, 20), f=(0, 40, -20))
)
wrong("latch", "the state holds itself through W_h", NAMES, "Your candidate g depends on h")(
    weights(g=(1, 0, 0), W_h=(0, 0, 1, 0))
)
wrong("latch", "the value divided, so that tanh is linear", NAMES, "Its row has the weight 0.1 for value")(
    weights(g=(0.1, 0, 0))
)


@wrong("latch", "weights as (in, out)", NAMES, "W_x of shape (4, 2)")
def _():
    W_x, W_h, b = weights()()
    return W_x.T, W_h.T, b


@right("half_lives", "logsigmoid of the second chunk")
def _(bias_ih, bias_hh):
    f = (bias_ih + bias_hh).chunk(4)[1]
    return math.log(0.5) / F.logsigmoid(f)


@right("half_lives", "softplus")
def _(bias_ih, bias_hh):
    n = len(bias_ih) // 4
    b = bias_ih[n : 2 * n] + bias_hh[n : 2 * n]
    return math.log(2) / F.softplus(-b)


@right("half_lives", "NumPy's logaddexp")
def _(bias_ih, bias_hh):
    b = (bias_ih + bias_hh).numpy().reshape(4, -1)[1]
    return torch.from_numpy(np.log(2) / np.logaddexp(0, -b))


@right("half_lives", "a list, with log1p")
def _(bias_ih, bias_hh):
    _, b, _, _ = torch.split(bias_ih + bias_hh, bias_ih.numel() // 4)
    lives = []
    for one in b.tolist():
        lost = math.log1p(math.exp(-one)) if one > 0 else -one + math.log1p(math.exp(one))
        lives.append(math.log(2) / lost)
    return torch.tensor(lives, dtype=bias_ih.dtype)


@wrong(
    "half_lives",
    "logsumexp beside a zero, which is 0 where the other number is small",
    NAMES,
    "f, or 1 + e⁻ᵃ, has no digits left",
)
def _(bias_ih, bias_hh):
    b = bias_ih.view(4, -1)[1] + bias_hh.view(4, -1)[1]
    minus_log_f = torch.stack([torch.zeros_like(b), -b]).logsumexp(0)
    return torch.tensor(2.0).double().log() / minus_log_f


@right("half_lives", "the slope of the logarithm, small and large biases apart")
def _(bias_ih, bias_hh):
    b = torch.stack([bias_ih, bias_hh]).sum(0).unflatten(0, (4, -1))[1]
    small = torch.log1p(torch.exp(-b.abs()))
    return math.log(2) / torch.where(b > 0, small, small - b)


def lives(formula=lambda b: math.log(0.5) / F.logsigmoid(b), bias=lambda ih, hh: (ih + hh).chunk(4)[1]):
    return lambda bias_ih, bias_hh: formula(bias(bias_ih, bias_hh))


wrong("half_lives", "the bias of one vector", NAMES, "You read bias_ih alone")(
    lives(bias=lambda ih, hh: ih.chunk(4)[1])
)
wrong("half_lives", "the first block", NAMES, "You read the first block")(
    lives(bias=lambda ih, hh: (ih + hh).chunk(4)[0])
)
wrong("half_lives", "the third block, as in i, o, f, g", NAMES, "You read the third block")(
    lives(bias=lambda ih, hh: (ih + hh).chunk(4)[2])
)
wrong("half_lives", "the mean of both biases", NAMES, "You took the mean of both biases")(
    lives(bias=lambda ih, hh: ((ih + hh) / 2).chunk(4)[1])
)
wrong("half_lives", "every fourth number from the second on", NAMES, "You took every fourth number")(
    lives(bias=lambda ih, hh: (ih + hh)[1::4])
)
wrong("half_lives", "σ, and then its logarithm", NAMES, "f, or 1 + e⁻ᵃ, has no digits left")(
    lives(lambda b: math.log(0.5) / torch.log(torch.sigmoid(b)))
)
wrong("half_lives", "the time after which 1/e is left", NAMES, "That is the time constant, −1/ln f")(
    lives(lambda b: -1 / F.logsigmoid(b))
)
wrong("half_lives", "1/(1 − f) steps", NAMES, "That is 1/(1 − f)")(lives(lambda b: 1 / torch.sigmoid(-b)))
wrong("half_lives", "half of what is forgotten in a step", NAMES, "as if every step took the same away")(
    lives(lambda b: 0.5 / torch.sigmoid(-b))
)
wrong("half_lives", "ln f over ln ½", NAMES, "yours is upside down")(lives(lambda b: F.logsigmoid(b) / math.log(0.5)))
wrong("half_lives", "the minus lost", NAMES, "A half-life is not negative")(
    lives(lambda b: math.log(2) / F.logsigmoid(b))
)
wrong("half_lives", "whole steps, rounded up", NAMES, "You rounded up to whole steps")(
    lives(lambda b: (math.log(0.5) / F.logsigmoid(b)).ceil())
)
wrong("half_lives", "logarithms with a small number beside them", GENERAL)(
    lives(lambda b: math.log(0.5) / torch.log(torch.sigmoid(b) - 1e-12))
)


@right("with_half_lives", "expm1, and the difference in one vector")
def _(half_lives, bias_ih, bias_hh):
    n = len(half_lives)
    b = -torch.log(torch.expm1(math.log(2) / half_lives))
    new = bias_ih.clone()
    new[n : 2 * n] = b - bias_hh[n : 2 * n]
    return new, bias_hh.clone()


@right("with_half_lives", "half in each vector, by cat")
def _(half_lives, bias_ih, bias_hh):
    half = -torch.log(torch.expm1(math.log(2) / half_lives)) / 2
    made = []
    for bias in (bias_ih, bias_hh):
        i, _, g, o = bias.chunk(4)
        made.append(torch.cat([i, half, g, o]))
    return tuple(made)


@right("with_half_lives", "all in the second vector, zero in the first")
def _(half_lives, bias_ih, bias_hh):
    ih, hh = bias_ih.reshape(4, -1).clone(), bias_hh.reshape(4, -1).clone()
    ih[1] = 0
    a = math.log(2) / half_lives
    hh[1] = -a - torch.log(-torch.expm1(-a))
    return ih.flatten(), hh.flatten()


@right("with_half_lives", "NumPy")
def _(half_lives, bias_ih, bias_hh):
    b = -np.log(np.expm1(np.log(2) / half_lives.numpy()))
    ih, hh = bias_ih.numpy().copy(), bias_hh.numpy().copy()
    n = b.size
    hh[n : 2 * n] = b - ih[n : 2 * n]
    return torch.from_numpy(ih), torch.from_numpy(hh)


@right("with_half_lives", "bisection for every unit")
def _(half_lives, bias_ih, bias_hh):
    low, high = torch.full_like(half_lives, -5000), torch.full_like(half_lives, 100)
    for _ in range(200):
        middle = (low + high) / 2
        short = math.log(0.5) / F.logsigmoid(middle) < half_lives
        low, high = torch.where(short, middle, low), torch.where(short, high, middle)
    d = half_lives.numel()
    forget = torch.arange(4 * d) // d == 1
    return torch.where(forget, low.repeat(4), bias_ih), bias_hh.masked_fill(forget, 0)


@right("with_half_lives", "the reciprocal of what is left over, unit by unit")
def _(half_lives, bias_ih, bias_hh):
    ih, hh = bias_ih.tolist(), bias_hh.tolist()
    for unit, k in enumerate(half_lives.tolist()):
        place = len(half_lives) + unit
        hh[place] = math.log(1 / math.expm1(math.log(2) / k)) - ih[place]
    return bias_ih.clone(), torch.tensor(hh, dtype=bias_hh.dtype)


def written(bias=lambda k: -torch.log(torch.expm1(math.log(2) / k)), block=1):
    def answer(half_lives, bias_ih, bias_hh):
        ih, hh = bias_ih.view(4, -1).clone(), bias_hh.view(4, -1).clone()
        ih[block], hh[block] = bias(half_lives), 0
        return ih.flatten(), hh.flatten()

    return answer


wrong("with_half_lives", "written into the input gate", NAMES, "You wrote into the first block")(written(block=0))
wrong("with_half_lives", "written into the candidate's block", NAMES, "You wrote into the third block")(
    written(block=2)
)
wrong("with_half_lives", "f = 1 − 1/k", NAMES, "That is f = 1 − 1/T")(written(lambda k: torch.log(k - 1)))
wrong("with_half_lives", "the bias is the logarithm of the steps", NAMES, "That is ln T")(written(torch.log))
wrong("with_half_lives", "1/e is left after k steps", NAMES, "That makes T the time constant")(
    written(lambda k: -torch.log(torch.expm1(1 / k)))
)
wrong("with_half_lives", "the sign of the bias", NAMES, "your units forget the faster")(
    written(lambda k: torch.log(torch.expm1(math.log(2) / k)))
)
wrong("with_half_lives", "f itself in place of its bias", NAMES, "You wrote the gate itself")(
    written(lambda k: 2 ** (-1 / k))
)
wrong("with_half_lives", "f first, and then ln(f / (1 − f))", NAMES, "an f so near to 1 has lost the digits")(
    written(lambda k: torch.log(0.5 ** (1 / k) / (1 - 0.5 ** (1 / k))))
)
wrong("with_half_lives", "exp, and 1 taken away", NAMES, "an f so near to 1 has lost the digits")(
    written(lambda k: -torch.log(torch.exp(math.log(2) / k) - 1))
)
wrong("with_half_lives", "f kept a little below 1", GENERAL)(
    written(lambda k: torch.logit((0.5 ** (1 / k)).clamp(max=1 - 1e-6)))
)


@wrong("with_half_lives", "through lists, in float32", NAMES, "something was rounded to float32 on the way")
def _(half_lives, bias_ih, bias_hh):
    ih = bias_ih.view(4, -1).tolist()
    ih[1] = [
        -math.log(math.expm1(math.log(2) / k)) - b
        for k, b in zip(half_lives.tolist(), bias_hh.view(4, -1)[1].tolist(), strict=True)
    ]
    return torch.tensor(ih).flatten().double(), bias_hh.clone()


@wrong("with_half_lives", "the bias wanted is put into both vectors", NAMES, "it gets twice as much")
def _(half_lives, bias_ih, bias_hh):
    ih, hh = bias_ih.view(4, -1).clone(), bias_hh.view(4, -1).clone()
    ih[1] = hh[1] = -torch.log(torch.expm1(math.log(2) / half_lives))
    return ih.flatten(), hh.flatten()


@wrong("with_half_lives", "the second vector is left as it is", NAMES, "You set bias_ih and left bias_hh")
def _(half_lives, bias_ih, bias_hh):
    ih = bias_ih.view(4, -1).clone()
    ih[1] = -torch.log(torch.expm1(math.log(2) / half_lives))
    return ih.flatten(), bias_hh.clone()


@wrong("with_half_lives", "added to the bias that is there", NAMES, "You added to what stood there")
def _(half_lives, bias_ih, bias_hh):
    ih = bias_ih.view(4, -1).clone()
    ih[1] += -torch.log(torch.expm1(math.log(2) / half_lives))
    return ih.flatten(), bias_hh.clone()


@wrong("with_half_lives", "written where it lies", NAMES, "changes its input `bias_ih`, `bias_hh` in place")
def _(half_lives, bias_ih, bias_hh):
    n = len(half_lives)
    bias_ih[n : 2 * n] = -torch.log(torch.expm1(math.log(2) / half_lives))
    bias_hh[n : 2 * n] = 0
    return bias_ih, bias_hh


@wrong("with_half_lives", "the other gates start at 0", NAMES, "The other blocks of both vectors were set to zero")
def _(half_lives, bias_ih, bias_hh):
    ih = torch.zeros_like(bias_ih).view(4, -1)
    ih[1] = -torch.log(torch.expm1(math.log(2) / half_lives))
    return ih.flatten(), torch.zeros_like(bias_hh)


@wrong("with_half_lives", "every fourth number is a forget gate's", NAMES, "You wrote into every fourth number")
def _(half_lives, bias_ih, bias_hh):
    ih, hh = bias_ih.clone(), bias_hh.clone()
    ih[1::4], hh[1::4] = -torch.log(torch.expm1(math.log(2) / half_lives)), 0
    return ih, hh


@right("perplexities", "text by text")
def _(logits, labels, mask):
    each = [F.cross_entropy(z[m], y[m]).exp() for z, y, m in zip(logits, labels, mask, strict=True)]
    return torch.stack(each), F.cross_entropy(logits[mask], labels[mask]).exp()


@right("perplexities", "log-softmax and gather")
def _(logits, labels, mask):
    log_p = torch.log_softmax(logits, -1).gather(-1, labels.unsqueeze(-1)).squeeze(-1)
    nats = -torch.where(mask, log_p, torch.zeros_like(log_p))
    return torch.exp(nats.sum(1) / mask.sum(1)), torch.exp(nats.sum() / mask.sum())


@right("perplexities", "in bits, and with the label that PyTorch ignores")
def _(logits, labels, mask):
    kept = labels.masked_fill(~mask, -100)
    bits = F.cross_entropy(logits.transpose(1, 2), kept, reduction="none") / math.log(2)
    return 2 ** (bits.sum(1) / mask.sum(1)), 2 ** (bits.sum() / mask.sum())


@right("perplexities", "that of all from those of each, weighted by their letters")
def _(logits, labels, mask):
    each = torch.stack([F.nll_loss(z[m].log_softmax(1), y[m]) for z, y, m in zip(logits, labels, mask, strict=True)])
    share = mask.double().sum(1) / mask.sum()
    return each.exp(), (share * each).sum().exp()


@wrong("perplexities", "the mean over texts", NAMES, "That of all is the mean of theirs")
def _(logits, labels, mask):
    each = [F.cross_entropy(z[m], y[m]).exp() for z, y, m in zip(logits, labels, mask, strict=True)]
    return torch.stack(each), torch.stack(each).mean()


@wrong("perplexities", "a mask of zeros, and mean()", NAMES, "You divide by the length of the longest text")
def _(logits, labels, mask):
    nats = F.cross_entropy(logits.mT, labels, reduction="none").masked_fill(~mask, 0)
    return nats.mean(1).exp(), nats.mean().exp()


@wrong("perplexities", "two to the power of the loss", NAMES, "You raise 2 to the power of nats")
def _(logits, labels, mask):
    nats = F.cross_entropy(logits.mT, labels, reduction="none").masked_fill(~mask, 0)
    return 2 ** (nats.sum(1) / mask.sum(1)), 2 ** (nats.sum() / mask.sum())


@wrong("perplexities", "the loss", NAMES, "Those are nats a letter")
def _(logits, labels, mask):
    nats = F.cross_entropy(logits.mT, labels, reduction="none").masked_fill(~mask, 0)
    return nats.sum(1) / mask.sum(1), nats.sum() / mask.sum()


@wrong("perplexities", "padding has the number 0", NAMES, "Every letter with the number 0 is left out")
def _(logits, labels, mask):
    nats = F.cross_entropy(logits.mT, labels, reduction="none", ignore_index=0)
    n = (labels != 0).sum(1)
    return (nats.sum(1) / n).exp(), (nats.sum() / n.sum()).exp()


@right("in_stretches", "a loop, cut where a stretch begins")
def _(x, state, W_x, W_h, b, steps):
    h, c = state
    outputs = []
    for t, x_t in enumerate(x.unbind(1)):
        if t and t % steps == 0:
            h, c = h.detach(), c.detach()
        h, c = recurrent.lstm_step(x_t, (h, c), W_x, W_h, b)
        outputs.append(h)
    return torch.stack(outputs, 1)


@right("in_stretches", "stretch after stretch")
def _(x, state, W_x, W_h, b, steps):
    rows = []
    for stretch in x.split(steps, dim=1):
        state = [part.detach() for part in state]
        for t in range(stretch.shape[1]):
            state = recurrent.lstm_step(stretch[:, t], state, W_x, W_h, b)
            rows.append(state[0].unsqueeze(1))
    return torch.cat(rows, dim=1)


@right("in_stretches", "with a step of its own")
def _(x, state, W_x, W_h, b, steps):
    h, c = state
    hs = []
    for t in range(x.size(1)):
        if t % steps == 0:
            h, c = h.clone().detach(), c.clone().detach()
        i, f, g, o = (x[:, t] @ W_x.T + h @ W_h.T + b).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        hs.append(h)
    return torch.stack(hs, 1)


@right("in_stretches", "cut at the end of a stretch")
def _(x, state, W_x, W_h, b, steps):
    outputs = []
    for t in range(x.shape[1]):
        state = recurrent.lstm_step(x[:, t], state, W_x, W_h, b)
        outputs.append(state[0])
        if (t + 1) % steps == 0:
            state = state[0].detach(), state[1].detach()
    return torch.stack(outputs, dim=1)


@right("in_stretches", "a layer of PyTorch's with the parameters put in")
def _(x, state, W_x, W_h, b, steps):
    net = torch.nn.LSTM(W_x.shape[1], W_h.shape[1], batch_first=True).to(x)
    given = {"weight_ih_l0": W_x, "weight_hh_l0": W_h, "bias_ih_l0": b, "bias_hh_l0": torch.zeros_like(b)}
    h, c = (part[None] for part in state)
    outputs = []
    for a in range(0, x.shape[1], steps):
        states, (h, c) = torch.func.functional_call(
            net, given, (x[:, a : a + steps].contiguous(), (h.detach(), c.detach()))
        )
        outputs.append(states)
    return torch.cat(outputs, 1)


@right("in_stretches", "recursion over the stretches")
def _(x, state, W_x, W_h, b, steps):
    h, c = (part.detach() for part in state)
    outputs = []
    for x_t in x[:, :steps].unbind(1):
        h, c = recurrent.lstm_step(x_t, (h, c), W_x, W_h, b)
        outputs.append(h)
    here = torch.stack(outputs, 1)
    rest = x[:, steps:]
    if not rest.shape[1]:
        return here

    def again(x, h, c):
        out, states = [], (h.detach(), c.detach())
        for t in range(x.shape[1]):
            if t % steps == 0:
                states = tuple(s.detach() for s in states)
            states = recurrent.lstm_step(x[:, t], states, W_x, W_h, b)
            out.append(states[0])
        return torch.stack(out, 1)

    return torch.cat([here, again(rest, h, c)], 1)


@wrong("in_stretches", "one loop over all", NAMES, "nothing is cut")
def _(x, state, W_x, W_h, b, steps):
    outputs = []
    for t in range(x.shape[1]):
        state = recurrent.lstm_step(x[:, t], state, W_x, W_h, b)
        outputs.append(state[0])
    return torch.stack(outputs, dim=1)


@wrong("in_stretches", "the state is h", NAMES, "You cut h alone")
def _(x, state, W_x, W_h, b, steps):
    h, c = state
    outputs = []
    for t in range(x.shape[1]):
        if t % steps == 0:
            h = h.detach()
        h, c = recurrent.lstm_step(x[:, t], (h, c), W_x, W_h, b)
        outputs.append(h)
    return torch.stack(outputs, dim=1)


@wrong("in_stretches", "a stretch begins anew", NAMES, "All stretches begin with zeros")
def _(x, state, W_x, W_h, b, steps):
    outputs = []
    for stretch in x.split(steps, dim=1):
        h = c = torch.zeros_like(state[0])
        for x_t in stretch.unbind(1):
            h, c = recurrent.lstm_step(x_t, (h, c), W_x, W_h, b)
            outputs.append(h)
    return torch.stack(outputs, dim=1)


@wrong("in_stretches", "the given state for each stretch", NAMES, "Each stretch begins with the state that was given")
def _(x, state, W_x, W_h, b, steps):
    outputs = []
    for stretch in x.split(steps, dim=1):
        h, c = state
        for x_t in stretch.unbind(1):
            h, c = recurrent.lstm_step(x_t, (h, c), W_x, W_h, b)
            outputs.append(h)
    return torch.stack(outputs, dim=1)


@wrong(
    "in_stretches", "what is returned is cut, and goes on cut", NAMES, "It is the states that you return that are cut"
)
def _(x, state, W_x, W_h, b, steps):
    outputs = []
    for t in range(x.shape[1]):
        state = recurrent.lstm_step(x[:, t], state, W_x, W_h, b)
        if (t + 1) % steps == 0:
            state = tuple(part.detach() for part in state)
        outputs.append(state[0])
    return torch.stack(outputs, dim=1)


@wrong("in_stretches", "steps counted from 1", NAMES, "The cuts come one step early")
def _(x, state, W_x, W_h, b, steps):
    outputs = []
    for t, x_t in enumerate(x.unbind(1), start=1):
        if t % steps == 0:
            state = [part.detach() for part in state]
        state = recurrent.lstm_step(x_t, state, W_x, W_h, b)
        outputs.append(state[0])
    return torch.stack(outputs, dim=1)


@wrong("in_stretches", "whole stretches only", NAMES, "The steps that are left over at the end are missing")
def _(x, state, W_x, W_h, b, steps):
    outputs = []
    for n in range(max(1, x.shape[1] // steps)):
        state = tuple(part.detach() for part in state)
        for x_t in x[:, n * steps : (n + 1) * steps].unbind(1):
            state = recurrent.lstm_step(x_t, state, W_x, W_h, b)
            outputs.append(state[0])
    return torch.stack(outputs, dim=1)


@wrong("in_stretches", "detached at every step, to be safe", NAMES, "cut after every step")
def _(x, state, W_x, W_h, b, steps):
    outputs = []
    for x_t in x.unbind(1):
        state = recurrent.lstm_step(x_t, [part.detach() for part in state], W_x, W_h, b)
        outputs.append(state[0])
    return torch.stack(outputs, dim=1)


def interval(low, high):
    """All waits that tell two biases apart, the slower of which is `high`."""
    f, g = (1 / (1 + math.exp(-b)) for b in (low, high))
    end = math.ceil(math.log(0.2) / math.log(g)) + 1
    return [t for t in range(1, end + 1) if g**t - f**t >= 0.2]


@wrong("waits", "the last wait of each interval that has none, from the fastest on", NAMES, "fewer waits do")
def _(biases):
    chosen = []
    for low, high in itertools.pairwise(sorted(biases)):
        good = interval(low, high)
        if not any(t in good for t in chosen):
            chosen.append(good[-1])
    return chosen


@right("waits", "the first wait of each interval that has none, from the slowest on")
def _(biases):
    pairs = list(itertools.pairwise(sorted(biases, reverse=True)))
    chosen = []
    for high, low in pairs:
        good = interval(low, high)
        if not set(chosen) & set(good):
            chosen.append(min(good))
    return chosen[::-1]


@right("waits", "intervals sorted by their ends, with NumPy")
def _(biases):
    f = np.sort(1 / (1 + np.exp(-np.array(biases))))
    longest = int(np.log(0.2) / np.log(f[-1])) + 2
    t = np.arange(1, longest + 1)
    left = f[:, None] ** t
    tells = np.abs(np.diff(left, axis=0)) >= 0.2
    ends = sorted((int(t[row].max()), int(t[row].min())) for row in tells)
    chosen, last = [], 0
    for end, start in ends:
        if start > last:
            last = end
            chosen.append(end)
    return chosen


@right("waits", "recursion: one wait for as many neighbours as possible, then the rest")
def _(biases):
    ordered = sorted(biases)
    intervals = [(min(i), max(i)) for i in itertools.starmap(interval, itertools.pairwise(ordered))]

    def cover(rest):
        if not rest:
            return []
        first = min(end for _, end in rest)
        return [first, *cover([(start, end) for start, end in rest if start > first])]

    return cover(intervals)


@right("waits", "every pair is looked at, and the waits that serve most are tried in sets of growing size")
def _(biases):
    goods = [set(interval(*sorted(pair))) for pair in itertools.combinations(biases, 2)]
    candidates = sorted({max(good) for good in goods})
    for size in itertools.count(1):
        for chosen in itertools.combinations(candidates, size):
            if all(good & set(chosen) for good in goods):
                return list(chosen)


@wrong("waits", "the ends of intervals by bisection, in logarithms, from the fastest on", NAMES, "fewer waits do")
def _(biases):
    rates = sorted((math.log1p(math.exp(-b)) for b in biases), reverse=True)

    def apart(t, fast, slow):
        return math.exp(-slow * t) - math.exp(-fast * t) >= 0.2

    chosen = []
    for fast, slow in itertools.pairwise(rates):
        if any(apart(t, fast, slow) for t in chosen):
            continue
        low, high = max(1, round(math.log(fast / slow) / (fast - slow))), math.ceil(math.log(5) / slow) + 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if apart(middle, fast, slow) else (low, middle)
        chosen.append(low)
    return chosen


def half_life(b):
    return math.log(2) / math.log1p(math.exp(-b))


wrong("waits", "one wait for each two neighbours", NAMES, "fewer waits do")(
    lambda biases: [interval(low, high)[-1] for low, high in itertools.pairwise(sorted(biases))]
)
wrong("waits", "one wait for each two cells", NAMES, "fewer waits do")(
    lambda biases: [interval(*sorted(pair))[-1] for pair in itertools.combinations(biases, 2)]
)
wrong("waits", "each cell's half-life", NAMES, "fewer waits do")(
    lambda biases: [max(1, round(half_life(b))) for b in biases]
)
wrong("waits", "one wait is enough, between the fastest and the slowest", NAMES, "are not told apart")(
    lambda biases: [max(1, round(math.sqrt(half_life(min(biases)) * half_life(max(biases)))))]
)
wrong("waits", "as long as possible, so that differences grow", NAMES, "too late, both have forgotten too much")(
    lambda biases: [1000]
)
wrong("waits", "powers of ten", NAMES, "fewer waits do")(lambda biases: [1, 10, 100, 1000])
wrong("waits", "the half-life of the slowest", NAMES, "too late, both have forgotten too much")(
    lambda biases: [round(half_life(max(biases)))]
)
wrong("waits", "one step tells, since the gates differ", NAMES, "too early, neither has forgotten much")(
    lambda biases: [1]
)
wrong("waits", "neighbours in the order in which they come", NAMES, "are not told apart")(
    lambda biases: [
        interval(*sorted(pair))[0] for pair in itertools.pairwise(biases)
    ]
)  # fmt: skip
wrong("waits", "where the two curves are farthest apart, as a real number", NAMES, "whole numbers of steps")(
    lambda biases: [
        math.log(p / q) / (p - q)
        for q, p in itertools.pairwise(math.log1p(math.exp(-b)) for b in sorted(biases, reverse=True))
    ]
)


@wrong("waits", "in PyTorch to the end, each wait a tensor", NAMES, "Your output holds tensors")
def _(biases):
    left = torch.sigmoid(torch.tensor(sorted(biases)).double())[:, None] ** torch.arange(5000)
    intervals = [(difference >= 0.2).nonzero()[:, 0] for difference in left.diff(dim=0)]
    chosen = []
    for telling in sorted(intervals, key=lambda telling: telling[-1]):
        if not any(t in telling for t in chosen):
            chosen.append(telling[-1])
    return chosen


@wrong("waits", "the middle of each interval that has none yet", GENERAL)
def _(biases):
    chosen = []
    for low, high in itertools.pairwise(sorted(biases)):
        good = interval(low, high)
        if not set(chosen) & set(good):
            chosen.append(good[len(good) // 2])
    return chosen


@wrong("waits", "the first wait of each interval that has none yet, from the fastest on", GENERAL)
def _(biases):
    chosen = []
    for low, high in itertools.pairwise(sorted(biases)):
        good = interval(low, high)
        if not set(chosen) & set(good):
            chosen.append(good[0])
    return chosen
