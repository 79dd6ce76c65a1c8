"""Decoders that attend, against their equations written out for one row, one step and one key at a time."""

from copy import deepcopy
from functools import cache

import pytest
import torch
from torch import nn

from rnn2attn.attention import Concat, General, dot, scaled_dot
from rnn2attn.decoding import greedy
from rnn2attn.recurrent import from_torch
from rnn2attn.seq2seq import AttentionDecoder, ContextDecoder, Decoder, Encoder, Seq2Seq
from rnn2attn.text import EOS, Batch, Vocabulary, vocabularies
from rnn2attn.training import evaluate, fit, set_seed, token_loss

PAIRS = [("abc", "xyzzy"), ("a", "z"), ("cabcab", ""), ("bb", "yyx"), ("ca", "zzzzzzz")]
DECODERS = [AttentionDecoder, ContextDecoder]
CELLS = ["RNN", "LSTM", "GRU"]
KINDS = [
    ("forward", "dot"), ("forward", "scaled_dot"), ("backward", "general"), ("both", "general"),
    ("forward", "concat"), ("both", "concat"),
]  # fmt: skip


def make(decoder, cell="LSTM", direction="forward", score="scaled_dot", dropout=0.0, seed=0, pairs=PAIRS, d_h=5):
    set_seed(seed)
    source, target = vocabularies(pairs)
    encoder = Encoder(len(source), 3, d_h, cell, direction, dropout)
    scores = {
        "dot": dot,
        "scaled_dot": scaled_dot,
        "general": General(d_h, encoder.d_m),
        "concat": Concat(d_h, encoder.d_m, 4),
    }
    model = Seq2Seq(source, target, encoder, decoder(encoder, len(target), scores[score], dropout)).double()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if any(part in name for part in ("output", "embedding", "bridge", "score")):
                parameter.normal_()
    return model


def batch_of(model, pairs=PAIRS):
    return Batch.of(pairs, model.source, model.target)


def memory_of(model, batch):
    return model.encoder(batch.source, batch.source_lengths)


def read(model, batch, memory):
    """Logits and weights, with this memory in place of the encoder's."""
    state = model.decoder.begin(memory)
    return model.decoder(batch.inputs, state, memory)[0], model.decoder.align(batch.inputs, state, memory)


def score_of(score, s, h):
    """One query, one key, one number."""
    if isinstance(score, General):
        return s @ score.W @ h
    if isinstance(score, Concat):
        return score.v @ torch.tanh(score.W @ torch.cat([s, h]))
    return sum(s * h) / (len(h) ** 0.5 if score is scaled_dot else 1)


def by_the_equations(decoder, state, h, ids):
    """Logits (T', V) and weights (T', T) from s_0, the states h_1 … h_T of one source, and the ids y_0 … y_{T'−1}."""
    cell = from_torch(decoder.rnn)
    logits, rows = [], []

    def look(s):
        powers = torch.stack([score_of(decoder.score, s, h_i).exp() for h_i in h])
        rows.append(powers / powers.sum())
        return sum(alpha * h_i for alpha, h_i in zip(rows[-1], h, strict=True))

    def hidden(state):
        return (state[0] if isinstance(state, tuple) else state)[0]

    for y in decoder.embedding(ids):
        if isinstance(decoder, AttentionDecoder):
            _, state = cell(y[None, None], state)
            features = torch.cat([look(hidden(state)), hidden(state)])
        else:
            _, state = cell(torch.cat([y, look(hidden(state))])[None, None], state)
            features = hidden(state)
        logits.append(decoder.output.weight @ features + decoder.output.bias)
    return torch.stack(logits), torch.stack(rows)


