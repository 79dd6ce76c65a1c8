"""The steps unrolled over a sequence, as modules; their weights from PyTorch's modules and back."""

from collections.abc import Callable
from math import sqrt

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rnn2attn.recurrent.steps import gru_step, lstm_step, negate_update_gate, rnn_step
from rnn2attn.shapes import expect
from rnn2attn.text import Batch


def _uniform(d_h: int, *shape: int) -> nn.Parameter:
    """As each of PyTorch's recurrent parameters starts: uniform in ±1/√d_h."""
    return nn.Parameter(torch.empty(shape).uniform_(-1 / sqrt(d_h), 1 / sqrt(d_h)))


def _begin(x: Tensor, W_x: Tensor, rows: str, **state: Tensor | None) -> list[Tensor]:
    """The parts of the state before the first input, (B, d_h), zeros where none is given; x and they are checked."""
    given = {name: (part, "B d_h") for name, part in state.items() if part is not None}
    sizes = expect(W_x=(W_x, f"{rows} d_x"), x=(x, "B T d_x"), **given)
    if sizes["T"] == 0:
        raise ValueError("x has no time steps: its shape is (B, 0, d_x), and T ≥ 1 was expected")
    return [x.new_zeros(sizes["B"], sizes["d_h"]) if part is None else part for part in state.values()]


def _unroll(step: Callable, x: Tensor, state):
    """h_1 … h_T, (B, T, d_h), and the last state, from a step (x_t, state) → state."""
    states = []
    for x_t in x.unbind(dim=1):
        state = step(x_t, state)
        states.append(state[0] if isinstance(state, tuple) else state)
    return torch.stack(states, dim=1), state


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
        self.W_xh, self.W_hh, self.b = _uniform(d_h, d_h, d_x), _uniform(d_h, d_h, d_h), _uniform(d_h, d_h)

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
        (h,) = _begin(x, self.W_xh, "d_h", h=h)
        return _unroll(lambda x_t, h: rnn_step(x_t, h, self.W_xh, self.W_hh, self.b), x, h)


