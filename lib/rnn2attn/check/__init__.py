"""Immediate feedback on an exercise: ``check("rnn_step", rnn_step)`` names the first thing that is wrong.

It compares with stored outputs for stored inputs and knows the mistakes that are often made. No answer is stored.
"""

import contextlib
import inspect
import io
import sys
from collections.abc import Callable
from difflib import get_close_matches
from typing import TextIO

import torch
from IPython import get_ipython
from IPython.display import display
from torch import Tensor

from rnn2attn.check import progress
from rnn2attn.check.calling import call, guarded
from rnn2attn.check.card import Card
from rnn2attn.check.judging import judge
from rnn2attn.check.questions import Part, chapters, recognise
from rnn2attn.check.reading import forbidden_call
from rnn2attn.check.values import copied, leaves, mapped

PRODUCT = "In a product of matrices the inner sizes have to be alike."
TURNED = "Weights lie (out, in) and a batch holds rows, so W x for its rows is `x @ W.T`."
CUT = (
    "Is a part of the computation cut off, by `.detach()`, `.item()` or the like? Then it counts in the values "
    "and in no gradient."
)
ONE = "a batch of one"  # the name of the case that an answer without a batch axis survives


class Wrong(AssertionError):
    """An answer is not right, or there is none. The message is the card as text."""

    def __init__(self, card: Card):
        super().__init__(repr(card))
        self.card, self.shown = card, False

    def _render_traceback_(self) -> list[str]:
        if not _in_notebook():
            return [repr(self.card)]
        if not self.shown:  # IPython asks more than once
            display(self.card)
            self.shown = True
        return [self.card.title]


@guarded()
def check(name: str, answer: object = None) -> None:
    """Try an answer on the question's public cases, show the verdict, and keep the points.

    Args:
        name: of the function that the question asks for; or that function alone, if it has its name.
        answer: that function.

    Raises:
        Wrong: the answer is not right; in a notebook its traceback is one card. Also if there is no such question,
            or the answer is no function.
    """
    if callable(name):
        if answer is not None:
            write = f"Write `check({answer!r:.60}, {getattr(name, '__name__', '…')})`."
            raise Wrong(Card("open", "`check` needs the name first, and then your function.", (write,)))
        name, answer = getattr(name, "__name__", ""), name
    part = _find(name)
    if not callable(answer):
        got = f"It got {answer!r:.60}, of type {type(answer).__name__}."
        write = f'Write `check("{name}", {name})`, without brackets after the second name.'
        raise Wrong(Card("open", f"{name}: `check` needs your function.", (got, write)))
    card = examine(part, answer)
    notes = progress.record(part, part.points if card.state == "right" else 0)
    if card.state == "right" and progress.in_colab():
        notes += progress.once(COLAB)
    card = Card(card.state, card.title, card.lines + tuple(notes))
    if card.state != "right":
        raise Wrong(card)
    display(card)


def examine(part: Part, answer) -> Card:
    """The verdict on an answer, before it is shown."""
    if hasattr(answer, "_torchdynamo_orig_callable"):
        return _wrong(part, "Your function is compiled. `check` takes it as you wrote it, without `torch.compile`.")
    if mismatch := _signature(part, answer):
        return _wrong(part, mismatch)
    if used := forbidden_call(answer, part.forbidden):
        used = f"the method `{used}()`" if used.startswith(".") else f"`{used}`"
        return _wrong(part, f"Your code uses {used}. This question asks you to write the computation yourself.")
    answers, faults = [], []
    with contextlib.redirect_stdout(_Capped(sys.stdout)):
        for case in part.cases:
            answers.append(call(answer, case.inputs, tuple(case.gradients)))
            faults.append(judge(answers[-1], case))
            if answers[-1].error and answers[-1].error.type == "TimeoutError":
                break  # one wait is enough
            if faults[-1] and faults[-1].unanswered:
                title = f"{part.name}: not answered yet. 0 of {_points(part)}."
                return Card("open", title, (faults[-1].says,))
    if not any(faults):
        return Card("right", f"{part.name}: right. {part.points} of {_points(part)}.", _unseen(part.unseen))
    number = next(n for n, fault in enumerate(faults) if fault)
    fault, case = faults[number], part.cases[number]
    all_called = len(answers) == len(part.cases)
    hint = recognise(part, answers) if all_called and (fault.gradient or not fault.certain) else ""
    words = {c.expected for c in part.cases if isinstance(c.expected, str)}
    value = answers[number].value
    if not hint and words and isinstance(value, str) and value not in words:
        hint = f"Your output must be one of {', '.join(map(repr, sorted(words)))}."
    survived = {c.name for c, fault in zip(part.cases, faults, strict=False) if fault is None}
    if not hint and survived == {ONE}:
        hint = "Right for a batch of one, wrong for more: something does not run over the batch."
    error = answers[number].error
    if not hint and error and "shapes cannot be multiplied" in error.message:
        hint = PRODUCT if _turns(error.code) else f"{PRODUCT} {TURNED}"
    if not hint and fault.gradient and not fault.certain:
        hint = CUT
    inputs = f'Its inputs are `check.inputs("{part.name}", {number + 1})`.' if case.inputs else ""
    return _wrong(part, hint, f"Case {number + 1} of {len(part.cases)}, {case.name}: {fault.says}", inputs)


