"""Whose a notebook is, and which exercise, from the name that a person or a learning platform gave it.

Only the outermost part of a path says whose it is: what lies deeper was named
by the student, who may have chosen somebody else's name. It is read as one of
these, the first that fits:

- Canvas: ``NAME_[LATE_]USER_FILE_…``, USER and FILE numbers; in an anonymous
  assignment ``[LATE_]anon_CODE_FILE_…``.
- Moodle: ``NAME_NUMBER_assignsubmission_file…``, a folder or a file.
- GitHub Classroom: ``SLUG-USER/…`` in a folder ``SLUG-submissions``.
- a folder: ``NAME/…``.
- a file: what stands before the exercise's name, ``NAME - EXERCISE.ipynb`` as
  Google Classroom calls its copies, ``NAME_EXERCISE.ipynb``.

Canvas and Moodle compose their names so in lib/content_zipper.rb and
mod/assign/classes/downloader.php, GitHub in gh-classroom's student-repos.go.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

# Non-greedy: what a student named stands behind, and Canvas leaves no number
# between underscores in a name.
CANVAS = re.compile(
    r"(?P<name>.+?)(?P<late>_LATE)?(?P<user>_\d+)_(?P<file>\d+)_"
    r"|(?P<late_too>LATE_)?(?P<anonymous>anon_[^_]+)_(?P<file_too>\d+)_"
)
MOODLE = re.compile(r"(?P<name>.+?_(?P<user>\d+))_assignsubmission_file")
AGAIN = re.compile(r"[ _-]*\(?(\d{1,3})\)?")  # "… (1)", "…-2"
COPY = re.compile(r"(copy of|kopie von)\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Owner:
    """Who handed something in.

    Attributes:
        student: the name, with the platform's number at its end, because
            names repeat; "" if it is not said.
        user: the platform's number of the student, or "".
        late: whether the platform marked it so.
        file: the platform's number of the file; it grows.
    """

    student: str
    user: str = ""
    late: bool = False
    file: int = 0


def owner(path: PurePosixPath, exercises: list[str], slug: str = "") -> Owner:
    """Who handed in what lies at this path.

    Args:
        path: as the instructor's folder or the platform's archive has it.
        exercises: the names that are known.
        slug: of GitHub Classroom's assignment, if it is one.
    """
    first, *rest = path.parts
    if found := CANVAS.match(first):
        user, file = found["user"] or "", found["file"] or found["file_too"]
        name = found["anonymous"] or found["name"] + user
        late = bool(found["late"] or found["late_too"])
        return Owner(name, user.strip("_"), late, int(file))
    if found := MOODLE.match(first):
        return Owner(found["name"], found["user"])
    if rest:
        return Owner(first.removeprefix(f"{slug}-") if slug else first)
    known, _ = exercise(path.stem, exercises)
    before = path.stem.partition(known)[0] if known else path.stem
    return Owner(COPY.sub("", before).strip(" _-"))


def exercise(stem: str, exercises: list[str]) -> tuple[str, int]:
    """Which exercise a file is, "" if none, and which copy of it.

    Args:
        stem: the file's name, without .ipynb.
        exercises: the names that are known.
    """
    for name in exercises:
        if name in stem:
            again = AGAIN.fullmatch(stem.rpartition(name)[2])
            return name, int(again[1]) if again else 0
    return "", 0
