"""Move the repository's address and branch: from those in _config.yml to others, in every file that git tracks."""

import argparse
import re
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?")


def slug(url: str) -> str:
    """OWNER/NAME of a GitHub address.

    Raises:
        ValueError: the address is not of the form https://github.com/OWNER/NAME.
    """
    match = GITHUB.fullmatch(url)
    if not match:
        raise ValueError(f"{url!r} is not of the form https://github.com/OWNER/NAME")
    return match[1]


def move(root: Path, url: str, branch: str = "main") -> list[Path]:
    """Replace the address and the branch in every tracked text file, and return the files that changed.

    Raises:
        ValueError: the address is not of the form https://github.com/OWNER/NAME.
    """
    new = slug(url)
    repository = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["repository"]
    old, was = slug(repository["url"]), repository["branch"]
    # The branch stands in links to pages, in what pip installs, and in _config.yml.
    moves = {f"{old}{before}{was}{after}": f"{new}{before}{branch}{after}"
             for before, after in (("/blob/", "/"), ("/tree/", "/"), ("@", "#"))}  # fmt: skip
    moves |= {old: new, f"  branch: {was}\n": f"  branch: {branch}\n"}
    names = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True).stdout
    changed = []
    for path in (root / name for name in names.split("\0") if name):
        data = moved = path.read_bytes()
        if old.encode() in data:
            for here, there in moves.items():
                moved = moved.replace(here.encode(), there.encode())
        if moved != data:
            path.write_bytes(moved)
            changed.append(path)
    return changed


def main() -> None:
    """Move it in this clone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="https://github.com/OWNER/NAME")
    parser.add_argument("branch", nargs="?", default="main", help="default: %(default)s")
    asked = parser.parse_args()
    try:
        files = move(ROOT, asked.url, asked.branch)
    except ValueError as error:
        sys.exit(f"{error}\nusage: make address URL=https://github.com/OWNER/NAME BRANCH=main")
    print(f"The address moved in {len(files)} files. Next: make book, and git diff.")


if __name__ == "__main__":
    main()
