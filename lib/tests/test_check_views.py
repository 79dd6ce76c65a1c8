"""What `check` sees of outputs of which many are right."""

import pytest
import torch

from rnn2attn.check.views import Unfit, latched, summed

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
    with pytest.raises(Unfit) as refused:
        latched(cell(**rows), WRITTEN, NOISE)
    assert says in str(refused.value)


def test_a_forget_gate_too_near_to_one_half_of_the_time_is_seen():
    """Open where the value that passes is negative, and closed a little where it is positive."""
    with pytest.raises(Unfit, match="forget gate falls"):
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
    with pytest.raises(Unfit, match=r"must be three tensors|NaN, infinity, or numbers above"):
        latched(value, WRITTEN, NOISE)


def test_any_split_of_two_biases_is_alike():
    a, b, split = torch.randn(3, 8, dtype=torch.float64)
    for pair in ((a, b), [b, a], (a - split, b + split)):
        torch.testing.assert_close(summed(pair, a[:2], a, b), a + b)
    for value in (a, (a,), (a, b[:4]), (a, 1.0), {"a": a, "b": b}):
        with pytest.raises(Unfit, match=r"each a tensor of shape \(8,\)"):
            summed(value, a[:2], a, b)
