"""Answers with a wrong idea, as people have them: not a slip in one place, and not a mistake that `check` knows.

`test_cases.py` sees that the hidden cases of every class notice each of them, and that those at the end are taken,
which are right in a style of their own.
"""

import itertools
import math

import torch
import torch.nn.functional as F

from rnn2attn import recurrent

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


def attend(weigh, *, empty_rows=True):
    def answer(query, keys, values, mask):
        usable = mask[:, None].expand(-1, query.shape[1], -1)
        weights = weigh(query @ keys.mT / math.sqrt(keys.shape[-1]), usable)
        if empty_rows:
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
        weights = scores.softmax(dim=-1) if mask is None else weigh(scores, mask[:, None].expand_as(scores))
        return weights @ (x @ W_v.T), weights

    return answer


MASKED = (attend, look_after, look_before, spatial_attend, self_attention)
for makes in MASKED:
    for says, weigh in WEIGHINGS.items():
        idea(makes.__name__, says)(makes(weigh))

# The same, in ways of masking that `check` knows; and a word of its hint.
KNOWN = {
    "after the softmax": (lambda scores, usable: scores.softmax(dim=-1) * usable, "after the softmax"),
    "scores times the mask": (
        lambda scores, usable: (scores * usable).softmax(dim=-1),
        "score of 0|score 0|scores .* 0",
    ),
    "inverted": (lambda scores, usable: filled(-torch.inf)(scores, ~usable), "mask is inverted"),
    "inverted by −1e9": (lambda scores, usable: filled(-1e9)(scores, ~usable), "inverted: a large negative number"),
    "inverted by −1e30": (lambda scores, usable: filled(-1e30)(scores, ~usable), "inverted: a large negative number"),
    "no mask": (lambda scores, usable: scores.softmax(dim=-1), "has no effect|changes nothing|is not used"),
}


@idea("last_states", "a one-hot product, though 0 · NaN is NaN")
def one_hot(outputs, lengths):
    forward, backward = outputs.chunk(2, dim=-1)
    last = torch.nn.functional.one_hot(lengths - 1, outputs.shape[1]).to(outputs)
    return torch.cat([(last[..., None] * forward).sum(dim=1), backward[:, 0]], dim=1)


def half_life(b):
    return math.log(2) / math.log1p(math.exp(-b))


def telling(low, high, least=0.2):
    """The waits after which two cells are told apart."""
    f, g = (1 / (1 + math.exp(-b)) for b in (low, high))
    return [t for t in range(1, 5000) if abs(g**t - f**t) >= least]


def peak(low, high):
    p, q = (math.log1p(math.exp(-b)) for b in (low, high))
    return max(1, round(math.log(p / q) / (p - q)))


def one_by_one(choose, order=sorted):
    """For each two neighbours that no wait tells apart so far, one more."""

    def answer(biases):
        biases, waits = order(biases), []
        for low, high in itertools.pairwise(biases):
            if not set(waits) & set(telling(low, high)):
                waits.append(choose(low, high))
        return waits

    return answer


def last_telling(low, high):
    return telling(low, high)[-1]


idea("waits", "neighbours in the order in which they are given")(one_by_one(last_telling, order=list))
idea("waits", "for each two the wait at which they are farthest apart")(one_by_one(peak))
idea("waits", "for each two the first wait that tells")(one_by_one(lambda low, high: telling(low, high)[0]))
idea("waits", "for each two the half-life of the slower one")(one_by_one(lambda low, high: round(half_life(high))))
idea("waits", "a difference of 0.1 is enough")(one_by_one(lambda low, high: telling(low, high, 0.1)[-1]))
idea("waits", "only the fastest and the slowest are told apart")(lambda biases: [peak(min(biases), max(biases))])
idea("waits", "the geometric mean of the half-lives")(
    lambda biases: [round(math.exp(sum(math.log(half_life(b)) for b in biases) / len(biases)))]
)
idea("waits", "doubled, as far as the longest half-life")(
    lambda biases: [2**k for k in range(2 + int(math.log2(half_life(max(biases)))))]
)
idea("waits", "1/(1 − f) of each cell")(lambda biases: [max(1, round(1 + math.exp(b))) for b in biases])


