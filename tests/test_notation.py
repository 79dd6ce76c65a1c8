"""The page of notation: it has each letter that a formula of the chapters uses."""

import re

import nbformat
import pytest

from building import ROOT

CODE = re.compile(r"```.*?```", re.DOTALL)
FORMULA = re.compile(r"\$\$(.*?)\$\$|\$([^$\n]+)\$", re.DOTALL)
WORD = re.compile(r"\\(?:text|mathrm|operatorname\*?|mathbf|mathbb|begin|end)\s*\{[^}]*\}")
INDEX = re.compile(r"[_^](?:\{(?:[^{}]|\{[^{}]*\})*\}|\\?[A-Za-z]+|.)")
GREEK = {
    *("\\alpha", "\\beta", "\\gamma", "\\Gamma", "\\delta", "\\Delta", "\\lambda", "\\rho", "\\sigma", "\\tau"),
    *("\\phi", "\\varphi", "\\omega"),
}
PAGES = [*sorted((ROOT / "notebooks").glob("*.ipynb")), ROOT / "book/speed.md"]


def text(page):
    """The prose of a page."""
    if page.suffix == ".md":
        return page.read_text(encoding="utf-8")
    return "\n".join(c.source for c in nbformat.read(page, as_version=4).cells if c.cell_type == "markdown")


def letters(text):
    """The letters of its formulas that are no word, no index and no exponent."""
    formulas = (a or b for a, b in FORMULA.findall(CODE.sub("", text)))
    found = {
        letter for f in formulas for letter in re.findall(r"\\[A-Za-z]+|[A-Za-z]", INDEX.sub(" ", WORD.sub(" ", f)))
    }
    return {letter for letter in found if letter in GREEK or len(letter) == 1}


def test_letters_are_told_from_words_and_indices():
    assert letters(r"a $W_{hh} h_{t-1}$ b, $\operatorname{softmax}(\Gamma)^k$, `$x$` in ```$z$```") == {
        *("W", "h", "\\Gamma", "x"),
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_letter_of_a_formula_is_on_the_page_of_notation(page):
    missing = letters(text(page)) - letters(text(ROOT / "book/notation.md"))
    assert not missing, f"{page.name} uses {', '.join(sorted(missing))}, which book/notation.md does not have"
