"""Waits after which memories are told apart."""

import math
from itertools import pairwise
from numbers import Integral

from torch import Tensor

from rnn2attn.check.views.unfit import UnfitError

ENOUGH = 0.199  # between what two cells hold; 0.2 was asked for, and a gate in float32 may be a hair off

MOST = 1_000_000  # steps


def told_apart(waits: object, biases: list[float], fewest: int) -> bool:
    """True if any two cells hold values that differ by 0.2 after one of the waits, and there are as few as possible.

    Args:
        waits: what was returned; whole numbers of steps, each 1 or more.
        biases: of the cells' forget gates; σ(b)^t is left after t steps.
        fewest: number of waits that are enough.

    Raises:
        UnfitError: there are no such waits, two cells are not told apart, or fewer waits do.
    """
    waits = _checked(waits)
    biases = sorted(biases)
    for low, high in pairwise(biases):  # the others are farther apart after any wait
        if not any(_left(high, t) - _left(low, t) >= ENOUGH for t in waits):
            raise UnfitError(
                f"The cells with b = {low:.3g} and b = {high:.3g} are not told apart. {_cause(waits, low, high)}"
            )
    if len(waits) > fewest:
        raise UnfitError(
            f"Your {len(waits)} waits tell all cells apart, and fewer waits do. For which of the cells does one wait?"
        )
    return True


def _checked(waits: object) -> list[int]:
    values = waits.tolist() if isinstance(waits, Tensor) else waits
    if isinstance(values, list | tuple) and any(isinstance(t, Tensor) for t in values):
        raise UnfitError("Your output holds tensors, one for a wait. Asked are numbers: `.item()` makes one of each.")
    whole = isinstance(values, list | tuple) and all(isinstance(t, Integral) and 1 <= t <= MOST for t in values)
    if not (whole and values):
        raise UnfitError("Your output must be a list of whole numbers of steps, each from 1 to a million.")
    return sorted(values)


def _left(b: float, t: int) -> float:
    """σ(b)^t, also where t is huge."""
    return math.exp(-t * math.log1p(math.exp(-b)))


def _cause(waits: list[int], low: float, high: float) -> str:
    """On which side of where two cells differ most the waits are."""
    p, q = (math.log1p(math.exp(-b)) for b in (low, high))
    best = math.log(p / q) / (p - q)
    early, late = [t for t in waits if t <= best], [t for t in waits if t > best]
    hold = [
        f"after {t} step{'s' * (t != 1)} they hold {_left(low, t):.3f} and {_left(high, t):.3f}"
        for t in early[-1:] + late[:1]
    ]
    if early and late:
        return f"{hold[0].capitalize()}, {hold[1]}: a wait between them is missing."
    why = "too early, neither has forgotten much" if early else "too late, both have forgotten too much"
    return f"{hold[0].capitalize()}: {why}."
