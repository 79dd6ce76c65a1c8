"""Every figure of the chapters on its page: letters large enough on a phone, none cut off, inks of the theme."""

import nbformat
import pytest

from building import ROOT
from looking import arrive, visit

# What each letter of each figure is like, sub- and superscripts too: its size on the screen, how far it reaches out
# of the figure, and its contrast with what is painted below its middle.
LETTERS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const linear = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const contrast = (...colours) => {
    const [a, b] = colours.map(light).sort((a, b) => b - a);
    return (a + 0.05) / (b + 0.05);
  };
  const page = rgb(getComputedStyle(document.documentElement).getPropertyValue("--pst-color-background"));
  const painted = (svg, text, x, y) => {
    let ground = page;
    for (const shape of svg.querySelectorAll("path")) {
      const { fill, fillOpacity } = getComputedStyle(shape);
      if (fill === "none" || !(shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING)) continue;
      if (shape.closest("defs, clipPath")) continue;
      if (!shape.isPointInFill(new DOMPoint(x, y).matrixTransform(shape.getScreenCTM().inverse()))) continue;
      ground = rgb(fill).map((part, n) => part * fillOpacity + ground[n] * (1 - fillOpacity));
    }
    return ground;
  };
  return [...document.querySelectorAll(".rnn2attn-figure")].map((figure) => {
    const svgs = [...figure.querySelectorAll("svg")].filter((svg) => svg.checkVisibility());
    const letters = svgs.flatMap((svg) => [...svg.querySelectorAll("text, tspan")]
      .filter((text) => [...text.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()))
      .map((text) => {
        const box = text.getBoundingClientRect(), whole = svg.getBoundingClientRect();
        const { a, b } = text.getScreenCTM(), { fill, fontSize } = getComputedStyle(text);
        const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
        return {
          text: text.textContent,
          size: parseFloat(fontSize) * Math.hypot(a, b),
          out: Math.max(
            whole.left - box.left, box.right - whole.right, whole.top - box.top, box.bottom - whole.bottom
          ),
          contrast: contrast(rgb(fill), painted(svg, text, x, y)),
        };
      }));
    const forms = svgs.map((svg) => svg.parentElement.className);
    return { name: figure.getAttribute("aria-label").slice(0, 60), forms, letters };
  });
}"""


@pytest.fixture(scope="module", params=sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def seen(request, book, chromium):
    """Where a page's notebook is, and its figures on a phone in both themes and on a large screen."""
    tab = chromium.new_page()
    visit(tab, book / f"notebooks/{request.param.stem}.html", "light", 360)
    found = {"phone": tab.evaluate(LETTERS)}
    tab.emulate_media(color_scheme="dark")
    tab.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    found["phone, dark"] = tab.evaluate(LETTERS)
    tab.set_viewport_size({"width": 1280, "height": 780})
    arrive(tab)
    found["desk, dark"] = tab.evaluate(LETTERS)
    tab.close()
    return request.param, found


def pictures(path):
    """How many pictures a notebook has stored."""
    outputs = [output for cell in nbformat.read(path, as_version=4).cells for output in cell.get("outputs", [])]
    return sum("image/png" in output.get("data", {}) for output in outputs)


def letters(seen):
    return [
        (place, figure["name"], letter) for place, figures in seen[1].items() for figure in figures
        for letter in figure["letters"]
    ]  # fmt: skip


def test_every_figure_is_there_in_the_form_for_its_room(seen):
    path, found = seen
    drawn = pictures(path)
    assert sum(map(pictures, path.parent.glob(f"{path.name[:2]}*-*.ipynb"))) > 3, "on the pages of a chapter"
    for place, figures in found.items():
        forms = [form for figure in figures for form in figure["forms"]]
        assert len(forms) == len(figures) == drawn > 0
        assert set(forms) <= {"rnn2attn-figure", "narrow" if place.startswith("phone") else "wide"}, place


def test_letters_are_large_enough_and_within_their_figure(seen):
    small = [one for one in letters(seen) if one[2]["size"] < 9]
    assert not small, small[:5]
    out = [one for one in letters(seen) if one[2]["out"] > 1]
    assert not out, out[:5]
    drawn = sum(map(len, seen[1].values()))
    assert len(letters(seen)) > 3 * drawn, "figures have words, at their axes or below their pictures"


def test_letters_have_contrast_in_both_themes(seen):
    faint = [one for one in letters(seen) if one[2]["contrast"] < 4.5]
    assert not faint, faint[:5]
