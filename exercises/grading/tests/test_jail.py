"""The jail's limits, its end, and the trial that comes before any grading."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import torch
from classroom import CHAPTER, FULL, NAMES, NOTEBOOK, QUICK, answered, command, grades, hand_in, not_run, right

import rnn2attn_grading
from rnn2attn_grading import cli
from rnn2attn_grading.grading import learner, workers
from rnn2attn_grading.grading.gradebook import Gradebook
from rnn2attn_grading.grading.grader import Grade, _Notebook, examine
from rnn2attn_grading.grading.learner import drawn
from rnn2attn_grading.grading.run import grade
from rnn2attn_grading.sandbox import bubblewrap, inside, self_test, system_calls
from rnn2attn_grading.sandbox.bubblewrap import RefusedError
from rnn2attn_grading.sandbox.inside.protocol import packed
from rnn2attn_grading.sandbox.jail import Jail
from rnn2attn_grading.sandbox.limits import Limits
from rnn2attn_grading.sandbox.process import Process, StoppedError

LINUX = tuple(map(int, re.findall(r"\d+", os.uname().release)[:2]))
# A process with this name, as the kernel keeps it, is one of the attack's.
NAMED = "import ctypes\nctypes.CDLL(None).prctl(15, {name!r}, 0, 0, 0)\n"
FORKS = """
import os, signal, time
left = 50
def rnn_step(*given):
    global left
    while left:
        left -= 1
        if not os.fork():
            os.setsid()
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
            time.sleep(600)
    raise RuntimeError("50 forks")
"""
DEAF = """
import signal, time
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
time.sleep(600)
"""
MAIN = """
import os
print(os.getpid(), flush=True)
from rnn2attn_grading.cli import main
main()
"""


@pytest.fixture(params=["root", "ordinary user"])
def ordinary(request):
    """Whether the supervisor is an ordinary user."""
    return request.param == "ordinary user"


@pytest.fixture
def folder():
    """A folder that every user may write to, unlike pytest's."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o777)
        yield Path(name)


def alive(name):
    """The processes of this name."""
    found = []
    for path in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):
            if path.read_text().strip() == name:
                found.append(int(path.parent.name))
    return found


def soon(condition):
    """Whether the condition holds at last."""
    ends = time.monotonic() + 300
    while not condition() and time.monotonic() < ends:
        time.sleep(0.2)
    return condition()


@pytest.fixture
def opened(jail, monkeypatch):
    """A process in that jail, with limits of its own."""

    def start(limits):
        monkeypatch.setattr(jail, "limits", limits)
        return jail.process()

    return start


@pytest.mark.heavy
def test_no_process_outlives_its_jail(folder, ordinary):
    """Neither fifty, each in a session of its own, nor one whose supervisor is killed; all deaf to signals."""
    fork, deaf = f"fork{os.getpid()}", f"deaf{os.getpid()}"
    code = NAMED.format(name=fork.encode()) + FORKS
    hand_in(folder / "in", "1 forks", answered({"rnn_step": code}))
    hand_in(folder / "in", "2 honest")
    code = NAMED.format(name=deaf.encode()) + DEAF
    hand_in(folder / "in", "3 deaf", answered({"rnn_step": code}))
    words = "grade", folder / "in", "--out", folder / "out", "--processes", 80
    line = command("-c", MAIN, *words, ordinary=ordinary)
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        supervisor = int(process.stdout.readline())
        soon(lambda: alive(deaf) or process.poll())
        if process.poll():
            not_run(process.stdout.read())
        assert alive(deaf)
        os.kill(supervisor, signal.SIGKILL)
    assert soon(lambda: not alive(deaf))
    assert not alive(fork)
    with Gradebook(folder / "out") as book:
        rows = book.counting()
    said = {(row["student"], row["question"]): row["message"] for row in rows}
    assert "50 forks" in said["1 forks", "1.1 rnn_step"]
    assert sum(row["points"] for row in rows[len(NAMES) :]) == FULL


