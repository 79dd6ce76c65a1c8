"""Recurrent networks from their equations.

Weights lie as in PyTorch, (out, in): the W h of an equation is ``W`` here, and the product for a batch of rows is
``h @ W.T``. Tensors are batch first, (batch, time, features).
"""

from math import sqrt

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rnn2attn.shapes import expect
from rnn2attn.text import Batch


def rnn_step(x: Tensor, h: Tensor, W_xh: Tensor, W_hh: Tensor, b: Tensor) -> Tensor:
    """One step of the simple recurrent network, h_t = tanh(W_xh x_t + W_hh h_{t−1} + b).

    Elman (1990), with tanh for his logistic function.

    Args:
        x: input x_t, (B, d_x).
        h: state h_{t−1}, (B, d_h).
        W_xh: (d_h, d_x).
        W_hh: (d_h, d_h).
        b: (d_h,). PyTorch keeps two biases here, ``bias_ih`` and ``bias_hh``; only their sum matters.

    Returns:
        The new state h_t, (B, d_h), every entry between −1 and 1.

    Raises:
        TypeError: an argument is not a tensor.
        ValueError: a shape does not fit; the message names it and the one expected.
    """
    expect(x=(x, "B d_x"), h=(h, "B d_h"), W_xh=(W_xh, "d_h d_x"), W_hh=(W_hh, "d_h d_h"), b=(b, "d_h"))
    return torch.tanh(x @ W_xh.T + h @ W_hh.T + b)


class RNN(nn.Module):
    """`rnn_step`, unrolled over a sequence: the same three tensors at every step.

    Equal to ``nn.RNN(d_x, d_h, batch_first=True)`` with ``b = bias_ih + bias_hh``. Parameters start uniform in
    ±1/√d_h, as each of PyTorch's does.

    Args:
        d_x: size of an input.
        d_h: size of the state.
    """

    def __init__(self, d_x: int, d_h: int):
        super().__init__()
        self.W_xh = nn.Parameter(torch.empty(d_h, d_x))
        self.W_hh = nn.Parameter(torch.empty(d_h, d_h))
        self.b = nn.Parameter(torch.empty(d_h))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -1 / sqrt(d_h), 1 / sqrt(d_h))

    def forward(self, x: Tensor, h: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run over time.

        Args:
            x: inputs x_1 … x_T, (B, T, d_x), T ≥ 1.
            h: the state before the first input, (B, d_h); zeros if not given.

        Returns:
            The states h_1 … h_T, (B, T, d_h), and the last one, (B, d_h).

        Raises:
            ValueError: a shape does not fit, or T is 0.
        """
        sizes = expect(W_xh=(self.W_xh, "d_h d_x"), x=(x, "B T d_x"))
        if sizes["T"] == 0:
            raise ValueError("x has no time steps: its shape is (B, 0, d_x), and T ≥ 1 was expected")
        if h is None:
            h = x.new_zeros(sizes["B"], sizes["d_h"])
        expect(W_hh=(self.W_hh, "d_h d_h"), x=(x, "B T d_x"), h=(h, "B d_h"))
        states = []
        for x_t in x.unbind(dim=1):
            h = rnn_step(x_t, h, self.W_xh, self.W_hh, self.b)
            states.append(h)
        return torch.stack(states, dim=1), h


class RNNLanguageModel(nn.Module):
    """One-hot tokens in, the next token's logits out: h_t by `RNN`, then W_hy h_t + b_y (after Mikolov et al., 2010).

    Three matrices and two biases, whatever the length: W_xh, W_hh, b and W_hy, b_y.

    Args:
        vocabulary_size: V, number of tokens.
        d_h: size of the state.
    """

    def __init__(self, vocabulary_size: int, d_h: int):
        super().__init__()
        self.rnn = RNN(vocabulary_size, d_h)
        self.output = nn.Linear(d_h, vocabulary_size)

    def forward(self, batch: Batch) -> Tensor:
        """Logits, (B, T, V), of the token that follows each source token. The target is not looked at."""
        expect(source=(batch.source, "B T"))
        x = F.one_hot(batch.source, self.output.out_features).to(self.output.weight.dtype)
        states, _ = self.rnn(x)
        return self.output(states)
