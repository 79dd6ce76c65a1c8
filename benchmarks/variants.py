"""What is timed: each model, each way to compute it, training or decoding."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn import LinearCrossEntropyOptions

from loops import CellLoop, LeanLoop, Limit, TutorialContextLoop, TutorialLoop
from rnn2attn.attention import Concat, General, Score, dot
from rnn2attn.decoding import Hypothesis, greedy
from rnn2attn.seq2seq import AttentionDecoder, ContextDecoder, Encoder, Seq2Seq
from rnn2attn.text import EOS, PAD, SOS, Batch, Vocabulary
from rnn2attn.training import set_seed, token_loss


class Sizes(NamedTuple):
    """Rows of a batch, source and target tokens of a row (``<eos>`` counted), and d_emb = d_h."""

    batch: int = 64
    source: int = 30
    target: int = 15
    d: int = 256


class Variant(NamedTuple):
    """One way to compute one model.

    Attributes:
        cell: "LSTM" or "GRU".
        decoder: what it computes, "attention, dot" and so on.
        way: how: "ours", "lean loop", "tutorial shape", "limit", or the name of one thing that was changed.
        make: (encoder, V, score) → the decoder.
        loss: (model, batch) → a scalar.
        fused: whether Adam updates in one kernel.
    """

    cell: str
    decoder: str
    way: str
    make: Callable[[Encoder, int, Score], nn.Module]
    loss: Callable[[Seq2Seq, Batch], Tensor]
    fused: bool = False

    def model(self, vocabulary: Vocabulary, d: int) -> Seq2Seq:
        """The model, from seed 0: ways to compute one model get the same weights."""
        set_seed(0)
        encoder = Encoder(len(vocabulary), d, d, self.cell)
        score = {"dot": dot, "general": General(d, d), "concat": Concat(d, d, d)}[self.decoder.split()[-1]]
        return Seq2Seq(vocabulary, vocabulary, encoder, self.make(encoder, len(vocabulary), score))


class Tied(AttentionDecoder):
    """The output layer is a projection to d_emb and then the embedding's matrix, E P [c_t ; s_t] + b.

    With the tanh that is left out here, the projection is Luong et al.'s (2015) layer h̃_t; the shared matrix is
    Press and Wolf's (2017).
    """

    def __init__(self, encoder: Encoder, vocabulary_size: int, score: Score):
        super().__init__(encoder, vocabulary_size, score)
        d = encoder.d_emb
        project = nn.Linear(encoder.d_m + encoder.d_h, d, bias=False)
        self.output = nn.Sequential(project, nn.Linear(d, vocabulary_size))
        self.output[1].weight = self.embedding.weight


def plain_loss(model: Seq2Seq, batch: Batch) -> Tensor:
    """As `fit` computes it."""
    return token_loss(model(batch), batch.target, batch.target_mask)


def fused_loss(model: Seq2Seq, batch: Batch) -> Tensor:
    """Softmax and −ln p in one function; rows of equal length need no mask."""
    return F.cross_entropy(model(batch).flatten(0, 1), batch.target.flatten())


def chunked_loss(model: Seq2Seq, batch: Batch) -> Tensor:
    """Output layer and loss of some rows after the others: the logits never exist as a whole."""
    output, features = model.decoder.output, _features(model, batch).flatten(0, 1)
    return F.linear_cross_entropy(
        features, output.weight, batch.target.flatten(), linear_bias=output.bias, options=LinearCrossEntropyOptions()
    )


def convolved_loss(model: Seq2Seq, batch: Batch) -> Tensor:
    """The output layer as a convolution of width 1, which PyTorch hands to another library than a linear layer."""
    output = model.decoder.output
    logits = F.conv1d(_features(model, batch).mT, output.weight[:, :, None], output.bias)
    return F.cross_entropy(logits, batch.target)


def _features(model: Seq2Seq, batch: Batch) -> Tensor:
    """What the output layer gets, (B, T', 2 d)."""
    memory = model.encoder(batch.source, batch.source_lengths)
    return model.decoder._read(batch.inputs, model.decoder.begin(memory), memory)[0]


def variants() -> Iterator[Variant]:
    """What both tables hold: two cells, five decoders, and each in every way that applies to it."""
    for cell in ("LSTM", "GRU"):
        for score in ("dot", "general", "concat"):
            ways = {"ours": AttentionDecoder, "lean loop": LeanLoop, "tutorial shape": TutorialLoop}
            for way, make in (ways | ({"limit": Limit} if score == "dot" else {})).items():
                yield Variant(cell, f"attention, {score}", way, make, plain_loss)
        for score in ("dot", "concat"):
            for way, make in {"ours": ContextDecoder, "tutorial shape": TutorialContextLoop}.items():
                yield Variant(cell, f"context, {score}", way, make, plain_loss)


def changes() -> Iterator[Variant]:
    """One thing changed in training the LSTM with `dot`, and two that helped together."""
    change = partial(Variant, "LSTM", "attention, dot")
    yield change("lean loop, LSTMCell", CellLoop, plain_loss)
    yield change("loss in one function", AttentionDecoder, fused_loss)
    yield change("logits in chunks", AttentionDecoder, chunked_loss)
    yield change("Adam in one kernel", AttentionDecoder, plain_loss, fused=True)
    yield change("output layer as a convolution", AttentionDecoder, convolved_loss)
    yield change("convolution, and Adam in one kernel", AttentionDecoder, convolved_loss, fused=True)
    yield change("output tied to the embedding", Tied, plain_loss)


def data(V: int, sizes: Sizes) -> tuple[Batch, Vocabulary]:
    """Random pairs over V tokens, three of them special, all of one length."""
    vocabulary = Vocabulary(map(str, range(V - 3)), (PAD, SOS, EOS))
    generator = torch.Generator().manual_seed(0)
    rows = [
        [vocabulary.decode(row) for row in torch.randint(3, V, (sizes.batch, T), generator=generator)]
        for T in (sizes.source, sizes.target - 1)
    ]
    return Batch.of(list(zip(*rows, strict=True)), vocabulary), vocabulary


def trainer(variant: Variant, V: int, sizes: Sizes) -> Callable[[], float]:
    """A function that makes one update, forward, backward and Adam, and returns the loss before it."""
    batch, vocabulary = data(V, sizes)
    model = variant.model(vocabulary, sizes.d)
    optimiser = torch.optim.Adam(model.parameters(), fused=variant.fused)

    def update() -> float:
        loss = variant.loss(model, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return loss.item()

    return update


def decoder(variant: Variant, V: int, sizes: Sizes) -> Callable[[], list[Hypothesis]]:
    """A function that decodes the batch greedily, to the full length."""
    batch, vocabulary = data(V, sizes)
    return decoding(variant.model(vocabulary, sizes.d), batch, sizes.target)


def decoding(model: Seq2Seq, batch: Batch, T: int) -> Callable[[], list[Hypothesis]]:
    """A function that lets the model say T tokens for each source of the batch, whatever it says."""
    sources = [model.source.decode(row) for row in batch.source]

    @torch.no_grad()
    def decode() -> list[Hypothesis]:
        return greedy(*model.prepare(sources), end=-1, max_length=T)

    return decode
