"""The references against PyTorch's own and the library's: what the questions call right is right."""

import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from rnn2attn import attention, captioning, decoding, language, linear, transformer
from rnn2attn.text import EOS, PAD, SOS, Batch, Vocabulary
from rnn2attn_grading.questions.chapter01 import q1_step, q2_loss, q3_backward, q4_jacobian, q5_clipping
from rnn2attn_grading.questions.chapter02 import (
    q1_lstm,
    q2_gru,
    q3_import,
    q4_latch,
    q5a_read,
    q5b_write,
    q6a_stretches,
    q6b_perplexity,
    q6c_waits,
)
from rnn2attn_grading.questions.chapter03 import (
    q1a_forcing,
    q1b_mix,
    q3a_reverse,
    q3b_last,
    q4a_greedy,
    q4b_beam,
    q5_machine,
    q6a_recovery,
)
from rnn2attn_grading.questions.chapter03 import q2_loss as q2_masked_loss
from rnn2attn_grading.questions.chapter04 import (
    q1_attend,
    q2a_general,
    q2b_concat,
    q4a_after,
    q4b_before,
    q5_pointer,
    q6a_largest,
)
from rnn2attn_grading.questions.chapter04 import q3_backward as q3_attend_backward
from rnn2attn_grading.questions.chapter05 import (
    q1a_cells,
    q1b_maps,
    q2_attend,
    q3_sentinel,
    q4a_pixels,
    q4b_blind,
    q5a_box,
    q5b_lift,
    q6_shut,
)
from rnn2attn_grading.questions.chapter06 import (
    q1a_self,
    q1b_variance,
    q2a_pack,
    q2b_shares,
    q3a_mask,
    q3b_step,
    q4a_moved,
    q4b_rotated,
    q5_layer,
    q6_twins,
)
from rnn2attn_grading.questions.chapter07 import (
    q1a_step,
    q1b_parallel,
    q2_chunk,
    q3a_step,
    q3b_written,
    q4a_combined,
    q4b_rounds,
    q5a_width,
    q5b_least,
    q6a_readings,
    q6b_made,
)
from rnn2attn_grading.questions.drawing import Draw

DRAW = Draw("parity", "")


def test_the_step_is_that_of_pytorchs_cell():
    given = q1_step.inputs(DRAW, 3, 5, 7)
    cell = nn.RNNCell(5, 7).double()
    parameters = {"weight_ih": given["W_xh"], "weight_hh": given["W_hh"], "bias_ih": given["b"]}
    cell.load_state_dict(parameters | {"bias_hh": torch.zeros_like(given["b"])})
    torch.testing.assert_close(q1_step.rnn_step(**given), cell(given["x"], given["h"]))


def test_the_loss_is_pytorchs_summed_over_time():
    given = q2_loss.inputs(DRAW, 3, 5, 7)
    theirs = F.cross_entropy(given["logits"].mT, given["ids"][:, 1:], reduction="sum") / 3
    torch.testing.assert_close(q2_loss.next_token_loss(**given), theirs)


def unrolled(x, h, W_xh, W_hh, b):
    states = [h]
    for x_t in x.unbind(1):
        states.append(q1_step.rnn_step(x_t, states[-1], W_xh, W_hh, b))
    return torch.stack(states, 1)


def test_gradients_and_jacobians_are_those_of_autograd():
    given = q3_backward.inputs(DRAW, 2, 4, 3, 5)
    named = {name: given[name].requires_grad_() for name in ("x", "W_xh", "W_hh")}
    b = DRAW.normal(5).requires_grad_()
    hs = unrolled(named["x"], given["hs"][:, 0], named["W_xh"], named["W_hh"], b)
    right = torch.autograd.grad((hs[:, 1:] * given["dh"]).sum(), [*named.values(), b])
    ours = q3_backward.rnn_backward(named["x"], hs, named["W_xh"], named["W_hh"], given["dh"])
    for name, gradient in zip((*named, "b"), right, strict=True):
        torch.testing.assert_close(ours[name], gradient)

    for t in range(5):
        for row in range(2):

            def last(h, row=row, t=t):
                return unrolled(named["x"][row : row + 1, t:], h[None], named["W_xh"], named["W_hh"], b)[0, -1]

            right = torch.autograd.functional.jacobian(last, hs[row, t])
            torch.testing.assert_close(q4_jacobian.jacobian(hs, named["W_hh"], t)[row], right)


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
    columns = zip((x @ K_x + b_x).chunk(3, 1), (h @ K_h + b_h).chunk(3, 1), strict=True)
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


