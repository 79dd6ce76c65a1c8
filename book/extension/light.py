"""Light pages that fetch nothing: no Thebe, no icon script, icon fonts cut to the icons in use, no file without use.

What is left does not hold the page up: scripts are deferred, all style sheets are one file, and the theme, light or
dark, is settled before anything is drawn. What several figures of a page bring with them stands there once.
"""

import re
import zlib
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from fontTools import subset
from sphinx.application import Sphinx

UNUSED_SCRIPT = re.compile(
    r'\s*<script [^>]*src="[^"]*(?:fontawesome|searchtools|language_data|searchindex)\.js[^"]*"></script>'
    r'|\s*<script type="text/x-thebe-config">.*?</script>',
    re.DOTALL,
)
# What must stand on a page that loads these files.
NEEDED_BY = {
    r'class="highlight"': ("copybutton.js", "clipboard.min.js"),
    r'class="(?:[^"]* )?sd-': ("design-tabs.js",),
    r'class="(?:[^"]* )?(?:toggle[ "]|admonition [^"]*dropdown)': ("togglebutton.js",),
    r'<table|<pre|<div class="(?:math|output)': ("scroll.js",),
    r'<details class="hide"': ("folding.js",),
    r"data-card=": ("cards.js",),
    r'class="[^"]*\bchoices\b': ("predictions.js",),
}
# The theme leaves this to a script that comes last: until then a page would have no colours, and two logos.
UNSETTLED = re.compile(r'document\.documentElement\.dataset\.theme = localStorage\.getItem\("theme"\) \|\| "auto";')
SETTLED = """document.documentElement.dataset.theme = document.documentElement.dataset.mode !== "auto"
      ? document.documentElement.dataset.mode
      : matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";"""
# In the contents, the pages of a chapter; a toggle without a name would hide the few.
TOGGLED = re.compile(r'<details[^>]*><summary><span class="toctree-toggle".*?</summary>(.*?)</details>', re.DOTALL)
# Inline scripts need these few lines at once, which stand in the page for it; everything else can wait for the page.
OPTIONS = re.compile(r'<script [^>]*src="[^"]*_static/documentation_options\.js[^"]*"></script>')
BLOCKING_SCRIPT = re.compile(r"<script (?=[^>]*\bsrc=)(?![^>]*\b(?:defer|async)\b)")
BROUGHT = re.compile(r'<(style|script type="module")>.*?</(?:style|script)>', re.DOTALL)  # by an output
SHEET = re.compile(r'\s*<link (?![^>]*\bmedia=)[^>]*href="([^"]*?_static/)([^"?]+\.css)(?:\?[^"]*)?"[^>]*>')
ALL_SHEETS = "sheets.css"
IMPORT = re.compile(r'@import "(.+?)";')
CHARSET = '@charset "UTF-8";'
WORD = re.compile(r"[\w-]+")
RULE = re.compile(r"([^{}]+)(\{[^{}]*\})")
CLASS = re.compile(r"\.([A-Za-z_][\w-]*)")
COMMENT = re.compile(r"(/\*.*?\*/)", re.DOTALL)
ASIDE = re.compile(r"\([^()]*\)|\[[^\]]*\]")
ICON_RULE = re.compile(r'([^{}]*)\{content:"\\([0-9a-f]+)"\}')
ICON_VARIABLE = re.compile(r'--pst-icon-[a-z-]+:"(.)"')  # admonitions and the like
# What the theme's script asks for the width of, wherever it stands: to lay out what is folded away took longer than
# all else on the page of evidence. scroll.js asks for what is seen.
MEASURED = re.compile(r'\["pre",[^\]]*"\.pst-scrollable-table-container"\]')
NOT_MEASURED = '["not-measured"]'
# Set by the theme's scripts, where no page shows them.
ICONS_BY_SCRIPT = {"sun", "moon", "circle-half-stroke"}


def _drop_thebe(app: Sphinx, pagename: str, template: str, context: dict, doctree: object) -> None:
    for files in ("script_files", "css_files"):
        context[files] = [file for file in context[files] if not _is_thebes(file)]


def _is_thebes(file: object) -> bool:
    body = getattr(file, "attributes", {}).get("body") or ""
    return "thebe" in f"{getattr(file, 'filename', file)} {body}"


