"""Names in the page: what a reader types is written in Hangul as PyTorch writes it, with where it looked."""

import re
import unicodedata

import pytest
from playwright.sync_api import expect

from live_page import drawn, opened, telephone, write
from looking import faults, too_wide
from rnn2attn.attention import General
from rnn2attn.live import hangul, live_names, typed
from rnn2attn.seq2seq import AttentionDecoder, Encoder, Seq2Seq
from rnn2attn.tasks import names
from rnn2attn.text import vocabularies
from rnn2attn.training import set_seed, trained

FIELD = "[type=text]"
NAMES = (
    "seoul서울 oslo오슬로 madrid마드리드 roma로마 berlin베를린 münchen뮌헨 kraków크라쿠프 dakar다카르 quito키토 "
    "lima리마 havana아바나 ingrid잉그리드"
)
PAIRS = [(list(name), names.spelled(korean)) for name, korean in re.findall("([a-zóü]+)([가-힣]+)", NAMES)]


@pytest.fixture(scope="module")
def shown():
    """A figure with a small network that has learned a dozen names."""
    set_seed(0)
    source, target = vocabularies(PAIRS)
    encoder = Encoder(len(source), 12, 24, direction="both")
    model = Seq2Seq(source, target, encoder, AttentionDecoder(encoder, len(target), General(24, 48)))
    trained(model, PAIRS, 120, 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNN2ATTN_FRAMES", "1")
        return live_names(model, start="Ingrid", caption="Type another name.")


@pytest.fixture(scope="module")
def address(shown, tmp_path_factory):
    return write(tmp_path_factory.mktemp("hangul") / "page.html", [shown.html, shown.html])


@pytest.fixture
def page(tab, address):
    with opened(tab, address):
        expect(tab.locator(FIELD).last).to_be_visible()
        yield tab


def differs(figure, shown, name):
    """Whether a figure shows something else than PyTorch says of this name, to the last digit that it shows."""
    right = hangul.html(hangul.written(shown.model, list(name)), shown.group)
    return without_names(drawn(figure)) != without_names(right)


def without_names(html):
    return re.sub(r' checked(="")?', "", re.sub(r' name="[^"]*"', "", html))


@pytest.mark.parametrize("name", ["ingrid", "oslo", "münchen", "a", "rosamunde", "kimdakar"])
def test_what_is_typed_gets_pytorchs_answer(page, shown, name):
    first, again = page.locator("figure").all()
    before = drawn(again)
    first.locator(FIELD).fill(name)
    assert not differs(first, shown, name)
    expect(first.get_by_role("status")).to_have_text(hangul.told(hangul.written(shown.model, list(name))))
    assert drawn(again) == before


def test_capitals_spaces_and_pieces_of_letters_are_one(page, shown):
    first = page.locator("figure").first
    for text in ("MÜNCHEN", "Mün Chen", unicodedata.normalize("NFD", "münchen"), "münchen\u200b"):
        first.locator(FIELD).fill("oslo")
        first.locator(FIELD).fill(text)
        expect(first.locator(".problem")).to_be_hidden()
        assert not differs(first, shown, "münchen"), text


def test_letters_that_it_learned_are_joined_to_blocks(page):
    first = page.locator("figure").first
    first.locator(FIELD).fill("Oslo")
    expect(first.locator(".said")).to_have_text("오슬로")
    assert first.locator(".map b").all_text_contents() == ["오", "", "슬", "", "", "로", ""]
    assert first.locator(".map label > span:not(.cells)").all_text_contents() == list("ㅇㅗㅅㅡㄹㄹㅗ")


MISTAKES = {
    "letters are not joined": ('join("").normalize("NFC")', 'join("").normalize("NFD")'),
    "a block ends after its vowel": ('letter <= "ᄒ"', 'letter <= "ᅡ"'),
    "weights of the letter before": ("steps.map(alignment)", "[steps[0], ...steps.slice(0, -1)].map(alignment)"),
    "capitals are kept": ("lower ? text.toLowerCase() : text", "text"),
}


@pytest.mark.soak
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_seen(tab, shown, tmp_path, mistake):
    old, new = MISTAKES[mistake]
    assert shown.html.count(old) == 1
    for html, wrong in ((shown.html, False), (shown.html.replace(old, new), True)):
        tab.goto(write(tmp_path / "page.html", [html]))
        figure = tab.locator("figure")
        figure.locator(FIELD).fill("Dakar")
        assert differs(figure, shown, "dakar") == wrong


BAD = {
    "empty": "",
    "a letter that is not known": "Xi",
    "a hyphen": "Anna-Lisa",
    "Hangul": "서울",
    "emoji": "👩‍🚀",
    "long": "a" * (typed.LONGEST + 1),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_read_gets_a_sentence_and_is_kept(page, shown, kind):
    first = page.locator("figure").first
    first.locator(FIELD).fill("Roma")
    before = drawn(first)
    first.locator(FIELD).fill(BAD[kind])
    problem = hangul.read(BAD[kind], shown.model, "Roma").problem
    assert problem.endswith("Below it still answers to Roma.")
    expect(first.locator(".problem")).to_have_text(problem)
    expect(first.get_by_role("status")).to_have_text(problem)
    assert drawn(first) == before


def test_the_keyboard_is_enough(page):
    first = page.locator("figure").first
    page.keyboard.press("Tab")
    expect(first.locator(FIELD)).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("lima")
    page.keyboard.press("Tab")
    rows = first.locator(".map label").all()
    expect(rows[0].get_by_role("radio")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows[1].get_by_role("radio")).to_be_checked()
    assert [n for n, row in enumerate(rows) if row.locator("em").is_visible()] == [1]
    first.locator(FIELD).fill("lim")
    expect(first.locator(".map label").nth(1).get_by_role("radio")).to_be_checked()


def test_what_stands_without_a_script_is_what_the_script_shows(page, shown, address, chromium):
    still = chromium.new_page(java_script_enabled=False)
    still.goto(address)
    standing = still.locator("figure").first
    expect(standing.locator(".asked output")).to_have_text("Ingrid")
    expect(standing.locator(FIELD)).to_be_hidden()
    expect(standing.locator(".map")).to_be_visible()
    assert not differs(standing, shown, "ingrid")
    page.locator(FIELD).first.dispatch_event("input")
    assert not differs(page.locator("figure").first, shown, "ingrid")
    still.close()


@pytest.mark.soak
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_telephone_shows_it_whole_and_axe_finds_nothing(chromium, address, scheme):
    page = telephone(chromium, address, scheme)
    first, again = page.locator("figure").all()
    first.locator(FIELD).fill("a" * typed.LONGEST)
    assert too_wide(page)[0] == []
    first.locator(FIELD).fill("Ingrid")
    row = first.locator(".map label").nth(2)
    row.tap()
    expect(row.get_by_role("radio")).to_be_checked()
    assert all(part.bounding_box()["x"] + part.bounding_box()["width"] <= 360 for part in first.locator("i").all())
    again.evaluate("figure => figure.remove()")
    assert faults(page, ".rnn2attn-live") == []
    page.close()
