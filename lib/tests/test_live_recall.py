"""live_recall in a notebook: PyTorch answers from the matrix; what cannot be read is met at the door."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from rnn2attn.live import live_recall, recall
from rnn2attn.live.recall import Orders, judged, parsed, recalled, refused, told

PAIRS = "a1 b2 a3 c4 a?"


def made(rule, d=6, d_x=8, seed=0):
    torch.manual_seed(seed)
    parts = {name: nn.Embedding(n, d_x) for name, n in (("table", 30), ("drink", 12), ("begins", 2))}
    parts |= {name: nn.Linear(d_x, d, bias=False) for name in ("W_k", "W_v")}
    parts |= {"keep": nn.Linear(d_x, 1), "strength": nn.Linear(d_x, 1), "output": nn.Linear(d, 13)}
    for part in parts.values():
        for weights in part.parameters():
            nn.init.normal_(weights, std=0.8)
    return SimpleNamespace(rule=rule, **parts)


def shown(monkeypatch, networks=None, **options):
    monkeypatch.delenv("RNN2ATTN_FRAMES", raising=False)
    networks = networks or {"Sum": made("added"), "Delta": made("delta rule", seed=1)}
    return live_recall(networks, **{"start": PAIRS, "caption": "Type.", "longest": 5} | options)


def test_a_notebook_answers_to_field_choice_and_slider(monkeypatch):
    figure = shown(monkeypatch)
    field, which, place, problem, answer, caption = figure.widget.children
    assert caption.value == "Type." and figure.first() in answer.value
    assert (place.value, place.max) == (4, 4)
    which.value = 1
    assert figure.answer(PAIRS, 1)[1] in answer.value and figure.answer(PAIRS, 1)[1] != figure.first()
    place.value = 2
    assert (
        figure.answer(PAIRS, 1, 1)[1] in answer.value and figure.answer(PAIRS, 1, 1)[1] != figure.answer(PAIRS, 1)[1]
    )
    field.value = "c5 d6 c?"
    assert (place.value, place.max) == (2, 2) and figure.answer("c5 d6 c?", 1)[1] in answer.value
    field.value = "c5 d6 c"
    assert problem.value.endswith("“c” stands alone. Below it still answers to c5 d6 c?.")
    assert figure.answer("c5 d6 c?", 1)[1] in answer.value
    field.value = "a1 b2 c3 d4 e5 a?"
    assert (place.value, place.max, problem.value) == (5, 5, "")
    assert figure.first() in figure._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize("rule", recall.RULES)
def test_the_state_follows_its_equation(rule):
    """S_t = γ_t S_{t−1} (I − β_t k_t k_tᵀ) + β_t v_t k_tᵀ; without a gate γ is 1, and a sum is S_{t−1} + v_t k_tᵀ."""
    network = made(rule)
    parts = recall._parts(network).double()
    orders = Orders([0, 1, 0, 2], [0, 1, 2, 3], 0)
    found = recalled(parts, rule, orders)
    S, eye = torch.zeros(6, 6, dtype=torch.float64), torch.eye(6, dtype=torch.float64)
    with torch.no_grad():
        for t, (table, drink) in enumerate(zip(*orders[:2], strict=True)):
            x = parts[0].weight[table] + parts[1].weight[drink] + parts[2].weight[int(t == 0)]
            k, v = parts[3](x) / parts[3](x).norm(), parts[4](x)
            gamma = parts[5](x).sigmoid() if "gate" in rule else 1.0
            beta = parts[6](x).sigmoid() if "delta" in rule else None
            forgets = eye if beta is None else eye - beta * torch.outer(k, k)
            S = gamma * S @ forgets + (1.0 if beta is None else beta) * torch.outer(v, k)
            torch.testing.assert_close(found.S[t], S)
            q = parts[3](parts[0].weight[0])
            torch.testing.assert_close(found.logits[t], parts[7](S @ q / q.norm()))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a1 b2 b?", None),
        ("", "unasked"),
        ("a1 b2", "unasked"),
        ("a1 b", "alone"),
        ("a b2 a?", "alone"),
        ("1 a?", "alone"),
        ("a1 ?", "alone"),
        ("a1 a? b2", "late"),
        ("a1 a??", "late"),
        ("a?", "nothing"),
        ("a1 b2 c3 d4 e5 f6 a?", "long"),
    ],
)
def test_what_is_no_order_is_refused_by_its_reason(text, name):
    tokens = [*text.replace(" ", "")]
    assert (refused(tokens, 5) or (None,))[0] == name


def test_orders_are_read_with_their_numbers(monkeypatch):
    figure = shown(monkeypatch)
    assert figure.read("a1 b12a3  a4 b?", "")[0] == Orders([0, 1, 0, 0], [0, 11, 2, 3], 1)
    assert parsed(["c", "7", "c", "?"]) == Orders([2], [6], 2)
    assert "has never read “13”" in figure.read("a13 a?", "")[1]
    assert figure.read("a1 b2 c3 d4 e5 f6 a?", "x")[1].startswith(
        "These are 6 orders, and the figure has room for 5."
    )


def test_answers_are_counted_and_told():
    """Right is what a table has ordered last; of three tables one is right first, then two, and then one again."""
    orders = Orders([0, 1, 2, 0], [4, 5, 6, 7], 1)
    logits = torch.full((4, 13), -9.0)
    logits[[0, 1, 2, 3], [4, 5, 5, 12]] = 9.0
    best = [[4, 4, 4], [4, 5, 0], [4, 5, 7], [4, 12, 6]]
    one = recall.Recall(torch.zeros(4, 2, 2), torch.zeros(4, 2), (None, None), torch.zeros(2), torch.zeros(4, 2),
                        logits, best)  # fmt: skip
    assert judged(one, orders, 0) == (None, [True])
    assert judged(one, orders, 1) == (5, [True, True])
    assert judged(one, orders, 2) == (5, [True, True, False])
    assert judged(one, orders, 3) == (5, [False, False, True])
    assert told(one, orders) == (
        "After 4 orders, asked for table b, it says nothing, with probability 1.00. Right is 6. "
        "Of 3 tables that ordered it has 1 right."
    )
    assert "That table has not ordered. Of 2 tables" in told(one, orders._replace(asked=2, tables=[0, 1, 0, 0]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"networks": {"Pad": made("softmax")}}, "the rule of 'Pad' is 'softmax'"),
        ({"start": "a1 b2"}, "'a1 b2' cannot be an input: No question"),
        ({"start": "a1 b2 c3 d4 e5 f6 a?"}, "has room for 5"),
    ],
)
def test_wrong_arguments_are_met_at_the_door(monkeypatch, options, message):
    with pytest.raises(ValueError, match=message):
        shown(monkeypatch, **options)
    with pytest.raises(ValueError, match="networks is empty"):
        live_recall({}, start=PAIRS, caption="Type.")
