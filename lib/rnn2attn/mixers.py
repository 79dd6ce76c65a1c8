"""One frame for all networks of the book: a Transformer's layers, in which what mixes the places is exchanged.

Embedding → layers → logits of what follows. A layer adds to each place what its mixer makes of the places so far, and
then what a feed-forward network makes of that place alone. A mixer maps (B, T, d) to (B, T, d) and looks at nothing
ahead. It says what it has to keep of T places, and how many products it forms for the place T besides those with
weights.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnn2attn.attention import MultiHeadAttention, causal_mask, merge_heads, split_heads
from rnn2attn.linear import differences, scan
from rnn2attn.shapes import expect
from rnn2attn.transformer import FeedForward, sinusoidal

SEEN = 4  # places that the short convolution sees: this one, and three before
RULES = ("linear", "gated", "delta")


class Recurrent(nn.Module):
    """An RNN, LSTM or GRU of PyTorch: (B, T, d) → (B, T, d)."""

    def __init__(self, d: int, cell: type[nn.RNNBase]):
        super().__init__()
        self.cell = cell(d, d, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """All states, (B, T, d)."""
        return self.cell(x)[0]

    def kept(self, T: int) -> int:
        """The state, of an LSTM with its cell."""
        return self.cell.hidden_size * (2 if isinstance(self.cell, nn.LSTM) else 1)

    def products(self, T: int) -> int:
        """Those of the gates with state and candidate."""
        return self.cell.hidden_size * {nn.RNN: 0, nn.LSTM: 3, nn.GRU: 3}[type(self.cell)]


class Minimal(nn.Module):
    """h_t = (1 − r z_t) ⊙ h_{t−1} + z_t ⊙ h̃_t, with z_t = σ(W_z x_t + b_z) and h̃_t = W_h x_t + b_h, by a scan.

    With a reach r of 1 it is the minGRU (Feng et al., 2024). With 2 the factor goes from 1 down to −1 (after Sarrof
    et al., 2024, and Grazzi et al., 2025).
    """

    def __init__(self, d: int, reach: float = 1.0):
        super().__init__()
        self.gate, self.candidate, self.reach = nn.Linear(d, d), nn.Linear(d, d), reach

    def forward(self, x: Tensor) -> Tensor:
        """All states, (B, T, d)."""
        z = torch.sigmoid(self.gate(x))
        return scan(1 - self.reach * z, z * self.candidate(x))

    def kept(self, T: int) -> int:
        """The state."""
        return self.gate.out_features

    def products(self, T: int) -> int:
        """Factor and candidate, each by one."""
        return 2 * self.gate.out_features


class Attention(nn.Module):
    """Causal self-attention, of which a key and a value are kept for each place."""

    def __init__(self, d: int, heads: int = 2):
        super().__init__()
        self.d, self.attention = d, MultiHeadAttention(d, heads)

    def forward(self, x: Tensor) -> Tensor:
        """What each place finds among itself and those before it, (B, T, d)."""
        T = x.shape[1]
        return self.attention(x, mask=causal_mask(T, T, x.device))[0]

    def kept(self, T: int) -> int:
        """A key and a value for each place."""
        return 2 * self.d * T

    def products(self, T: int) -> int:
        """A score and a weighted value for each place."""
        return 2 * self.d * T


class Memory(nn.Module):
    """A matrix S a head, of fixed size, which a query reads: o_t = S_t q_t. All places are computed at once.

    "linear" is `memory_step`, with keys of length 1; "gated" multiplies S by a number a_t = σ(w · x_t + b) first.
    "delta" is `delta_step` with β_t = r σ(w · x_t + b). What stands under k_t is multiplied by 1 − β_t, which with a
    reach r of 2 goes down to −1 (Grazzi et al., 2025).

    Args:
        d: size of what goes in and comes out; the heads must divide it.
        rule: "linear", "gated" or "delta".
        reach: r, the largest β_t.
        heads: number of matrices.

    Raises:
        ValueError: there is no such rule.
    """

    def __init__(self, d: int, rule: str, reach: float = 1.0, heads: int = 2):
        super().__init__()
        if rule not in RULES:
            raise ValueError(f"rule is {rule!r}; one of {', '.join(RULES)} was expected")
        self.d, self.heads, self.rule, self.reach = d, heads, rule, reach
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(d, d) for _ in range(4))
        self.norm = nn.LayerNorm(d // heads)
        if rule != "linear":
            self.gate = nn.Linear(d, heads)
            nn.init.constant_(self.gate.bias, 3.0 if rule == "gated" else 0.0)  # what is stored stays, at first

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Queries, keys and values, (B, heads, T, d / heads), and a_t or β_t, (B, heads, T)."""
        q, k, v = (split_heads(W(x), self.heads) for W in (self.W_q, self.W_k, self.W_v))
        gate = None if self.rule == "linear" else self.reach * torch.sigmoid(self.gate(x)).mT
        return q, F.normalize(k, dim=-1), v, gate

    def forward(self, x: Tensor) -> Tensor:
        """W_o of all o_t, each normalised, (B, T, d)."""
        q, k, v, gate = self.project(x)
        scores = (q @ k.mT).tril()
        if self.rule == "gated":
            through = gate.log().cumsum(dim=-1)
            scores = scores * (through[..., :, None] - through[..., None, :]).tril().exp()
        if self.rule == "delta":
            v = differences(k, v, gate)
        return self.W_o(merge_heads(self.norm(scores @ v)))

    def kept(self, T: int) -> int:
        """The matrices."""
        return self.d**2 // self.heads

    def products(self, T: int) -> int:
        """To write and to read, and once more to forget or to compare."""
        return self.kept(T) * {"linear": 2, "gated": 3, "delta": 3}[self.rule]


