"""Vocabulary, Batch and the hello task."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnn2attn.tasks import hello
from rnn2attn.text import Batch, Vocabulary


@given(st.lists(st.text(min_size=1), min_size=1))
def test_decoding_undoes_encoding(tokens):
    vocabulary = Vocabulary(tokens)
    assert len(vocabulary) == len(set(tokens))
    assert vocabulary.decode(vocabulary.encode(tokens)) == tokens


def test_tokens_are_numbered_as_they_appear():
    assert Vocabulary("hello").tokens == ("h", "e", "l", "o")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Vocabulary([]), "at least one token"),
        (lambda: Vocabulary("ab").encode("abc"), "token 'c' at position 2 is not among the 2 tokens"),
        (lambda: Vocabulary("ab").decode([0, -1]), "id -1 is outside 0 … 1"),
        (lambda: Vocabulary("ab").decode(torch.tensor([2])), "id 2 is outside 0 … 1"),
        (lambda: Batch.of([], Vocabulary("ab")), "at least one pair"),
        (lambda: Batch.of([("a", "b"), ("ab", "b")], Vocabulary("ab")), "source of pair 1 has 2 tokens"),
        (lambda: Batch.of([("a", "b"), ("a", "")], Vocabulary("ab")), "target of pair 1 has 0 tokens"),
        (lambda: hello.pairs("h"), "two letters or more"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_ids_are_one_row_of_integers():
    with pytest.raises(TypeError):
        Vocabulary("ab").decode([0.5])
    with pytest.raises(ValueError, match=r"ids has shape \(1, 2\)"):
        Vocabulary("ab").decode(torch.zeros(1, 2, dtype=torch.long))


def test_hello_asks_for_the_next_letter():
    batch, vocabulary = hello.load()
    assert "".join(vocabulary.decode(batch.source[0])) == "hell"
    assert "".join(vocabulary.decode(batch.target[0])) == "ello"
