"""Language models: stretches cover the text, counts are Witten and Bell's, networks the equations, writing draws."""

from collections import Counter
from fractions import Fraction
from math import log, log2

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn2attn.language import Counts, RecurrentLanguageModel, bits, fit_stream, perplexity, stretches, tempered, write
from rnn2attn.recurrent import from_torch
from rnn2attn.training import set_seed

TEXT = torch.tensor([0, 1, 2, 0, 1, 3, 0, 1, 2, 0, 3, 3, 1])


@given(st.integers(2, 60), st.integers(1, 7), st.integers(1, 9))
def test_stretches_are_rows_of_the_text_cut_anew(length, rows, steps):
    ids = torch.arange(length)
    if (length - 1) // rows < 1:
        with pytest.raises(ValueError, match=f"a text of {length} letters fills no {rows} rows"):
            list(stretches(ids, rows, steps))
        return
    sources, targets = zip(*stretches(ids, rows, steps), strict=True)
    assert all(source.shape[1] == steps for source in sources[:-1]) and 1 <= sources[-1].shape[1] <= steps
    source, target = torch.cat(sources, dim=1), torch.cat(targets, dim=1)
    assert torch.equal(source.flatten(), ids[: source.numel()]) and torch.equal(target, source + 1)
    assert length - 1 - source.numel() < rows


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((TEXT, 0, 3), "rows = 0 and steps = 3"),
        ((TEXT, 2, 0), "steps = 0"),
        ((TEXT[None], 2, 3), r"ids has shape \(1, 13\)"),
    ],
)
def test_what_cannot_be_cut_is_named(given, message):
    with pytest.raises(ValueError, match=message):
        next(stretches(*given))


def by_hand(text, context, x, size):
    """Witten and Bell's p(x | context), as fractions, from the definition."""
    after = Counter(text[t] for t in range(len(context), len(text)) if text[t - len(context) : t] == context)
    lower = by_hand(text, context[1:], x, size) if context else Fraction(1, size)
    seen, kinds = after.total(), len(after)
    return (after[x] + kinds * lower) / (seen + kinds) if seen else lower


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=20), st.lists(st.integers(0, 3), max_size=4), st.integers(1, 4)
)
def test_counts_are_witten_and_bells(text, context, n):
    p = Counts(text, 5, n).probabilities(context)
    seen = context[max(0, len(context) - n + 1) :]
    right = [float(by_hand(text, seen, x, 5)) for x in range(5)]
    torch.testing.assert_close(p, torch.tensor(right, dtype=torch.float64))
    assert p.sum().item() == pytest.approx(1) and p.min() > 0


def test_bits_of_counts_are_the_mean_over_the_letters():
    model = Counts(TEXT, 4, 2)
    text = [3, 1, 2]
    expected = -sum(log2(model.probabilities(text[:t])[x]) for t, x in enumerate(text)) / 3
    assert model.bits(text) == pytest.approx(expected)
    assert Counts([], 4, 3).bits(text) == pytest.approx(2) and perplexity(2) == 4


@pytest.mark.parametrize(("n", "size"), [(0, 4), (2, 0)])
def test_counts_of_nothing_are_refused(n, size):
    with pytest.raises(ValueError, match=f"n = {n} and V = {size}"):
        Counts(TEXT, size, n)


@pytest.mark.parametrize("cell", ["RNN", "LSTM", "GRU"])
def test_the_network_is_the_books_cell_and_an_output(cell):
    set_seed(0)
    model = RecurrentLanguageModel(4, 6, cell).double()
    ours = from_torch(model.rnn)
    x = torch.eye(4, dtype=torch.float64)[TEXT[None]]
    states = ours(x)[0]
    logits, state = model(TEXT[None])
    torch.testing.assert_close(logits, states @ model.output.weight.T + model.output.bias)
    first, state = model(TEXT[None, :5])
    rest, _ = model(TEXT[None, 5:], state)
    torch.testing.assert_close(torch.cat([first, rest], dim=1), logits)


def test_a_cell_that_is_none_is_named():
    with pytest.raises(ValueError, match="cell is 'lstm'; one of RNN, LSTM, GRU was expected"):
        RecurrentLanguageModel(4, 6, "lstm")


