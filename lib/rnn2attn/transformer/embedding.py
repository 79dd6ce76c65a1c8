"""What the first layer reads: which token it is, and where it stands."""

from math import sqrt

import torch
from torch import Tensor, nn

from rnn2attn.shapes import expect

POSITIONS = ("sinusoidal", "learned", None)


def sinusoidal(T: int, d_model: int, start: int = 0, dtype: torch.dtype | None = None) -> Tensor:
    """p_{t,2i} = sin(ω_i t), p_{t,2i+1} = cos(ω_i t), ω_i = 10000^(−2i/d_model) (Vaswani et al., 2017, section 3.5).

    Each pair is the hand of a clock, and ω_i its speed. To go k positions on, every hand turns by ω_i k, wherever it
    stands; so p_t · p_{t+k} depends on k alone.

    Args:
        T: number of positions.
        d_model: size of each, an even number.
        start: t of the first of them.
        dtype: of what is returned; PyTorch's default if not given. It is computed in float64.

    Returns:
        (T, d_model).

    Raises:
        ValueError: d_model is not even and positive, or T or start is negative.
    """
    if d_model < 2 or d_model % 2:
        raise ValueError(f"d_model is {d_model}, but an even number was expected: a sine and a cosine are a pair")
    if T < 0 or start < 0:
        raise ValueError(f"T is {T} and start is {start}, but neither can be negative")
    t = torch.arange(start, start + T, dtype=torch.float64)
    omega = 10000 ** (-torch.arange(0, d_model, 2, dtype=torch.float64) / d_model)
    angles = t[:, None] * omega
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1).to(dtype or torch.get_default_dtype())


class InputEmbedding(nn.Module):
    """x_t = √d_model E[y_t] + p_t (Vaswani et al., 2017, sections 3.4 and 3.5).

    E starts normal with variance 1/d_model, so that a token's entries have variance 1, and a sinusoid's ½.

    Args:
        vocabulary_size: V, number of tokens.
        d_model: size of x_t.
        positions: "sinusoidal"; "learned", a vector for each position, which starts normal with the variance of a
            sinusoid; or None, p = 0.
        max_length: number of learned positions. Sinusoids have no such limit.
        dropout: share of the entries of x_t that is dropped in training.

    Raises:
        ValueError: there is no such kind of positions, or d_model is odd and positions are sinusoidal.
    """

    def __init__(self, vocabulary_size: int, d_model: int, positions: str | None, max_length: int, dropout: float):
        super().__init__()
        if positions not in POSITIONS:
            raise ValueError(f"positions is {positions!r}, but one of {', '.join(map(repr, POSITIONS))} was expected")
        self.d_model, self.positions = d_model, positions
        self.tokens = nn.Embedding(vocabulary_size, d_model)
        nn.init.normal_(self.tokens.weight, std=1 / sqrt(d_model))
        if positions == "learned":
            self.learned = nn.Parameter(torch.randn(max_length, d_model) / sqrt(2))
        elif positions == "sinusoidal":
            sinusoidal(0, d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor, start: int = 0) -> Tensor:
        """Ids (B, T), the first of which stands at position start, → x, (B, T, d_model).

        Raises:
            ValueError: ids have another shape, or there are not so many learned positions.
            IndexError: an id is not one of 0 … V − 1.
        """
        T = expect(ids=(ids, "B T"))["T"]
        x = sqrt(self.d_model) * self.tokens(ids)
        if self.positions == "sinusoidal":
            x = x + sinusoidal(T, self.d_model, start, x.dtype).to(x.device)
        elif self.positions == "learned":
            if start + T > len(self.learned):
                raise ValueError(
                    f"position {start + T - 1} was asked for, but the learned ones are 0 … {len(self.learned) - 1}; "
                    "max_length says how many"
                )
            x = x + self.learned[start : start + T]
        return self.dropout(x)
