"""The page of the five documents: each section names claims of its own document, and links to all of them."""

import re

from bs4 import BeautifulSoup

from building import ROOT
from rnn2attn.study.papers import PAPERS
from rnn2attn.study.register import register

PAGE = ROOT / "book/documents.md"


def sections():
    """Number of a document → the text of its section."""
    text = PAGE.read_text(encoding="utf-8")
    return {int(n): part for n, part in re.findall(r"## Document (\d): [^\n]*\n(.*?)(?=\n## |\Z)", text, re.DOTALL)}


def test_each_document_has_a_section_whose_claims_are_its_own():
    claims = register()
    assert set(sections()) == set(range(5))
    for number, text in sections().items():
        named = re.findall(r"\{claim\}`(C\d+)`", text)
        assert len(named) > 3 or number == 4
        for claim in named:
            assert number in claims[claim].documents, f"document {number} does not make claim {claim}"


def test_claims_of_papers_name_papers_of_the_bibliography():
    known = re.findall(r"^@\w+\{(\w+),", (ROOT / "book/references.bib").read_text(encoding="utf-8"), re.MULTILINE)
    assert {key for keys in PAPERS.values() for key in keys} <= set(known)


def test_each_section_says_what_it_covers_and_links_to_all_of_its_claims(book):
    page = BeautifulSoup((book / "book/documents.html").read_text(encoding="utf-8"), "lxml")
    for number in range(5):
        section = page.select_one(f"section[id^='document-{number}-']")
        rows = section.select("tbody tr")
        assert len(rows) >= 5
        for row in rows:
            assert row.select("a[href^='../notebooks/0']"), row.get_text()
        assert section.select_one(f"a[href='evidence.html#document={number}']")
