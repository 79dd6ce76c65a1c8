"""Pack the built book into one file: unpacked anywhere, its index.html opens by double click, without a network."""

import argparse
import sys
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

ROOT = Path(__file__).resolve().parents[2]
NAME = "from-rnn-to-attention"


def pack(html: Path, folder: Path) -> Path:
    """Write the pages in html into folder/from-rnn-to-attention.zip, which unpacks into one folder; return its path.

    Raises:
        FileNotFoundError: html holds no index.html, so no book has been built there.
    """
    if not (html / "index.html").is_file():
        raise FileNotFoundError(f"there is no book in {html}. First: make book")
    target = folder / f"{NAME}.zip"
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for file in sorted(html.rglob("*")):
            if file.is_file() and not file.name.startswith("."):
                archive.write(file, Path(NAME) / file.relative_to(html))
    return target


def main() -> None:
    """Pack what `make book` built."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    try:
        target = pack(ROOT / "_build/html", ROOT / "_build")
    except FileNotFoundError as error:
        sys.exit(str(error))
    print(f"{target.relative_to(ROOT)}, {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
