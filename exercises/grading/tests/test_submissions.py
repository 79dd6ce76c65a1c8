"""Submissions as people have them: folders, archives, the names that learning platforms compose."""

import io
import json
import os
import subprocess
import time
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from rnn2attn_grading.grading.run import newest
from rnn2attn_grading.submissions import discovery, untrusted
from rnn2attn_grading.submissions.discovery import submitted
from rnn2attn_grading.submissions.owners import Owner, read_name
from rnn2attn_grading.submissions.platforms import Place

EXERCISES = ["01-rnn-gradients", "02-lstm-gru-gates"]
FIRST = "01-rnn-gradients.ipynb"
MOODLE = "assignsubmission_file"

# A path as the platform composes it → whose it is.
NAMES = {
    # Canvas: sortable name without signs, [LATE,] user, file, file's name
    f"lovelaceada_340934_208490284_{FIRST}": Owner("lovelaceada_340934", "340934", False, 208490284),
    f"lovelaceada_LATE_340934_208490284_{FIRST}": Owner("lovelaceada_340934", "340934", True, 208490284),
    f"다영김_7_9_{FIRST}": Owner("다영김_7", "7", False, 9),
    f"anon_AbC12_208490284_{FIRST}": Owner("anon_AbC12", "", False, 208490284),
    f"LATE_anon_AbC12_208490284_{FIRST}": Owner("anon_AbC12", "", True, 208490284),
    # Moodle: full name, number, plugin; as a folder (before 4.1 with _) or not
    f"Ada Lovelace_12345_{MOODLE}/{FIRST}": Owner("Ada Lovelace_12345", "12345"),
    f"Ada Lovelace_12345_{MOODLE}_/{FIRST}": Owner("Ada Lovelace_12345", "12345"),
    f"Ada Lovelace_12345_{MOODLE}_{FIRST}": Owner("Ada Lovelace_12345", "12345"),
    # Google Classroom's copies, and a flat folder
    f"Ada Lovelace - {FIRST}": Owner("Ada Lovelace"),
    f"Ada Lovelace - Copy of {FIRST}": Owner("Ada Lovelace"),
    f"ada_{FIRST}": Owner("ada"),
    f"Copy of {FIRST}": Owner(""),
    FIRST: Owner(""),
    # A folder for each student
    f"ada/{FIRST}": Owner("ada"),
    f"ada/week 1/Copy of {FIRST}": Owner("ada"),
    # Whoever names a file so that it looks like somebody else's
    f"ada/bob_1_2_{FIRST}": Owner("ada"),
    f"ada/Bob_2_{MOODLE}/{FIRST}": Owner("ada"),
    f"ada_1_2_bob_3_4_{FIRST}": Owner("ada_1", "1", False, 2),
    f"Ada_1_{MOODLE}_Bob_2_{MOODLE}_{FIRST}": Owner("Ada_1", "1"),
    f"Ada_1_{MOODLE}/Bob_2_{MOODLE}/{FIRST}": Owner("Ada_1", "1"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "whose"), NAMES.items())
def test_the_outermost_name_says_whose_it_is(path, whose):
    parts = tuple(path.split("/"))
    (found,) = Place([parts, ("zoe", "notes.pdf")], EXERCISES).owners(parts)
    assert replace(found, platform="", doubt="") == whose


@pytest.mark.parametrize(
    ("stem", "found"),
    [
        ("01-rnn-gradients", ("01-rnn-gradients", 0)),
        ("01-rnn-gradients (1)", ("01-rnn-gradients", 1)),
        ("01-rnn-gradients-12", ("01-rnn-gradients", 12)),
        ("Copy of 02-lstm-gru-gates", ("02-lstm-gru-gates", 0)),
        ("02-lstm-gru-gates final FINAL", ("02-lstm-gru-gates", 0)),
        ("homework", ("", 0)),
    ],
)
def test_the_exercises_name_stands_in_the_files_name(stem, found):
    assert read_name(f"{stem}.ipynb", EXERCISES)[1:] == found


def notebook(text="x = 1"):
    return json.dumps({"cells": [{"cell_type": "code", "source": text}]})


def put(path, text="x = 1", time=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notebook(text))
    if time:
        os.utime(path, (time, time))


def packed(files, target=None):
    """An archive: name → text, or bytes, or more files."""
    target = target or io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, held in files.items():
            inner = packed(held).getvalue() if isinstance(held, dict) else held
            archive.writestr(name, inner)
    return target


def found(place):
    """What lies there: student, exercise, status and message."""
    every = submitted(place, EXERCISES)
    return [(s.student, s.exercise, s.status, s.message) for s in every]


