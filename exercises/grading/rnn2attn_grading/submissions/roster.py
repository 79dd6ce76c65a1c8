"""The roster of a class, from a CSV file: which names are whose, and who is there at all.

The columns are found by their heads, so that what Canvas exports as its
gradebook, and Moodle as an assignment's worksheet, is a roster as it is.
"""

import csv
import io
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from rnn2attn_grading.submissions.owners import Owner, clean

HEADS = {
    "student": "student", "name": "student", "full name": "student", "student name": "student",
    "first name": "first", "last name": "last", "surname": "last",
    "id": "canvas", "canvas id": "canvas", "identifier": "moodle", "moodle id": "moodle",
    "sis user id": "sis", "sid": "sis", "id number": "sis", "student id": "sis",
    "sis login id": "login", "login": "aliases", "username": "aliases", "github": "aliases",
    "section": "section", "email": "email", "email address": "email", "e-mail": "email",
    "aliases": "aliases", "alias": "aliases",
}  # fmt: skip


@dataclass(frozen=True)
class Person:
    """A line of the roster.

    Attributes:
        student: the name in all tables.
        canvas: number in Canvas.
        moodle: number of the participant in Moodle.
        sis: number in the school's own system.
        login: name with which this person logs in.
        section: of the course.
        email: address.
        aliases: other names, with ; between them.
    """

    student: str
    canvas: str = ""
    moodle: str = ""
    sis: str = ""
    login: str = ""
    section: str = ""
    email: str = ""
    aliases: str = ""


class Roster:
    """The people of a class, to be found by what platforms and file names call them.

    Args:
        people: in the order of the file.
    """

    def __init__(self, people: tuple[Person, ...] = ()):
        often = Counter(one.student for one in people)
        self.people = tuple(
            replace(one, student=f"{one.student}_{one.canvas or one.moodle or one.sis or one.login or one.email}")
            if often[one.student] > 1 else one
            for one in people
        )  # fmt: skip
        self._called: dict[tuple[str, str], set[Person]] = {}
        for before, one in zip(people, self.people, strict=True):
            for kind in ("canvas", "moodle", "sis"):
                self._call(kind, getattr(one, kind), one)
            for name in (before.student, one.student, one.login, one.email, *one.aliases.split(";")):
                self._call("name", _key(name), one)
            last, comma, first = before.student.partition(",")
            self._call("name", _key(first + last) if comma else "", one)

    def _call(self, kind: str, name: str, one: Person) -> None:
        if name:
            self._called.setdefault((kind, name), set()).add(one)

    def named(self, name: str) -> Person | None:
        """The one who is called so; nobody, where several are."""
        return self._only("name", _key(name))

    def whose(self, owner: Owner) -> Person | None:
        """The one whom a platform's number, an address or a name stands for."""
        kind = {"Canvas": "canvas", "Moodle": "moodle", "Gradescope": "sis"}.get(owner.platform, "")
        plain = owner.student.removesuffix(f"_{owner.user}")
        return (
            self._only(kind, owner.user) or self.named(owner.email) or self.named(owner.student) or self.named(plain)
        )

    def several(self, owner: Owner) -> bool:
        """Whether a name is that of more than one."""
        plain = owner.student.removesuffix(f"_{owner.user}")
        return any(len(self._called.get(("name", _key(name)), ())) > 1 for name in (owner.student, plain))

    def _only(self, kind: str, name: str) -> Person | None:
        found = self._called.get((kind, name), set())
        return next(iter(found)) if len(found) == 1 else None


def _key(name: str) -> str:
    """A name without what spellings differ in: case, spaces, signs."""
    return "".join(c for c in clean(name).casefold() if c.isalnum())


def read(path: Path) -> Roster:
    """The roster in a CSV file.

    Raises:
        ValueError: it cannot be read, or has no column with names.
    """
    people = []
    for row in rows(path):
        held = {}
        for head, value in row.items():
            kind = HEADS.get(head)
            if kind == "aliases":
                held[kind] = f"{held.get(kind, '')};{value}"
            elif kind:
                held.setdefault(kind, value)
        first, last = held.pop("first", ""), held.pop("last", "")
        name = held.pop("student", "") or f"{first} {last}".strip()
        if not name or name == "Points Possible":
            continue
        digits = "".join(c for c in held.pop("moodle", "") if c.isdigit())
        people.append(Person(clean(name), moodle=digits, **held))
    if not people:
        heads = "Student (or Name), and if you like ID, Email, Aliases"
        raise ValueError(f"{path} names nobody. It needs a line of heads with these: {heads}.")
    return Roster(tuple(people))


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, by their heads in small letters; in UTF-8, or as a Korean Excel writes it.

    Raises:
        ValueError: there is no such file, or it is no text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} is not opened: {error.strerror}.") from None
    for encoding in ("utf-8-sig", "cp949"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise ValueError(f"{path} is neither UTF-8 nor CP949.")
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    heads, *lines = [*reader] or [[]]
    heads = [head.strip().casefold() for head in heads]
    return [dict(zip(heads, (cell.strip() for cell in line), strict=False)) for line in lines if any(line)]
