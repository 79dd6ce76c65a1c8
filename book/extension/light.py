"""Light pages that fetch nothing: no Thebe, no icon script, scripts deferred, icon fonts cut to the icons in use."""

import re
from pathlib import Path

from fontTools import subset
from sphinx.application import Sphinx

UNUSED_SCRIPT = re.compile(
    r'\s*<script defer src="[^"]*/fontawesome\.js[^"]*"></script>|\s*<script type="text/x-thebe-config">.*?</script>',
    re.DOTALL,
)
# Inline scripts need documentation_options.js at once; everything else can wait for the page.
BLOCKING_SCRIPT = re.compile(r"<script (?=[^>]*\bsrc=)(?![^>]*\b(?:defer|async)\b)(?![^>]*documentation_options)")
ICON_NAME = re.compile(r"\bfa-([a-z-]+)")
ICON_RULE = re.compile(r'([^{}]*)\{content:"\\([0-9a-f]+)"\}')
ICON_VARIABLE = re.compile(r'--pst-icon-[a-z-]+:"(.)"')  # admonitions and the like
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
    names = set(ICONS_BY_SCRIPT)
    for page in out.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        names.update(ICON_NAME.findall(html))
        lighter = BLOCKING_SCRIPT.sub("<script defer ", UNUSED_SCRIPT.sub("", html))
        if lighter != html:
            page.write_text(lighter, encoding="utf-8")
    for script in [*(out / "_static/scripts").glob("*theme.js"), *(out / "_static").glob("*.js")]:
        names.update(ICON_NAME.findall(script.read_text(encoding="utf-8", errors="ignore")))
    _cut_icon_fonts(out, names)
    for unused in [*(out / "_static").rglob("fontawesome.js*"), *(out / "_static").rglob("*thebe*")]:
        unused.unlink()


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
