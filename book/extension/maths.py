"""Formulas, written as MathML when the book is built: a page shows them without a script, in a font that it brings.

Pandoc reads the TeX. The font is STIX Two Math, cut to the signs that the pages use.
"""

import json
import re
from html import unescape
from importlib.util import find_spec
from pathlib import Path
from unicodedata import normalize
from xml.etree import ElementTree

import pypandoc
from docutils import nodes
from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

FONT = Path(find_spec("ziamath").origin).with_name("fonts") / "STIXTwoMath-Regular.ttf"
NAMESPACE = "http://www.w3.org/1998/Math/MathML"
MATHML = f"{{{NAMESPACE}}}"
BY_BROWSERS = ["ccmp", "dtls", "flac", "ssty"]  # which of the font's forms MathML asks for, and composed accents
SCRIPTS = {f"{MATHML}{tag}" for tag in ("msub", "msup", "msubsup")}
ROWS = {f"{MATHML}{tag}" for tag in ("mrow", "mtd")}
LIMITS = {f"{MATHML}{tag}" for tag in ("munder", "mover", "munderover")}
# How the parts of what is not set in a row are written in one.
JOINED = {
    **{"msub": "{}_{}", "msup": "{}^{}", "msubsup": "{}_{}^{}", "mfrac": "{}/{}", "munder": "{}_{}"},
    **{"mover": "{}", "munderover": "{}_{}^{}", "mroot": "√{}"},
}
FAINT = "′″‴"  # smaller than letters, and drawn by strokes that one pixel is too wide for, as accents are
APPLIED = "\u2061"  # stands between a function and what it is of
SPLIT = re.compile(r"\\begin\{split\}(.*)\\end\{split\}", re.DOTALL)  # Sphinx's own, round what has several lines
# What stands beside another on one line, and may stand below it; braces and environments are passed as a whole.
BESIDE = re.compile(
    r"\\begin\{(\w+)\}.*?\\end\{\1\}|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}|(\\q?quad)(?![a-z])", re.DOTALL
)
CLOSING = re.compile(r"[,.;:!?)’”]+")
TEX_BESIDE = re.compile(r"</?semantics>|<annotation .*?</annotation>", re.DOTALL)
FORMULA = re.compile(r"<math .*?</math>", re.DOTALL)
TAG = re.compile(r"<[^>]+>")
TALL_ROOT = re.compile(r"<msqrt>(?:(?!</msqrt>).)*<(?:mfrac|munder|mover)")

WRITTEN: dict[tuple[str, bool], str] = {}  # TeX, and whether it is displayed → MathML
ElementTree.register_namespace("", NAMESPACE)
log = logging.getLogger(__name__)


def mathml(formulas: list[tuple[str, bool]]) -> list[str]:
    """What Pandoc makes of formulas in TeX, each with whether it is displayed; "" for what it cannot read."""
    blocks = [
        {"t": "Para", "c": [{"t": "Math", "c": [{"t": "DisplayMath" if displayed else "InlineMath"}, tex]}]}
        for tex, displayed in formulas
    ]
    document = json.dumps({"pandoc-api-version": [1, 23, 1], "meta": {}, "blocks": blocks})
    html = pypandoc.convert_text(document, "html5", format="json", extra_args=["--mathml"])
    found = [FORMULA.search(paragraph) for paragraph in html.split("<p>")[1:]]
    return [_spaced(TEX_BESIDE.sub("", one[0])) if one else "" for one in found]


def _spaced(formula: str) -> str:
    """A formula with the space that browsers do not set round a function, and without theirs inside of bars.

    Primes and accents are marked, since their strokes are thin.

    A root is as high as a capital at least, as TeX sets it: over a small letter its sign would sink below the line.
    """
    tree = ElementTree.fromstring(formula)
    within = {child: parent for parent in tree.iter() for child in parent}
    for fence in tree.iter(f"{MATHML}mo"):
        if fence.get("form") in ("prefix", "postfix"):
            fence.attrib |= {"lspace": "0", "rspace": "0"}
    for sign in tree.iter():
        if (sign.text or " ") in FAINT or sign.get("accent") == "true":
            sign.set("class", "faint")
    for root in tree.iter(f"{MATHML}msqrt"):
        root.append(ElementTree.Element(f"{MATHML}mspace", width="0", height="0.7em", depth="0.15em"))
    for name in [parent for parent in dict.fromkeys(within.values()) if parent[-1].text == APPLIED]:
        while within[name].tag in SCRIPTS and within[name][0] is name:  # the name of "log_2 p" ends behind its index
            name = within[name]
        row, place = within[name], list(within[name]).index(name)
        if row.tag in ROWS and place + 1 < len(row) and row[place + 1].get("form") != "prefix":
            row.insert(place + 1, ElementTree.Element(f"{MATHML}mspace", width="0.167em"))
        if row.tag in ROWS and place and _ends(row[place - 1]):
            row.insert(place, ElementTree.Element(f"{MATHML}mspace", width="0.167em"))
    return ElementTree.tostring(tree, encoding="unicode", short_empty_elements=False)


def _ends(part: ElementTree.Element) -> bool:
    """Whether a part is a letter, a number or the end of a bracket, which touch the function behind them."""
    while part.tag in SCRIPTS | LIMITS:
        part = part[0]
    apart = part.text == "−" or part.tag in (f"{MATHML}mo", f"{MATHML}mspace", f"{MATHML}mtext")
    return part.get("form") == "postfix" or not apart


