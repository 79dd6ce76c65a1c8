"""Print the built book: a PDF of each page of the contents, and one of all, into _build/pdf: `make pdf`.

Chromium prints the pages as they are: a figure with sliders stands at its first place, folded answers are open. They
are printed under the book's public address, so that a link from one page to another leads to the book on the web.
"""

import argparse
import logging
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from chromium import chromium

ROOT = Path(__file__).resolve().parents[2]
NAME = "from-rnn-to-attention"
TITLE = "From RNN to Attention"
FEET = """<style>
  @page { size: A4; margin: 0 }
  body { margin: 0; font: 8.5pt sans-serif; color: #444 }
  div { height: 297mm; position: relative; break-inside: avoid }
  p { position: absolute; inset: auto 17mm 9mm; margin: 0; display: flex; justify-content: space-between }
</style>"""


def contents(toc: str) -> list[str]:
    """The names of the pages in the order of _toc.yml's text, as book/index."""
    return re.findall(r"(?:file|root): (\S+)", toc)


def publish(context: BrowserContext, html: Path) -> str:
    """Let a browser's context find the pages in html under the book's public address, and return this address.

    An address without a page gets the 404 page, as on GitHub Pages. Nothing is asked of the network.
    """
    page = (html / "book/index.html").read_text(encoding="utf-8")
    base = re.search(r'<link rel="canonical" href="([^"]+/)book/index\.html"', page)[1]

    def answer(route):
        file = html / route.request.url.removeprefix(base).partition("?")[0].partition("#")[0]
        found = route.request.url.startswith(base) and file.is_file()
        route.fulfill(path=file) if found else route.fulfill(status=404, path=html / "404.html")

    context.route("**/*", answer)
    return base


def printed(context: BrowserContext, address: str) -> bytes:
    """One page as PDF, on A4, with its headings as bookmarks."""
    tab = context.new_page()
    tab.goto(address)
    # The numbers at the feet are those of the whole document, and come when the parts are joined.
    tab.add_style_tag(content="@page { @bottom-right { content: none } }")
    # What is fetched need not be there when Chromium prints.
    there = "document.fonts.status === 'loaded' && [...document.images].every((picture) => picture.complete)"
    tab.wait_for_function(there)
    headings = tab.locator("article :is(h1, h2, h3, h4, h5, h6)")
    titles = headings.evaluate_all("all => all.map((heading) => heading.firstChild.textContent)")
    pdf = PdfWriter(clone_from=BytesIO(tab.pdf(prefer_css_page_size=True, outline=True, tagged=True)))
    tab.close()
    # Chromium writes titles twice, or without the space where they broke into two lines.
    for bookmark, title in zip(_below(pdf.get_outline_root()), titles, strict=True):
        bookmark[NameObject("/Title")] = TextStringObject(title)
    mended = BytesIO()
    pdf.write(mended)
    return mended.getvalue()


def _below(node: DictionaryObject) -> Iterator[DictionaryObject]:
    child = node.get("/First")
    while child:
        yield child.get_object()
        yield from _below(child.get_object())
        child = child.get_object().get("/Next")


def bound(browser: Browser, pdfs: list[bytes], title: str, target: Path) -> None:
    """Join documents into one with their bookmarks, the title and a number at the foot of every page."""
    writer = PdfWriter()
    for pdf in pdfs:
        writer.append(BytesIO(pdf))
    foot = "<div><p><span>{}</span><span>{}</span></p></div>".format
    tab = browser.new_page()
    tab.set_content(FEET + "".join(foot(title, number) for number in range(1, len(writer.pages) + 1)))
    feet = PdfReader(BytesIO(tab.pdf(prefer_css_page_size=True)))
    tab.close()
    for page, foot in zip(writer.pages, feet.pages, strict=True):
        page.merge_page(foot)
        page.compress_content_streams()
    writer.add_metadata({"/Title": title})
    writer.compress_identical_objects(remove_unreferenced=True)  # above all the fonts, which each document brings
    writer.write(target)


def print_book(browser: Browser, html: Path, names: list[str], folder: Path) -> Path:
    """Print the pages named, each into folder, and all of them into one file, which is returned.

    Raises:
        FileNotFoundError: one of the pages is not in html.
    """
    for name in names:
        if not (html / f"{name}.html").is_file():
            raise FileNotFoundError(f"there is no page {name} in {html}. First: make book")
    folder.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(color_scheme="light")
    address = publish(context, html)
    pdfs = []
    for name in names:
        pdfs.append(printed(context, f"{address}{name}.html"))
        (title, *_) = PdfReader(BytesIO(pdfs[-1])).outline
        target = folder / f"{'-'.join(Path(name).parts[1:])}.pdf"
        bound(browser, pdfs[-1:], f"{TITLE}: {title.title}", target)
        print(target.name, flush=True)
    context.close()
    whole = folder / f"{NAME}.pdf"
    bound(browser, pdfs, TITLE, whole)
    return whole


def main() -> None:
    """Print what _toc.yml names."""
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    logging.getLogger("pypdf").setLevel(logging.ERROR)  # which remarks on how Chromium counts its objects
    path = chromium()
    if path is None:
        sys.exit("Printing needs Chromium. To install it on Debian: make system")
    names = contents((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            whole = print_book(browser, ROOT / "_build/html", names, ROOT / "_build/pdf")
        except FileNotFoundError as error:
            sys.exit(str(error))
        browser.close()
    print(f"{whole.relative_to(ROOT)}, {len(PdfReader(whole).pages)} pages, {whole.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
