"""Predictions that are kept: choices under a question, a sentence of answer to each, and a page that looks back.

A block quote that begins with **Predict.** may hold a list of choices, and folded below it a list of what speaks for
or against each, in the same order. The answer to the right one begins with a bold word. predictions.js turns the
choices into buttons on the page; in a notebook the same stands as text.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

PAGE = "book/predictions"
PREDICT = "callout-predict"
MARKS = 60  # of the question, in its name: reworded, it is another question

log = logging.getLogger(__name__)


class Choices(SphinxTransform):
    """Name what can be chosen, its answers and the right one, for style sheet and script."""

    default_priority = 410  # after callouts.Callouts

    def apply(self) -> None:
        """Mark the document's predictions in place (called by Sphinx)."""
        for box in list(self.document.findall(nodes.admonition)):
            lists = [child for child in box if isinstance(child, nodes.bullet_list)]
            if PREDICT not in box["classes"] or not lists:
                continue
            right = [_is_right(answer) for answer in lists[-1]]
            if len(lists) != 2 or len(lists[0]) != len(lists[1]) or sum(right) != 1:
                where = "a prediction needs choices and as many answers, one of which begins with a bold word"
                log.warning("%s: %s", box[1].astext(), where, location=box)
                continue
            lists[0]["classes"].append("choices")
            lists[1]["classes"].append("answers")
            lists[0][right.index(True)]["classes"].append("right")
            box["ids"].append(nodes.make_id(f"predict-{self.env.docname.rpartition('/')[2][:2]}-{_start(box)}"))


def _start(box: nodes.admonition) -> str:
    """The beginning of the question."""
    return " ".join(re.findall(r"\w+", box[1].astext()))[:MARKS]


def _is_right(answer: nodes.list_item) -> bool:
    """Whether an answer begins with a bold word."""
    said = [child for paragraph in answer.findall(nodes.paragraph) for child in paragraph if child.astext()]
    return bool(said) and isinstance(said[0], nodes.strong)


def predictions(env: BuildEnvironment, docname: str) -> list[nodes.admonition]:
    """The predictions of a page that can be chosen."""
    boxes = env.get_doctree(docname).findall(nodes.admonition)
    return [box for box in boxes if any("choices" in child.get("classes", ()) for child in box)]


def _look_back(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put all that the chapters ask on the page, each below the title of its section."""
    if docname != PAGE:
        return
    section = doctree.next_node(nodes.section)
    for chapter in sorted(name for name in app.env.found_docs if name.startswith("notebooks/")):
        boxes = predictions(app.env, chapter)
        if not boxes:
            continue
        title = app.env.titles[chapter].astext()
        section += nodes.rubric("", title, classes=["predictions-of"])
        uri = app.builder.get_relative_uri(PAGE, chapter)
        for box in boxes:
            copy = box.deepcopy()
            above = _section(box)
            copy.replace(copy[0], nodes.title("", above))
            link = nodes.reference("", "to its place", internal=True, refuri=f"{uri}#{box['ids'][0]}")
            copy += nodes.paragraph("", "", link, classes=["place"])
            section += copy


def _section(box: nodes.admonition) -> str:
    """The title of the section in which it stands."""
    node = box
    while not isinstance(node, nodes.section):
        node = node.parent
    return node.next_node(nodes.title).astext()


def _again(app: Sphinx, env: BuildEnvironment, added: set, changed: set, removed: set) -> list[str]:
    """Read the page again when a chapter changed."""
    moved = any(name.startswith("notebooks/") for name in added | changed | removed)
    return [PAGE] if moved and PAGE in env.found_docs else []


def setup(app: Sphinx) -> dict:
    """Mark when pages are read, look back when they are written."""
    app.add_transform(Choices)
    app.connect("env-get-outdated", _again)
    app.connect("doctree-resolved", _look_back)
    return {"version": "1", "parallel_read_safe": True}
