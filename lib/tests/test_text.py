"""Vocabulary, Batch and the hello task."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnn2attn.tasks import hello
from rnn2attn.text import EOS, PAD, SOS, UNK, Batch, Vocabulary, bucketed, vocabularies
from rnn2attn.words import clean


@given(st.lists(st.text(min_size=1), min_size=1))
def test_decoding_undoes_encoding(tokens):
    vocabulary = Vocabulary(tokens)
    spelled = [clean(token) or token for token in tokens]
    assert len(vocabulary) == len(set(spelled))
    assert vocabulary.decode(vocabulary.encode(tokens)) == spelled


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


RAGGED = [("ab", "c"), ("a", "dcd"), ("bba", "")]


def ragged():
    return Batch.of(RAGGED, *vocabularies(RAGGED))


def test_special_tokens_are_three_and_numbered_first():
    vocabulary = Vocabulary.of(["ba", "c"])
    assert vocabulary.tokens == (PAD, SOS, EOS, "b", "a", "c")
    assert [vocabulary.id(token) for token in (PAD, SOS, EOS, "b", UNK)] == [0, 1, 2, 3, None]
    with pytest.raises(ValueError, match="'<eos>' is a special token"):
        Vocabulary.of([["a", EOS]])


def test_rare_tokens_are_unknown():
    vocabulary = Vocabulary.of(["abba", "c"], minimum=2)
    assert vocabulary.tokens == (PAD, SOS, EOS, UNK, "a", "b")
    assert vocabulary.decode(vocabulary.encode("acb?")) == ["a", UNK, "b", UNK]
    with pytest.raises(ValueError, match="no token comes 3 times; the most frequent comes 2 times"):
        Vocabulary.of(["abba"], minimum=3)
    with pytest.raises(ValueError, match="minimum is 0"):
        Vocabulary.of(["abba"], minimum=0)


def test_source_and_target_have_their_own_vocabulary():
    source, target = vocabularies(RAGGED)
    assert (source.tokens, target.tokens) == ((PAD, "a", "b"), (PAD, SOS, EOS, "c", "d"))
    source, target = vocabularies([("aab", "ccd")], minimum=2)
    assert (source.tokens, target.tokens) == ((PAD, UNK, "a"), (PAD, SOS, EOS, UNK, "c"))


def test_a_batch_puts_sos_eos_and_padding_in_place():
    batch = ragged()
    assert batch.source.tolist() == [[1, 2, 0], [1, 0, 0], [2, 2, 1]]
    assert batch.target.tolist() == [[3, 2, 0, 0], [4, 3, 4, 2], [2, 0, 0, 0]]
    assert batch.inputs.tolist() == [[1, 3, 0, 0], [1, 4, 3, 4], [1, 0, 0, 0]]
    assert batch.source_lengths.tolist() == [2, 1, 3] and batch.target_lengths.tolist() == [2, 4, 1]
    assert batch.source_mask.tolist() == [[True, True, False], [True, False, False], [True, True, True]]
    assert batch.target_mask.sum(1).tolist() == [2, 4, 1] and batch.target_mask.dtype == torch.bool


@given(st.lists(st.tuples(st.text("abc", min_size=1), st.text("abc")), min_size=1))
def test_what_is_read_is_what_was_said_one_step_before(pairs):
    batch = Batch.of(pairs, Vocabulary.of(["abc"]))
    real = batch.target_mask[:, 1:]
    assert torch.equal(batch.inputs[:, 1:][real], batch.target[:, :-1][real])
    assert (batch.inputs[:, 0] == 1).all() and (batch.inputs != 2).all(), "sos first, and eos is never read"
    assert ((batch.target == 2).sum(1) == 1).all() and (batch.target != 1).all(), (
        "one eos a row, and sos is never said"
    )
    assert batch.target_lengths.tolist() == [len(target) + 1 for _, target in pairs]


def test_padding_is_known_from_the_lengths_and_not_from_the_ids():
    batch = Batch(torch.zeros(2, 3, dtype=torch.long), torch.zeros(2, 2, dtype=torch.long), torch.tensor([3, 1]))
    assert batch.source_mask.tolist() == [[True, True, True], [True, False, False]]
    assert batch.target_mask.all()


def test_without_special_tokens_nothing_is_added():
    batch = Batch.of([("ab", "ba")], Vocabulary("ab"))
    assert batch.target.tolist() == [[1, 0]] and batch.inputs is None
    assert repr(batch) == "Batch(source=tensor([[0, 1]]), target=tensor([[1, 0]]))"


def test_rows_are_cut_to_the_longest_of_them():
    part = ragged().rows(torch.tensor([2, 0]))
    assert part.source.tolist() == [[2, 2, 1], [1, 2, 0]]
    assert part.target.tolist() == [[2, 0], [3, 2]] and part.inputs.tolist() == [[1, 0], [1, 3]]
    assert part.source_lengths.tolist() == [3, 2] and part.target_lengths.tolist() == [1, 2]
    part = ragged().rows(slice(0, 2))
    assert part.source.tolist() == [[1, 2], [1, 0]] and part.target.shape == (2, 4)


def test_minibatches_go_round_all_rows_each_time_in_another_order():
    pairs = [(token, token) for token in "abcdefghijklmnopqrst"]
    data = Batch.of(pairs, *vocabularies(pairs))

    def drawn(seed, updates=9):
        return [tuple(batch.source[:, 0].tolist()) for batch in data.minibatches(8, updates, seed)]

    batches = drawn(0)
    assert [len(batch) for batch in batches] == [8, 8, 4] * 3
    rounds = [sum(batches[i : i + 3], ()) for i in (0, 3, 6)]
    assert all(sorted(order) == list(range(1, 21)) for order in rounds) and len(set(rounds)) == 3
    assert drawn(0) == batches != drawn(1)
    assert drawn(0, 4) == batches[:4] and drawn(0, 0) == []


def test_in_buckets_all_rows_go_round_and_neighbours_in_length_lie_together():
    tokens = "abcdefghijklmnopqrst"
    pairs = [(token * (1 + k % 7), token) for k, token in enumerate(tokens)]
    data = Batch.of(pairs, *vocabularies(pairs))

    def drawn(seed, updates=9):
        return [tuple(batch.source[:, 0].tolist()) for batch in bucketed(data, 8, updates, seed)]

    batches = drawn(0)
    for rows in (batches[i : i + 3] for i in (0, 3, 6)):
        assert sorted(sum(rows, ())) == list(range(1, 21)) and sorted(map(len, rows)) == [4, 8, 8]
        lengths = sorted(sorted(1 + (row - 1) % 7 for row in part) for part in rows)
        assert [n for part in lengths for n in part] == sorted(1 + k % 7 for k in range(20))
    assert len({sum(batches[i : i + 3], ()) for i in (0, 3, 6)}) == 3
    assert drawn(0) == batches != drawn(1)
    assert drawn(0, 4) == batches[:4] and drawn(0, 0) == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: Batch.of(RAGGED, Vocabulary("abcd")),
            "source of pair 1 has 1 tokens.*<pad> takes rows of any length",
        ),
        (
            lambda: Batch(torch.zeros(2, 3), torch.zeros(2, 3), torch.tensor([3, 4])),
            r"source_lengths must lie in 0 … 3",
        ),
        (
            lambda: Batch(torch.zeros(2, 3), torch.zeros(2, 3), None, torch.tensor([3])),
            r"target_lengths has shape \(1,\)",
        ),
        (lambda: Batch(torch.zeros(3), torch.zeros(2, 3)), r"source has shape \(3,\)"),
        (lambda: Batch(torch.zeros(2, 3), torch.zeros(1, 3)), r"target has shape \(1, 3\).* B = 2"),
        (lambda: ragged().rows(torch.tensor([], dtype=torch.long)), "no row was chosen of the 3"),
        (lambda: list(ragged().minibatches(0, 1, 0)), "size is 0"),
        (lambda: list(bucketed(ragged(), 0, 1, 0)), "size is 0"),
    ],
)
def test_what_does_not_fit_a_batch_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
