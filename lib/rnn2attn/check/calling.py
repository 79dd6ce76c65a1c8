"""Calling an answer: the one place where a learner's function runs. What comes back is data, judged elsewhere."""

import contextlib
import linecache
import os
import random
import signal
import sysconfig
import threading
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType

import numpy as np
import torch
from torch import Tensor

from rnn2attn.check.values import copied, leaves, plain, weights

# Code that is not the learner's: installed packages, Python itself, this library.
FOREIGN = (
    *{sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib")},
    f"{Path(__file__).parents[1]}{os.sep}",
)

SPARE = np.random.MT19937(0)  # NumPy's random numbers while an answer runs; to read the others' state takes longer


@dataclass(frozen=True)
class Error:
    """An exception that left the answer: its type, what it says, and the line of the learner's code it came from."""

    type: str
    message: str
    line: int | None = None
    code: str = ""
    function: str = ""


@dataclass(frozen=True)
class Answer:
    """What one call gave, as data.

    Attributes:
        value: what was returned.
        gradients: argument, or its part as in "state[0]" → gradient of the functional of the output, None where it
            does not reach that.
        changed: the arguments that were changed in place.
        error: what was raised instead; the rest is empty then.
    """

    value: object = None
    gradients: dict[str, Tensor | None] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    error: Error | None = None


def call(
    function: Callable, inputs: dict[str, object], gradients: tuple[str, ...] = (), seconds: float = 3
) -> Answer:
    """Call a function on copies of the inputs, in order, and ask for gradients by its arguments.

    The gradient is that of Σ w ⊙ y over all floating tensors y of the output, with the fixed w of `values.weights`.
    Whatever the function does to PyTorch's settings, to random states or to the current folder is undone.

    Args:
        function: the answer.
        inputs: argument → value; none of them is touched.
        gradients: the tensors among them whose gradient is wanted: "x", or "state[0]" for one in a tuple.
        seconds: after which it is stopped, with the error TimeoutError, where the system can (not on Windows).
    """
    (answer,) = calls(function, [inputs], gradients, seconds)
    return answer


def calls(
    function: Callable, cases: Iterable[dict[str, object]], gradients: tuple[str, ...] = (), seconds: float = 3
) -> Iterator[Answer]:
    """Call a function on one case's inputs after the other, each as in `call`; the random states are undone once.

    Args:
        function: as for `call`.
        cases: the inputs of each call.
        gradients: as for `call`.
        seconds: of each call.
    """
    with guarded():
        before = _settings()
        for inputs in cases:
            yield _called(function, inputs, gradients, seconds, before)


def _called(
    function: Callable, inputs: dict[str, object], gradients: tuple[str, ...], seconds: float, before: "_Settings"
) -> Answer:
    given, sources, found = copied(inputs), {}, {}
    if gradients:
        within = {path: leaf for name, value in given.items() for path, leaf in leaves(value, name)}
        sources = {path: within[path].requires_grad_() for path in gradients}
        # Copies of the leaves, so that a change in place is seen below and not refused by autograd.
        given = copied(given)
    try:
        with _undone(before), limited(seconds):
            output = function(*given.values())
        if sources:
            with limited(seconds):  # an own autograd.Function is the learner's code, too
                found = _gradients(output, sources)
    except (Exception, SystemExit) as error:
        return Answer(error=_error(error))
    changed = tuple(name for name, value in inputs.items() if not _same(value, given[name]))
    return Answer(plain(output), found, changed)


def _gradients(output: object, sources: dict[str, Tensor]) -> dict[str, Tensor | None]:
    tensors = [(place, y) for place, (_, y) in enumerate(leaves(output)) if isinstance(y, Tensor) and y.requires_grad]
    if not tensors:
        return dict.fromkeys(sources)
    try:
        total = sum((weights(y.shape, place) * y).sum() for place, y in tensors)
        found = torch.autograd.grad(total, list(sources.values()), allow_unused=True)
    except RuntimeError:  # something that it needs was overwritten
        return dict.fromkeys(sources)
    return dict(zip(sources, found, strict=True))


def _same(before: object, after: object) -> bool:
    """Whether two values hold the same leaves at the same places, NaN equal to NaN."""
    if isinstance(before, Tensor):
        if not isinstance(after, Tensor) or (before.dtype, before.shape) != (after.dtype, after.shape):
            return False
        pair = before, after.detach()
        return torch.equal(*pair) or pair[0].numpy().tobytes() == pair[1].numpy().tobytes()
    if isinstance(before, dict):
        return (
            isinstance(after, dict)
            and before.keys() == after.keys()
            and all(_same(value, after[key]) for key, value in before.items())
        )
    if isinstance(before, list | tuple):
        return type(before) is type(after) and len(before) == len(after) and all(map(_same, before, after))
    return before is after or before == after


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """PyTorch's defaults inside; outside, settings, random states and the folder as they were before.

    A warning that is to be an error is a warning inside.
    """
    state, numbers = random.getstate(), np.random.get_bit_generator()
    np.random.set_bit_generator(SPARE)
    try:
        with _defaults(), torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(state)
        np.random.set_bit_generator(numbers)


@contextlib.contextmanager
def _defaults() -> Iterator[None]:
    """All of `guarded` but the random states, which take longest."""
    with _undone():
        _set(replace(_settings(), grad=True, dtype=torch.float32, device=torch.device("cpu"), strict=(False, False)))
        warnings.filters[:] = [entry for entry in warnings.filters if entry[0] != "error"]
        yield


@contextlib.contextmanager
def _undone(before: "_Settings | None" = None) -> Iterator[None]:
    """What is done inside to settings and folder is undone.

    Args:
        before: what they are now, if that is known.
    """
    before = before or _settings()
    try:
        with torch.inference_mode(False), warnings.catch_warnings():
            yield
    finally:
        _set(before)


@dataclass(frozen=True)
class _Settings:
    """PyTorch's settings and the current folder, "" if it is gone.

    Attributes:
        strict: whether deterministic algorithms are asked for, and whether others are only warned of.
    """

    grad: bool
    dtype: torch.dtype
    threads: int
    device: torch.device
    strict: tuple[bool, bool]
    folder: str


def _settings() -> _Settings:
    empty = torch.empty(0)  # to ask PyTorch for its default device takes ten times as long
    return _Settings(
        torch.is_grad_enabled(), empty.dtype, torch.get_num_threads(), empty.device,
        (torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()),
        _folder(),
    )  # fmt: skip


def _set(wanted: _Settings) -> None:
    now = _settings()
    if now == wanted:
        return
    torch.set_grad_enabled(wanted.grad)
    torch.set_default_dtype(wanted.dtype)
    torch.set_num_threads(wanted.threads)
    if now.device != wanted.device:
        torch.set_default_device(None if wanted.device.type == "cpu" else wanted.device)
    if now.strict != wanted.strict:  # setting it loads PyTorch's compiler, which takes seconds
        torch.use_deterministic_algorithms(wanted.strict[0], warn_only=wanted.strict[1])
    if wanted.folder and now.folder != wanted.folder:
        os.chdir(wanted.folder)


def _folder() -> str:
    """The current folder; "" if it is gone."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return ""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TimeoutError inside when the time is over; only in the main thread of a system that has alarms."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: object) -> None:
        raise TimeoutError(f"it had not come to an end after {seconds:g} s. Does a loop go on for ever?")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _error(error: BaseException) -> Error:
    frame = _frame(error.__traceback__)
    text = str(error).strip().split("\n")[0][:300]
    if frame is None:
        return Error(type(error).__name__, text)
    code = linecache.getline(frame.filename, frame.lineno).strip()
    return Error(type(error).__name__, text, frame.lineno, code, frame.name)


def _frame(trace: TracebackType | None) -> traceback.FrameSummary | None:
    """The innermost frame that is the learner's; None if the error arose before any line of theirs ran."""
    own = [frame for frame in traceback.extract_tb(trace) if not frame.filename.startswith(FOREIGN)]
    return own[-1] if own else None
