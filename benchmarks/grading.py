"""Grading a class, timed beside `nbgrader autograde`: ``python benchmarks/grading.py``; `make soak` runs it.

Both grade the same right notebooks, one after the other, on one core, from the command line. Counted is the CPU time
of the program and of all that it starts, jails and kernels included. nbgrader lives in an environment of its own,
because it brings some eighty packages that the book does not need.
"""

import argparse
import contextlib
import csv
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import nbformat
import psutil

from rnn2attn_grading.questions.chapters import CHAPTERS
from timing import processor

NBGRADER = "nbgrader==0.9.6"
HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent / "exercises/source"
RESULTS, TABLE = HERE / "grading.csv", HERE / "grading.md"
GOALS = {"one notebook of two questions": 2, f"{len(CHAPTERS)} notebooks": 5}
COLUMNS = ["class", "way", "round", "learners", "seconds", "cpu", "date"]


def environment(folder: Path) -> Path:
    """The program nbgrader: in the environment that RNN2ATTN_NBGRADER names, or else in a new one.

    Args:
        folder: where the new one is made.
    """
    if named := os.environ.get("RNN2ATTN_NBGRADER"):
        return Path(named, "bin/nbgrader")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin/pip", "install", "-q", NBGRADER], check=True)
    return folder / "bin/nbgrader"


def kernel(folder: Path, nbgrader: Path) -> dict[str, str]:
    """The environment variables with which nbgrader starts this Python as its kernel.

    Args:
        folder: where the kernel is described.
        nbgrader: the program; it calls others that lie beside it.
    """
    path = folder / "share/kernels/python3/kernel.json"
    path.parent.mkdir(parents=True)
    line = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    path.write_text(json.dumps({"argv": line, "display_name": "Python 3", "language": "python"}))
    search = os.pathsep.join([str(nbgrader.parent), os.environ["PATH"]])
    return {**os.environ, "JUPYTER_PATH": str(folder / "share"), "PATH": search, "OMP_NUM_THREADS": "1"}


def notebooks(questions: int | None) -> dict[str, str]:
    """Right notebooks by name: of the first chapter with so many questions, or of all chapters, whole."""
    if questions is None:
        return {c.stem: (SOURCE / f"{c.stem}.ipynb").read_text("utf-8") for c in CHAPTERS}
    chapter = CHAPTERS[0]
    whole = nbformat.read(SOURCE / f"{chapter.stem}.ipynb", 4)
    names = [part.name for question in chapter.questions[questions:] for part in question.parts]
    left = {f"{kind}-{name}" for name in names for kind in ("answer", "check")}
    whole["cells"] = [cell for cell in whole["cells"] if cell["id"] not in left]
    return {chapter.stem: nbformat.writes(whole)}


def spent(line: list, **where: object) -> float:
    """CPU seconds of a command and all that it starts, on one core.

    The system adds up what a process's children took when it waits for them. A jail is killed, so nobody waits for
    its first process, which has waited for all that ran in it: of that one, what /proc said last is added.

    Raises:
        RuntimeError: it failed.
    """
    words = ["taskset", "-c", str(min(os.sched_getaffinity(0))), *map(str, line)]
    before, jails = resource.getrusage(resource.RUSAGE_CHILDREN), {}
    with tempfile.TemporaryFile() as said:
        running = psutil.Popen(words, stdout=said, stderr=subprocess.STDOUT, **where)
        while running.poll() is None:
            with contextlib.suppress(psutil.Error):
                for one in running.children(recursive=True):
                    if one.name() == "python" and one.parent().name() == "bwrap":
                        jails[one] = sum(one.cpu_times()[:4])  # its own, and that of the runs
            time.sleep(0.05)
        if running.returncode:
            said.seek(0)
            raise RuntimeError(f"{line}: {said.read()[-2000:].decode()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime + sum(jails.values())


def measure(rounds: int, learners: int, folder: Path) -> list[dict]:
    """One row a number.

    Args:
        rounds: how often each is timed; they take turns.
        learners: in the class.
        folder: for what is made.
    """
    nbgrader = environment(folder / "environment")
    env = kernel(folder, nbgrader)
    rows = []
    for number in range(rounds):
        for name, questions in zip(GOALS, (2, None), strict=True):
            place = folder / f"{number} {name}"
            handed = notebooks(questions)
            for stem, text in handed.items():
                paths = [place / "source/all" / f"{stem}.ipynb"]
                for n in range(learners):
                    paths.append(place / "submitted" / f"student{n}" / "all" / f"{stem}.ipynb")
                    paths.append(place / "in" / f"student{n}" / f"{stem}.ipynb")
                for path in paths:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text)
            (place / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'rnn'\n")
            spent([nbgrader, "generate_assignment", "all"], cwd=place, env=env)
            ways = {
                "nbgrader": [nbgrader, "autograde", "all"],
                "ours": [sys.executable, "-m", "rnn2attn_grading", "grade", "in", "--out", "results"],
            }
            for way, line in ways.items():
                seconds = spent(line, cwd=place, env=env)
                where = {"class": name, "way": way, "round": number, "learners": learners}
                rows.append(where | {"seconds": f"{seconds:.4g}"})
                print(rows[-1], flush=True)
    return [row | {"cpu": processor(), "date": date.today().isoformat()} for row in rows]


def table(rows: list[dict]) -> str:
    """The table, as Markdown: the median over the rounds, per learner, and how many times as fast."""
    text = "| A learner hands in | nbgrader, s | ours, s | times as fast | goal |\n|---|---:|---:|---:|---:|\n"
    for name, goal in GOALS.items():
        found = {
            way: statistics.median(
                float(r["seconds"]) / int(r["learners"]) for r in rows if r["class"] == name and r["way"] == way
            )
            for way in ("nbgrader", "ours")
        }
        text += f"| {name} | {found['nbgrader']:.2f} | {found['ours']:.2f} "
        text += f"| {found['nbgrader'] / found['ours']:.1f} | {goal} |\n"
    first = rows[0]
    rounds = len({row["round"] for row in rows})
    text += f"\nCPU seconds for each learner, {first['learners']} learners, rounds: {rounds}. "
    text += f"{first['cpu']}, {first['date']}.\n"
    return text


def main(rounds: int, learners: int) -> str:
    """Measure, store every number, and make the table."""
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(rounds, learners, Path(folder))
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    TABLE.write_text(table(rows), encoding="utf-8")
    return table(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each is timed (default: 3)")
    parser.add_argument("--learners", type=int, default=30, help="in the class (default: 30)")
    given = parser.parse_args()
    print(main(given.rounds, given.learners))
