"""What people bring as text, in small: files as Tatoeba, Windows, macOS, phones and editors write them."""

import gzip
import os
import resource
import subprocess
import sys
import unicodedata

import pytest

from rnn2attn import words
from rnn2attn.tasks import pictures, sentences
from rnn2attn.text import Vocabulary

KOREAN = "한국어"
DECOMPOSED = unicodedata.normalize("NFD", KOREAN)
ZERO_WIDTH = "\u200b"


@pytest.fixture
def file(tmp_path):
    def write(data, name="pairs.tsv"):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
        return path

    return write


ONE = [(["a", "dog"], ["un", "chien"])]
TWO = [*ONE, (["a", "cat"], ["un", "chat"])]
RIGHT = {
    "as Unix writes it": ("a dog\tun chien\na cat\tun chat\n", TWO),
    "as Windows writes it": ("a dog\tun chien\r\na cat\tun chat\r\n", TWO),
    "as an old Mac wrote it": ("a dog\tun chien\ra cat\tun chat\r", TWO),
    "line ends of three kinds": ("a dog\tun chien\r\na cat\tun chat\na dog\tun chien\r", [*TWO, *ONE]),
    "no line end at the end": ("a dog\tun chien\na cat\tun chat", TWO),
    "a byte order mark": ("\ufeffa dog\tun chien\n", ONE),
    "byte order marks where files were joined": ("\ufeffa dog\tun chien\n\ufeffa cat\tun chat\n", TWO),
    "UTF-16, as Windows calls Unicode": ("a dog\tun chien\r\na cat\tun chat\r\n".encode("utf-16"), TWO),
    "UTF-16, the big end first": (b"\xfe\xff" + "a dog\tun chien\n".encode("utf-16-be"), ONE),
    "UTF-32": ("a dog\tun chien\n".encode("utf-32"), ONE),
    "gzip": (gzip.compress(b"a dog\tun chien\na cat\tun chat\n"), TWO),
    "gzip of UTF-16": (gzip.compress("a dog\tun chien\n".encode("utf-16")), ONE),
    "zero-width spaces, as pages have them": (f"a{ZERO_WIDTH} d{ZERO_WIDTH}og\tun chien\n", ONE),
    "soft hyphens": ("a do\u00adg\tun chi\u00aden\n", ONE),
    "marks of direction": ("\u200ea dog\u200f\t\u202aun chien\u202c\n", ONE),
    "a word joiner": ("a d\u2060og\tun chien\n", ONE),
    "no-break spaces": ("a\u00a0dog\tun\u202fchien\n", ONE),
    "ideographic spaces": ("a\u3000dog\tun\u3000chien\n", ONE),
    "a line separator within a sentence": ("a\u2028dog\tun\u2029chien\na cat\tun chat\n", TWO),
    "a form feed and a next line within a sentence": ("a\x0cdog\tun\x85chien\na cat\tun chat\n", TWO),
    "spaces around": ("  a  dog \t un chien  \r\n", ONE),
    "as Tatoeba's pairs come": ("a dog\tun chien\tCC-BY 2.0 (France) Attribution: #1 (x) & #2 (y)\n", ONE),
    "quotes": ('"a dog\tun "chien\n', [(['"a', "dog"], ["un", '"chien'])]),
    "one word in two spellings": (
        f"{KOREAN}\tcafé\n{DECOMPOSED}\tcafe\u0301\n", [([KOREAN], ["café"])] * 2
    ),
    "joiners that spelling needs": ("می\u200cخواهم\tक्\u200dष\n", [(["می\u200cخواهم"], ["क्\u200dष"])]),
    "signs beyond the first plane": ("😀 👩\u200d🔬\t𝒳\n", [(["😀", "👩\u200d🔬"], ["𝒳"])]),
}  # fmt: skip


@pytest.mark.parametrize(("data", "expected"), RIGHT.values(), ids=RIGHT)
def test_a_file_is_read_as_it_is_meant(file, data, expected):
    assert sentences.pairs(file(data)) == expected


