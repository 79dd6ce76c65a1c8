"""The bibliography: every entry can be followed, and every paper that a page links has an entry."""

import re

import nbformat
import pytest
from pybtex.database import parse_file

from building import ROOT
from rnn2attn.study.papers import PAPERS

ENTRIES = parse_file(str(ROOT / "book/references.bib")).entries
PAGES = [*sorted((ROOT / "notebooks").glob("*.ipynb")), *sorted((ROOT / "book").glob("*.md"))]
PAPER = re.compile(r"https?://(?:arxiv\.org/(?:abs|pdf)/(\d+\.\d+)|(?:dx\.)?doi\.org/([^\s)>\"]+))")


def text(page):
    if page.suffix == ".md":
        return page.read_text(encoding="utf-8")
    return "\n".join(c.source for c in nbformat.read(page, as_version=4).cells if c.cell_type == "markdown")


@pytest.mark.parametrize("key", ENTRIES)
def test_every_entry_links_to_its_paper(key):
    assert {"doi", "eprint", "url"} & set(ENTRIES[key].fields)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_paper_that_a_page_links_has_an_entry(page):
    known = {entry.fields.get(name, "").lower() for entry in ENTRIES.values() for name in ("eprint", "doi")}
    linked = {(arxiv or doi).lower() for arxiv, doi in PAPER.findall(text(page))}
    assert not linked - known, f"{page.name} links {', '.join(sorted(linked - known))}"


def test_claims_of_papers_name_papers_of_the_bibliography():
    assert {key for keys in PAPERS.values() for key in keys} <= set(ENTRIES)
