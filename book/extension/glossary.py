"""Links between glossary and chapters: the first use of a term in a chapter leads to its entry, and the entry back.

An entry of the glossary begins with a line that ends in the chapter that introduces the term. From that chapter on,
each chapter links the first use in running prose. Nothing is written into the notebooks.
"""

import re
from dataclasses import dataclass

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

GLOSSARY = "book/glossary"
CHAPTER = re.compile(r"(?:^|/)0*(\d+)[a-z]?-[^/]*$")
INTRODUCED = re.compile(r"\bchapter (\d+)$")
# What is no running prose; a cell of code is known by its class.
APART = (
    nodes.title,
    nodes.reference,
    addnodes.pending_xref,
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    HideCodeCellNode,  # joined folds have lost the cell around them
)
CODE, AIMS, CHOICES = "cell", "callout-aims", "choices"  # a choice is a button

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """One entry of the glossary: its terms, its anchor, and the chapter that introduces it."""

    terms: tuple[str, ...]
    anchor: str
    chapter: int

    @property
    def use(self) -> str:
        """The anchor of its first use in a chapter."""
        return self.anchor.replace("term-", "use-", 1)


def pattern(term: str) -> str:
    """A regular expression for a term: plural or singular, over line ends, and in any case unless it is capitals."""
    *words, last = (re.escape(word) for word in term.split())
    if last.endswith("ix"):
        last = f"{last[:-2]}(?:ix|ices)"
    elif last.endswith("y"):
        last = f"{last[:-1]}(?:y|ies)"
    else:
        last += "(?:e?s)?"
    text = r"\s+".join([*words, last])
    return text if re.search(r"[A-Z]\w*[A-Z]", term) else f"(?i:{text})"


def number(docname: str) -> int | None:
    """The number of a chapter, None of any other page."""
    found = CHAPTER.search(docname)
    return int(found[1]) if found else None


def entries(env: BuildEnvironment) -> list[Entry]:
    """What the page of the glossary holds."""
    found = []
    for item in env.get_doctree(GLOSSARY).findall(nodes.definition_list_item):
        terms = [child for child in item if isinstance(child, nodes.term)]
        chapter = INTRODUCED.search(_first_line(item))
        if not chapter:
            log.warning("%r: its first line does not end in a chapter", terms[0].astext(), location=GLOSSARY)
            continue
        names = tuple(term.astext() for term in terms)
        found.append(Entry(names, terms[0]["ids"][0], int(chapter[1])))
    return found


def _first_line(item: nodes.definition_list_item) -> str:
    """The Korean term, the symbol and the chapter; of the Korean term's HTML only what is read."""
    paragraph = next(item.findall(nodes.definition)).next_node(nodes.paragraph)
    return "".join(child.astext() for child in paragraph if not isinstance(child, nodes.raw))


def _link(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    if GLOSSARY not in app.env.found_docs:
        return
    if docname == GLOSSARY:
        _link_chapters(app, doctree)
        _link_letters(doctree)
    elif (chapter := number(docname)) is not None:
        _link_terms(app, doctree, docname, chapter)


def _link_terms(app: Sphinx, doctree: nodes.document, docname: str, chapter: int) -> None:
    uri = app.builder.get_relative_uri(docname, GLOSSARY)
    for text, uses in _first_uses(doctree, entries(app.env), chapter):
        pieces, end = [], 0
        for found, entry in uses:
            pieces += [nodes.Text(text[end : found.start()]), _reference(found[0], f"{uri}#{entry.anchor}", entry)]
            end = found.end()
        text.parent.replace(text, [*filter(str, pieces), nodes.Text(text[end:])])


def _first_uses(
    doctree: nodes.document, known: list[Entry], chapter: int
) -> list[tuple[nodes.Text, list[tuple[re.Match, Entry]]]]:
    """The texts of a page in which terms stand first, each with these terms, of those that the reader may know."""
    known = [entry for entry in known if entry.chapter <= chapter]
    forms = sorted(((term, entry) for entry in known for term in entry.terms), key=lambda form: -len(form[0]))
    if not forms:
        return []
    words = re.compile(rf"(?<![\w–-])(?:{'|'.join(f'({pattern(term)})' for term, _ in forms)})(?![\w–-])")
    prose = [
        text for text in doctree.findall(nodes.Text) if not (_within(text, APART, CODE) or _within(text, (), CHOICES))
    ]
    used, texts = set(), []
    # The box of aims names much and explains nothing: it comes last.
    for text in sorted(prose, key=lambda text: _within(text, (), AIMS)):
        uses = []
        for found in words.finditer(text):
            entry = forms[found.lastindex - 1][1]
            if entry not in used:
                used.add(entry)
                uses.append((found, entry))
        texts += [(text, uses)] if uses else []
    return texts


def _within(node: nodes.Node, kinds: tuple[type, ...], name: str) -> bool:
    """Whether the node lies in one of these kinds, or in something of this class."""
    while (node := node.parent) is not None:
        if isinstance(node, kinds) or name in node.get("classes", ()):
            return True
    return False


def _reference(text: str, uri: str, entry: Entry) -> nodes.reference:
    link = nodes.reference("", "", nodes.Text(text), internal=True, refuri=uri)
    link["classes"], link["ids"] = ["glossary-term"], [entry.use]
    return link


def _link_chapters(app: Sphinx, doctree: nodes.document) -> None:
    """Link the chapter of each entry to the first use there, on whichever of its pages that is."""
    known = entries(app.env)
    pages: dict[Entry, str] = {}
    numbers = {name: number(name) for name in sorted(app.env.found_docs)}
    for name, chapter in ((name, chapter) for name, chapter in numbers.items() if chapter is not None):
        for _, uses in _first_uses(app.env.get_doctree(name), known, chapter):
            for _, entry in uses:
                if entry.chapter == chapter:
                    pages.setdefault(entry, name)
    for entry, item in zip(known, doctree.findall(nodes.definition_list_item), strict=True):
        text = next(item.findall(nodes.definition)).next_node(nodes.paragraph)[-1]
        if entry in pages:
            place = INTRODUCED.search(text)
            uri = f"{app.builder.get_relative_uri(GLOSSARY, pages[entry])}#{entry.use}"
            link = nodes.reference("", "", nodes.Text(place[0]), internal=True, refuri=uri)
            text.parent.replace(text, [nodes.Text(text[: place.start()]), link])
        elif entry.chapter in numbers.values():
            where = f"the glossary says that chapter {entry.chapter} introduces it, whose prose does not hold it"
            log.warning("%s: %s", " / ".join(entry.terms), where, location=GLOSSARY)


def _link_letters(doctree: nodes.document) -> None:
    """Above the terms, link each letter to the first that begins with it."""
    terms = [item[0] for item in doctree.findall(nodes.definition_list_item)]
    first = {term.astext()[0].upper(): term["ids"][0] for term in reversed(terms)}
    line = nodes.paragraph(classes=["letters"])
    for letter in sorted(first):
        line += [nodes.reference("", letter, internal=True, refid=first[letter]), nodes.Text(" ")]
    glossary = doctree.next_node(addnodes.glossary)
    glossary.parent.insert(glossary.parent.index(glossary), line)


def _again(app: Sphinx, env: BuildEnvironment, added: set, changed: set, removed: set) -> list[str]:
    """Read the chapters again when the glossary changed."""
    return [name for name in env.found_docs if number(name) is not None] if GLOSSARY in added | changed else []


def setup(app: Sphinx) -> dict:
    """Link when the pages are written."""
    app.connect("env-get-outdated", _again)
    app.connect("doctree-resolved", _link)
    return {"version": "1", "parallel_read_safe": True}
