"""What holds the repository together: one version, what a chapter comes with, the forms, what git ignores."""

import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml

import rnn2attn
from building import ROOT

PROJECTS = ("lib", "exercises/grading")
TEMPLATES = ROOT / ".github/ISSUE_TEMPLATE"
FORMS = sorted(path for path in TEMPLATES.glob("*.yml") if path.stem != "config")


@pytest.mark.parametrize("project", PROJECTS)
def test_the_version_of_both_packages_is_the_librarys(tmp_path, project):
    for name in PROJECTS:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("tests", "*.egg-info", "build"))
    (tmp_path / "lib/rnn2attn/__init__.py").write_text('"""As it will be."""\n\n__version__ = "98.7"\n')
    command = [sys.executable, "-c", "from setuptools import setup; setup()", "--version"]
    if (tmp_path / project / "setup.py").exists():
        command[1:3] = ["setup.py"]
    said = subprocess.run(command, cwd=tmp_path / project, check=True, capture_output=True, text=True).stdout
    assert said.split() == ["98.7"]


def test_the_version_is_written_down_nowhere_else():
    for project in PROJECTS:
        told = tomllib.loads((ROOT / project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        assert told["dynamic"] == ["version"] and "version" not in told
    assert "version" not in yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def test_a_release_is_made_only_of_a_tag_that_names_the_version():
    steps = yaml.safe_load((ROOT / ".github/workflows/publish.yml").read_text(encoding="utf-8"))["jobs"]["build"][
        "steps"
    ]
    (look,) = (step for step in steps if "__version__" in step.get("run", ""))
    assert look["if"] == "github.ref_type == 'tag'"

    def passes(tag):
        env = os.environ | {"GITHUB_REF_NAME": tag}
        return subprocess.run(["bash", "-ec", look["run"]], cwd=ROOT, env=env, check=False).returncode == 0

    version = rnn2attn.__version__
    assert passes(f"v{version}")
    assert not any(map(passes, (version[:-1], f"v{version}.1", "v", "vx", f"v{version.replace('.', 'x')}")))


@pytest.mark.parametrize("chapter", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_chapter_comes_with_its_place_in_the_contents_its_exercises_and_tests_of_its_evidence(chapter):
    assert f"- file: notebooks/{chapter.stem}\n" in (ROOT / "_toc.yml").read_text(encoding="utf-8")
    number, page = chapter.name[:2], chapter.name.split("-")[0]
    assert len([*(ROOT / "exercises").glob(f"{number}-*.ipynb")]) == 1
    assert f'page("{page}")' in (ROOT / f"tests/test_evidence_{number}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_asks_for_something_and_has_what_github_wants(path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert form.keys() == {"name", "description", "title", "body"}
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in fields}) == len(fields)
    assert {field["type"] for field in fields} <= {"input", "textarea"}
    assert any(field["validations"]["required"] for field in fields if "validations" in field)
    labels = [field["attributes"]["label"] for field in fields]
    assert len(set(labels)) == len(labels)


def test_a_hole_in_the_jail_is_reported_privately_wherever_one_looks():
    address = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
    private = f"{address}/security/advisories/new"
    assert f"]({private})" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    config = yaml.safe_load((TEMPLATES / "config.yml").read_text(encoding="utf-8"))
    assert [link["url"] for link in config["contact_links"]] == [private]
    exercises = yaml.safe_load((TEMPLATES / "exercises.yml").read_text(encoding="utf-8"))
    assert f"]({private})" in exercises["body"][0]["attributes"]["value"]


@pytest.mark.parametrize("name", ["_build", ".venv"])
@pytest.mark.parametrize("kind", ["folder", "link"])
def test_git_ignores_what_is_built_be_it_a_folder_or_a_link(tmp_path, name, kind):
    subprocess.run(["git", "init", "-q", tmp_path / "clone"], check=True)
    shutil.copy(ROOT / ".gitignore", tmp_path / "clone")
    (tmp_path / "elsewhere").mkdir()
    if kind == "link":
        (tmp_path / "clone" / name).symlink_to(tmp_path / "elsewhere")
    else:
        (tmp_path / "clone" / name).mkdir()
    ignored = subprocess.run(["git", "check-ignore", "-q", name], cwd=tmp_path / "clone", check=False)
    assert ignored.returncode == 0


@pytest.mark.parametrize(
    "name",
    ["handout", "source", "release", "submissions", "submitted", "week-1-submissions", "submissions.zip", "results",
     "class.csv", "deadlines.csv"],
)  # fmt: skip
def test_git_ignores_what_the_page_for_instructors_has_a_class_hand_in_and_get(name):
    """Names of students, and the salt, would else be committed with whatever is changed beside them."""
    page = (ROOT / "book/instructors.md").read_text(encoding="utf-8")
    assert name.removesuffix(".zip") in page
    assert subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT, check=False).returncode == 0


def test_without_sudo_make_system_says_who_may_install_what(tmp_path):
    make, bash = shutil.which("make"), shutil.which("bash")
    for name, line in {"dpkg": "exit 1", "id": "echo 1000"}.items():
        (tmp_path / name).write_text(f"#!{bash}\n{line}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "bash").symlink_to(bash)
    done = subprocess.run(
        [make, "system"], cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode
    assert re.search(r"no sudo\. As root: apt-get install .*\bbubblewrap libseccomp2\n", done.stdout), done
