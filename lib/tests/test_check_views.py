"""What `check` sees of outputs of which many are right."""

import pytest
import torch

from rnn2attn.check.views import (
    UnfitError,
    alike,
    another_word,
    forced_and_free,
    latched,
    pointing,
    reversing,
    same_context,
    summed,
    told_apart,
)

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
        ({"g": (2, 0, 0, 0)}, "Its row has the weight 2 for value"),
        ({"g": (0, 1, 0, 0)}, "Its row looks at write, and not at value"),
        ({"g": (0, 0, 0, 20), "o": (1, 0, 0, 0)}, "Which row is the candidate's?"),
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
        (machine(height=0.0), "and neither leads by 0.01. All letters are said then"),
        (
            machine(height=0.995),
            "After reading 2 0, outputs 0 and <eos> are the largest at step 1, and neither leads by 0.01. A letter",
        ),
        (
            machine(height=3.0),
            "After reading 2 0, it says <eos>; 0 2 <eos> was asked for. It stops at once: no letter",
        ),
        (changed(W_ss=torch.eye(15)), "It stops at once, since W_o shows no letter of s_1"),
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
        ((circle()[0] * (ORDER > 0)[:, None], circle()[1]), "place 0 has the most. It shares the lead"),
        (parabola(10.0), "Step 0 should look at place 3, which has 0.987 of its weight"),
        ((90 * ROW[ORDER], ROW), "place 6 has the most. Your keys lie on a line"),
        ((90 * ROW[ORDER], 0 * ROW), "Keys 0 and 1 are the same point"),
        (circle(around=7 / 6), "Step 2 should look at place 6, which has 0.5 of its weight; place 0"),
        (circle(around=7 / 6), "Keys 0 and 6 are the same point"),
        ((9 * parabola()[1][ORDER], parabola()[1]), "and that of place 6 is longer."),
        (
            (parabola()[0], parabola()[1] * torch.tensor([1, 2])),
            "if the second number of each key were half as large",
        ),
        (
            (parabola()[0], parabola()[1] * torch.tensor([2, 1])),
            "if the second number of each key were twice as large",
        ),
        (
            (parabola()[0], parabola()[1] * torch.tensor([1, -1])),
            "if the second number of each key were of the other",
        ),
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


def refused(view, *arguments):
    """What a view says."""
    with pytest.raises(UnfitError) as unfit:
        view(*arguments)
    return str(unfit.value)


BIASES = [4.6, 0.4, 3.3, 1.7]  # half-lives of 69, 1.3, 19 and 4.1 steps


@pytest.mark.parametrize("waits", [[4, 44], [44, 4], (5, 40), torch.tensor([5, 40])])
def test_any_waits_that_tell_all_cells_apart_are_right(waits):
    assert told_apart(waits, BIASES, 2) is True


@pytest.mark.parametrize(
    ("waits", "says"),
    [
        ([1], "b = 1.7 and b = 3.3 are not told apart. After 1 step they hold 0.846 and 0.964: too early"),
        ([44], "b = 0.4 and b = 1.7 are not told apart. After 44 steps they hold 0.000 and 0.001: too late"),
        ([1, 90], ": a wait between them is missing."),
        ([4, 5, 44], "Your 3 waits tell all cells apart, and fewer waits do."),
        ([10**6], "too late"),
    ],
)
def test_waits_that_do_not_are_told_what_two_cells_hold(waits, says):
    assert says in refused(told_apart, waits, BIASES, 2)


@pytest.mark.parametrize("value", [None, 4, [], [4, 0], [4.0, 44], [-4, 44], [10**400], "4", [[4], [44]]])
def test_what_are_no_waits_is_refused(value):
    assert "must be a list of whole numbers of steps" in refused(told_apart, value, BIASES, 2)


# Words 0 to 3 are the sentence, 4 to 7 are others, 8 is <sos>.
SENTENCE = [2, 0, 3, 1]


@pytest.mark.parametrize(
    ("table", "forced", "free"),
    [
        ([3, 7, 0, 1, 7, 7, 7, 7, 2], 4, 4),
        ([3, 7, 0, 1, 7, 7, 7, 7, 7], 3, 0),  # lost at once
        ([3, 7, 0, 1, 7, 7, 7, 2, 7], 3, 0),  # one word behind from then on
        ([3, 7, 0, 1, 0, 7, 7, 7, 4], 3, 3),  # back at once
        ([7, 7, 7, 7, 0, 1, 7, 7, 4], 0, 1),
        ([5, 7, 7, 7, 0, 1, 7, 7, 4], 0, 2),  # better with its own words
    ],
)
def test_a_decoder_is_counted_forced_and_free(table, forced, free):
    assert forced_and_free(table, SENTENCE, 8, forced, free) is True
    assert forced_and_free(torch.tensor(table), SENTENCE, 8, forced, free) is True
    for other in ((forced + 1, free), (forced, free + 1)):
        assert "were asked for" in refused(forced_and_free, table, SENTENCE, 8, *other)


