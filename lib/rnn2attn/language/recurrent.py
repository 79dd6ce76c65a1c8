"""A recurrent network that reads a text and says what comes next, and its training by stretches."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnn2attn.language.stream import stretches
from rnn2attn.shapes import expect

CELLS = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
State = Tensor | tuple[Tensor, Tensor]


class RecurrentLanguageModel(nn.Module):
    """p(x_{t+1} | x_1 … x_t) = softmax(W_hy h_t + b_y), with h_t of a recurrent network (Mikolov et al., 2010).

    Args:
        vocabulary_size: V.
        d_h: size of the state.
        cell: "RNN", "LSTM" or "GRU", of PyTorch.

    Raises:
        ValueError: there is no such cell.
    """

    def __init__(self, vocabulary_size: int, d_h: int, cell: str = "LSTM"):
        super().__init__()
        if cell not in CELLS:
            raise ValueError(f"cell is {cell!r}; one of {', '.join(CELLS)} was expected")
        self.rnn = CELLS[cell](vocabulary_size, d_h, batch_first=True)
        self.output = nn.Linear(d_h, vocabulary_size)

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Read some letters.

        Args:
            ids: (B, T).
            state: before the first of them, as it was returned; zeros if not given.

        Returns:
            Logits of what follows each letter, (B, T, V), and the state after the last.
        """
        expect(ids=(ids, "B T"))
        x = F.one_hot(ids, self.output.out_features).to(self.output.weight.dtype)
        states, state = self.rnn(x, state)
        return self.output(states), state


def detached(state: State) -> State:
    """The same numbers, from which no gradient goes back."""
    return state.detach() if isinstance(state, Tensor) else tuple(part.detach() for part in state)


def fit_stream(
    model: RecurrentLanguageModel,
    ids: Tensor,
    updates: int,
    *,
    rows: int = 32,
    steps: int = 32,
    lr: float = 5e-3,
    carry: bool = True,
    anywhere: bool = False,
    clip: float = 1.0,
) -> list[float]:
    """Train by truncated back-propagation through time (Williams and Peng, 1990), one update a stretch.

    Adam's rate goes through one cycle. The state goes on from one stretch to the next, the gradient does not. At the
    end of the text it begins anew.

    Args:
        model: any that maps ids and a state to logits and a state.
        ids: of the text, (N,).
        updates: how many.
        rows: read side by side.
        steps: after which the gradient is cut.
        lr: the highest learning rate.
        carry: whether the state goes on; else each stretch begins with zeros.
        anywhere: whether the text is cut at other letters each time it is read: it begins at one of its first
            ``steps`` letters, drawn anew. Else the cuts stay where they are.
        clip: norm to which a gradient is shortened.

    Returns:
        The loss of each stretch before its update, in nats a letter.

    Raises:
        ValueError: as from `stretches`.
    """
    optimiser = torch.optim.Adam(model.parameters(), lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, total_steps=max(updates, 1))
    losses, state = [], None
    for source, target, first in _again(ids, rows, steps, updates, anywhere):
        state = None if first or not carry else detached(state)
        logits, state = model(source, state)
        loss = F.cross_entropy(logits.flatten(0, 1), target.flatten())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    return losses


def _again(ids: Tensor, rows: int, steps: int, updates: int, anywhere: bool) -> Iterable[tuple[Tensor, Tensor, bool]]:
    """So many stretches, from the beginning again where the text ends, and whether each is the first."""
    done = 0
    while done < updates:
        start = torch.randint(steps, ()).item() if anywhere else 0
        for number, (source, target) in enumerate(stretches(ids[start:], rows, steps)):
            if done == updates:
                return
            done += 1
            yield source, target, number == 0
