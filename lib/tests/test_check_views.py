"""What `check` sees of outputs of which many are right."""

import pytest
import torch

from rnn2attn.check.views import UnfitError, latched, pointing, reversing, summed

WRITTEN = torch.tensor([1.5, -0.7, 2.0], dtype=torch.float64)
NOISE = torch.tensor([0.3, -2.0, 3.0, 1.1, -0.4], dtype=torch.float64)


def cell(i=(0, 40, 0, -20), f=(0, -40, 0, 20), g=(1, 0, 0, 0), o=(0, 0, 0, 20)):
    """Rows: weight of value, of write, of h, and bias."""
    rows = torch.tensor([i, f, g, o], dtype=torch.float64)
    return rows[:, :2], rows[:, 2:3], rows[:, 3]


@pytest.mark.parametrize(
    "rows",
    [
        {},
        {"f": (0, -100, 0, 50)},
        {"i": (0, 500, 0, -400)},
        {"f": (0.5, -40, -1, 20), "i": (0.5, 40, 1, -20)},
        {"o": (0, 0, 5, 30)},
        {"o": (0, 0, 0, 6.8)},  # an o of 0.9989, and h within 0.001
        {"f": (0, -36.0, 0, 18.0)},
    ],
)
def test_any_latch_is_right(rows):
    assert latched(cell(**rows), WRITTEN, NOISE) is True
    assert latched([t.float() for t in cell(**rows)], WRITTEN, NOISE) is True


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ({"f": (0, -40, 0, 10)}, "0.956 of what was stored is left"),
        ({"f": (0, -40, 0, 13)}, "Your forget gate falls to 0.9999977"),
        ({"i": (0, 40, 0, -10)}, "leaks in: c moved by"),
        ({"i": (3, 40, 0, -20)}, "Your input gate is up to 1.7e-05 while write = 0"),
        ({"i": (0, 24, 0, -20)}, "Your input gate is 0.982 while write = 1"),
        ({"f": (0, -22, 0, 20)}, "Your forget gate is 0.1192 while write = 1"),
        ({"f": (0, 0, -40, 20)}, "Your forget gate"),
        ({"g": (2, 0, 0, 0)}, "Which row is the candidate's?"),
        ({"g": (1, 1, 0, 0)}, "moves when the flag does"),
        ({"g": (1, 0, 1, 0)}, "depends on h"),
        ({"o": (0, 0, 0, 6)}, "h does not show it: your output gate is down to 0.9975"),
        ({"o": (0, -40, 0, 20)}, "h does not show it"),
        ({"o": (0, 0, -40, 20)}, "h does not show it"),
    ],
)
def test_what_is_no_latch_is_refused_by_the_gate_that_is_to_blame(rows, says):
    with pytest.raises(UnfitError) as refused:
        latched(cell(**rows), WRITTEN, NOISE)
    assert says in str(refused.value)


def test_a_forget_gate_too_near_to_one_half_of_the_time_is_seen():
    """Open where the value that passes is negative, and closed a little where it is positive."""
    with pytest.raises(UnfitError, match="forget gate falls"):
        latched(cell(f=(-4, -40, 0, 20)), WRITTEN, NOISE)
    assert latched(cell(f=(-4, -40, 0, 20)), WRITTEN, -NOISE.abs())


@pytest.mark.parametrize(
    "value",
    [
        None,
        "a latch",
        cell()[:2],
        (*cell()[:2], [0.0] * 4),
        (cell()[0].T, *cell()[1:]),
        (cell()[0] / 0, *cell()[1:]),
        (cell()[0] * 1e300, *cell()[1:]),
        (cell()[0] * float("nan"), *cell()[1:]),
    ],
)
def test_what_is_no_cell_is_refused(value):
    with pytest.raises(UnfitError, match=r"must be three tensors|NaN, infinity, or numbers above"):
        latched(value, WRITTEN, NOISE)


