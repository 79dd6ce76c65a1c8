"""What counts in the end: late policies, what an instructor decides, who is missing, what platforms import."""

import csv
import io
import re
import unicodedata
from datetime import datetime

import pytest
from classroom import CHAPTER, FULL, NAMES, QUICK, grades, points, saying

from rnn2attn_grading.cli import main
from rnn2attn_grading.grading.decisions import override, regraded
from rnn2attn_grading.grading.lateness import Lateness, Rule, lateness
from rnn2attn_grading.grading.run import grade

NAME = f"{CHAPTER.stem}.ipynb"
DUE = datetime(2026, 12, 1, 18).timestamp()
DAY = 86_400
pytestmark = pytest.mark.usefixtures("worth")


@pytest.fixture
def class_of(tmp_path):
    """Grade a class: student → seconds after DUE; with more files for grade."""

    def graded(students, name=f"{{}}/{NAME}", **texts):
        for student, seconds in students.items():
            saying(tmp_path / "in" / name.format(student), "good", DUE + seconds)
        given = {}
        for option, text in texts.items():
            given[option] = tmp_path / f"{option}.csv"
            given[option].write_text(text, "utf-8")
        grade([tmp_path / "in"], tmp_path / "out", QUICK, **given)
        return tmp_path / "out"

    return graded


def table(path):
    return list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def earned(out):
    """What counts of each student's points."""
    return {who: round(sum(float(row["points"]) for row in rows), 2) for who, rows in grades(out).items()}


@pytest.mark.parametrize(
    ("seconds", "counts"), [(-1, 1), (0, 1), (1, 0.8), (DAY, 0.8), (DAY + 1, 0.6), (2 * DAY, 0.6), (2 * DAY + 1, 0)]
)
def test_a_day_that_has_begun_costs_so_much_until_nothing_counts(class_of, seconds, counts):
    out = class_of({"ada": seconds}, deadlines="exercise,due,percent,days\n*,2026-12-01 18:00,20,2\n")
    assert earned(out) == {"ada": round(counts * FULL, 2)}
    rows = grades(out)["ada"]
    assert all(row["points_before"] == row["max_points"] for row in rows)
    assert {row["late"] for row in rows} == {"late" if counts < 1 else ""}
    page = (out / "feedback/ada.html").read_text()
    assert (f"Before that it was {FULL}." in page) == (counts < 1)
    heads, line = table(out / "students.csv")
    assert ("before the late policy" in heads[-1]) == (counts < 1)
    assert float(line[2]) == round(counts * FULL, 2) and (counts == 1 or line[-1] == str(FULL))


def test_an_extension_counts_for_its_student_alone(class_of):
    deadlines = f"""exercise,student,due,percent
{CHAPTER.stem},,2026-12-01 18:00,50
,bob,2026-12-03,
02-lstm-gru-gates,,2026-01-01,100
"""
    out = class_of({"ada": DAY, "bob": DAY, "cyd": -DAY}, deadlines=deadlines)
    assert earned(out) == {"ada": FULL / 2, "bob": FULL, "cyd": FULL}
    assert earned(class_of({})) == {"ada": FULL / 2, "bob": FULL, "cyd": FULL}  # the rules are kept
    assert earned(class_of({}, deadlines="due\n2027-01-01\n")) == dict.fromkeys(("ada", "bob", "cyd"), FULL)


@pytest.mark.parametrize("spelling", ["NFC", "NFD"])
def test_a_name_is_one_however_its_accents_are_composed(class_of, tmp_path, spelling):
    """A name that was copied from a Mac's folder has letters and accents apart."""
    name = unicodedata.normalize(spelling, "Zoë")
    out = class_of({"Zoë": DAY}, deadlines=f"student,due,percent\n,2026-12-01,50\n{name},2026-12-24,\n")
    assert earned(out) == {"Zoë": FULL}
    grade([tmp_path / "in"], out, QUICK, only=[name], regrade=True)
    override(out, f"{name}/{CHAPTER.stem}", "3.5", "an oral exam", "Prof. X")
    assert earned(out) == {"Zoë": 3.5}


def test_where_the_time_is_not_known_nothing_is_taken_off_unless_it_is_said(class_of):
    """Canvas says that a file is late, and not when it came: its archive has the time of the download."""
    deadlines = "student,due,percent,handed_in\n,2026-12-01 18:00,20,\n"
    out = class_of({"late_LATE_7_8": 9 * DAY, "ontime_8_9": 9 * DAY}, f"{{}}_{NAME}", deadlines=deadlines)
    assert earned(out) == {"late_7": FULL, "ontime_8": FULL}
    assert "when is not known" in (out / "feedback/late_7.html").read_text()
    out = class_of({}, deadlines=f"{deadlines}late_7,,,2026-12-02 12:00\n")
    assert earned(out) == {"late_7": 0.8 * FULL, "ontime_8": FULL}