def test_waits_tell_pytorchs_lstms_apart_and_no_fewer_do():
    """Cells with nothing but a bias of the forget gate, measured at every wait."""
    biases, none = [3.3, 0.4, 4.6, 1.7], torch.zeros(4, 1).double()
    left = []
    for b in biases:
        bias = torch.tensor([0, b, 0, 0]).double()
        net, state = layer(nn.LSTM, none, none, bias, 0 * bias), torch.ones(1, 1, 1).double()
        cells = []
        for _ in range(300):
            state = net(torch.zeros(1, 1, 1).double(), (0 * state, state))[1][1]
            cells.append(state.item())
        left.append(cells)
    left = torch.tensor(left)
    apart = ((left[:, None] - left).abs() >= 0.2).flatten(0, 1)[[1, 2, 3, 6, 7, 11]]
    found = q6c_waits.waits(biases)
    assert apart[:, [t - 1 for t in found]].any(dim=1).all()
    assert len(found) == 2 and not apart.all(dim=0).any()


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


@pytest.mark.parametrize("steps", [1, 3, 7, 20])
def test_a_sequence_in_stretches_is_pytorchs_lstm_on_each_of_them(steps):
    given = q6a_stretches.inputs(DRAW, 2, 7, 3, 4, steps)
    x = given["x"].requires_grad_()
    net = layer(nn.LSTM, given["W_x"], given["W_h"], given["b"], torch.zeros_like(given["b"])).requires_grad_()
    state, states = tuple(part[None] for part in given["state"]), []
    for stretch in x.split(steps, dim=1):
        h, state = net(stretch, tuple(part.detach() for part in state))
        states.append(h)
    weights = [given[name].requires_grad_() for name in ("W_x", "W_h", "b")]
    ours, theirs = q6a_stretches.in_stretches(**given), torch.cat(states, dim=1)
    torch.testing.assert_close(ours, theirs)
    functional = DRAW.normal(*ours.shape)
    parameters = [net.weight_ih_l0, net.weight_hh_l0, net.bias_ih_l0]
    for mine, right in zip(
        torch.autograd.grad((ours * functional).sum(), [x, *weights]),
        torch.autograd.grad((theirs * functional).sum(), [x, *parameters]),
        strict=True,
    ):
        torch.testing.assert_close(mine, right)


def test_perplexities_are_pytorchs_losses_text_by_text_and_the_librarys_of_the_bits():
    logits, labels, mask = q6b_perplexity.inputs(DRAW, 7, 5, 1, 3).values()
    each, whole = q6b_perplexity.perplexities(logits, labels, mask)
    for row in range(3):
        nats = F.cross_entropy(logits[row, mask[row]], labels[row, mask[row]])
        torch.testing.assert_close(each[row], nats.exp())
    bits = F.cross_entropy(logits[mask], labels[mask]).item() / math.log(2)
    assert abs(whole.item() - language.perplexity(bits)) < 1e-9


def test_what_a_decoder_reads_and_says_is_the_librarys():
    vocabulary = Vocabulary("abcde", (PAD, SOS, EOS))
    words = ["abc", "d", "", "eabdc"]
    batch = Batch.of([("a", word) for word in words], vocabulary)
    pad, sos, eos = (vocabulary.id(token) for token in (PAD, SOS, EOS))
    ours = q1a_forcing.teacher_forcing([vocabulary.ids(word) for word in words], sos, eos, pad)
    for tensor, theirs in zip(ours, (batch.inputs, batch.target, batch.target_mask), strict=True):
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
    packed = pack_padded_sequence(x[ids], lengths, batch_first=True, enforce_sorted=False)
    outputs, last = net(packed)
    outputs, _ = nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True)
    ours = q3b_last.last_states(outputs, lengths)
    torch.testing.assert_close(ours, torch.cat([last[0], last[1]], dim=1))

    one_way = nn.GRU(3, 7, batch_first=True).double()
    one_way.load_state_dict({name: net.state_dict()[f"{name}_reverse"] for name in one_way.state_dict()})
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
        small_decoder(*weights), given["context"], torch.full((4,), given["sos"]), given["eos"], given["longest"]
    )
    assert q4a_greedy.greedy(**given) == [row.ids for row in theirs]


