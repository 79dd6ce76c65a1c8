"""The register, the claims and curves that a chapter makes, and the study that runs chapters over seeds."""

import dataclasses
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from nbformat import v4

from rnn2attn.study import ClaimFailed, OutsideBand, claim, curve, fingerprint, papers, register, results
from rnn2attn.study.__main__ import chosen
from rnn2attn.study.checks import ablated, differences, reproduce
from rnn2attn.study.claims import judge
from rnn2attn.study.curves import band
from rnn2attn.study.fingerprint import version
from rnn2attn.study.register import REGISTER, typeset
from rnn2attn.study.results import COLUMNS, RESULTS, elsewhere, judged, write
from rnn2attn.study.runner import RunFailed, attempt, run, study
from rnn2attn.study.shown import Verdict
from rnn2attn.training import approx
from warm_kernels import warm_kernels

# A chapter small enough to run in seconds. It leaves a line in ran.txt for each run that it is part of.
TINY = [
    "seed = 0",
    """import time
from pathlib import Path

import torch

from rnn2attn.recurrent import rnn_step
from rnn2attn.study import claim, curve

with open("ran.txt", "a") as file:
    print(seed, file=file)
while seed == 1 and Path("wait").exists():
    time.sleep(0.1)""",
    """x, h, W_xh, W_hh, b = (torch.randn(s, dtype=torch.float64) for s in [(1, 2), (1, 3), (3, 2), (3, 3), (3,)])
J = torch.autograd.functional.jacobian(lambda h: rnn_step(x, h, W_xh, W_hh, b)[0], h)[:, 0]
error = (J - (1 - rnn_step(x, h, W_xh, W_hh, b) ** 2).T * W_hh).abs().max()
claim("C2", error, passes=lambda v: v < 1e-10)""",
    """generator = torch.Generator().manual_seed(seed)
def noisy(length, seed):
    return {"RNN": length + torch.randn(1, generator=generator).item() / 10}
claim("C9", noisy(1, seed)["RNN"], passes=lambda v: v < 2, measure="trained")""",
    'curve("C9", noisy, over={"length": [2, 4, 8]}, seed=seed)',
]


def tiny_chapter(folder: Path) -> Path:
    book = v4.new_notebook(cells=[v4.new_code_cell(source) for source in TINY])
    book.cells[0].metadata["tags"] = ["parameters"]
    path = folder / "notebooks" / "01-tiny.ipynb"
    path.parent.mkdir()
    nbformat.write(book, path)
    return path


def in_kernels(test):
    """Mark a test that runs chapters."""
    return pytest.mark.heavy(warm_kernels()(test))


@pytest.fixture
def chapter(tmp_path) -> Path:
    return tiny_chapter(tmp_path)


@pytest.fixture
def rows_file(tmp_path, monkeypatch) -> Path:
    """The environment of a study at seed 3."""
    path = tmp_path / "rows.jsonl"
    monkeypatch.setenv("RNN2ATTN_STUDY", str(path))
    monkeypatch.setenv("RNN2ATTN_SEED", "3")
    return path


