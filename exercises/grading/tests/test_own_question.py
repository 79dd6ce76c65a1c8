"""The question that the page for instructors adds, followed word for word, passes the tests that the page names."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from book_tables import ROOT

WANTED = (
    "lib",
    "exercises",
    "book/instructors.md",
    "book/exercises.md",
    "_config.yml",
    "conftest.py",
    "pyproject.toml",
)
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", ".ruff_cache")


@pytest.mark.heavy
def test_the_question_of_the_instructors_page_passes_the_tests_that_the_page_names(tmp_path):
    for name in WANTED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copy if (ROOT / name).is_file() else lambda *both: shutil.copytree(*both, ignore=LEFT_OUT)
        copy(ROOT / name, tmp_path / name)
    page = (ROOT / "book/instructors.md").read_text("utf-8")
    page = page.partition("\n## A question of your own\n")[2].partition("\n## ")[0]

    def block(language, number=0):
        return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)[number]

    module = tmp_path / re.search(r"`(exercises/\S+/q7_\w+\.py)`", page)[1]
    module.write_text(block("python"), "utf-8")
    answers = tmp_path / re.search(r"`(exercises/\S+/answers/chapter01\.py)`", page)[1]
    answers.write_text(f"{answers.read_text('utf-8')}\n\n{block('python', 1)}", "utf-8")
    asked = tmp_path / "book/exercises.md"
    table = re.compile(r"(## What is asked in chapter 1\n.*?)(?=\n\n## )", re.DOTALL)
    asked.write_text(
        table.sub(lambda found: f"{found[1]}\n{block('text').strip()}", asked.read_text("utf-8")), "utf-8"
    )

    def run(*command):
        paths = [str(tmp_path / "lib"), str(tmp_path / "exercises/grading")]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        done = subprocess.run([sys.executable, *command], cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
        return done.stdout

    made, tests = block("console").replace("\\\n", "").strip().splitlines()
    assert made == "$ make exercises"
    run("-m", "rnn2attn_grading", "write")
    run("exercises/grading/tests/book_tables.py")
    program, *files = tests.removeprefix("$ ").split()
    assert program == ".venv/bin/pytest"
    mine = "row_norms or 1.7 or chapter01 or 01-rnn or instructors.md or exercises.md or fifty or nine_of or numbered"
    said = run("-m", "pytest", "-q", "-p", "no:cacheprovider", *files, "-k", mine)
    assert int(re.search(r"(\d+) passed", said)[1]) > 30, "its own tests, and those of its chapter"
