"""The page of evidence, in a book of two pages: its table, its filter, its links, and when it is made again."""

import re
import shutil
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat import v4
from playwright.sync_api import expect

from building import ROOT, build
from looking import WIDE_SCRIPT, faults, too_wide, visit
from rnn2attn.study.checks import ablated
from rnn2attn.study.claims import judge
from rnn2attn.study.register import register

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
SAYS = """says(
    "C9", "It is ahead in most seeds.", lambda row: row["LSTM"] < 0.1 < row["tanh RNN"], 4, of="squared error"
)"""
ROWS = "table.evidence > tbody > tr"
MEASURED = {
    ("C1", "", ""): ([1e-16, 2e-16, 1e-16, 2e-16, 1e-16], "True True True True True"),
    ("C9", "squared error: LSTM", ""): ([0.003, 0.004, 0.002, 0.003, 0.2], "True True True True False"),
    ("C9", "squared error: tanh RNN", ""): ([0.16, 0.17, 0.16, 0.16, 0.16], "True True True True True"),
    ("C9", "curve: LSTM", "length=10"): ([0.001, 0.001, 0.001, 0.001, 0.002], ""),
    ("C9", "curve: LSTM", "length=80"): ([0.01, 0.02, 0.01, 0.02, 0.01], ""),
    ("C9", "by bias", "bias=0"): ([0.2] * 5, ""),
    ("C9", "by bias", "bias=0.5"): ([0.3] * 5, ""),
    ("C9", "by bias", "bias=1,000"): ([0.4] * 5, ""),
    ("C9", "by bias", "bias=-1"): ([0.1] * 5, ""),
    ("C9", "by model", "model=GRU, d = 64"): ([0.7] * 5, ""),
    ("C9", "by model", "model=LSTM 128"): ([0.6] * 5, ""),
    ("C9", "head off", "head=1"): ([0.5] * 5, ""),
    ("C9", "head off", "head=2"): ([0.4] * 5, ""),
    **{
        ("C9", "by case", f"case={name}"): ([value] * 5, "")
        for name, value in zip("abcdefg", (0.4, 0.7, 0.5, 0.1, 0.6, 0.3, 0.2), strict=True)
    },
    ("C12", "", ""): ([0.5, 0.5, 0.5, 0.5, 0.5], "True True True True True"),
}
CLAIMS = register()
HISTORY = {claim.id for claim in CLAIMS.values() if "history" in claim.kind}
SETTLED = HISTORY | {claim for claim, _, _ in MEASURED}


ELSEWHERE = re.compile("^(?!file:|data:|blob:)")


def results_csv(measured) -> str:
    lines = ["claim,chapter,seed,measure,at,value,passed,version,date"]
    for (claim, measure, at), (values, passed) in measured.items():
        verdicts = passed.split() or [""] * len(values)
        lines += [
            f'{claim},2,{seed},{measure},"{at}",{value},{verdict},0.1.0+00000000,2026-01-01'
            for seed, (value, verdict) in enumerate(zip(values, verdicts, strict=True))
        ]
    return "\n".join(lines) + "\n"


def chapter(*shown, sentences=()) -> nbformat.NotebookNode:
    """A chapter that shows these verdicts, by stored outputs."""
    cells = [v4.new_markdown_cell("# Tiny\n\n| one reads | verdict |\n|---|---|\n| Gates help. (C9) | conditional |")]
    for verdict in shown:
        data = {"text/plain": repr(verdict), "text/html": verdict._repr_html_()}
        cells.append(v4.new_code_cell("claim()", outputs=[v4.new_output("display_data", data)]))
    cells += [v4.new_code_cell(sentence) for sentence in sentences]
    return v4.new_notebook(cells=cells, metadata={"language_info": {"name": "python", "pygments_lexer": "ipython3"}})


