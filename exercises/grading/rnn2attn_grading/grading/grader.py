"""The supervisor: it holds the tests and the references, and alone judges.

A notebook runs in a process of a jail, cell by cell; then its functions are
called by name on the hidden cases, and what comes back is compared here. If a
cell or a call takes the process down with it, another one runs the rest
without it.
"""

import contextlib
import functools
import keyword
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from rnn2attn.check import questions
from rnn2attn.check.calling import Answer, Error
from rnn2attn.check.judging import Case, Fault, judge
from rnn2attn_grading.questions.specification import Hidden, Part
from rnn2attn_grading.sandbox.inside.protocol import packed
from rnn2attn_grading.sandbox.limits import Limits
from rnn2attn_grading.sandbox.process import Process, StoppedError

LATE = 2  # seconds that a cell or a call has to end after its alarm
JUDGING = 0.2  # of a submission's time is kept from its cells, for the calls
SLOW = 1  # seconds: such a cell, after all answers, runs once
NAMED = 2  # cells that failed, which a message names
LONGEST = 400  # characters of a message
SAID = 10_000  # characters of a text from a jail, and as many errors of cells: what is kept of them
WORD = re.compile(r"[^\W\d]\w*")
BOUND = re.compile(  # a line that gives a name a meaning, or takes it away
    r"^(?:(?:def|class)[ \t]+(\w+)|(?:del|for)[ \t]([^\n]*+)|(\w[\w, \t]*+)(?::[^=\n]*+)?[-+*/]?=(?!=))", re.MULTILINE
)
MOST_CODE = 1_000_000  # characters of a notebook that is read for such lines
ENDED = {  # what the learner is told when a call of the function ends so
    "timed out": "A call of your function takes too long.",
    "killed (memory)": "A call of your function wants too much memory.",
    "crashed": "A call of your function ends the whole process.",
}


@dataclass(frozen=True)
class Grade:
    """What one function of a submission earned.

    Attributes:
        points: all of them, those without the edges', or 0.
        status: what happened, "graded" or "timed out at cell 3"; see the page
            for instructors.
        message: the first fault, for the instructor; "" if there is none.
        hint: what the learner is told of it. Nothing in it comes from the
            hidden cases but a case's name.
    """

    points: int
    status: str
    message: str = ""
    hint: str = ""

    def __post_init__(self):
        # They may repeat what a learner's code said. One line of it.
        for name in ("message", "hint"):
            shown = (c if c.isprintable() else " " for c in getattr(self, name)[:SAID])
            text = " ".join("".join(shown).split())
            if len(text) > LONGEST:
                text = f"{text[: LONGEST - 2]} …"
            object.__setattr__(self, name, text)


class Cases(tuple[Case, ...]):
    """The cases of a function, whose inputs are packed once for all learners."""

    @functools.cached_property
    def packed(self) -> bytes:
        """The inputs, as they are sent."""
        return packed([case.inputs for case in self])

    @functools.cached_property
    def parted(self) -> tuple["Cases", "Cases"]:
        """The usual ones, and the edges."""
        return tuple(Cases(case for case in self if case.edge == edge) for edge in (False, True))


def examine(
    sources: list[str], hidden: dict[Part, Cases], limits: Limits, start: Callable[[], Process]
) -> tuple[dict[Part, Grade], bytes]:
    """Grade a notebook.

    Args:
        sources: its code, cell by cell.
        hidden: a function that is asked for → the cases it has to survive.
        limits: of all that this takes.
        start: a fresh process for it, as `Jail.process`.

    Returns:
        The grades, and what the code printed in each process, as far as the
        limit goes for all of them together.

    Raises:
        RefusedError: a jail does not start. That is never the learner's doing.
        KilledError: somebody killed a process. Nor is that.
    """
    notebook = _Notebook(sources, limits, [part.name for part in hidden])
    grades, before, printed, room = {}, {}, [], int(limits.output * 1000)
    while left := [part for part in hidden if part not in grades]:
        if notebook.seconds(1) == 0:
            text = f"The notebook has had its {limits.submission:g} s."
            late = Grade(0, "timed out", text, text)
            grades |= dict.fromkeys(left, late) | {part: before[part] for part in left if part in before}
            break
        with start() as process:
            for _ in notebook.steps(process):
                pass
            interrupted = False  # then what a call had begun is done by half, which may be why a later one is wrong
            for part in left:
                if process.stopped or notebook.seconds(1) == 0:
                    break
                grade = notebook.grade(process, part, hidden[part])
                if interrupted and grade.status == "graded" and grade.points < part.points:
                    before[part] = grade
                else:
                    grades[part] = max(grade, before.get(part, grade), key=lambda g: g.points)
                interrupted |= grade.status == "timed out"
        if room:
            cut = process.cut or len(process.output) > room
            printed.append(bytes(process.output[:room]) + b"\n[cut]" * cut)
            room -= min(room, len(process.output))
    wrong = [part for part, grade in grades.items() if grade.status == "graded" and grade.points < part.points]
    if places := {part: place for part in wrong if (place := notebook.reused(part.name))}:
        with start() as process:
            for number in notebook.steps(process):
                for part in (part for part, place in places.items() if place == number):
                    if process.stopped:
                        continue
                    once = notebook.grade(process, part, hidden[part])
                    if once.points > grades[part].points:
                        grades[part] = once
    return grades, b"\n[another run]\n".join(printed)


