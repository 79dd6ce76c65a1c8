"""Chapters are executed several at a time, one thread each, before the pages are made of them.

myst-nb executes a notebook when it reads it, one after the other, unless jupyter-cache has what it would give.
So the cache is filled beforehand. A chapter that fails is left to myst-nb, which executes it again and reports it.
"""

import gc
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

QUIET = ["--log-level=ERROR"]  # a kernel warns that it listens on this machine without encryption
logger = logging.getLogger(__name__)


def _execute(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Fill the cache with those of these pages that are notebooks and not in it."""
    if app.config.nb_execution_mode != "cache":
        return
    cache = get_cache(env.mystnb_config.execution_cache_path)
    left = []
    for path in (Path(env.doc2path(name)) for name in sorted(docnames)):
        if path.suffix == ".ipynb":
            notebook = nbformat.read(path, as_version=4)
            with suppress(KeyError):
                cache.match_cache_notebook(notebook)
                continue
            left.append((path, notebook))

    def run(one: tuple[Path, nbformat.NotebookNode]) -> float | None:
        path, notebook = one
        done = single_nb_execution(
            notebook, str(path.parent), app.config.nb_execution_timeout, allow_errors=False, extra_arguments=QUIET
        )
        said = f"{done.time:.0f} s" if done.err is None else f"failed after {done.time:.0f} s"
        logger.info("Executed %s: %s", path.stem, said)
        return done.time if done.err is None else None

    with ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as together:
        for (path, notebook), seconds in zip(left, together.map(run, left), strict=True):
            if seconds is not None:
                record = cache.add_nb_to_project(str(path))
                bundle = CacheBundleIn(notebook, record.uri, data={"execution_seconds": seconds})
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def setup(app: Sphinx) -> dict:
    """Have kernels draw the explorables' frames and stop at what does not hold, on one thread; execute first."""
    os.environ.setdefault("RNN2ATTN_FRAMES", "1")
    os.environ.setdefault("RNN2ATTN_STRICT", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    gc.set_threshold(100_000)  # pages are trees of many objects that stay: to look at them took a ninth of a build
    app.connect("env-before-read-docs", _execute)
    return {"version": "1", "parallel_read_safe": True}
