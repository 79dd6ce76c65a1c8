"""The gradebook of a class: a folder with all grades in an SQLite file, and the secret salt of its hidden cases.

A grade belongs to a student, an exercise, the bytes that were handed in, the
tests and the salt. A submission is written as a whole or not at all, as soon
as it is graded: whatever ends the program, the same command goes on.
"""

import hashlib
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rnn2attn_grading.submissions.discovery import Submission

KEY = "student, exercise, content, tests, salt"
TABLES = f"""
CREATE TABLE IF NOT EXISTS handed_in (
    student, exercise, content, place, user, time, late, file, copy,
    PRIMARY KEY (student, exercise, content, place)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS graded (
    student, exercise, content, tests, salt, time, printed, shingles, final,
    PRIMARY KEY ({KEY})
);
CREATE TABLE IF NOT EXISTS grades (
    student, exercise, content, tests, salt, position,
    question, points, most, status, message, hint,
    PRIMARY KEY ({KEY}, position),
    FOREIGN KEY ({KEY}) REFERENCES graded ON DELETE CASCADE
) WITHOUT ROWID;
"""
# Of each student and exercise the newest that was handed in, and of that the
# newest grade. A place without a notebook counts only for who has none.
COUNTING = """
WITH newest AS (
    SELECT *, row_number() OVER (
        PARTITION BY student, exercise
        ORDER BY file DESC, time DESC, copy DESC, place DESC
    ) AS rank, count(*) OVER (PARTITION BY student, exercise) AS versions,
    max(exercise) OVER (PARTITION BY student) AS any
    FROM handed_in
), latest AS (
    SELECT *, row_number() OVER (
        PARTITION BY student, exercise, content ORDER BY time DESC
    ) AS rank FROM graded
)
"""


@dataclass(frozen=True)
class Line:
    """What one function of a submission earned.

    Attributes:
        question: number and name of the function; "" if no test was made.
        points: that it earned.
        most: that it could earn.
        status: see the page for instructors.
        message: for the instructor.
        hint: for the learner.
    """

    question: str
    points: int
    most: int
    status: str
    message: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Result:
    """What a submission earned.

    Attributes:
        student: who handed it in.
        exercise: its name.
        content: hash of its bytes.
        tests: version of the tests.
        lines: see `Line`.
        printed: what it printed.
        shingles: see `similarity`.
        final: whether it need not be graded again.
    """

    student: str
    exercise: str
    content: str
    tests: str
    lines: tuple[Line, ...]
    printed: bytes = b""
    shingles: bytes = b""
    final: bool = True


class Gradebook:
    """To be closed: ``with Gradebook(folder) as book``.

    Args:
        folder: where it lies; it is made if there is none, for its owner
            alone.

    Attributes:
        secret: the salt.

    Raises:
        ValueError: the salt's file is empty, or the gradebook is none.
    """

    def __init__(self, folder: Path):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.secret = salt(folder)
        self._salt = hashlib.sha256(self.secret.encode()).hexdigest()[:16]
        path = folder / "gradebook.sqlite"
        self._lock = threading.Lock()
        self._file = sqlite3.connect(path, check_same_thread=False)
        try:
            self._file.executescript(f"PRAGMA foreign_keys = ON;{TABLES}")
        except sqlite3.DatabaseError as error:
            self._file.close()
            raise ValueError(f"{path} is no gradebook: {error}.") from None
        path.chmod(0o600)

    def __enter__(self) -> "Gradebook":
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def keep(self, submissions: Iterable[Submission]) -> None:
        """Note what was handed in. Nothing that was noted is forgotten."""
        rows = (
            (
                text(one.student), text(one.exercise), one.content,
                text("/".join(map(str, one.where))), one.owner.user,
                one.time, one.owner.late, one.owner.file, one.copy,
            )
            for one in submissions
        )  # fmt: skip
        with self._lock, self._file:
            self._file.executemany(f"INSERT OR REPLACE INTO handed_in VALUES ({marks(9)})", rows)

    def holds(self, one: Submission, tests: str) -> bool:
        """Whether a submission has its grade."""
        names = text(one.student), text(one.exercise)
        found = self._file.execute(
            f"SELECT 1 FROM graded WHERE final AND ({KEY}) = ({marks(5)})", (*names, one.content, tests, self._salt)
        )
        return found.fetchone() is not None

    def record(self, result: Result) -> None:
        """Write what a submission earned, in place of what it had; all of it or nothing."""
        names = text(result.student), text(result.exercise)
        key = (*names, result.content, result.tests, self._salt)
        now = datetime.now(UTC).isoformat()
        rest = result.printed, result.shingles, result.final
        with self._lock, self._file:
            self._file.execute(f"DELETE FROM graded WHERE ({KEY}) = ({marks(5)})", key)
            self._file.execute(f"INSERT INTO graded VALUES ({marks(9)})", (*key, now, *rest))
            self._file.executemany(
                f"INSERT INTO grades VALUES ({marks(12)})",
                ((*key, n, *astuple(li)) for n, li in enumerate(result.lines)),
            )

    def counting(self) -> list[dict]:
        """What counts: a row for each line of each student's newest submission of each exercise.

        The keys: student, exercise, user, late, versions, question, points,
        most, status, message, hint.
        """
        return self._rows(
            f"""{COUNTING} SELECT n.student, n.exercise, n.user, n.late,
            n.versions, question, points, most, status, message, hint
            FROM newest n JOIN latest USING (student, exercise, content)
            JOIN grades g USING ({KEY})
            WHERE n.rank = 1 AND latest.rank = 1
            AND (n.exercise != '' OR n.any = '')
            ORDER BY n.student, n.exercise, g.position"""
        )

    def kept(self, column: str) -> Iterable[dict]:
        """The same submissions, one at a time, with their exercise and a column of `Result`: printed, shingles."""
        return self._each(
            f"""{COUNTING} SELECT n.student, n.exercise, latest.{column}
            FROM newest n JOIN latest USING (student, exercise, content)
            WHERE n.rank = 1 AND latest.rank = 1
            ORDER BY n.exercise, n.student"""
        )

    def _rows(self, question: str) -> list[dict]:
        return list(self._each(question))

    def _each(self, question: str) -> Iterable[dict]:
        found = self._file.execute(question)
        names = [name for name, *_ in found.description]
        for row in found:
            yield dict(zip(names, row, strict=True))


def text(name: str) -> str:
    """A name as it can be stored: a byte that is not UTF-8 is shown."""
    return name.encode("utf-8", "backslashreplace").decode()


def marks(count: int) -> str:
    """So many places in a statement."""
    return ", ".join("?" * count)


def salt(folder: Path) -> str:
    """The secret of a class, from the file ``salt``; drawn if there is none.

    Raises:
        ValueError: the file is empty.
    """
    path = folder / "salt"
    if not path.exists():
        # Whole or not at all, as all that is written here.
        new = folder / f".salt-{secrets.token_hex(4)}"
        number = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(number, "w") as file:
            file.write(f"{secrets.token_hex(16)}\n")
        os.replace(new, path)
    secret = path.read_text("utf-8").strip()
    if not secret:
        raise ValueError(f"{path} is empty. Write a secret text, or remove it.")
    return secret
