"""A decoder-only Transformer: the language model of attention alone, with a cache for writing."""

from math import sqrt
from typing import NamedTuple

import torch
from torch import Tensor, nn

from rnn2attn.attention import attend, causal_mask, merge_heads, split_heads
from rnn2attn.attention.multihead import MultiHeadAttention
from rnn2attn.shapes import expect
from rnn2attn.transformer import AddNorm, FeedForward, sinusoidal
from rnn2attn.transformer.rotary import turn

POSITIONS = ("sinusoidal", "rotary", None)


class Kept(NamedTuple):
    """What is kept of the t letters read so far: their keys and values in every layer.

    Attributes:
        keys: (layers, B, heads, t, d_k); with rotary positions they are turned already.
        values: (layers, B, heads, t, d_k).
    """

    keys: Tensor
    values: Tensor


class CausalLayer(nn.Module):
    """A decoder layer without attention to a source: self-attention that does not look ahead, then the network.

    Vaswani et al. (2017), section 3.1, in pre-norm. Its parts and its output are those of an `EncoderLayer` under a
    causal mask.

    Args:
        d_model: size of what goes in and comes out.
        heads: number of heads; must divide d_model.
        rotary: whether queries and keys are turned, see `turn`.

    Raises:
        ValueError: heads does not divide d_model, or the size of a head is odd and positions are rotary.
    """

    def __init__(self, d_model: int, heads: int, rotary: bool = False):
        super().__init__()
        self.attention, self.feed_forward = MultiHeadAttention(d_model, heads), FeedForward(d_model, 4 * d_model)
        self.around_attention, self.around_feed_forward = (AddNorm(d_model, 0.0, pre_norm=True) for _ in range(2))
        self.rotary = rotary
        if rotary and d_model // heads % 2:
            raise ValueError(
                f"a head has {d_model // heads} features, but an even number was expected: with rotary positions "
                "they turn in pairs"
            )

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, start: int = 0) -> tuple[Tensor, Kept, Tensor]:
        """Read T' more letters, the first of which stands at place ``start``.

        Args:
            x: one vector for each of them, (B, T', d_model).
            keys: of the t letters before, (B, heads, t, d_k).
            values: of the same.
            start: place of the first of the new letters; only rotary positions ask for it.

        Returns:
            (B, T', d_model); keys and values with those of the new letters; the weights, (B, heads, T', t + T').

        Raises:
            ValueError: a shape does not fit; the message names it.
        """
        expect(x=(x, "B T' d_model"), keys=(keys, "B heads t d_k"), values=(values, "B heads t d_k"))
        y = self.around_attention.before(x)
        query = split_heads(self.attention.W_q(y), self.attention.heads)
        new, new_values = self.attention.project(y)
        if self.rotary:
            query, new = turn(query, start), turn(new, start)
        keys, values = torch.cat([keys, new], dim=2), torch.cat([values, new_values], dim=2)
        found, weights = attend(query, keys, values, causal_mask(x.shape[1], keys.shape[2], x.device))
        x = self.around_attention.after(x, self.attention.W_o(merge_heads(found)))
        y = self.feed_forward(self.around_feed_forward.before(x))
        return self.around_feed_forward.after(x, y), Kept(keys, values), weights


class TransformerLanguageModel(nn.Module):
    """p(x_{t+1} | x_1 … x_t) = softmax(W h_t + b), with h_t of a decoder-only Transformer (Radford et al., 2018).

    Embeddings √d_model E[x_t], and sinusoids where positions are sinusoidal; layers that look back; a last norm. It
    takes ids and a state and gives logits and a state, as a `RecurrentLanguageModel` does, so `bits`, `write` and
    `fit_stream` take it as well. Its state grows with each letter: train it with ``carry=False``.

    Args:
        vocabulary_size: V.
        d_model: size of h_t.
        heads: number of heads; must divide d_model.
        layers: number of layers.
        positions: "sinusoidal", added to the embeddings (Vaswani et al., 2017, section 3.5); "rotary", by which every
            head turns its queries and keys (Su et al., 2021); or None.

    Raises:
        ValueError: there is no such kind of positions, layers is below 1, heads does not divide d_model, or what
            comes in pairs, d_model with sinusoidal and d_model / heads with rotary positions, is odd.
    """

    def __init__(
        self,
        vocabulary_size: int,
        d_model: int = 64,
        heads: int = 4,
        layers: int = 2,
        positions: str | None = "sinusoidal",
    ):
        super().__init__()
        if positions not in POSITIONS:
            raise ValueError(f"positions is {positions!r}; one of {', '.join(map(repr, POSITIONS))} was expected")
        if layers < 1:
            raise ValueError(f"layers is {layers}, but 1 or more was expected")
        if positions == "sinusoidal":
            sinusoidal(0, d_model)
        self.positions = positions
        self.embedding = nn.Embedding(vocabulary_size, d_model)
        nn.init.normal_(self.embedding.weight, std=1 / sqrt(d_model))
        self.layers = nn.ModuleList(CausalLayer(d_model, heads, positions == "rotary") for _ in range(layers))
        self.norm = nn.LayerNorm(d_model)
        self.output = nn.Linear(d_model, vocabulary_size)

    def forward(self, ids: Tensor, state: Kept | None = None, start: int = 0) -> tuple[Tensor, Kept]:
        """Read some letters.

        Args:
            ids: (B, T), at least one letter.
            state: of the letters before, as it was returned; none if not given.
            start: place of the first letter of all, which is in the state where there is one.

        Returns:
            Logits of what follows each letter, (B, T, V), and the state with these letters in it.

        Raises:
            ValueError: a shape does not fit, or start is negative; the message names it.
        """
        logits, state, _ = self._read(ids, state, start)
        return logits, state

    def weights(self, ids: Tensor, start: int = 0) -> list[Tensor]:
        """The weights of each layer where letters (B, T) are read from none, each (B, heads, T, T)."""
        return self._read(ids, None, start)[2]

    def _read(self, ids: Tensor, state: Kept | None, start: int) -> tuple[Tensor, Kept, list[Tensor]]:
        B = expect(ids=(ids, "B T"))["B"]
        if start < 0:
            raise ValueError(f"start is {start}, but a place cannot be negative")
        if state is None:
            heads, d_model = self.layers[0].attention.heads, self.embedding.embedding_dim
            nothing = self.output.weight.new_zeros(len(self.layers), B, heads, 0, d_model // heads)
            state = Kept(nothing, nothing)
        place = start + state.keys.shape[3]
        x = sqrt(self.embedding.embedding_dim) * self.embedding(ids)
        if self.positions == "sinusoidal":
            x = x + sinusoidal(x.shape[1], x.shape[2], place, x.dtype).to(x.device)
        kept, found = [], []
        for layer, keys, values in zip(self.layers, *state, strict=True):
            x, (keys, values), weights = layer(x, keys, values, place)
            kept.append((keys, values))
            found.append(weights)
        keys, values = (torch.stack(part) for part in zip(*kept, strict=True))
        return self.output(self.norm(x)), Kept(keys, values), found
