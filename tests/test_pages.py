"""Every built page in a real browser: nothing fetched, nothing wider than a phone, nothing that axe finds serious."""

import re
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from fontTools.ttLib import TTFont
from playwright.sync_api import expect

from building import ROOT

pytestmark = pytest.mark.browser


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
        tab.locator(".math").first.evaluate("formula => formula.scrollIntoView()")
        tab.wait_for_selector("html[data-maths=set]")
        tab.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    return tab


def pages(book: Path) -> list[Path]:
    # The 404 page is at home on a server alone: test_book_site.py sees it there.
    found = sorted(page for page in book.rglob("*.html") if "_static" not in page.parts and page.name != "404.html")
    assert len(found) >= 8, found
    return found


# Whatever is wider than its own box, and how the box deals with it.
WIDE = """() => [...document.querySelectorAll("main pre, main table, main p, main li, main dt, main dd, main figure,"
    + "main h1, main h2, main h3, main div.math, main .output, main .pst-scrollable-table-container")]
  .filter((e) => e.checkVisibility() && e.clientWidth && e.scrollWidth > e.clientWidth + 1)
  .map((e) => ({
    is: e.matches("pre") ? "code" : e.querySelector("table") ? "table" : e.matches(".math") ? "math" : "prose",
    scrolls: ["auto", "scroll"].includes(getComputedStyle(e).overflowX),
    reached: e.tabIndex === 0,
    name: e.getAttribute("role") === "group" ? e.getAttribute("aria-label") : "",
    text: e.textContent.trim().slice(0, 60),
  }))"""

# axe looks at each of thousands of tokens of code; of those of one class, the first on a page is enough.
FIRST_TOKENS = """() => {
  const seen = new Set();
  for (const token of document.querySelectorAll("main pre span[class]")) {
    const key = token.closest("div.highlight, .output")?.className + token.className;
    if (seen.has(key)) token.replaceWith(...token.childNodes);
    seen.add(key);
  }
}"""


class Meeting:
    """What was found on all pages: faults by what they are against, and how many tables have boxes that scroll."""

    def __init__(self):
        self.fetched, self.wide, self.complained, self.axe = [], [], [], []
        self.boxes = 0

    def page(self, tab, name, theme):
        """Meet one, open in a tab of 1280 pixels (light) or 360 (dark)."""
        assert tab.evaluate("document.documentElement.dataset.theme") in (theme, None)
        tab.evaluate(FIRST_TOKENS)
        for violation in Axe().run(tab, options={"preload": False}).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                where = "; ".join(node["html"][:120] for node in violation["nodes"][:3])
                self.axe.append(f"{name}, {theme}: {violation['id']}: {violation['help']}: {where}")
        if theme == "light":
            tab.set_viewport_size({"width": 1200, "height": 780})
        self.widths(tab, name, tab.viewport_size["width"])
        if theme == "light":  # once, with every formula set, and not only those that are near
            tab.evaluate("dispatchEvent(new Event('beforeprint'))")
        self.fetched += [f"{name} asks for {url}" for url in tab.foreign]
        self.complained += [f"{name} complains: {text}" for text in tab.complaints]

    def widths(self, tab, name, width):
        if (found := tab.evaluate("document.documentElement.scrollWidth")) > width:
            self.wide.append(f"{name} is {found} px wide on a screen of {width}")
        for found in tab.evaluate(WIDE):
            self.boxes += found["is"] == "table"
            fits = found["scrolls"] and found["reached"]
            named = found["is"] != "table" or re.fullmatch(r"Table, scrolls sideways: \S.*", found["name"])
            if found["is"] == "prose" or not (fits and named) or (found["is"] == "code" and width == 1200):
                self.wide.append(f"{name}, at {width}: {found}")


@pytest.fixture(scope="module")
def meeting(book, chromium):
    """Colours belong to the theme and layouts to the width: two of the four pairs see all of both."""
    meeting = Meeting()
    for page in pages(book):
        for theme, width in (("light", 1280), ("dark", 360)):
            tab = visit(chromium, page, theme, width)
            if tab.url == page.as_uri():  # not the redirect at the root
                meeting.page(tab, page.relative_to(book), theme)
            tab.context.close()
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