class _Notebook:
    """The cells of a notebook, and what became of them.

    Attributes:
        lost: number of a cell → how it ended the process that ran it, or that
            it was interrupted or not run, because its time was over.
        errors: number of a cell → what it raised.
    """

    def __init__(self, sources: list[str], limits: Limits, names: list[str]):
        self.sources, self.limits = sources, limits
        self.lost: dict[int, StoppedError] = {}
        self.errors: dict[int, str] = {}
        self._omitted: set[int] = set()  # cells that another process need not run
        answer = re.compile(rf"\b(def|class)\s+({'|'.join(names)})\b")
        self._last = max((n for n, source in enumerate(sources, 1) if answer.search(source)), default=0)
        self._deadline = time.monotonic() + limits.submission

    def seconds(self, most: float) -> float:
        """So many, or what is left for the submission."""
        return max(0, min(most, self._deadline - time.monotonic()))

    def reused(self, name: str) -> int:
        """The number of the cell that defines a function, if a later one gives a name used so far another meaning.

        Behind its own cell, where the learner tried it, the function may have been right. 0 if there is no such cell.
        """
        place = max((n for n, source in enumerate(self.sources, 1) if _defines(name).search(source)), default=0)
        if sum(map(len, self.sources)) > MOST_CODE:
            return 0
        bound = (found[found.lastindex] for source in self.sources[place:] for found in BOUND.finditer(source))
        later = {word for names in bound for word in WORD.findall(names) if not keyword.iskeyword(word)}
        earlier = (found[0] for source in self.sources[:place] for found in WORD.finditer(source))
        return place if any(word in later for word in earlier) else 0

    def steps(self, process: Process) -> Iterator[int]:
        """Run the cells that are not omitted, up to one that ends the process; the number of each that has run."""
        again = bool(self._omitted)
        for number, source in enumerate(self.sources, 1):
            if number in self._omitted:
                continue
            kept = JUDGING * self.limits.submission
            if again and number <= self._last:  # the answers must stand once more to be called
                kept /= 2
            seconds = min(self.limits.cell, self._deadline - time.monotonic() - kept)
            if seconds <= 0:
                self.lost[number] = StoppedError("timed out", "The cells before it took all the time for cells.")
                continue
            began = time.monotonic()
            try:
                reply = process.ask("cell", seconds + LATE, source=source, seconds=seconds)
            except StoppedError as stopped:
                self.lost[number] = stopped
                self._omitted.add(number)
                return
            taken, error = time.monotonic() - began, _error(reply)
            if taken > SLOW and number > self._last:
                self._omitted.add(number)
            if error and taken >= seconds:
                self.lost[number] = StoppedError("timed out", f"It had not come to an end after {seconds:.3g} s.")
            elif error and len(self.errors) < SAID:
                said = f"{error.type}: {error.message}"
                self.errors[number] = said.rstrip(": ")
            yield number

    def grade(self, process: Process, part: Part, cases: Cases) -> Grade:
        """Call a function on its cases, up to the first fault. On the edges it has only their points to lose."""
        try:
            known = process.ask(
                "look", self.seconds(self.limits.call),
                name=part.name, forbidden=part.forbidden,
            )  # fmt: skip
        except StoppedError as stopped:
            return self._stopped(stopped)
        if not _entry(known, "found", bool):
            failed = self._failed(f"NameError: name '{part.name}' is not defined")
            return self._unanswered(part.name, f"There is no function `{part.name}`.{failed}")
        if (used := _entry(known, "uses", str)) in part.forbidden:
            text = f"The code uses `{used}`, which is not allowed here."
            return Grade(0, "graded", text, text)
        usual, edges = cases.parted
        if grade := self._fault(process, part, usual):
            return grade
        if grade := self._fault(process, part, edges):
            return replace(grade, points=part.points - part.on_edges)
        return Grade(part.points, "graded")

    def _fault(self, process: Process, part: Part, cases: Cases) -> Grade | None:
        """What comes of the first case in which something is wrong; None if there is none."""
        try:
            for reply, case in zip(self._replies(process, part, cases), cases, strict=False):
                if fault := judged(reply, case):
                    return self._wrong(process, part, case, fault)
        except StoppedError as stopped:
            return self._stopped(stopped)
        return None

    def _stopped(self, stopped: StoppedError) -> Grade:
        """What comes of a call that takes too long, or ends the process."""
        failed = self._failed()
        return Grade(0, stopped.status, f"In a call: {stopped.says}{failed}", f"{ENDED[stopped.status]}{failed}")

    def _wrong(self, process: Process, part: Part, case: Hidden, fault: Fault) -> Grade:
        """What comes of a fault."""
        if fault.unanswered and not case.edge:
            return self._unanswered(part.name, fault.says)
        failed = self._failed()
        return Grade(0, "graded", f"{fault.says} ({case.name}){failed}", f"{self._hint(process, part, case)}{failed}")

    def _failed(self, but: str = "") -> str:
        """The first cells that did not run, though they may at home, and why: an answer may need what is in them.

        Args:
            but: an error that says nothing new.
        """
        said = self.errors | {number: str(stopped) for number, stopped in self.lost.items()}
        first = sorted(number for number, why in said.items() if why != but)[:NAMED]
        return "".join(f" When it was graded, cell {number} failed: {said[number][:120]}" for number in first)

    def _replies(self, process: Process, part: Part, cases: Cases) -> Iterator[object]:
        """The replies to calls on all cases. StoppedError: one takes too long, or dies."""
        done = 0
        while left := len(cases) - done:
            seconds = self.seconds(self.limits.call)
            replies = process.calls(
                cases.packed, left, seconds + LATE, name=part.name, first=done,
                gradients=tuple(cases[done].gradients), seconds=seconds,
            )  # fmt: skip
            for reply in replies:
                if (error := _error(reply)) and error.type == "TimeoutError":
                    raise StoppedError("timed out", f"{error.message} ({cases[done].name})")
                done += 1
                yield reply

    def _hint(self, process: Process, part: Part, failed: Case) -> str:
        """What the learner is told: of the public cases, on which a known mistake shows, and no number."""
        public = published(part.name)
        try:
            replies = list(self._replies(process, part, public_cases(part.name)))
        except StoppedError as stopped:
            return ENDED[stopped.status]
        faults = list(map(judged, replies, public.cases))
        if not any(faults):
            return f"Right on the cases that `check` tries. Not right on another: {failed.name}."
        with contextlib.suppress(Exception):  # numbers without bounds
            answers = list(map(read, replies))
            if hint := questions.recognise(public, answers):
                return hint
        ask = f'`check("{part.name}", {part.name})` says what is wrong.'
        return f"Not right on the cases that `check` tries either: {ask}"

    def _unanswered(self, name: str, says: str) -> Grade:
        """No answer, because there is none or because its cell did not run."""
        for number, source in enumerate(self.sources, 1):
            if _defines(name).search(source):
                if stopped := self.lost.get(number):
                    status = f"{stopped.status} at cell {number}"
                    return Grade(0, status, stopped.says, stopped.says)
                if error := self.errors.get(number):
                    status = f"crashed at cell {number}"
                    return Grade(0, status, error, error)
        return Grade(0, "empty", says, says)


