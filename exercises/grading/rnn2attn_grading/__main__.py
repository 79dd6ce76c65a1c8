"""Commands for instructors: ``python -m rnn2attn_grading grade SUBMISSIONS --out DIR``, ``… doctor``, ``… write``."""

import argparse
import sys
from dataclasses import fields
from pathlib import Path

import torch
import yaml

from rnn2attn_grading import notebooks, stored
from rnn2attn_grading.bubblewrap import Refused
from rnn2attn_grading.chapters import CHAPTERS
from rnn2attn_grading.doctor import complaints
from rnn2attn_grading.grade import grade
from rnn2attn_grading.jail import Limits


def made(root: Path) -> dict[Path, str]:
    """What is made from the specifications: path, relative to the root → text.

    Args:
        root: of the repository; the address of the links is read from its _config.yml.
    """
    config = yaml.safe_load((root / "_config.yml").read_text("utf-8"))
    address = config["repository"]["url"]
    texts = {}
    for chapter in CHAPTERS:
        name = f"{chapter.stem}.ipynb"
        data = f"lib/rnn2attn/check/chapter{chapter.number:02}.json"
        texts |= {
            Path("exercises/source", name): notebooks.source(chapter, address),
            Path("exercises", name): notebooks.learners(chapter, address),
            Path(data): stored.data(chapter),
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


def main() -> None:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser("python -m rnn2attn_grading")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("write", help="notebooks and check's data")
    command.add_argument("--root", type=Path, default=Path.cwd())
    command = commands.add_parser("grade", help="a folder of notebooks")
    command.add_argument(
        "submissions", type=Path, help="has STUDENT/EXERCISE.ipynb"
    )
    command.add_argument(
        "--out", type=Path, required=True, help="the folder of the results"
    )
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


def _grade(arguments: argparse.Namespace) -> str | None:
    try:
        given = {f.name: getattr(arguments, f.name) for f in fields(Limits)}
        grade(arguments.submissions, arguments.out, Limits(**given))
    except Refused as refused:
        return f"Nothing is graded without a jail.\n{refused}"
    except (NotADirectoryError, ValueError) as error:
        return str(error)
    print(f"The grades are in {arguments.out / 'grades.csv'}")


def _doctor(arguments: argparse.Namespace) -> str | None:
    if reasons := complaints(Limits()):
        return "\n".join(["This machine cannot jail.", *reasons])
    print("This machine can jail: a trial jail held against every attempt.")


DO = {"write": _write, "grade": _grade, "doctor": _doctor}


if __name__ == "__main__":
    main()
