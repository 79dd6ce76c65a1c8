"""Rotary positions: queries and keys are turned by angles that grow with their place, and values are not."""

import torch
from torch import Tensor

from rnn2attn.shapes import expect


def turn(x: Tensor, start: int = 0) -> Tensor:
    """x_t → R_t x_t, where R_t turns the entries 2i and 2i + 1 by the angle ω_i t, ω_i = 10000^(−2i/d).

    Su et al. (2021), eqs. 14 and 15, computed as in eq. 34. R_t is orthogonal, and R_sᵀ R_t = R_{t−s}; so a turned
    query and a turned key have the scalar product q_tᵀ R_tᵀ R_s k_s = q_tᵀ R_{s−t} k_s, in which their places appear
    by their distance alone. The angles ω_i t are those of the clock hands in `sinusoidal`.

    Args:
        x: queries or keys of each head, (B, heads, T, d), d even.
        start: t of the first of them.

    Returns:
        (B, heads, T, d), every vector as long as it was. Angles are computed in float64, whatever x is.

    Raises:
        ValueError: x has another shape, d is odd, or start is negative.
    """
    sizes = expect(x=(x, "B heads T d"))
    if sizes["d"] % 2:
        raise ValueError(
            f"x has vectors of size {sizes['d']}, but an even number was expected: entries turn in pairs"
        )
    if start < 0:
        raise ValueError(f"start is {start}, but a place cannot be negative")
    t = torch.arange(start, start + sizes["T"], dtype=torch.float64)
    omega = 10000 ** (-torch.arange(0, sizes["d"], 2, dtype=torch.float64) / sizes["d"])
    angles = t[:, None] * omega
    cos, sin = angles.cos().to(x), angles.sin().to(x)
    one, other = x[..., 0::2], x[..., 1::2]
    return torch.stack([one * cos - other * sin, one * sin + other * cos], dim=-1).flatten(-2)
