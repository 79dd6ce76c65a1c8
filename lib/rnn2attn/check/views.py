"""Views: where many outputs are right, a question is judged by what one can see of them.

A view takes the output and the inputs, and returns data that are compared in place of the output. Where it cannot, or
where the output lacks the property asked for, it raises `Unfit`, and says why.
"""

import math

import torch
from torch import Tensor

from rnn2attn.gradients import radius, sigma_max

WAIT = 1000  # steps for which `latched` has a cell keep what was written
CLOSE = 1e-3  # how far it may be off


class Unfit(Exception):
    """An output does not have the property; the message is for the learner."""


def misleading(W: object, rule: str) -> bool:
    """True if a rule of thumb says something else of W than its largest singular value, with tanh.

    Args:
        W: what was returned; (d, d) with d ≥ 2, float.
        rule: "radius" and "largest entry" say that gradients vanish where that is below 1, "frobenius" where the
            Frobenius norm is.

    Raises:
        Unfit: W is no such matrix, or rule and singular value agree.
    """
    if not (isinstance(W, Tensor) and W.is_floating_point() and W.dim() == 2 and W.shape[0] == W.shape[1] > 1):
        raise Unfit("Your output must be a tensor of floats, a square matrix with two rows or more.")
    if not W.isfinite().all():
        raise Unfit("Your matrix holds NaN or infinity.")
    measure = {
        "radius": radius,
        "largest entry": lambda W: W.abs().max().item(),
        "frobenius": torch.linalg.matrix_norm,
    }
    size = float(measure[rule](W))
    says, true = ("vanishes" if value < 1 else "cannot tell" for value in (size, sigma_max(W)))
    name = {"radius": "spectral radius", "frobenius": "Frobenius norm"}.get(rule, rule)
    if says == true:
        raise Unfit(f"No error of the rule {rule!r} shows here. The {name} of your matrix is {size:.3g}, so the rule "
                    f'says "{says}", and that is right for this matrix.')  # fmt: skip
    return True


def summed(biases: object, half_lives: Tensor, bias_ih: Tensor, bias_hh: Tensor) -> Tensor:
    """The sum of two biases, which is all that a cell of PyTorch sees of them.

    Args:
        biases: what was returned; two tensors of the shape of those given.
        half_lives: of the inputs, not looked at.
        bias_ih: given.
        bias_hh: given.

    Raises:
        Unfit: they are no such pair.
    """
    pair = isinstance(biases, tuple | list) and len(biases) == 2
    if not pair or not all(isinstance(b, Tensor) and b.shape == bias_ih.shape for b in biases):
        shape = tuple(bias_ih.shape)
        raise Unfit(f"Your output must be a pair, bias_ih and bias_hh, each a tensor of shape {shape}.")
    return biases[0] + biases[1]


def latched(cell: object, written: Tensor, noise: Tensor) -> bool:
    """True if an LSTM of one unit stores what it is told to, replaces it, keeps it for 1,000 steps, and shows it.

    Args:
        cell: what was returned; (W_x, W_h, b) of shapes (4, 2), (4, 1) and (4,), blocks i, f, g, o.
        written: values that come with write = 1, one after the other, 1,000 steps after each.
        noise: values that come with write = 0 meanwhile, over and over.

    Raises:
        Unfit: cell is no such triple, or one of its gates is not where it would have to be.
    """
    rows, passing = _rows(cell), noise.tolist()
    h = c = 0.0
    for value in written.tolist():
        i, f, g, o = _gates(rows, value, 1.0, h)
        before, c = c, f * c + i * g
        if not abs(c - math.tanh(value)) <= CLOSE:
            _refuse_writing(rows, value, i, f, g, before)
        stored, h = c, o * math.tanh(c)
        left, lowest, shown = 1.0, 1.0, o
        highest, drift, hidden = 0.0, 0.0, abs(math.tanh(c) - h)
        for step in range(WAIT):
            i, f, g, o = _gates(rows, passing[step % len(passing)], 0.0, h)
            c = f * c + i * g
            h = o * math.tanh(c)
            lowest, highest, shown = min(lowest, f), max(highest, i), min(shown, o)
            left, drift = left * f, max(drift, abs(c - stored))
            hidden = max(hidden, abs(math.tanh(c) - h))
        if not drift <= CLOSE and not 1 - left <= CLOSE:
            raise Unfit(
                f"Your forget gate falls to {lowest:.7g} while write = 0, and {left:.3g} of what was stored is "
                "left after 1,000 steps. How far from 1 may a gate stay if it multiplies 1,000 times?"
            )
        if not drift <= CLOSE:
            raise Unfit(
                f"Your input gate is up to {highest:.2g} while write = 0. The door stays a little open, and every "
                f"value that comes by leaks in: c moved by {drift:.2g}."
            )
        if not hidden <= CLOSE:
            raise Unfit(
                f"The value is stored and kept, and h does not show it: your output gate is down to {shown:.4g}."
            )
    return True


def _rows(cell: object) -> list[tuple[float, float, float, float]]:
    """For each of i, f, g, o: weight of value, of write, of h, and bias. Unfit: it is no such cell."""
    shapes = ((4, 2), (4, 1), (4,))
    triple = isinstance(cell, tuple | list) and len(cell) == 3 and all(isinstance(t, Tensor) for t in cell)
    if not triple or tuple(tuple(t.shape) for t in cell) != shapes:
        raise Unfit(
            "Your output must be three tensors, W_x of shape (4, 2), W_h of shape (4, 1) and b of shape (4,)."
        )
    W_x, W_h, b = (t.double() for t in cell)
    if not all(t.abs().max() <= 1e6 for t in (W_x, W_h, b)):
        raise Unfit("Your cell holds NaN, infinity, or numbers above a million.")
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
            raise Unfit(
                "Your candidate g is tanh(value) as long as write = 0, and moves when the flag does. What is stored "
                "should depend on value alone."
            )
        if abs(_gates(rows, value, 1.0, 0.0)[2] - right) <= CLOSE:
            raise Unfit(
                "Your candidate g depends on h, so that what is stored depends on what was there before. What is "
                "stored should depend on value alone."
            )
        raise Unfit(
            f"Your candidate g is off by {abs(g - right):.2g} from tanh(value) while write = 1. Which row is the "
            "candidate's? Blocks lie i, f, g, o."
        )
    if not abs(i * g - right) <= CLOSE:
        raise Unfit(f"Your input gate is {i:.4g} while write = 1, so only that share of the candidate is stored.")
    raise Unfit(
        f"Your forget gate is {f:.4g} while write = 1. What is written is added to what was there, {before:.2g}, and "
        "should replace it."
    )


VIEWS = {"misleading": misleading, "summed": summed, "latched": latched}
