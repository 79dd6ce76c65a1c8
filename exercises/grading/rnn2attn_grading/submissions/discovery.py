"""What was handed in: folders, and archives as learning platforms give them, without trust in a name in them."""

import hashlib
import io
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath
from zipfile import ZipFile, ZipInfo

from rnn2attn_grading.submissions import untrusted
from rnn2attn_grading.submissions.owners import Owner, exercise, owner
from rnn2attn_grading.submissions.untrusted import UnreadableError

SKIPPED = ("__MACOSX", "__pycache__")
KINDS = (".ipynb", ".zip")
DEEPEST = 50  # folders within each other that are searched
LARGEST_STUDENT = 500 * untrusted.MIB  # bytes of one student's files, and of what is packed in them


@dataclass(frozen=True)
class Submission:
    """One notebook, or the place where one should be.

    Attributes:
        owner: who handed it in.
        exercise: its name; that of the file if it is none of those; "" if
            there is no file.
        where: the path of the file or archive, and names in archives.
        time: when the file was last changed, in ISO 8601; "" if that is not
            known.
        copy: of the same name, which one.
        content: hash of its bytes; "" if they cannot be read.
        status: of a submission that is not opened.
        message: why it is not.
    """

    owner: Owner
    exercise: str
    where: tuple[Path | str, ...]
    time: str = ""
    copy: int = 0
    content: str = ""
    status: str = ""
    message: str = ""

    @property
    def student(self) -> str:
        """The name, see `owners.Owner`."""
        return self.owner.student

    @property
    def age(self) -> tuple[int, str, int]:
        """Of two with one student and exercise, the larger is the newer."""
        return self.owner.file, self.time, self.copy

    def read(self) -> bytes:
        """Its bytes. UnreadableError: see `untrusted.content`."""
        return untrusted.content(*self.where)


class FullError(Exception):
    """One student handed in more than is looked at; the text says what."""


class Room:
    """What may still be read of one student's files."""

    def __init__(self):
        self._bytes, self._files = LARGEST_STUDENT, untrusted.MOST

    def take(self, count: int) -> None:
        """Make room for a file of so many bytes. FullError: there is none."""
        self._bytes, self._files = self._bytes - count, self._files - 1
        if self._bytes < 0 or self._files < 0:
            most = f"{untrusted.MOST} files or {LARGEST_STUDENT // untrusted.MIB} MiB"
            raise FullError(f"These are more than {most}. The rest is not looked at.")


def submitted(place: Path, exercises: list[str]) -> Iterator[Submission]:
    """All that lies in a place, in the order of the names. Names that begin with a dot are passed over.

    Args:
        place: a folder, or an archive with the submissions of a class.
        exercises: the names that are known.

    Raises:
        NotADirectoryError: there is no such folder, and no such archive.
        UnreadableError: the archive is refused.
    """
    if place.is_dir():
        return _folder(place, exercises)
    if place.suffix == ".zip" and place.is_file():
        return _class(place, exercises)
    raise NotADirectoryError(f"There is no folder {place}, and no archive.")


def _folder(root: Path, exercises: list[str]) -> Iterator[Submission]:
    slug = root.resolve().name.removesuffix("-submissions")
    slug = "" if slug == root.resolve().name else slug
    rooms = defaultdict(Room)
    for name in _names(root):
        path = root / name
        if not path.is_dir() and path.suffix not in KINDS:
            continue
        inner = PurePosixPath(name, *["x"] * path.is_dir())
        whose = owner(inner, exercises, slug)
        place = Submission(whose, "", (path,))
        if path.is_symlink() and path.is_dir():
            text = "It is a symbolic link, and no folder."
            yield replace(place, status="unreadable", message=text)
            continue
        files, problem = _files(path)
        if problem:
            yield replace(place, status="unreadable", message=problem)
        elif not files:
            text = "The folder has no notebook."
            yield replace(place, status="empty", message=text)
        for file in files:
            size, time = _state(file)
            one = Submission(whose, "", (file,), time)
            yield from _file(one, size, partial(untrusted.content, file), exercises, rooms[whose.student])


def _files(path: Path) -> tuple[list[Path], str]:
    """The notebooks and archives at a path and below, and why some are missing; links to folders are not followed."""
    found, waiting, count, problem = [], [(path, 0)], 0, ""
    while waiting and count <= untrusted.MOST:
        path, deep = waiting.pop()
        try:
            if path.suffix in KINDS:
                found.append(path)
            elif not path.is_dir() or path.is_symlink():
                continue
            elif deep > DEEPEST:
                problem = f"Folders within each other, more than {DEEPEST}; the inner ones are not searched."
            else:
                names = _names(path)
                count += len(names)
                waiting += [(path / name, deep + 1) for name in reversed(names)]
        except OSError as error:
            problem = f"The folder is not opened: {error.strerror}."
    if count > untrusted.MOST:
        problem = f"The folder holds more than {untrusted.MOST} files; not all are searched."
    return found, problem


