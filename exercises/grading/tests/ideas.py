"""Answers with a wrong idea, as people have them: not a slip in one place, and not a mistake that `check` knows.

`test_cases.py` sees that the hidden cases of every class notice each of them.
"""

import math

import torch

IDEAS = []  # (name of the function, what the idea is, an answer with it)


def idea(name, says):
    """Decorate an answer with a wrong idea."""

    def collect(function):
        IDEAS.append((name, says, function))
        return function

    return collect


# How weights are made of scores and a mask of the same shape, over the last axis.
def filled(value):
    return lambda scores, usable: scores.masked_fill(~usable, value).softmax(dim=-1)


def exp_before_where(scores, usable):
    powers = scores.exp().where(usable, 0)
    return powers / powers.sum(dim=-1, keepdim=True)


def largest_of_all(scores, usable):
    powers = (scores - scores.amax(dim=-1, keepdim=True)).exp() * usable
    return powers / powers.sum(dim=-1, keepdim=True)


WEIGHINGS = {
    "a mask's value of −100": filled(-1e2),
    "a mask's value of −10,000": filled(-1e4),
    "no maximum is subtracted": exp_before_where,
    "the largest score of all is subtracted, masked ones included": largest_of_all,
}


def attend(weigh):
    def answer(query, keys, values, mask):
        usable = mask[:, None].expand(-1, query.shape[1], -1)
        weights = weigh(query @ keys.mT / math.sqrt(keys.shape[-1]), usable)
        weights = weights.masked_fill(~usable.any(dim=-1, keepdim=True), 0)
        return weights @ values, weights

    return answer


def look_after(weigh):
    def answer(y, s, h, mask, W_x, W_h, b):
        rows = []
        for y_t in y.unbind(dim=1):
            s = torch.tanh(y_t @ W_x.T + s @ W_h.T + b)
            alpha = weigh((h @ s[..., None])[..., 0], mask)
            rows.append(torch.cat([(alpha[..., None] * h).sum(dim=1), s], dim=1))
        return torch.stack(rows, dim=1)

    return answer


def look_before(weigh):
    def answer(y, s, h, mask, W_x, W_h, b):
        states, weights = [], []
        for y_t in y.unbind(dim=1):
            alpha = weigh((h @ s[..., None])[..., 0], mask)
            c = (alpha[..., None] * h).sum(dim=1)
            s = torch.tanh(torch.cat([y_t, c], dim=1) @ W_x.T + s @ W_h.T + b)
            states.append(s)
            weights.append(alpha)
        return torch.stack(states, dim=1), torch.stack(weights, dim=1)

    return answer


def spatial_attend(weigh):
    def answer(s, z, usable, W_s, W_z, v):
        cells = z.flatten(2).mT
        scores = torch.tanh((s @ W_s.T)[:, None] + cells @ W_z.T) @ v
        alpha = weigh(scores, usable.flatten(1))
        return (alpha[..., None] * cells).sum(dim=1), alpha.view_as(usable)

    return answer


def self_attention(weigh):
    def answer(x, W_q, W_k, W_v, mask):
        scores = (x @ W_q.T) @ (x @ W_k.T).mT / math.sqrt(len(W_k))
        usable = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask[:, None].expand_as(scores)
        weights = weigh(scores, usable)
        return weights @ (x @ W_v.T), weights

    return answer


for makes in (attend, look_after, look_before, spatial_attend, self_attention):
    for says, weigh in WEIGHINGS.items():
        idea(makes.__name__, says)(makes(weigh))


@idea("last_states", "a one-hot product, though 0 · NaN is NaN")
def one_hot(outputs, lengths):
    forward, backward = outputs.chunk(2, dim=-1)
    last = torch.nn.functional.one_hot(lengths - 1, outputs.shape[1]).to(outputs)
    return torch.cat([(last[..., None] * forward).sum(dim=1), backward[:, 0]], dim=1)


def order_seen(alike, ahead=any, blind=all, together=False):
    """The text's rule, with something else in one place."""

    def answer(trials, tolerance):
        kept, moved, tested, looks_ahead = [], [], [], []
        for order, first, second in trials:
            same = alike(second, first[order], tolerance)
            stays = (order == torch.arange(len(order))).cumprod(dim=0).bool()
            kept.append(bool(same.all()))
            moved.append(not bool(stays.all()))
            tested.append(bool(stays[0]) and not bool(stays.all()) and not (together and kept[-1]))
            looks_ahead.append(bool((~same & stays).any()))
        if any(moved) and blind(kept):
            return "blind to order"
        if trials and ahead(looks_ahead):
            return "looks ahead"
        return "looks back only" if any(tested) and not all(kept) else "cannot tell"

    return answer


def within(second, first, tolerance):
    return ((second - first).abs() <= tolerance).all(dim=1)


idea("order_seen", "blind to order where some trial kept all outputs")(order_seen(within, blind=any))
idea("order_seen", "looks ahead only where every trial shows it")(order_seen(within, ahead=all))
idea("order_seen", "the trial that tests has to be one in which an output changed")(order_seen(within, together=True))
idea("order_seen", "the mean difference of a word is within the tolerance")(
    order_seen(lambda second, first, tolerance: (second - first).abs().mean(dim=1) <= tolerance)
)
idea("order_seen", "alike where any of the numbers is")(
    order_seen(lambda second, first, tolerance: ((second - first).abs() <= tolerance).any(dim=1))
)
idea("order_seen", "differences without their absolute value")(
    order_seen(lambda second, first, tolerance: (second - first <= tolerance).all(dim=1))
)
idea("order_seen", "isclose with its own relative tolerance")(
    order_seen(lambda second, first, tolerance: second.isclose(first, atol=tolerance).all(dim=1))
)
idea("order_seen", "a tolerance of its own, 1e-6")(
    order_seen(lambda second, first, tolerance: ((second - first).abs() <= 1e-6).all(dim=1))
)
idea("order_seen", "a tolerance of its own, 0.01")(
    order_seen(lambda second, first, tolerance: ((second - first).abs() <= 0.01).all(dim=1))
)


def gap(longer):
    def answer(as_they_are, without):
        if not longer(as_they_are["GRU"], as_they_are["LSTM"]):
            return "no gap"
        if without is None:
            return "cannot tell"
        return "more than the library" if longer(without["GRU"], without["LSTM"]) else "library"

    return answer


for percent in (1, 5, 20):
    idea("gap", f"longer by {percent} % at least")(
        gap(lambda ours, theirs, percent=percent: min(ours) > (1 + percent / 100) * max(theirs))
    )
idea("gap", "the slowest times alone")(gap(lambda ours, theirs: max(ours) > max(theirs)))
idea("gap", "time by time, in pairs")(
    gap(lambda ours, theirs: all(a > b for a, b in zip(ours, theirs, strict=False)))
)
idea("gap", "some time is longer than every one of the LSTM's")(
    gap(lambda ours, theirs: any(a > max(theirs) for a in ours))
)