def test_a_class_that_canvas_packed(tmp_path):
    """With one late, one twice, one that is an archive, and one that is no notebook."""
    path = tmp_path / "submissions.zip"
    packed(
        {
            f"adalovelace_1_10_{FIRST}": notebook("old"),
            f"adalovelace_LATE_1_11_{FIRST.replace('.', '-1.')}": notebook("new"),
            "bobross_2_12_work.zip": {
                f"work/{FIRST}": notebook("bob"),
                "work/02-lstm-gru-gates.ipynb": notebook("bob"),
                f"__MACOSX/work/{FIRST}": "x",
                "zoe_9_9_01-rnn-gradients.ipynb": notebook("bob's too"),
            },
            "cyd_3_13_report.pdf": "%PDF",
        },
        path,
    )
    every = list(submitted(path, EXERCISES))
    assert [(s.student, s.exercise) for s in every] == [
        ("adalovelace_1", "01-rnn-gradients"),
        ("adalovelace_1", "01-rnn-gradients"),
        ("bobross_2", "01-rnn-gradients"),
        ("bobross_2", "02-lstm-gru-gates"),
        ("bobross_2", "01-rnn-gradients"),
        ("cyd_3", ""),
    ]
    first = newest(every)[0]
    assert first.owner.late
    assert first.read().decode() == notebook("new")
    assert len({s.content for s in every if not s.status}) == 4


def test_a_class_that_moodle_packed(tmp_path):
    path = tmp_path / "CS1-Week 1-42.zip"
    packed({f"Ada Lovelace_1_{MOODLE}/{FIRST}": notebook(), f"Ada Lovelace_2_{MOODLE}/{FIRST}": notebook()}, path)
    students = [s.student for s in submitted(path, EXERCISES)]
    assert students == ["Ada Lovelace_1", "Ada Lovelace_2"]


def test_a_class_that_google_drive_packed(tmp_path):
    """The folder of the assignment is in the archive."""
    path = tmp_path / "Week 1-20261101T120000Z-001.zip"
    files = {f"Week 1/{name} - {FIRST}": notebook() for name in ("Ada", "Bob")}
    packed(files, path)
    assert [s.student for s in submitted(path, EXERCISES)] == ["Ada", "Bob"]


def test_folders_that_somebody_packed(tmp_path):
    path = tmp_path / "class.zip"
    packed({f"ada/{FIRST}": notebook(), f"bob/{FIRST}": notebook()}, path)
    assert [s.student for s in submitted(path, EXERCISES)] == ["ada", "bob"]
    packed({f"ada/{FIRST}": notebook()}, path)
    assert [s.student for s in submitted(path, EXERCISES)] == ["ada"]


def test_checkouts_of_github_classroom(tmp_path):
    root = tmp_path / "week-1-submissions"
    put(root / "week-1-octo-cat" / "exercises" / FIRST)
    put(root / "week-1-octo-cat" / ".git" / FIRST)
    put(root / "week-1-week-1-bob" / FIRST)
    (root / "week-1-zoe").mkdir()
    assert found(root) == [
        ("octo-cat", "01-rnn-gradients", "", ""),
        ("week-1-bob", "01-rnn-gradients", "", ""),
        ("zoe", "", "empty", "The folder has no notebook."),
    ]


def test_a_flat_folder_with_archives(tmp_path):
    put(tmp_path / f"ada_{FIRST}")
    packed({f"bob - {FIRST}": notebook()}, tmp_path / "cyd.zip")
    put(tmp_path / FIRST)
    (tmp_path / "roster.csv").write_text("name")
    assert [entry[:3] for entry in found(tmp_path)] == [
        ("", "01-rnn-gradients", "unreadable"),
        ("ada", "01-rnn-gradients", ""),
        ("cyd", "01-rnn-gradients", ""),
    ]


def test_the_newest_counts(tmp_path):
    """By the platform's number of the file, then its time, then the number in its name."""
    put(tmp_path / f"ada/{FIRST}", "older", time=1_000_000_000)
    put(tmp_path / f"ada/last/{FIRST}", "newest", time=2_000_000_000)
    put(tmp_path / "bob/01-rnn-gradients (2).ipynb", "newest", time=10**9)
    put(tmp_path / "bob/01-rnn-gradients (1).ipynb", "older", time=10**9)
    put(tmp_path / f"cyd_1_12_{FIRST}", "newest", time=1_000_000_000)
    put(tmp_path / f"cyd_1_11_{FIRST}", "older", time=2_000_000_000)
    chosen = newest(list(submitted(tmp_path, EXERCISES)))
    assert [s.read().decode() for s in chosen] == [notebook("newest")] * 3


