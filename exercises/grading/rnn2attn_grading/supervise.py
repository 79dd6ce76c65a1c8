"""The supervisor: it holds the tests and the references, and alone judges.

A notebook runs in a jail, cell by cell; then its functions are called by name
on the hidden cases, and what comes back is compared here. If a cell or a call
takes the jail down with it, another jail runs the rest without it.
"""

import re
import time
from dataclasses import dataclass, replace

from rnn2attn.check.calling import Answer, Error
from rnn2attn.check.judging import Case, Fault, judge
from rnn2attn_grading.jail import Jail, Limits, Stopped
from rnn2attn_grading.specification import Part

LATE = 2  # seconds that a call has to end after its alarm
LONGEST = 400  # characters of a message


@dataclass(frozen=True)
class Grade:
    """What one function of a submission earned.

    Attributes:
        points: all of them, or 0.
        status: what happened, "graded" or "timed out at cell 3"; see the page
            for instructors.
        message: the first fault; "" if there is none.
    """

    points: int
    status: str
    message: str = ""

    def __post_init__(self):
        # A message may repeat what a learner's code said. One line of it.
        shown = (c if c.isprintable() else " " for c in self.message)
        text = " ".join("".join(shown).split())
        if text.startswith(("=", "+", "-", "@")):  # a spreadsheet's formula
            text = f"'{text}"
        if len(text) > LONGEST:
            text = f"{text[: LONGEST - 2]} …"
        object.__setattr__(self, "message", text)


def examine(
    sources: list[str], hidden: dict[Part, list[Case]], limits: Limits
) -> tuple[dict[Part, Grade], bytes]:
    """Grade a notebook.

    Args:
        sources: its code, cell by cell.
        hidden: a function that is asked for → the cases it has to survive.
        limits: of all that this takes.

    Returns:
        The grades, and what the code printed in each jail.

    Raises:
        Refused: a jail does not start. That is never the learner's doing.
    """
    notebook = _Notebook(sources, limits)
    grades, printed = {}, []
    while left := [part for part in hidden if part not in grades]:
        if notebook.seconds(1) == 0:
            text = f"The notebook has had its {limits.submission:g} s."
            grades |= dict.fromkeys(left, Grade(0, "timed out", text))
            break
        with Jail(limits) as jail:
            notebook.run(jail)
            for part in left:
                if jail.stopped:
                    break
                grades[part] = notebook.grade(jail, part, hidden[part])
        printed.append(bytes(jail.output) + b"\n[cut]" * jail.cut)
    return grades, b"\n[another run]\n".join(printed)


class _Notebook:
    """The cells of a notebook, and what became of them.

    Attributes:
        lost: number of a cell → how it ended the jail that ran it. It is left
            out from then on.
        errors: number of a cell → what it raised.
    """

    def __init__(self, sources: list[str], limits: Limits):
        self.sources, self.limits = sources, limits
        self.lost: dict[int, Stopped] = {}
        self.errors: dict[int, str] = {}
        self._ends = time.monotonic() + limits.submission

    def seconds(self, most: float) -> float:
        """So many, or what is left for the submission."""
        return max(0, min(most, self._ends - time.monotonic()))

    def run(self, jail: Jail) -> None:
        """Run the cells that are not lost, up to one that ends the jail."""
        for number, source in enumerate(self.sources, 1):
            if number in self.lost:
                continue
            seconds = self.seconds(self.limits.cell)
            try:
                reply = jail.ask("cell", seconds, source=source)
            except Stopped as stopped:
                self.lost[number] = stopped
                return
            if error := _error(reply):
                said = f"{error.type}: {error.message}"
                self.errors[number] = said.rstrip(": ")

    def grade(self, jail: Jail, part: Part, cases: list[Case]) -> Grade:
        """Call a function on its cases, up to the first fault."""
        try:
            fault = self._fault(jail, part, cases)
        except Stopped as stopped:
            return Grade(0, stopped.status, f"In a call: {stopped.says}")
        if fault is None:
            return Grade(part.points, "graded")
        if fault.unanswered:
            return self._unanswered(part.name, fault.says)
        out = "".join(
            f" Cell {number} was left out: {stopped}"
            for number, stopped in self.lost.items()
        )
        return Grade(0, "graded", fault.says + out)

    def _fault(self, jail: Jail, part: Part, cases: list[Case]) -> Fault | None:
        limit = self.limits.call
        known = jail.ask(
            "look",
            self.seconds(limit),
            name=part.name,
            forbidden=part.forbidden,
        )
        if not _entry(known, "found", bool):
            text = f"There is no function `{part.name}`."
            return Fault(text, unanswered=True)
        if (used := _entry(known, "uses", str)) in part.forbidden:
            return Fault(f"The code uses `{used}`, which is not allowed here.")
        for case in cases:
            seconds = self.seconds(limit)
            reply = jail.ask(
                "call", seconds + LATE, name=part.name, inputs=case.inputs,
                gradients=tuple(case.gradients), seconds=seconds,
            )  # fmt: skip
            if (error := _error(reply)) and error.type == "TimeoutError":
                raise Stopped("timed out", f"{error.message} ({case.name})")
            if fault := judged(reply, case):
                if fault.unanswered:
                    return fault
                return replace(fault, says=f"{fault.says} ({case.name})")
        return None

    def _unanswered(self, name: str, says: str) -> Grade:
        """No answer, because there is none or because its cell did not run."""
        defines = re.compile(rf"\b(def|class)\s+{name}\b|\b{name}\s*=")
        for number, source in enumerate(self.sources, 1):
            if defines.search(source):
                if stopped := self.lost.get(number):
                    status = f"{stopped.status} at cell {number}"
                    return Grade(0, status, stopped.says)
                if error := self.errors.get(number):
                    return Grade(0, f"crashed at cell {number}", error)
        return Grade(0, "empty", says)


def judged(reply: object, case: Case) -> Fault | None:
    """What is wrong with an answer that came out of a jail.

    Args:
        reply: data of any kind.
        case: with the right output.
    """
    if error := _error(reply):
        return judge(Answer(error=error), case)
    answer = Answer(
        _entry(reply, "value", object),
        _entry(reply, "gradients", dict),
        _entry(reply, "changed", tuple),
    )
    try:
        return judge(answer, case)
    except Exception as error:  # of a view, or of numbers without bounds
        return Fault(f"Your output cannot be judged: {type(error).__name__}.")


def _error(reply: object) -> Error | None:
    """What was raised in the jail, as far as it can be read."""
    error = _entry(reply, "error", dict)
    if not error:
        return None
    texts = ("type", "message", "code", "function")
    found = {key: _entry(error, key, str) for key in texts}
    return Error(**found, line=_entry(error, "line", int) or None)


def _entry(reply: object, key: str, kind: type) -> object:
    """An entry of a reply if it is of this kind, else the kind's empty value."""
    value = reply.get(key) if isinstance(reply, dict) else None
    return value if isinstance(value, kind) else kind()