def recorded(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def ran(chapter):
    return (chapter.parent / "ran.txt").read_text().split()


# The register


def test_the_register_holds_every_claim_once():
    assert set(register()) == {f"C{n}" for n, _ in enumerate(register(), start=1)}, "none is left out"
    for entry in register().values():
        assert all(
            text.isascii() or not any("가" <= c <= "힣" for c in text) for text in (entry.says, entry.statement)
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "guessed"}, "C9 has kind 'guessed'"),
        ({"kind": ["exact", "guessed"]}, "C9 has kind"),
        ({"verdict": "true"}, "C9 has verdict 'true'"),
        ({"statement": ""}, "C9 has no statement"),
        ({"says": None}, "C9 has no says"),
        ({"chapter": 0}, "C9 has chapter 0"),
        ({"documents": [5]}, "C9 has documents"),
        ({"note": "x"}, "C9 has a field 'note'"),
        ({"id": "X9"}, "X9 has id"),
        ({"id": "C1"}, "C1 stands twice"),
        ({"statement": "It learns."}, "C9 is trained, but its statement has no frequency"),
        ({"statement": "It learns in 0 of 0 seeds."}, "C9 is trained, but its statement has no frequency"),
    ],
)
def test_a_faulty_register_is_refused(tmp_path, change, message):
    entries = yaml.safe_load(REGISTER.read_text(encoding="utf-8"))
    next(entry for entry in entries if entry["id"] == "C9").update(change)
    path = tmp_path / "claims.yml"
    path.write_text(yaml.safe_dump(entries, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        register(path)


def test_documents_or_papers_make_a_claim():
    assert papers.papers("C1") == () and papers.papers("C41") == ("mikolov2010", "sutskever2011")
    for entry in register().values():
        assert papers.papers(entry.id) or entry.documents
    assert set(papers.PAPERS) <= set(register())


@pytest.mark.parametrize(("named", "message"), [({"C1": ("x",)}, "documents and papers"), ({}, "neither")])
def test_a_claim_that_both_or_nobody_makes_is_refused(monkeypatch, named, message):
    monkeypatch.setattr(papers, "PAPERS", named)
    with pytest.raises(ValueError, match=message):
        papers.papers("C1" if named else "C41")


def test_a_share_of_seeds_is_enough_where_the_statement_says_so():
    trained, exact = register()["C9"], register()["C2"]
    assert trained.enough(4, 5) and trained.enough(8, 10) and not trained.enough(3, 5)
    assert exact.enough(5, 5) and not exact.enough(4, 5)


def test_indices_and_exponents_are_set_as_such():
    assert typeset("W_hh, h_{t−1}: σ_q²σ_k² < (γ σ)^k") == [
        ("", "W"), ("sub", "hh"), ("", ", h"), ("sub", "t−1"), ("", ": σ"), ("sub", "q"), ("", "²σ"), ("sub", "k"),
        ("", "² < (γ σ)"), ("sup", "k"),
    ]  # fmt: skip
    for entry in register().values():
        for text in (entry.says, entry.statement):
            assert not any("_" in piece or "^" in piece or "{" in piece for _, piece in typeset(text)), text


# A claim


@pytest.mark.parametrize(
    ("value", "passes"),
    [
        (0.5, lambda v: True),
        (0.5, lambda v: v == v),
        (0.5, lambda v: abs(v) >= 0),
        (7, lambda v: isinstance(v, int | float)),
        (True, lambda v: v in (True, False)),
        ([1.0, 2.0], lambda v: len(v) == 2),
        ((1.0, 2.0), lambda v: v[0] >= v[0]),
        (torch.ones(3), lambda v: v.shape == (3,)),
        (torch.ones(3, dtype=torch.int64), lambda v: (v == v).all()),
        (np.ones(3), lambda v: v.size > 2),
        ({"a": 1.0, "b": 2.0}, lambda v: set(v) == {"a", "b"}),
    ],
)
def test_a_predicate_that_cannot_fail_is_refused(value, passes, rows_file):
    with pytest.raises(ValueError, match="tests nothing"):
        claim("C2", value, passes)
    assert recorded(rows_file) == []


@pytest.mark.parametrize(
    ("value", "passes"),
    [
        (0.5, lambda v: v < 1),
        (0.5, lambda v: not v > 1),
        (0.0, lambda v: v == 0),
        (0.5, np.isfinite),
        (12, lambda v: v == 3 * 4),
        (True, lambda v: v),
        ([1.0, 2.0, 4.0], lambda v: all(a < b for a, b in pairwise(v))),
        ([1.0, 5.0, 5.0], lambda v: v[1] == v[2]),
        (torch.tensor(0.5), lambda v: v < 1),
        (torch.ones(3), lambda v: torch.equal(v, torch.ones(3))),
        (torch.ones(3, dtype=torch.int64), lambda v: bool((v > 0).all())),
        (np.arange(3.0), lambda v: (np.diff(v) > 0).all()),
        ({"a": 1.0, "b": 1.0}, lambda v: v["a"] == v["b"]),
        ({"a": [1.0, 2.0], "b": 3.0}, lambda v: max(v["a"]) < v["b"]),
    ],
)
def test_an_honest_predicate_passes(value, passes):
    assert judge("C2", value, passes).passed


@pytest.mark.parametrize("passes", [None, True, lambda v: 1, lambda v: None, lambda v: torch.ones(2) > 0])
def test_what_is_no_predicate_is_refused(passes):
    with pytest.raises(TypeError, match="passes must"):
        claim("C2", 0.5, passes)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("C99", 1.0, lambda v: v < 2), ValueError, "C99"),
        (("C2", "one", lambda v: True), TypeError, "'one'"),
        (("C2", [[1.0]], lambda v: True), ValueError, "two dimensions"),
        (("C2", [], lambda v: True), ValueError, "no number"),
        (("C10", 1.0, lambda v: v < 2), ValueError, "exact \\+ trained"),
        (("C29", None, lambda v: True), TypeError, "history"),
    ],
)
def test_bad_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        claim(*arguments)


def test_a_false_statement_raises_with_claim_statement_and_value():
    with pytest.raises(ClaimFailed) as caught:
        claim("C2", 0.25, lambda v: v < 1e-10)
    assert isinstance(caught.value, AssertionError)
    for part in ("C2", register()["C2"].statement, "0.25"):
        assert part in str(caught.value)


def test_nothing_holds_of_nan():
    with pytest.raises(ClaimFailed):
        claim("C2", float("nan"), lambda v: not v > 1)


def test_a_study_records_before_it_raises(rows_file):
    with pytest.raises(ClaimFailed):
        claim("C9", [0.1, 5.0], lambda v: max(v) < 1, measure="slope", at=["a", "b"])
    claim("C20", {"W": 1e-14, "b": 2e-14}, lambda v: max(v.values()) < 1e-12)
    assert [(r["claim"], r["measure"], r["at"], r["value"], r["passed"]) for r in recorded(rows_file)] == [
        ("C9", "slope", "a", 0.1, False),
        ("C9", "slope", "b", 5.0, False),
        ("C20", "W", "", 1e-14, True),
        ("C20", "b", "", 2e-14, True),
    ]


def test_nothing_is_recorded_outside_a_study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    claim("C2", 0.0, lambda v: v < 1)
    assert list(tmp_path.iterdir()) == []


