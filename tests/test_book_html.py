"""Every built page as a parser reads it: links that lead somewhere, tables with heads, pictures with words."""

import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from lxml import html

from building import ROOT
from test_book_site import extension

ADDRESS = re.compile(r"^[a-z][a-z0-9+.-]*:")  # mailto:, https:, data: …


@pytest.fixture(scope="module")
def pages(book) -> dict[Path, html.HtmlElement]:
    found = {path: html.parse(path).getroot() for path in sorted(book.rglob("*.html")) if "_static" not in path.parts}
    assert len(found) >= len(re.findall(r"(?:file|root):", (ROOT / "_toc.yml").read_text(encoding="utf-8")))
    return found


def targets(page: html.HtmlElement):
    """Every address in a page, its own anchors included."""
    for attribute in ("href", "src", "poster", "action"):
        yield from page.xpath(f"//@{attribute}")
    for several in page.xpath("//@srcset"):
        yield from (one.split()[0] for one in several.split(","))


def test_every_link_inside_the_book_leads_somewhere(pages, book):
    base = next(iter(pages[book / "book/index.html"].xpath("//link[@rel='canonical']/@href"))).removesuffix(
        "book/index.html"
    )
    root = urlsplit(base).path
    anchors = {path: set(page.xpath("//@id")) | set(page.xpath("//a/@name")) for path, page in pages.items()}
    broken, checked = [], 0
    for path, page in pages.items():
        here = base + path.relative_to(book).as_posix()
        for target in targets(page):
            if ADDRESS.match(target) and not target.startswith(base):
                continue
            checked += 1
            address = urlsplit(urljoin(here, target.strip()))
            file = book / unquote(address.path).removeprefix(root)
            file = file / "index.html" if file.is_dir() else file
            anchor = unquote(address.fragment)
            if not (address.path.startswith(root) and file.is_file()):
                broken.append(f"{path.relative_to(book)}: {target}")
            # An anchor with = is no place but a choice, which the page's script reads.
            elif anchor and "=" not in anchor and anchor not in anchors[file]:
                broken.append(f"{path.relative_to(book)}: no such place: {target}")
    assert checked > 1000
    assert not broken, "\n".join(sorted(set(broken)))


def of_class(name: str) -> str:
    return f"//*[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]"


# A file, and what a page must have to be given it.
FILES = {
    "search.js": "//main",
    "folding.js": "//details[@class='hide']",
    "copybutton.js": of_class("highlight"),
    "design-tabs.js": "//*[starts-with(@class, 'sd-') or contains(@class, ' sd-')]",
    "togglebutton.js": f"{of_class('toggle')} | {of_class('admonition')}[contains(@class, 'dropdown')]",
    "evidence.js": of_class("evidence"),
}


def test_a_page_loads_a_file_where_it_is_used_and_nowhere_else(pages):
    seen = set()
    for path, page in pages.items():
        loaded = " ".join(page.xpath("//script/@src | //link[@rel='stylesheet']/@href"))
        if not loaded:
            continue  # the root, which only leads on to the front page
        assert not re.search(r"searchtools|searchindex|language_data", loaded), f"{path.name}: search.js fetches them"
        for file, user in FILES.items():
            assert (file in loaded) == bool(page.xpath(user)), f"{path.name}: {file}"
            seen.add((file, file in loaded))
    assert {("folding.js", True), ("folding.js", False)} <= seen


def test_a_page_asks_for_one_style_sheet_and_another_for_paper(pages, book):
    for path, page in pages.items():
        sheets = page.xpath("//link[@rel='stylesheet'][not(@media)]/@href")
        leads_on = path == book / "index.html"  # to the front page, and no more
        assert [sheet.partition("?")[0].rpartition("/")[2] for sheet in sheets] == ["sheets.css"] * (not leads_on), (
            path
        )
    css = (book / "_static/sheets.css").read_text()
    assert "maths.woff2" in css and "div.cell_input" in css, "of the book, and of its cells"
    files = [path for path in re.findall(r"url\([\"']?([^\"')]+)", css) if not path.startswith("data:")]
    assert len(files) > 3 and not [path for path in files if not (book / "_static" / path).exists()]
    assert "@import" not in css and "@charset" not in css


