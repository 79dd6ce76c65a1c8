"""Two sentences that a network cannot tell apart."""

import math
from numbers import Integral

import torch
from torch import Tensor

from rnn2attn.check.views.unfit import UnfitError

CLOSE = 1e-9  # how far the outputs may be apart; what is the same differs by rounding


def alike(
    pair: object,
    length: int,
    V: int,
    layers: int,
    causal: bool,
    window: int | None,
    period: int | None,
    latest: int,
    E: Tensor,
    W: Tensor,
) -> bool:
    """True if two sentences give the same output at the last place of a network, and differ as late as possible.

    Args:
        pair: what was returned; two sentences of words from 0 to V − 1.
        length: of each.
        V: number of words.
        layers: number of layers; each adds what attention with one head gives.
        causal: whether no word looks at later ones.
        window: how many places away a word looks at most; None: as far as there are words.
        period: after which positions come again; None: there are none.
        latest: the last place at which two such sentences can differ.
        E: vectors of the words, (V, d).
        W: W_q, W_k and W_v of each layer, (layers, 3, d, d).

    Raises:
        UnfitError: there are no such sentences, they are the same, their outputs are not, or others differ later.
    """
    one, two = _checked(pair, length, V)
    if one == two:
        raise UnfitError("Your two sentences are the same.")
    places = torch.arange(length)
    away = places[:, None] - places
    usable = away.abs() <= (length if window is None else window)
    if causal:
        usable &= away >= 0
    x = E[torch.tensor([one, two])]  # (2, T, d)
    if period is not None:
        x = x + _positions(places % period, period, E.shape[1])
    for W_q, W_k, W_v in W:
        likeness = torch.einsum("btd,bsd->bts", x @ W_q.T, x @ W_k.T) / math.sqrt(len(W_k))
        x = x + likeness.masked_fill(~usable, -torch.inf).softmax(dim=2) @ (x @ W_v.T)
    off = (x[0, -1] - x[1, -1]).abs().max().item()
    if off > CLOSE:
        reach = length if window is None else layers * window
        raise UnfitError(f"The last outputs differ by {off:.2g}. {_cause(one, two, period, reach)}")
    differ = max(t for t in range(length) if one[t] != two[t])
    if differ < latest:
        raise UnfitError(
            f"The last outputs are the same. Your sentences differ last at place {differ}, and others differ later: "
            "what else does this network not see?"
        )
    return True


def _checked(pair: object, length: int, V: int) -> list[list[int]]:
    two = isinstance(pair, tuple | list | Tensor) and len(pair) == 2
    rows = [row.tolist() if isinstance(row, Tensor) else row for row in pair] if two else []
    lists = [isinstance(row, list | tuple) and len(row) == length for row in rows]
    words = two and all(lists) and all(isinstance(w, Integral) and 0 <= w < V for row in rows for w in row)
    if not words:
        raise UnfitError(f"Your output must be two sentences of {length} words, each word from 0 to {V - 1}.")
    return [list(row) for row in rows]


def _positions(places: Tensor, period: int, d: int) -> Tensor:
    """A sine and a cosine for each place, the same after a period, (T, d)."""
    angle = 2 * math.pi * places.double() / period
    waves = torch.stack([angle.sin(), angle.cos()], dim=1)
    return torch.nn.functional.pad(waves, (0, d - 2))


def _cause(one: list[int], two: list[int], period: int | None, reach: int) -> str:
    """What the last word may have seen."""
    last = len(one) - 1
    if one[last] != two[last]:
        return "The word at the last place is another one, and it is this place whose output counts."
    seen = range(max(0, last - reach), last + 1)
    if sorted(one[t] for t in seen) != sorted(two[t] for t in seen):
        place = next(t for t in seen if one[t] != two[t])
        return f"Follow through the layers from where the last word gets something: does place {place} come to it?"
    if period and sorted((one[t], t % period) for t in seen) != sorted((two[t], t % period) for t in seen):
        return "The same words are seen, and their places have other positions."
    return "The last word sees the same words, in another order: what do the layers before make of it?"
