"""The autograder for Gradescope: what is in the archive, and what results.json says, by the documented names."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from classroom import CHAPTER, FULL, NAMES, NOTEBOOK, QUICK, ROOT, answered, not_run, saying

from rnn2attn_grading import cli, gradescope
from rnn2attn_grading.gradescope import REFUSED, VISIBILITIES, autograde, pack
from rnn2attn_grading.grading.run import grade
from rnn2attn_grading.sandbox.bubblewrap import RefusedError

NOTEBOOK_NAME = f"{CHAPTER.stem}.ipynb"
# https://gradescope-autograders.readthedocs.io/en/latest/specs/, "Output format": field → what it holds.
NUMBER, TEXT = (int, float), str
OF_ALL = {
    "score": NUMBER, "execution_time": NUMBER, "output": TEXT, "visibility": TEXT, "stdout_visibility": TEXT,
    "extra_data": dict, "tests": list, "leaderboard": list,
}  # fmt: skip
OF_A_TEST = {
    "score": NUMBER, "max_score": NUMBER, "name": TEXT, "number": TEXT, "output": TEXT, "tags": list,
    "visibility": TEXT, "extra_data": dict,
}  # fmt: skip


def read_back(place: Path) -> dict:
    """What results.json holds, if each field is documented and of its kind, and the points are there."""
    said = json.loads((place / "results/results.json").read_text("utf-8"))
    for given, known in [(said, OF_ALL), *((test, OF_A_TEST) for test in said.get("tests", []))]:
        for name, value in given.items():
            assert isinstance(value, known[name]), name
            assert "visibility" not in name or value in VISIBILITIES
    assert "score" in said or all("score" in test for test in said["tests"])
    return said


@pytest.fixture
def placed(tmp_path):
    """A container's folder with the autograder of chapter 1, made where a class may have been graded."""

    def make(visibility="visible"):
        place = tmp_path / "autograder"
        (place / "submission").mkdir(parents=True, exist_ok=True)
        with ZipFile(pack(ROOT, CHAPTER.stem, tmp_path / "out", visibility)) as archive:
            archive.extractall(place / "source")
        return place

    return make


@pytest.fixture
def refusing(monkeypatch):
    """A machine that cannot jail."""

    def refuse(limits):
        raise RefusedError("It did not start. bwrap: Creating new namespace failed")

    monkeypatch.setattr(gradescope, "proven", refuse)


def test_the_archive_has_what_gradescope_and_its_own_scripts_ask_for(tmp_path):
    path = pack(ROOT, CHAPTER.stem, tmp_path / "out")
    with ZipFile(path) as archive:
        names = archive.namelist()
        scripts = {name: archive.read(name).decode() for name in ("setup.sh", "run_autograder")}
        assert all(archive.getinfo(name).external_attr >> 16 & 0o111 for name in scripts)
        held = archive.read("autograder.json").decode()
    for script in scripts.values():
        assert script.startswith("#!")
        assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0
    assert {"requirements.txt", "lib/pyproject.toml", "exercises/grading/setup.py"} <= set(names)
    packages = {f.relative_to(ROOT).as_posix() for part in ("lib/rnn2attn", "exercises/grading/rnn2attn_grading")
                for f in (ROOT / part).rglob("*.py")}  # fmt: skip
    assert packages <= set(names)
    assert not [name for name in names if ("test" in Path(name).name and "sandbox" not in name) or "/." in name]
    assert (tmp_path / "out/salt").read_text().strip() in held
    assert not path.stat().st_mode & 0o077 and not path.parent.stat().st_mode & 0o077


