"""Scores: how well does a key fit a query?

A score is any function ``score(query, keys)`` of queries (B, T', d_q) and keys (B, T, d_k) → e, (B, T', T).
"""

from collections.abc import Callable
from math import sqrt

import torch
from torch import Tensor, nn

from rnn2attn.shapes import expect

Score = Callable[[Tensor, Tensor], Tensor]


def dot(query: Tensor, keys: Tensor) -> Tensor:
    """e_{t,i} = q_t · k_i (Luong et al., 2015, section 3.1). No parameters.

    Args:
        query: (B, T', d).
        keys: (B, T, d).

    Returns:
        (B, T', T).

    Raises:
        ValueError: a shape does not fit, or query and keys differ in size; the message names it.
    """
    sizes = expect(query=(query, "B T' d_q"), keys=(keys, "B T d_k"))
    if sizes["d_q"] != sizes["d_k"]:
        raise ValueError(
            f"a dot product needs queries and keys of one size, but d_q = {sizes['d_q']} and d_k = {sizes['d_k']}; "
            "General and Concat take two sizes"
        )
    return query @ keys.mT


def scaled_dot(query: Tensor, keys: Tensor) -> Tensor:
    """e_{t,i} = q_t · k_i / √d_k (Vaswani et al., 2017, eq. 1). Takes, returns and raises as `dot` does.

    Where the entries of query and key are independent, of mean 0 and variance 1, q · k has variance d_k, and this 1.
    """
    return dot(query, keys) / sqrt(keys.shape[-1])


class General(nn.Module):
    """e_{t,i} = q_tᵀ W k_i (Luong et al., 2015, section 3.1). With W = I it is `dot`.

    Computed as (Wᵀ q_t) · k_i: nothing need be done to the keys.

    Args:
        d_q: size of a query.
        d_k: size of a key; need not be that of a query.
        scaled: whether the scores are divided by √d_k, as in `scaled_dot`.

    Attributes:
        W: (d_q, d_k). Starts as a layer from keys to queries does in PyTorch, uniform in ±1/√d_k.
    """

    def __init__(self, d_q: int, d_k: int, scaled: bool = False):
        super().__init__()
        self.W = _uniform(d_k, d_q, d_k)
        self.score = scaled_dot if scaled else dot

    def forward(self, query: Tensor, keys: Tensor) -> Tensor:
        """Queries (B, T', d_q) and keys (B, T, d_k) → e, (B, T', T). A shape that does not fit is a ValueError."""
        expect(W=(self.W, "d_q d_k"), query=(query, "B T' d_q"), keys=(keys, "B T d_k"))
        return self.score(query @ self.W, keys)


class Concat(nn.Module):
    """e_{t,i} = vᵀ tanh(W [q_t ; k_i]) (Luong et al., 2015, section 3.1): two layers that end in one number.

    With W = [W_q, W_k] side by side, W [q ; k] = W_q q + W_k k, and that is the score of Bahdanau et al. (2015,
    appendix A.1.2). So a key is projected once and not once a query: that half is `project`, the rest `compare`.

    Args:
        d_q: size of a query.
        d_k: size of a key; need not be that of a query.
        d_a: number of hidden units.
        tanh: without it, e_{t,i} = vᵀ W_q q_t + vᵀ W_k k_i; the first term is the same for all i, so the softmax
            cancels it, and every query gets the same weights.

    Attributes:
        W: (d_a, d_q + d_k), starts uniform in ±1/√(d_q + d_k).
        v: (d_a,), starts uniform in ±1/√d_a.
    """

    def __init__(self, d_q: int, d_k: int, d_a: int, tanh: bool = True):
        super().__init__()
        self.W, self.v = _uniform(d_q + d_k, d_a, d_q + d_k), _uniform(d_a, d_a)
        self.d_q, self.tanh = d_q, tanh

    def forward(self, query: Tensor, keys: Tensor) -> Tensor:
        """Queries (B, T', d_q) and keys (B, T, d_k) → e, (B, T', T). A shape that does not fit is a ValueError."""
        expect(query=(query, "B T' d_q"), keys=(keys, "B T d_k"))
        return self.compare(query, self.project(keys))

    def project(self, keys: Tensor) -> Tensor:
        """Keys (B, T, d_k) → W_k k_i, (B, T, d_a)."""
        W_k = self.W[:, self.d_q :]
        expect(W_k=(W_k, "d_a d_k"), keys=(keys, "B T d_k"))
        return keys @ W_k.T

    def compare(self, query: Tensor, projected: Tensor) -> Tensor:
        """Queries (B, T', d_q) and projected keys (B, T, d_a) → e, (B, T', T)."""
        W_q = self.W[:, : self.d_q]
        expect(W_q=(W_q, "d_a d_q"), query=(query, "B T' d_q"), projected=(projected, "B T d_a"))
        hidden = (query @ W_q.T)[:, :, None] + projected[:, None]
        return (hidden.tanh_() if self.tanh else hidden) @ self.v


SCORES: dict[str, Callable[[int, int], Score]] = {  # name → from the sizes of a query and a key, the score
    "dot": lambda d_q, d_k: dot,
    "scaled dot": lambda d_q, d_k: scaled_dot,
    "general": General,
    "general, scaled": lambda d_q, d_k: General(d_q, d_k, scaled=True),
    "concat": lambda d_q, d_k: Concat(d_q, d_k, d_q),
}


def _uniform(d_in: int, *shape: int) -> nn.Parameter:
    """As the weights of PyTorch's linear layers start: uniform in ±1/√d_in."""
    return nn.Parameter(torch.empty(shape).uniform_(-1 / sqrt(d_in), 1 / sqrt(d_in)))
