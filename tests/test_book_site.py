"""What a page offers beside its text: launch, download, report, date, card, citation, sitemap, and a 404 page."""

import importlib
import os
import re
import subprocess
from collections import defaultdict
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

import pytest
import yaml
from bs4 import BeautifulSoup
from PIL import Image
from playwright.sync_api import expect
from pybtex.database import parse_string

import rnn2attn
from building import ROOT, soup
from looking import search, visit

REPOSITORY = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
OWNER, NAME = REPOSITORY.split("/")[-2:]
BASE = f"https://{OWNER.lower()}.github.io/{NAME}/"


def names() -> list[str]:
    """The pages of the contents, as `book/index` or `notebooks/01-rnn-gradients`."""
    return re.findall(r"(?:file|root): (\S+)", (ROOT / "_toc.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def pages(book) -> dict[str, BeautifulSoup]:
    return {name: soup(book / f"{name}.html") for name in names()}


def source(name: str) -> Path:
    return next(path for suffix in (".md", ".ipynb") if (path := ROOT / f"{name}{suffix}").is_file())


def extension(name: str, monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    return importlib.import_module(f"book.extension.{name}")


def test_every_page_can_be_edited_and_reported(pages):
    for name, page in pages.items():
        links = {a.get_text(strip=True): a["href"] for a in page.select(".article-header-buttons a")}
        assert links["Suggest edit"] == f"{REPOSITORY}/edit/main/{source(name).relative_to(ROOT).as_posix()}"
        report = urlsplit(links["Report an error on this page"])
        assert report._replace(query="").geturl() == f"{REPOSITORY}/issues/new"
        filled = {key: value for key, (value,) in parse_qs(report.query, strict_parsing=True).items()}
        form = yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE" / filled.pop("template")).read_text(encoding="utf-8"))
        assert filled.pop("title") == f"{form['title']}{name}"
        assert filled == {"page": name, "version": rnn2attn.__version__}
        assert set(filled) <= {field["id"] for field in form["body"]}


def test_every_chapter_can_be_launched_and_downloaded(pages, book):
    chapters = {name: page for name, page in pages.items() if name.startswith("notebooks/")}
    assert len(chapters) == len([*(ROOT / "notebooks").glob("*.ipynb")])
    for name, page in chapters.items():
        links = {a.get_text(strip=True): a["href"] for a in page.select(".article-header-buttons a")}
        assert links["Colab"] == f"https://colab.research.google.com/github/{OWNER}/{NAME}/blob/main/{name}.ipynb"
        assert links["Binder"] == f"https://mybinder.org/v2/gh/{OWNER}/{NAME}/main?urlpath=lab/tree/{name}.ipynb"
        download = (book / f"{name}.html").parent / links[".ipynb"]
        assert download.read_bytes() == source(name).read_bytes()


def test_binder_gets_the_versions_of_the_requirements():
    pinned = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    wanted = (ROOT / ".binder/requirements.txt").read_text(encoding="utf-8")
    versions = re.findall(r"^\S+==\S+$", wanted, re.MULTILINE)
    assert versions
    for line in versions:
        assert re.search(rf"^{re.escape(line)}(\s|$)", pinned, re.MULTILINE), line
    assert re.search(r"^\./lib\b", wanted, re.MULTILINE)


def test_every_page_has_its_version_and_a_date(pages):
    for name, page in pages.items():
        foot = page.select_one(".bd-footer-content").get_text(" ", strip=True)
        assert re.search(rf"Last updated on \d{{4}}-\d{{2}}-\d{{2}}\. Version {rnn2attn.__version__}\.", foot), name


def test_a_page_is_as_young_as_what_it_is_made_from(tmp_path, monkeypatch):
    (tmp_path / "CITATION.cff").write_text("date-released: 2026-01-01\n")
    made_from = defaultdict(set, page={"data.csv"})
    env = SimpleNamespace(doc2path=lambda name: tmp_path / f"{name}.md", dependencies=made_from)
    app = SimpleNamespace(srcdir=tmp_path, env=env)
    site = extension("site", monkeypatch)

    def dates():
        site._read_history(app)
        return [site._date(app, name) for name in ("page", "other", "new")]

    assert dates() == ["2026-01-01"] * 3, "without git, the day of the release"
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q"], cwd=tmp_path, check=True)
    for day, names in (("2026-02-02", ["page.md", "other.md"]), ("2026-03-03", ["data.csv"]), ("2026-04-04", ["x"])):
        for name in names:
            (tmp_path / name).write_text(day)
        subprocess.run([*git, "add", *names], cwd=tmp_path, check=True)
        when = {"GIT_COMMITTER_DATE": f"{day}T12:00:00"}
        subprocess.run([*git, "commit", "-qm", day], cwd=tmp_path, check=True, env={**os.environ, **when})
    assert dates() == ["2026-03-03", "2026-02-02", "2026-01-01"]


def test_every_heading_has_a_permalink_and_every_long_page_its_contents(pages):
    for name, page in pages.items():
        headings = page.select("article section > :is(h1, h2, h3)")
        places = {f"#{node['id']}" for node in page.find_all(id=True)}
        assert headings, name
        for heading in headings:
            link = heading.select_one("a.headerlink")
            assert link, f"{name}: {heading.get_text()}"
            assert link["href"] in places
        if len(headings) > 3:
            assert len(page.select("nav.page-toc a")) >= 2, name


def test_every_page_has_a_card_that_says_what_it_is_about(pages, book):
    for name, page in pages.items():
        meta = {tag.get("property") or tag.get("name"): tag["content"] for tag in page.select("meta[content]")}
        address = f"{BASE}{name}.html"
        assert meta["og:url"] == page.select_one("link[rel=canonical]")["href"] == address
        assert meta["og:site_name"] == "From RNN to Attention"
        # The card is drawn from the same text, by a library that knows neither escapes nor TeX.
        assert len(meta["description"]) >= 60, name
        assert not re.search(r"Run this page in Colab|&#?\w+;|\\[a-z]|\$", meta["description"]), meta["description"]
        picture = book / meta["og:image"].removeprefix(BASE)
        assert Image.open(picture).size == (int(meta["og:image:width"]), int(meta["og:image:height"]))


def test_the_sitemap_lists_every_page(book):
    root = ElementTree.parse(book / "sitemap.xml").getroot()
    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    assert {loc.text for loc in root.findall("s:url/s:loc", space)} == {f"{BASE}{name}.html" for name in names()}
    days = [day.text for day in root.findall("s:url/s:lastmod", space)]
    assert len(days) == len(names()) and all(re.fullmatch(r"\d{4}-\d{2}-\d{2}", day) for day in days)


@pytest.mark.parametrize(
    ("baseurl", "expected", "root"),
    [("", "https://some-one.github.io/A-Book/", "/A-Book/"), ("https://example.org/", "https://example.org/", "/")],
)
def test_the_address_follows_from_the_repository(monkeypatch, baseurl, expected, root):
    config = SimpleNamespace(
        html_baseurl=baseurl,
        html_title="A book",
        html_theme_options={"repository_url": "https://github.com/Some-One/A-Book"},
    )
    extension("site", monkeypatch)._place(None, config)
    assert (config.html_baseurl, config.ogp_site_url, config.notfound_urls_prefix) == (expected, expected, root)


@pytest.mark.parametrize("missing", ["gone", "notebooks/01-rnn.html", "a/b/c/d/"])
def test_the_404_page_works_at_any_depth(book, chromium, missing):
    context = chromium.new_context()
    failed = []

    def serve(route):
        path = unquote(urlsplit(route.request.url).path)
        file = book / path.removeprefix(urlsplit(BASE).path)
        if path.startswith(urlsplit(BASE).path) and file.is_file():
            return route.fulfill(path=file)
        failed.append(route.request.url)
        return route.fulfill(status=404, path=book / "404.html")

    context.route("**/*", serve)
    tab = context.new_page()
    tab.goto(BASE + missing)
    assert failed == [BASE + missing]
    expect(tab.locator("article h1")).to_have_text("Page not found")
    assert tab.locator(".bd-sidenav a").count() >= len(names()) - 1
    assert tab.evaluate("getComputedStyle(document.querySelector('.bd-main')).display") == "flex"
    tab.locator(".bd-sidenav").get_by_role("link", name="Notation").click()
    expect(tab.locator("article h1")).to_contain_text("Notation")
    tab.wait_for_load_state()
    tab.go_back()
    tab.wait_for_url(BASE + missing)
    search(tab, "gradient")
    expect(tab.locator(".found li").first).to_be_visible()
    assert set(failed) == {BASE + missing}, "the page itself, and nothing that it asks for"
    context.close()


def test_bibtex_and_apa_say_what_the_citation_file_says(pages):
    bibtex, apa = (block.get_text() for block in pages["book/cite"].select(".citation pre"))
    (entry,) = parse_string(bibtex, "bibtex").entries.values()
    assert entry.fields["title"].strip("{}") == CITATION["title"]
    assert [str(person).strip("{}") for person in entry.persons["author"]] == [a["name"] for a in CITATION["authors"]]
    version, _, day = (said := entry.fields["note"]).partition(", in the making, of ")
    assert version == f"Version {rnn2attn.__version__}"
    assert bool(day) != ("date-released" in CITATION), "until the release, the day of what is cited"
    year = str(date.fromisoformat(day or str(CITATION["date-released"])).year)
    assert entry.fields["year"] == year
    assert entry.fields["url"] == CITATION["repository-code"] == REPOSITORY
    assert apa.strip() == (
        f"{CITATION['authors'][0]['name']}. ({year}). {CITATION['title']} ({said}) [Computer software]. {REPOSITORY}"
    )


def test_until_a_release_the_day_of_the_last_commit_is_cited(tmp_path, monkeypatch):
    module = extension("citation", monkeypatch)
    version, today = f"Version {rnn2attn.__version__}", date.today().isoformat()
    assert module.released({"date-released": "2026-01-01"}, tmp_path) == ("2026-01-01", version)
    assert module.released({}, tmp_path) == (today, f"{version}, in the making, of {today}")
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q"], cwd=tmp_path, check=True)
    when = os.environ | {"GIT_COMMITTER_DATE": "2026-02-02T12:00:00"}
    subprocess.run([*git, "commit", "-qm", "x", "--allow-empty"], cwd=tmp_path, check=True, env=when)
    assert module.released({}, tmp_path)[0] == "2026-02-02"


def test_persons_are_cited_by_family_name(monkeypatch):
    people = [
        {"family-names": "Kim", "given-names": "Yuna Grace"},
        {"family-names": "de Vries", "given-names": "Jan"},
        {"name": "The rest"},
    ]
    citation = CITATION | {"authors": people, "date-released": "2026-01-01"}
    module = extension("citation", monkeypatch)
    assert module.apa(citation, ROOT).startswith("Kim, Y. G., de Vries, J., & The rest. (2026). ")
    assert module.apa(citation | {"authors": people[:1]}, ROOT).startswith("Kim, Y. G. (2026). ")
    (entry,) = parse_string(module.bibtex(citation, ROOT), "bibtex").entries.values()
    assert [person.last_names for person in entry.persons["author"]] == [["Kim"], ["Vries"], ["{The rest}"]]
    assert entry.persons["author"][1].prelast_names == ["de"]


def test_a_block_is_copied_by_its_button(book, tab):
    visit(tab, book / "book/cite.html")
    tab.locator(".highlight-text").hover()
    tab.locator(".highlight-text button.copybtn").click()
    tab.evaluate("document.body.prepend(document.createElement('textarea'))")
    tab.locator("textarea").focus()
    tab.keyboard.press("Control+v")
    assert tab.locator("textarea").input_value().strip() == tab.locator(".highlight-text pre").inner_text().strip()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_is_settled_before_any_script_arrives(book, chromium, scheme):
    context = chromium.new_context(color_scheme=scheme)
    context.route("**/*.js*", lambda route: route.abort())
    tab = context.new_page()
    tab.goto((book / "book/index.html").as_uri())
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground)[:3])) > 382) == (scheme == "light"), ground
    assert sum(logo.is_visible() for logo in tab.locator("img.logo__image").all()) == 1
    context.close()
