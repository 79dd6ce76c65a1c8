"""The query of chapter 4 in the page: dragged, it gets the weights that PyTorch gives it."""

import math

import pytest
import torch
from playwright.sync_api import expect

from looking import WIDE_SCRIPT, faults, too_wide
from rnn2attn.attention import attend, dot
from rnn2attn.explore import explore
from rnn2attn.explore.dragged import RADIUS, UNIT
from rnn2attn.plots import AmongKeys

KEYS = [[2.0, 0.0], [0.0, 2.0], [-1.4, 1.4], [-1.0, -2.0]]
NAMES = ["I", "love", "너", "too"]
AMONG = AmongKeys(KEYS, NAMES, extent=3)


def told(x, y):
    weights = AMONG.weights(x, y)
    context = weights @ AMONG.keys.numpy()
    shares = ", ".join(f"{name} {weight:.2f}" for name, weight in zip(NAMES, weights, strict=True))
    return f"Query ({x:g}, {y:g}). Weights: {shares}. Context ({context[0]:.2f}, {context[1]:.2f})."


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A page with the figure twice, as the front page and a chapter have it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNN2ATTN_FRAMES", "1")
        html = explore(
            AMONG,
            describe=told,
            labels={"x": "query, first entry", "y": "query, second entry"},
            start={"x": 0.5, "y": 1.0},
            x=[-2.0, 0.5, 2.0],
            y=[-2.0, 1.0, 2.0],
        ).html
    path = tmp_path_factory.mktemp("dragged") / "page.html"
    path.write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>Query</title><style>body { font-family: sans-serif } html[data-theme=dark] { background: #121212; "
        f"color: #ced6dd }}</style><main><h1>Query</h1>{html}{html}</main></html>",
        encoding="utf-8",
    )
    return path.as_uri()


@pytest.fixture
def page(tab, address):
    tab.emulate_media(media="screen", color_scheme="light")
    tab.set_viewport_size({"width": 1280, "height": 720})
    tab.goto(address)
    expect(tab.locator(".hint").last).to_be_visible()
    return tab


SEEN = """figure => {
  const number = (one, attribute) => Number(figure.querySelector(one).getAttribute(attribute));
  const moved = figure.querySelector(".context").transform.baseVal[0].matrix;
  return {
    query: [number(".query", "x2"), -number(".query", "y2")],
    shares: [...figure.querySelectorAll(".share")].map((share) => Number(share.getAttribute("r"))),
    context: [moved.e, -moved.f],
    cells: [...figure.querySelectorAll("tbody td")].map((cell) => cell.textContent),
    name: figure.querySelector("[role=img]").getAttribute("aria-label"),
  };
}"""


def agrees(figure):
    """The query that a figure shows, if all that it shows beside it is what PyTorch computes."""
    seen = figure.evaluate(SEEN)
    x, y = (entry / UNIT for entry in seen["query"])
    query, keys = torch.tensor([[x, y]], dtype=torch.float64), torch.tensor([KEYS], dtype=torch.float64)
    context, weights = attend(query, keys, keys, score=dot)
    shares = torch.tensor([(radius / RADIUS) ** 2 for radius in seen["shares"]], dtype=torch.float64)
    torch.testing.assert_close(shares, weights[0], rtol=0, atol=1e-9)
    # SVG keeps places in single precision.
    torch.testing.assert_close(torch.tensor(seen["context"]) / UNIT, context[0].float(), rtol=0, atol=1e-5)
    scores = (query @ keys[0].T)[0]
    expected = [number for pair in zip(scores, weights[0], strict=True) for number in pair]
    shown = torch.tensor([float(text.replace("−", "-")) for text in seen["cells"]], dtype=torch.float64)
    torch.testing.assert_close(shown, torch.stack(expected), rtol=0, atol=0.00501)
    assert seen["name"] == told(x, y)
    return round(x, 2), round(y, 2)


