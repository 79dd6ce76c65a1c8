"""The gradebook of a class: a folder with all grades in an SQLite file, and the secret salt of its hidden cases.

A grade belongs to a student, an exercise, the bytes that were handed in, the
tests and the salt. A submission is written as a whole or not at all, as soon
as it is graded: whatever ends the program, the same command goes on. Only if
the machine itself stops, the last ones may have to be graded once more: to
wait for the disk each time would take longer than to grade.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rnn2attn_grading.grading.lateness import Rule
from rnn2attn_grading.submissions.discovery import Submission
from rnn2attn_grading.submissions.roster import Person

KEY = "student, exercise, content, tests, salt"
SCHEMA = 2  # of the tables; another number is another program's
TABLES = f"""
PRAGMA foreign_keys = ON;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA user_version = {SCHEMA};
CREATE TABLE IF NOT EXISTS handed_in (
    student, exercise, content, path, place, present, age, user, platform, late, time,
    PRIMARY KEY (student, exercise, content, path)
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
CREATE TABLE IF NOT EXISTS under_way (student, exercise, content, PRIMARY KEY (student, exercise, content));
CREATE TABLE IF NOT EXISTS roster (student, canvas, moodle, sis, login, section, email, aliases);
CREATE TABLE IF NOT EXISTS rules (exercise, student, due, percent, days, handed_in);
CREATE TABLE IF NOT EXISTS decisions (kind, student, exercise, question, points, reason, who, time);
"""
ASIDE = "set aside"  # the status of what brought the program down
SHOWN = re.compile(
    r"[\ud800-\udfff]|\\ud[89a-f][0-9a-f]{2}"
)  # a byte that is not UTF-8, or what looks like one shown
# Of each student and exercise the newest that is there, or if there is none
# any more, that was; see `Submission.age`. And of that the newest grade. A
# place without a notebook counts only for who has none.
COUNTING = """
WITH newest AS (
    SELECT *, row_number() OVER (
        PARTITION BY student, exercise
        ORDER BY present DESC, age DESC
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


@dataclass(frozen=True)
class Decision:
    """What an instructor decided.

    Attributes:
        kind: override, withdrawn (an override), or regrade.
        student: of whom.
        exercise: of which exercise; "" for all of the student's.
        question: of which function, its name; "" for all of the exercise.
        points: that it gets by an override.
        reason: why.
        who: decided it.
        time: when, in ISO 8601.
    """

    kind: str
    student: str
    exercise: str
    question: str
    points: float
    reason: str
    who: str
    time: str

    def __str__(self) -> str:
        said = {
            "override": f"Set to {self.points:g}",
            "withdrawn": "Set to what was judged",
            "regrade": "Graded again",
        }
        did = said[self.kind]
        return f"{did} by {self.who} on {self.time[:10]}: {self.reason.rstrip('.')}."


class Gradebook:
    """To be closed: ``with Gradebook(folder) as book``. Until then nobody else can open it.

    Args:
        folder: where it lies; it is made if there is none, for its owner
            alone.

    Attributes:
        secret: the salt.

    Raises:
        ValueError: another program has it open; the salt's file is empty or
            missing; the gradebook is none, damaged, or another program's.
        OSError: the folder cannot be made or written.
    """

    def __init__(self, folder: Path):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / "gradebook.sqlite"
        self._lock = threading.Lock()
        with contextlib.ExitStack() as stack:
            stack.enter_context(alone(folder))
            try:
                self._file = sqlite3.connect(path, check_same_thread=False)
                stack.callback(self._file.close)
                tables = self._file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
                schema = self._file.execute("PRAGMA user_version").fetchone()[0]
                if tables and schema != SCHEMA:
                    text = (
                        "was written by another version of this program. Move it away: the same command grades anew."
                    )
                    raise ValueError(f"{path} {text}")
                if (found := self._file.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                    raise sqlite3.DatabaseError(found)
                self.secret = salt(folder, new=not tables)
                self._salt = hashlib.sha256(self.secret.encode()).hexdigest()[:16]
                path.chmod(0o600)  # and so is what SQLite keeps beside it
                self._file.executescript(TABLES)
            except sqlite3.OperationalError as error:  # the disk is full, or it may not be written
                raise OSError(None, str(error), str(path)) from None
            except sqlite3.DatabaseError as error:
                text = "is no gradebook, or a damaged one"
                raise ValueError(f"{path} {text}: {error}. Put a copy of it back, or move it away.") from None
            self._closing = stack.pop_all()

    def __enter__(self) -> "Gradebook":
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.close()

    def keep(self, submissions: Iterable[Submission], places: Iterable[Path]) -> None:
        """Note what was handed in.

        What was noted before and is not there any more counts only for who has
        nothing else, and only if it was read.

        Args:
            submissions: all that lies in the places.
            places: folders and archives of the class.
        """
        rows = (
            (
                text(one.student), text(one.exercise), one.content, _path(one), _place(one.place), True,
                text(one.age), one.owner.user, one.owner.platform, one.owner.late, one.handed_in,
            )
            for one in submissions
        )  # fmt: skip
        anew = [*places, *(place for place in self.places() if not place.exists())]
        with self._lock, self._file:
            self._file.executemany("UPDATE handed_in SET present = 0 WHERE place = ?", [(_place(p),) for p in anew])
            self._file.executemany(f"INSERT OR REPLACE INTO handed_in VALUES ({marks(11)})", rows)
            # The same bytes at the same path: a roster now says whose they are.
            self._file.execute(
                """UPDATE decisions SET student = ifnull((
                    SELECT min(new.student) FROM handed_in AS old JOIN handed_in AS new USING (path, content)
                    WHERE old.student = decisions.student AND content != '' AND new.present AND NOT old.present
                ), student)"""
            )
            # The same bytes of the same student, in a place that has moved, are no other version.
            self._file.execute(
                """DELETE FROM handed_in WHERE NOT present AND (content = '' OR (path, content) IN (
                    SELECT path, content FROM handed_in WHERE present
                ) OR (student, exercise, content) IN (
                    SELECT student, exercise, content FROM handed_in WHERE present
                ))"""
            )

    def holds(self, one: Submission, tests: str) -> bool:
        """Whether a submission has its grade."""
        return self._is_final((text(one.student), text(one.exercise), one.content, tests, self._salt))

    def _is_final(self, key: tuple[str, ...]) -> bool:
        found = self._file.execute(f"SELECT 1 FROM graded WHERE final AND ({KEY}) = ({marks(5)})", key)
        return found.fetchone() is not None

    def begin(self, one: Submission) -> None:
        """Note that a submission is under way, until it is recorded: if the program ends meanwhile, it may be why."""
        with self._lock, self._file:
            self._file.execute(
                f"INSERT OR REPLACE INTO under_way VALUES ({marks(3)})",
                (text(one.student), text(one.exercise), one.content),
            )

    def suspects(self, submissions: Iterable[Submission]) -> list[Submission]:
        """Which of them were under way when the program came to no end, or are set aside because of that."""
        aside = f"""SELECT 1 FROM under_way WHERE (student, exercise, content) = ({marks(3)}) UNION ALL
            SELECT 1 FROM grades WHERE status = '{ASIDE}' AND (student, exercise, content) = ({marks(3)})"""
        return [
            one for one in submissions
            if self._file.execute(aside, 2 * (text(one.student), text(one.exercise), one.content)).fetchone()
        ]  # fmt: skip

    def end(self) -> None:
        """Note that nothing is under way any more."""
        with self._lock, self._file:
            self._file.execute("DELETE FROM under_way")

    def record(self, result: Result) -> None:
        """Write what a submission earned, in place of what it had; all of it or nothing.

        What it earned stays, if this time it was not judged.
        """
        names = text(result.student), text(result.exercise)
        key = (*names, result.content, result.tests, self._salt)
        now = datetime.now(UTC).isoformat()
        rest = result.printed, result.shingles, result.final
        with self._lock, self._file:
            self._file.execute(f"DELETE FROM under_way WHERE (student, exercise, content) = ({marks(3)})", key[:3])
            if not result.final and self._is_final(key):
                return
            self._file.execute(f"DELETE FROM graded WHERE ({KEY}) = ({marks(5)})", key)
            self._file.execute(f"INSERT INTO graded VALUES ({marks(9)})", (*key, now, *rest))
            self._file.executemany(
                f"INSERT INTO grades VALUES ({marks(12)})",
                ((*key, n, *astuple(li)) for n, li in enumerate(result.lines)),
            )

    def counting(self, *, all_of_them: bool = True) -> list[dict]:
        """What counts: a row for each line of each student's newest submission of each exercise.

        The keys: student, exercise, user, platform, late, time (when it was
        handed in), graded (when that was), versions, question, points, most, status, message, hint.

        Args:
            all_of_them: also what has no grade yet.
        """
        return self._rows(
            f"""{COUNTING} SELECT n.student, n.exercise, n.user, n.platform, n.late, n.time, n.versions,
            ifnull(latest.time, '') AS graded,
            ifnull(question, '') AS question, ifnull(points, 0) AS points, ifnull(most, 0) AS most,
            ifnull(status, 'not graded') AS status,
            ifnull(message, 'It is not graded yet.') AS message, ifnull(hint, 'It is not graded yet.') AS hint
            FROM newest n
            LEFT JOIN latest ON latest.rank = 1
            AND (latest.student, latest.exercise, latest.content) = (n.student, n.exercise, n.content)
            LEFT JOIN grades g ON (g.student, g.exercise, g.content, g.tests, g.salt)
            = (latest.student, latest.exercise, latest.content, latest.tests, latest.salt)
            WHERE n.rank = 1 AND (n.exercise != '' OR n.any = '') AND (? OR g.status IS NOT NULL)
            ORDER BY n.student, n.exercise, g.position""",
            all_of_them,
        )

    def judged(self, exercise: str, tests: str) -> dict[str, list[Line]]:
        """The grades of an exercise that are final, with these tests and this salt: content → its lines."""
        found = {}
        for row in self._each(
            f"""SELECT student, content, question, points, most, status, message, hint
            FROM grades JOIN graded USING ({KEY})
            WHERE final AND (exercise, tests, salt) = (?, ?, ?) ORDER BY student, content, position""",
            exercise, tests, self._salt,
        ):  # fmt: skip
            found.setdefault((row.pop("content"), row.pop("student")), []).append(Line(**row))
        return {content: lines for (content, _), lines in found.items()}

    def settle(self, people: Iterable[Person]) -> None:
        """Keep the roster, in place of the last one."""
        self._replace("roster", people)

    def roster(self) -> list[Person]:
        """Who is in the class, as far as that was said."""
        return [Person(**row) for row in self._rows("SELECT * FROM roster")]

    def rule(self, rules: Iterable[Rule]) -> None:
        """Keep the deadlines, in place of the last ones."""
        self._replace("rules", rules)

    def rules(self) -> list[Rule]:
        """The deadlines."""
        return [Rule(**row) for row in self._rows("SELECT * FROM rules")]

    def decide(self, one: Decision) -> None:
        """Keep what was decided. Nothing that was decided is forgotten."""
        with self._lock, self._file:
            self._file.execute(f"INSERT INTO decisions VALUES ({marks(8)})", astuple(one))

    def decisions(self) -> list[Decision]:
        """What was decided, the last at the end."""
        return [Decision(**row) for row in self._rows("SELECT * FROM decisions ORDER BY rowid")]

    def places(self) -> list[Path]:
        """The folders and archives in which something lies that was handed in."""
        return [Path(row["place"]) for row in self._rows("SELECT DISTINCT place FROM handed_in WHERE present")]

    def _replace(self, table: str, rows: Iterable[Person | Rule]) -> None:
        with self._lock, self._file:
            self._file.execute(f"DELETE FROM {table}")
            for row in map(astuple, rows):
                self._file.execute(f"INSERT INTO {table} VALUES ({marks(len(row))})", row)

    def students(self) -> set[str]:
        """Who handed in anything."""
        return {row["student"] for row in self._rows("SELECT DISTINCT student FROM handed_in")}

    def kept(self, column: str) -> Iterable[dict]:
        """The same submissions, one at a time, with their exercise and a column of `Result`: printed, shingles."""
        return self._each(
            f"""{COUNTING} SELECT n.student, n.exercise, latest.{column}
            FROM newest n JOIN latest USING (student, exercise, content)
            WHERE n.rank = 1 AND latest.rank = 1
            ORDER BY n.exercise, n.student"""
        )

    def _rows(self, question: str, *values: object) -> list[dict]:
        return list(self._each(question, *values))

    def _each(self, question: str, *values: object) -> Iterable[dict]:
        found = self._file.execute(question, values)
        names = [name for name, *_ in found.description]
        for row in found:
            yield dict(zip(names, row, strict=True))


def text(name: str) -> str:
    """A name as it can be stored, and no other so: a byte that is not UTF-8 is shown."""
    if SHOWN.search(name):
        name = name.replace("\\", "\\\\")
    return name.encode("utf-8", "backslashreplace").decode()


def _place(place: Path) -> str:
    return text(str(place.resolve()))


def _path(one: Submission) -> str:
    """Where it is, however the place was called: from another folder, or by a decision, it is called otherwise."""
    return text("/".join([os.path.abspath(one.where[0]), *map(str, one.where[1:])]))


def marks(count: int) -> str:
    """So many places in a statement."""
    return ", ".join("?" * count)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let no other program work in this folder, as long as this one lives. ValueError: one does."""
    number = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = "Another program works with the results in"
            raise ValueError(f"{text} {folder}. Wait until it has ended, then give the same command.") from None
        except OSError as error:  # not every disk of a network has locks for folders
            if error.errno not in (errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.ENOTSUP):
                raise
        yield
    finally:
        os.close(number)


def salt(folder: Path, *, new: bool = True) -> str:
    """The secret of a class, from the file ``salt``.

    Args:
        folder: with the file.
        new: whether it may be drawn, if there is none.

    Raises:
        ValueError: the file is empty, no text, or missing.
    """
    path = folder / "salt"
    if not path.exists():
        if not new:
            raise ValueError(
                f"{path} is missing, the secret with which gradebook.sqlite was graded. Put it back; "
                "or, to have all graded anew with another one, move gradebook.sqlite away."
            )
        # Whole or not at all, as all that is written here.
        new = folder / f".salt-{secrets.token_hex(4)}"
        number = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(number, "w") as file:
            file.write(f"{secrets.token_hex(16)}\n")
        os.replace(new, path)
    secret = path.read_bytes().decode("utf-8", "replace").strip()
    if not secret or "\ufffd" in secret:
        text = "no text" if secret else "empty"
        raise ValueError(f"{path} is {text}. Put back what was there, or write a secret text.")
    return secret
