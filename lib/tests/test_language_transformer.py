"""The decoder-only Transformer: PyTorch's layers under a causal mask, and its cache changes nothing."""

from math import log, sqrt

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_multihead import assert_same, share
from torch import nn
from torch.nn import functional as F

from rnn2attn.attention import causal_mask, merge_heads, split_heads
from rnn2attn.language import TransformerLanguageModel, bits, fit_stream, write
from rnn2attn.language.transformer import CausalLayer
from rnn2attn.training import set_seed
from rnn2attn.transformer import sinusoidal, turn

KINDS = ["sinusoidal", "rotary", None]
SIZES = st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 3), st.integers(1, 3), st.integers(0, 10**6))


def make(positions, seed=0, V=5, d_model=12, heads=3, layers=2):
    """A small model in float64, with weights far from where they start."""
    set_seed(seed)
    model = TransformerLanguageModel(V, d_model, heads, layers, positions).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()
    return model


def letters(B, T, seed=0, V=5):
    return torch.randint(V, (B, T), generator=torch.Generator().manual_seed(seed))


def stack_in_torch(model, heads):
    """PyTorch's own encoder with the same weights, to be used under a causal mask."""
    d = model.embedding.embedding_dim
    layer = nn.TransformerEncoderLayer(d, heads, 4 * d, dropout=0.0, batch_first=True, norm_first=True).double()
    theirs = nn.TransformerEncoder(layer, len(model.layers), nn.LayerNorm(d).double(), enable_nested_tensor=False)
    share(nn.ModuleDict({"layers": model.layers, "norm": model.norm}), theirs, True)
    return theirs


@settings(deadline=None, max_examples=40)
@given(SIZES, st.sampled_from(["sinusoidal", None]))
def test_it_is_pytorchs_encoder_under_a_causal_mask(sizes, positions):
    B, T, heads, half, seed = sizes
    d = 2 * half * heads
    model = make(positions, seed, d_model=d, heads=heads)
    theirs, ids = stack_in_torch(model, heads), letters(B, T, seed)
    x = sqrt(d) * model.embedding(ids)
    if positions:
        x = x + sinusoidal(T, d, dtype=torch.float64)
    expected = model.output(theirs(x, mask=~causal_mask(T)[0], is_causal=True))
    logits, _ = model(ids)
    torch.testing.assert_close(logits, expected, rtol=1e-9, atol=1e-9)


@settings(deadline=None, max_examples=40)
@given(SIZES)
def test_a_layer_and_its_gradients_are_pytorchs(sizes):
    B, T, heads, half, seed = sizes
    d = heads * half
    torch.manual_seed(seed)
    mine = CausalLayer(d, heads).double()
    theirs = nn.TransformerEncoderLayer(d, heads, 4 * d, dropout=0.0, batch_first=True, norm_first=True).double()
    share(mine, theirs, True)
    x = torch.randn(B, T, d, dtype=torch.float64, requires_grad=True)
    nothing = x.new_zeros(B, heads, 0, half)
    assert_same(mine(x, nothing, nothing)[0], theirs(x, ~causal_mask(T)[0]), (x,), (mine, theirs))


@settings(deadline=None, max_examples=40)
@given(SIZES, st.integers(0, 40))
def test_with_rotary_positions_pytorchs_attention_gets_turned_queries_and_keys(sizes, start):
    B, T, heads, half, seed = sizes
    d = 2 * half * heads
    torch.manual_seed(seed)
    layer = CausalLayer(d, heads, rotary=True).double()
    x = torch.randn(B, T, d, dtype=torch.float64)
    y, of = layer.around_attention.norm(x), layer.attention
    q, k, v = (split_heads(W(y), heads) for W in (of.W_q, of.W_k, of.W_v))
    found = F.scaled_dot_product_attention(turn(q, start), turn(k, start), v, is_causal=True)
    expected = x + of.W_o(merge_heads(found))
    expected = expected + layer.feed_forward(layer.around_feed_forward.norm(expected))
    nothing = x.new_zeros(B, heads, 0, 2 * half)
    torch.testing.assert_close(layer(x, nothing, nothing, start)[0], expected)