class LSTM(nn.Module):
    """`lstm_step`, unrolled over a sequence: the same three tensors at every step.

    Equal to ``nn.LSTM(d_x, d_h, batch_first=True)`` with ``b = bias_ih + bias_hh``. Parameters start uniform in
    ±1/√d_h, as each of PyTorch's does.

    Args:
        d_x: size of an input.
        d_h: size of the state, and of the cell.
        forget_bias: at which the forget gates' part of b starts, in place of the random numbers.
    """

    def __init__(self, d_x: int, d_h: int, forget_bias: float | None = None):
        super().__init__()
        self.W_x, self.W_h = _uniform(d_h, 4 * d_h, d_x), _uniform(d_h, 4 * d_h, d_h)
        self.b = _uniform(d_h, 4 * d_h)
        if forget_bias is not None:
            nn.init.constant_(self.b[d_h : 2 * d_h], forget_bias)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Run over time.

        Args:
            x: inputs x_1 … x_T, (B, T, d_x), T ≥ 1.
            state: (h, c) before the first input, each (B, d_h); zeros if not given.

        Returns:
            The states h_1 … h_T, (B, T, d_h), and the last (h, c), each (B, d_h).

        Raises:
            ValueError: a shape does not fit, or T is 0.
        """
        h, c = state if state is not None else (None, None)
        h, c = _begin(x, self.W_x, "4d_h", h=h, c=c)
        return _unroll(lambda x_t, state: lstm_step(x_t, state, self.W_x, self.W_h, self.b), x, (h, c))


class GRU(nn.Module):
    """`gru_step`, unrolled over a sequence: the same four tensors at every step.

    Equal, as it stands, to ``nn.GRU(d_x, d_h, batch_first=True)``. Parameters start uniform in ±1/√d_h, as PyTorch's.

    Args:
        d_x: size of an input.
        d_h: size of the state.
        reset_after: where the reset gate acts, as in `gru_step`.
        z_keeps: which of the two conventions of z, as in `gru_step`.
    """

    def __init__(self, d_x: int, d_h: int, reset_after: bool = True, z_keeps: bool = True):
        super().__init__()
        self.reset_after, self.z_keeps = reset_after, z_keeps
        self.W_x, self.W_h = _uniform(d_h, 3 * d_h, d_x), _uniform(d_h, 3 * d_h, d_h)
        self.b_x, self.b_h = _uniform(d_h, 3 * d_h), _uniform(d_h, 3 * d_h)

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
        (h,) = _begin(x, self.W_x, "3d_h", h=h)
        parameters = self.W_x, self.W_h, self.b_x, self.b_h
        return _unroll(lambda x_t, h: gru_step(x_t, h, *parameters, self.reset_after, self.z_keeps), x, h)


def from_torch(theirs: nn.RNN | nn.LSTM | nn.GRU) -> RNN | LSTM | GRU:
    """Our module with the weights of PyTorch's: the same outputs.

    Args:
        theirs: of one layer and one direction, with biases; ``nn.RNN`` with tanh.

    Returns:
        `RNN`, `LSTM` or `GRU`, in the same precision.

    Raises:
        TypeError: theirs is none of the three.
        ValueError: theirs has something that ours has not; the message names it.
    """
    kinds = {nn.RNN: RNN, nn.LSTM: LSTM, nn.GRU: GRU}
    if type(theirs) not in kinds:
        raise TypeError(f"nn.RNN, nn.LSTM or nn.GRU was expected, not {type(theirs).__name__}")
    plain = {"num_layers": 1, "bidirectional": False, "bias": True, "proj_size": 0, "nonlinearity": "tanh"}
    for name, value in plain.items():
        found = getattr(theirs, name, value)
        if found != value:
            raise ValueError(f"{type(theirs).__name__} has {name} = {found!r}, but {value!r} was expected")
    ours = kinds[type(theirs)](theirs.input_size, theirs.hidden_size).to(theirs.weight_ih_l0)
    b_x, b_h = theirs.bias_ih_l0, theirs.bias_hh_l0
    biases = (b_x, b_h) if isinstance(ours, GRU) else (b_x + b_h,)
    with torch.no_grad():
        for own, parameter in zip(
            ours.parameters(), (theirs.weight_ih_l0, theirs.weight_hh_l0, *biases), strict=True
        ):
            own.copy_(parameter)
    return ours


def to_torch(ours: RNN | LSTM | GRU) -> nn.RNN | nn.LSTM | nn.GRU:
    """PyTorch's module with the weights of ours: the same outputs, batch first.

    Our one bias becomes ``bias_ih``, and ``bias_hh`` is zero. A GRU whose z takes is converted.

    Returns:
        ``nn.RNN``, ``nn.LSTM`` or ``nn.GRU``, in the same precision.

    Raises:
        TypeError: ours is none of the three.
        ValueError: ours is a GRU that resets before the matrix, which PyTorch does not have.
    """
    kinds = {RNN: nn.RNN, LSTM: nn.LSTM, GRU: nn.GRU}
    if type(ours) not in kinds:
        raise TypeError(f"RNN, LSTM or GRU was expected, not {type(ours).__name__}")
    parameters = list(ours.parameters())
    if isinstance(ours, GRU):
        if not ours.reset_after:
            raise ValueError("nn.GRU resets after the matrix; this GRU has reset_after = False and no equal there")
        if not ours.z_keeps:
            parameters = negate_update_gate(*parameters)
    W_x, W_h, b_x, *b_h = parameters
    theirs = kinds[type(ours)](W_x.shape[1], W_h.shape[1], batch_first=True).to(W_x)
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(W_x)
        theirs.weight_hh_l0.copy_(W_h)
        theirs.bias_ih_l0.copy_(b_x)
        theirs.bias_hh_l0.copy_(b_h[0] if b_h else torch.zeros_like(b_x))
    return theirs


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
