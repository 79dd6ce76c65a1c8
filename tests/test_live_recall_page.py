"""Pairs in the page: the state, what is read and the answers are PyTorch's, and what is drawn is the notebook's."""

import random
import re
import unicodedata

import nbformat
import pytest
import torch
from playwright.sync_api import expect
from torch import nn
from torch.nn import functional as F

from building import ROOT
from live_page import drawn as drawn_with_names
from live_page import functions, opened, settled, telephone, write
from looking import faults, too_wide
from rnn2attn import linear
from rnn2attn.live import live_recall, recall
from rnn2attn.tasks import orders

EXACT = 1e-9  # what the order of sums may change
FIELD = "[type=text]"
START = "a1 b2 a3 c4 a?"
RULES = recall.RULES
HEADS = ("class Waiter", "def from_head(")
CODE = functions("recall.js", ["unpack", "finish", "recalling"])
RUN = """([code, text, name, rule, all]) => {
  const { unpack, finish, recalling } = new Function(code)();
  const network = unpack(text)[name];
  return all.map((orders) => finish(recalling(orders, network, rule)).steps.map(({ S, out, logits, best }) => ({
    S: [...S.data], out: [...out], logits: [...logits], best: [...best],
  })));
}"""


def on_page():
    """The network that stands on the page, and what it is made of."""
    names = {"torch": torch, "nn": nn, "F": F, "orders": orders, "linear": linear}
    cells = nbformat.read(ROOT / "notebooks/07b-waiters-who-learn.ipynb", as_version=4).cells
    for cell in cells:
        if cell.cell_type == "code" and cell.source.startswith(HEADS):
            exec(cell.source, names)
    return names["Waiter"]


def waiter(rule, d=8, seed=0):
    """One with random weights, large enough for many answers."""
    torch.manual_seed(seed)
    network = on_page()(d, rule)
    for weights in network.parameters():
        nn.init.normal_(weights, std=0.7)
    return network