def test_steps_of_a_beam_make_the_librarys_search():
    k, V, longest, eos = 3, 7, 6, 2
    b = DRAW.normal(V)
    b[eos] += 2
    step = small_decoder(DRAW.normal(V, 5), DRAW.normal(5, 5), DRAW.normal(V, 5), b)
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
        assert [ids[: ids.index(eos)] for ids in words] == [hypothesis.ids for hypothesis in hypotheses]
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
    right = [said[k - 1][row][k] == target[row][k] for row, length in enumerate(lengths) for k in range(1, length)]
    assert len(right) == 8
    assert q6a_recovery.recovery(**given) == sum(right) / 8


def test_attention_is_pytorchs_and_the_librarys_but_for_rows_without_a_key():
    given = q1_attend.inputs(DRAW, 3, 7, 2, 5, 1, 3)
    contexts, weights = q1_attend.attend(**given)
    query, keys, values, mask = given.values()
    theirs = F.scaled_dot_product_attention(query, keys, values, attn_mask=mask[:, None])
    torch.testing.assert_close(contexts, theirs)
    torch.testing.assert_close(weights, attention.attend(**given)[1])

    empty = q1_attend.inputs(DRAW, 3, 7, 2, 4, 0)
    for found, size in zip(q1_attend.attend(**empty), (2, 4), strict=True):
        assert torch.equal(found[1], torch.zeros(3, size).double())
        assert found[0].all()


def test_scores_with_parameters_are_the_librarys():
    query, keys, W_q, W_k = q2a_general.inputs(DRAW, 2, 3, 5, 7, 11, 2).values()
    W, scores = q2a_general.general(query, keys, W_q, W_k)
    theirs = attention.General(7, 11).double()
    theirs.W.data = W
    torch.testing.assert_close(scores, theirs(query, keys))
    projected = (query @ W_q.T) @ (keys @ W_k.T).mT
    torch.testing.assert_close(scores, projected)

    query, keys, W, v = q2b_concat.inputs(DRAW, 2, 3, 5, 2, 7, 11).values()
    theirs = attention.Concat(2, 7, 11).double()
    theirs.W.data, theirs.v.data = W, v
    torch.testing.assert_close(q2b_concat.concat(query, keys, W, v), theirs(query, keys))


def test_attention_backwards_is_autograd():
    given = q1_attend.inputs(DRAW, 3, 7, 2, 5, 1, 3)
    sources = [given[name].requires_grad_() for name in ("query", "keys")]
    sources.append(given["values"].requires_grad_())
    dcontext = DRAW.normal(3, 3, 2)
    mask = given["mask"][:, None]
    contexts = F.scaled_dot_product_attention(*sources, attn_mask=mask)
    right = torch.autograd.grad(contexts, sources, dcontext)
    _, weights = attention.attend(**given)
    ours = q3_attend_backward.attend_backward(*(t.detach() for t in (*sources, weights)), dcontext)
    for gradient, theirs in zip(ours.values(), right, strict=True):
        torch.testing.assert_close(gradient, theirs)


def tanh_cell(W_x, W_h, b):
    cell = nn.RNNCell(W_x.shape[1], len(b)).double().requires_grad_(False)
    given = {"weight_ih": W_x, "weight_hh": W_h, "bias_ih": b}
    cell.load_state_dict(given | {"bias_hh": torch.zeros_like(b)})
    return cell


@pytest.mark.parametrize("design", ["after", "before"])
def test_decoders_that_attend_are_those_of_pytorchs_cell(design):
    module = {"after": q4a_after, "before": q4b_before}[design]
    given = module.inputs(DRAW, 3, 2, 5, 4, 1, 3)
    y, s, h, mask, *weights = given.values()
    cell, rows = tanh_cell(*weights), []
    for y_t in y.unbind(dim=1):
        if design == "after":
            s = cell(y_t, s)
            c, _ = attention.attend(s, h, h, mask, attention.dot)
            rows.append((torch.cat([c, s], dim=1),))
        else:
            c, alpha = attention.attend(s, h, h, mask, attention.dot)
            s = cell(torch.cat([y_t, c], dim=1), s)
            rows.append((s, alpha))
    theirs = [torch.stack(column, dim=1) for column in zip(*rows, strict=True)]
    ours = module.PART.reference(**given)
    ours = [ours] if design == "after" else ours
    for found, right in zip(ours, theirs, strict=True):
        torch.testing.assert_close(found, right)


