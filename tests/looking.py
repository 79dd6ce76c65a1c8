"""How tests look at a page: with what is near arrived, in fonts as wide as any, and with the eyes of axe."""

import base64
import re
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from playwright.sync_api import expect


def visit(tab, page: Path, theme: str = "light", width: int = 1280):
    """Open a built page from disk in a tab, whatever the tab showed before; the first formulas are set."""
    tab.emulate_media(media="screen", color_scheme=theme, reduced_motion="no-preference")
    tab.set_viewport_size({"width": width, "height": 780})
    tab.goto(page.as_uri())
    return tab


# The pictures no further away than a screen are there, and so are the fonts.
ARRIVED = """() => {
  const near = ({ top, bottom }) => bottom > -innerHeight && top < 2 * innerHeight;
  const awaited = [...document.querySelectorAll("article img")]
    .filter((part) => part.checkVisibility() && near(part.getBoundingClientRect()) && !part.complete);
  return document.readyState === "complete" && document.fonts.status === "loaded" && !awaited.length;
}"""
# The page has been drawn since it was asked. As something waited for: what is evaluated is waited for without an end.
PAINTED = """new Promise((drawn) => requestAnimationFrame(() =>
  requestAnimationFrame(() => setTimeout(() => drawn(true)))))"""


def arrive(tab):
    """Wait until what is near is there, and drawn."""
    tab.wait_for_function(ARRIVED)
    tab.wait_for_function(PAINTED)


def search(tab, words: str):
    """Search as a reader does: Ctrl K, the words, Enter; then be on the page of this search."""
    tab.wait_for_function("document.readyState === 'complete'")  # the theme listens for the keys by then
    tab.keyboard.press("Control+k")
    expect(tab.locator("input[name=q]:focus")).to_be_visible()
    tab.keyboard.type(words)
    tab.keyboard.press("Enter")
    tab.wait_for_url(lambda url: parse_qs(urlsplit(url).query).get("q") == [words])


# Fonts of the tests' own, so that no width depends on what a machine has installed. Every sign of the first is as
# wide as those of Verdana Bold are on average, the widest that pages are commonly read in; code is as wide as in any
# monospaced font.
WIDE, WIDE_CODE = 0.75, 0.61


