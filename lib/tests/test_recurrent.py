"""The RNN equals PyTorch's, forward and gradient, over random shapes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rnn2attn.recurrent import RNN, RNNLanguageModel, rnn_step
from rnn2attn.tasks import hello

sizes = st.integers(1, 6)


@settings(deadline=None, max_examples=50)
@given(B=sizes, T=sizes, d_x=sizes, d_h=sizes, seed=st.integers(0, 2**31), given_state=st.booleans())
def test_equal_to_torch(B, T, d_x, d_h, seed, given_state):
    torch.manual_seed(seed)
    ours, theirs = RNN(d_x, d_h).double(), nn.RNN(d_x, d_h, batch_first=True).double()
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(ours.W_xh)
        theirs.weight_hh_l0.copy_(ours.W_hh)
        ours.b.copy_(theirs.bias_ih_l0 + theirs.bias_hh_l0)
    x = torch.randn(B, T, d_x, dtype=torch.float64, requires_grad=True)
    h = torch.randn(B, d_h, dtype=torch.float64, requires_grad=True) if given_state else None
    states, last = ours(x, h)
    their_states, their_last = theirs(x, None if h is None else h[None])
    torch.testing.assert_close(states, their_states)
    torch.testing.assert_close(last, their_last[0])

    # A random linear functional of everything that comes out reaches every gradient.
    a, b = torch.randn_like(states), torch.randn_like(last)
    given_ = [x] if h is None else [x, h]
    mine = torch.autograd.grad((a * states).sum() + (b * last).sum(), [*given_, ours.W_xh, ours.W_hh, ours.b])
    parameters = [theirs.weight_ih_l0, theirs.weight_hh_l0, theirs.bias_ih_l0]
    yours = torch.autograd.grad((a * their_states).sum() + (b * their_last[0]).sum(), [*given_, *parameters])
    for ours_, theirs_ in zip(mine, yours, strict=True):
        torch.testing.assert_close(ours_, theirs_)


def arguments():
    return {
        "x": torch.zeros(2, 7),
        "h": torch.zeros(2, 11),
        "W_xh": torch.zeros(11, 7),
        "W_hh": torch.zeros(11, 11),
        "b": torch.zeros(11),
    }


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("h", (3, 11), r"h has shape \(3, 11\), but \(B, d_h\) was expected, with B = 2 from x"),
        ("W_xh", (7, 11), r"W_xh has shape \(7, 11\).* d_h = 11 from h, d_x = 7 from x"),
        ("W_hh", (11, 7), r"W_hh has shape \(11, 7\)"),
        ("b", (11, 1), r"b has shape \(11, 1\), but \(d_h\) was expected"),
        ("x", (7,), r"x has shape \(7,\), but \(B, d_x\) was expected"),
    ],
)
def test_a_wrong_shape_is_named(name, shape, message):
    rnn_step(**arguments())
    with pytest.raises(ValueError, match=message):
        rnn_step(**arguments() | {name: torch.zeros(shape)})


def test_what_is_no_tensor_is_named():
    with pytest.raises(TypeError, match=r"h must be a tensor of shape \(B d_h\), not list"):
        rnn_step(**arguments() | {"h": [0.0] * 11})


def test_the_argument_at_fault_is_named_in_the_unrolled_network_too():
    with pytest.raises(ValueError, match=r"h has shape \(2, 5\).* B = 2 from x"):
        RNN(7, 11)(torch.zeros(2, 3, 7), torch.zeros(2, 5))


def test_an_empty_sequence_is_refused():
    with pytest.raises(ValueError, match="no time steps"):
        RNN(7, 11)(torch.zeros(2, 0, 7))


def test_the_language_model_uses_its_state():
    batch, vocabulary = hello.load()
    logits = RNNLanguageModel(len(vocabulary), 16)(batch)
    assert logits.shape == (1, 4, 4)
    assert not torch.allclose(logits[0, 2], logits[0, 3]), "two equal letters after different pasts"
