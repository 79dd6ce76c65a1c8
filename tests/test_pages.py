"""Every built page in a real browser: nothing fetched, nothing wider than a phone, nothing that axe finds serious."""

import re
from itertools import zip_longest
from pathlib import Path

import nbformat
import pytest
from fontTools.ttLib import TTFont
from playwright.sync_api import expect

from building import ROOT
from extent import SHIFTS
from looking import RESIZED, WIDE_SCRIPT, arrive, faults, too_wide, visit


def pages(book: Path) -> list[Path]:
    # The 404 page is at home on a server alone: test_book_site.py sees it there. The root only leads on.
    apart = {book / "404.html", book / "index.html"}
    found = sorted(page for page in book.rglob("*.html") if "_static" not in page.parts and page not in apart)
    assert len(found) >= 8, found
    return found


class Meeting:
    """What was found on all pages: faults by what they are against, and how many tables have boxes that scroll."""

    def __init__(self, tab):
        self.tab, self.name = tab, ""
        self.fetched, self.wide, self.complained, self.axe = [], [], [], []
        self.boxes = 0
        tab.on("request", self._request)
        tab.on("console", lambda message: message.type == "error" and self._complaint(message.text))
        tab.on("pageerror", lambda error: self._complaint(str(error)))

    def _request(self, request):
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.fetched.append(f"{self.name} asks for {request.url}")

    def _complaint(self, text):
        self.complained.append(f"{self.name} complains: {text}")

    def page(self, path: Path, name: str):
        """Meet one on a large screen in the light theme and on a phone in the dark one.

        Colours belong to the theme and layouts to the width: two of the four pairs see all of both.
        """
        self.name = name
        visit(self.tab, path, "light", 1200)
        self._widths(code_scrolls=False)
        self._change("dark", 360)
        self._widths(code_scrolls=True)
        self._axe("dark")
        self._change("light", 1200)
        self._axe("light")

    def leads_on(self, path: Path, to: Path):
        """Meet one that only leads to another."""
        self.name = path.name
        self.tab.goto(path.as_uri())
        self.tab.wait_for_url(to.as_uri())

    def _change(self, theme, width):
        self.tab.emulate_media(color_scheme=theme)
        self.tab.set_viewport_size({"width": width, "height": 780})

    def _axe(self, theme):
        self.tab.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
        found = faults(self.tab, serious=True)
        if found:  # the page's scripts may still be busy with its new size
            self.tab.evaluate(RESIZED)
            found = faults(self.tab, serious=True)
        self.axe += [f"{self.name}, {theme}: {fault}" for fault in found]

    def _widths(self, code_scrolls):
        found, boxes = too_wide(self.tab, code_scrolls)
        self.wide += [f"{self.name}: {fault}" for fault in found]
        self.boxes += boxes


@pytest.fixture(scope="module")
def meeting(book, chromium):
    context = chromium.new_context()
    context.add_init_script(WIDE_SCRIPT)
    meeting = Meeting(context.new_page())
    for page in pages(book):
        meeting.page(page, page.relative_to(book).as_posix())
    meeting.leads_on(book / "index.html", book / "book/index.html")
    context.close()
    return meeting


def test_pages_fetch_nothing(meeting):
    assert not meeting.fetched, "\n".join(meeting.fetched)


def test_pages_complain_of_nothing(meeting):
    assert not meeting.complained, "\n".join(meeting.complained)


def test_nothing_is_wider_than_its_place_but_code_on_a_phone_and_tables_in_a_box(meeting):
    assert not meeting.wide, "\n".join(meeting.wide)
    assert meeting.boxes > 0


def test_axe_finds_nothing_serious(meeting):
    assert not meeting.axe, "\n".join(meeting.axe)


def test_long_imports_are_folded_and_unfold(book, tab):
    visit(tab, book / "notebooks/02-lstm-gru-gates.html")
    folded = tab.locator("details.hide:has-text('Imports')")
    assert folded.count() == 1 and not folded.get_by_text("negate_update_gate").is_visible()
    folded.get_by_text("Imports", exact=True).click()
    assert folded.get_by_text("negate_update_gate").is_visible()
    assert tab.locator(".cell_input:visible pre", has_text="import pandas as pd").count() == 1, "short ones stay"
    switch = tab.get_by_role("button", name="Show all code")
    switch.click()
    assert tab.locator("details.hide:not([open])").count() == 0
    tab.reload()
    expect(tab.locator("details.hide:not([open])"), "it is remembered").to_have_count(0)
    tab.get_by_role("button", name="Hide code").click()
    assert tab.locator("details.hide[open]").count() == 0