@pytest.mark.parametrize("positions", KINDS)
@settings(deadline=None, max_examples=30)
@given(SIZES, st.lists(st.integers(1, 3), min_size=1, max_size=4), st.integers(0, 9))
def test_letters_read_in_pieces_give_what_they_give_at_once(positions, sizes, pieces, start):
    B, *_, seed = sizes
    model, ids, state, found = make(positions, seed), letters(B, sum(pieces), seed), None, []
    for piece in ids.split(pieces, dim=1):
        logits, state = model(piece, state, start)
        found.append(logits)
    whole, kept = model(ids, start=start)
    torch.testing.assert_close(torch.cat(found, dim=1), whole, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(tuple(state), tuple(kept), rtol=1e-9, atol=1e-9)
    assert kept.keys.shape == kept.values.shape == (2, B, 3, sum(pieces), 4)


@pytest.mark.parametrize("positions", KINDS)
def test_no_letter_is_known_before_it_is_read(positions):
    model, ids = make(positions), letters(1, 7)
    other = ids.clone()
    other[0, 4] = (ids[0, 4] + 1) % 5
    one, two = model(ids)[0], model(other)[0]
    assert torch.equal(one[:, :4], two[:, :4])
    assert ((one - two)[0, 4:].abs().amax(dim=1) > 1e-6).all()


@pytest.mark.parametrize("positions", KINDS)
def test_only_sinusoids_know_where_a_text_begins(positions):
    model, ids = make(positions), letters(2, 6)
    gap = (model(ids, start=0)[0] - model(ids, start=50)[0]).abs().max()
    assert gap > 0.1 if positions == "sinusoidal" else gap < 1e-9


@pytest.mark.parametrize("positions", KINDS)
def test_order_counts_also_without_positions(positions):
    """The causal mask lets order through, but without positions only from the second layer on."""
    swapped = torch.tensor([[1, 0, 2, 3]])
    gaps = []
    for layers in (1, 2):
        model = make(positions, layers=layers)
        gaps.append((model(torch.tensor([[0, 1, 2, 3]]))[0] - model(swapped)[0])[0, -1].abs().max())
    assert gaps[1] > 1e-3 and (gaps[0] < 1e-9 if positions is None else gaps[0] > 1e-3)


@pytest.mark.parametrize("positions", KINDS)
def test_weights_are_distributions_over_what_was_read(positions):
    found = make(positions).weights(letters(2, 5), start=3)
    assert [w.shape for w in found] == [(2, 3, 5, 5)] * 2
    for weights in found:
        torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, 3, 5, dtype=torch.float64))
        assert (weights.triu(1) == 0).all()


@pytest.mark.parametrize("positions", KINDS)
def test_bits_and_writing_take_it_as_it_is(positions):
    model, ids = make(positions), letters(1, 20)[0]
    p = model(ids[None, :-1])[0][0].log_softmax(dim=-1)
    expected = -p[range(19), ids[1:]].mean().item() / log(2)
    for steps in (1, 6, 200):
        assert bits(model, ids, steps) == pytest.approx(expected, rel=1e-9)
    read, drawn = [1, 2], write(model, [1, 2], 8, temperature=1e-6)
    for letter in drawn:  # without the cache: everything is read anew for each letter
        assert model(torch.tensor([read]))[0][0, -1].argmax() == letter
        read.append(letter)


@pytest.mark.parametrize("positions", KINDS)
def test_it_learns_a_text_that_goes_round(positions):
    set_seed(0)
    ids = torch.arange(4).repeat(100)
    model = TransformerLanguageModel(4, 8, heads=2, layers=1, positions=positions)
    losses = fit_stream(model, ids, 120, rows=4, steps=8, lr=2e-2, carry=False)
    assert losses[0] > 1 and losses[-1] < 0.1


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"positions": "learned"}, "positions is 'learned'; one of 'sinusoidal', 'rotary', None was expected"),
        ({"layers": 0}, "layers is 0"),
        ({"heads": 5}, "heads is 5, but a number that divides d_model = 12"),
        ({"d_model": 9, "heads": 3}, "d_model is 9, but an even number"),
        ({"heads": 4, "positions": "rotary"}, "a head has 3 features, but an even number was expected"),
    ],
)
def test_sizes_that_do_not_go_together_are_named(sizes, message):
    with pytest.raises(ValueError, match=message):
        TransformerLanguageModel(5, **({"d_model": 12} | sizes))


def test_letters_that_cannot_be_read_are_named():
    model = make("sinusoidal")
    with pytest.raises(ValueError, match=r"ids has shape \(4,\)"):
        model(torch.zeros(4, dtype=torch.long))
    with pytest.raises(ValueError, match="start is -2"):
        model(letters(1, 3), start=-2)
    _, state = model(letters(2, 3))
    with pytest.raises(ValueError, match="keys has shape"):
        model(letters(1, 3), state)
