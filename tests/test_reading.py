"""What carries a reader: the front page, cards, the keyboard, where one is, Korean, tables, and paper."""

import re
from io import BytesIO

import pandas as pd
import pytest
from bs4 import NavigableString
from docutils import nodes
from lxml import html
from playwright.sync_api import expect
from pypdf import PdfReader

from building import ROOT, soup
from extent import EXTENT
from looking import visit
from rnn2attn.study.register import VERDICTS, register
from test_book_site import extension

CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
MOST_STOPS = 80
TYPED = re.compile(r"\$[^$]+\$|\\[a-z]{3,}")


def test_the_front_page_counts_the_claims_and_leads_to_them(book, tab):
    visit(tab, book / "book/index.html")
    links = tab.get_by_role("list", name=f"{len(register())} claims by verdict").get_by_role("link")
    counts = {name: sum(claim.verdict == name for claim in register().values()) for name in VERDICTS}
    assert links.all_inner_texts() == [f"{count} {name}" for name, count in counts.items()]
    widths = tab.locator(".verdicts .bar a").evaluate_all("all => all.map((a) => a.getBoundingClientRect().width)")
    for width, count in zip(widths, counts.values(), strict=True):
        assert width / sum(widths) == pytest.approx(count / len(register()), abs=0.02)
    links.nth(1).click()
    shown = f"{counts[VERDICTS[1]]} of {len(register())} claims"
    expect(tab.locator(".evidence-filter [role=status]")).to_have_text(shown)


def test_the_front_page_answers(book, tab):
    """A date is written out by chapter 4's network, and what cannot be read is told and kept."""
    visit(tab, book / "book/index.html", width=360)
    figure = tab.locator("figure.rnn2attn-live")
    field, said = figure.get_by_role("textbox"), figure.locator(".said b")
    field.scroll_into_view_if_needed()
    field.fill("May 14, 1987")
    expect(said).to_contain_text("1 9 8 7")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert figure.locator("output").text_content() == "May 14, 1987", "on paper stands what was typed"
    field.fill("☕")
    expect(figure.locator(".problem")).to_contain_text("☕")
    expect(field).to_have_value("☕")


def test_no_page_tells_readers_what_is_not_there_yet(book):
    for page in book.rglob("book/*.html"):
        assert "As long as" not in soup(page).select_one("article").get_text(), page


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_shows_a_picture_soon_and_folds_most_of_its_code(book, tab, chapter):
    visit(tab, book / f"notebooks/{chapter}.html")
    _, code, picture, _ = tab.evaluate(EXTENT)
    assert code <= 15 and picture <= 1500


LINES = """(formula) => {
  const middle = (boxes) => (boxes[0].left + boxes.at(-1).right) / 2;
  const text = formula.closest("section").querySelector(":scope > p");
  const [line] = [text.getBoundingClientRect()];
  const parts = [...formula.children].map((part) => part.getBoundingClientRect());
  return [parts.at(-1).right - parts[0].left, line.width, middle(parts) - middle([line])];
}"""


def test_a_formula_stands_in_the_middle_of_the_lines(book, tab):
    visit(tab, book / "notebooks/06-self-attention.html")
    found = tab.locator("article section > div.math").evaluate_all(f"(all) => all.map({LINES})")
    narrow = [off for own, line, off in found if own < line]
    assert len(narrow) > 5 and max(map(abs, narrow)) < 2


def test_what_a_line_of_an_equation_is_called_stands_below_it_on_a_phone(book, tab):
    visit(tab, book / "notebooks/02-lstm-gru-gates.html", width=360)
    equations = tab.locator("div.math:has(mtd:nth-child(4) > mtext)")
    assert equations.count() == 2
    assert not equations.evaluate_all("all => all.some((e) => e.scrollWidth > e.clientWidth)")
    room = """all => all.map((name) => name.getBoundingClientRect().top
        - name.parentNode.children[1].getBoundingClientRect().bottom)"""
    assert min(equations.locator("mtd:nth-child(4):has(> mtext)").evaluate_all(room)) >= 0


