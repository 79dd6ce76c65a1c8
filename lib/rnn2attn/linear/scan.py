"""A recurrence that is linear in its state, in log₂ T rounds instead of T."""

import torch
from torch import Tensor

from rnn2attn.shapes import expect


def scan(f: Tensor, x: Tensor, c: Tensor | None = None) -> Tensor:
    """c_t = f_t ⊙ c_{t−1} + x_t for all t, by putting steps together two by two (Hillis and Steele, 1986).

    Two steps in a row are one of the same kind: c ↦ f₂ (f₁ c + x₁) + x₂ has the factor f₁ f₂ and the term f₂ x₁ + x₂.
    After the round r each place holds the 2^r steps that end there.

    Args:
        f: factors, (B, T, d).
        x: terms, (B, T, d).
        c: the state before the first step, (B, d); zeros if not given.

    Returns:
        c_1 … c_T, (B, T, d).

    Raises:
        TypeError: an argument is not a tensor.
        ValueError: a shape does not fit.
    """
    T = expect(f=(f, "B T d"), x=(x, "B T d"))["T"]
    if c is not None:
        expect(f=(f, "B T d"), c=(c, "B d"))
        x = torch.cat([x[:, :1] + f[:, :1] * c[:, None], x[:, 1:]], dim=1)
    reach = 1
    while reach < T:
        earlier_f, earlier_x = f[:, :-reach], x[:, :-reach]
        x = torch.cat([x[:, :reach], f[:, reach:] * earlier_x + x[:, reach:]], dim=1)
        f = torch.cat([f[:, :reach], f[:, reach:] * earlier_f], dim=1)
        reach *= 2
    return x
