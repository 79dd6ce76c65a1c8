"""The decoder without attention: what the encoder handed over is all it has."""

import torch
from torch import Tensor, nn

from rnn2attn.seq2seq.encoder import CELLS, Encoder, Memory, State
from rnn2attn.shapes import expect


class Decoder(nn.Module):
    """Says the target: s_t = g(y_{t−1}, s_{t−1}) by a recurrent network, logits W s_t + b, s_0 from the encoder.

    s_0 is the encoder's last state (Sutskever et al., 2014), an LSTM's h and c both. An encoder that reads both ways
    has twice as many entries; then s_0 = tanh(W h), and c_0 = W' c for an LSTM. With ``feed_context``, that last h
    is also read at every step, s_t = g(y_{t−1}, s_{t−1}, c) (Cho et al., 2014, who feed it to the output too).

    Args:
        encoder: from which cell and sizes are taken. No parameters are shared with it.
        vocabulary_size: V, number of target tokens.
        feed_context: whether the context is fed at every step.
        dropout: share of the entries that is dropped in training: of the embeddings, and of s_t before the output.
    """

    def __init__(self, encoder: Encoder, vocabulary_size: int, feed_context: bool = False, dropout: float = 0.0):
        super().__init__()
        d_emb, d_s, d_m = encoder.d_emb, encoder.d_h, encoder.d_m
        self.feed_context = feed_context
        self.embedding = nn.Embedding(vocabulary_size, d_emb)
        self.dropout = nn.Dropout(dropout)
        self.rnn = CELLS[encoder.cell](d_emb + (d_m if feed_context else 0), d_s, batch_first=True)
        parts = 2 if encoder.cell == "LSTM" else 1
        self.bridge = nn.ModuleList(nn.Linear(d_m, d_s) for _ in range(parts if d_m != d_s else 0))
        self.output = nn.Linear(d_s, vocabulary_size)

    def begin(self, memory: Memory) -> State:
        """s_0, (B, d_s), or the pair (s_0, c_0), from what the encoder handed over."""
        if not self.bridge:
            return memory.last
        if isinstance(memory.last, tuple):
            h, c = memory.last
            return torch.tanh(self.bridge[0](h)), self.bridge[1](c)
        return torch.tanh(self.bridge[0](memory.last))

    def forward(self, inputs: Tensor, state: State, memory: Memory) -> tuple[Tensor, State]:
        """Read inputs y_0 … y_{T'−1}, all in one call.

        Args:
            inputs: ids, (B, T'); one step is T' = 1.
            state: s before the first of them, as from `begin` or from the step before.
            memory: from the encoder.

        Returns:
            Logits for y_1 … y_{T'}, (B, T', V), and the state after the last.

        Raises:
            ValueError: a shape does not fit; the message names it.
            IndexError: an id is not one of 0 … V − 1.
        """
        expect(inputs=(inputs, "B T'"), states=(memory.states, "B T d_m"))
        x = self.dropout(self.embedding(inputs))
        if self.feed_context:
            context = memory.last[0] if isinstance(memory.last, tuple) else memory.last
            x = torch.cat([x, context[:, None].expand(-1, x.shape[1], -1)], dim=2)
        if isinstance(state, tuple):
            s, (h, c) = self.rnn(x, (state[0][None], state[1][None]))
            return self.output(self.dropout(s)), (h[0], c[0])
        s, h = self.rnn(x, state[None])
        return self.output(self.dropout(s)), h[0]
