"""What the Makefile, the workflows and the pages name is there, and what they call starts."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from building import ROOT

PATTERNS = ("Makefile", ".ci/run", ".github/**/*.yml", "*.md", ".github/*.md", "book/**/*.md", "lib/README.md")
NAMING = sorted(
    {path for pattern in PATTERNS for path in ROOT.glob(pattern)} | {ROOT / "exercises/grading/README.md"}
)
LISTED = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
    cwd=ROOT, capture_output=True, text=True, check=True,
).stdout.split()  # fmt: skip
THERE = [f"/{name}" for name in LISTED if (ROOT / name).is_file()]
WRITTEN_BY_THE_READER = {
    "exercises/grading/rnn2attn_grading/questions/chapter01/q7_rows.py", "tests/test_evidence_07.py",
    "nbgrader_config.py",
}  # fmt: skip
CALLED = re.compile(r"python[\d.]*\s+(?:-m\s+(rnn2attn[\w.]*)|([\w./-]+\.py)\b)")
# One import of what is large serves all: each script starts in a fork, with `--help`.
START = """
import os, runpy, sys
import pandas, torch

for name in sys.stdin.read().split():
    if not os.fork():
        sys.argv = [name, "--help"]
        if name.endswith(".py"):
            sys.path[0] = os.path.dirname(name)
            runpy.run_path(name, run_name="__main__")
        else:
            runpy.run_module(name, run_name="__main__", alter_sys=True)
        sys.exit("it went on after --help")
    if os.wait()[1]:
        sys.exit(f"{name} does not start")
"""


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", NAMING, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_program_that_is_named_is_there(path):
    named = set(re.findall(r"(?<![\w./…*{-])[\w-][\w./-]*\.py\b", text(path)))
    for name in named - WRITTEN_BY_THE_READER:
        assert any(known.endswith(f"/{name}") for known in THERE), f"there is no {name}"


def test_what_is_to_be_changed_is_where_the_table_says():
    _, _, rest = text(ROOT / "CONTRIBUTING.md").partition("\n## Where to change what\n")
    rows = re.findall(r"^\|.*\|$", rest.partition("\n## ")[0], re.MULTILINE)[2:]
    assert len(rows) > 20
    for row in rows:
        _, where, tests = row.strip("|").split("|")
        assert "tests/" in tests or "itself" in tests, row
        for name in re.findall(r"`([^ `]*[/.][^ `]*)`", where + tests):
            assert (ROOT / name).exists(), f"there is no {name}"


def test_every_program_that_is_called_starts():
    called = {"".join(names) for path in NAMING for names in CALLED.findall(text(path))}
    assert {"book/tools/paper.py", "rnn2attn.study", "rnn2attn_grading"} <= called
    for name in called:
        source = ROOT / name if name.endswith(".py") else None
        assert source is None or "ArgumentParser(" in text(source), f"{name} knows no --help, and would do its work"
    said = subprocess.run(
        [sys.executable, "-c", START], input="\n".join(sorted(called)), cwd=ROOT, capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr[-3000:]
    assert said.stdout.count("usage: ") == len(called)


@pytest.mark.parametrize("path", NAMING, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_target_that_is_named_can_be_made(path):
    targets = set(re.findall(r"^([a-z]+):", text(ROOT / "Makefile"), re.MULTILINE))
    assert {"book", "test", "check"} <= targets
    assert set(re.findall(r"(?:^|[`$] ?|&& |run: )make ([a-z]+)", text(path), re.MULTILINE)) <= targets