@pytest.mark.heavy
def test_what_somebody_else_kills_is_not_graded_and_tried_again(jail, tmp_path, monkeypatch):
    """A run, process 1 of its walls, or the whole jail."""
    name = f"slow{os.getpid()}"
    hand_in(tmp_path / "in", "ada", answered({"rnn_step": NAMED.format(name=name.encode()) + right("rnn_step")}))
    examined = learner.examine

    def killed(sources, hidden, limits, start):
        def run():
            process = start()
            ask = process.ask

            def asked(do, *given, **more):
                if do == "look":
                    (run,) = alive(name)
                    above = int(re.search(r"PPid:\t(\d+)", Path(f"/proc/{run}/status").read_text())[1])
                    if victim == "jail":
                        jail._kill()
                    else:
                        os.kill({"run": run, "first": above}[victim], signal.SIGKILL)
                    assert soon(lambda: not alive(name))  # or it may answer before its turn to die has come
                return ask(do, *given, **more)

            process.ask = asked
            return process

        return examined(sources, hidden, limits, run)

    monkeypatch.setattr(workers, "proven", lambda limits: contextlib.nullcontext(jail))
    for victim in "run", "first", "jail":
        out = tmp_path / victim
        with monkeypatch.context() as patch:
            patch.setattr(learner, "examine", killed)
            grade([tmp_path / "in"], out, QUICK)
        (rows,) = grades(out).values()
        assert {row["status"] for row in rows} == {"not graded"}, victim
        assert "killed from outside" in rows[0]["message"]
        grade([tmp_path / "in"], out, QUICK)
        (rows,) = grades(out).values()
        assert sum(int(row["points"]) for row in rows) == FULL


@pytest.mark.heavy
def test_processes_share_the_memory(opened):
    source = """
import os
def exits():
    found = []
    for size in 60, 160:
        child = os.fork()
        if not child:
            try:
                bytearray(size << 20)
            except MemoryError:
                os._exit(1)
            os._exit(0)
        found.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    return found
"""
    with opened(replace(QUICK, processes=3, memory=300)) as running:
        running.ask("cell", 60, source=source)
        reply = running.ask("call", 60, name="exits", inputs={}, gradients=(), seconds=60)
    assert reply["value"] == [0, 1]


@pytest.mark.heavy
def test_who_lacks_memory_is_known_by_what_happened_and_not_by_what_is_said(opened):
    """An exception that code of the learner's raised says nothing about memory, whatever it is called."""
    said = "MemoryError: can't allocate memory", "[enforce fail at alloc_cpu.cpp:1] Cannot allocate memory"
    with opened(QUICK) as running:
        for kind in "ValueError", "RuntimeError", "MemoryError":
            for text in said:
                reply = running.ask("cell", 60, source=f"raise {kind}({text!r})")
                assert reply["error"]["message"] == text and not reply["memory"]
        source = f"def f():\n    raise RuntimeError({said[1]!r})"
        running.ask("cell", 60, source=source)
        reply = running.ask("call", 60, name="f", inputs={}, gradients=(), seconds=60)
        assert reply["error"]["line"] == 2 and not reply["memory"]
    for source in "bytearray(60 * 10**9)", "import torch; torch.ones(10**10)", "import mmap; mmap.mmap(-1, 60 << 30)":
        with opened(QUICK) as running, pytest.raises(StoppedError, match=r"killed \(memory\): It wanted more"):
            running.ask("cell", 60, source=source)
        with opened(QUICK) as running, pytest.raises(StoppedError, match=r"killed \(memory\): It wanted more"):
            running.ask("cell", 60, source=f"def f():\n    {source}")
            running.ask("call", 60, name="f", inputs={}, gradients=(), seconds=60)


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("body", "got"),
    {
        "all of them": ("return 2 * x", [4, 2, 0, 10]),
        "up to an error": ("return 6 / x", [3, 6, "ZeroDivisionError"]),
        "for a moment": ("time.sleep(0.2); return x", [2]),
        "up to some bytes": ("return torch.full((200_000,), x).double()", [[2] * 200_000]),
        "past what is no data": ("return 10**5000 if x == 1 else x", [2, "ValueError", 0, 5]),
    }.values(),
    ids=["all of them", "up to an error", "for a moment", "up to some bytes", "past what is no data"],
)
def test_one_request_has_a_function_called_on_many_cases(jail, body, got):
    """What it does not come to, another one may ask for."""

    def called(first):
        given = {"name": "f", "first": first, "gradients": (), "seconds": 60}
        for reply in running.calls(packed([{"x": x} for x in (2, 1, 0, 5)]), 4 - first, 60, **given):
            value = reply["value"] if not reply["error"] else reply["error"]["type"]
            yield value.tolist() if isinstance(value, torch.Tensor) else value

    with jail.process() as running:
        running.ask("cell", 60, source=f"import time, torch\ndef f(x):\n    {body}")
        assert list(called(0)) == got
        assert next(called(len(got) - 1)) == got[-1]


