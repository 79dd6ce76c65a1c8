"""Chapters are executed at the same time and once each, and a plain jupyter-book does what `make book` does."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from nbformat import v4, write

from building import ROOT

# Each waits for the other: one after the other, the first would never end.
MEETS = """
import time
from pathlib import Path

with open("{me}.ran", "a") as file:
    print("once", file=file)
end = time.monotonic() + 240
while not Path("{other}.ran").exists():
    assert time.monotonic() < end, "the other was not executed at the same time"
    time.sleep(0.01)
"""
SAYS = """
import os

print("given", os.environ.get("RNN2ATTN_FRAMES"), os.environ.get("OMP_NUM_THREADS"))
"""
EXTENSIONS = ["book.extension.execution", "book.extension.fresh"]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A book of two chapters that need each other, built by jupyter-book alone; and what it printed."""
    root = tmp_path_factory.mktemp("small")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    for me, other in (("a", "b"), ("b", "a")):
        cells = [v4.new_markdown_cell(f"# {me}"), v4.new_code_cell(MEETS.format(me=me, other=other))]
        write(v4.new_notebook(cells=[*cells, v4.new_code_cell(SAYS)], metadata=kernel), root / f"{me}.ipynb")
    (root / "_toc.yml").write_text("format: jb-book\nroot: a\nchapters:\n  - file: b\n", encoding="utf-8")
    (root / "_config.yml").write_text(yaml.safe_dump({"title": "Small", "sphinx": {
        "recursive_update": True, "local_extensions": dict.fromkeys(EXTENSIONS, str(ROOT)),
    }, "execute": {"execute_notebooks": "cache"}}), encoding="utf-8")  # fmt: skip
    bare = {name: value for name, value in os.environ.items() if name not in ("RNN2ATTN_FRAMES", "OMP_NUM_THREADS")}
    command = [Path(sys.executable).with_name("jupyter-book"), "build", root, "-W", "--keep-going"]
    result = subprocess.run(command, env=bare, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-3000:]
    assert "IPKernelApp" not in result.stdout + result.stderr, "kernels warn of what a reader cannot change"
    return root, result.stdout


@pytest.mark.heavy
def test_chapters_are_executed_at_the_same_time_and_once(small):
    root, said = small
    assert [(root / f"{name}.ran").read_text() for name in "ab"] == ["once\n", "once\n"]
    assert all(f"Executed {name}: " in said for name in "ab"), said


@pytest.mark.heavy
def test_a_plain_build_draws_the_frames_and_takes_one_thread(small):
    root, _ = small
    page = (root / "_build/html/b.html").read_text(encoding="utf-8")
    assert "given 1 1" in re.sub(r"<[^>]*>", "", page)
