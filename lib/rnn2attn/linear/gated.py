"""A matrix memory that forgets and writes by the difference, all steps at once: how such layers are trained."""

import torch
from torch import Tensor

from rnn2attn.shapes import expect


def shares(keep: Tensor) -> Tensor:
    """Γ_{t,i} = γ_{i+1} ⋯ γ_t for i ≤ t, else 0: what is left at step t of what was written at step i.

    With one γ for all steps it is γ^{t−i} (Sun et al., 2023).

    Args:
        keep: γ_1 … γ_T, (B, T), each between 0 and 1. Instead of 0 the smallest number is taken that has a logarithm.

    Returns:
        (B, T, T), ones on the diagonal.

    Raises:
        TypeError: it is not a tensor.
        ValueError: a shape does not fit.
    """
    expect(keep=(keep, "B T"))
    total = keep.clamp_min(torch.finfo(keep.dtype).tiny).log().cumsum(dim=1)
    later = total[:, :, None] - total[:, None, :]
    return later.clamp_max(0).exp().tril()


def differences(k: Tensor, v: Tensor, write: Tensor, left: Tensor | None = None) -> Tensor:
    """What the delta rule writes under each key, u_t = β_t (v_t − Σ_{i < t} Γ_{t,i} (k_i · k_t) u_i), without a loop.

    It is the solution of (I + A) U = diag(β) V, where A_{t,i} = β_t Γ_{t,i} (k_t · k_i) for i < t, in DeltaNet
    without Γ (Yang et al., 2024), in Gated DeltaNet with it (Yang et al., 2025). Solved line by line it would be the
    loop; a triangle is solved in blocks.

    Args:
        k: keys, (…, T, d_k); what … stands for, such as rows and heads, is alike in all arguments.
        v: values, (…, T, d_v).
        write: β_1 … β_T, (…, T).
        left: Γ, (…, T, T), as from `shares`; all of it is left if not given.

    Returns:
        u_1 … u_T, (…, T, d_v), so that S_t = Σ_{i ≤ t} Γ_{t,i} u_i k_iᵀ.

    Raises:
        TypeError: an argument is not a tensor.
        ValueError: a shape does not fit.
    """
    rows = " ".join(f"B_{n}" for n in range(Tensor.dim(k) - 2))
    given = {} if left is None else {"left": (left, f"{rows} T T")}
    expect(k=(k, f"{rows} T d_k"), v=(v, f"{rows} T d_v"), write=(write, f"{rows} T"), **given)
    write = write[..., None]
    A = ((write if left is None else write * left) * (k @ k.mT)).tril(-1)
    return torch.linalg.solve_triangular(A, write * v, upper=False, unitriangular=True)


def written(k: Tensor, v: Tensor, keep: Tensor, write: Tensor | None = None) -> Tensor:
    """The state after the last step, S_T, of `memory_step` or, with write, of `delta_step`, without a loop.

    Args:
        k: keys, (B, T, d_k), T ≥ 1.
        v: values, (B, T, d_v).
        keep: γ_1 … γ_T, (B, T); ones forget nothing.
        write: β_1 … β_T, (B, T), for the delta rule; without it values are added.

    Returns:
        (B, d_v, d_k).

    Raises:
        TypeError: an argument is not a tensor.
        ValueError: a shape does not fit.
    """
    u, left = _written(k, v, keep, write)
    return (u * left[:, -1, :, None]).mT @ k


def at_once(q: Tensor, k: Tensor, v: Tensor, keep: Tensor, write: Tensor | None = None) -> Tensor:
    """o_t = S_t q_t for all t at once, Σ_{i ≤ t} Γ_{t,i} (q_t · k_i) u_i, where u = v without the delta rule.

    Takes and raises as `written` does.

    Args:
        q: queries, (B, T, d_k).
        k: as for `written`.
        v: as for `written`.
        keep: as for `written`.
        write: as for `written`.

    Returns:
        o_1 … o_T, (B, T, d_v).
    """
    expect(q=(q, "B T d_k"), k=(k, "B T d_k"))
    u, left = _written(k, v, keep, write)
    return (q @ k.mT * left) @ u


def _written(k: Tensor, v: Tensor, keep: Tensor, write: Tensor | None) -> tuple[Tensor, Tensor]:
    """What each step writes under its key, (B, T, d_v), and how much of it is left at each later one, (B, T, T)."""
    sizes = expect(k=(k, "B T d_k"), v=(v, "B T d_v"), keep=(keep, "B T"))
    if sizes["T"] == 0:
        raise ValueError(f"k has shape {tuple(k.shape)}: there is no step")
    left = shares(keep)
    return (v if write is None else differences(k, v, write, left)), left
