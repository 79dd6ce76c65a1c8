"""The requirements: exact, complete, and to be had with every Python that the README admits."""

import importlib.metadata
import tomllib
from collections import defaultdict
from functools import cache

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from colab_runtime import LIST, ROOT, TORCH, companions, versions

# The oldest, which Debian 12 has; Ubuntu 24.04's; the first of the newest, and Debian 13's.
PYTHONS = ("3.11.2", "3.12.3", "3.13.0", "3.13.5")
SYSTEMS = {"Linux": ("linux", "posix"), "Darwin": ("darwin", "posix"), "Windows": ("win32", "nt")}
COLAB = versions(LIST.read_text(encoding="utf-8")) | {"torch": TORCH}


def requirements():
    """Canonical name → requirement, a line of requirements.txt each."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    needed = [Requirement(line) for line in (line.partition("#")[0].strip() for line in lines) if line]
    return {canonicalize_name(one.name): one for one in needed}


def pinned():
    """Canonical name → version, of what requirements.txt names for every Python and system."""
    return {name: next(iter(one.specifier)).version for name, one in requirements().items() if not one.marker}


@cache
def asked():
    """Canonical name → what it asks for, with whatever marker, of each that is pinned."""
    return {name: [*map(Requirement, importlib.metadata.requires(name) or [])] for name in pinned()}


def refusing(distributions, python):
    """Name → which Pythons it asks for, of those that cannot be installed with this one."""
    asked = {one.name: one.metadata.get("Requires-Python", "") for one in distributions}
    return {name: wants for name, wants in asked.items() if not SpecifierSet(wants).contains(python)}


def test_every_requirement_is_exact_and_this_environment_holds_just_these_versions():
    for name, one in requirements().items():
        (specifier,) = one.specifier
        assert specifier.operator == "==", f"{one} is not exact"
        if not one.marker or one.marker.evaluate():
            assert importlib.metadata.version(name).partition("+")[0] == specifier.version, name


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_requirements_are_complete(python, system):
    """What these need, with this Python on this system, is named too."""
    platform, kind = dict(zip(("sys_platform", "os_name"), SYSTEMS[system], strict=True)), {"platform_system": system}
    here = platform | kind | {"python_full_version": python, "python_version": python.rpartition(".")[0]}

    def applies(one, extras=("",)):
        return not one.marker or any(one.marker.evaluate(here | {"extra": extra}) for extra in extras)

    named = {name for name, one in requirements().items() if applies(one)}
    extras = defaultdict(lambda: {""})
    for one in (one for lines in asked().values() for one in lines if applies(one)):
        extras[canonicalize_name(one.name)] |= one.extras
    for name, lines in asked().items():
        wanted = {canonicalize_name(one.name) for one in lines if applies(one, extras[name])}
        missing = wanted - named - (companions() if name == "torch" else set())
        assert not missing, f"{name} needs {missing}, which requirements.txt does not name"


@pytest.mark.parametrize("python", PYTHONS)
def test_every_requirement_can_be_installed_with_every_python_that_the_readme_admits(python):
    assert not refusing(map(importlib.metadata.distribution, pinned()), python)


def test_a_requirement_that_refuses_a_python_is_found(tmp_path):
    """This one stood in requirements.txt, and Debian 12 has Python 3.11.2."""
    (tmp_path / "soupsieve-4.1.1.dist-info").mkdir()
    metadata = "Metadata-Version: 2.4\nName: soupsieve\nVersion: 4.1.1\nRequires-Python: >=3.11.5\n"
    (tmp_path / "soupsieve-4.1.1.dist-info/METADATA").write_text(metadata, encoding="utf-8")
    found = [refusing(importlib.metadata.distributions(path=[str(tmp_path)]), python) for python in PYTHONS]
    assert found == [{"soupsieve": ">=3.11.5"}, {}, {}, {}]


def test_the_readme_and_the_makefile_ask_for_the_oldest_of_these():
    oldest = PYTHONS[0]
    assert f"Python {oldest} or newer" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"sys.version_info < ({oldest.replace('.', ', ')})" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_library_lives_with_these_versions_and_with_colabs():
    project = tomllib.loads((ROOT / "lib/pyproject.toml").read_text(encoding="utf-8"))["project"]
    for line in project["dependencies"]:
        needed = Requirement(line)
        name = canonicalize_name(needed.name)
        assert needed.specifier.contains(pinned()[name]), line
        assert name in COLAB, f"{name} is not in Colab: the library must not bring it there"
        assert needed.specifier.contains(COLAB[name]), line
    assert all(SpecifierSet(project["requires-python"]).contains(python) for python in PYTHONS)
