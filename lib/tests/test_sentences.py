"""A corpus on disk: what is read, and what is wrong with it, by line."""

import gzip

import pytest

from rnn2attn.tasks import sentences
from rnn2attn.text import UNK, Batch, vocabularies

PAIRS = [(["ein", "Hund", "."], ["a", "dog", "."]), (["zwei", "Hunde"], ["two", "dogs"])]


@pytest.fixture
def file(tmp_path):
    def write(name, text, encoding="utf-8", zipped=False):
        raw = text if isinstance(text, bytes) else text.encode(encoding)
        (tmp_path / name).write_bytes(gzip.compress(raw) if zipped else raw)
        return tmp_path / name

    return write


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("end", ["", "\n"])
def test_two_columns_and_two_files_hold_the_same(file, zipped, end):
    columns = file("both", "ein Hund .\ta dog .\nzwei  Hunde\ttwo dogs" + end, zipped=zipped)
    left = file("de", "ein Hund .\nzwei Hunde" + end, zipped=zipped)
    right = file("en", "a dog .\r\ntwo dogs" + end, "utf-8-sig", zipped=zipped)
    assert sentences.pairs(columns) == sentences.pairs(str(left), right) == PAIRS


def test_long_pairs_are_left_out_whichever_side_is_long(file):
    path = file("both", "a b c\td\ne\tf g h\ni j\tk\n")
    assert sentences.pairs(path, longest=2) == [(["i", "j"], ["k"])]
    with pytest.raises(ValueError, match=r"both has 3 lines, and none with at most 0 tokens on each side"):
        sentences.pairs(path, longest=0)


def test_rare_words_become_unknown_on_the_way_to_a_batch(file):
    pairs = sentences.pairs(file("both", "a a b\tc\nb\tc d\n"))
    source, target = vocabularies(pairs, minimum=2)
    batch = Batch.of(pairs, source, target)
    assert target.decode(batch.target[1])[:2] == ["c", UNK]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tb\nc d\n", r"both, line 2: 2 columns with a tab between them were expected, not 1"),
        ("a\tb\nc\td\te\n", r"both, line 2: 2 columns .* not 3"),
        ("a\tb\n\nc\td\n", r"both, line 2: 2 columns .* not 1"),
        ("a\tb\n \td\n", r"both, line 2: the source is empty"),
        ("a\tb\nc\t\n", r"both, line 2: the target is empty"),
        ("", r"both is empty; one pair of sentences a line was expected"),
        (b"a\tb\nc\tK\xf6ln\n", r"both, line 2: byte 0xf6 at column 3 is not UTF-8"),
        (b"\x1f\x8bnonsense", r"both begins as gzip does and cannot be unpacked"),
        (b"\x1f\x8b\x08" + bytes(7) + b"\xff" * 20, r"both begins as gzip does and cannot be unpacked"),
        (gzip.compress(b"a\tb\n" * 99, mtime=0)[:-12], r"both begins as gzip does and cannot be unpacked"),
    ],
)
def test_a_bad_line_is_named(file, text, message):
    with pytest.raises(ValueError, match=message):
        sentences.pairs(file("both", text))


def test_two_files_must_go_together(file, tmp_path):
    left, right = file("de", "ein\nzwei\ndrei\n"), file("en", "one\ntwo\n")
    with pytest.raises(ValueError, match=r"en ends after line 2, where .*de goes on to line 3"):
        sentences.pairs(left, right)
    with pytest.raises(ValueError, match=r"en, line 2: the target is empty"):
        sentences.pairs(left, file("en", "one\n\nthree\n"))
    with pytest.raises(FileNotFoundError, match=r"there is no file .*missing"):
        sentences.pairs(left, tmp_path / "missing")
    with pytest.raises(FileNotFoundError, match="there is no file"):
        sentences.pairs(tmp_path)
