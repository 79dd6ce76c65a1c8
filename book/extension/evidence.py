"""The directive ``{evidence}``, every claim with what was measured, and the links between claims and chapters.

In a chapter, a claim's box and its number in a table lead to the claim on the page of evidence; on that page the
claim leads to its box. On any page ``{claim}`C9``` links a claim, and ``{verdicts}`refuted``` counts verdicts.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from html import unescape
from pathlib import Path

import pandas as pd
from docutils import nodes
from pybtex.database import Entry, parse_file
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from rnn2attn.study.papers import papers
from rnn2attn.study.register import KINDS, REGISTER, VERDICTS, Claim, look_up, register, typeset
from rnn2attn.study.results import RESULTS, judged, natural, read
from rnn2attn.study.sentences import Held, bound

ANCHOR = re.compile(r'\bid="(claim-c\d+[a-z0-9-]*)"')
TITLE = re.compile(r"(?<=<strong>Claim )C\d+")
HEAD = re.compile(r'<div class="claim-head">.*?</div>', re.DOTALL)
SAID = re.compile(r"<p>(C\d+: “[^<]*\$[^<]*)</p>\s*")  # how many rows hold a sentence that has formulas
IN_TABLE = re.compile(r"(?<=\()C\d+(?=\))")
CHAPTER = re.compile(r"\d\d[a-z]?-[^/]*$")
OPEN = "not yet measured"
BIBLIOGRAPHY = "book/references.bib"
COLUMNS = (("Claim", 10), ("What is said", 60), ("Verdict", 17), ("Chapter", 13))
MEASURED = (("Measured", 48), ("Mean ± deviation", 34), ("Seeds", 18))
SHOWN = 6  # so many cases are shown each
NAMES = ("head=",)  # numbers behind it are names, and make no axis
CAPTION = "The claims. Select one to see what the book tests and what was measured."
FILTER = """<form class="evidence-filter" hidden>
{selects}
<label>Words <input type="search" name="words" placeholder="such as: forget gate"></label>
<button type="button">Unfold all</button>
<p role="status" data-some="{{shown}} of {{all}} claims" data-all="All {{all}} claims">All {all} claims</p>
</form>"""

log = logging.getLogger(__name__)


class to_chapter(nodes.inline):
    """Stands for the link to a claim's box until the chapters have been read."""


class to_claim(nodes.inline):
    """Stands for the link to a claim on the page of evidence."""


class ClaimRole(SphinxRole):
    """A claim by its number, as a link to what was measured."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Look the number up (called by Sphinx)."""
        return [to_claim("", look_up(self.text).id)], []


class VerdictsRole(SphinxRole):
    """How many of the claims that have been measured got this verdict; with "all", how many have been measured."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Count (called by Sphinx)."""
        if self.text not in (*VERDICTS, "all"):
            raise ValueError(f"verdicts counts {', '.join(VERDICTS)} or all, not {self.text!r}")
        return [nodes.Text(str(sum(self.text in (claim.verdict, "all") for claim in settled(self.env))))], []


class Evidence(SphinxDirective):
    """The table, and above it the choice of rows, which its script shows."""

    def run(self) -> list[nodes.Node]:
        """Make both from claims.yml and results.csv (called by Sphinx)."""
        _depends(self.env)
        self.env.note_dependency(str(Path(self.env.srcdir, BIBLIOGRAPHY)))
        self.env.metadata[self.env.docname]["evidence"] = True
        claims = sorted(register(REGISTER).values(), key=lambda claim: int(claim.id[1:]))
        rows = read(RESULTS)
        for verdict in judged(rows):
            if not verdict.enough:
                log.warning("%s, which does not bear its statement out", verdict, location=self.get_location())
        measured = {id: found for id, found in rows.groupby("claim", sort=False)}
        held = defaultdict(list)
        for path in sorted(Path(self.env.srcdir).glob("notebooks/[0-9][0-9]*-*.ipynb")):
            for sentence in bound(path):
                held[sentence.claim].append(one := sentence.held(rows))
                if not one.enough:
                    log.warning("%r", one, location=self.get_location())
        known = parse_file(str(Path(self.env.srcdir, BIBLIOGRAPHY))).entries
        lines = (_row(claim, measured.get(claim.id), held[claim.id], known) for claim in claims)
        table = _table(COLUMNS, lines, "evidence")
        table.insert(0, nodes.title("", CAPTION))
        return [nodes.raw("", _filter(claims), format="html"), table]


