"""What a claim is about: a number, a sequence of numbers, or numbers by name; and whether a predicate can fail."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from math import inf, isnan
from typing import Any

import numpy as np

Value = Any  # a number, a list, a tuple, a tensor or an array (N,) of numbers, or a dict name → one of these


def numbers(value: Value) -> list[tuple[str, int | None, float]]:
    """Its numbers, each with its name in a dict ("" without one) and its place in a sequence (None without one).

    Raises:
        TypeError: it holds something that is not a number.
        ValueError: it holds no number, or has more than one dimension.
    """
    if isinstance(value, Mapping):
        found = [(str(name), place, x) for name, part in value.items() for _, place, x in numbers(part)]
    else:
        plain = value.tolist() if hasattr(value, "tolist") else value
        if isinstance(plain, Sequence) and not isinstance(plain, str):
            found = [("", place, _number(x)) for place, x in enumerate(plain)]
        else:
            found = [("", None, _number(plain))]
    if not found:
        raise ValueError("the value holds no number")
    return found


def _number(x: object) -> float:
    x = x.item() if hasattr(x, "item") else x
    if isinstance(x, Sequence) and not isinstance(x, str):
        raise ValueError("the value has two dimensions, where numbers in a row (N,) were expected")
    if not isinstance(x, int | float):
        raise TypeError(f"the value holds {x!r}, of type {type(x).__name__}, where a number was expected")
    return x


def holds(passes: Callable[[Value], bool], value: Value) -> bool:
    """What the predicate says of the value. Where a number is NaN, nothing was measured, and nothing holds.

    Raises:
        TypeError: the predicate is not callable, or says something other than True or False.
    """
    if not callable(passes):
        raise TypeError(f"passes must be a function of the value, not {type(passes).__name__}")
    if any(isnan(x) for _, _, x in numbers(value)):
        return False
    return _verdict(passes(value))


def _verdict(answer: object) -> bool:
    if getattr(answer, "shape", None) == ():
        answer = answer.item()
    if not isinstance(answer, bool):
        raise TypeError(f"passes must return True or False; it returned {answer!r}")
    return answer


def can_fail(passes: Callable[[Value], bool], value: Value) -> bool:
    """Whether the predicate says False of at least one value that is built like this one and is not this one.

    Tried are extreme numbers and neighbours, everywhere at once and at one place after the other; truth values are
    turned round. NaN is not among them: a predicate that only NaN fails says nothing of numbers.
    """
    for other in _others(value):
        try:
            if not _verdict(passes(other)):
                return True
        except Exception:  # the predicate is not made for this value, and has not said False
            continue
    return False


def _others(value: Value):
    xs = [x for _, _, x in numbers(value)]
    moves = [lambda x, to=to: to for to in (inf, -inf, 1e30, -1e30, 1.0, 0.0, -1.0)]
    moves += [lambda x: -x, lambda x: x + 1, lambda x: x - 1, lambda x: 2 * x, lambda x: x / 2]
    yield _like(value, iter(xs[::-1]))
    for chosen in [range(len(xs)), *([place] for place in range(min(len(xs), 100)))]:
        for move in moves:
            changed = list(xs)
            for place in chosen:
                changed[place] = not xs[place] if isinstance(xs[place], bool) else move(xs[place])
            with suppress(OverflowError, RuntimeError, ValueError):  # an integer tensor has no infinity
                yield _like(value, iter(changed))


def _like(value: Value, xs: Iterator[float]) -> Value:
    """The same structure and type, filled with other numbers."""
    if isinstance(value, Mapping):
        return {name: _like(part, xs) for name, part in value.items()}
    size = len(numbers(value))
    if hasattr(value, "new_tensor"):
        return value.new_tensor(list(islice(xs, size)) if value.dim() else next(xs))
    if isinstance(value, np.ndarray):
        return np.array(list(islice(xs, size)) if value.ndim else next(xs), dtype=value.dtype)
    if isinstance(value, Sequence):
        return tuple(islice(xs, size)) if isinstance(value, tuple) else list(islice(xs, size))
    return next(xs)
