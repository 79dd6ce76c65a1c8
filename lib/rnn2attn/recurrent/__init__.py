"""Recurrent networks from their equations: first one step, then the step unrolled over a sequence.

Weights lie as in PyTorch, (out, in): the W h of an equation is ``W`` here, and the product for a batch of rows is
``h @ W.T``. Where several gates share a matrix, their blocks of rows stand one above the other, in PyTorch's order.
Tensors are batch first, (batch, time, features).
"""

from rnn2attn.recurrent.steps import (
    gru_gates,
    gru_mix,
    gru_step,
    lstm_gates,
    lstm_mix,
    lstm_step,
    negate_update_gate,
    rnn_step,
)
from rnn2attn.recurrent.unrolled import GRU, LSTM, RNN, RNNLanguageModel, from_torch, to_torch

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "RNNLanguageModel",
    "from_torch",
    "gru_gates",
    "gru_mix",
    "gru_step",
    "lstm_gates",
    "lstm_mix",
    "lstm_step",
    "negate_update_gate",
    "rnn_step",
    "to_torch",
]
