"""The committed notebooks: outputs stored, figures described, readable in Colab; and nbval does compare them."""

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

from building import ROOT
from rnn2attn.study.register import register
from rnn2attn.study.shown import Verdict

CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MYST = re.compile(
    r"^:{3,}|^`{3,}\{|\{[a-z:]+\}`|^\([\w-]+\)=|^%|^\+\+\+|\[\]\(|\]\(#|^:[a-z-]+:|\{\{|^\|\||\\label\{|\\begin\{",
    re.MULTILINE,
)


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_chapters():
    assert CHAPTERS


def test_outputs_are_stored(notebook):
    """Without them nbval would have nothing to compare, and pass."""
    for number, cell in enumerate(code_cells(notebook)):
        assert cell.execution_count, f"code cell {number} was never executed: make notebooks"
        if re.search(r"^\s*print\(|^plots\.", cell.source, re.MULTILINE):
            assert cell.outputs, f"code cell {number} prints or draws, but no output is stored: make notebooks"


def test_stored_outputs_hold_nothing_that_changes_by_itself(notebook):
    nbformat.validate(notebook)
    assert "widgets" not in notebook.metadata
    assert notebook.metadata.language_info == {"name": "python"}
    for cell in code_cells(notebook):
        assert "execution" not in cell.metadata
        assert "nbval-ignore-output" not in cell.metadata.get("tags", [])
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert "image/svg+xml" not in output.get("data", {})
            assert output.get("name") != "stderr", output.text


def test_every_figure_says_what_it_shows(notebook):
    figures = [c for c in code_cells(notebook) if any("image/png" in o.get("data", {}) for o in c.outputs)]
    assert figures
    for cell in figures:
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        assert len(alt) >= 40, f"alternative text is missing or says nothing: {cell.source}"


def test_every_table_names_its_rows(notebook):
    """By its index, or in the cell's metadata, from which the page takes it."""
    for cell in code_cells(notebook):
        for output in cell.outputs:
            html = "".join(output.get("data", {}).get("text/html", ""))
            for head in re.findall(r'class="dataframe">\s*<thead>(.*?)</thead>', html, re.DOTALL):
                first = re.search("<th[^>]*>(.*?)</th>", head.rpartition("<tr")[2])[1]
                assert first or cell.metadata.get("table", {}).get("index"), f"rows of what? {cell.source}"


@pytest.mark.parametrize("number", sorted({path.name[:2] for path in CHAPTERS}))
def test_cells_are_short(number):
    """On all pages of a chapter, without their titles, and without what only binds sentences."""
    pages = [nbformat.read(path, as_version=4) for path in CHAPTERS if path.name[:2] == number]
    sources = [re.sub("^# @title .*\n", "", cell.source) for page in pages for cell in code_cells(page)]
    shown = [source for source in sources if not source.startswith("says(")]
    lengths = [len(source.splitlines()) for source in shown]
    assert max(lengths) <= 25
    assert sorted(lengths)[len(lengths) // 2] <= 8


def test_what_carries_the_page_has_a_title_under_which_it_folds(notebook):
    """Cells that import much, measure, draw or bind; Colab shows the title in the place of the code."""
    for cell in code_cells(notebook):
        titled = cell.source.startswith("# @title ")
        assert titled == (cell.metadata.get("cellView") == "form"), cell.source
        if re.search(r"\b(?:claim|curve|explore|says)\(|\bplots\.", cell.source):
            assert titled, f"this cell needs a first line such as “# @title Draws the figure”:\n{cell.source}"


def test_colab_reads_the_text_as_it_is(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"`[^`]*`|\$\$.*?\$\$|\$[^$]*\$", "", cell.source, flags=re.DOTALL)
            assert not MYST.search(text), f"{MYST.search(text)[0]!r} is not Markdown that Colab knows:\n{cell.source}"
            # Plain letters with an underscore are a formula that was not set as one.
            assert not re.search(r"\b[A-Za-z]_\w", re.sub(r"\]\([^)]*\)", "", text)), cell.source


def test_the_first_cells_are_the_same_everywhere(notebook):
    repository = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]
    address = f"{repository['url']}@{repository['branch']}"
    first, parameters = (
        code_cells(notebook)[0],
        [c for c in code_cells(notebook) if "parameters" in c.metadata.get("tags", [])],
    )
    assert first.source == (
        "try:\n    import rnn2attn  # noqa: F401\n"
        "except ImportError:  # in Colab: the book's library, and nothing else\n"
        f'    %pip install -q --no-deps "rnn2attn @ git+{address}#subdirectory=lib"\n'
        '    assert not _exit_code, "Library not fetched: is there a network?"  # noqa: F821'
    )
    assert [c.source for c in parameters] == ["seed = 0"]


def test_the_link_to_colab_is_this_notebook():
    slug = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"].split(".com/")[1]
    for path in CHAPTERS:
        opening = nbformat.read(path, as_version=4).cells[0].source
        link = f"https://colab.research.google.com/github/{slug}/blob/main/notebooks/{path.name}"
        assert f"[Run this page in Colab]({link})" in opening