def test_the_verdict_is_shown_as_text_and_as_html():
    shown = judge("C9", {"LSTM": 0.00312345, "RNN": 0.16}, lambda v: v["LSTM"] < 0.01 < v["RNN"])
    assert "Claim C9: conditional." in repr(shown) and "holds" in repr(shown)
    assert f"LSTM {approx(0.00312345)}; RNN {approx(0.16)}. The book's statement holds." in repr(shown)
    html = shown._repr_html_()
    assert 'id="claim-c9"' in html and "</svg> conditional</span>" in html
    assert ">LSTM</th><td style" in html and f">{approx(0.00312345)}</td>" in html, "label and value in columns"
    part = judge("C24", 0.5, lambda v: v < 1, measure="W^k, linear")
    assert 'id="claim-c24-w-k-linear"' in part._repr_html_() and "0.5." in repr(part)
    assert "≈" not in repr(part)
    assert approx(1e-16) in repr(judge("C2", 1e-16, lambda v: v < 1e-10)), (
        "what rounding leaves differs between machines"
    )
    entry = dataclasses.replace(register()["C2"], statement="σ(W_hh) < 1. Then it vanishes.")
    box = Verdict(entry, "exact", "", (("", "", 1.5e-7),), True)._repr_html_()
    assert "σ(W<sub>hh</sub>) &lt; 1.</p>" in box and "Then it vanishes.</details>" in box
    assert ">1.5 × 10<sup>−7</sup></td>" in box
    assert "20 numbers from 0 to 19." in repr(judge("C9", list(range(20)), lambda v: max(v) < 20)), "counts"


def test_numbers_at_the_same_places_are_shown_below_one_another():
    several = {"tanh": [1.0, 0.5], "linear": [1.0, 2.0]}
    box = judge("C3", several, lambda v: v["tanh"][1] < 1, at=["k = 0", "k = 8"], kind="exact")._repr_html_()
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall("<tr>.*?</tr>", box)]
    assert rows == [["k", "tanh", "linear"], ["0", "1", "1"], ["8", "0.5", "2"]]
    apart = {"k = 1": [1.0, 2.0], "k = 2": [3.0]}
    assert "1, 2</td>" in judge("C3", apart, lambda v: v["k = 2"][0] > 2, kind="exact")._repr_html_()


def test_times_are_reported_and_citations_shown(rows_file):
    assert "Reported" in repr(judge("C11", 1.3, kind="timed"))
    assert [r["passed"] for r in recorded(rows_file)] == [None]
    assert "refuted" in repr(judge("C29"))


# A curve


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """Store rows of a curve: point → one value a seed, the same for each measure."""

    def store(points, id="C9", measure="RNN", *more):
        lines = [",".join(COLUMNS)]
        lines += [
            f"{id},1,{seed},{name},length={point},{value},,0.1.0+00000000,2026-01-01"
            for name in (measure, *more)
            for point, values in points.items()
            for seed, value in enumerate(values)
        ]
        path = tmp_path / "results.csv"
        path.write_text("\n".join(lines) + "\n")
        monkeypatch.setattr("rnn2attn.study.curves.read", lambda: results(path))

    return store


def test_a_curve_comes_back_with_its_seeds(stored):
    stored({2: [1.0, 1.2], 10: [3.0, 3.5]})
    found = curve("C9", lambda length, seed: {"RNN": 1.1}, over={"length": [2, 10]}, seed=7)
    assert found.x == (2, 10) and found.seeds == (0, 1)
    np.testing.assert_array_equal(found.series["RNN"], [[1.0, 3.0], [1.2, 3.5]])
    assert "2 seeds" in repr(found) and approx(1.1) in repr(found)


def test_a_seed_that_lacks_a_point_is_left_out(stored):
    stored({2: [1.0, 1.2, 1.1], 10: [3.0, 3.5]})
    assert curve("C9", lambda length, seed: {"RNN": 1.1}, over={"length": [2, 10]}, seed=7).seeds == (0, 1)


def test_a_curve_as_a_table_has_medians(stored):
    stored({2: [1.0, 1.2, 5.0], 10: [3.0, 3.5, 0.0]})
    found = curve("C9", lambda length, seed: {"RNN": 1.1}, over={"length": [2, 10]}, seed=7).table()
    assert found.to_dict("index") == {2: {"RNN": approx(1.2)}, 10: {"RNN": approx(3.0)}}


@pytest.mark.parametrize("value", [0.69, 1.0, 1.2, 1.51])
def test_a_point_within_the_band_passes(stored, value):
    stored({2: [1.0, 1.2]})
    curve("C9", lambda length, seed: {"RNN": value}, over={"length": [2]}, seed=7)


@pytest.mark.parametrize("value", [0.67, 1.53, -1.1, float("nan"), float("inf")])
def test_a_point_outside_the_band_raises(stored, value):
    stored({2: [1.0, 1.2]})
    with pytest.raises(OutsideBand, match="stored"):
        curve("C9", lambda length, seed: {"RNN": value}, over={"length": [2]}, seed=7)


