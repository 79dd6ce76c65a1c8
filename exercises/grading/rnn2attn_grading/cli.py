"""Commands for instructors: release, grade, regrade, override, gradescope, doctor; for the book: write."""

import argparse
import contextlib
import getpass
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import torch
import yaml

from rnn2attn_grading import gradescope
from rnn2attn_grading.authoring import check_data, notebooks
from rnn2attn_grading.grading import decisions
from rnn2attn_grading.grading.progress import Progress
from rnn2attn_grading.grading.run import grade
from rnn2attn_grading.questions.chapters import CHAPTERS
from rnn2attn_grading.reports.tables import UnwrittenError
from rnn2attn_grading.sandbox.bubblewrap import RefusedError
from rnn2attn_grading.sandbox.limits import Limits
from rnn2attn_grading.sandbox.self_test import complaints
from rnn2attn_grading.submissions.untrusted import UnreadableError

FAULTS = (OSError, sqlite3.Error, UnreadableError, UnwrittenError, ValueError)  # not this program's


def repository(root: Path) -> tuple[str, str]:
    """The address of the repository, and the branch that links lead to, as _config.yml has them."""
    if not (root / "_config.yml").exists():
        sys.exit(f"{root} is not the root of the repository. Call this there, or name it with --root.")
    config = yaml.safe_load((root / "_config.yml").read_text("utf-8"))
    return config["repository"]["url"], config["repository"]["branch"]


def made(root: Path) -> dict[Path, str]:
    """What is made from the specifications: path, relative to the root → text.

    Args:
        root: of the repository; the address of the links is read from its _config.yml.
    """
    address, branch = repository(root)
    texts = {}
    for chapter in CHAPTERS:
        name = f"{chapter.stem}.ipynb"
        data = f"lib/rnn2attn/check/chapter{chapter.number:02}.json"
        texts |= {
            Path("exercises/source", name): notebooks.source(chapter, address, branch),
            Path("exercises", name): notebooks.learners(chapter, address, branch),
            Path(data): check_data.data(chapter),
        }
    return texts


def write(root: Path) -> list[Path]:
    """Write what has changed, and return the paths."""
    changed = []
    for path, text in made(root).items():
        old = (root / path).read_text("utf-8") if (root / path).exists() else ""
        if text != old:
            (root / path).write_text(text, "utf-8")
            changed.append(path)
    return changed


def release(root: Path, folder: Path, *, nbgrader: bool = False, hints: bool = True) -> list[Path]:
    """Write the notebooks that a class gets, and return the paths.

    Args:
        root: as for `made`.
        folder: where they go.
        nbgrader: write the source notebooks instead, answers included, each
            in a folder of its own, as nbgrader's `source` has them.
        hints: whether hints can be unfolded in them.
    """
    address, branch = repository(root)
    make = notebooks.source if nbgrader else notebooks.learners
    paths = []
    for chapter in CHAPTERS:
        path = (folder / chapter.stem if nbgrader else folder) / f"{chapter.stem}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(make(chapter, address, branch, hints=hints), "utf-8")
        paths.append(path)
    return paths


def main() -> None:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser("python -m rnn2attn_grading")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("write", help="notebooks and check's data")
    command.add_argument("--root", type=Path, default=Path.cwd())
    command = commands.add_parser("release", help="the notebooks of a class")
    command.add_argument("folder", type=Path, help="where they go")
    command.add_argument("--root", type=Path, default=Path.cwd())
    command.add_argument("--nbgrader", action="store_true", help="as nbgrader's source has them")
    command.add_argument("--without-hints", action="store_true", help="with nothing to unfold")
    command = commands.add_parser("grade", help="what a class handed in")
    command.add_argument(
        "submissions", type=Path, nargs="+",
        help="a folder, or an archive from a learning platform",
    )  # fmt: skip
    command.add_argument(
        "--only", action="append", default=[], metavar="STUDENT[/EXERCISE]",
        help="grade these alone; * stands for anything; may be repeated",
    )  # fmt: skip
    command.add_argument("--regrade", action="store_true", help="also what has its grade")
    command.add_argument("--roster", type=Path, metavar="CSV", help="who is in the class, and under which names")
    command.add_argument(
        "--deadlines", type=Path, metavar="CSV", help="deadlines, extensions, and what lateness costs"
    )
    _of_a_run(command)
    command = commands.add_parser("regrade", help="grade again what one student handed in")
    command.add_argument("what", metavar="STUDENT[/EXERCISE]")
    command.add_argument(
        "submissions", type=Path, nargs="*", help="as for grade; without them, where they were the last time"
    )
    _of_a_decision(command)
    _of_a_run(command)
    command = commands.add_parser("override", help="set the points of an exercise or of a function")
    command.add_argument("what", metavar="STUDENT/EXERCISE[/FUNCTION]")
    command.add_argument("points", help="a number, or none for those that were judged")
    command.add_argument("--out", type=Path, required=True, help="the folder of the results")
    _of_a_decision(command)
    command = commands.add_parser("gradescope", help="an autograder of an exercise for Gradescope")
    command.add_argument("exercise", help=f"{CHAPTERS[0].stem}, …")
    command.add_argument("--out", type=Path, required=True, help="the folder of the results")
    command.add_argument(
        "--visibility", choices=gradescope.VISIBILITIES, default="visible",
        help="when students see their points there (%(default)s)",
    )  # fmt: skip
    command.add_argument("--root", type=Path, default=Path.cwd())
    command = commands.add_parser("autograde", help="what that autograder does there")
    command.add_argument("place", type=Path, help="the folder that Gradescope calls /autograder")
    commands.add_parser("doctor", help="whether this machine can jail")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    sys.exit(DO[arguments.command](arguments))


