"""The Transformer, against PyTorch's layers and stacks, and decoding with the cache against decoding without."""

from copy import deepcopy
from functools import cache
from math import cos, sin, sqrt

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_multihead import assert_same, matched, padding, random, share
from torch import nn

from loops import WithoutCache
from rnn2attn.attention import causal_mask
from rnn2attn.decoding import beam, greedy
from rnn2attn.seq2seq import Seq2Seq
from rnn2attn.text import EOS, Batch, vocabularies
from rnn2attn.training import evaluate, fit, set_seed, token_loss
from rnn2attn.transformer import (
    DecoderLayer,
    EncoderLayer,
    InputEmbedding,
    TransformerDecoder,
    TransformerEncoder,
    sinusoidal,
    transformer,
)

PAIRS = [("abc", "xyzzy"), ("a", "z"), ("cabcab", ""), ("bb", "yyx"), ("ca", "zzzzzzz")]
SOURCES = [x for x, _ in PAIRS]
NORMS = [True, False]
KINDS = [(pre_norm, positions) for pre_norm in NORMS for positions in ("sinusoidal", "learned", None)]
SIZES = st.tuples(st.integers(1, 3), *[st.integers(1, 4)] * 2, *[st.integers(1, 3)] * 2, st.integers(0, 10**6))


def make(seed=0, pairs=PAIRS, **sizes):
    """A small model in float64, with weights far from where they start."""
    set_seed(seed)
    model = transformer(*vocabularies(pairs), **({"d_model": 6, "heads": 3, "d_ff": 5} | sizes)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()
    return model


def batch_of(model, pairs=PAIRS):
    return Batch.of(pairs, model.source, model.target)


def begin(model, batch):
    memory = model.encoder(batch.source, batch.source_lengths)
    return model.decoder.begin(memory), memory


def theirs_of(kind, heads, d, pre_norm):
    layer = getattr(nn, f"Transformer{kind}Layer")
    return layer(heads * d, heads, 5, dropout=0.0, batch_first=True, norm_first=pre_norm).double()


@pytest.mark.parametrize("pre_norm", NORMS)
@settings(deadline=None, max_examples=40)
@given(SIZES, st.sampled_from([None, "padding", "causal", "both"]), st.booleans())
def test_an_encoder_layer_is_pytorchs(pre_norm, sizes, kind, to_theirs):
    B, T, _, heads, d, seed = sizes
    torch.manual_seed(seed)
    mine = EncoderLayer(heads * d, heads, 5, pre_norm=pre_norm).double()
    theirs = theirs_of("Encoder", heads, d, pre_norm)
    share(mine, theirs, to_theirs)
    x, keys, causal = random(B, T, heads * d), padding(B, T), causal_mask(T)
    mask = {None: None, "padding": keys, "causal": causal, "both": causal & keys[:, None]}[kind]
    expected = theirs(
        x,
        src_mask=~causal[0] if kind in ("causal", "both") else None,
        src_key_padding_mask=~keys if kind in ("padding", "both") else None,
    )
    assert_same(mine(x, mask), expected, (x,), (mine, theirs))


@pytest.mark.parametrize("pre_norm", NORMS)
@settings(deadline=None, max_examples=40)
@given(SIZES, st.booleans(), st.booleans())
def test_a_decoder_layer_is_pytorchs_with_a_causal_mask(pre_norm, sizes, padded, to_theirs):
    B, T_target, T, heads, d, seed = sizes
    torch.manual_seed(seed)
    mine = DecoderLayer(heads * d, heads, 5, pre_norm=pre_norm).double()
    theirs = theirs_of("Decoder", heads, d, pre_norm)
    share(mine, theirs, to_theirs)
    x, states = random(B, T_target, heads * d), random(B, T, heads * d)
    mask = padding(B, T) if padded else None
    out, cache = mine(x, mine.begin(states), mask)
    expected = theirs(
        x, states, tgt_mask=~causal_mask(T_target)[0], memory_key_padding_mask=~mask if padded else None
    )
    assert_same(out, expected, (x, states), (mine, theirs))
    assert cache.keys.shape == cache.values.shape == (B, heads, T_target, d)


@pytest.mark.parametrize("positions", ["sinusoidal", "learned", None])
@pytest.mark.parametrize("pre_norm", NORMS)
def test_the_stacks_are_pytorchs_over_the_same_embeddings(pre_norm, positions):
    model = make(pre_norm=pre_norm, positions=positions, layers=3)
    encoder, decoder, batch = model.encoder, model.decoder, batch_of(model)
    norms = [nn.LayerNorm(6).double() if pre_norm else None for _ in range(2)]
    layers = (theirs_of(kind, 3, 2, pre_norm) for kind in ("Encoder", "Decoder"))
    their_encoder = nn.TransformerEncoder(next(layers), 3, norms[0], enable_nested_tensor=False)
    their_decoder = nn.TransformerDecoder(next(layers), 3, norms[1])
    with torch.no_grad():
        for mine, theirs in ((encoder, their_encoder), (decoder, their_decoder)):
            for parts, whole in matched(nn.ModuleDict({"layers": mine.layers, "norm": mine.norm}), theirs):
                whole.copy_(torch.cat(parts))
    states = their_encoder(encoder.embedding(batch.source), src_key_padding_mask=~batch.source_mask)
    features = their_decoder(
        decoder.embedding(batch.inputs),
        states,
        tgt_mask=~causal_mask(batch.inputs.shape[1])[0],
        memory_key_padding_mask=~batch.source_mask,
    )
    logits, expected = model(batch), decoder.output(features)
    memory = encoder(batch.source, batch.source_lengths)
    torch.testing.assert_close(memory.states[memory.mask], states[batch.source_mask])
    torch.testing.assert_close(logits, expected)
    embeddings = (*encoder.embedding.parameters(), *decoder.embedding.parameters())
    along = torch.randn_like(logits)
    ours, theirs = (torch.autograd.grad((z * along).sum(), embeddings) for z in (logits, expected))
    torch.testing.assert_close(ours, theirs)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 6), st.integers(1, 5), st.integers(0, 5000))
