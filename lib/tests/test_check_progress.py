"""Progress: kept beside the notebook, never lost to a damaged file, carried over from Colab; and the card."""

import json
import sys
import types

import pytest
import torch

from rnn2attn.check import Wrong, check, progress
from rnn2attn.check.card import LOOK, Card
from rnn2attn.check.questions import chapters

TOTAL = sum(part.points for part in chapters()[1])


def rnn_step(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh.T + h @ W_hh.T + b)


def wrong(x, h, W_xh, W_hh, b):
    return x


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "FOLDER", tmp_path)
    monkeypatch.setattr(progress, "_said", set())
    new_session(monkeypatch)
    return tmp_path


def new_session(monkeypatch):
    monkeypatch.setattr(progress, "_session", {})


def summary(capsys):
    capsys.readouterr()
    check.summary()
    return capsys.readouterr().out


def test_points_survive_a_restart(folder, monkeypatch, capsys):
    check("rnn_step", rnn_step)
    new_session(monkeypatch)
    text = summary(capsys)
    assert f"Chapter 1: 2 of {TOTAL} points." in text and "1 of them is for special inputs" in text
    assert "Left: next_token_loss, " in text
    assert "1.1 One step" in text and "2 of 2" in text and "not tried" in text
    with pytest.raises(Wrong):
        check("rnn_step", wrong)
    assert f"Chapter 1: 0 of {TOTAL} points." in summary(capsys)
    assert "not right yet" in summary(capsys)


def test_a_changed_question_is_to_be_checked_again(folder, monkeypatch, capsys):
    check("rnn_step", rnn_step)
    new_session(monkeypatch)
    path = folder / progress.FILE
    path.write_text(path.read_text().replace(chapters()[1][0].version, "another"))
    text = summary(capsys)
    assert f"Chapter 1: 0 of {TOTAL} points." in text
    assert "the question has changed" in text


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe\x00", b"[1, 2]", b'{"format": "of something else"}', b"[" * 100_000]
)
def test_a_damaged_or_foreign_file_is_kept_and_told_once(folder, capsys, content):
    (folder / progress.FILE).write_bytes(content)
    check("rnn_step", rnn_step)
    assert "It was kept as" in capsys.readouterr().out
    assert (folder / f"{progress.FILE}.unread-1").read_bytes() == content
    assert "2 of 2" in summary(capsys)
    check("rnn_step", rnn_step)
    assert "It was kept as" not in capsys.readouterr().out


def test_odd_entries_are_not_counted_and_not_lost(folder, capsys):
    parts = {"rnn_step": {"points": 99, "version": chapters()[1][0].version}, "of_later": {"points": 1}, "x": None}
    (folder / progress.FILE).write_text(json.dumps({"format": progress.FORMAT, "parts": parts}))
    assert f"Chapter 1: 0 of {TOTAL} points." in summary(capsys)
    check("rnn_step", rnn_step)
    stored = json.loads((folder / progress.FILE).read_text())["parts"]
    assert stored["of_later"] == {"points": 1} and "x" in stored


def test_where_nothing_can_be_written_the_session_goes_on(folder, monkeypatch, capsys):
    monkeypatch.setattr(progress, "FOLDER", folder / "missing")
    check("rnn_step", rnn_step)
    assert "not kept beyond this session" in capsys.readouterr().out
    check("rnn_step", rnn_step)
    assert "not kept beyond this session" not in capsys.readouterr().out
    assert f"Chapter 1: 2 of {TOTAL} points." in summary(capsys)


def test_a_chapter_without_exercises_is_refused():
    with pytest.raises(ValueError, match="99 has no exercises"):
        check.summary(99)


class Files:
    """Colab's `files`: downloads are noted, an upload gives what was put here."""

    def __init__(self):
        self.sent, self.given = [], {}

    def download(self, name):
        self.sent.append(name)

    def upload(self):
        return self.given


@pytest.fixture
def colab(folder, monkeypatch):
    files = Files()
    module = types.ModuleType("google.colab")
    module.files = files
    monkeypatch.setitem(sys.modules, "google", types.ModuleType("google"))
    monkeypatch.setitem(sys.modules, "google.colab", module)
    return files


def test_colab_is_told_that_its_disk_goes_and_how_to_carry_over(colab, folder, monkeypatch, capsys):
    check("rnn_step", rnn_step)
    assert "Colab deletes its disk" in capsys.readouterr().out
    assert "`check.download()`" in summary(capsys)
    check.download()
    assert colab.sent == [str(folder / progress.FILE)]

    saved = (folder / progress.FILE).read_bytes()
    (folder / progress.FILE).unlink()
    new_session(monkeypatch)
    assert f"Chapter 1: 0 of {TOTAL} points." in summary(capsys)
    colab.given = {"rnn2attn-progress (1).json": saved}
    check.upload()
    assert f"Chapter 1: 2 of {TOTAL} points." in summary(capsys)
    colab.given = {"photo.jpg": b"\xff\xd8"}
    check.upload()
    assert "photo.jpg was not taken over" in capsys.readouterr().out
    assert f"Chapter 1: 2 of {TOTAL} points." in summary(capsys)


def test_an_older_file_takes_no_points_away(colab, folder, capsys):
    with pytest.raises(Wrong):
        check("rnn_step", wrong)
    old = (folder / progress.FILE).read_bytes()
    check("rnn_step", rnn_step)
    colab.given = {"old.json": old}
    check.upload()
    assert f"Chapter 1: 2 of {TOTAL} points." in summary(capsys)


def test_elsewhere_download_and_upload_say_where_the_file_lies(folder, capsys):
    check.download()
    check.upload()
    assert capsys.readouterr().out.count(str(folder / progress.FILE)) == 2


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", ["#ffffff", "#111111", "#1e1e1e", "#383838"])
def test_the_edge_of_a_card_stands_out_on_light_and_dark(ground):
    for _, edge, _ in LOOK.values():
        assert contrast(edge, ground) >= (3 if ground != "#383838" else 2.5)


def test_a_card_says_in_words_what_it_shows_in_colour_and_escapes_what_it_is_given():
    html = Card("wrong", "f: not right yet.", ("`a < b` & <script>",), (("one", "two"), ("<b>", "2")))._repr_html_()
    assert 'role="status"' in html
    assert "<strong>f: not right yet.</strong>" in html
    assert 'aria-hidden="true">✗' in html
    assert "<code" in html and "a &lt; b" in html
    assert "<script>" not in html and "<b>" not in html
    assert html.count('scope="col"') == 2 and html.count('scope="row"') == 1
