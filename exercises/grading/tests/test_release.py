"""The notebooks that a class gets."""

import nbformat
import pytest
from classroom import ROOT

from rnn2attn_grading.cli import main, release
from rnn2attn_grading.questions.chapters import CHAPTERS


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


def test_without_hints_nothing_unfolds_and_all_else_is_there(tmp_path, monkeypatch):
    words = ["release", str(tmp_path / "out"), "--root", str(ROOT), "--without-hints"]
    monkeypatch.setattr("sys.argv", ["rnn2attn_grading", *words])
    with pytest.raises(SystemExit):
        main()
    for chapter in CHAPTERS:
        ours = nbformat.read(tmp_path / "out" / f"{chapter.stem}.ipynb", 4).cells
        all_cells = nbformat.read(ROOT / "exercises" / f"{chapter.stem}.ipynb", 4).cells
        assert ours == [cell for cell in all_cells if "<details>" not in cell.source]


@pytest.mark.parametrize("words", [["release", "out"], ["write"]])
def test_elsewhere_than_in_the_repository_it_says_where_to_call_it(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["rnn2attn_grading", *words])
    with pytest.raises(SystemExit, match="is not the root of the repository"):
        main()
    assert not list(tmp_path.iterdir())
