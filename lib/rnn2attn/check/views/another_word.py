"""Cells shut, so that another word is said."""

import torch
from torch import Tensor

from rnn2attn.check.views.unfit import UnfitError


def another_word(usable: object, scores: Tensor, z: Tensor, W_o: Tensor, fewest: int) -> bool:
    """True if another word is said with the cells shut that are not usable, and no fewer would do.

    Args:
        usable: what was returned; True at cells that stay open, bool, (H, W).
        scores: e of each cell, (H, W).
        z: features, (D, H, W).
        W_o: maps a context to a number for each word, (V, D).
        fewest: number of cells that are enough.

    Raises:
        UnfitError: there is no such mask, the same word is said, or fewer cells do.
    """
    if not (isinstance(usable, Tensor) and usable.dtype == torch.bool and usable.shape == scores.shape):
        raise UnfitError(
            f"Your output must be a tensor of bools of shape {tuple(scores.shape)}, True at the cells that stay open."
        )
    shut = int((~usable).sum())
    if shut == usable.numel():
        raise UnfitError("You shut all cells, and nothing is left to look at.")
    count = f"{shut} cell{' is' if shut == 1 else 's are'} shut"
    first, second = _numbers(scores == scores, scores, z, W_o).topk(2).indices.tolist()
    numbers = _numbers(usable, scores, z, W_o)
    says = numbers.argmax().item()
    if usable.sum() == fewest < shut and _numbers(~usable, scores, z, W_o).argmax() != first:
        raise UnfitError(f"{count}. True stands at the cells that stay open: yours is the other way round.")
    if says == first:
        lead = numbers[first] - numbers.topk(2).values[1]
        raise UnfitError(
            f"{count}, and it still says word {first}, which leads by {lead.item():.3g}. "
            f"{_by_weight(usable, scores) or 'Which cells hold it up?'}"
        )
    if shut > fewest:
        raise UnfitError(
            f"{count}, and it says word {says} in place of {first}. Fewer are enough. "
            f"{_by_weight(usable, scores) or _too_many(usable, scores, z, W_o, first, second)}"
        )
    return True


def _numbers(usable: Tensor, scores: Tensor, z: Tensor, W_o: Tensor) -> Tensor:
    """Of each word, with the softmax over usable cells."""
    weights = scores.masked_fill(~usable, -torch.inf).flatten().softmax(dim=0)
    return W_o @ (z.flatten(1) @ weights)


def _too_many(usable: Tensor, scores: Tensor, z: Tensor, W_o: Tensor, first: int, second: int) -> str:
    """What may be behind it that more cells are shut than are needed."""
    lead = (scores.exp().flatten() * ((W_o[first] - W_o[second]) @ z.flatten(1))).view_as(scores)
    without_last = usable | (lead == lead[~usable].min())
    if _are_largest(lead, ~usable) and _numbers(without_last, scores, z, W_o).argmax() == first:
        return "They are those that help it most against the word that comes second. Is there one that is nearer?"
    why = "By how much does a cell help one word against another?"
    for i, j in (~usable).nonzero().tolist():
        opened = usable.clone()
        opened[i, j] = True
        if _numbers(opened, scores, z, W_o).argmax() != first:
            return f"Cell ({i}, {j}) is shut for nothing: open it again, and another word is said as well. {why}"
    return why


def _by_weight(usable: Tensor, scores: Tensor) -> str:
    """What to say to whoever shuts cells in the order of their weights; "" to others."""
    if (~usable).sum() > 1 and _are_largest(scores, ~usable):
        return "Yours are the cells with the largest weights. What else decides how much a cell counts?"
    return ""


def _are_largest(values: Tensor, places: Tensor) -> bool:
    """Whether the values at these places are above all others."""
    return bool(values[places].min() > values[~places].max())
