"""Dates in one language and in another, as the Unicode Common Locale Data Repository writes them, through Babel.

Tokens are words and single digits; space between them is dropped. What belongs together is known: the tokens of the
year, the month, the day and the weekday. Separators belong to none of them: punctuation, words such as "de" or 년,
and what stands beside the digits of a field, as 월 in 3월.
"""

import random
import unicodedata
from datetime import date, timedelta
from functools import cache
from itertools import groupby

from babel import Locale, UnknownLocaleError
from babel.dates import DateTimeFormat, get_date_format, parse_pattern, tokenize_pattern

from rnn2attn.tasks.held_out import is_held_out

Aligned = tuple[list[str], list[str], list[tuple[int, ...]]]

YEARS = (1950, 2049)
NAMED = ("full", "long", "medium", "short")
FIELDS = {
    **dict.fromkeys("yYu", "year"),
    **dict.fromkeys("ML", "month"),
    **dict.fromkeys("dD", "day"),
    **dict.fromkeys("Eec", "weekday"),
}


def pairs(
    n: int, source: str = "en", target: str = "ko", format: str = "full", seed: int = 0, test: bool = False
) -> list[tuple[list[str], list[str]]]:
    """`aligned`, without the alignments: pairs (source tokens, target tokens)."""
    return [(left, right) for left, right, _ in aligned(n, source, target, format, seed, test)]


def aligned(
    n: int, source: str = "en", target: str = "ko", format: str = "full", seed: int = 0, test: bool = False
) -> list[Aligned]:
    """Random days of the years 1950 to 2049, written in two locales, and which token belongs to which.

    Args:
        n: number of days. The same day may come twice.
        source: a locale that Babel knows, such as "en" or "fr_CA".
        target: another, or the same.
        format: "full" (with the weekday), "long", "medium", "short", or a pattern of the CLDR such as "d MMMM y".
        seed: the same one gives the same days, whatever the locales.
        test: draw from the tenth of all days that is held out, not from the rest.

    Returns:
        Triples (source tokens, target tokens, alignment). The alignment has an entry for each target token: the
        positions of the source tokens of the same field, or none, ().

    Raises:
        ValueError: n is negative, Babel does not know a locale, or the format is no date's.
    """
    if n < 0:
        raise ValueError(f"n is {n}, but n ≥ 0 was expected")
    sides = [_pattern(locale, format) for locale in (source, target)]
    return [_align(*(_write(day, *side) for side in sides)) for day in _days(n, seed, test)]


@cache
def full(seed: int) -> tuple[list, list]:
    """The dates of chapters 4 and 6: 10,000 training and 300 test `pairs`, weekday included, English to Korean."""
    return pairs(10_000, seed=seed), pairs(300, seed=seed, test=True)


def _days(n: int, seed: int, test: bool) -> list[date]:
    rng = random.Random(f"{seed} {test}")
    first, last = date(YEARS[0], 1, 1), date(YEARS[1], 12, 31)
    days = []
    while len(days) < n:
        day = first + timedelta(days=rng.randint(0, (last - first).days))
        if is_held_out(day.isoformat()) == test:
            days.append(day)
    return days


def _pattern(locale: str, format: str) -> tuple[Locale, list]:
    """The locale and the pieces of its pattern: ("chars", text) or ("field", (letter, count))."""
    try:
        known = Locale.parse(locale)
    except (UnknownLocaleError, ValueError, TypeError) as error:
        raise ValueError(
            f"Babel knows no locale {locale!r}; one such as 'en', 'ko' or 'fr_CA' was expected"
        ) from error
    pattern = get_date_format(format, known) if format in NAMED else parse_pattern(format)
    pieces = tokenize_pattern(pattern.pattern)
    if not any(kind == "field" and value[0] in FIELDS for kind, value in pieces):
        raise ValueError(f"format {format!r} has no year, month, day or weekday; one of {NAMED}, or a pattern, has")
    return known, pieces


def _write(day: date, locale: Locale, pieces: list) -> list[tuple[str, str | None]]:
    """Tokens with their fields, None for a token of no field."""
    written = DateTimeFormat(day, locale)
    tokens = []
    for kind, value in pieces:
        if kind == "chars":
            tokens += [(token, None) for token in tokenize(value)]
            continue
        letter, count = value
        try:
            text = written[letter * count]
        except (AttributeError, KeyError) as error:
            raise ValueError(f"the format asks for {letter * count!r}, which a date has not") from error
        says = str.isdigit if any(map(str.isdigit, text)) else _is_word
        tokens += [(token, FIELDS.get(letter) if says(token) else None) for token in tokenize(text)]
    return tokens


def _is_word(text: str) -> bool:
    return unicodedata.category(text[0])[0] in "LM"


def _align(left: list, right: list) -> Aligned:
    at = {name: tuple(i for i, (_, field) in enumerate(left) if field == name) for name in set(FIELDS.values())}
    return [token for token, _ in left], [token for token, _ in right], [at.get(field, ()) for _, field in right]


def tokenize(text: str) -> list[str]:
    """Words whole; digits and punctuation one by one; space dropped. "5. März" gives "5", ".", "März"."""
    tokens = []
    for is_word, run in groupby(text, key=_is_word):
        characters = "".join(run)
        tokens += [characters] if is_word else "".join(characters.split())
    return tokens
