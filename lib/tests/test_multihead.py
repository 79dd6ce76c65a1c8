"""Heads and their masks, against PyTorch's own and against the equations written out, forward and gradient."""

import re

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rnn2attn.attention import (
    Concat,
    General,
    MultiHeadAttention,
    attend,
    causal_mask,
    dot,
    merge_heads,
    scaled_dot,
    split_heads,
)

SIZES = st.tuples(*[st.integers(1, 4)] * 3, *[st.integers(1, 3)] * 2, st.integers(0, 10**6))
MASKS = st.sampled_from([None, "padding", "queries", "one for all rows", "causal", "causal and padding"])
THEIR_NAMES = {
    r"around_attention\.norm": "norm1",
    r"around_source_attention\.norm": "norm2",
    r"source_attention": "multihead_attn",
    r"attention": "self_attn",
    r"feed_forward\.W_([12])": r"linear\1",
    r"W_[qkv]\.": "in_proj_",
    r"W_o": "out_proj",
}


def random(*shape):
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def matched(mine, theirs):
    """Each of PyTorch's parameters, and those of ours that it is made of, in their order."""
    theirs = dict(theirs.named_parameters())
    last = "norm3" if any("norm3" in name for name in theirs) else "norm2"
    found = {}
    for name, parameter in mine.named_parameters():
        for ours, its in {r"around_feed_forward\.norm": last, **THEIR_NAMES}.items():
            name = re.sub(ours, its, name)
        found.setdefault(name, []).append(parameter)
    assert found.keys() == theirs.keys()
    return [(parts, theirs[name]) for name, parts in found.items()]


def share(mine, theirs, to_theirs):
    """Random weights, copied from ours to PyTorch's, or from PyTorch's to ours."""
    with torch.no_grad():
        for parameter in (mine if to_theirs else theirs).parameters():
            parameter.normal_()
        for parts, whole in matched(mine, theirs):
            if to_theirs:
                whole.copy_(torch.cat(parts))
            else:
                for part, its in zip(parts, whole.chunk(len(parts)), strict=True):
                    part.copy_(its)


def assert_same(mine, theirs, inputs, modules):
    """Equal outputs, and equal gradients of a random functional of them, with respect to inputs and parameters."""
    torch.testing.assert_close(mine, theirs)
    along = torch.randn_like(mine)
    pairs = matched(*modules)
    ours = [part for parts, _ in pairs for part in parts]
    found = torch.autograd.grad((mine * along).sum(), [*inputs, *ours], retain_graph=True)
    expected = torch.autograd.grad((theirs * along).sum(), [*inputs, *(whole for _, whole in pairs)])
    torch.testing.assert_close(found[: len(inputs)], expected[: len(inputs)])
    gradients = iter(found[len(inputs) :])
    for (parts, _), whole in zip(pairs, expected[len(inputs) :], strict=True):
        torch.testing.assert_close(torch.cat([next(gradients) for _ in parts]), whole)


def padding(B, T):
    """A mask of rows of random lengths, 1 … T."""
    return torch.arange(T) < torch.randint(1, T + 1, (B, 1))


def masks(kind, B, heads, T_query, T):
    """Our mask, and the same as the arguments that PyTorch's module takes."""
    if kind is None:
        return None, {}
    if kind == "padding":
        mask = padding(B, T)
        return mask, {"key_padding_mask": ~mask}
    if kind.startswith("causal"):
        mask = causal_mask(T_query, T)
        if kind == "causal":
            return mask, {"attn_mask": ~mask[0]}
        keys = padding(B, T)
        return mask & keys[:, None], {"attn_mask": ~mask[0], "key_padding_mask": ~keys}
    mask = torch.rand(1 if kind == "one for all rows" else B, T_query, T) < 0.5
    mask = mask.scatter(-1, torch.randint(T, (*mask.shape[:-1], 1)), True)
    return mask, {"attn_mask": ~mask[0] if len(mask) < B else ~mask.expand(B, -1, -1).repeat_interleave(heads, dim=0)}


