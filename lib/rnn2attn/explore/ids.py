"""Ids for what a page may show more than once."""

import hashlib
from collections import Counter

_shown: Counter[str] = Counter()  # what was shown → how often before


def own(shown: str) -> str:
    """A hash for an id of its own each time that the same is shown; the same ones whenever a notebook runs anew."""
    before = _shown[shown]
    _shown[shown] += 1
    return hashlib.sha256(f"{shown}{before or ''}".encode()).hexdigest()