@pytest.mark.parametrize(
    ("table", "forced", "free", "says"),
    [
        (
            [3, 7, 0, 1, 7, 7, 7, 7, 4],
            3,
            3,
            "Free, it says 4 7 7 7 where 2 0 3 1 is right. 0 of 4 words are right; 3",
        ),
        ([3, 7, 0, 1, 7, 7, 7, 7, 4], 3, 3, "Words that are not in the sentence are read as well."),
        ([3, 7, 0, 1, 0, 7, 7, 7, 4], 3, 0, "What is read after the first wrong word"),
        ([3, 7, 0, 7, 7, 7, 7, 7, 2], 3, 1, "so that has to come at place 2 at the latest"),
        ([2, 3, 7, 0, 1, 7, 7, 7, 7], 4, 4, "<sos> is word V, and has the last one"),
        ([3, 7, 0, 1, 0, 7, 7, 7, 4], 2, 3, "Forced, it says 4 0 3 1"),
        ([2, 0, 3, 1, 7, 7, 7, 7, 2], 4, 4, "not to a place in the sentence"),
    ],
)
def test_a_decoder_with_other_numbers_is_told_what_it_says(table, forced, free, says):
    assert says in refused(forced_and_free, table, SENTENCE, 8, forced, free)


@pytest.mark.parametrize("value", [None, 3, [0] * 8, [8] * 9, [-1] * 9, [0.0] * 9, {0: 1}, "012345678"])
def test_what_is_no_table_is_refused(value):
    assert "must be a list of 9 words, each from 0 to 7" in refused(forced_and_free, value, SENTENCE, 8, 4, 4)


MAP = torch.tensor([0.2, 0.3, 0.2, 0.3], dtype=torch.float64)
CORNERS = torch.tensor([[0.0, 0], [1, 0], [1, 1], [0, 1]], dtype=torch.float64)
ACROSS = torch.tensor([1.0, -1, 1, -1], dtype=torch.float64)  # keeps the mean of four corners


@pytest.mark.parametrize("step", [0.05, 0.3, -0.05, -0.2])
def test_any_other_map_with_the_same_context_is_right(step):
    assert same_context(MAP + step * ACROSS, MAP, CORNERS) is True
    assert same_context((MAP + step * ACROSS).float(), MAP, CORNERS) is True


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (MAP, "The context is the same, and 0 of the weight has moved; 0.1 was asked for."),
        (MAP + 0.04 * ACROSS, "0.08 of the weight has moved"),
        (MAP + 0.31 * ACROSS, "Weight 1 is below 0, -0.01."),
        (1.1 * MAP, "Your weights sum to 1.1."),
        (MAP.sort().values, "The context is another one, off by 0.1. Yours are the old weights on other words"),
        (torch.tensor([0.5, 0.5, 0, 0]).double(), "off by 0.5. Some weights are 0. Cutting weights off there"),
        (torch.tensor([0.1, 0.3, 0.3, 0.3]).double(), "off by 0.1. In which directions do weights change"),
        (MAP / 0 - MAP / 0, "NaN or infinity"),
        (MAP[:3], "must be a tensor of floats of shape (4,)"),
        (MAP[None], "must be a tensor of floats of shape (4,)"),
        (MAP.tolist(), "must be a tensor of floats"),
        (MAP.long(), "must be a tensor of floats"),
        (None, "must be a tensor of floats"),
    ],
)
def test_what_is_no_other_map_is_refused(other, says):
    assert says in refused(same_context, other, MAP, CORNERS)


def test_weights_that_are_all_alike_are_told_so():
    skewed = CORNERS * torch.tensor([[1.0], [2], [3], [4]])
    assert "Your weights are all alike, whatever the values." in refused(same_context, 0 * MAP + 0.25, MAP, skewed)


# Three words; cells 0 and 1 say word 0, the light ones 2 and 3 word 1 and word 2, loudly.
SCORES = torch.tensor([[2.0, 1.0], [0.0, -0.5]], dtype=torch.float64)
SAYS = torch.tensor([[1.0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 5]], dtype=torch.float64).T.reshape(3, 2, 2)
READ = torch.eye(3, dtype=torch.float64)
OPEN = torch.ones(2, 2, dtype=torch.bool)


def without(*cells):
    usable = OPEN.clone()
    usable.view(-1)[list(cells)] = False
    return usable


def test_the_fewest_cells_without_which_another_word_is_said_are_right():
    assert another_word(without(0), SCORES, SAYS, READ, 1) is True
    assert another_word(without(0, 2), SCORES, SAYS, READ, 2) is True