@settings(deadline=None, max_examples=100)
@given(SIZES, MASKS, *[st.booleans()] * 4)
def test_equal_to_pytorchs_multi_head_attention(sizes, kind, bias, to_theirs, self_attention, own_values):
    B, T_query, T, heads, d, seed = sizes
    T = T_query if self_attention else max(T, T_query)
    torch.manual_seed(seed)
    mine = MultiHeadAttention(heads * d, heads, bias).double()
    theirs = nn.MultiheadAttention(heads * d, heads, bias=bias, batch_first=True).double()
    share(mine, theirs, to_theirs)
    mask, their_masks = masks(kind, B, heads, T_query, T)
    query, keys, values = random(B, T_query, heads * d), random(B, T, heads * d), random(B, T, heads * d)
    if self_attention:
        given_, three = (query,), (query, query, query)
    elif own_values:
        given_, three = (query, keys, values), (query, keys, values)
    else:
        given_, three = (query, keys), (query, keys, keys)
    out, weights = mine(*given_, mask=mask)
    expected, their_weights = theirs(*three, **their_masks, average_attn_weights=False)
    assert out.shape == (B, T_query, heads * d) and weights.shape == (B, heads, T_query, T)
    torch.testing.assert_close(weights, their_weights)
    assert_same(out, expected, given_, (mine, theirs))


@settings(deadline=None, max_examples=30)
@given(SIZES)
def test_causal_attention_is_pytorchs(sizes):
    B, _, T, heads, d, seed = sizes
    torch.manual_seed(seed)
    query, keys, values = (random(B, heads, T, d) for _ in range(3))
    context, _ = attend(query, keys, values, causal_mask(T))
    expected = F.scaled_dot_product_attention(query, keys, values, is_causal=True)
    torch.testing.assert_close(context, expected)
    along = torch.randn_like(context)
    ours, theirs = (torch.autograd.grad((out * along).sum(), (query, keys, values)) for out in (context, expected))
    torch.testing.assert_close(ours, theirs)


@settings(deadline=None, max_examples=40)
@given(SIZES, MASKS, st.sampled_from(["dot", "scaled_dot", "general", "concat"]))
def test_attend_does_for_all_heads_what_it_does_for_each(sizes, kind, name):
    B, T_query, T, heads, d, seed = sizes
    T = max(T, T_query)
    torch.manual_seed(seed)
    score = {"dot": dot, "scaled_dot": scaled_dot, "general": General(d, d), "concat": Concat(d, d, 3)}[name]
    score = score.double() if isinstance(score, nn.Module) else score
    query, keys, values = random(B, heads, T_query, d), random(B, heads, T, d), random(B, heads, T, d + 1)
    mask, _ = masks(kind, B, heads, T_query, T)
    context, weights = attend(query, keys, values, mask, score)
    assert context.shape == (B, heads, T_query, d + 1) and weights.shape == (B, heads, T_query, T)
    for j in range(heads):
        expected = attend(query[:, j], keys[:, j], values[:, j], mask, score)
        torch.testing.assert_close((context[:, j], weights[:, j]), expected)


@settings(deadline=None, max_examples=30)
@given(SIZES)
def test_heads_cut_features_and_not_the_sequence(sizes):
    B, _, T, heads, d, seed = sizes
    torch.manual_seed(seed)
    x = random(B, T, heads * d)
    parts = split_heads(x, heads)
    assert parts.shape == (B, heads, T, d)
    for j in range(heads):
        assert torch.equal(parts[:, j], x[:, :, j * d : (j + 1) * d])
    assert torch.equal(merge_heads(parts), x)


def test_each_head_has_its_own_rows_of_the_projections_and_its_own_columns_of_the_last():
    torch.manual_seed(0)
    attention = MultiHeadAttention(6, 3, bias=False).double()
    query, keys, values = random(2, 4, 6), random(2, 5, 6), random(2, 5, 6)
    expected = 0
    for j in (slice(0, 2), slice(2, 4), slice(4, 6)):
        q, k, v = (
            x @ layer.weight[j].T
            for x, layer in zip((query, keys, values), (attention.W_q, attention.W_k, attention.W_v), strict=True)
        )
        expected = expected + attend(q, k, v)[0] @ attention.W_o.weight[:, j].T
    torch.testing.assert_close(attention(query, keys, values)[0], expected)


def test_keys_and_values_can_be_projected_piece_by_piece():
    torch.manual_seed(0)
    attention = MultiHeadAttention(6, 3).double()
    query, keys, values = random(2, 4, 6), random(2, 5, 6), random(2, 5, 6)
    pieces = [attention.project(keys[:, part], values[:, part]) for part in (slice(0, 2), slice(2, 5))]
    kept = [torch.cat(both, dim=2) for both in zip(*pieces, strict=True)]
    assert kept[0].shape == kept[1].shape == (2, 3, 5, 2)
    torch.testing.assert_close(attention.look(query, *kept), attention(query, keys, values))


