"""Measure what of a built chapter is text, code and pictures, and how far a reader has to go: `make extent`.

The pages are served, since a font that is asked for ahead comes in time from a server, and not from a file.
"""

import argparse
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from playwright.sync_api import Browser, sync_playwright

from chromium import chromium
from lighthouse import Compressing

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = ("height, px", "open code, %", "first picture at, px", "stops before questions", "CLS at 360 px")
EXTENT = """() => {
  const article = document.querySelector("article");
  const top = (element) => element.getBoundingClientRect().top + scrollY;
  const seen = [...article.querySelectorAll(".cell_input")].filter((cell) => cell.checkVisibility());
  const code = seen.reduce((sum, cell) => sum + cell.getBoundingClientRect().height, 0);
  const pictures = article.querySelectorAll("img, figure, .cell_output svg:not(button *, .claim *)");
  const picture = [...pictures].find((one) => one.checkVisibility());
  const questions = [...article.querySelectorAll("h2")].find((head) => head.textContent.includes("Questions"));
  const stops = [...article.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
    .filter((stop) => stop.checkVisibility({ visibilityProperty: true }) && stop.tabIndex >= 0)
    .filter((stop) => !questions || stop.compareDocumentPosition(questions) & Node.DOCUMENT_POSITION_FOLLOWING);
  const height = article.getBoundingClientRect().height;
  return [height, (100 * code) / height, picture ? top(picture) : Infinity, stops.length].map(Math.round);
}"""
SHIFTS = """window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });"""


def extent(browser: Browser, address: str) -> list[float]:
    """The numbers of `COLUMNS` for the page there: the first four on a screen of 1280 px, jumps on a phone."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.goto(address)
    found = tab.evaluate(EXTENT)
    tab.close()
    tab = browser.new_page(viewport={"width": 360, "height": 780})
    tab.add_init_script(SHIFTS)
    tab.goto(address)
    for y in range(0, tab.evaluate("document.documentElement.scrollHeight"), 700):
        tab.evaluate("y => scrollTo({ top: y, behavior: 'instant' })", y)
        tab.wait_for_timeout(20)
    found.append(round(tab.evaluate("window.shift"), 3))
    tab.close()
    return found


def main() -> None:
    """Print a line for each chapter of the built book."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, default=ROOT / "_build/html", help="the built pages")
    folder = parser.parse_args().pages
    pages = sorted(folder.glob("notebooks/[0-9][0-9]*-*.html"))
    if not pages:
        parser.error("there is no built chapter. First: make book")
    print(f"{'':26}", *(f"{column:>24}" for column in COLUMNS))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Compressing, directory=folder))
    Thread(target=server.serve_forever, daemon=True).start()
    with server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for page in pages:
            found = extent(browser, f"http://127.0.0.1:{server.server_port}/{page.relative_to(folder)}")
            print(f"{page.stem:26}", *(f"{number:24}" for number in found))
        server.shutdown()


if __name__ == "__main__":
    main()
