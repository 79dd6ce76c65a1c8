"""Execute notebooks and store their outputs in them, with nothing that changes from run to run."""

import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient


def execute(path: Path) -> None:
    """Run a notebook in its own folder, in a fresh kernel, and write it back with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=600, record_timing=False, resources={"metadata": {"path": path.parent}})
    client.execute()
    notebook.metadata.pop("widgets", None)
    notebook.metadata.language_info = {"name": "python"}
    nbformat.write(notebook, path)


if __name__ == "__main__":
    # As in the book's build (book/extension/execution.py).
    os.environ.setdefault("RNN2ATTN_FRAMES", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for name in sys.argv[1:]:
        start = time.perf_counter()
        print(f"{name} …", end=" ", flush=True)
        execute(Path(name))
        print(f"{time.perf_counter() - start:.0f} s")
