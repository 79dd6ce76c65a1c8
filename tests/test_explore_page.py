"""What explore puts on a page, moved by keyboard in a browser: alone in a file, and in a book of one notebook."""

import re
from contextlib import ExitStack, nullcontext

import nbformat
import pytest
import yaml
from playwright.sync_api import expect

from building import ROOT, build
from looking import WIDE_SCRIPT, faults, too_wide
from rnn2attn.explore import WordByWord

POWERS = """
import numpy as np

from rnn2attn import plots
from rnn2attn.explore import explore


def powers(rho, steps):
    x = np.arange(1, steps + 1)
    figure = plots.lines({"거듭제곱": rho**x, "half": 0.5**x}, x=x, xlabel="distance in steps", ylabel="norm")
    figure.axes[0].set(xlim=(0, 45), ylim=(0, 4))
    return figure


one = explore(
    powers,
    describe=lambda rho, steps: f"After {steps} steps, the power of {rho} is {rho**steps:.2g}.",
    labels={"rho": "spectral radius ρ", "steps": "distance in steps"},
    start={"rho": 1.0},
    play="steps",
    rho=[0.9, 1.0, 1.03],
    steps=[20, 40],
)
"""
CIRCLE = """
import matplotlib as mpl


def circle(turn):
    t = np.linspace(0, 2 * np.pi, 60)
    angle = {"none": 0, "a quarter": np.pi / 2}[turn]
    with mpl.rc_context(plots.STYLE):
        figure = plots.Figure(figsize=(4, 4), layout="constrained")
        axes = figure.add_subplot()
        axes.plot(np.cos(t), np.sin(t), marker="", label="원")
        axes.plot([0, np.cos(angle)], [0, np.sin(angle)], label="$W h$")
        axes.set(xlim=(-2, 2), ylim=(-2, 2), aspect="equal")
        axes.legend()
    return figure


two = explore(circle, describe=lambda turn: f"An arrow turned by {turn}.", turn=["none", "a quarter"])
"""
THEME = "body { font-family: sans-serif } html[data-theme=dark] { background: #121212; color: #ced6dd }"


@pytest.fixture(scope="module")
def shown():
    """The two explorables, with their frames."""
    names = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNN2ATTN_FRAMES", "1")
        exec(POWERS + CIRCLE, names)
    return names["one"], names["two"]


@pytest.fixture(scope="module")
def alone(shown, tmp_path_factory):
    """A page that holds nothing else: the first, the second, and the first again."""
    body = "".join(f"<div>{explorable.html}</div>" for explorable in (*shown, shown[0]))
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Sliders</title><style>{THEME}</style><main><h1>Sliders</h1>{body}</main></html>",
        encoding="utf-8",
    )
    return path.as_uri()


@pytest.fixture(scope="module")
def in_book(tmp_path_factory):
    """The two in a book built with this book's options, the notebook executed on the way."""
    root = tmp_path_factory.mktemp("book")
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        cells=[
            nbformat.v4.new_markdown_cell("# Sliders"),
            nbformat.v4.new_code_cell(POWERS + "one"),
            nbformat.v4.new_code_cell(CIRCLE + "two"),
        ],
    )
    nbformat.write(notebook, root / "page.ipynb")
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    options = {name: value for name, value in config["sphinx"]["config"].items() if name.startswith("nb_")}
    sphinx = {"recursive_update": True, "local_extensions": {}, "config": options}
    execute = config["execute"] | {"execute_notebooks": "force"}  # with its generous time-out
    tiny = {"title": "Tiny", "execute": execute, "sphinx": sphinx}
    (root / "_config.yml").write_text(yaml.safe_dump(tiny), encoding="utf-8")
    (root / "_toc.yml").write_text("format: jb-book\nroot: page\n", encoding="utf-8")
    result = build(root, root, warm=True)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-4000:]
    return (root / "_build" / "html" / "page.html").as_uri()