@pytest.mark.heavy
def test_the_calls_of_a_notebook_take_few_requests(jail, monkeypatch):
    """Lanes wait for each other at each of them. On a busy machine a function takes more than one."""
    asked, ask = [], Process._ask

    def counted(process, do, *given):
        asked.append(do)
        return ask(process, do, *given)

    monkeypatch.setattr(Process, "_ask", counted)
    hidden = drawn(CHAPTER.stem, "salt")
    sources = [cell["source"] for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
    grades, _ = examine(sources, hidden, QUICK, jail.process)
    assert sum(grade.points for grade in grades.values()) == FULL
    assert len(NAMES) <= asked.count("calls") < sum(map(len, hidden.values())) / 2


@pytest.mark.heavy
@pytest.mark.parametrize("count", [0, 5, -1, True, 10**20, None, [1], "1"], ids=str)
def test_a_count_of_replies_that_cannot_be_is_no_reply(jail, count):
    """A notebook can answer in the worker's place."""
    source = f"import sys\nsys.modules['worker'].some = lambda c, number, **given: replied(number, {count!r})"
    source += "\nreplied = sys.modules['worker'].replied\ndef f(): pass"
    with jail.process() as running, pytest.raises(StoppedError, match="it has not called what was asked"):
        running.ask("cell", 60, source=source)
        list(running.calls(packed([{}] * 4), 4, 60, name="f", first=0, gradients=(), seconds=60))


@pytest.mark.heavy
@pytest.mark.skipif(LINUX < (6, 1), reason="The kernel cannot make large pages of small ones on request.")
def test_what_is_copied_for_each_run_lies_in_large_pages():
    with Jail(QUICK) as jail:
        jail._wait()
        first = psutil.Process(jail._bubblewrap.pid).children()[0].children()[0]
        maps = Path(f"/proc/{first.pid}/smaps").read_text()
    large = sum(map(int, re.findall(r"AnonHugePages: +(\d+) kB", maps)))
    (heap,) = map(int, re.findall(r"\[heap\]\n(?:.*\n)*?Anonymous: +(\d+) kB", maps))
    assert large > 0.9 * (heap + (96 << 10))  # C's and what is taken for Python; CUDA's libraries bring their own


@pytest.mark.heavy
def test_what_a_cell_raised_is_cut_where_it_arrives(jail):
    """A name of a type as long as a message may be; and one that a patched worker sends."""
    long = "raise type('x' * 3_000_000, (Exception,), {})('y' * 3_000_000)"
    patched = "import sys\nfailed = sys.modules['worker'].failed\nfailed.__globals__['LONGEST'] = 10**7"
    hidden = {part: part.hidden("salt") for part in CHAPTER.parts}
    sources = [f"{name} = 1\n{text}" for name in NAMES for text in (long,)]
    for first in "x = 1", patched:
        notebook = _Notebook([first, *sources], QUICK, NAMES)
        with jail.process() as process:
            list(notebook.steps(process))
        assert sum(map(len, notebook.errors.values())) < 10_000
        assert all(len(stopped.says) < 400 for stopped in notebook.lost.values())
        assert len(notebook.errors) == (len(sources) if first == "x = 1" else 0)
    assert hidden


@pytest.mark.heavy
def test_what_is_printed_is_kept_up_to_a_limit_of_the_submission(jail):
    """However many processes it takes."""
    sources = ["print('x' * 6000)"] + ["import os\nos._exit(0)"] * 3
    _, printed = examine(sources, {CHAPTER.parts[0]: []}, QUICK, jail.process)
    runs = printed.split(b"\n[another run]\n")
    assert [run.count(b"x") for run in runs] == [6000, 3999]
    assert runs[1].endswith(b"[cut]")


@pytest.mark.heavy
def test_an_installed_copy_of_the_specifications_is_covered(jail, monkeypatch):
    """Where this package lies among what the jail shows, as it does if it was not installed for editing."""
    shown, here = bubblewrap.mounts(), Path(rnn2attn_grading.__file__).parent
    monkeypatch.setattr(bubblewrap, "mounts", lambda: shown | {"/more": here.parent})
    source = f"""
import os
def seen():
    return os.listdir("/more"), os.listdir("/more/{here.name}")
"""
    with Jail(QUICK) as other, other.process() as running:
        running.ask("cell", 60, source=source)
        reply = running.ask("call", 60, name="seen", inputs={}, gradients=(), seconds=60)
    around, within = reply["value"]
    assert here.name in around
    assert within == []


@pytest.mark.heavy
def test_a_covered_copy_where_packages_are_looked_for_is_no_breach_and_an_open_one_is(jail, monkeypatch):
    shown, here = bubblewrap.mounts(), Path(rnn2attn_grading.__file__).parent
    monkeypatch.setattr(bubblewrap, "mounts", lambda: shown | {f"/book/{here.name}": here})
    with Jail(QUICK) as covered:
        assert self_test.trial(covered) == []
    monkeypatch.setattr(bubblewrap, "masked", lambda shown: {})
    with Jail(QUICK) as uncovered:
        assert self_test.trial(uncovered) == ["The jail does not hold: learners' code can read the specifications."]


@pytest.mark.heavy
def test_the_processor_is_limited(opened):
    with (
        opened(replace(QUICK, cpu=1)) as running,
        pytest.raises(StoppedError, match=r"timed out: .* more than 1 s of CPU"),
    ):
        running.ask("cell", 600, source="while True:\n    pass")


def test_a_limit_must_be_above_0():
    with pytest.raises(ValueError, match="memory is 0; above 0 is needed"):
        Limits(memory=0)


@pytest.mark.heavy
def test_where_the_limits_cannot_be_set_nothing_runs(opened):
    with pytest.raises(RefusedError, match="OverflowError"), opened(replace(QUICK, cpu=10**30)):
        pytest.fail("It runs without limits.")


@pytest.mark.heavy
def test_a_submission_has_so_much_time_and_no_more(jail):
    limits = replace(QUICK, submission=0.01)  # less than the start of a process
    hidden = {part: part.hidden("salt") for part in CHAPTER.parts}
    got, _ = examine(["x = 1"], hidden, limits, jail.process)
    text = "The notebook has had its 0.01 s."
    late = Grade(0, "timed out", text, text)
    assert got == dict.fromkeys(hidden, late)


@pytest.mark.heavy
def test_without_a_jail_the_trial_names_every_wall(monkeypatch):
    """The first process and the trial, in plain processes without limits."""
    folder, ask = Path(inside.__file__).parent, Process.ask
    code = "import fork_server\nfork_server.system = fork_server.drop = fork_server.os.setsid = lambda *given: None\n"
    code += "fork_server.parted = fork_server.os.fork\nfork_server.main()"

    def unlimited(self, do, seconds, /, **given):
        return do != "limit" and ask(self, do, seconds, **given)

    def plain(channel, calls, told, disk):
        words = f"PYTHONPATH={folder}", f"{self_test.MARK}=x", sys.executable
        given = map(str, (channel, calls, disk, os.getuid()))
        return ["/usr/bin/env", *words, "-c", f"import os\nos.close({told})\n{code}", *given]

    monkeypatch.setattr(Process, "ask", unlimited)
    monkeypatch.setattr("rnn2attn_grading.sandbox.jail.command", plain)
    named = " ".join(self_test.complaints(QUICK))
    source = (folder / "escape_tests.py").read_text("utf-8")
    walls = re.findall('^        "(.+?)": ', source, re.MULTILINE)
    assert len(walls) == 20
    if os.geteuid():
        walls.remove("use privileges")
        walls.remove("be root")
    assert [wall for wall in walls if f"can {wall}." not in named] == []


@pytest.mark.parametrize(
    ("target", "value", "says"),
    [
        ("self_test.shutil.which", lambda *_, path: None, "install bubblewrap"),
        ("self_test.sys.platform", "darwin", "A jail needs Linux"),
        ("system_calls.ALLOWED", "no_such_call", "install libseccomp2"),
        ("jail.command", lambda *_: ["false"], "docker run --privileged"),
    ],
)
def test_without_a_jail_nothing_is_graded(monkeypatch, tmp_path, target, value, says):
    system_calls.call_filter.cache_clear()
    monkeypatch.setattr(f"rnn2attn_grading.sandbox.{target}", value)
    hand_in(tmp_path / "in", "honest")
    with pytest.raises(RefusedError, match=says):
        grade([tmp_path / "in"], tmp_path / "out", QUICK)
    assert grades(tmp_path / "out") == {}
    system_calls.call_filter.cache_clear()


@pytest.mark.parametrize(
    ("reasons", "says"), [([], "This machine can jail"), (["bwrap is missing."], "cannot jail.\nbwrap is missing.")]
)
def test_the_doctor_says_whether_this_machine_can_jail(monkeypatch, capsys, reasons, says):
    monkeypatch.setattr("sys.argv", ["rnn2attn_grading", "doctor"])
    monkeypatch.setattr(cli, "complaints", lambda limits: reasons)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert bool(ended.value.code) == bool(reasons)
    assert says in f"{ended.value.code}{capsys.readouterr().out}"
