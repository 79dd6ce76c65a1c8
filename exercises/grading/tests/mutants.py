"""First-order mutants: a function changed in one place, to see whether the cases notice."""

import ast
import inspect
import textwrap
from collections import deque
from collections.abc import Callable, Iterator
from types import CodeType

OPERATORS = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mod,),
    ast.Mod: (ast.FloorDiv,),
    ast.MatMult: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}
COMMUTATIVE = ast.Add | ast.Mult | ast.BitAnd | ast.BitOr
COMPARISONS = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt,),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
MOST = 100


def mutants(function: Callable) -> list[tuple[str, Callable]]:
    """(what was changed, the changed function) for every place; at most 100, spread over the function."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    definition = tree.body[0]
    docstring = definition.body.pop(0)
    found = {}
    for parent, name, at, node in _places(definition):
        if isinstance(node, ast.arguments | ast.arg):
            continue
        for changed in _changes(node):
            where = f"line {node.lineno}, column {node.col_offset}"
            text = f"{where}: {ast.unparse(node)}  →  {ast.unparse(changed)}"
            _put(parent, name, at, changed)
            definition.body.insert(0, docstring)
            found[text] = compile(ast.fix_missing_locations(tree), "<mutant>", "exec")
            del definition.body[0]
            _put(parent, name, at, node)
    step = max(1, -(-len(found) // MOST))
    return [(text, _run(code, function)) for text, code in [*found.items()][::step]]


def _places(definition: ast.AST) -> list[tuple[ast.AST, str, int | None, ast.AST]]:
    """Of every node below: its parent, the field in which it is, its number if that is a list, and itself."""
    places, left = [], deque([definition])
    while left:  # as ast.walk goes
        parent = left.popleft()
        for name, value in ast.iter_fields(parent):
            several = isinstance(value, list)
            for at, node in enumerate(value if several else [value]):
                if isinstance(node, ast.AST):
                    places.append((parent, name, at if several else None, node))
                    left.append(node)
    return places


def _put(parent: ast.AST, name: str, at: int | None, node: ast.AST) -> None:
    if at is None:
        setattr(parent, name, node)
    else:
        getattr(parent, name)[at] = node


def _run(code: CodeType, function: Callable) -> Callable:
    scope = dict(function.__globals__)
    exec(code, scope)
    return scope[function.__name__]


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    """The node, changed in each of the ways that are known for it."""
    if isinstance(node, ast.BinOp):
        for other in OPERATORS[type(node.op)]:
            yield ast.BinOp(node.left, other(), node.right)
        if not isinstance(node.op, COMMUTATIVE):
            yield ast.BinOp(node.right, node.op, node.left)
        yield node.left
        yield node.right
    elif isinstance(node, ast.AugAssign):
        for other in OPERATORS[type(node.op)]:
            yield ast.AugAssign(node.target, other(), node.value)
        yield ast.Assign([node.target], node.value, lineno=node.lineno)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Compare):
        for other in COMPARISONS[type(node.ops[0])]:
            yield ast.Compare(node.left, [other()], node.comparators)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value - 1)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "->" in node.value:
        left, _, right = node.value.partition("->")
        yield ast.Constant(f"{left}->{right[::-1]}")
        yield ast.Constant(f"{','.join(reversed(left.split(',')))}->{right}")
    elif isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        yield node.value
    elif isinstance(node, ast.Call):
        yield from _changed_calls(node)
    elif isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)
    elif isinstance(node, ast.If):
        yield ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
    elif isinstance(node, ast.Slice):
        if node.lower:
            yield ast.Slice(None, node.upper, node.step)
        if node.upper:
            yield ast.Slice(node.lower, None, node.step)
    elif isinstance(node, ast.List) and len(node.elts) == 2 and isinstance(node.ctx, ast.Load):
        yield ast.List(node.elts[::-1], node.ctx)


def _changed_calls(node: ast.Call) -> Iterator[ast.AST]:
    """Call and method dropped, arguments exchanged, keyword dropped."""
    if isinstance(node.func, ast.Attribute) and not (
        isinstance(node.func.value, ast.Name) and node.func.value.id in ("torch", "math", "F")
    ):
        yield node.func.value
    elif node.args and not isinstance(node.args[0], ast.Starred):
        yield node.args[0]
    if len(node.args) >= 2:
        yield ast.Call(node.func, [node.args[1], node.args[0], *node.args[2:]], node.keywords)
    for number in range(len(node.keywords)):
        yield ast.Call(node.func, node.args, node.keywords[:number] + node.keywords[number + 1 :])
