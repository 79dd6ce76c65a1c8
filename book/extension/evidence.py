"""The directive ``{evidence}``: a table, made at build time, of every claim with what was measured."""

import re
from collections.abc import Iterator

import pandas as pd
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from rnn2attn.study.register import REGISTER, VERDICTS, Claim, register, typeset
from rnn2attn.study.results import RESULTS, judged, read

ANCHOR = re.compile(r'\bid="(claim-c\d+[a-z0-9-]*)"')
OPEN = "not yet measured"
COLUMNS = ("Claim", "What the documents say, and what the book tests", "Measured", "Verdict")
CAPTION = (
    "Every claim. Measured: the mean over seeds ± the standard deviation. Where there are several places, "
    "as along a curve, the first and the last are shown."
)
FILTER = """<form class="evidence-filter" hidden>
{selects}
<p role="status" data-some="{{shown}} of {{all}} claims" data-all="All {{all}} claims">All {all} claims</p>
</form>"""

log = logging.getLogger(__name__)


class to_chapter(nodes.inline):
    """Stands for the link to a claim until the chapters have been read."""


class Evidence(SphinxDirective):
    """The table, and above it the choice of rows, which its script shows."""

    def run(self) -> list[nodes.Node]:
        """Make both from claims.yml and results.csv (called by Sphinx)."""
        for path in (REGISTER, RESULTS):
            self.env.note_dependency(str(path))
        self.env.metadata[self.env.docname]["evidence"] = True
        claims = sorted(register(REGISTER).values(), key=lambda claim: int(claim.id[1:]))
        rows = read(RESULTS)
        for verdict in judged(rows):
            if not verdict.enough:
                log.warning("%s, which does not bear its statement out", verdict, location=self.get_location())
        measured = {id: found for id, found in rows.groupby("claim", sort=False)}
        table = nodes.table("", nodes.title("", CAPTION), classes=["evidence"])
        group = nodes.tgroup(cols=len(COLUMNS))
        group += [nodes.colspec(colwidth=1, stub=int(name == "Claim")) for name in COLUMNS]
        group += nodes.thead("", nodes.row("", *(_entry(nodes.paragraph("", name)) for name in COLUMNS)))
        group += nodes.tbody("", *(_row(claim, measured.get(claim.id)) for claim in claims))
        table += group
        return [nodes.raw("", _filter(claims), format="html"), table]


def _entry(*children: nodes.Node) -> nodes.entry:
    return nodes.entry("", *children)


def _row(claim: Claim, rows: pd.DataFrame | None) -> nodes.row:
    settled = rows is not None or "history" in claim.kind
    several = len(claim.documents) > 1
    where = f"chapter {claim.chapter}, document{'s' * several} {', '.join(map(str, claim.documents))}"
    verdict = claim.verdict if settled else OPEN
    row = nodes.row(classes=[f"chapter-{claim.chapter}", *(f"document-{d}" for d in claim.documents), _slug(verdict)])
    row += _entry(nodes.paragraph("", "", to_chapter("", claim.id)), nodes.paragraph("", where, classes=["where"]))
    row += _entry(_said("The documents:", claim.says), _said("The book:", claim.statement))
    nothing = nodes.paragraph("", "a citation" if settled else "nothing yet")
    row += _entry(_on_card("Measured:"), *([nothing] if rows is None else _measures(rows)))
    row += _entry(
        _on_card("Verdict:"),
        nodes.paragraph("", "", nodes.strong("", verdict)),
        nodes.paragraph("", " + ".join(claim.kind), classes=["where"]),
    )
    return row


def _said(who: str, text: str) -> nodes.paragraph:
    kinds = {"": nodes.inline, "sub": nodes.subscript, "sup": nodes.superscript}
    pieces = [kinds[kind]("", piece) for kind, piece in typeset(text)]
    return nodes.paragraph("", "", nodes.emphasis("", who), nodes.Text(" "), *pieces)


def _on_card(title: str) -> nodes.paragraph:
    """The title of a column, for the narrow page that shows no heads."""
    return nodes.paragraph("", title, classes=["on-card"])


