"""What comes next, by counting what came next: the opponent of every network that reads text."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor


class Counts:
    """An n-gram model, smoothed as Witten and Bell (1991) propose in their method C.

    p(x | c) = λ p_ML(x | c) + (1 − λ) p(x | c′), where c′ is the context c without its first letter, and
    1 − λ = (kinds of letters seen after c) / (these kinds + letters seen after c). Below the empty context all
    letters are equally likely.

    Args:
        ids: of the text that is counted.
        vocabulary_size: V.
        n: letters of a run, the one that follows included; 1 looks at nothing before.

    Raises:
        ValueError: n or V is below 1.
    """

    def __init__(self, ids: Sequence[int] | Tensor, vocabulary_size: int, n: int):
        if n < 1 or vocabulary_size < 1:
            raise ValueError(f"n = {n} and V = {vocabulary_size} were given, where 1 and more were expected")
        self.n, self.size = n, vocabulary_size
        ids = tuple(torch.as_tensor(ids).tolist())
        self.after: dict[tuple, Counter] = defaultdict(Counter)
        for length in range(n):
            for place in range(length, len(ids)):
                self.after[ids[place - length : place]][ids[place]] += 1

    def probabilities(self, context: Sequence[int]) -> Tensor:
        """p(x | context) of each letter x, (V,); of the context the last n − 1 letters count."""
        context = tuple(context)[max(0, len(context) - self.n + 1) :]
        p = torch.full((self.size,), 1 / self.size, dtype=torch.float64)
        for start in range(len(context), -1, -1):  # the empty context first
            seen = self.after.get(context[start:])
            if seen:
                counts = torch.zeros(self.size, dtype=torch.float64)
                counts[list(seen)] = torch.tensor(list(seen.values()), dtype=torch.float64)
                p = (counts + len(seen) * p) / (counts.sum() + len(seen))
        return p

    def bits(self, ids: Sequence[int] | Tensor) -> float:
        """−log₂ p of each letter given those before it, on the mean."""
        ids = torch.as_tensor(ids).tolist()
        p = [self.probabilities(ids[max(0, t - self.n + 1) : t])[x] for t, x in enumerate(ids)]
        return -torch.stack(p).log2().mean().item()
