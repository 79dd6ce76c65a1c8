"""How the tests build a book: as `make book` does, where they want it, with the settings that they want."""

import functools
import os
import subprocess
import sys
from pathlib import Path

import yaml
from bs4 import BeautifulSoup

import warm_builder

ROOT = Path(__file__).resolve().parents[1]


@functools.cache
def soup(page: Path) -> BeautifulSoup:
    """A built page as a tree, parsed once for all tests of a process, which leave it as it is."""
    return BeautifulSoup(page.read_text(encoding="utf-8"), "lxml")


def build(root: Path, out: Path, *, env: dict | None = None, warm=False, **execute) -> subprocess.CompletedProcess:
    """Run jupyter-book on the book in root, as `make book` does, with other settings of `execute:` if given.

    If warm, it is run by a copy of a process that has what it imports already, where the system can copy one.
    """
    out.mkdir(parents=True, exist_ok=True)
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    config["execute"] |= execute
    config["sphinx"]["local_extensions"] = dict.fromkeys(config["sphinx"]["local_extensions"], str(root))
    changed = out / "_config.yml"
    changed.write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(root), "-W", "--keep-going"]
    command += ["--config", str(changed), "--toc", str(root / "_toc.yml"), "--path-output", str(out)]
    env = {**os.environ, **(env or {})}
    if warm and sys.platform == "linux":
        return warm_builder.run(command, root, env)
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
