"""A module imports only from layers below its own."""

import ast
from pathlib import Path

import pytest

import rnn2attn

LAYERS = [
    {"shapes", "words"},
    {"text", "style"},
    {"tasks"},
    {"recurrent"},
    {"attention", "gradients", "clipping", "linear"},
    {"decoding", "metrics"},
    {"seq2seq"},
    {"captioning", "transformer"},
    {"training", "language", "mixers"},
    {"plots"},
    {"explore"},
    {"live"},
    {"study", "check"},
]
LEVEL = {module: level for level, layer in enumerate(LAYERS) for module in layer}
ROOT = Path(rnn2attn.__file__).parent
FILES = [path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py"]


def imported(tree):
    """Top modules of rnn2attn that a syntax tree imports from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that this test sees them"
            head, _, rest = node.module.partition(".")
            if head == "rnn2attn":
                yield from [rest.split(".")[0]] if rest else (alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (a.name.split(".")[1] for a in node.names if a.name.startswith("rnn2attn."))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path):
    module = path.relative_to(ROOT).parts[0].removesuffix(".py")
    assert module in LEVEL, f"{module} has no layer yet: add it to LAYERS"
    for other in imported(ast.parse(path.read_text(encoding="utf-8"))):
        if other not in (module, "__version__"):
            assert LEVEL[other] < LEVEL[module], f"{module} imports {other}, which is not below it"