def test_any_split_of_two_biases_is_alike():
    a, b, split = torch.randn(3, 8, dtype=torch.float64)
    for pair in ((a, b), [b, a], (a - split, b + split)):
        torch.testing.assert_close(summed(pair, a[:2], a, b), a + b)
    for value in (a, (a,), (a, b[:4]), (a, 1.0), {"a": a, "b": b}):
        with pytest.raises(UnfitError, match=r"each a tensor of shape \(8,\)"):
            summed(value, a[:2], a, b)


STRINGS = [[2, 0], [1, 1, 0], [0, 2, 1, 1], [2, 2, 2, 2], [0], [2]]


def machine(V=3, places=5, write=1, height=0.5):
    """Letters in places of their own, one place on at each step of reading, one back at each step of saying."""
    d = V * places
    push = torch.eye(d, dtype=torch.float64).roll(V, 0)
    push[:V] = 0
    W_xh, W_o, b_o = torch.zeros(d, V), torch.zeros(V + 1, d), torch.zeros(V + 1)
    W_xh[write * V :][:V] = torch.eye(V)
    W_o[:V, :V] = torch.eye(V)
    b_o[V] = height
    return W_xh, push, push.T, W_o, b_o


def turned(seed=0):
    """The same machine in other coordinates."""
    W_xh, W_hh, W_ss, W_o, b_o = machine()
    Q = torch.linalg.qr(torch.randn(15, 15, dtype=torch.float64, generator=torch.manual_seed(seed))).Q
    return Q @ W_xh.double(), Q @ W_hh @ Q.T, Q @ W_ss @ Q.T, W_o.double() @ Q.T, b_o


@pytest.mark.parametrize(
    "weights",
    [
        machine(),
        machine(places=9),
        machine(height=0.02),
        machine(height=0.98),
        [t.float() for t in machine()],
        turned(),
    ],
)
def test_any_machine_that_reverses_is_right(weights):
    assert reversing(weights, 3, 4, STRINGS) is True


def changed(**weights):
    names = ("W_xh", "W_hh", "W_ss", "W_o", "b_o")
    return tuple((dict(zip(names, machine(), strict=True)) | weights).values())


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        (
            machine(write=0),
            "After reading 2 0, it says 2 <eos>; 0 2 <eos> was asked for. The letter that was read last",
        ),
        (
            machine(places=4),
            "After reading 0 2 1 1, it says 1 1 2 <eos>; 1 1 2 0 <eos> was asked for. The letter that",
        ),
        (machine(height=0.0), "After reading 2 0, outputs "),
        (
            machine(height=0.995),
            "After reading 2 0, outputs 0 and <eos> are the largest at step 1, and neither leads",
        ),
        (machine(height=3.0), "After reading 2 0, it says <eos>; 0 2 <eos> was asked for. It stops at once"),
        (changed(W_ss=torch.eye(15)), "It stops at once"),
        (
            changed(W_xh=machine(write=0)[0], W_ss=torch.eye(15)),
            "it says 0 0 0; 0 2 <eos> was asked for. The same output comes again",
        ),
        (changed(W_o=machine()[3].flip(1)), "After reading 2 0, it says <eos>"),
        (
            changed(W_xh=machine()[0].flip(1)),
            "After reading 2 0, it says 2 0 <eos>; 0 2 <eos> was asked for. Follow one",
        ),
        (changed(b_o=torch.tensor([0.1, 0, 0, 0])), "It does not stop: when all letters are said"),
        (changed(W_hh=machine()[1] * 0.1), "The letter that was read first is missing. Is there a place"),
    ],
)
def test_a_machine_that_does_not_reverse_is_told_what_it_says(weights, says):
    with pytest.raises(UnfitError) as refused:
        reversing(weights, 3, 4, STRINGS)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "a machine",
        machine()[:4],
        (*machine()[:4], [0.0] * 4),
        tuple(t.T if t.dim() == 2 else t for t in machine()),
        tuple(torch.tensor(0.0) for _ in range(5)),
        (torch.zeros(0, 3), torch.zeros(0, 0), torch.zeros(0, 0), torch.zeros(4, 0), torch.zeros(4)),
        machine(V=2),
        machine(places=400),
        changed(W_hh=machine()[1] / 0),
        changed(b_o=torch.full((4,), 1e7)),
    ],
)
def test_what_is_no_machine_is_refused(value):
    with pytest.raises(
        UnfitError, match=r"must be five tensors: W_xh of shape \(d, 3\)|1000 are enough|holds NaN, infinity"
    ):
        reversing(value, 3, 4, STRINGS)


