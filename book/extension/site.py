"""What a page says of itself: its address, version and date, its card where it is shared, and where to report.

The address follows from the repository's, which _config.yml names: GitHub Pages serves github.com/OWNER/NAME as
OWNER.github.io/NAME. Another one goes into _config.yml as `html: baseurl:`.
"""

import logging
import re
import subprocess
from html import escape
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

import yaml
from book.extension.citation import released
from book.tools.address import slug
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

import rnn2attn
from rnn2attn.style import STYLE

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
COLAB = "Run this page in Colab"
COMMIT = re.compile(r"\0(\d{4}-\d{2}-\d{2})\n")


def _place(app: Sphinx, config: Config) -> None:
    """Set what depends on the site's address."""
    if not config.html_baseurl:
        owner, name = slug(config.html_theme_options["repository_url"]).split("/")
        config.html_baseurl = f"https://{owner.lower()}.github.io/{name}/"
    config.ogp_site_url = config.html_baseurl
    config.ogp_site_name = config.html_title
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # which misses a bold Hangul
    config.ogp_social_cards = {
        "image": "book/static/card.png",
        "image_mini": "book/static/card.png",
        "font": STYLE["font.family"],  # with Hangul
        "line_color": "#d3600a",
    }
    config.notfound_urls_prefix = root = urlsplit(config.html_baseurl).path
    config.notfound_context = {
        "title": "Page not found",
        "body": "<h1>Page not found</h1>\n<p>No page of this book has this address. It may have moved: "
        f'<a href="{root}search.html">search</a> for what it was about, or begin at the '
        f'<a href="{root}">front page</a>.</p>',
    }


def _read_history(app: Sphinx) -> None:
    """Note the book's version, and for each file under version control the day of its last change."""
    citation = yaml.safe_load((Path(app.srcdir) / "CITATION.cff").read_text(encoding="utf-8"))
    app.book_version, (app.released, _) = rnn2attn.__version__, released(citation, Path(app.srcdir))
    log = subprocess.run(
        ["git", "log", "--format=%x00%cs", "--name-only"], cwd=app.srcdir, capture_output=True, text=True, check=False
    ).stdout  # empty where the book lies outside a clone
    _, *commits = COMMIT.split(log)
    app.last_change = {}
    for day, names in zip(commits[::2], commits[1::2], strict=True):
        for name in filter(None, names.split("\n")):
            app.last_change.setdefault(name, day)


def _date(app: Sphinx, docname: str) -> str:
    """The day when the page, or a file that it is made from, last changed; without git, the day of the release."""
    root = Path(app.srcdir)
    sources = [Path(app.env.doc2path(docname)), *(root / name for name in app.env.dependencies[docname])]
    names = {str(path.resolve().relative_to(root)) for path in sources if path.resolve().is_relative_to(root)}
    return max((app.last_change[name] for name in names & app.last_change.keys()), default=app.released)


def _describe(app: Sphinx, pagename: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Let the description of a chapter begin with the chapter, and not with the link to Colab."""
    for paragraph in list(doctree.findall(nodes.paragraph)) if doctree else ():
        if paragraph.astext() == COLAB:
            paragraph.parent.remove(paragraph)  # the page is rendered


def _introduce(app: Sphinx, pagename: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Give a page its date, its version, the way to the citation, and a report that names the page."""
    if doctree is None:
        return
    context["last_updated"] = _date(app, pagename)
    context["theme_extra_footer"] = (
        f'<p>Version {app.book_version}. <a href="{context["pathto"]("book/cite")}">How to cite this book</a></p>'
    )
    for button in (b for group in context["header_buttons"] for b in group.get("buttons", ())):
        if button.get("label") == "source-issues-button":
            # The form has fields of these names: .github/ISSUE_TEMPLATE/page.yml.
            issue = {
                "template": "page.yml",
                "title": f"Error on page {pagename}",
                "page": pagename,
                "version": app.book_version,
            }
            button["url"] = f"{button['url'].partition('?')[0]}?{urlencode(issue)}"
            button["text"] = button["tooltip"] = "Report an error on this page"


def _write_sitemap(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    root = ElementTree.Element("urlset", xmlns=SITEMAP)
    for docname in sorted(app.env.found_docs):
        url = ElementTree.SubElement(root, "url")
        ElementTree.SubElement(url, "loc").text = app.config.html_baseurl + app.builder.get_target_uri(docname)
        ElementTree.SubElement(url, "lastmod").text = _date(app, docname)
    ElementTree.ElementTree(root).write(Path(app.outdir) / "sitemap.xml", encoding="utf-8", xml_declaration=True)


# Whoever comes to the folder is led on. Without the icon, a browser would ask the server for one of its own.
FRONT = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<link rel="icon" href="_static/{icon}">
<meta http-equiv="refresh" content="0; url={first}">
<main><h1><a href="{first}">{title}</a></h1></main>
</html>
"""


def _lead_on(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        first, icon = app.builder.get_target_uri(app.config.root_doc), Path(app.config.html_favicon).name
        front = FRONT.format(title=escape(app.config.html_title), icon=icon, first=first)
        (Path(app.outdir) / "index.html").write_text(front, encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Place the site first; describe a page before its card is drawn, and introduce it after its buttons are made."""
    app.setup_extension("sphinxext.opengraph")
    app.setup_extension("notfound.extension")
    app.connect("config-inited", _place, priority=100)
    app.connect("builder-inited", _read_history)
    app.connect("html-page-context", _describe, priority=100)
    app.connect("html-page-context", _introduce, priority=900)
    app.connect("build-finished", _write_sitemap)
    app.connect("build-finished", _lead_on)
    return {"version": "1", "parallel_read_safe": True}