def test_a_reader_whose_seed_is_an_exception_is_told_and_goes_on(stored, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("RNN2ATTN_STRICT")
    places = [("RNN", "length=2"), ("RNN", "length=4"), ("trained", "")]
    tried = [
        ("C9", "1", seed, measure, at, 9.0, str(seed > 21), "0.1.0+00000000", "2026-01-01")
        for seed in range(20, 24)
        for measure, at in places
    ]
    write(pd.DataFrame(tried, columns=list(COLUMNS)), tmp_path / "tried.csv")
    monkeypatch.setitem(elsewhere.__globals__, "TRIED", tmp_path / "tried.csv")
    stored({2: [1.0, 1.2]})
    live = curve("C9", lambda length, seed: {"RNN": 9.0}, over={"length": [2]}, seed=7).live
    assert live.endswith("outside ≈0.680 … ≈1.52, the stored band. Of 4 other seeds that were tried, 2 lay inside.")
    claim("C9", 3.0, passes=lambda v: v < 2, measure="trained")
    said = capsys.readouterr().out
    assert "does not hold here. This is one seed" in said
    assert "in 4 of 5. Of 4 other seeds that were tried, it held in 2." in said
    claim("C2", 3.0, passes=lambda v: v < 2)
    assert "mathematics" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("id", "stored", "goes_on"),
    [
        ("C9", "11111", True),  # 4 of 5 with this run, as the statement asks
        ("C9", "11101", False),
        ("C9", "", False),
        ("C2", "11111", False),  # mathematics allows none
    ],
)
def test_on_another_machine_a_run_may_be_the_allowed_one(id, stored, goes_on, tmp_path, monkeypatch):
    rows = [
        (id, "1", seed, measure, "", 1.0, str(held == "1"), "0.1.0+0", "2026-01-01")
        for seed, held in enumerate(stored)
        for measure in ("RNN", "another")
    ]
    write(pd.DataFrame(rows, columns=list(COLUMNS)), tmp_path / "results.csv")
    monkeypatch.setitem(elsewhere.__globals__, "RESULTS", tmp_path / "results.csv")

    def fails():
        return judge(id, {"RNN": 3.0}, lambda v: v["RNN"] < 2)

    if goes_on:
        assert "in 4 of 5. With this one in the place of a stored one it holds in 4 of 5." in repr(fails())
    else:
        with pytest.raises(ClaimFailed):
            fails()
    monkeypatch.setenv("RNN2ATTN_STUDY", str(tmp_path / "rows.jsonl"))
    monkeypatch.setenv("RNN2ATTN_SEED", "0")
    with pytest.raises(ClaimFailed):  # whose rows these are
        fails()


def test_an_exact_curve_repeats_what_is_stored(stored):
    def at(value, seed):
        return curve("C24", lambda length, seed: {"RNN": value}, over={"length": [2]}, seed=seed)

    stored({2: [1.0, 1.2]}, id="C24")
    at(1.0000001, seed=0)
    at(1.3, seed=7)  # another seed: within the widened band
    for value, seed in [(1.001, 0), (1.0, 1), (1.5, 7)]:
        with pytest.raises(OutsideBand):
            at(value, seed)


def test_a_band_of_logarithms_is_as_wide_up_as_down():
    low, high = band([1e-8, 1e-6], "trained", log=True)
    assert low == pytest.approx(1e-10 / 1.1) and high == pytest.approx(1e-4 * 1.1)


def test_the_point_measured_again_can_be_chosen(stored):
    stored({2: [1.0, 1.2], 10: [3.0, 3.5]})
    asked = []
    curve("C9", lambda n, s: asked.append((n, s)) or {"RNN": 3.1}, over={"length": [2, 10]}, seed=7, again=10)
    assert asked == [(10, 7)]
    with pytest.raises(ValueError, match="none of the points"):
        curve("C9", lambda n, s: 1.0, over={"length": [2]}, seed=7, again=3)


def test_of_two_axes_one_series_is_measured_again(stored):
    stored({2: [1.0, 1.2], 10: [3.0, 3.5]}, "C9", "RNN", "LSTM")
    over, asked = {"length": [2, 10], "cell": ["RNN", "LSTM"]}, []

    def at(again=None, value=1.1):
        return curve("C9", lambda *point: asked.append(point) or value, over=over, seed=7, again=again)

    found = at()
    assert asked == [(2, "RNN", 7)] and list(found.series) == ["RNN", "LSTM"]
    np.testing.assert_array_equal(found.series["LSTM"], [[1.0, 3.0], [1.2, 3.5]])
    at((10, "LSTM"), 3.1)
    assert asked[1:] == [(10, "LSTM", 7)]
    with pytest.raises(OutsideBand):
        at((10, "LSTM"), 1.1)
    for again, message in [((3, "LSTM"), "none of the points"), ((2, "GRU"), "GRU, which is none of RNN, LSTM")]:
        with pytest.raises(ValueError, match=message):
            at(again)
    with pytest.raises(ValueError, match="3 axes"):
        curve("C9", lambda *point: 1.0, over={**over, "more": [1]}, seed=7)