def drag(page, figure, x, y):
    """Take the arrow's tip by the mouse and let it go at the query (x, y)."""
    figure.locator(".tip").scroll_into_view_if_needed()
    plane, tip = figure.locator(".plane svg").bounding_box(), figure.locator(".grip").bounding_box()
    scale = plane["width"] / 6
    page.mouse.move(tip["x"] + tip["width"] / 2, tip["y"] + tip["height"] / 2)
    page.mouse.down()
    page.mouse.move(
        plane["x"] + plane["width"] / 2 + scale * x, plane["y"] + plane["height"] / 2 - scale * y, steps=4
    )
    page.mouse.up()


@pytest.mark.parametrize("place", [(2.6, 0.1), (-1.5, 1.7), (0.0, 0.0), (-0.7, -2.9), (1.2, 2.2)])
def test_a_dragged_query_gets_pytorchs_weights(page, place):
    first, second = page.locator("figure").all()
    drag(page, first, *place)
    assert math.dist(agrees(first), place) < 0.03
    expect(first.get_by_role("status")).to_have_text(told(*agrees(first)))
    expect(second.get_by_role("status")).to_be_empty()


def test_beyond_the_plane_it_stays_at_the_edge(page):
    first = page.locator("figure").first
    drag(page, first, 2.0, 9.0)
    assert agrees(first)[1] == 3


def test_arrow_keys_move_it_both_ways(page):
    first, second = page.locator("figure").all()
    page.keyboard.press("Tab")
    expect(first.get_by_role("slider", name="query, first entry")).to_be_focused()
    for key in ("ArrowUp", "ArrowUp", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    assert agrees(first) == (0.4, 1.1)
    expect(first.get_by_role("slider").first).to_have_attribute("aria-valuetext", "0.40, 1.10")
    expect(first.get_by_role("status")).to_have_text(told(0.4, 1.1))
    page.keyboard.press("Tab")
    page.keyboard.press("Home")
    assert agrees(first) == (0.4, -3)
    expect(second.get_by_role("img", name=told(0.5, 1.0))).to_be_visible()


def test_a_finger_drags_the_tip(chromium, address):
    page = chromium.new_page(viewport={"width": 360, "height": 640}, has_touch=True)
    page.goto(address)
    expect(page.locator(".hint").last).to_be_visible()
    figure = page.locator("figure").first
    grip, plane = figure.locator(".grip").bounding_box(), figure.locator(".plane svg").bounding_box()
    assert min(grip["width"], grip["height"]) >= 32
    finger = page.context.new_cdp_session(page)
    x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
    for kind, points in (
        ("touchStart", [(x, y)]),
        ("touchMove", [(x - 20, y + 30)]),
        ("touchMove", [(x - 40, y + 60)]),
        ("touchEnd", []),
    ):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": a, "y": b} for a, b in points]})
    scale = plane["width"] / 6
    assert math.dist(agrees(figure), (0.5 - 40 / scale, 1.0 - 60 / scale)) < 0.03
    page.close()


def test_what_stands_without_a_script_is_what_the_script_shows(page, address, chromium):
    still = chromium.new_page(java_script_enabled=False)
    still.goto(address)
    figure = still.locator("figure").first
    expect(figure.get_by_role("img", name=told(0.5, 1.0))).to_be_visible()
    assert not any(part.is_visible() for part in figure.locator(":is(input, .hint)").all())
    cells = figure.locator("tbody td").all_text_contents()
    still.close()
    page.locator("input").first.dispatch_event("input")
    assert agrees(page.locator("figure").first) == (0.5, 1.0)
    assert page.locator("figure").first.locator("tbody td").all_text_contents() == cells


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_telephone_and_axe_finds_nothing(chromium, address, scheme):
    page = chromium.new_page(viewport={"width": 360, "height": 640}, color_scheme=scheme)
    page.add_init_script(WIDE_SCRIPT)
    page.goto(address)
    page.evaluate("scheme => { document.documentElement.dataset.theme = scheme }", scheme)
    expect(page.locator(".hint").last).to_be_visible()
    assert too_wide(page)[0] == []
    assert page.locator("figure").first.bounding_box()["height"] <= 640
    page.locator("figure").last.evaluate("figure => figure.remove()")
    assert faults(page, ".rnn2attn-explore") == []
    page.close()