def _turns(code: str) -> bool:
    """Whether a line of code exchanges axes somewhere."""
    return any(way in code for way in (".T", ".mT", ".t()", "transpose", "permute", "swapaxes"))


def _wrong(part: Part, *lines: str) -> Card:
    return Card("wrong", f"{part.name}: not right yet. 0 of {_points(part)}.", tuple(filter(None, lines)))


def _unseen(points: int) -> tuple[str, ...]:
    """What is said of the points that no case here can earn: nothing, if there are none."""
    counted = "1 of them is" if points == 1 else f"{points} of them are"
    return (f"{counted} for special inputs, which only the grading tries.",) if points else ()


def _points(part: Part) -> str:
    return f"{part.points} point{'s' * (part.points != 1)}"


def _signature(part: Part, answer) -> str:
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):  # built in
        return ""
    takes = f"Your function takes {signature}; the question calls it with ({', '.join(part.arguments)})"
    try:
        signature.bind(*part.arguments)
    except TypeError:
        return f"{takes}."
    names = tuple(signature.parameters)
    if names != part.arguments and sorted(names) == sorted(part.arguments):
        return f"{takes}, in this order. Yours has the same arguments in another."
    return ""


class _Capped(io.TextIOBase):
    """What an answer prints, up to a length."""

    def __init__(self, stream: TextIO, left: int = 5000):
        self._stream, self._left = stream, left

    def write(self, text: str) -> int:
        if self._left > 0:
            self._stream.write(text[: self._left])
            self._left -= len(text)
            if self._left <= 0:
                self._stream.write("\n[Your function prints more than is shown here.]\n")
        return len(text)

    def flush(self) -> None:
        self._stream.flush()


def _find(name: str) -> Part:
    parts = {part.name: part for chapter in chapters().values() for part in chapter}
    if isinstance(name, str) and name in parts:
        return parts[name]
    near = get_close_matches(str(name), parts, 1)
    asked = f"There is no question {name!r:.60}." + (f" Do you mean {near[0]!r}?" if near else "")
    raise Wrong(Card("open", asked, (f"The questions: {', '.join(parts)}.",)))


@guarded()
def inputs(name: str, case: int) -> dict[str, object]:
    """The inputs of a public case, to try an answer by hand: ``rnn_step(**check.inputs("rnn_step", 1))``.

    Args:
        name: of the function that the question asks for.
        case: its number, as `check` gives it, from 1.

    Returns:
        Argument → value, copies.

    Raises:
        Wrong: there is no such question.
        ValueError: it has no such case.
    """
    cases = _find(name).cases
    if case not in range(1, len(cases) + 1):
        raise ValueError(f"{name} has the cases 1 to {len(cases)}, not {case!r}")
    return copied(cases[case - 1].inputs)


def use(function: Callable) -> Callable:
    """Run a function that does something with the learner's answers, if they are right, and show what it returns.

    It is written as a decorator. Where nobody looks, as when a class is graded, nothing is run. An answer gets its
    numbers in float64, as its question says, and what it returns to a network of float32 is float32.

    Args:
        function: its arguments are called like the answers that it gets; they stand where it is defined.

    Returns:
        The function.
    """
    if not _in_notebook():
        return function
    with guarded():
        answers = {name: function.__globals__.get(name) for name in inspect.signature(function).parameters}
        left = [name for name, answer in answers.items() if not _right(name, answer)]
        if left:
            names = " and ".join(f"`{name}`" for name in left)
            display(Card("open", f"This cell runs as soon as {names} {'are' if left[1:] else 'is'} right."))
        elif (shown := function(**{name: _in_double(answer) for name, answer in answers.items()})) is not None:
            display(shown)
    return function


def _in_double(answer: Callable) -> Callable:
    def call(*given: object) -> object:
        single = any(isinstance(x, Tensor) and x.dtype == torch.float32 for _, x in leaves(given))
        return _cast(answer(*_cast(given, torch.float64)), torch.float32) if single else answer(*given)

    return call


