"""Move the repository's address: from the one in _config.yml to another, in every file under version control."""

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


def move(root: Path, url: str) -> list[Path]:
    """Replace the address in every tracked text file, and return the files that changed."""
    new = slug(url)
    old = slug(yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"])
    names = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True).stdout
    changed = []
    for path in (root / name for name in names.split("\0") if name):
        data = path.read_bytes()
        if old.encode() in data:
            path.write_bytes(data.replace(old.encode(), new.encode()))
            changed.append(path)
    return changed


if __name__ == "__main__":
    try:
        files = move(ROOT, sys.argv[1])
    except ValueError as error:
        sys.exit(f"{error}\nusage: make address URL=https://github.com/OWNER/NAME")
    print(f"The address moved in {len(files)} files. Next: make book, and git diff.")
