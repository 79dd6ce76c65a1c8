"""Speed on a phone: Lighthouse itself in `make soak`, and what our script does with its reports in every run."""

import gzip
import urllib.request
from functools import partial
from http.server import ThreadingHTTPServer
from threading import Thread

import pytest

import lighthouse


@pytest.fixture
def address(book):
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(lighthouse.Compressing, directory=book)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_pages_are_served_compressed_and_pictures_as_they_are(book, address):
    with urllib.request.urlopen(f"{address}/book/index.html") as answer:
        assert answer.headers["Content-Encoding"] == "gzip" and "text/html" in answer.headers["Content-Type"]
        assert gzip.decompress(answer.read()) == (book / "book/index.html").read_bytes()
    with urllib.request.urlopen(f"{address}/_static/card.png") as answer:
        assert "Content-Encoding" not in answer.headers
        assert answer.read() == (book / "_static/card.png").read_bytes()


def report(score, ms, passed=True):
    audits = {name: {"numericValue": ms, "score": 1, "title": name} for name in lighthouse.METRICS}
    audits["contrast"] = {"score": int(passed), "title": "Colours have contrast"}
    audits["manual"] = {"score": None, "title": "Looked at by a person"}
    refs = [{"id": "contrast", "weight": 3}, {"id": "manual", "weight": 0}]
    return {
        "audits": audits,
        "categories": {name: {"score": score, "auditRefs": refs} for name in lighthouse.CATEGORIES},
    }


def test_several_runs_give_their_median():
    found = lighthouse.summary([report(0.9, 100), report(0.5, 9000), report(0.95, 200)])
    assert found["performance"] == 90 and found["LCP"] == 200
    assert set(found) == {*lighthouse.CATEGORIES, "FCP", "LCP", "TBT", "CLS", "SI"}


def test_what_a_page_did_not_pass_is_named():
    assert lighthouse.failed(report(1, 1)) == []
    assert lighthouse.failed(report(1, 1, passed=False)) == ["Colours have contrast"] * 3


@pytest.mark.soak
def test_lighthouse_is_content(book, address, chromium):
    command = lighthouse.command()
    if command is None:
        pytest.skip("Lighthouse needs Node 18.16 or newer with npx: https://nodejs.org")
    for page in lighthouse.usual_pages(book):
        found = lighthouse.summary([lighthouse.measure(f"{address}/{page}", command) for _ in range(5)])
        assert found["performance"] >= 90, (page, found)
        assert found["best-practices"] == found["seo"] == 100, (page, found)
