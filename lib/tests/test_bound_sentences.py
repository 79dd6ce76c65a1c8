"""Sentences bound to stored rows: `says`, and how they are read from a chapter without running it; the sheet."""

import nbformat
import numpy as np
import pandas as pd
import pytest
from nbformat import v4

from rnn2attn.study import SentenceFailed, says
from rnn2attn.study.results import COLUMNS, write
from rnn2attn.study.sentences import Sentence, bound
from rnn2attn.study.sheet import sheet

WITH, WITHOUT = [0.9, 0.8, 0.9, 0.7, 0.9], [0.5, 0.6, 0.4, 0.75, 0.5]


@pytest.fixture
def rows(monkeypatch) -> pd.DataFrame:
    """Five seeds of two curves of C25 at one place, and of one number. Seed 3 is the exception."""
    measured = {("reversal: with", "T=24"): WITH, ("reversal: without", "T=24"): WITHOUT, ("steps", ""): [3.0] * 5}
    lines = [
        ("C25", "4", seed, measure, at, value, "", "0.1.0+00000000", "2026-01-01")
        for (measure, at), values in measured.items()
        for seed, value in enumerate(values)
    ]
    rows = pd.DataFrame(lines, columns=list(COLUMNS))
    monkeypatch.setattr("rnn2attn.study.sentences._stored", lambda: rows)
    return rows


def ahead(row):
    return row["with", "T=24"] > row["without", "T=24"]


def test_a_sentence_says_in_how_many_seeds_it_holds(rows, capsys):
    held = Sentence("C25", "At 24 it is ahead.", ahead, 4, of="reversal").held(rows)
    assert held.enough and held.answers == {0: True, 1: True, 2: True, 3: False, 4: True}
    assert repr(held) == "C25: “At 24 it is ahead.” holds in 4 of 5 stored seeds."
    says("C25", "At 24 it is ahead.", ahead, 4, of="reversal")
    assert "holds in 4 of 5" in capsys.readouterr().out


def test_a_sentence_that_the_rows_contradict_stops_the_run(rows):
    with pytest.raises(
        SentenceFailed, match=r"(?s)ahead.*4 of 5.*must hold in all.*seed 3: with at T=24 0\.7, without"
    ):
        says("C25", "At 24 it is ahead.", ahead, of="reversal")


def test_the_share_follows_the_number_of_seeds(rows):
    """Four of five are eight of ten."""
    twice = pd.concat([rows, rows.assign(seed=rows.seed + 5)])
    assert Sentence("C25", "It is ahead.", ahead, 4, of="reversal").held(twice).enough
    assert not Sentence("C25", "It is ahead.", ahead, of="reversal").held(twice).enough


def test_a_sentence_about_all_seeds_together_gets_arrays(rows):
    def on_average(row):
        assert row["with", "T=24"].shape == (5,)
        return row["with", "T=24"].mean() > row["without", "T=24"].mean()

    held = Sentence("C25", "On average it is ahead.", on_average, of="reversal", together=True).held(rows)
    assert held.enough and held.where() == "holds over all stored seeds together"
    worse = rows.assign(value=np.where(rows.measure == "reversal: with", 0.1, rows.value))
    assert not Sentence("C25", "On average it is ahead.", on_average, of="reversal", together=True).held(worse).enough


@pytest.mark.parametrize(
    "condition, error, message",
    [
        (lambda row: row["steps"] < 4 or row["steps"] >= 4, ValueError, "tests nothing"),
        (lambda row: True, ValueError, "no number"),
        (lambda row: row["steps"], TypeError, "True or False"),
        (lambda row: row["with", "T=32"] > 0, LookupError, "'with' at 'T=32'; there are 'reversal: with', 'T=24'"),
    ],
)
def test_what_is_no_condition_is_refused(rows, condition, error, message):
    with pytest.raises(error, match=message):
        says("C25", "It is so.", condition)


def test_a_claim_without_rows_and_an_unknown_one_are_named(rows):
    with pytest.raises(LookupError, match="nothing is stored for C9"):
        says("C9", "It is so.", ahead)
    with pytest.raises(ValueError, match="'C99' is not in the register"):
        says("C99", "It is so.", ahead)


def test_nothing_holds_of_nan(rows):
    rows.loc[rows.measure == "steps", "value"] = np.nan
    assert not any(Sentence("C25", "Few steps.", lambda row: row["steps"] < 4).held(rows).answers.values())


def test_a_study_makes_the_rows_first(rows, tmp_path, monkeypatch):
    monkeypatch.setenv("RNN2ATTN_STUDY", str(tmp_path / "rows.jsonl"))
    monkeypatch.setenv("RNN2ATTN_SEED", "3")
    says("C25", "It is behind.", lambda row: not ahead(row), of="reversal")


def chapter(folder, *cells):
    path = folder / "04-tiny.ipynb"
    nbformat.write(v4.new_notebook(cells=cells), path)
    return path


def test_sentences_are_read_from_a_chapter_without_running_it(rows, tmp_path):
    cell = """says(
    "C25", "At 24 it is ahead.", lambda row: row["with", "T=24"] > row["without", "T=24"], 4, of="reversal"
)
says("C25", "On average too.", lambda row: np.mean(row["steps"]) < 4, together=True)"""
    first, second = bound(chapter(tmp_path, v4.new_code_cell("1 / 0"), v4.new_code_cell(cell)))
    assert first.text == "At 24 it is ahead." and first.held(rows).enough and second.held(rows).enough
    rows.loc[rows.seed == 0, "value"] = 0.0
    assert not first.held(rows).enough


def test_a_condition_that_uses_the_chapters_names_is_refused(rows, tmp_path):
    path = chapter(tmp_path, v4.new_code_cell('says("C25", text, lambda row: row["steps"] < 4)'))
    with pytest.raises(ValueError, match="cannot be read by itself: name 'text' is not defined"):
        bound(path)


def test_the_sheet_has_each_paragraph_after_a_measurement_with_its_rows(rows, tmp_path):
    write(rows, tmp_path / "results.csv")
    path = chapter(
        tmp_path,
        v4.new_markdown_cell("Before."),
        v4.new_code_cell('curve(\n    "C25", by_length, {"T": [24]}, seed=seed)'),
        v4.new_markdown_cell("At 24 it is ahead."),
        v4.new_code_cell('says("C25", "At 24 it is ahead.", lambda row: True)'),
        v4.new_markdown_cell("Nothing was measured for this."),
        v4.new_markdown_cell("| It helps. (C9) | refuted |"),
    )
    first, last = sheet(path, tmp_path / "results.csv")
    assert "cell 2; 1 bound" in first and "At 24 it is ahead." in first and "Before" not in first
    assert [line.split() for line in first.splitlines() if "without" in line] == [
        ["reversal:", "without", "T=24", "0.5", "0.5", "0.6", "0.4", "0.75", "0.5"]
    ]
    assert "It helps. (C9)" in last and last.endswith("C9\nno rows")
