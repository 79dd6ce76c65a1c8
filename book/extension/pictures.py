"""A figure of a chapter on its page: in the page's inks and width, and what it shows in words below it.

The picture that a cell left carries its forms for pages, of rnn2attn.plots.figure. One that carries none stays as it
is.
"""

from html import escape
from pathlib import Path

from book.extension.tables import typeset
from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx

FIGURE = '<div class="rnn2attn-figure" role="img" aria-label="{text}">\n{svg}\n</div>'
CAPTION = '<p class="shows" aria-hidden="true">{text}</p>'  # a screen reader has read it as the figure's name


def _show(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for output in doctree.findall(nodes.container):
        if output.get("nb_element") != "cell_code_output":
            continue
        for image in list(output.findall(nodes.image)):
            text = escape(image.get("alt", ""))
            if text:
                _put(image, CAPTION.format(text=typeset(text)))
            with Image.open(Path(app.srcdir, image["uri"])) as picture:
                svg = picture.info.get("svg")
            if svg:
                _put(image, FIGURE.format(text=text, svg=svg))
                image.parent.remove(image)


def _put(image: nodes.image, html: str) -> None:
    """Right below the picture."""
    image.parent.insert(image.parent.index(image) + 1, nodes.raw("", html, format="html"))


def setup(app: Sphinx) -> dict:
    """Register what shows figures."""
    app.connect("doctree-resolved", _show)
    return {"version": "1", "parallel_read_safe": True}