BESIDE = """(button) => {
  const [code, own] = [button.parentNode.querySelector("pre"), button.getBoundingClientRect()];
  const { right, bottom } = code.getBoundingClientRect();
  const room = parseFloat(getComputedStyle(code).paddingRight);
  return own.top >= bottom || (code.scrollWidth <= code.clientWidth && own.left >= right - room);
}"""


def test_no_button_lies_over_code_on_a_phone(book, chromium):
    tab = chromium.new_page(viewport={"width": 360, "height": 780}, has_touch=True, is_mobile=True)
    tab.goto((book / "notebooks/03-seq2seq-bottleneck.html").as_uri())
    beside = tab.locator("article .copybtn:visible").evaluate_all(f"all => all.map({BESIDE})")
    tab.close()
    assert len(beside) > 10 and all(beside)


@pytest.mark.parametrize("width", [360, 768, 1280, 1920])
def test_what_is_said_of_a_word_stands_below_its_picture(book, tab, width):
    visit(tab, book / "notebooks/05-spatial-attention.html", width=width)
    words = tab.locator(".map.seen")
    words.scroll_into_view_if_needed()
    pictures = words.locator("label").evaluate_all("all => all.map((e) => e.getBoundingClientRect().bottom)")
    assert max(pictures) <= words.locator("em:visible").evaluate("e => e.getBoundingClientRect().top")


def test_no_line_breaks_within_a_size(book):
    text = soup(book / "notebooks/05-spatial-attention.html").select_one("article").get_text()
    assert "15\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}15, fewer" in text


BEFORE_QUESTIONS = """(stop) => {
  const questions = [...document.querySelectorAll("article h2")].find((head) => /Questions/.test(head.textContent));
  return Boolean(questions.compareDocumentPosition(stop) & Node.DOCUMENT_POSITION_PRECEDING);
}"""
IS_STOP = "(e) => e.tabIndex >= 0 && (e.type !== 'radio' || e.checked)"  # a group of radio buttons is one
STOPS = "a[href], button, input, select, summary, [tabindex='0']"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_has_few_stops_before_its_questions(book, tab, chapter):
    visit(tab, book / f"notebooks/{chapter}.html")
    stops = tab.locator(f":is({STOPS}):visible")
    before = stops.evaluate_all(f"(all) => all.filter({IS_STOP}).filter({BEFORE_QUESTIONS}).length")
    assert 20 < before <= MOST_STOPS


def test_the_arrows_reach_what_tab_passes_by(book, tab):
    visit(tab, book / "notebooks/05-spatial-attention.html")
    aids = tab.locator("article :is(.copybtn, a[data-card], details.hide > summary, .claim summary):visible")
    count = aids.count()
    assert count > 80
    assert tab.locator("article [tabindex='0']:is(.copybtn, a, summary):visible").count() < count / 4
    aids.first.focus()
    reached = 1
    for _ in range(count - 1):
        tab.keyboard.press("ArrowDown")
        reached += 1
        assert aids.nth(reached - 1).evaluate("e => e === document.activeElement"), reached
    tab.keyboard.press("ArrowUp")
    assert aids.nth(count - 2).evaluate("e => e === document.activeElement && e.tabIndex === 0")


KEYS = "ArrowDown ArrowUp"
ACTIVE = "(e) => e === document.activeElement"