@pytest.mark.parametrize(("direction", "score"), KINDS)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_a_padded_batch_is_the_equations_row_by_row(decoder, cell, direction, score):
    model = make(decoder, cell, direction, score)
    batch = batch_of(model)
    logits, weights, memory = model(batch), model.align(batch), memory_of(model, batch)
    s_0, _ = model.decoder.begin(memory)
    assert logits.shape == (5, 8, len(model.target)) and weights.shape == (5, 8, 6)
    for row, (x, y) in enumerate(PAIRS):
        alone = tuple(part[row : row + 1] for part in s_0) if cell == "LSTM" else s_0[row : row + 1]
        ids = batch.inputs[row, : len(y) + 1]
        expected, alpha = by_the_equations(model.decoder, alone, memory.states[row, : len(x)], ids)
        torch.testing.assert_close(logits[row, : len(ids)], expected)
        torch.testing.assert_close(weights[row, : len(ids), : len(x)], alpha)
        assert (weights[row, :, len(x) :] == 0).all()


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_s_0_is_that_of_the_decoder_without_attention(decoder, cell):
    for direction in ("forward", "both"):
        model = make(decoder, cell, direction, "concat")
        memory = memory_of(model, batch_of(model))
        plain = Decoder(model.encoder, 7).double()
        plain.bridge.load_state_dict(model.decoder.bridge.state_dict())
        torch.testing.assert_close(model.decoder.begin(memory)[0], plain.begin(memory))


@pytest.mark.parametrize(("direction", "score"), KINDS)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_alone_or_in_a_padded_batch_is_the_same(decoder, cell, direction, score):
    model = make(decoder, cell, direction, score)
    logits = model(batch_of(model))
    translated = model.translate([x for x, _ in PAIRS], max_length=9)
    for row, (x, y) in enumerate(PAIRS):
        torch.testing.assert_close(model(batch_of(model, [(x, y)]))[0], logits[row, : len(y) + 1])
        (alone,) = model.translate([x], max_length=9)
        assert alone.tokens == translated[row].tokens
        torch.testing.assert_close(alone.alignment, translated[row].alignment)


@pytest.mark.parametrize(("direction", "score"), KINDS)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_one_call_over_the_target_equals_one_step_at_a_time(decoder, cell, direction, score):
    model = make(decoder, cell, direction, score)
    batch = batch_of(model)
    logits, weights, memory = model(batch), model.align(batch), memory_of(model, batch)
    state = model.decoder.begin(memory)
    for t in range(8):
        alpha = model.decoder.align(batch.inputs[:, t : t + 1], state, memory)
        z, state = model.decoder(batch.inputs[:, t : t + 1], state, memory)
        torch.testing.assert_close(z[:, 0], logits[:, t])
        torch.testing.assert_close(alpha[:, 0], weights[:, t])


@pytest.mark.parametrize(("decoder", "calls"), [(AttentionDecoder, 1), (ContextDecoder, 8)])
def test_only_a_context_that_feeds_the_state_takes_a_loop(decoder, calls):
    model = make(decoder, score="concat")
    called = {"rnn": 0, "project": 0, "compare": 0, "output": 0}

    def counted(owner, name, what):
        function = getattr(owner, name)

        def call(*arguments):
            called[what] += 1
            return function(*arguments)

        setattr(owner, name, call)

    counted(model.decoder.rnn, "forward", "rnn")
    counted(model.decoder.output, "forward", "output")
    counted(model.decoder.score, "project", "project")
    counted(model.decoder.score, "compare", "compare")
    model(batch_of(model))
    assert called == {"rnn": calls, "project": 1, "compare": calls, "output": 1}


@pytest.mark.parametrize("score", ["scaled_dot", "general", "concat"])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_every_state_of_the_encoder_reaches_every_output(decoder, cell, score):
    model = make(decoder, cell, score=score)
    batch = batch_of(model, [("abc", "xyz")])
    memory = memory_of(model, batch)
    logits, weights = read(model, batch, memory)
    for i in range(3):
        states = memory.states.clone()
        states[:, i] += 0.5
        changed, moved = read(model, batch, memory._replace(states=states))
        assert (changed - logits).abs().amax(dim=2).min() > 1e-9, "the last state, from which s_0 comes, is as it was"
        assert (moved - weights).abs().amax(dim=2).min() > 1e-9
        hidden = memory._replace(mask=torch.arange(3)[None] != i)
        assert (read(model, batch, hidden)[0] - logits).abs().amax(dim=2).min() > 1e-9


