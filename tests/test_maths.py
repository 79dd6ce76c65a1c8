"""Formulas as the pages have them: Pandoc's MathML, without the TeX, spaced as is usual."""

import re

import pytest
from book.extension.maths import TALL_ROOT, line, mathml, parts, read
from docutils import nodes

SPACE = '<mspace width="0.167em"></mspace>'
FUNCTIONS = {r"-\ln p": 1, r"\tanh(x)": 0, r"\exp e_i": 1, r"\log_2 p": 1, r"v^\top \tanh(x)": 1, r"2 \ln 2": 2}
FUNCTIONS |= {r"\frac{8}{9} \ln 10": 2, r"(1 - p) \ln p": 2, r"\sum_i \ln p_i": 1, r"a\,\log_2 T": 2}
FUNCTIONS |= {r"\begin{pmatrix} \cos t & \sin t \end{pmatrix}": 2}


@pytest.mark.parametrize("tex", FUNCTIONS)
def test_a_function_stands_apart_from_its_argument(tex):
    (written,) = mathml([(tex, False)])
    assert written.count(SPACE) == FUNCTIONS[tex]
    assert not re.search("<msu[bp]>((?!</msu).)*mspace", written), "an index has two parts"
    assert "annotation" not in written and "\\" not in written, "a reader copies signs, and finds no TeX"


def test_bars_stand_close_to_what_is_between_them():
    (written,) = mathml([(r"\lVert x \rVert_2", False)])
    assert len(re.findall('<mo [^>]*lspace="0" rspace="0"', written)) == 2


def test_lines_are_aligned_and_displayed_or_not():
    lines, inline = mathml([(r"\begin{aligned} a &= b \\ c &= d \end{aligned}", True), ("a", False)])
    assert 'display="block"' in lines and lines.count("<mtr>") == 2
    assert 'display="inline"' in inline


def test_what_cannot_be_read_is_nothing_and_spoils_no_other():
    good, bad, other = mathml([("a", False), (r"\frac{a", False), ("b", False)])
    assert "<mi>a</mi>" in good and bad == "" and "<mi>b</mi>" in other


@pytest.mark.parametrize(
    ("tex", "apart"),
    [
        (r"e = \frac{a \quad b}{\sum_{j}}, \qquad c = x", [r"e = \frac{a \quad b}{\sum_{j}},", "c = x"]),
        (r"\begin{aligned} \text{dot:}\quad & s^\top h \end{aligned}", None),
        (r"Q = X, \quad K = Y", ["Q = X,", "K = Y"]),
    ],
)
def test_equations_side_by_side_are_formulas_of_their_own(tex, apart):
    """On a telephone they stand below one another."""
    assert parts(nodes.math_block(tex, tex)) == [(part, True) for part in apart or [tex]]
    assert parts(nodes.math(tex, tex)) == [(tex, False)]


def test_the_sign_behind_a_formula_stays_with_it():
    formula, other = nodes.math("x", "x"), nodes.math("y", "y")
    paragraph = nodes.paragraph("", "", nodes.Text("a "), formula, nodes.Text("). B "), other, nodes.Text(" c."))
    read(None, paragraph, "page")
    assert [line(formula), line(other)] == ["x).", "y"]
    assert [str(child) for child in paragraph if isinstance(child, nodes.Text)] == ["a ", " B ", " c."]


def test_the_same_words_elsewhere_keep_their_sign():
    formula = nodes.math("f", "f")
    same = nodes.Text(", and hold "), nodes.Text(", and hold ")
    paragraph = nodes.paragraph("", "", nodes.literal("*a", "*a"), same[0], formula, same[1])
    read(None, paragraph, "page")
    assert line(formula) == "f," and paragraph.astext() == "*a, and hold f and hold "


def test_a_root_over_a_small_letter_is_as_high_as_over_a_capital():
    (written,) = mathml([(r"1/\sqrt n", False)])
    assert re.search('<msqrt><mi>n</mi><mspace width="0" height="0.7em" depth="0.15em"></mspace></msqrt>', written)
    assert not TALL_ROOT.search(written) and TALL_ROOT.search(mathml([(r"\sqrt{\frac{1}{d}}", False)])[0])


@pytest.mark.parametrize("tex", ["x'", r"x^{\prime}", r"\tilde h", r"\widetilde K"])
def test_what_has_thin_strokes_is_marked(tex):
    formula, plain = mathml([(tex, False), ("x^2", False)])
    assert formula.count('class="faint"') == 1 and "faint" not in plain
