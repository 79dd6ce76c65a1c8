"""Two tasks that ask for a memory: keep two numbers and add them; keep the first token while others go by.

They are made anew for every update, from PyTorch's random numbers, so that nothing can be learned by heart.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def adding(n: int, T: int, within: int | None = None) -> tuple[Tensor, Tensor]:
    """The adding problem: T numbers, two of them marked, and their sum to give at the end.

    After Hochreiter and Schmidhuber (1997), in the form of Arjovsky, Shah and Bengio (2016): one mark in the first
    half, one in the second. Who always answers 1, the mean of the sum, has a mean squared error of 1/6.

    Args:
        n: number of sequences.
        T: their length, 2 or more.
        within: of how many numbers from the start the halves are taken, 2 … T; of all if not given. With few, both
            marks are far from the end.

    Returns:
        x, (n, T, 2): numbers uniform in [0, 1), and beside each the mark 1 or 0. y, (n,): the sum of the marked two.

    Raises:
        ValueError: n or T is too small, or within is not 2 … T.
    """
    _enough(n, T, least=2)
    within = T if within is None else within
    if not 2 <= within <= T:
        raise ValueError(f"within is {within}, but 2 … {T} was expected: the marks lie among the {T} numbers")
    numbers, marks = torch.rand(n, T), torch.zeros(n, T)
    rows = torch.arange(n)
    marks[rows, torch.randint(0, within // 2, (n,))] = 1
    marks[rows, torch.randint(within // 2, within, (n,))] = 1
    return torch.stack([numbers, marks], dim=2), (numbers * marks).sum(dim=1)


def remember(n: int, T: int, V: int = 4) -> tuple[Tensor, Tensor]:
    """Read T random tokens, then say the first. Who guesses is right one time in V.

    Args:
        n: number of sequences.
        T: their length, 1 or more; the distance to carry is T − 1.
        V: number of different tokens, 2 or more.

    Returns:
        x, (n, T, V): the tokens, one-hot. y, int64, (n,): the id of the first.

    Raises:
        ValueError: n, T or V is too small.
    """
    _enough(n, T, least=1)
    if V < 2:
        raise ValueError(f"V is {V}, but 2 tokens or more are needed for something to be remembered")
    ids = torch.randint(V, (n, T))
    return F.one_hot(ids, V).float(), ids[:, 0]


def _enough(n: int, T: int, least: int) -> None:
    if n < 1 or least > T:
        raise ValueError(f"{n} sequences of length {T} were asked for, but n ≥ 1 and T ≥ {least} were expected")
