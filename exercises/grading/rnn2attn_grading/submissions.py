"""What was handed in: SUBMISSIONS/STUDENT/EXERCISE.ipynb, read without trust in a byte of it."""

import errno
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LARGEST = 20 << 20  # bytes of a notebook; pictures make one large


class Unreadable(Exception):
    """A notebook that cannot be read; the text says why."""


@dataclass(frozen=True)
class Submission:
    """One notebook, or the place where one should be.

    Attributes:
        student: the name of the folder.
        exercise: the name of the file, without .ipynb; "" if there is none.
        path: of the file.
        status: of a submission that is not opened, with a message.
        message: why it is not.
    """

    student: str
    exercise: str
    path: Path
    status: str = ""
    message: str = ""


def submitted(folder: Path) -> Iterator[Submission]:
    """All that was handed in, in the order of the names. Names that begin with a dot are passed over.

    Args:
        folder: it has a folder for each student.

    Raises:
        NotADirectoryError: there is no such folder.
    """
    for student in _names(folder):
        path = folder / student
        names, status = [], "unreadable"
        message = "It is no folder; one for each student is expected."
        if path.is_dir() and not path.is_symlink():
            try:
                names = [n for n in _names(path) if n.endswith(".ipynb")]
                status, message = "empty", "The folder has no notebook."
            except OSError as error:
                message = f"The folder is not opened: {error.strerror}."
        for name in names:
            exercise = name.removesuffix(".ipynb")
            yield Submission(student, exercise, path / name)
        if not names:
            yield Submission(student, "", path, status, message)


def _names(folder: Path) -> list[str]:
    names = os.listdir(folder)
    return sorted(name for name in names if not name.startswith("."))


def cells(path: Path) -> list[str]:
    """The code of a notebook, cell by cell.

    Names, tags and all other metadata may be lost: only the list of the cells,
    their kind and their text are looked at.

    Raises:
        Unreadable: it is no regular file, too large, not UTF-8, not JSON, or
            no notebook.
    """
    try:
        notebook = json.loads(_text(path))
    except OSError as error:
        link = error.errno == errno.ELOOP
        why = "it is a symbolic link" if link else error.strerror
        raise Unreadable(f"It is not opened: {why}.") from None
    except UnicodeDecodeError:
        raise Unreadable("It is not UTF-8.") from None
    except RecursionError:
        raise Unreadable("It is nested too deeply.") from None
    except ValueError:
        raise Unreadable("It is not JSON.") from None
    kept = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(kept, list):
        raise Unreadable("It is JSON, and no notebook of format 4.")
    sources = [cell.get("source") for cell in kept if _is_code(cell)]
    return [
        source if isinstance(source, str) else _joined(source)
        for source in sources
    ]


def _is_code(cell: object) -> bool:
    return isinstance(cell, dict) and cell.get("cell_type") == "code"


def _joined(lines: object) -> str:
    lines = lines if isinstance(lines, list) else []
    return "".join(line for line in lines if isinstance(line, str))


def _text(path: Path) -> str:
    # Neither through a link nor waiting for a pipe's other end.
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(number, "rb") as file:
        status = os.fstat(number)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("It is no regular file.")
        if status.st_size > LARGEST:
            raise Unreadable(f"It is larger than {LARGEST >> 20} MiB.")
        return file.read(LARGEST).decode("utf-8-sig")
