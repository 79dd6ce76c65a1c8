"""Whose a submission is: archives as platforms and computers make them, each recognised as a whole."""

import json
import random
import time
import unicodedata
import zipfile

import pytest

from rnn2attn_grading.submissions import roster
from rnn2attn_grading.submissions.discovery import submitted
from rnn2attn_grading.submissions.owners import read_name
from rnn2attn_grading.submissions.untrusted import UnreadableError

EXERCISES = ["01-rnn-gradients", "02-lstm-gru-gates"]
FIRST, SECOND = (f"{name}.ipynb" for name in EXERCISES)
MOODLE = "assignsubmission_file"
NOTEBOOK = json.dumps({"cells": [{"cell_type": "code", "source": "x = 1"}]})


def packed(tmp_path, *names, **more):
    """The archive of a class, with a notebook under each name."""
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, NOTEBOOK)
        for name, text in more.pop("files", {}).items():
            archive.writestr(name, text)
    return path


def laid(tmp_path, *names):
    """The folder of a class."""
    for name in names:
        path = tmp_path / "submissions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(NOTEBOOK)
    return tmp_path / "submissions"


def students(place, known=None):
    """Who handed in something that can be graded."""
    return [one.student for one in submitted(place, EXERCISES, known) if not one.status]


def doubtful(place):
    """What is named as in doubt: the name of the row, and why."""
    return [(one.exercise, one.message) for one in submitted(place, EXERCISES) if not one.student]


SEVERAL = {
    "Canvas": ([f"ada_1_2_{FIRST}", f"bob_3_4_{FIRST}"], {}),
    "Moodle": ([f"{name}_{MOODLE}/{FIRST}" for name in ("Ada_1", "Bob_2")], {}),
    "Classroom": ([f"Week 1/{name} - {FIRST}" for name in ("Ada", "Bob")], {}),
    "folders": ([f"class/{name}/{FIRST}" for name in ("ada", "bob")], {}),
    "Gradescope": (
        [f"x/submission_{n}/{FIRST}" for n in (1, 2)],
        {"x/submission_metadata.yml": "".join(f"submission_{n}:\n  :submitters:\n  - :name: {n}\n" for n in (1, 2))},
    ),
}


@pytest.mark.parametrize("platform", SEVERAL)
def test_the_archive_of_a_class_alone_in_a_folder_becomes_no_student(tmp_path, platform):
    names, files = SEVERAL[platform]
    folder = tmp_path / "in"
    folder.mkdir()
    archive = packed(folder, *names, files=files)
    (folder / "class.csv").touch()
    with pytest.raises(UnreadableError, match=r"holds nothing but class\.zip: .* name the archive itself"):
        submitted(folder, EXERCISES)
    assert len(students(archive)) == 2
    ada = folder / "ada.zip"  # nobody else's work waits for such an archive among those of students
    with zipfile.ZipFile(ada, "w") as file:
        file.writestr(FIRST, NOTEBOOK)
    assert set(students(folder)) == {"ada", "class"}


def test_one_student_alone_may_hand_in_an_archive(tmp_path):
    packed(tmp_path, FIRST, f"old/{FIRST}", SECOND)
    assert set(students(tmp_path)) == {"class"}