WRONG = {
    "nothing": ("", r"pairs\.tsv is empty"),
    "CP949, as Korean Windows writes it": (f"a\tb\n{KOREAN}\tc\n".encode("cp949"), "line 2: byte 0xc7 at column 0"),
    "Latin-1": ("a\tb\nc\tcafé\n".encode("latin-1"), "line 2: byte 0xe9 at column 5"),
    "UTF-16 without its mark": ("a\tb\n".encode("utf-16-le"), "line 1: there is a NUL at column 1"),
    "a line cut in UTF-16": ("a\tb\n".encode("utf-16")[:-1], "after line 0"),
    "an empty line in the middle": ("a\tb\n\nc\td\n", "line 2: 2 columns"),
    "an empty side, of signs nobody sees": (f"a\tb\nc\t{ZERO_WIDTH}\ufeff\n", "line 2: the target is empty"),
    "commas for tabs": ("a,b\n", "line 1: 2 columns with a tab"),
    "three columns": ("a\tb\nc\td\te\n", "line 2: 2 columns .* not 3"),
    "a broken line after odd separators": ("a\u2028x\u2028y\tb\nc\n", "line 2: 2 columns"),
    "gzip cut in the middle": (gzip.compress(os.urandom(3000).hex().encode())[:900], "cannot be unpacked"),
    "gzip with a wrong sum": (gzip.compress(b"a\tb\n")[:-8] + b"\0" * 8, "cannot be unpacked"),
    "a line without an end": ("a" * (words.LONGEST + 1), "line 1: it is longer than 1,048,576 characters"),
    "a sentence of ten thousand words": ("a\tb\n" + "w " * 10_000 + "\tb\n", "line 2: the source has 10,000 tokens"),
}


