"""The gradebook: what is graded once, what again, and what comes of an end at any moment."""

import contextlib
import os
import re
import runpy
import shutil
import signal
import sqlite3
import sys
import threading
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from classroom import (
    CHAPTER,
    FULL,
    NAMES,
    QUICK,
    ROOT,
    NoJail,
    answered,
    grades,
    hand_in,
    not_run,
    points,
    right,
    saying,
    total,
)

from rnn2attn_grading.cli import main
from rnn2attn_grading.grading import learner, workers
from rnn2attn_grading.grading import run as grading
from rnn2attn_grading.grading.gradebook import Gradebook, Line, Result, text
from rnn2attn_grading.grading.grader import Grade
from rnn2attn_grading.grading.run import grade
from rnn2attn_grading.sandbox.bubblewrap import RefusedError
from rnn2attn_grading.sandbox.jail import Jail

STUDENTS = ["ada", "bob", "cyd"]


@pytest.fixture
def examined(monkeypatch):
    """Grading without a jail; the list grows by the code of each notebook that is examined."""
    seen = []

    def examine(sources, hidden, limits, start):
        seen.append(sources)
        return dict.fromkeys(hidden, Grade(1, "graded")), b""

    monkeypatch.setattr(workers, "proven", NoJail)
    monkeypatch.setattr(learner, "examine", examine)
    return seen


@pytest.fixture
def again(tmp_path):
    """Grade the class in the folder, once more; how many times something was examined stands in `examined`."""
    for student in STUDENTS:
        hand_in(tmp_path / "in", student)
    return lambda **more: grade([tmp_path / "in"], tmp_path / "out", QUICK, **more)


def test_what_has_its_grade_is_not_graded_again(again, examined):
    again()
    assert len(examined) == len(STUDENTS)
    again()
    assert len(examined) == len(STUDENTS)
    again(regrade=True)
    assert len(examined) == 2 * len(STUDENTS)


