"""Search as a reader uses it: typed into the field, in English and Korean, from a server and from an unpacked zip."""

import json
import re
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from zipfile import ZipFile

import pytest
from playwright.sync_api import expect

import pack
from looking import search

GLOSSARY = "Glossary"
# What is typed, and a page on which it must be found. No Korean word here stands on the page as it was typed.
QUERIES = {
    "vanishing gradients": "1. ",  # stemmed: the chapter's title says Gradients, the text vanish and vanishes
    "회귀": GLOSSARY,  # the end of 자기회귀
    "디코": GLOSSARY,  # the beginning of 디코더
    "망각을": GLOSSARY,  # 망각, with a particle
    "LSTM에서는": "2. ",
}
TWO = [*QUERIES.items()][:: len(QUERIES) - 1]


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
def test_search_finds_english_and_korean(chromium, where, request):
    address = request.getfixturevalue(where)
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    tab = context.new_page()
    foreign, complaints = [], []
    tab.on("request", lambda r: r.url.startswith((address, "data:")) or foreign.append(r.url))
    tab.on("console", lambda m: m.type == "error" and complaints.append(m.text))
    tab.on("pageerror", lambda e: complaints.append(str(e)))
    tab.goto(address + "index.html")
    tab.wait_for_url("**/book/index.html")
    for query, title in QUERIES.items() if where == "served" else TWO:  # the index is the same
        search(tab, query)
        found = tab.locator("#search-results li > a")
        expect(found.filter(has_text=re.compile(f"^{re.escape(title)}")).first).to_be_visible()
        summaries = tab.locator("#search-results .context")
        if where == "served":
            expect(summaries.first).to_be_visible()
        else:
            assert summaries.count() == 0
    found.filter(has_text=re.compile(f"^{re.escape(title)}")).first.click()
    expect(tab.locator("article h1")).to_contain_text("LSTM")
    context.close()
    assert not foreign + complaints


def test_every_part_of_a_korean_word_is_indexed(book):
    script = (book / "searchindex.js").read_text(encoding="utf-8")
    terms = json.loads(script.removeprefix("Search.setIndex(").rstrip(")"))["terms"]
    assert {"자기", "기회", "회귀", "자기회", "기회귀", "자기회귀"} <= terms.keys()
    assert "vanish" in terms and "vanishing" not in terms


@pytest.fixture(scope="module")
def search_page(book, chromium):
    """The page that searches, opened once."""
    tab = chromium.new_page()
    tab.goto((book / "search.html").as_uri())
    yield tab
    tab.close()


@pytest.mark.parametrize(
    ("typed", "sought"),
    [
        ("기억을", ["기억"]),
        ("상호작용에서는 long-term", ["상호작용", "long", "term"]),
        ("GRU의 게이트", ["GRU", "게이트"]),
        ("나에게", ["나에게"]),
        ("값", ["값"]),
    ],
)
def test_a_query_loses_its_particles(search_page, typed, sought):
    assert search_page.evaluate("query => splitQuery(query)", typed) == sought


def test_what_was_not_built_is_not_packed(tmp_path):
    with pytest.raises(FileNotFoundError, match="make book"):
        pack.pack(tmp_path, tmp_path)
