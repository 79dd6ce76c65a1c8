"""Encoder, decoder and both together, against the steps of `recurrent` run row by row, without padding."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnn2attn.attention import SCORES
from rnn2attn.decoding import beam, greedy
from rnn2attn.recurrent import from_torch
from rnn2attn.seq2seq import (
    AttentionDecoder,
    Decoder,
    Encoder,
    Memory,
    Seq2Seq,
    Tagger,
    Translation,
    model_of,
    reverse_rows,
)
from rnn2attn.text import EOS, Batch, Vocabulary, vocabularies
from rnn2attn.training import fit, set_seed, token_loss

PAIRS = [("abc", "xyzzy"), ("a", "z"), ("cabcab", ""), ("bb", "yyx"), ("ca", "zzzzzzz")]
CELLS, WAYS = ["RNN", "LSTM", "GRU"], ["forward", "backward", "both"]


def make(cell="LSTM", direction="forward", feed_context=False, seed=0, dropout=0.0):
    set_seed(seed)
    source, target = vocabularies(PAIRS)
    encoder = Encoder(len(source), 3, 5, cell, direction, dropout)
    model = Seq2Seq(source, target, encoder, Decoder(encoder, len(target), feed_context, dropout)).double()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "output" in name or "embedding" in name or "bridge" in name:
                parameter.normal_()
    return model


def batch_of(model, pairs=PAIRS):
    return Batch.of(pairs, model.source, model.target)


def parts(state):
    return state if isinstance(state, tuple) else (state,)


def own(rnn, d_emb=None):
    """Our cell, unrolled, with the weights of PyTorch's; an encoder's LSTM without the input that marks padding."""
    if d_emb is None or rnn.input_size == d_emb:
        return from_torch(rnn)
    plain = nn.LSTM(d_emb, rnn.hidden_size, batch_first=True).double()
    weights = dict(rnn.named_parameters())
    weights["weight_ih_l0"] = weights["weight_ih_l0"][:, :-1]
    plain.load_state_dict({name: weight.detach().clone() for name, weight in weights.items()})
    return from_torch(plain)


def by_the_equations(model, source, target):
    """Logits (T', V) of one pair of strings, by our own cells and without padding."""
    encoder, decoder = model.encoder, model.decoder
    x = encoder.embedding(model.source.encode(source))[None]
    last = []
    for direction, rnn in zip(encoder.directions, encoder.rnns, strict=True):
        _, state = own(rnn, encoder.d_emb)(x.flip(1) if direction == "backward" else x)
        last.append(parts(state))
    h, *c = (torch.cat(part, dim=1) for part in zip(*last, strict=True))
    state = (h, *c)
    if len(encoder.directions) == 2:
        W = [layer.weight for layer in decoder.bridge], [layer.bias for layer in decoder.bridge]
        state = (torch.tanh(h @ W[0][0].T + W[1][0]), *(part @ W[0][1].T + W[1][1] for part in c))
    y = decoder.embedding(torch.tensor([1, *model.target.ids(target)]))[None]
    if decoder.feed_context:
        y = torch.cat([y, h.expand(y.shape[1], -1)[None]], dim=2)
    s, _ = own(decoder.rnn)(y, state if c else state[0])
    return (s @ decoder.output.weight.T + decoder.output.bias)[0]


@pytest.mark.parametrize("feed_context", [False, True])
@pytest.mark.parametrize("direction", WAYS)
@pytest.mark.parametrize("cell", CELLS)
def test_a_padded_batch_is_the_equations_row_by_row(cell, direction, feed_context):
    model = make(cell, direction, feed_context)
    batch = batch_of(model)
    logits = model(batch)
    assert logits.shape == (5, 8, len(model.target)) and logits.dtype == torch.float64
    for row, (source, target) in enumerate(PAIRS):
        expected = by_the_equations(model, source, target)
        torch.testing.assert_close(logits[row, : len(target) + 1], expected)


@pytest.mark.parametrize("feed_context", [False, True])
@pytest.mark.parametrize("direction", WAYS)
@pytest.mark.parametrize("cell", CELLS)
def test_alone_or_in_a_padded_batch_is_the_same(cell, direction, feed_context):
    model = make(cell, direction, feed_context)
    batch = batch_of(model)
    logits, memory = model(batch), model.encoder(batch.source, batch.source_lengths)
    sources = [source for source, _ in PAIRS]
    translated = model.translate(sources, max_length=9)
    for row, pair in enumerate(PAIRS):
        alone = batch_of(model, [pair])
        torch.testing.assert_close(model(alone)[0], logits[row, : len(pair[1]) + 1])
        one = model.encoder(alone.source, alone.source_lengths)
        torch.testing.assert_close(one.states[0], memory.states[row, : len(pair[0])])
        for mine, theirs in zip(parts(one.last), parts(memory.last), strict=True):
            torch.testing.assert_close(mine[0], theirs[row])
        assert model.translate([pair[0]], max_length=9) == [translated[row]]


@settings(deadline=None, max_examples=20)
@given(
    st.sampled_from(CELLS), st.lists(st.integers(1, 7), min_size=1, max_size=5), st.integers(1, 4), st.integers(1, 6),
    st.integers(0, 10**6),
)  # fmt: skip
def test_both_ways_equal_pytorchs_bidirectional_network_on_packed_rows(cell, lengths, d_emb, d_h, seed):
    torch.manual_seed(seed)
    encoder = Encoder(4, d_emb, d_h, cell, "both").double()
    theirs = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}[cell](
        d_emb, d_h, batch_first=True, bidirectional=True
    ).double()
    with torch.no_grad():
        for rnn, suffix in zip(encoder.rnns, ("", "_reverse"), strict=True):
            for name, weight in rnn.named_parameters():
                getattr(theirs, name + suffix).copy_(weight[:, :d_emb] if name == "weight_ih_l0" else weight)
    lengths, x = torch.tensor(lengths), torch.randn(len(lengths), max(lengths), d_emb, dtype=torch.float64)
    x = x.requires_grad_()
    packed, last = theirs(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
    expected, _ = pad_packed_sequence(packed, batch_first=True)
    memory = encoder.read(x, lengths)
    assert memory.mask.sum(1).tolist() == lengths.tolist()
    torch.testing.assert_close(memory.states[memory.mask], expected[memory.mask])
    ends = [torch.cat(part.unbind(0), dim=1) for part in parts(last)]
    for mine, end in zip(parts(memory.last), ends, strict=True):
        torch.testing.assert_close(mine, end)

    def gradients(rnns, states, ends):
        loss = (states[memory.mask] ** 2).sum() + sum((end**3).sum() for end in ends)
        return torch.autograd.grad(loss, [x, *(p for rnn in rnns for p in rnn.parameters())], retain_graph=True)

    ours, mine = gradients([theirs], expected, ends), gradients(encoder.rnns, memory.states, parts(memory.last))
    for a, b in zip(mine, ours, strict=True):
        if a.shape != b.shape:
            assert (a[:, -1] == 0).all(), "the input that marks padding learns nothing"
            a = a[:, :-1]
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("direction", WAYS)
@pytest.mark.parametrize("cell", CELLS)
def test_what_stands_on_padding_does_not_matter(cell, direction):
    model = make(cell, direction)
    lengths = torch.tensor([3, 5, 1])
    x = torch.randn(3, 5, 3, dtype=torch.float64)
    memory = model.encoder.read(x, lengths)
    noisy = model.encoder.read(torch.where(memory.mask[..., None], x, 100 * torch.randn_like(x)), lengths)
    assert torch.equal(memory.states[memory.mask], noisy.states[memory.mask])
    assert all(torch.equal(a, b) for a, b in zip(parts(memory.last), parts(noisy.last), strict=True))


def test_a_real_token_may_have_the_number_of_the_padding():
    model = make("GRU", "both")
    batch = Batch(torch.tensor([[0, 0, 2], [1, 0, 0]]), torch.zeros(2, 1, dtype=torch.long), torch.tensor([3, 2]))
    memory = model.encoder(batch.source, batch.source_lengths)
    assert memory.mask.tolist() == [[True, True, True], [True, True, False]]
    alone = model.encoder(torch.tensor([[1, 0]]), torch.tensor([2]))
    torch.testing.assert_close(alone.states[0], memory.states[1, :2])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_training_leaves_the_lstms_gates_shut_on_padding(dtype):
    model = make("LSTM", "both").to(dtype)
    before = [rnn.weight_ih_l0[:, -1].clone() for rnn in model.encoder.rnns]
    fit(model, [batch_of(model)] * 5, 0.1, loss=token_loss)
    for rnn, column in zip(model.encoder.rnns, before, strict=True):
        assert torch.equal(rnn.weight_ih_l0[:, -1], column)
    x, lengths = torch.randn(2, 40, 3, dtype=dtype), torch.tensor([4, 40])
    long, short = model.encoder.read(x, lengths).last[1][0], model.encoder.read(x[:1, :4], lengths[:1]).last[1][0]
    torch.testing.assert_close(long, short)


def test_reversing_rows_keeps_padding_in_place_and_twice_is_nothing():
    x = torch.arange(1, 9).reshape(2, 4, 1)
    lengths = torch.tensor([3, 4])
    turned = reverse_rows(x, lengths)
    assert turned[..., 0].tolist() == [[3, 2, 1, 4], [8, 7, 6, 5]]
    assert torch.equal(reverse_rows(turned, lengths), x)


@pytest.mark.parametrize("cell", CELLS)
def test_an_encoder_that_reads_backward_reads_the_reversed_source(cell):
    backward, forward = make(cell, "backward"), make(cell, "forward")
    forward.load_state_dict(backward.state_dict())
    turned = [(source[::-1], target) for source, target in PAIRS]
    torch.testing.assert_close(backward(batch_of(backward)), forward(batch_of(forward, turned)))


@pytest.mark.parametrize("cell", CELLS)
def test_encoder_and_decoder_share_nothing(cell):
    model = make(cell, "both", feed_context=True)
    encoder, decoder = ({p.data_ptr() for p in part.parameters()} for part in (model.encoder, model.decoder))
    assert encoder and decoder and not encoder & decoder
    assert len(encoder | decoder) == len(list(model.parameters()))


@pytest.mark.parametrize("feed_context", [False, True])
@pytest.mark.parametrize("direction", WAYS)
@pytest.mark.parametrize("cell", CELLS)
def test_every_source_token_reaches_every_output(cell, direction, feed_context):
    model = make(cell, direction, feed_context)
    batch = batch_of(model, [("abc", "xyz")])
    logits = model(batch)
    for other in ("bbc", "aac", "abb"):
        changed = model(batch_of(model, [(other, "xyz")]))
        assert (changed - logits).abs().amax(dim=2).min() > 1e-9, other


@pytest.mark.parametrize("cell", CELLS)
def test_a_fed_context_reaches_every_step_by_itself(cell):
    for feed_context in (False, True):
        model = make(cell, feed_context=feed_context)
        batch = batch_of(model, [("abc", "xyz")])
        memory = model.encoder(batch.source, batch.source_lengths)
        state = model.decoder.begin(memory)
        last = tuple(part + 1 for part in parts(memory.last)) if cell == "LSTM" else memory.last + 1
        logits, _ = model.decoder(batch.inputs, state, memory)
        other, _ = model.decoder(batch.inputs, state, memory._replace(last=last))
        assert torch.equal(logits, other) is not feed_context


@pytest.mark.parametrize("feed_context", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_one_call_over_the_target_equals_one_step_at_a_time(cell, feed_context):
    model = make(cell, "both", feed_context)
    batch = batch_of(model)
    logits = model(batch)
    step, state, start = model.prepare([source for source, _ in PAIRS])
    assert torch.equal(start, batch.inputs[:, 0])
    for t in range(batch.inputs.shape[1]):
        z, state = step(batch.inputs[:, t], state)
        torch.testing.assert_close(z, logits[:, t])


@pytest.mark.parametrize("cell", CELLS)
def test_free_running_says_what_greedy_says(cell):
    model = make(cell, seed=3)
    batch = batch_of(model)
    said = model(batch, forcing=0.0).argmax(dim=2)
    step, state, start = model.prepare([source for source, _ in PAIRS])
    found = greedy(step, state, start, model.target.id(EOS), max_length=8)
    for row, hypothesis in enumerate(found):
        assert said[row, : len(hypothesis.ids)].tolist() == hypothesis.ids
    assert torch.equal(said[:, 0], model(batch).argmax(dim=2)[:, 0]), "the first step reads <sos> either way"


class Parrot(nn.Module):
    """A decoder that always says token 7, and records what it reads."""

    def __init__(self):
        super().__init__()
        self.read = []

    def begin(self, memory):
        return memory.last

    def forward(self, inputs, state, memory):
        self.read.append(inputs)
        logits = torch.zeros(*inputs.shape, 8, requires_grad=True)
        return logits + torch.eye(8)[7], state


def read_by_a_parrot(forcing, B=200, T=30):
    model = make()
    model.decoder = Parrot()
    ids = torch.randint(3, 6, (B, T))
    batch = Batch(torch.ones(B, 2, dtype=torch.long), ids, inputs=torch.cat([torch.ones(B, 1).long(), ids[:, 1:]], 1))
    model(batch, forcing=forcing)
    return batch.inputs, torch.cat(model.decoder.read, dim=1), len(model.decoder.read)


def test_teacher_forcing_is_one_call_and_free_running_reads_its_own_words():
    gold, read, calls = read_by_a_parrot(1.0)
    assert calls == 1 and torch.equal(read, gold)
    gold, read, calls = read_by_a_parrot(0.0)
    assert calls == 30 and (read[:, 0] == 1).all() and (read[:, 1:] == 7).all()


def test_in_between_every_token_has_its_own_coin():
    torch.manual_seed(0)
    gold, read, _ = read_by_a_parrot(0.3)
    own = read[:, 1:] == 7
    assert torch.equal(read[:, 1:][~own], gold[:, 1:][~own]) and (read[:, 0] == 1).all()
    assert abs((~own).float().mean() - 0.3) < 0.03
    assert (own.float().mean(0) - 0.7).abs().max() < 0.2 and (own.float().mean(1) - 0.7).abs().max() < 0.4


def test_no_gradient_goes_through_the_choice_of_a_word_but_through_the_state():
    model = make("GRU")
    batch = batch_of(model, [("abc", "xyz")])
    logits = model(batch, forcing=0.0)
    (gradient,) = torch.autograd.grad(logits[0, -1].sum(), model.encoder.embedding.weight)
    assert gradient.isfinite().all() and gradient.abs().sum() > 0


@pytest.mark.parametrize("k", [1, 3])
def test_translate_is_greedy_or_beam_without_sos_and_eos(k):
    model = make("LSTM", "both", seed=5, dropout=0.5).train()
    sources = [source for source, _ in PAIRS]
    found = model.translate(sources, max_length=6, k=k)
    assert model.training, "the mode is as it was"
    model.eval()
    for source, translation in zip(sources, found, strict=True):
        assert isinstance(translation, Translation) and translation.alignment is None
        step, state, start = model.prepare([source], k)
        ((best, *_),) = beam(step, state, start, model.target.id(EOS), 6, k)
        assert translation.tokens == model.target.decode(best.ids)
        assert EOS not in translation.tokens and len(translation.tokens) <= 6
    with pytest.raises(ValueError, match="max_length"):
        model.train().translate(sources, max_length=0)
    assert model.training


def test_dropout_is_on_in_training_only():
    model = make("GRU", dropout=0.5)
    batch = batch_of(model)
    assert not torch.equal(model(batch), model(batch))
    model.eval()
    assert torch.equal(model(batch), model(batch))


@pytest.mark.parametrize("cell", CELLS)
def test_a_small_model_learns_its_five_pairs(cell):
    model = make(cell, "both").float()
    fit(model, [batch_of(model)] * 200, 3e-2, loss=token_loss, clip=1.0)
    translations = model.translate([source for source, _ in PAIRS])
    assert ["".join(translation.tokens) for translation in translations] == [target for _, target in PAIRS]


@pytest.mark.parametrize("direction", WAYS)
@pytest.mark.parametrize("score", [None, *SCORES])
def test_a_model_made_for_pairs_is_the_one_put_together(score, direction):
    if direction == "both" and score in ("dot", "scaled dot"):
        pytest.skip("a dot product needs query and keys of one size")
    set_seed(1)
    made = model_of(PAIRS, score, "GRU", 8, direction)
    set_seed(1)
    source, target = vocabularies(PAIRS)
    encoder = Encoder(len(source), 32, 8, "GRU", direction)
    if score is None:
        decoder = Decoder(encoder, len(target))
    else:
        decoder = AttentionDecoder(encoder, len(target), SCORES[score](8, encoder.d_m))
    model = Seq2Seq(source, target, encoder, decoder)
    assert torch.equal(made(batch_of(model)), model(batch_of(model)))
    assert (made.source.tokens, made.target.tokens) == (source.tokens, target.tokens)


def test_a_model_takes_a_score_itself_and_other_decoders():
    class Loud(AttentionDecoder): ...

    def equal(query, keys):
        return (query @ keys.mT) * 0

    made = model_of(PAIRS, equal, decoders=(Decoder, Loud))
    assert type(made.decoder) is Loud and made.decoder.score is equal
    weights = made.align(batch_of(made, PAIRS[:1]))
    torch.testing.assert_close(weights, torch.full_like(weights, 1 / 3))


@pytest.mark.parametrize(
    ("direction", "reach"), [("forward", "causal"), ("backward", "the other way"), ("both", "all")]
)
def test_a_tagger_sees_what_its_encoder_has_read(direction, reach):
    torch.manual_seed(0)
    tagger = Tagger(Encoder(4, 3, 5, "GRU", direction), 6).double()
    vocabulary = Vocabulary("abcd")
    logits = tagger(Batch.of([("abcd", "abcd")], vocabulary))
    assert logits.shape == (1, 4, 6)
    changed = (tagger(Batch.of([("abad", "abcd")], vocabulary)) - logits)[0].abs().amax(dim=1) > 0
    expected = {"causal": [False, False, True, True], "the other way": [True, True, True, False], "all": [True] * 4}
    assert changed.tolist() == expected[reach]


def memory_of(B):
    return Memory(torch.zeros(B, 2, 5).double(), torch.ones(B, 2, dtype=torch.bool), torch.zeros(B, 5).double())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: Encoder(3, cell="gru"), "cell is 'gru', but one of 'RNN', 'LSTM', 'GRU' was expected"),
        (lambda m: Encoder(3, direction="back"), "direction is 'back', but one of 'forward', 'backward', 'both'"),
        (lambda m: m.encoder(torch.zeros(3).long(), torch.ones(3).long()), r"source has shape \(3,\)"),
        (lambda m: m.encoder(torch.zeros(3, 2).long(), torch.ones(2).long()), r"lengths has shape \(2,\).* B = 3"),
        (lambda m: m.encoder(torch.zeros(1, 2).long(), torch.tensor([3])), r"lengths must lie in 1 … 2, but \[3\]"),
        (lambda m: m.decoder(torch.zeros(2).long(), None, memory_of(2)), r"inputs has shape \(2,\)"),
        (lambda m: m.decoder(torch.zeros(3, 1).long(), None, memory_of(2)), r"states has shape \(2, 2, 5\).* B = 3"),
        (lambda m: Seq2Seq(m.source, m.source, m.encoder, m.decoder), "the target vocabulary has no <sos>"),
        (
            lambda m: m(Batch.of([("a", "b")], Vocabulary("ab"))),
            "no decoder inputs: its target vocabulary had no <sos>",
        ),
        (lambda m: m(batch_of(m), forcing=1.5), "forcing is 1.5, but a probability"),
        (lambda m: m.translate("abc"), "sources must be a list of token sequences, at least one, not 'abc'"),
        (lambda m: m.translate([]), r"sources must be a list of token sequences, at least one, not \[\]"),
        (lambda m: m.translate(["a", ""]), r"lengths must lie in 1 … 1, but \[1, 0\] was given"),
        (lambda m: m.translate(["az"]), "token 'z' at position 1 is not among"),
        (lambda m: m.translate(["a"], k=0), "k is 0"),
        (lambda m: model_of(PAIRS, "cosine"), "score is 'cosine', but one of 'dot', 'scaled dot', 'general'"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(make("GRU"))
