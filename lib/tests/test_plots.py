"""Figures: transparent, readable on both themes, Hangul as Hangul; and what of them a page shows."""

import base64
import io
import itertools
import re
import unicodedata
import warnings
from html import unescape

import matplotlib.image
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.colors import to_rgb
from PIL import Image

from rnn2attn import plots, style
from rnn2attn.plots.svg import svg

WHITE, DARK = "#ffffff", "#121212"


def luminance(colour):
    """Relative luminance, WCAG 2."""
    c = np.array(to_rgb(colour))
    return np.where(c <= 0.03928, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def contrast(a, b):
    """Contrast ratio, WCAG 2."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", [WHITE, DARK])
@pytest.mark.parametrize("colour", [plots.INK, *plots.COLOURS])
def test_colours_hold_on_both_grounds(colour, ground):
    assert contrast(colour, ground) >= 3


@pytest.mark.parametrize("value", np.linspace(0, 1, 41))
def test_numbers_hold_on_the_cells_they_stand_in(value):
    cell = (1 - value) * np.array(to_rgb(style.PAPER)) + value * np.array(to_rgb(style.CELL))
    assert contrast(style.ON_CELL if value > style.HALF else style.ON_PAPER, cell) >= 4.5


def test_lines_differ_without_colour():
    looks = list(zip(style.DASHES, style.MARKERS, strict=True))
    assert len(looks) == len(set(looks)) == len(plots.COLOURS)


def png(figure):
    bundle = figure._repr_mimebundle_()
    return matplotlib.image.imread(io.BytesIO(bundle["image/png"]))


FIGURES = {
    "lines": lambda: plots.lines(
        {"a": [1, 2, 3], "b": [[1, 2, 2], [2, 3, 4]]}, xlabel="x", ylabel="y", levels={"c": 2}
    ),
    "heatmap": lambda: plots.heatmap(np.eye(2), ["나는", "학생"], ["I", "student"], xlabel="source", ylabel="대상"),
    "search": lambda: plots.search([[(0, "2", -0.1), (0, "년", -2.0)], [(1, "0", -0.3)]], width=2, depth=2),
    "among_keys": lambda: plots.among_keys([1, 2], [[1, 0], [0, 2]], [0.25, 0.75], ["I", "너"], extent=3),
    "pictures": lambda: plots.pictures([np.eye(8), np.eye(8)[None]], ["육", "six"]),
    "attended": lambda: plots.attended(
        np.eye(8), np.full((5, 4, 4), 1 / 16), list("abcde"), boxes=[(1, 2, 4, 5), *[None] * 4]
    ),
    "chain": lambda: plots.chain({"1": ["a"] * 40, "2": ["b"]}, ["a"], "1"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_transparent_and_not_empty(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph is a warning of Matplotlib's
        image = png(FIGURES[name]())
    alpha = image[..., 3]
    assert alpha[0, 0] == alpha[-1, -1] == 0
    assert (alpha > 0).mean() > 0.01


def carried(figure):
    return Image.open(io.BytesIO(figure._repr_mimebundle_()["image/png"])).info.get("svg")


def test_the_picture_carries_its_forms_for_pages_in_the_build_alone(monkeypatch):
    monkeypatch.delenv("RNN2ATTN_FRAMES", raising=False)
    assert carried(FIGURES["heatmap"]()) is None
    monkeypatch.setenv("RNN2ATTN_FRAMES", "1")
    forms = carried(FIGURES["heatmap"]())
    assert [name in forms for name in ('<div class="narrow"><svg', '<div class="wide"><svg', "학생")] == [True] * 3
    assert carried(FIGURES["search"]()).startswith("<svg")


def test_no_id_of_a_page_stands_twice_and_none_changes_from_run_to_run(monkeypatch):
    def drawn():
        monkeypatch.setattr("rnn2attn.plots.figure._shown", itertools.count())
        return "".join(FIGURES["lines"]().forms() for _ in range(2))

    ids = re.findall(r' id="([^"]*)"', drawn())
    assert len(ids) > 4 and len(set(ids)) == len(ids)
    assert drawn() == drawn()


def test_a_heatmap_has_numbers_where_they_have_room():
    def texts(width):
        with_numbers = plots.heatmap(np.eye(12), ["row"] * 12, ["c"] * 12, xlabel="", ylabel="").again(width)
        return [text.get_text() for text in with_numbers.axes[0].texts]

    assert texts(4.5) == [] and texts(7.6).count("1.00") == 12


def test_the_names_of_columns_are_turned_all_or_none():
    def turned(*names):
        figure = plots.heatmap(np.eye(12), ["row"] * 12, names, xlabel="", ylabel="").again(4.5)
        return {label.get_rotation() for label in figure.axes[0].get_xticklabels()}

    assert turned(*"abcdefghijkl") == {0} and turned(*"abcdefghijk", "space") == {90}


@pytest.mark.parametrize("places", [[-1500, 0, 1500], [32, 128, 1024]])
def test_numbers_at_an_axis_are_written_as_a_book_prints_them(places):
    figure = plots.lines({"a": [0.0001, 0.0002, 0.0003]}, x=places, xlabel="x", ylabel="y", xlog=places[0] > 0)
    figure.forms()
    across, up = (
        [label.get_text() for label in axis.get_ticklabels()] for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis)
    )
    assert {"−1,000", "1,000"} <= {*across} if places[0] < 0 else across == ["32", "128", "1,024"]
    assert "0.00020" in up


def test_pictures_stand_in_rows_in_which_their_titles_have_room():
    def rows(width, title):
        figure = plots.pictures([np.eye(8)] * 4, [title] * 4).again(width)
        return len({round(ax.get_subplotspec().rowspan.start) for ax in figure.axes})

    assert (rows(7.6, "six"), rows(4.5, "six"), rows(4.5, "eight left of nine " * 2)) == (1, 2, 4)


def test_a_second_reading_stands_over_the_axis():
    figure = plots.lines({"a": [1, 2, 3]}, xlabel="x", ylabel="y", above=("half-life", {"one": 0.0, "two": 2.0}))
    (second,) = figure.axes[0].child_axes
    assert second.get_xlabel() == "half-life"
    assert [tick.get_text() for tick in second.get_xticklabels()] == ["one", "two"]
    assert list(second.get_xticks()) == [0.0, 2.0]


def test_a_power_is_straight_where_both_axes_are_logarithmic():
    figure = plots.lines({"1/x": [0.1, 0.05, 0.025]}, x=[10, 20, 40], xlabel="x", ylabel="y", log=True, xlog=True)
    axes = figure.axes[0]
    points = axes.transData.transform(axes.lines[0].get_xydata())
    slopes = np.diff(points[:, 1]) / np.diff(points[:, 0])
    assert slopes[0] == pytest.approx(slopes[1])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["10", "20", "40"]


def test_a_search_marks_the_path_of_the_best():
    first, second = [(0, "a", -1.0), (0, "b", -2.0)], [(1, "c", -2.5), (0, "d", -3.0)]
    figure = plots.search([first, second], width=2, depth=2)
    marked = [line.get_linestyle() == "-" for line in figure.axes[0].lines]
    assert marked == [False, True, True, False]  # the best second beginning goes on from b
    boxes = [text.get_text() for text in figure.axes[0].texts]
    assert boxes == ["<sos>", "a", "b", "c", "d", "ln p", "−2.50", "−3.00"]


def test_a_cell_is_coloured_by_its_weight():
    """On a black picture with one cell weighed: red in that quarter, and there only; smoothed, around it too."""
    weights = np.zeros((1, 2, 2))
    weights[0, 0, 1] = 1.0
    drawn = [png(plots.attended(np.zeros((8, 8)), weights, ["a"], smooth=smooth)) for smooth in (False, True)]
    red = [image[..., 0] - image[..., 2] > 0.3 for image in drawn]
    rows, columns = np.nonzero(red[0])
    middle = np.array(red[0].shape[:2]) / 2
    assert rows.size > 1000 and rows.max() < middle[0] + 5 and columns.min() > middle[1] - 5
    assert (red[0] != red[1]).any()


def test_on_a_page_too_and_the_cells_stay_cells():
    weights = np.array([[[0.5, 0.25], [0.25, 0.0]]])
    drawn = svg(plots.attended(np.zeros((8, 8)), weights, ["a"]), "")
    _, shade = re.findall(r'href="data:image/png;base64,\s*([^"]*)"', drawn)
    alpha = np.asarray(Image.open(io.BytesIO(base64.b64decode(shade))))[..., 3]
    assert alpha.tolist() == (np.array([[1, 0.5], [0.5, 0]]) * 0.85 * 255).astype(int).tolist()


def test_hangul_is_drawn_and_not_boxed():
    """Two different syllables look different; as boxes they would be the same picture."""
    pictures = [png(plots.heatmap([[0]], [syllable], ["x"], xlabel="", ylabel="")) for syllable in "가힣"]
    assert pictures[0].shape != pictures[1].shape or not np.array_equal(*pictures)


def test_every_syllable_has_a_sign_wherever_the_book_is_drawn():
    ours = font_manager.get_font(str(font_manager.findfont(style.STYLE["font.family"][1], fallback_to_default=False)))
    assert set(range(0xAC00, 0xD7A4)) | set(range(0x3131, 0x318F)) | set(range(0x30A1, 0x30F7)) <= set(
        ours.get_charmap()
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of a missing glyph
        png(
            plots.heatmap(
                [[0, 0]], ["뷁똠ㅋ"], ["カタカナ", unicodedata.normalize("NFD", "한국어")], xlabel="", ylabel=""
            )
        )


# What stands in sentences, and what Matplotlib would take for a formula.
WORDS = ["a $5 and $6", "$x$", "$\\frac$", "^_{}%#&~", r"\$", "$$", "<b>&amp;"]
WORDED = {
    "heatmap": lambda w: plots.heatmap([[0.5]], [w], [w], xlabel="", ylabel=""),
    "lines": lambda w: plots.lines({w: [1, 2], "b": [2, 1]}, xlabel="", ylabel="", levels={w: 1}, above=("", {w: 1})),
    "search": lambda w: plots.search([[(0, w, -0.1)]], width=1, depth=1),
    "among_keys": lambda w: plots.among_keys([1, 2], [[1, 0]], [1.0], [w], extent=3),
    "pictures": lambda w: plots.pictures([np.eye(8)], [w]),
    "attended": lambda w: plots.attended(np.eye(8), np.full((1, 4, 4), 1 / 16), [w]),
    "chain": lambda w: plots.chain({w: [w]}, [], w),
}


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("name", WORDED)
def test_words_are_drawn_as_they_are(name, words):
    drawn = svg(WORDED[name](words), "")
    assert words in unescape(drawn), "and not as a formula, nor without its signs"
    png(WORDED[name](words))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: plots.heatmap(np.eye(2), ["a"], ["b", "c"], xlabel="", ylabel=""),
            r"shape \(2, 2\), but 1 rows and 2",
        ),
        (lambda: plots.heatmap([[2.0]], ["a"], ["b"], xlabel="", ylabel=""), "between 0 and 1; they reach from 2.0"),
        (lambda: plots.chain({"1": ["a"]}, [], "2"), "'2' is none of the links: '1'"),
        (
            lambda: plots.among_keys([1, 2], [[1, 0]], [0.5, 0.5], ["a"], extent=3),
            r"shape \(1, 2\), with 2 weights and 1 names",
        ),
        (lambda: plots.search([[(0, "a", 0.0)]] * 3, width=2, depth=2), "3 steps are given, where 2 with up to 2"),
        (lambda: plots.pictures([np.eye(2)], ["a", "b"]), "1 pictures and 2 names"),
        (lambda: plots.pictures([np.ones(3)], ["a"]), r"shape \(3,\), but \(H, W\)"),
        (lambda: plots.attended(np.eye(2), np.eye(2), ["a"]), r"maps has shape \(2, 2\)"),
        (lambda: plots.attended(np.eye(2), np.ones((1, 2, 2)), ["a"], boxes=[]), "0 boxes and 1 words"),
        (lambda: plots.lines({}, xlabel="", ylabel=""), "0 series were given"),
        (lambda: plots.lines({str(i): [0] for i in range(6)}, xlabel="", ylabel=""), "6 series were given"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
