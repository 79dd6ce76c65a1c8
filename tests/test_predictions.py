"""Predictions that are chosen in a page and kept in the reader's browser: `book/extension/predictions.py`."""

import re

import nbformat
import pytest
from playwright.sync_api import expect

from building import ROOT, soup
from looking import visit

CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
BOX = ".callout-predict:has(.choices)"
CHOICES = re.compile(r"^> - ", re.MULTILINE)


@pytest.fixture
def asking(book):
    """The page of the first chapter that offers choices."""
    return next(page for page in sorted((book / "notebooks").glob("*.html")) if soup(page).select(BOX))


def asked(chapter):
    """How many predictions of a notebook have choices folded out below them, told from its text."""
    cells = nbformat.read(ROOT / f"notebooks/{chapter}.ipynb", as_version=4).cells
    quotes = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown").split("> **Predict.**")[1:]
    return sum(bool(CHOICES.search(re.split(r"\n(?!>)", quote)[0])) for quote in quotes)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_each_has_as_many_answers_as_choices_and_one_is_right(book, chapter):
    boxes = soup(book / f"notebooks/{chapter}.html").select(BOX)
    assert len(boxes) == asked(chapter)
    for box in boxes:
        assert len(box.select(".choices > li")) == len(box.select("details .answers > li")) >= 2
        assert len(box.select(".choices > li.right")) == 1


def test_the_page_that_looks_back_has_all_of_them(book):
    page = soup(book / "book/predictions.html")
    names = [box["id"] for box in page.select(BOX)]
    assert len(set(names)) == len(names) == sum(map(asked, CHAPTERS))
    for link in page.select(f"{BOX} .place a"):
        file, _, place = link["href"].partition("#")
        assert soup((book / "book" / file).resolve()).find(id=place)


def test_the_first_choice_is_kept_until_it_is_forgotten(book, tab, asking):
    visit(tab, asking)
    box = tab.locator(BOX).first
    wrong = box.locator("li:not(.right) label").first
    expect(box.get_by_role("status")).to_be_empty()
    wrong.click()
    said = box.get_by_role("status").inner_text()
    assert said
    box.locator("li.right label").click()
    assert box.get_by_role("status").inner_text() != said
    visit(tab, book / "book/predictions.html")
    back = tab.locator(f"{BOX}:visible")
    expect(back).to_have_count(1)
    expect(back.get_by_role("status")).to_have_text(said)
    assert "1 of them was not" in tab.locator(".so-far").inner_text()
    assert back.locator("input:checked").count() == 1
    tab.get_by_role("button", name="Forget").click()
    expect(back).to_have_count(0)
    expect(tab.locator(".so-far")).to_contain_text("none of")


def test_by_keyboard_a_prediction_is_one_stop(book, tab, asking):
    visit(tab, asking)
    group = tab.get_by_role("radiogroup", name="Your prediction").first
    group.get_by_role("radio").first.focus()
    tab.keyboard.press("Space")
    tab.keyboard.press("ArrowDown")
    expect(group.get_by_role("radio").nth(1)).to_be_checked()
    tab.keyboard.press("Tab")
    assert not group.locator(":focus").count()
    tab.evaluate("localStorage.removeItem('predictions')")


def test_without_javascript_the_answers_are_folded(book, chromium, asking):
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        visit(page, asking)
        box = page.locator(BOX).first
        assert box.locator(".choices").is_visible()
        assert not box.locator(".answers").is_visible()
        box.locator("summary").click()
        assert box.locator(".answers").is_visible()