def test_the_command_says_what_the_page_shows(examined, tmp_path, monkeypatch, capsys):
    page = (ROOT / "book/instructors.md").read_text("utf-8")
    words = "grade submissions --out results"
    hand_in(tmp_path / "submissions", "ada")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["rnn2attn_grading", *words.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert f"$ .venv/bin/python -m rnn2attn_grading {words}\n{capsys.readouterr().out}```" in page


def test_where_nothing_is_left_no_jail_starts(again, examined, monkeypatch):
    again()
    monkeypatch.setattr(workers, "proven", lambda limits: pytest.fail("It does."))
    again()


@pytest.mark.parametrize(
    ("only", "count"), [(["bob"], 1), (["bob", "cyd"], 2), (["b*/01-*"], 1), (["*/01-rnn-gradients"], 3)]
)
def test_only_some_are_graded(again, examined, only, count):
    again(only=only)
    assert len(examined) == count


def test_a_grade_belongs_to_the_bytes(again, examined, tmp_path):
    again()
    path = tmp_path / "in/bob" / f"{CHAPTER.stem}.ipynb"
    path.write_text('{"cells": []}')
    os.utime(path, (2 * 10**9,) * 2)
    again()
    assert examined[3:] == [[]]
    rows = grades(tmp_path / "out")
    assert {row["versions"] for row in rows["bob"]} == {"2"}
    assert {row["versions"] for row in rows["ada"]} == {"1"}


@pytest.mark.parametrize("how", ["by its whole path", "from another folder", "where it has moved"])
def test_a_folder_by_another_name_brings_no_other_version(examined, tmp_path, monkeypatch, how):
    for student in STUDENTS:
        hand_in(tmp_path / "in", student)
    monkeypatch.chdir(tmp_path)
    grade([Path("in")], tmp_path / "out", QUICK)
    place = tmp_path / "in"
    if how == "from another folder":
        (tmp_path / "deep").mkdir()
        monkeypatch.chdir(tmp_path / "deep")
        place = Path("../in")
    if how == "where it has moved":
        place = place.rename(tmp_path / "there")
    grade([place], tmp_path / "out", QUICK)
    assert len(examined) == len(STUDENTS)
    rows = grades(tmp_path / "out")
    assert list(rows) == STUDENTS
    assert {row["versions"] for several in rows.values() for row in several} == {"1"}


def test_a_grade_belongs_to_the_salt(again, examined, tmp_path):
    again()
    (tmp_path / "out/salt").write_text("another")
    again()
    assert len(examined) == 2 * len(STUDENTS)
    assert len(grades(tmp_path / "out")["ada"]) == len(NAMES)


def test_a_grade_belongs_to_the_tests(again, examined, monkeypatch):
    again()
    monkeypatch.setattr(grading, "version", lambda exercise: "new")
    monkeypatch.setattr(learner, "version", lambda exercise: "new")
    again()
    assert len(examined) == 2 * len(STUDENTS)
    again()
    assert len(examined) == 2 * len(STUDENTS)


def test_the_version_follows_the_code_of_the_tests(monkeypatch):
    learner.version.cache_clear()
    first = learner.version(CHAPTER.stem)
    learner.version.cache_clear()
    assert learner.version(CHAPTER.stem) == first
    read = learner.Path.read_bytes
    with monkeypatch.context() as patch:
        patch.setattr(
            learner.Path, "read_bytes",
            lambda path: read(path) + b"#" * (path.name == "q2_loss.py"),
        )  # fmt: skip
        learner.version.cache_clear()
        assert learner.version(CHAPTER.stem) != first
    learner.version.cache_clear()
    assert learner.version("homework") == ""


RESULT = Result("ada", CHAPTER.stem, "c", "t", (Line("1.1 x", 1, 2, "graded"),) * 2)


def test_a_submission_is_written_as_a_whole_or_not_at_all(tmp_path):
    with Gradebook(tmp_path) as book:
        book.record(RESULT)
        lines = Line("1.1 x", 2, 2, "graded"), Line("1.2 y", 2, 2, {})
        with pytest.raises(sqlite3.Error):
            book.record(replace(RESULT, lines=lines))
        book.record(replace(RESULT, student="bob"))
    with Gradebook(tmp_path) as book:
        rows = book._rows("SELECT student, points FROM grades")
    assert [row["points"] for row in rows] == [1, 1, 1, 1]


def test_what_was_handed_in_is_never_forgotten(again, examined, tmp_path):
    again()
    (tmp_path / "in/bob" / f"{CHAPTER.stem}.ipynb").unlink()
    again()
    rows = grades(tmp_path / "out")
    assert list(rows) == STUDENTS
    assert {row["status"] for row in rows["bob"]} == {"graded"}


NAME = f"{CHAPTER.stem}.ipynb"


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
@pytest.mark.parametrize("places", [1, 2])
def test_of_equal_times_the_path_decides_and_nobody_vanishes(worth, tmp_path, order, places):
    """Handed in at once in two folders, of one place or of two."""
    for name in order:
        folder = tmp_path / (f"in{name}/ada" if places == 2 else f"in/ada/{name}")
        saying(folder / NAME, "good" if name == "b" else "bad")
    given = [tmp_path / "ina", tmp_path / "inb"] if places == 2 else [tmp_path / "in"]
    if places == 1:
        saying(tmp_path / "in/bob" / NAME, "good")
    for _ in range(2):
        grade(given, tmp_path / "out", QUICK)
        assert points(tmp_path / "out")["ada"] == FULL


def test_what_is_withdrawn_counts_no_longer(worth, tmp_path):
    older, newer = tmp_path / "in/ada" / NAME, tmp_path / "in/ada/last" / NAME
    saying(older, "good", 10**9)
    saying(newer, "bad", 2 * 10**9)
    given = [tmp_path / "in"], tmp_path / "out", QUICK
    grade(*given)
    assert points(tmp_path / "out") == {"ada": 0}
    newer.unlink()
    grade(*given)
    assert points(tmp_path / "out") == {"ada": FULL}
    assert grades(tmp_path / "out")["ada"][0]["versions"] == "2"


def test_what_is_withdrawn_counts_no_longer_where_the_folder_is_another(worth, tmp_path):
    saying(tmp_path / "in/ada" / NAME, "good", 10**9)
    saying(tmp_path / "in/ada/last" / NAME, "bad", 2 * 10**9)
    grade([tmp_path / "in"], tmp_path / "out", QUICK)
    (tmp_path / "in").rename(tmp_path / "there")
    (tmp_path / "there/ada/last" / NAME).unlink()
    grade([tmp_path / "there"], tmp_path / "out", QUICK)
    assert points(tmp_path / "out") == {"ada": FULL}


@pytest.mark.parametrize("first", ["not json", "a folder", "nothing"])
def test_what_could_not_be_read_at_first_counts_no_longer(worth, tmp_path, first):
    """The same path, and the same time."""
    path = tmp_path / "in/ada" / NAME
    path.parent.mkdir(parents=True)
    if first == "not json":
        path.write_text("{")
    elif first == "a folder":
        path.mkdir()
    for place in path, path.parent:
        if place.exists():
            os.utime(place, (10**9, 10**9))
    given = [tmp_path / "in"], tmp_path / "out", QUICK
    grade(*given)
    assert points(tmp_path / "out") == {"ada": 0}
    if first == "a folder":
        path.rmdir()
    saying(path, "good")
    grade(*given)
    assert points(tmp_path / "out") == {"ada": FULL}


@pytest.mark.parametrize("how", ["gone", "changed"])
def test_what_is_not_there_when_its_turn_comes_is_tried_again(worth, tmp_path, monkeypatch, how):
    """And a file that is changed while it waits, and changed back, has the grade of what it holds."""
    path = tmp_path / "in/ada" / NAME
    saying(path, "good")
    given = [tmp_path / "in"], tmp_path / "out", QUICK
    with monkeypatch.context() as patch:
        proven = workers.proven

        def spoiled(limits):
            path.unlink() if how == "gone" else saying(path, "bad")
            return proven(limits)

        patch.setattr(workers, "proven", spoiled)
        grade(*given)
    (row, *_) = grades(tmp_path / "out")["ada"]
    assert row["status"] == "not graded" and "tries it again" in row["message"]
    saying(path, "good")
    grade(*given)
    assert points(tmp_path / "out") == {"ada": FULL}


def test_what_vanishes_when_it_is_graded_again_keeps_its_grade(worth, tmp_path, monkeypatch):
    path = tmp_path / "in/ada" / NAME
    saying(path, "good")
    given = [tmp_path / "in"], tmp_path / "out", QUICK
    grade(*given)
    proven = workers.proven
    monkeypatch.setattr(workers, "proven", lambda limits: path.unlink() or proven(limits))
    grade(*given, regrade=True)
    assert points(tmp_path / "out") == {"ada": FULL}


def test_a_roster_that_comes_later_leaves_no_second_student(worth, tmp_path):
    saying(tmp_path / "in/al" / NAME, "good")
    grade([tmp_path / "in"], tmp_path / "out", QUICK)
    (tmp_path / "roster.csv").write_text("Name,Aliases\nAda Lovelace,al\n")
    grade([tmp_path / "in"], tmp_path / "out", QUICK, roster=tmp_path / "roster.csv")
    assert points(tmp_path / "out") == {"Ada Lovelace": FULL}


def test_who_handed_in_is_in_the_tables_before_it_is_graded(worth, tmp_path):
    for student in STUDENTS:
        saying(tmp_path / "in" / student / NAME, "good")
    grade([tmp_path / "in"], tmp_path / "out", QUICK, only=["ada"])
    rows = grades(tmp_path / "out")
    assert list(rows) == STUDENTS
    assert [row["status"] for row in rows["bob"]] == ["not graded"]
    assert (tmp_path / "out/students.csv").read_text().count("\n") == 1 + len(STUDENTS)


def test_a_gradebook_of_another_program_is_left_as_it_is(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "gradebook.sqlite")) as file:
        file.execute("CREATE TABLE handed_in (student, exercise, content, place)")
    with pytest.raises(ValueError, match="written by another version"):
        Gradebook(tmp_path)