class TinyBook:
    """A book of the page of evidence and one chapter, with its own copy of the library and its results."""

    def __init__(self, folder: Path):
        self.root, self.out = folder / "book", folder / "out"
        for name in (
            "book/extension/evidence.py",
            "book/evidence.md",
            "book/references.bib",
            "book/static/evidence.js",
            "book/static/evidence.css",
        ):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        page = self.root / "book/evidence.md"
        text = page.read_text(encoding="utf-8")
        text = re.sub(r"\((?:how-to-use|documents)\.md\)", "(evidence.md)", text)
        # A download of results.csv would be a reason of its own to make the page again.
        page.write_text(text.partition("All stored numbers")[0], encoding="utf-8")
        (self.root / "index.md").write_text("# A book\n\nSee {claim}`C12`, one of {verdicts}`all`.\n")
        library = ablated(self.root / "lib", "recurrent.steps", "")
        self.results = library / "rnn2attn/study/results.csv"
        self.results.write_text(results_csv(MEASURED))
        shown = judge("C9", {"LSTM": 0.003, "tanh RNN": 0.16}, lambda v: v["LSTM"] < 0.01 < v["tanh RNN"])
        self.write(shown, sentences=[SAYS])
        (self.root / "_config.yml").write_text(yaml.safe_dump(CONFIG))
        (self.root / "_toc.yml").write_text(yaml.safe_dump(TOC))

    def write(self, *shown, sentences=()):
        (self.root / "notebooks").mkdir(exist_ok=True)
        nbformat.write(chapter(*shown, sentences=sentences), self.root / "notebooks/02-tiny.ipynb")

    def build(self) -> Path:
        self.said = build(self.root, self.out, env={"PYTHONPATH": str(self.root / "lib")}, warm=True)
        return self.out / "_build/html/book/evidence.html"

    def built(self) -> Path:
        page = self.build()
        assert self.said.returncode == 0, self.said.stderr[-3000:]
        return page


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> TinyBook:
    """The book, built once, and a copy of its pages, which stay as they are when it is built again."""
    tiny = TinyBook(tmp_path_factory.mktemp("evidence"))
    pages = tiny.built().parents[1]
    tiny.page = shutil.copytree(pages, tiny.out / "seen") / "book/evidence.html"
    return tiny


@pytest.fixture(scope="module")
def page(tiny) -> Path:
    return tiny.page


@pytest.fixture(scope="module")
def own_tab(chromium):
    """A tab for all, which notes what is asked for elsewhere, and does not wait for it."""
    context = chromium.new_context()
    context.add_init_script(WIDE_SCRIPT)
    context.route(ELSEWHERE, lambda route: route.abort())
    tab = context.new_page()
    tab.foreign = []
    tab.on("request", lambda r: ELSEWHERE.match(r.url) and tab.foreign.append(r.url))
    yield tab
    context.close()


@pytest.fixture
def tab(own_tab, page):
    """This tab, with the page newly opened."""
    own_tab.foreign.clear()
    return visit(own_tab, page)


def row(tab, id):
    return tab.locator(f"{ROWS}#{id.lower()}")


