"""Cards: a link to a term of the glossary or to a claim carries what it leads to, and ``cards.js`` shows that."""

import re
from html import escape

from book.extension.glossary import GLOSSARY
from book.extension.maths import read
from book.extension.search import BLOCK, FORMULA, passages
from docutils import nodes
from sphinx.application import Sphinx

from rnn2attn.study.register import register

LINK = re.compile(r'<a (?=[^>]*href="[^"#]*#(term-[^"]+|c\d+)")(?![^>]*(?:headerlink|itself))')


def _read(app: Sphinx) -> dict[str, str]:
    """Anchor → what is on its card."""
    found = {id.lower(): f"{id}, {claim.verdict}: {claim.says}" for id, claim in register().items()}
    if GLOSSARY in app.env.found_docs:
        doctree = app.env.get_doctree(GLOSSARY)
        read(app, doctree, GLOSSARY)
        for anchor, title, text in passages(doctree):
            names, _, meaning = text.partition(BLOCK)
            found[anchor] = f"{title} · {names.partition(' · ')[0]}\n{meaning}".replace(FORMULA, "")
    return found


def _lay(app: Sphinx, pagename: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    if doctree is None:
        return
    if not hasattr(app, "cards"):
        app.cards = _read(app)

    def link(found: re.Match) -> str:
        said = app.cards.get(found[1])
        return f'<a data-card="{escape(said)}" ' if said else found[0]

    context["body"] = LINK.sub(link, context["body"])


def setup(app: Sphinx) -> dict:
    """Lay the cards when a page is written."""
    app.connect("html-page-context", _lay)
    return {"version": "1", "parallel_read_safe": True}
