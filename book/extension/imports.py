"""Long cells that only import are folded: a reader of the page needs them less than one who runs the notebook."""

import ast

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

LINES = 10  # more than that is long


class FoldImports(SphinxTransform):
    """Give each such cell the mark by which myst-nb folds a cell tagged hide-input."""

    default_priority = 400

    def apply(self) -> None:
        """Mark the cells in place (called by Sphinx)."""
        for cell in self.document.findall(nodes.container):
            if cell.get("nb_element") == "cell_code" and "hide_mode" not in cell and _is_long_import(cell):
                cell.attributes |= {
                    "hide_mode": "input",
                    "prompt_show": "Show the imports",
                    "prompt_hide": "Hide the imports",
                }


def _is_long_import(cell: nodes.container) -> bool:
    source = next(cell.findall(nodes.literal_block)).astext()
    if len(source.splitlines()) <= LINES:
        return False
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # a magic of IPython
        return False
    return all(isinstance(statement, ast.Import | ast.ImportFrom) for statement in statements)


def setup(app: Sphinx) -> dict:
    """Register the transform."""
    app.add_transform(FoldImports)
    return {"version": "1", "parallel_read_safe": True}