class Watched(RecurrentLanguageModel):
    """Keeps the states that it was given and those that it returned."""

    def __init__(self):
        super().__init__(4, 6)
        self.given, self.returned = [], []

    def forward(self, ids, state=None):
        self.given.append(state)
        logits, state = super().forward(ids, state)
        self.returned.append(state)
        return logits, state


@pytest.mark.parametrize("carry", [True, False])
def test_the_state_goes_on_and_the_gradient_does_not(carry):
    set_seed(0)
    model = Watched()
    losses = fit_stream(model, TEXT, 5, rows=2, steps=2, carry=carry)  # 6 letters a row: three stretches
    assert len(losses) == 5
    assert [state is None for state in model.given] == ([True, False, False] * 2 if carry else [True] * 6)[:5]
    for before, after in zip(model.returned, model.given[1:], strict=False):
        if after is not None:
            assert all(torch.equal(a, b) and not b.requires_grad for a, b in zip(before, after, strict=True))


class Reader(Watched):
    """Keeps what it read."""

    def __init__(self):
        super().__init__()
        self.read = []

    def forward(self, ids, state=None):
        self.read.append(ids)
        return super().forward(ids, state)


@pytest.mark.parametrize("anywhere", [True, False])
def test_a_text_is_cut_at_other_letters_each_time_it_is_read_or_never(anywhere):
    set_seed(0)
    text, model = torch.arange(4).repeat(16), Reader()
    fit_stream(model, text, 12, rows=2, steps=8, anywhere=anywhere)  # four stretches each time
    begins = {read[0, 0].item() for read in model.read[::4]}
    assert (len(begins) > 1) == anywhere
    assert all((read.diff() % 4 == 1).all() for read in model.read), "letters stand in their order"


def test_training_learns_a_text_that_goes_round():
    set_seed(0)
    ids = torch.arange(4).repeat(100)
    losses = fit_stream(RecurrentLanguageModel(4, 8), ids, 120, rows=4, steps=8, lr=2e-2)
    assert losses[0] > 1 and losses[-1] < 0.1


@pytest.mark.parametrize("steps", [1, 3, 200])
def test_bits_do_not_depend_on_how_much_is_read_at_once(steps):
    set_seed(0)
    model = RecurrentLanguageModel(4, 6).double()
    with torch.no_grad():
        p = model(TEXT[None, :-1])[0][0].log_softmax(dim=-1)
    assert bits(model, TEXT, steps) == pytest.approx(-p[range(12), TEXT[1:]].mean().item() / log(2), rel=1e-9)


def test_temperature_divides_the_logits():
    logits = torch.tensor([0.0, 1.0, 3.0], dtype=torch.float64)
    p = tempered(logits, 0.5)
    torch.testing.assert_close(p, (2 * logits).exp() / (2 * logits).exp().sum())
    assert tempered(logits, 0.01)[2] > 0.999 and tempered(logits, 1e6).max() < 0.334
    for wrong in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="temperature is"):
            tempered(logits, wrong)


def test_writing_draws_what_the_network_says_and_stops():
    set_seed(0)
    model = RecurrentLanguageModel(3, 5)
    drawn = Counter(write(model, [1], 1, seed=seed)[0] for seed in range(2000))
    p = model(torch.tensor([[1]]))[0][0, -1].softmax(dim=-1)
    for letter in range(3):
        assert abs(drawn[letter] / 2000 - p[letter].item()) < 0.05
    long = write(model, [1], 30, seed=5)
    assert long == write(model, [1], 30, seed=5) and len(long) == 30
    stopped = write(model, [1], 30, stop=0, seed=5)
    assert stopped == long[: long.index(0)] and 0 in long
    assert write(model, [1], 8, temperature=1e-4) == greedy(model, 1, 8)
    with pytest.raises(ValueError, match="start is empty"):
        write(model, [], 3)


def greedy(model, letter, length):
    ids = [letter]
    for _ in range(length):
        ids.append(model(torch.tensor([ids]))[0][0, -1].argmax().item())
    return ids[1:]
