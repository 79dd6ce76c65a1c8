"""The references against PyTorch's own and the library's: what the questions call right is right."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from rnn2attn import decoding
from rnn2attn.text import EOS, PAD, SOS, Batch, Vocabulary
from rnn2attn_grading.chapter01 import (
    q1_step,
    q2_loss,
    q3_backward,
    q4_jacobian,
    q5_clipping,
)
from rnn2attn_grading.chapter02 import (
    q1_lstm,
    q2_gru,
    q3_import,
    q4_latch,
    q5a_read,
    q5b_write,
    q6a_count,
)
from rnn2attn_grading.chapter03 import (
    q1a_forcing,
    q1b_mix,
    q3a_reverse,
    q3b_last,
    q4a_greedy,
    q4b_beam,
    q5_machine,
    q6a_recovery,
)
from rnn2attn_grading.chapter03 import (
    q2_loss as q2_masked_loss,
)
from rnn2attn_grading.drawing import Draw

DRAW = Draw("parity", "")


def test_the_step_is_that_of_pytorchs_cell():
    given = q1_step.inputs(DRAW, 3, 5, 7)
    cell = nn.RNNCell(5, 7).double()
    parameters = {
        "weight_ih": given["W_xh"],
        "weight_hh": given["W_hh"],
        "bias_ih": given["b"],
    }
    cell.load_state_dict(parameters | {"bias_hh": torch.zeros_like(given["b"])})
    torch.testing.assert_close(
        q1_step.rnn_step(**given), cell(given["x"], given["h"])
    )


def test_the_loss_is_pytorchs_summed_over_time():
    given = q2_loss.inputs(DRAW, 3, 5, 7)
    theirs = (
        F.cross_entropy(
            given["logits"].mT, given["ids"][:, 1:], reduction="sum"
        )
        / 3
    )
    torch.testing.assert_close(q2_loss.next_token_loss(**given), theirs)


def unrolled(x, h, W_xh, W_hh, b):
    states = [h]
    for x_t in x.unbind(1):
        states.append(q1_step.rnn_step(x_t, states[-1], W_xh, W_hh, b))
    return torch.stack(states, 1)


def test_gradients_and_jacobians_are_those_of_autograd():
    given = q3_backward.inputs(DRAW, 2, 4, 3, 5)
    named = {
        name: given[name].requires_grad_() for name in ("x", "W_xh", "W_hh")
    }
    b = DRAW.normal(5).requires_grad_()
    hs = unrolled(
        named["x"], given["hs"][:, 0], named["W_xh"], named["W_hh"], b
    )
    right = torch.autograd.grad(
        (hs[:, 1:] * given["dh"]).sum(), [*named.values(), b]
    )
    ours = q3_backward.rnn_backward(
        named["x"], hs, named["W_xh"], named["W_hh"], given["dh"]
    )
    for name, gradient in zip((*named, "b"), right, strict=True):
        torch.testing.assert_close(ours[name], gradient)

    for t in range(5):
        for row in range(2):

            def last(h, row=row, t=t):
                return unrolled(
                    named["x"][row : row + 1, t:],
                    h[None],
                    named["W_xh"],
                    named["W_hh"],
                    b,
                )[0, -1]

            right = torch.autograd.functional.jacobian(last, hs[row, t])
            torch.testing.assert_close(
                q4_jacobian.jacobian(hs, named["W_hh"], t)[row], right
            )


def test_clipping_is_pytorchs_but_for_its_small_number():
    grads = [DRAW.normal(3, 5), DRAW.normal(7, scale=9.0)]
    ours, norm = q5_clipping.clip_by_norm(grads, 2.0)
    parameters = [nn.Parameter(g.clone()) for g in grads]
    for p, g in zip(parameters, grads, strict=True):
        p.grad = g.clone()
    assert abs(norm - nn.utils.clip_grad_norm_(parameters, 2.0).item()) < 1e-9
    for p, g in zip(parameters, ours, strict=True):
        torch.testing.assert_close(g, p.grad, rtol=1e-5, atol=0)


def layer(kind, W_x, W_h, b_x, b_h):
    """PyTorch's layer with these parameters."""
    net = kind(W_x.shape[1], W_h.shape[1], batch_first=True).double()
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    given = (W_x, W_h, b_x, b_h)
    net.load_state_dict(dict(zip(names, given, strict=True)))
    return net.requires_grad_(False)


def test_the_lstms_step_is_pytorchs():
    given = q1_lstm.inputs(DRAW, 3, 7, 11)
    xs = DRAW.normal(3, 5, 7)
    W_x, W_h, b = (given[name] for name in ("W_x", "W_h", "b"))
    split = DRAW.normal(44)  # of the two biases only the sum matters
    net = layer(nn.LSTM, W_x, W_h, b - split, split)
    theirs, last = net(xs, tuple(s[None] for s in given["state"]))
    state = given["state"]
    for t in range(5):
        state = q1_lstm.lstm_step(xs[:, t], state, W_x, W_h, b)
        torch.testing.assert_close(state[0], theirs[:, t])
    torch.testing.assert_close(state[1], last[1][0])


