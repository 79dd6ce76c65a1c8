"""Hostile and unlucky submissions, each once, in a class with honest ones between them.

Most of the time goes by while limits run out. So the class is graded in three groups beside each other, and attacks
that wait are spread over them. Within a group one is graded after the other, in one jail.
"""

import os
import re
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from attacks import FILES, GROUPS, Attack
from classroom import CHAPTER, FULL, NAMES, NOTEBOOK, QUICK, answered, grades, hand_in, not_run, right, total

from rnn2attn_grading.grading.run import grade
from rnn2attn_grading.reports.visible import visible
from rnn2attn_grading.sandbox.bubblewrap import RefusedError

MARK = "a-word-of-the-supervisors-environment"
ATTACKED = NAMES[:-2]  # the last two are answered right in every notebook
ATTACKS = [attack for rows in GROUPS.values() for attack in rows]
SHARED = [attack for attack in ATTACKS if not attack.alone]
COUNT = -(-len(SHARED) // len(ATTACKED))
# The attackers' notebooks: function → attack. What stands side by side in the lists is not in one notebook.
NOTEBOOKS = [dict(zip(ATTACKED, SHARED[n::COUNT], strict=False)) for n in range(COUNT)] + [
    {ATTACKED[0]: attack} for attack in ATTACKS if attack.alone
]
PLACES = {attack.tries: (number, name) for number, chosen in enumerate(NOTEBOOKS) for name, attack in chosen.items()}

GROUPED = 3  # the groups


def attacker(number):
    return f"{number:02} attacker"


def follower(number):
    return f"{number:02} honest, after the attacker"


def hander(number):
    return f"{number + 50:02} {FILES[number].student}"


def shown(name):
    """A name as the tables show it."""
    return visible(name.encode("utf-8", "backslashreplace").decode())


def filled_in(attack: Attack, name: str, **words: object) -> str:
    """The code of an attack on a question."""
    code = attack.code.replace("HONEST", right(name)).replace("ASKED", name)
    for word, text in words.items():
        code = re.sub(rf"\b{word}\b", str(text), code)
    return code


@pytest.fixture(scope="module")
def groups(tmp_path_factory):
    """The groups, graded: of each its folder, with submissions and out."""
    folder = tmp_path_factory.mktemp("class")
    groups = [folder / f"group {number}" for number in range(GROUPED)]
    for group in groups:
        (group / "out").mkdir(parents=True)
        (group / "out/salt").write_text("the secret of this class")
    with (
        pytest.MonkeyPatch.context() as patch,
        socket.create_server(("127.0.0.1", 0)) as server,
        ThreadPoolExecutor(GROUPED) as pool,
    ):
        patch.setenv("RNN2ATTN_TEST", MARK)
        for number, chosen in enumerate(NOTEBOOKS):
            group = groups[number % GROUPED]
            submissions = group / "submissions"
            words = {
                "OUT": group / "out",
                "OTHERS": submissions,
                "PORT": server.getsockname()[1],
                "SUPERVISOR": os.getpid(),
                "MARK": MARK,
            }
            code = {n: filled_in(a, n, **words) for n, a in chosen.items()}
            hand_in(submissions, attacker(number), answered(code))
            hand_in(submissions, follower(number))
        submissions = groups[-1] / "submissions"
        for number, handing in enumerate(FILES):
            path = submissions / hander(number) / f"{handing.exercise}.ipynb"
            path.parent.mkdir()
            handing.make(path, NOTEBOOK)
        hand_in(submissions, "honest")
        graded = [pool.submit(grade, [group / "submissions"], group / "out", QUICK) for group in groups]
        try:
            for done in graded:
                done.result()
        except RefusedError as refused:
            not_run(refused)
    return groups


@pytest.fixture(scope="module")
def rows(groups):
    tables = [grades(group / "out") for group in groups]
    found = {name: rows for table in tables for name, rows in table.items()}
    assert len(found) == sum(map(len, tables))
    return found


@pytest.mark.heavy
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


@pytest.mark.heavy
@pytest.mark.parametrize("number", range(len(NOTEBOOKS)))
def test_an_attack_costs_no_other_question_and_no_one_else(rows, number):
    assert total(rows[follower(number)]) == FULL
    chosen = NOTEBOOKS[number]
    if not any(attack.alone for attack in chosen.values()):
        for name, row in zip(NAMES, rows[attacker(number)], strict=True):
            if name not in chosen:
                assert row["points"] == row["max_points"], row


@pytest.mark.heavy
@pytest.mark.parametrize("number", range(len(FILES)))
def test_whatever_is_handed_in_is_graded(rows, number):
    handing = FILES[number]
    name = shown(hander(number))
    assert {row["exercise"] for row in rows[name]} == {handing.exercise}
    for row in rows[name]:
        assert row["status"] == handing.status, row
        assert re.search(handing.says, row["message"]), row
    assert total(rows[name]) == (FULL if handing.points else 0)


@pytest.mark.heavy
def test_nobody_is_left_out_and_nobody_added(rows):
    handed = {shown(hander(number)) for number in range(len(FILES))}
    known = range(len(NOTEBOOKS))
    attackers, followers = map(attacker, known), map(follower, known)
    assert rows.keys() == {*attackers, *followers, *handed, "honest"}
    assert total(rows["honest"]) == FULL
    for student in (*map(attacker, known), *map(follower, known), "honest"):
        assert len(rows[student]) == len(CHAPTER.parts)


@pytest.mark.heavy
def test_nothing_was_done_outside_of_the_jail(groups, rows):
    """No file was opened by a pickle, none removed, and no line added."""
    files = {"salt", "gradebook.sqlite", "summary.html"}
    tables = {"grades.csv", "students.csv"}
    for group in groups:
        names = {path.name for path in (group / "out").iterdir()}
        assert names == files | tables | {"printed", "feedback"}
        assert "mallory,1" not in (group / "out" / "grades.csv").read_text()


@pytest.mark.heavy
def test_what_was_printed_is_kept_and_cut(groups, rows):
    number, _ = PLACES["200 MB of output"]
    out = groups[number % GROUPED] / "out"
    printed = out / "printed" / attacker(number) / f"{CHAPTER.stem}.txt"
    *_, last = printed.read_bytes().split(b"\n[another run]\n")
    assert last.endswith(b"x\n[cut]")
    assert len(last) == QUICK.output * 1000 + len("\n[cut]")
