"""Attention itself, e → α → c, and its masks."""

import torch
from torch import Tensor

from rnn2attn.attention.scores import Score, scaled_dot
from rnn2attn.shapes import expect


def attend(
    query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None, score: Score = scaled_dot
) -> tuple[Tensor, Tensor]:
    """c_t = Σ_i α_{t,i} v_i with α_t = softmax of e_t over i, e_{t,i} = score(q_t, k_i).

    With `scaled_dot` equal to ``F.scaled_dot_product_attention`` (Vaswani et al., 2017, eq. 1), which returns no
    weights.

    Args:
        query: one for each row, (B, d_q), or T' of them, (B, T', d_q), or T' for each head, (B, heads, T', d_q).
        keys: (B, T, d_k), or (B, heads, T, d_k) where the query has heads.
        values: one for each key, (B, T, d_v) or (B, heads, T, d_v).
        mask: bool, True where a key may be used: (B, T) for all queries alike, or (B or 1, T', T). All, if not given.
            Heads have it in common. What it excludes gets weight 0, exactly.
        score: `dot`, `scaled_dot`, a `General` or `Concat`, or any other function (see `attention.scores`).

    Returns:
        Contexts, (B, T', d_v), and weights, (B, T', T); without T' if the query is (B, d_q), and (B, heads, …) if it
        has heads.

    Raises:
        TypeError: the mask is not bool.
        ValueError: a shape does not fit, or for some query there is no key that may be used; the message names it.
    """
    if one := isinstance(query, Tensor) and query.dim() == 2:
        query = query[:, None]
    rows = "B heads" if isinstance(query, Tensor) and query.dim() == 4 else "B"
    sizes = expect(query=(query, f"{rows} T' d_q"), keys=(keys, f"{rows} T d_k"), values=(values, f"{rows} T d_v"))
    if sizes["T"] == 0:
        raise ValueError(f"keys has shape {tuple(keys.shape)}: there is nothing to attend to")
    q, k = query.flatten(0, -3), keys.flatten(0, -3)
    scores = score(q, k)
    expect(query=(q, "B T' d_q"), keys=(k, "B T d_k"), scores=(scores, "B T' T"))
    scores = scores.unflatten(0, query.shape[:-2])
    if mask is not None:
        usable = _for_each_query(mask, sizes)
        scores = scores.masked_fill(~(usable[:, None] if "heads" in sizes else usable), -torch.inf)
    weights = scores.softmax(dim=-1)
    context = weights @ values
    return (context[:, 0], weights[:, 0]) if one else (context, weights)


def causal_mask(T_query: int, T: int | None = None, device: torch.device | str | None = None) -> Tensor:
    """The mask with which no query looks at what comes after it (Vaswani et al., 2017, section 3.2.3).

    The queries are the last T' of the T positions: query t stands at position T − T' + t, and may use the keys up to
    there. With T' = T that is a lower triangle. With T' = 1, the newest token beside all that were read, it is True
    throughout.

    Args:
        T_query: T', number of queries.
        T: number of keys; T' if not given.
        device: where the mask is made.

    Returns:
        Bool, (1, T', T), True where a key may be used.

    Raises:
        ValueError: T' is below 1, or above T.
    """
    T = T_query if T is None else T
    if not 1 <= T_query <= T:
        raise ValueError(f"T_query is {T_query} and T is {T}, but 1 ≤ T_query ≤ T was expected")
    return torch.ones(1, T_query, T, dtype=torch.bool, device=device).tril(T - T_query)


def _for_each_query(mask: Tensor, sizes: dict[str, int]) -> Tensor:
    """The mask as (B or 1, T' or 1, T), after every row of it was seen to have a key."""
    B, T_query, T = sizes["B"], sizes["T'"], sizes["T"]
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        found = getattr(mask, "dtype", type(mask).__name__)
        raise TypeError(f"mask must be a bool tensor, True where a key may be used, not {found}")
    if mask.shape not in ((B, T), (B, T_query, T), (1, T_query, T)):
        raise ValueError(
            f"mask has shape {tuple(mask.shape)}, but (B, T) = {(B, T)}, or (B or 1, T', T) with T' = {T_query}, "
            "was expected"
        )
    usable = mask.any(dim=-1)
    if not usable.all():
        row = ", ".join(map(str, (~usable).nonzero()[0].tolist()))
        raise ValueError(f"row {row} of mask has no key that may be used; every query needs one")
    return mask[:, None] if mask.dim() == 2 else mask
