"""hold in a notebook: text and buttons are answered by PyTorch; wrong arguments are met at the door."""

import pytest
import torch
from torch import nn

from rnn2attn.live.gates import hold, read
from rnn2attn.recurrent import LSTM, lstm_gates, lstm_mix, to_torch


def shown(monkeypatch, **options):
    monkeypatch.delenv("RNN2ATTN_FRAMES", raising=False)
    torch.manual_seed(0)
    given = {"reads": "ab*", "says": "ab–", "label": "Letters", "start": "a*b", "caption": "Hold."} | options
    return hold(nn.LSTM(3, 4, batch_first=True), nn.Linear(4, 3), **given)


def test_a_notebook_answers_what_is_typed_and_held(monkeypatch):
    figure = shown(monkeypatch)
    field, i, f, _, problem, answer, caption = figure.widget.children
    assert caption.value == "Hold." and figure.draw("a*b", {}) in answer.value
    field.value = "b*a"
    assert figure.draw("b*a", {}) in answer.value
    f.value, i.value = "0", "1"
    assert figure.draw("b*a", {"f": 0.0, "i": 1.0}) in answer.value
    assert "forget gate f at 0" in answer.value
    field.value = "x"
    assert "never read “x”. Below it still answers to b*a." in problem.value
    assert figure.draw("b*a", {"f": 0.0, "i": 1.0}) in answer.value
    f.value, i.value, field.value = "free", "free", "a*b"
    assert figure.draw("a*b", {}) in answer.value and problem.value == ""
    bundle = figure._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == figure.widget.model_id
    assert figure.draw("a*b", {}) in bundle["text/html"] and "<script" not in bundle["text/html"]


def test_a_held_gate_is_held_in_all_units_at_all_steps():
    """Against the library's step: what is held goes into the mix, and what follows from it into the next gates."""
    torch.manual_seed(1)
    ours = LSTM(3, 4).double().requires_grad_(False)
    model = nn.Sequential(to_torch(ours), nn.Linear(4, 3).double())
    lines, _ = read(model, [0, 2, 1], {"f": 0.0, "o": 1.0})
    h = c = torch.zeros(1, 4, dtype=torch.float64)
    for t, sign in enumerate([0, 2, 1]):
        i, _, g, o = lstm_gates(torch.eye(3, dtype=torch.float64)[sign][None], h, ours.W_x, ours.W_h, ours.b)
        h, c = lstm_mix(c, i, torch.zeros_like(i), g, torch.ones_like(o))
        torch.testing.assert_close(lines[:, t], torch.cat([i, 0 * i, 0 * i + 1, c.tanh()]))


def test_the_page_needs_no_widget(monkeypatch):
    monkeypatch.setenv("RNN2ATTN_FRAMES", "1")
    figure = hold(nn.LSTM(2, 2), nn.Linear(2, 2), reads="a<", says="ab", label="Letters", start="a<", caption="Hold.")
    bundle = figure._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"} and figure.widget is None
    assert bundle["text/plain"] == "hold(Letters: a<)" and "<td>&lt;</td>" in bundle["text/html"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reads": "ab"}, "reads has 2 signs, but 3"),
        ({"says": "abcd"}, "says has 4 signs, but 3"),
        ({"start": "ax"}, "'ax' cannot be an input: .* never read “x”"),
    ],
)
def test_wrong_arguments_are_met_at_the_door(monkeypatch, options, message):
    with pytest.raises(ValueError, match=message):
        shown(monkeypatch, **options)
