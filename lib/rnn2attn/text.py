"""From strings to tensors and back: Vocabulary and Batch.

All text in this book takes one path: pairs of strings → `Vocabulary` → `Batch` → model(batch) → logits. `<sos>`,
`<eos>` and padding are put in place here, in `Batch.of`, and nowhere else.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import chain, islice
from operator import index

import torch
from torch import Tensor

from rnn2attn.shapes import expect
from rnn2attn.words import clean

PAD, SOS, EOS, UNK = "<pad>", "<sos>", "<eos>", "<unk>"


def _spelled(token: str) -> str:
    """The token `clean`; as it is where nothing would be left of it, as of a zero-width space alone."""
    return clean(token) or token


class Vocabulary:
    """A numbered list of distinct tokens.

    Tokens are numbered in the order in which they first appear, so the same data always give the same numbers. Two
    that look the same are one, whatever they were typed on: see `words.clean`.

    Args:
        tokens: any iterable of strings; a string counts as its characters. Repeats are dropped.
        special: tokens that no text contains, numbered before all others, such as ``(PAD, SOS, EOS)``.

    Raises:
        ValueError: there is no token at all, or a special token is among the others.
    """

    def __init__(self, tokens: Iterable[str], special: Sequence[str] = ()):
        words = dict.fromkeys(map(_spelled, tokens))
        for token in special:
            if token in words:
                raise ValueError(f"{token!r} is a special token, and was found among the text's own")
        self.tokens = tuple(dict.fromkeys(chain(special, words)))
        if not words:
            raise ValueError("a Vocabulary needs at least one token, and was given none")
        self._ids = {token: i for i, token in enumerate(self.tokens)}

    @classmethod
    def of(
        cls, sequences: Iterable[Iterable[str]], minimum: int = 1, special: Sequence[str] = (PAD, SOS, EOS)
    ) -> "Vocabulary":
        """The tokens of all sequences. Those that come fewer than ``minimum`` times are left to ``<unk>``.

        Raises:
            ValueError: minimum is below 1, no token is left, or a special token is among the text's own.
        """
        if minimum < 1:
            raise ValueError(f"minimum is {minimum}, but 1 or more was expected")
        counts = Counter(map(_spelled, chain.from_iterable(sequences)))
        kept = [token for token, count in counts.items() if count >= minimum]
        if counts and not kept:
            raise ValueError(f"no token comes {minimum} times; the most frequent comes {max(counts.values())} times")
        return cls(kept, special if minimum == 1 else (*special, UNK))

    def __len__(self) -> int:
        return len(self.tokens)

    def __repr__(self) -> str:
        return f"Vocabulary({list(self.tokens)})"

    def id(self, token: str) -> int | None:
        """The token's number, or None if it has none."""
        return self._ids.get(_spelled(token))

    def ids(self, tokens: Iterable[str]) -> list[int]:
        """The tokens' numbers; one that is not known has the number of ``<unk>``, where there is one.

        Raises:
            ValueError: a token is not in the vocabulary, and ``<unk>`` is not either; the message names it.
        """
        unknown = self._ids.get(UNK)
        ids = [self._ids.get(_spelled(token), unknown) for token in tokens]
        if None in ids:
            position, token = ids.index(None), list(tokens)[ids.index(None)]
            raise ValueError(f"token {token!r} at position {position} is not among the {len(self)} tokens known")
        return ids

    def encode(self, tokens: Iterable[str]) -> Tensor:
        """The tokens' numbers, int64, shape (T,).

        Raises:
            ValueError: a token is not in the vocabulary, and ``<unk>`` is not either; the message names it.
        """
        return torch.tensor(self.ids(tokens), dtype=torch.long)

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


