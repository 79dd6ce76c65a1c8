"""Commands for instructors: ``release DIR``, ``grade SUBMISSIONS --out DIR``, ``doctor``; for the book: ``write``."""

import argparse
import sys
from dataclasses import fields
from pathlib import Path

import torch
import yaml

from rnn2attn_grading.authoring import check_data, notebooks
from rnn2attn_grading.grading.progress import Progress
from rnn2attn_grading.grading.run import grade
from rnn2attn_grading.questions.chapters import CHAPTERS
from rnn2attn_grading.sandbox.bubblewrap import RefusedError
from rnn2attn_grading.sandbox.limits import Limits
from rnn2attn_grading.sandbox.self_test import complaints
from rnn2attn_grading.submissions.untrusted import UnreadableError


def repository(root: Path) -> tuple[str, str]:
    """The address of the repository, and the branch that links lead to, as _config.yml has them."""
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


def release(root: Path, folder: Path, *, nbgrader: bool = False) -> list[Path]:
    """Write the notebooks that a class gets, and return the paths.

    Args:
        root: as for `made`.
        folder: where they go.
        nbgrader: write the source notebooks instead, answers included, each
            in a folder of its own, as nbgrader's `source` has them.
    """
    texts = made(root)
    paths = []
    for chapter in CHAPTERS:
        name = f"{chapter.stem}.ipynb"
        kind = "exercises/source" if nbgrader else "exercises"
        path = folder / chapter.stem / name if nbgrader else folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[Path(kind, name)], "utf-8")
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
    command = commands.add_parser("grade", help="what a class handed in")
    command.add_argument(
        "submissions", type=Path, nargs="+",
        help="a folder, or an archive from a learning platform",
    )  # fmt: skip
    command.add_argument("--out", type=Path, required=True, help="the folder of the results")
    command.add_argument(
        "--only", action="append", default=[], metavar="STUDENT[/EXERCISE]",
        help="grade these alone; * stands for anything; may be repeated",
    )  # fmt: skip
    command.add_argument("--regrade", action="store_true", help="also what has its grade")
    command.add_argument("--roster", type=Path, metavar="CSV", help="who is in the class, and under which names")
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
    commands.add_parser("doctor", help="whether this machine can jail")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    sys.exit(DO[arguments.command](arguments))


def _write(arguments: argparse.Namespace) -> None:
    changed = write(arguments.root)
    for path in changed:
        print(f"  {path}")
    print(f"{len(changed)} files changed." if changed else "Nothing changed.")


def _release(arguments: argparse.Namespace) -> None:
    given = arguments.root, arguments.folder
    for path in release(*given, nbgrader=arguments.nbgrader):
        print(f"  {path}")


def _grade(arguments: argparse.Namespace) -> str | int | None:
    out = arguments.out
    try:
        progress = Progress()
        given = {f.name: getattr(arguments, f.name) for f in fields(Limits)}
        grade(
            arguments.submissions, out, Limits(**given),
            jobs=arguments.jobs, scheduler=arguments.scheduler,
            only=arguments.only, regrade=arguments.regrade, roster=arguments.roster,
            say=progress, found=progress.found,
        )  # fmt: skip
    except RefusedError as refused:
        return f"Nothing is graded without a jail.\n{refused}"
    except (NotADirectoryError, UnreadableError, ValueError) as error:
        return str(error)
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on.", file=sys.stderr)
        return 130
    print(f"The grades are in {out / 'grades.csv'}")
    print(f"by student in     {out / 'students.csv'}")
    print(f"The summary is    {out / 'summary.html'}")
    print(f"Pages for each learner are in {out / 'feedback'}")


def _doctor(arguments: argparse.Namespace) -> str | None:
    if reasons := complaints(Limits()):
        return "\n".join(["This machine cannot jail.", *reasons])
    print("This machine can jail: a trial jail held against every attempt.")


DO = {"write": _write, "release": _release, "grade": _grade, "doctor": _doctor}


if __name__ == "__main__":
    main()
