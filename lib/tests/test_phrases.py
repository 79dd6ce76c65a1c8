"""The small grammar, against rules of each language that are stated here a second time."""

import re
import unicodedata
from collections import Counter
from itertools import pairwise

import pytest

from rnn2attn.tasks import phrases

VOWELS = "aeiouéè"


def everything(target):
    return phrases.aligned(target) + phrases.aligned(target, test=True)


def translation(english, target):
    (found,) = ((words, gold) for source, words, gold in everything(target) if " ".join(source) == english)
    return " ".join(found[0]), found[1]


@pytest.mark.parametrize(
    ("english", "target", "words", "gold"),
    [
        ("I love you", "ko", "나는 너를 사랑해", [(0,), (2,), (1,)]),
        ("I love you", "es", "te amo", [(2,), (0, 1)]),
        ("I love you", "fr", "je t' aime", [(0,), (2,), (1,)]),
        ("we are eating bread", "ko", "우리는 빵을 먹고 있어", [(0,), (3,), (2,), (1,)]),
        ("we are eating bread", "es", "estamos comiendo pan", [(0, 1), (2,), (3,)]),
        ("we are eating bread", "fr", "nous mangeons du pain", [(0,), (1, 2), (), (3,)]),
        ("I am a student", "ko", "나는 학생이야", [(0,), (1, 3)]),
        ("I am a student", "es", "soy estudiante", [(0, 1), (3,)]),
        ("I am a student", "fr", "je suis étudiant", [(0,), (1,), (3,)]),
        ("she is a singer", "ko", "그녀는 가수야", [(0,), (1, 3)]),
        ("she is a teacher", "es", "es profesora", [(0, 1), (3,)]),
        ("they are singers", "fr", "ils sont chanteurs", [(0,), (1,), (2,)]),
        ("he is looking for a small chair", "ko", "그는 작은 의자를 찾고 있어", [(0,), (5,), (6,), (2, 3), (1,)]),
        ("he is looking for a small chair", "es", "está buscando una silla pequeña",
         [(0, 1), (2, 3), (4,), (6,), (5,)]),
        ("he is looking for a small chair", "fr", "il cherche une petite chaise",
         [(0,), (1, 2, 3), (4,), (5,), (6,)]),
        ("they have a white house", "ko", "그들은 하얀 집이 있어", [(0,), (3,), (4,), (1,)]),
        ("they have a blue car", "fr", "ils ont une voiture bleue", [(0,), (1,), (2,), (4,), (3,)]),
        ("she wants the water", "es", "quiere el agua", [(0, 1), (2,), (3,)]),
        ("I want water", "fr", "je veux de l' eau", [(0,), (1,), (), (), (2,)]),
        ("I have a small book", "fr", "j' ai un petit livre", [(0,), (1,), (2,), (3,), (4,)]),
        ("you are eating the orange", "fr", "tu manges l' orange", [(0,), (1, 2), (3,), (4,)]),
        ("we wait for her", "fr", "nous l' attendons", [(0,), (3,), (1, 2)]),
        ("she sees them", "es", "los ve", [(2,), (0, 1)]),
    ],
)  # fmt: skip
def test_phrases_by_hand(english, target, words, gold):
    assert translation(english, target) == (words, gold)


def final_consonant(word):
    """By canonical decomposition: a syllable of three letters ends in a consonant, one of two in a vowel."""
    return len(unicodedata.normalize("NFD", word[-1])) == 3


def test_korean_particles_follow_the_last_sound():
    seen = set()
    for _, words, _ in everything("ko"):
        assert words[0][-1] in "는은" and (words[0][-1] == "은") == final_consonant(words[0][:-1])
        for word in words[1:]:
            if word[-1] in "을를" or (word[-1] in "이가" and words[-1] == "있어" and word == words[-2]):
                assert (word[-1] in "을이") == final_consonant(word[:-1]), word
                seen.add(word[-1])
        if words[-1].endswith("야"):
            stem, copula = re.fullmatch(r"(.+?)(이야|야)", words[-1]).groups()
            assert (copula == "이야") == final_consonant(stem), words
    assert seen == set("을를이가")


def test_korean_verb_stands_last_and_its_object_carries_the_particle():
    for source, words, _ in everything("ko"):
        if "have" in source or "has" in source:
            assert words[-1] == "있어" and words[-2][-1] in "이가"
        elif not words[-1].endswith("야"):
            verb = -2 if words[-1] == "있어" else -1
            assert words[verb - 1][-1] in "을를" and (verb == -1 or words[verb][-1] == "고")


def test_french_drops_its_vowel_before_a_vowel_and_only_there():
    for _, words, _ in everything("fr"):
        for word, following in pairwise(words):
            if following[0] in VOWELS:
                assert word not in ("je", "me", "te", "le", "la"), words
            else:
                assert not word.endswith("'"), words


@pytest.mark.parametrize(("target", "column", "articles"), [("es", 1, {"una", "la"}), ("fr", 2, {"une", "la"})])
def test_adjectives_agree_with_the_article(target, column, articles):
    forms = [row[column].split() for row in phrases.ADJECTIVES.values()]
    seen = set()
    for _, words, _ in everything(target):
        for masculine, feminine in forms:
            if {masculine, feminine} & set(words):
                assert (feminine if articles & set(words) else masculine) in words, words
                seen.add(masculine)
    assert seen == {masculine for masculine, _ in forms}


def test_english_says_an_before_a_vowel():
    for source, _, _ in everything("ko"):
        for word, following in pairwise(source):
            assert word not in ("a", "an") or (word == "an") == (following[0] in "aeiou"), source


@pytest.mark.parametrize("target", ["ko", "es", "fr"])
def test_every_alignment_points_into_its_source(target):
    assert len(everything(target)) > 1000
    for source, words, gold in everything(target):
        assert len(gold) == len(words)
        used = [i for at in gold for i in at]
        assert set(used) <= set(range(len(source))) and len(set(used)) == len(used), "no English word is used twice"
        unused = {source[i] for i in set(range(len(source))) - set(used)}
        assert unused <= {"a", "an", "the"}, "articles alone may have no counterpart"


def test_held_out_phrases_are_the_same_in_each_language_and_in_no_training_set():
    sources = [" ".join(source) for source, _, _ in everything("ko")]
    assert len(set(sources)) == len(sources)
    held_out = {
        target: {" ".join(source) for source, _ in phrases.pairs(target, test=True)} for target in ("ko", "es", "fr")
    }
    assert held_out["ko"] == held_out["es"] == held_out["fr"] >= set(phrases.EXAMPLES)
    assert not held_out["ko"] & {" ".join(source) for source, _ in phrases.pairs("ko")}
    assert 0.05 < len(held_out["ko"]) / len(sources) < 0.15


def test_another_language_is_refused():
    with pytest.raises(ValueError, match="target is 'de', but 'ko', 'es' or 'fr' was expected"):
        phrases.pairs("de")


def test_few_words_of_the_test_stand_in_few_phrases_to_learn_from():
    """As many as chapter 3 says, beside the share of them that is right."""
    found = {}
    for target in ("ko", "es", "fr"):
        seen = Counter(word for _, y in phrases.pairs(target) for word in set(y))
        found[target] = sum(seen[word] < 10 for _, y in phrases.pairs(target, test=True) for word in y)
    assert found == {"ko": 4, "es": 13, "fr": 23}