def test_addresses_find_values_by_the_librarys_attention():
    T = 200
    order = torch.randperm(T)
    queries, keys = q5_pointer.addresses(T, order)
    values = torch.eye(T)
    found, _ = attention.attend(queries[None], keys[None], values[None], score=attention.dot)
    assert found[0].gather(1, order[:, None]).min() > 0.99


def test_weights_on_right_words_are_counted_word_by_word():
    given = q6a_largest.inputs(DRAW, (5, 7), (3, 2), (7, 4))
    largest, mass = [], []
    rows = (t.tolist() for t in given.values())
    for alphas, golds in zip(*rows, strict=True):
        for alpha, gold in zip(alphas, golds, strict=True):
            if any(gold):
                largest.append(gold[alpha.index(max(alpha))])
                at = zip(alpha, gold, strict=True)
                mass.append(sum(a for a, right in at if right))
    assert 0 < sum(largest) < len(largest)
    ours = q6a_largest.on_right_words(**given)
    right = (sum(largest) / len(largest), sum(mass) / len(mass))
    assert ours == pytest.approx(right)


def test_cells_and_maps_are_those_of_the_librarys_encoder():
    encoder = captioning.CNN(16, d=5, d_emb=2).double().requires_grad_(False)
    z = DRAW.normal(3, 5, 4, 4)
    memory = encoder.remember(z.flatten(2).mT)
    ours = q1a_cells.to_cells(z, encoder.rows[:, 0], encoder.columns[0])
    torch.testing.assert_close(ours, memory.states)

    order, maps = DRAW.normal(16).argsort(), DRAW.normal(3, 2, 4, 4)
    shuffled = captioning.Shuffled(encoder, order)
    pictures = DRAW.normal(3, 1, 16, 16)
    seen = encoder.features(pictures)[:, shuffled.order]
    torch.testing.assert_close(shuffled(pictures).states, encoder.remember(seen).states)
    given = maps.flatten(2)[..., shuffled.order]
    assert torch.equal(q1b_maps.picture_maps(given, order, 4, 4), maps)


def test_attention_over_a_grid_is_the_librarys():
    given = q2_attend.inputs(DRAW, 3, 5, 7, 11, 2, 4)
    score = attention.Concat(7, 5, 11).double().requires_grad_(False)
    score.W[:] = torch.cat([given["W_s"], given["W_z"]], dim=1)
    score.v[:] = given["v"]
    cells = given["z"].flatten(2).mT
    theirs = attention.attend(given["s"], cells, cells, given["usable"].flatten(1), score)
    context, weights = q2_attend.spatial_attend(**given)
    torch.testing.assert_close((context, weights.flatten(1)), theirs)


def test_a_sentinel_is_that_of_the_paper():
    """Lu et al. (2017): β s + (1 − β) c, with c by the softmax over the cells alone."""
    given = q3_sentinel.inputs(DRAW, 2, 3, 5, 2, 4)
    e = given["scores"].flatten(2)
    alone = e.softmax(dim=2)
    c = alone @ given["z"].flatten(2).mT
    beta = torch.sigmoid(given["sentinel_scores"] - e.logsumexp(dim=2))
    part = beta[..., None]
    contexts, maps, ours = q3_sentinel.look_or_not(**given)
    torch.testing.assert_close(ours, beta)
    torch.testing.assert_close(maps.flatten(2), (1 - part) * alone)
    right = part * given["sentinels"] + (1 - part) * c
    torch.testing.assert_close(contexts, right)


@pytest.mark.parametrize(
    "given",
    [
        *(q4a_pixels.drawn(Draw(f"{n}", ""), 23, 2, 1, 2) for n in range(7)),
        {"layers": [(3, 2, 0), (3, 1, 1)], "size": 8},
    ],
)
def test_pixels_are_those_that_have_a_gradient(given):
    x = torch.ones(1, 1, given["size"]).double().requires_grad_()
    y = x
    for kernel, stride, padding in given["layers"]:
        ones = torch.ones(1, 1, kernel).double()
        y = F.conv1d(y, ones, stride=stride, padding=padding)
    ours = q4a_pixels.pixels_seen(**given)
    assert len(ours) == y.shape[2]
    for (first, last), cell in zip(ours, y[0, 0], strict=True):
        (gradient,) = torch.autograd.grad(cell, x, retain_graph=True)
        assert gradient.nonzero()[:, 2].tolist() == [*range(first, last)]


