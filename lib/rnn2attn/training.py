"""Training: seeds, the loss, the loop, and how a trained number is printed."""

from collections.abc import Iterable

import torch
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
        ValueError: a shape does not fit, or the batch is empty; the message names it and what was expected.
        RuntimeError: a target id is not one of 0 … V − 1.
    """
    sizes = expect(logits=(logits, "B T V"), target=(target, "B T"))
    if sizes["B"] == 0:
        raise ValueError("the batch is empty: logits have shape (0, T, V), and B ≥ 1 was expected")
    return -logits.log_softmax(dim=-1).gather(-1, target[..., None]).sum() / sizes["B"]


def fit(model: nn.Module, batches: Iterable[Batch], lr: float = 1e-2) -> list[float]:
    """Train with Adam (Kingma and Ba, 2015), one update a batch.

    Args:
        model: maps a `Batch` to logits (B, T, V).
        batches: the training data in the order of use; one update for each.
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
    return "≈" + f"{value:#.{digits}g}".removesuffix(".")
