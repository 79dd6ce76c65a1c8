"""The book on paper: what is printed, what is not, and what stands at the foot of a page."""

import re
from io import BytesIO

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

import paper
from building import ROOT

NAMES = ["book/index", "book/notation"]
# The paper's width between its margins, in CSS pixels: 210 mm − 2 · 17 mm, at 96 to the inch.
WIDTH = 665


@pytest.fixture(scope="module")
def printed(book, chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pdf")
    paper.print_book(chromium, book, NAMES, folder)
    return {path.name: PdfReader(BytesIO(path.read_bytes())) for path in folder.iterdir()}


def titles(outline) -> list[str]:
    return [title for entry in outline for title in (titles(entry) if isinstance(entry, list) else [entry.title])]


def test_there_is_one_of_each_page_and_one_of_all(printed):
    assert set(printed) == {"index.pdf", "notation.pdf", "from-rnn-to-attention.pdf"}
    whole = printed["from-rnn-to-attention.pdf"]
    assert len(whole.pages) == len(printed["index.pdf"].pages) + len(printed["notation.pdf"].pages) > 2
    assert whole.metadata.title == "From RNN to Attention"
    assert printed["notation.pdf"].metadata.title == "From RNN to Attention: Notation"


def test_pages_are_a4_and_numbered_from_first_to_last(printed):
    for pdf in printed.values():
        for number, page in enumerate(pdf.pages, 1):
            assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
            assert page.extract_text().endswith(f" {number}"), page.extract_text()[-200:]


def test_headings_are_bookmarks_also_in_the_whole(printed, book):
    pages = [BeautifulSoup((book / f"{name}.html").read_text(encoding="utf-8"), "lxml") for name in NAMES]
    index, notation = ([h.get_text().rstrip("#") for h in page.select("article :is(h1, h2, h3)")] for page in pages)
    assert len(index) > 2 and len(notation) > 3
    assert titles(printed["index.pdf"].outline) == index
    assert titles(printed["notation.pdf"].outline) == notation
    assert titles(printed[f"{paper.NAME}.pdf"].outline) == index + notation


def test_no_navigation_is_printed_and_links_lead_to_the_web(printed):
    whole = printed["from-rnn-to-attention.pdf"]
    text = "\n".join(page.extract_text() for page in whole.pages)
    assert not re.search(r"Search|Contents|Previous|Skip to main|Report an error|Launch|Back to top", text)
    links = {
        annotation["/A"]["/URI"]
        for page in whole.pages
        for annotation in page.get("/Annots", [])
        if "/URI" in annotation.get("/A", {})
    }
    assert any(link.endswith("/rnn2attn/book/evidence.html") for link in links), links
    assert all(link.startswith("https://") for link in links), links


def test_formulas_are_printed_as_formulas(printed):
    text = "\n".join(page.extract_text() for page in printed["notation.pdf"].pages)
    assert not re.search(r"\\\(|\\[a-z]{3}|\$", text)


def test_figures_are_printed_in_their_wide_form(book, chromium):
    context = chromium.new_context()
    name = "notebooks/05-spatial-attention.html"
    pdf = PdfReader(BytesIO(paper.printed(context, paper.publish(context, book) + name)))
    context.close()
    text = "".join(page.extract_text() for page in pdf.pages)
    wide = BeautifulSoup((book / name).read_text(encoding="utf-8"), "lxml").select(".rnn2attn-figure > .wide")
    assert len(wide) > 4 and all(figure.select_one("text").get_text() in text for figure in wide)
    pictures = {picture["href"] for figure in wide for picture in figure.select("image")}
    assert len({image.data for page in pdf.pages for image in page.images}) >= len(pictures) > 4


def test_nothing_of_a_chapter_is_cut_off_or_closed_on_paper(book, chromium):
    context = chromium.new_context(viewport={"width": WIDTH, "height": 900})
    tab = context.new_page()
    tab.emulate_media(media="print")
    tab.goto((book / "notebooks/01-rnn-gradients.html").as_uri())
    for kind in ("pre", "table", "div.math", ".rnn2attn-figure", "figure"):
        assert tab.locator(f"article {kind}").count(), kind
    assert tab.evaluate("document.documentElement.scrollWidth") <= WIDTH
    cut = tab.evaluate(
        """[...document.querySelectorAll("article :is(div, figure, pre, table)")]
             .filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1
                          && ["auto", "scroll", "hidden"].includes(getComputedStyle(e).overflowX))
             .filter(e => !e.closest(".visually-hidden, [role=status]"))
             .map(e => `${e.tagName}.${e.className}: ${e.textContent.slice(0, 60)}`)"""
    )
    assert not cut, "\n".join(cut)
    visible = "all => all.map((e) => e.checkVisibility())"
    assert not any(tab.locator("input, button, .bd-sidebar, .prev-next-footer").evaluate_all(visible))
    answers = tab.locator("article details:not(.hide) > :not(summary)").evaluate_all(visible)
    assert len(answers) > 3 and all(answers)
    assert tab.locator("article h1").is_visible()
    context.close()


def test_a_page_that_was_not_built_is_named(book, chromium, tmp_path):
    with pytest.raises(FileNotFoundError, match="book/nothing"):
        paper.print_book(chromium, book, ["book/index", "book/nothing"], tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_order_is_that_of_the_contents():
    names = paper.contents((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    assert names[0] == "book/index" and "notebooks/01-rnn-gradients" in names