def test_every_claim_has_a_row_that_unfolds_to_what_was_measured(tab):
    assert tab.locator(ROWS).count() == len(CLAIMS) and tab.locator("details[open]").count() == 0
    folded = row(tab, "C9").inner_text()
    assert "conditional" in folded and "trained" in folded and "Adding two marked" not in folded
    row(tab, "C9").locator("summary").click()
    said = row(tab, "C9").inner_text()
    assert "From documents 0, 1, 3." in said and "Adding two marked" in said
    numbers = [
        r.all_inner_texts() for r in map(lambda r: r.locator("th, td"), row(tab, "C9").locator("tbody tr").all())
    ]
    assert numbers == [
        ["squared error"],
        ["LSTM", "0.0424 ± 0.088", "4 of 5"],
        ["tanh RNN", "0.162 ± 0.0045", "5 of 5"],
        ["curve"],
        ["LSTM", "0.0012 ± 0.00045 at length 10 → 0.014 ± 0.0055 at length 80", "5"],
        ["by bias", "0.1 at bias -1 → 0.4 at bias 1,000", "5"],  # the ends of the axis, wherever the file has them
        ["by model", "model GRU, d = 64: 0.7\n\nmodel LSTM 128: 0.6", "5"],  # no axis, so no course
        ["head off", "head 1: 0.5\n\nhead 2: 0.4", "5"],  # numbers that are names
        ["by case", "7 cases, from 0.1 at case d to 0.7 at case b", "5"],
    ]
    assert "“It is ahead in most seeds.” holds in 4 of 5 stored seeds" in said
    tab.get_by_role("button", name="Unfold all").click()
    assert tab.locator("details[open]").count() == len(CLAIMS)
    assert row(tab, "C12").locator("tbody td").all_inner_texts() == ["0.5", "5 of 5"], "no spread where there is none"
    unmeasured = row(tab, "C15").inner_text()
    assert "Nothing is measured yet" in unmeasured and "not yet measured" in unmeasured
    assert "conditional" not in row(tab, "C15").locator("td").nth(1).inner_text()
    assert "Settled by a citation" in row(tab, "C29").inner_text()
    assert "From Mikolov et al. (2010); Sutskever et al. (2011)." in row(tab, "C41").inner_text()
    links = row(tab, "C42").locator(".where a").evaluate_all("all => all.map(a => a.href)")
    assert links == ["https://doi.org/10.1162/neco.1990.2.4.490", "https://arxiv.org/abs/1705.08209"]
    tab.get_by_role("button", name="Fold all").click()
    assert tab.locator("details[open]").count() == 0


def test_claims_and_chapters_link_to_each_other(tab, page):
    assert tab.locator(f"{ROWS} > td:last-child a").count() == 1, "only what a chapter shows"
    row(tab, "C9").get_by_role("link", name="chapter 2").click()
    tab.wait_for_url("**/notebooks/02-tiny.html#claim-c9")
    for place in ("#claim-c9", "table"):  # the claim's box, and its number in a table
        tab.locator(place).get_by_role("link", name="C9").click()
        tab.wait_for_url("**/book/evidence.html#c9")
        assert row(tab, "C9").locator("details").get_attribute("open") is not None
        assert row(tab, "C9").evaluate(
            "e => e.getBoundingClientRect().top >= 0 && e.getBoundingClientRect().top < 200"
        )
        tab.go_back()
    tab.goto((page.parents[1] / "index.html").as_uri())
    assert "See C12, one of 4." in tab.locator("article").inner_text(), "C1, C9, C12 and the citation, C29"
    tab.get_by_role("link", name="C12").click()
    tab.wait_for_url("**/book/evidence.html#c12")


def test_the_filter_works_from_the_keyboard_and_says_how_many(tab):
    status, shown = tab.get_by_role("status"), tab.locator(f"{ROWS}:visible")
    assert status.inner_text() == f"All {len(CLAIMS)} claims" and shown.count() == len(CLAIMS)
    tab.get_by_label("Chapter").focus()
    tab.keyboard.press("ArrowDown")
    first = sum(claim.chapter == 1 for claim in CLAIMS.values())
    assert status.inner_text() == f"{first} of {len(CLAIMS)} claims" and shown.count() == first
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.parentElement.innerText").startswith("Verdict")
    tab.keyboard.type("conf")
    assert status.inner_text() == f"1 of {len(CLAIMS)} claims" and row(tab, "C1").is_visible()
    tab.get_by_label("Chapter").select_option("")
    tab.get_by_label("Verdict").select_option("not yet measured")
    assert shown.count() == len(CLAIMS) - len(SETTLED) and not row(tab, "C29").is_visible()
    tab.get_by_label("Verdict").select_option("")
    tab.get_by_label("Document").select_option("2")
    others = shown.locator(".where").all_text_contents()
    assert 0 < shown.count() < len(CLAIMS) and all("2" in text for text in others)
    tab.get_by_label("Document").select_option("none, but papers")
    assert [r.get_attribute("id") for r in shown.all()] == [id.lower() for id, c in CLAIMS.items() if not c.documents]
    tab.get_by_label("Document").select_option("")
    tab.get_by_label("Kind").select_option("history")
    assert shown.count() == len(HISTORY) and row(tab, "C29").is_visible()


