"""From strings to tensors and back: Vocabulary and Batch.

All text in this book takes one path: pairs of strings → `Vocabulary` → `Batch` → model(batch) → logits.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import index

import torch
from torch import Tensor

from rnn2attn.shapes import expect


class Vocabulary:
    """A numbered list of distinct tokens.

    Tokens are numbered in the order in which they first appear, so the same data always give the same numbers.

    Args:
        tokens: any iterable of strings; a string counts as its characters. Repeats are dropped.

    Raises:
        ValueError: there is no token at all.
    """

    def __init__(self, tokens: Iterable[str]):
        self.tokens = tuple(dict.fromkeys(tokens))
        if not self.tokens:
            raise ValueError("a Vocabulary needs at least one token, and was given none")
        self._ids = {token: i for i, token in enumerate(self.tokens)}

    def __len__(self) -> int:
        return len(self.tokens)

    def __repr__(self) -> str:
        return f"Vocabulary({list(self.tokens)})"

    def encode(self, tokens: Iterable[str]) -> Tensor:
        """The tokens' numbers, int64, shape (T,).

        Raises:
            ValueError: a token is not in the vocabulary; the message names it.
        """
        ids = []
        for position, token in enumerate(tokens):
            if token not in self._ids:
                raise ValueError(f"token {token!r} at position {position} is not among the {len(self)} tokens known")
            ids.append(self._ids[token])
        return torch.tensor(ids, dtype=torch.long)

    def decode(self, ids: Iterable[int] | Tensor) -> list[str]:
        """The tokens behind the numbers.

        Raises:
            TypeError: a number is not an integer.
            ValueError: ids are not one row, or a number lies outside 0 … len(self) − 1; the message names it.
        """
        if isinstance(ids, Tensor):
            expect(ids=(ids, "T"))
        ids = [index(i) for i in ids]
        for i in ids:
            if not 0 <= i < len(self):
                raise ValueError(f"id {i} is outside 0 … {len(self) - 1}")
        return [self.tokens[i] for i in ids]


@dataclass(frozen=True, eq=False)
class Batch:
    """Source and target ids, one row a pair.

    Attributes:
        source: int64, (B, T).
        target: int64, (B, T').
    """

    source: Tensor
    target: Tensor

    @classmethod
    def of(cls, pairs: Sequence[tuple[Sequence[str], Sequence[str]]], vocabulary: Vocabulary) -> "Batch":
        """Encode pairs (source, target) whose sources are equally long, and whose targets are.

        Raises:
            ValueError: there are no pairs, or their lengths differ; the message names the first odd row.
        """
        if not pairs:
            raise ValueError("a Batch needs at least one pair (source, target), and was given none")
        for side, name in enumerate(("source", "target")):
            expected = len(pairs[0][side])
            for row, pair in enumerate(pairs):
                if len(pair[side]) != expected:
                    raise ValueError(
                        f"{name} of pair {row} has {len(pair[side])} tokens, where pair 0 has {expected}"
                    )
        source, target = zip(*pairs, strict=True)
        return cls(
            torch.stack([vocabulary.encode(s) for s in source]),
            torch.stack([vocabulary.encode(t) for t in target]),
        )
