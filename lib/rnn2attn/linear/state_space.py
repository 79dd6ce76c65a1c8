"""The linear system of chapter 1, x_t = A x_{t−1} + B u_t and y_t = C x_t, as a recurrence and as a convolution."""

import torch
from torch import Tensor

from rnn2attn.shapes import expect


def run(A: Tensor, B: Tensor, C: Tensor, u: Tensor) -> Tensor:
    """y_1 … y_T, step by step, from x_0 = 0.

    Args:
        A: (N, N).
        B: (N, d_u).
        C: (d_y, N).
        u: inputs, (T, d_u).

    Returns:
        (T, d_y).

    Raises:
        TypeError: an argument is not a tensor.
        ValueError: a shape does not fit.
    """
    _check(A, B, C, u)
    x, outputs = A.new_zeros(len(A)), []
    for u_t in u:
        x = A @ x + B @ u_t
        outputs.append(C @ x)
    return torch.stack(outputs)


def kernel(A: Tensor, B: Tensor, C: Tensor, T: int) -> Tensor:
    """K_k = C A^k B for k = 0 … T − 1, (T, d_y, d_u): what is left of an input after k steps (Gu et al., 2022)."""
    x, found = B, []
    for _ in range(T):
        found.append(C @ x)
        x = A @ x
    return torch.stack(found)


def as_convolution(A: Tensor, B: Tensor, C: Tensor, u: Tensor) -> Tensor:
    """y_t = Σ_k K_k u_{t−k}, all t at once, by the fast Fourier transform (Gu et al., 2022).

    Takes, returns and raises as `run` does.
    """
    _check(A, B, C, u)
    T = len(u)
    waves = torch.fft.rfft(kernel(A, B, C, T), n=2 * T, dim=0), torch.fft.rfft(u, n=2 * T, dim=0)
    return torch.fft.irfft(torch.einsum("fyu,fu->fy", *waves), n=2 * T, dim=0)[:T]


def discretised(A: Tensor, B: Tensor, step: float) -> tuple[Tensor, Tensor]:
    """Ā and B̄ of dx/dt = A x + B u for an input that is held for a step Δ.

    Ā = exp(Δ A), B̄ = ∫_0^Δ exp(s A) ds B, both from one exponential of a larger matrix (Van Loan, 1978), so that A
    need not have an inverse.

    Args:
        A: (N, N).
        B: (N, d_u).
        step: Δ, above 0.

    Raises:
        TypeError: an argument is not a tensor.
        ValueError: a shape does not fit, or Δ is not above 0.
    """
    sizes = expect(A=(A, "N N"), B=(B, "N d_u"))
    if not step > 0:
        raise ValueError(f"step is {step}, where one above 0 was expected")
    N, whole = sizes["N"], sizes["N"] + sizes["d_u"]
    block = A.new_zeros(whole, whole)
    block[:N, :N], block[:N, N:] = A, B
    exponential = torch.linalg.matrix_exp(step * block)
    return exponential[:N, :N], exponential[:N, N:]


def _check(A: Tensor, B: Tensor, C: Tensor, u: Tensor) -> None:
    if expect(A=(A, "N N"), B=(B, "N d_u"), C=(C, "d_y N"), u=(u, "T d_u"))["T"] == 0:
        raise ValueError(f"u has shape {tuple(u.shape)}: there is no input")
