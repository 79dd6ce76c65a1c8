"""Names of places: Babel's, held out by place, and Hangul in letters and back."""

import unicodedata

import pytest
from babel import Locale

from rnn2attn.tasks import names


def test_a_name_and_its_hangul_by_hand():
    found = {"".join(source): names.written(target) for source, target in names.pairs() + names.pairs(test=True)}
    for source, target in (("chicago", "시카고"), ("france", "프랑스"), ("francia", "프랑스"), ("seoul", "서울")):
        assert found[source] == target
    assert names.written(names.spelled("한국")) == "한국" and len(names.spelled("한국")) == 6


def test_targets_are_babels_letter_by_letter():
    korean = Locale("ko")
    known = {names["city"] for names in korean.time_zones.values() if "city" in names} | {
        *korean.territories.values()
    }
    for source, target in names.pairs(("en", "pt_BR"), test=True):
        assert names.written(target) in known
        assert all(len(letter) == 1 for letter in source + target)
        assert not any("가" <= letter <= "힣" for letter in target), "syllables come in letters"


def test_places_are_held_out_and_not_names():
    learned, tried = names.pairs(), names.pairs(test=True)
    assert len(learned) > 2500 and len(tried) > 200
    for side in (0, 1):
        assert not {"".join(pair[side]) for pair in learned} & {"".join(pair[side]) for pair in tried}


def test_more_locales_give_more_names_and_never_the_same_pair_twice():
    one, many = names.pairs(("en",)), names.pairs()
    assert {("".join(a), "".join(b)) for a, b in one} < {("".join(a), "".join(b)) for a, b in many}
    assert len({("".join(a), "".join(b)) for a, b in many}) == len(many)


def test_texts_are_names_as_they_are_written():
    assert {"Chicago", "Südkorea", "Corée du Sud"} <= {*names.texts(), *names.texts(test=True)}
    assert not {*names.texts(("en",))} & {*names.texts(("en",), test=True)}
    signs = {sign for name in names.texts() for sign in name}
    assert not any(unicodedata.category(sign) in ("Cf", "Cc") for sign in signs), "nothing that is not seen"


@pytest.mark.parametrize("locale", ["xx", "", None, "English"])
def test_a_locale_that_babel_does_not_know_is_named(locale):
    with pytest.raises(ValueError, match="Babel knows no locale"):
        names.pairs((locale,))