@pytest.mark.parametrize(
    ("usable", "fewest", "says"),
    [
        (OPEN, 1, "0 cells are shut, and it still says word 0, which leads by"),
        (without(3), 1, "1 cell is shut, and it still says word 0"),
        (
            without(0, 1),
            1,
            "2 cells are shut, and it says word 2 in place of 0. Fewer are enough. Yours are the cells",
        ),
        (without(0, 2), 1, "Fewer are enough. Cell (1, 0) is shut for nothing: open it again"),
        (without(1, 2, 3), 1, "yours is the other way round"),
        (without(0, 1, 2, 3), 1, "You shut all cells"),
        (without(0).int(), 1, "must be a tensor of bools of shape (2, 2)"),
        (without(0).flatten(), 1, "must be a tensor of bools"),
        (without(0).tolist(), 1, "must be a tensor of bools"),
        (None, 1, "must be a tensor of bools"),
    ],
)
def test_other_cells_are_told_what_is_said_without_them(usable, fewest, says):
    assert says in refused(another_word, usable, SCORES, SAYS, READ, fewest)


def test_who_goes_by_the_second_word_is_told_that_another_may_be_nearer():
    """Word 1 comes second and has no cell that is loud; word 2 comes last, but for one cell."""
    said = torch.tensor([[3.0, 2, -9], [3, 2, 0], [3, 3.5, 0], [0, 0, 8]], dtype=torch.float64).T.reshape(3, 2, 2)
    flat = torch.zeros(2, 2, dtype=torch.float64)
    assert another_word(without(0), flat, said, READ, 1) is True
    assert "against the word that comes second." in refused(another_word, without(0, 1), flat, said, READ, 1)


def network(layers=1, causal=True, window=None, period=None, latest=4, length=6):
    """Arguments of `alike` behind the pair."""
    generator = torch.manual_seed(0)
    E = torch.randn(3, 4, generator=generator, dtype=torch.float64)
    W = torch.randn(layers, 3, 4, 4, generator=generator, dtype=torch.float64)
    return length, 3, layers, causal, window, period, latest, E, W


@pytest.mark.parametrize(
    ("pair", "built"),
    [
        (([0, 1, 2, 0, 1, 2], [2, 1, 0, 1, 0, 2]), {}),
        (([0, 1, 2, 0, 1, 2], [1, 0, 2, 1, 0, 2]), {"layers": 3, "causal": False}),
        (([0, 1, 2, 0, 1, 2], [0, 2, 1, 1, 0, 2]), {"latest": 4}),
        (([0, 1, 2, 0, 1, 2], [0, 1, 2, 1, 0, 2]), {"window": 2}),
        (([0, 1, 2, 0, 1, 2], [0, 1, 1, 0, 2, 2]), {"period": 2}),
        (([0, 1, 2, 0, 1, 2], [2, 0, 1, 0, 1, 2]), {"window": 2, "period": 6, "latest": 2}),
        (([0, 1, 2, 0, 1, 2], [2, 1, 2, 0, 1, 2]), {"layers": 2, "window": 2, "period": 6, "latest": 0}),
        (torch.tensor([[0, 1, 2, 0, 1, 2], [0, 1, 2, 1, 0, 2]]), {}),
    ],
)
def test_any_twins_are_right(pair, built):
    assert alike(pair, *network(**built)) is True


@pytest.mark.parametrize(
    ("pair", "built", "says"),
    [
        (([0] * 6, [0] * 6), {}, "Your two sentences are the same."),
        (([0] * 6, [0] * 5 + [1]), {}, "it is this place whose output counts"),
        (([0] * 6, [1] + [0] * 5), {}, "does place 0 come to it?"),
        (([0] * 6, [0, 1] + [0] * 4), {"layers": 2, "window": 2}, "does place 1 come to it?"),
        (([0, 0, 0, 0, 1, 0], [0, 0, 0, 1, 0, 0]), {"period": 2}, "and their places have other positions."),
        (([0, 0, 0, 0, 1, 0], [0, 0, 0, 1, 0, 0]), {"layers": 2}, "what do the layers before make of it?"),
        (([1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0]), {}, "differ last at place 1, and others differ later"),
        (([0] * 6, [1] + [0] * 5), {"window": 2}, "differ last at place 0"),
    ],
)
def test_what_are_no_twins_is_told_why(pair, built, says):
    assert says in refused(alike, pair, *network(**built))


@pytest.mark.parametrize("value", [None, 3, [[0] * 6], ([0] * 6, [0] * 5), ([3] * 6, [0] * 6), ([0.0] * 6, [0] * 6)])
def test_what_are_no_sentences_is_refused(value):
    assert "must be two sentences of 6 words, each word from 0 to 2" in refused(alike, value, *network())