def settled(env: BuildEnvironment) -> list[Claim]:
    """The claims that have been measured; the page that is read is read again when they change."""
    _depends(env)
    measured = set(read(RESULTS).claim)
    return [claim for claim in register(REGISTER).values() if _is_settled(claim, measured)]


def _depends(env: BuildEnvironment) -> None:
    for path in (REGISTER, RESULTS):
        env.note_dependency(str(path))


def _is_settled(claim: Claim, measured: set[str]) -> bool:
    return claim.id in measured or "history" in claim.kind


def _table(columns: tuple, rows: Iterator[nodes.row], name: str) -> nodes.table:
    """A table with a head, widths in percent, and its first column as heads of the rows."""
    table, group = nodes.table("", classes=[name, "colwidths-given"]), nodes.tgroup(cols=len(columns))
    group += [nodes.colspec(colwidth=width, stub=int(place == 0)) for place, (_, width) in enumerate(columns)]
    group += nodes.thead("", nodes.row("", *(_entry(nodes.paragraph("", title)) for title, _ in columns)))
    group += nodes.tbody("", *rows)
    table += group
    return table


def _entry(*children: nodes.Node, **attributes) -> nodes.entry:
    return nodes.entry("", *children, **attributes)


def _row(claim: Claim, rows: pd.DataFrame | None, said: list[Held], known: Mapping[str, Entry]) -> nodes.row:
    verdict = claim.verdict if _is_settled(claim, set() if rows is None else {claim.id}) else OPEN
    sources = [f"document-{number}" for number in claim.documents or ("none",)]
    kinds = sources + [f"kind-{kind}" for kind in claim.kind]
    row = nodes.row(ids=[claim.id.lower()], classes=[f"chapter-{claim.chapter}", *kinds, _slug(verdict)])
    row += _entry(
        nodes.paragraph(
            "", "", nodes.reference("", claim.id, internal=True, refid=claim.id.lower(), classes=["itself"])
        )
    )
    row += _entry(*_unfolding(claim, rows, verdict, said, known))
    row += _entry(
        nodes.paragraph("", "", nodes.strong("", verdict)),
        nodes.paragraph("", " + ".join(claim.kind), classes=["kind"]),
    )
    row += _entry(nodes.paragraph("", "", to_chapter("", f"chapter {claim.chapter}", claim=claim.id)))
    return row


def _unfolding(
    claim: Claim, rows: pd.DataFrame | None, verdict: str, said: list[Held], known: Mapping[str, Entry]
) -> Iterator[nodes.Node]:
    yield nodes.raw("", "<details><summary>", format="html")
    yield nodes.inline("", "", *_typeset(claim.says))
    yield nodes.raw("", "</summary>", format="html")
    yield nodes.paragraph("", "", nodes.Text("From "), *_sources(claim, known), nodes.Text("."), classes=["where"])
    yield nodes.paragraph("", "", nodes.emphasis("", "The book tests:"), nodes.Text(" "), *_typeset(claim.statement))
    if rows is not None:
        yield _table(MEASURED, _measures(rows), "measured")
        if said:
            lines = (_with_formulas(f"“{one.sentence.text}” {one.where()}") for one in said)
            items = (nodes.list_item("", nodes.paragraph("", "", *line)) for line in lines)
            yield nodes.paragraph("", "", nodes.emphasis("", "Sentences of the chapter that these rows hold:"))
            yield nodes.bullet_list("", *items)
    else:
        yield nodes.paragraph("", "Nothing is measured yet." if verdict == OPEN else "Settled by a citation.")
    yield nodes.raw("", "</details>", format="html")


def _sources(claim: Claim, known: Mapping[str, Entry]) -> Iterator[nodes.Node]:
    """Who makes a claim: "documents 0, 1", or its papers, each with its link."""
    if claim.documents:
        yield nodes.Text(f"document{'s' * (len(claim.documents) > 1)} {', '.join(map(str, claim.documents))}")
    for number, key in enumerate(papers(claim.id)):
        yield nodes.Text("; " if number else "")
        yield nodes.reference("", cited(known[key]), refuri=address(known[key]))


