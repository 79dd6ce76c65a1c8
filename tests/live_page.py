"""What the tests of figures with a network share: a page that holds some, and a tab that looks at it."""

import re
from contextlib import contextmanager
from importlib.resources import files

from playwright.sync_api import expect

from looking import WIDE_SCRIPT

THEME = "body { font-family: sans-serif } html[data-theme=dark] { background: #121212; color: #ced6dd }"
# The weights of a row of cells, as they stand in its mask.
WEIGHTS = """(row) => [...row.querySelectorAll("i")].flatMap((one) =>
  [...one.getAttribute("style").matchAll(/rgb\\(0 0 0\\/([0-9.]+)\\)/g)].map(([, weight]) => Number(weight)))"""
EXPORT = re.compile(r"^export ", re.MULTILINE)


def write(path, figures, title="Live", script=""):
    """A page with nothing but these figures, and a script above them."""
    body = "".join(f"<div>{figure}</div>" for figure in figures)
    path.write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{THEME}</style>{script}<main><h1>{title}</h1>{body}</main></html>",
        encoding="utf-8",
    )
    return path.as_uri()


def functions(script, names):
    """JavaScript that returns functions of a figure's script, with the engine behind them."""
    text = "\n".join(
        files("rnn2attn.live").joinpath(name).read_text("utf-8")
        for name in ("engine.js", "shared.js", "pictures.js", script)
    )
    return f"{EXPORT.sub('', text)}; return {{ {', '.join(names)} }}"


def settled(figure):
    """A figure whose answer stands: it answers by pieces."""
    expect(figure.locator("[aria-busy]")).to_have_count(0)
    return figure


def drawn(figure):
    """The HTML of a figure's answer."""
    html = settled(figure).locator(".answer").inner_html()
    return re.sub("<!--.*?-->", "", html).strip()


@contextmanager
def opened(tab, address):
    """A tab with a page, which asks for nothing but itself and complains of nothing."""
    asked, errors = [], []
    listeners = {"request": lambda request: asked.append(request.url), "pageerror": lambda e: errors.append(str(e))}
    for event, listener in listeners.items():
        tab.on(event, listener)
    tab.emulate_media(media="screen", color_scheme="light")
    tab.set_viewport_size({"width": 1280, "height": 720})
    tab.goto(address)
    yield tab
    for event, listener in listeners.items():
        tab.remove_listener(event, listener)
    assert ([url for url in asked if not url.startswith("data:")], errors) == ([address], [])


def telephone(chromium, address, scheme):
    """A page on a screen of 360 pixels that is touched, in wide fonts and one of the book's themes."""
    page = chromium.new_page(viewport={"width": 360, "height": 740}, has_touch=True, color_scheme=scheme)
    page.add_init_script(WIDE_SCRIPT)
    page.goto(address)
    page.evaluate("scheme => { document.documentElement.dataset.theme = scheme }", scheme)
    return page
