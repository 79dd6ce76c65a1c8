"""The RNN equals PyTorch's, forward and gradient, over random shapes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rnn2attn.recurrent import (
    GRU,
    LSTM,
    RNN,
    RNNLanguageModel,
    from_torch,
    gru_gates,
    gru_step,
    lstm_step,
    negate_update_gate,
    rnn_step,
    to_torch,
)
from rnn2attn.tasks import hello

sizes = st.integers(1, 6)


TORCH = {RNN: nn.RNN, LSTM: nn.LSTM, GRU: nn.GRU}


def results(module, x, state, order):
    """States, last state, and the gradients of a random linear functional of both, with the parameters in `order`."""
    states, last = module(x, state)
    out = [states, *(last if isinstance(last, tuple) else (last,))]
    torch.manual_seed(0)
    functional = sum((torch.randn(o.shape, dtype=o.dtype) * o).sum() for o in out)
    given = [x, *(state if isinstance(state, tuple) else (() if state is None else (state,)))]
    return out, torch.autograd.grad(functional, given + [getattr(module, name) for name in order])


@settings(deadline=None, max_examples=25)
@given(B=sizes, T=sizes, d_x=sizes, d_h=sizes, seed=st.integers(0, 2**31), given_state=st.booleans())
@pytest.mark.parametrize("cell", [RNN, LSTM, GRU])
@pytest.mark.parametrize("way", ["from torch", "to torch"])
def test_equal_to_torch_forward_and_gradient(cell, way, B, T, d_x, d_h, seed, given_state):
    torch.manual_seed(seed)
    if way == "from torch":
        theirs = TORCH[cell](d_x, d_h, batch_first=True).double()
        ours = from_torch(theirs)
    else:
        ours = cell(d_x, d_h).double()
        theirs = to_torch(ours)
    x = torch.randn(B, T, d_x, dtype=torch.float64, requires_grad=True)
    parts = 2 if cell is LSTM else 1
    state = tuple(torch.randn(B, d_h, dtype=torch.float64, requires_grad=True) for _ in range(parts))
    mine_given = (state if cell is LSTM else state[0]) if given_state else None
    their_given = tuple(s.detach()[None].clone().requires_grad_() for s in state)
    their_given = (their_given if cell is LSTM else their_given[0]) if given_state else None

    names = [name for name, _ in ours.named_parameters()]
    mine, my_gradients = results(ours, x, mine_given, names)
    order = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"][: len(names)]
    yours, your_gradients = results(theirs, x, their_given, order)
    for a, b in zip([*mine, *my_gradients], [*yours, *your_gradients], strict=True):
        torch.testing.assert_close(a.reshape(b.shape), b)


@pytest.mark.parametrize(("step", "cell", "blocks"), [(lstm_step, nn.LSTMCell, 4), (gru_step, nn.GRUCell, 3)])
def test_one_step_equals_torchs_cell(step, cell, blocks):
    torch.manual_seed(0)
    theirs = cell(7, 11).double()
    x, h, c = (torch.randn(2, d, dtype=torch.float64) for d in (7, 11, 11))
    W_x, W_h, b_x, b_h = theirs.parameters()
    if step is lstm_step:
        torch.testing.assert_close(lstm_step(x, (h, c), W_x, W_h, b_x + b_h), theirs(x, (h, c)))
    else:
        torch.testing.assert_close(gru_step(x, h, W_x, W_h, b_x, b_h), theirs(x, h))


@settings(deadline=None, max_examples=25)
@given(B=sizes, d_x=sizes, d_h=sizes, seed=st.integers(0, 2**31), reset_after=st.booleans())
def test_negating_the_update_gate_turns_one_convention_into_the_other(B, d_x, d_h, seed, reset_after):
    torch.manual_seed(seed)
    x, h = torch.randn(B, d_x, dtype=torch.float64), torch.randn(B, d_h, dtype=torch.float64)
    parameters = list(GRU(d_x, d_h).double().parameters())
    there = negate_update_gate(*parameters)
    kept = gru_step(x, h, *parameters, reset_after)
    torch.testing.assert_close(gru_step(x, h, *there, reset_after, z_keeps=False), kept)
    assert all(torch.equal(a, b) for a, b in zip(negate_update_gate(*there), parameters, strict=True))


def test_a_gru_with_the_other_z_goes_to_torch_and_one_that_resets_before_does_not():
    torch.manual_seed(0)
    x = torch.randn(2, 5, 7, dtype=torch.float64)
    ours = GRU(7, 11, z_keeps=False).double()
    torch.testing.assert_close(ours(x)[0], to_torch(ours)(x)[0])
    with pytest.raises(ValueError, match="reset_after = False"):
        to_torch(GRU(7, 11, reset_after=False))


def test_reset_before_the_matrix_is_cho_s_equation():
    torch.manual_seed(0)
    x, h = torch.randn(2, 7, dtype=torch.float64), torch.randn(2, 11, dtype=torch.float64)
    W_x, W_h, b_x, b_h = (p.detach() for p in GRU(7, 11).double().parameters())
    r, _, n = gru_gates(x, h, W_x, W_h, b_x, b_h, reset_after=False)
    W, U = W_x[22:], W_h[22:]
    for row in range(2):
        by_hand = torch.tanh(W @ x[row] + b_x[22:] + U @ (r[row] * h[row]) + b_h[22:])
        torch.testing.assert_close(n[row], by_hand)
    assert (gru_gates(x, h, W_x, W_h, b_x, b_h)[2] - n).abs().max() > 1e-3


def test_the_forget_bias_is_one_number_for_the_sum_of_both():
    torch.manual_seed(0)
    lstm = LSTM(7, 11, forget_bias=3.0)
    assert (lstm.b[11:22] == 3).all() and (lstm.b[:11].abs() < 1).all() and (lstm.b[22:].abs() < 1).all()
    theirs = to_torch(lstm)
    assert ((theirs.bias_ih_l0 + theirs.bias_hh_l0)[11:22] == 3).all()


@pytest.mark.parametrize(
    ("theirs", "message"),
    [
        (nn.LSTM(3, 5, num_layers=2), "LSTM has num_layers = 2, but 1 was expected"),
        (nn.GRU(3, 5, bidirectional=True), "GRU has bidirectional = True"),
        (nn.RNN(3, 5, nonlinearity="relu"), "RNN has nonlinearity = 'relu', but 'tanh' was expected"),
        (nn.LSTM(3, 5, proj_size=2), "proj_size = 2"),
        (nn.GRU(3, 5, bias=False), "bias = False"),
    ],
)
def test_what_ours_has_not_is_named(theirs, message):
    with pytest.raises(ValueError, match=message):
        from_torch(theirs)


def test_other_modules_are_refused():
    with pytest.raises(TypeError, match="not Linear"):
        from_torch(nn.Linear(2, 2))
    with pytest.raises(TypeError, match="not GRU"):
        to_torch(nn.GRU(2, 2))


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


@pytest.mark.parametrize("cell", [RNN, LSTM, GRU])
def test_an_empty_sequence_is_refused(cell):
    with pytest.raises(ValueError, match="no time steps"):
        cell(7, 11)(torch.zeros(2, 0, 7))


def test_wrong_blocks_and_states_are_named():
    x, h = torch.zeros(2, 7), torch.zeros(2, 11)
    W_x, W_h, b = torch.zeros(44, 7), torch.zeros(44, 11), torch.zeros(44)
    lstm_step(x, (h, h), W_x, W_h, b)
    with pytest.raises(ValueError, match=r"W_x has shape \(33, 7\), but \(4d_h, d_x\) was expected, with d_h = 11"):
        lstm_step(x, (h, h), W_x[:33], W_h, b)
    with pytest.raises(TypeError, match=r"state must be the pair \(h, c\), not Tensor"):
        lstm_step(x, h, W_x, W_h, b)
    with pytest.raises(ValueError, match=r"c has shape \(3, 11\).* B = 2 from h"):
        lstm_step(x, (h, torch.zeros(3, 11)), W_x, W_h, b)
    with pytest.raises(ValueError, match=r"b_h has shape \(44,\), but \(3d_h\) was expected"):
        gru_step(x, h, W_x[:33], W_h[:33], b[:33], b)
    with pytest.raises(ValueError, match=r"c has shape \(3, 11\).* B = 2 from x"):
        LSTM(7, 11)(torch.zeros(2, 5, 7), (h, torch.zeros(3, 11)))


def test_the_language_model_uses_its_state():
    batch, vocabulary = hello.load()
    logits = RNNLanguageModel(len(vocabulary), 16)(batch)
    assert logits.shape == (1, 4, 4)
    assert not torch.allclose(logits[0, 2], logits[0, 3]), "two equal letters after different pasts"
