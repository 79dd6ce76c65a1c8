"""From a folder of submissions to grades.csv: the salt, the table, the command line."""

import contextlib
import json
import os
import re
import sqlite3
import stat

import pytest
from classroom import CHAPTER, FULL, NAMES, QUICK, NoJail, grades, hand_in, total

from rnn2attn_grading.cli import main
from rnn2attn_grading.grading import learner, workers
from rnn2attn_grading.grading.gradebook import salt
from rnn2attn_grading.grading.grader import LONGEST, Grade
from rnn2attn_grading.grading.learner import drawn
from rnn2attn_grading.grading.run import grade
from rnn2attn_grading.submissions.discovery import submitted
from rnn2attn_grading.submissions.untrusted import UnreadableError, cells


def inputs(secret):
    cases = drawn(CHAPTER.stem, secret)
    return [str(case.inputs) for part in cases for case in cases[part]]


def test_a_salt_is_drawn_once_and_kept_secret(tmp_path):
    first = salt(tmp_path)
    assert len(first) >= 32
    assert salt(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "salt").stat().st_mode) == 0o600
    (tmp_path / "other").mkdir()
    assert salt(tmp_path / "other") != first


def test_an_own_salt_is_taken_and_an_empty_one_refused(tmp_path):
    (tmp_path / "salt").write_text("  spring term \n")
    assert salt(tmp_path) == "spring term"
    (tmp_path / "salt").write_text("\n")
    with pytest.raises(ValueError, match="is empty"):
        salt(tmp_path)


def test_hidden_cases_follow_the_salt():
    assert inputs("spring") == inputs("spring")
    assert inputs("spring") != inputs("autumn")


def test_a_message_is_one_short_line_of_what_can_be_printed():
    message = Grade(0, "graded", "a\n\tb\x1b[2J \ud800\x00 ü" + "x" * 10**6).message
    assert message.startswith("a b [2J üx")
    assert len(message) == LONGEST
    assert Grade(0, "graded", "short").message == "short"


@pytest.fixture
def ungraded(monkeypatch):
    """Grading without a jail: every notebook that can be read gets nothing."""
    nothing = Grade(0, "empty")
    monkeypatch.setattr(workers, "proven", NoJail)
    monkeypatch.setattr(
        learner, "examine", lambda sources, hidden, limits, start: (dict.fromkeys(hidden, nothing), b"said")
    )


def test_a_grade_is_written_as_soon_as_it_is_known(tmp_path, ungraded):
    """So that what ends the program takes nobody's grade along."""
    for student in ("ada", "bob"):
        hand_in(tmp_path / "in", student)
    seen = []

    def say(done, of, name):
        path = tmp_path / "out" / "gradebook.sqlite"
        with contextlib.closing(sqlite3.connect(path)) as file:
            found = file.execute("SELECT student, question FROM grades")
            seen.append((done, of, found.fetchall()))

    grade([tmp_path / "in"], tmp_path / "out", QUICK, say=say)
    (*one, first), (*two, both) = seen
    assert (one, two) == ([1, 2], [2, 2])
    assert {student for student, _ in first} == {"ada"}
    assert {student for student, _ in both} == {"ada", "bob"}
    assert [question.split()[1] for _, question in first] == NAMES
    rows = grades(tmp_path / "out")
    assert sum(int(row["max_points"]) for row in rows["ada"]) == FULL
    assert total(rows["ada"]) == 0
    printed = tmp_path / "out/printed/ada" / f"{CHAPTER.stem}.txt"
    assert printed.read_bytes() == b"said"


def test_what_is_handed_in_is_named_as_it_is_read(tmp_path, ungraded):
    """Before any of it is graded, and before the last of it is read."""
    for student in ("ada", "bob"):
        hand_in(tmp_path / "in", student)

    def found(count, name):
        seen.append((count, name))
        if count:
            (tmp_path / "in/bob" / f"{CHAPTER.stem}.ipynb").write_text("{}")

    seen = []
    grade([tmp_path / "in"], tmp_path / "out", QUICK, found=found)
    assert seen == [(0, "in"), (1, f"ada {CHAPTER.stem}"), (2, f"bob {CHAPTER.stem}")]
    assert grades(tmp_path / "out")["bob"][0]["status"] == "unreadable"