def test_blind_cells_are_those_that_no_pixel_of_the_box_reaches():
    encoder = captioning.CNN(16, d=2)
    layers = [
        (layer.kernel_size[0], layer.stride[0], layer.padding[0])
        for layer in encoder.convolutions
        if isinstance(layer, nn.Conv2d)
    ]
    assert layers == q4a_pixels.CHAPTER
    sides = q4a_pixels.pixels_seen(layers, 16)
    cells = list(itertools.product(range(4), range(4)))
    seen = [captioning.receptive_field(encoder, cell) for cell in cells]
    for box in ((12, 1, 15, 5), (7, 0, 16, 2)):
        top, left, bottom, right = box
        blind = q4b_blind.blind_cells(sides, sides, box)
        assert blind.any() and not blind.all()
        for cell, pixels in zip(cells, seen, strict=True):
            assert blind[cell] == (not pixels[top:bottom, left:right].any())


def test_a_share_is_a_sum_over_pixels_and_the_librarys():
    """Each cell cut into as many parts as there are pixels, and each pixel into as many as there are cells."""
    given = q5a_box.inputs(DRAW, 3, 3, 5, 7, 8, (1, 3, 6, 5))
    fine = given["maps"].repeat_interleave(7, 1).repeat_interleave(8, 2) / 56
    right = fine[:, 3 * 1 : 3 * 6, 5 * 3 : 5 * 5].sum(dim=(1, 2))
    torch.testing.assert_close(q5a_box.share_in_box(**given), right)

    given = q5a_box.inputs(DRAW, 3, 4, 4, 18, 18, (1, 3, 6, 17))
    theirs = captioning.shares(given["maps"], [given["box"]], 18)[:, 0]
    torch.testing.assert_close(q5a_box.share_in_box(**given), theirs)


def test_equal_weights_are_chance_and_the_whole_picture_has_all():
    maps = torch.full((2, 3, 5), 1 / 15, dtype=torch.float64)
    share = q5a_box.share_in_box(maps, (2, 1, 5, 10), 7, 11)[0].item()
    area = 3 * 9 / 77
    assert abs(q5b_lift.lift([share, None], [area, None]) - 1) < 1e-12
    given = q5a_box.inputs(DRAW, 3, 3, 5, 7, 8, (0, 0, 7, 8))
    torch.testing.assert_close(q5a_box.share_in_box(**given), torch.ones(3).double())


def test_self_attention_is_pytorchs_fused_one():
    given = q1a_self.inputs(DRAW, 5, 7, 3, 2, 5, 1, 3)
    q, k, v = (given["x"] @ given[W].T for W in ("W_q", "W_k", "W_v"))
    contexts, weights = q1a_self.self_attention(**given)
    theirs = F.scaled_dot_product_attention(q, k, v, attn_mask=given["mask"][:, None])
    torch.testing.assert_close(contexts, theirs)
    torch.testing.assert_close(weights @ v, theirs)


def test_the_variance_of_a_score_is_that_of_all_possible_scores():
    """Where an entry is its mean plus or minus its deviation, the possible vectors can be listed."""
    mean_q, var_q, mean_k, var_k = 1.7, 0.4, -0.6, 2.5
    scores = [
        sum((mean_q + var_q**0.5 * a) * (mean_k + var_k**0.5 * b) for a, b in zip(signs[:3], signs[3:], strict=True))
        for signs in itertools.product((-1, 1), repeat=6)
    ]
    right = torch.tensor(scores).double().var(correction=0).item()
    ours = q1b_variance.score_variance(3, mean_q, var_q, mean_k, var_k)
    assert abs(ours - right) < 1e-5


def test_packed_heads_make_pytorchs_layer_that_of_the_paper():
    given = q2a_pack.inputs(DRAW, 3, 2)
    layer = nn.MultiheadAttention(6, 3, bias=False, batch_first=True).double()
    names = ("in_proj_weight", "out_proj.weight")
    layer.load_state_dict(dict(zip(names, q2a_pack.pack_heads(**given), strict=True)))
    x, found = DRAW.normal(4, 5, 6), []
    for h in range(3):
        q, k, v = (x @ given[W][h] for W in ("W_q", "W_k", "W_v"))
        found.append((q @ k.mT / 2**0.5).softmax(dim=2) @ v)
    right = torch.cat(found, dim=2) @ given["W_o"]
    torch.testing.assert_close(layer(x, x, x)[0], right)