@pytest.mark.parametrize(("data", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_read_is_named_by_file_and_line(file, data, message):
    path = file(data)
    with pytest.raises(ValueError, match=message) as caught:
        sentences.pairs(path)
    assert str(path) in str(caught.value)


def test_long_sentences_are_left_out_where_that_is_asked_for(file):
    path = file("a\tb\n" + "w " * 10_000 + "\tb\n")
    assert sentences.pairs(path, longest=1000) == [(["a"], ["b"])]


def test_two_files_count_lines_alike(file):
    left, right = file("a\u2028b\nc\n", "left"), file("x\r\ny\r\n", "right")
    assert sentences.pairs(left, right) == [(["a", "b"], ["x"]), (["c"], ["y"])]
    with pytest.raises(ValueError, match=r"left ends after line 2, where .*right goes on to line 3"):
        sentences.pairs(left, file("x\ny\nz\n", "right"))


def test_what_looks_the_same_is_found_whichever_way_it_was_typed():
    vocabulary = Vocabulary.of([[KOREAN, DECOMPOSED, "cafe\u0301"]], special=())
    assert vocabulary.tokens == (KOREAN, "café")
    assert vocabulary.ids([DECOMPOSED, "café", f"caf{ZERO_WIDTH}é"]) == [0, 1, 1]
    assert vocabulary.id(DECOMPOSED) == 0
    assert Vocabulary.of([[KOREAN], [DECOMPOSED]], minimum=2).tokens[-1] == KOREAN


def test_cleaning_twice_changes_nothing_and_cases_stay():
    for text in ("Ａ b\tC", KOREAN, DECOMPOSED, "ﬁ", f"a{ZERO_WIDTH}\u00ad b", "İi", "🇰🇷", "a\u0301\u0323"):
        assert words.clean(words.clean(text)) == words.clean(text)
    assert words.clean("ﬁ Ａ Straße") == "ﬁ Ａ Straße", "width, ligatures and case are the writer's"


def test_names_are_found_in_the_disks_spelling(tmp_path):
    (tmp_path / DECOMPOSED).mkdir()
    there = tmp_path / DECOMPOSED / "cafe\u0301.png"
    there.touch()
    for name in (f"{KOREAN}/café.png", f"{DECOMPOSED}/cafe\u0301.png", f"{KOREAN}\\café.png", f"./{KOREAN}/café.png"):
        assert words.find(tmp_path, name).samefile(there)
    (tmp_path / "a\\b.png").touch()
    assert words.find(tmp_path, "a\\b.png").name == "a\\b.png", "where a name has the sign, it is a name"
    for name in ("caffe.png", f"{KOREAN}/cafe.png", KOREAN, f"{KOREAN}/café.png/x"):
        assert words.find(tmp_path, name) is None


@pytest.mark.parametrize(
    "name", ["", "..", "../x.png", "a/../../x.png", "/etc/hosts", "C:\\x.png", "C:x.png", "가" * 90]
)
def test_names_that_lead_elsewhere_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"no path within|no name of a file"):
        words.find(tmp_path, name)


CAPTIONS = {
    "tabs, a caption that begins with a quote": (
        "captions.tsv", 'file\tcaption\na.png\t"Stop\nb.png\ta "red" sign\n', [['"Stop'], ["a", '"red"', "sign"]]
    ),
    "commas, a caption of two lines": (
        "captions.csv", 'file,caption\na.png,"a dog\nruns fast"\nb.png,two\n', [["a", "dog", "runs", "fast"], ["two"]]
    ),
    "commas, quotes within quotes": (
        "captions.csv", 'file,caption\r\na.png,"a ""red"", big sign"\r\nb.png,two\r\n',
        [["a", '"red",', "big", "sign"], ["two"]],
    ),
    "a line separator": ("captions.csv", "file,caption\na.png,a\u2028dog\nb.png,two\n", [["a", "dog"], ["two"]]),
    "UTF-16 from a spreadsheet": (
        "captions.tsv", "file\tcaption\r\na.png\ta dog\r\nb.png\ttwo\r\n".encode("utf-16"), [["a", "dog"], ["two"]]
    ),
    "a decomposed caption": (
        "captions.csv", f"file,caption\na.png,{DECOMPOSED}\nb.png,two\n", [[KOREAN], ["two"]]
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "data", "expected"), CAPTIONS.values(), ids=CAPTIONS)
def test_a_table_is_read_by_its_kind(file, tmp_path, name, data, expected):
    from PIL import Image

    for picture in ("a.png", "b.png"):
        Image.new("L", (4, 4)).save(tmp_path / picture)
    assert [p.caption for p in pictures.pairs(file(data, name).parent, least=2)] == expected


BROKEN = {
    "a quote that is not closed": ("captions.csv", 'file,caption\na.png,one\na.png,"two\n', "row 3"),
    "a sign after a closing quote": ("captions.csv", 'file,caption\n\na.png,"one" two\n', "row 3"),
    "a row after a caption of two lines": ("captions.csv", 'file,caption\na.png,"x\ny"\na.png\n', "row 4: 2 columns"),
    "a row after odd separators": ("captions.csv", "file,caption\na.png,x\u2028y\x85z\na.png\n", "row 3: 2 columns"),
    "semicolons": ("captions.csv", "file;caption\na.png;x\n", "row 1: .* with a comma between"),
    "no UTF-8": ("captions.csv", "file,caption\na.png,café\n".encode("latin-1"), "line 2: byte 0xe9"),
    "a picture of another folder": ("captions.csv", "file,caption\n../a.png,x\n", r"row 2: '\.\./a\.png' is no path"),
    "a name longer than any": (
        "captions.csv",
        f"file,caption\n{'a' * 300}.png,x\n",
        "row 2: .* is no name of a file",
    ),
    "a caption of two thousand words": (
        "captions.csv",
        "file,caption\na.png," + "w " * 2000,
        "row 2: .* 2,000 words",
    ),
}


@pytest.mark.parametrize(("name", "data", "message"), BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_with_a_table_is_named_by_file_and_row(file, tmp_path, name, data, message):
    from PIL import Image

    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    path = file(data, name)
    with pytest.raises(ValueError, match=message) as caught:
        pictures.pairs(path.parent, least=1)
    assert str(path) in str(caught.value)


LARGE = """
import resource, sys
from rnn2attn.tasks import sentences
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
pairs = sentences.pairs(sys.argv[1])
print(len(pairs), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.soak
def test_a_million_lines_have_room(tmp_path):
    with gzip.open(tmp_path / "many", "wt", compresslevel=1) as out:
        for n in range(1_000_000):
            out.write(f"the {n % 997} dogs saw {n % 89} cats\tles {n % 997} chiens ont vu {n % 89} chats\n")
    line = [sys.executable, "-c", LARGE, str(tmp_path / "many")]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    count, more = map(int, done.stdout.split())
    assert count == 1_000_000
    assert more * (1024 if sys.platform == "linux" else 1) < 1 << 30, (
        "tokens of their own would take three times that"
    )


def test_of_a_long_file_it_is_said_how_far_it_was_read(file, monkeypatch, capsys):
    monkeypatch.setattr(words, "TELLING", -1)
    sentences.pairs(file("a\tb\nc\td\n"))
    assert capsys.readouterr().err == "pairs.tsv: 1 lines read\npairs.tsv: 2 lines read\n"


def test_a_long_file_is_read_a_line_at_a_time(file):
    path = file(gzip.compress(b"a\tb\n" * 1000 + b"x" * 10_000_000))
    read = words.lines(path)
    assert next(read) == (1, "a\tb")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(999):
        next(read)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8000