def _measures(rows: pd.DataFrame) -> Iterator[nodes.paragraph]:
    """One paragraph a measure: what came out, over how many seeds, and in how many it passed."""
    passes = {found.measure: found for found in judged(rows)}
    for (measure, is_judged), found in rows.groupby(["measure", rows.passed != ""], sort=False):
        values = found.groupby("at", sort=False).value.agg(["mean", "std", "count"])
        ends = values.iloc[[0, -1]] if len(values) > 1 else values
        text = " → ".join(_number(one, at) for at, one in ends.iterrows())
        if is_judged:
            text += f"; passed in {passes[measure].passed} of {passes[measure].seeds} seeds"
        else:
            text += f"; {found.seed.nunique()} seeds"
        name = [nodes.strong("", measure), nodes.Text(": ")] if measure else []
        yield nodes.paragraph("", "", *name, nodes.Text(text))


def _number(one: pd.Series, at: str) -> str:
    spread = f" ± {one['std']:.2g}" if one["count"] > 1 and one["std"] > 1e-6 * abs(one["mean"]) else ""
    return f"{one['mean']:.3g}{spread}" + (f" at {at.replace('=', ' ')}" if at else "")


def _slug(verdict: str) -> str:
    return f"verdict-{verdict.replace(' ', '-')}"


def _filter(claims: list[Claim]) -> str:
    choices = {
        "Chapter": [(f"chapter-{n}", n) for n in sorted({claim.chapter for claim in claims})],
        "Document": [(f"document-{n}", n) for n in sorted({n for claim in claims for n in claim.documents})],
        "Verdict": [(_slug(verdict), verdict) for verdict in (*VERDICTS, OPEN)],
    }
    selects = []
    for label, options in choices.items():
        options = "".join(f'<option value="{value}">{text}</option>' for value, text in options)
        selects.append(f'<label>{label} <select><option value="">all</option>{options}</select></label>')
    return FILTER.format(selects="\n".join(selects), all=len(claims))


def _again(app: Sphinx, env: BuildEnvironment, added: set, changed: set, removed: set) -> list[str]:
    """Read the page again when any other changed: its links follow the anchors that chapters have."""
    pages = [name for name, data in env.metadata.items() if data.get("evidence") and name in env.found_docs]
    return pages if added | changed | removed else []


def _resolve(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Turn each claim into a link to its place in a chapter, or into plain text where no chapter shows it yet."""
    links = list(doctree.findall(to_chapter))
    places = _places(app.env) if links else {}
    for link in links:
        anchor = f"claim-{link.astext().lower()}"
        found = [place for place in places if place == anchor or place.startswith(f"{anchor}-")]
        text = nodes.strong("", link.astext())
        if found:
            uri = app.builder.get_relative_uri(docname, places[found[0]])
            link.replace_self(nodes.reference("", "", text, internal=True, refuri=f"{uri}#{found[0]}"))
        else:
            link.replace_self(text)


def _places(env: BuildEnvironment) -> dict[str, str]:
    """Anchor of a claim → the chapter that has it."""
    places: dict[str, str] = {}
    for docname in sorted(name for name in env.found_docs if re.match(r"\d\d-", name.rpartition("/")[2])):
        for html in env.get_doctree(docname).findall(nodes.raw):
            for anchor in ANCHOR.findall(html.astext()):
                places.setdefault(anchor, docname)
    return places


def _own_files(app: Sphinx, pagename: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    if app.env.metadata.get(pagename, {}).get("evidence"):
        app.add_js_file("evidence.js", defer="defer")
        app.add_css_file("evidence.css")


def setup(app: Sphinx) -> dict:
    """Register the directive, its links, and the two files that only its page loads."""
    app.add_directive("evidence", Evidence)
    app.connect("env-get-outdated", _again)
    app.connect("doctree-resolved", _resolve)
    app.connect("html-page-context", _own_files)
    return {"version": "1", "parallel_read_safe": True}
