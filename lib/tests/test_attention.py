"""Scores and attention, against PyTorch's own and against second derivations, forward and gradient."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rnn2attn.attention import Concat, General, attend, dot, scaled_dot

SIZES = st.tuples(*[st.integers(1, 5)] * 6, st.integers(0, 10**6))
MASKS = st.sampled_from([None, "keys", "queries", "one for all rows"])
SCORES = ["dot", "scaled_dot", "general", "concat"]


def random(*shape):
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def make(name, d_q, d_k, d_a=3):
    if name == "general":
        return General(d_q, d_k).double()
    return {"dot": dot, "scaled_dot": scaled_dot}.get(name) or Concat(d_q, d_k, d_a).double()


def random_mask(kind, B, T_query, T):
    """A mask with at least one key in every row."""
    if kind is None:
        return None
    shape = {"keys": (B, T), "queries": (B, T_query, T), "one for all rows": (1, T_query, T)}[kind]
    mask = torch.rand(shape) < 0.5
    return mask.scatter(-1, torch.randint(T, (*shape[:-1], 1)), True)


def assert_same(mine, theirs, inputs):
    """Equal, and so are the gradients of a random functional of both."""
    torch.testing.assert_close(mine, theirs)
    along = torch.randn_like(mine)
    gradients = [torch.autograd.grad((out * along).sum(), inputs, retain_graph=True) for out in (mine, theirs)]
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, b)


@settings(deadline=None, max_examples=60)
@given(SIZES, MASKS, st.booleans(), st.booleans())
def test_attend_is_pytorchs_scaled_dot_product_attention(sizes, kind, scaled, one):
    B, T_query, T, d, d_v, _, seed = sizes
    T_query = 1 if one else T_query
    torch.manual_seed(seed)
    query, keys, values = random(B, T_query, d), random(B, T, d), random(B, T, d_v)
    mask = random_mask(kind, B, T_query, T)
    context, weights = attend(query[:, 0] if one else query, keys, values, mask, scaled_dot if scaled else dot)
    if one:
        context, weights = context[:, None], weights[:, None]
    theirs = mask[:, None] if mask is not None and mask.dim() == 2 else mask
    expected = F.scaled_dot_product_attention(query, keys, values, theirs, scale=None if scaled else 1.0)
    assert_same(context, expected, (query, keys, values))
    identity = torch.eye(T, dtype=torch.float64).expand(B, T, T)
    expected = F.scaled_dot_product_attention(query, keys, identity, theirs, scale=None if scaled else 1.0)
    assert_same(weights, expected, (query, keys))


@settings(deadline=None, max_examples=40)
@given(SIZES)
def test_general_is_a_bilinear_form_of_each_query_with_each_key(sizes):
    B, T_query, T, d_q, d_k, _, seed = sizes
    torch.manual_seed(seed)
    query, keys, score = random(B, T_query, d_q), random(B, T, d_k), General(d_q, d_k).double()
    pairs = [part.expand(B, T_query, T, -1) for part in (query[:, :, None], keys[:, None])]
    expected = F.bilinear(*(pair.contiguous() for pair in pairs), score.W[None])[..., 0]
    assert_same(score(query, keys), expected, (query, keys, score.W))
    scaled = General(d_q, d_k, scaled=True).double()
    scaled.load_state_dict(score.state_dict())
    torch.testing.assert_close(scaled(query, keys) * d_k**0.5, expected)


def test_general_with_the_identity_is_dot():
    torch.manual_seed(0)
    query, keys, score = random(3, 4, 5), random(3, 6, 5), General(5, 5).double()
    assert not torch.allclose(score(query, keys), dot(query, keys))
    with torch.no_grad():
        score.W.copy_(torch.eye(5))
    torch.testing.assert_close(score(query, keys), dot(query, keys))


@settings(deadline=None, max_examples=40)
@given(SIZES, st.booleans())
def test_concat_is_a_network_of_two_layers_on_each_pair_side_by_side(sizes, tanh):
    B, T_query, T, d_q, d_k, d_a, seed = sizes
    torch.manual_seed(seed)
    query, keys, score = random(B, T_query, d_q), random(B, T, d_k), Concat(d_q, d_k, d_a, tanh).double()
    pairs = torch.cat([part.expand(B, T_query, T, -1) for part in (query[:, :, None], keys[:, None])], dim=3)
    hidden = F.linear(pairs, score.W)
    expected = F.linear(hidden.tanh() if tanh else hidden, score.v[None])[..., 0]
    inputs = (query, keys, score.W, score.v)
    assert_same(score(query, keys), expected, inputs)
    assert_same(score.compare(query, score.project(keys)), expected, inputs)


def test_without_its_tanh_concat_gives_every_query_the_same_weights():
    torch.manual_seed(0)
    query, keys = random(3, 4, 5), random(3, 6, 7)
    for tanh in (False, True):
        _, weights = attend(query, keys, keys, score=Concat(5, 7, 8, tanh).double())
        assert torch.allclose(weights, weights[:, :1]) is not tanh
        assert not torch.allclose(weights[:, :, :1], weights), "the keys still tell"


@settings(deadline=None, max_examples=40)
@given(SIZES, MASKS, st.sampled_from(SCORES))
def test_weights_are_a_distribution_over_the_keys_that_may_be_used(sizes, kind, name):
    B, T_query, T, d, d_v, _, seed = sizes
    torch.manual_seed(seed)
    query, keys, values = random(B, T_query, d), random(B, T, d), random(B, T, d_v)
    mask = random_mask(kind, B, T_query, T)
    context, weights = attend(query, keys, values, mask, make(name, d, d))
    assert context.shape == (B, T_query, d_v) and weights.shape == (B, T_query, T)
    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(B, T_query, dtype=torch.float64))
    if mask is not None:
        each = (mask[:, None] if mask.dim() == 2 else mask).expand_as(weights)
        assert (weights[~each] == 0).all() and (weights[each] > 0).all()
    for b in range(B):
        for t in range(T_query):
            mean = sum(weight * value for weight, value in zip(weights[b, t], values[b], strict=True))
            torch.testing.assert_close(context[b, t], mean)


@pytest.mark.parametrize("name", SCORES)
def test_what_is_masked_is_as_if_it_were_not_there(name):
    torch.manual_seed(0)
    query, keys, values, score = random(2, 3, 4), random(2, 5, 4), random(2, 5, 6), make(name, 4, 4)
    mask = torch.tensor([[True, False, True, True, False]] * 2)
    context, weights = attend(query, keys, values, mask, score)
    kept = attend(query, keys[:, mask[0]], values[:, mask[0]], score=score)
    torch.testing.assert_close((context, weights[:, :, mask[0]]), kept)
    gradients = torch.autograd.grad((context**2).sum() + (weights**2).sum(), (keys, values))
    for gradient in gradients:
        assert (gradient[:, ~mask[0]] == 0).all() and (gradient[:, mask[0]] != 0).all()


@pytest.mark.parametrize("kind", ["keys", "queries"])
@pytest.mark.parametrize("name", SCORES)
def test_the_order_of_the_keys_changes_nothing_if_values_and_mask_go_with_them(name, kind):
    torch.manual_seed(1)
    query, keys, values, score = random(2, 3, 4), random(2, 5, 4), random(2, 5, 6), make(name, 4, 4)
    mask, order = random_mask(kind, 2, 3, 5), torch.tensor([3, 0, 4, 1, 2])
    context, weights = attend(query, keys, values, mask, score)
    moved = attend(query, keys[:, order], values[:, order], mask[..., order], score)
    torch.testing.assert_close(moved, (context, weights[:, :, order]))
    for one_alone in (
        (keys[:, order], values, mask),
        (keys, values[:, order], mask),
        (keys, values, mask[..., order]),
    ):
        assert not torch.allclose(attend(query, *one_alone, score)[0], context)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_scores_of_a_thousand_are_finite(dtype):
    query = torch.tensor([[[1000.0], [-1000.0]]], dtype=dtype, requires_grad=True)
    keys = torch.tensor([[[1.0], [-1.0], [0.0], [1.0]]], dtype=dtype, requires_grad=True)
    mask = torch.tensor([[True, True, True, False]])
    context, weights = attend(query, keys, keys, mask, dot)
    assert weights.tolist() == [[[1, 0, 0, 0], [0, 1, 0, 0]]] and context.tolist() == [[[1], [-1]]]
    for gradient in torch.autograd.grad(context.sum(), (query, keys)):
        assert gradient.isfinite().all()


@pytest.mark.parametrize("name", SCORES)
def test_one_key_gets_all_exactly(name):
    torch.manual_seed(0)
    query, keys, values = random(3, 2, 4), random(3, 1, 4), random(3, 1, 5)
    context, weights = attend(query, keys, values, score=make(name, 4, 4))
    assert (weights == 1).all() and torch.equal(context, values.expand(3, 2, 5))
    more, values = torch.cat([keys] * 4, dim=1), random(3, 4, 5)
    only = torch.eye(4, dtype=torch.bool)[torch.tensor([2, 0, 3])]
    context, weights = attend(query, more, values, only, make(name, 4, 4))
    assert torch.equal(weights, only[:, None].expand(3, 2, 4).double())
    assert torch.equal(context, values[only][:, None].expand(3, 2, 5))


def test_any_function_can_be_a_score():
    query, keys = random(2, 3, 4), random(2, 5, 4)
    _, weights = attend(query, keys, keys, score=lambda query, keys: -torch.cdist(query, keys))
    assert torch.equal(weights.argmax(dim=2), torch.cdist(query, keys).argmin(dim=2))
    with pytest.raises(ValueError, match=r"scores has shape \(2, 5, 3\), but \(B, T', T\) was expected"):
        attend(query, keys, keys, score=lambda query, keys: keys @ query.mT)


def test_parameters_are_as_many_as_the_equations_have():
    assert [p.shape for p in General(3, 5).parameters()] == [(3, 5)]
    assert {name: p.shape for name, p in Concat(3, 5, 7).named_parameters()} == {"W": (7, 8), "v": (7,)}
    torch.manual_seed(0)
    for parameter, bound in ((General(30, 50).W, 50), (Concat(30, 50, 70).W, 80), (Concat(30, 50, 70).v, 70)):
        assert 0.9 < parameter.abs().max() * bound**0.5 <= 1, "uniform, as wide as PyTorch's linear layers"
        assert isinstance(parameter, nn.Parameter)


def at(B=2, T_query=3, T=5, d_q=4, d_k=4, d_v=6, **more):
    return {"query": torch.zeros(B, T_query, d_q), "keys": torch.zeros(B, T, d_k),
            "values": torch.zeros(B, T, d_v)} | more  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (at(values=torch.zeros(2, 4, 6)), r"values has shape \(2, 4, 6\), .* T = 5 from keys"),
        (at(keys=torch.zeros(3, 5, 4)), r"keys has shape \(3, 5, 4\), .* B = 2 from query"),
        (at(query=torch.zeros(4)), r"query has shape \(4,\)"),
        (at(query=torch.zeros(3, 4)), r"keys has shape \(2, 5, 4\), .* B = 3 from query"),
        (at(d_k=7), "queries and keys of one size, but d_q = 4 and d_k = 7; General and Concat take two sizes"),
        (at(d_k=7, score=dot), "queries and keys of one size, but d_q = 4 and d_k = 7"),
        (at(score=General(4, 7)), r"keys has shape \(2, 5, 4\), .* d_k = 7 from W"),
        (at(score=General(7, 4)), r"query has shape \(2, 3, 4\), .* d_q = 7 from W"),
        (at(score=Concat(4, 7, 3)), r"keys has shape \(2, 5, 4\), .* d_k = 7 from W_k"),
        (at(score=Concat(7, 4, 3)), r"query has shape \(2, 3, 4\), .* d_q = 7 from W_q"),
        (at(T=0), r"keys has shape \(2, 0, 4\): there is nothing to attend to"),
        (at(mask=torch.tensor([[True] * 5, [False] * 5])), "row 1 of mask has no key that may be used"),
        (at(mask=torch.ones(1, 3, 5).bool().tril(-1)), "row 0, 0 of mask has no key that may be used"),
        (at(mask=torch.ones(3, 5).bool()), r"mask has shape \(3, 5\), but \(B, T\) = \(2, 5\), or .* T' = 3"),
        (at(mask=torch.ones(2, 5, 3).bool()), r"mask has shape \(2, 5, 3\)"),
        (at(mask=torch.ones(1, 5).bool()), r"mask has shape \(1, 5\)"),
        (at(mask=torch.ones(2, 1, 5).bool()), r"mask has shape \(2, 1, 5\)"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        attend(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (at(mask=torch.ones(2, 5)), "mask must be a bool tensor, True where a key may be used, not torch.float32"),
        (at(mask=[[True] * 5] * 2), "mask must be a bool tensor, .* not list"),
        (at(query=[[0.0] * 4] * 2), r"query must be a tensor of shape \(B T' d_q\), not list"),
    ],
)
def test_what_is_no_tensor_or_no_mask_is_named(arguments, message):
    with pytest.raises(TypeError, match=message):
        attend(**arguments)
