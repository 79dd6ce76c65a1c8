"""Measure how soon the built pages' networks answer to a key on a phone: `make keys`.

The screen is 360 px wide and the processor slowed to a quarter. A time goes from the key to the end of the frame in
which the whole answer stands. Tasks are the browser's, while it answers.
"""

import argparse
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from statistics import median
from threading import Thread

from playwright.sync_api import Browser, Locator, sync_playwright

from chromium import chromium
from lighthouse import Compressing

ROOT = Path(__file__).resolve().parents[2]
SLOWER = 4
EACH = 6  # keys for each part
WATCH = """() => {
  window.took = [];
  window.tasks = [];
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask" });
  addEventListener("input", ({ target, timeStamp }) => {
    const figure = target.closest("figure");
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => took.push(performance.now() - timeStamp);
    const look = () => (figure.querySelector("[aria-busy]") ? requestAnimationFrame(look) : port2.postMessage(0));
    requestAnimationFrame(look);
  });
}"""


def keys(part: Locator) -> list[str]:
    """Keys to which a figure answers here: what was typed last is typed again; a slider goes and returns."""
    if part.get_attribute("type") == "text":
        last = part.input_value()[-EACH // 2 :]
        return ["Backspace"] * len(last) + list(last)
    ways = ["ArrowDown", "ArrowUp"]
    return (ways[::-1] if part.evaluate("one => one.value === one.min") else ways) * (EACH // 2)


def answers(browser: Browser, address: str):
    """Yield for each part of the page's networks that takes keys: its name, the times in ms, and the longest task."""
    tab = browser.new_page(viewport={"width": 360, "height": 780})
    tab.goto(address)
    tab.evaluate(WATCH)
    tab.context.new_cdp_session(tab).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    figure = tab.locator("figure.rnn2attn-live").first
    figure.scroll_into_view_if_needed()
    tab.wait_for_timeout(3000)  # the weights have come by then, and nothing else is under way
    for part in figure.locator(":is([type=text], [type=range], select):visible").all():
        part.focus()
        tab.keyboard.press("End") if part.get_attribute("type") == "text" else None
        tab.evaluate("window.took = [], window.tasks = []")
        for n, key in enumerate(keys(part)):
            tab.keyboard.press(key)
            tab.wait_for_function("n => took.length > n", arg=n)
            tab.wait_for_timeout(200)
        yield part.evaluate("one => one.type"), *tab.evaluate("[took, Math.max(0, ...tasks)]")
    tab.close()


def main() -> None:
    """Print a line for each part of each network that takes keys."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, default=ROOT / "_build/html", help="the built pages")
    folder = parser.parse_args().pages
    pages = [page for page in sorted(folder.glob("notebooks/*.html")) if 'class="rnn2attn-live"' in page.read_text()]
    if not pages:
        parser.error("there is no built chapter with a network in it. First: make book")
    print(f"{'':34}{'key to frame, ms':>18}{'worst':>8}{'longest task':>14}")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Compressing, directory=folder))
    Thread(target=server.serve_forever, daemon=True).start()
    with server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for page in pages:
            for part, took, longest in answers(
                browser, f"http://127.0.0.1:{server.server_port}/notebooks/{page.name}"
            ):
                name = f"{page.stem}, {part}"
                print(f"{name:34}{median(took):18.0f}{max(took):8.0f}{round(longest) or 'below 50':>14}", flush=True)
        server.shutdown()


if __name__ == "__main__":
    main()
