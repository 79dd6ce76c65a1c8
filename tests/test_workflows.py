"""The workflows, as far as they can be judged without GitHub: what starts them, what they run, and what they may."""

import re
import subprocess

import pytest
import yaml

from building import ROOT

FOLDER = ROOT / ".github/workflows"


def workflow(name: str) -> dict:
    loaded = yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))
    return loaded | {"on": loaded[True]}  # YAML 1.1 reads `on` as true


def steps(name: str, job: str) -> list[dict]:
    return workflow(name)["jobs"][job]["steps"]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yml")), ids=lambda path: path.stem)
def test_a_workflow_runs_what_there_is_with_no_more_rights_than_it_needs(path):
    read = workflow(path.stem)
    assert read["permissions"] == {"contents": "read"}, "more is given to single jobs"
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for name, job in read["jobs"].items():
        assert job["runs-on"] == "ubuntu-latest" and set(job.get("needs", "").split()) <= set(read["jobs"]), name
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step), step
            assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step.get("uses", "a/b@v1")), step
            for target in re.findall(r"\bmake (\S+)", step.get("run", "")):
                assert target in targets, step
            script = re.sub(r"\$\{\{.*?\}\}", "x", step.get("run", ""))
            assert subprocess.run(["bash", "-n", "-c", script], check=False).returncode == 0, step


def test_main_and_tags_are_published():
    publish = workflow("publish")
    assert publish["on"]["push"] == {"branches": ["main"], "tags": ["v*"]}
    assert publish["jobs"]["deploy"]["if"] == "github.ref_type == 'branch'"
    assert publish["jobs"]["release"]["if"] == "github.ref_type == 'tag'"
    assert publish["jobs"]["release"]["permissions"] == {"contents": "write"}
    (checkout,) = (step for step in steps("publish", "build") if step.get("uses", "").startswith("actions/checkout"))
    assert checkout["with"]["fetch-depth"] == 0, "a shallow clone does not know when a page changed"


def test_the_reports_of_a_failed_execution_are_kept():
    build = steps("publish", "build")
    (kept,) = (step for step in build if step.get("if") == "failure()")
    assert kept["uses"].startswith("actions/upload-artifact") and kept["with"]["path"] == "_build/html/reports"
    assert build.index(kept) == build.index({"run": "make book"}) + 1


def test_outside_links_are_checked_on_a_schedule():
    (when,) = workflow("links")["on"]["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", when["cron"]), "once a week"
    (check,) = (step for step in steps("links", "outside") if step.get("uses", "").startswith("lycheeverse/"))
    assert check["with"]["fail"] is True
    for pattern in re.findall(r"'_build/html/([^']+)/\*", check["with"]["args"]):
        assert (ROOT / pattern.removesuffix("/**")).is_dir(), pattern


def test_the_parts_of_the_long_tests_are_all_of_them(request):
    """Each file falls into one shard, and the workflow runs every shard."""
    run = workflow("soak")["jobs"]["part"]
    shards = run["strategy"]["matrix"]["shard"]
    assert shards == list(range(1, len(shards) + 1))
    assert run["steps"][-1]["run"] == f"make soak SHARD=${{{{ matrix.shard }}}}/{len(shards)}"
    in_shard = request.config.pluginmanager.get_plugin(str(ROOT / "conftest.py")).in_shard
    for path in ROOT.glob("*/**/test_*.py"):
        assert sum(in_shard(path.name, f"{shard}/{len(shards)}") for shard in shards) == 1
