"""What the front page shows: the claims by verdict, as a bar, and a figure of a chapter that moves without a kernel.

``{verdict-bar}`` counts in the register when the book is built. ``{figure-of} notebooks/04-attention`` shows the
chapter's first figure with sliders once more, as the chapter's cell drew it; with ``:kind: live`` its first one that
holds a network.
"""

from book.extension.evidence import settled
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from rnn2attn.study.register import VERDICTS
from rnn2attn.study.shown import SIGNS

FIGURES = {  # kind → what stands in such a figure's HTML, and what it is called
    "explore": ('class="rnn2attn-explore"', "sliders"),
    "live": ('class="rnn2attn-live"', "a network in it"),
}
PART = '<a href="{page}" style="flex-grow: {count}; background: {colour}" tabindex="-1">{count}</a>'
WORD = '<li style="border-color: {colour}"><a href="{page}"><strong>{count}</strong> {name}</a></li>'
BAR = """<div class="verdicts">
<div class="bar" aria-hidden="true">{parts}</div>
<ul aria-label="{all} claims by verdict">{words}</ul>
</div>"""

log = logging.getLogger(__name__)


class figure_of(nodes.General, nodes.Element):
    """Stands for a chapter's figure until the chapters have been read."""


class VerdictBar(SphinxDirective):
    """How many claims got which verdict, each a link to these claims on the page of evidence."""

    def run(self) -> list[nodes.Node]:
        """Count (called by Sphinx)."""
        claims = settled(self.env)
        counts = {name: sum(claim.verdict == name for claim in claims) for name in VERDICTS}
        parts, words = (
            "".join(
                one.format(name=name, count=count, page=f"evidence.html#verdict={name}", colour=SIGNS[name][0])
                for name, count in counts.items()
                if count
            )
            for one in (PART, WORD)
        )
        return [nodes.raw("", BAR.format(parts=parts, words=words, all=len(claims)), format="html")]


class FigureOf(SphinxDirective):
    """The first figure of a chapter with sliders, or with a network in it."""

    required_arguments = 1
    option_spec = {"kind": lambda text: directives.choice(text, tuple(FIGURES))}

    def run(self) -> list[nodes.Node]:
        """Leave its place (called by Sphinx)."""
        self.env.metadata[self.env.docname]["figure-of"] = self.arguments[0]
        return [figure_of(chapter=self.arguments[0], kind=self.options.get("kind", "explore"))]


def _show(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for place in list(doctree.findall(figure_of)):
        mark, name = FIGURES[place["kind"]]
        found = (html for html in app.env.get_doctree(place["chapter"]).findall(nodes.raw) if mark in html.astext())
        if (html := next(found, None)) is None:
            log.warning("%s has no figure with %s", place["chapter"], name, location=docname)
        place.replace_self([html.deepcopy()] if html else [])


def _again(app: Sphinx, env: BuildEnvironment, added: set, changed: set, removed: set) -> list[str]:
    """Read a page again when the chapter changed whose figure it shows."""
    return [name for name, data in env.metadata.items() if data.get("figure-of") in added | changed]


def setup(app: Sphinx) -> dict:
    """Register the directives."""
    app.add_directive("verdict-bar", VerdictBar)
    app.add_directive("figure-of", FigureOf)
    app.connect("env-get-outdated", _again)
    app.connect("doctree-resolved", _show)
    return {"version": "1", "parallel_read_safe": True}
