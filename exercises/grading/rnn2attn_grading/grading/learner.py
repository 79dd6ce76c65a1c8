"""What a learner handed in, examined notebook by notebook."""

import functools
import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import rnn2attn.check
from rnn2attn_grading.grading import grader
from rnn2attn_grading.grading.gradebook import ASIDE, Line, Result
from rnn2attn_grading.grading.grader import Cases, Grade, examine
from rnn2attn_grading.questions import specification
from rnn2attn_grading.questions.chapters import CHAPTERS
from rnn2attn_grading.questions.specification import Part
from rnn2attn_grading.reports.similarity import shingles
from rnn2attn_grading.sandbox.bubblewrap import RefusedError
from rnn2attn_grading.sandbox.jail import GoneError, Jail
from rnn2attn_grading.sandbox.limits import Limits
from rnn2attn_grading.sandbox.process import KilledError
from rnn2attn_grading.submissions.discovery import Submission
from rnn2attn_grading.submissions.untrusted import UnreadableError, cells

EXERCISES = {chapter.stem: chapter for chapter in CHAPTERS}
_drawing = threading.Lock()


@dataclass(frozen=True)
class Settings:
    """What holds for the whole class.

    Attributes:
        secret: the salt.
        limits: of each submission.
    """

    secret: str
    limits: Limits


@dataclass(frozen=True)
class Learner:
    """What one learner handed in.

    Attributes:
        submissions: of which each is to be graded.
        data: their bytes, if they were read already.
    """

    submissions: tuple[Submission, ...]
    data: tuple[bytes | str, ...] = field(default=(), repr=False)

    def loaded(self) -> "Learner":
        """With the bytes, for a machine that has not got the files."""
        return Learner(self.submissions, tuple(map(_read, self.submissions)))


def _read(one: Submission) -> bytes | str:
    """Its bytes, or why they are not those that were handed in."""
    if one.status:
        return b""
    try:
        data = one.read()
    except UnreadableError as error:
        return f"It could not be read when its turn came: {error}"
    same = hashlib.sha256(data).hexdigest() == one.content
    return data if same else "It was changed while it waited."


def examined(
    learner: Learner, settings: Settings, jail: Jail, begin: Callable[[Submission], None] = lambda one: None
) -> Iterator[Result]:
    """Grade a learner's submissions.

    Args:
        learner: whose.
        settings: of the class.
        jail: where they run.
        begin: is told of each before it runs.

    Raises:
        RefusedError: a jail does not start.
        GoneError: jails end by themselves, or were stopped.
    """
    data = learner.data or map(_read, learner.submissions)
    for one, read in zip(learner.submissions, data, strict=True):
        if not one.status:
            begin(one)
        yield _result(one, read, settings, jail)


def set_aside(one: Submission) -> Result:
    """What a submission earns that brought the program down, more than once."""
    text = "It brought the grading down more than once. It is graded again only with --only or --regrade."
    hint = "It could not be graded. Ask whoever grades it."
    lines = _lines(one.exercise, lambda part: Grade(0, ASIDE, text, hint))
    return Result(one.student, one.exercise, one.content, version(one.exercise), lines)


def _lines(exercise: str, grade: Callable[[Part], Grade]) -> tuple[Line, ...]:
    """A line for each function of an exercise, with its grade."""
    return tuple(
        Line(
            f"{question.number} {part.name}", (got := grade(part)).points, part.points,
            got.status, got.message, got.hint,
        )
        for question in EXERCISES[exercise].questions
        for part in question.parts
    )  # fmt: skip


def _result(one: Submission, data: bytes | str, settings: Settings, jail: Jail) -> Result:
    status, message = one.status, one.message
    if not status and isinstance(data, str):
        status, message = "not graded", f"{data} The same command tries it again."
    key = one.student, one.exercise, one.content, version(one.exercise)
    if status and one.exercise not in EXERCISES:
        return Result(*key, (Line("", 0, 0, status, message, message),), final=False)
    hidden = drawn(one.exercise, settings.secret)
    names = frozenset(part.name for part in hidden)
    printed, marks, final = b"", b"", not status
    try:
        if status:
            raise UnreadableError(message)
        sources = cells(data)
        marks = shingles(sources, names)
        grades, printed = examine(sources, hidden, settings.limits, jail.process)
    except (RefusedError, GoneError):
        raise
    except UnreadableError as error:
        none = Grade(0, status or "unreadable", str(error), str(error))
        grades = dict.fromkeys(hidden, none)
    except KilledError:
        text = (
            "A run was killed from outside, as a machine does that is out of memory. The same command tries it again."
        )
        none = Grade(0, "not graded", text, "The grading was interrupted. It is not your fault.")
        grades, final = dict.fromkeys(hidden, none), False
    except Exception as error:  # ours, and no reason to stop the others
        text = f"The grading failed: {error!r}"
        none = Grade(0, "not graded", text, "The grading failed. It is not your fault.")
        grades, final = dict.fromkeys(hidden, none), False
    return Result(*key, _lines(one.exercise, grades.__getitem__), printed, marks, final)


@functools.cache
def version(exercise: str) -> str:
    """Of the tests of an exercise; another one when their code has changed. "" if there is no such exercise."""
    if exercise not in EXERCISES:
        return ""
    ours, check = Path(specification.__file__).parent, files(rnn2attn.check)
    folder = f"chapter{EXERCISES[exercise].number:02}"
    paths = [
        *sorted((ours / folder).rglob("*.py")),
        ours / "specification.py",
        ours / "drawing.py",
        Path(grader.__file__),
        *sorted(Path(str(check)).rglob("*.py")),
        Path(str(check), f"{folder}.json"),
    ]
    return hashlib.sha256(b"\0".join(p.read_bytes() for p in paths)).hexdigest()[:16]


def drawn(exercise: str, secret: str) -> dict[Part, Cases]:
    """The hidden cases of an exercise's functions, drawn once."""
    with _drawing:  # the references set PyTorch's defaults while they run
        return _drawn(exercise, secret)


@functools.cache
def _drawn(exercise: str, secret: str) -> dict[Part, Cases]:
    return {part: Cases(part.hidden(secret)) for part in EXERCISES[exercise].parts}
