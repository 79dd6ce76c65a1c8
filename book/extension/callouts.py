"""Block quotes that begin with a bold word become admonitions: ``> **Predict.** What happens next?``.

A notebook is read in Colab too, which knows Markdown but no MyST directive. There the quote stays a quote.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

KINDS = {"careful": "warning", "predict": "tip", "aims": "note"}


class Callouts(SphinxTransform):
    """Turn each such quote into an admonition whose title is the bold word."""

    default_priority = 400

    def apply(self) -> None:
        """Rewrite the document in place (called by Sphinx)."""
        for quote in list(self.document.findall(nodes.block_quote)):
            title = _take_title(quote)
            if title:
                kind = title.lower()
                admonition = nodes.admonition(classes=[KINDS.get(kind, "note"), f"callout-{nodes.make_id(kind)}"])
                admonition.source, admonition.line = quote.source, quote.line
                admonition += nodes.title(title, title)
                admonition += quote.children
                quote.replace_self(admonition)


def _take_title(quote: nodes.block_quote) -> str:
    """Cut the bold words with which the quote begins, and the full stop after them; "" if it begins otherwise."""
    if not (quote.children and isinstance(quote[0], nodes.paragraph)):
        return ""
    # The parser leaves an empty text before the bold word.
    inline = [child for child in quote[0] if child.astext()]
    if not (inline and isinstance(inline[0], nodes.strong)):
        return ""
    title, rest = inline[0].astext().rstrip(".:"), inline[1:]
    if rest and isinstance(rest[0], nodes.Text):
        rest[0] = nodes.Text(rest[0].lstrip(" \n"))
    paragraph = nodes.paragraph("", "", *rest)
    quote[0:1] = [paragraph] if paragraph.astext().strip() else []
    return title


def setup(app: Sphinx) -> dict:
    """Register the transform."""
    app.add_transform(Callouts)
    return {"version": "1", "parallel_read_safe": True}
