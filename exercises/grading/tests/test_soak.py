"""Kills, malformed notebooks, large classes, a cluster: small counts in `make test`, large ones in `make soak`.

The large counts are options of the environment, as RNN2ATTN_KILLS=100, and write a line of the table on the
instructors' page.
"""

import contextlib
import copy
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from classroom import CHAPTER, FULL, NOTEBOOK, QUICK, ROOT, proven
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from soak import kills, made_up, note, outcome, run

from rnn2attn_grading.grading.gradebook import Gradebook
from rnn2attn_grading.grading.learner import Learner, Settings, examined
from rnn2attn_grading.submissions.discovery import Submission
from rnn2attn_grading.submissions.owners import Owner

DASK = "dask[distributed]==2025.9.1"
STATUSES = {"graded", "empty", "timed out", "killed (memory)", "crashed", "unreadable"}


def counted(name, default):
    """A large count."""
    return int(os.environ.get(f"RNN2ATTN_{name}", default))


@pytest.fixture
def jail():
    """There is one, or a word about why not."""
    with proven() as jail:
        yield jail


def test_a_run_that_is_killed_loses_nothing_and_does_nothing_twice(tmp_path):
    """Without jails, so that many of the kills fall into the writing."""
    kills(tmp_path, 6, students=50, exercises=1, jail=False)


@pytest.mark.soak
def test_killed_at_random_moments(tmp_path, jail):
    count = counted("KILLS", 100)
    seen = kills(tmp_path, count, students=40, exercises=5, jail=True)
    note("SIGKILL to a run of 200 submissions, at random moments", count, seen)


