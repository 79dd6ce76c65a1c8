"""The library reference: every public name is on a page, nothing private is, and the chapters' imports lead there."""

import importlib
import inspect
import pkgutil
import re

import pytest

from building import soup
from test_book_site import extension


@pytest.fixture(scope="module")
def reference(book):
    return {page.name: soup(page) for page in (book / "book/reference").glob("*.html")}


@pytest.fixture(scope="module")
def places(reference):
    """Anchor → what stands there."""
    return {node["id"]: node for page in reference.values() for node in page.find_all(id=True)}


@pytest.fixture(scope="module")
def anchors(reference):
    """Anchor → the name of its page."""
    return {node["id"]: name for name, page in reference.items() for node in page.find_all(id=True)}


def modules():
    """What one imports from: every module right under rnn2attn, and every task."""
    for package in ("rnn2attn", "rnn2attn.tasks"):
        for found in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
            if not found.name.rpartition(".")[2].startswith("_"):
                yield importlib.import_module(found.name)


def public(module):
    """Names of its functions and classes: those of __all__, else those it defines without an underscore."""
    for name in getattr(module, "__all__", dir(module)):
        value = getattr(module, name)
        own = hasattr(module, "__all__") or getattr(value, "__module__", "") == module.__name__
        if own and not name.startswith("_") and (inspect.isclass(value) or inspect.isfunction(value)):
            yield name


@pytest.mark.parametrize("module", list(modules()), ids=lambda module: module.__name__)
def test_every_public_name_stands_on_a_page_with_its_docstring(module, places):
    name = module.__name__
    if name == "rnn2attn.tasks.held_out":  # a rule that the tasks share, not imported by chapters
        return
    assert f"module-{name}" in places, f"no page of book/reference shows {name}"
    for own in public(module):
        anchor = f"{name}.{own}"
        assert anchor in places, f"{name} has {own}, and the page does not show it: has it a docstring?"
        first = inspect.getdoc(getattr(module, own)).split("\n")[0]
        shown = places[anchor].find_parent("dl").find("dd", recursive=False).get_text()
        words = re.findall(r"[a-z]{4,}", first)
        assert words and all(word in shown for word in words), anchor


def test_pages_show_nothing_private_and_no_markup_that_was_not_understood(reference, anchors):
    assert len(anchors) > 150
    assert not [anchor for anchor in anchors if anchor.startswith("rnn2attn.") and "._" in anchor]
    for name, page in reference.items():
        assert not page.select(".problematic, .system-message"), name
    assert "|φ’|" in reference["gradients.html"].get_text()


def test_the_overview_names_every_module(book, anchors):
    links = {
        a["href"].partition("#")[2] for a in soup(book / "book/reference.html").select("article a[href*='#module-']")
    }
    assert links == {anchor for anchor in anchors if anchor.startswith("module-")}


def test_imports_of_a_chapter_lead_to_the_reference(book, anchors):
    for page in (book / "notebooks").glob("*.html"):
        chapter = soup(page)
        imported = {span.get_text() for span in chapter.select("span.nn") if span.get_text().startswith("rnn2attn.")}
        links = chapter.select("a.reference-module")
        assert len(imported) >= 3 and {link.get_text() for link in links} == imported
        for link in links:
            target, _, anchor = link["href"].partition("#")
            assert target.endswith(f"/{anchors[anchor]}") and anchor == f"module-{link.get_text()}"


def test_what_a_function_returns_is_said_in_one_piece(reference):
    """Napoleon takes what stands before a colon for a type, and would set it behind the rest."""
    for name, page in reference.items():
        assert not [dt for dt in page.find_all("dt") if dt.get_text().startswith("Return type")], name


def test_no_field_is_explained_by_its_number(reference):
    for name, page in reference.items():
        assert "Alias for field number" not in page.get_text(), name


def test_a_letter_with_a_stop_and_a_colon_stay_in_their_sentence(monkeypatch):
    lines = [":param size: V.", ":returns: *x, (n, T)* -- numbers. y: `sum`s", "two |V|. B."]
    extension("reference", monkeypatch)._as_restructured_text(None, "function", "f", None, None, lines)
    assert lines == [r":param size: V\.", r":returns: x, (n, T): numbers. y: `sum`\ s", r"two \|V\|. B."]