def test_a_file_that_is_no_gradebook_is_left_as_it_is(tmp_path):
    path = tmp_path / "gradebook.sqlite"
    path.write_text("a letter to my mother, which is longer than a header" * 9)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="is no gradebook"):
        Gradebook(tmp_path)
    assert path.read_bytes() == before


def test_only_the_owner_may_read_it(again, examined, tmp_path):
    again()
    out = tmp_path / "out"
    assert out.stat().st_mode & 0o077 == 0
    for path in out.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_what_is_recorded_outlasts_the_program(again, examined, tmp_path):
    """It lies beside the gradebook at first, and is its owner's alone there too."""
    again()

    def killed():
        book = Gradebook(tmp_path / "out")
        for student in STUDENTS:
            book.record(learner.Result(student, "", "", "", (learner.Line("", 1, 1, "graded"),)))
        assert (tmp_path / "out/gradebook.sqlite-wal").stat().st_mode & 0o077 == 0
        os.kill(os.getpid(), signal.SIGKILL)

    assert in_a_copy(killed) == -signal.SIGKILL
    with Gradebook(tmp_path / "out") as book:
        assert len(book._rows("SELECT * FROM graded WHERE exercise = ''")) == len(STUDENTS)
    assert not (tmp_path / "out/gradebook.sqlite-wal").exists()