def test_the_grus_step_is_pytorchs():
    given = q2_gru.inputs(DRAW, 3, 7, 11)
    parameters = [given[name] for name in ("W_x", "W_h", "b_x", "b_h")]
    xs, h = DRAW.normal(3, 5, 7), given["h"]
    theirs, _ = layer(nn.GRU, *parameters)(xs, h[None])
    for t in range(5):
        h = q2_gru.gru_step(xs[:, t], h, *parameters)
        torch.testing.assert_close(h, theirs[:, t])


def the_other_program(x, h, K_x, K_h, b_x, b_h):
    """A step as the documentation in 2.3 has it, block by block."""
    columns = zip(
        (x @ K_x + b_x).chunk(3, 1), (h @ K_h + b_h).chunk(3, 1), strict=True
    )
    (x_z, h_z), (x_r, h_r), (x_n, h_n) = columns
    z, r = torch.sigmoid(x_z + h_z), torch.sigmoid(x_r + h_r)
    return (1 - z) * h + z * torch.tanh(x_n + r * h_n)


def test_an_imported_gru_gives_what_the_other_program_gave():
    given = q3_import.inputs(DRAW, 7, 11)
    net = layer(nn.GRU, *q3_import.import_gru(**given))
    xs, h = DRAW.normal(3, 5, 7), DRAW.normal(3, 11)
    theirs, _ = net(xs, h[None])
    for t in range(5):
        h = the_other_program(xs[:, t], h, **given)
        torch.testing.assert_close(theirs[:, t], h)


def test_the_latch_latches_in_pytorchs_lstm():
    W_x, W_h, b = (t.double() for t in q4_latch.latch())
    net = layer(nn.LSTM, W_x, W_h, b, 0 * b)
    value = (6 * torch.rand(2003, dtype=torch.float64)) - 3
    write = torch.zeros(2003).double()
    write[[0, 1, 1002]] = 1
    h, (_, c) = net(torch.stack([value, write], dim=1)[None])
    stored = value[[0] + 1001 * [1] + 1001 * [1002]].tanh()
    assert (h[0, :, 0] - stored.tanh()).abs().max() < 1e-3
    assert abs(c.item() - stored[-1]) < 1e-3


def test_half_lives_are_those_of_pytorchs_lstm():
    """A cell without weights, and with its input gate closed, has half of itself left after its half-life."""
    wanted = torch.tensor([1.0, 5.0, 40.0], dtype=torch.float64)
    given = q5b_write.inputs(DRAW, *wanted.tolist())
    given["bias_ih"][:3] = -80
    biases = q5b_write.with_half_lives(**given)
    torch.testing.assert_close(q5a_read.half_lives(*biases), wanted)
    net = layer(nn.LSTM, torch.zeros(12, 1), torch.zeros(12, 3), *biases)
    for unit, steps in enumerate((1, 5, 40)):
        start = torch.ones(1, 1, 3).double()
        nothing = torch.zeros(1, steps, 1).double()
        _, (_, c) = net(nothing, (start, start))
        assert abs(c[0, 0, unit].item() - 0.5) < 1e-9


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_parameters_are_counted_as_pytorch_has_them(kind):
    for d_x, d_h in ((7, 11), (5, 5), (1, 1)):
        theirs = sum(p.numel() for p in kind(d_x, d_h).parameters())
        ours = q6a_count.count_parameters
        assert ours(kind.__name__, d_x, d_h, 2) == theirs
        bare = kind(d_x, d_h, bias=False)
        theirs = sum(p.numel() for p in bare.parameters())
        rows = bare.weight_ih_l0.shape[0]
        assert ours(kind.__name__, d_x, d_h, 1) == theirs + rows


def test_what_a_decoder_reads_and_says_is_the_librarys():
    vocabulary = Vocabulary("abcde", (PAD, SOS, EOS))
    words = ["abc", "d", "", "eabdc"]
    batch = Batch.of([("a", word) for word in words], vocabulary)
    pad, sos, eos = (vocabulary.id(token) for token in (PAD, SOS, EOS))
    ours = q1a_forcing.teacher_forcing(
        [vocabulary.ids(word) for word in words], sos, eos, pad
    )
    for tensor, theirs in zip(
        ours, (batch.inputs, batch.target, batch.target_mask), strict=True
    ):
        assert torch.equal(tensor, theirs)


def test_mixed_inputs_are_those_of_a_loop():
    given = q1b_mix.inputs(DRAW, 3, 7, 5)
    said = given["logits"].argmax(dim=2).tolist()
    gold, coins = given["inputs"].tolist(), given["use_gold"].tolist()
    rows = []
    for b in range(3):
        row = [gold[b][0]]
        for t in range(1, 7):
            row.append(gold[b][t] if coins[b][t] else said[b][t - 1])
        rows.append(row)
    assert q1b_mix.mix_inputs(**given).tolist() == rows


