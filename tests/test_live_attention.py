"""Chapter 4's figures that answer: with the models that its pages train, Chromium says what PyTorch says."""

import ast
import symtable
from functools import cache

import nbformat
import pytest
from playwright.sync_api import expect

from building import ROOT
from live_page import drawn, write
from looking import WIDE_SCRIPT, faults, too_wide
from rnn2attn.live import picture, typed
from rnn2attn.tasks import dates
from test_live_page import FIELD, agrees

pytestmark = pytest.mark.soak  # it trains what the pages train

DATES, LETTERS = "04-attention", "04b-what-it-buys"
START = "Thursday, May 14, 2026"


def trained(page):
    """A page's figure, made by the cell that makes it and by those alone whose names it needs."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{page}.ipynb", as_version=4)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code" and "%pip" not in cell.source]
    (last,) = (n for n, source in enumerate(cells) if "live(\n" in source)
    wanted, left = set(), [last]
    while left:
        place = left.pop()
        if place not in wanted:
            wanted.add(place)
            left += [n for n in range(last) if needs(cells[place]) & brings(cells[n])]
    namespace = {}
    for place in sorted(wanted - {last}):
        exec(compile(cells[place], f"{page}, cell {place}", "exec"), namespace)
    *before, shown = ast.parse(cells[last]).body
    exec(compile(ast.Module(before, []), page, "exec"), namespace)
    return eval(compile(ast.Expression(shown.value), page, "eval"), namespace)


def brings(source):
    """The names that a cell defines or imports."""
    symbols = symtable.symtable(source, "cell", "exec").get_symbols()
    return {one.get_name() for one in symbols if one.is_assigned() or one.is_imported()}


def needs(source):
    """The names that a cell, or a function in it, takes from outside."""
    whole = symtable.symtable(source, "cell", "exec")
    found, tables = {one.get_name() for one in whole.get_symbols() if one.is_referenced()}, whole.get_children()
    while tables:
        table = tables.pop()
        found |= {one.get_name() for one in table.get_symbols() if one.is_global()}
        tables += table.get_children()
    return found


@cache
def figure(page):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNN2ATTN_FRAMES", "1")
        return trained(page)


@pytest.fixture
def opened(tab, tmp_path):
    """A page's figure, on a page of its own."""

    def opened(page):
        tab.emulate_media(media="screen", color_scheme="light")
        tab.set_viewport_size({"width": 1280, "height": 720})
        tab.goto(write(tmp_path / "page.html", [figure(page).html]))
        expect(tab.locator(FIELD)).to_be_visible()
        return tab.locator("figure")

    return opened


def written(tokens):
    """A date's tokens as one types them."""
    text = " ".join(tokens).replace(" ,", ",")
    for digit in "0123456789":
        text = text.replace(f"{digit} ", f"{digit}").replace(f"{digit},", f"{digit}, ")
    return text


@pytest.mark.parametrize("which", [0, 1], ids=["attention", "rival"])
def test_unseen_dates_are_said_as_pytorch_says_them(opened, which):
    shown = opened(DATES)
    shown.get_by_role("radio", name=figure(DATES).names[which]).check()
    said = set()
    for source, _ in dates.pairs(40, seed=7, test=True):
        shown.locator(FIELD).fill(written(source))
        agrees(shown, figure(DATES), written(source), which)
        said.add(shown.locator(".said b").text_content())
    assert len(said) > 20


@pytest.mark.parametrize("which", [0, 1], ids=["attention", "rival"])
def test_letters_that_grow_are_said_as_pytorch_says_them(opened, which):
    shown = opened(LETTERS)
    shown.get_by_role("radio", name=figure(LETTERS).names[which]).check()
    slider = shown.get_by_role("slider", name="longer")
    slider.focus()
    slider.press("Home")
    for text in figure(LETTERS).longer:
        assert shown.locator(FIELD).input_value() == text
        agrees(shown, figure(LETTERS), text, which)
        slider.press("ArrowRight")


BAD = [
    "",
    "🎂",
    "목요일",
    "Thursday, May 14, 2026, Thursday, May 14, 2026, Thursday, May 14, 2026",
    "May 14, 2026 👩‍🚀",
]


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_date_gets_a_sentence(opened, text):
    shown = opened(DATES)
    before = drawn(shown)
    shown.locator(FIELD).fill(text)
    why = typed.read(text, figure(DATES).models[0].source, "words", START).problem
    assert why
    expect(shown.locator(".problem")).to_have_text(why)
    assert drawn(shown) == before


@pytest.mark.parametrize("page", [DATES, LETTERS])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_telephone_shows_it_whole(chromium, opened, page, scheme, tab):
    opened(page)
    phone = chromium.new_page(viewport={"width": 360, "height": 740}, has_touch=True, color_scheme=scheme)
    phone.add_init_script(WIDE_SCRIPT)
    phone.goto(tab.url)
    phone.evaluate("scheme => { document.documentElement.dataset.theme = scheme }", scheme)
    phone.locator(FIELD).fill(figure(page).longer[-1] if page == LETTERS else START)
    assert too_wide(phone)[0] == []
    assert faults(phone, ".rnn2attn-live") == []
    phone.close()


# ── What the pages say about these models ───────────────────────────────────────────────────────────────────────────


def answers(page, which, text):
    model = figure(page).models[which]
    return picture.answer(model, typed.read(text, model.source, figure(page).cut, "").tokens)


def test_the_date_on_the_page_is_read_from_the_paper():
    """The figure's date is right, and looks for each part at that part."""
    one = answers(DATES, 0, START)
    assert "".join(one.said) == "2026년5월14일목요일"
    looked = [one.read[i] for i in one.weights.argmax(dim=1).tolist()]
    assert set(looked[:4]) <= set("2026") and looked[5] == "May" and looked[-1] == "Thursday"


def test_what_needs_no_look_looks_here_and_there():
    """년, 월 and 일 come in every date; with the rest the largest weight is far larger."""
    largest = {True: [], False: []}
    for source, _ in dates.pairs(20, seed=7, test=True):
        one = answers(DATES, 0, written(source))
        for token, weight in zip(one.said, one.weights.amax(dim=1).tolist(), strict=True):
            largest[token in "년월일"].append(weight)
    always, rest = (sum(found) / len(found) for found in (largest[True], largest[False]))
    assert always < rest - 0.2


def test_a_date_without_a_year_gets_one_all_the_same():
    """Attention always gives something, even if nothing fits."""
    said = "".join(answers(DATES, 0, "Thursday, May 14").said)
    assert said.partition("년")[0].isdigit()


def test_short_strings_run_down_the_diagonal_and_the_longest_break():
    """Up to 16 letters the squares lie on the way back; with 24 both models are wrong."""
    for text in figure(LETTERS).longer:
        one, other = (answers(LETTERS, which, text) for which in (0, 1))
        if 4 <= len(text) <= 12:
            assert one.said == [*reversed(text)]
            assert one.weights.argmax(dim=1).tolist() == [*reversed(range(len(text)))]
        if len(text) == 24:
            assert one.said != [*reversed(text)] != other.said
