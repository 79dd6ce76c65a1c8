"""Next-character prediction on one word: read "hell", answer "ello".

A small task that needs a memory: the letter l is followed once by l and once by o.
"""

from rnn2attn.text import Batch, Vocabulary

WORD = "hello"


def pairs(word: str = WORD) -> list[tuple[str, str]]:
    """The one pair of this task: the word without its last letter, and without its first.

    Raises:
        ValueError: the word has fewer than two letters, so that nothing follows anything.
    """
    if len(word) < 2:
        raise ValueError(f"a word of two letters or more is needed, not {word!r}")
    return [(word[:-1], word[1:])]


def load(word: str = WORD) -> tuple[Batch, Vocabulary]:
    """The batch, (1, len(word) − 1) on both sides, and the vocabulary of the word's letters.

    Raises:
        ValueError: the word has fewer than two letters.
    """
    vocabulary = Vocabulary(word)
    return Batch.of(pairs(word), vocabulary), vocabulary
