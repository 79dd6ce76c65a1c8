"""Dates: the text is Babel's, the alignment joins fields, and test days are in no training set."""

import random
from datetime import date, timedelta

import pytest
from babel.dates import format_date
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn2attn.tasks import dates

LOCALES = ("en", "ko", "es", "fr", "de", "ja", "ar", "hi", "th", "pt_BR", "ca")


@settings(deadline=None)
@given(st.sampled_from(LOCALES), st.sampled_from(LOCALES), st.sampled_from(dates.NAMED), st.integers(0, 99))
def test_tokens_are_babels_text_without_its_spaces(source, target, format, seed):
    ((left, right, _),) = dates.aligned(1, source, target, format, seed)
    (day,) = dates._days(1, seed, test=False)
    for tokens, locale in ((left, source), (right, target)):
        text = format_date(day, format, locale)
        assert "".join(tokens) == "".join(text.split())
        assert all(len(token) == 1 for token in tokens if any(map(str.isdigit, token))), "digits stand alone"


def test_words_stay_whole_and_digits_stand_alone():
    assert dates.tokenize("mardi, 5. März 2024") == ["mardi", ",", "5", ".", "März", "2", "0", "2", "4"]
    assert dates.tokenize("10월 5일") == ["1", "0", "월", "5", "일"]
    assert dates.tokenize("सितंबर") == ["सितंबर"], "a vowel sign belongs to its word"


def test_gold_of_a_date_by_hand(monkeypatch):
    monkeypatch.setattr(dates, "_days", lambda n, seed, test: [date(2024, 3, 15)])
    ((left, right, gold),) = dates.aligned(1, "en", "ko")
    assert " ".join(left) == "Friday , March 1 5 , 2 0 2 4"
    assert " ".join(right) == "2 0 2 4 년 3 월 1 5 일 금요일"
    year, month, day, weekday = (6, 7, 8, 9), (2,), (3, 4), (0,)
    assert gold == [year] * 4 + [()] + [month, ()] + [day] * 2 + [()] + [weekday]


def test_a_field_that_the_source_lacks_has_no_partner():
    ((_, right, gold),) = dates.aligned(1, "en", "en", "y")
    assert gold == [(0, 1, 2, 3)] * 4 and len(right) == 4
    monday = dates.aligned(1, "es", "fr", "EEEE 'de' y G")[0]
    assert [len(at) for at in monday[2]] == [1, 0, 4, 4, 4, 4, 0, *[0] * (len(monday[1]) - 7)], (
        "no era, no word between"
    )


def test_full_has_the_weekday_and_long_has_not():
    weekdays = {format_date(date(2024, 1, 1) + timedelta(days=i), "EEEE", locale="ko") for i in range(7)}
    for format, has in (("full", True), ("long", False)):
        assert all((not weekdays.isdisjoint(target)) is has for _, target in dates.pairs(20, format=format))


def test_the_full_dates_of_two_chapters_are_english_and_korean():
    train, test = dates.full(3)
    assert (len(train), len(test)) == (10_000, 300)
    assert train[:5] == dates.pairs(5, "en", "ko", "full", seed=3) and dates.full(3)[0] is train
    assert test == dates.pairs(300, "en", "ko", "full", seed=3, test=True)


def test_no_training_set_holds_a_day_of_a_test_set():
    train = {day for seed in range(3) for day in dates._days(5000, seed, test=False)}
    test = {day for seed in range(3) for day in dates._days(500, seed, test=True)}
    assert not train & test and len(test) > 1000
    assert {day.year // 50 for day in train} == {39, 40} and max(train).year <= 2049


def test_the_same_seed_gives_the_same_days_in_every_locale():
    random.seed(1)
    one = dates.pairs(20, "en", "ko", seed=3)
    random.seed(2)
    assert one == dates.pairs(20, "en", "ko", seed=3) != dates.pairs(20, "en", "ko", seed=4)
    assert [source for source, _ in one] == [source for source, _ in dates.pairs(20, "en", "fr", seed=3)]
    assert one == [(left, right) for left, right, _ in dates.aligned(20, "en", "ko", seed=3)]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dates.pairs(-1), "n is -1"),
        (lambda: dates.pairs(1, "xx"), "Babel knows no locale 'xx'"),
        (lambda: dates.pairs(1, "en", "not a locale"), "Babel knows no locale 'not a locale'"),
        (lambda: dates.pairs(1, format="HH:mm"), "format 'HH:mm' has no year, month, day or weekday"),
        (lambda: dates.pairs(1, format="y HH"), "the format asks for 'HH', which a date has not"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