def test_the_shares_of_heads_add_up_to_the_librarys_output():
    contexts, W_o = q2b_shares.inputs(DRAW, 2, 3, 5, 2, 7).values()
    shares = q2b_shares.shares_of_heads(contexts, W_o)
    output = attention.merge_heads(contexts) @ W_o.T
    torch.testing.assert_close(shares.sum(dim=1), output)
    for h in range(3):
        without = contexts.clone()
        without[:, h] = 0
        left = attention.merge_heads(without) @ W_o.T
        torch.testing.assert_close(output - shares[:, h], left)


def test_the_mask_lets_a_padded_row_be_what_it_is_alone():
    """Its words find what they find without padding, and padding finds its own value."""
    mask = q3a_mask.decoding_mask(torch.tensor([2, 6, 5]), 4, 6)
    q, k, v = DRAW.normal(3, 4, 3), DRAW.normal(3, 6, 3), DRAW.normal(3, 6, 2)
    ours = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    for row, length in enumerate((2, 6, 5)):
        asked = min(length, 4)
        causal = attention.causal_mask(asked, length)[0]
        alone = F.scaled_dot_product_attention(q[row, -asked:], k[row, -length:], v[row, -length:], causal)
        torch.testing.assert_close(ours[row, -asked:], alone)
    torch.testing.assert_close(ours[0, :2], v[0, 2:4])


def test_steps_with_a_cache_are_one_pass_under_a_causal_mask():
    q, k = DRAW.normal(2, 3, 5, 7), DRAW.normal(2, 3, 5, 7)
    v = DRAW.normal(2, 3, 5, 2)
    cache, steps = (k[:, :, :0], v[:, :, :0]), []
    for t in range(5):
        contexts, cache = q3b_step.cached_step(q[:, :, t], k[:, :, t], v[:, :, t], cache)
        steps.append(contexts)
    theirs = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    torch.testing.assert_close(torch.stack(steps, dim=1), attention.merge_heads(theirs))
    assert torch.equal(cache[0], k) and torch.equal(cache[1], v)


def test_moved_positions_are_those_of_the_librarys_encoding():
    places = transformer.sinusoidal(40, 10, dtype=torch.float64)
    omega = 10000 ** (-2 * torch.arange(5).double() / 10)
    t, k = torch.tensor([3, 39, 8, 20]), torch.tensor([30, -39, 0, -7])
    torch.testing.assert_close(q4a_moved.moved(places[t], k, omega), places[t + k])


def test_rotary_positions_turn_complex_numbers_and_scores_know_the_distance_alone():
    x, places, omega = q4b_rotated.inputs(DRAW, 2, 3, 5, 8).values()
    turn = torch.polar(torch.ones(2, 1, 5, 4).double(), places[:, None, :, None] * omega)
    theirs = torch.view_as_real(torch.view_as_complex(x.unflatten(3, (4, 2))) * turn).flatten(3)
    ours = q4b_rotated.rotated(x, places, omega)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(ours.norm(dim=3), x.norm(dim=3))
    later = q4b_rotated.rotated(x, places + 100, omega)
    torch.testing.assert_close(ours @ ours.mT, later @ later.mT)


@pytest.mark.parametrize("pre_norm", [False, True])
def test_an_encoder_layer_is_pytorchs_where_it_looks_at_all_words_alike(pre_norm):
    given = q5_layer.inputs(DRAW, pre_norm, 2, 3, 5, 7)
    W = given["attention"][1]
    given["attention"] = (torch.full((2, 3, 3), 1 / 3).double(), W)
    layer = nn.TransformerEncoderLayer(5, 1, 7, dropout=0.0, batch_first=True, norm_first=pre_norm).double()
    zeros, one = torch.zeros(10, 5).double(), torch.eye(5).double()
    names = ("linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias")
    layer.load_state_dict(
        {
            "self_attn.in_proj_weight": torch.cat([zeros, W]),
            "self_attn.in_proj_bias": torch.zeros(15),
            "self_attn.out_proj.weight": one,
            "self_attn.out_proj.bias": torch.zeros(5),
            **dict(zip(names, given["feed"], strict=True)),
            **{
                f"{norm}.{name}": value
                for norm in ("norm1", "norm2")
                for name, value in zip(("weight", "bias"), given[norm], strict=True)
            },
        }
    )
    torch.testing.assert_close(q5_layer.encoder_layer(**given), layer(given["x"]))