def test_words_are_found_in_what_is_folded_and_the_choice_can_be_linked(tab, page):
    shown = tab.locator(f"{ROWS}:visible")
    tab.get_by_label("Words").fill("Marked RNN")
    assert [r.get_attribute("id") for r in shown.all()] == ["c9"]
    tab.get_by_label("Words").fill("")
    tab.get_by_label("Chapter").select_option("2")
    tab.get_by_label("Words").fill("update gate")
    found = shown.count()
    assert 0 < found < sum(claim.chapter == 2 for claim in CLAIMS.values())
    address = tab.evaluate("location.href")
    assert address.endswith("#chapter=2&words=update+gate")
    visit(tab, page)
    assert shown.count() == len(CLAIMS)
    tab.goto(address)  # the page is there, and only what follows the # changes
    tab.wait_for_function("document.querySelector('[name=words]').value === 'update gate'")
    assert shown.count() == found
    row(tab, "C9").evaluate("e => location.hash = e.id")
    expect(tab.get_by_role("status")).to_have_text(f"All {len(CLAIMS)} claims")


def test_without_javascript_every_claim_shows_and_unfolds(page, chromium):
    tab = chromium.new_page(java_script_enabled=False)
    tab.route(ELSEWHERE, lambda route: route.abort())
    tab.goto(page.as_uri())
    assert tab.locator(f"{ROWS}:visible").count() == len(CLAIMS)
    assert not tab.locator(".evidence-filter").is_visible()
    row(tab, "C9").locator("summary").click()
    assert "Adding two marked" in row(tab, "C9").inner_text()
    tab.close()


def test_the_page_fits_asks_for_nothing_and_has_no_serious_fault(tab):
    """With claims folded and unfolded, on a phone and a large screen, in both themes; in the tests' wide fonts."""
    own = [url for url in tab.foreign if "mathjax" not in url and "thebe" not in url]  # not so in the book itself
    assert own == []
    table = tab.locator("table.evidence")
    assert table.locator("caption").count() == 1 and table.locator("> thead th").count() == 4
    for width, button in ((1280, "Unfold all"), (360, "Fold all")):
        tab.set_viewport_size({"width": width, "height": 800})
        assert too_wide(tab) == ([], 0)
        tab.get_by_role("button", name=button).click()
        assert too_wide(tab) == ([], 0)
        assert row(tab, "C9").locator("> td").first.bounding_box()["width"] > 250, "on a phone a claim is a card"
        for theme in ("dark", "light"):
            tab.emulate_media(color_scheme=theme)
            tab.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
            assert faults(tab, ".evidence-filter, table.evidence", serious=True) == []


@pytest.mark.heavy
def test_only_this_page_loads_its_script(page):
    assert "evidence.js" in page.read_text()
    assert "evidence.js" not in (page.parents[1] / "notebooks/02-tiny.html").read_text()


@pytest.mark.heavy
def test_the_page_follows_the_results_and_the_anchors(tiny):
    page = tiny.out / "_build/html/book/evidence.html"
    written = page.stat().st_mtime_ns
    assert "claim-c12" not in page.read_text()
    assert tiny.built().stat().st_mtime_ns == written, "nothing changed, so nothing is written"

    tiny.write(judge("C12", 0.5, lambda v: v > 0, measure="update gate"))
    html = tiny.built().read_text()
    assert 'href="../notebooks/02-tiny.html#claim-c12-update-gate"' in html and "#claim-c9" not in html

    tiny.results.write_text(results_csv({("C12", "", ""): ([0.25] * 5, "True " * 5)}))
    html = tiny.built().read_text()
    assert "<td><p>0.25</p></td>" in html and "0.162" not in html

    tiny.results.write_text(results_csv({("C9", "LSTM", ""): ([0.2] * 5, "True True False False False")}))
    tiny.write(sentences=[SAYS.replace(', of="squared error"', "").replace('< row["tanh RNN"]', "")])
    tiny.build()
    assert tiny.said.returncode != 0 and "C9, LSTM: passed in 2 of 5 seeds" in tiny.said.stderr
    assert "“It is ahead in most seeds.” holds in 0 of 5 stored seeds" in tiny.said.stderr
