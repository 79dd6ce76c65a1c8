"""Reading a notebook that somebody handed in, without trust in a byte of it."""

import contextlib
import errno
import io
import json
import os
import re
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

MIB = 1 << 20
LARGEST = 80 * MIB  # bytes of a notebook; pictures make one large
STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)  # of JSON; one that never ends goes to the end, once
LONGEST_STRING = 1 * MIB  # bytes; a longer one is a picture, and no code
LARGEST_ARCHIVE = 100 * MIB  # of what a student's archive holds, unpacked
LARGEST_CLASS = 4096 * MIB  # of what a class's holds
MOST = 20_000  # files in an archive, or of one student
LARGEST_INDEX = 8 * MIB  # bytes of an archive's list of what it holds; reading it takes 15 times as much memory
UTF8 = 0x800  # the flag of an archive's entry whose name is UTF-8
HANGUL = re.compile(rb"[\xb0-\xc8][\xa1-\xfe]")  # the common syllables in CP949
DRIVE = re.compile(r"[A-Za-z]:([/\\]|$)")  # C:\, as Windows writes a path


class UnreadableError(Exception):
    """Something that cannot be read; the text says why."""


@contextlib.contextmanager
def opened(path: Path, max_bytes: int = LARGEST) -> Iterator[BinaryIO]:
    """A file, opened.

    Args:
        path: of the file.
        max_bytes: bytes that it may have.

    Raises:
        UnreadableError: it is no regular file, a link, or too large.
    """
    try:
        # Neither through a link nor waiting for a pipe's other end.
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(number, "rb") as file:
            status = os.fstat(number)
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableError("It is no regular file.")
            if status.st_size > max_bytes:
                raise UnreadableError(f"It is larger than {max_bytes // MIB} MiB.")
            yield file
    except OSError as error:
        link = error.errno == errno.ELOOP
        why = "it is a symbolic link" if link else error.strerror
        raise UnreadableError(f"It is not opened: {why}.") from None


@contextlib.contextmanager
def unpacked(file: BinaryIO, max_bytes: int) -> Iterator[zipfile.ZipFile]:
    """A zip archive, opened.

    Args:
        file: with the archive.
        max_bytes: bytes of all that it holds, unpacked.

    Raises:
        UnreadableError: it is none, or holds too much.
    """
    try:
        end = zipfile._EndRecData(file)
        if end and end[zipfile._ECD_SIZE] > LARGEST_INDEX:
            raise UnreadableError(f"It holds more than {MOST} files, or names without end.")
        archive = zipfile.ZipFile(file)
    except UnreadableError:
        raise
    except Exception as error:  # cut off, or no archive
        text = f"It is no archive that can be read: {error}."
        raise UnreadableError(text) from None
    with archive:
        entries = archive.infolist()
        size = sum(entry.file_size for entry in entries)
        if len(entries) > MOST:
            text = f"It holds {len(entries)} files; {MOST} are allowed."
            raise UnreadableError(text)
        if size > max_bytes:
            text = f"It would unpack to {size // MIB} MiB"
            raise UnreadableError(f"{text}; {max_bytes // MIB} are allowed.")
        yield archive


def readable(archive: zipfile.ZipFile) -> dict[str, str]:
    """The names in an archive as they were meant: name as `zipfile` gives it → one with slashes.

    Where the archive does not say that its names are UTF-8, Macs write UTF-8
    all the same, and Windows in Korea CP949. PowerShell writes backslashes.
    """
    raw = {}
    for one in archive.infolist():
        if not one.flag_bits & UTF8:
            with contextlib.suppress(UnicodeEncodeError):
                raw[one.filename] = one.filename.encode("cp437")
    encoding = next((e for e in ("utf-8", "cp949") if all(_is(name, e) for name in raw.values())), "cp437")
    return {
        name: (raw[name].decode(encoding) if name in raw else name).replace("\\", "/")
        for name in (one.filename for one in archive.infolist())
    }


def _is(name: bytes, encoding: str) -> bool:
    """Whether a name is text in this encoding. In CP437, what common Hangul is in CP949 would be lines of boxes."""
    try:
        name.decode(encoding)
    except UnicodeDecodeError:
        return False
    return encoding == "utf-8" or name.isascii() or bool(HANGUL.search(name))


def leads_out(name: str) -> bool:
    """Whether a name in an archive is no path within it. Nothing is unpacked to the disk; it is a trick anyway."""
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or not parts[0] or bool(DRIVE.match(name))


def entry(archive: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of a notebook, or of a student's archive, in an archive.

    Raises:
        UnreadableError: it is too large, encrypted, or damaged.
    """
    max_bytes = _most(name)
    try:
        if archive.getinfo(name).file_size > max_bytes:
            raise UnreadableError(f"It is larger than {max_bytes // MIB} MiB.")
        with archive.open(name) as file:
            return file.read(max_bytes)
    except UnreadableError:
        raise
    except Exception as error:  # encrypted, cut off, of an unknown method
        raise UnreadableError(f"It is no archive that can be read: {error}.") from None


def content(path: Path, *members: str) -> bytes:
    """The bytes of a notebook or of a student's archive.

    Args:
        path: of it, or of the archive that holds it.
        members: its name in the archive; if that one holds another archive,
            the name in that.

    Raises:
        UnreadableError: see `opened` and `unpacked`; or it is too large.
    """
    with opened(path, LARGEST_CLASS if members else _most(path.name)) as file:
        data, max_bytes = file, LARGEST_CLASS if members else _most(path.name)
        for name in members:
            with unpacked(data, max_bytes) as archive:
                data, max_bytes = io.BytesIO(entry(archive, name)), _most(name)
        return data.read(max_bytes)


def _most(name: str) -> int:
    return LARGEST_ARCHIVE if name.lower().endswith(".zip") else LARGEST


def cells(data: bytes) -> list[str]:
    """The code of a notebook, cell by cell.

    Names, tags and all other metadata may be lost: only the list of the cells,
    their kind and their text are looked at.

    Raises:
        UnreadableError: it is not UTF-8, not JSON, or no notebook.
    """
    try:
        notebook = json.loads(_without_pictures(data).decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UnreadableError("It is not UTF-8.") from None
    except RecursionError:
        raise UnreadableError("It is nested too deeply.") from None
    except ValueError:
        raise UnreadableError("It is not JSON.") from None
    kept = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(kept, list):
        raise UnreadableError("It is JSON, and no notebook of format 4.")
    sources = [cell.get("source") for cell in kept if _is_code(cell)]
    return [source if isinstance(source, str) else _joined(source) for source in sources]


def _without_pictures(data: bytes) -> bytes:
    """JSON without its longest strings; of the others nothing is copied, for there may be millions."""
    long = [found.span() for found in STRING.finditer(data) if found.end() - found.start() > LONGEST_STRING]
    edges = [0, *(edge for span in long for edge in span), len(data)]
    return b'""'.join(data[first:last] for first, last in zip(edges[::2], edges[1::2], strict=True))


def _is_code(cell: object) -> bool:
    return isinstance(cell, dict) and cell.get("cell_type") == "code"


def _joined(lines: object) -> str:
    lines = lines if isinstance(lines, list) else []
    return "".join(line for line in lines if isinstance(line, str))
