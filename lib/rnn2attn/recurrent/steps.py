"""One step of the RNN, the LSTM and the GRU, as their equations stand. σ is the logistic function, ⊙ entry by entry.

The two gated steps come in two halves: the gates, computed from input and state, and the mix, which makes the new
state of them. A gate can so be held by hand, or computed from something else.
"""

import torch
from torch import Tensor

from rnn2attn.shapes import expect


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


def lstm_gates(x: Tensor, h: Tensor, W_x: Tensor, W_h: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gates and candidate of the LSTM, from input and state.

    i_t = σ(W_xi x_t + W_hi h_{t−1} + b_i), f_t and o_t in the same way with their own blocks, and the candidate
    g_t = tanh(W_xg x_t + W_hg h_{t−1} + b_g). Hochreiter and Schmidhuber (1997), with the forget gate of Gers et al.
    (2000).

    Args:
        x: input x_t, (B, d_x).
        h: state h_{t−1}, (B, d_h).
        W_x: blocks i, f, g, o, (4 d_h, d_x).
        W_h: the same blocks, (4 d_h, d_h).
        b: the same blocks, (4 d_h,). PyTorch's ``bias_ih`` and ``bias_hh`` are one sum here.

    Returns:
        i, f, g, o, each (B, d_h).

    Raises:
        TypeError: an argument is not a tensor.
        ValueError: a shape does not fit; the message names it and the one expected.
    """
    expect(x=(x, "B d_x"), h=(h, "B d_h"), W_x=(W_x, "4d_h d_x"), W_h=(W_h, "4d_h d_h"), b=(b, "4d_h"))
    i, f, g, o = (x @ W_x.T + h @ W_h.T + b).chunk(4, dim=1)
    return torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)


def lstm_mix(c: Tensor, i: Tensor, f: Tensor, g: Tensor, o: Tensor) -> tuple[Tensor, Tensor]:
    """The LSTM's new state, given its gates: c_t = f_t ⊙ c_{t−1} + i_t ⊙ g_t, h_t = o_t ⊙ tanh(c_t).

    Takes c_{t−1} and the gates, each (B, d_h); returns (h_t, c_t).

    Raises:
        TypeError: an argument is not a tensor.
        ValueError: the shapes differ; the message names the first that does.
    """
    expect(c=(c, "B d_h"), i=(i, "B d_h"), f=(f, "B d_h"), g=(g, "B d_h"), o=(o, "B d_h"))
    c = f * c + i * g
    return o * torch.tanh(c), c


def lstm_step(x: Tensor, state: tuple[Tensor, Tensor], W_x: Tensor, W_h: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """One step of the LSTM: `lstm_gates`, then `lstm_mix`. Equal to ``nn.LSTMCell`` with ``b = bias_ih + bias_hh``.

    Args:
        x: input x_t, (B, d_x).
        state: (h_{t−1}, c_{t−1}), each (B, d_h).
        W_x: blocks i, f, g, o, (4 d_h, d_x).
        W_h: the same blocks, (4 d_h, d_h).
        b: the same blocks, (4 d_h,).

    Returns:
        The new state (h_t, c_t), each (B, d_h); h between −1 and 1, c without bounds.

    Raises:
        TypeError: state is not a pair, or an argument is not a tensor.
        ValueError: a shape does not fit; the message names it and the one expected.
    """
    if not isinstance(state, tuple | list) or len(state) != 2:
        raise TypeError(f"state must be the pair (h, c), not {type(state).__name__}")
    h, c = state
    expect(h=(h, "B d_h"), c=(c, "B d_h"))
    return lstm_mix(c, *lstm_gates(x, h, W_x, W_h, b))


def gru_gates(
    x: Tensor, h: Tensor, W_x: Tensor, W_h: Tensor, b_x: Tensor, b_h: Tensor, reset_after: bool = True
) -> tuple[Tensor, Tensor, Tensor]:
    """Reset gate, update gate and candidate of the GRU, from input and state.

    r_t = σ(W_xr x_t + b_xr + W_hr h_{t−1} + b_hr), z_t in the same way with its own blocks. The candidate, with the
    reset gate after the matrix, as PyTorch has it: n_t = tanh(W_xn x_t + b_xn + r_t ⊙ (W_hn h_{t−1} + b_hn)); before
    it, as in Cho et al. (2014): n_t = tanh(W_xn x_t + b_xn + W_hn (r_t ⊙ h_{t−1}) + b_hn).

    Args:
        x: input x_t, (B, d_x).
        h: state h_{t−1}, (B, d_h).
        W_x: blocks r, z, n, (3 d_h, d_x).
        W_h: the same blocks, (3 d_h, d_h).
        b_x: the same blocks, (3 d_h,).
        b_h: the same blocks, (3 d_h,). A bias of its own, because r multiplies b_hn and not b_xn.
        reset_after: whether r acts after the matrix W_hn, or before it.

    Returns:
        r, z, n, each (B, d_h).

    Raises:
        TypeError: an argument is not a tensor.
        ValueError: a shape does not fit; the message names it and the one expected.
    """
    expect(x=(x, "B d_x"), h=(h, "B d_h"), W_x=(W_x, "3d_h d_x"), W_h=(W_h, "3d_h d_h"))
    expect(h=(h, "B d_h"), b_x=(b_x, "3d_h"), b_h=(b_h, "3d_h"))
    W_hr, W_hz, W_hn = W_h.chunk(3)
    b_hr, b_hz, b_hn = b_h.chunk(3)
    from_x = (x @ W_x.T + b_x).chunk(3, dim=1)
    r = torch.sigmoid(from_x[0] + h @ W_hr.T + b_hr)
    z = torch.sigmoid(from_x[1] + h @ W_hz.T + b_hz)
    from_h = r * (h @ W_hn.T + b_hn) if reset_after else (r * h) @ W_hn.T + b_hn
    return r, z, torch.tanh(from_x[2] + from_h)


def gru_mix(h: Tensor, z: Tensor, n: Tensor, z_keeps: bool = True) -> Tensor:
    """The GRU's new state, given z and the candidate: h_t = z_t ⊙ h_{t−1} + (1 − z_t) ⊙ n_t.

    That is the update of Cho et al. (2014) and of PyTorch, where z keeps. In Chung et al. (2014) it takes:
    h_t = (1 − z_t) ⊙ h_{t−1} + z_t ⊙ n_t.

    Args:
        h: state h_{t−1}, (B, d_h).
        z: update gate, (B, d_h).
        n: candidate, (B, d_h).
        z_keeps: which of the two conventions.

    Returns:
        The new state h_t, (B, d_h), between the old one and the candidate.

    Raises:
        TypeError: an argument is not a tensor.
        ValueError: the shapes differ; the message names the first that does.
    """
    expect(h=(h, "B d_h"), z=(z, "B d_h"), n=(n, "B d_h"))
    return z * h + (1 - z) * n if z_keeps else (1 - z) * h + z * n


def gru_step(
    x: Tensor,
    h: Tensor,
    W_x: Tensor,
    W_h: Tensor,
    b_x: Tensor,
    b_h: Tensor,
    reset_after: bool = True,
    z_keeps: bool = True,
) -> Tensor:
    """One step of the GRU: `gru_gates`, then `gru_mix`. As it stands, equal to ``nn.GRUCell``.

    Args:
        x: input x_t, (B, d_x).
        h: state h_{t−1}, (B, d_h).
        W_x: blocks r, z, n, (3 d_h, d_x).
        W_h: the same blocks, (3 d_h, d_h).
        b_x: the same blocks, (3 d_h,).
        b_h: the same blocks, (3 d_h,).
        reset_after: True as in PyTorch, False as in Cho et al. (2014) and Chung et al. (2014).
        z_keeps: True as in PyTorch and Cho et al. (2014), False as in Chung et al. (2014).

    Returns:
        The new state h_t, (B, d_h).

    Raises:
        TypeError: an argument is not a tensor.
        ValueError: a shape does not fit; the message names it and the one expected.
    """
    _, z, n = gru_gates(x, h, W_x, W_h, b_x, b_h, reset_after)
    return gru_mix(h, z, n, z_keeps)


def negate_update_gate(W_x: Tensor, W_h: Tensor, b_x: Tensor, b_h: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The GRU's parameters for the other convention of z: the same outputs, exactly.

    1 − σ(a) = σ(−a), so everything that makes the a of z changes its sign: its rows in both matrices and both biases.
    Done twice it changes nothing. Takes the parameters of `gru_step`; returns new ones of the same shapes.

    Raises:
        ValueError: a shape does not fit; the message names it and the one expected.
    """
    expect(W_h=(W_h, "3d_h d_h"), W_x=(W_x, "3d_h d_x"), b_x=(b_x, "3d_h"), b_h=(b_h, "3d_h"))
    blocks = [parameter.chunk(3) for parameter in (W_x, W_h, b_x, b_h)]
    return tuple(torch.cat([r, -z, n]) for r, z, n in blocks)
