"""Gradients through time: whose step they come from, and what the Jacobians do to them.

States come with the one before the first input: ``hs`` is (B, T+1, d_h) with h_0 in front, so ``hs[:, t]`` is the
h_t of the equations. A ``step`` is any function ``step(x_t, h, *parameters)`` → next h, with x_t (B, d_x) and h
(B, d_h), such as `rnn_step`; a cell with two states puts them side by side in one h.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from rnn2attn.shapes import expect


def step_gradients(
    step: Callable[..., Tensor], x: Tensor, h: Tensor, parameters: Sequence[Tensor], loss: Callable[[Tensor], Tensor]
) -> list[Tensor]:
    """What each step adds to the gradient of shared parameters: ∂L/∂W = Σ_t ∂⁺L/∂W_t (Pascanu et al., 2013, eq. 4).

    Every step gets its own copy W_t of W; ∂⁺L/∂W_t is the gradient of that copy, by autograd.

    Args:
        step: ``step(x_t, h, *parameters)`` → next h.
        x: inputs x_1 … x_T, (B, T, d_x).
        h: the state before the first input, (B, d_h).
        parameters: the tensors that the steps share.
        loss: h_1 … h_T, (B, T, d_h), → a scalar.

    Returns:
        For each parameter its T contributions, (T, then the parameter's own shape). Summed over T: its gradient.

    Raises:
        ValueError: the shape of x or h does not fit; the message names it and the one expected.
    """
    expect(x=(x, "B T d_x"), h=(h, "B d_h"))
    copies = [[p.detach().clone().requires_grad_() for p in parameters] for _ in range(x.shape[1])]
    states = []
    for x_t, own in zip(x.unbind(1), copies, strict=True):
        h = step(x_t, h, *own)
        states.append(h)
    flat = [p for own in copies for p in own]
    each = torch.autograd.grad(loss(torch.stack(states, 1)), flat, materialize_grads=True)
    return [torch.stack(each[i :: len(parameters)]) for i in range(len(parameters))]


def shares(contributions: Tensor) -> Tensor:
    """Share of each step in the sum g = Σ_t g_t: ⟨g_t, g⟩ / ‖g‖², how far g_t goes along g.

    The shares sum to 1 because the g_t sum to g; a negative share pulls against the sum. (Norms, ‖g_t‖ / Σ_s ‖g_s‖,
    sum to 1 whatever g is: two steps that cancel would count like two that add.) |share| ≤ ‖g_t‖ / ‖g‖.

    Args:
        contributions: g_1 … g_T, (T, …), as from `step_gradients`.

    Returns:
        (T,), float64, without unit.

    Raises:
        ValueError: contributions has no time axis, or sums to zero and so has no direction.
    """
    if contributions.dim() == 0:
        raise ValueError("contributions has shape (), but (T, …) was expected")
    rows = contributions.detach().double().reshape(len(contributions), -1)
    total = rows.sum(0)
    if not total.any():
        raise ValueError(f"contributions, of shape {tuple(contributions.shape)}, sums to zero: it has no direction")
    along = rows @ (total / total.abs().max())
    return along / along.sum()


def _expect_states(hs: Tensor, W_hh: Tensor, **others: tuple[Tensor, str]) -> int:
    """Number of steps T, after the shapes were checked; h_0 stands in front of hs."""
    sizes = expect(W_hh=(W_hh, "d_h d_h"), **others, hs=(hs, "B T+1 d_h"))
    steps = sizes.get("T", sizes["T+1"] - 1)
    if sizes["T+1"] != steps + 1:
        raise ValueError(f"hs has shape {tuple(hs.shape)}, but (B, T+1, d_h) was expected, with T = {steps}")
    return steps


def rnn_backward(x: Tensor, hs: Tensor, W_xh: Tensor, W_hh: Tensor, dh: Tensor) -> dict[str, Tensor]:
    """Back-propagation through time for `rnn_step`, by hand (Werbos, 1990).

    From t = T down to 1, with δ_{T+1} = 0: δ_t = (1 − h_t²) ⊙ (∂⁺L/∂h_t + W_hhᵀ δ_{t+1}). Then
    ∂L/∂W_hh = Σ_t δ_t h_{t−1}ᵀ, ∂L/∂W_xh = Σ_t δ_t x_tᵀ, ∂L/∂b = Σ_t δ_t, ∂L/∂x_t = W_xhᵀ δ_t.

    Args:
        x: inputs x_1 … x_T, (B, T, d_x).
        hs: states h_0 … h_T, (B, T+1, d_h).
        W_xh: (d_h, d_x).
        W_hh: (d_h, d_h).
        dh: ∂⁺L/∂h_1 … ∂⁺L/∂h_T, the loss's own look at each state, not what comes through later ones, (B, T, d_h).

    Returns:
        The gradients of W_xh, W_hh, b and x, under these names and of their shapes.

    Raises:
        ValueError: a shape does not fit; the message names it and the one expected.
    """
    steps = _expect_states(hs, W_hh, W_xh=(W_xh, "d_h d_x"), x=(x, "B T d_x"), dh=(dh, "B T d_h"))
    deltas = []
    later = torch.zeros_like(hs[:, 0])
    for t in range(steps, 0, -1):
        delta = (1 - hs[:, t] ** 2) * (dh[:, t - 1] + later)
        later = delta @ W_hh
        deltas.insert(0, delta)
    delta = torch.stack(deltas, 1)
    return {
        "W_xh": torch.einsum("bti,btj->ij", delta, x),
        "W_hh": torch.einsum("bti,btj->ij", delta, hs[:, :-1]),
        "b": delta.sum((0, 1)),
        "x": delta @ W_xh,
    }


def rnn_jacobians(hs: Tensor, W_hh: Tensor) -> Tensor:
    """J_s = ∂h_s/∂h_{s−1} = diag(1 − h_s²) W_hh of `rnn_step`, for every step s.

    Args:
        hs: states h_0 … h_T, (B, T+1, d_h).
        W_hh: (d_h, d_h).

    Returns:
        J_1 … J_T, (B, T, d_h, d_h).

    Raises:
        ValueError: a shape does not fit; the message names it and the one expected.
    """
    _expect_states(hs, W_hh)
    return (1 - hs[:, 1:] ** 2).unsqueeze(-1) * W_hh


def step_jacobians(step: Callable[[Tensor, Tensor], Tensor], x: Tensor, h: Tensor) -> Tensor:
    """J_s = ∂h_s/∂h_{s−1} of any ``step(x_t, h)`` → next h, by autograd: J_1 … J_T, (B, T, d_h, d_h).

    Takes x (B, T, d_x) and the first state h (B, d_h).

    Raises:
        ValueError: the shape of x or h does not fit; the message names it and the one expected.
    """
    expect(x=(x, "B T d_x"), h=(h, "B d_h"))

    def row(x_t: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        new = step(x_t[None], h[None])[0]
        return new, new

    factors = []
    for x_t in x.detach().unbind(1):
        factor, h = torch.func.vmap(torch.func.jacrev(row, argnums=1, has_aux=True))(x_t, h.detach())
        factors.append(factor.detach())
    return torch.stack(factors, 1)


def jacobian(factors: Tensor, t: int) -> Tensor:
    """∂h_T/∂h_t = J_T J_{T−1} … J_{t+1}, newest left; t = T gives I (Bengio et al., 1994; Pascanu et al., 2013).

    Takes factors J_1 … J_T, (B, T, d_h, d_h), and t from 0 to T; returns (B, d_h, d_h).

    Raises:
        ValueError: the shape of factors does not fit, or t lies outside 0 … T.
    """
    sizes = expect(factors=(factors, "B T d_h d_h"))
    if not 0 <= t <= sizes["T"]:
        raise ValueError(f"t is {t}, but 0 ≤ t ≤ {sizes['T']} was expected: factors has shape {tuple(factors.shape)}")
    product = torch.eye(sizes["d_h"]).to(factors).repeat(sizes["B"], 1, 1)
    for factor in factors[:, t:].unbind(1):
        product = factor @ product
    return product


def jacobian_norms(factors: Tensor) -> Tensor:
    """Spectral norm ‖∂h_T/∂h_{T−k}‖₂ for every distance k: the most that a small change at T−k has grown to at T.

    Takes factors J_1 … J_T, (B, T, d_h, d_h); returns (B, T+1), float64, for k = 0 … T, the first of them 1.

    Raises:
        ValueError: the shape of factors does not fit; the message names it and the one expected.
    """
    sizes = expect(factors=(factors, "B T d_h d_h"))
    products = [torch.eye(sizes["d_h"]).to(factors).double().repeat(sizes["B"], 1, 1)]
    for factor in factors.detach().double().flip(1).unbind(1):
        products.append(products[-1] @ factor)
    return torch.linalg.matrix_norm(torch.stack(products, 1), ord=2)


def radius(W: Tensor) -> float:
    """Spectral radius of W (d, d), its largest |eigenvalue|: the long-run rate of W^k. ValueError: not square."""
    expect(W=(W, "d d"))
    return torch.linalg.eigvals(W.detach().double()).abs().max().item()


def sigma_max(W: Tensor) -> float:
    """Largest singular value of W (m, n): the most one product W v lengthens a v. ValueError: W is not a matrix."""
    expect(W=(W, "m n"))
    return torch.linalg.matrix_norm(W.detach().double(), ord=2).item()


def with_radius(W: Tensor, value: float) -> Tensor:
    """W (d, d) times the factor that makes its spectral radius ``value``. ValueError: not square, or radius 0."""
    return W * _factor(W, radius(W), value, "spectral radius")


def with_sigma_max(W: Tensor, value: float) -> Tensor:
    """W (m, n) times the factor that makes its largest singular value ``value``. ValueError: no matrix, or zero."""
    return W * _factor(W, sigma_max(W), value, "largest singular value")


def _factor(W: Tensor, present: float, value: float, name: str) -> float:
    if present == 0 or value < 0:
        raise ValueError(f"W, of shape {tuple(W.shape)}, has {name} {present:g}: no factor makes it {value:g}")
    return value / present


def jacobian_bound(W_hh: Tensor, steps: int, gamma: float = 1.0) -> Tensor:
    """‖∂h_T/∂h_{T−k}‖₂ ≤ (γ σ_max)^k for k = 0 … steps, (steps+1,), float64 (Pascanu et al., 2013, eq. 6).

    γ bounds |φ'|: 1 for tanh, and without any φ; ¼ for the sigmoid. σ_max < 1/γ is enough for gradients to vanish;
    σ_max > 1/γ is necessary for them to explode, not enough. Takes W_hh (d_h, d_h).

    Raises:
        ValueError: W_hh is not square.
    """
    expect(W_hh=(W_hh, "d_h d_h"))
    return (gamma * sigma_max(W_hh)) ** torch.arange(steps + 1, dtype=torch.float64)


def longest_chain(output: Tensor) -> int:
    """How many operations behind a tensor had to wait for one another: the longest path through autograd's graph.

    An operation of PyTorch counts as one, whatever its size, and so does a view. What needs no gradient is not seen.

    Raises:
        ValueError: the tensor was not computed from one that needs a gradient.
    """
    if output.grad_fn is None:
        raise ValueError(f"the tensor, of shape {tuple(output.shape)}, has no graph: nothing in it needs a gradient")
    length, waiting = {}, [output.grad_fn]
    while waiting:
        before = [node for node, _ in waiting[-1].next_functions if node is not None and node.next_functions]
        unknown = [node for node in before if node not in length]
        if unknown:
            waiting += unknown
        else:
            length[waiting.pop()] = 1 + max((length[node] for node in before), default=0)
    return length[output.grad_fn]