def grown(pages):
    """By how many MiB the memory grew, from the first tenth of the submissions to the last."""
    tenth = max(1, len(pages) // 10)
    first, last = (sorted(part)[tenth // 2] for part in (pages[tenth : 2 * tenth], pages[-tenth:]))
    return (last - first) * os.sysconf("SC_PAGE_SIZE") / 2**20


def test_the_memory_does_not_grow_with_the_class(tmp_path):
    made_up(tmp_path / "in", 150)
    pages = run(tmp_path / "in", tmp_path / "out", jail=False).pages
    assert len(pages) == 150
    assert grown(pages) < 10


@pytest.mark.soak
def test_a_large_class(tmp_path, jail):
    count = counted("CLASS", 1000)
    points = made_up(tmp_path / "in", count)
    start = time.monotonic()
    pages = run(tmp_path / "in", tmp_path / "out", jail=True).pages
    minutes = (time.monotonic() - start) / 60
    assert len(pages) == count
    assert grown(pages) < 20
    assert sum(row[4] for row in outcome(tmp_path / "out")) == points
    seen = f"every grade right, in {minutes:.0f} minutes by the clock; "
    seen += f"the supervisor's memory grew by {grown(pages):.0f} MiB"
    note("a class, one notebook each, in one command", count, seen)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
PLACES = st.lists(st.integers(0, 10**6), min_size=1, max_size=4)


def put(inside, places, value):
    """Put a value somewhere into a notebook."""
    *outer, last = places
    for place in outer:
        keys = list(inside if isinstance(inside, dict) else range(len(inside)))
        if not keys or not isinstance(inside[keys[place % len(keys)]], dict | list):
            break
        inside = inside[keys[place % len(keys)]]
    keys = list(inside if isinstance(inside, dict) else range(len(inside)))
    if keys:
        inside[keys[last % len(keys)]] = value


@st.composite
def malformed(draw):
    """The bytes of a right notebook with values, characters or bytes of it changed, or cut off, or anything."""
    notebook = copy.deepcopy(json.loads(json.dumps(NOTEBOOK)))
    for _ in range(draw(st.integers(0, 3))):
        put(notebook, draw(PLACES), draw(VALUES))
    data = bytearray(json.dumps(notebook).encode())
    for at, byte in draw(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=3)):
        data[at % len(data)] = byte
    cut = draw(st.none() | st.integers(0, len(data)))
    return draw(st.binary(max_size=99)) if cut == 0 else bytes(data[:cut])


def fuzz(count, jail):
    """Grade malformed notebooks in one jail; how many could be read."""
    read, given_settings = 0, Settings("salt", QUICK)

    @settings(
        max_examples=count, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(malformed())
    def one(data):
        nonlocal read
        (result,) = examined(learner(data), given_settings, jail)
        statuses = {line.status.partition(" at cell")[0] for line in result.lines}
        assert statuses <= STATUSES
        read += statuses != {"unreadable"}

    one()
    (result,) = examined(learner(json.dumps(NOTEBOOK).encode()), given_settings, jail)
    assert sum(line.points for line in result.lines) == FULL
    return read


def learner(data):
    return Learner((Submission(Owner("ada"), CHAPTER.stem, ()),), (data,))


@pytest.mark.heavy
def test_malformed_notebooks_get_a_status(jail):
    fuzz(15, jail)


@pytest.mark.soak
def test_many_malformed_notebooks(jail):
    count = counted("FUZZ", 10_000)
    read = fuzz(count, jail)
    seen = f"each got a status, {read:,} could be read and ran; the right notebook after them got all its points"
    note("malformed notebooks, made by hypothesis", count, seen)


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    """A folder with Dask, which brings a dozen packages that the book does not need."""
    folder = os.environ.get("RNN2ATTN_DASK")  # one that stands already
    if not folder:
        folder = tmp_path_factory.mktemp("dask")
        line = [sys.executable, "-m", "pip", "install", "-q", "--target", folder, DASK]
        subprocess.run(line, check=True)
    return str(folder)


GRADE = """
import sys
from pathlib import Path
from classroom import QUICK
from dask.distributed import Client
from rnn2attn_grading.grading.run import grade
from rnn2attn_grading.grading.progress import Progress
with Client(sys.argv[3], timeout=600) as client:
    client.wait_for_workers(2, timeout=600)
grade([Path(sys.argv[1])], Path(sys.argv[2]), QUICK, scheduler=sys.argv[3], say=Progress())
"""


@pytest.mark.soak
def test_a_cluster_of_which_a_worker_is_killed_half_way(tmp_path, jail, dask):
    count = counted("CLUSTER", 40)
    points = made_up(tmp_path / "in", count)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    paths = [dask, str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}

    def started(*words):
        line = [sys.executable, *map(str, words)]
        return stack.enter_context(subprocess.Popen(line, env=env))

    quiet = ("--no-dashboard",)
    worker = ("-m", "distributed.cli.dask_worker", address, "--nthreads", 1, "--no-nanny", *quiet)
    with contextlib.ExitStack() as stack:
        processes = [started("-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", port, *quiet)]
        try:
            processes += [started(*worker, "--local-directory", tmp_path) for _ in range(2)]
            processes.append(started("-c", GRADE, tmp_path / "in", tmp_path / "out", address))
            while processes[-1].poll() is None and done(tmp_path / "out") < count / 2:
                time.sleep(0.2)
            processes[1].send_signal(signal.SIGKILL)
            assert done(tmp_path / "out") < count
            assert processes[-1].wait() == 0
        finally:
            for process in processes:
                process.kill()
    found = outcome(tmp_path / "out")
    assert set(found.values()) == {1}
    assert sum(row[4] for row in found) == points
    assert len(found) == count * len(CHAPTER.parts)
    seen = "every grade there once, and right"
    note("a Dask cluster of two workers, one killed half-way; submissions", count, seen)


@pytest.mark.soak
def test_beside_nbgrader(jail):
    """It writes the table of the instructors' page."""
    rounds, learners = counted("ROUNDS", 3), counted("LEARNERS", 30)
    program = ROOT / "benchmarks/grading.py"
    line = [program, "--rounds", rounds, "--learners", learners]
    subprocess.run([sys.executable, *map(str, line)], check=True)
    table = (ROOT / "benchmarks/grading.md").read_text("utf-8")
    for row in table.splitlines()[2:4]:
        *_, ratio, _, _ = row.split("|")  # the goal beside it is for readers
        assert float(ratio) > 1, row


def done(out):
    """How many submissions are in the gradebook."""
    if not (out / "gradebook.sqlite").exists():
        return 0
    with Gradebook(out) as book:
        return book._rows("SELECT count(*) AS count FROM graded")[0]["count"]