@pytest.mark.parametrize(("width", "drawer"), [(1280, None), (360, ".primary-toggle")])
def test_a_part_of_the_contents_costs_one_stop(book, tab, width, drawer):
    """Tab stops in a part at the page that is open, or at its first; the arrows go on through all of them."""
    visit(tab, book / "notebooks/04b-what-it-buys.html", width=width)
    if drawer:
        tab.locator(drawer).click()
    links, here = tab.locator(".bd-docs-nav a"), tab.locator(".bd-docs-nav a.current")
    parts = tab.locator(".bd-docs-nav .bd-sidenav")
    stops = parts.evaluate_all("all => all.map((part) => part.querySelectorAll('a:not([tabindex=\"-1\"])').length)")
    assert stops == [1] * parts.count() and links.count() > 5 * len(stops)
    tab.locator(".search-button-field").focus()
    while not here.evaluate(ACTIVE):
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.matches('.bd-docs-nav a')")
    tab.keyboard.press("ArrowUp")
    assert set(links.evaluate_all("all => all.map((e) => e.getAttribute('aria-keyshortcuts'))")) == {KEYS}
    before = links.evaluate_all(f"all => all.findIndex({ACTIVE})")
    assert links.nth(before + 1).evaluate("e => e.matches('.current')")
    for one in range(before + 1, links.count()):
        tab.keyboard.press("ArrowDown")
        assert links.nth(one).evaluate(f"e => ({ACTIVE})(e) && e.tabIndex === 0"), one
    tab.keyboard.press("ArrowDown")
    assert links.last.evaluate(ACTIVE), "what is behind the contents is not theirs"


def test_the_contents_of_a_page_cost_one_stop(book, tab):
    visit(tab, book / "notebooks/04b-what-it-buys.html")
    links = tab.locator(".page-toc a:visible")
    assert links.evaluate_all("all => all.filter((e) => e.tabIndex === 0).length") == 1 < links.count()
    links.first.focus()
    tab.keyboard.press("ArrowDown")
    assert links.nth(1).evaluate(ACTIVE)


def test_what_is_folded_is_not_laid_out_to_say_whether_it_scrolls(book, tab):
    """Once it is unfolded, the keyboard reaches what scrolls, and nothing else."""
    visit(tab, book / "notebooks/04-attention.html", width=360)
    tab.wait_for_function("document.readyState === 'complete'")
    tab.add_style_tag(content="pre { white-space: pre !important }")  # folded code breaks its lines on a phone
    folded = tab.locator("article details:not([open])")
    code = folded.locator(".cell_input pre")
    assert (
        code.count() > 10 and not folded.locator("pre[tabindex], .pst-scrollable-table-container[tabindex]").count()
    )
    tab.locator(".all-code").click()
    scrolls = (
        "all => all.filter((e) => e.checkVisibility()).map((e) => [e.scrollWidth > e.clientWidth, e.tabIndex === 0])"
    )
    tab.locator("details[open] pre[tabindex='0']").first.wait_for()
    found = tab.locator("article :is(pre, .pst-scrollable-table-container)").evaluate_all(scrolls)
    assert all(wide == reached for wide, reached in found) and any(wide for wide, _ in found)


def test_the_contents_of_a_page_mark_where_one_is(book, tab):
    """Wherever one jumps, the marked section is the last that begins above a line, and none is at the top."""
    visit(tab, book / "notebooks/06-self-attention.html")
    marked = tab.locator(".page-toc a[aria-current=true]")
    targets = tab.locator(".page-toc a[href^='#']").evaluate_all("all => all.map((e) => e.hash)")
    for target in [*targets[2::5], *targets[-4:0:-3]]:
        place = tab.locator(f"section{target}")
        for above in (100, -20):  # px between the section's head and the top of the window, which hides it or not
            place.evaluate("(e, px) => scrollBy(0, e.getBoundingClientRect().top - px)", above)
            expect(marked).to_have_attribute("href", target)
    tab.evaluate("scrollTo(0, 0)")
    expect(marked).to_have_count(0)


def test_a_chapter_is_walked_by_keyboard(book, tab):
    """By Tab, each stop is seen, and the questions are not far; Enter copies; Tab goes on from there."""
    visit(tab, book / "notebooks/05-spatial-attention.html")
    tab.emulate_media(reduced_motion="reduce")
    walked = 0
    while True:
        tab.keyboard.press("Tab")
        walked += 1
        stop = tab.evaluate_handle("document.activeElement")
        assert stop.evaluate("e => e.checkVisibility()"), stop
        if not stop.evaluate(BEFORE_QUESTIONS):
            break
        assert walked <= MOST_STOPS
    assert walked > 20


