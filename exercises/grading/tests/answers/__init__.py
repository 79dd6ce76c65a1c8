"""Answers as people write them, right and wrong, made from the learners' notebooks alone.

Each module holds those of a chapter. `test_answers.py` sees that right ones keep their points in every class, that
wrong ones lose some, and that `check` says to the wrong ones what is written beside them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

NAMES = "names"  # what `check` says names the mistake
GENERAL = "general"  # it is true, and would be said to other mistakes too
MISLEADS = "misleads"  # it speaks of a mistake that was not made
HIDDEN = "hidden"  # `check` finds it right; the mistake shows in special inputs, which only the grading tries


@dataclass(frozen=True)
class Given:
    """An answer to a question.

    Attributes:
        name: of the function that the question asks for.
        says: what the answer does, or for a wrong one what its author believed.
        function: the answer.
        right: whether it is.
        judgement: of what `check` says to a wrong one, by somebody who read it: `NAMES`, `GENERAL`, `MISLEADS` or
            `HIDDEN`.
        hint: a piece of that, so that the judgement is of what is said today.
    """

    name: str
    says: str
    function: Callable
    right: bool
    judgement: str = ""
    hint: str = ""


ANSWERS: dict[int, list[Given]] = {}


def chapter(number: int) -> tuple[Callable, Callable]:
    """The decorators `right` and `wrong` of a chapter, which keep the functions they decorate in `ANSWERS`."""
    given = ANSWERS.setdefault(number, [])

    def right(name: str, says: str) -> Callable:
        return lambda function: given.append(Given(name, says, function, right=True))

    def wrong(name: str, says: str, judgement: str, hint: str = "") -> Callable:
        return lambda function: given.append(Given(name, says, function, False, judgement, hint))

    return right, wrong


for path in sorted(Path(__file__).parent.glob("chapter*.py")):
    import_module(f"answers.{path.stem}")