def _cast(value: object, dtype: torch.dtype) -> object:
    return mapped(value, lambda x: x.to(dtype) if isinstance(x, Tensor) and x.is_floating_point() else x)


def _right(name: str, answer: object) -> bool:
    return callable(answer) and examine(_find(name), answer).state == "right"


@guarded()
def summary(chapter: int | None = None) -> None:
    """Show the points by question, and what is left.

    Args:
        chapter: its number; None for all chapters that were begun, and all there are if none was.

    Raises:
        ValueError: the chapter has no exercises.
    """
    known, notes = progress.entries()
    if chapter is not None:
        _expect(chapter)
    begun = [n for n, parts in chapters().items() if any(part.name in known for part in parts)]
    for n in [chapter] if chapter is not None else begun or list(chapters()):
        display(_summary(n, known, notes))


def _summary(chapter: int, known: dict, notes: list[str]) -> Card:
    parts = chapters()[chapter]
    got = {part.name: progress.points(part, known) for part in parts}
    words = {None: "not tried", 0: "not right yet"}
    rows = [("question", "function", "points", "state")]
    for part in parts:
        state = "the question has changed: check it again" if got[part.name] is None and part.name in known else ""
        state = state or words.get(got[part.name], "right")
        rows.append((f"{part.number} {part.title}", part.name, f"{got[part.name] or 0} of {part.points}", state))
    total, of = sum(filter(None, got.values())), sum(part.points for part in parts)
    left = [part.name for part in parts if not got[part.name]]
    lines = [f"Left: {', '.join(left)}." if left else "Nothing is left."]
    lines += _unseen(sum(part.unseen for part in parts if got[part.name]))
    if progress.in_colab():
        lines.append(COLAB)
    title = f"Chapter {chapter}: {total} of {of} points."
    return Card("open" if left else "right", title, (*lines, *notes), tuple(rows))


LINKS = {  # what the chapters build, one on the other
    1: "1  a network that reads",
    2: "2  gates that keep",
    3: "3  an encoder and a decoder",
    4: "4  attention",
    5: "5  attention to pictures",
    6: "6  attention alone",
    7: "7  a state again",
}


def built(chapter: int) -> None:
    """Draw all functions as a chain, those that are right filled, and this chapter's in colour.

    Args:
        chapter: its number.

    Raises:
        ValueError: the chapter has no exercises.
    """
    if not _in_notebook():  # nobody would see it
        return
    from rnn2attn.plots import chain

    _expect(chapter)
    known, _ = progress.entries()
    links = {LINKS[n]: [part.name for part in parts] for n, parts in chapters().items()}
    right = [part.name for parts in chapters().values() for part in parts if progress.points(part, known)]
    here = len({*right} & {*links[LINKS[chapter]]})
    print(f"You have built {len(right)} of {sum(map(len, links.values()))} pieces, {here} of them in this chapter.")
    display(chain(links, right, LINKS[chapter]))


def _expect(chapter: int) -> None:
    if chapter not in chapters():
        raise ValueError(f"chapter {chapter!r} has no exercises; these have: {', '.join(map(str, chapters()))}")


COLAB = (
    "Colab deletes its disk when the runtime ends, and your progress with it. `check.download()` saves it as a file "
    "on your computer, `check.upload()` brings it back next time. Save the notebook itself in Drive."
)


def download() -> None:
    """In Colab, send the file with the progress to the browser; elsewhere, say where it lies."""
    notes = progress.keep()
    if progress.in_colab() and progress.path().exists():
        from google.colab import files

        files.download(str(progress.path()))
    display(Card("open", f"Your progress is in {progress.path()}.", tuple(notes)))


def upload() -> None:
    """In Colab, ask for a file that `download` saved, and take over its points; elsewhere, say where to put it."""
    if not progress.in_colab():
        display(Card("open", f"Put the file beside the notebook, as {progress.path()}."))
        return
    from google.colab import files

    for name, data in files.upload().items():
        try:
            progress.merge(data.decode("utf-8", errors="replace"))
        except ValueError as error:
            display(Card("wrong", f"{name} was not taken over: {error}. Your progress is as it was."))
        else:
            display(Card("right", f"{name} was taken over."))


def _in_notebook() -> bool:
    return getattr(get_ipython(), "kernel", None) is not None


check.inputs, check.use, check.summary, check.built = inputs, use, summary, built
check.download, check.upload = download, upload

__all__ = ["Wrong", "check", "summary"]