def test_lanes_share_the_learners(again, examined):
    """Each is graded once, in whatever order."""
    done = []
    again(jobs=2, say=lambda *what: done.append(what))
    assert [n for n, _, _ in done] == [1, 2, 3]
    assert {name.split()[0] for _, _, name in done} == set(STUDENTS)


def test_after_an_interruption_nothing_more_is_written(again, examined, monkeypatch, tmp_path):
    """What a jail that was ended seems to say is no grade."""

    def say(done, of, name):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        again(say=say)
    assert list(grades(tmp_path / "out")) == ["ada"]
    again()
    assert list(grades(tmp_path / "out")) == STUDENTS
    assert len(examined) == len(STUDENTS)


def test_what_a_jail_seems_to_say_when_it_is_ended_is_no_grade(again, monkeypatch, tmp_path):
    """One lane is interrupted. The other's jail is ended for that, and its notebook seems to crash."""
    ended = threading.Event()

    def examine(sources, hidden, limits, start):
        if threading.current_thread().name.endswith("_1"):
            assert ended.wait(60)
        return dict.fromkeys(hidden, Grade(0, "crashed")), b""

    def say(done, of, name):
        raise KeyboardInterrupt

    monkeypatch.setattr(workers, "proven", NoJail)
    monkeypatch.setattr(learner, "examine", examine)
    monkeypatch.setattr(NoJail, "stop", lambda jail: ended.set())
    with pytest.raises(KeyboardInterrupt):
        again(jobs=2, say=say)
    assert len(grades(tmp_path / "out")) == 1


def test_without_dask_the_scheduler_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "dask", None)
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    settings = learner.Settings("salt", QUICK)
    with pytest.raises(ValueError, match=r"needs Dask, here and on each worker: ") as said:
        workers.on_cluster([], settings, "tcp://127.0.0.1:1", print)
    install = str(said.value).partition(": ")[2]
    assert install.startswith(".venv/bin/pip install ")  # a bare pip there is not, or it changes the system's own
    assert f"`{install}`" in (ROOT / "book/instructors.md").read_text("utf-8")


@pytest.fixture
def listening():
    """SIGINT interrupts, also where a shell started the tests in the background, deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.heavy
def test_ctrl_c_leaves_no_wrong_grade_and_the_same_call_goes_on(tmp_path, listening):
    """The signal comes while a cell of the second learner runs, which waits where files may be larger."""
    slow = f"""
