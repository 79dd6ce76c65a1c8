"""The directive ``{citation}``: CITATION.cff as BibTeX and in the style of the APA, each ready to be copied.

The version is the library's.
"""

from pathlib import Path

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import rnn2attn


def bibtex(citation: dict) -> str:
    """What CITATION.cff holds, as BibTeX. An entity's name stands in braces, so that it is not taken apart."""
    names = (
        f"{{{author['name']}}}" if "name" in author else f"{author['family-names']}, {author['given-names']}"
        for author in citation["authors"]
    )
    fields = {
        "author": " and ".join(names),
        "title": f"{{{citation['title']}}}",
        "year": str(citation["date-released"])[:4],
        "note": f"Version {rnn2attn.__version__}",
        "url": citation["repository-code"],
    }
    lines = (f"  {name:6} = {{{value}}}," for name, value in fields.items())
    return "\n".join(("@misc{rnn2attn,", *lines, "}"))


def apa(citation: dict) -> str:
    """The reference to what CITATION.cff holds, after the APA's Publication Manual (7th ed.), section 10.10."""
    names = [
        author["name"] if "name" in author else f"{author['family-names']}, {_initials(author['given-names'])}"
        for author in citation["authors"]
    ]
    listed = " & ".join(filter(None, (", ".join(names[:-1]) + "," * (len(names) > 1), names[-1])))
    return (
        f"{listed.removesuffix('.')}. ({str(citation['date-released'])[:4]}). {citation['title']} "
        f"(Version {rnn2attn.__version__}) [Computer software]. {citation['repository-code']}"
    )


def _initials(given: str) -> str:
    return " ".join(f"{name[0]}." for name in given.split())


class Citation(SphinxDirective):
    """Both forms, in blocks of code with a button that copies them."""

    def run(self) -> list[nodes.Node]:
        """Make both from CITATION.cff (called by Sphinx)."""
        source = Path(self.env.srcdir) / "CITATION.cff"
        for file in (source, rnn2attn.__file__):
            self.env.note_dependency(str(file))
        citation = yaml.safe_load(source.read_text(encoding="utf-8"))
        shown = []
        for title, text, language in (("BibTeX", bibtex(citation), "bibtex"), ("APA", apa(citation), "text")):
            block = nodes.literal_block(text, text, language=language, classes=["citation"])
            shown += [nodes.rubric(title, title), block]
        return shown


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    app.add_directive("citation", Citation)
    return {"version": "1", "parallel_read_safe": True}
