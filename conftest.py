"""What all tests share: chapters run as in the book, and nothing that takes long is in `make check`."""

import os
import re
import sys
import zlib

import pytest

# As in the book's build (book/extension/execution.py). Set here, they reach every kernel that a test starts.
os.environ.setdefault("RNN2ATTN_FRAMES", "1")
os.environ.setdefault("RNN2ATTN_STRICT", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

HEAVY = re.compile(r"ipykernel|--nbval|jupyter-book|rnn2attn\.study|playwright|chrom(e|ium)\b|bwrap")
running = None  # the test under way


def pytest_addoption(parser):
    """Let the long tests be shared out, as the workflow soak.yml does: `--shard 2/4` is a quarter of the files."""
    parser.addoption("--shard", default="1/1", metavar="K/N", help="run the K-th of N parts, made of whole files")


def in_shard(name, shard):
    """Whether a file of this name falls into a shard such as "2/4"."""
    part, parts = map(int, shard.split("/"))
    return zlib.crc32(name.encode()) % parts == part - 1


def pytest_collection_modifyitems(config, items):
    """Mark what starts something heavy by nature: notebooks, and who asks for a browser or a book. Take one shard.

    A file that builds the book comes first: one process builds, and the other executes a chapter and does not wait.
    """
    items.sort(key=lambda item: item.path.name != "test_book_html.py")
    items[:] = [item for item in items if in_shard(item.path.name, config.getoption("shard"))]
    for item in items:
        asked = {*getattr(item, "fixturenames", ())}
        if "chromium" in asked:
            item.add_marker("browser")
        started = "book" in asked or item.get_closest_marker("browser") or item.get_closest_marker("soak")
        if item.path.suffix == ".ipynb" or started:
            item.add_marker("heavy")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Note which test is under way, for the watch below."""
    global running
    running = item
    try:
        return (yield)
    finally:
        running = None


def _watch(event, arguments):
    """Let a test that is not marked heavy start no kernel, no build, no browser and no jail."""
    if event in ("subprocess.Popen", "os.posix_spawn", "os.exec") and running:
        command = " ".join(
            map(os.fsdecode, arguments[1] if not isinstance(arguments[1], str | bytes) else [arguments[1]])
        )
        if HEAVY.search(command) and not running.get_closest_marker("heavy"):
            raise RuntimeError(f"{running.nodeid} starts {command!r}: mark it with @pytest.mark.heavy")


sys.addaudithook(_watch)