def test_a_study_of_two_axes_measures_all_and_a_sample_one(rows_file, monkeypatch):
    def at():
        return curve(
            "C9", lambda length, cell, seed: length * seed + len(cell),
            over={"length": [2, 4], "cell": ["GRU", "LSTM"]}, seed=3, again=(4, "GRU"),
        )  # fmt: skip

    np.testing.assert_array_equal(at().series["LSTM"], [[10, 16]])
    assert [(r["measure"], r["at"], r["value"]) for r in recorded(rows_file)] == [
        ("GRU", "length=2", 9.0), ("LSTM", "length=2", 10.0), ("GRU", "length=4", 15.0), ("LSTM", "length=4", 16.0),
    ]  # fmt: skip
    rows_file.unlink()
    monkeypatch.setattr("rnn2attn.study.curves.sampling", lambda: True)
    np.testing.assert_array_equal(at().series["GRU"], [[np.nan, 15]])
    assert [(r["measure"], r["at"]) for r in recorded(rows_file)] == [("GRU", "length=4")]


def test_without_stored_rows_the_error_says_what_to_do(stored):
    stored({2: [1.0]})
    with pytest.raises(LookupError, match="make study"):
        curve("C9", lambda length, seed: {"LSTM": 1.0}, over={"length": [2]}, seed=0)


def test_a_study_measures_every_point_where_nothing_is_stored(rows_file):
    found = curve("C9", lambda length, seed: {"RNN": length * seed}, over={"length": [2, 4]}, seed=3, name="noise")
    np.testing.assert_array_equal(found.series["RNN"], [[6, 12]])
    assert [(r["measure"], r["at"], r["value"], r["passed"]) for r in recorded(rows_file)] == [
        ("noise: RNN", "length=2", 6.0, None),
        ("noise: RNN", "length=4", 12.0, None),
    ]


def test_a_curve_of_numbers_is_named_after_its_claim(stored):
    stored({2: [1.0]}, measure="")
    assert list(curve("C9", lambda length, seed: 1.0, over={"length": [2]}, seed=0).series) == ["C9"]


def test_without_the_data_what_is_stored_is_shown_and_kept(stored, monkeypatch, tmp_path):
    stored({2: [1.0, 1.2], 10: [3.0, 3.5]})

    def shown(seed):
        return curve("C9", lambda length, seed: 1 / 0, over={"length": [2, 10]}, seed=seed, data=False)

    found = shown(7)
    np.testing.assert_array_equal(found.series["RNN"], [[1.0, 3.0], [1.2, 3.5]])
    assert "2 seeds stored" in repr(found) and "nothing was measured again" in repr(found)
    monkeypatch.setenv("RNN2ATTN_STUDY", str(tmp_path / "rows.jsonl"))
    monkeypatch.setenv("RNN2ATTN_SEED", "1")
    np.testing.assert_array_equal(shown(1).series["RNN"], [[1.2, 3.5]])
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert [(row["at"], row["value"]) for row in rows] == [("length=2", 1.2), ("length=10", 3.5)]
    monkeypatch.setenv("RNN2ATTN_SEED", "7")
    with pytest.raises(LookupError, match="seed 7 is not stored"):
        shown(7)


# The study


@in_kernels
def test_a_study_fills_the_results_and_repeats_nothing(chapter, tmp_path):
    path, said = tmp_path / "results.csv", []
    assert study([chapter], [0, 1], path, said.append) == []
    rows = results(path)
    assert path.read_text().splitlines()[0] == "claim,chapter,seed,measure,at,value,passed,version,date"
    assert list(rows.claim[:2]) == ["C2", "C2"] and list(rows["at"].unique()) == [
        "",
        "length=2",
        "length=4",
        "length=8",
    ]
    assert set(rows.chapter) == {"1"} and set(rows.seed) == {0, 1} and set(rows.version) == {version(chapter)}
    assert (
        rows[(rows.seed == 0) & (rows.measure == "trained")].value.item()
        != rows[(rows.seed == 1) & (rows.measure == "trained")].value.item()
    ), "the cell tagged parameters was replaced"
    assert nbformat.read(chapter, 4).cells[0].source == "seed = 0", "and nothing was written back"
    before = path.read_bytes()
    assert study([chapter], [0, 1], path, said.append) == []
    assert ran(chapter) == ["0", "1"] and path.read_bytes() == before
    assert any("seed 1" in line for line in said)
    write(results(path), path)
    assert path.read_bytes() == before, "reading and writing changes nothing"

    book = nbformat.read(chapter, 4)
    book.cells.append(v4.new_code_cell("1 + 1"))
    nbformat.write(book, chapter)
    study([chapter], [0], path, said.append)
    assert ran(chapter) == ["0", "1", "0"], "a changed chapter runs again"
    assert set(results(path).version) == {version(chapter)}, "and what the old one measured is gone"