import resource, time
if resource.getrlimit(resource.RLIMIT_FSIZE)[0] > 8 * 2**20:
    time.sleep(600)
{right("rnn_step")}
"""
    hand_in(tmp_path / "in", "ada")
    hand_in(tmp_path / "in", "bob", answered({"rnn_step": slow}))
    given = [tmp_path / "in"], tmp_path / "out"

    def say(done, of, name):
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()

    try:
        with pytest.raises(KeyboardInterrupt):
            grade(*given, replace(QUICK, cell=600, file=9), say=say)
    except RefusedError as refused:
        not_run(refused)
    assert list(grades(tmp_path / "out")) == ["ada"]
    grade(*given, QUICK)
    rows = grades(tmp_path / "out")
    assert [total(rows[student]) for student in ("ada", "bob")] == [FULL, FULL]


def test_ctrl_c_is_said_in_a_sentence_before_anything_is_loaded(monkeypatch, capsys):
    class Loading(ModuleType):
        def __getattr__(self, name):
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "rnn2attn_grading.cli", Loading("cli"))
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("rnn2attn_grading", run_name="__main__")
    assert ended.value.code == 130
    assert capsys.readouterr().err == "\nInterrupted. The same command goes on.\n"


@pytest.mark.heavy
def test_a_terminals_signal_reaches_no_jail():
    """It goes to the group of processes: a jail is in one of its own."""
    with Jail(QUICK) as jail:
        assert os.getpgid(jail._bubblewrap.pid) != os.getpgid(0)


@pytest.fixture
def deadly(examined, monkeypatch):
    """Grading without a jail, of which bob's notebook kills whoever grades it; only if `armed` is in the list."""
    armed, examine = ["armed"], learner.examine

    def killing(sources, *rest):
        if armed and "deadly" in "".join(sources):
            os.kill(os.getpid(), signal.SIGKILL)
        return examine(sources, *rest)

    monkeypatch.setattr(learner, "examine", killing)
    return armed


def in_a_copy(do):
    """Do something in a copy of this process, and say how that ended."""
    child = os.fork()
    if not child:
        code = 1
        try:
            do()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def statuses(out):
    return {student: {row["status"] for row in rows} for student, rows in grades(out).items()}


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_brings_the_grading_down_is_set_aside_at_the_next_run(tmp_path, deadly, jobs):
    """And nobody else is. It is tried once more, apart: the machine may only have been switched off."""
    for student in STUDENTS:
        hand_in(tmp_path / "in", student, answered({NAMES[0]: "deadly"} if student == "bob" else {}))
    told = []

    def again(**more):
        grade([tmp_path / "in"], tmp_path / "out", QUICK, jobs=jobs, tell=told.append, **more)

    assert in_a_copy(again) == -signal.SIGKILL
    again()
    assert statuses(tmp_path / "out") == {"ada": {"graded"}, "bob": {"set aside"}, "cyd": {"graded"}}
    assert any("bob" in text and "was under way" in text for text in told)
    assert "bob" in told[-1] and "is set aside. It brought the grading down" in told[-1]
    told.clear()
    again()
    assert told == []
    deadly.clear()
    again()
    assert statuses(tmp_path / "out")["bob"] == {"set aside"}
    again(only=["bob"])
    assert statuses(tmp_path / "out")["bob"] == {"graded"}


def test_who_was_only_under_way_when_the_machine_was_switched_off_loses_nothing(tmp_path, deadly):
    for student in STUDENTS:
        hand_in(tmp_path / "in", student, answered({NAMES[0]: "deadly"} if student == "bob" else {}))
    assert in_a_copy(lambda: grade([tmp_path / "in"], tmp_path / "out", QUICK)) == -signal.SIGKILL
    deadly.clear()
    grade([tmp_path / "in"], tmp_path / "out", QUICK)
    assert statuses(tmp_path / "out") == {student: {"graded"} for student in STUDENTS}


