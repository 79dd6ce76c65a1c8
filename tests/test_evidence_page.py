"""The page of evidence, in a book of two pages: its table, its filter, its links, and when it is made again."""

import re
import shutil
from pathlib import Path

import nbformat
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from nbformat import v4

from conftest import ROOT, build
from rnn2attn.study.checks import ablated
from rnn2attn.study.claims import judge

CONFIG = {
    "title": "A book",
    "only_build_toc_files": True,
    "execute": {"execute_notebooks": "off"},
    "sphinx": {
        "recursive_update": True,
        "local_extensions": {"book.extension.evidence": "."},
        "config": {"html_static_path": ["book/static"], "nb_mime_priority_overrides": [["html", "text/html", 0]]},
    },
}
TOC = {"format": "jb-book", "root": "index", "chapters": [{"file": "book/evidence"}, {"file": "notebooks/02-tiny"}]}
MEASURED = {
    ("C1", "", ""): ([1e-16, 2e-16, 1e-16, 2e-16, 1e-16], "True True True True True"),
    ("C9", "LSTM", ""): ([0.003, 0.004, 0.002, 0.003, 0.2], "True True True True False"),
    ("C9", "tanh RNN", ""): ([0.16, 0.17, 0.16, 0.16, 0.16], "True True True True True"),
    ("C9", "LSTM", "length=10"): ([0.001, 0.001, 0.001, 0.001, 0.002], ""),
    ("C9", "LSTM", "length=80"): ([0.01, 0.02, 0.01, 0.02, 0.01], ""),
    ("C12", "", ""): ([0.5, 0.5, 0.5, 0.5, 0.5], "True True True True True"),
}


def results_csv(measured) -> str:
    lines = ["claim,chapter,seed,measure,at,value,passed,version,date"]
    for (claim, measure, at), (values, passed) in measured.items():
        verdicts = passed.split() or [""] * len(values)
        lines += [
            f"{claim},2,{seed},{measure},{at},{value},{verdict},0.1.0+00000000,2026-01-01"
            for seed, (value, verdict) in enumerate(zip(values, verdicts, strict=True))
        ]
    return "\n".join(lines) + "\n"


def chapter(*shown) -> nbformat.NotebookNode:
    """A chapter that shows these verdicts, by stored outputs."""
    cells = [v4.new_markdown_cell("# Tiny")]
    for verdict in shown:
        data = {"text/plain": repr(verdict), "text/html": verdict._repr_html_()}
        cells.append(v4.new_code_cell("claim()", outputs=[v4.new_output("display_data", data)]))
    return v4.new_notebook(cells=cells, metadata={"language_info": {"name": "python", "pygments_lexer": "ipython3"}})


class TinyBook:
    """A book of the page of evidence and one chapter, with its own copy of the library and its results."""

    def __init__(self, folder: Path):
        self.root, self.out = folder / "book", folder / "out"
        for name in (
            "book/extension/evidence.py",
            "book/evidence.md",
            "book/static/evidence.js",
            "book/static/evidence.css",
        ):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        page = self.root / "book/evidence.md"
        text = page.read_text(encoding="utf-8").replace("(how-to-use.md)", "(evidence.md)")
        # A download of results.csv would be a reason of its own to make the page again.
        page.write_text(text.partition("All stored numbers")[0], encoding="utf-8")
        (self.root / "index.md").write_text("# A book\n")
        library = ablated(self.root / "lib", "recurrent.steps", "")
        self.results = library / "rnn2attn/study/results.csv"
        self.results.write_text(results_csv(MEASURED))
        self.write(judge("C9", {"LSTM": 0.003, "tanh RNN": 0.16}, lambda v: v["LSTM"] < 0.01 < v["tanh RNN"]))
        (self.root / "_config.yml").write_text(yaml.safe_dump(CONFIG))
        (self.root / "_toc.yml").write_text(yaml.safe_dump(TOC))

    def write(self, *shown):
        (self.root / "notebooks").mkdir(exist_ok=True)
        nbformat.write(chapter(*shown), self.root / "notebooks/02-tiny.ipynb")

    def build(self) -> Path:
        self.said = build(self.root, self.out, env={"PYTHONPATH": str(self.root / "lib")})
        return self.out / "_build/html/book/evidence.html"

    def built(self) -> Path:
        page = self.build()
        assert self.said.returncode == 0, self.said.stderr[-3000:]
        return page


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    return TinyBook(tmp_path_factory.mktemp("evidence")).built()


def visit(chromium, page, width=1280, **context):
    context = chromium.new_context(viewport={"width": width, "height": 800}, **context)
    tab = context.new_page()
    tab.foreign = []
    tab.on("request", lambda r: re.match(r"file:|data:|blob:", r.url) or tab.foreign.append(r.url))
    tab.goto(page.as_uri())
    return tab


def row(tab, id):
    return tab.locator("table.evidence tbody tr").filter(has=tab.locator(f"th p:first-child >> text=/^{id}$/"))


pytestmark = pytest.mark.browser