def test_rows_are_sorted_and_written_whole_or_not_at_all(tmp_path, monkeypatch):
    def row(claim, at, seed):
        return dict(zip(COLUMNS, (claim, "1", seed, "m", at, 1 / 3, "True", "0.1.0+0", "2026-01-01"), strict=True))

    path = tmp_path / "results.csv"
    write(pd.DataFrame([row("C10", "", 1), row("C10", "", 0), row("C2", "n=10", 0), row("C2", "n=9", 0)]), path)
    assert [line.split(",")[:5:2] for line in path.read_text().splitlines()[1:]] == [
        ["C2", "0", "n=9"], ["C2", "0", "n=10"], ["C10", "0", ""], ["C10", "1", ""],
    ]  # fmt: skip
    axis = ["bias=-2", "bias=-1", "bias=0", "bias=0.25", "bias=0.5", "bias=1", "bias=250", "bias=1,000"]
    write(pd.DataFrame([row("C3", at, 0) for at in sorted(axis)]), path)
    assert results(path)["at"].tolist() == axis, "a number is read whole, with its sign"
    before = path.read_bytes()
    assert b",0.333333," in before

    def interrupted(self, file, **options):
        Path(file).write_text("half a f")
        raise KeyboardInterrupt

    monkeypatch.setattr(pd.DataFrame, "to_csv", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(pd.DataFrame([row("C24", "", 0)]), path)
    assert path.read_bytes() == before


@pytest.fixture
def fingerprinted(chapter, tmp_path):
    """The chapter's version with a copy of the library in which a module's text was replaced, or added to."""
    book = nbformat.read(chapter, 4)
    book.cells.append(v4.new_code_cell("from rnn2attn import plots\n%matplotlib inline\nplots.lines([1], x=[1])"))
    nbformat.write(book, chapter)

    def with_change(module, old="", new=""):
        copy = ablated(tmp_path / str(len(list(tmp_path.iterdir()))), module, new if not old else "")
        path = (copy / "rnn2attn" / module.replace(".", "/")).with_suffix(".py")
        if old:
            text = path.read_text(encoding="utf-8")
            assert text.count(old) == 1
            path.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fingerprint, "PACKAGE", copy / "rnn2attn")
            fingerprint.module.cache_clear()
            found = version(chapter)
        fingerprint.module.cache_clear()
        return found

    return with_change


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("recurrent.steps", "torch.tanh(x @ W_xh.T + h @ W_hh.T + b)", "torch.tanh(x @ W_xh.T + h @ W_hh + b)"),
        ("recurrent.steps", "W_xh: Tensor, W_hh: Tensor, b: Tensor)", "W_xh: Tensor, W_hh: Tensor, b: Tensor = 0)"),
        ("shapes", "* factor == size", "* factor != size"),  # rnn_step calls it
        ("study.curves", "ROOM = 0.1", "ROOM = 0.2"),  # a constant of what the chapter calls
        ("study.values", "", "def holds(passes, value):\n    return True"),
    ],
)
def test_the_fingerprint_follows_the_code_that_counts(chapter, fingerprinted, module, old, new):
    assert fingerprinted(module, old, new) != version(chapter)


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("recurrent.steps", "", "# a comment"),
        ("recurrent.steps", "", "def not_used():\n    return 1"),
        ("recurrent.steps", "def lstm_step(", "def other_step("),  # in the same file, and the chapter does not use it
        ("recurrent.steps", "Elman (1990)", "Elman, 1990"),  # in the docstring
        ("shapes", "was expected", "is expected"),  # what an error says
        ("study.shown", "Reported, not judged.", "Reported."),
        ("plots.charts", "", "def lines():\n    return 1"),
        ("gradients", "", "def longest_chain():\n    return 1"),
    ],
)
def test_and_no_other(chapter, fingerprinted, module, old, new):
    assert fingerprinted(module, old, new) == version(chapter)


def test_a_chapters_own_code_counts_and_its_figures_do_not(chapter):
    def with_cell(code):
        book = nbformat.read(chapter, 4)
        book.cells.append(v4.new_code_cell(code))
        other = chapter.with_name("01-other.ipynb")
        nbformat.write(book, other)
        return version(other)

    bare = with_cell("from rnn2attn import plots")
    assert with_cell("from rnn2attn import plots\n# a comment\nplots.lines([1], x=[1])") == bare
    assert with_cell("from rnn2attn import plots\nplots.drawn.show('rnn-unrolled')") == bare
    assert with_cell("from rnn2attn import plots\nseed += 1") != bare
    assert with_cell("from rnn2attn.live import live\nlive(seed)") == version(chapter)


@in_kernels
def test_a_release_makes_no_measurement_old(chapter, tmp_path, monkeypatch):
    assert study([chapter], [0], tmp_path / "results.csv", lambda line: None) == []
    monkeypatch.setattr("rnn2attn.__version__", "99.0")
    study([chapter], [0], tmp_path / "results.csv", lambda line: None)
    assert ran(chapter) == ["0"]


@pytest.mark.parametrize(
    ("named", "found"),
    [("1", [0, 1]), ("01", [0, 1]), ("01b", [1]), ("1b", [1]), ("2", [2]), ("12", [3]), ("3", []), ("b", [])],
)
def test_a_chapter_is_named_by_its_number_and_a_page_by_its_letter(named, found):
    paths = [Path(f"{name}-x.ipynb") for name in ("01", "01b", "02", "12")]
    assert chosen(paths, [named]) == [paths[n] for n in found]


