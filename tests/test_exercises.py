"""The exercises' notebooks as a whole: executed untouched, answered wrong and right, and through nbgrader."""

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
from axe_playwright_python.sync_playwright import Axe
from nbclient import NotebookClient

from conftest import ROOT
from test_notebooks import MYST

EXERCISES = sorted((ROOT / "exercises").glob("*.ipynb"))
ADDRESS = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
NBGRADER = "nbgrader==0.9.6"


def read(path):
    return nbformat.read(path, as_version=4)


def execute(notebook, folder):
    """Run a notebook as "Run all" does: a failing cell stops the rest, unless it is tagged."""
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": folder}}).execute()
    return {cell.id: cell for cell in notebook.cells if cell.cell_type == "code"}


def verdict(cell):
    """What a check cell says: its cards as text, and whether it failed."""
    texts = [o.data["text/plain"] for o in cell.outputs if o.output_type in ("display_data", "execute_result")]
    return "\n".join(texts), any(o.output_type == "error" for o in cell.outputs)


@pytest.fixture(params=EXERCISES, ids=lambda path: path.stem)
def path(request):
    return request.param


def test_there_are_exercises():
    assert EXERCISES


def test_the_first_cell_and_the_link_are_those_of_the_chapters(path):
    notebook = read(path)
    chapter = read(ROOT / "notebooks" / path.name)
    assert notebook.cells[1].source == next(c.source for c in chapter.cells if c.cell_type == "code")
    slug = ADDRESS.split(".com/")[1]
    link = f"https://colab.research.google.com/github/{slug}/blob/main/exercises/{path.name}"
    assert f"[Run this page in Colab]({link})" in notebook.cells[0].source


def test_colab_reads_the_text_as_it_is(path):
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"`[^`]*`|\$\$.*?\$\$|\$[^$]*\$", "", cell.source, flags=re.DOTALL)
            assert not MYST.search(text), cell.source
            assert not re.search(r"\b[A-Za-z]_\w", re.sub(r"\]\([^)]*\)", "", text)), cell.source


def test_no_output_is_stored(path):
    for notebook in (read(path), read(path.parent / "source" / path.name)):
        assert not any(cell.get("outputs") for cell in notebook.cells)


def test_an_untouched_notebook_runs_to_its_end_and_earns_nothing(path, tmp_path):
    cells = execute(read(path), tmp_path)
    checks = [cell for name, cell in cells.items() if name.startswith("check-")]
    assert len(checks) >= 6
    for cell in checks:
        text, failed = verdict(cell)
        assert failed and "not answered yet. 0 of" in text
    assert re.search(r"Chapter \d: 0 of 20 points\.", verdict(cells["summary"])[0])


def test_the_source_earns_everything(path, tmp_path):
    cells = execute(read(path.parent / "source" / path.name), tmp_path)
    assert not any(verdict(cell)[1] for cell in cells.values())
    assert re.search(r"Chapter \d: 20 of 20 points\.\n +Nothing is left\.", verdict(cells["summary"])[0])


WRONG = {
    "rnn_step": "def rnn_step(x, h, W_xh, W_hh, b):\n    return torch.tanh(x @ W_xh.T + h @ W_hh + b)",
    "next_token_loss": "def next_token_loss(logits, ids)\n    return 0",  # does not even parse
    "jacobian": "def jacobian(hs, W_hh, t):\n    return torch.autograd.functional.jacobian(None, hs)",
    "clip_by_norm": "def clip_by_norm(grads, max_norm):\n    norm = sum(g.nrom() for g in grads)\n    return norm",
    "steps_until": "def steps_until(sigma, gamma, eps):\n"
    "    return math.floor(math.log(eps) / math.log(gamma * sigma)) + 1",
}


