"""Search as a reader uses it: typed into the field, in English and Korean, from a server and from an unpacked zip."""

import gzip
import json
import re
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from zipfile import ZipFile

import nbformat
import pytest
from playwright.sync_api import expect

import pack
from building import ROOT
from looking import search, visit

# What is typed, and the end of the address that the first result has. No page has these Korean words as typed.
FIRST = {
    "why sqrt d_k": "notebooks/06-self-attention.html#why-divide-by-sqrt-d-k-once-more",
    "teacher forcing": "glossary.html#term-teacher-forcing",
    "atention": "glossary.html#term-attention",  # misspelt
    "forget ga": "glossary.html#term-forget-gate",  # half a word
    "c27": "evidence.html#c27",
    "회귀": "glossary.html#term-free-running",  # the end of 자기회귀
    "디코더를": "glossary.html#term-decoder",  # with a particle
    "LSTM에서는": "glossary.html#term-LSTM",
}
TWO = ["teacher forcing", "디코더를"]
SHOWN = "#pst-search-dialog .found a"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def served(book):
    """The book's address on a server of this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=book)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def unpacked(book, tmp_path_factory):
    """The book's address on a disk, where its zip was unpacked in a folder with a space and Hangul in its name."""
    folder = tmp_path_factory.mktemp("내려받은 책")
    with ZipFile(pack.pack(book, folder)) as archive:
        archive.extractall(folder)
    (root,) = (path for path in folder.iterdir() if path.is_dir())
    return root.as_uri() + "/"


@pytest.mark.parametrize("where", ["served", "unpacked"])
def test_search_finds_while_one_types_and_opens_at_the_passage(chromium, where, request):
    address = request.getfixturevalue(where)
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    tab = context.new_page()
    foreign, complaints = [], []
    tab.on("request", lambda r: r.url.startswith((address, "data:")) or foreign.append(r.url))
    tab.on("console", lambda m: m.type == "error" and complaints.append(m.text))
    tab.on("pageerror", lambda e: complaints.append(str(e)))
    tab.goto(address + "index.html")
    tab.wait_for_url("**/book/index.html")
    tab.wait_for_function("document.readyState === 'complete'")
    tab.keyboard.press("Control+k")
    for query in FIRST if where == "served" else TWO:  # the index is the same
        tab.locator("input[name=q]:focus").fill(query)
        place = re.compile(re.escape(FIRST[query]) + "(:~:text=.*)?$")
        expect(tab.locator(SHOWN).first, query).to_have_attribute("href", place)
    tab.locator("input[name=q]:focus").fill("called it teacher forcing")
    expect(tab.locator(SHOWN).first).to_have_attribute("href", re.compile("#teacher-forcing:~:text=Zipser.*called"))
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/03-seq2seq-bottleneck.html#teacher-forcing")
    expect(tab.locator("p", has_text="called it teacher forcing")).to_be_in_viewport()
    context.close()
    assert not foreign + complaints


def test_the_page_of_results_shows_all_and_what_was_taken_for_a_misspelt_word(book, tab):
    visit(tab, book / "book/how-to-use.html")
    search(tab, "atention")
    expect(tab.locator("article [role=status]")).to_have_text(
        re.compile("^[0-9]{2,} passages, with “attention” in the place of “atention”$")
    )
    assert tab.locator("article .found li").count() > 20
    assert tab.locator("article .found mark").first.inner_text().lower() == "attention"
    tab.get_by_label("Search", exact=True).last.fill("zzzzzz")
    expect(tab.locator("article [role=status]")).to_have_text("Nothing was found.")
    assert tab.url.endswith("?q=zzzzzz")


def test_chapters_stand_before_the_library(book, tab):
    visit(tab, book / "search.html")
    for word in ("BLEU", "seq2seq", "attend"):
        tab.locator("article input[name=q]").fill(word)
        expect(tab.locator("article .found mark").first).to_have_text(re.compile(word, re.IGNORECASE))
        places = tab.locator("article .found a").evaluate_all("all => all.map((a) => a.href.split('/').at(-2))")
        assert places.index("notebooks") < places.index("reference"), word


@pytest.fixture(scope="module")
def index(book) -> list[dict]:
    text = (book / "searchindex.js").read_text(encoding="utf-8")
    return json.loads(re.fullmatch(r"bookIndex\((.*)\)\n", text, re.DOTALL)[1])


def test_the_index_is_small(book):
    assert len(gzip.compress((book / "searchindex.js").read_bytes())) <= 300_000


def test_prose_is_indexed_and_neither_code_nor_tex(index):
    chapters = [page for page in index if page["kind"] == "chapter"]
    text = "\n".join(passage[2] for page in chapters for passage in page["passages"])
    assert "√d_k" in text and "called it teacher forcing" in text
    assert not re.search(r"\\[a-z]{2}|Run this page in Colab", text)
    lines = [
        line
        for path in (ROOT / "notebooks").glob("*.ipynb")
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code"
        for line in map(str.strip, cell.source.splitlines())
        if len(line) > 30
    ]
    assert len(lines) > 1000
    assert not [line for line in lines if line in text]


def test_every_passage_is_a_place_of_its_page(index, book):
    for page in index:
        html = (book / page["uri"]).read_text(encoding="utf-8")
        for anchor, title, text in page["passages"]:
            assert not anchor or f'id="{anchor}"' in html, (page["name"], anchor)
            assert title or text
    assert {page["kind"] for page in index} == {"chapter", "term", "claim", "library", "list", "page"}


def test_a_build_of_one_page_keeps_the_passages_of_the_others(monkeypatch, tmp_path):
    from test_book_site import extension

    found = extension("search", monkeypatch)
    builder = object.__new__(found.Builder)
    builder.outdir, builder.env = tmp_path, type("Env", (), {"found_docs": {"a", "b"}})
    (tmp_path / found.FILE).write_text(found.FRAME.format(json.dumps([{"name": name} for name in "abc"])))
    builder.load_indexer(["b"])
    assert builder.passages == {"a": {"name": "a"}}
    builder.dump_search_index()
    assert (tmp_path / found.FILE).read_text() == 'bookIndex([{"name":"a"}])\n'


def test_what_was_not_built_is_not_packed(tmp_path):
    with pytest.raises(FileNotFoundError, match="make book"):
        pack.pack(tmp_path, tmp_path)
