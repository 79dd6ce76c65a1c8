"""The weights of a page's networks lie beside it, in a script that its figure fetches when it comes near.

Within the page they would be loaded by everybody who reads its first line. A script can be added to a page that was
opened from a disk, where nothing else can be fetched.
"""

import json
import re
from hashlib import sha256
from pathlib import Path

from sphinx.application import Sphinx

FOLDER = "_static/weights"
# Up to where their text begins, and the text. Shorter ones are not worth a file.
WEIGHTS = re.compile(r'(<script type="application/json" class="weights")>([^<]{4000,})</script>')


def _lay_beside(app: Sphinx, pagename: str, template: str, context: dict, doctree: object) -> None:
    if app.builder.format != "html" or "body" not in context:
        return

    def beside(found: re.Match) -> str:
        text = found[2]
        name = f"{FOLDER}/{sha256(text.encode()).hexdigest()[:16]}.js"
        file = Path(app.outdir, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"document.currentScript.packed = {json.dumps(text)};\n", encoding="utf-8")
        return f'{found[1]} data-beside="{context["pathto"](name, 1)}"></script>'

    context["body"] = WEIGHTS.sub(beside, context["body"])


def setup(app: Sphinx) -> dict:
    """Go over each page before it is written."""
    app.connect("html-page-context", _lay_beside)
    return {"version": "1", "parallel_read_safe": True}