GATES = {  # answers to chapter 2: code, and what is said to it
    "lstm_step": (
        "def lstm_step(x, state, W_x, W_h, b):\n    h, c = state\n"
        "    i, f, g, o = torch.sigmoid(x @ W_x.T + h @ W_h.T + b).chunk(4, 1)\n"
        "    c = f * c + i * g\n    return o * torch.tanh(c), c",
        "The candidate went through σ",
    ),
    "gru_step": (
        "def gru_step(x, h, W_x, W_h, b_x, b_h):\n    return torch.nn.GRUCell(7, 11)(x, h)",
        "uses `torch.nn.GRUCell`",
    ),
    "import_gru": (
        "def import_gru(K_x, K_h, b_x, b_h):\n    from rnn2attn.recurrent import negate_update_gate\n"
        "    return negate_update_gate(K_x.T, K_h.T, b_x, b_h)",
        "uses `rnn2attn.recurrent`",
    ),
    "latch": (
        "def latch():\n    W_x = torch.tensor([[0., 20], [0, -20], [1, 0], [0, 0]])\n"
        "    return W_x, torch.zeros(4, 1), torch.tensor([-10., 5, 0, 20])",
        "Your forget gate falls to 0.9933071 while write = 0",
    ),
    "half_lives": (
        "def half_lives(bias_ih, bias_hh):\n    f = torch.sigmoid(bias_ih + bias_hh).chunk(4)[1]\n"
        "    return -1 / torch.log2(f)",
        "Right, except where the gate rounds to 1",
    ),
    "with_half_lives": (
        "def with_half_lives(half_lives, bias_ih, bias_hh):\n    n = len(half_lives)\n"
        "    bias_ih[n : 2 * n] = -torch.expm1(math.log(2) / half_lives).log() - bias_hh[n : 2 * n]\n"
        "    return bias_ih, bias_hh",
        "changes its input `bias_ih` in place",
    ),
    "count_parameters": (
        "def count_parameters(cell, d_x, d_h, biases):\n"
        "    return {'RNN': 1, 'GRU': 3, 'LSTM': 4}[cell] * (d_h * (d_x + d_h + biases))",
        "count_parameters: right. 1 of 1 point.",
    ),
    "gap": (
        "def gap(as_they_are, without):\n    return 'oneDNN'",
        "must be one of 'cannot tell', 'library', 'more than the library', 'no gap'",
    ),
}


SEQUENCES = {  # answers to chapter 3
    "teacher_forcing": (
        "def teacher_forcing(targets, sos, eos, pad):\n"
        "    rows = [torch.tensor([sos, *row, eos]) for row in targets]\n"
        "    whole = pad_sequence(rows, batch_first=True, padding_value=pad)\n"
        "    return whole[:, :-1], whole[:, 1:], whole[:, 1:] != pad",
        "Two things. In what is read, <eos> stands where a shorter row has ended",
    ),
    "mix_inputs": (
        "def mix_inputs(inputs, logits, use_gold):\n    return torch.where(use_gold, inputs, logits.argmax(-1))",
        "Not shifted, and <sos> is gone",
    ),
    "masked_loss": (
        "def masked_loss(logits, labels, mask):\n    from rnn2attn.training import token_loss\n"
        "    return token_loss(logits, labels, mask)",
        "uses `rnn2attn.training.token_loss`",
    ),
    "reverse_source": (
        "def reverse_source(ids, lengths):\n    for row, n in zip(ids, lengths):\n"
        "        row[:n] = row[:n].flip(0)\n    return ids",
        "changes its input `ids` in place",
    ),
    "last_states": (
        "def last_states(outputs, lengths):\n    return outputs[torch.arange(len(outputs)), lengths - 1]",
        "The forward half is right.",
    ),
    "greedy": (
        "def greedy(context, E, W, U, b, sos, eos, longest):\n    rows = []\n    for s in context:\n"
        "        word, row = sos, []\n        while len(row) < longest:\n"
        "            s = torch.tanh(E[word] + W @ s)\n            word = (U @ s + b).argmax().item()\n"
        "            if word == eos:\n                break\n            row.append(word)\n"
        "        rows.append(row)\n    return rows",
        "greedy: right. 2 of 2 points.",
    ),
    "beam_step": (
        "def beam_step(log_p, following, ended, eos):\n"
        "    best, place = (log_p[..., None] + following).flatten(1).topk(log_p.shape[1])\n"
        "    return best, place // following.shape[2], place % following.shape[2]",
        "An ended beginning was continued",
    ),
    "machine": (
        "def machine(V, longest):\n    d = V * longest\n    W_hh = torch.eye(d).roll(V, 0)\n    W_hh[:V] = 0\n"
        "    W_xh, W_o, b_o = torch.eye(d)[:, :V], torch.eye(V + 1, d), torch.zeros(V + 1)\n"
        "    W_o[V], b_o[V] = 0, 0.5\n    return W_xh, W_hh, W_hh.T, W_o, b_o",
        "The letter that was read last is missing.",
    ),
    "recovery": ("def recovery(said, target, lengths):\n    (said == target).mean()", "stops with RuntimeError"),
    "effect": (
        "def effect(usual, other):\n    gaps = [[a - b for a, b in way] for way in (usual, other)]\n"
        "    return 'helps' if max(gaps[1]) < min(gaps[0]) else 'hurts'",
        "effect: not right yet.",
    ),
}


def with_answers(chapter, answers, folder):
    """A chapter's notebook, executed with these answers."""
    notebook = read(EXERCISES[chapter - 1])
    for cell in notebook.cells:
        name = cell.id.removeprefix("answer-")
        if name in answers and cell.id.startswith("answer-"):
            cell.source = answers[name]
    return execute(notebook, folder)


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """Chapter 1's notebook with wrong answers and a right one, and what it shows."""
    return with_answers(1, WRONG, tmp_path_factory.mktemp("answered"))


