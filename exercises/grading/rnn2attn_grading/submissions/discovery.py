"""What was handed in: folders, and archives as learning platforms give them, without trust in a name in them."""

import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

from rnn2attn_grading.submissions import untrusted
from rnn2attn_grading.submissions.owners import Owner, exercise, owner
from rnn2attn_grading.submissions.untrusted import UnreadableError

SKIPPED = ("__MACOSX", "__pycache__")
KINDS = (".ipynb", ".zip")


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
        try:
            files = list(_files(path))
        except OSError as error:
            text = f"The folder is not opened: {error.strerror}."
            yield replace(place, status="unreadable", message=text)
            continue
        if not files:
            text = "The folder has no notebook."
            yield replace(place, status="empty", message=text)
        for file in files:
            seconds = file.stat(follow_symlinks=False).st_mtime
            time = datetime.fromtimestamp(seconds).isoformat()
            yield from _file(Submission(whose, "", (file,), time), exercises)


def _files(path: Path) -> Iterator[Path]:
    """The notebooks and archives at a path, and below; links to folders are not followed."""
    if path.suffix in KINDS:
        yield path
    elif path.is_dir() and not path.is_symlink():
        for name in _names(path):
            yield from _files(path / name)


def _names(folder: Path) -> list[str]:
    return sorted(n for n in os.listdir(folder) if _wanted(n))


def _wanted(name: str) -> bool:
    return not name.startswith(".") and name not in SKIPPED


def _class(place: Path, exercises: list[str]) -> Iterator[Submission]:
    """The archive of a class: its outermost names are the platform's."""
    with untrusted.opened(place, untrusted.LARGEST_CLASS) as file:
        entries = _entries(file, untrusted.LARGEST_CLASS)
    paths = [PurePosixPath(name) for name in entries]
    # Google Drive packs the folder. The students are in the files' names.
    packed = len({p.parts[0] for p in paths}) == 1 and all(
        len(p.parts) == 2 and owner(PurePosixPath(p.name), exercises).student for p in paths
    )
    for path, (name, time) in zip(paths, entries.items(), strict=True):
        path = PurePosixPath(path.name) if packed else path
        whose = owner(path, exercises)
        yield from _file(Submission(whose, "", (place, name), time), exercises)


def _entries(file: io.BufferedIOBase, max_bytes: int) -> dict[str, str]:
    """The notebooks and archives in an archive, by name, with their times."""
    with untrusted.unpacked(file, max_bytes) as archive:
        return {
            entry.filename: _time(archive, entry.filename)
            for entry in sorted(archive.infolist(), key=lambda e: e.filename)
            if entry.filename.endswith(KINDS) and all(map(_wanted, PurePosixPath(entry.filename).parts))
        }


def _time(archive: ZipFile, name: str) -> str:
    try:
        return datetime(*archive.getinfo(name).date_time).isoformat()
    except ValueError:
        return ""


def _file(found: Submission, exercises: list[str]) -> Iterator[Submission]:
    """The notebook, or those in a student's archive."""
    *outer, last = found.where
    name = PurePosixPath(last).name
    if not found.student:
        stem = name.removesuffix(".ipynb")
        text = "Whose it is cannot be told from its name."
        yield replace(found, exercise=stem, status="unreadable", message=text)
    elif not name.endswith(".zip"):
        yield _notebook(found, name.removesuffix(".ipynb"), exercises)
    elif len(outer) > 1:
        text = f"{name}: an archive within an archive within an archive."
        yield replace(found, status="unreadable", message=text)
    else:
        try:
            data = io.BytesIO(found.read())
            entries = _entries(data, untrusted.LARGEST_ARCHIVE)
        except UnreadableError as error:
            text = f"{name}: {error}"
            yield replace(found, status="unreadable", message=text)
            return
        if not entries:
            text = f"{name} holds no notebook."
            yield replace(found, status="empty", message=text)
        for inner, time in entries.items():
            one = replace(found, where=(*found.where, inner), time=time)
            yield from _file(one, exercises)


def _notebook(found: Submission, stem: str, exercises: list[str]) -> Submission:
    known, copy = exercise(stem, exercises)
    found = replace(found, exercise=known or stem, copy=copy)
    try:
        content = hashlib.sha256(found.read()).hexdigest()
    except UnreadableError as error:
        return replace(found, status="unreadable", message=str(error))
    if not known:
        text = ", ".join(f"{name}.ipynb" for name in exercises)
        text = f"No exercise has this name. These are known: {text}."
        found = replace(found, status="unreadable", message=text)
    return replace(found, content=content)
