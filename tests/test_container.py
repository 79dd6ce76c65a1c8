"""The image for grading, as far as it can be judged without Docker: what goes in, what is called, what is told."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml

from building import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
SCRIPTS = [ROOT / "exercises/grading/gradescope" / name for name in ("setup.sh", "run_autograder")]
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/container.yml").read_text(encoding="utf-8"))
RUN = [step["run"] for step in WORKFLOW["jobs"]["image"]["steps"] if "run" in step]
PAGE = (ROOT / "book/instructors.md").read_text(encoding="utf-8")
CLI = (ROOT / "exercises/grading/rnn2attn_grading/cli.py").read_text(encoding="utf-8")


def instructions(word: str) -> list[str]:
    """What follows a word of the Dockerfile."""
    return re.findall(rf"^{word} (.+)$", DOCKERFILE, re.MULTILINE)


def installed(text: str) -> set[str]:
    """The packages that a script takes from Debian."""
    (found,) = re.findall(r"apt-get install ([^&|;\n]+)", text)
    return {word for word in found.split() if not word.startswith("-")}


def test_what_is_copied_is_there_and_nothing_else_is_sent():
    copied = {name for line in instructions("COPY") for name in line.split()[:-1]}
    assert all((ROOT / name).exists() for name in copied)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert ignored[0] == "*" and {line[1:] for line in ignored if line[0] == "!"} == copied


@pytest.mark.skipif(not Path("/etc/debian_version").exists(), reason="the image is Debian's")
@pytest.mark.parametrize("text", [" && ".join(instructions("RUN")), *(s.read_text("utf-8") for s in SCRIPTS)])
def test_every_command_that_is_called_exists(text):
    lines = re.split(r"&&|\|\||\n", text.replace("\\\n", " "))
    words = [shlex.split(line, comments=True) for line in lines if "=" not in line.split(" ")[0]]
    called = {line[0] for line in words if line} - {"set", "cd", "export", "exit", "echo", "exec", "}", "{"}
    assert len(called) >= 2
    for name in called:
        assert shutil.which(name, path="/usr/sbin:/usr/bin") or re.match(r"/(venv|opt/rnn2attn)/bin/", name), name


def test_the_jail_gets_the_same_packages_everywhere():
    jail = {"bubblewrap", "libseccomp2"}
    assert jail <= set(re.findall(r"for package in ([^;]+);", (ROOT / "Makefile").read_text("utf-8"))[0].split())
    assert jail < installed(" && ".join(instructions("RUN"))) == installed(SCRIPTS[0].read_text("utf-8"))


def test_an_ordinary_user_grades():
    assert instructions("USER") == ["grader"] and "useradd --create-home grader" in instructions("RUN")
    assert "useradd --system grader" in SCRIPTS[0].read_text("utf-8")
    assert "runuser -u grader -- " in SCRIPTS[1].read_text("utf-8")


def test_the_workflow_builds_what_the_page_says_and_runs_it_in_the_same_way():
    (entry,) = instructions("ENTRYPOINT")
    assert entry == '["/venv/bin/python", "-m", "rnn2attn_grading"]'
    built = "docker build -t rnn2attn-grading ."
    assert built in RUN and f"$ {built}\n" in PAGE
    grading = next(step for step in RUN if " grade " in step).split()
    console = re.search(r"docker run [^`]* grade .*", PAGE)[0]
    assert shlex.split(console.replace("\\\n", " ")) == shlex.split(" ".join(grading))
    called = re.findall(r"rnn2attn-grading (\w+)", " ".join([*RUN, PAGE]))
    assert {"grade", "doctor"} <= set(called) - {"."}
    for name in called:
        assert f'add_parser("{name}"' in CLI, name
