"""Copy, reverse and parity, and what is held out."""

import pytest

from rnn2attn.tasks import strings


def test_the_three_answers():
    assert strings.copy("abc") == "abc"
    assert strings.reverse("abc") == "cba"
    assert strings.parity("abdc") == "110-", "b and d are odd, c is even, and nothing follows c"
    assert strings.parity("abdc", ahead=-2) == "--01"
    assert strings.parity("xyx", alphabet="xyz") == "10-"


@pytest.mark.parametrize("task", [strings.copy, strings.reverse, strings.parity])
def test_pairs_are_random_strings_with_their_answers(task):
    pairs = strings.pairs(2000, task, (3, 7), alphabet="abcd", seed=1)
    assert len(pairs) == 2000
    assert all(answer == task(source) for source, answer in pairs)
    counts = [sum(len(source) == length for source, _ in pairs) for length in range(3, 8)]
    assert sum(counts) == 2000 and min(counts) > 300
    assert {token for source, _ in pairs for token in source} == set("abcd")


def test_no_training_set_holds_a_string_of_a_test_set():
    train = {source for seed in range(3) for source, _ in strings.pairs(3000, strings.copy, (2, 4), seed=seed)}
    test = {
        source for seed in range(3) for source, _ in strings.pairs(500, strings.copy, (2, 3), seed=seed, test=True)
    }
    assert not train & test
    assert {len(source) for source in test} == {2, 3}
    assert 50 < len(test) < 200, "a tenth of the 1,100 strings"


def test_training_and_test_of_a_task_share_no_string_and_are_drawn_once():
    train, test = strings.train_test(strings.reverse, 1, 2, 3)
    assert (len(train), len(test)) == (20_000, 500)
    assert test == strings.pairs(500, strings.reverse, (2, 3), seed=1, test=True)
    assert {x for x, _ in train}.isdisjoint(x for x, _ in test)
    assert strings.train_test(strings.reverse, 1, 2, 3)[0] is train


def test_the_same_seed_gives_the_same_pairs():
    draws = [strings.pairs(50, strings.reverse, seed=seed) for seed in (4, 4, 5)]
    assert draws[0] == draws[1] != draws[2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: strings.pairs(-1, strings.copy), "n is -1"),
        (lambda: strings.pairs(5, strings.copy, (4, 3)), r"lengths are \(4, 3\)"),
        (lambda: strings.pairs(5, strings.copy, (0, 3)), r"lengths are \(0, 3\)"),
        (lambda: strings.pairs(5, strings.copy, alphabet="aba"), "distinct characters, at least one, not 'aba'"),
        (lambda: strings.pairs(5, strings.copy, alphabet=""), "distinct characters"),
        (
            lambda: strings.pairs(5, strings.copy, (1, 1), "a", test=True),
            "no string of length 1 over 'a' is held out",
        ),
        (lambda: strings.parity("abz"), "token 'z' at position 2 is not of the alphabet"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
