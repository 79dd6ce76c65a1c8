"""The networks of one frame: each form is equal to the steps it stands for, and nothing looks ahead."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rnn2attn.linear import MinGRU, delta_step, memory_step
from rnn2attn.mixers import KINDS, Attention, Memory, Minimal, Mixed, made

SIZES = {"deadline": None, "max_examples": 25}


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def stepwise(memory, x):
    """What `Memory` computes, one step after the other, by the library's steps."""
    q, k, v, gate = (None if part is None else part.flatten(0, 1) for part in memory.project(x))
    S, found = x.new_zeros(len(q), v.shape[2], k.shape[2]), []
    for t in range(x.shape[1]):
        if memory.rule == "delta":
            S = delta_step(S, k[:, t], v[:, t], gate[:, t, None])
        else:
            S = memory_step(S, k[:, t], v[:, t], 1.0 if gate is None else gate[:, t, None])
        found.append(torch.einsum("bvk,bk->bv", S, q[:, t]))
    found = torch.stack(found, dim=1).unflatten(0, (len(x), memory.heads))
    return memory.W_o(memory.norm(found).transpose(1, 2).flatten(2))


@settings(**SIZES)
@given(st.sampled_from(["linear", "gated", "delta"]), st.sampled_from([1.0, 2.0]), st.integers(1, 12))
def test_a_memory_at_once_is_its_steps(rule, reach, T):
    torch.manual_seed(T)
    memory = Memory(6, rule, reach if rule == "delta" else 1.0).double()
    x = drawn(3, T, 6, seed=T).requires_grad_()
    both = memory(x), stepwise(memory, x)
    torch.testing.assert_close(*both)
    weights = drawn(3, T, 6, seed=T + 1)
    torch.testing.assert_close(*(torch.autograd.grad((weights * y).sum(), x)[0] for y in both))


def test_minimal_is_the_libraries_and_goes_down_to_minus_one():
    mine, theirs = Minimal(4).double(), MinGRU(4, 4).double()
    theirs.load_state_dict(mine.state_dict())
    x = drawn(2, 7, 4)
    torch.testing.assert_close(mine(x), theirs(x)[0])
    signed = Minimal(1, reach=2.0).double()  # z = 1 and h̃ = 1 whatever x is: 1, 0, 1, 0 …
    for layer, bias in ((signed.gate, 40.0), (signed.candidate, 1.0)):
        nn.init.zeros_(layer.weight)
        nn.init.constant_(layer.bias, bias)
    torch.testing.assert_close(signed(x[:1, :, :1])[0, :, 0], torch.tensor([1.0, 0, 1, 0, 1, 0, 1]).double())


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_looks_ahead_and_something_looks_back(kind):
    torch.manual_seed(0)
    model = made(kind, 5, 4000, positions=kind == "Transformer").double()
    ids = torch.randint(5, (2, 9))
    other = ids.clone()
    other[:, 5] = (ids[:, 5] + 1) % 5
    a, b = model(ids), model(other)
    torch.testing.assert_close(a[:, :5], b[:, :5], rtol=0, atol=1e-12)
    assert (a[:, 5:] - b[:, 5:]).abs().amax(dim=2).min() > 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_have_nearly_the_parameters_asked_for(kind):
    n = sum(w.numel() for w in made(kind, 5, 20_000).layers.parameters())
    assert 0.85 * 20_000 < n <= 20_000


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_kept_and_multiplied(kind):
    """Only attention keeps more of a longer text; the weights are multiplied once a place, which PyTorch counts."""
    model = made(kind, 5, 8000)
    attends = any(isinstance(layer.mixer, Attention) for layer in model.layers)
    assert (model.kept(100) > model.kept(50)) == attends == (model.products(100) > model.products(50))
    d = model.output.in_features
    linears = sum(m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear))
    rest = sum(w.numel() for name, w in model.named_parameters() if "short.weight" in name or "cell.weight" in name)
    assert model.products(50) == linears + rest + sum(layer.mixer.products(50) for layer in model.layers)
    if attends:
        assert model.kept(51) - model.kept(50) == 2 * d * sum(isinstance(x.mixer, Attention) for x in model.layers)


def test_attention_alone_without_positions_sees_a_set_but_for_the_short_convolution():
    attention = Attention(4).double()
    x = drawn(1, 6, 4)
    turned = x[:, [2, 0, 1, 4, 3, 5]]
    torch.testing.assert_close(attention(x)[:, -1], attention(turned)[:, -1])


def test_what_does_not_exist_is_named():
    with pytest.raises(ValueError, match=r"'cubic'.*linear"):
        Memory(4, "cubic")
    with pytest.raises(ValueError, match=r"'CNN'.*RNN, LSTM"):
        made("CNN", 5, 1000)
    with pytest.raises(ValueError, match="parameters is 10"):
        made("RNN", 5, 10)
    with pytest.raises(ValueError, match="ids has shape"):
        Mixed(5, 4, KINDS["RNN"])(torch.zeros(3, dtype=torch.int64))
