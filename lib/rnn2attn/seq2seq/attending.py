"""Decoders that attend: at every step they look at all states of the encoder, with weights of their own making.

They differ in one thing, when they look. `AttentionDecoder` first makes its new state s_t and looks with it; what it
finds goes to the output. `ContextDecoder` looks with the old state s_{t−1}; what it finds goes into the new one.
"""

import torch
from torch import Tensor, nn

from rnn2attn.attention import Concat, Score, attend, scaled_dot
from rnn2attn.seq2seq.decoder import Decoder
from rnn2attn.seq2seq.encoder import Encoder, Memory, State
from rnn2attn.shapes import expect

Attending = tuple[State, Tensor]


class _Attending(Decoder):
    """What both have in common. The state is the recurrent network's, and with it the keys.

    The keys are h_1 … h_T. Under a `Concat` score they are W_k h_i, so that they are computed once a source.
    """

    def __init__(self, encoder: Encoder, vocabulary_size: int, score: Score, feed_context: bool, dropout: float):
        super().__init__(encoder, vocabulary_size, feed_context, dropout)
        self.score = score

    def begin(self, memory: Memory) -> Attending:
        """s_0 as in `Decoder`, and the keys, (B, T, d_k)."""
        keys = self.score.project(memory.states) if isinstance(self.score, Concat) else memory.states
        return super().begin(memory), keys

    def forward(self, inputs: Tensor, state: Attending, memory: Memory) -> tuple[Tensor, Attending]:
        """Read inputs y_0 … y_{T'−1}.

        Args:
            inputs: ids, (B, T'); one step is T' = 1.
            state: before the first of them, as from `begin` or from the step before.
            memory: from the encoder, the one that `begin` was given.

        Returns:
            Logits for y_1 … y_{T'}, (B, T', V), and the state after the last.

        Raises:
            ValueError: a shape does not fit, or `dot` was chosen and d_m is not d_s; the message names it.
            IndexError: an id is not one of 0 … V − 1.
        """
        features, _, state = self._read(inputs, state, memory)
        return self.output(self.dropout(features)), state

    def align(self, inputs: Tensor, state: Attending, memory: Memory) -> Tensor:
        """α_{t,i} for the same inputs, (B, T', T): row t is where it looks for y_t. Raises as `forward`."""
        return self._read(inputs, state, memory)[1]

    def _read(self, inputs: Tensor, state: Attending, memory: Memory) -> tuple[Tensor, Tensor, Attending]:
        """What the output layer gets, (B, T', d), the weights, (B, T', T), and the state after the last."""
        raise NotImplementedError

    def _embed(self, inputs: Tensor, memory: Memory) -> Tensor:
        expect(inputs=(inputs, "B T'"), states=(memory.states, "B T d_m"))
        return self.dropout(self.embedding(inputs))

    def _look(self, s: Tensor, keys: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        score = self.score.compare if isinstance(self.score, Concat) else self.score
        return attend(s, keys, memory.states, memory.mask, score)


class AttentionDecoder(_Attending):
    """s_t = g(y_{t−1}, s_{t−1}), c_t = Σ_i α_{t,i} h_i by the query s_t, logits W [c_t ; s_t] + b.

    No state depends on a context, so the whole target is one call of the recurrent network and one of `attend`.
    Luong et al. (2015) have two things more: a layer in front of the output, h̃_t = tanh(W_c [c_t ; s_t]), and input
    feeding, where h̃_{t−1} is read together with y_{t−1}, which needs a loop.

    Args:
        encoder: from which cell and sizes are taken. No parameters are shared with it.
        vocabulary_size: V, number of target tokens.
        score: of s_t, with d_s = d_h entries, and h_i, with d_m. An encoder that reads both ways has d_m = 2 d_h, to
            which `dot` and `scaled_dot` do not fit, but ``General(d_h, 2 * d_h)`` or ``Concat(d_h, 2 * d_h, d_a)``.
        dropout: share of the entries that is dropped in training: of the embeddings, and of [c_t ; s_t].
    """

    def __init__(self, encoder: Encoder, vocabulary_size: int, score: Score = scaled_dot, dropout: float = 0.0):
        super().__init__(encoder, vocabulary_size, score, feed_context=False, dropout=dropout)
        self.output = nn.Linear(encoder.d_m + encoder.d_h, vocabulary_size)

    def _read(self, inputs: Tensor, state: Attending, memory: Memory) -> tuple[Tensor, Tensor, Attending]:
        recurrent, keys = state
        s, recurrent = run(self.rnn, self._embed(inputs, memory), recurrent)
        context, weights = self._look(s, keys, memory)
        return torch.cat([context, s], dim=2), weights, (recurrent, keys)


class ContextDecoder(_Attending):
    """c_t = Σ_i α_{t,i} h_i by the query s_{t−1}, s_t = g(y_{t−1}, s_{t−1}, c_t), logits W s_t + b.

    Every state waits for its context, so there is a loop over the target; embedding and output layer stay outside it.
    An LSTM asks with its h. Bahdanau et al. (2015), whose score is `Concat` and whose encoder reads both ways, have
    two things more: their s_0 comes from the way back alone, and their output is a maxout layer over s_{t−1}, y_{t−1}
    and c_t.

    Args:
        encoder: from which cell and sizes are taken. No parameters are shared with it.
        vocabulary_size: V, number of target tokens.
        score: of s_{t−1} and h_i, with the sizes that `AttentionDecoder` names.
        dropout: share of the entries that is dropped in training: of the embeddings, and of s_t before the output.
    """

    def __init__(self, encoder: Encoder, vocabulary_size: int, score: Score = scaled_dot, dropout: float = 0.0):
        super().__init__(encoder, vocabulary_size, score, feed_context=True, dropout=dropout)

    def _read(self, inputs: Tensor, state: Attending, memory: Memory) -> tuple[Tensor, Tensor, Attending]:
        recurrent, keys = state
        states, weights = [], []
        for y in self._embed(inputs, memory).unbind(dim=1):
            s = recurrent[0] if isinstance(recurrent, tuple) else recurrent
            context, alpha = self._look(s, keys, memory)
            s, recurrent = run(self.rnn, torch.cat([y, context], dim=1)[:, None], recurrent)
            states.append(s)
            weights.append(alpha)
        return torch.cat(states, dim=1), torch.stack(weights, dim=1), (recurrent, keys)


def run(rnn: nn.Module, x: Tensor, state: State) -> tuple[Tensor, State]:
    """PyTorch's network over x, (B, T', d_x), from a state without its axis of layers: all states and the last."""
    if isinstance(state, tuple):
        s, (h, c) = rnn(x, (state[0][None], state[1][None]))
        return s, (h[0], c[0])
    s, h = rnn(x, state[None])
    return s, h[0]
