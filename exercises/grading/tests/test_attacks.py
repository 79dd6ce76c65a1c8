"""Hostile and unlucky submissions, each once, in a class with honest ones between them."""

import os
import re
import socket

import pytest
from attacks import FILES, GROUPS, Attack
from classroom import (
    CHAPTER,
    FULL,
    NAMES,
    NOTEBOOK,
    QUICK,
    answered,
    grades,
    hand_in,
    not_run,
    right,
    total,
)

from rnn2attn_grading.bubblewrap import Refused
from rnn2attn_grading.grade import grade

MARK = "a-word-of-the-supervisors-environment"
ATTACKED = NAMES[:6]  # the other two are answered right in every notebook
ATTACKS = [attack for rows in GROUPS.values() for attack in rows]
SHARED = [attack for attack in ATTACKS if not attack.alone]
# The attackers' notebooks: function → attack.
NOTEBOOKS = [
    dict(zip(ATTACKED, SHARED[n : n + len(ATTACKED)], strict=False))
    for n in range(0, len(SHARED), len(ATTACKED))
] + [{ATTACKED[0]: attack} for attack in ATTACKS if attack.alone]
PLACES = {
    attack.tries: (number, name)
    for number, chosen in enumerate(NOTEBOOKS)
    for name, attack in chosen.items()
}


def attacker(number):
    return f"{number:02} attacker"


def follower(number):
    return f"{number:02} honest, after the attacker"


def hander(number):
    return f"{number + 50:02} {FILES[number].student}"


def filled_in(attack: Attack, name: str, **words: object) -> str:
    """The code of an attack on a question."""
    code = attack.code.replace("HONEST", right(name)).replace("ASKED", name)
    for word, text in words.items():
        code = re.sub(rf"\b{word}\b", str(text), code)
    return code


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a class, graded: submissions, out."""
    folder = tmp_path_factory.mktemp("class")
    submissions, out = folder / "submissions", folder / "out"
    out.mkdir()
    (out / "salt").write_text("the secret of this class")
    with (
        pytest.MonkeyPatch.context() as patch,
        socket.create_server(("127.0.0.1", 0)) as server,
    ):
        patch.setenv("RNN2ATTN_TEST", MARK)
        words = {
            "OUT": out,
            "OTHERS": submissions,
            "PORT": server.getsockname()[1],
            "SUPERVISOR": os.getpid(),
            "MARK": MARK,
        }
        for number, chosen in enumerate(NOTEBOOKS):
            code = {n: filled_in(a, n, **words) for n, a in chosen.items()}
            hand_in(submissions, attacker(number), answered(code))
            hand_in(submissions, follower(number))
        for number, handing in enumerate(FILES):
            path = submissions / hander(number) / f"{handing.exercise}.ipynb"
            path.parent.mkdir()
            handing.make(path, NOTEBOOK)
        hand_in(submissions, "honest")
        try:
            grade([submissions], out, QUICK)
        except Refused as refused:
            not_run(refused)
    return folder


@pytest.fixture(scope="module")
def rows(folder):
    return grades(folder / "out")


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.tries)
def test_an_attack_gets_what_it_deserves(rows, attack):
    number, name = PLACES[attack.tries]
    row = rows[attacker(number)][NAMES.index(name)]
    status = re.escape(attack.status).replace("N", r"\d+")
    assert row["question"].endswith(name)
    assert re.fullmatch(status, row["status"]), row
    assert re.search(attack.says, row["message"]), row
    assert row["points"] == (row["max_points"] if attack.points else "0"), row
    assert "Python says: broken" not in row["message"]


@pytest.mark.parametrize("number", range(len(NOTEBOOKS)))
def test_an_attack_costs_no_other_question_and_no_one_else(rows, number):
    assert total(rows[follower(number)]) == FULL
    chosen = NOTEBOOKS[number]
    if not any(attack.alone for attack in chosen.values()):
        for name, row in zip(NAMES, rows[attacker(number)], strict=True):
            if name not in chosen:
                assert row["points"] == row["max_points"], row


@pytest.mark.parametrize("number", range(len(FILES)))
def test_whatever_is_handed_in_is_graded(rows, number):
    handing = FILES[number]
    name = hander(number).encode("utf-8", "backslashreplace").decode()
    assert {row["exercise"] for row in rows[name]} == {handing.exercise}
    for row in rows[name]:
        assert row["status"] == handing.status, row
        assert re.search(handing.says, row["message"]), row
    assert total(rows[name]) == (FULL if handing.points else 0)


def test_nobody_is_left_out_and_nobody_added(rows):
    handed = {
        hander(number).encode("utf-8", "backslashreplace").decode()
        for number in range(len(FILES))
    }
    known = range(len(NOTEBOOKS))
    attackers, followers = map(attacker, known), map(follower, known)
    assert rows.keys() == {*attackers, *followers, *handed, "honest"}
    assert total(rows["honest"]) == FULL
    for student in (*map(attacker, known), *map(follower, known), "honest"):
        assert len(rows[student]) == len(CHAPTER.parts)


def test_nothing_was_done_outside_of_the_jail(folder, rows):
    """No file was opened by a pickle, none removed, and no line added."""
    names = {path.name for path in (folder / "out").iterdir()}
    files = {"salt", "gradebook.sqlite", "summary.html"}
    tables = {"grades.csv", "students.csv"}
    assert names == files | tables | {"printed", "feedback"}
    assert "mallory,1" not in (folder / "out" / "grades.csv").read_text()


def test_what_was_printed_is_kept_and_cut(folder, rows):
    number, _ = PLACES["200 MB of output"]
    printed = folder / "out/printed" / attacker(number) / f"{CHAPTER.stem}.txt"
    *_, last = printed.read_bytes().split(b"\n[another run]\n")
    assert last.endswith(b"x\n[cut]")
    assert len(last) == QUICK.output * 1000 + len("\n[cut]")