def cited(paper: Entry) -> str:
    """A paper as running text names it: "Shannon (1951)", "Williams and Peng (1990)", "Mikolov et al. (2010)"."""
    first, *others = (
        " ".join(map(str, [*p.rich_prelast_names, *p.rich_last_names])) for p in paper.persons["author"]
    )
    names = f"{first} et al." if len(others) > 1 else " and ".join([first, *others])
    return f"{names} ({paper.fields['year']})"


def address(paper: Entry) -> str:
    """Where a paper is read."""
    if doi := paper.fields.get("doi"):
        return f"https://doi.org/{doi}"
    return f"https://arxiv.org/abs/{paper.fields['eprint']}" if "eprint" in paper.fields else paper.fields["url"]


def _typeset(text: str) -> list[nodes.Node]:
    kinds = {"": nodes.inline, "sub": nodes.subscript, "sup": nodes.superscript}
    return [kinds[kind]("", piece) for kind, piece in typeset(text)]


def _with_formulas(text: str) -> Iterator[nodes.Node]:
    """A sentence of a chapter, with what stands between dollars as formulas."""
    for k, piece in enumerate(text.split("$")):
        yield nodes.math("", piece) if k % 2 else nodes.Text(piece)


def _measures(rows: pd.DataFrame) -> Iterator[nodes.row]:
    """One row a measure, under a row for what several have in common: "squared error: LSTM", "squared error: RNN"."""
    passes = {found.measure: found for found in judged(rows)}
    common = None
    for (measure, is_judged), found in rows.groupby(["measure", rows.passed != ""], sort=False):
        head, _, name = measure.rpartition(": ")
        if head and head != common:
            yield nodes.row("", _entry(nodes.paragraph("", "", *_typeset(head)), morecols=2), classes=["common"])
        common = head
        places = list(_places_of(found.groupby("at", sort=False).value.agg(["mean", "std", "count"])))
        seeds = f"{passes[measure].passed} of {passes[measure].seeds}" if is_judged else str(found.seed.nunique())
        row = nodes.row("", _entry(nodes.paragraph("", "", *_typeset(name or "the number tested"))))
        row += [_entry(*(nodes.paragraph("", line) for line in places)), _entry(nodes.paragraph("", seeds))]
        row["classes"] = ["part"] if head else []
        yield row


def _places_of(values: pd.DataFrame) -> Iterator[str]:
    """What was measured at each place, in lines: of an axis its two ends, of a few cases each, of many the range."""
    ordered = sorted(values.index, key=natural)
    if len(ordered) > 1 and _is_axis(ordered):
        yield " → ".join(_at(values.loc[at], at) for at in (ordered[0], ordered[-1]))
    elif len(ordered) == 1:
        yield _at(values.iloc[0], ordered[0])
    elif len(ordered) <= SHOWN:
        yield from (f"{_named(at)}: {_number(one)}" for at, one in values.iterrows())
    else:
        ends = (values["mean"].idxmin(), values["mean"].idxmax())
        yield f"{len(ordered)} cases, from {' to '.join(_at(values.loc[at], at) for at in ends)}"


def _is_axis(places: Iterable[str]) -> bool:
    """Whether they differ in a number at their end alone: "T=10" and "T=80", and not "GRU 64" and "LSTM 128"."""
    keys = [natural(at) for at in places]
    numbers = all(key and key[-1][:2] != (1, 0.0) for key in keys)
    return numbers and all(key[:-1] == keys[0][:-1] for key in keys) and keys[0][0][2] not in NAMES


def _at(one: pd.Series, at: str) -> str:
    return _number(one) + (f" at {_named(at)}" if at else "")


def _named(at: str) -> str:
    return at.replace("=", " ", 1)


def _number(one: pd.Series) -> str:
    spread = f" ± {one['std']:.2g}" if one["count"] > 1 and one["std"] > 1e-6 * abs(one["mean"]) else ""
    return f"{one['mean']:.3g}{spread}"


def _slug(verdict: str) -> str:
    return f"verdict-{verdict.replace(' ', '-')}"


def _filter(claims: list[Claim]) -> str:
    choices = {
        "Chapter": [(f"chapter-{n}", n) for n in sorted({claim.chapter for claim in claims})],
        "Verdict": [(_slug(verdict), verdict) for verdict in (*VERDICTS, OPEN)],
        "Kind": [(f"kind-{kind}", kind) for kind in KINDS],
        "Document": [
            *((f"document-{n}", n) for n in sorted({n for claim in claims for n in claim.documents})),
            *([("document-none", "none, but papers")] if not all(claim.documents for claim in claims) else []),
        ],
    }
    selects = []
    for label, options in choices.items():
        options = "".join(f'<option value="{value}">{text}</option>' for value, text in options)
        name = label.lower()
        selects.append(
            f'<label>{label} <select name="{name}"><option value="">all</option>{options}</select></label>'
        )
    return FILTER.format(selects="\n".join(selects), all=len(claims))