@functools.cache
def _defines(name: str) -> re.Pattern:
    """What a cell has in it that defines a function."""
    return re.compile(rf"\b(def|class)\s+{name}\b|\b{name}\s*=")


@functools.cache
def published(name: str) -> questions.Part:
    """What `check` knows of a function: its public cases, and mistakes."""
    chapters = questions.chapters().values()
    return next(p for parts in chapters for p in parts if p.name == name)


@functools.cache
def public_cases(name: str) -> Cases:
    """The public cases of a function."""
    return Cases(published(name).cases)


def read(reply: object) -> Answer:
    """An answer that came out of a jail, as far as it can be read."""
    return Answer(
        _entry(reply, "value", object),
        _entry(reply, "gradients", dict),
        _entry(reply, "changed", tuple),
        _error(reply),
    )


def judged(reply: object, case: Case) -> Fault | None:
    """What is wrong with an answer that came out of a jail.

    Args:
        reply: data of any kind.
        case: with the right output.
    """
    try:
        return judge(read(reply), case)
    except Exception as error:  # of a view, or of numbers without bounds
        return Fault(f"Your output cannot be judged: {type(error).__name__}.")


def _error(reply: object) -> Error | None:
    """What was raised in the jail, as far as it can be read."""
    error = _entry(reply, "error", dict)
    if not error:
        return None
    texts = ("type", "message", "code", "function")
    found = {key: _entry(error, key, str)[:LONGEST] for key in texts}
    return Error(**found, line=_entry(error, "line", int) or None)


def _entry(reply: object, key: str, kind: type) -> object:
    """An entry of a reply if it is of this kind, else the kind's empty value."""
    value = reply.get(key) if isinstance(reply, dict) else None
    return value if isinstance(value, kind) else kind()