def next_words(lost=None, exchanged=False, one_detour=False, late=0):
    """The reference's table, with something else in one place."""

    def answer(target, V, forced, free):
        if exchanged:
            forced, free = free, forced
        spare = [w for w in range(V) if w not in target]
        detours = spare[1:2] * V if one_detour else spare[1:]
        away = spare[0] if lost is None else target[lost]
        table, read = [away] * (V + 1), [V, *target]
        on = min(forced, free)
        for t in [*range(on), *range(on + 1 + late, on + 1 + late + forced - free)]:
            table[read[t % len(read)]] = target[t % len(target)]
        for k in range(free - forced):
            t = on + 2 * k
            table[read[t]], table[detours[k]] = detours[k], target[t + 1]
        return table

    return answer


idea("next_words", "who is lost says the first right word for ever")(next_words(lost=0))
idea("next_words", "who is lost says the last right word for ever")(next_words(lost=-1))
idea("next_words", "forced and free are exchanged")(next_words(exchanged=True))
idea("next_words", "every detour leads through the same word")(next_words(one_detour=True))
idea("next_words", "one word is left out after the error")(next_words(late=1))


@idea("next_words", "an error skips a word, and the rest follows")
def skips_a_word(target, V, forced, free):
    table, read = [target[-1]] * (V + 1), [V, *target]
    for t in range(len(target)):
        table[read[t]] = target[t] if t != min(forced, free) else target[min(t + 1, len(target) - 1)]
    return table


def kept(values):
    return torch.cat([values, torch.ones(len(values), 1).to(values)], dim=1).T


idea("another_map", "a sharper softmax")(lambda weights, values: weights**2 / (weights**2).sum())
idea("another_map", "a tenth of the way to even weights is taken, and the context left to itself")(
    lambda weights, values: 0.5 * weights + 0.5 / len(weights)
)
idea("another_map", "the shortest weights that satisfy the equations, whatever their signs")(
    lambda weights, values: torch.linalg.pinv(kept(values)) @ (kept(values) @ weights)
)
idea("another_map", "one step of the length 1 in a right direction")(
    lambda weights, values: weights + torch.linalg.svd(kept(values)).Vh[-1]
)


@idea("another_map", "the two words whose values are nearest exchange their weights")
def nearest_exchange(weights, values):
    apart = torch.cdist(values, values).fill_diagonal_(torch.inf)
    i, j = divmod(apart.argmin().item(), len(values))
    other = weights.clone()
    other[[i, j]] = weights[[j, i]]
    return other


@idea("another_map", "a right direction, and what falls below 0 is set to 0")
def cut_at_zero(weights, values):
    return (weights + torch.linalg.svd(kept(values)).Vh[-1]).clamp(min=0)


def shut_in_order(worth, most=99):
    """The cells of the highest worth, one more each time, until another word is said."""

    def answer(scores, z, W_o):
        def says():
            weights = scores.masked_fill(~usable, -torch.inf).flatten().softmax(dim=0)
            return (W_o @ (z.flatten(1) @ weights)).argmax()

        usable = torch.ones_like(scores).bool()
        first = says()
        order = worth(scores.flatten(), W_o @ z.flatten(1), first).argsort(descending=True).tolist()
        for cell in order[: min(most, len(order) - 1)]:
            usable.view(-1)[cell] = False
            if says() != first:
                break
        return usable

    return answer


def over_second(scores, says, first, weigh=torch.exp):
    totals = (scores.exp() * says).sum(dim=1)
    return weigh(scores) * (says[first] - says[totals.topk(2).indices[1]])


