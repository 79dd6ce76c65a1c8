"""Sentence pairs that the reader has: one file of two columns with a tab between them, or two parallel files.

One sentence a line; its tokens are what stands between spaces, of whatever kind. How a file is read, `words.lines`
says. What is wrong with a file is named with its line.
"""

import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from rnn2attn import words

MOST = 1000  # tokens of a side: attention compares each with each


def pairs(
    path: str | Path, target: str | Path | None = None, longest: int | None = None
) -> list[tuple[list[str], list[str]]]:
    """The pairs (source tokens, target tokens) of one file, or of two.

    Letters that look the same are the same, see `words.clean`. Equal tokens are one object in memory, so that a file
    of a million lines has room.

    Args:
        path: source and target in two columns; or the sources alone, if ``target`` is given. A third column that
            begins with ``CC-BY`` is left out: in files of Tatoeba's pairs it says who wrote them.
        target: the file whose line n translates line n of the other.
        longest: leave out a pair of which one side has more tokens than this.

    Raises:
        FileNotFoundError: a file is not there.
        ValueError: a line cannot be read, is empty, or has not two columns; one has more than 1,000 tokens, and
            ``longest`` is not given; or the files have not equally many lines; or no pair is left. The message names
            file and line.
    """
    kept, number = [], 0
    for number, texts in _one(path) if target is None else _two(path, target):
        both = [[sys.intern(token) for token in text.split()] for text in texts]
        for tokens, file, side in zip(both, (path, target or path), ("source", "target"), strict=True):
            if not tokens:
                raise ValueError(f"{file}, line {number}: the {side} is empty")
            if longest is None and len(tokens) > MOST:
                raise ValueError(
                    f"{file}, line {number}: the {side} has {len(tokens):,} tokens, and up to {MOST:,} can be taken; "
                    f"longest={MOST} leaves out what is longer"
                )
        if longest is None or max(map(len, both)) <= longest:
            kept.append(tuple(both))
    if not number:
        raise ValueError(f"{path} is empty; one pair of sentences a line was expected")
    if not kept:
        raise ValueError(f"{path} has {number} lines, and none with at most {longest} tokens on each side")
    return kept


def _one(path: str | Path) -> Iterator[tuple[int, tuple[str, str]]]:
    for number, line in words.lines(path):
        columns = line.split("\t")
        if len(columns) == 3 and columns[2].startswith("CC-BY"):
            del columns[2]
        if len(columns) != 2:
            raise ValueError(
                f"{path}, line {number}: 2 columns with a tab between them were expected, not {len(columns)}"
            )
        yield number, tuple(columns)


def _two(path: str | Path, target: str | Path) -> Iterator[tuple[int, tuple[str, str]]]:
    for left, right in zip_longest(words.lines(path), words.lines(target)):
        if left is None or right is None:
            number = (left or right)[0]
            shorter, more = (target, path) if right is None else (path, target)
            raise ValueError(f"{shorter} ends after line {number - 1}, where {more} goes on to line {number}")
        yield left[0], (left[1], right[1])