@pytest.mark.parametrize("time", ["", "Monday", "2026", "9999-12-31T23:59:59-12:00"])
def test_a_time_that_cannot_be_read_is_not_known(time):
    rules = [Rule(due="2026-12-01", percent="20")]
    assert lateness(rules, "ada", CHAPTER.stem, time, False) == Lateness()
    assert "when is not known" in lateness(rules, "ada", CHAPTER.stem, time, True).text


@pytest.mark.parametrize(("time", "late"), [("2026-12-01T23:59:59.750000", False), ("2026-12-02T00:00:00", True)])
def test_a_day_alone_is_until_its_end(time, late):
    assert lateness([Rule(due="2026-12-01")], "ada", CHAPTER.stem, time, False).late is late


@pytest.mark.parametrize("time", ["2026-12-02T12:00:00+00:00", "2026-12-02T12:00:00Z", "2026-12-02T12:00:00"])
def test_a_time_of_another_zone_is_one_of_here(time):
    assert lateness([Rule(due="2026-12-01", percent="20")], "ada", CHAPTER.stem, time, False).share == 0.8


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("due\nsoon\n", "line 2: due is 'soon'; expected a day or a time"),
        ("due,percent\n2026-12-01,120\n", "percent is '120'; expected a number from 0 to 100"),
        ("due,days\n2026-12-01,-1\n", "days is '-1'"),
        (
            "due,exercise\n2026-12-01,homework\n",
            f"line 2: there is no exercise 'homework'. There are {CHAPTER.stem}, 02",
        ),
        ("due,penalty\n2026-12-01,1\n", "no column 'penalty'"),
        ("due,student\n2026-12-01,zoe\n", "'zoe' is not one name on the roster"),
    ],
)
def test_deadlines_that_are_not_understood_are_refused(class_of, text, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        class_of({"ada": 0}, deadlines=text, roster="Name\nada\n")


def test_who_is_on_the_roster_and_handed_in_nothing_has_a_row(class_of):
    out = class_of({"ada": 0}, roster="Name,Aliases\nAda,\nBob,bobby;bb\n")
    rows = grades(out)
    assert list(rows) == ["Ada", "Bob"]
    assert [row["status"] for row in rows["Bob"]] == ["not handed in"]
    assert table(out / "students.csv")[-1] == ["Bob", "", "0", "0"]
    assert "not handed in" in (out / "feedback/Bob.html").read_text().lower()
    (out.parent / "in/Bob").mkdir()
    (out.parent / "in/Bob/x.pdf").write_text("%PDF")
    rows = grades(class_of({}))
    assert [row["status"] for row in rows["Bob"]] == ["empty"]  # the roster is kept, and something was handed in
    assert list(grades(class_of({"bb": 0}))) == ["Ada", "Bob"]
    assert earned(out)["Bob"] == FULL


def test_a_decision_is_kept_shown_and_survives_regrading(class_of, tmp_path):
    out = class_of({"ada": 0, "bob": 0})
    what = f"ada/{CHAPTER.stem}/{NAMES[0]}"
    override(out, what, "0", "a <b> typo of ours", "Prof. X")
    for _ in range(2):
        row = grades(out)["ada"][0]
        assert (row["points"], row["status"]) == ("0", "graded")
        assert re.fullmatch(r"Set to 0 by Prof. X on \d{4}-\d\d-\d\d: a <b> typo of ours.", row["decision"])
        assert "a &lt;b&gt; typo of ours" in (out / "feedback/ada.html").read_text()
        assert points(out) == {"ada": FULL - CHAPTER.parts[0].points, "bob": FULL}
        grade([tmp_path / "in"], out, QUICK, regrade=True)
    override(out, f"ada/{CHAPTER.stem}", "3.5", "an oral exam", "Prof. X")
    assert earned(out) == {"ada": 3.5, "bob": FULL}
    override(out, f"ada/{CHAPTER.stem}", "none", "a mistake", "Prof. X")
    override(out, what, "none", "a mistake", "Prof. X")
    assert earned(out) == {"ada": FULL, "bob": FULL}
    regraded(out, "bob", "asked for it", "Prof. Y")
    assert {row["decision"][:23] for row in grades(out)["bob"]} == {"Graded again by Prof. Y"}
    page = (out / "feedback/bob.html").read_text()
    assert page.count("Graded again by Prof. Y") == 1 and "asked for it." in page


def test_a_roster_that_comes_later_takes_decisions_along(class_of):
    out = class_of({"al": 0})
    override(out, f"al/{CHAPTER.stem}", "3", "an oral exam", "X")
    assert earned(class_of({}, roster="Name,Aliases\nAda Lovelace,al\n")) == {"Ada Lovelace": 3}


def test_the_summary_says_what_does_not_fit_together(class_of):
    out = class_of({"ada": 0, "zoe": 0}, roster="Name\nada\n")
    assert "Not on the roster: zoe." in (out / "summary.html").read_text()
    out = class_of({}, deadlines="student,due\nada,2026-12-01\n")
    assert "who is not here" not in (out / "summary.html").read_text()


def test_a_rule_for_nobody_is_named(class_of):
    out = class_of({"ada": 0}, deadlines="student,due\nadda,2026-12-01\n")
    assert "Deadlines name who is not here: adda." in (out / "summary.html").read_text()


def test_points_that_were_all_given_by_hand_make_a_summary(class_of, tmp_path):
    """And a function that counts for nothing since it came late is not named as wrong."""
    (tmp_path / "in/bob").mkdir(parents=True)
    out = class_of({}, roster="Name\nbob\n")
    override(out, f"bob/{CHAPTER.stem}", "0", "an oral exam", "X")
    assert "by hand" not in (out / "summary.html").read_text()
    out = class_of({"ada": 0}, deadlines="due,percent\n2020-01-01,100\n")
    assert earned(out)["ada"] == 0 and "1 of 1" not in (out / "summary.html").read_text()


def test_who_handed_in_nothing_can_be_given_points(class_of):
    out = class_of({"ada": 0}, roster="Name\nada\nbob\n")
    override(out, f"bob/{CHAPTER.stem}", "7", "an oral exam", "X")
    assert earned(out) == {"ada": FULL, "bob": 7}
    assert "<td>+7</td><td>Set to 7 by X" in (out / "feedback/bob.html").read_text()


@pytest.mark.parametrize(
    ("what", "number", "reason", "says"),
    [
        (f"adda/{CHAPTER.stem}", "1", "x", "no student 'adda'. Do you mean ada?"),
        (f"AD/{CHAPTER.stem}", "1", "x", "no student 'AD'. Do you mean ada?"),
        (f"zoe/{CHAPTER.stem}", "1", "x", "no student 'zoe'. Expected is a name from grades.csv or the roster."),
        ("ada/01-rnn", "1", "x", f"There is no exercise '01-rnn'. There are {CHAPTER.stem}, 02"),
        ("ada", "1", "x", "names no exercise"),
        (f"ada/{CHAPTER.stem}/step", "1", "x", "has no function 'step'. It has rnn_step"),
        (f"ada/{CHAPTER.stem}", str(FULL + 1), "x", f"from 0 to {FULL}"),
        (f"ada/{CHAPTER.stem}/{NAMES[0]}", "nan", "x", "from 0 to 2"),
        (f"ada/{CHAPTER.stem}", "1", " \n", "A reason is needed"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(class_of, what, number, reason, says):
    out = class_of({"ada": 0})
    with pytest.raises(ValueError, match=re.escape(says)):
        override(out, what, number, reason, "X")
    assert points(out) == {"ada": FULL}


@pytest.mark.parametrize("called", ["ada", "Ada Lovelace", "lovelace, ada"])
def test_a_student_may_be_called_by_each_name_on_the_roster(class_of, tmp_path, called):
    class_of({"ada": 0}, roster='Name,Aliases\n"Lovelace, Ada",ada\nbob,\n')
    out = class_of({"bob": 0})
    override(out, f"{called}/{CHAPTER.stem}", "7", "an oral exam", "X")
    assert earned(out) == {"Lovelace, Ada": 7, "bob": FULL}
    done = []
    for only in (called, f"{called}/{CHAPTER.stem}"):
        grade([tmp_path / "in"], out, QUICK, only=[only], regrade=True, say=lambda *said: done.append(said))
    assert done == 2 * [(1, 1, f"Lovelace, Ada {CHAPTER.stem}")]


@pytest.mark.parametrize("name", [f"{{}}/{NAME}", f"{{}}_12_assignsubmission_file/{NAME}"])
def test_a_roster_that_comes_later_takes_decisions_and_pages_along(class_of, name):
    out = class_of({"ada": 0}, name)
    override(out, f"{points(out).popitem()[0]}/{CHAPTER.stem}", "7", "an oral exam", "X")
    (out / "feedback/of mine.txt").touch()
    class_of({"bob": 0}, name, roster='Name,Aliases\n"Lovelace, Ada",ada\n')
    found = earned(out)
    assert found.pop("Lovelace, Ada") == 7
    assert list(found.values()) == [FULL] and next(iter(found)).startswith("bob")
    pages = {path.name.split("_")[0].split(".")[0] for path in (out / "feedback").iterdir()}
    assert pages == {"Lovelace", "bob", "of mine"}


def test_a_decision_stays_with_who_is_still_called_so(class_of):
    out = class_of({"ada_2": 0})
    override(out, f"ada_2/{CHAPTER.stem}", "7", "an oral exam", "X")
    class_of({"ada": 0}, roster="Name\nada\n")
    assert earned(out) == {"ada": FULL, "ada_2": 7}


def test_the_command_line_grades_one_again_and_says_why(class_of, tmp_path, monkeypatch, capsys):
    out = class_of({"ada": 0, "bob": 0})
    saying(tmp_path / "in/ada" / NAME, "bad", DUE + 1)
    words = ["regrade", "ada", "--out", str(out), "--reason", "asked for it", "--by", "X"]
    monkeypatch.setattr("sys.argv", ["rnn2attn_grading", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert "Graded again by X" in capsys.readouterr().out
    assert points(out) == {"ada": 0, "bob": FULL}


def test_where_submissions_are_gone_the_command_line_asks_for_them(class_of, tmp_path, monkeypatch):
    out = class_of({"ada": 0})
    (tmp_path / "in").rename(tmp_path / "there")
    words = ["rnn2attn_grading", "regrade", "ada", "--out", str(out), "--reason", "asked for it"]
    for more, says in ([], "not where they were"), ([str(tmp_path / "there")], None):
        monkeypatch.setattr("sys.argv", [*words[:3], *more, *words[3:]])
        with pytest.raises(SystemExit) as ended:
            main()
        assert says in ended.value.code if says else not ended.value.code
    assert "Graded again" in grades(out)["ada"][0]["decision"]


def imported_by_canvas(path):
    """What lib/gradebook_importer.rb makes of a file: number or login of the student → exercise → score."""
    heads, most, *lines = table(path)
    assert "Student" in heads[0] and "ID" in heads[1] and len(heads) > 3
    assert re.search(r"SIS\s+User\s+ID", heads[2]) and re.search(r"SIS\s+Login\s+ID", heads[3])
    assert "Section" in heads[4] and "Points Possible" in most[0]
    assert all(len(line) == len(heads) for line in (most, *lines))
    return {line[1] or line[3]: dict(zip(heads[5:], line[5:], strict=True)) for line in lines}


def test_canvas_imports_what_it_gets(class_of):
    """A roster is Canvas's own export; who handed in nothing has no score."""
    roster = """Student,ID,SIS User ID,SIS Login ID,Section,Other (1)
    Points Possible,,,,,10
"Lovelace, Ada",340934,s1,al,A,
"Bob, Ross",340935,s2,br,B,
"Cyd, C",,s3,cc,B,
"""
    out = class_of({"lovelaceada_340934_9": 0, "zoe_1_10": 0}, f"{{}}_{NAME}", roster=roster)
    assert imported_by_canvas(out / "canvas.csv") == {
        "340934": {CHAPTER.stem: str(FULL)}, "340935": {CHAPTER.stem: ""}, "cc": {CHAPTER.stem: ""},
        "1": {CHAPTER.stem: str(FULL)},
    }  # fmt: skip
    assert not (out / "moodle").exists()


def imported_by_moodle(path):
    """What importgradeslib.php makes of a file: number of the participant → grade, and the comment."""
    heads, *lines = table(path)
    at = {name: heads.index(name) for name in ("Identifier", "Grade", "Last modified (grade)", "Feedback comments")}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", li[at["Last modified (grade)"]]) for li in lines)
    return {
        line[at["Identifier"]][len("Participant ") :]: (line[at["Grade"]], line[at["Feedback comments"]])
        for line in lines
    }


def test_moodle_imports_what_it_gets(class_of, tmp_path):
    out = class_of({"Ada L_12": 0, "Bob_13": 0}, f"{{}}_assignsubmission_file/{NAME}")
    override(out, f"Bob_13/{CHAPTER.stem}", "2.5", "1 < 2", "X")
    found = imported_by_moodle(out / "moodle" / f"{CHAPTER.stem}.csv")
    assert {who: points for who, (points, _) in found.items()} == {"12": str(FULL), "13": "2.5"}
    assert f"{NAMES[0]}: 2 of 2. Right.<br>" in found["12"][1]
    assert "1 &lt; 2" in found["13"][1]
    assert not (out / "canvas.csv").exists()


def test_without_a_platforms_numbers_there_is_nothing_to_import(class_of):
    out = class_of({"ada": 0})
    assert not (out / "canvas.csv").exists() and not (out / "moodle").exists()
