"""Random strings over an alphabet: copy them, reverse them, or say of each token whether another one is odd.

What is held out for the test is decided by the string itself, not by the draw: no training set, whatever its seed and
lengths, contains a string of any test set.
"""

import random
from collections.abc import Callable
from functools import cache, partial

from rnn2attn.tasks.held_out import is_held_out

ALPHABET = "abcdefghij"
ODD, EVEN, NONE = "1", "0", "-"


def copy(source: str) -> str:
    """The string itself."""
    return source


def reverse(source: str) -> str:
    """The string from its end to its beginning."""
    return source[::-1]


def parity(source: str, ahead: int = 1, alphabet: str = ALPHABET) -> str:
    """For each token, whether the one ``ahead`` places after it is odd, "1", or even, "0"; "-" where there is none.

    A token's number is its place in the alphabet, from 0. A negative ``ahead`` looks back.

    Raises:
        ValueError: a token is not of the alphabet.
    """
    for position, token in enumerate(source):
        if token not in alphabet:
            raise ValueError(f"token {token!r} at position {position} is not of the alphabet {alphabet!r}")
    places = range(ahead, ahead + len(source))
    return "".join((EVEN, ODD)[alphabet.index(source[i]) % 2] if 0 <= i < len(source) else NONE for i in places)


def pairs(
    n: int,
    task: Callable[[str], str],
    lengths: tuple[int, int] = (2, 20),
    alphabet: str = ALPHABET,
    seed: int = 0,
    test: bool = False,
) -> list[tuple[str, str]]:
    """Pairs (string, its answer); every length of the range, and every string of a length, is equally likely.

    Args:
        n: number of pairs. The same string may come twice.
        task: `copy`, `reverse`, `parity`, or any other function from a string to its answer.
        lengths: the shortest and the longest, both included.
        alphabet: distinct characters.
        seed: the same one gives the same pairs.
        test: draw from the tenth of all strings that is held out, not from the rest.

    Raises:
        ValueError: n is negative, lengths are no range, the alphabet repeats a character, or of some length no string
            is left to draw from.
    """
    shortest, longest = lengths
    if n < 0 or not 1 <= shortest <= longest:
        raise ValueError(f"n is {n} and lengths are {lengths}, but n ≥ 0 and 1 ≤ shortest ≤ longest were expected")
    if not alphabet or len(set(alphabet)) < len(alphabet):
        raise ValueError(f"alphabet must be distinct characters, at least one, not {alphabet!r}")
    rng = random.Random(f"{seed} {test}")
    draw = partial(_draw, rng, alphabet, test)
    sources = (draw(rng.randint(shortest, longest)) for _ in range(n))
    return [(source, task(source)) for source in sources]


@cache
def train_test(
    task: Callable[[str], str], seed: int = 0, shortest: int = 8, longest: int = 8
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """20,000 `pairs` for training, and 500 others for the test. They are drawn once: leave both lists as they are."""
    lengths = shortest, longest
    return pairs(20_000, task, lengths, seed=seed), pairs(500, task, lengths, seed=seed, test=True)


def _draw(rng: random.Random, alphabet: str, test: bool, length: int) -> str:
    for _ in range(1000):
        source = "".join(rng.choices(alphabet, k=length))
        if is_held_out(source) == test:
            return source
    side = "held out for the test" if test else "left for training"
    raise ValueError(
        f"no string of length {length} over {alphabet!r} is {side}: take longer ones, or more characters"
    )
