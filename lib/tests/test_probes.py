"""Four small tasks: what is asked has the answer that follows from what was read."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn2attn.tasks import probes
from rnn2attn.tasks.probes import KEYS, LETTERS, NOTHING, SWAPS

LENGTHS = st.integers(1, 20)
TASKS = (probes.copying, probes.recall, probes.parity, probes.cups)


def generator(seed):
    return torch.Generator().manual_seed(seed)


@settings(deadline=None, max_examples=20)
@given(LENGTHS, st.integers(0, 99))
def test_copies_are_the_strings(length, seed):
    ids, targets = probes.copying(3, length, generator(seed))
    assert ids.shape == targets.shape == (3, 2 * length)
    assert (ids[:, length] == LETTERS).all() and (targets[:, :length] == NOTHING).all()
    assert (targets[:, length:] == ids[:, :length]).all()
    assert (ids[:, length + 1 :] == targets[:, length:-1]).all()


@settings(deadline=None, max_examples=20)
@given(LENGTHS, st.integers(0, 99))
def test_each_key_is_asked_once_and_has_the_value_it_was_told_with(length, seed):
    ids, targets = probes.recall(3, length, generator(seed))
    for read, wanted in zip(ids.tolist(), targets.tolist(), strict=True):
        told = dict(zip(read[: 2 * length : 2], read[1 : 2 * length : 2], strict=True))
        asked = read[2 * length :: 2]
        assert len(told) == length and sorted(asked) == sorted(told)
        assert max(told) < KEYS <= min(told.values())
        assert wanted[2 * length :: 2] == read[2 * length + 1 :: 2] == [told[key] for key in asked]
        assert set(wanted[: 2 * length] + wanted[2 * length + 1 :: 2]) == {NOTHING}


@settings(deadline=None, max_examples=20)
@given(LENGTHS, st.integers(0, 99))
def test_parity_and_ball_by_hand(length, seed):
    bits, odd = probes.parity(2, length, generator(seed))
    assert odd.tolist() == [[sum(row[: t + 1]) % 2 for t in range(length)] for row in bits.tolist()]
    swaps, places = probes.cups(2, length, generator(seed))
    for row, seen in zip(swaps.tolist(), places.tolist(), strict=True):
        balls = [True, False, False]
        for swap, place in zip(row, seen, strict=True):
            a, b = SWAPS[swap]
            balls[a], balls[b] = balls[b], balls[a]
            assert balls.index(True) == place


@pytest.mark.parametrize("task", TASKS)
def test_the_generator_decides_and_nothing_is_short(task):
    assert all(torch.equal(a, b) for a, b in zip(task(4, 6, generator(1)), task(4, 6, generator(1)), strict=True))
    assert not torch.equal(task(4, 6, generator(1))[0], task(4, 6, generator(2))[0])
    for n, length in ((0, 3), (3, 0)):
        with pytest.raises(ValueError, match=f"{n} sequences of length {length}"):
            task(n, length)


def test_there_are_only_so_many_keys():
    with pytest.raises(ValueError, match="length is 33"):
        probes.recall(1, 33)