def test_within_one_second_the_newest_counts_too(tmp_path):
    """The time of a file in an archive has no fraction; that of another may be written without, being a whole one."""
    put(tmp_path / f"ada/{FIRST}", "newest", time=10**9 + 0.25)
    put(tmp_path / f"ada/first/{FIRST}", "older", time=10**9)
    assert [s.read().decode() for s in newest(list(submitted(tmp_path, EXERCISES)))] == [notebook("newest")]


LARGE = untrusted.LARGEST_ARCHIVE // untrusted.MIB
REFUSED = {
    "a path with ..": ({f"../bob/{FIRST}": "{}"}, "'../bob/01-rnn-gradients.ipynb' leads out"),
    "the same, as Windows writes it": ({f"a\\..\\..\\{FIRST}": "{}"}, "leads out of it"),
    "a path from the root": ({f"/etc/{FIRST}": "{}"}, "leads out of it"),
    "a drive": ({f"C:/{FIRST}": "{}"}, "leads out of it"),
    "a bomb": ({f"{n}.ipynb": bytes(10 << 20) for n in range(11)}, f"110 MiB; {LARGE} are allowed"),
    "too many files": ({f"{n}.txt": "" for n in range(untrusted.MOST + 1)}, "20001 files; 20000 are"),
    "nothing": ({"work.pdf": "%PDF"}, "holds no notebook"),
    "archives in archives": ({"a.zip": {"b.zip": {FIRST: "{}"}}}, "within an archive within"),
    "no archive": (b"PK\x03\x04 and no more", "no archive that can be read"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_students_archive_is_refused_by_name(tmp_path, what):
    """And costs nobody else anything."""
    held, says = REFUSED[what]
    data = held if isinstance(held, bytes) else packed(held).getvalue()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bob_1_2_work.zip").write_bytes(data)
    put(tmp_path / "in" / "cyd" / FIRST)
    (student, name, status, message), last = found(tmp_path / "in")
    assert (student, name) == ("bob_1", "")
    assert status == ("empty" if what == "nothing" else "unreadable")
    assert says in message
    assert message.startswith(("bob_1_2_work.zip", "b.zip"))
    assert last == ("cyd", "01-rnn-gradients", "", "")
    assert {path.name for path in tmp_path.iterdir()} == {"in"}


def test_a_notebook_in_an_archive_is_not_larger_than_outside(tmp_path):
    data = packed({FIRST: bytes(untrusted.LARGEST + 1)}).getvalue()
    (tmp_path / "bob.zip").write_bytes(data)
    assert found(tmp_path) == [("bob", "01-rnn-gradients", "unreadable", "It is larger than 80 MiB.")]


def test_an_archive_that_lies_about_its_size_gives_no_more_than_it_says(tmp_path):
    data = packed({FIRST: b"x" * 10**6}).getvalue()
    size = (10**6).to_bytes(4, "little")
    assert data.count(size) == 2
    (tmp_path / "bob.zip").write_bytes(data.replace(size, (9).to_bytes(4, "little")))
    (one,) = submitted(tmp_path, EXERCISES)
    assert one.status == "unreadable"
    assert "no archive that can be read" in one.message


def test_an_encrypted_archive_is_refused(tmp_path):
    data = bytearray(packed({FIRST: notebook()}).getvalue())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    (tmp_path / "bob.zip").write_bytes(data)
    (one,) = submitted(tmp_path, EXERCISES)
    assert one.status == "unreadable"
    assert "encrypted" in one.message


def test_a_name_that_leads_out_of_a_classs_archive_costs_nobody_else_anything(tmp_path):
    path = tmp_path / "class.zip"
    packed(
        {f"ada/{FIRST}": notebook(), f"../{FIRST}": "{}", f"bob/../ada/{FIRST}": "{}", f"week 1: a/{FIRST}": ""}, path
    )
    rows = {(student, name): (status, message) for student, name, status, message in found(path)}
    assert rows["ada", "01-rnn-gradients"] == rows["week 1: a", "01-rnn-gradients"] == ("", "")
    for student in "", "bob":
        status, message = rows[student, ""]
        assert status == "unreadable" and f"{FIRST}' leads out" in message
    with pytest.raises(NotADirectoryError, match="no archive"):
        submitted(Path(tmp_path, "class.tar"), EXERCISES)


@pytest.fixture
def deep(tmp_path):
    """A folder of ada's with folders within each other, deeper than Python's calls go."""
    (tmp_path / "ada").mkdir()
    folder = os.open(tmp_path / "ada", os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=folder)
        inner = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    yield tmp_path
    subprocess.run(["rm", "-rf", tmp_path / "ada"], check=True)  # pytest's own way would go too deep


def test_folders_within_each_other_end_somewhere(deep):
    """And what lies above is graded."""
    put(deep / "ada" / FIRST)
    put(deep / "bob" / FIRST)
    rows = found(deep)
    assert ("ada", "01-rnn-gradients", "", "") in rows and rows[-1] == ("bob", "01-rnn-gradients", "", "")
    assert any(student == "ada" and "not searched" in message for student, _, _, message in rows)


@pytest.mark.parametrize("time", [2**33, 2**38, 2**60, -(2**38)])
def test_a_file_may_be_of_any_time(tmp_path, monkeypatch, time):
    """Not every disk can keep such times: they are as if it could."""
    put(tmp_path / "ada" / FIRST)
    kept = Path.stat
    monkeypatch.setattr(
        Path, "stat", lambda path, **more: os.stat_result((*kept(path, **more)[:8], time, time))
    )  # fmt: skip
    assert found(tmp_path) == [("ada", "01-rnn-gradients", "", "")]


def test_an_archive_is_opened_once(tmp_path, monkeypatch):
    """Its list is read once for all that it holds."""
    opened = []
    unpacked = untrusted.unpacked
    monkeypatch.setattr(untrusted, "unpacked", lambda *given: opened.append(1) or unpacked(*given))
    (tmp_path / "ada").mkdir()
    packed({f"{n}/{FIRST}": notebook() for n in range(50)}, tmp_path / "ada/all.zip")
    assert len(found(tmp_path)) == 50
    assert len(opened) == 1


def test_an_archive_whose_list_is_without_end_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(zipfile.ZipFile, "_RealGetContents", lambda archive: pytest.fail("It is read."))
    end = b"PK\5\6" + bytes(4) + b"\xff\xff" * 2 + (90 << 20).to_bytes(4, "little") + bytes(6)
    (tmp_path / "ada.zip").write_bytes(bytes(90 << 20) + end)
    ((*_, status, message),) = found(tmp_path)
    assert status == "unreadable" and "more than 20000 files" in message


@pytest.mark.parametrize("place", ["ada", "ada.zip"])
def test_one_student_has_room_for_so_much(tmp_path, monkeypatch, place):
    """In a folder, or in an archive."""
    monkeypatch.setattr(discovery, "LARGEST_STUDENT", 10 * len(notebook("x" * 10_000)))
    files = {f"{n:02}/{FIRST}": notebook("x" * 10_000) for n in range(20)}
    if place == "ada":
        for name in files:
            put(tmp_path / "ada" / name, "x" * 10_000)
    else:
        packed(files, tmp_path / place)
    put(tmp_path / "bob" / FIRST)
    *rows, bob = found(tmp_path)
    assert bob == ("bob", "01-rnn-gradients", "", "")
    assert 0 < sum(not status for *_, status, _ in rows) <= 10
    assert any("The rest is not looked at" in message for *_, message in rows)


def test_notebooks_without_end_have_a_few_rows(tmp_path):
    """Each row is a line of the tables, and is written at every run."""
    packed({f"x{n:04}.ipynb": notebook(str(n)) for n in range(1500)} | {FIRST: notebook()}, tmp_path / "ada.zip")
    put(tmp_path / "bob" / FIRST)
    *rows, last, bob = found(tmp_path)
    assert ("ada", "01-rnn-gradients", "", "") in rows and bob == ("bob", "01-rnn-gradients", "", "")
    assert len(rows) == 1 + discovery.MOST_ODD
    assert last[1:] == ("1480 more", "unreadable", "No exercise has the names of 1480 more notebooks.")


def test_a_string_that_never_ends_is_read_once():
    """From each of its quotes to the end, it would take hours."""
    begun = time.process_time()
    with pytest.raises(untrusted.UnreadableError, match="It is not JSON"):
        untrusted.cells(b'{"cells": "' + rb"\"" * (1 << 20))
    assert time.process_time() - begun < 5


def test_strings_without_number_take_little_memory():
    data = b'{"cells": [' + b'"",' * (1 << 20) + b'""]}'
    tracemalloc.start()
    try:
        untrusted._without_pictures(data)
        assert tracemalloc.get_traced_memory()[1] < 3 * len(data)
    finally:
        tracemalloc.stop()
