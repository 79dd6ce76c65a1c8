"""Which code a stored number came from: a fingerprint of what a chapter can reach, in its cells and in the library.

It is taken of syntax trees, and of the definitions that are used. A comment, a docstring, the text of an error, a
figure, a function that the chapter does not reach, a release, or another Python leave it as it is.
"""

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import nbformat

import rnn2attn

PACKAGE = Path(rnn2attn.__file__).parent
SHOWING = {"plots", "explore", "live", "shown", "says", "results"}  # show and store, and change no number
LIVE = "rnn2attn.live"  # its import is left out as well; imports of the others are in the stored fingerprints
WHOLE = "*"  # in the place of a name: all that a module defines
SILENT = {"kind", "type_comment", "type_ignores"}  # fields of a syntax tree that say nothing

Place = tuple[Path, str]  # a module, and a name that it defines or imports


def version(notebook: Path) -> str:
    """The library's version and the fingerprint of the code behind the chapter, "0.1.0+1a2b3c4d"."""
    chapter = Module(notebook, ast.parse(_python(notebook)))
    counted = [node for node in chapter.statements if not chapter.only_shows(node) and not _brings(node, LIVE)]
    forms = [form(node) for node in counted]
    for path, names in sorted(reached(chapter.used(counted)).items()):
        forms += [path.relative_to(PACKAGE).as_posix(), *map(form, module(path).body(names))]
    return f"{rnn2attn.__version__}+{hashlib.sha256(ascii(forms).encode()).hexdigest()[:8]}"


def same_code(one: str, other: str) -> bool:
    """Whether two versions have one fingerprint. A release alone makes no measurement old."""
    return one.partition("+")[2] == other.partition("+")[2]


def reached(places: Iterable[Place]) -> dict[Path, set[str]]:
    """Module → names, of all that these places use, directly or not."""
    found: dict[Path, set[str]] = {}
    left = list(places)
    while left:
        path, name = left.pop()
        if name not in found.setdefault(path, set()):
            found[path].add(name)
            left += module(path).used(module(path).body({name}))
            left += [place] if (place := module(path).imported.get(name)) else []
    return found


class Module:
    """The statements of a file, and what its names stand for.

    Attributes:
        imported: a name → where in this package it comes from, imported at the top or in a function.
        showing: the names that come from the modules that only show.
    """

    def __init__(self, path: Path, code: ast.Module):
        self.path, self.statements = path, code.body
        self.imported: dict[str, Place] = {}
        self.showing: set[str] = set()
        for node in ast.walk(code):
            for name, origin in _imports(node):
                if SHOWING & set(origin.split(".")):
                    self.showing.add(name)
                elif place := _place(origin):
                    self.imported[name] = place
        self.defined = {name for node in self.statements for name in _defines(node)}

    def body(self, names: set[str]) -> list[ast.stmt]:
        """The statements that define these names, and those that define nothing and are run in any case."""
        return [
            node for node in self.statements
            if not isinstance(node, ast.Import | ast.ImportFrom)
            and (WHOLE in names or not (defines := _defines(node)) or defines & names)
        ]  # fmt: skip

    def used(self, nodes: Iterable[ast.stmt]) -> Iterator[Place]:
        """The places that these statements name: those of this module, and those that it imports."""
        parts = [part for node in nodes for part in ast.walk(node)]
        inner = {id(part.value) for part in parts if isinstance(part, ast.Attribute)}
        for part in parts:
            if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
                yield from self._of(part.value.id, part.attr)
            elif isinstance(part, ast.Name) and id(part) not in inner:
                yield from self._of(part.id)

    def _of(self, name: str, attribute: str = WHOLE) -> Iterator[Place]:
        if name in self.defined and self.path.is_relative_to(PACKAGE):
            yield self.path, name
        if name in self.imported:
            path, what = self.imported[name]
            yield _inside(path, attribute) if what == WHOLE else (path, what)

    def only_shows(self, node: ast.stmt) -> bool:
        """Whether a statement is a call of what only shows, such as ``plots.lines(…)``."""
        call = node.value if isinstance(node, ast.Expr) else None
        while isinstance(call, ast.Call | ast.Attribute):
            call = call.func if isinstance(call, ast.Call) else call.value
        return isinstance(call, ast.Name) and call.id in self.showing


@cache
def module(path: Path) -> Module:
    """A module of the library."""
    return Module(path, ast.parse(path.read_text(encoding="utf-8")))


def form(node: object, said: bool = True) -> object:
    """A syntax tree as nested tuples, the same under every Python: no positions, no docstrings, no text of errors.

    Args:
        node: a tree, a list of trees, or a constant.
        said: whether texts count; they do not in `raise`, nor in what `assert` says.
    """
    if isinstance(node, list):
        return tuple(form(one, said) for one in node if said or not _is_text(one))
    if not isinstance(node, ast.AST):
        return node
    fields = dict(ast.iter_fields(node))
    if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
        fields["body"] = node.body[1:]
    if isinstance(node, ast.Assert):
        del fields["msg"]
    said = said and not isinstance(node, ast.Raise)
    kept = {
        name: form(value, said)
        for name, value in fields.items()
        if name not in SILENT and (said or not _is_text(value))
    }
    return type(node).__name__, *((name, value) for name, value in kept.items() if value not in (None, ()))


def _is_text(node: object) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _python(notebook: Path) -> str:
    """The code cells, without IPython's own commands."""
    cells = [cell.source for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]
    return re.sub(r"^(\s*)[%!].*$", r"\1pass", "\n".join(cells), flags=re.MULTILINE)


def _defines(node: ast.stmt) -> set[str]:
    """The names that a statement at the top of a module defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    targets = (
        node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    )
    return {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}


def _imports(node: ast.AST) -> Iterator[tuple[str, str]]:
    """(name, origin) for what an import brings: ``from a.b import c as d`` gives ("d", "a.b.c")."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield (
                alias.asname or alias.name.partition(".")[0],
                alias.name if alias.asname else alias.name.partition(".")[0],
            )
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _brings(node: ast.AST, module: str) -> bool:
    """Whether a statement imports from this module."""
    return isinstance(node, ast.ImportFrom) and node.module == module


def _place(origin: str) -> Place | None:
    """Where "rnn2attn.text.Batch" stands; all of a module, if that is what it names; None outside this package."""
    package, *parts = origin.split(".")
    if package != PACKAGE.name:
        return None
    place = PACKAGE / "__init__.py", WHOLE
    for part in parts:
        place = _inside(place[0], part) if place[1] == WHOLE else place
    return place


def _inside(path: Path, name: str) -> Place:
    """What a name stands for in a module: a module below it, or something that it holds."""
    if path.name == "__init__.py":
        for below in (path.parent / f"{name}.py", path.parent / name / "__init__.py"):
            if below.exists():
                return below, WHOLE
    return path, name