def _of_a_run(command: argparse.ArgumentParser) -> None:
    """The options of what grades."""
    command.add_argument("--out", type=Path, required=True, help="the folder of the results")
    command.add_argument("--jobs", type=int, default=1, help="learners at a time (%(default)s)")
    command.add_argument(
        "--scheduler", default="", metavar="tcp://…",
        help="of a Dask cluster, which grades instead of this machine",
    )  # fmt: skip
    for limit in fields(Limits):
        command.add_argument(
            f"--{limit.name}", type=limit.type, default=limit.default,
            help=f"{limit.metadata['help']} (%(default)s)",
        )  # fmt: skip


def _of_a_decision(command: argparse.ArgumentParser) -> None:
    """The options of what an instructor decides."""
    command.add_argument("--reason", required=True, help="why; the learner reads it")
    command.add_argument("--by", default=_me(), metavar="NAME", help="who decides it (%(default)s)")


def _me() -> str:
    with contextlib.suppress(KeyError, OSError):  # in a container nobody may have this number
        return getpass.getuser()
    return "the instructor"


def _write(arguments: argparse.Namespace) -> None:
    changed = write(arguments.root)
    for path in changed:
        print(f"  {path}")
    print(f"{len(changed)} files changed." if changed else "Nothing changed.")


def _release(arguments: argparse.Namespace) -> None:
    given = arguments.root, arguments.folder
    for path in release(*given, nbgrader=arguments.nbgrader, hints=not arguments.without_hints):
        print(f"  {path}")


def _grade(arguments: argparse.Namespace) -> str | int | None:
    return _graded(
        arguments, arguments.submissions, only=arguments.only, regrade=arguments.regrade,
        roster=arguments.roster, deadlines=arguments.deadlines,
    )  # fmt: skip


def _regrade(arguments: argparse.Namespace) -> str | int | None:
    given = arguments.out, arguments.what
    try:
        pattern, places = decisions.check(*given, arguments.reason)
        if not (places := arguments.submissions or places):
            return "The submissions are not where they were. Name the folder or the archive behind the student."
        if ended := _graded(arguments, places, only=[pattern], regrade=True):
            return ended
        print(decisions.regraded(*given, arguments.reason, arguments.by))
    except FAULTS as error:
        return _said(error)


def _override(arguments: argparse.Namespace) -> str | None:
    try:
        given = arguments.out, arguments.what, arguments.points
        print(decisions.override(*given, arguments.reason, arguments.by))
    except FAULTS as error:
        return _said(error)


def _gradescope(arguments: argparse.Namespace) -> str | None:
    repository(arguments.root)
    try:
        path = gradescope.pack(arguments.root, arguments.exercise, arguments.out, arguments.visibility)
    except FAULTS as error:
        return _said(error)
    print(f"The autograder is {path}\nIt holds the salt of the class: give it to nobody but Gradescope.")


def _autograde(arguments: argparse.Namespace) -> None:
    gradescope.autograde(arguments.place, Limits())


def _graded(arguments: argparse.Namespace, submissions: Sequence[Path], **more: object) -> str | int | None:
    """Grade; what to end with, if not with success."""
    out = arguments.out
    try:
        progress = Progress()
        given = {f.name: getattr(arguments, f.name) for f in fields(Limits)}
        grade(
            submissions, out, Limits(**given), jobs=arguments.jobs, scheduler=arguments.scheduler,
            say=progress, found=progress.found, tell=progress.tell, **more,
        )  # fmt: skip
    except RefusedError as refused:
        return f"Nothing is graded without a jail.\n{refused}"
    except FAULTS as error:
        return _said(error)
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on.", file=sys.stderr)
        return 130
    print(f"The grades are in {out / 'grades.csv'}")
    print(f"by student in     {out / 'students.csv'}")
    print(f"The summary is    {out / 'summary.html'}")
    print(f"Pages for each learner are in {out / 'feedback'}")
    for path in sorted({*out.glob("canvas.csv"), *out.glob("moodle/*.csv")}):
        print(f"To be imported:   {path}")


def _said(error: Exception) -> str:
    """What is wrong, in a sentence."""
    if isinstance(error, sqlite3.Error):
        return f"The gradebook cannot be written: {error}. What was graded is kept; the same command goes on."
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'This machine'}: {error.strerror}."
    return str(error)


def _doctor(arguments: argparse.Namespace) -> str | None:
    if reasons := complaints(Limits()):
        return "\n".join(["This machine cannot jail.", *reasons])
    print("This machine can jail: a trial jail held against every attempt.")


DO = {
    "write": _write, "release": _release, "grade": _grade, "regrade": _regrade, "override": _override,
    "gradescope": _gradescope, "autograde": _autograde, "doctor": _doctor,
}  # fmt: skip