@pytest.mark.soak
def test_an_interrupted_study_loses_the_run_under_way_only(chapter, tmp_path):
    """As `make study` runs it, in kernels that are started in full."""
    path, wait = tmp_path / "results.csv", chapter.parent / "wait"
    wait.touch()
    command = [sys.executable, "-m", "rnn2attn.study", "--seeds", "2", "--chapter", "1"]
    command += ["--notebooks", str(chapter.parent), "--results", str(path)]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while not (chapter.parent / "ran.txt").exists() or ran(chapter) != ["0", "1"]:
        assert first.poll() is None
        time.sleep(0.1)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert set(results(path).seed) == {0}
    wait.unlink()
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 0, second.stdout + second.stderr
    assert ran(chapter) == ["0", "1", "1"]
    assert set(results(path).seed) == {0, 1}


@in_kernels
def test_a_broken_step_turns_its_claims_red(chapter, tmp_path):
    library = ablated(
        tmp_path / "broken", "recurrent.steps", "def rnn_step(x, h, W_xh, W_hh, b):\n    return h @ W_hh.T"
    )
    rows, failed = run(chapter, 0, library=library)
    assert {row["claim"]: row["passed"] for row in rows if row["at"] == ""} == {"C2": False, "C9": True}
    assert len(failed) == 1 and "C2" in failed[0]
    with pytest.raises(RunFailed, match="ClaimFailed"):
        run(chapter, 0, recording=False, library=library)


@in_kernels
def test_a_study_in_which_statements_fail_says_so(chapter, tmp_path):
    book = nbformat.read(chapter, 4)
    book.cells.append(v4.new_code_cell('claim("C9", float(seed), passes=lambda v: v > 0.5, measure="later")'))
    book.cells.append(v4.new_code_cell('claim("C2", float(seed), passes=lambda v: v > 0.5, measure="never")'))
    nbformat.write(book, chapter)
    wrong = study([chapter], range(2), tmp_path / "results.csv", lambda line: None)
    assert sorted(wrong) == ["C2, never: passed in 1 of 2 seeds", "C9, later: passed in 1 of 2 seeds"]
    rows = results(tmp_path / "results.csv")
    assert list(rows[rows.measure == "later"].passed) == ["False", "True"]


@in_kernels
@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ('claim("C2", 0.0, passes=lambda v: v < 1)', "recorded twice"),
        ("import os; os._exit(1)", "died"),
    ],
)
def test_a_run_that_breaks_is_named_and_not_stored(chapter, tmp_path, code, message):
    book = nbformat.read(chapter, 4)
    book.cells.append(v4.new_code_cell(code))
    nbformat.write(book, chapter)
    wrong = study([chapter], [0], tmp_path / "results.csv", lambda line: None)
    assert len(wrong) == 1 and message in wrong[0] and "01-tiny" in wrong[0]
    assert not (tmp_path / "results.csv").exists()


@pytest.fixture(scope="module")
@warm_kernels()
def studied(tmp_path_factory):
    """The tiny chapter with three stored seeds, and a copy of the library that holds them."""
    folder = tmp_path_factory.mktemp("studied")
    chapter, path = tiny_chapter(folder), folder / "results.csv"
    assert study([chapter], range(3), path, lambda line: None) == []
    library = ablated(folder / "library", "recurrent.steps", "")
    shutil.copy(path, library / "rnn2attn/study/results.csv")
    return chapter, path, library


@in_kernels
def test_stored_rows_are_reproduced_and_a_hand_edited_one_is_found(studied):
    chapter, path, _ = studied
    assert reproduce(chapter, 2, path) == []
    with pytest.raises(LookupError, match="make study"):
        reproduce(chapter, 9, path)
    edited = path.with_name("edited.csv")
    rows = results(path)
    rows.loc[(rows.seed == 2) & (rows.measure == "trained"), "value"] += 0.3
    write(rows, edited)
    (found,) = reproduce(chapter, 2, edited)
    assert "trained" in found and "is stored as" in found


@in_kernels
def test_one_point_of_each_curve_is_enough_to_compare(studied):
    chapter, path, _ = studied
    found, failed = run(chapter, 2, whole=False)
    curve_rows = [row for row in found if row["at"].startswith("length=")]
    assert [row["at"] for row in curve_rows] == ["length=2"] and failed == []
    rows = results(path)
    assert differences(rows, found, 2, whole=False) == []
    assert len(differences(rows, found, 2)) == 2, "the two points that were not measured"
    found.remove(curve_rows[0])
    assert len(differences(rows, found, 2, whole=False)) == 3, "a curve that is not measured at all is missed"
    judged = next(row for row in found if row["passed"] is not None)
    found.remove(judged)
    assert any("no longer measured" in line for line in differences(rows, found, 2, whole=False))