def _again(app: Sphinx, env: BuildEnvironment, added: set, changed: set, removed: set) -> list[str]:
    """Read the page again when any other changed: its links follow the anchors that chapters have."""
    page = _page(env)
    return [page] if page in env.found_docs and added | changed | removed else []


def _page(env: BuildEnvironment) -> str | None:
    return next((name for name, data in env.metadata.items() if data.get("evidence")), None)


def _resolve(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    page = _page(app.env)
    if page is None:
        return
    _link_boxes(app, doctree, docname)
    evidence = app.builder.get_relative_uri(docname, page)
    for link in list(doctree.findall(to_claim)):
        link.replace_self(_reference(link.astext(), f"{evidence}#{link.astext().lower()}"))
    if CHAPTER.search(docname) or docname == page:
        _link_claims(doctree, evidence)


def _reference(text: str, uri: str) -> nodes.reference:
    return nodes.reference("", "", nodes.Text(text), internal=True, refuri=uri)


def _link_boxes(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """On the page of evidence, link a claim to its place in a chapter, where there is one."""
    links = list(doctree.findall(to_chapter))
    places = _places(app.env) if links else {}
    for link in links:
        anchor = f"claim-{link['claim'].lower()}"
        found = [place for place in places if place == anchor or place.startswith(f"{anchor}-")]
        if found:
            uri = app.builder.get_relative_uri(docname, places[found[0]])
            link.replace_self(_reference(link.astext(), f"{uri}#{found[0]}"))
        else:
            link.replace_self(nodes.Text(link.astext()))


def _places(env: BuildEnvironment) -> dict[str, str]:
    """Anchor of a claim → the chapter that has it."""
    places: dict[str, str] = {}
    for docname in sorted(name for name in env.found_docs if CHAPTER.search(name)):
        for html in env.get_doctree(docname).findall(nodes.raw):
            for anchor in ANCHOR.findall(html.astext()):
                places.setdefault(anchor, docname)
    return places


def _link_claims(doctree: nodes.document, evidence: str) -> None:
    """Link claims' boxes, and their numbers in tables, to the page of evidence; show a verdict once.

    Sentences that are bound to rows get their formulas.
    """
    boxes = [html for html in doctree.findall(nodes.raw) if 'class="claim"' in html.astext()]
    last = {TITLE.search(html.astext())[0]: html for html in boxes}
    for html in boxes:
        id = TITLE.search(html.astext())[0]
        link = f'<a href="{evidence}#{id.lower()}">{id}</a>'
        if html is last[id]:
            text = TITLE.sub(link, html.astext())
        else:  # measured on the way: the claim and the verdict stand where its discussion ends
            text = HEAD.sub(f"<p>For claim {link}:</p>", html.astext())
        html.replace_self(nodes.raw("", text, format="html"))
    for html in list(doctree.findall(nodes.raw)):
        if said := SAID.fullmatch(html.astext()):
            html.replace_self(nodes.paragraph("", "", *_with_formulas(unescape(said[1]))))
    for table in doctree.findall(nodes.table):
        for text in list(table.findall(nodes.Text)):
            if found := IN_TABLE.search(text):
                link = _reference(found[0], f"{evidence}#{found[0].lower()}")
                text.parent.replace(text, [nodes.Text(text[: found.start()]), link, nodes.Text(text[found.end() :])])


def _own_files(app: Sphinx, pagename: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    if app.env.metadata.get(pagename, {}).get("evidence"):
        app.add_js_file("evidence.js", defer="defer")
        app.add_css_file("evidence.css")


def setup(app: Sphinx) -> dict:
    """Register directive and roles, their links, and the two files that only the page of evidence loads."""
    app.add_directive("evidence", Evidence)
    app.add_role("claim", ClaimRole())
    app.add_role("verdicts", VerdictsRole())
    app.connect("env-get-outdated", _again)
    app.connect("doctree-resolved", _resolve)
    app.connect("html-page-context", _own_files)
    return {"version": "1", "parallel_read_safe": True}
