"""Gated networks whose gates see the input only, so that a scan computes them (Feng et al., 2024)."""

import torch
from torch import Tensor, nn

from rnn2attn.linear.scan import scan
from rnn2attn.shapes import expect


class MinGRU(nn.Module):
    """h_t = (1 − z_t) ⊙ h_{t−1} + z_t ⊙ h̃_t with z_t = σ(W_z x_t + b_z) and h̃_t = W_h x_t + b_h.

    The GRU of chapter 2 without the reset gate, and without h_{t−1} in gate and candidate; z takes.

    Args:
        d_x: size of an input.
        d_h: size of the state.
    """

    def __init__(self, d_x: int, d_h: int):
        super().__init__()
        self.gate, self.candidate = nn.Linear(d_x, d_h), nn.Linear(d_x, d_h)

    def forward(self, x: Tensor, h: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run over time, at once.

        Args:
            x: inputs, (B, T, d_x), T ≥ 1.
            h: the state before the first, (B, d_h); zeros if not given.

        Returns:
            The states h_1 … h_T, (B, T, d_h), and the last one, (B, d_h).
        """
        expect(x=(x, "B T d_x"))
        z = torch.sigmoid(self.gate(x))
        states = scan(1 - z, z * self.candidate(x), h)
        return states, states[:, -1]


class MinLSTM(nn.Module):
    """h_t = f′_t ⊙ h_{t−1} + i′_t ⊙ h̃_t, with f_t = σ(W_f x_t + b_f) and i_t = σ(W_i x_t + b_i) divided by their sum.

    There is no output gate, and cell and state are one. f′ + i′ = 1, so that the size of the state does not depend on
    how long the sequence is.

    Args:
        d_x: size of an input.
        d_h: size of the state.
    """

    def __init__(self, d_x: int, d_h: int):
        super().__init__()
        self.forget, self.input, self.candidate = (nn.Linear(d_x, d_h) for _ in range(3))

    def forward(self, x: Tensor, h: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run over time, at once. Takes and returns as `MinGRU` does."""
        expect(x=(x, "B T d_x"))
        f, i = torch.sigmoid(self.forget(x)), torch.sigmoid(self.input(x))
        states = scan(f / (f + i), i / (f + i) * self.candidate(x), h)
        return states, states[:, -1]