def _lighten(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    static = out / "_static"
    for unused in [*static.rglob("fontawesome.js*"), *static.rglob("*thebe*")]:
        unused.unlink()
    options = f"<script>\n{(static / 'documentation_options.js').read_text(encoding='utf-8')}\n  </script>"
    _leave_measuring(static / "scripts/pydata-sphinx-theme.js")
    words, pages = set(), {}
    for page in out.rglob("*.html"):
        html = OPTIONS.sub(lambda _: options, page.read_text(encoding="utf-8"))
        lighter = _without_needless_files(BLOCKING_SCRIPT.sub("<script defer ", UNUSED_SCRIPT.sub("", html)))
        lighter = TOGGLED.sub(r"\1", UNSETTLED.sub(SETTLED, lighter)).replace(' data-theme="auto"', "")
        pages[page] = _brought_once(lighter)
        words.update(WORD.findall(SHEET.sub("", lighter)))
    for script in chain(*map(static.glob, ("*.js", "scripts/*.js"))):
        words.update(WORD.findall(script.read_text(encoding="utf-8", errors="ignore")))
    _cut_icon_fonts(out, ICONS_BY_SCRIPT | {word.removeprefix("fa-") for word in words if word.startswith("fa-")})
    sheets = dict.fromkeys(chain(*(_sheets_of(html, static) for html in pages.values())))
    css = _without_needless_rules(_together(static, sheets), words)
    (static / ALL_SHEETS).write_text(css, encoding="utf-8")
    for page, html in pages.items():
        page.write_text(_with_one_sheet(html, zlib.crc32(css.encode())), encoding="utf-8")


def _leave_measuring(script: Path) -> None:
    """Let the theme's script find nothing to measure."""
    text = script.read_text(encoding="utf-8")
    if not MEASURED.search(text) and NOT_MEASURED not in text:
        raise RuntimeError("the theme's script measures something else than this module expects")
    script.write_text(MEASURED.sub(NOT_MEASURED, text), encoding="utf-8")


def _brought_once(html: str) -> str:
    """A page on which a style or a module that several outputs bring stands at the first alone."""
    brought = set()

    def kept(block: re.Match) -> str:
        if block[0] in brought:
            return ""
        brought.add(block[0])
        return block[0]

    return BROUGHT.sub(kept, html)


def _sheets_of(html: str, static: Path) -> list[str]:
    """The style sheets of a page; where an earlier build put one in their place, those of its first line."""
    names = [name for _, name in SHEET.findall(html)]
    if names == [ALL_SHEETS]:
        return (static / ALL_SHEETS).read_text(encoding="utf-8").partition("\n")[0].strip("/* ").split()
    return names


def _together(static: Path, names: Iterable[str]) -> str:
    """These style sheets in one, with what they import: a phone asks once, and not for each of them in turn."""

    def text(path: Path) -> str:
        css = IMPORT.sub(lambda found: text(path.parent / found[1]), path.read_text(encoding="utf-8"))
        return css if path.parent == static else css.replace("url(../", "url(")

    return "\n".join([f"/* {' '.join(names)} */", *(text(static / name) for name in names)]).replace(CHARSET, "")


def _with_one_sheet(html: str, version: int) -> str:
    """A page that asks for the one style sheet, where it asked for the first of many."""
    first = SHEET.search(html)

    def one(found: re.Match) -> str:
        link = f'\n<link href="{found[1]}{ALL_SHEETS}?v={version:x}" rel="stylesheet" />'
        return link if found.start() == first.start() else ""

    return SHEET.sub(one, html)


def _without_needless_files(html: str) -> str:
    for use, files in NEEDED_BY.items():
        if not re.search(use, html):
            names = "|".join(files)
            html = re.sub(rf'\s*<(?:script|link)\b[^>]*[/"](?:{names})[?"][^>]*>(?:</script>)?', "", html)
    return html


def _without_needless_rules(css: str, words: set[str]) -> str:
    """A style sheet without the selectors that need a class which no page and no script names anywhere.

    Comments, which name authors and licences, stay. What stands in brackets, as in `:not(.btn)` and
    `[href$=".pdf"]`, is not looked at.
    """

    def kept(rule: re.Match) -> str:
        used = [one for one in re.split(r",(?![^(]*\))", rule[1]) if _classes(one) <= words]
        return ",".join(used) + rule[2] if used else ""

    return "".join(part if part.startswith("/*") else RULE.sub(kept, part) for part in COMMENT.split(css))


def _classes(selector: str) -> set[str]:
    while (outside := ASIDE.sub("", selector)) != selector:
        selector = outside
    return set(CLASS.findall(selector))


def _cut_icon_fonts(out: Path, names: set[str]) -> None:
    css = (out / "_static/styles/pydata-sphinx-theme.css").read_text(encoding="utf-8")
    codes = {code for rule, code in ICON_RULE.findall(css) if names & set(re.findall(r"\.fa-([a-z-]+):before", rule))}
    variables = {f"{ord(icon):x}" for icon in ICON_VARIABLE.findall(css)}
    if not (codes and variables):
        raise RuntimeError(
            "no icon of the theme was recognised: its style sheet is not written as this module expects"
        )
    for font in (out / "_static/vendor").rglob("fa-*.woff2"):
        subset.main(
            [
                str(font),
                f"--unicodes={','.join(sorted(codes | variables))}",
                "--flavor=woff2",
                f"--output-file={font}",
            ]
        )


def setup(app: Sphinx) -> dict:
    """Filter scripts page by page, then go over what was written."""
    app.connect("html-page-context", _drop_thebe, priority=900)
    app.connect("build-finished", _lighten, priority=900)
    return {"version": "1", "parallel_read_safe": True}
