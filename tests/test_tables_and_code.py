"""What is wide: prose never, code not on a wide screen, a table in a box of its own; and long imports are folded."""

import re

import pytest

from test_pages import visit

pytestmark = pytest.mark.browser

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


def pages(book):
    return [*sorted((book / "book").rglob("*.html")), *sorted((book / "notebooks").glob("*.html"))]


def test_nothing_is_wider_than_its_place_but_code_on_a_phone_and_tables_in_a_box(book, chromium):
    faults, boxes = [], {360: 0, 1200: 0}
    for page in pages(book):
        tab = visit(chromium, page, "light")
        for width in boxes:
            tab.set_viewport_size({"width": width, "height": 780})
            for found in tab.evaluate(WIDE):
                boxes[width] += found["is"] == "table"
                fits = found["scrolls"] and found["reached"]
                named = found["is"] != "table" or re.fullmatch(r"Table, scrolls sideways: \S.*", found["name"])
                if found["is"] == "prose" or not (fits and named) or (found["is"] == "code" and width == 1200):
                    faults.append(f"{page.name}, at {width}: {found}")
            if tab.evaluate("document.documentElement.scrollWidth") > width:
                faults.append(f"{page.name} is wider than {width}")
        tab.context.close()
    assert not faults, "\n".join(faults)
    assert boxes[360] > 0


def test_long_imports_are_folded_and_unfold(book, chromium):
    tab = visit(chromium, book / "notebooks/02-lstm-gru-gates.html", "light", 1280)
    folded = tab.locator("details:has(.cell_input):has-text('Show the imports')")
    assert folded.count() == 1 and not folded.get_by_text("negate_update_gate").is_visible()
    folded.locator("summary").click()
    assert folded.get_by_text("negate_update_gate").is_visible()
    assert tab.locator(".cell_input:visible pre", has_text="import pandas as pd").count() == 1, "short ones stay"
    tab.context.close()
