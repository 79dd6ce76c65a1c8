"""The same decoders written as loops over the target, and the limit: a decoder that does not attend.

A loop has the parameters of the decoder that it is made from and computes the same logits. What differs is how much
is done in one call. The same goes for a Transformer's decoder without its cache.
"""

import torch
from torch import Tensor, nn

from rnn2attn.attention import Concat, attend
from rnn2attn.seq2seq import AttentionDecoder, ContextDecoder, Decoder, Memory
from rnn2attn.seq2seq.attending import Attending, run
from rnn2attn.seq2seq.encoder import State
from rnn2attn.transformer import TransformerDecoder


class LeanLoop(AttentionDecoder):
    """One target token at a time, and nothing in the loop that can stand outside it.

    Embedding and output layer are one call each, keys are projected once, and nothing is checked.
    """

    def _read(self, inputs: Tensor, state: Attending, memory: Memory) -> tuple[Tensor, Tensor, Attending]:
        recurrent, keys = state
        score = self.score.compare if isinstance(self.score, Concat) else self.score
        padding = ~memory.mask[:, None]
        features, weights = [], []
        for y in self.embedding(inputs).split(1, dim=1):
            s, recurrent = self._step(y, recurrent)
            alpha = score(s, keys).masked_fill(padding, -torch.inf).softmax(dim=-1)
            features.append(torch.cat([alpha @ memory.states, s], dim=2))
            weights.append(alpha)
        return torch.cat(features, dim=1), torch.cat(weights, dim=1), (recurrent, keys)

    def _step(self, y: Tensor, recurrent: State) -> tuple[Tensor, State]:
        """s_t, (B, 1, d_s), and the state, from y, (B, 1, d_emb), by a call of the whole network on one step."""
        return run(self.rnn, y, recurrent)


class CellLoop(LeanLoop):
    """The lean loop with the function behind ``nn.LSTMCell`` in place of ``nn.LSTM``."""

    def _step(self, y: Tensor, recurrent: State) -> tuple[Tensor, State]:
        h, c = torch.lstm_cell(y[:, 0], recurrent, *self.rnn.all_weights[0])
        return h[:, None], (h, c)


class _AllInside:
    """The keys stay h_1 … h_T, so that a score which projects them does it anew at each step."""

    def begin(self, memory: Memory) -> Attending:
        return Decoder.begin(self, memory), memory.states


class TutorialLoop(_AllInside, AttentionDecoder):
    """Embedding, attention, concatenation and output layer of one target token after another."""

    def forward(self, inputs: Tensor, state: Attending, memory: Memory) -> tuple[Tensor, Attending]:
        """Takes and returns what `AttentionDecoder` does."""
        recurrent, keys = state
        logits = []
        for y in inputs.split(1, dim=1):
            s, recurrent = run(self.rnn, self.embedding(y), recurrent)
            context, _ = attend(s, keys, memory.states, memory.mask, self.score)
            logits.append(self.output(torch.cat([context, s], dim=2)))
        return torch.cat(logits, dim=1), (recurrent, keys)


class TutorialContextLoop(_AllInside, ContextDecoder):
    """The same for the decoder that feeds the context into its state."""

    def forward(self, inputs: Tensor, state: Attending, memory: Memory) -> tuple[Tensor, Attending]:
        """Takes and returns what `ContextDecoder` does."""
        recurrent, keys = state
        logits = []
        for y in inputs.split(1, dim=1):
            s = recurrent[0] if isinstance(recurrent, tuple) else recurrent
            context, _ = attend(s[:, None], keys, memory.states, memory.mask, self.score)
            s, recurrent = run(self.rnn, torch.cat([self.embedding(y), context], dim=2), recurrent)
            logits.append(self.output(s))
        return torch.cat(logits, dim=1), (recurrent, keys)


class Limit(AttentionDecoder):
    """The recurrent calls and the output layer of `AttentionDecoder`, W [s_t ; s_t] + b, and no attention."""

    def forward(self, inputs: Tensor, state: Attending, memory: Memory) -> tuple[Tensor, Attending]:
        """Takes and returns what `AttentionDecoder` does; of the memory nothing is used."""
        recurrent, keys = state
        s, recurrent = run(self.rnn, self.embedding(inputs), recurrent)
        return self.output(torch.cat([s, s], dim=2)), (recurrent, keys)


class WithoutCache(nn.Module):
    """A Transformer's decoder that keeps no keys and values: each step reads all that was said from the beginning.

    Its state is what was read so far, ids (B, t). What it projects of the source it projects anew, too.
    """

    def __init__(self, decoder: TransformerDecoder):
        super().__init__()
        self.decoder = decoder

    def begin(self, memory: Memory) -> Tensor:
        """No token, (B, 0)."""
        return torch.empty(len(memory.states), 0, dtype=torch.long)

    def forward(self, inputs: Tensor, state: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """Takes and returns what `TransformerDecoder` does, but for the state."""
        read = torch.cat([state, inputs], dim=1)
        logits, _ = self.decoder(read, self.decoder.begin(memory), memory)
        return logits[:, state.shape[1] :], read
