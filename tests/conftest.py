"""What the tests of the whole share: a browser, and a book built from outputs that nbval has just compared."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock

from building import ROOT, build
from chromium import chromium as find_chromium

SYSTEM_LINE = "Chromium is not installed: the tests of the built pages did not run. To install it: make system"
CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PATIENCE = 60_000  # ms for which the tests wait for what they wait for: how fast a machine is, is not tested


@pytest.fixture(scope="session")
def chromium():
    """A running headless Chromium. Missing, it is named at the end; where CI=true it is a failure."""
    path = find_chromium()
    if path is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(SYSTEM_LINE)
    from playwright.sync_api import expect, sync_playwright

    def patient(make):
        def made(*args, **settings):
            one = make(*args, **settings)
            one.set_default_timeout(PATIENCE)
            return one

        return made

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS, timeout=PATIENCE)
        browser.new_context, browser.new_page = patient(browser.new_context), patient(browser.new_page)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def tab(chromium):
    """A tab that tests use one after the other: a page in a tab of its own takes twice as long."""
    return chromium.new_page()


@pytest.fixture(scope="session")
def book(tmp_path_factory) -> Path:
    """The built book's folder of pages, made from the stored outputs, once for all processes of a run."""
    of_run = tmp_path_factory.getbasetemp()
    out = (of_run.parent if "PYTEST_XDIST_WORKER" in os.environ else of_run) / "the-book"
    with FileLock(out.with_suffix(".lock")):
        if not (done := out / "done").exists():
            result = build(ROOT, out, execute_notebooks="off")
            assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-4000:]
            done.touch()
    return out / "_build" / "html"


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A copy of the files under version control, to be broken at will."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            target = tmp_path / "checkout" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
    return tmp_path / "checkout"
