"""Answers to the exercises of chapter 5."""

import bisect
import itertools
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from answers import GENERAL, HIDDEN, NAMES, chapter

right, wrong = chapter(5)


@right("to_cells", "permute, add, flatten")
def _(z, rows, columns):
    cells = z.permute(0, 2, 3, 1) + rows[:, None, :] + columns[None, :, :]
    return cells.reshape(z.shape[0], -1, z.shape[1])


@right("to_cells", "features stay first until the end")
def _(z, rows, columns):
    return (z + rows.T[None, :, :, None] + columns.T[None, :, None, :]).flatten(2).transpose(1, 2)


@right("to_cells", "cell by cell, in two loops")
def _(z, rows, columns):
    cells = []
    for i in range(z.shape[2]):
        for j in range(z.shape[3]):
            cells.append(z[:, :, i, j] + rows[i] + columns[j])
    return torch.stack(cells, dim=1)


@right("to_cells", "the places of a row by repeat and repeat_interleave")
def _(z, rows, columns):
    H, W = z.shape[-2:]
    return z.flatten(2).mT + rows.repeat_interleave(W, dim=0) + columns.repeat(H, 1)


@right("to_cells", "the numbers of rows and columns by // and %")
def _(z, rows, columns):
    B, d, H, W = z.shape
    n = torch.arange(H * W)
    return torch.einsum("bdn->bnd", z.view(B, d, H * W)) + rows[n // W] + columns[n % W]


@right("to_cells", "a new tensor, filled a row of cells at a time")
def _(z, rows, columns):
    B, d, H, W = z.shape
    out = z.new_zeros(B, H * W, d)
    for i in range(H):
        out[:, i * W : (i + 1) * W] = z[:, :, i].swapaxes(1, 2) + rows[i] + columns
    return out


@wrong("to_cells", "one reshape does it", NAMES, "Right shape, and features of different places are mixed")
def _(z, rows, columns):
    B, d, H, W = z.shape
    return z.reshape(B, H * W, d) + (rows[:, None] + columns).reshape(H * W, d)


@wrong("to_cells", "numbered column by column", NAMES, "Your cells are numbered column by column. Row by row, the")
def _(z, rows, columns):
    cells = z.permute(0, 3, 2, 1) + columns[:, None] + rows
    return cells.flatten(1, 2)


@wrong("to_cells", "rows and columns exchanged", NAMES, "Your positions take turns the wrong way round. Along a")
def _(z, rows, columns):
    H, W = z.shape[-2:]
    return z.flatten(2).mT + rows.repeat(W, 1) + columns.repeat_interleave(H, dim=0)


@wrong("to_cells", "only the rows are told", NAMES, "The vectors of the columns are not added.")
def _(z, rows, columns):
    return (z.permute(0, 2, 3, 1) + rows[:, None]).flatten(1, 2)


@wrong("to_cells", "added where z lies", NAMES, "changes its input `z` in place")
def _(z, rows, columns):
    z += rows.T[:, :, None] + columns.T[:, None, :]
    return z.flatten(2).mT


@wrong("to_cells", "features before cells", NAMES, "transposed: its last two axes")
def _(z, rows, columns):
    return (z + rows.T[:, :, None] + columns.T[:, None, :]).flatten(2)


@wrong("to_cells", "the grid itself, not yet a row", NAMES, "has shape (2, 3, 7, 5); (2, 21, 5) was expected")
def _(z, rows, columns):
    return z.permute(0, 2, 3, 1) + rows[:, None] + columns


@right("picture_maps", "the inverse permutation")
def _(weights, order, height, width):
    return weights[:, :, torch.argsort(order)].reshape(*weights.shape[:2], height, width)


@right("picture_maps", "laid down where they belong")
def _(weights, order, height, width):
    maps = torch.zeros_like(weights)
    maps[..., order] = weights
    return maps.view(weights.size(0), weights.size(1), height, width)


@right("picture_maps", "a matrix of the permutation")
def _(weights, order, height, width):
    P = F.one_hot(order, height * width).to(weights)
    return (weights @ P).unflatten(-1, (height, width))


@right("picture_maps", "cell by cell")
def _(weights, order, height, width):
    where = order.tolist()
    rows = [[weights[:, :, where.index(i * width + j)] for j in range(width)] for i in range(height)]
    return torch.stack([torch.stack(row, dim=2) for row in rows], dim=2)


@right("picture_maps", "scatter")
def _(weights, order, height, width):
    index = order.expand_as(weights)
    return torch.zeros_like(weights).scatter(2, index, weights).unflatten(2, (height, width))


@right("picture_maps", "an inverse made in a dictionary")
def _(weights, order, height, width):
    place = {cell: k for k, cell in enumerate(order.tolist())}
    back = torch.tensor([place[n] for n in range(height * width)])
    return torch.index_select(weights, -1, back).reshape(-1, weights.shape[1], height, width)


@wrong("picture_maps", "shuffled once more", NAMES, "You shuffle the weights once more. Weight k belongs to")
def _(weights, order, height, width):
    return weights[:, :, order].unflatten(-1, (height, width))


@wrong("picture_maps", "the order is of no account", NAMES, "The weights still lie in the shuffled order. Take them")
def _(weights, order, height, width):
    return weights.unflatten(-1, (height, width))


@wrong("picture_maps", "width before height", NAMES, "Height and width are exchanged: a map has H' rows and W'")
def _(weights, order, height, width):
    return weights[:, :, order.argsort()].unflatten(-1, (width, height))


@wrong("picture_maps", "column by column", NAMES, "Taken back, and then laid out column by column. The cells")
def _(weights, order, height, width):
    return weights[:, :, order.argsort()].unflatten(-1, (width, height)).mT


@wrong("picture_maps", "the words are put in order", GENERAL)
def _(weights, order, height, width):
    return weights[:, order.argsort() % weights.shape[1]].reshape(*weights.shape[:2], height, width)


@wrong(
    "picture_maps",
    "the maps are divided by their largest weight, to be seen",
    NAMES,
    "Every map is divided by its largest weight. The weights",
)
def _(weights, order, height, width):
    maps = weights[:, :, order.argsort()]
    return (maps / maps.amax(-1, keepdim=True)).unflatten(-1, (height, width))


@right("spatial_attend", "cells as a row, and a softmax over axis 1")
def _(s, z, usable, W_s, W_z, v):
    cells = z.flatten(2).transpose(1, 2)
    e = torch.tanh((s @ W_s.T).unsqueeze(1) + cells @ W_z.T) @ v
    alpha = e.masked_fill(~usable.flatten(1), -math.inf).softmax(dim=1)
    return (alpha.unsqueeze(2) * cells).sum(1), alpha.view(usable.shape)


@right("spatial_attend", "einsum on the grid as it is")
def _(s, z, usable, W_s, W_z, v):
    mapped = torch.einsum("ad,bdij->baij", W_z, z) + torch.einsum("as,bs->ba", W_s, s)[..., None, None]
    e = torch.einsum("a,baij->bij", v, mapped.tanh())
    e = torch.where(usable, e, torch.full_like(e, -torch.inf))
    alpha = F.softmax(e.view(len(e), -1), dim=-1).view_as(e)
    return torch.einsum("bij,bdij->bd", alpha, z), alpha


@right("spatial_attend", "a convolution of kernel 1, and a softmax by hand")
def _(s, z, usable, W_s, W_z, v):
    hidden = torch.tanh(F.conv2d(z, W_z[:, :, None, None]) + F.linear(s, W_s)[:, :, None, None])
    e = F.conv2d(hidden, v[None, :, None, None])[:, 0]
    e = e.masked_fill(~usable, -torch.inf)
    powers = torch.exp(e - e.amax(dim=(1, 2), keepdim=True).detach())
    alpha = powers / powers.sum(dim=(1, 2), keepdim=True)
    return (alpha[:, None] * z).sum(dim=(2, 3)), alpha


@right("spatial_attend", "picture by picture, the open cells only")
def _(s, z, usable, W_s, W_z, v):
    contexts, maps = [], []
    for state, grid, open_ in zip(s, z, usable, strict=True):
        cells = grid[:, open_].T
        alpha = torch.softmax(torch.tanh(W_s @ state + cells @ W_z.T) @ v, dim=0)
        weights = torch.zeros(open_.shape, dtype=z.dtype)
        weights[open_] = alpha
        contexts.append(alpha @ cells)
        maps.append(weights)
    return torch.stack(contexts), torch.stack(maps)


class Additive(nn.Module):
    def __init__(self, W_s, W_z, v):
        super().__init__()
        self.W_s, self.W_z, self.v = W_s, W_z, v

    def forward(self, s, cells, usable):
        e = (s @ self.W_s.mT)[:, None].add(cells @ self.W_z.mT).tanh().mul(self.v).sum(-1)
        return e.masked_fill(usable.logical_not(), torch.finfo(e.dtype).min).softmax(-1)


@right("spatial_attend", "a module, and bmm")
def _(s, z, usable, W_s, W_z, v):
    B, d, H, W = z.shape
    cells = z.reshape(B, d, H * W).permute(0, 2, 1)
    alpha = Additive(W_s, W_z, v)(s, cells, usable.reshape(B, H * W))
    return torch.bmm(alpha[:, None], cells)[:, 0], alpha.reshape(B, H, W)


def spatial(s, z, usable, W_s, W_z, v, *, cells=None, attention=None):
    cells = z.flatten(2).mT if cells is None else cells
    e = torch.tanh((s @ W_s.T)[:, None] + cells @ W_z.T) @ v
    attention = attention or (lambda e, u: e.masked_fill(~u, -torch.inf).softmax(1))
    alpha = attention(e, usable.flatten(1))
    return (alpha[..., None] * cells).sum(1), alpha.view_as(usable)


@wrong(
    "spatial_attend",
    "shut cells are set to 0 after the softmax",
    NAMES,
    "You shut the cells after the softmax: what they had is",
)
def _(s, z, usable, W_s, W_z, v):
    return spatial(s, z, usable, W_s, W_z, v, attention=lambda e, u: e.softmax(1) * u)


@wrong("spatial_attend", "the softmax first, then what is left is divided by its sum", HIDDEN)
def _(s, z, usable, W_s, W_z, v):
    def attention(e, u):
        alpha = e.softmax(1) * u
        return alpha / alpha.sum(1, keepdim=True)

    return spatial(s, z, usable, W_s, W_z, v, attention=attention)


@wrong(
    "spatial_attend",
    "a softmax along each row of the grid",
    NAMES,
    "Each row of the grid sums to 1, and the map to H'. One",
)
def _(s, z, usable, W_s, W_z, v):
    def attention(e, u):
        return e.masked_fill(~u, -1e30).view_as(usable).softmax(-1).flatten(1)

    return spatial(s, z, usable, W_s, W_z, v, attention=attention)


@wrong("spatial_attend", "True means shut", NAMES, "The mask is inverted: a large negative number stands")
def _(s, z, usable, W_s, W_z, v):
    return spatial(s, z, usable, W_s, W_z, v, attention=lambda e, u: e.masked_fill(u, -1e30).softmax(1))


@wrong("spatial_attend", "the mask is not used", NAMES, "The shut cells are not shut: `usable` changes nothing.")
def _(s, z, usable, W_s, W_z, v):
    return spatial(s, z, usable, W_s, W_z, v, attention=lambda e, u: e.softmax(1))


@wrong(
    "spatial_attend", "shut cells have features 0", NAMES, "You shut a cell by making its features 0. It has a score"
)
def _(s, z, usable, W_s, W_z, v):
    return spatial(s, z * usable[:, None], usable, W_s, W_z, v, attention=lambda e, u: e.softmax(1))


@wrong(
    "spatial_attend", "exponentials without a maximum", NAMES, "Right, except for large scores: there exp overflows."
)
def _(s, z, usable, W_s, W_z, v):
    def attention(e, u):
        powers = e.exp() * u
        return powers / powers.sum(1, keepdim=True)

    return spatial(s, z, usable, W_s, W_z, v, attention=attention)


@wrong(
    "spatial_attend", "the softmax over the batch", NAMES, "Shut cells got a large negative number, and your weights"
)
def _(s, z, usable, W_s, W_z, v):
    return spatial(s, z, usable, W_s, W_z, v, attention=lambda e, u: e.masked_fill(~u, -1e30).softmax(0))


@wrong("spatial_attend", "cells by reshape", NAMES, "Features of different places are mixed: `reshape` reads z")
def _(s, z, usable, W_s, W_z, v):
    B, d, H, W = z.shape
    return spatial(s, z, usable, W_s, W_z, v, cells=z.reshape(B, H * W, d))


@wrong(
    "spatial_attend", "divided by the root of d_a", NAMES, "You divide the scores by a root. This score is additive"
)
def _(s, z, usable, W_s, W_z, v):
    return spatial(s, z, usable, W_s, W_z, v / math.sqrt(len(v)))


@right("look_or_not", "one softmax over cells and sentinel")
def _(scores, z, sentinel_scores, sentinels):
    e = torch.cat([scores.flatten(2), sentinel_scores.unsqueeze(-1)], dim=-1)
    p = F.softmax(e, dim=-1)
    alpha, beta = p[..., :-1], p[..., -1]
    c = alpha @ z.flatten(2).transpose(1, 2) + beta.unsqueeze(-1) * sentinels
    return c, alpha.reshape(scores.shape), beta


@right("look_or_not", "the sentinel in front, and split")
def _(scores, z, sentinel_scores, sentinels):
    B, T, H, W = scores.shape
    weights = torch.cat((sentinel_scores[:, :, None], scores.reshape(B, T, H * W)), 2).softmax(2)
    beta, alpha = weights.split([1, H * W], dim=2)
    maps = alpha.unflatten(2, (H, W))
    return beta * sentinels + torch.einsum("bthw,bdhw->btd", maps, z), maps, beta.squeeze(2)


@right("look_or_not", "logsumexp")
def _(scores, z, sentinel_scores, sentinels):
    Z = torch.logaddexp(scores.logsumexp(dim=(2, 3)), sentinel_scores)
    maps = torch.exp(scores - Z[..., None, None])
    beta = torch.exp(sentinel_scores - Z)
    return torch.einsum("bt,btd->btd", beta, sentinels) + torch.einsum("btij,bdij->btd", maps, z), maps, beta


@right("look_or_not", "a gate, as in the derivation")
def _(scores, z, sentinel_scores, sentinels):
    alone = scores.flatten(2).softmax(-1)
    beta = torch.sigmoid(sentinel_scores - torch.logsumexp(scores.flatten(2), -1))
    alpha = (1 - beta)[..., None] * alone
    c = beta[..., None] * sentinels + alpha.bmm(z.flatten(2).mT)
    return c, alpha.view_as(scores), beta


@right("look_or_not", "the exponentials, less the largest of all")
def _(scores, z, sentinel_scores, sentinels):
    top = torch.maximum(scores.amax((2, 3)), sentinel_scores).detach()
    cells, sentinel = (scores - top[..., None, None]).exp(), (sentinel_scores - top).exp()
    Z = cells.sum((2, 3)) + sentinel
    maps, beta = cells / Z[:, :, None, None], sentinel / Z
    seen = (maps[:, :, None] * z[:, None]).sum((3, 4))
    return seen + beta[:, :, None] * sentinels, maps, beta


@right("look_or_not", "word by word, in a loop")
def _(scores, z, sentinel_scores, sentinels):
    contexts, maps, betas = [], [], []
    cells = z.flatten(2)
    for t in range(scores.shape[1]):
        p = torch.softmax(torch.column_stack([scores[:, t].flatten(1), sentinel_scores[:, t]]), 1)
        contexts.append((cells @ p[:, :-1, None])[..., 0] + p[:, -1:] * sentinels[:, t])
        maps.append(p[:, :-1].view(scores[:, t].shape))
        betas.append(p[:, -1])
    return torch.stack(contexts, 1), torch.stack(maps, 1), torch.stack(betas, 1)


def sentinel(scores, z, sentinel_scores, sentinels):
    p = torch.cat([scores.flatten(2), sentinel_scores[..., None]], -1).softmax(-1)
    return p[..., :-1], p[..., -1], z.flatten(2).mT


@wrong(
    "look_or_not",
    "the maps are divided by their sum, as maps add up to 1",
    NAMES,
    "The context is right. Your maps sum to 1: the share that",
)
def _(scores, z, sentinel_scores, sentinels):
    alpha, beta, cells = sentinel(scores, z, sentinel_scores, sentinels)
    c = alpha @ cells + beta[..., None] * sentinels
    return c, (alpha / alpha.sum(-1, keepdim=True)).view_as(scores), beta


@wrong(
    "look_or_not",
    "two softmaxes: the cells, and beside them a σ",
    NAMES,
    "Your β is σ of the sentinel's score and knows nothing of",
)
def _(scores, z, sentinel_scores, sentinels):
    alpha = scores.flatten(2).softmax(-1)
    beta = torch.sigmoid(sentinel_scores)
    c = beta[..., None] * sentinels + (1 - beta)[..., None] * (alpha @ z.flatten(2).mT)
    return c, alpha.view_as(scores), beta


@wrong(
    "look_or_not",
    "the picture's part is multiplied by 1 − β once more",
    NAMES,
    "The weights of the cells have given up β to the sentinel",
)
def _(scores, z, sentinel_scores, sentinels):
    alpha, beta, cells = sentinel(scores, z, sentinel_scores, sentinels)
    beta_ = beta[..., None]
    return (1 - beta_) * (alpha @ cells) + beta_ * sentinels, alpha.view_as(scores), beta


@wrong(
    "look_or_not",
    "the sentinel is not added to the context",
    NAMES,
    "The sentinel takes weight and gives nothing: β m is",
)
def _(scores, z, sentinel_scores, sentinels):
    alpha, beta, cells = sentinel(scores, z, sentinel_scores, sentinels)
    return alpha @ cells, alpha.view_as(scores), beta


@wrong(
    "look_or_not", "the sentinel is added whole", NAMES, "The sentinel is added whole. It counts by its weight, β."
)
def _(scores, z, sentinel_scores, sentinels):
    alpha, beta, cells = sentinel(scores, z, sentinel_scores, sentinels)
    return alpha @ cells + sentinels, alpha.view_as(scores), beta


@wrong(
    "look_or_not",
    "β is what is left to the picture",
    NAMES,
    "Your third output is 1 − β, the weight on the picture. β",
)
def _(scores, z, sentinel_scores, sentinels):
    alpha, beta, cells = sentinel(scores, z, sentinel_scores, sentinels)
    return alpha @ cells + beta[..., None] * sentinels, alpha.view_as(scores), 1 - beta


@wrong("look_or_not", "exponentials without a maximum", NAMES, "Right, except for large scores: there exp overflows.")
def _(scores, z, sentinel_scores, sentinels):
    Z = scores.exp().sum((2, 3)) + sentinel_scores.exp()
    maps, beta = scores.exp() / Z[..., None, None], sentinel_scores.exp() / Z
    return torch.einsum("btij,bdij->btd", maps, z) + beta[..., None] * sentinels, maps, beta


@wrong("look_or_not", "the softmax runs over words", NAMES, "Your weights sum to 1 over the words. Each word has a")
def _(scores, z, sentinel_scores, sentinels):
    p = torch.cat([scores.flatten(2), sentinel_scores[..., None]], -1).softmax(1)
    c = p[..., :-1] @ z.flatten(2).mT + p[..., -1:] * sentinels
    return c, p[..., :-1].reshape(scores.shape), p[..., -1]


@wrong("look_or_not", "β keeps its axis", NAMES, "has shape (2, 3, 1); (2, 3) was expected")
def _(scores, z, sentinel_scores, sentinels):
    alpha, beta, cells = sentinel(scores, z, sentinel_scores, sentinels)
    return alpha @ cells + beta[..., None] * sentinels, alpha.view_as(scores), beta[..., None]


@right("pixels_seen", "pairs, layer by layer")
def _(layers, size):
    seen = [(n, n + 1) for n in range(size)]
    for k, s, p in layers:
        n = len(seen)
        new = []
        for j in range((n + 2 * p - k) // s + 1):
            first, last = max(j * s - p, 0), min(j * s - p + k, n)
            new.append((seen[first][0], seen[last - 1][1]))
        seen = new
    return seen


@right("pixels_seen", "backwards, by a recursion")
def _(layers, size):
    sizes = [size]
    for k, s, p in layers:
        sizes.append((sizes[-1] + 2 * p - k) // s + 1)

    def cells(first, last, depth):
        if depth == 0:
            return first, last
        k, s, p = layers[depth - 1]
        n = sizes[depth - 1]
        return cells(max(first * s - p, 0), min((last - 1) * s - p + k, n), depth - 1)

    return [cells(j, j + 1, len(layers)) for j in range(sizes[-1])]


@right("pixels_seen", "sets of pixels")
def _(layers, size):
    grid = [{n} for n in range(size)]
    for kernel, stride, padding in layers:
        padded = [set()] * padding + grid + [set()] * padding
        grid = [set().union(*padded[i : i + kernel]) for i in range(0, len(padded) - kernel + 1, stride)]
    return [(min(cell), max(cell) + 1) for cell in grid]


@right("pixels_seen", "a matrix of ones for each layer, multiplied")
def _(layers, size):
    reach = np.eye(size, dtype=bool)
    for k, s, p in layers:
        n = len(reach)
        m = (n + 2 * p - k) // s + 1
        starts = np.arange(m)[:, None] * s - p
        under = (np.arange(n) >= starts) & (np.arange(n) < starts + k)
        reach = (under.astype(int) @ reach.astype(int)) > 0
    return [(int(row.nonzero()[0][0]), int(row.nonzero()[0][-1]) + 1) for row in reach]


@right("pixels_seen", "firsts and lasts in two lists")
def _(layers, size):
    firsts, lasts = list(range(size)), list(range(1, size + 1))
    for k, s, p in layers:
        starts = range(-p, len(firsts) + p - k + 1, s)
        firsts, lasts = [firsts[max(a, 0)] for a in starts], [lasts[min(a + k, len(lasts)) - 1] for a in starts]
    return list(zip(firsts, lasts, strict=True))


def seen(layers, size, *, clip=True, padding=True, stride=True, end=1):
    pairs = [(n, n + 1) for n in range(size)]
    for k, s, p in layers:
        p = p if padding else 0
        n = len(pairs)
        starts = range(-p, n + p - k + 1, s if stride else 1)
        pairs = [(pairs[max(a, 0)][0], pairs[min(a + k, n) - 1][1] - 1 + end) for a in starts]
    return pairs


@wrong(
    "pixels_seen", "last is the last pixel seen", NAMES, "Your second number is the last pixel that is seen. It is"
)
def _(layers, size):
    return [(first, last - 1) for first, last in seen(layers, size)]


@wrong("pixels_seen", "padding is left out", NAMES, "Padding is left out, so that there are fewer cells, and")
def _(layers, size):
    return seen(layers, size, padding=False)


@wrong("pixels_seen", "every stride is 1", NAMES, "Your kernels move by one cell at a time. A stride is by")
def _(layers, size):
    return seen(layers, size, stride=False)


@wrong(
    "pixels_seen", "padding is counted as pixels", NAMES, "Your pairs reach beyond the picture. There are zeros, and"
)
def _(layers, size):
    start, jump, field, n = 0, 1, 1, size
    for k, s, p in layers:
        start -= p * jump
        field += (k - 1) * jump
        jump *= s
        n = (n + 2 * p - k) // s + 1
    return [(start + j * jump, start + j * jump + field) for j in range(n)]


@wrong(
    "pixels_seen",
    "the reach by the formula of receptive fields, cut at the picture's edge",
    NAMES,
    "Right, except where a layer pads behind a cell that is",
)
def _(layers, size):
    start, jump, field, n = 0, 1, 1, size
    for k, s, p in layers:
        start -= p * jump
        field += (k - 1) * jump
        jump *= s
        n = (n + 2 * p - k) // s + 1
    pairs = [(start + j * jump, start + j * jump + field) for j in range(n)]
    return [(max(a, 0), min(b, size)) for a, b in pairs]


@wrong(
    "pixels_seen", "the last layer only, on pixels", NAMES, "You count what the last layer sees of the grid below it."
)
def _(layers, size):
    n = size
    for k, s, p in layers[:-1]:
        n = (n + 2 * p - k) // s + 1
    return seen(layers[-1:], n)


@wrong(
    "pixels_seen",
    "the layers from the last to the first",
    NAMES,
    "The layers are taken in the wrong order: the first is at",
)
def _(layers, size):
    return seen(layers[::-1], size)


@wrong(
    "pixels_seen", "cells share the picture evenly", NAMES, "You share the picture out among the cells. Which pixels"
)
def _(layers, size):
    n = size
    for k, s, p in layers:
        n = (n + 2 * p - k) // s + 1
    return [(j * size // n, (j + 1) * size // n) for j in range(n)]


@right("blind_cells", "a nested list")
def _(rows, columns, box):
    top, left, bottom, right_ = box
    return torch.tensor([[b <= top or a >= bottom or d <= left or c >= right_ for c, d in columns] for a, b in rows])


@right("blind_cells", "overlaps as vectors, and their outer product")
def _(rows, columns, box):
    top, left, bottom, right_ = box
    r, c = torch.tensor(rows), torch.tensor(columns)
    hit_rows = (r[:, 0] < bottom) & (r[:, 1] > top)
    hit_columns = (c[:, 0] < right_) & (c[:, 1] > left)
    return ~(hit_rows[:, None] & hit_columns[None])


@right("blind_cells", "sets of pixels that are disjoint")
def _(rows, columns, box):
    top, left, bottom, right_ = box
    blind = torch.ones(len(rows), len(columns), dtype=torch.bool)
    for i, r in enumerate(rows):
        for j, c in enumerate(columns):
            sees_row = set(range(*r)) & set(range(top, bottom))
            sees_column = set(range(*c)) & set(range(left, right_))
            blind[i, j] = not (sees_row and sees_column)
    return blind


@right("blind_cells", "a picture with the box in it, summed under each cell")
def _(rows, columns, box):
    top, left, bottom, right_ = box
    picture = np.zeros((max(bottom, max(b for _, b in rows)), max(right_, max(b for _, b in columns))), dtype=bool)
    picture[top:bottom, left:right_] = True
    return torch.tensor([[not picture[a:b, c:d].any() for c, d in columns] for a, b in rows])


@right("blind_cells", "the length of the overlap, NumPy")
def _(rows, columns, box):
    r, c = np.array(rows), np.array(columns)
    down = np.minimum(r[:, 1], box[2]) - np.maximum(r[:, 0], box[0])
    across = np.minimum(c[:, 1], box[3]) - np.maximum(c[:, 0], box[1])
    return torch.from_numpy((down[:, None] <= 0) | (across[None] <= 0))


@wrong("blind_cells", "True where the box is seen", NAMES, "The other way round: True where a cell has seen nothing")
def _(rows, columns, box):
    top, left, bottom, right_ = box
    return torch.tensor([[a < bottom and b > top and c < right_ and d > left for c, d in columns] for a, b in rows])


@wrong(
    "blind_cells",
    "both rows and columns have to miss the box",
    NAMES,
    "You call a cell blind only if neither its rows nor its",
)
def _(rows, columns, box):
    top, left, bottom, right_ = box
    return torch.tensor(
        [[(b <= top or a >= bottom) and (d <= left or c >= right_) for c, d in columns] for a, b in rows]
    )


@wrong(
    "blind_cells",
    "a cell that ends where the box begins has seen it",
    NAMES,
    "A window that ends where the box begins is counted as",
)
def _(rows, columns, box):
    top, left, bottom, right_ = box
    return torch.tensor([[b < top or a > bottom or d < left or c > right_ for c, d in columns] for a, b in rows])


@wrong(
    "blind_cells",
    "only cells wholly inside the box have seen it",
    NAMES,
    "You call a cell blind unless all that it sees lies in the",
)
def _(rows, columns, box):
    top, left, bottom, right_ = box
    return torch.tensor(
        [[not (a >= top and b <= bottom and c >= left and d <= right_) for c, d in columns] for a, b in rows]
    )


@wrong(
    "blind_cells", "the box is left, top, right, bottom", NAMES, "x and y are exchanged: a box is (top, left, bottom"
)
def _(rows, columns, box):
    left, top, right_, bottom = box
    return torch.tensor([[b <= top or a >= bottom or d <= left or c >= right_ for c, d in columns] for a, b in rows])


@wrong(
    "blind_cells", "a cell is where its middle is", NAMES, "You ask whether the middle of what a cell sees lies in"
)
def _(rows, columns, box):
    top, left, bottom, right_ = box
    return torch.tensor(
        [[not (top <= (a + b) / 2 < bottom and left <= (c + d) / 2 < right_) for c, d in columns] for a, b in rows]
    )


@wrong("blind_cells", "columns by rows", NAMES, "transposed: its last two axes")
def _(rows, columns, box):
    top, left, bottom, right_ = box
    return torch.tensor([[b <= top or a >= bottom or d <= left or c >= right_ for a, b in rows] for c, d in columns])


@wrong("blind_cells", "the corners of the box are tested", HIDDEN)
def _(rows, columns, box):
    top, left, bottom, right_ = box
    corners = list(itertools.product((top, bottom - 1), (left, right_ - 1)))
    return torch.tensor(
        [[not any(a <= y < b and c <= x < d for y, x in corners) for c, d in columns] for a, b in rows]
    )


@right("share_in_box", "parts of rows and of columns, clamped")
def _(maps, box, height, width):
    top, left, bottom, right_ = box
    _, H, W = maps.shape
    i, j = torch.arange(H).to(maps), torch.arange(W).to(maps)
    rows = (bottom * H / height - i).clamp(0, 1) - (top * H / height - i).clamp(0, 1)
    columns = (right_ * W / width - j).clamp(0, 1) - (left * W / width - j).clamp(0, 1)
    return maps @ columns @ rows


@right("share_in_box", "two loops over cells, and the overlap in pixels")
def _(maps, box, height, width):
    top, left, bottom, right_ = box
    T, H, W = maps.shape
    share = torch.zeros(T, dtype=maps.dtype)
    for i in range(H):
        for j in range(W):
            down = max(0, min(bottom, (i + 1) * height / H) - max(top, i * height / H))
            across = max(0, min(right_, (j + 1) * width / W) - max(left, j * width / W))
            share = share + maps[:, i, j] * down * across / (height / H * width / W)
    return share


@right("share_in_box", "every pixel cut into as many pieces as there are cells")
def _(maps, box, height, width):
    top, left, bottom, right_ = box
    _, H, W = maps.shape
    big = maps.repeat_interleave(height, dim=1).repeat_interleave(width, dim=2) / (height * width)
    return big[:, top * H : bottom * H, left * W : right_ * W].sum(dim=(1, 2))


@right("share_in_box", "einsum and the overlap of intervals in units of cells")
def _(maps, box, height, width):
    def covered(first, last, cells, size):
        a = torch.arange(cells, dtype=torch.float64)
        upper = torch.minimum(a + 1, torch.tensor(last * cells / size, dtype=torch.float64))
        lower = torch.maximum(a, torch.tensor(first * cells / size, dtype=torch.float64))
        return torch.relu(upper - lower)

    down, across = covered(box[0], box[2], maps.shape[1], height), covered(box[1], box[3], maps.shape[2], width)
    return torch.einsum("tij,i,j->t", maps, down, across)


@right("share_in_box", "an integral of the map, cumulative sums between grid lines")
def _(maps, box, height, width):
    m = maps.detach().numpy()
    T, H, W = m.shape
    total = np.zeros((T, H + 1, W + 1))
    total[:, 1:, 1:] = m.cumsum(1).cumsum(2)

    def up_to(y, x):
        y, x = y * H / height, x * W / width
        along = np.array([[np.interp(x, range(W + 1), row) for row in one] for one in total])
        return np.array([np.interp(y, range(H + 1), column) for column in along])

    top, left, bottom, right_ = box
    return torch.tensor(up_to(bottom, right_) - up_to(top, right_) - up_to(bottom, left) + up_to(top, left))


@wrong(
    "share_in_box",
    "cells whose middle is in the box",
    NAMES,
    "A cell counts whole or not at all, by where its middle",
)
def _(maps, box, height, width):
    top, left, bottom, right_ = box
    _, H, W = maps.shape
    y, x = (torch.arange(H) + 0.5) * height / H, (torch.arange(W) + 0.5) * width / W
    inside = ((y >= top) & (y < bottom))[:, None] & ((x >= left) & (x < right_))
    return (maps * inside).sum((1, 2))


@wrong(
    "share_in_box",
    "the cells that the box touches, whole",
    NAMES,
    "A cell that the box only touches is counted whole. It",
)
def _(maps, box, height, width):
    top, left, bottom, right_ = box
    _, H, W = maps.shape
    return maps[
        :,
        math.floor(top * H / height) : math.ceil(bottom * H / height),
        math.floor(left * W / width) : math.ceil(right_ * W / width),
    ].sum((1, 2))


@wrong(
    "share_in_box",
    "the edges of the box are rounded to cells",
    NAMES,
    "You round the edges of the box down to whole cells. A",
)
def _(maps, box, height, width):
    top, left, bottom, right_ = box
    _, H, W = maps.shape
    rows = slice(top * H // height, bottom * H // height)
    return maps[:, rows, left * W // width : right_ * W // width].sum((1, 2))


def boxed(maps, box, height, width):
    top, left, bottom, right_ = box
    i, j = torch.arange(maps.shape[1]).to(maps), torch.arange(maps.shape[2]).to(maps)
    H, W = maps.shape[1:]
    rows = (bottom * H / height - i).clamp(0, 1) - (top * H / height - i).clamp(0, 1)
    columns = (right_ * W / width - j).clamp(0, 1) - (left * W / width - j).clamp(0, 1)
    return rows, columns


@wrong(
    "share_in_box",
    "the weights do not matter: the area",
    NAMES,
    "That is the share of the picture that the box has, the",
)
def _(maps, box, height, width):
    rows, columns = boxed(maps, box, height, width)
    return (rows.sum() * columns.sum() / maps[0].numel()).expand(len(maps))


@wrong(
    "share_in_box", "divided by the box's area", NAMES, "That is the mean weight of the cells in the box. Asked is"
)
def _(maps, box, height, width):
    rows, columns = boxed(maps, box, height, width)
    return maps @ columns @ rows / (rows.sum() * columns.sum())


@wrong(
    "share_in_box", "height and width exchanged", NAMES, "Height and width of the picture are exchanged: its height"
)
def _(maps, box, height, width):
    rows, columns = boxed(maps, box, width, height)
    return maps @ columns @ rows


@wrong(
    "share_in_box", "the box is left, top, right, bottom", NAMES, "x and y are exchanged: a box is (top, left, bottom"
)
def _(maps, box, height, width):
    left, top, right_, bottom = box
    rows, columns = boxed(maps, (top, left, bottom, right_), height, width)
    return maps @ columns @ rows


@wrong(
    "share_in_box",
    "the map is made as large as the picture, by copying cells",
    NAMES,
    "Right where cells end with pixels. Elsewhere a pixel",
)
def _(maps, box, height, width):
    top, left, bottom, right_ = box
    big = F.interpolate(maps[None], size=(height, width), mode="nearest")[0]
    big = big / big.sum((1, 2), keepdim=True)
    return big[:, top:bottom, left:right_].sum((1, 2))


@wrong(
    "share_in_box",
    "the map is made as large as the picture, bilinear",
    NAMES,
    "The map is enlarged smoothly, so that weight runs over",
)
def _(maps, box, height, width):
    top, left, bottom, right_ = box
    big = F.interpolate(maps[None], size=(height, width), mode="bilinear")[0]
    big = big / big.sum((1, 2), keepdim=True)
    return big[:, top:bottom, left:right_].sum((1, 2))


@right("lift", "two sums")
def _(shares, areas):
    return sum(s for s in shares if s is not None) / sum(a for a in areas if a is not None)


@right("lift", "two means")
def _(shares, areas):
    named = [(s, a) for s, a in zip(shares, areas, strict=True) if s is not None]
    return (sum(s for s, _ in named) / len(named)) / (sum(a for _, a in named) / len(named))


@right("lift", "NumPy with nan in place of None")
def _(shares, areas):
    return float(np.nanmean(np.array(shares, dtype=float)) / np.nanmean(np.array(areas, dtype=float)))


@right("lift", "fsum over a filter")
def _(shares, areas):
    def known(x):
        return x is not None

    return math.fsum(filter(known, shares)) / math.fsum(filter(known, areas))


@right("lift", "a loop that adds up")
def _(shares, areas):
    looked = chance = 0.0
    for share, area in zip(shares, areas, strict=True):
        if area is None:
            continue
        looked += share
        chance += area
    return looked / chance


@wrong("lift", "the mean of the quotients", NAMES, "That is the mean of the quotients: tiny boxes outweigh")
def _(shares, areas):
    quotients = [s / a for s, a in zip(shares, areas, strict=True) if a is not None]
    return sum(quotients) / len(quotients)


@wrong(
    "lift",
    "a word that names nothing has a share of 0 and the whole picture",
    NAMES,
    "For words that name nothing you take a share of 0 on the",
)
def _(shares, areas):
    return sum(s or 0 for s in shares) / sum(1 if a is None else a for a in areas)


@wrong("lift", "chance divided by attention", NAMES, "Upside down: chance is what you divide by.")
def _(shares, areas):
    return sum(a for a in areas if a is not None) / sum(s for s in shares if s is not None)


@wrong("lift", "a difference", NAMES, "That is the difference to chance. Asked is how many times")
def _(shares, areas):
    n = sum(a is not None for a in areas)
    return (sum(s for s in shares if s is not None) - sum(a for a in areas if a is not None)) / n


@wrong("lift", "the mean share over all words", NAMES, "Words that name nothing are counted as a share of 0. They")
def _(shares, areas):
    named = [a for a in areas if a is not None]
    return (sum(s for s in shares if s is not None) / len(shares)) / (sum(named) / len(named))


@wrong("lift", "a share of 0 is no share", NAMES, "A share of 0 is taken for no share, and its box left out.")
def _(shares, areas):
    pairs = [(s, a) for s, a in zip(shares, areas, strict=True) if s]
    return sum(s for s, _ in pairs) / sum(a for _, a in pairs)


@wrong("lift", "the median of each", NAMES, "Those are medians. A mean counts every box, the large")
def _(shares, areas):
    named = [s for s in shares if s is not None], [a for a in areas if a is not None]
    return float(np.median(named[0]) / np.median(named[1]))


@right("fewest_shut", "leads sorted, cumulative sums")
def _(scores, z, W_o):
    H, W = scores.shape
    terms = torch.exp(scores - scores.max()).flatten()[:, None] * (z.flatten(1).T @ W_o.T)
    said = terms.sum(0).argmax().item()
    best = None
    for word in range(len(W_o)):
        if word == said:
            continue
        lead, cells = (terms[:, said] - terms[:, word]).sort(descending=True)
        left_over = lead.sum() - lead.cumsum(0)
        enough = (left_over[:-1] < 0).nonzero()
        if len(enough) and (best is None or enough[0].item() + 1 < len(best)):
            best = cells[: enough[0].item() + 1]
    open_ = torch.ones(H * W, dtype=torch.bool)
    open_[best] = False
    return open_.view(H, W)


@right("fewest_shut", "greedy, one cell at a time, in plain Python")
def _(scores, z, W_o):
    H, W = scores.shape
    weight = torch.softmax(scores.flatten(), 0).tolist()
    worth = (W_o @ z.flatten(1)).T.tolist()
    terms = [[w * x for x in row] for w, row in zip(weight, worth, strict=True)]
    V = len(W_o)
    totals = [sum(row[word] for row in terms) for word in range(V)]
    said = totals.index(max(totals))
    plans = []
    for other in set(range(V)) - {said}:
        lead = {n: row[said] - row[other] for n, row in enumerate(terms)}
        rest, shut = sum(lead.values()), []
        for n in sorted(lead, key=lead.get, reverse=True)[:-1]:
            shut.append(n)
            rest -= lead[n]
            if rest < 0:
                plans.append(shut)
                break
    shut = min(plans, key=len)
    return torch.tensor([[i * W + j not in shut for j in range(W)] for i in range(H)])


@right("fewest_shut", "all other words at once, NumPy")
def _(scores, z, W_o):
    e, zz, w = scores.numpy(), z.numpy(), W_o.numpy()
    terms = np.einsum("ij,dij,vd->vij", np.exp(e - e.max()), zz, w).reshape(len(w), -1)
    said = terms.sum(1).argmax()
    leads = np.delete(terms[said] - terms, said, axis=0)
    down = np.argsort(-leads, axis=1)
    rest = leads.sum(1, keepdims=True) - np.take_along_axis(leads, down, 1).cumsum(1)
    rest[:, -1] = np.inf
    needed = np.where((rest < 0).any(1), (rest < 0).argmax(1), leads.shape[1])
    word = needed.argmin()
    stay = np.ones(leads.shape[1], dtype=bool)
    stay[down[word, : needed[word] + 1]] = False
    return torch.from_numpy(stay.reshape(e.shape))


@right("fewest_shut", "for k = 1, 2, …: the best k of each word, tried on the decoder itself")
def _(scores, z, W_o):
    cells = z.flatten(1).T
    e = scores.flatten()

    def says(open_):
        alpha = torch.softmax(e.masked_fill(~open_, -torch.inf), 0)
        return (W_o @ (alpha @ cells)).argmax()

    everything = torch.ones(len(e), dtype=torch.bool)
    said = says(everything)
    for k in range(1, len(e)):
        for word in range(len(W_o)):
            lead = (e - e.max()).exp() * (cells @ (W_o[said] - W_o[word]))
            open_ = everything.clone()
            open_[lead.topk(k).indices] = False
            if word != said and says(open_) != said:
                return open_.view_as(scores)
    raise AssertionError("no other word can be said")


@right("fewest_shut", "prefix sums searched by bisection from the end")
def _(scores, z, W_o):
    terms = (scores.flatten().softmax(0) * (W_o @ z.flatten(1))).T
    said = int(terms.sum(0).argmax())
    found = []
    for word in range(terms.shape[1]):
        lead = sorted(((terms[n, said] - terms[n, word]).item(), n) for n in range(len(terms)))
        sums = list(itertools.accumulate(x for x, _ in lead))
        # The smallest leads come first: they fall below 0 and rise again, and once above 0 they stay there.
        lowest = sums.index(min(sums))
        if word != said and sums[lowest] < 0:
            stay = lowest + bisect.bisect_left(sums[lowest:], 0)
            found.append([n for _, n in lead[:stay]])
    open_ = torch.zeros(len(terms), dtype=torch.bool)
    open_[max(found, key=len)] = True
    return open_.unflatten(0, scores.shape)


def shut_by(order, scores, z, W_o):
    """Shuts cells in the order given until another word is said."""
    cells, open_ = z.flatten(1).T, torch.ones(scores.numel(), dtype=torch.bool)
    alpha = scores.flatten().softmax(0)
    said = (W_o @ (alpha @ cells)).argmax()
    for n in order[:-1]:
        open_[n] = False
        if (W_o @ ((alpha * open_) @ cells)).argmax() != said:
            break
    return open_.view_as(scores)


def leads(scores, z, W_o, which=1):
    alpha, cells = scores.flatten().softmax(0), z.flatten(1).T
    words = (W_o @ (alpha @ cells)).argsort(descending=True)
    return alpha * (cells @ (W_o[words[0]] - W_o[words[which]]))


@wrong("fewest_shut", "the largest weights first", NAMES, "the cells with the largest weights")
def _(scores, z, W_o):
    return shut_by(scores.flatten().argsort(descending=True), scores, z, W_o)


@wrong("fewest_shut", "the word that came second", NAMES, "against the word that comes second")
def _(scores, z, W_o):
    return shut_by(leads(scores, z, W_o).argsort(descending=True), scores, z, W_o)


@wrong(
    "fewest_shut",
    "what each cell says for the word, not its lead",
    NAMES,
    "By how much does a cell help one word against another?",
)
def _(scores, z, W_o):
    alpha, cells = scores.flatten().softmax(0), z.flatten(1).T
    said = (W_o @ (alpha @ cells)).argmax()
    return shut_by((alpha * (cells @ W_o[said])).argsort(descending=True), scores, z, W_o)


@wrong("fewest_shut", "leads without weights", GENERAL)
def _(scores, z, W_o):
    alpha, cells = scores.flatten().softmax(0), z.flatten(1).T
    words = (W_o @ (alpha @ cells)).argsort(descending=True)
    return shut_by((cells @ (W_o[words[0]] - W_o[words[1]])).argsort(descending=True), scores, z, W_o)


@wrong("fewest_shut", "True at the cells that are shut", NAMES, "yours is the other way round")
def _(scores, z, W_o):
    plans = [shut_by(leads(scores, z, W_o, k).argsort(descending=True), scores, z, W_o) for k in range(1, len(W_o))]
    return ~max(plans, key=lambda open_: open_.sum())


@wrong("fewest_shut", "one cell alone", NAMES, "is shut for nothing: open it again")
def _(scores, z, W_o):
    open_ = torch.zeros(scores.numel(), dtype=torch.bool)
    open_[leads(scores, z, W_o).argmin()] = True
    return open_.view_as(scores)


@wrong("fewest_shut", "every cell that speaks for the word is shut", NAMES, "is shut for nothing: open it again")
def _(scores, z, W_o):
    open_ = leads(scores, z, W_o) < 0
    return open_.view_as(scores)


@wrong("fewest_shut", "the largest weight alone is shut", GENERAL)
def _(scores, z, W_o):
    return scores < scores.max()


@right("spatial_attend", "vmap over pictures")
def _(s, z, usable, W_s, W_z, v):
    def one(state, grid, open_):
        e = torch.tensordot(v, torch.tanh((W_s @ state)[:, None, None] + torch.tensordot(W_z, grid, dims=1)), dims=1)
        alpha = torch.where(open_, e, -1e300).flatten().softmax(0).view(open_.shape)
        return (grid * alpha).sum((-2, -1)), alpha

    return torch.vmap(one)(s, z, usable)


@right("to_cells", "row after row, joined")
def _(z, rows, columns):
    return torch.cat([z[:, :, i].permute(0, 2, 1) + row + columns for i, row in enumerate(rows)], dim=1)


@right("blind_cells", "two tests for each side, any and all")
def _(rows, columns, box):
    def sees(interval, first, last):
        return any(first <= pixel < last for pixel in range(*interval))

    return torch.tensor(
        [[not all([sees(r, box[0], box[2]), sees(c, box[1], box[3])]) for c in columns] for r in rows]
    )


@right("lift", "tensors of the words that name something")
def _(shares, areas):
    named = torch.tensor([pair for pair in zip(shares, areas, strict=True) if None not in pair], dtype=torch.float64)
    mean = named.mean(dim=0)
    return (mean[0] / mean[1]).item()
