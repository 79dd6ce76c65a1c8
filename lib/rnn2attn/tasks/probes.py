"""Four small tasks for a network that reads tokens and says one after each: copy, recall, parity, and the cup game.

Each function draws n sequences anew from PyTorch's random numbers, (ids, targets), both int64 and (n, T). Where
nothing is asked, the target is `NOTHING`, which `F.cross_entropy` passes over.
"""

import torch
from torch import Tensor

NOTHING = -100
LETTERS = 10  # of the strings to copy; the next id says that the string is over
KEYS, VALUES = 32, 8
SWAPS = ((0, 1), (1, 2), (0, 2))  # places of the cups that change


def copying(n: int, length: int, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
    """Read a string and its end, and say the string again, letter by letter; ids 0 … `LETTERS`.

    The letters said are read in turn, so that whoever says the whole string right says it when left alone as well.
    T = 2 · length.

    Raises:
        ValueError: n or length is below 1.
    """
    _enough(n, length)
    string = torch.randint(LETTERS, (n, length), generator=generator)
    ids = torch.cat([string, torch.full((n, 1), LETTERS), string[:, :-1]], dim=1)
    return ids, torch.cat([torch.full((n, length), NOTHING), string], dim=1)


def recall(n: int, length: int, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
    """Read pairs of a key and a value, all keys different, then each key once more, and say its value.

    Multi-query associative recall (Arora et al., 2023): keys are the ids 0 … `KEYS` − 1, values the `VALUES` after
    them. Each value said is read in turn. T = 4 · length, with so many pairs.

    Raises:
        ValueError: n is below 1, or length is not 1 … `KEYS`.
    """
    _enough(n, length)
    if length > KEYS:
        raise ValueError(f"length is {length}, but there are {KEYS} keys, and each comes in one pair")
    keys = torch.rand(n, KEYS, generator=generator).argsort(dim=1)[:, :length]
    values = KEYS + torch.randint(VALUES, (n, length), generator=generator)
    order = torch.rand(n, length, generator=generator).argsort(dim=1)
    told = torch.stack([keys, values], dim=2).flatten(1)
    asked = torch.stack([keys.gather(1, order), values.gather(1, order)], dim=2)
    targets = torch.full((n, 4 * length), NOTHING)
    targets[:, 2 * length :: 2] = asked[:, :, 1]
    return torch.cat([told, asked.flatten(1)], dim=1), targets


def parity(n: int, length: int, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
    """Read bits, and say after each whether the ones so far are odd, 1, or even, 0. T = length.

    Raises:
        ValueError: n or length is below 1.
    """
    _enough(n, length)
    bits = torch.randint(2, (n, length), generator=generator)
    return bits, bits.cumsum(dim=1) % 2


def cups(n: int, length: int, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
    """See two of three cups change places, and say after each of these `SWAPS` where the ball is; at first at 0.

    T = length.

    Raises:
        ValueError: n or length is below 1.
    """
    _enough(n, length)
    moves = torch.tensor([_after(*swap) for swap in SWAPS])
    ids = torch.randint(len(SWAPS), (n, length), generator=generator)
    ball, places = torch.zeros(n, dtype=torch.int64), []
    for t in range(length):
        ball = moves[ids[:, t], ball]
        places.append(ball)
    return ids, torch.stack(places, dim=1)


def _after(a: int, b: int) -> list[int]:
    """Where what stands at 0, 1 and 2 is after a swap of these two places."""
    return [{a: b, b: a}.get(place, place) for place in range(3)]


def _enough(n: int, length: int) -> None:
    if n < 1 or length < 1:
        raise ValueError(f"{n} sequences of length {length} were asked for, but 1 and more were expected")
