"""Korean says that it is Korean, wherever a page has it: screen readers and fonts go by the language."""

import re

from sphinx.application import Sphinx

HANGUL = re.compile(r"\d*[가-힣]+(?:[ ,·]+\d*[가-힣]+)*")  # 14일 with its number: no line breaks in it
# What is no text of the page, or has its language, is taken whole.
APART = re.compile(
    r'<(script|style|svg|option|textarea)\b.*?</\1>|<(\w+)[^>]* lang="ko"[^>]*>.*?</\2>|<!--.*?-->|<[^>]*>', re.DOTALL
)


def with_language(html: str) -> str:
    """HTML in which each run of Hangul stands in a span with its language.

    Attributes, scripts, drawings and what is marked already stay as they are.
    """
    pieces, end = [], 0
    for apart in APART.finditer(html):
        pieces += [HANGUL.sub(r'<span lang="ko">\g<0></span>', html[end : apart.start()]), apart[0]]
        end = apart.end()
    return "".join([*pieces, HANGUL.sub(r'<span lang="ko">\g<0></span>', html[end:])])


def _mark(app: Sphinx, pagename: str, template: str, context: dict, doctree: object) -> None:
    if "body" in context:
        context["body"] = with_language(context["body"])


def setup(app: Sphinx) -> dict:
    """Mark when a page is written, after everything else was put into it."""
    app.connect("html-page-context", _mark, priority=800)
    return {"version": "1", "parallel_read_safe": True}