def test_sinusoids_are_their_formula(T, half, start):
    p = sinusoidal(T, 2 * half, start, torch.float64)
    assert p.shape == (T, 2 * half)
    for t, row in enumerate(p.tolist()):
        for i in range(half):
            angle = (start + t) / 10000 ** (2 * i / (2 * half))
            assert row[2 * i : 2 * i + 2] == pytest.approx([sin(angle), cos(angle)], abs=1e-11)
    assert sinusoidal(T, 2 * half).dtype == torch.float32


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 50), st.integers(1, 6))
def test_a_shift_of_sinusoids_is_a_rotation_that_depends_on_the_shift_alone(k, half):
    p = sinusoidal(120, 2 * half, dtype=torch.float64)
    blocks = []
    for i in range(half):
        turn = k / 10000 ** (i / half)
        blocks.append(torch.tensor([[cos(turn), sin(turn)], [-sin(turn), cos(turn)]], dtype=torch.float64))
    rotation = torch.block_diag(*blocks)
    torch.testing.assert_close(p[k:], p[: 120 - k] @ rotation.T, rtol=0, atol=1e-12)
    products = (p[: 120 - k] * p[k:]).sum(dim=1)
    torch.testing.assert_close(products, products[:1].expand_as(products), rtol=0, atol=1e-12)


@pytest.mark.parametrize("positions", ["sinusoidal", "learned", None])
def test_an_input_is_its_scaled_embedding_and_its_position(positions):
    torch.manual_seed(0)
    embedding = InputEmbedding(7, 4, positions, 10, 0.0).double()
    ids = torch.tensor([[3, 6, 3], [0, 1, 2]])
    place = {"learned": getattr(embedding, "learned", None), None: torch.zeros(10, 4).double()}.get(
        positions, sinusoidal(10, 4, dtype=torch.float64)
    )
    for start in (0, 7):
        expected = 2 * embedding.tokens.weight[ids] + place[start : start + 3]
        torch.testing.assert_close(embedding(ids, start), expected)
    assert len(list(embedding.parameters())) == (2 if positions == "learned" else 1)