@pytest.mark.parametrize("score", ["scaled_dot", "general", "concat"])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_the_order_of_the_encoders_states_changes_nothing_if_their_mask_goes_with_them(decoder, cell, score):
    model = make(decoder, cell, score=score)
    batch = batch_of(model)
    memory = memory_of(model, batch)
    order = torch.tensor([4, 2, 0, 5, 1, 3])
    logits, weights = read(model, batch, memory)
    moved = memory._replace(states=memory.states[:, order], mask=memory.mask[:, order])
    torch.testing.assert_close(read(model, batch, moved), (logits, weights[:, :, order]))
    wrong = memory._replace(states=memory.states[:, order])
    assert not torch.allclose(read(model, batch, wrong)[0], logits)


@pytest.mark.parametrize("decoder", DECODERS)
def test_what_the_encoder_has_on_padding_does_not_matter(decoder):
    model = make(decoder, "GRU", "both", "concat")
    batch = batch_of(model)
    memory = memory_of(model, batch)
    states = torch.where(memory.mask[..., None], memory.states, 100 * torch.randn_like(memory.states))
    assert all(map(torch.equal, read(model, batch, memory._replace(states=states)), read(model, batch, memory)))


@pytest.mark.parametrize("score", ["general", "concat"])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_the_gradient_reaches_every_parameter_and_no_padding(decoder, cell, score):
    model = make(decoder, cell, "both", score)
    batch = batch_of(model, [("abc", "xyz"), ("a", "zy")])
    memory = memory_of(model, batch)
    memory.states.retain_grad()
    logits, _ = read(model, batch, memory)
    token_loss(logits, batch.target, batch.target_mask).backward()
    assert (memory.states.grad[memory.mask] != 0).all() and (memory.states.grad[~memory.mask] == 0).all()
    for name, parameter in model.named_parameters():
        assert parameter.grad.isfinite().all() and parameter.grad.any(), name


@cache
def trained(decoder):
    model = make(decoder, "LSTM", "both", "general", dropout=0.5).eval()
    fit(model, [batch_of(model)] * 100, 3e-2, loss=token_loss, clip=1.0)
    return model


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("decoder", DECODERS)
def test_a_translation_brings_the_weights_with_which_it_was_said(decoder, k):
    model = deepcopy(trained(decoder))
    sources, targets = zip(*PAIRS, strict=True)
    found = model.train().translate(sources, max_length=6, k=k)
    assert model.training, "the mode is as it was"
    model.eval()
    assert ["".join(tokens) for tokens, _ in found] == [y[:6] for y in targets], "of several lengths, one of them cut"
    for x, (tokens, alignment) in zip(sources, found, strict=True):
        assert alignment.shape == (len(tokens), len(x)) and not alignment.requires_grad
        memory = memory_of(model, batch_of(model, [(x, "")]))
        state, inputs = model.decoder.begin(memory), [1, *model.target.ids(tokens)]
        for token, row in zip(inputs[:-1], alignment, strict=True):
            expected = model.decoder.align(torch.tensor([[token]]), state, memory)
            torch.testing.assert_close(row, expected[0, 0])
            _, state = model.decoder(torch.tensor([[token]]), state, memory)


@pytest.mark.parametrize("decoder", DECODERS)
def test_free_running_says_what_greedy_says(decoder):
    model = make(decoder, "GRU", score="concat", seed=3)
    batch = batch_of(model)
    said = model(batch, forcing=0.0).argmax(dim=2)
    step, state, start = model.prepare([x for x, _ in PAIRS])
    for row, hypothesis in enumerate(greedy(step, state, start, model.target.id(EOS), max_length=8)):
        assert said[row, : len(hypothesis.ids)].tolist() == hypothesis.ids