def nbval(folder, env=None):
    """Run nbval as `make test` does on copies of a chapter, and return how that ended."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rf", "--nbval", "--nbval-sanitize-with",
         str(ROOT / "tests/nbval.cfg"), "-c", os.devnull, "--rootdir", str(folder), "-p", "no:cacheprovider",
         str(folder)],
        env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def beginning(copy):
    """The first cells of chapter 1 as a notebook: up to the first comparison of a step with its equation."""
    data = json.loads(CHAPTERS[0].read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in data["cells"]]
    compares = next(n for n, source in enumerate(sources) if "rnn_step(" in source and "assert_close" in source)
    data["cells"] = data["cells"][: compares + 1]
    copy.write_text(json.dumps(data), encoding="utf-8")
    return data


# Sums in another order, as a processor without wide vectors makes them: a second witness on one machine.
NARROW = {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE", "DNNL_MAX_CPU_ISA": "SSE41"}


@pytest.mark.soak
def test_the_other_processor_is_another_one():
    """Training takes other ways there: else the test below would have one witness."""
    code = (
        "import torch; from rnn2attn.recurrent import RNN; torch.manual_seed(0); rnn = RNN(4, 32)\n"
        "x = torch.randn(32, 20, 4); rnn(x)[0].pow(2).mean().backward(); print(rnn.W_hh.grad.sum().item().hex())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, **env}, capture_output=True, text=True, check=True
        )
        for env in ({}, NARROW)
    ]
    assert runs[0].stdout != runs[1].stdout


@pytest.mark.soak
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_page_stands_on_another_processor(path, tmp_path):
    """Its claims hold at its own seed, and it prints what is stored, but for what is marked as trained."""
    for beside in path.parent.iterdir():
        if beside.suffix != ".ipynb":
            (shutil.copytree if beside.is_dir() else shutil.copy)(beside, tmp_path / beside.name)
    shutil.copy(path, tmp_path)
    result = nbval(tmp_path, NARROW)
    assert result.returncode == 0, result.stdout[-6000:]


def sanitized(text):
    """What nbval compares of an output."""
    rules = configparser.ConfigParser(interpolation=None)
    rules.read(ROOT / "tests/nbval.cfg", encoding="utf-8")
    for rule in rules.sections():
        text = re.sub(rules[rule]["regex"], rules[rule]["replace"], text)
    return text


@pytest.mark.parametrize(("id", "kind", "same"), [("C9", "trained", True), ("C2", "exact", False)])
def test_nbval_takes_the_run_that_a_statement_allows(id, kind, same):
    """Where it is not allowed, the claim has raised; of an exact one the verdict is compared."""
    held, fell = (Verdict(register()[id], kind, "", (("RNN", "", 0.5),), passed) for passed in (True, False))
    assert (sanitized(repr(held)) == sanitized(repr(fell))) == same
    assert (sanitized(held._repr_html_()) == sanitized(fell._repr_html_())) == same


@pytest.mark.soak
def test_nbval_passes_what_nobody_changed_and_sees_a_changed_output(tmp_path):
    beginning(tmp_path / "unchanged.ipynb")
    copy = tmp_path / "changed.ipynb"
    data = beginning(copy)
    changed = 0
    for cell in data["cells"]:
        for output in cell.get("outputs", []):
            if "2 ln 2     1.3863\n" in output.get("text", []):
                output["text"] = [line.replace("1.3863", "1.3864") for line in output["text"]]
                changed += 1
    assert changed == 1
    copy.write_text(json.dumps(data), encoding="utf-8")
    result = nbval(tmp_path)
    assert result.returncode == 1
    (failed,) = re.findall(r"^FAILED (\S+)::", result.stdout, re.MULTILINE)
    assert Path(failed).name == "changed.ipynb"
    assert "1.3864" in result.stdout
    assert int(re.search(r"(\d+) passed", result.stdout)[1]) == 2 * len(code_cells(nbformat.read(copy, 4))) - 1


@pytest.mark.heavy
def test_nbval_sees_a_changed_step(tmp_path):
    shutil.copytree(ROOT / "lib/rnn2attn", tmp_path / "lib/rnn2attn", ignore=shutil.ignore_patterns("__pycache__"))
    step = tmp_path / "lib/rnn2attn/recurrent/steps.py"
    source = step.read_text(encoding="utf-8")
    broken = source.replace("torch.tanh(x @ W_xh.T + h @ W_hh.T + b)", "torch.tanh(x @ W_xh.T + b)")
    assert broken != source
    step.write_text(broken, encoding="utf-8")
    (tmp_path / "nb").mkdir()
    beginning(tmp_path / "nb/chapter.ipynb")
    result = nbval(tmp_path / "nb", {"PYTHONPATH": str(tmp_path / "lib")})
    assert result.returncode == 1
    assert "AssertionError" in result.stdout
