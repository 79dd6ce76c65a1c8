"""The notebooks that a class gets."""

from pathlib import Path

import pytest
from classroom import ROOT

from rnn2attn_grading import cli
from rnn2attn_grading.cli import main, release
from rnn2attn_grading.questions.chapters import CHAPTERS


@pytest.fixture(autouse=True)
def made(monkeypatch):
    """What the specifications make, from where it is committed; `test_made.py` sees that it is the same."""
    paths = [
        Path(place, f"{chapter.stem}.ipynb") for chapter in CHAPTERS for place in ("exercises", "exercises/source")
    ]
    texts = {path: (ROOT / path).read_text("utf-8") for path in paths}
    monkeypatch.setattr(cli, "made", lambda root: texts)


def test_what_is_handed_out_holds_no_answer(tmp_path):
    paths = release(ROOT, tmp_path)
    assert [path.stem for path in paths] == [c.stem for c in CHAPTERS]
    for path, chapter in zip(paths, CHAPTERS, strict=True):
        text = path.read_text("utf-8")
        assert text == (ROOT / "exercises" / path.name).read_text("utf-8")
        assert text.count("raise NotImplementedError") >= len(chapter.parts)
        assert "SOLUTION" not in text


def test_nbgrader_gets_its_source_a_folder_for_each(tmp_path):
    for path in release(ROOT, tmp_path, nbgrader=True):
        source = ROOT / "exercises/source" / path.name
        assert path.parent.name == path.stem
        assert path.read_text("utf-8") == source.read_text("utf-8")


def test_the_command_names_what_it_wrote(tmp_path, monkeypatch, capsys):
    words = ["release", str(tmp_path / "out"), "--root", str(ROOT)]
    monkeypatch.setattr("sys.argv", ["rnn2attn_grading", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    said = capsys.readouterr().out.split()
    assert said == sorted(map(str, (tmp_path / "out").iterdir()))


@pytest.mark.parametrize("words", [["release", "out"], ["write"]])
def test_elsewhere_than_in_the_repository_it_says_where_to_call_it(words, tmp_path, monkeypatch):
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["rnn2attn_grading", *words])
    with pytest.raises(SystemExit, match="is not the root of the repository"):
        main()
    assert not list(tmp_path.iterdir())