def over_best_elsewhere(scores, says, first):
    """Over whichever word the cell itself likes best."""
    others = says.clone()
    others[first] = -torch.inf
    return scores.exp() * (says[first] - others.max(dim=0).values)


idea("fewest_shut", "scores taken for weights")(
    shut_in_order(lambda *given: over_second(*given, weigh=lambda scores: scores))
)
idea("fewest_shut", "the size of what a cell says, whichever way")(
    shut_in_order(lambda *given: over_second(*given).abs())
)
idea("fewest_shut", "over the word that each cell itself likes best")(shut_in_order(over_best_elsewhere))
idea("fewest_shut", "the cells with the smallest weights")(shut_in_order(lambda scores, says, first: -scores))
idea("fewest_shut", "one cell is always enough")(shut_in_order(over_second, most=1))
idea("fewest_shut", "two cells are always enough")(shut_in_order(over_second, most=2))


def twins(reach=lambda layers, window, causal: layers * window, within=True, early=False, unordered=None):
    """The rule, with something else in one place."""
    unordered = unordered or (lambda layers, window, causal: layers == 1 or (window is None and not causal))

    def answer(length, V, layers, causal, window, period):
        last = length - 1
        seen = last if window is None else reach(layers, window, causal)
        first, second, step = [0] * length, [0] * length, period or 1
        late = step if early else last - 1
        if unordered(layers, window, causal) and late - step >= (max(0, last - seen) if within else 0):
            first[late - step] = second[late] = 1
        else:
            first[max(0, last - seen - 1)] = 1
        return first, second

    return answer


idea("twins", "a window to both sides reaches twice as far")(
    twins(reach=lambda layers, window, causal: layers * window * (1 if causal else 2))
)
idea("twins", "each layer multiplies the reach")(twins(reach=lambda layers, window, causal: window**layers))
idea("twins", "each layer adds one word")(twins(reach=lambda layers, window, causal: window + layers - 1))
idea("twins", "the words themselves are counted in the windows")(
    twins(reach=lambda layers, window, causal: layers * (window - 1))
)
idea("twins", "words are exchanged where positions come again, seen or not")(twins(within=False))
idea("twins", "the first two words that can be exchanged are")(twins(early=True))
idea("twins", "a mask shows the order, in one layer already")(
    twins(unordered=lambda layers, window, causal: not causal and window is None)
)
idea("twins", "no network without positions sees order")(twins(unordered=lambda *built: True))


@idea("in_stretches", "stretches are counted from the end, and the first one is shorter")
def from_the_end(x, state, W_x, W_h, b, steps):
    states, T = [], x.shape[1]
    for t in range(T):
        if (T - t) % steps == 0:
            state = tuple(part.detach() for part in state)
        state = recurrent.lstm_step(x[:, t], state, W_x, W_h, b)
        states.append(state[0])
    return torch.stack(states, dim=1)


def cut_where(cut):
    def answer(x, state, W_x, W_h, b, steps):
        states = []
        for t in range(x.shape[1]):
            if cut(t, steps):
                state = tuple(part.detach() for part in state)
            state = recurrent.lstm_step(x[:, t], state, W_x, W_h, b)
            states.append(state[0])
        return torch.stack(states, dim=1)

    return answer


idea("in_stretches", "the cuts come one step late")(cut_where(lambda t, steps: t > 1 and (t - 1) % steps == 0))
idea("in_stretches", "cut once, after the first stretch")(cut_where(lambda t, steps: t == steps))


@idea("in_stretches", "each state reaches back as far as a stretch is long")
def sliding(x, state, W_x, W_h, b, steps):
    states, starts = [], [state]
    for x_t in x.unbind(dim=1):
        starts.append(tuple(part.detach() for part in recurrent.lstm_step(x_t, starts[-1], W_x, W_h, b)))
    for t in range(x.shape[1]):
        first = max(0, t - steps + 1)
        state = starts[first]
        for x_t in x[:, first : t + 1].unbind(dim=1):
            state = recurrent.lstm_step(x_t, state, W_x, W_h, b)
        states.append(state[0])
    return torch.stack(states, dim=1)