def test_what_outputs_bring_stands_on_a_page_once(pages):
    several = 0
    for path, page in pages.items():
        brought = [one.text for one in page.xpath("//style[not(@*)] | //script[@type='module'][not(@src)]")]
        assert len(brought) == len(set(brought)), path.name
        several += len(page.xpath(of_class("rnn2attn-drawn"))) > 1
    assert several > 3


def test_style_sheets_stand_in_one_in_their_order(tmp_path, monkeypatch):
    light = extension("light", monkeypatch)
    files = {"basic.css": "a{}", "styles/theme.css": '@charset "UTF-8";@import "../basic.css";b{c:url(../d.png)}'}
    for name, css in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(css)
    (tmp_path / "book.css").write_text("e{c:url(f.png)}")
    together = light._together(tmp_path, ["styles/theme.css", "book.css"])
    assert together == "/* styles/theme.css book.css */\na{}b{c:url(d.png)}\ne{c:url(f.png)}"
    (tmp_path / "sheets.css").write_text(together)
    html = """<link href="../_static/styles/theme.css?v=1" rel="stylesheet" /><link media="print" href="p.css">
<link rel="stylesheet" href="../_static/book.css" />"""
    one = light._with_one_sheet(html, 255)
    assert one == """\n<link href="../_static/sheets.css?v=ff" rel="stylesheet" /><link media="print" href="p.css">"""
    assert light._sheets_of(html, tmp_path) == light._sheets_of(one, tmp_path) == ["styles/theme.css", "book.css"]
    assert light._with_one_sheet(one, 255) == one


def test_what_is_light_already_stays_as_it_is(book, tmp_path, monkeypatch):
    """A build that has little to do finds most pages as the last one left them."""
    again = shutil.copytree(book, tmp_path / "html")
    light = extension("light", monkeypatch)
    light._lighten(SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=again), None)
    for path in [*book.rglob("*.html"), *book.rglob("*.css")]:
        assert path.read_bytes() == (again / path.relative_to(book)).read_bytes(), path


def test_rules_go_whose_classes_nobody_names_and_nothing_else(monkeypatch):
    css = """@charset "UTF-8";/*! By A, B. v5.3 */.here,:root{a:b}.gone{a:b}.here .gone,p,.gone>a{a:b}
@media (min-width:1px){.gone{a:b}.here:is(.gone,p){a:b}}a[href$=".gone"]:not(.gone):hover{a:b}/* .gone, { */b{}"""
    left = """@charset "UTF-8";/*! By A, B. v5.3 */.here,:root{a:b}p{a:b}
@media (min-width:1px){.here:is(.gone,p){a:b}}a[href$=".gone"]:not(.gone):hover{a:b}/* .gone, { */b{}"""
    assert extension("light", monkeypatch)._without_needless_rules(css, {"here"}) == left


def test_no_page_leads_to_the_machine_it_was_built_on(pages):
    for path, page in pages.items():
        assert not [target for target in targets(page) if target.startswith(("file:", "http://localhost"))], path


def test_every_table_has_heads(pages):
    tables = [(path, table) for path, page in pages.items() for table in page.xpath("//article//table")]
    assert len(tables) > 20
    for path, table in tables:
        assert table.xpath(".//th"), f"{path.name}: {table.text_content()[:80]}"


def test_every_picture_has_alternative_text(pages):
    pictures = 0
    for path, page in pages.items():
        for picture in page.xpath("//article//img | //article//*[@role='img'] | //article//svg[not(@aria-hidden)]"):
            if picture.tag == "svg" and picture.xpath("ancestor::*[@role='img' or @aria-hidden='true']"):
                continue
            pictures += 1
            said = picture.get("alt") or picture.get("aria-label") or "".join(picture.xpath("./title/text()"))
            assert len(said.strip()) >= 4, f"{path.name}: {html.tostring(picture)[:200]}"
            assert not re.search(r"\.(png|svg|jpg)$|^../", said), f"{path.name}: {said} is the name of a file"
    assert pictures > 20


def test_every_page_names_its_language_and_has_one_heading_and_one_main_part(pages):
    for path, page in pages.items():
        assert page.get("lang") == "en", path
        assert len(page.xpath("//main")) == 1, path
        assert page.xpath("//link[@rel='icon']"), f"a browser would ask the server of {path} for an icon"
        if page.xpath("//article//section"):
            assert len(page.xpath("//article//h1")) == 1, path
