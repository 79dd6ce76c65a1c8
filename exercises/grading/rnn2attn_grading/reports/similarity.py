"""Submissions whose answers are nearly the same, by the shingles of their code.

A shingle is a row of K tokens, without comments and layout (Broder, 1997).
What many have in common says nothing: right answers to a short question look
alike. So only the shingles that few submissions share are counted.

No grade hangs on it, and a notebook that is too large for it, or cannot be
read, is left out: parsed, code takes several hundred times its bytes.
"""

import ast
import contextlib
import hashlib
import io
import tokenize
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import combinations, groupby

K = 8  # tokens
FEW = 4  # submissions that share a shingle which still says something
LEAST = 20  # such shingles that two have in common
SHARE = 0.8  # of the smaller one's that the other has too
LARGEST = 100_000  # characters of a notebook's code; answers have a tenth
MOST = 20_000  # shingles of a notebook
LAYOUT = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT,
    tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER,
}  # fmt: skip


def shingles(sources: list[str], names: frozenset[str]) -> bytes:
    """The shingles of the functions that were asked for, as sorted numbers of 8 bytes; none of a notebook too large.

    Args:
        sources: the code of a notebook, cell by cell.
        names: of the functions that are asked for.
    """
    found = set()
    asked = [source for source in sources if any(name in source for name in names)]
    if sum(map(len, asked)) > LARGEST:
        return b""
    for source in asked:
        with contextlib.suppress(Exception):  # no code, or code without end
            for node in ast.parse(source).body:
                if getattr(node, "name", "") in names:
                    found |= _shingles(_tokens(node))
    return array("Q", sorted(found)[:MOST]).tobytes()


def _tokens(function: ast.AST) -> list[str]:
    """Of the body, without docstring and NotImplementedError, which the book wrote."""
    body = [ast.unparse(node) for node in getattr(function, "body", []) if not isinstance(node, ast.Expr | ast.Raise)]
    lines = io.StringIO("\n".join(body)).readline
    tokens = tokenize.generate_tokens(lines)
    return [token.string for token in tokens if token.type not in LAYOUT]


def _shingles(row: list[str]) -> set[int]:
    return {
        int.from_bytes(hashlib.blake2b("\0".join(row[n : n + K]).encode("utf-8", "replace"), digest_size=8).digest())
        for n in range(len(row) - K + 1)
    }


def pairs(submissions: Iterable[dict]) -> list[tuple[str, str, str, float]]:
    """Which are nearly the same: exercise, two students, and the share of what they have in common.

    Of those that are wholly the same each is named with the first.

    Args:
        submissions: with the keys exercise, student, shingles; those of an
            exercise one after the other.
    """
    found = []
    for exercise, group in groupby(submissions, lambda one: one["exercise"]):
        sets = {one["student"]: frozenset(array("Q", one["shingles"])) for one in group}
        found += [(exercise, *pair) for pair in _pairs(sets)]
    return found


def _pairs(sets: dict[str, frozenset[int]]) -> list[tuple[str, str, float]]:
    found, same, holders = {}, {}, defaultdict(list)
    for student, held in sets.items():
        first = same.setdefault(held, student)
        if first != student and len(held) >= LEAST:
            found[first, student] = 1.0
        for shingle in held if first == student else ():
            holders[shingle].append(student)
    telling = [who for who in holders.values() if len(who) <= FEW]
    own = Counter(student for who in telling for student in who)
    both = Counter(pair for who in telling for pair in combinations(who, 2))
    for (a, b), count in both.items():
        share = count / min(own[a], own[b])
        if count >= LEAST and share >= SHARE:
            found[a, b] = share
    return sorted((*pair, share) for pair, share in found.items())
