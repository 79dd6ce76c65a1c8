"""Gradient clipping: by one norm over all, by tensor, by value; and the angle by which each turns the gradient."""

from collections.abc import Sequence
from math import degrees

import torch
from torch import Tensor

from rnn2attn.shapes import expect


def _flat(name: str, grads: Sequence[Tensor]) -> Tensor:
    """All entries in one row, float64, in which squares of float32 numbers neither overflow nor vanish."""
    if isinstance(grads, Tensor) or not grads or not all(isinstance(g, Tensor) for g in grads):
        raise TypeError(f"{name} must be a list of one tensor or more, not {grads!r:.60}")
    return torch.cat([g.detach().double().flatten() for g in grads])


def _expect_positive(name: str, limit: float) -> None:
    if not limit > 0:
        raise ValueError(f"{name} is {limit}, but a number above 0 was expected")


def gradient_norm(grads: Sequence[Tensor]) -> float:
    """Euclidean norm of all entries of a list of tensors, taken as one vector. TypeError: not a list of tensors."""
    return torch.linalg.vector_norm(_flat("grads", grads)).item()


def clip_by_norm(grads: Sequence[Tensor], max_norm: float) -> tuple[list[Tensor], float]:
    """All gradients times one factor, min(1, max_norm / ‖g‖): the direction stays (Pascanu et al., 2013, alg. 1).

    Returns new tensors of the same shapes, and ‖g‖ over all of them, before clipping. ∞ and NaN are not repaired.

    Raises:
        TypeError: grads is not a list of tensors.
        ValueError: max_norm is not above 0.
    """
    _expect_positive("max_norm", max_norm)
    norm = gradient_norm(grads)
    factor = 1.0 if norm <= max_norm else max_norm / norm
    return [g * factor for g in grads], norm


def clip_per_tensor(grads: Sequence[Tensor], max_norm: float) -> list[Tensor]:
    """Each tensor shortened by its own norm, `clip_by_norm` one at a time: the whole may turn. Raises as it does."""
    _flat("grads", grads)
    return [clip_by_norm([g], max_norm)[0][0] for g in grads]


def clip_by_value(grads: Sequence[Tensor], limit: float) -> list[Tensor]:
    """Every entry cut to [−limit, limit] (Mikolov, 2012): the whole may turn, by less than 90°.

    Raises:
        TypeError: grads is not a list of tensors.
        ValueError: limit is not above 0.
    """
    _expect_positive("limit", limit)
    _flat("grads", grads)
    return [g.clamp(-limit, limit) for g in grads]


def angle(u: Sequence[Tensor], v: Sequence[Tensor]) -> float:
    """Angle between two gradients, in degrees, 0 … 180: 2 atan2(‖û − v̂‖, ‖û + v̂‖), û and v̂ of length 1 (Kahan, 2006).

    The same angle as arccos⟨û, v̂⟩, which rounding spoils where it matters: near 0 it is off, or NaN.

    Args:
        u: list of tensors, taken as one vector.
        v: list of tensors with as many entries.

    Raises:
        TypeError: u or v is not a list of tensors.
        ValueError: they differ in size, or one is zero and has no direction.
    """
    ends = {"u": _flat("u", u), "v": _flat("v", v)}
    expect(u=(ends["u"], "entries"), v=(ends["v"], "entries"))
    for name, entries in ends.items():
        if not entries.any():
            raise ValueError(f"{name}, with {len(entries)} entries, is zero: it has no direction")
        ends[name] = entries / entries.abs().max()
        ends[name] /= torch.linalg.vector_norm(ends[name])
    apart, along = (torch.linalg.vector_norm(ends["u"] + sign * ends["v"]) for sign in (-1, 1))
    return degrees(2 * torch.atan2(apart, along).item())
