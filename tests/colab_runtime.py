"""A runtime as Colab gives it, as far as it can be had on another machine: its versions, fresh for each notebook.

Colab publishes what it holds (https://github.com/googlecolab/backend-info); ``colab/pip-freeze.txt`` is that list.
`packages` installs from it what the library asks for and what runs a notebook, once, in ``_build/colab``. A `Runtime`
is an empty environment on top of them: what a notebook installs goes with it.

Python is this machine's. Where it is the one that Colab has, PyTorch is Colab's too; elsewhere it is this machine's,
with the setuptools it asks for. Two things are nowhere Colab's. Of ``widgetsnbextension``, the browser's half of
ipywidgets 7, only the name is there: it would bring forty packages that no kernel imports. ``google.colab`` is empty.
"""

import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterable, Mapping
from pathlib import Path
from unittest import mock

import nbformat
from nbclient import NotebookClient
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "tests/colab/pip-freeze.txt"
STUB = ROOT / "tests/colab/stub"
CACHE = ROOT / "_build/colab"
RUNS_NOTEBOOKS = ["ipykernel", "pip", "safetensors", "tqdm"]  # beside what the library asks for
# Colab's list names neither its Python nor its PyTorch: these were there in August 2026, as the list was.
PYTHON, TORCH = (3, 13), "2.11.0"
AS_IN_COLAB = sys.version_info[:2] == PYTHON


class IndexUnreachable(Exception):
    """The package index does not answer, so Colab's versions cannot be installed."""


def versions(listed: str) -> dict[str, str]:
    """Name, in pip's canonical form → version, of what `pip freeze` listed; lines of another kind are passed over."""
    lines = re.findall(r"^([\w.-]+)==(\S+)$", listed, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in lines}


def library_needs() -> list[str]:
    """The names of what the library depends on."""
    project = tomllib.loads((ROOT / "lib/pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(line).name for line in project["dependencies"]]


def companions(requires: Mapping[str, Iterable[str]] | None = None) -> set[str]:
    """What PyTorch's wheel brings for this platform alone, CUDA's libraries and all that these need.

    Which these are depends on the wheel; PyTorch's build for the processor alone brings none.

    Args:
        requires: name, in canonical form → what it asks for, a line each; without it, what is in this environment.
    """
    if requires is None:
        requires = {name: found.requires or [] for name, found in _closure(["torch"]).items()}
    left = [line for line in _needs(requires.get("torch", [])) if "platform_system" in line]
    names, seen = set(), set()
    while left:
        if (line := left.pop()) not in seen:
            seen.add(line)
            needed = Requirement(line)
            names.add(name := canonicalize_name(needed.name))
            left += _needs(requires.get(name, []), needed.extras)
    return names


def packages(cache: Path = CACHE) -> list[Path]:
    """The two folders that hold Colab's packages: installed, and linked from this environment.

    What this environment holds at Colab's own version is linked. With another Python than Colab's, so is PyTorch.

    Raises:
        IndexUnreachable: something must be installed, and the index does not answer.
        RuntimeError: pip cannot install Colab's versions for another reason; the message is pip's.
    """
    text = LIST.read_text(encoding="utf-8")
    names = [*library_needs(), *RUNS_NOTEBOOKS]
    colab, here = versions(text) | {"torch": TORCH}, _closure(names)
    same = {name for name, found in here.items() if colab.get(name) == found.version.partition("+")[0]} - companions()
    pytorch = {"torch", *companions()} if not AS_IN_COLAB or "torch" in same else set()
    linked = same | pytorch | (set() if AS_IN_COLAB else {"setuptools"})
    places = sorted((name, found.version, str(found.locate_file(""))) for name, found in here.items())
    key = repr([sys.version, text, names, places, Path(__file__).read_text(encoding="utf-8")])
    home = cache / hashlib.sha256(key.encode()).hexdigest()[:12]
    folders = [_site(home / "env"), home / "linked"]
    if not (home / "complete").exists():
        shutil.rmtree(cache, ignore_errors=True)
        folders[1].mkdir(parents=True)
        for distribution in (found for name, found in here.items() if name in linked):
            for top in {file.parts[0] for file in distribution.files} - {"..", "__pycache__"}:
                _link(folders[1], Path(distribution.locate_file(top)))
        _pretend(folders[1], "widgetsnbextension", colab["widgetsnbextension"])
        _environment(home / "env", [folders[1]])
        _install(home, names, {name: version for name, version in colab.items() if name not in linked})
        (home / "complete").touch()
    return folders


def _closure(names: Iterable[str]) -> dict[str, importlib.metadata.Distribution]:
    """Canonical name → distribution, of what of these is in this environment, with all that it needs."""
    found, left, seen = {}, [Requirement(name) for name in names], set()
    while left:
        needed = left.pop()
        name = canonicalize_name(needed.name)
        if (name, *sorted(needed.extras)) in seen:
            continue
        seen.add((name, *sorted(needed.extras)))
        try:
            found[name] = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        left += map(Requirement, _needs(found[name].requires or [], needed.extras))
    return found


def _needs(lines: Iterable[str], extras: Iterable[str] = ()) -> list[str]:
    """Of what a package asks for, the lines that apply here, with these of its extras."""
    markers = {line: Requirement(line).marker for line in lines}
    return [
        line for line, marker in markers.items()
        if not marker or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))
    ]  # fmt: skip


