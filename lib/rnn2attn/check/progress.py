"""Progress, kept in a file beside the notebook: which part earned how many points, at which version of the part.

The file is JSON. One that cannot be read is set aside under another name, never overwritten.
"""

import json
import os
from pathlib import Path

from rnn2attn.check.questions import Part

FILE = "rnn2attn-progress.json"
FORMAT = "progress in the exercises of rnn2attn, 1"
FOLDER = Path.cwd()  # where the kernel started: a later chdir does not move the file

_session: dict[str, dict] = {}  # what was checked since the start, for where nothing can be written
_said: set[str] = set()


def path() -> Path:
    """Where the file lies."""
    return FOLDER / FILE


def parse(text: str) -> dict[str, dict]:
    """The entries of a progress file, by the part's name. ValueError: it is none."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT or not isinstance(data.get("parts"), dict):
        raise ValueError("it is no progress file of these exercises")
    return data["parts"]


def entries() -> tuple[dict[str, dict], list[str]]:
    """What is stored and what was checked since, by the part's name, and what there is to say about the file."""
    stored, notes = {}, []
    try:
        stored = parse(path().read_text("utf-8"))
    except FileNotFoundError:
        pass
    except (ValueError, OSError) as error:
        notes = _set_aside(error)
    return {**stored, **_session}, notes


def record(part: Part, points: int) -> list[str]:
    """Keep the points of a part, and return what there is to say about it: nothing, as a rule."""
    _session[part.name] = {"points": points, "of": part.points, "version": part.version}
    return keep()


def keep() -> list[str]:
    """Write the file anew, whole or not at all."""
    together, notes = entries()
    text = json.dumps({"format": FORMAT, "parts": together}, indent=1, sort_keys=True) + "\n"
    temporary = path().with_name(f".{FILE}.{os.getpid()}")
    try:
        temporary.write_text(text, "utf-8")
        temporary.replace(path())
    except OSError as error:
        notes.append(f"Progress is not kept beyond this session: {path()} cannot be written ({error.strerror}).")
    return once(*notes)


def once(*notes: str) -> list[str]:
    """Those of the notes that were not said in this session; from now on they are."""
    new = [note for note in notes if note not in _said]
    _said.update(new)
    return new


def points(part: Part, known: dict[str, dict]) -> int | None:
    """The stored points of a part; None if it was not tried, or has changed since."""
    entry = known.get(part.name)
    fits = (
        isinstance(entry, dict) and entry.get("version") == part.version and entry.get("points") in (0, part.points)
    )
    return entry["points"] if fits else None


def merge(text: str) -> None:
    """Take over another progress file, except where more points are stored here. ValueError: it is none."""
    for name, entry in parse(text).items():
        if isinstance(entry, dict) and isinstance(entry.get("points"), int):
            here = entries()[0].get(name)
            if not isinstance(here, dict) or entry["points"] >= here.get("points", 0):
                _session[name] = entry
    keep()


def _set_aside(error: Exception) -> list[str]:
    name = next(f"{FILE}.unread-{n}" for n in range(1, 10_000) if not (FOLDER / f"{FILE}.unread-{n}").exists())
    try:
        path().rename(FOLDER / name)
    except OSError:
        return [f"{path()} cannot be read ({error}), and was left as it is."]
    return [f"{FILE} cannot be read ({error}). It was kept as {name}, and a new one was begun."]


def in_colab() -> bool:
    """Whether this is a Colab runtime, whose disk goes when it ends."""
    try:
        import google.colab  # noqa: F401
    except ImportError:
        return False
    return True
