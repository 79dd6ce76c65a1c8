"""Training: seeds, the loss, the loop, and how a trained number is printed."""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rnn2attn.shapes import expect
from rnn2attn.text import Batch


def set_seed(seed: int) -> None:
    """Seed PyTorch and use one CPU thread, so that a run can be repeated on the same machine."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)


def sequence_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy in nats, −ln p(target), summed over time and averaged over the batch.

    Args:
        logits: (B, T, V).
        target: ids, (B, T).

    Returns:
        A scalar.

    Raises:
        ValueError: a shape does not fit; the message names it and the one expected.
    """
    expect(logits=(logits, "B T V"), target=(target, "B T"))
    return F.cross_entropy(logits.flatten(0, 1), target.flatten(), reduction="sum") / len(target)


def fit(model: nn.Module, batches: Iterable[Batch], lr: float = 1e-2) -> list[float]:
    """Train with Adam (Kingma and Ba, 2015), one update a batch.

    Args:
        model: maps a `Batch` to logits (B, T, V).
        batches: the training data in the order of use; its length is the number of updates.
        lr: learning rate.

    Returns:
        `sequence_loss` of each batch, measured before its update.
    """
    optimiser = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    for batch in batches:
        loss = sequence_loss(model(batch), batch.target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


def approx(value: float, digits: int = 3) -> str:
    """A trained number, as text with the sign ≈: it may differ in its last digits from machine to machine.

    Exact numbers are printed without it, and the tests compare those digit by digit.
    """
    return f"≈{value:.{digits}g}"
