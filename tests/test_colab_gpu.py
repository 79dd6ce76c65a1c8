"""What computes follows its input to another device: to PyTorch's "meta", which has shapes and no numbers, and to one
that pretends to be a GPU. A real one was not at hand; `fake_gpu` says what it catches.
"""

import pytest
import torch

from fake_gpu import FakeGPU, marked
from rnn2attn.attention import Concat, General, MultiHeadAttention, attend, causal_mask, dot, scaled_dot
from rnn2attn.captioning import CNN, Captioner, Pictures
from rnn2attn.recurrent import GRU, LSTM, RNN, RNNLanguageModel, gru_step, lstm_step, rnn_step
from rnn2attn.seq2seq import AttentionDecoder, Decoder, Encoder, Seq2Seq
from rnn2attn.seq2seq.encoder import reverse_rows
from rnn2attn.tasks import digits, hello, strings
from rnn2attn.text import Batch, Vocabulary, real, vocabularies
from rnn2attn.training import fit, set_seed, token_loss
from rnn2attn.transformer import EncoderLayer, InputEmbedding, transformer

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


def language_model():
    return RNNLanguageModel(4, 8), hello.load()[0], None


def recurrent(decoder, **encoder):
    pairs = strings.pairs(20, strings.reverse, (3, 5), seed=0)
    source, target = vocabularies(pairs)
    encoder = Encoder(len(source), 8, 12, **encoder)
    return Seq2Seq(source, target, encoder, decoder(encoder, len(target))), Batch.of(pairs, source, target), pairs


def stacks(**sizes):
    pairs = strings.pairs(20, strings.reverse, (3, 5), seed=0)
    source, target = vocabularies(pairs)
    return transformer(source, target, d_model=16, heads=2, **sizes), Batch.of(pairs, source, target), pairs


def captions():
    samples = digits.relation(8)
    vocabulary = Vocabulary.of(sample.caption for sample in samples)
    encoder = CNN(d=16, d_emb=8)
    decoder = AttentionDecoder(encoder, len(vocabulary), scaled_dot)
    return Captioner(vocabulary, encoder, decoder), Pictures.of(samples, vocabulary), samples


def concat(encoder, size):
    return AttentionDecoder(encoder, size, Concat(encoder.d_h, encoder.d_h, 8))


MODELS = {
    "language model": language_model,
    "RNN": lambda: recurrent(Decoder, cell="RNN"),
    "LSTM": lambda: recurrent(Decoder, cell="LSTM"),
    "GRU both ways": lambda: recurrent(Decoder, cell="GRU", direction="both"),
    "LSTM with attention": lambda: recurrent(AttentionDecoder),
    "concat": lambda: recurrent(concat),
    "Transformer": stacks,
    "learned positions, dropout": lambda: stacks(positions="learned", dropout=0.1),
    "captions": captions,
}


@pytest.fixture
def gpu():
    with FakeGPU() as gpu:
        yield gpu


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_training_goes_to_a_gpu_and_comes_back(make, gpu):
    losses = []
    for device in ("cpu", None):
        set_seed(0)
        model, batch, _ = make()
        losses.append(fit(model, [batch] * 3, loss=token_loss, clip=1.0, one_cycle=True, device=device))
        assert (gpu.work > 0) == (device is None)
        assert not any(marked(p) for p in model.parameters())
        model(batch)
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


@pytest.mark.parametrize("make", list(MODELS.values())[1:], ids=list(MODELS)[1:])
def test_a_model_on_a_gpu_translates_there(make, gpu):
    model, _, pairs = make()
    sources = [pair[0] for pair in pairs]
    here = model.translate(sources, max_length=4)
    before, _ = gpu.work, model.to("cuda")
    there = model.translate(sources, max_length=4)
    assert gpu.work > before and model.device.type == "cuda"
    assert [said.tokens for said in there] == [said.tokens for said in here]
    assert not any(marked(said.alignment) for said in there if said.alignment is not None)
    assert model.translate(sources, max_length=4, k=2)
    assert fit(model, [], loss=token_loss) == [] and model.device.type == "cuda"


def test_what_stays_behind_is_found(gpu):
    model, batch, _ = language_model()
    with pytest.raises(RuntimeError, match="same device"):
        model.to("cuda")(batch)
    with pytest.raises(TypeError, match="numpy"):
        torch.ones(2, device="cuda").numpy()
    with pytest.raises(RuntimeError, match="generator"):
        torch.randperm(3, generator=torch.Generator(), device="cuda")
    assert torch.ones(2, device="cuda").cpu().numpy().sum() == 2