def test_the_masked_loss_is_pytorchs_without_what_it_ignores():
    given = q2_masked_loss.inputs(DRAW, 7, 5, 1, 3)
    labels = given["labels"].where(given["mask"], -100)
    theirs = F.cross_entropy(given["logits"].mT, labels)
    torch.testing.assert_close(q2_masked_loss.masked_loss(**given), theirs)


def test_last_states_are_those_of_a_packed_gru_and_reversing_makes_its_half():
    lengths = torch.tensor([5, 1, 3, 4])
    ids = DRAW.integers(11, 4, 5)
    x = DRAW.normal(11, 3)
    net = nn.GRU(3, 7, batch_first=True, bidirectional=True).double()
    packed = pack_padded_sequence(
        x[ids], lengths, batch_first=True, enforce_sorted=False
    )
    outputs, last = net(packed)
    outputs, _ = nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True)
    ours = q3b_last.last_states(outputs, lengths)
    torch.testing.assert_close(ours, torch.cat([last[0], last[1]], dim=1))

    one_way = nn.GRU(3, 7, batch_first=True).double()
    one_way.load_state_dict(
        {
            name: net.state_dict()[f"{name}_reverse"]
            for name in one_way.state_dict()
        }
    )
    states, _ = one_way(x[q3a_reverse.reverse_source(ids, lengths)])
    at_the_end = states[torch.arange(4), lengths - 1]
    torch.testing.assert_close(at_the_end, last[1])


def small_decoder(E, W, U, b):
    """The decoder of 3.4 as a step function of the library."""

    def step(words, state):
        state = torch.tanh(E[words] + state @ W.T)
        return state @ U.T + b, state

    return step


def test_greedy_decoding_is_the_librarys():
    given = q4a_greedy.inputs(DRAW, 5, 7, [4, 0, 6, 2], 6)
    weights = [given[name] for name in ("E", "W", "U", "b")]
    theirs = decoding.greedy(
        small_decoder(*weights),
        given["context"],
        torch.full((4,), given["sos"]),
        given["eos"],
        given["longest"],
    )
    assert q4a_greedy.greedy(**given) == [row.ids for row in theirs]


def test_steps_of_a_beam_make_the_librarys_search():
    k, V, longest, eos = 3, 7, 6, 2
    b = DRAW.normal(V)
    b[eos] += 2
    step = small_decoder(
        DRAW.normal(V, 5), DRAW.normal(5, 5), DRAW.normal(V, 5), b
    )
    context, start = DRAW.normal(4, 5), torch.ones(4).long()
    theirs = decoding.beam(step, context, start, eos, longest, k)

    state, words = context.repeat_interleave(k, 0), start.repeat_interleave(k)
    log_p = torch.full((4, k), -torch.inf).double()
    log_p[:, 0] = 0
    said = torch.empty(4, k, 0).long()
    ended = log_p > 0
    for _ in range(longest):
        logits, state = step(words, state)
        following = logits.log_softmax(dim=1).reshape(4, k, V)
        log_p, origin, word = q4b_beam.beam_step(log_p, following, ended, eos)
        said = said.gather(1, origin[..., None].expand(said.shape))
        said = torch.cat([said, word[..., None]], dim=2)
        ended = ended.gather(1, origin) | (word == eos)
        rows = (k * torch.arange(4)[:, None] + origin).flatten()
        state, words = state[rows], word.flatten()
    lengths = {len(hypothesis.ids) for row in theirs for hypothesis in row}
    assert ended.any() and len(lengths) > 2
    for row, scores, hypotheses in zip(said, log_p, theirs, strict=True):
        words = [[*ids.tolist(), eos] for ids in row]
        assert [ids[: ids.index(eos)] for ids in words] == [
            hypothesis.ids for hypothesis in hypotheses
        ]
        right = torch.tensor([h.score for h in hypotheses]).double()
        torch.testing.assert_close(scores, right)


def test_the_machine_reverses_every_string_and_copies_if_it_reads_backwards():
    W_xh, W_hh, W_ss, W_o, b_o = q5_machine.machine(3, 4)
    for n in range(1, 5):
        for string in itertools.product(range(3), repeat=n):
            for reads, says in ((string, string[::-1]), (string[::-1], string)):
                state = torch.zeros(len(W_hh))
                for letter in reads:
                    state = W_xh[:, letter] + W_hh @ state
                said = []
                while not said or said[-1] != 3:
                    state = W_ss @ state
                    said.append((W_o @ state + b_o).argmax().item())
                assert said == [*says, 3]


def test_a_recovery_is_a_count_of_pairs():
    given = q6a_recovery.inputs(DRAW, 10, 5, 1, 4, 2)
    said, target, lengths = (t.tolist() for t in given.values())
    right = [
        said[k - 1][row][k] == target[row][k]
        for row, length in enumerate(lengths)
        for k in range(1, length)
    ]
    assert len(right) == 8
    assert q6a_recovery.recovery(**given) == sum(right) / 8
