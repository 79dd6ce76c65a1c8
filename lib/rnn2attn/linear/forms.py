"""Linear attention in three forms that are equal: step by step, all at once, and in chunks."""

import torch
from torch import Tensor

from rnn2attn.linear.memory import memory_step
from rnn2attn.shapes import expect


def recurrent(q: Tensor, k: Tensor, v: Tensor, decay: float = 1.0) -> Tensor:
    """S_t = γ S_{t−1} + v_t k_tᵀ and o_t = S_t q_t, one step after the other: a state of fixed size, and T rounds.

    Args:
        q: queries, (B, T, d_k).
        k: keys, (B, T, d_k).
        v: values, (B, T, d_v).
        decay: γ, 0 < γ ≤ 1.

    Returns:
        Outputs o_1 … o_T, (B, T, d_v).

    Raises:
        TypeError: an argument is not a tensor.
        ValueError: a shape does not fit, or γ is none.
    """
    sizes = _sizes(q, k, v, decay)
    S = q.new_zeros(sizes["B"], sizes["d_v"], sizes["d_k"])
    outputs = []
    for t in range(sizes["T"]):
        S = memory_step(S, k[:, t], v[:, t], decay)
        outputs.append(torch.einsum("bvk,bk->bv", S, q[:, t]))
    return torch.stack(outputs, dim=1)


def parallel(q: Tensor, k: Tensor, v: Tensor, decay: float = 1.0) -> Tensor:
    """o_t = Σ_{i ≤ t} γ^{t−i} (q_t · k_i) v_i, all t at once: attention without softmax, T² scores, one round.

    Takes, returns and raises as `recurrent` does (with γ, Sun et al., 2023).
    """
    T = _sizes(q, k, v, decay)["T"]
    return (q @ k.mT * _powers(T, decay, q)) @ v


def chunked(q: Tensor, k: Tensor, v: Tensor, decay: float = 1.0, chunk: int = 16) -> Tensor:
    """The same by chunks: at once within a chunk, and from chunk to chunk the state (Sun et al., 2023).

    Takes, returns and raises as `recurrent` does.

    Args:
        q: as for `recurrent`.
        k: as for `recurrent`.
        v: as for `recurrent`.
        decay: as for `recurrent`.
        chunk: C, steps of each; the last one may be shorter.

    Raises:
        ValueError: also where C is below 1.
    """
    sizes = _sizes(q, k, v, decay)
    if chunk < 1:
        raise ValueError(f"chunk is {chunk}, where 1 or more steps were expected")
    S = q.new_zeros(sizes["B"], sizes["d_v"], sizes["d_k"])
    outputs = []
    for q_c, k_c, v_c in zip(*(x.split(chunk, dim=1) for x in (q, k, v)), strict=True):
        C = q_c.shape[1]
        since = decay ** torch.arange(1, C + 1, dtype=q.dtype, device=q.device)[:, None]  # γ, γ², … γ^C
        outputs.append(parallel(q_c, k_c, v_c, decay) + since * (q_c @ S.mT))
        left = decay ** torch.arange(C - 1, -1, -1, dtype=q.dtype, device=q.device)[:, None]
        S = decay**C * S + (left * v_c).mT @ k_c
    return torch.cat(outputs, dim=1)


def _powers(T: int, decay: float, like: Tensor) -> Tensor:
    """γ^{t−i} where i ≤ t, else 0, (T, T)."""
    places = torch.arange(T, dtype=like.dtype, device=like.device)
    return (decay ** (places[:, None] - places).clamp(min=0)).tril()


def _sizes(q: Tensor, k: Tensor, v: Tensor, decay: float) -> dict[str, int]:
    sizes = expect(q=(q, "B T d_k"), k=(k, "B T d_k"), v=(v, "B T d_v"))
    if sizes["T"] == 0:
        raise ValueError(f"q has shape {tuple(q.shape)}: there is no step")
    if not 0 < decay <= 1:
        raise ValueError(f"decay is {decay}, where 0 < decay ≤ 1 was expected")
    return sizes