def _link(folder: Path, target: Path) -> None:
    if not (folder / target.name).is_symlink():  # packages of NVIDIA share a folder
        (folder / target.name).symlink_to(target.resolve())


def _pretend(folder: Path, name: str, version: str) -> None:
    """Let pip see a package of which nothing is there."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")


def _install(home: Path, names: list[str], colab: dict[str, str]) -> None:
    """Install these and what they need, at Colab's versions, and nothing that Colab does not have."""
    pins = [f"{name}=={version}\n" for name, version in colab.items()]
    (home / "constraints.txt").write_text("".join(pins), encoding="utf-8")
    if "torch" in colab:  # and not linked
        names = [name for name in names if name != "torch"] + _install_torch(home)
    _pip_install(home, "--constraint", str(home / "constraints.txt"), *names)
    # Colab does without some of what its packages ask for: jedi, which IPython would use to complete names.
    held = {canonicalize_name(one.name) for one in importlib.metadata.distributions(path=[str(_site(home / "env"))])}
    lacking = sorted(held - set(colab))
    if lacking:
        subprocess.run([*_pip(home), "uninstall", "--quiet", "--yes", *lacking], check=True)
    if (
        "torch" in colab
        and subprocess.run([str(_python(home / "env")), "-c", "import torch"], check=False).returncode
    ):
        _pip_install(home, f"torch=={TORCH}")


def _install_torch(home: Path) -> list[str]:
    """Install Colab's PyTorch without CUDA's libraries, and return what else it needs.

    These are gigabytes. Nothing calls them on the processor, but it cannot be imported without them: those of this
    machine's own PyTorch will do, if it has them and they are of the same names.
    """
    here = _closure(["torch"])
    for distribution in (here[name] for name in companions() & set(here)):
        if any(file.parts[0] == "nvidia" for file in distribution.files):
            _link(home / "linked", Path(distribution.locate_file("nvidia")))
    _pip_install(home, "--no-deps", f"torch=={TORCH}")
    (found,) = importlib.metadata.distributions(name="torch", path=[str(_site(home / "env"))])
    return [line for line in _needs(found.requires) if "platform_system" not in line]


def _pip(home: Path) -> list[str]:
    return [sys.executable, "-m", "pip", "--python", str(_python(home / "env"))]


