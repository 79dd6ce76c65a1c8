"""An LSTM that stores on command."""

import math
from itertools import accumulate

import numpy as np
from torch import Tensor

from rnn2attn.check.views.unfit import UnfitError

WAIT = 1000  # steps for which `latched` has a cell keep what was written
CLOSE = 1e-3  # how far it may be off


def latched(cell: object, written: Tensor, noise: Tensor) -> bool:
    """True if an LSTM of one unit stores what it is told to, replaces it, keeps it for 1,000 steps, and shows it.

    Args:
        cell: what was returned; (W_x, W_h, b) of shapes (4, 2), (4, 1) and (4,), blocks i, f, g, o.
        written: values that come with write = 1, one after the other, 1,000 steps after each.
        noise: values that come with write = 0 meanwhile, over and over.

    Raises:
        UnfitError: cell is no such triple, or one of its gates is not where it would have to be.
    """
    rows, passing = _rows(cell), noise.tolist()
    h = c = 0.0
    for value in written.tolist():
        i, f, g, o = _gates(rows, value, 1.0, h)
        before, c = c, f * c + i * g
        if not abs(c - math.tanh(value)) <= CLOSE:
            _refuse_writing(rows, value, i, f, g, before)
        stored, opened = c, o
        opens, keeps, shows, cells, outputs = _waiting(rows, passing, c, o * math.tanh(c))
        c, h = cells[-1].item(), outputs[-1].item()
        highest, lowest, left, shown = opens.max(), keeps.min(), keeps.prod(), min(opened, shows.min())
        drift = np.abs(cells - stored).max()
        hidden = max(abs(math.tanh(stored)) * (1 - opened), np.abs(np.tanh(cells) - outputs).max())
        if not drift <= CLOSE and not 1 - left <= CLOSE:
            raise UnfitError(
                f"Your forget gate falls to {lowest:.7g} while write = 0, and {left:.3g} of what was stored is "
                "left after 1,000 steps. How far from 1 may a gate stay if it multiplies 1,000 times?"
            )
        if not drift <= CLOSE:
            raise UnfitError(
                f"Your input gate is up to {highest:.2g} while write = 0. The door stays a little open, and every "
                f"value that comes by leaks in: c moved by {drift:.2g}."
            )
        if not hidden <= CLOSE:
            raise UnfitError(
                f"The value is stored and kept, and h does not show it: your output gate is down to {shown:.4g}."
            )
    return True


def _waiting(rows: list, passing: list[float], c: float, h: float) -> np.ndarray:
    """Gates i, f, o, cell and output, a row of each, after all the steps in which other values pass."""
    if any(by_h for _, _, by_h, _ in rows):
        steps = []
        for step in range(WAIT):
            i, f, g, o = _gates(rows, passing[step % len(passing)], 0.0, h)
            c = f * c + i * g
            h = o * math.tanh(c)
            steps.append((i, f, o, c, h))
        return np.array(steps).T
    i, f, g, o = np.resize([_gates(rows, value, 0.0, 0.0) for value in passing], (WAIT, 4)).T
    coming = zip(f.tolist(), (i * g).tolist(), strict=True)
    cells = np.fromiter(accumulate(coming, lambda c, step: step[0] * c + step[1], initial=c), float)[1:]
    return np.stack([i, f, o, cells, o * np.tanh(cells)])


def _rows(cell: object) -> list[tuple[float, float, float, float]]:
    """For each of i, f, g, o: weight of value, of write, of h, and bias. UnfitError: it is no such cell."""
    shapes = ((4, 2), (4, 1), (4,))
    triple = isinstance(cell, tuple | list) and len(cell) == 3 and all(isinstance(t, Tensor) for t in cell)
    if not triple or tuple(tuple(t.shape) for t in cell) != shapes:
        raise UnfitError(
            "Your output must be three tensors, W_x of shape (4, 2), W_h of shape (4, 1) and b of shape (4,)."
        )
    W_x, W_h, b = (t.double() for t in cell)
    if not all(t.abs().max() <= 1e6 for t in (W_x, W_h, b)):
        raise UnfitError("Your cell holds NaN, infinity, or numbers above a million.")
    W_x, W_h, b = W_x.tolist(), W_h.tolist(), b.tolist()
    return [(*W_x[k], *W_h[k], b[k]) for k in range(4)]


def _gates(rows: list, value: float, write: float, h: float) -> list[float]:
    sums = [by_value * value + by_write * write + by_h * h + bias for by_value, by_write, by_h, bias in rows]
    return [math.tanh(a) if k == 2 else (1 + math.tanh(a / 2)) / 2 for k, a in enumerate(sums)]


def _refuse_writing(rows: list, value: float, i: float, f: float, g: float, before: float) -> None:
    """Say which of the gates is to blame for what a step with write = 1 made of the cell."""
    right = math.tanh(value)
    if not abs(g - right) <= CLOSE:
        if abs(_gates(rows, value, 0.0, 0.0)[2] - right) <= CLOSE and rows[2][1]:
            raise UnfitError(
                "Your candidate g is tanh(value) as long as write = 0, and moves when the flag does. What is stored "
                "should depend on value alone."
            )
        if abs(_gates(rows, value, 1.0, 0.0)[2] - right) <= CLOSE:
            raise UnfitError(
                "Your candidate g depends on h, so that what is stored depends on what was there before. What is "
                "stored should depend on value alone."
            )
        off = f"Your candidate g is off by {abs(g - right):.2g} from tanh(value) while write = 1."
        raise UnfitError(f"{off} {_candidate(rows)}")
    if not abs(i * g - right) <= CLOSE:
        raise UnfitError(
            f"Your input gate is {i:.4g} while write = 1, so only that share of the candidate is stored."
        )
    raise UnfitError(
        f"Your forget gate is {f:.4g} while write = 1. What is written is added to what was there, {before:.2g}, and "
        "should replace it."
    )


def _candidate(rows: list) -> str:
    """What may be wrong with the row of a candidate that is not tanh(value)."""
    by_value, by_write = rows[2][:2]
    if by_value not in (0, 1):
        return f"Its row has the weight {by_value:.4g} for value, and tanh(value) has no other factor than 1."
    if by_write and not by_value:
        return "Its row looks at write, and not at value. The columns of W_x are for value and write, in this order."
    return "Which row is the candidate's? Blocks lie i, f, g, o."
