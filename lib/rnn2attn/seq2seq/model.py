"""Encoder and decoder together: teacher forcing, free running, translation."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from rnn2attn.decoding import Step, beam, greedy, repeat
from rnn2attn.seq2seq.encoder import Memory, State
from rnn2attn.text import EOS, SOS, Batch, Vocabulary, padded


class Translation(NamedTuple):
    """What a model said: its T' tokens, without <eos>, and their alignment, (T', T), if its decoder attends.

    Both are for people, so the alignment is on the CPU, wherever the model is.
    """

    tokens: list[str]
    alignment: Tensor | None = None


class Seq2Seq(nn.Module):
    """Encoder and decoder as one model of p(target | source) = Π_t p(y_t | y_1 … y_{t−1}, source).

    Args:
        source: the sources' vocabulary.
        target: the targets', with ``<sos>`` and ``<eos>``.
        encoder: (source ids, lengths) → `Memory`.
        decoder: has ``begin(memory)`` → state, and (inputs, state, memory) → (logits, state). One that attends has
            ``align`` as well, from the same → weights.

    Raises:
        ValueError: the target vocabulary has no ``<sos>`` or no ``<eos>``.
    """

    def __init__(self, source: Vocabulary, target: Vocabulary, encoder: nn.Module, decoder: nn.Module):
        super().__init__()
        for token in (SOS, EOS):
            if target.id(token) is None:
                raise ValueError(f"the target vocabulary has no {token}; Vocabulary.of gives it one")
        self.source, self.target = source, target
        self.encoder, self.decoder = encoder, decoder

    @property
    def device(self) -> torch.device:
        """Where its parameters are, and where it computes."""
        return next(self.parameters()).device

    def forward(self, batch: Batch, forcing: float = 1.0) -> Tensor:
        """Logits of each target token, (B, T', V).

        Teacher forcing (Williams and Zipser, 1989), forcing = 1, reads ``batch.inputs``, whatever was said: one call
        over the whole target. Free running, 0, reads what the model itself found likeliest one step before; no
        gradient goes through that choice. In between, each token is gold with this probability, by a coin of its own
        (Bengio et al., 2015).

        Raises:
            ValueError: the batch has no decoder inputs, or forcing is not a probability.
        """
        if not 0 <= forcing <= 1:
            raise ValueError(f"forcing is {forcing}, but a probability, 0 … 1, was expected")
        state, memory = self._read(batch)
        if forcing == 1:
            return self.decoder(batch.inputs, state, memory)[0]
        gold = torch.rand(batch.inputs.shape, device=batch.inputs.device) < forcing
        logits, tokens = [], batch.inputs[:, 0]
        for t in range(batch.inputs.shape[1]):
            if t > 0:
                tokens = torch.where(gold[:, t], batch.inputs[:, t], logits[-1][:, 0].argmax(dim=1))
            z, state = self.decoder(tokens[:, None], state, memory)
            logits.append(z)
        return torch.cat(logits, dim=1)

    def align(self, batch: Batch) -> Tensor:
        """The attention weights under teacher forcing, (B, T', T): row t of a pair is where the model looks for y_t.

        Weights at padded source tokens are 0; rows of padded target tokens mean nothing.

        Raises:
            TypeError: the decoder does not attend.
            ValueError: the batch has no decoder inputs.
        """
        if not hasattr(self.decoder, "align"):
            raise TypeError(f"{type(self.decoder).__name__} does not attend, so there is no alignment")
        return self.decoder.align(batch.inputs, *self._read(batch))

    def _read(self, batch: Batch) -> tuple[State, Memory]:
        if batch.inputs is None:
            raise ValueError(f"the batch has no decoder inputs: its target vocabulary had no {SOS}")
        memory = self.encoder(batch.source, batch.source_lengths)
        return self.decoder.begin(memory), memory

    def prepare(self, sources: Sequence[Sequence[str]], k: int = 1) -> tuple[Step, State, Tensor]:
        """What `greedy` and `beam` need: the step function, the first state, and ``<sos>`` for each source, (B,).

        Args:
            sources: token sequences, none of them empty.
            k: for how many hypotheses a source the step is made.

        Raises:
            ValueError: there are no sources, one is empty, or a token is not known.
        """
        return self._prepare(self._encode(sources), k)

    def _encode(self, sources: Sequence[Sequence[str]]) -> Memory:
        if isinstance(sources, str) or not len(sources):
            raise ValueError(f"sources must be a list of token sequences, at least one, not {sources!r:.40}")
        return self.encoder(*(x.to(self.device) for x in padded(sources, self.source)))

    def _prepare(self, memory: Memory, k: int) -> tuple[Step, State, Tensor]:
        B = len(memory.states)
        for_all = repeat(memory, B, k) if k > 1 else memory

        def step(tokens: Tensor, state: State) -> tuple[Tensor, State]:
            logits, state = self.decoder(tokens[:, None], state, for_all)
            return logits[:, 0], state

        return step, self.decoder.begin(memory), torch.full((B,), self.target.id(SOS), device=self.device)

    @torch.no_grad()
    def translate(
        self, sources: Sequence[Sequence[str]], max_length: int = 50, k: int = 1, length_power: float = 0.0
    ) -> list[Translation]:
        """Translate free-running, greedily or, with k > 1, by `beam`. Raises as `prepare` and `beam` do.

        The alignment comes from reading what was said once more; its rows are the weights with which it was said.
        """
        training = self.training
        self.eval()
        try:
            memory = self._encode(sources)
            step, state, start = self._prepare(memory, k)
            end = self.target.id(EOS)
            if k == 1:
                best = greedy(step, state, start, end, max_length)
            else:
                best = [row[0] for row in beam(step, state, start, end, max_length, k, length_power)]
            alignments = self._alignments(memory, [hypothesis.ids for hypothesis in best])
        finally:
            self.train(training)
        return [
            Translation(self.target.decode(hypothesis.ids), alignment)
            for hypothesis, alignment in zip(best, alignments, strict=True)
        ]

    def _alignments(self, memory: Memory, said: list[list[int]]) -> list[Tensor | None]:
        """For each row the weights with which its words were said, (T', T), if the decoder attends."""
        if not hasattr(self.decoder, "align"):
            return [None] * len(said)
        inputs = pad_sequence([torch.tensor([self.target.id(SOS), *ids]) for ids in said], batch_first=True)
        weights = self.decoder.align(inputs.to(self.device), self.decoder.begin(memory), memory).cpu()
        lengths = memory.mask.sum(dim=1).tolist()
        return [row[: len(ids), :T] for row, ids, T in zip(weights, said, lengths, strict=True)]
