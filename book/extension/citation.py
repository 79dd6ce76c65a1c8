"""The directive ``{citation}``: CITATION.cff as BibTeX and in the style of the APA, each ready to be copied.

The version is the library's. Until it is released, which is when CITATION.cff gets its day, that of the last change
stands beside it.
"""

import subprocess
from datetime import date
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

import rnn2attn


def released(citation: dict, root: Path) -> tuple[str, str]:
    """The day of the release, or else of the last commit, or without git today; and the version in words."""
    version = f"Version {rnn2attn.__version__}"
    if day := citation.get("date-released"):
        return str(day), version
    log = ["git", "log", "-1", "--format=%cs"]
    said = subprocess.run(log, cwd=root, capture_output=True, text=True, check=False).stdout.strip()
    day = said or date.today().isoformat()
    return day, f"{version}, in the making, of {day}"


def bibtex(citation: dict, root: Path) -> str:
    """What CITATION.cff holds, as BibTeX. An entity's name stands in braces, so that it is not taken apart."""
    day, version = released(citation, root)
    names = (
        f"{{{author['name']}}}" if "name" in author else f"{author['family-names']}, {author['given-names']}"
        for author in citation["authors"]
    )
    fields = {
        "author": " and ".join(names),
        "title": f"{{{citation['title']}}}",
        "year": day[:4],
        "note": version,
        "url": citation["repository-code"],
    }
    lines = (f"  {name:6} = {{{value}}}," for name, value in fields.items())
    return "\n".join(("@misc{rnn2attn,", *lines, "}"))


def apa(citation: dict, root: Path) -> str:
    """The reference to what CITATION.cff holds, after the APA's Publication Manual (7th ed.), section 10.10."""
    day, version = released(citation, root)
    names = [
        author["name"] if "name" in author else f"{author['family-names']}, {_initials(author['given-names'])}"
        for author in citation["authors"]
    ]
    listed = " & ".join(filter(None, (", ".join(names[:-1]) + "," * (len(names) > 1), names[-1])))
    return (
        f"{listed.removesuffix('.')}. ({day[:4]}). {citation['title']} "
        f"({version}) [Computer software]. {citation['repository-code']}"
    )


def _initials(given: str) -> str:
    return " ".join(f"{name[0]}." for name in given.split())


class Citation(SphinxDirective):
    """Both forms, in blocks of code with a button that copies them."""

    def run(self) -> list[nodes.Node]:
        """Make both from CITATION.cff (called by Sphinx)."""
        root = Path(self.env.srcdir)
        for file in (root / "CITATION.cff", rnn2attn.__file__):
            self.env.note_dependency(str(file))
        citation = _citation(root)
        self.env.metadata[self.env.docname]["cited"] = released(citation, root)
        shown = []
        forms = (("BibTeX", bibtex(citation, root), "bibtex"), ("APA", apa(citation, root), "text"))
        for title, text, language in forms:
            block = nodes.literal_block(text, text, language=language, classes=["citation"])
            shown += [nodes.rubric(title, title), block]
        return shown


def _again(app: Sphinx, env: BuildEnvironment, added: set, changed: set, removed: set) -> list[str]:
    """Read the page again when another day is to be cited."""
    root = Path(app.srcdir)
    pages = [(name, data["cited"]) for name, data in env.metadata.items() if "cited" in data]
    now = released(_citation(root), root) if pages else None
    return [name for name, cited in pages if cited != now and name in env.found_docs]


def _citation(root: Path) -> dict:
    return yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    app.add_directive("citation", Citation)
    app.connect("env-get-outdated", _again)
    return {"version": "1", "parallel_read_safe": True}