@pytest.mark.parametrize("case", q6_shut.PART.public(), ids=lambda case: case.name)
def test_no_smaller_set_of_cells_changes_the_word_by_the_librarys_attention(case):
    """The score is a product of a query and a key of one number."""
    scores, z, W_o = case.inputs.values()
    keys, values = scores.view(1, -1, 1), z.flatten(1).T[None]

    def said(mask):
        query = torch.ones(1, 1, 1).double()
        return (attention.attend(query, keys, values, mask[None], score=attention.dot)[0][0, 0] @ W_o.T).argmax()

    open_ = torch.ones(scores.numel(), dtype=torch.bool)
    shut = ~q6_shut.fewest_shut(scores, z, W_o).flatten()
    assert said(~shut) != said(open_)
    for size in range(int(shut.sum())):
        for cells in itertools.combinations(range(len(open_)), size):
            mask = open_.clone()
            mask[list(cells)] = False
            assert said(mask) == said(open_)


BUILT = [
    {"layers": layers, "causal": causal, "window": window, "period": period}
    for layers, causal, window, period in (
        *((1, causal, window, period) for causal in (True, False) for window in (None, 2, 4) for period in (None, 3)),
        *((2, False, None, period) for period in (None, 2)),
        *((layers, causal, 1, None) for layers in (2, 3) for causal in (True, False)),
        *((2, causal, 2, 7) for causal in (True, False)),
        (3, False, 1, 7),
    )
]


@pytest.mark.parametrize("built", BUILT, ids=lambda built: "-".join(map(str, built.values())))
def test_pytorchs_layers_cannot_tell_twins_apart_and_others_that_differ_later_they_can(built):
    """All sentences of two words are read, by layers with norms, feed-forward parts and two heads."""
    torch.manual_seed(0)
    T, d = 7, 8
    kind = nn.TransformerEncoderLayer(d, 2, 16, 0.0, batch_first=True)
    network = nn.TransformerEncoder(kind, built["layers"], enable_nested_tensor=False).double()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.5)
    places = torch.arange(T)
    away = places[:, None] - places
    unseen = away.abs() > (T if built["window"] is None else built["window"])
    unseen |= built["causal"] & (away < 0)
    x = torch.tensor(list(itertools.product((0, 1), repeat=T)))
    vectors = torch.randn(2, d).double()[x]
    if built["period"]:
        vectors = vectors + torch.randn(built["period"], d).double()[places % built["period"]]
    last = network(vectors, unseen)[:, -1].detach()
    same = (last[:, None] - last).abs().amax(dim=2) < 1e-9
    differ = (x[:, None] != x) * places
    latest = differ.amax(dim=2).where(same, 0).max()
    one, two = (x.tolist().index(sentence) for sentence in q6_twins.twins(T, 2, **built))
    assert same[one, two]
    assert differ[one, two].max() == latest


def test_a_step_of_linear_attention_is_the_librarys_and_so_are_all_of_them():
    q, k, v, a = q1b_parallel.inputs(DRAW, 2, 7, 3, 5).values()
    S, steps = torch.zeros(2, 3, 5).double(), []
    theirs = S
    for t in range(7):
        o, S = q1a_step.write_and_read(S, q[:, t], k[:, t], v[:, t], a[:, t])
        theirs = linear.memory_step(theirs, k[:, t], v[:, t], a[:, t, None])
        torch.testing.assert_close(S, theirs)
        steps.append(o)
    torch.testing.assert_close(torch.stack(steps, dim=1), q1b_parallel.all_at_once(q, k, v, a))
    half = torch.full_like(a, 0.5)
    torch.testing.assert_close(q1b_parallel.all_at_once(q, k, v, half), linear.parallel(q, k, v, 0.5))


@pytest.mark.parametrize("size", [1, 3, 4, 12])
def test_chunks_one_after_the_other_are_the_librarys_recurrence(size):
    S, q, k, v, gamma = q2_chunk.inputs(DRAW, 2, 3, 12, 4, 5).values()
    S, outputs = torch.zeros_like(S), []
    for of_chunk in zip(*(x.split(size, dim=2) for x in (q, k, v)), strict=True):
        o, S = q2_chunk.through_chunk(S, *of_chunk, gamma)
        outputs.append(o)
    whole = torch.cat(outputs, dim=2)
    for head, g in enumerate(gamma.tolist()):
        theirs = linear.recurrent(q[:, head], k[:, head], v[:, head], g)
        torch.testing.assert_close(whole[:, head], theirs)


