"""Inputs drawn from a seed, the same on every machine, with few digits, so that they can be stored as text."""

import random

import torch
from torch import Tensor


class Draw:
    """A source of random inputs.

    The seed is a text: "public" for what learners hold, a class's secret for
    what only its graders know.
    """

    def __init__(self, seed: str, name: str):
        self._random = random.Random(f"{seed}\0{name}")

    def normal(self, *shape: int, scale: float = 1.0) -> Tensor:
        """Normal numbers with two decimals, float64. None is 0: that would hide a factor."""
        count = torch.Size(shape).numel()
        rounded = [round(scale * self._random.gauss(), 2) for _ in range(count)]
        rounded = [x if x else 0.01 for x in rounded]
        return torch.tensor(rounded, dtype=torch.float64).reshape(shape)

    def integers(self, high: int, *shape: int) -> Tensor:
        """Whole numbers from 0 to high − 1, int64."""
        count = torch.Size(shape).numel()
        drawn = [self._random.randrange(high) for _ in range(count)]
        return torch.tensor(drawn).reshape(shape)

    def uniform(self, low: float, high: float) -> float:
        """A number with two decimals."""
        return round(self._random.uniform(low, high), 2)

    def shuffled(self, things: list) -> list:
        """The same things in another order."""
        return self._random.sample(things, len(things))

    def choice(self, *options):
        """One of the options."""
        return self._random.choice(options)
