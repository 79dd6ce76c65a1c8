"""Names of places: Babel's, held out by place, and Hangul in letters and back."""

import unicodedata
from collections import Counter

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


def test_another_seed_holds_out_other_places_with_all_their_names():
    found = names.one_word()
    assert all("".join(name).isalpha() and names.written(korean).isalpha() for name, korean in found)
    assert len(found) == len({("".join(name), *korean) for name, korean in found}) > 1500
    away = []
    for seed in range(3):
        learned, tried = names.by_place(found, seed)
        for side in (0, 1):
            assert not {"".join(pair[side]) for pair in learned} & {"".join(pair[side]) for pair in tried}
        away.append({"".join(korean) for _, korean in tried})
        places = away[-1] | {"".join(korean) for _, korean in learned}
        assert 0.08 < len(away[-1]) / len(places) <= 0.11 and len(learned) + len(tried) > 0.98 * len(found)
    assert len(away[0] & away[1]) < len(away[0]) / 2 and away[1] != away[2]
    assert names.by_place(found, 1) == names.by_place(found, 1)


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


def test_syllables_begin_with_a_consonant_and_put_together_are_the_name():
    for _, target in names.pairs(("en",)):
        parts = names.syllables(target)
        assert [t for part in parts for t in part] == [*range(len(target))]
        blocks = [names.written([target[t] for t in part]) for part in parts]
        assert "".join(blocks) == names.written(target)
        assert all(len(block) == 1 for block in blocks if "가" <= block[0] <= "힣" and block[-1].isalpha())
    assert names.syllables(names.spelled("스톡홀름")) == [[0, 1], [2, 3, 4], [5, 6, 7], [8, 9, 10]]
    assert names.syllables([]) == [] and names.syllables(["ᅡ", "ᄀ", "ᅡ", "ᅡ"]) == [[0], [1, 2, 3]]


def test_a_letter_alone_is_the_one_that_unicode_takes_for_the_same():
    """Of the letters that stand by themselves, NFKD makes those at the beginning of a block and in its middle."""
    assert [names.alone(letter) for letter in names.spelled("한국")] == list("ㅎㅏㄴㄱㅜㄱ")
    for letter in map(chr, [*range(0x1100, 0x1113), *range(0x1161, 0x1176)]):
        assert unicodedata.normalize("NFKD", names.alone(letter)) == letter
    assert len({names.alone(chr(last)) for last in range(0x11A8, 0x11C3)}) == 27
    assert [names.alone(other) for other in ("a", " ", "ㅏ", "가", "<pad>", "")] == [
        "a",
        " ",
        "ㅏ",
        "가",
        "<pad>",
        "",
    ]


def test_what_chapter_2_says_of_runs_of_letters_in_places_held_out():
    """Most of four letters are new or were seen once, and most of five are new; with the ends of the lines."""
    text, held = ("\n" + "".join(name + "\n" for name in names.texts(test=test)) for test in (False, True))

    def seen(n):
        counts = Counter(text[at : at + n] for at in range(len(text) - n + 1))
        return [counts[held[at : at + n]] for at in range(len(held) - n + 1)]

    assert 0.5 < sum(count < 2 for count in seen(4)) / len(seen(4)) < 0.65
    assert 0.6 < sum(count == 0 for count in seen(5)) / len(seen(5)) < 0.7