@pytest.mark.parametrize("positions", ["sinusoidal", "learned"])
def test_tokens_start_with_variance_1_and_positions_with_a_half(positions):
    torch.manual_seed(0)
    embedding, ids = InputEmbedding(500, 64, positions, 200, 0.0), torch.arange(200)[None]
    tokens = sqrt(64) * embedding.tokens.weight.detach()
    place = embedding(ids)[0].detach() - tokens[:200]
    assert tokens.var() == pytest.approx(1, abs=0.05) and place.square().mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(("pre_norm", "positions"), KINDS)
def test_alone_or_in_a_padded_batch_is_the_same(pre_norm, positions):
    model = make(pre_norm=pre_norm, positions=positions)
    batch = batch_of(model)
    logits, alignment, translated = model(batch), model.align(batch), model.translate(SOURCES, max_length=9)
    inside = model.encoder.weights(batch.source, batch.source_lengths)
    for row, (x, y) in enumerate(PAIRS):
        one = batch_of(model, [(x, y)])
        torch.testing.assert_close(model(one)[0], logits[row, : len(y) + 1])
        torch.testing.assert_close(model.align(one)[0], alignment[row, : len(y) + 1, : len(x)])
        for alone, together in zip(model.encoder.weights(one.source, one.source_lengths), inside, strict=True):
            torch.testing.assert_close(alone[0], together[row, :, : len(x), : len(x)])
            assert (together[row, :, :, len(x) :] == 0).all()
        assert (alignment[row, :, len(x) :] == 0).all()
        (alone,) = model.translate([x], max_length=9)
        assert alone.tokens == translated[row].tokens
        torch.testing.assert_close(alone.alignment, translated[row].alignment)


@pytest.mark.parametrize("pre_norm", NORMS)
def test_what_stands_on_padding_does_not_matter(pre_norm):
    model = make(pre_norm=pre_norm)
    batch = batch_of(model)
    expected, real = model(batch), batch.target_mask
    source = torch.where(batch.source_mask, batch.source, 2)
    inputs = torch.where(real, batch.inputs, 4)
    assert not torch.equal(source, batch.source) and not torch.equal(inputs, batch.inputs)
    other = Batch(source, batch.target, batch.source_lengths, batch.target_lengths, inputs)
    assert torch.equal(model(other)[real], expected[real])


@pytest.mark.parametrize(("pre_norm", "positions"), KINDS)
def test_one_call_over_the_target_equals_one_step_at_a_time(pre_norm, positions):
    model = make(pre_norm=pre_norm, positions=positions)
    batch = batch_of(model)
    logits, alignment = model(batch), model.align(batch)
    state, memory = begin(model, batch)
    rows = model.decoder.weights(batch.inputs, state, memory)
    source = [(cache.source_keys, cache.source_values) for cache in state]
    for t in range(8):
        read = batch.inputs[:, t : t + 1]
        torch.testing.assert_close(model.decoder.align(read, state, memory)[:, 0], alignment[:, t])
        for (own, other), (all_own, all_other) in zip(model.decoder.weights(read, state, memory), rows, strict=True):
            torch.testing.assert_close(own[:, :, 0], all_own[:, :, t, : t + 1])
            torch.testing.assert_close(other[:, :, 0], all_other[:, :, t])
        z, state = model.decoder(read, state, memory)
        torch.testing.assert_close(z[:, 0], logits[:, t], rtol=0, atol=1e-10)
        assert all(cache.keys.shape == cache.values.shape == (5, 3, t + 1, 2) for cache in state)
    kept = [(cache.source_keys, cache.source_values) for cache in state]
    assert all(a is b for before, after in zip(source, kept, strict=True) for a, b in zip(before, after, strict=True))
    state, _ = begin(model, batch)
    first, state = model.decoder(batch.inputs[:, :3], state, memory)
    rest, _ = model.decoder(batch.inputs[:, 3:], state, memory)
    torch.testing.assert_close(torch.cat([first, rest], dim=1), logits, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("pre_norm", "positions"), KINDS)
