"""Search by passages: what the pages say, section by section, in one file that a script reads from the web or a disk.

Sphinx's own index knows pages only, and holds their code and TeX. The libraries that index parts of pages come by npm
alone, or fetch their index (Pagefind), which a browser refuses on a disk. So the builder writes the text itself: a
section, a term of the glossary, a claim and a name of the library are a passage each. Code and what it printed are
left out, and a formula is one line of text. ``search.js`` makes the index when somebody begins to search.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from book.extension.maths import line
from book.extension.site import COLAB
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder

FILE = "searchindex.js"
FRAME = "bookIndex({})\n"
BLOCK, FORMULA = "\n", "\u2063"  # between two blocks, and round a formula: no quotation of the page goes over them
KINDS = {
    **{"notebooks/": "chapter", "book/glossary": "term", "book/evidence": "claim", "book/reference": "library"},
    **{"book/bibliography": "list", "book/changes": "list"},
}
LEFT_OUT = (nodes.literal_block, nodes.raw, nodes.comment, nodes.Invisible, nodes.image, nodes.system_message)
SIGNS = {nodes.subscript: "_", nodes.superscript: "^"}
FIELD = """<h1>Search</h1>
<form class="bd-search d-flex align-items-center" action="search.html" method="get">
<i class="fa-solid fa-magnifying-glass"></i>
<input type="search" class="form-control" name="q" placeholder="Search..." aria-label="Search" autocomplete="off"
 spellcheck="false" autofocus>
</form>
<noscript><p>The search needs JavaScript.</p></noscript>"""

Passage = tuple[str, str, str]  # anchor, title, text


class Builder(StandaloneHTMLBuilder):
    """Sphinx's builder of pages, with an index of passages in the place of Sphinx's index of pages."""

    def load_indexer(self, docnames: list[str]) -> None:
        """Take from the last index what is not to be built now."""
        file, (start, end) = Path(self.outdir) / FILE, FRAME.split("{}")
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        pages = json.loads(text.removeprefix(start).removesuffix(end)) if text.startswith(start) else []
        kept = self.env.found_docs - set(docnames)
        self.passages = {page["name"]: page for page in pages if page["name"] in kept}

    def index_page(self, pagename: str, doctree: nodes.document, title: str) -> None:
        """Note the passages of a page that belongs to the contents."""
        if pagename in self.env.found_docs:
            number = ".".join(map(str, self.env.toc_secnumbers.get(pagename, {}).get("", ())))
            name = _inline(self.env.titles[pagename])
            self.passages[pagename] = {
                "name": pagename,
                "uri": self.get_target_uri(pagename),
                "title": f"{number}. {name}" if number else name,
                "kind": next((kind for start, kind in KINDS.items() if pagename.startswith(start)), "page"),
                "passages": [one for one in passages(doctree) if one[2] or one[1]],
            }

    def dump_search_index(self) -> None:
        """Write the index, in the order of the names, so that the same book gives the same file."""
        pages = [self.passages[name] for name in sorted(self.passages) if name in self.env.found_docs]
        text = FRAME.format(json.dumps(pages, ensure_ascii=False, separators=(",", ":")))
        (Path(self.outdir) / FILE).write_text(text, encoding="utf-8")


def passages(doctree: nodes.document) -> list[Passage]:
    """Anchor, title and text of each passage of a page, in its order; the whole page is one where it has none."""
    found: list[tuple[str, str, list[str]]] = [("", "", [])]

    def walk(node: nodes.Element, into: list[str]) -> None:
        for child in filter(lambda child: isinstance(child, nodes.Element), node.children):
            if (
                isinstance(child, LEFT_OUT)
                or child.get("nb_element") == "cell_code"
                or "measured" in child["classes"]
            ):
                continue
            if part := _part(child):
                found.append((*part, text := []))
                walk(child, text)
            elif isinstance(child, nodes.math_block):
                into.append(f"{FORMULA}{line(child)}{FORMULA}")
            elif isinstance(child, nodes.TextElement):
                if not isinstance(child, nodes.title | nodes.term | addnodes.desc_signature | nodes.rubric):
                    into.append(_inline(child).removesuffix(COLAB))
            else:
                walk(child, into)

    walk(doctree, found[0][2])
    return [(anchor, title, BLOCK.join(filter(None, text))) for anchor, title, text in found]


def _part(node: nodes.Element) -> tuple[str, str] | None:
    """Anchor and title of what is a passage of its own."""
    if isinstance(node, nodes.section):
        return node["ids"][0], _inline(node.next_node(nodes.title))
    if isinstance(node, nodes.definition_list_item) and node[0]["ids"]:
        terms = (child for child in node if isinstance(child, nodes.term))
        return node[0]["ids"][0], " · ".join(map(_inline, terms))
    if isinstance(node, addnodes.desc) and (signature := node.next_node(addnodes.desc_signature))["ids"]:
        return signature["ids"][0], signature.get("fullname") or signature.astext()
    if isinstance(node, nodes.row) and node["ids"]:
        return node["ids"][0], node.next_node(nodes.paragraph).astext()
    return None


def _inline(node: nodes.Element) -> str:
    return " ".join("".join(_pieces(node)).split())


def _pieces(node: nodes.Element) -> Iterator[str]:
    for child in node.children:
        if isinstance(child, nodes.Text):
            yield child.astext()
        elif isinstance(child, nodes.math):
            yield f"{FORMULA}{line(child)}{FORMULA}"
        elif not isinstance(child, LEFT_OUT):
            yield SIGNS.get(type(child), "")
            yield from _pieces(child)


def _prepare(app: Sphinx, pagename: str, template: str, context: dict, doctree: object) -> str | None:
    """Give the page of results the book's own field in the place of Sphinx's script."""
    if pagename != "search":
        return None
    context |= {"title": "Search", "body": FIELD}
    return "page.html"


def setup(app: Sphinx) -> dict:
    """Put the builder in the place of Sphinx's."""
    app.add_builder(Builder, override=True)
    app.connect("html-page-context", _prepare)
    return {"version": "1", "parallel_read_safe": True}