class Layer(nn.Module):
    """x + mixer(short(norm(x))), then x + feed-forward(norm(x)); short convolves each feature over `SEEN` places."""

    def __init__(self, d: int, mixer: nn.Module):
        super().__init__()
        self.before, self.between = nn.LayerNorm(d), nn.LayerNorm(d)
        self.short, self.mixer = nn.Conv1d(d, d, SEEN, groups=d), mixer
        self.feed_forward = FeedForward(d, 2 * d)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, d) → (B, T, d)."""
        near = F.pad(self.before(x).mT, (SEEN - 1, 0))
        x = x + self.mixer(self.short(near).mT)
        return x + self.feed_forward(self.between(x))


class Mixed(nn.Module):
    """Logits of what is to be said after each token.

    Args:
        vocabulary_size: V.
        d: size of a place.
        mixers: of the layers, from the first to the last; each is called with d.
        positions: whether sinusoids are added to the embeddings, as in chapter 6.
    """

    def __init__(self, vocabulary_size: int, d: int, mixers: Sequence[Callable[[int], nn.Module]], positions=False):
        super().__init__()
        self.embedding, self.positions = nn.Embedding(vocabulary_size, d), positions
        self.layers = nn.Sequential(*(Layer(d, mixer(d)) for mixer in mixers))
        self.norm, self.output = nn.LayerNorm(d), nn.Linear(d, vocabulary_size)

    def forward(self, ids: Tensor) -> Tensor:
        """Ids (B, T) → logits (B, T, V)."""
        T = expect(ids=(ids, "B T"))["T"]
        x = self.embedding(ids)
        if self.positions:
            x = x + sinusoidal(T, x.shape[2], dtype=x.dtype).to(x.device)
        return self.output(self.norm(self.layers(x)))

    def kept(self, T: int) -> int:
        """Numbers that stand for T places when the next one comes: of the mixers, and of the short convolutions."""
        short = (SEEN - 1) * self.output.in_features
        return sum(layer.mixer.kept(T) + short for layer in self.layers)

    def products(self, T: int) -> int:
        """Multiplications for the place T: one for each weight of a matrix, and what the mixers multiply besides."""
        weights = sum(w.numel() for w in self.parameters() if w.dim() > 1) - self.embedding.weight.numel()
        return weights + sum(layer.mixer.products(T) for layer in self.layers)


RNN, LSTM, GRU = (partial(Recurrent, cell=cell) for cell in (nn.RNN, nn.LSTM, nn.GRU))
LINEAR, GATED, DELTA = (partial(Memory, rule=rule) for rule in RULES)
SIGNED_DELTA, SIGNED_MINIMAL = partial(Memory, rule="delta", reach=2.0), partial(Minimal, reach=2.0)
KINDS = {
    "RNN": (RNN, RNN),
    "LSTM": (LSTM, LSTM),
    "GRU": (GRU, GRU),
    "minGRU": (Minimal, Minimal),
    "minGRU, to −1": (SIGNED_MINIMAL, SIGNED_MINIMAL),
    "attention": (Attention,),
    "Transformer": (Attention, Attention),
    "linear": (LINEAR, LINEAR),
    "gated": (GATED, GATED),
    "delta, to 0": (DELTA, DELTA),
    "delta": (SIGNED_DELTA, SIGNED_DELTA),
    "hybrid": (SIGNED_DELTA, Attention),
}


def made(kind: str, vocabulary_size: int, parameters: int, positions: bool = False) -> Mixed:
    """The widest network of a kind whose layers have at most so many parameters.

    Args:
        kind: one of `KINDS`.
        vocabulary_size: V.
        parameters: of the layers; embedding and output come on top.
        positions: as for `Mixed`.

    Raises:
        ValueError: there is no such kind, or none is so small.
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; one of {', '.join(KINDS)} was expected")
    with torch.device("meta"):
        for d in count(2, 2):
            layers = Mixed(1, d, KINDS[kind]).layers
            if sum(w.numel() for w in layers.parameters()) > parameters:
                break
    if d == 2:
        raise ValueError(f"parameters is {parameters}, and the layers of {kind!r} have more even with d = 2")
    return Mixed(vocabulary_size, d - 2, KINDS[kind], positions)