def test_what_a_picture_shows_stands_below_it(book, tab):
    visit(tab, book / "notebooks/04-attention.html")
    pictures = tab.locator(".cell_output .rnn2attn-figure")
    assert pictures.count() > 2
    for picture in pictures.all():
        caption = picture.locator("xpath=following::p[@class='shows'][1]")
        assert caption.inner_text() == picture.get_attribute("aria-label")


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
        assert not blocking, (page, blocking)


# The whole way by keyboard: each stop as the reader sees it, None at the end of the page.
STOP = """() => {
  const stop = document.activeElement;
  if (stop === document.body) return null;
  const seen = stop.querySelector(":scope > .toctree-toggle") ?? stop;  // in a summary that has no height of its own
  const box = seen.getBoundingClientRect(), style = getComputedStyle(seen);
  let opacity = 1;
  for (let part = seen; part; part = part.parentElement) opacity *= getComputedStyle(part).opacity;
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1 || style.boxShadow !== "none";
  const inside = box.width * box.height > 0 && box.top >= -1 && box.bottom <= innerHeight + 1 && box.left >= -1;
  const visible = ring && inside && opacity > 0.9;
  return { name: stop.outerHTML.slice(0, 120), visible, article: !!stop.closest("article") };
}"""


@pytest.mark.parametrize(("page", "width"), [("book/evidence", 1280), ("book/how-to-use", 360)])
def test_the_keyboard_reaches_everything_and_the_focus_is_seen(book, tab, page, width):
    visit(tab, book / f"{page}.html", "light", width)
    tab.emulate_media(reduced_motion="reduce")
    unseen, reached = [], 0
    while True:
        tab.keyboard.press("Tab")
        stop = tab.evaluate(STOP)
        if stop is None:
            break
        reached += stop["article"]
        if not stop["visible"]:
            unseen.append(stop["name"])
        assert reached < 1000, "the keyboard is caught"
    there = "article :is(a[href], button, input, select, summary, [tabindex='0']):not([tabindex='-1']):visible"
    assert reached == tab.locator(there).count() >= 3
    assert not unseen, "\n".join(unseen)


def test_nothing_moves_where_the_reader_asks_for_no_motion(book, tab):
    visit(tab, book / "book/how-to-use.html")
    moving = """[...document.querySelectorAll("*")].filter((e) => [null, "::before", "::after"].some((part) => {
      const style = getComputedStyle(e, part);
      const still = style.animationName === "none" && style.scrollBehavior !== "smooth";
      return !still || /[1-9]/.test(style.transitionDuration);
    })).map((e) => e.outerHTML.slice(0, 80))"""
    assert tab.evaluate(moving), "there is motion to be taken away"
    tab.emulate_media(reduced_motion="reduce")
    assert tab.evaluate(moving) == []


# Cumulative layout shift; up to 0.1 it is called good: https://web.dev/articles/cls
@pytest.mark.parametrize("page", ["book/index", "book/evidence", "notebooks/04-attention"])
def test_formulas_and_pictures_appear_without_a_jump(book, chromium, page):
    context = chromium.new_context(viewport={"width": 412, "height": 823})
    context.add_init_script(SHIFTS)
    tab = context.new_page()
    tab.goto((book / f"{page}.html").as_uri())
    arrive(tab)
    assert tab.evaluate("window.shift") <= 0.05
    context.close()


FORMULAS = """all => all.map((formula) => {
  const { width, height } = formula.getBoundingClientRect();
  return [getComputedStyle(formula).fontFamily, width, height / parseFloat(getComputedStyle(formula).fontSize)];
})"""