def _pip_install(home: Path, *arguments: str) -> None:
    command = [*_pip(home), "install", "--quiet", "--no-compile", "--only-binary=:all:", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        kind = IndexUnreachable if "connection broken by" in result.stderr else RuntimeError
        raise kind(f"Colab's versions could not be installed:\n{result.stderr[-3000:]}")


def _environment(home: Path, folders: list[Path]) -> None:
    """A virtual environment that sees these folders too. pip uninstalls nothing there: they lie outside of it."""
    venv.create(home, symlinks=os.name != "nt")
    (_site(home) / "colab.pth").write_text("".join(f"{folder}\n" for folder in folders), encoding="utf-8")


def _site(home: Path) -> Path:
    return home / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


def _python(home: Path) -> Path:
    return home / "bin/python"


def publish(folder: Path, lib: Path = ROOT / "lib", branch: str = "main") -> Path:
    """A repository that holds the library as it is on disk now, committed or not, to be cloned from there."""
    repository = folder / "published"
    ignore = shutil.ignore_patterns("__pycache__", "*.egg-info", "tests")
    shutil.copytree(lib, repository / "lib", ignore=ignore)
    git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "gc.auto=0"]
    for command in (["init", "-q", "-b", branch], ["add", "-A"], ["commit", "-q", "-m", "published"]):
        subprocess.run([*git, *command], check=True)
    return repository


class Runtime:
    """A fresh Colab runtime, in which one notebook is executed.

    Attributes:
        python: the kernel's interpreter.
        installed: the names of what the notebook's last `pip install` installed, by pip's own report.
    """

    def __init__(self, home: Path, folders: list[Path]):
        self.home = home
        self.python = _python(home / "env")
        _environment(home / "env", folders)
        (home / "env/bin/pip").write_text(f'#!/bin/sh\nexec "{self.python}" -m pip "$@"\n', encoding="utf-8")
        (home / "env/bin/pip").chmod(0o755)
        kernel = {"argv": [str(self.python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]}
        spec = home / "jupyter/kernels/colab/kernel.json"
        spec.parent.mkdir(parents=True)
        spec.write_text(json.dumps(kernel | {"display_name": "Colab", "language": "python"}), encoding="utf-8")
        left_out = {"RNN2ATTN_FRAMES", "PYTHONHOME", "VIRTUAL_ENV"}
        self.environment = {name: value for name, value in os.environ.items() if name not in left_out}
        self.environment |= {
            "PYTHONPATH": str(STUB),
            "PATH": f"{self.python.parent}{os.pathsep}{os.environ['PATH']}",
            "PIP_REPORT": str(home / "report.json"),
        }

    def clone(self, address: str, repository: Path) -> None:
        """Let git take this repository where a cell names this address."""
        self.environment |= {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{repository.as_uri()}.insteadOf",
            "GIT_CONFIG_VALUE_0": address,
        }

    def freeze(self) -> list[str]:
        """What is installed, a line each."""
        return self._pip("freeze", "--all")

    def unmet(self, name: str) -> list[str]:
        """What a package asks for and does not find, a line each."""
        return [line for line in self._pip("check") if line.startswith(f"{name} ")]

    def _pip(self, *arguments: str) -> list[str]:
        command = [str(self.python), "-m", "pip", *arguments]
        result = subprocess.run(command, env=self.environment, check=False, capture_output=True, text=True)
        return result.stdout.splitlines()

    @property
    def installed(self) -> list[str]:
        report = json.loads((self.home / "report.json").read_text(encoding="utf-8"))
        return sorted(item["metadata"]["name"] for item in report["install"])

    def execute(self, path: Path) -> nbformat.NotebookNode:
        """Run a copy of a notebook, alone in an empty folder, from its first cell to its last.

        Returns:
            The notebook with its outputs, and with the widgets' state in its metadata.

        Raises:
            CellExecutionError: a cell failed, and is not tagged as one that may.
        """
        alone = self.home / "content"
        alone.mkdir()
        shutil.copy(path, alone)
        notebook = nbformat.read(alone / path.name, as_version=4)
        resources = {"metadata": {"path": str(alone)}}
        with self.kernels():
            NotebookClient(notebook, kernel_name="colab", timeout=600, resources=resources).execute(
                env=self.environment
            )
        return notebook

    def kernels(self):
        """A context in which Jupyter knows this runtime's kernel as ``colab``."""
        return mock.patch.dict(os.environ, JUPYTER_PATH=str(self.home / "jupyter"))