@pytest.mark.heavy
def test_a_submission_is_graded_by_what_is_in_the_archive(placed):
    """The package runs from there; a wrong answer has none of its points, and is told what its page would say."""
    place = placed()
    wrong = "def rnn_step(x, h, W_xh, W_hh, b):\n    import torch\n    return torch.tanh(x @ W_xh.T + h @ W_hh + b)"
    (place / "submission" / NOTEBOOK_NAME).write_text(json.dumps(answered({"rnn_step": wrong})))
    source = place / "source"
    path = os.pathsep.join(map(str, (source / "lib", source / "exercises/grading")))
    done = subprocess.run(
        [sys.executable, "-m", "rnn2attn_grading", "autograde", place],
        env=os.environ | {"PYTHONPATH": path}, cwd=place, capture_output=True, text=True, check=True,
    )  # fmt: skip
    if "without a jail" in done.stdout:
        not_run(done.stdout)
    said = read_back(place)
    assert [test["name"] for test in said["tests"]] == NAMES
    assert sum(test["max_score"] for test in said["tests"]) == FULL
    first, *others = said["tests"]
    assert first["score"] == 0 and "W_hh" in first["output"] and first["number"] == "1.1"
    assert all(test["score"] == test["max_score"] and test["output"] == "Right." for test in others)
    assert "1.1 rnn_step: 0 of 2, graded. Your output" in done.stdout


def test_without_a_jail_nothing_is_graded_and_both_are_told(placed, refusing, capsys):
    place = placed()
    (place / "submission" / NOTEBOOK_NAME).write_text(json.dumps(NOTEBOOK))
    autograde(place, QUICK)
    assert read_back(place) == {"score": 0, "output": REFUSED}
    assert "Nothing is graded without a jail.\nIt did not start. bwrap" in capsys.readouterr().out


def test_what_was_graded_at_home_needs_no_jail(placed, refusing, worth, tmp_path):
    """Of the same bytes, whatever the file is called; and only of these."""
    for student, word in (("ada", "good"), ("bob", "bad"), ("cyd", "good")):
        saying(tmp_path / "in" / student / NOTEBOOK_NAME, word)
    grade([tmp_path / "in"], tmp_path / "out", QUICK)
    place = placed("after_due_date")
    for name, word, points in ((NOTEBOOK_NAME, "good", FULL), (f"Copy of {NOTEBOOK_NAME}", "bad", 0)):
        saying(place / "submission" / name, word, 2 * 10**9 - points)
        autograde(place, QUICK)
        said = read_back(place)
        assert sum(test["score"] for test in said["tests"]) == points
        assert said["visibility"] == "after_due_date" and len(said["tests"]) == len(NAMES)
    saying(place / "submission" / NOTEBOOK_NAME, "never seen", 2 * 10**9 + 1)
    autograde(place, QUICK)
    assert read_back(place)["output"] == REFUSED


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "The folder has no notebook"),
        ("hw1.ipynb", "No exercise has this name"),
        ("02-lstm-gru-gates.ipynb", f"There is no notebook {NOTEBOOK_NAME}."),
        (f"{CHAPTER.stem}.pdf", f"{CHAPTER.stem}.pdf is no notebook"),
    ],
)
def test_who_hands_in_something_else_is_told_what_is_asked_for(placed, refusing, name, says):
    place = placed()
    if name:
        (place / "submission" / name).write_text("{}")
    autograde(place, QUICK)
    said = read_back(place)
    assert said["score"] == 0 and NOTEBOOK_NAME in said["output"] and says in said["output"]


def test_a_failure_of_ours_is_told_to_who_teaches(placed, capsys):
    place = placed()
    (place / "source/autograder.json").write_text("{")
    autograde(place, QUICK)
    assert read_back(place) == {"score": 0, "output": gradescope.FAILED}
    assert "JSONDecodeError" in capsys.readouterr().err


def test_the_command_says_what_the_page_shows(tmp_path, monkeypatch, capsys):
    page = (ROOT / "book/instructors.md").read_text("utf-8")
    (words,) = re.findall(r"python -m rnn2attn_grading (gradescope .*)", page)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["rnn2attn_grading", *words.split(), "--root", str(ROOT)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    assert f"rnn2attn_grading {words}\n{capsys.readouterr().out}```" in page
    assert [path.name for path in (tmp_path / "results/gradescope").iterdir()] == [f"{CHAPTER.stem}.zip"]


def test_an_exercise_that_there_is_not_is_named(tmp_path, monkeypatch):
    words = ["gradescope", "01-rnn", "--out", str(tmp_path / "out"), "--root", str(ROOT)]
    monkeypatch.setattr("sys.argv", ["rnn2attn_grading", *words])
    with pytest.raises(SystemExit, match=f"no exercise '01-rnn'. There are {CHAPTER.stem}, "):
        cli.main()
    assert not (tmp_path / "out").exists()