def test_the_delta_rules_step_is_the_librarys_and_what_it_writes_makes_the_same_state():
    S, k, v, beta, a = q3a_step.inputs(DRAW, 3, 4, 5).values()
    theirs = linear.delta_step(S, k, v, beta[:, None], a[:, None])
    torch.testing.assert_close(q3a_step.delta_step(S, k, v, beta, a), theirs)

    k, v, beta = DRAW.normal(2, 6, 5), DRAW.normal(2, 6, 4), q1a_step.shares(DRAW, 2, 6)
    S = torch.zeros(2, 4, 5).double()
    for t in range(6):
        S = linear.delta_step(S, k[:, t], v[:, t], beta[:, t, None])
    u = q3b_written.written(v, k @ k.mT, beta)
    torch.testing.assert_close(u.mT @ k, S)


@pytest.mark.parametrize("T", [1, 2, 5, 8, 13])
def test_all_rounds_of_a_scan_are_the_librarys_scan(T):
    f, x, rounds = q4b_rounds.inputs(DRAW, 2, T, 3, (T - 1).bit_length()).values()
    factors, states = q4b_rounds.after_rounds(f, x, rounds)
    torch.testing.assert_close(states, linear.scan(f, x))
    torch.testing.assert_close(factors, f.cumprod(dim=1))


def test_combined_steps_are_pytorchs_linear_layers_one_after_the_other():
    first, second = q4a_combined.inputs(DRAW, 2, 4).values()
    A, b = q4a_combined.combined(first, second)
    c = DRAW.normal(4)
    for row in range(2):
        once = F.linear(F.linear(c, first[0][row], first[1][row]), second[0][row], second[1][row])
        torch.testing.assert_close(F.linear(c, A[row], b[row]), once)


def test_a_width_that_is_needed_is_enough_and_one_less_is_not():
    """Over all keys of some widths: as the mean of the square of their products."""
    for d in (1, 2, 3, 4):
        keys = torch.tensor(list(itertools.product((-1, 1), repeat=d))).double() / d**0.5
        square = ((keys @ keys.T) ** 2).mean().item()
        for pairs in (2, 3, 5):
            error = (pairs - 1) * square
            assert q5a_width.width_needed(pairs, error + 1e-9) == d
            assert q5a_width.width_needed(pairs, error - 1e-9) == d + 1


@pytest.mark.parametrize("N", [1, 3, 4, 9])
def test_the_least_error_is_that_of_least_squares(N):
    keys, values = q5b_least.inputs(DRAW, N, 4, 3).values()
    S = torch.linalg.lstsq(keys, values).solution
    right = F.mse_loss(keys @ S, values, reduction="sum").item()
    assert abs(q5b_least.least_error(keys, values) - right) < 1e-9


def in_the_library(kind, n, gamma, beta, sharp):
    """What a memory of the library reads, with fresh keys and with the first again."""
    keys = torch.eye(n + 1).double()
    values = torch.zeros(n + 1, 1).double()
    values[0] = 1
    curves = []
    for ks in (keys, keys[:1].expand(n + 1, -1)):
        S, curve = torch.zeros(1, 1, n + 1).double(), []
        for m in range(n + 1):
            k, v = ks[m : m + 1], values[m : m + 1]
            if "delta" in kind:
                S = linear.delta_step(S, k, v, beta, gamma if "gated" in kind else 1.0)
            else:
                S = linear.memory_step(S, k, v, gamma if kind == "decay" else 1.0)
            if kind == "softmax":
                read, _ = attention.attend(
                    sharp * ks[None, :1], ks[None, : m + 1], values[None, : m + 1], None, attention.dot
                )
                curve.append(read.item())
            else:
                curve.append((S[0] @ ks[0]).item())
        curves.append(curve)
    return curves


@pytest.mark.parametrize("kind", q6b_made.KINDS)
def test_curves_and_names_are_those_of_the_librarys_memories(kind):
    for n, gamma, beta, sharp in ((1, 0.7, 0.4, 1.5), (5, 0.95, 1.0, 3.0), (8, 0.3, 0.8, 2.0)):
        fresh, again = in_the_library(kind, n, gamma, beta, sharp)
        assert q6b_made.made_by(fresh, again) == kind
        if kind == "gated delta":
            torch.testing.assert_close(q6a_readings.readings(beta, gamma, n), (fresh, again))