@pytest.mark.parametrize(("chapter", "answers", "points"), [(2, GATES, 1), (3, SEQUENCES, 2)])
def test_answers_get_their_cards(tmp_path, chapter, answers, points):
    cells = with_answers(chapter, {name: code for name, (code, _) in answers.items()}, tmp_path)
    assert {name for name in cells if name.startswith("check-")} == {f"check-{name}" for name in answers}
    for name, (_, says) in answers.items():
        assert says in verdict(cells[f"check-{name}"])[0], name
    assert f"Chapter {chapter}: {points} of 20 points." in verdict(cells["summary"])[0]


def test_wrong_answers_get_cards_and_stop_nothing(answered):
    said = {name: verdict(answered[f"check-{name}"])[0] for name in WRONG}
    assert "Weights lie (out, in)" in said["rnn_step"]
    assert "uses `torch.autograd`" in said["jacobian"]
    assert "stops with AttributeError in line 2: `norm = sum(g.nrom()" in said["clip_by_norm"]
    assert "steps_until: right. 1 of 1 point." in said["steps_until"]
    assert "Chapter 1: 1 of 20 points." in verdict(answered["summary"])[0]


def test_a_wrong_answer_shows_one_card_and_no_traceback(answered):
    cell = answered["check-rnn_step"]
    kinds = [output.output_type for output in cell.outputs]
    assert kinds == ["display_data", "error"]
    assert set(cell.outputs[0].data) == {"text/html", "text/plain"}
    assert cell.outputs[1].ename == "Wrong"
    assert cell.outputs[1].traceback == ["rnn_step: not right yet. 0 of 2 points."]


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_cards_are_readable_in_both_themes(answered, chromium, theme):
    """On the grounds of JupyterLab's themes: axe finds nothing, the contrast of text with its ground included."""
    ground, ink = {"light": ("#ffffff", "#212121"), "dark": ("#111111", "#e0e0e0")}[theme]
    names = ("check-rnn_step", "check-rnn_backward", "check-steps_until", "summary")
    cards = "\n".join(o.data["text/html"] for n in names for o in answered[n].outputs if "data" in o)
    tab = chromium.new_page(viewport={"width": 360, "height": 700}, color_scheme=theme)
    tab.set_content(
        f'<!doctype html><html lang="en"><title>cards</title><body style="background:{ground};color:{ink};'
        f'font:14px sans-serif"><main><h1>Cards</h1>{cards}</main></body></html>'
    )
    assert tab.locator("[role=status]").count() == 4
    faults = [v["id"] for v in Axe().run(tab).response["violations"]]
    assert not faults
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    tab.close()


@pytest.fixture(scope="session")
def nbgrader(tmp_path_factory):
    """nbgrader in an environment of its own, because it brings some eighty packages that the book does not need."""
    folder = os.environ.get("RNN2ATTN_NBGRADER")  # one that stands already
    if not folder:
        folder = tmp_path_factory.mktemp("nbgrader")
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([Path(folder, "bin/pip"), "install", "-q", NBGRADER], check=True)
    return Path(folder, "bin/nbgrader")


@pytest.mark.soak
def test_nbgrader_takes_the_source_as_it_is(nbgrader, path, tmp_path):
    """It makes an assignment of it, and gives the reference all points and an empty answer none."""
    name = path.stem
    kernels = tmp_path / "share/kernels/python3"
    kernels.mkdir(parents=True)
    kernels.joinpath("kernel.json").write_text(
        json.dumps(
            {
                "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                "display_name": "Python 3",
                "language": "python",
            }
        )
    )
    search = os.pathsep.join([str(nbgrader.parent), os.environ["PATH"]])  # it calls alembic
    env = {**os.environ, "JUPYTER_PATH": str(tmp_path / "share"), "PATH": search}
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'rnn'\n")
    source = tmp_path / "source" / name
    source.mkdir(parents=True)
    shutil.copy(path.parent / "source" / path.name, source)

    def run(*command):
        result = subprocess.run(
            [nbgrader, *command], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr

    run("generate_assignment", name)
    released = tmp_path / "release" / name / path.name
    assert "NotImplementedError" in released.read_text() and "SOLUTION" not in released.read_text()
    for student, answer in (("reference", source / path.name), ("empty", released)):
        folder = tmp_path / "submitted" / student / name
        folder.mkdir(parents=True)
        shutil.copy(answer, folder)
    run("autograde", name)
    run("export", "--to", "grades.csv")
    lines = (tmp_path / "grades.csv").read_text().splitlines()
    rows = [dict(zip(lines[0].split(","), line.split(","), strict=True)) for line in lines[1:]]
    assert {row["student_id"]: float(row["score"]) for row in rows} == {"reference": 20, "empty": 0}
    assert {float(row["max_score"]) for row in rows} == {20}