@pytest.mark.parametrize("way", ["hover", "focus"])
def test_a_card_says_what_a_term_means_and_a_claim_says(book, tab, way):
    visit(tab, book / "notebooks/04-attention.html")
    card = tab.get_by_role("tooltip")
    for link, said in (("a.glossary-term", "·"), ("a[href$='#c27']", register()["C27"].says)):
        one = tab.locator(f"article {link}").first
        expect(card).to_be_hidden()
        if way == "hover":
            one.hover()
        else:
            tab.keyboard.press("Shift")  # so that the browser shows the focus
            one.focus()
        expect(card).to_be_visible()
        assert said in card.inner_text()
        assert one.get_attribute("aria-describedby") == card.get_attribute("id")
        box = card.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 1280 and 0 <= box["y"] <= 780 - box["height"]
        tab.keyboard.press("Escape")
        expect(card).to_be_hidden()


def test_claims_are_found_in_either_case(book, tab):
    visit(tab, book / "book/evidence.html")
    tab.goto((book / "book/evidence.html").as_uri() + "#C27")
    expect(tab.locator("#c27 details")).to_have_attribute("open", "")
    expect(tab.locator("#c27 summary")).to_be_in_viewport()


def test_arrows_turn_pages_and_leave_sliders_alone(book, tab):
    visit(tab, book / "notebooks/04-attention.html")
    tab.get_by_role("slider").first.press("ArrowRight")
    tab.locator("article h1").click()
    assert "04-attention" in tab.url
    tab.keyboard.press("ArrowRight")
    tab.wait_for_url("**/04b-what-it-buys.html")
    tab.keyboard.press("ArrowLeft")
    tab.wait_for_url("**/04-attention.html")


def test_a_phone_shows_where_one_is(book, tab):
    visit(tab, book / "notebooks/04-attention.html", width=360)
    here, far = tab.locator(".here"), tab.locator(".far")
    assert not here.is_visible()
    tab.evaluate("scrollTo({ top: document.documentElement.scrollHeight / 2, behavior: 'instant' })")
    expect(here).to_be_visible()  # the page is told of a scroll a frame later
    expect(here).to_have_text("4. Attention")
    length = far.evaluate("e => e.getBoundingClientRect().width / innerWidth")
    assert length == pytest.approx(0.5, abs=0.05)


def test_the_glossary_has_its_letters(book, tab):
    visit(tab, book / "book/glossary.html")
    tab.locator(".letters").get_by_role("link", name="G", exact=True).click()
    first = tab.locator("dl.glossary dt").evaluate_all(
        "all => all.findIndex((dt) => dt.getBoundingClientRect().top > 0 && /^g/i.test(dt.textContent))"
    )
    assert tab.locator("dl.glossary dt").nth(first).get_attribute("id") == tab.url.partition("#")[2]


def test_lines_and_heads(book, tab):
    visit(tab, book / "notebooks/04-attention.html", width=1920)
    text = tab.locator("article section > p").nth(3)
    sign = text.evaluate("e => e.getBoundingClientRect().width / parseFloat(getComputedStyle(e).fontSize)")
    assert sign <= 38.1
    sizes = [
        tab.locator(f"article h{rank}").first.evaluate(
            "e => [getComputedStyle(e).fontSize, getComputedStyle(e).fontWeight]"
        )
        for rank in (1, 2, 3)
    ]
    assert [float(size.removesuffix("px")) for size, _ in sizes] == sorted(
        (float(s[:-2]) for s, _ in sizes), reverse=True
    )
    assert len({weight for _, weight in sizes}) == 1