def _state(file: Path) -> tuple[int, str]:
    """The size of a file, and when it was changed, as far as both are known."""
    try:
        status = file.stat(follow_symlinks=False)
        return status.st_size, datetime.fromtimestamp(status.st_mtime).isoformat()
    except OSError:  # it is gone; whoever reads it says so
        return 0, ""
    except (ValueError, OverflowError):  # after the year 9999
        return status.st_size, ""


def _names(folder: Path) -> list[str]:
    return sorted(n for n in os.listdir(folder) if _wanted(n))


def _wanted(name: str) -> bool:
    return name == ".." or (not name.startswith(".") and name not in SKIPPED)


def _class(place: Path, exercises: list[str]) -> Iterator[Submission]:
    """The archive of a class: its outermost names are the platform's."""
    rooms = defaultdict(Room)
    largest = untrusted.LARGEST_CLASS
    with untrusted.opened(place, largest) as file, untrusted.unpacked(file, largest) as archive:
        entries = _entries(archive)
        paths = [PurePosixPath(name) for name in entries]
        # Google Drive packs the folder. The students are in the files' names.
        packed = len({p.parts[0] for p in paths}) == 1 and all(
            len(p.parts) == 2 and owner(PurePosixPath(p.name), exercises).student for p in paths
        )
        for path, (name, time) in zip(paths, entries.items(), strict=True):
            path = PurePosixPath(path.name) if packed else path
            whose = owner(path, exercises) if path.parts[0] not in ("..", "/") else Owner("")
            one = Submission(whose, "", (place, name), time)
            yield from _member(one, archive, exercises, rooms[whose.student])


def _entries(archive: ZipFile) -> dict[str, str]:
    """The notebooks and archives in an archive, by name, with their times."""
    return {
        entry.filename: _time(entry)
        for entry in sorted(archive.infolist(), key=lambda e: e.filename)
        if entry.filename.endswith(KINDS) and all(map(_wanted, PurePosixPath(entry.filename).parts))
    }


def _time(entry: ZipInfo) -> str:
    try:
        return datetime(*entry.date_time).isoformat()
    except ValueError:
        return ""


def _member(found: Submission, archive: ZipFile, exercises: list[str], room: Room) -> Iterator[Submission]:
    """What stands in an archive, which is open, under the last name."""
    *_, outer, name = found.where
    if untrusted.leads_out(name):
        text = f"{PurePosixPath(outer).name}: Its entry {name!r:.60} leads out of it."
        yield replace(found, status="unreadable", message=text)
    else:
        size = archive.getinfo(name).file_size
        yield from _file(found, size, partial(untrusted.entry, archive, name), exercises, room)


def _file(
    found: Submission, size: int, read: Callable[[], bytes], exercises: list[str], room: Room
) -> Iterator[Submission]:
    """The notebook, or those in a student's archive."""
    *outer, last = found.where
    name = PurePosixPath(last).name
    if not found.student:
        stem = name.removesuffix(".ipynb")
        text = "Whose it is cannot be told from its name."
        yield replace(found, exercise=stem, status="unreadable", message=text)
        return
    try:
        room.take(min(size, untrusted.LARGEST_ARCHIVE))
        if not name.endswith(".zip"):
            yield _notebook(found, name.removesuffix(".ipynb"), read, exercises)
        elif len(outer) > 1:
            text = f"{name}: an archive within an archive within an archive."
            yield replace(found, status="unreadable", message=text)
        else:
            yield from _archive(found, read, exercises, room)
    except FullError as full:
        yield replace(found, status="unreadable", message=f"{name}: {full}")


def _archive(found: Submission, read: Callable[[], bytes], exercises: list[str], room: Room) -> Iterator[Submission]:
    name = PurePosixPath(found.where[-1]).name
    try:
        with untrusted.unpacked(io.BytesIO(read()), untrusted.LARGEST_ARCHIVE) as archive:
            entries = _entries(archive)
            if not entries:
                text = f"{name} holds no notebook."
                yield replace(found, status="empty", message=text)
            for inner, time in entries.items():
                one = replace(found, where=(*found.where, inner), time=time)
                yield from _member(one, archive, exercises, room)
    except UnreadableError as error:
        text = f"{name}: {error}"
        yield replace(found, status="unreadable", message=text)


def _notebook(found: Submission, stem: str, read: Callable[[], bytes], exercises: list[str]) -> Submission:
    known, copy = exercise(stem, exercises)
    found = replace(found, exercise=known or stem, copy=copy)
    try:
        content = hashlib.sha256(read()).hexdigest()
    except UnreadableError as error:
        return replace(found, status="unreadable", message=str(error))
    if not known:
        text = ", ".join(f"{name}.ipynb" for name in exercises)
        text = f"No exercise has this name. These are known: {text}."
        found = replace(found, status="unreadable", message=text)
    return replace(found, content=content)
