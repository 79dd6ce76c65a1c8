"""Tables: numbers typeset, by their points and with their heads above them, a name for each, prose as cards.

The column of a DataFrame's index has a head as others have. pandas writes its name into a row of its own; where the
index has none, the cell's metadata name it, as ``"table": {"index": "updates"}``.
"""

import re
from html import escape

from docutils import nodes
from lxml import html
from sphinx.application import Sphinx

from rnn2attn.style import MINUS

TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
NUMBER = re.compile(r"[≈<>]?\s*[−+-]?\d[\d.,\s]*(?:e[−+-]?\d+|\s×\s10−?\d+)?\s*(?:%|ms|s|×)?(?:\s*±\s*[\d.,]+)?")
PLAIN = re.compile(r"([≈<>]?\s*[−+-]?[\d,]+(?:\.(\d+))?)(?:(?:e|\s×\s10)([+−-]?)0*(\d+))?")
LONG = 14  # signs in the name of a row that has to keep some width
CLAIM = re.compile(r"\bC\d+\b")
# A letter with what stands below or above it, as claims are written: W_hh, √d_k, σ(b)^k.
SCRIPT = re.compile(r"(?:(?<![\w.])(√?[^\W\d_])_|(?<=[\w)])\^)(?:\{([^}]+)\}|(−?[A-Za-z0-9]+))")
WHOLE = re.compile(r"(?<=\w) = (?=\S)|(?<=\d) (?:of|\+) (?=\d)")  # no line breaks in "T = 10", "5 of 5" and "1 + 2"
SIZE = re.compile(r"(?<![\w.,])\d{4,}(?![\w.])")  # a number that is read more quickly as 18,392
PROSE, CODE = 40, 28  # signs of a sentence, and of a name in code, that are wide for a column of a phone
LABEL = re.compile(r"<label\b[^>]*>.*?</label>", re.DOTALL)
# What stands in a table: code and formulas, which stay as they are, tags, and between them text.
PIECE = re.compile(r"<(code|math)\b.*?</\1>|<[^>]*>|([^<]+)", re.DOTALL)
POWER = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)e([+-])0*(\d+)\b")


