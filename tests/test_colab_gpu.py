"""What computes follows its input to another device: PyTorch's "meta", which has shapes and no numbers."""

import pytest
import torch

from rnn2attn.attention import Concat, General, MultiHeadAttention, attend, causal_mask, dot, scaled_dot
from rnn2attn.recurrent import GRU, LSTM, RNN, gru_step, lstm_step, rnn_step
from rnn2attn.seq2seq.encoder import reverse_rows
from rnn2attn.text import real
from rnn2attn.transformer import EncoderLayer, InputEmbedding

B, T, D, H = 2, 5, 8, 11


def there(*shape):
    return torch.zeros(shape, device="meta")


def ids(*shape):
    return torch.zeros(shape, device="meta", dtype=torch.long)


COMPUTES = {
    "rnn_step": lambda: rnn_step(there(B, D), there(B, H), there(H, D), there(H, H), there(H)),
    "lstm_step": lambda: lstm_step(
        there(B, D), (there(B, H), there(B, H)), there(4 * H, D), there(4 * H, H), there(4 * H)
    ),
    "gru_step": lambda: gru_step(
        there(B, D), there(B, H), there(3 * H, D), there(3 * H, H), there(3 * H), there(3 * H)
    ),
    "RNN": lambda: RNN(D, H).to("meta")(there(B, T, D))[0],
    "LSTM": lambda: LSTM(D, H).to("meta")(there(B, T, D))[0],
    "GRU": lambda: GRU(D, H).to("meta")(there(B, T, D))[0],
    "real": lambda: real(ids(B), T),
    "reverse_rows": lambda: reverse_rows(there(B, T, D), ids(B)),
    "dot": lambda: attend(there(B, D), there(B, T, D), there(B, T, H), score=dot),
    "scaled_dot": lambda: attend(there(B, D), there(B, T, D), there(B, T, H), score=scaled_dot),
    "General": lambda: attend(there(B, H), there(B, T, D), there(B, T, H), score=General(H, D).to("meta")),
    "Concat": lambda: attend(there(B, H), there(B, T, D), there(B, T, H), score=Concat(H, D, D).to("meta")),
    "causal_mask": lambda: causal_mask(T, device="meta"),
    "MultiHeadAttention": lambda: MultiHeadAttention(D, 2).to("meta")(*[there(B, T, D)] * 3),
    "EncoderLayer": lambda: EncoderLayer(D, 2, H).to("meta")(there(B, T, D)),
    "sinusoidal positions": lambda: InputEmbedding(H, D, "sinusoidal", T, 0.0).to("meta")(ids(B, T)),
    "learned positions": lambda: InputEmbedding(H, D, "learned", T, 0.0).to("meta")(ids(B, T)),
}


@pytest.mark.parametrize("compute", COMPUTES.values(), ids=COMPUTES)
def test_it_stays_on_the_device_of_its_input(compute):
    found = compute()
    for tensor in found if isinstance(found, tuple) else (found,):
        assert tensor.device.type == "meta"
