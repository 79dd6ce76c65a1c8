"""Gates as lines over what is typed, and held by hand: the browser has PyTorch's gates and answers."""

import json
import re
from importlib.resources import files
from itertools import product

import pytest
import torch
from playwright.sync_api import expect
from torch import nn

from live_page import drawn, opened, settled, telephone, write
from looking import faults, too_wide
from rnn2attn.live import typed
from rnn2attn.live.gates import GATES, VALUES, hold, read
from test_live_engine import ENGINE, EXACT, RUN, Case, distance, double

READS, SAYS, START, OTHER = "abcd*", "abcd–", "ab*cda", "*a*bccc*d"
FIELD = "[type=text]"
HOLDS = [dict(zip(GATES, values, strict=True)) for values in product(VALUES.values(), repeat=3)]


def made(d_h=5, seed=0):
    """An LSTM and its output with weights large enough to move its gates."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.LSTM(len(READS), d_h, batch_first=True), nn.Linear(d_h, len(SAYS)))
    for weights in model.parameters():
        nn.init.normal_(weights)
    return model


# ── The engine ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def engine(chromium, tmp_path_factory):
    """A page from the disk that can be given an engine."""
    path = tmp_path_factory.mktemp("engine") / "engine.html"
    path.write_text(f'<!doctype html><meta charset="utf-8"><script>{RUN}</script>', encoding="utf-8")
    tab = chromium.new_page()
    tab.goto(path.as_uri())
    yield tab
    tab.close()


def holding(held, seed=0, bits=16):
    model, ids = made(3 + seed, seed), [4, 0, 1, 4, 2, 3, 3, 0]
    lines, shares = read(double(model, bits), ids, {name: value for name, value in held.items() if value is not None})
    right = [[list(lines[:, t]), shares[t]] for t in range(len(ids))]
    given = [ids, [held["i"], held["f"], None, held["o"]]]
    return Case(model, "(e, m, [ids, held]) => e.finish(e.readHolding(ids, m, held))", given, right, bits)


@pytest.mark.parametrize("held", HOLDS, ids=str)
def test_gates_and_answers_are_pytorchs_whatever_is_held(engine, held):
    for seed in range(3):
        assert distance(engine, holding(held, seed, 8 if seed % 2 else 16)) < EXACT


def test_with_all_gates_free_it_is_pytorchs_lstm():
    model, ids = double(made()), [4, 0, 1, 4, 2, 3]
    hs, _ = model[0](nn.functional.one_hot(torch.tensor([ids]), len(READS)).double())
    torch.testing.assert_close(read(model, ids, {})[1], model[1](hs)[0].softmax(dim=1).detach())


FREE = dict.fromkeys(GATES)
MISTAKES = {  # what is planted, and under which hold it shows
    "i and f change places": ("const [i, f, , o] = gates", "const [f, i, , o] = gates", FREE),
    "held although free": ("held[n] === null ? gate", "held[n] !== null ? gate", FREE),
    "what is held is shown and not used": (
        "lstmMix(c, gates);\n    const",
        "lstmMix(c, lstmGates(x, h, cell));\n    const",
        FREE | {"f": 0.0},
    ),
    "held at another value": ("fill(held[n])", "fill(1 - held[n])", FREE | {"i": 1.0}),
    "the answer from the cell": ("softmax(linear(h, output))", "softmax(linear(c, output))", FREE),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_seen(engine, name):
    old, new, held = MISTAKES[name]
    assert ENGINE.count(old) == 1
    assert distance(engine, holding(held)) < EXACT
    assert distance(engine, holding(held), ENGINE.replace(old, new)) > 1e-6


# ── The figure ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def shown():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNN2ATTN_FRAMES", "1")
        cell, output = made()
        return hold(
            cell, output, reads=READS, says=SAYS, label="Letters and marks", start=START, caption="Hold a gate."
        )


@pytest.fixture(scope="module")
def address(shown, tmp_path_factory):
    """A page with the figure twice."""
    return write(tmp_path_factory.mktemp("gates") / "page.html", [shown.html, shown.html], "Gates")


@pytest.fixture
def page(tab, address):
    with opened(tab, address):
        expect(tab.locator(FIELD).last).to_be_visible()
        yield tab


SEEN = """figure => ({
  lines: [...figure.querySelectorAll("svg")].map((svg) =>
    [...svg.querySelectorAll("path")].map((path) => path.getAttribute("d").match(/ [\\d.]+/g).map(Number))),
  heads: [...figure.querySelectorAll("th")].map((head) => head.textContent),
  labels: [...figure.querySelectorAll("svg")].map((svg) => svg.getAttribute("aria-label")),
  signs: [...figure.querySelectorAll("tr:nth-last-child(-n + 2)")].map((row) =>
    [...row.querySelectorAll("td")].map((sign) => sign.textContent).join("")),
})"""


def agrees(figure, live, text, **held):
    """That a figure shows PyTorch's gates, cell and answers."""
    lines, shares = read(live.model, [READS.index(sign) for sign in text], held)
    seen = settled(figure).evaluate(SEEN)
    for n, rows in enumerate(seen["lines"]):
        right = 1 - lines[n].T if n < 3 else (1 - lines[n].T) / 2
        right = torch.cat([right, right.mean(dim=0)[None]]) if n < 3 else right
        torch.testing.assert_close(torch.tensor(rows, dtype=torch.float64), right, rtol=0, atol=0.00051)
    assert seen["signs"] == [text, "".join(SAYS[best] for best in shares.argmax(dim=1))]
    for (name, title), head, label in zip(GATES.items(), seen["heads"], seen["labels"], strict=False):
        assert head == (f"{title} at {held[name]:g}" if name in held else title) and label.startswith(head)
        means = [float(word) for word in re.findall(r"\d\.\d\d", label)]
        right = lines["ifo".index(name)].mean(dim=1)
        torch.testing.assert_close(torch.tensor(means, dtype=torch.float64), right, rtol=0, atol=0.0051)