def vocabularies(pairs: Sequence[Sequence], minimum: int = 1) -> tuple[Vocabulary, Vocabulary]:
    """One vocabulary for the sources, with ``<pad>``, and one for the targets, with ``<pad>``, ``<sos>``, ``<eos>``.

    With a minimum above 1, both have ``<unk>`` as well. Raises as `Vocabulary.of` does.
    """
    source = Vocabulary.of((pair[0] for pair in pairs), minimum, (PAD,))
    return source, Vocabulary.of((pair[1] for pair in pairs), minimum)


def padded(sequences: Sequence[Iterable[str]], vocabulary: Vocabulary, name: str = "source") -> tuple[Tensor, Tensor]:
    """Sequences as one tensor, one row each, filled up on the right with the number of ``<pad>``.

    Returns:
        The ids, int64, (B, T), and the lengths, int64, (B,), which alone say what is real.

    Raises:
        ValueError: the lengths differ and the vocabulary has no ``<pad>``; the message names the first odd row.
    """
    rows = [vocabulary.ids(sequence) for sequence in sequences]
    lengths = [len(row) for row in rows]
    fill = vocabulary.id(PAD)
    for row, length in enumerate(lengths):
        if fill is None and length != lengths[0]:
            raise ValueError(
                f"{name} of pair {row} has {length} tokens, where pair 0 has {lengths[0]}; "
                f"a vocabulary with {PAD} takes rows of any length"
            )
    T = max(lengths)
    filled = [row + [fill] * (T - len(row)) for row in rows]
    return torch.tensor(filled, dtype=torch.long).reshape(len(rows), T), torch.tensor(lengths)


def real(lengths: Tensor, T: int) -> Tensor:
    """The mask of rows of given lengths (B,): bool, (B, T), True where a token is real and False on padding."""
    return torch.arange(T, device=lengths.device) < lengths[:, None]


