"""Exact match, token accuracy and BLEU, each against its definition."""

import sys
from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn2attn.metrics import bleu, edit_distance, exact_match, token_accuracy, tokens_wrong

sentences = st.lists(st.tuples(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc"))), min_size=1)


def test_by_hand():
    predictions, references = ["abc", "ab", "abcd", ""], ["abc", "abc", "abc", "a"]
    assert exact_match(predictions, references) == 1 / 4
    assert token_accuracy(predictions, references) == (3 + 2 + 3 + 0) / (3 + 3 + 4 + 1)
    assert token_accuracy(["ba"], ["ab"]) == 0, "the right tokens at the wrong places"
    assert exact_match([list("ab")], ["ab"]) == 1, "a string counts as its characters"
    assert token_accuracy([""], [""]) == 1


@given(sentences)
def test_all_tokens_are_right_only_if_all_sentences_are(pairs):
    predictions, references = zip(*pairs, strict=True)
    exact, tokens = exact_match(predictions, references), token_accuracy(predictions, references)
    assert 0 <= exact <= 1 and 0 <= tokens <= 1
    assert (tokens == 1) == (exact == 1)
    assert tokens == token_accuracy(references, predictions)


def edits(a, b):
    """All ways to edit, tried."""
    if not a or not b:
        return len(a) + len(b)
    return min(edits(a[1:], b) + 1, edits(a, b[1:]) + 1, edits(a[1:], b[1:]) + (a[0] != b[0]))


@given(st.text("abc", max_size=5), st.text("abc", max_size=5))
def test_the_edit_distance_is_that_of_the_cheapest_way(a, b):
    assert edit_distance(a, b) == edit_distance(list(b), a) == edits(a, b)


def test_tokens_wrong_by_hand():
    assert tokens_wrong(["kitten", "ab"], ["sitting", "abc"]) == (3 + 1) / (7 + 3)
    assert tokens_wrong(["aaaa", ""], ["b", ""]) == 4, "much that is said, and all of it wrong"
    with pytest.raises(ValueError, match="no token among them"):
        tokens_wrong(["a"], [""])


def test_bleu_by_its_definition():
    prediction, reference = (text.split() for text in ("the cat sat on the mat today", "the cat sat on a mat"))
    precisions = [5 / 7, 3 / 6, 2 / 5, 1 / 4]  # clipped: "the" counts once
    expected = 100 * exp(sum(map(log, precisions)) / 4)
    assert bleu([prediction], [reference]).score == pytest.approx(expected)
    longer = bleu([reference], [prediction]).score
    precisions = [5 / 6, 3 / 5, 2 / 4, 1 / 3]
    assert longer == pytest.approx(100 * exp(1 - 7 / 6) * exp(sum(map(log, precisions)) / 4))


def test_bleu_is_of_the_corpus_and_takes_tokens_as_they_are():
    one, two = "abcde", "fghij"
    assert bleu([one, two], [one, two]).score == pytest.approx(100)
    halves = bleu([one, "klmno"], [one, two]).score
    assert halves == pytest.approx(50), "precisions are 5/10, 4/8, 3/6 and 2/4"
    assert bleu([["don't", "(a)", "b.", "c"]], [["don't", "(a)", "b", "c"]]).score < 80, "b. is not b and a dot"
    signature = bleu([one], [one]).signature
    # As letters, as words with spaces in them, and as nothing but spaces, the tokens are as different.
    said, right = "abcdxefgh", "abcdyefgh"
    names = dict(zip("abcdefghxy", [" ", "  ", "\t", "\u3000", "a b", "b", "a", "", "1", "2"], strict=True))
    letters = bleu([said], [right]).score
    assert 0 < letters < 100
    assert bleu([[names[c] for c in said]], [[names[c] for c in right]]).score == letters
    assert bleu(["abc"], ["abc"]).score == 0, "three tokens have no run of four, as the docstring says"
    assert "tok:none" in signature and "smooth:exp" in signature and "version:" in signature


def test_without_sacrebleu_its_line_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics", None)
    with pytest.raises(ImportError, match="To install it: pip install sacrebleu"):
        bleu(["a"], ["a"])
    assert exact_match(["a"], ["a"]) == 1


@pytest.mark.parametrize("metric", [exact_match, token_accuracy, tokens_wrong, bleu])
def test_bad_input_is_named(metric):
    with pytest.raises(ValueError, match="references is empty"):
        metric([], [])
    with pytest.raises(ValueError, match="1 predictions were given for 2 references"):
        metric(["a"], ["a", "b"])
    with pytest.raises(ValueError, match="references must be a list of sentences, not one string, 'ab'"):
        metric(["a", "b"], "ab")
