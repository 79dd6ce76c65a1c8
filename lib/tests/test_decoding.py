"""Greedy and beam on step functions whose every answer is known."""

from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn2attn.decoding import Hypothesis, beam, greedy, select

END = 0


def scripted(*rows):
    """A step that says row b's script, whatever it is given, and records what it was given."""
    given = []

    def step(tokens, t):
        given.append(tokens.tolist())
        logits = torch.full((len(rows), 6), -5.0)
        for b, row in enumerate(rows):
            logits[b, row[int(t[b])] if t[b] < len(row) else 5] = 5
        return logits, t + 1

    return step, torch.zeros(len(rows), dtype=torch.long), given


def markov(seed, V, B=1, d=3):
    """A step whose logits depend on the token and on all before it, through a state in tuples and lists."""
    generator = torch.Generator().manual_seed(seed)
    W = torch.randn(V, V, generator=generator, dtype=torch.float64) * 2
    U, E = (torch.randn(n, d, generator=generator, dtype=torch.float64) for n in (V, V))
    h = torch.randn(B, d, generator=generator, dtype=torch.float64)

    def step(tokens, state):
        h, [count, past] = state
        assert torch.equal(past, count[:, None] * h), "the parts of the state stay together"
        h = torch.tanh(h.roll(1, dims=1) * 2 + E[tokens])
        return W[tokens] + h @ U.T, (h, [count + 1, (count + 1)[:, None] * h])

    return step, (h, [torch.zeros(B), torch.zeros(B, d, dtype=torch.float64)]), torch.full((B,), V - 1)


def test_greedy_stops_each_row_at_its_own_end():
    step, state, given = scripted([3, END, 4], [1, 2, 2, END], [END])
    found = greedy(step, state, torch.full((3,), 5), END, max_length=9)
    assert [hypothesis.ids for hypothesis in found] == [[3], [1, 2, 2], []]
    assert len(given) == 4, "no step after the last row has ended"
    assert given[0] == [5, 5, 5] and given[1] == [3, 1, END], "each step reads what was said one step before"


def test_greedy_is_cut_at_max_length():
    step, state, given = scripted([1, 2, 3, 4, END])
    assert greedy(step, state, torch.tensor([5]), END, max_length=3)[0].ids == [1, 2, 3]
    assert len(given) == 3


def score_of(step, state, start, ids, max_length):
    """ln p of one sequence, by running it."""
    total, tokens = 0.0, start
    for token in [*ids, END][:max_length]:
        logits, state = step(tokens, state)
        total += logits[0].double().log_softmax(0)[token].item()
        tokens = torch.tensor([token])
    return total


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_greedy_is_a_beam_of_one(seed, B):
    step, state, start = markov(seed, V=5, B=B)
    greedily = greedy(step, state, start, END, max_length=6)
    for alone, (found,) in zip(greedily, beam(step, state, start, END, 6, k=1), strict=True):
        assert found.ids == alone.ids
        assert found.score == pytest.approx(alone.score, abs=1e-9)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.7, 1.0]))
def test_a_wide_beam_finds_what_brute_force_finds(seed, power):
    V, longest = 3, 4
    step, state, start = markov(seed, V)
    every = [ids for n in range(longest + 1) for ids in product(range(1, V), repeat=n)]
    scored = []
    for ids in every:
        length = min(len(ids) + 1, longest)
        scored.append(Hypothesis(list(ids), score_of(step, state, start, ids, longest) / length**power))
    (found,) = beam(step, state, start, END, longest, k=100, length_power=power)
    scored.sort(key=lambda hypothesis: -hypothesis.score)
    assert [hypothesis.ids for hypothesis in found] == [hypothesis.ids for hypothesis in scored]
    torch.testing.assert_close([h.score for h in found], [h.score for h in scored])
    if power == 0:
        assert sum(torch.tensor([h.score for h in found]).exp()) == pytest.approx(1, abs=1e-5)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(2, 5))
def test_a_row_of_a_beam_is_as_if_alone_and_its_scores_are_true(seed, k):
    step, state, start = markov(seed, V=4, B=3)
    together = beam(step, state, start, END, 5, k)
    for b, found in enumerate(together):
        rows = torch.tensor([b])
        alone_state = select(state, rows)
        (alone,) = beam(step, alone_state, start[rows], END, 5, k)
        assert [h.ids for h in found] == [h.ids for h in alone] and len(found) == k
        assert len({tuple(h.ids) for h in found}) == k
        assert found == sorted(found, key=lambda h: -h.score)
        for h in found:
            assert h.score == pytest.approx(score_of(step, alone_state, start[rows], h.ids, 5), abs=1e-9)


def test_a_beam_sees_what_greedy_misses_and_length_decides_who_wins():
    table = torch.tensor([[0.0, 0, 0, 0], [0.1, 0.3, 0.3, 0.3], [0.98, 0.01, 0.005, 0.005], [0.3, 0.4, 0.2, 0.1]])

    def step(tokens, state):
        return table[tokens].log(), state

    start = torch.tensor([3])
    (one,) = greedy(step, start, start, END, 5)
    assert one.ids[0] == 1, "likeliest first, then nothing is likely"
    (found,) = beam(step, start, start, END, 5, k=3)
    assert found[0].ids == [] and found[0].score == pytest.approx(torch.tensor(0.3).log().item())
    (found,) = beam(step, start, start, END, 5, k=3, length_power=1.0)
    assert found[0].ids == [2] and found[0].score == pytest.approx(torch.tensor(0.2 * 0.98).log().item() / 2)


def test_a_beam_stops_when_all_have_ended():
    step, state, given = scripted([1, END])
    (found,) = beam(step, state.repeat(1), torch.tensor([5]), END, 50, k=1)
    assert found[0].ids == [1] and len(given) == 2


def test_no_gradient_is_kept():
    W = torch.randn(4, 4, requires_grad=True)
    states = []

    def step(tokens, state):
        states.append(W[tokens])
        return states[-1], state

    greedy(step, torch.zeros(2), torch.tensor([3, 3]), END, 3)
    beam(step, torch.zeros(2), torch.tensor([3, 3]), END, 3, k=2)
    assert not any(state.requires_grad for state in states)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda s: greedy(s, None, torch.tensor([1]), END, 0), ValueError, "max_length is 0"),
        (lambda s: greedy(s, None, torch.tensor(1), END, 5), ValueError, r"start has shape \(\)"),
        (lambda s: greedy(s, None, torch.tensor([1, 1]), END, 5), ValueError, r"logits has shape \(1, 4\).* B = 2"),
        (lambda s: beam(s, torch.zeros(1), torch.tensor([1]), END, 5, k=0), ValueError, "k is 0"),
        (lambda s: beam(s, None, torch.tensor([1]), END, 5, k=2), TypeError, "a state is a tensor.*not NoneType"),
        (
            lambda s: beam(s, torch.zeros(1), torch.tensor([1]), END, 5, k=2),
            ValueError,
            r"logits has shape \(1, 4\).* 2",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call(lambda tokens, state: (torch.zeros(1, 4), state))