@idea("perplexities", "a geometric mean of those of the texts")
def geometric(logits, labels, mask):
    nats = F.cross_entropy(logits.mT, labels, reduction="none").where(mask, 0).sum(dim=1) / mask.sum(dim=1)
    return nats.exp(), nats.exp().log().mean().exp()


@idea("perplexities", "a softmax without the maximum, though logits can be large")
def overflowing(logits, labels, mask):
    powers = logits.exp()
    p = (powers / powers.sum(dim=2, keepdim=True)).gather(2, labels[..., None])[..., 0]
    nats = -p.log().where(mask, 0)
    return (nats.sum(dim=1) / mask.sum(dim=1)).exp(), (nats.sum() / mask.sum()).exp()


@idea("rotated", "the first place is given, and the others follow it")
def counted_on(x, places, omega):
    angle = (places[:, :1] + torch.arange(x.shape[2]))[:, None, :, None] * omega
    even, odd = x[..., ::2], x[..., 1::2]
    pair = even * angle.cos() - odd * angle.sin(), even * angle.sin() + odd * angle.cos()
    return torch.stack(pair, dim=4).flatten(3)


# Products of the shares from step i + 1 to step t, made of what is left at t and at i.
@idea("all_at_once", "quotients of products from the start, though 0/0 is NaN")
def quotients(q, k, v, a):
    total = a.cumprod(dim=1)
    return (q @ k.mT * (total[:, :, None] / total[:, None]).tril()) @ v


@idea("all_at_once", "the same with a small number under the line")
def quotients_with_a_small_number(q, k, v, a):
    total = a.cumprod(dim=1)
    return (q @ k.mT * (total[:, :, None] / (total[:, None] + 1e-12)).tril()) @ v


@idea("all_at_once", "differences of logarithms, though ∞ − ∞ is NaN")
def logarithms(q, k, v, a):
    total = a.log().cumsum(dim=1)
    return (q @ k.mT * (total[:, :, None] - total[:, None]).exp().tril()) @ v


@idea("all_at_once", "a share of 0 for one that is hardly above")
def shares_clamped(q, k, v, a):
    total = a.clamp(min=1e-3).log().cumsum(dim=1)
    return (q @ k.mT * (total[:, :, None] - total[:, None]).exp().tril()) @ v


@idea("through_chunk", "powers of γ below 0 are made, and cut off afterwards")
def powers_below_zero(S, q, k, v, gamma):
    C, g = q.shape[2], gamma[:, None, None]
    t = torch.arange(1, C + 1)[:, None]
    within = (q @ k.mT * g ** (t - t.T)).tril() @ v
    return within + g**t * (q @ S.mT), g**C * S + (g ** (C - t) * v).mT @ k


@idea("through_chunk", "keys divided by powers of γ, so that only queries need the mask")
def keys_divided(S, q, k, v, gamma):
    C, g = q.shape[2], gamma[:, None, None]
    t = torch.arange(1, C + 1)[:, None]
    within = ((q * g**t) @ (k / g**t).mT).tril() @ v
    return within + g**t * (q @ S.mT), g**C * S + (g ** (C - t) * v).mT @ k


@idea("delta_step", "a key that is longer than 1 is made shorter")
def long_keys_cut(S, k, v, beta, a):
    k = k / k.norm(dim=1, keepdim=True).clamp(min=1)
    S = a[:, None, None] * S
    return S + (beta[:, None] * (v - torch.einsum("bvk,bk->bv", S, k)))[:, :, None] * k[:, None]