def read(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Have Pandoc read all formulas of a page at once."""
    formulas = doctree.findall(lambda node: isinstance(node, nodes.math | nodes.math_block))
    found = {one: node for node in formulas for one in parts(node)}
    new = [one for one in found if one not in WRITTEN]
    for one, formula in zip(new, mathml(new) if new else [], strict=True):
        WRITTEN[one] = formula
        if not formula:
            log.warning("this formula cannot be read: %s", one[0], location=found[one])
        elif TALL_ROOT.search(formula):
            log.warning("the font has no root as tall as this, write a power of 1/2: %s", one[0], location=found[one])
    for formula in doctree.findall(nodes.math):
        _keep_with_next(formula)


def _keep_with_next(formula: nodes.math) -> None:
    """Take the signs that close behind a formula to it: a browser would begin a line with them."""
    after = formula.next_node(descend=False, siblings=True)
    if isinstance(after, nodes.Text) and (signs := CLOSING.match(after)):
        formula["closing"] = signs[0]
        (place,) = (k for k, child in enumerate(after.parent) if child is after)  # another may have the same words
        after.parent[place] = nodes.Text(after[signs.end() :])


def parts(node: nodes.math | nodes.math_block) -> list[tuple[str, bool]]:
    """The TeX of a formula, and whether it is displayed: one for each that stands apart from the next by a quad."""
    tex, displayed = SPLIT.sub(r"\1", node.astext()).strip(), isinstance(node, nodes.math_block)
    ends = [found.span(2) for found in BESIDE.finditer(tex) if displayed and found[2]]
    places = [0, *(place for end in ends for place in end), len(tex)]
    return [(tex[a:b].strip(), displayed) for a, b in zip(places[::2], places[1::2], strict=True)]


def line(node: nodes.math | nodes.math_block) -> str:
    """A formula of a page that was read, as one line of text: "√d_k", "1/n"."""
    formulas = filter(None, map(WRITTEN.get, parts(node)))
    return " ".join(_line(ElementTree.fromstring(formula)) for formula in formulas) + node.get("closing", "")


def _line(element: ElementTree.Element) -> str:
    parts = [_line(child) for child in element]
    join = JOINED.get(element.tag.removeprefix(MATHML), "{}" * len(parts))
    root = "√" if element.tag == f"{MATHML}msqrt" else ""
    return root + (element.text or "").strip(f" {APPLIED}") + join.format(*parts)


def _inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in a line: one of the page's, or of a title in a list of contents."""
    translator.body.append(f'<span class="math">{WRITTEN[parts(node)[0]]}{node.get("closing", "")}</span>')
    raise nodes.SkipNode


def _block(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on a line of its own."""
    formulas = " ".join(map(WRITTEN.get, parts(node)))
    translator.body.append(f"{translator.starttag(node, 'div', CLASS='math')}{formulas}</div>\n")
    raise nodes.SkipNode


def _fetch_font(app: Sphinx, pagename: str, template: str, context: dict, doctree: object) -> None:
    """Have a page with formulas ask for their font at once: what comes later moves the words beside a formula.

    From a file a browser fetches no font ahead, and complains where it is asked to.
    """
    if "<math" in context.get("body", ""):
        font = context["pathto"]("_static/maths.woff2", resource=True)
        context["metatags"] += f"""<script>
  if (location.protocol !== "file:") {{
    const font = {{ rel: "preload", as: "font", type: "font/woff2", crossOrigin: "", href: "{font}" }};
    document.head.append(Object.assign(document.createElement("link"), font));
  }}
</script>
"""


def _cut_font(app: Sphinx, exception: Exception | None) -> None:
    """Write the font with the signs of all pages, the root, and the slanted forms of letters that browsers put there.

    Of the root there is one size. Chromium keeps room for the widest that the font has, behind every root.

    An index hangs from the line. The font would have it hang from the letter: lower from p than from x.
    """
    if exception is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    formulas = (one for page in out.rglob("*.html") for one in FORMULA.findall(page.read_text(encoding="utf-8")))
    signs = {ord(sign) for formula in formulas for sign in unescape(TAG.sub("", formula))}
    font = TTFont(FONT)
    font["MATH"].table.MathConstants.SubscriptBaselineDropMin.Value = 0
    variants = font["MATH"].table.MathVariants
    root = variants.VertGlyphConstruction[variants.VertGlyphCoverage.glyphs.index(font.getBestCmap()[ord("√")])]
    root.MathGlyphVariantRecord, root.GlyphAssembly = root.MathGlyphVariantRecord[:1], None
    slanted = {code for code in font.getBestCmap() if 0x1D434 <= code <= 0x1D467 or 0x1D6E2 <= code <= 0x1D71B}
    slanted = {code for code in slanted if ord(normalize("NFKC", chr(code))) in signs}
    options = subset.Options(layout_features=BY_BROWSERS, flavor="woff2", notdef_outline=True)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=signs | slanted | {0x210E, ord("√"), 0x20})
    cutter.subset(font)
    subset.save_font(font, str(out / "_static/maths.woff2"), options)


def setup(app: Sphinx) -> dict:
    """Register the renderer, and what prepares it."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("doctree-resolved", read, priority=900)
    app.connect("html-page-context", _fetch_font)
    app.connect("build-finished", _cut_font)
    return {"version": "1", "parallel_read_safe": True}
