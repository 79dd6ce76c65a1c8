"""What was handed in: folders, and archives as learning platforms give them, without trust in a name in them.

First the names of a whole place are read, and `platforms` says whose each file
is. Then the files are read, student by student.
"""

import contextlib
import hashlib
import io
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath
from zipfile import ZipFile, ZipInfo

from rnn2attn_grading.submissions import platforms, untrusted
from rnn2attn_grading.submissions.owners import Owner, clean, read_name
from rnn2attn_grading.submissions.roster import Roster
from rnn2attn_grading.submissions.untrusted import UnreadableError

SKIPPED = ("__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini")
OTHER_ARCHIVES = (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".egg")
DEEPEST = 50  # folders within each other that are searched
LONGEST_NAME = 255  # characters
LARGEST_STUDENT = 500 * untrusted.MIB  # bytes of one student's files, and of what is packed in them
MOST_ODD = 20  # notebooks of a student that have a row each, though no exercise has their name
NOBODY = Owner("")
OTHER = "other"  # the status of a file that is no notebook, until it is known whether the student has one
NAMED = 5  # files that a message names


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
        place: the folder or archive of the class in which it was found.
    """

    owner: Owner
    exercise: str
    where: tuple[Path | str, ...]
    time: str = ""
    copy: int = 0
    content: str = ""
    status: str = ""
    message: str = ""
    place: Path = Path()

    @property
    def student(self) -> str:
        """The name, see `owners.Owner`."""
        return self.owner.student

    @property
    def path(self) -> str:
        """Where it is, in one line."""
        return "/".join(map(str, self.where))

    @property
    def age(self) -> str:
        """Of two with one student and exercise, the larger is the newer; the path decides where all else is equal."""
        return f"{self.owner.file:020}|{self.time:26}|{self.copy:03}|{self.path}"

    @property
    def handed_in(self) -> str:
        """When it was handed in, in ISO 8601, as far as that is known.

        Canvas and Moodle write into an archive when it was made, and a clone
        of a repository has the time of the cloning.
        """
        return self.owner.time or ("" if self.owner.platform in ("Canvas", "Moodle", "GitHub") else self.time)

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


@dataclass(frozen=True)
class File:
    """A file in a folder or in an archive, or a folder without one.

    Attributes:
        parts: its path in the place, as `platforms.Place` wants it; the last
            is "" for a folder.
        where: see `Submission`.
        size: bytes.
        time: see `Submission`.
        read: reads its bytes.
        problem: why it is not read.
        owner: who handed it in.
    """

    parts: tuple[str, ...]
    where: tuple[Path | str, ...]
    size: int = 0
    time: str = ""
    read: Callable[[], bytes] = field(default=bytes, repr=False)
    problem: str = ""
    owner: Owner = NOBODY

    @property
    def name(self) -> str:
        """The name alone, "" for a folder."""
        return self.parts[-1]


def submitted(place: Path, exercises: list[str], roster: Roster | None = None) -> Iterator[Submission]:
    """All that lies in a place, in the order of the names. Names that begin with a dot are passed over.

    Args:
        place: a folder, or an archive with the submissions of a class.
        exercises: the names that are known.
        roster: of the class, if there is one.

    Raises:
        NotADirectoryError: there is no such folder, and no such archive.
        UnreadableError: the archive is refused, or whose its files are cannot
            be told.
    """
    roster = roster or Roster()
    if place.is_dir():
        files = [*_folder(place)]
        _refuse_archives(place, files, exercises, roster)
        return _handed(place, files, exercises, roster)
    if place.suffix.lower() == ".zip" and place.is_file():
        return _class(place, exercises, roster)
    raise NotADirectoryError(f"There is no folder {place}, and no archive.")


def of_one(folder: Path, exercises: list[str]) -> list[Submission]:
    """All that lies in a folder of one student, whose name is not asked. The arguments are those of `submitted`."""
    return [*_few(_student([*_below(folder, ())], folder, exercises, Room()), exercises)]


def _class(place: Path, exercises: list[str], roster: Roster) -> Iterator[Submission]:
    """The archive of a class."""
    largest = untrusted.LARGEST_CLASS
    with untrusted.opened(place, largest) as file, untrusted.unpacked(file, largest) as archive:
        yield from _handed(place, _members(archive, (place,)), exercises, roster)


def _refuse_archives(place: Path, files: list[File], exercises: list[str], roster: Roster) -> None:
    """Stop where a folder has nothing but archives of several people each, of which each would become one student.

    Among archives of students, one that one of them made in this way stops nothing.
    """
    own = [file for file in files if not platforms.INSTRUCTORS.fullmatch(file.name)]
    if own and all(_of_several(file, exercises, roster) for file in own):
        names = ", ".join(file.name for file in own[:NAMED])
        raise UnreadableError(
            f"{place} holds nothing but {names}: is that of one student, or of a class? The names do not say it. "
            "If of a class, name the archive itself in place of the folder."
        )


def _of_several(file: File, exercises: list[str], roster: Roster) -> bool:
    """Whether a file is an archive in which several seem to have handed in the same exercise."""
    name = PurePosixPath(file.name)
    if len(file.parts) > 1 or name.suffix.lower() != ".zip" or roster.named(read_name(file.name, exercises).before):
        return False
    largest, who = untrusted.LARGEST_CLASS, defaultdict(set)
    with (
        contextlib.suppress(UnreadableError),
        untrusted.opened(file.where[0], largest) as data,
        untrusted.unpacked(data, largest) as archive,
    ):
        reads = {one.parts: one.read for one in _members(archive, file.where)}
        names = platforms.Place([*reads], exercises, lambda path: reads[path](), name.stem, packed=True)
        for parts in reads:
            if exercise := read_name(parts[-1], exercises).exercise:
                who[exercise] |= {owner.student for owner in names.owners(parts) if owner.student}
    return any(len(held) > 1 for held in who.values())


def _handed(place: Path, files: list[File], exercises: list[str], roster: Roster) -> Iterator[Submission]:
    """What each student handed in."""
    name = place.resolve().name if place.is_dir() else place.stem
    reads = {file.parts: file.read for file in files}
    names = platforms.Place(
        [*reads], exercises, lambda path: reads[path](), name,
        lambda name: roster.named(name) is not None, packed=not place.is_dir(),
    )  # fmt: skip
    students = defaultdict(list)
    for file in files:
        for owner in (_settled(owner, roster) for owner in names.owners(file.parts)):
            # Where it cannot be told whose they are, each file has a row of its own.
            students[owner.student, "" if owner.student else file.parts].append(replace(file, owner=owner))
    for (student, _), own in students.items():
        if student:
            yield from _few(_student(own, place, exercises, Room()), exercises)
        else:
            for file in own:
                name = "" if file.problem else "/".join(file.parts).removesuffix(".ipynb")
                text = file.problem or file.owner.doubt
                yield Submission(file.owner, name, file.where, status="unreadable", message=text, place=place)


def _few(found: Iterator[Submission], exercises: list[str]) -> Iterator[Submission]:
    """What a student handed in; of notebooks that no exercise has the name of, so many, and one row for the rest."""
    odd = []
    for one in found:
        if one.exercise and one.exercise not in exercises:
            odd.append(one)
            if len(odd) > MOST_ODD:
                continue
        yield one
    if len(odd) > MOST_ODD:
        more = len(odd) - MOST_ODD
        text = f"No exercise has the names of {more} more notebooks."
        yield replace(odd[-1], exercise=f"{more} more", content="", status="unreadable", message=text)


def _settled(owner: Owner, roster: Roster) -> Owner:
    """The owner, by the name that the roster has."""
    if person := roster.whose(owner):
        return replace(owner, student=person.student)
    if roster.several(owner):
        text = f"Several people on the roster are called {owner.student}. A line with Aliases tells them apart."
        return replace(owner, student="", doubt=text)
    return replace(owner, student=clean(owner.student))


def _student(
    files: list[File], place: Path, exercises: list[str], room: Room, archive: str = ""
) -> Iterator[Submission]:
    """The notebooks of one student, in files or in an archive, and a row for what is none."""
    others, known, count = [], set(), 0
    for file in files:
        found = Submission(file.owner, "", file.where, file.time, place=place)
        if file.problem:
            count += 1
            yield replace(found, status="unreadable", message=file.problem)
        elif file.name:
            for one in _file(found, file, exercises, room):
                if one.status == OTHER:
                    others.append(one)
                else:
                    count += 1
                    known.add(one.exercise)
                    yield one
    for one in others:
        if one.exercise and one.exercise not in known:
            count += 1
            known.add(one.exercise)
            yield replace(one, status="unreadable", message=_none(_name(one)))
    if not count:
        names = ", ".join(map(_name, others[:NAMED]))
        text = f"{archive} holds no notebook" if archive else "The folder has no notebook"
        if any(_name(one).lower().endswith(OTHER_ARCHIVES) for one in others[:NAMED]):
            names = f"{names} (of archives, .zip alone is opened)"
        if names:
            text = f"{text}, but {names}" if archive else f"There is no notebook, but {names}"
        yield replace(found, exercise="", status="empty", message=f"{text}.")


def _name(one: Submission) -> str:
    return PurePosixPath(one.where[-1]).name


def _none(name: str) -> str:
    """What to say of a file that is no notebook."""
    if name.lower().endswith(OTHER_ARCHIVES):
        return (
            f"{name} is an archive that is not opened. What is handed in is the notebook (.ipynb), or a .zip of it."
        )
    return f"{name} is no notebook. What is handed in is the .ipynb itself."


def _file(found: Submission, file: File, exercises: list[str], room: Room) -> Iterator[Submission]:
    """The notebook, or those in a student's archive; or one line with the status OTHER."""
    name, low = file.name, file.name.lower()
    said = read_name(name, exercises)
    found = replace(found, copy=said.copy)
    try:
        if low.endswith(".zip"):
            room.take(min(file.size, untrusted.LARGEST_ARCHIVE))
            if len(found.where) > 2:
                text = f"{name}: an archive within an archive within an archive."
                yield replace(found, status="unreadable", message=text)
            else:
                yield from _archive(found, file, exercises, room)
        elif low.endswith(".ipynb"):
            room.take(min(file.size, untrusted.LARGEST))
            yield _notebook(found, said.exercise or clean(name[: -len(".ipynb")]), file, exercises)
        else:
            yield _other(found, said.exercise, file, exercises, room)
    except FullError as full:
        yield replace(found, status="unreadable", message=f"{name}: {full}")


