"""The house: the build is never stale, the address stands in one place."""

import re
import subprocess

import nbformat
import pytest
import yaml

import address
from building import ROOT, build

SMALL = """
from rnn2attn.metrics import exact_match

assert exact_match([["a"], ["b"], ["c"]], [["a"], ["b"], ["d"]]) == 2 / 3
"""


@pytest.mark.heavy
def test_a_broken_library_fails_the_next_build_and_the_one_after(checkout):
    toc = "format: jb-book\nroot: book/notation\nchapters:\n  - file: notebooks/small\n"
    (checkout / "_toc.yml").write_text(toc, encoding="utf-8")
    small = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# Small"), nbformat.v4.new_code_cell(SMALL)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(small, checkout / "notebooks/small.ipynb")
    env = {"PYTHONPATH": str(checkout / "lib")}
    library = checkout / "lib/rnn2attn/metrics.py"
    source = library.read_text(encoding="utf-8")

    def made():
        return build(checkout, checkout.with_name("out"), env=env, warm=True)

    first = made()
    assert first.returncode == 0, first.stderr[-3000:]
    broken = source.replace("list(p) == list(r)", "list(p) != list(r)")
    assert broken != source
    library.write_text(broken, encoding="utf-8")
    for attempt in ("next", "one after"):
        result = made()
        assert result.returncode != 0, f"the {attempt} build passed with a broken library"
        assert "CellExecutionError" in result.stderr or "Executing notebook failed" in result.stderr


def test_the_address_moves_everywhere(checkout):
    subprocess.run("git init -q && git add -A", shell=True, cwd=checkout, check=True)
    old = address.slug(yaml.safe_load((checkout / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"])
    changed = {path.name for path in address.move(checkout, "https://github.com/some-one/a-book")}
    assert {"_config.yml", "01-rnn-gradients.ipynb", "CONTRIBUTING.md", "CITATION.cff"} <= changed
    left = subprocess.run(["git", "grep", "-lF", old], cwd=checkout, capture_output=True, text=True, check=False)
    assert not left.stdout
    assert address.move(checkout, "https://github.com/some-one/a-book") == []


def test_a_branch_moves_with_the_address(checkout):
    subprocess.run("git init -q && git add -A", shell=True, cwd=checkout, check=True)
    fork = "https://github.com/some-one/a-book"
    address.move(checkout, fork, "a-branch")
    assert (
        yaml.safe_load((checkout / "_config.yml").read_text(encoding="utf-8"))["repository"]["branch"] == "a-branch"
    )
    notebooks = [*checkout.glob("notebooks/*.ipynb"), *checkout.glob("exercises/*.ipynb")]
    for text in (path.read_text(encoding="utf-8") for path in notebooks):
        assert "git+https://github.com/some-one/a-book@a-branch#subdirectory=lib" in text
        assert "colab.research.google.com/github/some-one/a-book/blob/a-branch/" in text
        assert "/main/" not in text and "@main" not in text
    address.move(checkout, fork)
    assert "a-branch" not in "".join(path.read_text(encoding="utf-8") for path in notebooks)


@pytest.mark.parametrize("url", ["", "github.com/a/b", "https://github.com/a", "https://gitlab.com/a/b"])
def test_another_kind_of_address_is_refused(url):
    with pytest.raises(ValueError, match="OWNER/NAME"):
        address.slug(url)


def test_every_repository_link_is_the_one_of_the_configuration():
    slug = address.slug(yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"])
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in names:
        if name.startswith((".github/workflows", "tests/", "book/tools")) or not (ROOT / name).is_file():
            continue
        text = (ROOT / name).read_bytes().decode("utf-8", errors="ignore")
        for other in re.findall(r"(?:github\.com|com/github)/([\w.-]+/rnn2attn)\b", text):
            assert other == slug, name


def test_make_alone_lists_the_targets():
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("book", "test", "serve", "notebooks", "study", "bench", "system", "address"):
        assert re.search(rf"^  {target}\s+\S", listed, re.MULTILINE), target


def test_no_file_names_a_machine():
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in names:
        if (ROOT / name).suffix in {".py", ".md", ".yml", ".toml", ".ipynb", ".txt"}:
            text = (ROOT / name).read_text(encoding="utf-8")
            assert not re.search(r"(?<![\w.])/(?:home|work|root|Users)/\w", text), name
