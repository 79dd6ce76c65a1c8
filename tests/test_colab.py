"""Every notebook runs alone in a Colab runtime and changes nothing there; and what would not run there is caught."""

import importlib.metadata
import os
import re
import shutil
import subprocess

import nbformat
import pytest
import yaml
from jupyter_client.manager import start_new_kernel
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook
from packaging.utils import canonicalize_name

import colab_runtime
from colab_runtime import AS_IN_COLAB, ROOT, STUB, TORCH, IndexUnreachable, Runtime, companions, packages, publish
from rnn2attn.check.questions import chapters

pytestmark = pytest.mark.heavy

ADDRESS = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
CHEAPEST = ROOT / "exercises/03-seq2seq-bottleneck.ipynb"
NOTEBOOKS = sorted([*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("exercises/*.ipynb")])
WIDGET = "application/vnd.jupyter.widget-view+json"
FIRST_CELL = nbformat.read(CHEAPEST, as_version=4).cells[1].source
NOWHERE = "http://127.0.0.1:9/"
NO_NETWORK = {
    "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": NOWHERE, "PIP_RETRIES": "1", "PIP_FIND_LINKS": "",
    "http_proxy": NOWHERE, "https_proxy": NOWHERE, "HTTPS_PROXY": NOWHERE,
}  # fmt: skip


@pytest.fixture
def runtime(tmp_path) -> Runtime:
    """A fresh runtime, from which git finds the library as it is on disk at the book's address."""
    try:
        folders = packages()
    except IndexUnreachable as error:
        line = f"Colab's versions are not installed here, so no notebook ran in them. {error}"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(line)
    fresh = Runtime(tmp_path / "runtime", folders)
    fresh.clone(ADDRESS, publish(tmp_path))
    return fresh


def written(path, *cells):
    """A notebook of these cells, as a file."""
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), path)
    return path


def run_alone(runtime, path):
    """Execute a notebook in a runtime, and see that it brought the library and nothing else."""
    before = runtime.freeze()
    notebook = runtime.execute(path)
    assert runtime.installed == ["rnn2attn"]
    assert not runtime.unmet("rnn2attn")
    changes = set(before) ^ set(runtime.freeze())
    assert [line.partition("@")[0] for line in changes] == ["rnn2attn "], changes
    return notebook


def test_the_runtime_holds_colabs_versions(runtime):
    """All of them, but PyTorch's where Python is not Colab's, and what PyTorch's wheel brings."""
    held = colab_runtime.versions("\n".join(runtime.freeze()))
    colab = colab_runtime.versions(colab_runtime.LIST.read_text(encoding="utf-8")) | {"torch": TORCH}
    named = {"ipython", "ipykernel", "ipywidgets", "traitlets", "numpy", "pandas", "matplotlib", "scikit-learn"}
    named |= {"babel", "tqdm", "pillow", "jupyter-client", "tornado", "pyzmq", "safetensors", "pip"}
    assert named <= set(held)
    different = {name for name, version in held.items() if colab.get(name) != version.partition("+")[0]}
    distributions = importlib.metadata.distributions(path=[str(folder) for folder in packages()])
    brought = companions({canonicalize_name(one.name): one.requires or [] for one in distributions})
    assert different - brought <= (set() if AS_IN_COLAB else {"torch", "setuptools"}), "these are not Colab's"


COMPANIONS = {
    "torch": ["numpy", "toolkit[blas]==13.0; platform_system != ''", "other; platform_system == 'Elsewhere'"],
    "toolkit": ["nvidia-blas; extra == 'blas'", "nvidia-fft; extra == 'fft'", "numpy; extra == 'all'"],
    "nvidia-blas": ["Nvidia_Link"],
}


def test_what_pytorch_brings_is_read_from_its_wheel():
    assert companions(COMPANIONS) == {"toolkit", "nvidia-blas", "nvidia-link"}
    assert companions({"torch": ["numpy"]}) == set()


@pytest.mark.skipif(not AS_IN_COLAB, reason="Python is not Colab's 3.13, so PyTorch in its runtime is this machine's")
def test_python_and_pytorch_are_colabs(runtime):
    program = (
        "import sys, torch; print(*sys.version_info[:2], torch.__version__, (torch.ones(2) @ torch.ones(2)).item())"
    )
    said = subprocess.run([runtime.python, "-c", program], env=runtime.environment, capture_output=True, text=True)
    assert re.fullmatch(rf"3 13 {re.escape(TORCH)}(\+\w+)? 2\.0\n", said.stdout), said.stderr


def test_a_notebook_runs_alone_and_changes_nothing(runtime):
    notebook = run_alone(runtime, CHEAPEST)
    points = sum(part.points for part in chapters()[3])
    shown = [
        output.get("data", {}).get("text/plain", "") for cell in notebook.cells for output in cell.get("outputs", [])
    ]
    assert any(f"Chapter 3: 0 of {points} points." in text for text in shown)


@pytest.mark.soak
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_notebook_runs_alone_and_changes_nothing(runtime, path):
    notebook = run_alone(runtime, path)
    explored = [cell for cell in notebook.cells if re.search(r"^explore\(", cell.source, re.MULTILINE)]
    assert explored or path.parent.name == "exercises"
    for cell in explored:
        (shown,) = [output.data for output in cell.outputs if WIDGET in output.get("data", {})]
        state = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"].state
        assert state[shown[WIDGET]["model_id"]].model_name == "VBoxModel"
        assert shown["image/png"]