CLASSES = {
    "folders within one folder, as every computer packs them": (
        [f"class/ada/{FIRST}", f"class/bob/{FIRST}", "class/cyd/", "class/.DS_Store", "__MACOSX/class/ada/._x.ipynb"],
        ["ada", "bob"],
    ),
    "the same, and the folder twice": ([f"class/class/{name}/{FIRST}" for name in ("ada", "bob")], ["ada", "bob"]),
    "the same, where each handed in two": (
        [f"class/{name}/{one}" for name in ("ada", "bob") for one in (FIRST, SECOND)],
        ["ada", "ada", "bob", "bob"],
    ),
    "GitHub Classroom, packed": (
        [f"w-1-submissions/w-1-{who}/{FIRST}" for who in ("octo-cat", "w-1-bob")], ["octo-cat", "w-1-bob"],
    ),
    "GitHub Classroom, packed, with one student": (
        [f"w-1-submissions/w-1-bob/{folder}/{FIRST}" for folder in "ab"], ["bob"] * 2,
    ),
    "repositories of a template": (
        [f"{who}/{where}/{FIRST}" for who in ("ada", "bob") for where in ("hw", "old")], ["ada"] * 2 + ["bob"] * 2,
    ),
    "one student, with two exercises": ([f"ada/{FIRST}", f"ada/{SECOND}"], ["ada", "ada"]),
    "one student, with a folder for each exercise": (
        [f"ada/{name}/{name}.ipynb" for name in EXERCISES], ["ada", "ada"],
    ),
    "a folder for each exercise, and the students in it": (
        [f"{name}/{who}/{name}.ipynb" for name in EXERCISES for who in ("ada", "bob")], ["ada"] * 2 + ["bob"] * 2,
    ),
    "what Google Drive packs": ([f"Week 1/{name} - {FIRST}" for name in ("Ada L", "Bob")], ["Ada L", "Bob"]),
    "the same, where one file has no name": (
        [f"Week 1/Ada - {FIRST}", f"Week 1/Bob - {FIRST}", f"Week 1/{SECOND}"], ["Ada", "Bob"],
    ),
    "Moodle, with the folder of one student, and another's name in it": (
        [f"Ada L_12_{MOODLE}/bob - {FIRST}", f"Ada L_12_{MOODLE}/cyd - {FIRST}"], ["Ada L_12"] * 2,
    ),
    "Moodle's folders, packed again": (
        [f"week 1/{name}_{n}_{MOODLE}/{FIRST}" for n, name in enumerate(("Ada", "Bob"))], ["Ada_0", "Bob_1"],
    ),
    "folders that seem to be Canvas's": ([f"ML_2026_02_{n}/{FIRST}" for n in ("ada", "bob")],
        ["ML_2026_02_ada", "ML_2026_02_bob"],
    ),
    "files that seem to be Canvas's": ([f"ML_2026_12_{n}_{FIRST}" for n in ("ada", "bob")],
        ["ML_2026_12_ada", "ML_2026_12_bob"],
    ),
    "files with a number that two have": (
        [f"ada_2026_1_{FIRST}", f"bob_2026_2_{FIRST}"], ["ada_2026_1", "bob_2026_2"],
    ),
    "the same, and one without": (
        [f"{who}_{FIRST}" for who in ("ada_2026_1", "bob_2026_2", "cyd_2027_3")],
        ["ada_2026_1", "bob_2026_2", "cyd_2027_3"],
    ),
    "Canvas": ([f"adal_7_11_{FIRST}", f"adal_7_12_x {FIRST}", f"bob_8_13_{FIRST}"], ["adal_7", "adal_7", "bob_8"]),
    "Canvas, packed again": ([f"x/adal_7_11_{FIRST}", f"x/bob_8_13_{FIRST}"], ["adal_7", "bob_8"]),
    "PowerShell's backslashes": ([f"class\\{name}\\{FIRST}" for name in ("ada", "bob")], ["ada", "bob"]),
}  # fmt: skip


@pytest.mark.parametrize("what", CLASSES)
@pytest.mark.parametrize("place", [packed, laid])
def test_a_class_is_who_handed_in(tmp_path, what, place):
    names, whose = CLASSES[what]
    if place is laid:
        names = [name.replace("\\", "/") for name in names if not name.endswith("/")]
    assert students(place(tmp_path, *names)) == whose


