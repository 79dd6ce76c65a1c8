"""The two tasks that ask for a memory."""

import pytest
import torch

from rnn2attn.tasks import memory


@pytest.mark.parametrize("T", [2, 3, 40])
def test_adding_marks_one_number_in_each_half_and_asks_for_their_sum(T):
    torch.manual_seed(0)
    x, y = memory.adding(500, T)
    numbers, marks = x.unbind(2)
    assert x.shape == (500, T, 2) and y.shape == (500,)
    assert (marks[:, : T // 2].sum(1) == 1).all() and (marks[:, T // 2 :].sum(1) == 1).all()
    assert ((numbers >= 0) & (numbers < 1)).all()
    torch.testing.assert_close(y, numbers[marks == 1].reshape(500, 2).sum(1))
    assert set(marks.nonzero()[:, 1].tolist()) == set(range(T)), "every place is marked sometimes"


def test_marks_can_be_kept_from_the_end():
    torch.manual_seed(0)
    marks = memory.adding(500, 40, within=10)[0][..., 1]
    assert (marks[:, :5].sum(1) == 1).all() and (marks[:, 5:10].sum(1) == 1).all() and not marks[:, 10:].any()


def test_who_answers_the_mean_has_one_sixth():
    torch.manual_seed(0)
    _, y = memory.adding(200_000, 10)
    assert abs(((y - 1) ** 2).mean().item() - 1 / 6) < 0.002


@pytest.mark.parametrize("T", [1, 15])
def test_remember_asks_for_the_first_token(T):
    torch.manual_seed(0)
    x, y = memory.remember(400, T, V=5)
    assert x.shape == (400, T, 5) and (x.sum(2) == 1).all()
    assert torch.equal(x[:, 0].argmax(1), y)
    assert set(y.tolist()) == set(range(5))
    if T > 1:
        assert 0.1 < (x[:, -1].argmax(1) == y).float().mean() < 0.3, "the last token says nothing of the first"


def test_the_same_seed_gives_the_same_data_and_two_calls_do_not():
    draws = []
    for _ in range(2):
        torch.manual_seed(7)
        draws.append((memory.adding(4, 9), memory.remember(4, 9), memory.remember(4, 9)))
    for one, other in zip(*draws, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    assert not torch.equal(draws[0][1][0], draws[0][2][0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: memory.adding(4, 1), "length 1 were asked for, but n ≥ 1 and T ≥ 2"),
        (lambda: memory.adding(0, 9), "0 sequences"),
        (lambda: memory.adding(4, 9, within=10), "within is 10, but 2 … 9"),
        (lambda: memory.remember(4, 0), "T ≥ 1"),
        (lambda: memory.remember(4, 5, V=1), "V is 1, but 2 tokens"),
    ],
)
def test_too_little_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