def figure_of(**options):
    networks = {rule.capitalize(): waiter(rule, seed=n) for n, rule in enumerate(RULES)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNN2ATTN_FRAMES", "1")
        return live_recall(networks, **{"start": START, "caption": "Type other orders."} | options)


@pytest.fixture(scope="module")
def shown():
    return figure_of()


@pytest.fixture(scope="module")
def address(shown, tmp_path_factory):
    """A page with the figure, twice."""
    return write(tmp_path_factory.mktemp("recall") / "page.html", [shown.html, shown.html])


@pytest.fixture
def page(tab, address):
    with opened(tab, address):
        expect(tab.locator(FIELD).last).to_be_visible()
        yield tab


def texts(number, seed=0, most=16):
    """Orders of a few tables, drawn by lot, and a question, now and then for a table that has not ordered."""
    lot = random.Random(seed)
    for _ in range(number):
        tables = lot.sample("abcdefghijklmnopqrstuvwxyz", lot.randint(1, 12))
        pairs = [f"{lot.choice(tables)}{lot.randint(1, 32)}" for _ in range(lot.randint(1, most))]
        yield " ".join([*pairs, f"{lot.choice(tables)}?"])


def asked(tab, shown, which, some, code=CODE):
    """What the page makes of texts by one of the networks."""
    read = [shown.read(text, "")[0]._asdict() for text in some]
    return tab.evaluate(RUN, [code, shown.packed, shown.names[which], RULES[which], read])


def apart(found, shown, which, some):
    """The largest difference from PyTorch's states, outputs and logits; infinite where an answer is another."""
    most = 0.0
    for steps, text in zip(found, some, strict=True):
        read = shown.read(text, "")[0]
        right = shown.recalled(read, which)
        for t, step in enumerate(steps):
            for name, wanted in (("S", right.S[t].flatten()), ("out", right.out[t]), ("logits", right.logits[t])):
                most = max(most, (torch.tensor(step[name], dtype=torch.float64) - wanted).abs().max().item())
            named = {*read.tables[: t + 1], read.asked}
            if dict(step["best"]) != {n: right.best[t][n] for n in named}:
                return float("inf")
    return most


@pytest.mark.parametrize("which", range(len(RULES)))
def test_states_logits_and_answers_are_pytorchs(page, shown, which):
    some = [*texts(150, which)]
    found = asked(page, shown, which, some)
    assert apart(found, shown, which, some) < EXACT
    assert len({best for steps in found for _, best in steps[-1]["best"]}) > 8


@pytest.mark.parametrize("which", range(len(RULES)))
def test_it_is_the_network_that_stands_on_the_page(shown, which):
    network = waiter(RULES[which], seed=which).double()
    for text in texts(60, 10 + which):
        read = shown.read(text, "")[0]
        exact = recall.recalled(recall._parts(network).double(), RULES[which], read)
        first = [int(t == 0) for t in range(len(read.tables))]
        given = [torch.tensor([row]) for row in (read.tables, read.drinks, first, [read.asked])]
        assert (network(*given)[0, 0] - exact.logits[-1]).abs().max() < EXACT


ENTRY = "u[Math.floor(n / k.length)] * k[n % k.length]"
MISTAKES = {
    "the matrix is turned": (ENTRY, "k[Math.floor(n / k.length)] * u[n % k.length]"),
    "the rule the other way round": ("beta * (v[i] - found[i])", "beta * (found[i] - v[i])"),
    "no strength": ("beta * (v[i] - found[i])", "v[i] - found[i]"),
    "no difference": ("beta * (v[i] - found[i])", "beta * v[i]"),
    "nothing is forgotten": ("gamma * s", "s"),
    "what is kept is forgotten": ("sigmoid(linear(x, keep))", "sigmoid(linear(x, keep)).map((a) => 1 - a)"),
    "it asks before it forgets": ("times(left, k)", "times({ shape, data }, k)"),
    "keys as long as they come": ("const k = unit(linear(x, W_k))", "const k = linear(x, W_k)"),
    "queries as long as they come": ("unit(linear(embedding(n, table), W_k))", "linear(embedding(n, table), W_k)"),
    "the first order is like the others": ("embedding(Number(t === 0), begins)", "embedding(0, begins)"),
    "read before it is written": ("const out = times(S, q)", "const out = times(steps.at(-1)?.S ?? S, q)"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_seen(page, shown, name):
    old, new = MISTAKES[name]
    assert CODE.count(old) == 1
    some, which = [*texts(20)], RULES.index("gate, delta rule")
    assert apart(asked(page, shown, which, some), shown, which, some) < EXACT
    assert apart(asked(page, shown, which, some, CODE.replace(old, new)), shown, which, some) > 1e-3


def drawn(figure):
    """The HTML of a figure's answer, as a notebook has it, whichever of the page's figures it is."""
    html = re.sub(r'name="(recall-\w+)-\d+"', r'name="\1"', drawn_with_names(figure))
    return html.replace(' checked=""', " checked")


def choose(figure, which):
    figure.locator(".choices label").nth(which).click()


def test_the_page_draws_what_the_notebook_draws(page, shown):
    first, again = page.locator("figure").all()
    before = drawn(again)
    for n, text in enumerate([*texts(24, 7), *texts(4, 8, most=2)]):
        choose(first, n % len(RULES))
        first.locator(FIELD).fill(text)
        assert drawn(first) == shown.answer(text, n % len(RULES))[1]
        rows = first.locator(".map label")
        row = n % rows.count()
        rows.nth(row).click()
        assert drawn(first) == shown.answer(text, n % len(RULES), row)[1]
        assert first.locator(".map :checked").get_attribute("value") == str(row)
    expect(first.get_by_role("status")).to_have_text(first.locator("p.said").text_content())
    assert drawn(again) == before == shown.first()


def test_the_picked_order_stays_while_the_rule_changes_and_the_last_is_picked_for_a_new_text(page, shown):
    first = page.locator("figure").first
    first.locator(".map label").nth(1).click()
    choose(first, 2)
    assert drawn(first) == shown.answer(START, 2, 1)[1]
    first.locator(FIELD).fill("d4 e5 d?")
    assert drawn(first) == shown.answer("d4 e5 d?", 2)[1]
    first.locator(FIELD).fill("d4 e5 d")
    expect(first.locator(".problem")).to_contain_text("“d” stands alone")
    first.locator(".map label").first.click()
    assert drawn(first) == shown.answer("d4 e5 d?", 2, 0)[1]


def test_signs_differ_by_more_than_colour(page, shown):
    """A positive entry is one square; a negative one has a hole, where its frame is wide enough to have one."""
    state = shown.recalled(shown.read(START, "")[0], 0).S[-1]
    svg = recall.squares(state, state.abs().max().item())
    more, less = svg.count("M", 0, svg.index('class="less"')), svg.count("M", svg.index('class="less"'))
    large = (state.abs() / state.abs().max()).sqrt() * 0.48 * recall.CELL + 0.5
    assert more == ((state > 0) & (large >= 1)).sum()
    assert less == ((state < 0) & (large >= 1)).sum() + ((state < 0) & (large >= 2)).sum()
    rule = "paths => paths.map((one) => getComputedStyle(one).fillRule)"
    assert set(page.locator(".read path").evaluate_all(rule)) == {"evenodd"}


BAD = {
    "empty": "",
    "space": " \u00a0\t",
    "no question": "a1 b2 c3",
    "no orders": "b?",
    "a letter alone": "a b2 a?",
    "a number alone": "a1 2 a?",
    "a question alone": "a1 ?",
    "a question in between": "a1 a? b2",
    "a sign": "a1 / b2 b?",
    "a drink that is not on the card": "a33 a?",
    "a capital": "A1 A?",
    "emoji": "a1 👩‍🚀2 a?",
    "right to left": "א1 ב2 א?",
    "Hangul in pieces": unicodedata.normalize("NFD", "가1 나2 가?"),
    "digits of others": "a١ a?",
    "too long": " ".join(["a1"] * 17) + " a?",
    "far too long": "a1" * 3000 + "a?",
}


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_read_gets_a_sentence_and_is_kept(page, shown, kind):
    first = page.locator("figure").first
    first.locator(FIELD).fill("c7 c?")
    before = drawn(first)
    first.locator(FIELD).fill(BAD[kind])
    problem = shown.read(BAD[kind], "c7 c?")[1]
    assert problem.endswith("Below it still answers to c7 c?.")
    expect(first.locator(".problem")).to_have_text(problem)
    expect(first.get_by_role("status")).to_have_text(problem)
    assert first.locator(FIELD).input_value() == BAD[kind] and drawn(first) == before
    first.locator(FIELD).fill("c7c?")
    expect(first.locator(".problem")).to_be_hidden()
    assert drawn(first) == before


def test_the_keyboard_is_enough(page, shown):
    first = page.locator("figure").first
    page.keyboard.press("Tab")
    expect(first.locator(FIELD)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert drawn(first) == shown.answer(START, 1)[1]
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowUp")
    assert drawn(first) == shown.answer(START, 1, 2)[1]
    expect(first.locator(".map :checked")).to_be_focused()
    expect(first.get_by_role("radio", name="c4")).not_to_be_checked()


def test_without_a_script_and_in_print_stands_the_first_answer(chromium, address, shown, page):
    still = chromium.new_page(java_script_enabled=False)
    still.goto(address)
    first = still.locator("figure").first
    assert drawn(first) == shown.first() and not first.locator(".asked input:visible").count()
    expect(first.locator(".asked output").first).to_have_text(START)
    still.close()
    page.emulate_media(media="print")
    expect(page.locator(".read").first).to_be_visible()
    expect(page.locator(".choices").first).to_be_hidden()


@pytest.mark.soak
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_telephone_shows_it_whole_and_axe_finds_nothing(chromium, address, scheme):
    page = telephone(chromium, address, scheme)
    first, again = page.locator("figure").all()
    first.locator(FIELD).fill("a1 b32 c3 d4 e15 f26 g7 h8 i9 j10 k11 l12 m13 n14 a15 p16 a?")
    assert too_wide(page)[0] == []
    for part in settled(first).locator(":is(input, i, b, label, p, svg, small)").all():
        box = part.bounding_box()
        if box is not None:
            assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    again.evaluate("figure => figure.remove()")
    assert faults(page, ".rnn2attn-live") == []
    page.close()