def test_formulas_stand_without_a_script_and_are_of_one_size(book, chromium):
    page = (book / "notebooks/04-attention.html").as_uri()
    sizes = []
    for ratio in (1, 1.25, 2):
        context = chromium.new_context(java_script_enabled=False, device_scale_factor=ratio)
        tab = context.new_page()
        tab.goto(page)
        tab.evaluate("document.fonts.ready")
        assert tab.evaluate("document.fonts.check('16px \"Book Maths\"', '√∑σ')")
        found = tab.locator("article math").evaluate_all(FORMULAS)
        assert len(found) > 60 and all(width > 1 and height > 0.5 for _, width, height in found)
        assert {family.split(",")[0] for family, _, _ in found} == {'"Book Maths"'}
        sizes.append([round(height, 1) for _, _, height in found])
        context.close()
    assert sizes[0] == sizes[1] == sizes[2]


def test_a_link_to_a_claim_leads_there(book, chromium):
    page = book / "notebooks/04-attention.html"
    anchors = re.findall(r'id="(claim-[\w-]+)"', page.read_text(encoding="utf-8"))
    assert len(anchors) > 6
    for anchor in anchors[2::4]:
        tab = chromium.new_page(viewport={"width": 360, "height": 780})
        tab.goto(f"{page.as_uri()}#{anchor}")
        arrive(tab)  # what is set above the place may move it
        top = tab.locator(f"#{anchor}").evaluate("e => e.getBoundingClientRect().top")
        assert 0 <= top < 200, (anchor, top)
        tab.close()


def test_icons_are_drawn_from_the_cut_fonts(book, tab):
    """Every icon on the page has a glyph: a missing one would be as wide as the font's box for it, or nothing."""
    visit(tab, book / "notebooks/01-rnn-gradients.html")
    tab.wait_for_function("document.fonts.status === 'loaded'")
    fonts = "[...document.fonts].filter(f => /Awesome/.test(f.family) && f.status === 'error').length"
    assert tab.evaluate(fonts) == 0
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


@pytest.mark.parametrize("chapter", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_sliders_of_a_chapter_move_its_pictures_and_say_so(book, tab, chapter):
    visit(tab, book / f"notebooks/{chapter.stem}.html", "dark", 360)
    figures = tab.locator("figure.rnn2attn-explore")
    cells = nbformat.read(chapter, as_version=4).cells
    assert figures.count() == sum(bool(re.search(r"^explore\(", cell.source, re.MULTILINE)) for cell in cells)
    controls = [figure.get_by_role("slider").all() or [figure.get_by_role("radio").first] for figure in figures.all()]
    for one_each in zip_longest(*controls):
        for figure, control in zip(figures.all(), one_each, strict=True):
            if control is None:
                continue
            picture = figure.locator("[role=img]")
            said, drawn = picture.get_attribute("aria-label"), picture.inner_html()
            control.focus()
            at_start = control.get_attribute("min") in (None, control.input_value())
            tab.keyboard.press("ArrowRight" if at_start else "ArrowLeft")
            expect(picture).not_to_have_attribute("aria-label", said)
            assert picture.inner_html() != drawn
        for figure in figures.all():  # it is told half a second after
            label = figure.locator("[role=img]").get_attribute("aria-label")
            expect(figure.locator("p[role=status]")).to_have_text(label)


def test_the_favicon_and_the_logo_are_there(book):
    html = (book / "book/index.html").read_text(encoding="utf-8")
    for href in re.findall(r'<link rel="icon" href="([^"]*)"|<img src="([^"]*logo[^"]*)"', html):
        assert (book / "book" / "".join(href)).resolve().is_file(), href
    assert '<link rel="icon"' in html


def test_a_page_is_readable_without_javascript(book, chromium):
    tab = chromium.new_page(viewport={"width": 360, "height": 780}, java_script_enabled=False)
    tab.goto((book / "notebooks/01-rnn-gradients.html").as_uri())
    assert "Crossing the line" in tab.locator("main").inner_text()
    tab.goto((book / "notebooks/01b-through-time.html").as_uri())
    assert tab.locator("main .rnn2attn-figure svg:visible").count() >= 4
    tab.close()


def test_every_page_of_the_contents_was_built(book):
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    for name in re.findall(r"(?:file|root): (\S+)", toc):
        assert (book / f"{name}.html").is_file(), name
