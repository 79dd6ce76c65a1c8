"""What a class costs to grade, and how much faster two learners at a time are: ``python benchmarks/lanes.py``.

Every learner hands in all notebooks, right ones. A class of a few is graded first, then the whole one: what that
costs more is the cost of the notebooks that it has more, without the start. Counted is the CPU time, user's and
system's, of all that runs, in a control group made for it. So it needs root, and for times by the clock a machine
that does nothing else.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
GROUPS = Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup")  # where Linux has those of version 2


class Cost(NamedTuple):
    """Seconds: by the clock, of all processors, and of those what the supervisor took itself."""

    clock: float
    cpu: float
    supervisor: float


@contextlib.contextmanager
def group() -> Iterator[Path]:
    """A control group of its own. OSError: it cannot be made."""
    folder = next(place for place in GROUPS if (place / "cgroup.procs").exists()) / f"lanes-{os.getpid()}"
    folder.mkdir()
    try:
        yield folder
    finally:
        folder.rmdir()


def hand_in(tree: Path, folder: Path, learners: int) -> int:
    """Make a class. The number of its notebooks."""
    notebooks = sorted((tree / "exercises/source").glob("*.ipynb"))
    for number in range(learners):
        for notebook in notebooks:
            path = folder / f"student {number:04}" / notebook.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(notebook.read_bytes())
    return learners * len(notebooks)


def graded(tree: Path, folder: Path, jobs: int) -> Cost:
    """Grade a class from the command line.

    Raises:
        RuntimeError: it failed.
    """
    words = ["grade", folder / "in", "--out", folder / f"out {jobs}", "--jobs", jobs]
    env = {**os.environ, "PYTHONPATH": f"{tree / 'lib'}:{tree / 'exercises/grading'}", "OMP_NUM_THREADS": "1"}
    with group() as place, tempfile.TemporaryFile() as said:
        start = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "rnn2attn_grading", *map(str, words)], cwd=folder, env=env,
            stdout=said, stderr=subprocess.STDOUT,
            preexec_fn=lambda: (place / "cgroup.procs").write_text("0"),
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        clock = time.monotonic() - start
        while (place / "cgroup.procs").read_text():  # what is killed takes a moment to be gone
            time.sleep(0.01)
        stat = dict(line.split() for line in (place / "cpu.stat").read_text().splitlines())
        if status:
            said.seek(0)
            raise RuntimeError(said.read()[-2000:].decode())
    return Cost(clock, int(stat["usage_usec"]) / 1e6, usage.ru_utime + usage.ru_stime)


def measure(tree: Path, learners: int, few: int, lanes: list[int]) -> None:
    """Grade both classes with each number of lanes, and print what the whole one costs, as rows of a table."""
    heads = (
        "`--jobs`",
        "clock, s",
        "times as fast",
        "CPU, s",
        "each: clock, ms",
        "CPU, ms",
        "of it the supervisor, ms",
    )
    say(f"| {' | '.join(heads)} |\n{'|---:' * len(heads)}|")
    with tempfile.TemporaryDirectory() as made:
        counts = {n: hand_in(tree, Path(made, str(n), "in"), n) for n in (few, learners)}
        more, first = counts[learners] - counts[few], None
        for jobs in lanes:
            small, whole = (graded(tree, Path(made, str(n)), jobs) for n in counts)
            first = first or whole.clock
            each = " | ".join(f"{1000 * (b - a) / more:.0f}" for a, b in zip(small, whole, strict=True))
            say(f"| {jobs} | {whole.clock:.0f} | {first / whole.clock:.2f} | {whole.cpu:.0f} | {each} |")
    say(f"\nNotebooks: {counts[learners]}. Each: what one costs after the start, seen from a class of {counts[few]}.")


def say(line: str) -> None:
    """Print it at once."""
    print(line, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learners", type=int, default=200, help="in the class (default: 200)")
    parser.add_argument("--few", type=int, default=10, help="in the small class (default: 10)")
    parser.add_argument("--lanes", type=int, nargs="+", default=[1, 2], help="learners at a time (default: 1 2)")
    parser.add_argument("--tree", type=Path, default=ROOT, help="another state of this repository, to compare with")
    given = parser.parse_args()
    measure(given.tree.resolve(), given.learners, given.few, given.lanes)
