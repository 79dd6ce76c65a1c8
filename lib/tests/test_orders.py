"""Orders in a café: what is asked is what was ordered last, and each kind is what its name says."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn2attn.tasks import orders


def drawn(kind, seed=0, B=50, **how):
    return orders.draw(kind, B, torch.Generator().manual_seed(seed), **how)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(orders.KINDS), st.integers(0, 9999), st.integers(16, 40))
def test_the_answer_is_the_last_order_of_the_last_evening(kind, seed, T):
    rows = drawn(kind, seed, B=3, T=T)
    for tables, drinks, begins, asked, answers in zip(*(x.tolist() for x in rows), strict=True):
        last = max(t for t, begin in enumerate(begins) if begin)
        now = dict(zip(tables[last:], drinks[last:], strict=True))
        assert [now.get(table, orders.NOTHING) for table in asked] == answers
        assert set(now) <= set(asked) and len(set(asked)) == len(asked)
        assert set(asked) <= set(tables)


@pytest.mark.parametrize(("kind", "evenings", "once"), [
    ("orders", 1, True), ("changes", 1, False), ("evenings", 3, True), ("both", 3, False),
])  # fmt: skip
def test_the_kinds_are_what_they_are_called(kind, evenings, once):
    rows = drawn(kind)
    begun = rows.begins.sum(dim=1)
    assert (begun[begun > 0] <= evenings).all() and (begun == evenings).float().mean() > 0.8
    assert rows.begins[:, 0].all()
    n = rows.asked.shape[1] // (2 if evenings > 1 else 1)
    assert (rows.answers[:, :n] < orders.DRINKS).all() and (rows.answers[:, n:] == orders.NOTHING).all()
    ordered = rows.tables.shape[1] - int(rows.begins[0].nonzero()[-1])
    assert (ordered == n) is once
    if kind != "orders":
        assert rows.tables.shape == (50, 32)


def test_how_many_are_asked_is_drawn_or_given():
    assert {drawn("orders", seed, B=1).asked.shape[1] for seed in range(200)} == set(range(4, 17))
    assert {drawn("evenings", seed, B=1).asked.shape[1] for seed in range(100)} == {8, 10, 12, 14, 16}
    assert drawn("both", n=3).asked.shape == (50, 6)
    assert drawn("orders", n=64, T=64).tables.shape == (50, 64)


def test_a_seed_gives_the_same_rows():
    assert all(torch.equal(a, b) for a, b in zip(drawn("both", 3), drawn("both", 3), strict=True))
    assert not torch.equal(drawn("both", 3).drinks, drawn("both", 4).drinks)


@pytest.mark.parametrize(("how", "message"), [
    ({"kind": "order"}, "no kind 'order', only orders, changes, evenings, both"),
    ({"kind": "both", "T": 8}, "T is 8, where 16"),
    ({"kind": "orders", "n": 65}, "n is 65"),
    ({"kind": "both", "n": 9}, "n is 9"),
    ({"kind": "evenings", "n": 16}, "n is 16"),
    ({"kind": "changes", "n": 0}, "n is 0"),
])  # fmt: skip
def test_what_does_not_fit_is_named(how, message):
    with pytest.raises(ValueError, match=message):
        drawn(**how)
