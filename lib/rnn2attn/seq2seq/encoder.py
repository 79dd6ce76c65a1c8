"""The encoder: x_1 … x_T into states h_1 … h_T, and a tagger that is no more than an output on each."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from rnn2attn.shapes import expect
from rnn2attn.text import Batch, real

CELLS = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
DIRECTIONS = {"forward": ("forward",), "backward": ("backward",), "both": ("forward", "backward")}
State = Tensor | tuple[Tensor, Tensor]


class Memory(NamedTuple):
    """What the encoder hands to the decoder.

    Attributes:
        states: h_1 … h_T, (B, T, d_m), in the source's order. On padding they mean nothing.
        mask: True where a source token is real, (B, T).
        last: the state after a row's last token, h (B, d_m); of an LSTM (h, c), each (B, d_m). Here d_m is the
            encoder's d_h, or twice that, forward beside backward, when it reads both ways. () where no state is the
            last, as in a Transformer.
    """

    states: Tensor
    mask: Tensor
    last: State


def reverse_rows(x: Tensor, lengths: Tensor) -> Tensor:
    """Each row of x, (B, T, d), from its own end to its beginning; padding stays where it is. Twice is nothing."""
    sizes = expect(x=(x, "B T d"), lengths=(lengths, "B"))
    place = torch.arange(sizes["T"], device=x.device)
    place = torch.where(real(lengths, sizes["T"]), lengths[:, None] - 1 - place, place)
    return x.gather(1, place[..., None].expand_as(x))


class Encoder(nn.Module):
    """Embedding and a recurrent network, ``nn.RNN``, ``nn.LSTM`` or ``nn.GRU``, run over each row's own length.

    Rows are padded on the right and not packed: the states of the real tokens never see what comes after them, the
    last state is taken at length − 1, and the way back begins at each row's own end. Of an LSTM, PyTorch returns no
    c_t but that of the last step, which may be padding. So ours has one more input, 1 on padding, whose fixed weights
    close the input gate (0) and open the forget gate (1): c stays as it is, exactly, and no gradient reaches them.

    Args:
        vocabulary_size: V, number of tokens.
        d_emb: size of a token's embedding.
        d_h: size of the state, for each direction.
        cell: "RNN", "LSTM" or "GRU".
        direction: "forward"; "backward", which is to reverse the source (Sutskever et al., 2014); or "both" (Schuster
            and Paliwal, 1997), states side by side.
        dropout: share of the embeddings' entries that is dropped in training.

    Raises:
        ValueError: there is no such cell or direction.
    """

    def __init__(
        self,
        vocabulary_size: int,
        d_emb: int = 32,
        d_h: int = 64,
        cell: str = "LSTM",
        direction: str = "forward",
        dropout: float = 0.0,
    ):
        super().__init__()
        for name, value, known in (("cell", cell, CELLS), ("direction", direction, DIRECTIONS)):
            if value not in known:
                raise ValueError(f"{name} is {value!r}, but one of {', '.join(map(repr, known))} was expected")
        self.cell, self.d_emb, self.d_h = cell, d_emb, d_h
        self.directions = DIRECTIONS[direction]
        self.d_m = d_h * len(self.directions)
        self.embedding = nn.Embedding(vocabulary_size, d_emb)
        self.dropout = nn.Dropout(dropout)
        self.rnns = nn.ModuleList(self._rnn() for _ in self.directions)

    def _rnn(self) -> nn.Module:
        if self.cell != "LSTM":
            return CELLS[self.cell](self.d_emb, self.d_h, batch_first=True)
        rnn = nn.LSTM(self.d_emb + 1, self.d_h, batch_first=True)
        with torch.no_grad():
            i, f, g, o = rnn.weight_ih_l0[:, -1].chunk(4)
            i.fill_(-1e4), f.fill_(1e4), g.zero_(), o.zero_()
        return rnn

    def forward(self, source: Tensor, lengths: Tensor) -> Memory:
        """Embed the ids and `read` them.

        Args:
            source: ids, (B, T).
            lengths: of the rows, (B,), 1 … T.

        Raises:
            ValueError: a shape does not fit, or a row is empty; the message names it.
            IndexError: an id is not one of 0 … V − 1.
        """
        expect(source=(source, "B T"), lengths=(lengths, "B"))
        return self.read(self.dropout(self.embedding(source)), lengths)

    def read(self, x: Tensor, lengths: Tensor) -> Memory:
        """Run over embedded tokens x, (B, T, d_emb), of rows of the given lengths, (B,). Raises as `forward`."""
        T = expect(x=(x, "B T d_emb"), lengths=(lengths, "B"))["T"]
        if not ((lengths >= 1) & (lengths <= T)).all():
            raise ValueError(f"lengths must lie in 1 … {T}, but {lengths.tolist()} was given: a source has a token")
        states, lasts = [], []
        for direction, rnn in zip(self.directions, self.rnns, strict=True):
            backward = direction == "backward"
            h, last = self._run(rnn, reverse_rows(x, lengths) if backward else x, lengths)
            states.append(reverse_rows(h, lengths) if backward else h)
            lasts.append(last)
        together = (torch.cat(parts, dim=1) for parts in zip(*lasts, strict=True))
        last = tuple(together) if self.cell == "LSTM" else next(together)
        return Memory(torch.cat(states, dim=2), real(lengths, T), last)

    def _run(self, rnn: nn.Module, x: Tensor, lengths: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        if self.cell == "LSTM":
            padding = ~real(lengths, x.shape[1])
            h, (_, c) = rnn(torch.cat([x, padding[..., None].to(x)], dim=2))
            rest = (c[0],)
        else:
            (h, _), rest = rnn(x), ()
        return h, (h[torch.arange(len(h), device=h.device), lengths - 1], *rest)


class Tagger(nn.Module):
    """Aligned many-to-many: one output for each input, W h_i + b on the encoder's states, and no decoder.

    A forward encoder makes it causal: output i has seen x_1 … x_i. One that reads both ways has seen all.

    Args:
        encoder: (source ids, lengths) → `Memory`.
        vocabulary_size: V, number of output tokens.
    """

    def __init__(self, encoder: Encoder, vocabulary_size: int):
        super().__init__()
        self.encoder, self.output = encoder, nn.Linear(encoder.d_m, vocabulary_size)

    def forward(self, batch: Batch) -> Tensor:
        """Logits, (B, T, V), one row a source token. Targets must be as long as their sources."""
        return self.output(self.encoder(batch.source, batch.source_lengths).states)