def test_long_imports_are_folded_and_unfold(book, chromium):
    tab = visit(chromium, book / "notebooks/02-lstm-gru-gates.html", "light", 1280)
    folded = tab.locator("details:has(.cell_input):has-text('Show the imports')")
    assert folded.count() == 1 and not folded.get_by_text("negate_update_gate").is_visible()
    folded.locator("summary").click()
    assert folded.get_by_text("negate_update_gate").is_visible()
    assert tab.locator(".cell_input:visible pre", has_text="import pandas as pd").count() == 1, "short ones stay"
    tab.context.close()


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
def test_the_keyboard_reaches_everything_and_the_focus_is_seen(book, chromium, page, width):
    tab = visit(chromium, book / f"{page}.html", "light", width)
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
    there = tab.locator("article :is(a[href], button, input, select, summary, [tabindex='0'])")
    assert reached == sum(stop.is_visible() for stop in there.all()) >= 3
    assert not unseen, "\n".join(unseen)
    tab.context.close()


def test_nothing_moves_where_the_reader_asks_for_no_motion(book, chromium):
    tab = visit(chromium, book / "book/how-to-use.html", "light", 1280)
    moving = """[...document.querySelectorAll("*")].filter((e) => [null, "::before", "::after"].some((part) => {
      const style = getComputedStyle(e, part);
      const still = style.animationName === "none" && style.scrollBehavior !== "smooth";
      return !still || /[1-9]/.test(style.transitionDuration);
    })).map((e) => e.outerHTML.slice(0, 80))"""
    assert tab.evaluate(moving), "there is motion to be taken away"
    tab.emulate_media(reduced_motion="reduce")
    assert tab.evaluate(moving) == []
    tab.context.close()


# Cumulative layout shift; up to 0.1 it is called good: https://web.dev/articles/cls
SHIFTS = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("page", ["book/index", "book/evidence", "notebooks/04-attention"])
def test_formulas_and_pictures_appear_without_a_jump(book, chromium, page):
    context = chromium.new_context(viewport={"width": 412, "height": 823})
    context.add_init_script(SHIFTS)
    tab = context.new_page()
    tab.goto((book / f"{page}.html").as_uri(), wait_until="networkidle")
    if tab.locator(".math").count():
        tab.wait_for_selector("html[data-maths=set]")
    assert tab.evaluate("window.shift") <= 0.05
    context.close()


def test_formulas_are_set_where_the_reader_is_and_not_elsewhere(book, chromium):
    tab = visit(chromium, book / "notebooks/04-attention.html", "light")
    formulas, waiting = tab.locator("article .math"), tab.locator("article .math:not(:has(mjx-container))")
    assert waiting.count() > formulas.count() / 2 > 50
    last = formulas.nth(-1)
    last.scroll_into_view_if_needed()
    expect(last.locator("mjx-container")).to_be_visible()
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert waiting.count() == 0
    tab.context.close()


def test_a_link_to_a_claim_leads_there_also_after_formulas_are_set(book, chromium):
    page = book / "notebooks/04-attention.html"
    anchors = re.findall(r'id="(claim-[\w-]+)"', page.read_text(encoding="utf-8"))
    assert len(anchors) > 12
    for anchor in anchors[2::8]:
        tab = chromium.new_page(viewport={"width": 360, "height": 780})
        tab.goto(f"{page.as_uri()}#{anchor}", wait_until="networkidle")
        tab.wait_for_selector("html[data-maths=set]")
        tab.wait_for_timeout(300)  # what is set above the place may move it
        top = tab.locator(f"#{anchor}").evaluate("e => e.getBoundingClientRect().top")
        assert 0 <= top < 200, (anchor, top)
        tab.close()


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


@pytest.mark.parametrize("chapter", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_sliders_of_a_chapter_move_its_pictures_and_say_so(book, chromium, chapter):
    tab = visit(chromium, book / f"notebooks/{chapter.stem}.html", "dark")
    figures = tab.locator("figure:has(input[type=range])")
    cells = nbformat.read(chapter, as_version=4).cells
    assert figures.count() == sum(bool(re.search(r"^explore\(", cell.source, re.MULTILINE)) for cell in cells)
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
