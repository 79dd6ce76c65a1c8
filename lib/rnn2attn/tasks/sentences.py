"""Sentence pairs that the reader has: one file of two columns with a tab between them, or two parallel files.

One sentence a line, in UTF-8, plain or gzip; its tokens are what stands between spaces. What is wrong with a file is
named with its line.
"""

import gzip
import zlib
from pathlib import Path


def pairs(
    path: str | Path, target: str | Path | None = None, longest: int | None = None
) -> list[tuple[list[str], list[str]]]:
    """The pairs (source tokens, target tokens) of one file, or of two.

    Args:
        path: source and target in two columns; or the sources alone, if ``target`` is given.
        target: the file whose line n translates line n of the other.
        longest: leave out a pair of which one side has more tokens than this.

    Raises:
        FileNotFoundError: a file is not there.
        ValueError: a line is no UTF-8, is empty, or has not two columns; or the files have not equally many lines;
            or no pair is left. The message names file and line.
    """
    if target is None:
        both = [_columns(path, number, line) for number, line in enumerate(_lines(path), 1)]
    else:
        left, right = _lines(path), _lines(target)
        if len(left) != len(right):
            (n, shorter), (more, longer) = sorted([(len(left), path), (len(right), target)])
            raise ValueError(f"{shorter} ends after line {n}, where {longer} goes on to line {more}")
        both = list(zip(left, right, strict=True))
    split = []
    for number, texts in enumerate(both, 1):
        source_tokens, target_tokens = (text.split() for text in texts)
        for tokens, file, side in ((source_tokens, path, "source"), (target_tokens, target or path, "target")):
            if not tokens:
                raise ValueError(f"{file}, line {number}: the {side} is empty")
        if longest is None or max(len(source_tokens), len(target_tokens)) <= longest:
            split.append((source_tokens, target_tokens))
    if not split:
        raise ValueError(f"{path} has {len(both)} lines, and none with at most {longest} tokens on each side")
    return split


def _lines(path: str | Path) -> list[str]:
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}; the path of a corpus on this machine was expected")
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path} begins as gzip does and cannot be unpacked: {error}") from error
    lines = []
    for number, line in enumerate(raw.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\n").split(b"\n"), 1):
        try:
            lines.append(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{path}, line {number}: byte {line[error.start]:#04x} at column {error.start} is not UTF-8"
            ) from error
    return lines


def _columns(path: str | Path, number: int, line: str) -> tuple[str, str]:
    columns = line.split("\t")
    if len(columns) != 2:
        raise ValueError(
            f"{path}, line {number}: 2 columns with a tab between them were expected, not {len(columns)}"
        )
    return columns[0], columns[1]
