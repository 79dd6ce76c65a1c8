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
        tab.wait_for_selector("html[data-maths=set]")
    return tab


def pages(book: Path) -> list[Path]:
    # The 404 page is at home on a server alone: test_book_site.py sees it there.
    found = sorted(page for page in book.rglob("*.html") if "_static" not in page.parts and page.name != "404.html")
    assert len(found) >= 8, found
    return found


@pytest.mark.parametrize("theme", THEMES)
def test_pages_fetch_nothing_fit_a_phone_and_complain_of_nothing(book, chromium, theme):
    faults = []
    for page in pages(book):
        tab = visit(chromium, page, theme)
        name = page.relative_to(book)
        if theme == "light":  # once, with every formula set, and not only those that are near
            tab.evaluate("dispatchEvent(new Event('beforeprint'))")
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


@pytest.mark.parametrize("page", ["book/index", "notebooks/04-attention"])
def test_formulas_and_pictures_appear_without_a_jump(book, chromium, page):
    context = chromium.new_context(viewport={"width": 412, "height": 823})
    context.add_init_script(SHIFTS)
    tab = context.new_page()
    tab.goto((book / f"{page}.html").as_uri(), wait_until="networkidle")
    if tab.locator(".math").count():
        tab.wait_for_selector("html[data-maths=set]")
    assert tab.evaluate("window.shift") <= 0.1
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
    for anchor in anchors[2::4]:
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


@pytest.mark.parametrize(
    ("chapter", "count"),
    [
        ("01-rnn-gradients", 3),
        ("02-lstm-gru-gates", 3),
        ("03-seq2seq-bottleneck", 3),
        ("04-attention", 2),
        ("05-spatial-attention", 1),
        ("06-self-attention", 3),
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