def test_decoding_with_the_cache_is_decoding_without(pre_norm, positions):
    model = make(pre_norm=pre_norm, positions=positions)
    without = Seq2Seq(model.source, model.target, model.encoder, WithoutCache(model.decoder))
    end = model.target.id(EOS)
    for k in (1, 3):
        found = []
        for one in (model, without):
            step, state, start = one.prepare(SOURCES, k)
            seen = []

            def spy(tokens, state, step=step, seen=seen):
                logits, state = step(tokens, state)
                seen.append(logits)
                return logits, state

            said = greedy(spy, state, start, end, 9) if k == 1 else beam(spy, state, start, end, 9, k)
            found.append((said, torch.stack(seen)))
        (said, logits), (expected, expected_logits) = found
        assert len(logits) > 3, "it said more than a word or two"
        torch.testing.assert_close(logits, expected_logits, rtol=0, atol=1e-10)
        for row, other in zip(said, expected, strict=True):
            for mine, theirs in zip([row] if k == 1 else row, [other] if k == 1 else other, strict=True):
                assert mine.ids == theirs.ids and mine.score == pytest.approx(theirs.score)


def test_the_source_is_projected_once_and_each_token_read_once():
    model = make()
    projected, read = [], []
    for layer in model.decoder.layers:
        layer.source_attention.W_k.register_forward_hook(lambda _, x, __: projected.append(x[0].shape[1]))
        layer.attention.W_k.register_forward_hook(lambda _, x, __: read.append(x[0].shape[1]))
    greedy(*model.prepare(SOURCES), end=-1, max_length=4)
    assert projected == [6, 6] and read == [1] * 8
    model(batch_of(model))
    assert projected == [6] * 4 and read[8:] == [8, 8], "teacher forcing is one call"


@pytest.mark.parametrize("forcing", [0.0, 0.5])
def test_free_running_reads_what_was_said(forcing):
    model = make(seed=3)
    batch = batch_of(model)
    torch.manual_seed(1)
    logits = model(batch, forcing=forcing)
    torch.manual_seed(1)
    gold = torch.rand(batch.inputs.shape) < forcing
    read = batch.inputs.clone()
    read[:, 1:] = torch.where(gold[:, 1:], batch.inputs[:, 1:], logits.argmax(dim=2)[:, :-1])
    state, memory = begin(model, batch)
    forced = model.decoder(read, state, memory)[0]
    torch.testing.assert_close(logits, forced)
    along, parameters = torch.randn_like(logits), list(model.parameters())
    gradients = (torch.autograd.grad((z * along).sum(), parameters) for z in (logits, forced))
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("pre_norm", NORMS)
def test_an_output_depends_on_all_that_was_read_on_the_whole_source_and_on_nothing_ahead(pre_norm):
    model = make(pre_norm=pre_norm)
    batch = batch_of(model, [("abcab", "xyzzy")])
    logits = model(batch)
    for i in range(5):
        source = batch.source.clone()
        source[0, i] = source[0, i] % 3 + 1
        changed = model(Batch(source, batch.target, inputs=batch.inputs))
        assert (changed - logits).abs().amax(dim=2).min() > 1e-9
    for t in range(6):
        inputs = batch.inputs.clone()
        inputs[0, t] = (inputs[0, t] + 1) % len(model.target)
        moved = (model(Batch(batch.source, batch.target, inputs=inputs)) - logits)[0].abs().amax(dim=1)
        assert (moved[:t] == 0).all() and moved[t:].min() > 1e-9


