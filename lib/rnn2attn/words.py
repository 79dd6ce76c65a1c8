"""The one door for what people bring as text: a file's lines, a word that is typed, a name on the disk.

Two spellings that look the same are one here. `clean` is the rule for a piece of text, `lines` for a file, and
`find` for a file's name.
"""

import codecs
import gzip
import io
import sys
import time
import unicodedata
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePath, PureWindowsPath
from typing import BinaryIO

# Signs that nobody sees: zero-width spaces, byte order marks, soft hyphens, marks of direction. The two joiners,
# U+200C and U+200D, stay: Persian and the scripts of India are spelled with them.
UNSEEN = dict.fromkeys(
    [0x00AD, 0x200B, 0x2060, 0xFEFF, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
# By the first bytes of a file. The long marks come first, since one begins with the other.
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32", codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
LONGEST = 1 << 20  # characters of a line; none that a person wrote is as long
TELLING = 5  # seconds from one word about a long file to the next


def clean(text: str) -> str:
    """The text in the one spelling that this book compares: composed (NFC), and without signs that nobody sees.

    A syllable of Hangul in one code point and in three, as a Mac writes names, become one, and so does a letter with
    its accent. Zero-width spaces, byte order marks, soft hyphens and marks of direction go. Nothing else changes:
    neither case, nor width, nor spaces.
    """
    return text if text.isascii() else unicodedata.normalize("NFC", text.translate(UNSEEN))


def lines(path: str | Path) -> Iterator[tuple[int, str]]:
    """The lines of a text file, `clean`, each with its number, as an editor counts them: a line at a time.

    A file is UTF-8, or by its byte order mark UTF-16 or UTF-32, as Windows writes "Unicode"; plain or gzip. A line
    ends with LF, CR LF or CR. Other separators, such as U+2028, stand within a line. Of a file that takes long, it is
    said on stderr how far it has been read.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a line is in another encoding, has a NUL, or is longer than 1,048,576 characters, or the file is
            a damaged gzip; the message names file and line.
    """
    path, number, told = Path(path), 0, time.monotonic()
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}; the path of a text on this machine was expected")
    with _opened(path) as raw:
        file = None
        while True:
            try:
                file = file or io.TextIOWrapper(raw, _encoding(raw), errors="surrogateescape", newline=None)
                line = file.readline(LONGEST + 1)
            except (OSError, EOFError, zlib.error) as error:
                raise ValueError(f"{path} begins as gzip does and cannot be unpacked: {error}") from error
            except UnicodeError as error:
                raise ValueError(f"{path}, after line {number}: it is not {file.encoding}: {error}") from error
            if not line:
                return
            number += 1
            if len(line) > LONGEST:
                raise ValueError(f"{path}, line {number}: it is longer than {LONGEST:,} characters")
            text = line.removesuffix("\n")
            _readable(text, path, number)
            if time.monotonic() - told > TELLING:
                told = time.monotonic()
                print(f"{path.name}: {number:,} lines read", file=sys.stderr)
            yield number, clean(text)


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    return io.BufferedReader(gzip.open(path)) if zipped else path.open("rb")


def _encoding(file: io.BufferedReader) -> str:
    start = file.peek(4)
    return next((encoding for mark, encoding in MARKS.items() if start.startswith(mark)), "utf-8")


def _readable(text: str, path: Path, number: int) -> None:
    for column, sign in enumerate("" if text.isascii() and "\0" not in text else text):
        if "\udc80" <= sign <= "\udcff":
            raise ValueError(f"{path}, line {number}: byte {ord(sign) - 0xDC00:#04x} at column {column} is not UTF-8")
        if sign == "\0":
            raise ValueError(
                f"{path}, line {number}: there is a NUL at column {column}; a text in UTF-8 was expected, or one in "
                "UTF-16 that begins with its byte order mark"
            )


def find(folder: Path, name: str) -> Path | None:
    r"""The file of this name in a folder or below it, in whichever spelling the disk has it; None if there is none.

    Args:
        folder: where it lies.
        name: its path within the folder, with ``/`` or, as Windows writes it, with ``\`` between the parts.

    Raises:
        ValueError: the name leads out of the folder.
    """
    try:
        as_here = (folder / name).is_file()
    except OSError as error:  # it is longer than a name can be
        raise ValueError(f"{name!r} is no name of a file: {error.strerror}") from error
    path = PurePath(name) if as_here else PureWindowsPath(name)
    if not path.parts or path.anchor or ".." in path.parts:
        raise ValueError(f"{name!r} is no path within {folder}")
    here = folder
    for part in path.parts:
        there = here / part
        if not there.exists():
            same = [other for other in here.iterdir() if clean(other.name) == clean(part)] if here.is_dir() else []
            there = min(same, default=there)
        here = there
    return here if here.is_file() else None
