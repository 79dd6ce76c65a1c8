"""Execute notebooks and store their outputs in them, with nothing that changes from run to run."""

import argparse
import os
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient


def execute(path: Path) -> None:
    """Run a notebook in its own folder, in a fresh kernel, and write it back with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=600,
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],  # as in the build
        resources={"metadata": {"path": path.parent}},
    )
    client.execute()
    notebook.metadata.pop("widgets", None)
    notebook.metadata.language_info = {"name": "python"}
    nbformat.write(notebook, path)


def main() -> None:
    """Execute the notebooks named, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="+", type=Path)
    # As in the book's build (book/extension/execution.py).
    os.environ.setdefault("RNN2ATTN_FRAMES", "1")
    os.environ.setdefault("RNN2ATTN_STRICT", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for path in parser.parse_args().notebooks:
        start = time.perf_counter()
        print(f"{path} …", end=" ", flush=True)
        execute(path)
        print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