@pytest.fixture(params=["alone", "in_book"])
def address(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def visit(chromium, tab):
    """Open an address, in a tab of its own if a kind is named; what has to fail is awaited.

    In the end only files were asked for, and nothing else has failed.
    """
    asked, errors, expected = [], [], ["THEBE"]  # which the plain theme loads twice
    listeners = {"request": lambda request: asked.append(request.url), "pageerror": lambda e: errors.append(str(e))}

    def visit(address, ready=True, fails="", init="", scheme="light", **kind):
        page = opened.enter_context(chromium.new_page(**kind)) if init or kind else tab
        for event, listener in listeners.items():
            page.on(event, listener)
            opened.callback(page.remove_listener, event, listener)
        page.emulate_media(media="screen", color_scheme=scheme)
        page.set_viewport_size(kind.get("viewport", {"width": 1280, "height": 720}))
        if init:
            page.add_init_script(init)
        with page.expect_event("pageerror", lambda error: fails in str(error)) if fails else nullcontext():
            page.goto(address)
        expected.extend(filter(None, [fails]))
        if ready:
            expect(page.get_by_role("slider").first).to_be_visible()
        return page

    with ExitStack() as opened:
        yield visit
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert [error for error in errors if not any(word in error for word in expected)] == []


def picture_of(figure):
    return figure.locator("[role=img]").inner_html()


def as_parsed(page, text):
    return page.evaluate(
        "text => { const d = document.createElement('div'); d.innerHTML = text; return d.innerHTML }", text
    )


def test_keyboard_moves_one_and_leaves_the_others(visit, address, shown):
    page = visit(address)
    figures = page.locator("figure.rnn2attn-explore")
    first, others = figures.first, [figures.nth(i) for i in range(1, figures.count())]
    before = [picture_of(other) for other in others]
    slider = first.get_by_role("slider", name="spectral radius ρ", exact=True)
    for _ in range(60):
        page.keyboard.press("Tab")
        if slider.evaluate("slider => slider === document.activeElement"):
            break
    else:
        pytest.fail("Tab does not reach the slider")
    start, text = shown[0].frame(rho=1.0, steps=20)
    assert as_parsed(page, start) == re.sub("<!--/?drawn-->", "", picture_of(first))
    expect(first.get_by_role("img", name=text)).to_be_visible()
    expect(slider).to_have_attribute("aria-valuetext", "1")

    page.keyboard.press("ArrowRight")
    frame, text = shown[0].frame(rho=1.03, steps=20)
    assert frame != start
    assert picture_of(first) == as_parsed(page, frame)
    expect(first.get_by_role("img", name=text)).to_be_visible()
    expect(slider).to_have_attribute("aria-valuetext", "1.03")
    expect(first.locator("output").first).to_have_text("1.03")
    expect(first.get_by_role("status").last).to_have_text(text)

    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    frame, text = shown[0].frame(rho=1.03, steps=40)
    assert picture_of(first) == as_parsed(page, frame)
    assert [picture_of(other) for other in others] == before

    words = figures.nth(1).get_by_role("radiogroup", name="turn", exact=True)
    words.get_by_role("radio", name="none").focus()
    page.keyboard.press("ArrowRight")
    frame, text = shown[1].frame(turn="a quarter")
    assert picture_of(figures.nth(1)) == as_parsed(page, frame)
    expect(words.get_by_role("radio", name="a quarter")).to_be_checked()
    expect(figures.nth(1).locator(".shows")).to_have_text(text)  # the status says it too, a moment later
    expect(figures.nth(1).locator(".shows")).to_be_visible()
    assert picture_of(first) == as_parsed(page, shown[0].frame(rho=1.03, steps=40)[0])


def test_a_button_plays_through_an_axis_and_stops_at_its_end(visit, alone, shown):
    page = visit(alone)
    figure = page.locator("figure.rnn2attn-explore").first
    button = figure.get_by_role("button", name="Play distance in steps")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(figure.locator("output").last).to_have_text("40")
    expect(button).to_have_attribute("aria-pressed", "false")
    assert picture_of(figure) == as_parsed(page, shown[0].frame(rho=1.0, steps=40)[0])
    button.click()
    expect(figure.locator("output").last).to_have_text("20")
    expect(figure.locator("output").last).to_have_text("40")
    figure.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowRight")
    expect(button).to_have_attribute("aria-pressed", "false")


def test_what_is_said_waits_until_the_slider_rests(visit, alone):
    page = visit(alone)
    page.evaluate(
        """() => { window.said = []; const status = document.querySelector('p[role=status]');
        new MutationObserver(() => said.push(status.textContent)).observe(status, {childList: true}) }"""
    )
    page.get_by_role("slider").first.focus()
    for key in ("ArrowRight", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    expect(page.locator("p[role=status]").first).to_have_text("After 20 steps, the power of 0.9 is 0.12.")
    assert page.evaluate("said") == ["After 20 steps, the power of 0.9 is 0.12."]


@pytest.mark.parametrize("kind", ["no script", "no DecompressionStream"])
def test_where_nothing_can_move_the_figure_stands_without_sliders(visit, address, shown, kind):
    if kind == "no script":
        page = visit(address, ready=False, java_script_enabled=False)
    else:
        missing = "DecompressionStream"
        page = visit(address, ready=False, fails=missing, init=f"delete window.{missing}")
    figure = page.locator("figure.rnn2attn-explore").first
    expect(figure.get_by_role("img", name=shown[0].frame(rho=1.0, steps=20)[1])).to_be_visible()
    expect(figure.locator("svg").get_by_text("거듭제곱")).to_be_visible()
    expect(figure.locator("output").first).to_have_text("1")
    assert page.locator("input").count() >= 5
    moving = page.locator("figure.rnn2attn-explore :is(input, button)").all()
    assert not any(part.is_visible() for part in moving)
    expect(figure.get_by_text("Run this cell")).to_be_hidden()


def test_print_shows_figure_and_values(visit, alone):
    page = visit(alone)
    page.emulate_media(media="print")
    expect(page.locator("[role=img] svg").first).to_be_visible()
    expect(page.locator("output").first).to_be_visible()
    expect(page.locator("input").first).to_be_hidden()


def test_a_telephone_shows_it_whole(visit, address):
    """In the widest of fonts."""
    page = visit(address, init=WIDE_SCRIPT, viewport={"width": 360, "height": 740}, has_touch=True)
    assert too_wide(page)[0] == []
    for part in page.locator("figure.rnn2attn-explore :is(svg, input, output, label)").all():
        box = part.bounding_box()
        if box is not None:
            assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    for slider in page.get_by_role("slider").all():
        assert slider.bounding_box()["height"] >= 24
        assert slider.bounding_box()["width"] >= 90


CONTRAST = """figure => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
                          return [...canvas.getImageData(0, 0, 1, 1).data] };
  const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * linear(r / 255) + .7152 * linear(g / 255) + .0722 * linear(b / 255);
  let ground = [255, 255, 255, 255];
  for (let node = figure; node; node = node.parentElement) {
    const here = rgb(getComputedStyle(node).backgroundColor);
    if (here[3] > 0) { ground = here; break; }
  }
  const against = colour => { const [a, b] = [light(rgb(colour)), light(ground)].sort((a, b) => b - a);
                              return (a + .05) / (b + .05) };
  const of = (selector, property) => [...figure.querySelectorAll(selector)]
    .map(node => getComputedStyle(node)[property]).filter(colour => colour !== 'none').map(against);
  return {letters: [...of('svg text', 'fill'), ...of('label, output', 'color')], lines: of('svg path', 'stroke'),
          ground: light(ground)};
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_readable_in_light_and_dark(visit, address, scheme):
    page = visit(address, scheme=scheme)
    page.evaluate("scheme => { document.documentElement.dataset.theme = scheme }", scheme)
    for figure in page.locator("figure.rnn2attn-explore").all():
        contrast = figure.evaluate(CONTRAST)
        assert (contrast["ground"] > 0.5) == (scheme == "light")
        assert len(contrast["letters"]) > 5 and min(contrast["letters"]) >= 4.5
        assert len(contrast["lines"]) > 5 and min(contrast["lines"]) >= 3


@pytest.mark.parametrize("moved", [False, True])
def test_axe_finds_nothing(visit, address, moved):
    page = visit(address)
    if moved:
        page.get_by_role("slider").first.focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator("p[role=status]").first).not_to_be_empty()
    assert faults(page, ".rnn2attn-explore") == []


def test_no_id_stands_twice_unless_the_same_is_shown_twice(visit, in_book):
    page = visit(in_book)
    ids = page.evaluate("[...document.querySelectorAll('figure.rnn2attn-explore [id]')].map(node => node.id)")
    assert len(ids) > 4 and len(set(ids)) == len(ids)


def test_words_follow_the_keyboard_and_the_pointer(tab):
    words = WordByWord(["나는", "너를", "사랑해"], ["I", "you"], [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    tab.emulate_media(media="screen")
    tab.set_content(f"<html lang=en><title>x</title><main>{words._repr_html_()}</main></html>")
    rows = tab.locator("ul")
    expect(rows.nth(0)).to_be_visible()
    tab.get_by_role("radio").first.focus()
    tab.keyboard.press("ArrowRight")
    assert [row.is_visible() for row in rows.all()] == [False, True, False]
    widths = [bar.bounding_box()["width"] for bar in rows.nth(1).locator(".bar").all()]
    assert widths[1] / widths[0] == pytest.approx(4, rel=0.05)
    tab.get_by_text("사랑해").hover()
    assert [row.is_visible() for row in rows.all()] == [False, False, True]
    tab.mouse.move(0, 400)
    assert [row.is_visible() for row in rows.all()] == [False, True, False]
    tab.emulate_media(media="print")
    assert all(row.is_visible() for row in rows.all())
