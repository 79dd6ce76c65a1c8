"""Training: seeds, the losses, the loop, evaluation, and how a trained number is printed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn

from rnn2attn.metrics import exact_match, token_accuracy
from rnn2attn.seq2seq import Seq2Seq
from rnn2attn.shapes import expect
from rnn2attn.text import Batch


def set_seed(seed: int) -> None:
    """Seed PyTorch and use one CPU thread, so that a run can be repeated on the same machine."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)


def sequence_loss(logits: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    """Cross-entropy in nats, −ln p(target), summed over time and averaged over the batch.

    Args:
        logits: (B, T, V).
        target: ids, (B, T).
        mask: True where a target counts, (B, T); everywhere if not given. What does not count is not looked at.

    Returns:
        A scalar.

    Raises:
        ValueError: a shape does not fit, or the batch is empty; the message names it and what was expected.
        RuntimeError: a target id that counts is not one of 0 … V − 1.
    """
    return _costs(logits, target, mask).sum() / len(logits)


def token_loss(logits: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    """Cross-entropy in nats, −ln p(target), averaged over all targets of the batch that count.

    A long sequence weighs more than a short one, and a batch of short ones as much as any. Takes, returns and raises
    as `sequence_loss` does; a batch in which nothing counts is empty.
    """
    costs = _costs(logits, target, mask)
    if not len(costs):
        raise ValueError(f"the batch is empty: the mask counts none of the {target.numel()} targets")
    return costs.mean()


def _costs(logits: Tensor, target: Tensor, mask: Tensor | None) -> Tensor:
    """−ln p of each target that counts, in one row."""
    sizes = expect(logits=(logits, "B T V"), target=(target, "B T"))
    if sizes["B"] == 0:
        raise ValueError("the batch is empty: logits have shape (0, T, V), and B ≥ 1 was expected")
    if mask is not None:
        expect(logits=(logits, "B T V"), mask=(mask, "B T"))
        if mask.dtype != torch.bool:
            raise TypeError(f"mask must be bool, True where a target counts, not {mask.dtype}")
        if not mask.all():
            logits, target = logits[mask], target[mask]
    return -logits.log_softmax(dim=-1).gather(-1, target[..., None]).flatten()


def fit(
    model: nn.Module,
    batches: Iterable[Batch],
    lr: float = 1e-2,
    *,
    loss: Callable[[Tensor, Tensor, Tensor], Tensor] = sequence_loss,
    clip: float | None = None,
    one_cycle: bool = False,
    forcing: Callable[[int], float] | None = None,
    device: torch.device | str | None = None,
) -> list[float]:
    """Train with Adam (Kingma and Ba, 2015), one update a batch, on a GPU if there is one.

    Data, their order and the first weights come from the CPU's random numbers in any case. What differs on a GPU are
    the last digits, and the coins of dropout and ``forcing``.

    Args:
        model: maps a `Batch` to logits (B, T, V).
        batches: the training data in the order of use; one update for each.
        lr: learning rate.
        loss: of logits, target and target mask, such as `sequence_loss` or `token_loss`.
        clip: the norm above which the gradient is shortened to it; without limit if not given.
        one_cycle: let the rate rise to ``lr`` in the first 30 % of the updates, and fall to nothing (Smith and Topin,
            2018), and Adam's momentum fall and rise.
        forcing: from the number of the update, 0 and up, the share of gold tokens that the decoder reads in it, given
            to the model as ``forcing``. ``lambda update: 1.0 if update < 500 else 0.0`` is a hard switch.
        device: where the model is taken to be trained, such as "cpu"; if not given, to a GPU that PyTorch calls
            "cuda", or where there is none it stays where it is. At the end it is brought back, whatever happens.

    Returns:
        The loss of each batch, measured before its update.
    """
    batches = list(batches) if one_cycle else batches
    losses = []
    with _taken(model, device) as there:
        optimiser = torch.optim.Adam(model.parameters(), lr=lr)
        if one_cycle:
            schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=lr, total_steps=max(len(batches), 1))
        for update, batch in enumerate(batches):
            batch = batch.to(there)
            logits = model(batch) if forcing is None else model(batch, forcing=forcing(update))
            value = loss(logits, batch.target, batch.target_mask)
            optimiser.zero_grad()
            value.backward()
            if clip is not None:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimiser.step()
            if one_cycle:
                schedule.step()
            losses.append(value.item())
    return losses


@contextmanager
def _taken(model: nn.Module, device: torch.device | str | None) -> Iterator[torch.device | str]:
    """Take a model to where it is trained, see `fit`, and bring it back."""
    home = next(model.parameters()).device
    there = device or ("cuda" if torch.cuda.is_available() else home)
    try:
        model.to(there)
        yield there
    finally:
        model.to(home)


def trained(
    model: Seq2Seq, pairs: Sequence[Sequence], updates: int, seed: int, lr: float = 1e-2, **how: object
) -> Seq2Seq:
    """`fit` as most chapters do, 64 pairs an update: `token_loss`, gradients up to a norm of 1, and one cycle.

    Args:
        model: has the vocabularies ``source`` and ``target``.
        pairs: (source tokens, target tokens).
        updates: how many.
        seed: of the order in which the pairs are used.
        lr: learning rate.
        how: what else `fit` takes, or in place of these three.

    Returns:
        The model.
    """
    batches = Batch.of(pairs, model.source, model.target).minibatches(64, updates, seed)
    fit(model, batches, lr, **{"loss": token_loss, "clip": 1.0, "one_cycle": True} | how)
    return model


def batch_of(model: Seq2Seq, pairs: Sequence[Sequence]) -> Batch:
    """Pairs (source tokens, target tokens) as one batch, in the ids of the model."""
    return Batch.of(pairs, model.source, model.target)


def by_place(logits: Tensor, target: Tensor) -> Tensor:
    """Share of right answers at each place, (T,).

    Args:
        logits: (B, T, V).
        target: ids, (B, T), of rows that are equally long: padding would count.

    Raises:
        ValueError: a shape does not fit; the message names it.
    """
    expect(logits=(logits, "B T V"), target=(target, "B T"))
    return (logits.argmax(dim=2) == target).double().mean(dim=0)


class Scores(NamedTuple):
    """`exact_match` and `token_accuracy` of a model's own translations, each 0 … 1."""

    exact: float
    tokens: float


def evaluate(model: Seq2Seq, pairs: Sequence[Sequence], **decoding: float) -> Scores:
    """Let the model translate the sources, free-running, and compare with the targets.

    Args:
        model: has ``translate``.
        pairs: (source, target), and what else may follow.
        decoding: what ``translate`` takes beside the sources, such as ``k=5``.

    Raises:
        ValueError: there are no pairs, or ``translate`` refuses a source.
    """
    translations = model.translate([pair[0] for pair in pairs], **decoding)
    predictions, references = [t.tokens for t in translations], [pair[1] for pair in pairs]
    return Scores(exact_match(predictions, references), token_accuracy(predictions, references))


def approx(value: float, digits: int = 3) -> str:
    """A number whose last digits may differ from machine to machine, such as a trained one, as text with the sign ≈.

    Others are printed without it, and the tests compare those digit by digit.
    """
    return "≈" + f"{value:#.{digits}g}".removesuffix(".")
