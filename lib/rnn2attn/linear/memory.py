"""One step of a memory that is a matrix: what it forgets, and what it writes. Read it with S @ q."""

import torch
from torch import Tensor

from rnn2attn.shapes import expect


def memory_step(S: Tensor, k: Tensor, v: Tensor, keep: Tensor | float = 1.0) -> Tensor:
    """S_t = S_{t−1} diag(a_t) + v_t k_tᵀ: forget some of what was, and add a value under its key.

    With a_t = 1 this is linear attention (Katharopoulos et al., 2020) without its normaliser; with one number for
    all steps the retention of RetNet (Sun et al., 2023); with a number that depends on the input that of Mamba-2 (Dao
    and Gu, 2024), and with a row of them that of GLA, gated linear attention (Yang et al., 2024).

    Args:
        S: (B, d_v, d_k).
        k: key k_t, (B, d_k).
        v: value v_t, (B, d_v).
        keep: a_t, the share of each column that stays: a number, (B, 1) or (B, d_k).

    Returns:
        S_t, (B, d_v, d_k).

    Raises:
        TypeError: an argument is not a tensor.
        ValueError: a shape does not fit; the message names it and the one expected.
    """
    expect(S=(S, "B d_v d_k"), k=(k, "B d_k"), v=(v, "B d_v"))
    return S * _columns(keep, k) + v[:, :, None] * k[:, None, :]


def delta_step(S: Tensor, k: Tensor, v: Tensor, write: Tensor | float, keep: Tensor | float = 1.0) -> Tensor:
    """S_t = S̃ + β_t (v_t − S̃ k_t) k_tᵀ with S̃ = S_{t−1} diag(a_t): write by the difference to what is there.

    This is the delta rule (Widrow and Hoff, 1960) for the fast weights of a network (Schlag et al., 2021), as in
    DeltaNet (Yang et al., 2024); with one number a_t, that of Gated DeltaNet (Yang et al., 2025). With a key of
    length 1 and β_t = 1, S_t k_t = v_t, whatever stood there.

    Args:
        S: (B, d_v, d_k).
        k: key k_t, (B, d_k).
        v: value v_t, (B, d_v).
        write: β_t, a number or (B, 1).
        keep: a_t, as for `memory_step`.

    Returns:
        S_t, (B, d_v, d_k).

    Raises:
        TypeError: an argument is not a tensor.
        ValueError: a shape does not fit; the message names it and the one expected.
    """
    expect(S=(S, "B d_v d_k"), k=(k, "B d_k"), v=(v, "B d_v"))
    S = S * _columns(keep, k)
    if isinstance(write, Tensor):
        expect(k=(k, "B d_k"), write=(write, "B 1"))
    found = torch.einsum("bvk,bk->bv", S, k)
    return S + (write * (v - found))[:, :, None] * k[:, None, :]


def _columns(keep: Tensor | float, k: Tensor) -> Tensor | float:
    """A factor for each column of S."""
    if not isinstance(keep, Tensor):
        return keep
    if keep.shape not in ((len(k), 1), tuple(k.shape)):
        raise ValueError(
            f"keep has shape {tuple(keep.shape)}, but (B, 1) or (B, d_k) = {tuple(k.shape)} was expected"
        )
    return keep[:, None, :]
