"""Measure built pages with Lighthouse as a mid-range phone on a slow network loads them: `make lighthouse`.

Lighthouse is Google's, and runs under Node: `lighthouse` where it is on the path, else fetched by npx. It drives the
Chromium that the tests drive. The pages are served compressed, as GitHub Pages serves them, from this machine, and
Lighthouse computes from what it sees the times of a slow network (simulated throttling, its default for mobile).
Scores differ from run to run, so each is the median of several; a busy machine lowers them.
"""

import argparse
import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from chromium import chromium

ROOT = Path(__file__).resolve().parents[2]
VERSION = "12.8.2"  # the last that Node 18 and 20 can run
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
METRICS = {
    "first-contentful-paint": "FCP",
    "largest-contentful-paint": "LCP",
    "total-blocking-time": "TBT",
    "cumulative-layout-shift": "CLS",
    "speed-index": "SI",
}
FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-component-update"


@cache
def _compressed(path: str, changed: int) -> bytes:
    return gzip.compress(Path(path).read_bytes())


class Compressing(SimpleHTTPRequestHandler):
    """A server of files that keeps connections open and compresses what is text, as GitHub Pages does."""

    protocol_version = "HTTP/1.1"
    text = (".html", ".css", ".js", ".svg", ".json", ".xml", ".ipynb")

    def send_head(self):
        """Answer with the compressed file (called by http.server)."""
        path = self.translate_path(self.path)
        if not (path.endswith(self.text) and os.path.isfile(path)):
            return super().send_head()
        body = _compressed(path, os.stat(path).st_mtime_ns)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(body)
        return None

    def log_message(self, *args):
        """Say nothing."""


def usual_pages(html: Path) -> list[str]:
    """The front page, the chapter whose page has most bytes, and the page of evidence."""
    longest = max(html.glob("notebooks/*.html"), key=lambda page: page.stat().st_size)
    return ["book/index.html", longest.relative_to(html).as_posix(), "book/evidence.html"]


def command() -> list[str] | None:
    """How Lighthouse is called on this machine; None where there is neither Lighthouse nor npx."""
    if own := shutil.which("lighthouse"):
        return [own]
    npx = shutil.which("npx")
    return [npx, "--yes", f"lighthouse@{VERSION}"] if npx else None


def measure(address: str, lighthouse: list[str]) -> dict:
    """One report of Lighthouse on the page at this address, as it writes it.

    Raises:
        RuntimeError: Lighthouse failed, with the end of what it said.
    """
    options = ["--quiet", "--output=json", f"--only-categories={','.join(CATEGORIES)}", f"--chrome-flags={FLAGS}"]
    environment = {**os.environ, "CHROME_PATH": chromium() or ""}
    result = subprocess.run(
        [*lighthouse, address, *options], env=environment, capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise RuntimeError(f"Lighthouse failed on {address}: {result.stderr[-800:]}")
    return json.loads(result.stdout)


def summary(reports: list[dict]) -> dict[str, float]:
    """The median over reports: a score of 0 to 100 for each category, then the metrics (ms; CLS has no unit)."""
    scores = {name: [100 * report["categories"][name]["score"] for report in reports] for name in CATEGORIES}
    metrics = {METRICS[name]: [report["audits"][name]["numericValue"] for report in reports] for name in METRICS}
    return {name: statistics.median(values) for name, values in (scores | metrics).items()}


def failed(report: dict) -> list[str]:
    """What a report holds against the page, outside its performance: the titles of the audits it did not pass."""
    references = [ref for name in CATEGORIES[1:] for ref in report["categories"][name]["auditRefs"] if ref["weight"]]
    audits = [report["audits"][ref["id"]] for ref in references]
    return [audit["title"] for audit in audits if audit["score"] == 0]


def main() -> None:
    """Print one line a page; end with 1 where a score is below what the book promises."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pages", nargs="*", help="book/speed.html …; else front, longest and evidence")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--html", type=Path, default=ROOT / "_build/html")
    asked = parser.parse_args()
    if not (asked.html / "index.html").is_file():
        sys.exit(f"There is no book in {asked.html}. First: make book")
    lighthouse = command()
    if not (chromium() and lighthouse):
        sys.exit("This needs Chromium (make system) and Node 18.16 or newer with npx (https://nodejs.org).")
    pages = asked.pages or usual_pages(asked.html)
    worst = 100.0
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Compressing, directory=asked.html)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        for page in pages:
            address = f"http://127.0.0.1:{server.server_port}/{page}"
            reports = [measure(address, lighthouse) for _ in range(asked.runs)]
            found = summary(reports)
            print(f"{page}: " + ", ".join(f"{name} {value:.3g}" for name, value in found.items()))
            for title in failed(reports[0]):
                print(f"  not passed: {title}")
            worst = min(worst, found["performance"], found["best-practices"] - 10, found["seo"] - 10)
        server.shutdown()
    if worst < 90:
        sys.exit("Performance must be 90 at least, best practices and SEO 100.")


if __name__ == "__main__":
    main()