@pytest.mark.parametrize("decoder", DECODERS)
def test_a_target_vocabulary_without_padding_will_do(decoder):
    model = make(decoder)
    model.target = Vocabulary("xyz", ("<sos>", "<eos>"))
    model.decoder = decoder(model.encoder, len(model.target)).double()
    found = model.translate(["abc", "a"], max_length=4)
    assert [alignment.shape for _, alignment in found] == [
        (len(t), n) for (t, _), n in zip(found, (3, 1), strict=True)
    ]


@pytest.mark.parametrize("decoder", DECODERS)
def test_dropout_is_on_in_training_only_at_the_embeddings_and_before_the_output(decoder):
    model = make(decoder, "GRU", dropout=1.0)
    batch = batch_of(model)
    memory = memory_of(model.eval(), batch)
    (logits, weights), other = read(model, batch, memory), batch.inputs.flip(1)
    assert not torch.allclose(model.decoder.align(other, model.decoder.begin(memory), memory), weights)
    model.train()
    dropped, nothing_read = read(model, batch, memory)
    assert torch.equal(dropped, model.decoder.output.bias.expand_as(logits))
    assert torch.equal(model.decoder.align(other, model.decoder.begin(memory), memory), nothing_read)


@pytest.mark.parametrize("score", ["scaled_dot", "general", "concat"])
@pytest.mark.parametrize("decoder", DECODERS)
def test_a_small_model_learns_what_it_can_know_by_looking_alone(decoder, score):
    pairs = [(a + b + c, c + b + a) for a in "abcd" for b in "abcd" for c in "abcd"]
    model = make(decoder, "GRU", score=score, pairs=pairs, d_h=16).float()
    model.encoder.register_forward_hook(lambda _, __, memory: memory._replace(last=torch.zeros_like(memory.last)))
    fit(model, [batch_of(model, pairs)] * 150, 2e-2, loss=token_loss, clip=1.0)
    assert evaluate(model, pairs).exact == 1


@pytest.mark.parametrize("decoder", DECODERS)
def test_bad_input_is_named(decoder):
    model = make(decoder, "GRU")
    batch = batch_of(model)
    memory = memory_of(model, batch)
    state = model.decoder.begin(memory)
    with pytest.raises(ValueError, match=r"inputs has shape \(5,\)"):
        model.decoder(batch.inputs[:, 0], state, memory)
    with pytest.raises(ValueError, match=r"states has shape \(5, 6, 5\).* B = 3 from inputs"):
        model.decoder(batch.inputs[:3], state, memory)
    with pytest.raises(ValueError, match=r"values has shape \(5, 4, 5\).* T = 6 from keys"):
        model.decoder(batch.inputs, state, memory._replace(states=memory.states[:, :4]))
    both = make(decoder, "GRU", "both")
    with pytest.raises(ValueError, match="d_q = 5 and d_k = 10; General and Concat take two sizes"):
        both(batch_of(both))
    with pytest.raises(ValueError, match="no decoder inputs"):
        model.align(Batch(batch.source, batch.target, batch.source_lengths))


def test_a_decoder_without_attention_has_no_alignment():
    model = make(AttentionDecoder)
    model.decoder = Decoder(model.encoder, len(model.target)).double()
    with pytest.raises(TypeError, match="Decoder does not attend"):
        model.align(batch_of(model))
    assert [t.alignment for t in model.translate(["abc", "a"])] == [None, None]


def test_nothing_is_shared_with_the_encoder_and_the_score_is_the_decoders():
    model = make(AttentionDecoder, score="general")
    encoder, decoder = ({p.data_ptr() for p in part.parameters()} for part in (model.encoder, model.decoder))
    assert not encoder & decoder and isinstance(model.decoder.score, nn.Module)
    assert model.decoder.score.W.data_ptr() in decoder