def test_what_is_typed_and_held_gets_pytorchs_lines(page, shown):
    first, again = page.locator("figure").all()
    before = drawn(again)
    agrees(first, shown, START)
    first.locator(FIELD).fill(OTHER)
    agrees(first, shown, OTHER)
    first.get_by_role("group", name="forget gate f").get_by_role("radio", name="0").check()
    agrees(first, shown, OTHER, f=0.0)
    first.get_by_role("group", name="input gate i").get_by_role("radio", name="1").check()
    agrees(first, shown, OTHER, f=0.0, i=1.0)
    expect(first.get_by_role("status")).to_contain_text("input gate i is held at 1. forget gate f is held at 0.")
    first.locator(FIELD).fill(START)
    agrees(first, shown, START, f=0.0, i=1.0)
    first.get_by_role("group", name="output gate o").get_by_role("radio", name="0").check()
    agrees(first, shown, START, f=0.0, i=1.0, o=0.0)
    for name in GATES.values():
        first.get_by_role("group", name=name).get_by_role("radio", name="free").check()
    agrees(first, shown, START)
    assert drawn(again) == before
    for group in again.get_by_role("group").all():
        expect(group.get_by_role("radio", name="free")).to_be_checked()


@pytest.mark.parametrize("text", ["", "abx", "A", "é", "a" * (typed.LONGEST + 1)])
def test_what_cannot_be_read_gets_a_sentence_and_is_kept(page, shown, text):
    first = page.locator("figure").first
    first.locator(FIELD).fill(OTHER)
    first.locator(FIELD).fill(text)
    problem = typed.read(text, shown.vocabulary, "characters", OTHER).problem
    assert problem.endswith(f"Below it still answers to {OTHER}.")
    expect(first.locator(".problem")).to_have_text(problem)
    agrees(first, shown, OTHER)
    first.locator(FIELD).fill(START)
    expect(first.locator(".problem")).to_be_hidden()


def test_the_keyboard_is_enough(page, shown):
    first = page.locator("figure").first
    page.keyboard.press("Tab")
    expect(first.locator(FIELD)).to_be_focused()
    page.keyboard.press("Tab")
    expect(first.get_by_role("group", name="input gate i").get_by_role("radio", name="free")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    agrees(first, shown, START, f=0.0)
    page.keyboard.press("ArrowRight")
    agrees(first, shown, START, f=1.0)
    page.keyboard.press("ArrowRight")
    agrees(first, shown, START)


def test_what_stands_without_a_script_is_what_the_script_shows(page, address, chromium):
    still = chromium.new_page(java_script_enabled=False)
    still.goto(address)
    standing = still.locator("figure").first
    expect(standing.locator(".asked output")).to_have_text(START)
    assert not any(part.is_visible() for part in standing.locator(":is([type=text], .choices)").all())
    first = page.locator("figure").first
    first.locator(FIELD).dispatch_event("input")
    assert drawn(first) == drawn(standing)
    still.close()


def test_print_shows_the_lines(page, shown):
    first = page.locator("figure").first
    first.locator(FIELD).fill(OTHER)
    page.emulate_media(media="print")
    expect(first.locator("table")).to_be_visible()
    expect(first.locator(".choices").first).to_be_hidden()


@pytest.mark.soak
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_telephone_shows_it_whole_and_axe_finds_nothing(chromium, address, shown, scheme):
    page = telephone(chromium, address, scheme)
    first = page.locator("figure").first
    first.locator(FIELD).fill("*abcd" * 4)
    button = first.get_by_role("group", name="forget gate f").locator("label").nth(1)
    button.tap()
    expect(button.get_by_role("radio")).to_be_checked()
    assert min(button.bounding_box()[side] for side in ("width", "height")) >= 24
    agrees(first, shown, "*abcd" * 4, f=0.0)
    assert too_wide(page)[0] == []
    for part in page.locator("figure :is(input, td, th, svg, label)").all():
        box = part.bounding_box()
        if box is not None:
            assert box["x"] >= 0 and box["x"] + box["width"] <= 360.5
    page.locator("figure").last.evaluate("figure => figure.remove()")
    assert faults(page, ".rnn2attn-live") == []
    page.close()


def test_the_page_is_told_what_python_knows(shown):
    data = json.loads(re.search(r'data-gates="(.*?)"', shown.html)[1].replace("&quot;", '"'))
    assert data["gates"] == GATES and data["reads"] == [*READS] and data["says"] == [*SAYS]
    for script in ("engine.js", "gates.js"):
        assert files("rnn2attn.live").joinpath(script).read_text("utf-8") in shown.html
