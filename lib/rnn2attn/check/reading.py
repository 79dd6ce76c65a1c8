"""Reading an answer's code for calls that the question asks to be written. A courtesy to the learner, not a defence.

An entry of the list is the path of a function, class or module ("torch.nn.RNN", "torch.autograd"), or, with a dot in
front, of a method (".backward"). Names are followed through imports, aliases and the learner's own helpers.
"""

import ast
import importlib
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType

NAMED = ast.Name, ast.Attribute  # asked of each node: `ast.Name | ast.Attribute` would be made anew each time


def forbidden_call(function: Callable, forbidden: tuple[str, ...]) -> str:
    """The first entry of the list that the function's code uses; "" if none, or if its source is not to be had."""
    if not forbidden:
        return ""
    things = {path: _import(path) for path in forbidden if not path.startswith(".")}
    for method, used in [("", function), *_uses(function, set())]:
        for path in forbidden:
            if path == f".{method}" or (path in things and _comes_from(used, things[path])):
                return path
    return ""


def _uses(function: Callable, visited: set) -> Iterator[tuple[str, object]]:
    """(last name, object) of every name and attribute in the function's code; the object is None where unknown."""
    function = inspect.unwrap(function)
    if not isinstance(function, FunctionType):
        return
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
        known = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    except (OSError, SyntaxError, ValueError):  # typed at a prompt; a name of an outer function not yet given
        return
    visited.add(function)
    nodes = [tree]
    for node in nodes:  # more of them meanwhile
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = []
        nodes += ast.iter_child_nodes(node)
    # Everything that is imported or named within, before it is used there.
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name if alias.asname else alias.name.split(".")[0]
                known[alias.asname or top] = _import(top)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                known[alias.asname or alias.name] = _import(f"{node.module}.{alias.name}")
                yield alias.name, known[alias.asname or alias.name]
    for node in nodes:
        if isinstance(node, NAMED):
            used = _resolve(node, known)
            yield (node.attr if isinstance(node, ast.Attribute) else "", used)
            own = isinstance(used, FunctionType) and used.__module__ == function.__module__
            if own and used not in visited:
                yield from _uses(used, visited)


def _resolve(node: ast.expr, known: dict[str, object]) -> object:
    """What a dotted name stands for, as far as modules and classes go; None where that is not known."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute):
        parent = _resolve(node.value, known)
        return getattr(parent, node.attr, None) if isinstance(parent, ModuleType | type) else None
    return None


def _import(path: str) -> object:
    """The module, or what a module holds, of this path; None if there is none."""
    try:
        return importlib.import_module(path)
    except ImportError:
        module, _, name = path.rpartition(".")
        return getattr(_import(module), name, None) if module else None


def _comes_from(used: object, thing: object) -> bool:
    """Whether what is used is the forbidden thing, of the forbidden class, or from the forbidden module."""
    if used is None or thing is None:
        return False
    if isinstance(thing, ModuleType):
        home = used.__name__ if isinstance(used, ModuleType) else getattr(used, "__module__", None)
        return isinstance(home, str) and f"{home}.".startswith(f"{thing.__name__}.")
    return used is thing or (isinstance(thing, type) and isinstance(used, thing))
