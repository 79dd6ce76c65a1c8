"""No stale page: when anything that a chapter's outputs depend on has changed, every chapter executes again.

jupyter-cache compares cells only, and Sphinx compares source files only. Neither sees that the library has changed,
and neither remembers that the last build failed. So the build keeps a fingerprint of what lies behind the pages, and
writes it only when it ended without a warning; where it is missing or differs, the cache is emptied and all is read.
"""

import hashlib
import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

BEHIND = ("requirements.txt", "_config.yml", "_toc.yml", "lib/pyproject.toml", "lib/rnn2attn", "book/extension")


def fingerprint(root: Path) -> str:
    """A hash of the names and contents of the files behind the pages."""
    digest = hashlib.sha256()
    for name in BEHIND:
        path = root / name
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        for file in files:
            if "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(root)}\0{file.stat().st_size}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def _stamp(app: Sphinx) -> Path:
    return Path(app.doctreedir) / "fingerprint"


def _compare(app: Sphinx) -> None:
    stamp = _stamp(app)
    app.fingerprint = fingerprint(Path(app.srcdir))
    app.is_fresh = stamp.exists() and stamp.read_text() == app.fingerprint
    if not app.is_fresh:
        stamp.unlink(missing_ok=True)
        shutil.rmtree(
            app.config.nb_execution_cache_path or Path(app.outdir).parent / ".jupyter_cache", ignore_errors=True
        )


def _outdated(app: Sphinx, env: BuildEnvironment, added: set, changed: set, removed: set) -> list[str]:
    return [] if app.is_fresh else sorted(env.found_docs)


def _finish(app: Sphinx, exception: Exception | None) -> None:
    stamp = _stamp(app)
    if exception is None and not app._warncount:
        stamp.write_text(app.fingerprint)  # of the start: what changed while the pages were made is not in them
    else:
        stamp.unlink(missing_ok=True)


def setup(app: Sphinx) -> dict:
    """Compare at the start of the build, keep the fingerprint at its end."""
    app.connect("builder-inited", _compare, priority=0)
    app.connect("env-get-outdated", _outdated)
    app.connect("build-finished", _finish, priority=1000)
    return {"version": "1", "parallel_read_safe": True}