@pytest.mark.parametrize(
    "names",
    [
        [f"x/a/{FIRST}", f"x/b/{SECOND}"],  # one student's folders, or two students
        [f"x/Bob - {FIRST}"],
        [f"x/Bob_2_{MOODLE}/{FIRST}"],
        [f"x/{FIRST}", f"x/ada/{FIRST}", f"x/bob/{FIRST}"],
        ["x/ada.zip", "x/bob.zip"],
        [f"group {n // 2}/{name}/{FIRST}" for n, name in enumerate("abcd")],
    ],
)
@pytest.mark.parametrize("place", [packed, laid])
def test_nothing_is_guessed_where_several_could_become_one(tmp_path, names, place):
    with pytest.raises(UnreadableError, match=r"Is “.*” one student, or are these several"):
        list(submitted(place(tmp_path, *names), EXERCISES))


def test_what_drive_numbers_is_not_one_students(tmp_path):
    """Students attached files of one name; in a folder that the instructor made, they are versions."""
    names = [f"Week 1/01-rnn-gradients{copy}.ipynb" for copy in ("", "(1)", "(2)")]
    with pytest.raises(UnreadableError, match="Is “Week 1” one student"):
        list(submitted(packed(tmp_path, *names), EXERCISES))
    assert students(laid(tmp_path, *names)) == ["Week 1"] * 3


def people(tmp_path, text):
    (tmp_path / "roster.csv").write_text(text, "utf-8")
    return roster.read(tmp_path / "roster.csv")


def test_a_roster_settles_what_names_do_not_say(tmp_path):
    names = [f"x/a/{FIRST}", f"x/b/{SECOND}"]
    assert students(packed(tmp_path, *names), people(tmp_path, "Name\nA\nB\n")) == ["A", "B"]
    assert students(packed(tmp_path, *names), people(tmp_path, "Name\nX\n")) == ["X", "X"]


def test_a_roster_knows_numbers_addresses_and_other_names(tmp_path):
    text = 'Student,ID,SIS Login ID,Aliases\n"    Points Possible",,,\n"Lovelace, Ada",7,al,countess;The Countess\n'
    known = people(tmp_path, text)
    for name in f"adal_7_11_{FIRST}", f"Ada Lovelace - {FIRST}", f"countess_{FIRST}", f"AL/{FIRST}":
        assert students(packed(tmp_path, name), known) == ["Lovelace, Ada"]
    assert students(packed(tmp_path, f"Ada_7_{MOODLE}/{FIRST}"), known) == ["Ada_7"]  # another platform's number


def test_two_of_one_name_are_two_on_the_roster(tmp_path):
    known = people(
        tmp_path, "Full name;Identifier;Email address\nKim;Participant 3;a@x.kr\nKim;Participant 4;b@x.kr\n"
    )
    assert students(packed(tmp_path, f"Kim_4_{MOODLE}/{FIRST}"), known) == ["Kim_4"]
    (one,) = submitted(packed(tmp_path, f"Kim/{FIRST}"), EXERCISES, known)
    assert not one.student and "Several people on the roster are called Kim" in one.message
    assert [one.student for one in known.people] == ["Kim_3", "Kim_4"]


def test_a_roster_without_names_is_refused(tmp_path):
    with pytest.raises(ValueError, match="names nobody"):
        people(tmp_path, "age\n7\n")


@pytest.mark.parametrize("text", [
    f"Week 1/x_1_2_{FIRST}", f"Week 1/Bob_1_{MOODLE}_{FIRST}", f"Week 1/{FIRST}", f"Week 1/Copy of {FIRST}",
])  # fmt: skip
def test_a_name_that_does_not_fit_the_others_is_marked_and_changes_nobody(tmp_path, text):
    path = packed(tmp_path, *(f"Week 1/{name} - {FIRST}" for name in ("Ada", "Bob", "Cyd")), text)
    assert students(path) == ["Ada", "Bob", "Cyd"]
    ((_, why),) = doubtful(path)
    assert "cannot be told" in why


