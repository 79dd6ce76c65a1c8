"""The library reference: docstrings as they are meant, and links to it from the imports of the chapters."""

import re

from book.extension.tables import SCRIPT
from docutils import nodes
from sphinx.application import Sphinx

# What Pygments makes of "from rnn2attn.recurrent import".
IMPORTED = re.compile(r'(?<=<span class="nn">)rnn2attn[\w.]*(?=</span>)')


PLURAL = re.compile(r"(`[^`]+`)(?=\w)")
LETTER = re.compile(r"(?<=: )([A-Z])\.")  # which would number a list
RETURNED = re.compile(r"^(:returns: )\*([^*]+)\* -- ")  # by Napoleon: what stands before a colon were a type


def _as_restructured_text(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """In a docstring |x| is a size and no substitution, V. is no number of a list, and an s may follow upon `x`."""
    for n, line in enumerate(lines):
        line = LETTER.sub(r"\1\\.", RETURNED.sub(r"\1\2: ", line.replace("|", r"\|")))
        lines[n] = PLURAL.sub(r"\1\\ ", line)


def _without_name_alone(app: Sphinx, what: str, name: str, obj: object, skip: bool, options: object) -> bool | None:
    """Leave out a field of a named tuple of which Python can say its number only; the class says what it is."""
    return True if str(getattr(obj, "__doc__", "")).startswith("Alias for field number") else None


def _set_scripts(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Set h_{t−1} and σ^k of a docstring's sentences as letters with an index and an exponent."""
    if not docname.startswith("book/reference/"):
        return
    for text in [*doctree.findall(nodes.Text)]:
        if isinstance(text.parent, nodes.paragraph) and SCRIPT.search(text):
            pieces, end = [], 0
            for found in SCRIPT.finditer(text):
                letter, braced, bare = found.groups()
                kind = nodes.superscript if letter is None else nodes.subscript
                pieces += [nodes.Text(text[end : found.start()] + (letter or "")), kind("", braced or bare)]
                end = found.end()
            text.parent.replace(text, [*pieces, nodes.Text(text[end:])])


def _link_imports(app: Sphinx, pagename: str, template: str, context: dict, doctree: object) -> None:
    if "body" not in context:
        return
    modules = app.env.domaindata["py"]["modules"]

    def link(found: re.Match) -> str:
        if (module := modules.get(found[0])) is None:
            return found[0]
        uri = app.builder.get_relative_uri(pagename, module.docname)
        return f'<a class="reference-module" href="{uri}#{module.node_id}">{found[0]}</a>'

    context["body"] = IMPORTED.sub(link, context["body"])


def setup(app: Sphinx) -> dict:
    """Adapt docstrings as they are read and resolved, link imports when a page is written."""
    app.connect("autodoc-process-docstring", _as_restructured_text)
    app.connect("autodoc-skip-member", _without_name_alone)
    app.connect("doctree-resolved", _set_scripts)
    app.connect("html-page-context", _link_imports)
    return {"version": "1", "parallel_read_safe": True}