@pytest.mark.parametrize("positions", ["sinusoidal", "learned", None])
def test_without_positions_the_order_of_the_source_says_nothing(positions):
    model = make(positions=positions)
    x, y = batch_of(model, [("abccb", "xyz")]), batch_of(model, [("cbbac", "xyz")])
    assert torch.allclose(model(x), model(y)) is (positions is None)


@pytest.mark.parametrize("pre_norm", NORMS)
def test_the_alignment_is_the_mean_of_the_last_layers_heads_and_weights_are_distributions(pre_norm):
    model = make(pre_norm=pre_norm, layers=3)
    batch = batch_of(model)
    state, memory = begin(model, batch)
    found = model.decoder.weights(batch.inputs, state, memory)
    assert [(a.shape, b.shape) for a, b in found] == [((5, 3, 8, 8), (5, 3, 8, 6))] * 3
    torch.testing.assert_close(model.align(batch), sum(found[-1][1][:, j] for j in range(3)) / 3)
    assert not torch.allclose(found[0][1], found[-1][1])
    inside = model.encoder.weights(batch.source, batch.source_lengths)
    assert [weights.shape for weights in inside] == [(5, 3, 6, 6)] * 3
    for weights in (*inside, *(part for layer in found for part in layer)):
        torch.testing.assert_close(weights.sum(dim=3), torch.ones(weights.shape[:3]).double())
    for own, _ in found:
        assert (own.triu(1) == 0).all()


@cache
def trained():
    set_seed(0)
    model = transformer(*vocabularies(PAIRS), d_model=16, heads=2, dropout=0.1)
    fit(model, [batch_of(model)] * 150, 1e-2, loss=token_loss, clip=1.0, one_cycle=True)
    return model


@pytest.mark.parametrize("k", [1, 3])
def test_a_small_model_learns_its_pairs_and_says_them_with_their_weights(k):
    model = deepcopy(trained())
    assert evaluate(model, PAIRS, k=k).exact == 1
    found = model.train().translate(SOURCES, max_length=6, k=k)
    assert model.training, "the mode is as it was"
    model.eval()
    for x, (tokens, alignment) in zip(SOURCES, found, strict=True):
        assert alignment.shape == (len(tokens), len(x)) and not alignment.requires_grad
        state, memory = begin(model, batch_of(model, [(x, "")]))
        for token, row in zip([1, *model.target.ids(tokens)], alignment, strict=False):
            torch.testing.assert_close(row, model.decoder.align(torch.tensor([[token]]), state, memory)[0, 0])
            _, state = model.decoder(torch.tensor([[token]]), state, memory)


@pytest.mark.parametrize(("pre_norm", "positions"), KINDS)
def test_the_gradient_reaches_every_parameter_and_no_padding(pre_norm, positions):
    model = make(pre_norm=pre_norm, positions=positions, max_length=8)
    batch = batch_of(model)
    seen = []
    model.encoder.embedding.register_forward_hook(lambda _, __, x: (x.retain_grad(), seen.append(x))[0])
    token_loss(model(batch), batch.target, batch.target_mask).backward()
    assert (seen[0].grad[batch.source_mask] != 0).all() and (seen[0].grad[~batch.source_mask] == 0).all()
    for name, parameter in model.named_parameters():
        assert parameter.grad.isfinite().all()
        assert bool(parameter.grad.abs().max() > 1e-9) is not name.endswith("W_k.bias"), name


def test_nothing_is_shared_with_the_encoder_and_the_decoder_has_its_sizes():
    model = make(layers=3, positions="learned", pre_norm=False, max_length=9)
    ours, theirs = ({id(p) for p in half.parameters()} for half in (model.encoder, model.decoder))
    assert not ours & theirs
    assert len(model.decoder.layers) == 3 and model.decoder.embedding.learned.shape == (9, 6)
    assert model.decoder.layers[0].feed_forward.W_1.weight.shape == (5, 6)
    assert not model.decoder.layers[0].around_attention.pre_norm
    assert TransformerEncoder(7, 8, 2).layers[0].feed_forward.W_1.weight.shape == (32, 8), "4 d_model"