def test_a_failure_of_the_grading_itself_stops_nothing(tmp_path, ungraded, monkeypatch):
    examine = learner.examine

    def failing(sources, *rest):
        if "x = 1" in sources:
            raise ZeroDivisionError
        return examine(sources, *rest)

    cell = {"cell_type": "code", "source": "x = 1"}
    hand_in(tmp_path / "in", "ada", {"cells": [cell]})
    hand_in(tmp_path / "in", "bob")
    with monkeypatch.context() as patch:
        patch.setattr(learner, "examine", failing)
        grade([tmp_path / "in"], tmp_path / "out", QUICK)
    rows = grades(tmp_path / "out")
    assert {row["status"] for row in rows["ada"]} == {"not graded"}
    assert "ZeroDivisionError" in rows["ada"][0]["message"]
    assert {row["status"] for row in rows["bob"]} == {"empty"}
    # It is tried again, and nothing else is.
    seen = []
    grade([tmp_path / "in"], tmp_path / "out", QUICK, say=lambda *t: seen.append(t))
    assert seen == [(1, 1, f"ada {CHAPTER.stem}")]
    assert grades(tmp_path / "out")["ada"][0]["status"] == "empty"


def test_results_do_not_lie_among_submissions(tmp_path, ungraded):
    hand_in(tmp_path / "in", "ada")
    with pytest.raises(ValueError, match="would lie among"):
        grade([tmp_path / "in"], tmp_path / "in" / "out", QUICK)
    with pytest.raises(NotADirectoryError, match="There is no folder"):
        grade([tmp_path / "nowhere"], tmp_path / "out", QUICK)
    assert not (tmp_path / "out").exists()


def test_students_without_a_notebook_are_named(tmp_path, ungraded):
    (tmp_path / "in/ada").mkdir(parents=True)
    (tmp_path / "in/bob.ipynb").write_text("{}")
    (tmp_path / "in/.DS_Store").write_text("")
    hand_in(tmp_path / "in", "cyd")
    (tmp_path / "in/cyd/.ipynb_checkpoints").mkdir()
    grade([tmp_path / "in"], tmp_path / "out", QUICK)
    rows = grades(tmp_path / "out")
    assert [row["status"] for row in rows["ada"]] == ["empty"]
    assert [row["status"] for row in rows["bob"]] == ["unreadable"]
    assert len(rows["cyd"]) == len(NAMES)
    assert len(rows) == 3


def test_a_folder_that_cannot_be_opened_stops_nothing(tmp_path, monkeypatch):
    (tmp_path / "ada").mkdir()
    listed = os.listdir

    def closed(path):
        if path.name == "ada":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "listdir", closed)
    (one,) = submitted(tmp_path, [])
    assert one.status == "unreadable"
    assert one.message == "The folder is not opened: Permission denied."


def test_cells_are_read_however_their_lines_lie():
    code = {"cell_type": "code"}
    data = (
        b"\xef\xbb\xbf"
        + json.dumps(
            {
                "cells": [
                    {"cell_type": "markdown", "source": "text"},
                    code | {"source": "x = 1\ny = 2"},
                    code | {"source": ["x = 1\n", "y = 2", 3]},
                    code,
                ]
            }
        ).encode()
    )
    assert cells(data) == ["x = 1\ny = 2", "x = 1\ny = 2", ""]
    with pytest.raises(UnreadableError, match="no notebook"):
        cells(b'{"worksheets": []}')


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere", "--out", "out"], "There is no folder nowhere."),
        ([".", "--out", "out"], "would lie among submissions"),
        ([".", "--out", "../out", "--memory", "0"], "memory is 0"),
        ([".", "--out", "../out", "--jobs", "0"], "jobs is 0"),
        ([".", "--out", "../out", "--only", "zoe"], "Nothing .* fits zoe"),
        (["."], "required: --out"),
    ],
)
def test_the_command_line_says_what_is_wrong(tmp_path, monkeypatch, capsys, words, says):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["rnn2attn_grading", "grade", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code
    said = f"{ended.value.code}{capsys.readouterr().err}"
    assert re.search(says, said)
    assert not list(tmp_path.iterdir())


def test_a_folder_with_nothing_in_it_is_named(tmp_path, worth):
    (tmp_path / "in").mkdir()
    told = []
    grade([tmp_path / "in"], tmp_path / "out", QUICK, tell=told.append)
    assert told == [f"Nothing was handed in: there is no notebook in {tmp_path / 'in'}."]
