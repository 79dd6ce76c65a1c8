"""What no line breaks: a short piece of code, a date, 15 × 15, 4 : 3 and 30 %, and what a cell printed in columns."""

import re

from docutils import nodes
from sphinx.application import Sphinx

SHORT = 14  # signs of code that have room on a phone wherever they stand
NAME = 24  # signs of one with a hyphen, behind which a line would break, that have room outside a table
SIZE = re.compile(r"(?<=\d) ([×:]) (?=\d)|(?<=\d) (%)")
DATE = re.compile(r"\b(\d{4}-\d\d-\d\d)\b")
COLUMNS = re.compile(r"[^|\s] {2,}[^|\s]")  # two words of a line with more than a space between them


def in_columns(printed: str) -> bool:
    """Whether lines have columns: half of them, or three."""
    lines = printed.rstrip("\n").split("\n")
    found = sum(bool(COLUMNS.search(line)) for line in lines)
    return len(lines) > 2 and found > 1 and (found > 2 or 2 * found >= len(lines))


def _whole(text: str) -> str:
    """The text with no line breaks in its sizes, ratios and shares."""
    return SIZE.sub(lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), text)


def _keep(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for code in doctree.findall(nodes.literal):
        name = "-" in code.astext() and isinstance(code.parent.parent, nodes.section | nodes.list_item)
        if len(code.astext()) <= (NAME if name else SHORT):
            code["classes"].append("whole")
    for text in [*doctree.findall(nodes.Text)]:
        if isinstance(text.parent, nodes.paragraph) and SIZE.search(text):
            whole = nodes.Text(_whole(text))
            text.parent.replace(text, whole)
            text = whole
        if isinstance(text.parent, nodes.paragraph) and DATE.search(text):
            pieces = [
                nodes.inline("", piece, classes=["whole"]) if k % 2 else nodes.Text(piece)
                for k, piece in enumerate(DATE.split(text))
            ]
            text.parent.replace(text, pieces)
    for box in doctree.findall(nodes.raw):
        if box.astext().startswith('<div class="claim'):
            box[:] = [nodes.Text(_whole(box.astext()))]
    for output in doctree.findall(nodes.container):
        if output.get("nb_element") == "cell_code_output":
            for printed in output.findall(nodes.literal_block):
                if in_columns(printed.astext()):
                    printed["classes"].append("in-columns")


def setup(app: Sphinx) -> dict:
    """Register what keeps them."""
    app.connect("doctree-resolved", _keep)
    return {"version": "1", "parallel_read_safe": True}
