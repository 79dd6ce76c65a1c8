"""Names of places in many languages and in Korean, as the Unicode Common Locale Data Repository has them, by Babel.

Cities are those that time zones are called after, countries and other regions those of ISO 3166. Source tokens are
letters, in lower case. Target tokens are letters of Hangul one by one, as 한 is ᄒ, ᅡ, ᆫ (Unicode's form NFD): so a
target is about as long as its source, and nearly in its order. `written` puts them together again.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from unicodedata import lookup, normalize
from unicodedata import name as name_of

import torch
from babel import Locale, UnknownLocaleError

from rnn2attn.tasks.held_out import is_held_out
from rnn2attn.words import clean

LATIN = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "tr", "fi", "hu", "cs", "ro")
UNKNOWN = {"Etc/Unknown", "ZZ", "XA", "XB"}  # "unknown place", and two that Unicode made up for tests
Pair = tuple[list[str], list[str]]


def pairs(locales: Iterable[str] = LATIN, test: bool = False) -> list[Pair]:
    """Each place's name in each of these locales, and in Korean: pairs (letters, letters of Hangul).

    Places and not names are held out: what a tenth of them is called stands in no language among the rest. A pair
    that several locales share is one.

    Args:
        locales: that Babel knows, such as "en" or "pt_BR".
        test: the places that are held out, and not the rest.

    Raises:
        ValueError: Babel does not know a locale.
    """
    found = dict.fromkeys((name.lower(), korean) for name, korean in _named(tuple(locales), test))
    return [(list(name), spelled(korean)) for name, korean in found]


def texts(locales: Iterable[str] = LATIN, test: bool = False) -> list[str]:
    """The names themselves as they are written, each once. Takes and raises as `pairs` does."""
    return list(dict.fromkeys(name for name, _ in _named(tuple(locales), test)))


def one_word() -> list[Pair]:
    """The pairs of all places in which both names have letters only, whether `pairs` holds them out or not."""
    found = pairs() + pairs(test=True)
    return [(name, korean) for name, korean in found if "".join(name).isalpha() and written(korean).isalpha()]


def by_place(pairs: Sequence[Pair], seed: int) -> tuple[list[Pair], list[Pair]]:
    """Hold out a tenth of the places, drawn by the seed: the pairs to learn from, and those of the places held out.

    A place is its name in Korean, and all that it is called goes with it. A name that another place bears as well, or
    another spelling in Korean, and that stands among those to learn from is left out of the others.
    """
    places = sorted({tuple(korean) for _, korean in pairs})
    order = torch.randperm(len(places), generator=torch.Generator().manual_seed(seed)).tolist()
    drawn = {places[k] for k in order[: len(places) // 10]}
    learned = [pair for pair in pairs if tuple(pair[1]) not in drawn]
    known = {tuple(name) for name, _ in learned}
    return learned, [pair for pair in pairs if tuple(pair[1]) in drawn and tuple(pair[0]) not in known]


def spelled(korean: str) -> list[str]:
    """The letters of Hangul, one by one: "한국" is six."""
    return list(normalize("NFD", korean))


def written(letters: Sequence[str]) -> str:
    """Letters of Hangul as syllables; what forms none stands as it is."""
    return normalize("NFC", "".join(letters))


def syllables(letters: Sequence[str]) -> list[list[int]]:
    """Which letters of Hangul form one syllable, by their places: it begins with an initial consonant, ᄀ … ᄒ.

    What stands before the first one, or belongs to no syllable, is counted to the one that stands before it.
    """
    parts: list[list[int]] = []
    for place, letter in enumerate(letters):
        if not parts or "ᄀ" <= letter <= "ᄒ":
            parts.append([])
        parts[-1].append(place)
    return parts


def alone(letter: str) -> str:
    """A letter of a syllable as it stands by itself: ᄒ, ᅡ and ᆫ as ㅎ, ㅏ and ㄴ. What is no such letter stays."""
    called = name_of(letter, "") if len(letter) == 1 else ""
    for place in ("CHOSEONG", "JUNGSEONG", "JONGSEONG"):
        if place in called:
            return lookup(called.replace(place, "LETTER"))
    return letter


def _named(locales: tuple[str, ...], test: bool) -> list[tuple[str, str]]:
    """(name, name in Korean) of the places that are held out, or of the others."""
    found = [
        (name, korean)
        for place, korean in _places("ko").items()
        for locale in locales
        if (name := _places(locale).get(place))
    ]
    rest = [pair for pair in found if not is_held_out(pair[1])]
    if not test:
        return rest
    # Two ways to write a place in Korean, as of Anguilla, must not part its names.
    known = {name.lower() for name, _ in rest}
    return [pair for pair in found if is_held_out(pair[1]) and pair[0].lower() not in known]


@cache
def _places(locale: str) -> dict[str, str]:
    """A place → its name: "Asia/Seoul" → "Seoul", "KR" → "South Korea"."""
    try:
        known = Locale.parse(locale)
    except (UnknownLocaleError, ValueError, TypeError) as error:
        raise ValueError(
            f"Babel knows no locale {locale!r}; one such as 'en', 'ko' or 'pt_BR' was expected"
        ) from error
    # English names of cities stand in the zones' own names, where they are not others.
    zones = Locale("ko").time_zones if known.language == "en" else {}
    cities = {zone: zone.rpartition("/")[2].replace("_", " ") for zone in zones}
    cities |= {zone: names["city"] for zone, names in known.time_zones.items() if "city" in names}
    regions = {code: name for code, name in known.territories.items() if len(code) == 2 and code.isalpha()}
    return {place: clean(name) for place, name in sorted((cities | regions).items()) if place not in UNKNOWN}
