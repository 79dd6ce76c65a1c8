"""Which code a stored number came from: a fingerprint of a chapter's cells and of the library behind them."""

import ast
import hashlib
import re
from pathlib import Path

import nbformat

import rnn2attn

PACKAGE = Path(rnn2attn.__file__).parent
DRAWING = {"plots", "explore"}  # change no number


def version(notebook: Path) -> str:
    """The library's version and a fingerprint of the code behind the chapter, "0.1.0+1a2b3c4d".

    That code is the notebook's cells and, of the library, what they import, directly or not, but for the drawing.
    """
    code = "\n".join(cell.source for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code")
    digest = hashlib.sha256(code.encode())
    for path in sorted(_imported(_python(code))):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + path.read_bytes())
    return f"{rnn2attn.__version__}+{digest.hexdigest()[:8]}"


def _python(code: str) -> str:
    """The cells without IPython's own commands."""
    return re.sub(r"^(\s*)[%!].*$", r"\1pass", code, flags=re.MULTILINE)


def _imported(code: str, seen: frozenset[Path] = frozenset()) -> frozenset[Path]:
    """The library's modules that the code imports, and those that they import."""
    names = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    for name in sorted(names):
        top, *parts = name.split(".")
        place = PACKAGE.joinpath(*parts)
        for path in (place.with_suffix(".py"), place / "__init__.py"):
            if top == PACKAGE.name and not DRAWING & set(parts) and path.exists() and path not in seen:
                seen = _imported(path.read_text(encoding="utf-8"), seen | {path})
    return seen
