"""A model that answers in the page: what is typed is answered as PyTorch answers it, or a sentence says why not."""

import io
import re
import unicodedata

import pytest
import torch
from PIL import Image
from playwright.sync_api import expect
from torch import nn

from live_page import WEIGHTS, drawn, opened, settled, telephone, write
from looking import faults, too_wide
from rnn2attn.attention import Concat
from rnn2attn.live import live, picture, typed
from rnn2attn.seq2seq import AttentionDecoder, Decoder, Encoder, Seq2Seq
from rnn2attn.tasks import dates
from rnn2attn.text import PAD, Vocabulary, vocabularies

DATE, OTHER = "Thursday, May 14, 2026", "Monday, June 2, 1997"
FIELD = "[type=text]"


def made(source, target, attends, seed=0):
    """A model with random weights, large enough to make its answers differ."""
    torch.manual_seed(seed)
    encoder = Encoder(len(source), 8, 12)
    decoder = AttentionDecoder(encoder, len(target), Concat(12, 12, 8)) if attends else Decoder(encoder, len(target))
    model = Seq2Seq(source, target, encoder, decoder)
    for weights in model.parameters():
        nn.init.normal_(weights, std=0.8)
    return model


@pytest.fixture(scope="module")
def shown():
    """A figure with a rival, of dates, and one with a slider, of letters."""
    of_dates = vocabularies(dates.pairs(400, "en", "ko"))
    of_letters = Vocabulary("가나다ab<&", (PAD,)), of_dates[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNN2ATTN_FRAMES", "1")
        first = live(
            made(*of_dates, True),
            rival=made(*of_dates, False, 1),
            label="A date in English",
            start=DATE,
            caption="Type another date.",
        )
        longer = ["a", "가나다", "ab<&가나다", "가" * typed.LONGEST]
        second = live(
            made(*of_letters, True, 2),
            label="Letters",
            start="가나다",
            caption="Make it longer.",
            cut="characters",
            longer=longer,
            bits=16,
        )
    return first, second


@pytest.fixture(scope="module")
def address(shown, tmp_path_factory):
    """A page with the first, the second, and the first again."""
    return write(tmp_path_factory.mktemp("live") / "page.html", [figure.html for figure in (*shown, shown[0])])


@pytest.fixture
def page(tab, address):
    with opened(tab, address):
        expect(tab.locator(FIELD).last).to_be_visible()
        yield tab


SEEN = f"""figure => ({{
  said: figure.querySelector(".said b").textContent,
  heads: [...figure.querySelectorAll(".heads span")].map((head) => head.textContent),
  rows: [...figure.querySelectorAll(".map label")].map((row) => ({{
    token: row.querySelector("span").textContent,
    weights: ({WEIGHTS})(row),
    told: row.querySelector("em").textContent,
  }})),
}})"""


def agrees(figure, live, text, which=0):
    """That a figure shows what PyTorch answers to a text."""
    model = live.models[which]
    right = picture.answer(model, typed.read(text, model.source, live.cut, "").tokens)
    seen = settled(figure).evaluate(SEEN)
    assert seen["said"].removesuffix(" …").split(" ") == right.said
    assert seen["said"].endswith(" …") == (len(right.said) == picture.LIMIT)
    if right.weights is None:
        assert seen["rows"] == []
        return
    assert seen["heads"] == right.read
    assert [row["token"] for row in seen["rows"]] == right.said
    found = torch.tensor([row["weights"] for row in seen["rows"]], dtype=torch.float64)
    torch.testing.assert_close(found, right.weights.double(), rtol=0, atol=0.00051)
    words = [picture.looks(y, right.read, row) for y, row in zip(right.said, right.weights.tolist(), strict=True)]
    assert [row["told"] for row in seen["rows"]] == words


@pytest.mark.parametrize("text", [OTHER, "Sunday , December 31,1950 ", "May", "1 2 3", DATE])
def test_what_is_typed_gets_pytorchs_answer(page, shown, text):
    first, _, again = page.locator("figure").all()
    before = drawn(again)
    first.locator(FIELD).fill(text)
    agrees(first, shown[0], text)
    assert drawn(again) == before
    model = shown[0].models[0]
    answer = picture.answer(model, typed.read(text, model.source, "words", "").tokens)
    expect(first.get_by_role("status")).to_have_text(picture.told(answer, "With attention"))
    expect(first.locator(".problem")).to_be_hidden()


def test_the_rival_answers_where_attention_is_switched_off(page, shown):
    first, _, again = page.locator("figure").all()
    for figure in (first, again):
        expect(figure.get_by_role("radio", name="With attention")).to_be_checked()
    first.get_by_role("radio", name="Without attention").check()
    agrees(first, shown[0], DATE, 1)
    first.locator(FIELD).fill(OTHER)
    agrees(first, shown[0], OTHER, 1)
    first.get_by_role("radio", name="With attention").check()
    agrees(first, shown[0], OTHER)
    expect(again.get_by_role("radio", name="With attention")).to_be_checked()


BAD = {
    "empty": "",
    "space": " \u00a0\t",
    "unseen": "\u200b\ufeff",
    "a word begun": "thu",
    "a word that is not known": "Thor, May 14, 2026",
    "two that begin alike": "Ma 1",
    "emoji": "May 👩‍🚀 14",
    "right to left": "יום חמישי",
    "Hangul in pieces": unicodedata.normalize("NFD", "목요일"),
    "a sign of HTML": "<b>May</b>",
    "long": "1 " * (typed.LONGEST + 1),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_read_gets_a_sentence_and_is_kept(page, shown, kind):
    first = page.locator("figure").first
    first.locator(FIELD).fill(OTHER)
    before = drawn(first)
    first.locator(FIELD).fill(BAD[kind])
    problem = typed.read(BAD[kind], shown[0].models[0].source, "words", OTHER).problem
    assert problem.endswith(f"Below it still answers to {OTHER}.")
    expect(first.locator(".problem")).to_have_text(problem)
    expect(first.get_by_role("status")).to_have_text(problem)
    assert first.locator(FIELD).input_value() == BAD[kind]
    assert drawn(first) == before
    first.locator(FIELD).fill(DATE)
    expect(first.locator(".problem")).to_be_hidden()


def test_two_spellings_that_look_the_same_are_one(page, shown):
    second = page.locator("figure").nth(1)
    second.locator(FIELD).fill(unicodedata.normalize("NFD", "나가\u200b다"))
    agrees(second, shown[1], "나가다")


def test_signs_of_html_are_tokens_like_others(page, shown):
    second = page.locator("figure").nth(1)
    second.locator(FIELD).fill("a<b&")
    agrees(second, shown[1], "a<b&")


def test_a_slider_makes_the_input_longer(page, shown):
    second = page.locator("figure").nth(1)
    slider = second.get_by_role("slider", name="longer")
    expect(slider).to_have_attribute("aria-valuetext", "가나다")
    slider.focus()
    for text in shown[1].longer[2:]:
        page.keyboard.press("ArrowRight")
        assert second.locator(FIELD).input_value() == text
        expect(slider).to_have_attribute("aria-valuetext", text)
        agrees(second, shown[1], text)


def test_the_keyboard_is_enough(page, shown):
    first = page.locator("figure").first
    page.keyboard.press("Tab")
    expect(first.locator(FIELD)).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type(OTHER)
    agrees(first, shown[0], OTHER)
    page.keyboard.press("Tab")
    expect(first.get_by_role("radio", name="With attention")).to_be_focused()
    page.keyboard.press("Tab")
    rows = first.locator(".map label").all()
    expect(rows[0].get_by_role("radio")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(rows[2].get_by_role("radio")).to_be_checked()
    assert [n for n, row in enumerate(rows) if row.locator("em").is_visible()] == [2]
    sentence = rows[2].locator("em").text_content()
    assert sentence in rows[2].text_content() and rows[2].get_by_role("radio", name=sentence).count() == 1
    first.locator(FIELD).fill(DATE)
    agrees(first, shown[0], DATE)
    expect(first.locator(".map label").nth(2).get_by_role("radio")).to_be_checked()


def test_a_cell_is_as_dark_as_its_weight(page):
    """In the middle of each cell there is so much of the ink #002f80 on white."""
    first = settled(page.locator("figure").first)
    for row in first.locator(".map label").all()[1:4]:
        weights = row.evaluate(WEIGHTS)
        with Image.open(io.BytesIO(row.locator(".cells").screenshot())) as picture:
            pixels = picture.convert("RGB")
        places = [(int((n + 0.5) * pixels.width / len(weights)), pixels.height // 2) for n in range(len(weights))]
        found = torch.tensor([pixels.getpixel(place) for place in places]).double()
        right = 255 + torch.tensor(weights)[:, None] * torch.tensor([0.0, 47.0, 128.0]).sub(255)
        torch.testing.assert_close(found, right.double(), rtol=0, atol=3)


def test_what_stands_without_a_script_is_what_the_script_shows(page, address, shown, chromium):
    still = chromium.new_page(java_script_enabled=False)
    still.goto(address)
    for n, figure in enumerate(shown):
        standing = still.locator("figure").nth(n)
        expect(standing.locator(".asked output")).to_have_text(figure.start)
        assert not any(
            part.is_visible() for part in standing.locator(":is([type=text], [type=range], .choices)").all()
        )
        expect(standing.get_by_text("Run this cell")).to_be_hidden()
        page.locator("figure").nth(n).locator(FIELD).dispatch_event("input")
        both = drawn(standing), drawn(page.locator("figure").nth(n))
        alike = [re.sub(r' checked=""', "", re.sub(r'name="[^"]*"', "", one)) for one in both]
        assert alike[0] == alike[1]
    still.close()


def test_print_shows_the_answer(page, shown):
    first = page.locator("figure").first
    first.locator(FIELD).fill(OTHER)
    page.emulate_media(media="print")
    expect(first.locator(".map")).to_be_visible()
    expect(first.locator(FIELD)).to_be_hidden()
    expect(first.locator(".asked output").first).to_be_visible()
    expect(first.locator(".choices")).to_be_hidden()


def test_weights_are_unpacked_when_the_figure_comes_near(chromium, address):
    page = chromium.new_page(viewport={"width": 800, "height": 400})
    page.add_init_script("window.read = 0; const own = atob; atob = (text) => (read++, own(text))")
    page.goto(address)
    expect(page.locator(FIELD).last).to_be_visible()
    page.wait_for_function("read > 0")
    before = page.evaluate("read")
    page.locator("figure").last.scroll_into_view_if_needed()
    page.wait_for_function(f"read > {before}")
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_telephone_shows_it_whole_and_axe_finds_nothing(chromium, address, shown, scheme):
    page = telephone(chromium, address, scheme)
    first, second, again = page.locator("figure").all()
    first.locator(FIELD).tap()
    first.locator(FIELD).fill("Wednesday, September 30, 1999")
    second.locator(FIELD).fill("가" * typed.LONGEST)
    row = settled(first).locator(".map label").nth(3)
    row.tap()
    expect(row.get_by_role("radio")).to_be_checked()
    assert row.bounding_box()["height"] >= 24
    assert too_wide(page)[0] == []
    for part in page.locator("figure :is(input, i, em, b, label)").all()[:400]:
        box = part.bounding_box()
        if box is not None:
            assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    again.evaluate("figure => figure.remove()")
    assert faults(page, ".rnn2attn-live") == []
    page.close()
