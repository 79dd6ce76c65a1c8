"""Cells that stand between a reader and the idea are folded on the page, under one line that says what is in them.

Such a cell begins with ``# @title What is in it``, which Colab shows in the place of the code. Many imports, and what
binds sentences to stored rows, need no title. Of most cells the code alone is folded; of the latter, all is.
``folding.js`` unfolds them where a reader wants that.
"""

import ast
import re
from html import escape

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.writers.html5 import HTML5Translator

BINDS = "In how many seeds this holds"
LINES = 10  # more imports than that are many
TITLE = re.compile(r"# @title (.+)\n+")


class FoldCells(SphinxTransform):
    """Give such a cell the mark by which myst-nb folds one tagged hide-input or hide-cell."""

    default_priority = 400

    def apply(self) -> None:
        """Mark the cells in place, and take their titles out of the code (called by Sphinx)."""
        for cell in self.document.findall(nodes.container):
            if cell.get("nb_element") != "cell_code" or "hide_mode" in cell:
                continue
            code = next(cell.findall(nodes.literal_block))
            source = code.astext()
            found = TITLE.match(source)
            if title := found[1] if found else _title(source):
                code.rawsource = source[found.end() :] if found else source
                code[:] = [nodes.Text(code.rawsource)]
                mode = "all" if title == BINDS else "input"
                cell.attributes |= {"hide_mode": mode, "prompt_show": title, "prompt_hide": title}
                cell["classes"] += ["binds"] if title == BINDS else []


def _title(source: str) -> str:
    """What a cell has that only binds sentences to stored rows, or whose many lines only import; else ""."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # a magic of IPython
        return ""
    calls = [getattr(statement, "value", None) for statement in statements]
    if calls and all(isinstance(call, ast.Call) and getattr(call.func, "id", "") == "says" for call in calls):
        return BINDS
    imports = all(isinstance(statement, ast.Import | ast.ImportFrom) for statement in statements)
    return "Imports" if imports and len(source.splitlines()) > LINES else ""


class JoinCells(SphinxPostTransform):
    """Put cells that prepare something into the fold of the next, which shows it: one line stands for them all.

    So it does for cells that bind sentences, where several follow one another.
    """

    default_priority = 200  # right after myst-nb has wrapped what is folded
    formats = ("html",)

    def run(self, **kwargs) -> None:
        """Join them in place (called by Sphinx)."""
        for cell in list(self.document.findall(nodes.container)):
            fold, after = _fold_alone(cell), cell.next_node(descend=False, siblings=True)
            into = after.children[0] if isinstance(after, nodes.container) and after.children else None
            if fold and isinstance(into, HideCodeCellNode) and _binds(fold) == _binds(into):
                into[0:0] = fold.children
                cell.parent.remove(cell)


def _fold_alone(cell: nodes.container) -> HideCodeCellNode | None:
    """What is folded of a cell of which nothing else is seen."""
    (fold,) = cell.children if len(cell.children) == 1 else (None,)
    return fold if isinstance(fold, HideCodeCellNode) else None


def _binds(fold: HideCodeCellNode) -> bool:
    return fold["prompt_show"] == BINDS


def _open(translator: HTML5Translator, node: HideCodeCellNode) -> None:
    """Begin what is folded: myst-nb's own would name it otherwise than it reads."""
    translator.body.append(f'<details class="hide">\n<summary>{escape(node["prompt_show"])}</summary>\n')


def _close(translator: HTML5Translator, node: HideCodeCellNode) -> None:
    translator.body.append("</details>\n")


def setup(app: Sphinx) -> dict:
    """Register the transforms, and how what is folded is written."""
    app.setup_extension("myst_nb")
    app.add_transform(FoldCells)
    app.add_post_transform(JoinCells)
    app.add_node(HideCodeCellNode, override=True, html=(_open, _close))
    return {"version": "1", "parallel_read_safe": True}
