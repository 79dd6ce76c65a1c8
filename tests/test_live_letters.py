"""Letters in the page: states, probabilities and what is kept are PyTorch's, for any factor of W_hh."""

import operator
import re
import unicodedata
from itertools import repeat

import pytest
import torch
from playwright.sync_api import expect

from live_page import drawn, opened, settled, telephone, write
from looking import faults, too_wide
from rnn2attn.live import letters, live_letters, typed
from rnn2attn.recurrent import RNNLanguageModel
from rnn2attn.tasks import hello
from rnn2attn.training import fit, set_seed

BOX = operator.methodcaller("bounding_box")
FIELD, SLIDER = "[type=text]", "[type=range]"


@pytest.fixture(scope="module")
def shown():
    """A figure with the network of chapter 1, trained on its word."""
    batch, vocabulary = hello.load()
    set_seed(0)
    model = RNNLanguageModel(len(vocabulary), 16)
    fit(model, repeat(batch, 200), lr=1e-2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNN2ATTN_FRAMES", "1")
        return live_letters(model, vocabulary, start="hell", caption="Type other letters.")


@pytest.fixture(scope="module")
def address(shown, tmp_path_factory):
    return write(tmp_path_factory.mktemp("letters") / "page.html", [shown.html, shown.html])


@pytest.fixture
def page(tab, address):
    with opened(tab, address):
        expect(tab.locator(FIELD).last).to_be_visible()
        yield tab


SEEN = """figure => ({
  said: figure.querySelector(".said").textContent,
  rows: [...figure.querySelectorAll(".map label")].map((row) => ({
    letter: row.querySelector("span").textContent,
    bars: [...row.querySelectorAll("i")].map((bar) => {
      const sign = bar.classList.contains("less") ? -1 : 1;
      return sign * Number(bar.style.getPropertyValue("--w"));
    }),
    says: row.querySelector("b").textContent,
    told: row.querySelector("em").textContent,
  })),
})"""


def differs(figure, shown, text, times=1.0):
    """How far what a figure shows is from what PyTorch says of these letters; infinite where words are others."""
    right = letters.reading(shown.model, list(text), shown.vocabulary, times)
    seen = settled(figure).evaluate(SEEN)
    best = right.p.argmax(dim=1).tolist()
    words = [letters.sentence(right, t, shown.vocabulary) for t in range(len(text))]
    if [row["letter"] for row in seen["rows"]] != list(text) or [row["told"] for row in seen["rows"]] != words:
        return float("inf")
    if [row["says"] for row in seen["rows"]] != [shown.vocabulary.tokens[k] for k in best]:
        return float("inf")
    if seen["said"] != f"After {text} comes {shown.vocabulary.tokens[best[-1]]}, with {right.p[-1].max():.2f}.":
        return float("inf")
    kept = (right.kept[:, None] / right.states.shape[1] ** 0.5).clamp(max=1)
    bars = torch.cat([right.states, right.p, kept], dim=1)
    return (torch.tensor([row["bars"] for row in seen["rows"]]).double() - bars).abs().max().item()


def scale(figure, times):
    """Move the slider there."""
    figure.locator(SLIDER).evaluate("(e, x) => { e.value = x; e.dispatchEvent(new Event('input')) }", times)


@pytest.mark.parametrize("text", ["hell", "h", "oleh", "lllll", "hello" * 4])
@pytest.mark.parametrize("times", [1, 0, 0.35, 2])
def test_what_is_typed_gets_pytorchs_answer_at_any_scale(page, shown, text, times):
    first, again = page.locator("figure").all()
    before = drawn(again)
    first.locator(FIELD).fill(text)
    assert differs(first, shown, text) < 0.00051
    scale(first, times)
    assert differs(first, shown, text, times) < 0.00051
    expect(first.locator(".at")).to_have_text(f"{times:g}")
    right = letters.reading(shown.model, list(text), shown.vocabulary, times)
    expect(first.get_by_role("status")).to_have_text(letters.told(right, shown.vocabulary))
    assert drawn(again) == before


def test_without_the_loop_a_letter_gets_one_answer_wherever_it_stands(page):
    first = page.locator("figure").first
    first.locator(FIELD).fill("lhllol")
    rows = "rows => rows.map((row) => [...row.querySelectorAll('i:not(.kept)')].map((bar) => bar.outerHTML).join())"
    found = settled(first).locator(".map label").evaluate_all(rows)
    assert len({found[n] for n in (0, 2, 3, 5)}) > 1
    scale(first, 0)
    found = settled(first).locator(".map label").evaluate_all(rows)
    assert len({found[n] for n in (0, 2, 3, 5)}) == 1
    kept = first.locator(".kept").evaluate_all("all => all.map((bar) => bar.style.getPropertyValue('--w'))")
    assert set(kept[:-1]) == {"0.000"} and float(kept[-1]) > 0.1


MISTAKES = {
    "W_hh is not scaled": ("(w) => times * w", "(w) => w"),
    "what it says is of the step before": ("p: states.map(", "p: [states[0], ...states.slice(0, -1)].map("),
    "a sign is lost": ('h < 0 ? "unit less" : "unit"', '"unit"'),
    "a letter is read twice": ("...ids.slice(t + 1)]", "...ids.slice(t)]"),
    "what was read before is forgotten": ("], states[t - 1])", "])"),
    "the sum in the place of the mean": ("kept.push(sum / (V - 1))", "kept.push(sum)"),
}


@pytest.mark.soak
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_seen(tab, shown, tmp_path, name):
    old, new = MISTAKES[name]
    assert shown.html.count(old) == 1
    for html, wrong in ((shown.html, False), (shown.html.replace(old, new), True)):
        tab.goto(write(tmp_path / "page.html", [html]))
        figure = tab.locator("figure")
        figure.locator(FIELD).fill("ohell")
        scale(figure, 0.5)
        assert (differs(figure, shown, "ohell", 0.5) > 0.001) == wrong


BAD = {
    "empty": "",
    "space": " \u00a0\t",
    "a letter that is not known": "help",
    "a capital": "Hello",
    "emoji": "h👩‍🚀",
    "right to left": "שלום",
    "Hangul in pieces": unicodedata.normalize("NFD", "안녕"),
    "long": "l" * (typed.LONGEST + 1),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_read_gets_a_sentence_and_is_kept(page, shown, kind):
    first = page.locator("figure").first
    first.locator(FIELD).fill("hel")
    before = drawn(first)
    first.locator(FIELD).fill(BAD[kind])
    problem = typed.read(BAD[kind], shown.vocabulary, "characters", "hel").problem
    assert problem.endswith("Below it still answers to hel.")
    expect(first.locator(".problem")).to_have_text(problem)
    expect(first.get_by_role("status")).to_have_text(problem)
    assert first.locator(FIELD).input_value() == BAD[kind]
    assert drawn(first) == before
    first.locator(FIELD).fill("h el\u200bl")
    expect(first.locator(".problem")).to_be_hidden()
    assert differs(first, shown, "hell") < 0.00051


def test_the_keyboard_is_enough(page, shown):
    first = page.locator("figure").first
    page.keyboard.press("Tab")
    expect(first.locator(FIELD)).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("hello")
    page.keyboard.press("Tab")
    slider = first.get_by_role("slider", name="Whh times")
    expect(slider).to_be_focused()
    page.keyboard.press("ArrowLeft")
    assert differs(first, shown, "hello", 0.95) < 0.00051
    page.keyboard.press("Tab")
    rows = first.locator(".map label").all()
    expect(rows[0].get_by_role("radio")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows[1].get_by_role("radio")).to_be_checked()
    assert [n for n, row in enumerate(rows) if row.locator("em").is_visible()] == [1]
    sentence = rows[1].locator("em").text_content()
    assert rows[1].get_by_role("radio", name=sentence).count() == 1
    first.locator(FIELD).fill("hell")
    expect(first.locator(".map label").nth(1).get_by_role("radio")).to_be_checked()


def test_what_stands_without_a_script_is_what_the_script_shows(page, address, chromium):
    still = chromium.new_page(java_script_enabled=False)
    still.goto(address)
    standing = still.locator("figure").first
    expect(standing.locator(".asked output").first).to_have_text("hell")
    assert not any(part.is_visible() for part in standing.locator(":is([type=text], [type=range])").all())
    expect(standing.locator(".map")).to_be_visible()
    page.locator(FIELD).first.dispatch_event("input")
    both = drawn(standing), drawn(page.locator("figure").first)
    alike = [re.sub(r' checked=""', "", re.sub(r'name="[^"]*"', "", one)) for one in both]
    assert alike[0] == alike[1]
    still.close()


def test_print_shows_the_answer(page):
    first = page.locator("figure").first
    first.locator(FIELD).fill("hello")
    page.emulate_media(media="print")
    expect(first.locator(".map")).to_be_visible()
    expect(first.locator(FIELD)).to_be_hidden()
    expect(first.locator(".asked output").first).to_be_visible()


@pytest.mark.soak
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_telephone_shows_it_whole_and_axe_finds_nothing(chromium, address, scheme):
    page = telephone(chromium, address, scheme)
    first, again = page.locator("figure").all()
    first.locator(FIELD).tap()
    first.locator(FIELD).fill("l" * typed.LONGEST)
    row = settled(first).locator(".map label").nth(3)
    row.tap()
    expect(row.get_by_role("radio")).to_be_checked()
    assert 24 <= row.bounding_box()["height"] <= 40, "the bars of a row stand side by side"
    assert all(bar["width"] >= 4 and bar["height"] >= 16 for bar in map(BOX, row.locator("i").all()))
    assert too_wide(page)[0] == []
    for part in first.locator(":is(input, i, em, b, label, span)").all()[:300]:
        box = part.bounding_box()
        if box is not None:
            assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    again.evaluate("figure => figure.remove()")
    assert faults(page, ".rnn2attn-live") == []
    page.close()