def test_every_claim_has_a_row_with_what_was_measured(page, chromium):
    tab = visit(chromium, page)
    assert tab.locator("table.evidence tbody tr").count() == 40
    text = row(tab, "C9").inner_text()
    said = ("chapter 2, documents 0, 1, 3", "Adding two marked", "conditional", "trained")
    measured = ("LSTM: 0.0424 ± 0.088; passed in 4 of 5 seeds", "tanh RNN: 0.162 ± 0.0045; passed in 5 of 5 seeds")
    curve = "LSTM: 0.0012 ± 0.00045 at length 10 → 0.014 ± 0.0055 at length 80; 5 seeds"
    for part in (*said, *measured, curve):
        assert part in text, text
    assert "0.5; passed in 5 of 5 seeds" in row(tab, "C12").inner_text(), "no spread where there is none"
    unmeasured = row(tab, "C15").inner_text()
    assert "nothing yet" in unmeasured and "not yet measured" in unmeasured and "conditional" not in unmeasured
    assert "a citation" in row(tab, "C29").inner_text()
    tab.context.close()


def test_a_claim_links_to_its_place_where_a_chapter_shows_it(page, chromium):
    tab = visit(chromium, page)
    assert tab.locator("table.evidence tbody th a").count() == 1
    row(tab, "C9").get_by_role("link").click()
    tab.wait_for_url("**/notebooks/02-tiny.html#claim-c9")
    tab.locator("#claim-c9").wait_for(state="visible")
    tab.context.close()


def test_the_filter_works_from_the_keyboard_and_says_how_many(page, chromium):
    tab = visit(chromium, page)
    status, shown = tab.get_by_role("status"), tab.locator("table.evidence tbody tr:visible")
    assert status.inner_text() == "All 40 claims" and shown.count() == 40
    tab.get_by_label("Chapter").focus()
    tab.keyboard.press("ArrowDown")
    assert status.inner_text() == "7 of 40 claims" and shown.count() == 7
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.parentElement.innerText").startswith("Verdict")
    tab.keyboard.type("conf")
    assert status.inner_text() == "1 of 40 claims" and row(tab, "C1").is_visible()
    tab.get_by_label("Chapter").select_option("")
    tab.get_by_label("Verdict").select_option("not yet measured")
    assert shown.count() == 36 and not row(tab, "C29").is_visible()
    tab.get_by_label("Verdict").select_option("")
    tab.get_by_label("Document").select_option("2")
    assert {
        text for text in shown.locator("th .where").all_inner_texts() if "2" not in text.split("document")[1]
    } == set()
    assert 0 < shown.count() < 40
    tab.context.close()


def test_without_javascript_the_whole_table_shows(page, chromium):
    tab = visit(chromium, page, java_script_enabled=False)
    assert tab.locator("table.evidence tbody tr:visible").count() == 40
    assert not tab.locator(".evidence-filter").is_visible()
    tab.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_fits_asks_for_nothing_and_has_no_serious_fault(page, chromium, theme, width):
    tab = visit(chromium, page, width, color_scheme=theme)
    tab.wait_for_load_state("networkidle")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    own = [url for url in tab.foreign if "mathjax" not in url and "thebe" not in url]  # dropped in the book itself
    assert own == []
    table = tab.locator("table.evidence")
    assert row(tab, "C9").locator("td").first.bounding_box()["width"] > 250, "on a phone a claim is a card"
    assert table.evaluate("t => t.scrollWidth <= t.parentElement.clientWidth + 1")
    found = Axe().run(tab, context={"include": [[".evidence-filter"], ["table.evidence"]]}).response["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
    assert table.locator("caption").count() == 1 and table.locator("thead th").count() == 4
    tab.context.close()


def test_only_this_page_loads_its_files(page):
    assert "evidence.js" in page.read_text() and "evidence.css" in page.read_text()
    other = (page.parents[1] / "notebooks/02-tiny.html").read_text()
    assert "evidence.js" not in other and "evidence.css" not in other


def test_the_page_follows_the_results_and_the_anchors(tmp_path):
    book = TinyBook(tmp_path)
    page = book.built()
    written = page.stat().st_mtime_ns
    assert "claim-c12" not in page.read_text()
    assert book.built().stat().st_mtime_ns == written, "nothing changed, so nothing is written"

    book.write(judge("C12", 0.5, lambda v: v > 0, measure="update gate"))
    html = book.built().read_text()
    assert 'href="../notebooks/02-tiny.html#claim-c12-update-gate"' in html and "#claim-c9" not in html

    book.results.write_text(results_csv({("C12", "", ""): ([0.25] * 5, "True " * 5)}))
    html = book.built().read_text()
    assert "0.25; passed in 5 of 5" in html and "0.162" not in html

    book.results.write_text(results_csv({("C9", "LSTM", ""): ([0.2] * 5, "True True False False False")}))
    book.build()
    assert book.said.returncode != 0 and "C9, LSTM: passed in 2 of 5 seeds" in book.said.stderr
