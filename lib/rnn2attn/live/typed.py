"""From what somebody has typed to a model's tokens, or to a sentence that says why not.

``page.js`` does the same on the page, with the sentences of `SENTENCES`.
"""

import re
from typing import NamedTuple

from rnn2attn.tasks import dates
from rnn2attn.text import PAD, UNK, Vocabulary
from rnn2attn.words import clean

# Ways of cutting text into tokens: a date's words and digits, every character that is not space, or the same with a
# number whole.
CUT = {
    "words": dates.tokenize,
    "characters": lambda text: [*"".join(text.split())],
    "numbers": lambda text: re.findall(r"[0-9]+|\S", text),
}
LONGEST = 24  # tokens for which the map has room on a phone
NEAR = 3  # how many known tokens are named for one that is not known
SENTENCES = {
    "empty": "Nothing is typed.",
    "unknown": "The model has never read “{token}”.",
    "near": "The model has never read “{token}”; it knows {near}.",
    "long": "These are {n} tokens, and the figure has room for {longest}.",
    "still": "Below it still answers to {before}.",
}


class Typed(NamedTuple):
    """The tokens, and a sentence where the model cannot read them; else ""."""

    tokens: list[str]
    problem: str


def read(text: str, vocabulary: Vocabulary, cut: str, before: str, longest: float = LONGEST) -> Typed:
    """What a model with this vocabulary can make of a text.

    Args:
        text: as it was typed, in any form of Unicode.
        vocabulary: of the model's sources.
        cut: a key of `CUT`.
        before: the text that was answered last, which a problem leaves in place.
        longest: the most tokens that it may have.
    """
    tokens = CUT[cut](clean(text))
    unknown = [token for token in tokens if vocabulary.id(token) is None and vocabulary.id(UNK) is None]
    if not tokens:
        problem = SENTENCES["empty"]
    elif unknown:
        token = unknown[0]
        near = [one for one in vocabulary.tokens if one != PAD and one.lower().startswith(token.lower())][:NEAR]
        problem = SENTENCES["near" if near else "unknown"].format(token=token, near=", ".join(near))
    elif len(tokens) > longest:
        problem = SENTENCES["long"].format(n=len(tokens), longest=longest)
    else:
        return Typed(tokens, "")
    return Typed(tokens, f"{problem} {SENTENCES['still'].format(before=before)}")
