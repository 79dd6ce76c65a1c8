"""The model: a convolutional encoder, whose grid of features is flattened, in front of the decoders of `seq2seq`."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from rnn2attn.seq2seq import Memory, Seq2Seq, Translation
from rnn2attn.seq2seq.encoder import CELLS, State
from rnn2attn.shapes import expect
from rnn2attn.text import Batch, Vocabulary

# Of each convolution (kernel, stride). The stride of all is 4, so a cell of the grid is a square of 4 × 4 pixels.
OVERLAPPING = ((3, 2), (3, 2), (3, 1))  # sees 15 × 15 pixels
PATCHES = ((4, 4), (1, 1), (1, 1))  # sees its own 4 × 4


class Pictures(Batch):
    """A `Batch` whose sources are pictures, (B, 1, H, W). They have no lengths."""

    def __post_init__(self):
        expect(source=(self.source, "B C H W"), target=(self.target, "B T'"), inputs=(self.inputs, "B T'"))

    @classmethod
    def of(cls, samples: Sequence[Sequence], vocabulary: Vocabulary) -> "Pictures":
        """Samples (picture, caption) as one batch; what else a sample may hold is not looked at.

        Args:
            samples: pictures (1, H, W), all of one size, with their captions' tokens.
            vocabulary: of the captions, with ``<sos>`` and ``<eos>``, as `Vocabulary.of` gives it.

        Raises:
            ValueError: there are no samples, pictures differ in size, or a token is not known.
        """
        captions = Batch.of([("", sample[1]) for sample in samples], vocabulary)
        pictures = _stack([sample[0] for sample in samples])
        return cls(pictures, captions.target, None, captions.target_lengths, captions.inputs)

    def rows(self, chosen: Tensor | slice) -> "Pictures":
        """The batch of some rows, its captions cut to the longest of them."""
        lengths = self.target_lengths[chosen]
        T = int(lengths.max())
        return Pictures(self.source[chosen], self.target[chosen, :T], None, lengths, self.inputs[chosen, :T])


def _stack(pictures: Sequence[Tensor]) -> Tensor:
    """Pictures (1, H, W) as one tensor, (B, 1, H, W)."""
    if not len(pictures):
        raise ValueError("there are no pictures, and at least one was expected")
    for row, picture in enumerate(pictures):
        if not isinstance(picture, Tensor) or picture.dim() != 3 or picture.shape != pictures[0].shape:
            found = tuple(picture.shape) if isinstance(picture, Tensor) else type(picture).__name__
            raise ValueError(f"picture {row} is {found}, but a tensor (1, H, W) of the first one's size was expected")
    return torch.stack(list(pictures))


class CNN(nn.Module):
    """Three convolutions, each with batch norm (Ioffe and Szegedy, 2015) and ReLU, into a grid of features z_{i,j}.

    The grid is flattened row by row, and its H' W' cells are to the decoder what the states h_1 … h_T were. To say
    which cell is where, each gets the learned vectors of its row and its column, z_{i,j} + r_i + c_j.

    Args:
        size: side of a picture, in pixels.
        d: number of features of a cell.
        d_emb: size of a token's embedding, for the decoder.
        d_h: size of the decoder's state; d if not given.
        cell: the decoder's, "RNN", "LSTM" or "GRU".
        layers: for each convolution its kernel and its stride, such as `OVERLAPPING` and `PATCHES`.
        batch_norm: whether each convolution is normalised over the batch.
        positions: whether the vectors of row and column are added.

    Attributes:
        grid: (H', W'), the number of rows and columns of cells.

    Raises:
        ValueError: there is no such cell, or the strides do not divide the size.
    """

    def __init__(
        self,
        size: int = 32,
        d: int = 64,
        d_emb: int = 32,
        d_h: int | None = None,
        cell: str = "GRU",
        layers: Sequence[tuple[int, int]] = OVERLAPPING,
        batch_norm: bool = True,
        positions: bool = True,
    ):
        super().__init__()
        if cell not in CELLS:
            raise ValueError(f"cell is {cell!r}, but one of {', '.join(map(repr, CELLS))} was expected")
        self.size, self.d_m, self.d_h, self.d_emb, self.cell = size, d, d_h or d, d_emb, cell
        side = size
        for _, stride in layers:
            if side % stride:
                raise ValueError(f"size is {size}, but the strides of {layers} must divide it")
            side //= stride
        self.grid = (side, side)
        widths = [1, *(d // 2 if i == 0 else d for i in range(len(layers)))]
        blocks = []
        for (d_in, d_out), (kernel, stride) in zip(pairwise(widths), layers, strict=True):
            blocks.append(nn.Conv2d(d_in, d_out, kernel, stride, padding=(kernel - stride + 1) // 2))
            blocks += [nn.BatchNorm2d(d_out)] if batch_norm else []
            blocks.append(nn.ReLU())
        self.convolutions = nn.Sequential(*blocks)
        self.rows = nn.Parameter(torch.randn(side, 1, d)) if positions else None
        self.columns = nn.Parameter(torch.randn(1, side, d)) if positions else None

    def forward(self, pictures: Tensor) -> Memory:
        """Pictures, (B, 1, H, W), → what the decoder attends to. Raises as `features`."""
        return self.remember(self.features(pictures))

    def features(self, pictures: Tensor) -> Tensor:
        """The grid of features, flattened, without positions: (B, H' W', d).

        Raises:
            ValueError: the pictures have another shape than (B, 1, size, size).
        """
        if pictures.dim() != 4 or pictures.shape[1:] != (1, self.size, self.size):
            raise ValueError(
                f"pictures has shape {tuple(pictures.shape)}, but (B, 1, {self.size}, {self.size}) was expected"
            )
        return self.convolutions(pictures).flatten(2).mT

    def remember(self, z: Tensor) -> Memory:
        """Features z, (B, H' W', d), with their positions. The decoder starts from their mean (Xu et al., 2015)."""
        states = z if self.rows is None else z + (self.rows + self.columns).flatten(0, 1)
        mean = states.mean(dim=1)
        last: State = (mean, mean) if self.cell == "LSTM" else mean
        return Memory(states, torch.ones(states.shape[:2], dtype=torch.bool, device=states.device), last)


class Shuffled(nn.Module):
    """A `CNN` whose cells change places before their positions are added. Its parameters are the CNN's own.

    Args:
        encoder: the CNN.
        order: cell k is what was cell order[k], a permutation of 0 … H' W' − 1.

    Raises:
        ValueError: order is no such permutation.
    """

    def __init__(self, encoder: CNN, order: Tensor):
        super().__init__()
        cells = encoder.grid[0] * encoder.grid[1]
        if sorted(order.tolist()) != list(range(cells)):
            raise ValueError(f"order must be a permutation of 0 … {cells - 1}, one number a cell")
        self.encoder, self.order, self.grid = encoder, order, encoder.grid

    def forward(self, pictures: Tensor) -> Memory:
        """Pictures, (B, 1, H, W), → what the decoder attends to. Raises as `CNN.features`."""
        return self.encoder.remember(self.encoder.features(pictures)[:, self.order])


def uniform(query: Tensor, keys: Tensor) -> Tensor:
    """e_{t,i} = 0: every key gets the same weight, and the context is the values' mean. Shapes as `dot` has them."""
    sizes = expect(query=(query, "B T' d_q"), keys=(keys, "B T d_k"))
    return query.new_zeros(sizes["B"], sizes["T'"], sizes["T"])


