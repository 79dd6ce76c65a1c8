"""The glossary in the built book: each term linked once a chapter, where it is first used, and back."""

import importlib
import re

import pytest

from building import ROOT, soup
from looking import visit

KOREAN = re.compile(r"[가-힣]")
PAGES = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))  # of chapters


@pytest.fixture(scope="module")
def pages(book):
    """Name of a chapter's page → the page; and the glossary."""
    return {stem: soup(book / f"notebooks/{stem}.html") for stem in PAGES} | {
        "glossary": soup(book / "book/glossary.html")
    }


@pytest.fixture(scope="module")
def uses(pages):
    """Name of a chapter's page → its links to the glossary."""
    return {stem: pages[stem].select("a.glossary-term") for stem in PAGES}


def chapter_of(stem):
    return int(stem[:2])


def anchors(links):
    return [link["href"].partition("#")[2] for link in links]


def source():
    """(terms, line below them, definition) of every entry as it is written."""
    text = (ROOT / "book/glossary.md").read_text(encoding="utf-8")
    blocks = text.partition("```{glossary}\n")[2].partition("\n```")[0].split("\n\n")
    for head, definition in zip(blocks[::2], blocks[1::2], strict=True):
        *terms, line = head.splitlines()
        yield terms, line.strip(), definition.strip()


def test_every_entry_has_korean_a_sentence_and_a_chapter_and_stands_in_order():
    first = []
    for terms, line, definition in source():
        korean, chapter = re.fullmatch(r'<span lang="ko">(.*)</span> · (?:.* · )?chapter (\d+)', line).groups()
        assert KOREAN.search(korean) and int(chapter) in map(chapter_of, PAGES), terms
        assert definition[0].isupper() and definition.endswith("."), terms
        assert definition.count(". ") <= 3, f"{terms}: two sentences are enough"
        first.append(terms[0].lower())
    assert first == sorted(first) and len(first) > 100


def test_each_term_is_linked_in_the_chapter_that_introduces_it_and_back(pages, uses):
    places = {n: {node["id"] for node in page.find_all(id=True)} for n, page in pages.items()}
    seen = 0
    for item in pages["glossary"].select("dl.glossary > dt:first-child, dl.glossary > dd + dt"):
        dd = item.find_next_sibling("dd")
        chapter = int(re.search(r"chapter (\d+)$", dd.p.get_text())[1])
        used = [stem for stem in PAGES if chapter_of(stem) == chapter and item["id"] in anchors(uses[stem])]
        assert used, f"chapter {chapter} does not link {item['id']}"
        page, _, place = dd.p.a["href"].partition("#")
        assert page == f"../notebooks/{used[0]}.html" and place in places[used[0]], dd.p.a["href"]
        seen += 1
    assert seen > 90


def test_no_term_is_linked_twice_on_a_page_or_before_it_is_introduced(pages, uses):
    introduced = {terms[0]: int(line.rpartition(" ")[2]) for terms, line, _ in source()}
    ids = {
        item["id"]: item.get_text().rstrip("#").replace("’", "'")
        for item in pages["glossary"].select("dl.glossary > dt")
    }
    for stem, links in uses.items():
        assert len(links) > 20, stem
        assert sorted(anchors(links)) == sorted(set(anchors(links))), stem
        for anchor in anchors(links):
            assert introduced[ids[anchor]] <= chapter_of(stem), (stem, anchor)


def test_links_stand_in_prose_and_the_first_use_is_the_one(pages, uses):
    for chapter, links in uses.items():
        for link in links:
            apart = link.find_parent(["h1", "h2", "h3", "code", "pre", "summary"]) or link.find_parent(class_="math")
            assert apart is None and link.find_parent(class_="cell") is None, (chapter, link)
            assert link.parent.find_parent("a") is None
    # One case by hand: chapter 4 says nothing of queries, keys and values before the paragraph with the link.
    link = next(link for link in uses["04-attention"] if link["href"].endswith("#term-query"))
    for paragraph in link.find_parent("p").find_all_previous("p"):
        if not paragraph.find_parent(class_=["cell", "callout-aims"]):
            assert not re.search(r"\b(?:quer(?:y|ies)|keys?|values?)\b", paragraph.get_text()), paragraph


@pytest.fixture
def pattern(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    return importlib.import_module("book.extension.glossary").pattern


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("hidden state", "Hidden\nstates"),
        ("vocabulary", "vocabularies"),
        ("orthogonal matrix", "orthogonal matrices"),
        ("bias", "biases"),
        ("GRU", "GRUs"),
    ],
)
def test_a_term_is_found_in_the_plural_over_line_ends_and_at_the_start_of_a_sentence(pattern, term, text):
    assert re.fullmatch(pattern(term), text)


@pytest.mark.parametrize(("term", "text"), [("GRU", "gru"), ("hidden state", "hiddenstate"), ("gate", "gated")])
def test_another_word_is_not_taken_for_the_term(pattern, term, text):
    assert not re.fullmatch(pattern(term), text)


def test_a_link_is_reached_by_keyboard_and_dotted(book, tab):
    visit(tab, book / "notebooks/05-spatial-attention.html")
    link = tab.locator("a.glossary-term").first
    assert "dotted" in link.evaluate("e => getComputedStyle(e).textDecoration")
    assert KOREAN.search(link.get_attribute("data-card"))
    link.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/glossary.html#term-*")