ORDER = torch.tensor([3, 1, 6, 3, 0])


def circle(length=100.0, T=7, around=1.0):
    """Keys on a circle, and for each place of ORDER a query that points at its key."""
    angle = around * 2 * torch.pi * torch.arange(T, dtype=torch.float64) / T
    keys = torch.stack([angle.cos(), angle.sin()], dim=1)
    return length * keys[ORDER], keys


def parabola(steepness=12.0, order=ORDER):
    """Keys (i, −i²/2), so that p i − i²/2 is largest at i = p."""
    i = torch.arange(7, dtype=torch.float64)
    queries = torch.stack([order.double(), torch.ones_like(order).double()], dim=1)
    return steepness * queries, torch.stack([i, -i * i / 2], dim=1)


@pytest.mark.parametrize(
    "pair",
    [
        circle(),
        list(circle()),
        circle(length=1000.0, around=-0.3),
        (circle()[0], circle()[1] + 5),
        parabola(),
        tuple(t.float() for t in parabola()),
        tuple((2 * t).long() for t in parabola()),
    ],
)
def test_any_addresses_are_right_that_are_found(pair):
    assert pointing(pair, 7, ORDER) is True


ROW = torch.stack([torch.arange(7.0), torch.ones(7)], dim=1)


@pytest.mark.parametrize(
    ("pair", "says"),
    [
        (circle(1.0), "place 3 has the most. It leads, and not by enough"),
        (parabola(10.0), "Step 0 should look at place 3, which has 0.987 of its weight"),
        ((90 * ROW[ORDER], ROW), "place 6 has the most. Your keys lie on a line"),
        ((90 * ROW[ORDER], 0 * ROW), "Keys 0 and 1 are the same point"),
        (circle(around=7 / 6), "Step 2 should look at place 6, which has 0.5 of its weight; place 0"),
        (circle(around=7 / 6), "Keys 0 and 6 are the same point"),
        ((9 * parabola()[1][ORDER], parabola()[1]), "and that of place 6 is longer."),
        (parabola(order=ORDER + 1), "place 4 has the most. For which query"),
        (parabola(order=0 * ORDER), "place 0 has the most. For which query"),
    ],
)
def test_addresses_that_are_not_found_are_told_what_is_looked_at(pair, says):
    with pytest.raises(UnfitError) as refused:
        pointing(pair, 7, ORDER)
    assert says in str(refused.value)


def test_one_place_is_found_by_any_query():
    assert pointing((torch.zeros(2, 2), torch.zeros(1, 2)), 1, torch.tensor([0, 0])) is True


@pytest.mark.parametrize(
    "value",
    [
        None,
        "addresses",
        circle()[0],
        circle()[:1],
        circle()[::-1],
        tuple(t.T for t in circle()),
        (circle()[0].tolist(), circle()[1]),
        (circle()[0] / 0, circle()[1]),
        (circle()[0], circle()[1] * 1e7),
        circle(length=1e7),
    ],
)
def test_what_are_no_addresses_is_refused(value):
    with pytest.raises(UnfitError, match=r"queries of shape \(5, 2\) and keys of shape \(7, 2\)|hold NaN, infinity"):
        pointing(value, 7, ORDER)
