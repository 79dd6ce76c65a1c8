"""The layers: attention, a feed-forward network for each position, and a residual connection around both."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from rnn2attn.attention import MultiHeadAttention, causal_mask
from rnn2attn.shapes import expect


class FeedForward(nn.Module):
    """W_2 relu(W_1 x + b_1) + b_2, at each position alike and alone (Vaswani et al., 2017, eq. 2).

    Args:
        d_model: size of x and of what comes out.
        d_ff: number of hidden units.
    """

    def __init__(self, d_model: int, d_ff: int):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)

    def forward(self, x: Tensor) -> Tensor:
        """(…, d_model) → (…, d_model)."""
        return self.W_2(self.W_1(x).relu())


class AddNorm(nn.Module):
    """The residual connection around a sublayer f (He et al., 2016), with layer normalisation (Ba et al., 2016).

    Post-norm is norm(x + f(x)), as in Vaswani et al. (2017, section 3.1). Pre-norm is x + f(norm(x)) (Xiong et al.,
    2020): there x goes from the first layer to the last, and is only ever added to. Both drop out of f's output.

    Args:
        d_model: size of x.
        dropout: share of the entries of f's output that is dropped in training.
        pre_norm: which of the two.
    """

    def __init__(self, d_model: int, dropout: float, pre_norm: bool):
        super().__init__()
        self.pre_norm = pre_norm
        self.norm, self.dropout = nn.LayerNorm(d_model), nn.Dropout(dropout)

    def before(self, x: Tensor) -> Tensor:
        """What f reads. An x that is not (B, T, d_model) is a ValueError."""
        expect(norm=(self.norm.weight, "d_model"), x=(x, "B T d_model"))
        return self.norm(x) if self.pre_norm else x

    def after(self, x: Tensor, y: Tensor) -> Tensor:
        """What x becomes, with y from f."""
        x = x + self.dropout(y)
        return x if self.pre_norm else self.norm(x)


class EncoderLayer(nn.Module):
    """Self-attention, then the feed-forward network (Vaswani et al., 2017, section 3.1).

    Equal to ``nn.TransformerEncoderLayer(…, batch_first=True, norm_first=pre_norm)`` without dropout. With it,
    PyTorch's drops attention weights and hidden units as well; the paper, and this, what the sublayers put out.

    Args:
        d_model: size of what goes in and comes out.
        heads: number of heads; must divide d_model.
        d_ff: number of hidden units of the feed-forward network.
        dropout: share of the entries that is dropped in training.
        pre_norm: see `AddNorm`.

    Raises:
        ValueError: heads does not divide d_model.
    """

    def __init__(self, d_model: int, heads: int, d_ff: int, dropout: float = 0.0, pre_norm: bool = True):
        super().__init__()
        self.attention, self.feed_forward = MultiHeadAttention(d_model, heads), FeedForward(d_model, d_ff)
        self.around_attention, self.around_feed_forward = (AddNorm(d_model, dropout, pre_norm) for _ in range(2))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """x, (B, T, d_model), → (B, T, d_model).

        Args:
            x: one vector for each position.
            mask: bool, True where a position may be looked at, (B, T) or (B or 1, T, T), as in `attend`.

        Raises:
            TypeError: the mask is not bool.
            ValueError: a shape does not fit, or some position may look nowhere; the message names it.
        """
        return self.read(x, mask)[0]

    def read(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """As `forward`, and the weights, (B, heads, T, T)."""
        y, weights = self.attention(self.around_attention.before(x), mask=mask)
        x = self.around_attention.after(x, y)
        y = self.feed_forward(self.around_feed_forward.before(x))
        return self.around_feed_forward.after(x, y), weights


class Cache(NamedTuple):
    """What a decoder layer keeps: projected keys and values, of its own t positions so far and of the source.

    No position looks ahead, so what was computed for it stays as it was when the next one comes.

    Attributes:
        keys: (B, heads, t, d_k).
        values: (B, heads, t, d_k).
        source_keys: (B, heads, T, d_k).
        source_values: (B, heads, T, d_k).
    """

    keys: Tensor
    values: Tensor
    source_keys: Tensor
    source_values: Tensor


Weights = tuple[Tensor, Tensor]  # on a decoder's own positions, and on the source's


class DecoderLayer(nn.Module):
    """Self-attention that does not look ahead, attention to the source, then the feed-forward network.

    Vaswani et al. (2017), section 3.1. Arguments, errors, and what dropout leaves alone are as in `EncoderLayer`.
    Equal to ``nn.TransformerDecoderLayer`` with a causal ``tgt_mask``; here that mask is always on.
    """

    def __init__(self, d_model: int, heads: int, d_ff: int, dropout: float = 0.0, pre_norm: bool = True):
        super().__init__()
        self.attention, self.source_attention = (MultiHeadAttention(d_model, heads) for _ in range(2))
        self.feed_forward = FeedForward(d_model, d_ff)
        self.around_attention, self.around_source_attention, self.around_feed_forward = (
            AddNorm(d_model, dropout, pre_norm) for _ in range(3)
        )

    def begin(self, states: Tensor) -> Cache:
        """The cache before the first position, from the encoder's states, (B, T, d_model)."""
        keys, values = self.source_attention.project(states)
        return Cache(keys[:, :, :0], values[:, :, :0], keys, values)

    def forward(self, x: Tensor, cache: Cache, mask: Tensor | None = None) -> tuple[Tensor, Cache]:
        """Read T' more positions.

        Args:
            x: one vector for each of them, (B, T', d_model).
            cache: from `begin`, or from the call before.
            mask: of the source, bool, True where a state may be looked at, (B, T) or (B or 1, T', T).

        Returns:
            (B, T', d_model), and the cache with these positions in it.

        Raises:
            TypeError: the mask is not bool.
            ValueError: a shape does not fit, or the mask excludes a whole source; the message names it.
        """
        return self.read(x, cache, mask)[:2]

    def read(self, x: Tensor, cache: Cache, mask: Tensor | None = None) -> tuple[Tensor, Cache, Weights]:
        """As `forward`, and the weights: on the t positions so far, (B, heads, T', t), and on the source's T."""
        y = self.around_attention.before(x)
        expect(x=(x, "B T' d_model"), cache=(cache.keys, "B heads t d_k"))
        keys, values = self.attention.project(y)
        keys, values = torch.cat([cache.keys, keys], dim=2), torch.cat([cache.values, values], dim=2)
        y, weights = self.attention.look(y, keys, values, causal_mask(x.shape[1], keys.shape[2], x.device))
        x = self.around_attention.after(x, y)
        y = self.around_source_attention.before(x)
        y, source_weights = self.source_attention.look(y, cache.source_keys, cache.source_values, mask)
        x = self.around_source_attention.after(x, y)
        y = self.feed_forward(self.around_feed_forward.before(x))
        x = self.around_feed_forward.after(x, y)
        return x, cache._replace(keys=keys, values=values), (weights, source_weights)
