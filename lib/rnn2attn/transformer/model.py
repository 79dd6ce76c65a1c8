"""The stacks: an encoder and a decoder for `Seq2Seq`."""

from torch import Tensor, nn

from rnn2attn.seq2seq import Memory, Seq2Seq
from rnn2attn.shapes import expect
from rnn2attn.text import Vocabulary, real
from rnn2attn.transformer.embedding import InputEmbedding
from rnn2attn.transformer.layers import Cache, DecoderLayer, EncoderLayer, Weights

State = tuple[Cache, ...]


class TransformerEncoder(nn.Module):
    """`InputEmbedding`, then layers of self-attention over a row's real tokens; pre-norm ends in one more norm.

    Args:
        vocabulary_size: V, number of tokens.
        d_model: size of a state, in every layer.
        heads: number of heads; must divide d_model.
        layers: number of layers.
        d_ff: number of hidden units of a feed-forward network; 4 d_model, as in the paper, if not given.
        dropout: share of the entries that is dropped in training: of x_t, and of what the sublayers put out.
        pre_norm: see `AddNorm`. The paper's Transformer is post-norm.
        positions: "sinusoidal", "learned" or None, see `InputEmbedding`.
        max_length: number of learned positions.

    Attributes:
        embedding: the `InputEmbedding`.
        layers: the `EncoderLayer`s.
        norm: the last norm; nothing is done in its place in post-norm.
        sizes: the arguments but the first, by name.

    Raises:
        ValueError: heads does not divide d_model, layers is below 1, there is no such kind of positions, or d_model
            is odd and they are sinusoidal.
    """

    def __init__(
        self,
        vocabulary_size: int,
        d_model: int = 64,
        heads: int = 4,
        layers: int = 2,
        d_ff: int | None = None,
        dropout: float = 0.0,
        pre_norm: bool = True,
        positions: str | None = "sinusoidal",
        max_length: int = 128,
    ):
        super().__init__()
        if layers < 1:
            raise ValueError(f"layers is {layers}, but 1 or more was expected")
        d_ff = 4 * d_model if d_ff is None else d_ff
        self.sizes = {"d_model": d_model, "heads": heads, "layers": layers, "d_ff": d_ff, "dropout": dropout}
        self.sizes |= {"pre_norm": pre_norm, "positions": positions, "max_length": max_length}
        self.embedding = InputEmbedding(vocabulary_size, d_model, positions, max_length, dropout)
        self.layers = nn.ModuleList(EncoderLayer(d_model, heads, d_ff, dropout, pre_norm) for _ in range(layers))
        self.norm = nn.LayerNorm(d_model) if pre_norm else nn.Identity()

    def forward(self, source: Tensor, lengths: Tensor) -> Memory:
        """Read the source.

        Args:
            source: ids, (B, T).
            lengths: of the rows, (B,), 1 … T.

        Returns:
            The states, (B, T, d_model), and their mask. No state is the last: ``last`` is empty.

        Raises:
            ValueError: a shape does not fit, a row is empty, or longer than there are learned positions.
            IndexError: an id is not one of 0 … V − 1.
        """
        return self._read(source, lengths)[0]

    def weights(self, source: Tensor, lengths: Tensor) -> list[Tensor]:
        """The attention weights of each layer, (B, heads, T, T), for the same. Rows of padding mean nothing."""
        return self._read(source, lengths)[1]

    def _read(self, source: Tensor, lengths: Tensor) -> tuple[Memory, list[Tensor]]:
        T = expect(source=(source, "B T"), lengths=(lengths, "B"))["T"]
        if not ((lengths >= 1) & (lengths <= T)).all():
            raise ValueError(f"lengths must lie in 1 … {T}, but {lengths.tolist()} was given: a source has a token")
        x, mask, found = self.embedding(source), real(lengths, T), []
        for layer in self.layers:
            x, weights = layer.read(x, mask)
            found.append(weights)
        return Memory(self.norm(x), mask, ()), found


class TransformerDecoder(nn.Module):
    """`InputEmbedding`, layers that look back and at the source, and W s_t + b; pre-norm has a norm in front of it.

    A state is one `Cache` a layer. Under teacher forcing the whole target is one call, in which the causal mask keeps
    each position from what comes after it; said one token at a time, each call adds a position to the caches. The
    paper's output layer is the embedding's matrix; here it has one of its own.

    Args:
        encoder: from which all sizes and options are taken. No parameters are shared with it.
        vocabulary_size: V, number of target tokens.
    """

    def __init__(self, encoder: TransformerEncoder, vocabulary_size: int):
        super().__init__()
        of = encoder.sizes
        self.embedding = InputEmbedding(
            vocabulary_size, of["d_model"], of["positions"], of["max_length"], of["dropout"]
        )
        self.layers = nn.ModuleList(
            DecoderLayer(of["d_model"], of["heads"], of["d_ff"], of["dropout"], of["pre_norm"])
            for _ in range(of["layers"])
        )
        self.norm = nn.LayerNorm(of["d_model"]) if of["pre_norm"] else nn.Identity()
        self.output = nn.Linear(of["d_model"], vocabulary_size)

    def begin(self, memory: Memory) -> State:
        """The caches before the first token: of the target nothing, of the source its projected keys and values."""
        return tuple(layer.begin(memory.states) for layer in self.layers)

    def forward(self, inputs: Tensor, state: State, memory: Memory) -> tuple[Tensor, State]:
        """Read inputs y_0 … y_{T'−1}.

        Args:
            inputs: ids, (B, T'); one step is T' = 1.
            state: before the first of them, as from `begin` or from the step before.
            memory: from the encoder, the one that `begin` was given.

        Returns:
            Logits for y_1 … y_{T'}, (B, T', V), and the state after the last.

        Raises:
            ValueError: a shape does not fit, or there are not so many learned positions; the message names it.
            IndexError: an id is not one of 0 … V − 1.
        """
        s, state, _ = self._read(inputs, state, memory)
        return self.output(s), state

    def align(self, inputs: Tensor, state: State, memory: Memory) -> Tensor:
        """The last layer's weights on the source, averaged over its heads, (B, T', T). Raises as `forward`.

        Each row is a distribution. It is one of many: `weights` has those of every layer and head.
        """
        return self.weights(inputs, state, memory)[-1][1].mean(dim=1)

    def weights(self, inputs: Tensor, state: State, memory: Memory) -> list[Weights]:
        """Of each layer the weights on the t tokens read so far, (B, heads, T', t), and on the source's T."""
        return self._read(inputs, state, memory)[2]

    def _read(self, inputs: Tensor, state: State, memory: Memory) -> tuple[Tensor, State, list[Weights]]:
        """What the output layer gets, (B, T', d_model), the state after the last, and the weights."""
        expect(inputs=(inputs, "B T'"), states=(memory.states, "B T d_model"))
        x = self.embedding(inputs, start=state[0].keys.shape[2])
        caches, found = [], []
        for layer, cache in zip(self.layers, state, strict=True):
            x, cache, weights = layer.read(x, cache, memory.mask)
            caches.append(cache)
            found.append(weights)
        return self.norm(x), tuple(caches), found


def transformer(source: Vocabulary, target: Vocabulary, **sizes) -> Seq2Seq:
    """A Transformer for sources and targets of these vocabularies, with the sizes of a `TransformerEncoder`."""
    encoder = TransformerEncoder(len(source), **sizes)
    return Seq2Seq(source, target, encoder, TransformerDecoder(encoder, len(target)))