@pytest.mark.parametrize(
    ("kind", "column", "value", "differs"),
    [
        ("exact", "value", 0.500002, False),
        ("exact", "value", 0.5001, True),
        ("trained", "value", 0.502, False),
        ("trained", "value", 0.54, True),
        ("timed", "value", 3.0, False),
        ("exact", "passed", "False", True),
        ("exact", "measure", "invented", True),
        ("exact", "at", "length=9", True),
        ("exact", "claim", "C24", True),
    ],
)
def test_every_column_of_a_row_that_is_edited_counts(kind, column, value, differs):
    def row(seed, value):
        return dict(zip(COLUMNS, ("C9", "1", seed, "m", "", value, "True", "0.1.0+0", "2026-01-01"), strict=True))

    rows = pd.DataFrame([row(0, 0.5), row(1, 0.51), row(2, 0.49)])
    fresh = [{"claim": "C9", "measure": "m", "at": "", "value": 0.5, "passed": True, "kind": kind}]
    assert differences(rows, fresh, 0) == []
    rows.loc[0, column] = value
    assert bool(differences(rows, fresh, 0)) == differs
    assert differences(rows, [], 0) == [
        f"{tuple(rows.loc[0, ['claim', 'measure', 'at']])} is stored and no longer measured"
    ]
    assert differences(rows[rows.seed != 0], fresh, 0) == ["('C9', 'm', '') is measured and not stored"]


def test_one_series_of_a_curve_stands_for_the_others_where_one_point_is_measured():
    """A curve whose one point is of one series alone lacks nothing, and a curve of another name is missed."""
    rows = pd.DataFrame(
        [
            dict(zip(COLUMNS, ("C9", "1", 0, measure, at, 0.5, "", "0.1.0+0", "2026-01-01"), strict=True))
            for measure in ("right: gate", "right: sum", "kept: gate")
            for at in ("T=1", "T=2")
        ]
    )
    found = [{"claim": "C9", "measure": "right: gate", "at": "T=1", "value": 0.5, "passed": None, "kind": "exact"}]
    missed = [f"('C9', 'kept: gate', 'T={T}') is stored and no longer measured" for T in (1, 2)]
    assert differences(rows, found, 0, whole=False) == missed
    assert len(differences(rows, found, 0)) == 5


@in_kernels
def test_seeds_that_nobody_looked_at_are_tried_as_a_reader_would(studied, tmp_path, monkeypatch):
    chapter, _, library = studied
    library = shutil.copytree(library, tmp_path / "library")
    monkeypatch.setattr("rnn2attn.study.runner.run", lambda *args, **how: run(*args, **how, library=library))
    said, path = [], tmp_path / "tried.csv"
    assert attempt([chapter], [20, 21], path, said.append) == []
    found = results(path)
    assert set(found.seed) == {20, 21} and set(found.passed) == {"True"}
    assert set(found[found.measure == "RNN"]["at"]) == {"length=2"}
    attempt([chapter], [20, 21], path, said.append)
    assert said[-2:] == ["01-tiny  seed 20  tried already", "01-tiny  seed 21  tried already"]
    stored = library / "rnn2attn/study/results.csv"
    rows = results(stored)
    rows.loc[(rows["at"] == "length=2"), "value"] += 10
    write(rows, stored)
    (fell,) = attempt([chapter], [22], path, said.append)
    assert fell.startswith("01-tiny, seed 22: C9, RNN length=2: ")
    assert list(results(path).query("passed == 'False'").seed) == [22]


@in_kernels
def test_a_seed_is_tried_without_what_needs_data_that_are_not_here(studied, tmp_path):
    chapter, _, library = studied
    book = nbformat.read(chapter, 4)
    book.cells += map(v4.new_code_cell, (
        'elsewhere = curve("C9", noisy, over={"length": [2, 4, 8]}, seed=seed, name="", again=4, data=False)',
        "def last(): return elsewhere.series['RNN'][0, -1]",
        'claim("C9", last(), passes=lambda v: v > 0, measure="elsewhere")',
        'claim("C9", 2.0, passes=lambda v: v < 3, measure="here")',
    ))  # fmt: skip
    more = tmp_path / chapter.name
    nbformat.write(book, more)
    rows, failed = run(more, 20, trying=True, library=library)
    assert failed == [] and {row["measure"] for row in rows if row["passed"]} == {"", "RNN", "trained", "here"}
    with pytest.raises(RunFailed, match="needs data that are not here, and seed 20 is not stored"):
        run(more, 20, library=library)
    book.cells.append(v4.new_code_cell("nowhere"))
    nbformat.write(book, more)
    with pytest.raises(RunFailed, match="name 'nowhere' is not defined"):
        run(more, 20, trying=True, library=library)


@in_kernels
def test_a_reader_with_another_seed_stays_in_the_band(studied):
    chapter, _, library = studied
    assert run(chapter, 11, recording=False, library=library) == ([], [])
    stored = library / "rnn2attn/study/results.csv"
    rows = results(stored)
    rows.loc[(rows["at"] == "length=2"), "value"] += 10
    write(rows, stored)
    with pytest.raises(RunFailed, match="OutsideBand"):
        run(chapter, 11, recording=False, library=library)


# What is stored with the library


def test_the_stored_results_bear_the_register_out():
    rows = results()
    assert RESULTS.read_text(encoding="utf-8").splitlines()[0] == ",".join(COLUMNS)
    assert set(rows.claim) <= set(register())
    assert set(rows.passed) <= {"True", "False", ""}
    assert not rows.duplicated(["claim", "chapter", "seed", "measure", "at"]).any()
    assert [str(found) for found in judged(rows) if not found.enough] == []


def test_the_stored_results_are_written_as_a_study_writes_them(tmp_path):
    write(results(), tmp_path / "results.csv")
    assert (tmp_path / "results.csv").read_bytes() == RESULTS.read_bytes()