def _name_index(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Write the name that a cell's metadata give above the index of its tables."""
    for cell in doctree.findall(nodes.container):
        name = cell.get("cell_metadata", {}).get("table", {}).get("index")
        for output in cell.findall(nodes.raw) if name else ():
            named = output.astext().replace("<th></th>", f"<th>{escape(name)}</th>", 1)
            output[:] = [nodes.Text(named)]


def _one_head(tree: html.HtmlElement) -> None:
    """Bring the heads of two rows into one, where no column has both."""
    rows = tree.xpath("./thead/tr")
    columns = [*zip(*rows, strict=True)] if len(rows) == 2 and len(rows[0]) == len(rows[1]) else []
    if columns and not any(above.text_content() and below.text_content() for above, below in columns):
        for above, below in columns:
            above.text = above.text_content() or below.text_content()
        rows[1].drop_tree()


def _align(cells: list[html.HtmlElement]) -> None:
    """Put the points of a column below one another: a cell with fewer decimals gets the room of those it lacks.

    A power of ten hangs over the right of its number, where all of the column have room for it.
    """
    found = [PLAIN.fullmatch(cell.text_content().strip()) for cell in cells]
    if not all(found):
        return
    decimals = [len(number[2] or "") for number in found]
    powers = max((5 + 0.8 * len(number[3] + number[4]) for number in found if number[4]), default=0)
    for cell, number, own in zip(cells, found, decimals, strict=True):
        if number[4]:
            power = _power(number[3] in {"−", "-"}, number[4]).replace(" ", "\N{NO-BREAK SPACE}")
            cell[:] = [html.fragment_fromstring(f'<span class="power">{power}</span>')]
            cell.text = number[1]
        lacking = max(decimals) - own
        if room := powers + lacking + (not own and lacking > 0) / 2:
            cell.set("style", "; ".join(filter(None, [cell.get("style"), f"--lacking: {room:g}ch"])))


def _as_cards(tree: html.HtmlElement, rows: list[list[html.HtmlElement]]) -> None:
    """Give the cells of a table that has too much prose for a phone's columns the names of these."""
    longest = [max((len(cell.text_content()) for cell in cells[1:]), default=0) for cells in zip(*rows, strict=False)]
    prose = len(longest) > 2 and sum(length > PROSE for length in longest) > 1
    if prose or any(len(code.text_content()) > CODE for code in tree.iter("code")):
        tree.classes.add("prose-cards")
        for cell, head in [pair for row in rows[1:] for pair in zip(row, rows[0], strict=False)]:
            cell.set("data-head", head.text_content().strip())


def dressed(table: str) -> str:
    """A table's HTML with a class on each cell of numbers and on the head above, and with a name; else as it was."""
    if table.count("<table") > 1:
        return table  # one with others in it, as on the page of evidence
    tree = html.fromstring(table)
    _one_head(tree)
    rows = [row.xpath("./td | ./th") for row in tree.iter("tr")]
    heads = tree.xpath("./thead//th")
    for name in tree.xpath("./tbody/tr/th[1]"):
        if len(name.text_content()) > LONG:
            name.classes.add("long")
    spans = any(cell.get("colspan") or cell.get("rowspan") for row in rows for cell in row)
    for cells in () if spans else zip(*rows, strict=False):
        body = [cell for cell in cells if cell not in heads and cell.text_content().strip()]
        if body and all(NUMBER.fullmatch(cell.text_content().strip()) for cell in body):
            for cell in cells:
                cell.classes.add("number")
            _align(body)
    names = [name for head in heads if (name := " ".join(head.text_content().split()))]
    if names and not tree.get("aria-label") and tree.find("caption") is None:
        tree.set("aria-label", f"Table: {', '.join(names)}")
    if "verdict" in (name.lower() for name in names) and CLAIM.search(tree.text_content()):
        tree.classes.add("verdict-cards")
    elif "dataframe" not in tree.classes and not spans:
        _as_cards(tree, rows)
    return html.tostring(tree, encoding="unicode", with_tail=False)


def typeset(text: str, sizes: bool = False) -> str:
    """HTML with numbers and letters as they are printed: −1.5 for -1.5, 1.5 × 10 to its power for 1.5e+15, W with hh.

    Args:
        text: of a table, a label or a caption.
        sizes: whether a number of four digits or more has commas; a year has none.
    """
    return PIECE.sub(lambda piece: _printed(piece[2], sizes) if piece[2] else piece[0], text)


def _printed(text: str, sizes: bool) -> str:
    text = POWER.sub(lambda one: one[1] + _power(one[2] == "-", one[3]), text)
    text = WHOLE.sub(lambda one: one[0].replace(" ", "\N{NO-BREAK SPACE}"), MINUS.sub("−", text))
    if sizes:
        text = SIZE.sub(lambda one: f"{int(one[0]):,}", text)
    return SCRIPT.sub(_script, text)


def _power(negative: bool, exponent: str) -> str:
    return f" × 10<sup>{'−' * negative}{exponent}</sup>"


def _script(found: re.Match) -> str:
    letter, braced, bare = found.groups()
    return f"<sup>{braced or bare}</sup>" if letter is None else f"{letter}<sub>{braced or bare}</sub>"


def _labelled(label: str) -> str:
    """A label, in which words that were typeset stay one, whatever its parts are laid out as."""

    def text(piece: re.Match) -> str:
        done = typeset(piece[0])
        return f"<span>{done}</span>" if "<sub>" in done else done

    return PIECE.sub(lambda piece: text(piece) if piece[2] else piece[0], label)


def _dress(app: Sphinx, pagename: str, template: str, context: dict, doctree: object) -> None:
    if "body" in context:
        body = TABLE.sub(lambda one: typeset(dressed(one[0]), sizes='class="dataframe' in one[0]), context["body"])
        context["body"] = LABEL.sub(lambda one: _labelled(one[0]), body)


def setup(app: Sphinx) -> dict:
    """Name when the outputs of cells are known, and dress when a page is written."""
    app.connect("doctree-resolved", _name_index)
    app.connect("html-page-context", _dress)
    return {"version": "1", "parallel_read_safe": True}