@pytest.mark.parametrize("sign", ["Copy of ", " _-", "1_1", "_1", "x_assignsubmission_", "a.pdf", "01- ", "x"])
@pytest.mark.parametrize("form", ["{}", "{}01-rnn-gradients.ipynb", "{}/01-rnn-gradients.ipynb", "x/{}"])
def test_a_name_without_end_costs_no_time_and_nobody_else(tmp_path, sign, form):
    started = time.process_time()
    path = packed(
        tmp_path,
        form.format(sign * (60_000 // len(sign))),
        f"ada/{FIRST}",
        *(f"{who} - {FIRST}" for who in ("Bob", "Cyd")),
    )
    assert {"ada", "Bob", "Cyd"} <= set(students(path))
    assert any("longer than" in one.message for one in submitted(path, EXERCISES))
    assert time.process_time() < started + 2


def test_no_notebook_is_lost_however_names_are_composed(tmp_path):
    """It is somebody's, or marked; or nothing is graded, and the folder in doubt is named."""
    draw = random.Random(5)
    folders = ["ada", "bob", "class", "Week 1", EXERCISES[0], f"Ada_1_{MOODLE}", "w-submissions", "w-bob", "ML_2_3_x"]
    before = ["", "ada_", "Bob - ", "Copy of ", "ada_1_2_", "bob_LATE_2_3_", f"Ada_1_{MOODLE}_", "x"]
    stopped = 0
    for number in range(300):
        names = {
            "/".join(
                [*draw.choices(folders, k=draw.randrange(3)), draw.choice(before) + draw.choice([FIRST, SECOND])]
            )
            for _ in range(draw.randrange(1, 6))
        }
        (tmp_path / str(number)).mkdir()
        path = packed(tmp_path / str(number), *names)
        try:
            assert {one.where[-1] for one in submitted(path, EXERCISES)} == names
        except UnreadableError as error:
            assert "one student, or are these several" in str(error)
            stopped += 1
    assert stopped < 150


def test_each_file_without_a_name_has_a_row(tmp_path):
    place = laid(tmp_path, FIRST, "01-rnn-gradients (1).ipynb", f"Copy of {FIRST}")
    assert [name for name, _ in doubtful(place)] == [
        "01-rnn-gradients (1)", "01-rnn-gradients", "Copy of 01-rnn-gradients",
    ]  # fmt: skip


def test_a_name_that_ends_like_another_students_number_changes_nobody(tmp_path):
    """A student may choose the name that Canvas shows."""
    others = [f"bob_340935_8_{FIRST}", f"cyd_340936_9_{FIRST}", f"dee_340937_10_1_{FIRST}"]
    path = packed(tmp_path, f"x_340935_340934_11_{FIRST}", *others)
    assert students(path) == ["bob_340935", "cyd_340936", "dee_340937"]
    assert len(doubtful(path)) == 1


METADATA = """
submission_1:
  :submitters:
  - :name: Ada Lovelace
    :sid: '100'
    :email: ada@x.org
  :created_at: 2026-03-02 05:58:55.123456000 Z
  :score: 0.0
  :results: !ruby/object:Some::Class
    a: 1
submission_2:
  :submitters:
  - :name: Bob
    :sid: '200'
    :email: bob@x.org
  - :name: Cyd
    :sid:
    :email: cyd@x.org
  :created_at: 2026-03-03 05:58:55.123456000 Z
"""


@pytest.mark.parametrize("outer", ["", "assignment_9_export/"])
def test_gradescope_says_whose_each_folder_is(tmp_path, outer):
    """A group handed in for each of its members."""
    folders = (f"{outer}submission_{n}/zoe - {FIRST}" for n in (1, 2, 3))
    path = packed(tmp_path, *folders, files={f"{outer}submission_metadata.yml": METADATA})
    every = [one for one in submitted(path, EXERCISES) if not one.status]
    assert [(one.student, one.owner.email) for one in every] == [
        ("Ada Lovelace_100", "ada@x.org"), ("Bob_200", "bob@x.org"), ("Cyd", "cyd@x.org"),
    ]  # fmt: skip
    assert every[0].handed_in.startswith("2026-03-02T05:58:55")
    ((_, why),) = doubtful(path)
    assert "does not say whose submission_3 is" in why


@pytest.mark.parametrize("text", ["[1, 2]", "", "{", "submission_1: ["])
def test_a_file_of_gradescope_that_is_none_stops(tmp_path, text):
    path = packed(tmp_path, f"submission_1/{FIRST}", files={"submission_metadata.yml": text})
    with pytest.raises(UnreadableError, match="not as Gradescope writes it"):
        list(submitted(path, EXERCISES))


@pytest.mark.parametrize(
    "about", [":submitters: []", ":submitters:", ":status: processed", "", ":submitters: [1]",
              ':submitters: [{":email": ""}]'],
)  # fmt: skip
def test_a_submission_of_which_gradescope_names_nobody_has_a_row(tmp_path, about):
    text = f"submission_1:\n  {about}\nsubmission_2:\n  :submitters:\n  - :email: bob@x.org\n"
    names = [f"submission_{n}/{FIRST}" for n in (1, 2)]
    path = packed(tmp_path, *names, files={"submission_metadata.yml": text})
    assert students(path) == ["bob@x.org"]
    ((_, why),) = doubtful(path)
    assert "does not say whose submission_1 is" in why


def test_two_people_of_one_name_in_gradescope_are_two(tmp_path):
    people = {1: ("Kim", "a@x.org"), 2: ("Kim", "b@x.org"), 3: ("Lee", "c@x.org"), 4: ("Lee", "c@x.org")}
    text = "".join(
        f"submission_{n}:\n  :submitters:\n  - :name: {name}\n    :sid:\n    :email: {email}\n"
        for n, (name, email) in people.items()
    )
    names = [f"submission_{n}/{FIRST}" for n in people]
    path = packed(tmp_path, *names, files={"submission_metadata.yml": text})
    assert students(path) == ["Kim_a@x.org", "Kim_b@x.org", "Lee", "Lee"]


def renamed(tmp_path, encoding, *names):
    """An archive whose names are in an encoding that it does not tell."""
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        for n, _ in enumerate(names):
            archive.writestr(f"{n}" * len(names[n].encode(encoding)), NOTEBOOK)
    data = (tmp_path / "class.zip").read_bytes()
    for n, name in enumerate(names):
        raw = name.encode(encoding)
        data = data.replace(f"{n}".encode() * len(raw), raw)
    (tmp_path / "class.zip").write_bytes(data)
    return tmp_path / "class.zip"


@pytest.mark.parametrize(
    ("encoding", "one", "other"),
    [
        ("utf-8", "김다영", "Zoë"),  # as a Mac packs
        ("cp949", "김다영", "박서준"),
        ("cp437", "Zoë", "Müller"),
        ("cp437", "Jürgen", "Müller"),  # which is text in CP949 as well
    ],
)
def test_names_in_an_archive_are_read_as_they_were_written(tmp_path, encoding, one, other):
    path = renamed(tmp_path, encoding, f"{one}/{FIRST}", f"{other}/{FIRST}")
    assert sorted(students(path)) == sorted([one, other])
    assert all(json.loads(found.read())["cells"] for found in submitted(path, EXERCISES))


def test_two_spellings_of_one_name_are_one_student(tmp_path):
    names = (unicodedata.normalize(form, "김다영") for form in ("NFC", "NFD"))
    place = laid(tmp_path, *(f"{name}/{one}" for name, one in zip(names, (FIRST, SECOND), strict=True)), "zoe/x")
    assert students(place) == ["김다영", "김다영"]


@pytest.mark.parametrize(
    ("name", "before", "copy"),
    [
        ("Copy of 01-rnn-gradients.ipynb", "", 0),
        ("Copy_of_01-rnn-gradients.ipynb", "", 0),
        ("Copy of Copy of 01-rnn-gradients.ipynb", "", 0),
        ("Copie de 01-rnn-gradients.ipynb", "", 0),
        ("Kopie_von_01-rnn-gradients (2).ipynb", "", 2),
        ("Copia di 01-rnn-gradients.ipynb", "", 0),
        ("Cópia_de_01-rnn-gradients.ipynb", "", 0),
        ("Копия 01-rnn-gradients.ipynb", "", 0),
        ("01-rnn-gradients.ipynb의 사본", "", 0),
        ("01-rnn-gradients의_사본.ipynb", "", 0),
        ("01-rnn-gradients.ipynb のコピー", "", 0),
        ("“01-rnn-gradients.ipynb”的副本", "", 0),
        ("01-rnn-gradients-Copy1.ipynb", "", 1),
        ("01-rnn-gradients - Copy (3).ipynb", "", 3),
        ("01-rnn-gradients copy 2.ipynb", "", 2),
        ("01-rnn-gradients - 복사본 (2).ipynb", "", 2),
        ("01_RNN_gradients (1).IPYNB", "", 1),
        ("Copy of Ada Lovelace - 01-rnn-gradients.ipynb", "Ada Lovelace", 0),
        ("Ada Lovelace - Copie de 01-rnn-gradients.ipynb", "Ada Lovelace", 0),
        ("ada_01-rnn-gradients.ipynb.txt", "ada", 0),
    ],
)
def test_a_copy_is_a_copy_in_all_languages(name, before, copy):
    assert read_name(name, EXERCISES) == (before, "01-rnn-gradients", copy)


@pytest.mark.parametrize(
    "name", ["01-rnn-gradients.IPYNB", f"{FIRST}.txt", f"{FIRST}.json", "01-rnn-gradients.json", "01-rnn-gradients",
             f"{FIRST}의 사본", "notebook"],
)  # fmt: skip
def test_a_notebook_of_another_name_is_one(tmp_path, name):
    (one, _) = submitted(laid(tmp_path, f"ada/{name}", f"bob/{FIRST}"), EXERCISES)
    assert one.content and one.status == ("unreadable" if name == "notebook" else "")


@pytest.mark.parametrize(
    "name", ["01-rnn-gradients.py", "01-rnn-gradients.html", "01-rnn-gradients.rar", "01-rnn-gradients", "work.rar",
             "work.7z", "report.pdf", "work", "x.py", "data.csv", "answers.txt"],
)  # fmt: skip
@pytest.mark.parametrize("form", ["ada/{}", "ada_7_11_{}", "Ada_7_assignsubmission_file_{}", "Ada - {}"])
def test_who_handed_in_anything_has_a_row(tmp_path, name, form):
    """Which names the file, and the exercise where its name has one."""
    place = laid(tmp_path, form.format(name))
    for path in place.rglob("*"):
        if path.is_file():
            path.write_bytes(b"no notebook")
    ((student, exercise, status, message),) = (
        (one.student, one.exercise, one.status, one.message) for one in submitted(place, EXERCISES)
    )
    assert student in {"ada", "ada_7", "Ada_7", "Ada"}
    assert name in message
    assert (exercise, status) == (("01-rnn-gradients", "unreadable") if "01" in name else ("", "empty"))


def test_what_an_instructor_keeps_beside_submissions_is_no_students(tmp_path):
    place = laid(tmp_path, f"ada_{FIRST}", "bob.txt", "roster.csv", "README.md", "deadlines.yml")
    (place / "bob.txt").write_text("no notebook")
    assert {one.student for one in submitted(place, EXERCISES)} == {"ada", "bob"}


def test_who_also_handed_in_the_notebook_has_no_row_for_the_rest(tmp_path):
    place = laid(tmp_path, f"ada/{FIRST}")
    for name in "01-rnn-gradients.html", "data.csv", "02-lstm-gru-gates.py":
        (place / "ada" / name).write_text("no notebook")
    assert [(one.exercise, one.status) for one in submitted(place, EXERCISES)] == [
        ("01-rnn-gradients", ""), ("02-lstm-gru-gates", "unreadable"),
    ]  # fmt: skip