CAUGHT = {
    "a newer pandas": ("import pandas\n\npandas.col('a')", "module 'pandas' has no attribute 'col'"),
    "what Colab lacks": ("import sacrebleu", "No module named 'sacrebleu'"),
}


@pytest.mark.soak  # how these tests see, not what the book is
@pytest.mark.parametrize(("cell", "message"), CAUGHT.values(), ids=CAUGHT)
def test_a_notebook_that_would_not_run_in_colab_is_caught(runtime, tmp_path, cell, message):
    exec(cell, {})
    with pytest.raises(CellExecutionError, match=message):
        run_alone(runtime, written(tmp_path / "made-up.ipynb", cell))


@pytest.mark.soak
def test_a_notebook_that_changes_colab_is_caught(runtime, tmp_path):
    path = written(tmp_path / "made-up.ipynb", "%pip install -q --no-deps 'tqdm<4.67'", FIRST_CELL)
    with pytest.raises(AssertionError, match=r"tqdm==4\.66"):
        run_alone(runtime, path)


@pytest.mark.soak
def test_a_library_that_colab_does_not_satisfy_is_caught(runtime, tmp_path):
    shutil.copytree(ROOT / "lib", tmp_path / "lib", ignore=shutil.ignore_patterns("*.egg-info"))
    project = tmp_path / "lib/pyproject.toml"
    project.write_text(project.read_text("utf-8").replace('"pandas>=2.2"', '"pandas>=3.0"'), encoding="utf-8")
    (tmp_path / "other").mkdir()
    runtime.clone(ADDRESS, publish(tmp_path / "other", tmp_path / "lib"))
    with pytest.raises(AssertionError, match=r"has requirement pandas>=3\.0, but you have pandas 2\."):
        run_alone(runtime, written(tmp_path / "made-up.ipynb", FIRST_CELL))


def test_without_a_network_the_first_cell_says_so(runtime, tmp_path):
    runtime.environment = {
        k: v for k, v in runtime.environment.items() if not k.startswith("GIT_CONFIG")
    } | NO_NETWORK
    with pytest.raises(CellExecutionError, match=r"AssertionError\S*: Library not fetched: is there a network\?\n$"):
        runtime.execute(written(tmp_path / "made-up.ipynb", FIRST_CELL, "import rnn2attn"))


def test_without_the_index_the_runtime_says_so(tmp_path, monkeypatch):
    for name, value in NO_NETWORK.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(IndexUnreachable, match="Colab's versions could not be installed"):
        packages(tmp_path / "cache")


SLIDER = """
from rnn2attn import plots
from rnn2attn.explore import explore

def draw(slope):
    print("drawn at", slope)
    return plots.lines({"line": [0, slope]}, x=[0, 1], xlabel="x", ylabel="y")

shown = explore(draw, describe=lambda slope: f"A line of slope {slope}.", slope=[1, 2, 4])
"""


def ipywidgets_7(runtime):
    return runtime.environment | {"PYTHONPATH": os.pathsep.join([str(STUB), str(ROOT / "lib")])}, "colab"


def ipywidgets_8(runtime):
    return {name: value for name, value in os.environ.items() if name != "RNN2ATTN_FRAMES"}, "python3"


@pytest.mark.parametrize(("where", "version"), [(ipywidgets_7, "7."), (ipywidgets_8, "8.")])
def test_a_slider_moved_in_the_browser_draws_anew(runtime, tmp_path, where, version):
    environment, name = where(runtime)
    with runtime.kernels():
        manager, client = start_new_kernel(kernel_name=name, env=environment, cwd=str(tmp_path))
    messages = []

    def run(code):
        messages.clear()
        reply = client.execute_interactive(code, output_hook=messages.append, timeout=120)
        assert reply["content"]["status"] == "ok", reply["content"]
        return "".join(message["content"]["text"] for message in messages if message["msg_type"] == "stream")

    try:
        assert run(f"{FIRST_CELL}\nimport ipywidgets; print(ipywidgets.__version__)").startswith(version)
        assert not (runtime.home / "report.json").exists(), "the library is there, and pip was called"
        assert "drawn at 2" in run(SLIDER)
        opened = {
            m["content"]["comm_id"]: m["content"]["data"]["state"] for m in messages if "comm_open" in m["msg_type"]
        }
        (slider,) = [key for key, state in opened.items() if state["_model_name"] == "SelectionSliderModel"]

        run("shown")
        (bundle,) = [message["content"]["data"] for message in messages if message["msg_type"] == "execute_result"]
        assert opened[bundle[WIDGET]["model_id"]]["_model_name"] == "VBoxModel"
        assert bundle["image/png"].startswith("iVBOR")

        # What a browser sends: the slider's model has a new state.
        data = {"method": "update", "state": {"index": 2}, "buffer_paths": []}
        client.shell_channel.send(client.session.msg("comm_msg", {"comm_id": slider, "data": data}))
        assert "A line of slope 4." in run("print(shown.widget.children[-1].value)")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
