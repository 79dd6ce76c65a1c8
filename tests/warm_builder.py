"""Builds that start at once: copies (fork) of one process that has imported Sphinx and the like already.

A build takes two seconds of a processor before it looks at a page, and nearly all of it goes into importing what is
the same for each. The process that is copied has imported other people's packages and none of the book's. Each copy
is then what `jupyter-book` is: with its own arguments, folder, environment and end. The book that all tests look at,
and the builds of test_execution.py, are made by the command itself.
"""

import functools
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

IMPORTED = [
    *("jupyter_book.cli.main", "jupyter_book.sphinx", "sphinx.builders.html", "myst_nb.sphinx_ext"),
    *("sphinx_book_theme", "sphinxcontrib.bibtex", "pandas", "matplotlib.figure", "fontTools.subset"),
]


@functools.cache
def _server() -> subprocess.Popen:
    """The process that is copied; it ends when this one does, and its stdin with it."""
    command = [sys.executable, __file__]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def run(command: list[str], cwd: Path, env: dict) -> subprocess.CompletedProcess:
    """Do what subprocess.run does with a command of jupyter-book, and capture what it says."""
    sys.audit("subprocess.Popen", command[0], command, cwd, env)  # for whoever watches what is started
    with tempfile.TemporaryDirectory() as said:
        files = [f"{said}/out", f"{said}/err"]
        task = {"command": command, "cwd": str(cwd), "env": env, "files": files}
        server = _server()
        print(json.dumps(task), file=server.stdin, flush=True)
        code = int(server.stdout.readline())
        return subprocess.CompletedProcess(command, code, *(Path(name).read_text("utf-8") for name in files))


def _become(command, cwd, env, files):
    for number, name in enumerate([os.devnull, *files]):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT), number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = command
    sys.path[:1] = [str(Path(command[0]).parent), *filter(None, env.get("PYTHONPATH", "").split(os.pathsep))]
    sys.modules["jupyter_book.cli.main"].main()


def _serve():
    for name in IMPORTED:
        importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            return _become(**json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    _serve()
