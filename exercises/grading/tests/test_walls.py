"""The walls around a run: each is taken away once. And what must not get from one run into the next."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import psutil
import pytest
from classroom import QUICK, command, not_run

from rnn2attn_grading import doctor, jailed
from rnn2attn_grading.bubblewrap import Refused
from rnn2attn_grading.jail import Gone

# A line of `first`, what is put in its place, and what the trial then names; as
# an ordinary user where root's own walls would hold without this one.
WALLS = [
    ("NEWPID | ", "", False, "see other processes"),
    (" | NEWIPC", "", False, "find the messages of another run"),
    (" | NEWNET", "", False, "use the network of another run"),
    ("os.setresuid(", "print(", False, "be root"),
    ("BOUNDING_DROP, number", "BOUNDING_DROP, 64", False, "use privileges"),
    ('system("prctl"', 'print("prctl"', False, "make namespaces"),
    (
        'system(\n        "mount"',
        'print("mount"',
        True,
        "find the files of another run",
    ),
    ('system(\n        "capset"', 'print("capset"', True, "use privileges"),
]
MARK = doctor.MARK.encode()  # of a variable in the supervisor's environment
TRIAL = """
import sys
from pathlib import Path
from rnn2attn_grading import bubblewrap, doctor
from rnn2attn_grading.limits import Limits
shown = bubblewrap.mounts
bubblewrap.mounts = lambda: shown() | {"/jail": Path(sys.argv[1])}
print(*doctor.complaints(Limits()))
"""
UNLOCKED = """
import sys
from rnn2attn_grading import doctor, jail
from rnn2attn_grading.limits import Limits
made = jail.command
def unlocked(*given):
    words = made(*given)
    at = words.index("--remount-ro")
    while not words[at + 1].endswith(sys.argv[1]):
        at = words.index("--remount-ro", at + 1)
    words[at] = "--dir"  # which is there
    return words
jail.command = unlocked
print(*doctor.complaints(Limits()))
"""


@pytest.fixture
def jail():
    try:
        with doctor.proven(QUICK) as jail:
            yield jail
    except Refused as refused:
        not_run(refused)


@pytest.mark.parametrize(("wall", "gap", "ordinary", "named"), WALLS)
def test_the_trial_names_a_wall_that_is_missing(wall, gap, ordinary, named):
    if reasons := doctor.missing():
        not_run(reasons)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "jailed")
        shutil.copytree(Path(jailed.__file__).parent, folder)
        folder.parent.chmod(0o755)
        first = folder / "first.py"
        text = first.read_text("utf-8")
        assert text.count(wall) == 1
        first.write_text(text.replace(wall, gap))
        line = command("-c", TRIAL, folder, ordinary=ordinary)
        run = subprocess.run(line, stdout=subprocess.PIPE, text=True)
    assert f"learners' code can {named}." in run.stdout


@pytest.mark.parametrize("place", [".dist-info", "/dev/pts"])
def test_the_trial_names_a_place_that_is_an_ordinary_users_own(place):
    """It would stay as one run left it, for the next one and without a limit."""
    if reasons := doctor.missing():
        not_run(reasons)
    line = command("-c", UNLOCKED, place, ordinary=True)
    run = subprocess.run(line, stdout=subprocess.PIPE, text=True)
    assert "learners' code can write outside of /tmp." in run.stdout


def first_process(jail):
    """The first process of a jail, below the two of bubblewrap's own."""
    (inner,) = psutil.Process(jail._bubblewrap.pid).children()
    (first,) = inner.children()
    return first


def regions(process):
    """The addresses that a process may write to: whether others may share them, from, to."""
    for line in Path(f"/proc/{process.pid}/maps").read_text().splitlines():
        place, rights, *_ = line.split()
        if rights.startswith("rw"):
            start, end = (int(number, 16) for number in place.split("-"))
            yield rights.endswith("s"), start, end


def memory(process):
    """All that a process has in its memory and may write to."""
    with open(f"/proc/{process.pid}/mem", "rb", buffering=0) as file:
        for _, start, end in regions(process):
            file.seek(start)
            yield file.read(end - start)


def test_nothing_of_a_run_stays_in_the_first_process_and_no_secret_is_there(
    jail,
):
    """Else it would be in the next run, which is a copy."""
    with jail.process() as process:
        process.ask("cell", 10, source="said = 'of a lear' + 'ner ' * 9")
    first = first_process(jail)
    assert {of for of, _, _ in regions(first)} == {False}
    kept = b"".join(memory(first))
    assert b"InteractiveShell" in kept
    for secret in (b"of a learner", b"said = ", b"breaches", MARK):
        assert secret not in kept
    assert MARK not in Path(f"/proc/{first.pid}/environ").read_bytes()
    assert first.num_fds() == 4  # stdin, stdout, stderr, and the supervisor's
    mounted = Path(f"/proc/{first.pid}/mountinfo").read_text()
    assert mounted.count(" /tmp ") == 1  # its own, not the run's


def test_a_jail_that_ended_is_made_again_and_one_that_was_stopped_is_not(jail):
    first_process(jail).kill()
    jail._bubblewrap.wait()
    with jail.process() as process:
        assert process.ask("cell", 10, source="x = 1") == {"error": None}
    jail.stop()
    with pytest.raises(Gone):
        jail.process()
