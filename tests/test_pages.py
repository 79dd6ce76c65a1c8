"""Every built page in a real browser: nothing fetched, nothing wider than a phone, nothing that axe finds serious."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from fontTools.ttLib import TTFont
from playwright.sync_api import expect

from conftest import ROOT

pytestmark = pytest.mark.browser

THEMES = ("light", "dark")


def visit(chromium, page: Path, theme: str, width: int = 360):
    """Open a built page from disk and note what it asks for and complains of."""
    context = chromium.new_context(viewport={"width": width, "height": 780}, color_scheme=theme)
    tab = context.new_page()
    tab.foreign, tab.complaints = [], []
    tab.on("request", lambda r: re.match(r"file:|data:|blob:", r.url) or tab.foreign.append(r.url))
    tab.on("console", lambda m: m.type == "error" and tab.complaints.append(m.text))
    tab.on("pageerror", lambda e: tab.complaints.append(str(e)))
    tab.goto(page.as_uri())
    tab.wait_for_load_state("networkidle")
    if tab.locator(".math").count():
        tab.wait_for_selector("mjx-container")
    return tab


def pages(book: Path) -> list[Path]:
    found = sorted(page for page in book.rglob("*.html") if "_static" not in page.parts)
    assert len(found) >= 8, found
    return found


@pytest.mark.parametrize("theme", THEMES)
def test_pages_fetch_nothing_fit_a_phone_and_complain_of_nothing(book, chromium, theme):
    faults = []
    for page in pages(book):
        tab = visit(chromium, page, theme)
        name = page.relative_to(book)
        faults += [f"{name} asks for {url}" for url in tab.foreign]
        faults += [f"{name} complains: {text}" for text in tab.complaints]
        width = tab.evaluate("document.documentElement.scrollWidth")
        if width > 360:
            faults.append(f"{name} is {width} px wide on a screen of 360")
        assert tab.evaluate("document.documentElement.dataset.theme") in (theme, None)
        tab.context.close()
    assert not faults, "\n".join(faults)


def test_code_needs_no_sideways_scroll_on_a_wide_screen(book, chromium):
    wide = []
    for page in sorted((book / "notebooks").glob("*.html")):
        tab = visit(chromium, page, "light", 1200)
        blocks = tab.locator(":not(details) > .cell_input pre")
        assert blocks.count() > 20, page.name
        wide += [
            f"{page.name}: {block.inner_text()[:70]}"
            for block in blocks.all()
            if block.is_visible() and block.evaluate("e => e.scrollWidth > e.clientWidth")
        ]
        tab.context.close()
    assert not wide, "\n".join(wide)


# Colours belong to the theme and layouts to the width: two of the four pairs see all of both.
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing_serious(book, chromium, theme, width):
    faults = []
    for page in pages(book):
        tab = visit(chromium, page, theme, width)
        if tab.url != page.as_uri():  # the redirect at the root
            continue
        for violation in Axe().run(tab).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                where = "; ".join(node["html"][:120] for node in violation["nodes"][:3])
                faults.append(f"{page.relative_to(book)}: {violation['id']}: {violation['help']}: {where}")
        tab.context.close()
    assert not faults, "\n".join(faults)


def test_quotes_with_a_bold_word_became_admonitions(book):
    html = (book / "notebooks/01-rnn-gradients.html").read_text(encoding="utf-8")
    assert html.count("callout-predict") >= 3
    assert "<strong>Predict" not in html
    assert 'class="admonition-title">Predict<' in html


def test_pages_carry_no_script_they_do_not_use(book):
    for page in pages(book):
        html = page.read_text(encoding="utf-8")
        assert not re.search(r"thebe|fontawesome\.js|require\.js|embed-amd", html), page
        blocking = re.findall(r"<script (?=[^>]*\bsrc=)(?![^>]*\b(?:defer|async)\b)[^>]*>", html)
        assert all("documentation_options" in tag for tag in blocking), (page, blocking)


def test_icons_are_drawn_from_the_cut_fonts(book, chromium):
    """Every icon on the page has a glyph: a missing one would be as wide as the font's box for it, or nothing."""
    tab = visit(chromium, book / "notebooks/01-rnn-gradients.html", "light", 1280)
    fonts = tab.evaluate(
        "(async () => { await document.fonts.ready;"
        " return [...document.fonts].filter(f => /Awesome/.test(f.family) && f.status === 'error').length })()"
    )
    assert fonts == 0
    icons = tab.evaluate(
        """[...document.querySelectorAll('[class*="fa-"], .admonition > .admonition-title')]
             .filter(e => e.offsetParent)
             .map(e => {
               const place = e.matches('.admonition-title') ? '::after' : '::before';
               return [e.className, getComputedStyle(e, place).content];
             })"""
    )
    assert any("admonition" in name for name, _ in icons)
    drawn = set()
    for font in (book / "_static/vendor/fontawesome/webfonts").glob("*.woff2"):
        drawn |= set(TTFont(font).getBestCmap())
    for name, content in icons:
        assert ord(content.strip('"')) in drawn, name
    tab.context.close()


@pytest.mark.parametrize(
    ("chapter", "count"),
    [
        ("01-rnn-gradients", 3),
        ("02-lstm-gru-gates", 3),
        ("03-seq2seq-bottleneck", 3),
        ("04-attention", 2),
        ("05-spatial-attention", 1),
    ],
)
def test_the_sliders_of_a_chapter_move_its_pictures_and_say_so(book, chromium, chapter, count):
    tab = visit(chromium, book / f"notebooks/{chapter}.html", "dark")
    figures = tab.locator("figure:has(input[type=range])")
    assert figures.count() == count
    for figure in figures.all():
        picture = figure.locator("[role=img]")
        for slider in figure.get_by_role("slider").all():
            said, drawn = picture.get_attribute("aria-label"), picture.inner_html()
            slider.focus()
            tab.keyboard.press("ArrowRight" if slider.input_value() == slider.get_attribute("min") else "ArrowLeft")
            expect(picture).not_to_have_attribute("aria-label", said)
            assert picture.inner_html() != drawn
            expect(figure.locator("p[role=status]")).to_have_text(picture.get_attribute("aria-label"))
    tab.context.close()


def test_the_favicon_and_the_logo_are_there(book):
    html = (book / "book/index.html").read_text(encoding="utf-8")
    for href in re.findall(r'<link rel="icon" href="([^"]*)"|<img src="([^"]*logo[^"]*)"', html):
        assert (book / "book" / "".join(href)).resolve().is_file(), href
    assert '<link rel="icon"' in html


def test_a_page_is_readable_without_javascript(book, chromium):
    tab = visit_without_script(chromium, book / "notebooks/01-rnn-gradients.html")
    assert tab.locator("main img").count() >= 4
    assert "Crossing the line" in tab.locator("main").inner_text()
    tab.context.close()


def visit_without_script(chromium, page):
    context = chromium.new_context(viewport={"width": 360, "height": 780}, java_script_enabled=False)
    tab = context.new_page()
    tab.goto(page.as_uri())
    return tab


def test_every_page_of_the_contents_was_built(book):
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    for name in re.findall(r"(?:file|root): (\S+)", toc):
        assert (book / f"{name}.html").is_file(), name