def _font(em: float) -> str:
    pen = TTGlyphPen(None)
    pen.moveTo((50, 0))
    pen.lineTo((300, 700))
    pen.lineTo((550, 0))
    pen.closePath()
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", "sign"])
    font.setupCharacterMap(dict.fromkeys([*range(0x20, 0x530), *range(0x2000, 0x2C00)], "sign"))
    font.setupGlyf(dict.fromkeys((".notdef", "sign"), pen.glyph()))
    font.setupHorizontalMetrics(dict.fromkeys((".notdef", "sign"), (round(1000 * em), 50)))
    font.setupHorizontalHeader(ascent=930, descent=-240)
    font.setupNameTable({"familyName": "Wide", "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    file = BytesIO()
    font.save(file)
    return f"url(data:font/ttf;base64,{base64.b64encode(file.getvalue()).decode()})"


WIDE_STYLE = f"""<style>
@font-face {{ font-family: Wide; font-weight: 100 900; src: {_font(WIDE)} }}
@font-face {{ font-family: Wide-code; font-weight: 100 900; src: {_font(WIDE_CODE)} }}
:root {{
  --pst-font-family-base: Wide !important;
  --pst-font-family-heading: Wide !important;
  --pst-font-family-monospace: Wide-code !important;
}}
body {{ font-family: Wide !important }}
:is(pre, code, kbd, samp, tt) {{ font-family: Wide-code }}
</style>"""
# As a script, for contexts: it puts the fonts into each page as soon as there is a place for them.
WIDE_SCRIPT = f"""new MutationObserver((changes, watch) => {{
  if (!document.head) return;
  document.head.insertAdjacentHTML("beforeend", `{WIDE_STYLE}`);
  watch.disconnect();
}}).observe(document, {{ childList: true, subtree: true }})"""

# Whatever is wider than its own box, and how the box deals with it.
WIDER = """() => [...document.querySelectorAll("main :is(pre, table, p, li, dt, dd, figure, h1, h2, h3, div.math,"
    + ".output, .pst-scrollable-table-container, [role=group])")]
  .filter((e) => e.checkVisibility() && e.clientWidth && e.scrollWidth > e.clientWidth + 1)
  .map((e) => ({
    is: e.matches("pre") ? "code" : e.querySelector("table") ? "table" : e.matches(".math") ? "math" : "prose",
    scrolls: ["auto", "scroll"].includes(getComputedStyle(e).overflowX),
    reached: e.tabIndex === 0,
    name: e.getAttribute("role") === "group" ? e.getAttribute("aria-label") : "",
    text: e.textContent.trim().slice(0, 60),
  }))"""
# The page's scripts look for what scrolls when resizing has ended, the theme's 0.3 s after its last sign. A later
# timer of the page itself runs out after theirs, however slow the machine is.
RESIZED = "new Promise((seen) => { dispatchEvent(new Event('resize')); setTimeout(seen, 600); })"


def too_wide(tab, code_scrolls: bool = True) -> tuple[list[str], int]:
    """What is wider than its place, in the wide fonts, and the number of tables that scroll.

    Nothing may be but code and formulas that the keyboard reaches, and tables that it reaches in a box with a name.
    """
    fonts = tab.evaluate(
        "[...document.querySelectorAll('main :is(h1, p, pre)')].map(e => getComputedStyle(e).fontFamily)"
    )
    assert fonts and all(font.startswith("Wide") for font in fonts), fonts
    tab.wait_for_function("document.fonts.status === 'loaded'")
    if _too_wide(tab, code_scrolls)[0]:
        tab.evaluate(RESIZED)
    return _too_wide(tab, code_scrolls)


def _too_wide(tab, code_scrolls):
    width, found = tab.viewport_size["width"], []
    if (page := tab.evaluate("document.documentElement.scrollWidth")) > width:
        found.append(f"the page is {page} px wide on a screen of {width}")
    parts = tab.evaluate(WIDER)
    for part in parts:
        named = part["is"] != "table" or re.fullmatch(r"Table, scrolls sideways: \S.*", part["name"])
        fits = part["is"] != "prose" and part["scrolls"] and part["reached"] and named
        if not fits or (part["is"] == "code" and not code_scrolls):
            found.append(f"on a screen of {width}: {part}")
    return found, sum(part["is"] == "table" for part in parts)


# A page of code and formulas has ten thousand elements that are alike, and axe takes its time for each. Of the tokens
# of one class, the first stays one; of formulas, the first two.
SIMPLER = """() => {
  const seen = new Set();
  for (const token of document.querySelectorAll("main pre span[class]")) {
    const key = token.closest("div.highlight, .output")?.className + token.className;
    if (seen.has(key)) token.replaceWith(...token.childNodes);
    seen.add(key);
  }
  for (const formula of [...document.querySelectorAll("math")].slice(2)) formula.replaceChildren();
}"""
# Of texts that look the same before the same ground, axe measures the contrast of the first. What is taken out of
# the flow may lie on anything, and stands for itself.
LOOKED_AT = """() => {
  const grounds = new Map(), seen = new Set();
  function ground(element) {
    if (!element) return "";
    if (!grounds.has(element)) {
      const { backgroundColor, backgroundImage, opacity, mixBlendMode, filter, position } = getComputedStyle(element);
      const own = [backgroundColor, backgroundImage, opacity, mixBlendMode, filter].join();
      let behind = ground(element.parentElement);
      if (own !== "rgba(0, 0, 0, 0),none,1,normal,none") behind += own;
      if (["absolute", "fixed", "sticky"].includes(position)) behind += `apart ${grounds.size}`;
      grounds.set(element, behind);
    }
    return grounds.get(element);
  }
  for (const element of document.body.querySelectorAll("*")) {
    element.removeAttribute("data-looked-at");
    const written = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!written && !element.matches("input, select, textarea")) continue;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const { color, fontSize, fontWeight, textShadow } = getComputedStyle(element);
    const key = [ground(element), color, fontSize, fontWeight, textShadow].join();
    if (!seen.has(key)) element.setAttribute("data-looked-at", "");
    seen.add(key);
  }
}"""
AXE = AXE_SCRIPT + "; axe.configure({ rules: [{ id: 'color-contrast', selector: '[data-looked-at]' }] })"


def faults(tab, within: str = "html", *, serious: bool = False) -> list[str]:
    """What axe finds in the part of a page that a selector names: all, or what is serious or critical alone.

    Afterwards the page has lost most of the formulas and colours of code that it had.
    """
    if not tab.evaluate("'axe' in window"):
        tab.evaluate(AXE)
    tab.evaluate(SIMPLER)
    tab.evaluate(LOOKED_AT)
    options = {"preload": False, "resultTypes": ["violations"]}
    if serious:
        options["rules"] = {"region": {"enabled": False}}  # which is moderate, and slow
    run = "([within, options]) => axe.run(within, options).then((result) => result.violations)"
    return [
        f"{rule['id']}: {rule['help']}: {'; '.join(node['html'][:120] for node in rule['nodes'][:3])}"
        for rule in tab.evaluate(run, [within, options])
        if not serious or rule["impact"] in ("serious", "critical")
    ]