@dataclass(frozen=True, eq=False)
class Batch:
    """Source and target ids, one row a pair, padded on the right.

    What is padding is known from the lengths, never from the ids: a real token may have the same number.

    Attributes:
        source: int64, (B, T).
        target: int64, (B, T'). With ``<eos>`` after each row's last token, where the vocabulary has one.
        source_lengths: int64, (B,); T in every row if not given.
        target_lengths: int64, (B,), ``<eos>`` counted; T' in every row if not given.
        inputs: what a decoder reads to say the target: ``<sos>``, then the target one step later, (B, T'). None where
            the vocabulary has no ``<sos>``.
    """

    source: Tensor
    target: Tensor
    source_lengths: Tensor | None = field(default=None, repr=False)
    target_lengths: Tensor | None = field(default=None, repr=False)
    inputs: Tensor | None = field(default=None, repr=False)

    def __post_init__(self):
        expect(source=(self.source, "B T"), target=(self.target, "B T'"))
        for name, ids in (("source_lengths", self.source), ("target_lengths", self.target)):
            lengths = getattr(self, name)
            if lengths is None:
                object.__setattr__(self, name, torch.full((len(ids),), ids.shape[1], device=ids.device))
                continue
            expect(source=(self.source, "B T"), **{name: (lengths, "B")})
            if len(lengths) and not 0 <= lengths.min() <= lengths.max() <= ids.shape[1]:
                raise ValueError(f"{name} must lie in 0 … {ids.shape[1]}, but {lengths.tolist()} was given")
        if self.inputs is not None:
            expect(target=(self.target, "B T'"), inputs=(self.inputs, "B T'"))

    @classmethod
    def of(
        cls, pairs: Sequence[Sequence], vocabulary: Vocabulary, target_vocabulary: Vocabulary | None = None
    ) -> "Batch":
        """Encode pairs (source, target); what else a pair may hold is not looked at.

        Args:
            pairs: two sequences of strings each. Their lengths may differ where the vocabulary has ``<pad>``.
            vocabulary: of the sources, and of the targets too if no other is given.
            target_vocabulary: of the targets.

        Raises:
            ValueError: there are no pairs, a token is not known, or lengths differ and there is no ``<pad>``; the
                message names the first odd row.
        """
        if not len(pairs):
            raise ValueError("a Batch needs at least one pair (source, target), and was given none")
        target_vocabulary = target_vocabulary or vocabulary
        end = [EOS] if target_vocabulary.id(EOS) is not None else []
        source, source_lengths = padded([pair[0] for pair in pairs], vocabulary)
        target, target_lengths = padded([[*pair[1], *end] for pair in pairs], target_vocabulary, "target")
        inputs = None
        if (start := target_vocabulary.id(SOS)) is not None:
            inputs = torch.cat([torch.full_like(target[:, :1], start), target[:, :-1]], dim=1)
            if (fill := target_vocabulary.id(PAD)) is not None:
                inputs = inputs.masked_fill(~real(target_lengths, target.shape[1]), fill)
        return cls(source, target, source_lengths, target_lengths, inputs)

    def __len__(self) -> int:
        return len(self.source)

    @property
    def source_mask(self) -> Tensor:
        """Bool, (B, T), True where a source token is real."""
        return real(self.source_lengths, self.source.shape[1])

    @property
    def target_mask(self) -> Tensor:
        """Bool, (B, T'), True where a target token is real; ``<eos>`` is."""
        return real(self.target_lengths, self.target.shape[1])

    def rows(self, chosen: Tensor | slice) -> "Batch":
        """The Batch of some rows, cut to the longest of them."""
        lengths, target_lengths = self.source_lengths[chosen], self.target_lengths[chosen]
        if not len(lengths):
            raise ValueError(f"no row was chosen of the {len(self)}")
        T, T_target = int(lengths.max()), int(target_lengths.max())
        inputs = None if self.inputs is None else self.inputs[chosen, :T_target]
        return Batch(self.source[chosen, :T], self.target[chosen, :T_target], lengths, target_lengths, inputs)

    def to(self, device: torch.device | str) -> "Batch":
        """The same batch on a device, such as "cuda"; itself, if that is where it is."""
        if self.source.device == torch.device(device):
            return self
        return replace(
            self, **{f.name: x.to(device) for f in fields(self) if (x := getattr(self, f.name)) is not None}
        )

    def minibatches(self, size: int, updates: int, seed: int) -> Iterator["Batch"]:
        """``updates`` batches of ``size`` rows: all rows in a random order, then all again in another, and so on.

        The last batch of each round is smaller where ``size`` does not divide the number of rows.

        Raises:
            ValueError: size is below 1, or updates below 0.
        """
        if size < 1 or updates < 0:
            raise ValueError(f"size is {size} and updates is {updates}, but size ≥ 1 and updates ≥ 0 were expected")
        generator = torch.Generator().manual_seed(seed)
        rounds = (torch.randperm(len(self), generator=generator).split(size) for _ in range(updates))
        for chosen in islice(chain.from_iterable(rounds), updates):
            yield self.rows(chosen)


def bucketed(batch: Batch, size: int, updates: int, seed: int) -> Iterator[Batch]:
    """As `Batch.minibatches`, with sources of about one length in each batch, so that little of it is padding.

    In each round the rows are sorted by the length of their source, those of one length in a random order, and cut
    into batches, which come in a random order. One of them is smaller where ``size`` does not divide the rows.

    Raises:
        ValueError: size is below 1, or updates below 0.
    """
    if size < 1 or updates < 0:
        raise ValueError(f"size is {size} and updates is {updates}, but size ≥ 1 and updates ≥ 0 were expected")
    generator = torch.Generator().manual_seed(seed)

    def once() -> Iterator[Tensor]:
        mixed = torch.randperm(len(batch), generator=generator)
        parts = mixed[batch.source_lengths[mixed].argsort(stable=True)].split(size)
        return (parts[k] for k in torch.randperm(len(parts), generator=generator).tolist())

    for chosen in islice(chain.from_iterable(once() for _ in range(updates)), updates):
        yield batch.rows(chosen)