def _other(found: Submission, known: str, file: File, exercises: list[str], room: Room) -> Submission:
    """A file of another name: a notebook if that is what it holds, as where a browser added an ending."""
    other = replace(found, exercise=known, status=OTHER)
    if not known and ".ipynb" not in file.name.lower() and PurePosixPath(file.name).suffix:
        return other
    room.take(min(file.size, untrusted.LARGEST))
    with contextlib.suppress(UnreadableError):
        data = file.read()
        if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{" and b'"cells"' in data:
            return _notebook(found, known or file.name, replace(file, read=lambda: data), exercises)
    return other


def _archive(found: Submission, file: File, exercises: list[str], room: Room) -> Iterator[Submission]:
    try:
        with untrusted.unpacked(io.BytesIO(file.read()), untrusted.LARGEST_ARCHIVE) as archive:
            files = [replace(one, owner=found.owner) for one in _members(archive, found.where)]
            nothing = File(("",), found.where, owner=found.owner)
            yield from _student(files or [nothing], found.place, exercises, room, file.name)
    except UnreadableError as error:
        yield replace(found, status="unreadable", message=f"{file.name}: {error}")


def _notebook(found: Submission, name: str, file: File, exercises: list[str]) -> Submission:
    found = replace(found, exercise=name)
    try:
        content = hashlib.sha256(file.read()).hexdigest()
    except UnreadableError as error:
        return replace(found, status="unreadable", message=str(error))
    if name not in exercises:
        text = ", ".join(f"{known}.ipynb" for known in exercises)
        text = f"No exercise has this name. These are known: {text}."
        found = replace(found, status="unreadable", message=text)
    return replace(found, content=content)


def _wanted(name: str) -> bool:
    return name == ".." or (not name.startswith(".") and name not in SKIPPED)


def _folder(root: Path) -> Iterator[File]:
    """What lies in the folder of a class. Each folder in it may hold so much; if there is but one, each in that."""
    names, outer = _names(root), ()
    while len(names) == 1 and len(outer) < DEEPEST:
        inner = root.joinpath(*outer, *names)
        if inner.is_symlink() or not inner.is_dir() or not (deeper := _listed(inner)):
            break
        outer, names = (*outer, *names), deeper
    for name in names:
        yield from _below(root, (*outer, name))


def _names(folder: Path) -> list[str]:
    return sorted(n for n in os.listdir(folder) if _wanted(n))


def _listed(folder: Path) -> list[str]:
    """The names in a folder; none if it cannot be opened."""
    with contextlib.suppress(OSError):
        return _names(folder)
    return []


def _below(root: Path, top: tuple[str, ...]) -> Iterator[File]:
    """The files at a path and below; links to folders are not followed."""
    waiting, count, problems, found = [top], 0, [], False
    while waiting and count <= untrusted.MOST:
        parts = waiting.pop()
        path = root.joinpath(*parts)
        try:
            folder = path.is_dir() and path.suffix.lower() != ".ipynb"
            if folder and path.is_symlink():
                problems += ["It is a symbolic link, and no folder."] * (parts == top)
            elif folder and len(parts) - len(top) > DEEPEST:
                problems = [f"Folders within each other, more than {DEEPEST}; the inner ones are not searched."]
            elif folder:
                names = _names(path)
                count += len(names)
                waiting += [(*parts, name) for name in reversed(names)]
            else:
                found = True
                size, time = _state(path)
                yield File(tuple(map(clean, parts)), (path,), size, time, partial(untrusted.content, path))
        except OSError as error:
            problems.append(f"The folder is not opened: {error.strerror}.")
    if count > untrusted.MOST:
        problems.append(f"The folder holds more than {untrusted.MOST} files; not all are searched.")
    if problems or not found:
        yield File((*map(clean, top), ""), (root.joinpath(*top),), problem=problems[0] if problems else "")


def _state(file: Path) -> tuple[int, str]:
    """The size of a file, and when it was changed, as far as both are known."""
    try:
        status = file.stat(follow_symlinks=False)
        return status.st_size, datetime.fromtimestamp(status.st_mtime).isoformat()
    except OSError:  # it is gone; whoever reads it says so
        return 0, ""
    except (ValueError, OverflowError):  # after the year 9999
        return status.st_size, ""


def _members(archive: ZipFile, where: tuple[Path | str, ...]) -> list[File]:
    """What an archive holds, in the order of the names."""
    files, folders = [], {}
    for name, shown in sorted(untrusted.readable(archive).items(), key=lambda pair: pair[1]):
        parts = tuple(clean(part) for part in shown.split("/") if part not in ("", "."))
        entry = archive.getinfo(name)
        problem = ""
        if untrusted.leads_out(shown):
            parts = ("", *parts) if shown[0] == "/" else parts
            problem = f"{PurePosixPath(where[-1]).name}: Its entry {shown!r:.60} leads out of it."
            parts = ("",) if untrusted.leads_out(parts[0]) else parts
        elif not all(map(_wanted, parts)) or not parts:
            continue
        elif max(map(len, parts)) > LONGEST_NAME:
            problem = f"Its name is longer than the {LONGEST_NAME} characters that a disk takes."
        elif shown.endswith("/"):
            folders[*parts[:DEEPEST], ""] = (*where, name)
            continue
        parts = tuple(part if len(part) <= LONGEST_NAME else f"{part[:99]}…{part[-99:]}" for part in parts)
        parts = parts if len(parts) <= DEEPEST else (*parts[: DEEPEST - 1], parts[-1])
        read = partial(untrusted.entry, archive, name)
        files.append(File(parts, (*where, name), entry.file_size, _time(entry), read, problem))
    full = {file.parts[:n] for file in files for n in range(len(file.parts))}
    empty = [File(parts, place) for parts, place in folders.items() if parts[:-1] not in full]
    return sorted(files + empty, key=lambda file: file.parts)


def _time(entry: ZipInfo) -> str:
    try:
        return datetime(*entry.date_time).isoformat()
    except ValueError:
        return ""
