"""Where else notebooks run: Binder, a laptop with JupyterLab or VS Code, and the Pythons that the library admits."""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from jupyter_client.blocking import BlockingKernelClient
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from colab_runtime import ROOT, Runtime, companions
from test_requirements import PYTHONS, pinned

PROJECT = tomllib.loads((ROOT / "lib/pyproject.toml").read_text(encoding="utf-8"))["project"]
PINNED = pinned()
SOURCES = ["benchmarks", "book", "exercises/grading", "lib", "tests"]


def resolved(report, *arguments):
    """What pip would install, name → version, without what PyTorch's wheel brings; nothing is installed."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--report", str(report), *arguments]
    result = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PIP_RETRIES": "1"}, capture_output=True, text=True, check=False
    )
    if result.returncode and "connection broken by" in result.stderr:
        line = f"The package index does not answer, so nothing was resolved:\n{result.stderr[-1000:]}"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(line)
    assert not result.returncode, result.stderr[-3000:]
    installed = [item["metadata"] for item in json.loads(report.read_text(encoding="utf-8"))["install"]]
    found = {canonicalize_name(item["name"]): item for item in installed}
    brought = companions({name: item.get("requires_dist", []) for name, item in found.items()})
    return {name: item["version"].partition("+")[0] for name, item in found.items() if name not in brought}


def test_binder_takes_a_python_that_the_library_admits():
    name, _, version = (ROOT / ".binder/runtime.txt").read_text(encoding="utf-8").strip().partition("-")
    assert name == "python" and re.fullmatch(r"3\.\d+", version)
    assert SpecifierSet(PROJECT["requires-python"]).contains(version)


@pytest.mark.soak
def test_binder_gets_what_the_book_is_tested_with(tmp_path):
    found = resolved(tmp_path / "report.json", "--ignore-installed", "-r", ".binder/requirements.txt")
    assert {"rnn2attn", "torch", "ipywidgets", "sacrebleu"} <= set(found)
    assert {name for name, version in found.items() if PINNED.get(name) != version} == {"rnn2attn"}


@pytest.mark.heavy
def test_vs_code_finds_a_kernel_in_this_environment():
    """It asks the environment for ipykernel, and starts the kernel as a module."""
    subprocess.run([sys.executable, "-m", "ipykernel_launcher", "--version"], check=True, capture_output=True)
    assert importlib.metadata.version("ipykernel") == PINNED["ipykernel"]


@pytest.mark.soak
def test_make_notebook_opens_jupyterlab_with_the_kernel_ready(tmp_path):
    """In an environment over this one, which therefore stays as it is."""
    site = Path(importlib.metadata.distribution("ipykernel").locate_file(""))
    over = Runtime(tmp_path / "over", [site, ROOT / "lib"])
    before = over.freeze()
    settings = tmp_path / "settings"
    settings.mkdir()
    (settings / "jupyter_server_config.py").write_text(
        "c.ServerApp.open_browser = False\nc.IdentityProvider.token = 'token'\nc.ServerApp.allow_root = True\n"
    )
    environment = over.environment | {"JUPYTER_CONFIG_DIR": str(settings), "JUPYTER_RUNTIME_DIR": str(tmp_path)}
    del environment["PYTHONPATH"], environment["PIP_REPORT"]
    make = ["make", "notebook", f"BIN={over.python.parent}", f"READY={__file__}"]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(make, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        (told,) = until(lambda: list(tmp_path.glob("jpserver-*.json")), server, tmp_path / "log")
        url = json.loads(told.read_text(encoding="utf-8"))["url"]
        assert set(asked(f"{url}api/kernelspecs")["kernelspecs"]) >= {"python3"}
        kernel = asked(f"{url}api/kernels", {"name": "python3"})["id"]
        client = BlockingKernelClient(connection_file=str(tmp_path / f"kernel-{kernel}.json"))
        client.load_connection_file()
        client.start_channels(hb=False)  # a kernel that is still starting has no heartbeat
        client.wait_for_ready(timeout=120)
        said = []
        code = "import os, rnn2attn, sys; print(sys.prefix, os.environ.get('RNN2ATTN_FRAMES'))"
        client.execute_interactive(code, timeout=120, output_hook=said.append)
        client.stop_channels()
        printed = "".join(message["content"]["text"] for message in said if message["msg_type"] == "stream")
        assert printed.split() == [str(over.home / "env"), "None"], said[-2:]
    finally:
        os.killpg(server.pid, 15)
        server.wait(30)
    assert set(before) <= set(over.freeze()), "JupyterLab changes what requirements.txt pins"


def until(found, server, log):
    """What `found` returns, as soon as it is something."""
    for _ in range(600):
        if answer := found():
            return answer
        assert server.poll() is None, log.read_text()
        time.sleep(1)
    raise AssertionError(log.read_text())


def asked(url, data=None):
    """The server's answer, as JSON."""
    body = None if data is None else json.dumps(data).encode()
    with urlopen(Request(url, body, {"Authorization": "token token"}), timeout=60) as answer:
        return json.load(answer)


@pytest.mark.soak
@pytest.mark.parametrize("torch", ["oldest", "newest"])
@pytest.mark.parametrize("python", ["3.12", "3.13"])
def test_the_librarys_dependencies_can_be_had(tmp_path, python, torch):
    needed = list(PROJECT["dependencies"])
    if torch == "oldest":
        (admitted,) = [line for line in needed if line.startswith("torch")]
        needed.append(re.sub(r">=([\d.]+)", r"==\1.*", admitted))
    found = resolved(tmp_path / "report.json", *for_python(python, tmp_path), *needed)
    assert {"numpy", "pandas", "torch"} <= set(found)


@pytest.mark.soak
@pytest.mark.parametrize("python", [python for python in PYTHONS if python != "3.13.0"])
def test_the_requirements_can_be_had(tmp_path, python):
    """What one of them needs with another Python is not seen here, but in test_requirements."""
    assert resolved(tmp_path / "report.json", *for_python(python, tmp_path), "-r", "requirements.txt") == PINNED


def for_python(python, folder):
    """pip's options to resolve for another Python than its own."""
    return (
        "--ignore-installed",
        "--only-binary=:all:",
        "--python-version",
        python,
        "--target",
        str(folder / "nowhere"),
    )


@pytest.mark.parametrize("python", sorted({python.rpartition(".")[0] for python in PYTHONS}))
def test_every_module_compiles(tmp_path, python):
    """With this Python, where it runs the tests or is on the path."""
    here = "{}.{}".format(*sys.version_info) == python
    interpreter = sys.executable if here else shutil.which(f"python{python}")
    if not interpreter or subprocess.run([interpreter, "-V"], capture_output=True).returncode:
        pytest.skip(f"python{python} is not on the path: no module was compiled with it")
    command = [interpreter, "-W", "error", "-m", "compileall", "-q", "-f", *SOURCES]
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path)}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert not result.returncode, result.stdout
    for folder in (ROOT / name for name in SOURCES):
        # Elsewhere below the prefix lies what Python itself imports.
        compiled = tmp_path.joinpath(*folder.parts[1:]).rglob("*.pyc")
        assert sorted(path.name.partition(".")[0] for path in compiled) == sorted(
            path.stem for path in folder.rglob("*.py")
        )
