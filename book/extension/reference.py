"""The library reference: docstrings as they are written, and links to it from the imports of the chapters."""

import re

from sphinx.application import Sphinx

# What Pygments makes of "from rnn2attn.recurrent import".
IMPORTED = re.compile(r'(?<=<span class="nn">)rnn2attn[\w.]*(?=</span>)')


PLURAL = re.compile(r"(`[^`]+`)(?=\w)")


def _as_restructured_text(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """In a docstring |x| is a size and no substitution, and an s may follow upon `x`."""
    lines[:] = [PLURAL.sub(r"\1\\ ", line.replace("|", r"\|")) for line in lines]


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
    """Adapt docstrings as they are read, link imports when a page is written."""
    app.connect("autodoc-process-docstring", _as_restructured_text)
    app.connect("html-page-context", _link_imports)
    return {"version": "1", "parallel_read_safe": True}
