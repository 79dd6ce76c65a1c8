"""Queries and keys by which attention looks where it is told to."""

import torch
from torch import Tensor

from rnn2attn.check.views.unfit import UnfitError

ENOUGH = 0.99  # of a query's weight


def pointing(pair: object, T: int, order: Tensor) -> bool:
    """True if each query has 0.99 of its weight on the place that it is meant for, by plain dot products.

    Args:
        pair: what was returned; queries (T', 2) and keys (T, 2).
        T: number of places.
        order: place of each query, from 0, (T',).

    Raises:
        UnfitError: there is no such pair, or a query looks elsewhere.
    """
    queries, keys = _checked(pair, T, len(order))
    weights = (queries @ keys.T).softmax(dim=1)
    short = (weights.gather(1, order[:, None])[:, 0] < ENOUGH).nonzero()
    if len(short):
        t = short[0].item()
        place, most = order[t].item(), weights[t].argmax().item()
        raise UnfitError(
            f"Step {t} should look at place {place}, which has {weights[t, place].item():.3g} of its weight; place "
            f"{most} has the most. {_cause(queries, keys, order, t, most)}"
        )
    return True


def _checked(pair: object, T: int, steps: int) -> list[Tensor]:
    two = isinstance(pair, tuple | list) and len(pair) == 2 and all(isinstance(t, Tensor) for t in pair)
    if not two or tuple(tuple(t.shape) for t in pair) != ((steps, 2), (T, 2)):
        raise UnfitError(
            f"Your output must be two tensors, queries of shape ({steps}, 2) and keys of shape ({T}, 2)."
        )
    for name, tensor in zip(("queries", "keys"), pair, strict=True):
        if not tensor.double().abs().max() <= 1e6:
            raise UnfitError(f"Your {name} hold NaN, infinity, or numbers above a million.")
    return [tensor.double() for tensor in pair]


def _cause(queries: Tensor, keys: Tensor, order: Tensor, t: int, most: int) -> str:
    """What may be behind it that query t has too little weight on its place, and `most` has the most."""
    query, place = queries[t], order[t].item()
    key = keys[place]
    spread = torch.linalg.svdvals(keys - keys.mean(dim=0))
    same = ((keys - key).norm(dim=1) <= 1e-6 * spread[0]).nonzero()[:, 0].tolist()
    if len(same) > 1:
        return f"Keys {same[0]} and {same[1]} are the same point, and no query tells them apart."
    if len(keys) > 2 and spread[1] <= 1e-6 * spread[0]:
        return "Your keys lie on a line. There a dot product is largest at one of the two ends, never between them."
    if most == place:
        first, second = (keys @ query).topk(2).values
        if first - second <= 1e-12 * first.abs():
            return "It shares the lead: another key has the same score, and no factor changes that."
        return "It leads, and not by enough: what makes a softmax sharper?"
    if torch.cosine_similarity(query, key, dim=0) > 1 - 1e-9 and keys[most].norm() > key.norm():
        return f"The query points at the key of place {place}, and that of place {most} is longer."
    for times, how in ((-1, "of the other sign"), (0.5, "half as large"), (2, "twice as large")):
        changed = keys * torch.tensor([1, times])
        if ((queries @ changed.T).argmax(dim=1) == order).all():
            return f"It would be found, as all others, if the second number of each key were {how}."
    return "For which query is this key's score above all others?"