LUMINANCE = """(e) => ["color", "backgroundColor"].map((name) => {
  const [r, g, b] = getComputedStyle(e)[name].match(/[0-9.]+/g).slice(0, 3).map((x) => {
    x /= 255;
    return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
})"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_way_back_to_the_top_is_legible(book, tab, theme):
    visit(tab, book / "book/index.html", theme)
    low, high = sorted(tab.locator("#pst-back-to-top").evaluate(LUMINANCE))
    assert high / low >= 4.5


def test_korean_is_marked_and_upright(book, tab):
    marked = 0
    for chapter in CHAPTERS:
        for text in (
            soup(book / f"notebooks/{chapter}.html").select_one("article").find_all(string=re.compile("[가-힣]"))
        ):
            if type(text) is NavigableString and not text.find_parent(["script", "svg", "style"]):
                assert text.find_parent(lang="ko"), (chapter, text)
                marked += 1
    assert marked > 20
    visit(tab, book / "notebooks/04-attention.html")
    slanted = tab.locator("article em :lang(ko)")
    assert slanted.count() > 0
    assert set(slanted.evaluate_all("all => all.map((e) => getComputedStyle(e).fontStyle)")) == {"normal"}


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("<p>a 학교 b</p>", '<p>a <span lang="ko">학교</span> b</p>'),
        ('<a title="학교" href="x">y</a>', None),
        ('<b lang="ko">학교</b>', None),
        ('<script>const a = "<p>학교</p>"</script><svg><text>학교</text></svg>', None),
        ("on 2026년 5월 14일 목요일.", 'on <span lang="ko">2026년 5월 14일 목요일</span>.'),
        ("나는 학교에 간다", '<span lang="ko">나는 학교에 간다</span>'),
    ],
)
def test_what_is_korean_gets_its_language_once(monkeypatch, text, marked):
    assert extension("korean", monkeypatch).with_language(text) == (marked or text)


def test_numbers_of_a_table_stand_below_their_head(monkeypatch):
    table = """<table><thead><tr><th></th><th>loss</th><th>model</th></tr></thead><tbody>
    <tr><th>1</th><td>≈0.5</td><td>LSTM</td></tr><tr><th>2</th><td>1.5e-07</td><td>3 of them</td></tr>
    </tbody></table>"""
    tree = html.fromstring(extension("tables", monkeypatch).dressed(table))
    numbers = [cell.text_content() for cell in tree.xpath("//tbody//*[@class='number']")]
    assert numbers == ["1", "≈0.5", "2", "1.5 × 10−7".replace(" ", "\N{NO-BREAK SPACE}")]
    assert [cell.text for cell in tree.xpath("//thead//*[@class='number']")] == [None, "loss"]
    assert tree.get("aria-label") == "Table: loss, model"


def test_points_of_a_column_stand_below_one_another(monkeypatch):
    rows = "".join(f"<tr><th>a</th><td>{x}</td><td>{y}</td></tr>" for x, y in (("≈0.25", "1"), ("12", "1e-7 s")))
    tree = html.fromstring(extension("tables", monkeypatch).dressed(f"<table><tbody>{rows}</tbody></table>"))
    assert [cell.get("style") for cell in tree.iter("td")] == [None, None, "--lacking: 2.5ch", None]


@pytest.mark.parametrize("small", ["≈1.5e-07", "≈1.5 × 10<sup>−7</sup>"])
def test_a_power_of_ten_hangs_over_the_right_of_its_number(tab, monkeypatch, small):
    tables = extension("tables", monkeypatch)
    rows = "".join(f"<tr><th>a</th><td>{x}</td></tr>" for x in ("12.25", small, "-3"))
    dressed = tables.typeset(tables.dressed(f"<table><tbody>{rows}</tbody></table>"))
    css = (ROOT / "book/static/book.css").read_text()
    tab.set_content(f'<style>{css}</style><main class="bd-content">{dressed}</main>')
    cells = tab.locator("td")
    assert cells.all_inner_texts() == ["12.25", "≈1.5\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}10−7", "−3"]
    ends = """(cell, signs) => {
      const range = document.createRange();
      range.setStart(cell.firstChild, 0);
      range.setEnd(cell.firstChild, signs);
      return range.getBoundingClientRect().right;
    }"""
    (first, second), third = [cells.nth(n).evaluate(ends, m) for n, m in ((0, 2), (1, 2))], cells.nth(2)
    assert abs(first - second) < 0.5, "what stands before the points ends at one place"
    assert abs(third.evaluate(ends, 2) - first) < 6, "and a number without one ends there too, or half a digit before"
    power, cell = (
        tab.locator(one).evaluate("one => one.getBoundingClientRect().right")
        for one in (".power sup", "td:has(.power)")
    )
    assert power < cell, "a power stays in its cell"


def test_numbers_of_a_table_are_typeset(monkeypatch):
    typeset = extension("tables", monkeypatch).typeset
    assert typeset("<td>≈-1.5</td><td>≈1.4e+15 ± 2e-07</td><th>at bias -8</th>") == (
        "<td>≈−1.5</td><td>≈1.4 × 10<sup>15</sup> ± 2 × 10<sup>−7</sup></td><th>at bias −8</th>"
    )
    same = '<td style="--lacking: -1ch">2028-05-19, x-1, C1-2</td><td><code>a[-1] + 1e-3</code></td>'
    assert typeset(same) == same


def test_letters_sizes_and_pairs_of_a_table_are_typeset(monkeypatch):
    tables, room = extension("tables", monkeypatch), "\N{NO-BREAK SPACE}"
    assert tables.typeset("<th>√d_k, h_{t−1}, radius^k, x_t²</th><td>handed_in</td><td><code>W_hh</code></td>") == (
        "<th>√d<sub>k</sub>, h<sub>t−1</sub>, radius<sup>k</sup>, x<sub>t</sub>²</th><td>handed_in</td>"
        "<td><code>W_hh</code></td>"
    )
    assert tables.typeset("<td>5 of 5</td><th>T = 10</th>") == f"<td>5{room}of{room}5</td><th>T{room}={room}10</th>"
    sizes = "<td>LSTM, 1000</td><td>960144</td><td>0.12345</td><td>2,500</td>"
    assert tables.typeset(sizes, sizes=True) == "<td>LSTM, 1,000</td><td>960,144</td><td>0.12345</td><td>2,500</td>"
    assert tables.typeset(sizes) == sizes


def test_prose_in_columns_gets_their_heads_for_a_phone(monkeypatch):
    long = "a sentence that has no room in a column of a phone"
    heads = "".join(f"<th>{head}</th>" for head in ("tried", "happens", "points"))
    row = f"<tr><td>{long}</td><td>{long}</td><td>2</td></tr>"
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{row}</tbody></table>"
    dressed = extension("tables", monkeypatch).dressed
    tree = html.fromstring(dressed(table))
    assert "prose-cards" in tree.classes
    assert [cell.get("data-head") for cell in tree.iter("td")] == ["tried", "happens", "points"]
    for other in (table.replace(long, "short"), table.replace("<table", '<table class="dataframe"')):
        assert "prose-cards" not in dressed(other)


@pytest.mark.parametrize(
    ("printed", "columns"),
    [
        ("source   |  a     b\ninputs   |  c     b\ncounts: [1, 1]\n", True),
        ("one-to-one    (2, 4)\none-to-many   (2, 5)\nmany-to-one   (2, 4)", True),
        ("5 seeds stored:\n  RNN 0.5\n  LSTM 0.2\n", False),
        ("Franei  |  Silen  |  Nurie\nKija  |  Geinte\nAstany  |  Åla\n", False),
        ("at update 200: 1\n2 ln 2:         1\n", False),
    ],
)
def test_what_is_printed_in_columns_is_told_from_lines(monkeypatch, printed, columns):
    assert extension("unbroken", monkeypatch).in_columns(printed) == columns


def test_a_ratio_in_a_claim_is_not_broken(monkeypatch):
    claim, other = (f'<div class="{kind}"><p>stand as 4 : 3 : 1, 99 %</p></div>' for kind in ("claim", "looks"))
    page = nodes.section("", nodes.raw("", claim, format="html"), nodes.raw("", other, format="html"))
    extension("unbroken", monkeypatch)._keep(None, page, "page")
    whole, left = (box.astext() for box in page)
    assert "4 : 3 : 1, 99 %".replace(" ", "\N{NO-BREAK SPACE}").replace(",\N{NO-BREAK SPACE}", ", ") in whole
    assert left == other, "what a figure holds is its own"


def test_a_name_with_a_hyphen_is_not_broken_where_it_has_room(monkeypatch):
    names = ["numpy", "01-rnn-gradients.ipynb", "rnn2attn.recurrent.cells", "week-1-ada/01-rnn-gradients.ipynb"]
    codes = [nodes.literal("", name) for name in names]
    cell = nodes.literal("", names[1])
    page = nodes.section("", nodes.paragraph("", "", *codes), nodes.entry("", nodes.paragraph("", "", cell)))
    extension("unbroken", monkeypatch)._keep(None, page, "page")
    assert [code["classes"] for code in [*codes, cell]] == [["whole"], ["whole"], [], [], []]


def test_the_name_of_an_index_stands_in_the_row_of_the_heads(monkeypatch):
    index = pd.Index([5, 10], name="T")
    tables = extension("tables", monkeypatch)
    for frame in (pd.DataFrame({"a": [1, 2], "b": [3, 4]}, index), pd.DataFrame({"a": [1, 2]}).rename_axis("T")):
        tree = html.fromstring(tables.dressed(frame.to_html()))
        (row,) = tree.xpath("//thead/tr")
        assert [cell.text for cell in row] == ["T", *frame.columns]
    wide = pd.DataFrame([[1, 2]], index[:1], pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    assert len(html.fromstring(tables.dressed(wide.to_html())).xpath("//thead/tr")) == 3


def test_no_formula_is_left_as_it_was_typed(book):
    for page in [*book.glob("book/*.html"), *book.glob("notebooks/*.html")]:
        for text in soup(page).select_one("article").find_all(string=TYPED):
            assert text.find_parent(["pre", "code", "script", "style"]), (page, text)


def test_every_table_of_a_chapter_has_a_name_and_room(book, tab):
    for chapter in CHAPTERS:
        for table in soup(book / f"notebooks/{chapter}.html").select("article table"):
            assert table.get("aria-label") or table.caption, (chapter, table.get_text()[:60])
    visit(tab, book / "notebooks/06-self-attention.html")
    cells = tab.locator("article table.dataframe td.number")
    assert cells.count() > 10
    styles = "all => all.map((e) => [getComputedStyle(e).textAlign, getComputedStyle(e).paddingLeft].join())"
    assert set(cells.evaluate_all(styles)) == {"end,12px"}


def test_verdicts_are_cards_on_a_phone(book, tab):
    for chapter in CHAPTERS:
        visit(tab, book / f"notebooks/{chapter}.html", width=360)
        cells = tab.locator("table.verdict-cards td")
        assert cells.count() >= 3, chapter
        assert set(cells.evaluate_all("all => all.map((e) => getComputedStyle(e).display)")) == {"block"}


def test_a_page_that_a_browser_prints_is_numbered(book, chromium):
    tab = chromium.new_page()
    tab.goto((book / "notebooks/05-spatial-attention.html").as_uri())
    pages = PdfReader(BytesIO(tab.pdf(prefer_css_page_size=True))).pages
    tab.close()
    for number, page in enumerate(pages, 1):
        assert page.extract_text().startswith(f"{number}\n"), page.extract_text()[:80]
    assert "pip install" not in pages[0].extract_text()
