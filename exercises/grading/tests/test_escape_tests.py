"""The walls around a run: each is taken away once. And what must not get from one run into the next."""

import errno
import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from classroom import QUICK, command, not_run

from rnn2attn_grading.sandbox import bubblewrap, inside, self_test, system_calls
from rnn2attn_grading.sandbox.jail import GoneError, Jail
from rnn2attn_grading.sandbox.limits import Limits

pytestmark = pytest.mark.heavy

# A line of `fork_server`, what is put in its place, and what the trial then names; as an ordinary user where root's
# own walls would hold without this one.
WALLS = [
    ("NEWPID | ", "", False, "see other processes"),
    (" | NEWNET", "", False, "use the network of another run"),
    ("os.setresuid(", "print(", False, "be root"),
    ("BOUNDING_DROP, number", "BOUNDING_DROP, 64", False, "use privileges"),
    ("os.setsid()", "pass", False, "signal other processes"),
    ('system("prctl"', 'print("prctl"', False, "make namespaces"),
    ('system("mount"', 'print("mount"', True, "find the files of another run"),
    ('system("capset"', 'print("capset"', True, "use privileges"),
]
MARK = self_test.MARK.encode()  # of a variable in the supervisor's environment
# An ordinary user's trials: with another folder as /jail each, and with a place each that is not locked.
TRIALS = """
import json, sys
from pathlib import Path
from unittest import mock
from rnn2attn_grading.sandbox import bubblewrap, jail, self_test
from rnn2attn_grading.sandbox.limits import Limits
shown, made = bubblewrap.mounts, jail.command
def named():
    return " ".join(self_test.complaints(Limits()))
def unlocked(place):
    def command(*given):
        words = made(*given)
        at = words.index("--remount-ro")
        while not words[at + 1].endswith(place):
            at = words.index("--remount-ro", at + 1)
        words[at] = "--dir"  # which is there
        return words
    return mock.patch.object(jail, "command", command)
folders, places = map(json.loads, sys.argv[1:])
said = {}
for folder in folders:
    there = lambda: shown() | {"/jail": Path(folder)}
    with mock.patch.object(bubblewrap, "mounts", there):
        said[folder] = named()
for place in places:
    with unlocked(place):
        said[place] = named()
print(json.dumps(said))
"""
PLACES = [".dist-info", "/dev/pts"]


@pytest.fixture(scope="module")
def folders():
    """A wall → a folder as a jail has it, in which that wall is missing."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        found = {}
        for number, (wall, gap, *_) in enumerate(WALLS):
            found[wall] = Path(name, str(number))
            shutil.copytree(Path(inside.__file__).parent, found[wall])
            first = found[wall] / "fork_server.py"
            text = first.read_text("utf-8")
            assert text.count(wall) == 1
            first.write_text(text.replace(wall, gap))
        yield found


@pytest.fixture(scope="module")
def ordinary_says(folders):
    """A folder, or a place that is not locked → what an ordinary user's trial names."""
    if reasons := self_test.missing():
        not_run(reasons)
    tried = [str(folders[wall]) for wall, _, ordinary, _ in WALLS if ordinary]
    words = TRIALS, json.dumps(tried), json.dumps(PLACES)
    line = command("-c", *words, ordinary=True)
    run = subprocess.run(line, stdout=subprocess.PIPE, text=True)
    return json.loads(run.stdout)


@pytest.mark.parametrize(("wall", "ordinary", "named"), [(w, o, n) for w, _, o, n in WALLS])
def test_the_trial_names_a_wall_that_is_missing(request, monkeypatch, folders, wall, ordinary, named):
    if reasons := self_test.missing():
        not_run(reasons)
    if ordinary:
        said = request.getfixturevalue("ordinary_says")[str(folders[wall])]
    elif os.geteuid():
        not_run("These need root.")
    else:
        shown = bubblewrap.mounts() | {"/jail": folders[wall]}
        monkeypatch.setattr(bubblewrap, "mounts", lambda: shown)
        said = " ".join(self_test.complaints(Limits()))
    assert f"learners' code can {named}." in said


@pytest.mark.parametrize("place", PLACES)
def test_the_trial_names_a_place_that_is_an_ordinary_users_own(ordinary_says, place):
    """It would stay as one run left it, for the next one and without a limit."""
    assert "learners' code can write outside of /tmp." in ordinary_says[place]


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


def test_nothing_of_a_run_stays_in_the_first_process_and_no_secret_is_there(jail):
    """Else it would be in the next run, which is a copy."""
    with jail.process() as process:
        process.ask("cell", 60, source="said = 'of a lear' + 'ner ' * 9")
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
        assert process.ask("cell", 60, source="x = 1") == {"error": None}
    with Jail(QUICK) as other:
        other.stop()
        with pytest.raises(GoneError):
            other.process()


@pytest.mark.parametrize("number", [1, 2])
def test_a_supervisor_with_the_number_of_a_process_in_the_jail_is_another(jail, monkeypatch, number):
    """As in a container, where few processes run. There are these two in the walls of a run."""
    monkeypatch.setattr("os.getpid", lambda: number)
    assert self_test.trial(jail) == []


def test_every_system_call_that_is_not_allowed_is_refused(jail):
    """Each by its number, also those that no kernel has yet."""
    seccomp = pytest.importorskip("pyseccomp", reason=str(self_test.missing()))
    known = [*system_calls.ALLOWED.split(), *system_calls.ARGUMENTS, "clone", "flock", "kill", "tkill", "tgkill"]
    # The kernel looks at 335 and 336 before it looks at the filter: they end who has no probe, with SIGILL.
    allowed = {335, 336} | {seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) for name in known}
    source = f"""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def answers():
    found = set()
    for number in set(range(1000)) - {allowed}:
        libc.syscall(ctypes.c_long(number), *[ctypes.c_long(-1)] * 6)
        found.add(ctypes.get_errno())
    return sorted(found)
"""
    with jail.process() as process:
        process.ask("cell", 60, source=source)
        reply = process.ask("call", 60, name="answers", inputs={}, gradients=(), seconds=60)
    assert reply["value"] == [errno.EPERM, errno.ENOSYS]


ENDED = """
import sys, time
from rnn2attn_grading.sandbox.jail import Jail
from rnn2attn_grading.sandbox.limits import Limits
with Jail(Limits(disk=int(sys.argv[1]))):
    print("started", flush=True)
    time.sleep(60)
"""


def left(disk):
    """The processes of jails with such a disk."""
    size = str(disk << 20)
    return [p for p in psutil.process_iter(["cmdline"]) if size in (p.info["cmdline"] or [])]


@pytest.mark.parametrize("killed", ["the jail", pytest.param("the supervisor", marks=pytest.mark.soak)])
def test_a_jail_that_is_killed_at_its_start_leaves_nobody_behind(killed):
    if reasons := self_test.missing():
        not_run(reasons)
    disk = os.getpid() + (1 << 20)
    for milliseconds in range(0, 12, 3 if killed == "the supervisor" else 1):
        if killed == "the jail":
            jail = Jail(replace(QUICK, disk=disk))
            time.sleep(milliseconds / 1000)
            jail.close()
        else:
            with subprocess.Popen(command("-c", ENDED, disk, ordinary=False), stdout=subprocess.PIPE) as process:
                process.stdout.read(1)
                time.sleep(milliseconds / 1000)
                process.kill()
    deadline = time.monotonic() + 60
    while left(disk) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left(disk) == []