def test_dropout_is_on_in_training_only_on_inputs_and_on_what_sublayers_put_out():
    model = make(dropout=1.0)
    batch = batch_of(model)
    expected = model.eval()(batch)
    assert torch.equal(model(batch), expected)
    model.train()
    nothing = model.decoder.output(model.decoder.norm(torch.zeros(1, 6).double()))
    torch.testing.assert_close(model(batch), nothing.expand_as(expected))
    for half in (model.encoder, model.decoder):
        half.embedding.dropout.p = 0.0
    x = model.decoder.embedding(batch.inputs)
    torch.testing.assert_close(model(batch), model.decoder.output(model.decoder.norm(x)))


MODEL = make(max_length=7, positions="learned")
IDS = torch.zeros(2, 3, dtype=torch.long)


def memory_of(B):
    return MODEL.encoder(torch.zeros(B, 3, dtype=torch.long), torch.full((B,), 3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: TransformerEncoder(3, 6, 4), "heads is 4, but a number that divides d_model = 6 was expected"),
        (lambda: TransformerEncoder(3, layers=0), "layers is 0, but 1 or more was expected"),
        (lambda: TransformerEncoder(3, 5, 1), "d_model is 5, but an even number was expected"),
        (lambda: TransformerEncoder(3, positions="sine"), "positions is 'sine', but one of 'sinusoidal', 'learned'"),
        (lambda: sinusoidal(4, 7), "d_model is 7, but an even number was expected"),
        (lambda: sinusoidal(4, 0), "d_model is 0, but an even number was expected"),
        (lambda: sinusoidal(4, 6, -1), "T is 4 and start is -1, but neither can be negative"),
        (lambda: MODEL.encoder(IDS[0], torch.tensor([3])), r"source has shape \(3,\)"),
        (lambda: MODEL.encoder(IDS, torch.tensor([3])), r"lengths has shape \(1,\).* B = 2 from source"),
        (lambda: MODEL.encoder(IDS, torch.tensor([3, 4])), r"lengths must lie in 1 … 3, but \[3, 4\] was given"),
        (lambda: MODEL.translate(["a", ""]), r"lengths must lie in 1 … 1, but \[1, 0\] was given"),
        (lambda: MODEL.translate(["abcabcab"]), "position 7 was asked for, but the learned ones are 0 … 6"),
        (
            lambda: greedy(*MODEL.prepare(["a"]), end=-1, max_length=8),
            "position 7 was asked for, but the learned ones are 0 … 6; max_length",
        ),
        (lambda: MODEL.decoder(IDS[0], MODEL.decoder.begin(memory_of(2)), memory_of(2)), r"inputs has shape \(3,\)"),
        (
            lambda: MODEL.decoder(IDS, MODEL.decoder.begin(memory_of(5)), memory_of(5)),
            r"states has shape \(5, 3, 6\).* B = 2 from inputs",
        ),
        (
            lambda: MODEL.decoder(IDS, MODEL.decoder.begin(memory_of(5)), memory_of(2)),
            r"cache has shape \(5, 3, 0, 2\).* B = 2 from x",
        ),
        (lambda: EncoderLayer(6, 3, 5)(torch.zeros(2, 3, 7)), r"x has shape \(2, 3, 7\).* d_model = 6 from norm"),
        (lambda: EncoderLayer(6, 3, 5)(torch.zeros(3, 6)), r"x has shape \(3, 6\)"),
        (lambda: EncoderLayer(6, 3, 5, pre_norm=False)(torch.zeros(2, 3, 7)), r"x has shape \(2, 3, 7\)"),
        (lambda: MODEL.align(Batch(IDS, IDS)), "no decoder inputs"),
    ],
)  # fmt: skip
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_decoder_can_have_another_vocabulary_than_its_encoder():
    encoder = TransformerEncoder(4, 6, 3)
    assert TransformerDecoder(encoder, 9).output.weight.shape == (9, 6)