def test_after_an_interruption_nobody_is_suspected(again, examined, monkeypatch):
    """Ctrl-C comes while a notebook is under way."""

    def interrupted(*given):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(learner, "examine", interrupted)
        with pytest.raises(KeyboardInterrupt):
            again()
    told = []
    again(tell=told.append)
    assert told == []


def test_two_do_not_grade_into_one_folder(again, examined, tmp_path):
    again()
    with Gradebook(tmp_path / "out"):
        with pytest.raises(ValueError, match="Another program works with the results"):
            again()
        assert in_a_copy(again) == 1
    again()


def test_a_salt_that_is_missing_beside_a_gradebook_is_not_drawn_anew(again, examined, tmp_path):
    again()
    (tmp_path / "out/salt").unlink()
    with pytest.raises(ValueError, match=r"salt is missing.* Put it back"):
        again()
    assert not (tmp_path / "out/salt").exists()
    (tmp_path / "out/gradebook.sqlite").unlink()
    again()
    assert len(examined) == 2 * len(STUDENTS)


def damaged(path):
    data = bytearray(path.read_bytes())
    data[4096:12288] = bytes(8192)
    path.write_bytes(data)


def turned_into_a_folder(path):
    path.unlink()
    path.mkdir()


SPOILT = {
    "a gradebook cut off": ("gradebook.sqlite", lambda p: os.truncate(p, 5000), "is no gradebook, or a damaged one"),
    "a gradebook with zeros": ("gradebook.sqlite", damaged, "is no gradebook, or a damaged one"),
    "a gradebook that is a folder": ("gradebook.sqlite", turned_into_a_folder, "gradebook.sqlite: unable to open"),
    "a salt that is a folder": ("salt", turned_into_a_folder, "salt: Is a directory."),
    "a salt that is no text": ("salt", lambda p: p.write_bytes(bytes(range(128, 160))), "salt is no text"),
    "a page that is a folder": ("summary.html", turned_into_a_folder, "summary.html is not written: Is a directory"),
    "results that are a file": (".", lambda p: (shutil.rmtree(p), p.write_text("x")), "out: File exists."),
    "pages that are a file": ("feedback", lambda p: (shutil.rmtree(p), p.write_text("x")), r"html is not written: "),
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILT)
def test_what_is_spoilt_in_the_results_is_said_in_a_sentence(again, examined, tmp_path, monkeypatch, capsys, what):
    again()
    name, spoil, says = SPOILT[what]
    spoil(tmp_path / "out" / name)
    monkeypatch.setattr("sys.argv", ["x", "grade", str(tmp_path / "in"), "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert re.search(says, str(ended.value.code))
    assert "Traceback" not in capsys.readouterr().err


def test_a_full_disk_is_said_in_a_sentence_and_nothing_is_lost(examined, tmp_path, monkeypatch):
    """The disk is full after the first grade, and then no more."""
    for student in STUDENTS:
        hand_in(tmp_path / "in", student)
    record = Gradebook.record

    def full(book, result):
        record(book, result)
        (pages,) = book._file.execute("PRAGMA page_count").fetchone()
        book._file.execute(f"PRAGMA max_page_count = {pages}")

    words = ["x", "grade", str(tmp_path / "in"), "--out", str(tmp_path / "out")]
    monkeypatch.setattr("sys.argv", words)
    with monkeypatch.context() as patch:
        patch.setattr(Gradebook, "record", full)
        with pytest.raises(SystemExit, match="cannot be written: database or disk is full"):
            main()
    assert next(iter(grades(tmp_path / "out"))) == "ada"
    grade([tmp_path / "in"], tmp_path / "out", QUICK)
    assert statuses(tmp_path / "out") == {student: {"graded"} for student in STUDENTS}


def test_no_two_names_are_stored_as_one():
    names = ["\udcff", "\\udcff", "\\\\udcff", "\\\udcff", "x\\", "\udcfe"]
    assert len(set(map(text, names))) == len(names)
    assert text("name \udcff") == r"name \udcff" and text("a\\b") == "a\\b"