def test_the_bias_of_the_keys_changes_nothing_and_the_others_do():
    torch.manual_seed(0)
    attention = MultiHeadAttention(6, 3).double()
    query, keys = random(2, 4, 6), random(2, 5, 6)
    out, _ = attention(query, keys)
    for name in "qkvo":
        bias = getattr(attention, f"W_{name}").bias
        with torch.no_grad():
            bias += torch.arange(6)
            assert torch.allclose(attention(query, keys)[0], out) is (name == "k")
            bias -= torch.arange(6)


@pytest.mark.parametrize("T_query", [1, 2, 4, 7])
def test_causal_queries_are_the_last_of_the_keys(T_query):
    mask = causal_mask(T_query, 7)
    assert mask.shape == (1, T_query, 7) and mask.dtype == torch.bool
    for t in range(T_query):
        assert mask[0, t].tolist() == [i <= 7 - T_query + t for i in range(7)]
    assert torch.equal(causal_mask(7), causal_mask(7, 7))


def test_with_a_causal_mask_an_output_depends_on_what_came_before_alone():
    torch.manual_seed(0)
    attention, x = MultiHeadAttention(6, 3).double(), random(1, 5, 6)
    out, _ = attention(x, mask=causal_mask(5))
    for t in range(5):
        (gradient,) = torch.autograd.grad(out[0, t].sum(), x, retain_graph=True)
        assert gradient[0].any(dim=1).tolist() == [i <= t for i in range(5)]


ATTENTION = MultiHeadAttention(6, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MultiHeadAttention(6, 4), "heads is 4, but a number that divides d_model = 6 was expected"),
        (lambda: MultiHeadAttention(6, 0), "heads is 0, but a number that divides d_model = 6 was expected"),
        (lambda: split_heads(torch.zeros(2, 5, 6), 4), "heads is 4, but a number that divides d_model = 6"),
        (lambda: split_heads(torch.zeros(5, 6), 3), r"x has shape \(5, 6\), but \(B, T, d_model\)"),
        (lambda: merge_heads(torch.zeros(2, 5, 6)), r"x has shape \(2, 5, 6\), but \(B, heads, T, d\)"),
        (lambda: causal_mask(3, 2), "T_query is 3 and T is 2, but 1 ≤ T_query ≤ T was expected"),
        (lambda: causal_mask(0), "T_query is 0 and T is 0, but 1 ≤ T_query ≤ T was expected"),
        (lambda: ATTENTION(torch.zeros(2, 5, 7)), r"keys has shape \(2, 5, 7\), .* d_model = 6 from W_k"),
        (lambda: ATTENTION(torch.zeros(2, 5, 7), torch.zeros(2, 5, 6)), r"query has shape \(2, 5, 7\)"),
        (lambda: ATTENTION(torch.zeros(5, 6)), r"keys has shape \(5, 6\), but \(B, T, d_model\)"),
        (lambda: ATTENTION(torch.zeros(2, 5, 6), values=torch.zeros(2, 5, 6)), "values were given without keys"),
        (
            lambda: ATTENTION(torch.zeros(2, 4, 6), torch.zeros(2, 5, 6), torch.zeros(2, 3, 6)),
            r"values has shape \(2, 3, 6\), .* T = 5 from keys",
        ),
        (
            lambda: ATTENTION(torch.zeros(2, 4, 6), torch.zeros(3, 5, 6)),
            r"keys has shape \(3, 3, 5, 2\), but \(B, heads, T, d_k\) .* B = 2",
        ),
        (
            lambda: ATTENTION(torch.zeros(2, 4, 6), mask=torch.ones(6, 4, 4).bool()),
            r"mask has shape \(6, 4, 4\), but \(B, T\) = \(2, 4\), or \(B or 1, T', T\) with T' = 4",
        ),
        (lambda: ATTENTION(torch.zeros(2, 4, 6), mask=~causal_mask(4)), "row 0, 3 of mask has no key"),
        (
            lambda: attend(torch.zeros(2, 3, 4, 6), torch.zeros(2, 5, 6), torch.zeros(2, 5, 6)),
            r"keys has shape \(2, 5, 6\), but \(B, heads, T, d_k\)",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_mask_of_floats_is_named():
    with pytest.raises(TypeError, match=r"mask must be a bool tensor, .* not torch.float32"):
        ATTENTION(torch.zeros(2, 4, 6), mask=torch.ones(2, 4))