class Captioner(Seq2Seq):
    """A `Seq2Seq` that reads pictures: `fit`, `evaluate`, `translate` and `align` as there.

    Args:
        vocabulary: of the captions.
        encoder: a `CNN`, or one that is `Shuffled`.
        decoder: of `seq2seq`, such as ``AttentionDecoder(encoder, len(vocabulary), score)``.

    Raises:
        ValueError: the vocabulary has no ``<sos>`` or no ``<eos>``.
    """

    def __init__(self, vocabulary: Vocabulary, encoder: nn.Module, decoder: nn.Module):
        super().__init__(vocabulary, vocabulary, encoder, decoder)

    def _read(self, batch: Pictures) -> tuple[State, Memory]:
        memory = self.encoder(batch.source)
        return self.decoder.begin(memory), memory

    def _encode(self, sources: Sequence[Tensor]) -> Memory:
        return self.encoder(_stack(sources).to(self.device))

    def translate(self, sources: Sequence[Tensor], max_length: int = 50, **decoding: float) -> list[Translation]:
        """Caption pictures (1, H, W), as `Seq2Seq.translate` does; an alignment is a map a word, (T', H', W')."""
        said = super().translate(sources, max_length, **decoding)
        maps = [None if rows is None else rows.unflatten(1, self.encoder.grid) for _, rows in said]
        return [Translation(tokens, found) for (tokens, _), found in zip(said, maps, strict=True)]