@idea("delta_step", "divided by the key's square, so that all of it is written")
def by_the_square(S, k, v, beta, a):
    S = a[:, None, None] * S
    error = (v - torch.einsum("bvk,bk->bv", S, k)) / (k * k).sum(dim=1, keepdim=True)
    return S + (beta[:, None] * error)[:, :, None] * k[:, None]


@idea("written", "two rounds of correction")
def two_rounds(v, gram, beta):
    u = beta[:, :, None] * v
    for _ in range(2):
        u = beta[:, :, None] * (v - gram.tril(-1) @ u)
    return u


@idea("written", "rounds of correction until it hardly changes, two at most a key")
def square_of_the_matrix(v, gram, beta):
    L = beta[:, :, None] * gram.tril(-1)
    return (torch.eye(v.shape[1]) - L + L @ L) @ (beta[:, :, None] * v)


@idea("after_rounds", "the reach ends at half of the length")
def reach_ends(f, x, rounds):
    for r in range(rounds):
        n = min(2**r, max(1, f.shape[1] // 2))
        x = torch.cat([x[:, :n], x[:, n:] + f[:, n:] * x[:, :-n]], dim=1)
        f = torch.cat([f[:, :n], f[:, n:] * f[:, :-n]], dim=1)
    return f, x


@idea("after_rounds", "terms divided by products of factors, and added")
def divided_and_added(f, x, rounds):
    p = f.cumprod(dim=1)
    c, n = p * (x / p).cumsum(dim=1), 2**rounds
    before = F.pad(c, (0, 0, n, 0))[:, : f.shape[1]]
    within = p / F.pad(p, (0, 0, n, 0), value=1.0)[:, : f.shape[1]]
    return within, c - within * before


@idea("width_needed", "one more, to be sure")
def one_wider(pairs, share):
    return math.ceil((pairs - 1) / share) + 1


@idea("least_error", "normal equations, though there may be fewer pairs")
def normal_equations(keys, values):
    W = torch.linalg.inv_ex(keys.mT @ keys).inverse @ keys.mT @ values
    return ((keys @ W - values) ** 2).sum().item()


@idea("least_error", "normal equations with a small number on the diagonal")
def ridge(keys, values):
    G = keys.mT @ keys + 1e-3 * torch.eye(keys.shape[1])
    W = torch.linalg.solve(G, keys.mT @ values)
    return ((keys @ W - values) ** 2).sum().item()


@idea("least_error", "many rounds of the delta rule")
def many_rounds(keys, values):
    S = values.new_zeros(values.shape[1], keys.shape[1])
    for _ in range(30):
        for k, v in zip(keys, values, strict=True):
            S = S + torch.outer(v - S @ k, k) / (k @ k)
    return ((keys @ S.mT - values) ** 2).sum().item()


@idea("readings", "without a pair nothing is read")
def nothing_without_a_pair(beta, gamma, n):
    if n == 0:
        return [], []
    return [beta * gamma**m for m in range(n + 1)], [beta * (gamma * (1 - beta)) ** m for m in range(n + 1)]


def named(same):
    """The rule, with another idea of what is the same."""

    def answer(fresh, again):
        if same(again[1], fresh[1]):
            return "linear" if same(fresh[1], fresh[0]) else "decay"
        if same(fresh[1], fresh[0]):
            return "delta"
        return "softmax" if same(again[1], 0.5) else "gated delta"

    return answer


idea("made_by", "what differs by less than one in a hundred is the same")(named(lambda x, y: abs(x - y) < 0.01))
idea("made_by", "what differs by less than one in a thousand is the same")(named(lambda x, y: abs(x - y) < 0.001))


@idea("made_by", "the last readings tell more than the second ones")
def by_the_last(fresh, again):
    if math.isclose(fresh[-1], again[-1]):
        return "linear" if math.isclose(fresh[-1], fresh[0]) else "decay"
    if math.isclose(fresh[-1], fresh[0]):
        return "delta"
    return "softmax" if again[-1] > fresh[-1] / 3 else "gated delta"


STYLES = []  # (name of the function, what it does, an answer that is right as well)


def style(name, says):
    """Decorate an answer that is right, and unlike the reference."""

    def collect(function):
        STYLES.append((name, says, function))
        return function

    return collect


@style("waits", "all sets of candidates are tried, in float32")
def all_sets(biases):
    f = torch.tensor(biases).sigmoid().sort().values
    left = f ** torch.arange(1, 5000)[:, None]
    apart = left.diff(dim=1) >= 0.2
    candidates = sorted({apart[:, n].nonzero().max().item() for n in range(len(f) - 1)})
    for size in range(1, len(biases)):
        for chosen in itertools.combinations(candidates, size):
            if apart[list(chosen)].any(dim=0).all():
                return [t + 1 for t in chosen]
    raise AssertionError


@style("next_words", "who is lost begins again, and a tensor is returned")
def begins_again(target, V, forced, free):
    spare = [w for w in range(V) if w not in target]
    table = torch.full((V + 1,), spare[0])
    table[spare[0]] = spare[0]
    read, missing = [V, *target], max(0, free - forced)
    for k in range(missing):
        table[read[2 * k]], table[spare[k + 1]] = spare[k + 1], target[2 * k + 1]
    right = range(2 * missing, 2 * missing + min(forced, free))
    behind = len(target) - max(0, forced - free)
    for t in [*right, *range(behind, len(target))]:
        table[read[t]] = target[t]
    return table


def along(direction, share=1.0):
    """The weights, followed in a direction for a share of the way."""

    def answer(weights, values):
        way = direction(kept(values), weights)
        steps = torch.where(way < 0, weights / -way, torch.inf)
        return weights + share * steps.min() * way

    return answer


style("another_map", "a random direction, projected")(
    along(lambda A, weights: (v := torch.cos(torch.arange(len(weights)).double())) - torch.linalg.pinv(A) @ (A @ v))
)
style("another_map", "the other way, and not quite to the end")(
    along(lambda A, weights: -torch.linalg.qr(A.T, mode="complete").Q[:, -1], share=0.9)
)


@style("fewest_shut", "all sets of cells are tried")
def all_sets_of_cells(scores, z, W_o):
    votes = scores.exp().flatten() * (W_o @ z.flatten(1))
    total = votes.sum(dim=1)
    for size in range(1, scores.numel()):
        for cells in itertools.combinations(range(scores.numel()), size):
            if (total - votes[:, list(cells)].sum(dim=1)).argmax() != total.argmax():
                usable = torch.ones(scores.numel()).bool()
                usable[list(cells)] = False
                return usable.reshape(scores.shape)
    raise AssertionError


@style("twins", "sentences of many words, as tensors")
def of_many_words(length, V, layers, causal, window, period):
    place = twins()(length, V, layers, causal, window, period)
    one = torch.arange(length) * 7 % V
    two = one.clone()
    different = [t for t in range(length) if place[0][t] != place[1][t]]
    one[different[0]], one[different[-1]] = 0, 1
    two[different[0]], two[different[-1]] = 1, 0
    if len(different) == 1:
        one[different], two[different] = 0, 1
    return one, two


@style("jacobian", "row by row, in float64 whatever it gets")
def each_row(hs, W_hh, t):
    found = []
    for states in hs:
        product = torch.eye(len(W_hh), dtype=torch.float64)
        for h in reversed(states[t + 1 :]):
            product = product @ torch.diag(1 - h * h) @ W_hh
        found.append(product)
    return torch.stack(found)


@style("clip_by_norm", "one long vector, cut again, and the norm a tensor")
def one_vector(grads, max_norm):
    whole = torch.cat([g.reshape(-1) for g in grads])
    norm = torch.linalg.vector_norm(whole)
    whole = whole * torch.clamp(max_norm / norm, max=1.0) if norm > 0 else whole.clone()
    return [
        piece.reshape(g.shape) for piece, g in zip(whole.split([g.numel() for g in grads]), grads, strict=True)
    ], norm


@style("gru_step", "with a matrix for each block, in float64 whatever it gets")
def block_by_block(x, h, W_x, W_h, b_x, b_h):
    d = h.shape[1]
    one = torch.ones(d, dtype=torch.float64)
    rows = [slice(k * d, (k + 1) * d) for k in range(3)]
    from_x, from_h = ([F.linear(y, W[k], b[k]) for k in rows] for y, W, b in ((x, W_x, b_x), (h, W_h, b_h)))
    r, z = (torch.sigmoid(from_x[k] + from_h[k]) for k in range(2))
    return torch.lerp(torch.tanh(from_x[2] + r * from_h[2]), h, z * one)


@style("greedy", "each row by itself")
def row_by_row(context, E, W, U, b, sos, eos, longest):
    said = []
    for s in context:
        row, word = [], sos
        for _ in range(longest):
            s = torch.tanh(E[word] + W @ s)
            word = int((U @ s + b).argmax())
            if word == eos:
                break
            row.append(word)
        said.append(row)
    return said


@style("attend", "row by row over the keys that may be used, in float64 whatever it gets")
def kept_keys(query, keys, values, mask):
    rows = []
    for q, k, usable in zip(query, keys, mask, strict=True):
        into = torch.eye(len(k), dtype=torch.float64)[usable]  # a column for each key, a row for each that is kept
        rows.append((q @ (into @ k).T / k.shape[1] ** 0.5).softmax(dim=1) @ into)
    weights = torch.stack(rows)
    return weights @ values, weights


@style("spatial_attend", "cell by cell of the additive score, on four axes")
def on_four_axes(s, z, usable, W_s, W_z, v):
    hidden = torch.einsum("ad,bdij->baij", W_z, z) + (s @ W_s.T)[..., None, None]
    scores = torch.einsum("a,baij->bij", v, hidden.tanh()).masked_fill(~usable, -math.inf)
    weights = scores.flatten(1).softmax(dim=1).view_as(scores)
    return (weights[:, None] * z).sum(dim=(2, 3)), weights


@style("cached_step", "by PyTorch's einsum, and flattened by its size")
def by_einsum(q, k, v, cache):
    keys, values = (torch.cat([old, new.unsqueeze(2)], dim=2) for old, new in zip(cache, (k, v), strict=True))
    weights = torch.einsum("bhd,bhtd->bht", q, keys).div(q.shape[2] ** 0.5).softmax(dim=2)
    return torch.einsum("bht,bhtd->bhd", weights, values).reshape(len(q), -1), (keys, values)


@style("all_at_once", "step by step, in float64 whatever it gets")
def step_by_step(q, k, v, a):
    S = torch.zeros(len(q), v.shape[2], k.shape[2], dtype=torch.float64)
    outputs = []
    for t in range(q.shape[1]):
        S = a[:, t, None, None] * S + v[:, t, :, None] * k[:, t, None]
        outputs.append(torch.einsum("bvk,bk->bv", S, q[:, t]))
    return torch.stack(outputs, dim=1)


@style("through_chunk", "one head after the other")
def head_by_head(S, q, k, v, gamma):
    outputs, states = [], []
    t = torch.arange(1, q.shape[2] + 1)
    for h, g in enumerate(gamma):
        factors = torch.stack([g ** (n - t).clamp(min=0) * (t <= n) for n in t])
        o = (q[:, h] @ k[:, h].mT * factors) @ v[:, h]
        outputs.append(o + torch.einsum("t,bvk,btk->btv", g**t, S[:, h], q[:, h]))
        pairs = torch.einsum("t,btv,btk->bvk", factors[-1], v[:, h], k[:, h])
        states.append(g ** len(t) * S[:, h] + pairs)
    return torch.stack(outputs, dim=1), torch.stack(states, dim=1)
