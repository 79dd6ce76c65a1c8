"""Commands for instructors: ``python -m rnn2attn_grading write`` in the repository's root, or ``make exercises``."""

import argparse
from pathlib import Path

import yaml

from rnn2attn_grading import notebooks, stored
from rnn2attn_grading.chapters import CHAPTERS


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
    arguments = parser.parse_args()
    changed = write(arguments.root)
    for path in changed:
        print(f"  {path}")
    print(f"{len(changed)} files changed." if changed else "Nothing changed.")


if __name__ == "__main__":
    main()
