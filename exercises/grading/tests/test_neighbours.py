"""Notebooks that share a jail: nothing of one gets into the next, nor anything of a learner's into another's."""

import json

import nbformat
import pytest
from classroom import QUICK, ROOT, answered, hand_in, not_run

from rnn2attn_grading.grading.gradebook import Gradebook
from rnn2attn_grading.grading.run import grade
from rnn2attn_grading.questions.chapters import CHAPTERS
from rnn2attn_grading.sandbox import self_test
from rnn2attn_grading.sandbox.bubblewrap import RefusedError

pytestmark = pytest.mark.heavy
STARTED = []
HOSTILE = {
    "rnn_step": """
import builtins, os, torch
torch.tanh = torch.sigmoid = torch.einsum = builtins.sum = None
torch.set_default_dtype(torch.float64)
os.makedirs("/tmp/deep/deeper")
for number in range(14):
    open(f"/tmp/deep/{number}", "wb").write(bytes(2**20))
os.chmod("/tmp/deep/deeper", 0)
os.symlink("/", "/tmp/root")
os.set_blocking(0, False)
print("a word in the first")
""",
    "next_token_loss": """
import os, stat
def sockets():
    for number in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                yield number
        except OSError:
            pass
def next_token_loss(*given):
    raise RuntimeError(f"{len(list(sockets()))} socket")
""",
    "rnn_backward": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nrnn_backward = print",
    "jacobian": "import os, signal\n\ndef jacobian(*given):\n    os.kill(os.getppid(), signal.SIGSTOP)",
    "clip_by_norm": "import os\n\ndef clip_by_norm(*given):\n    os._exit(0)",
}
LOOKING = """
import os, torch
assert os.listdir("/tmp") == [], os.listdir("/tmp")
assert torch.tanh and torch.get_default_dtype() == torch.float32
assert os.get_blocking(0)
print("a word in the second")
"""


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """A class in which one learner's first notebook attacks."""
    folder = tmp_path_factory.mktemp("class")
    hand_in(folder / "in", "ada", answered(HOSTILE))
    hand_in(folder / "in", "bob")
    second = nbformat.read(ROOT / "exercises/source" / f"{CHAPTERS[1].stem}.ipynb", 4)
    look = nbformat.v4.new_code_cell(LOOKING)
    answers = [c for c in second["cells"] if c["id"].startswith("answer-")]
    for cell in answers:
        cell["source"] = f"assert looked\n{cell['source']}"
    second["cells"].insert(0, look)
    look["source"] += "looked = True\n"
    for student in ("ada", "bob"):
        path = folder / "in" / student / f"{CHAPTERS[1].stem}.ipynb"
        path.write_text(json.dumps(second))

    class Counted(self_test.Jail):
        def _start(self):
            STARTED.append(self)
            super()._start()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(self_test, "Jail", Counted)
        try:
            grade([folder / "in"], folder / "out", QUICK)
        except RefusedError as refused:
            not_run(refused)
    with Gradebook(folder / "out") as book:
        found = {}
        for row in book.counting():
            key = row["student"], row["exercise"]
            found.setdefault(key, {})[row["question"].split()[1]] = row
        printed = {(o["student"], o["exercise"]): o["printed"] for o in book.kept("printed")}
    return found, printed


def test_the_next_notebook_finds_nothing_of_the_first(rows):
    """Neither a patch, nor a file, nor less room for files, nor a mark on stdin, nor a process that is gone."""
    found, printed = rows
    second = found["ada", CHAPTERS[1].stem]
    assert sum(row["points"] for row in second.values()) == CHAPTERS[1].points
    assert printed["ada", CHAPTERS[1].stem] == b"a word in the second\n"


def test_the_next_learner_finds_nothing_either(rows):
    found, _ = rows
    for chapter in CHAPTERS[:2]:
        lines = found["bob", chapter.stem].values()
        assert sum(row["points"] for row in lines) == chapter.points


def test_a_death_costs_its_own_question(rows):
    found, _ = rows
    first = found["ada", CHAPTERS[0].stem]
    for name in ("rnn_backward", "jacobian"):  # whose signals nobody heard
        assert first[name]["status"] == "graded"
        assert first[name]["points"] == 0
    assert first["clip_by_norm"]["status"] == "crashed"
    assert "with status 0" in first["clip_by_norm"]["message"]
    assert first["verdict"]["points"] == first["verdict"]["most"]


def test_a_run_holds_one_socket_its_own(rows):
    found, _ = rows
    first = found["ada", CHAPTERS[0].stem]
    assert "Python says: 1 socket" in first["next_token_loss"]["message"]


def test_one_jail_is_enough_for_a_class(rows):
    """No notebook ends it, or leaves it other than it was."""
    assert len(STARTED) == 1
