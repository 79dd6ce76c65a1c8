"""A bar on stderr: how many submissions have their grade."""

import sys
import time
from typing import TextIO

WIDTH = 30


class Progress:
    """To be called with how many are done, of how many, and what was done last.

    On a terminal the line is written anew each time; elsewhere there is a new
    line every 10 seconds.

    Args:
        file: where it is written.
    """

    def __init__(self, file: TextIO = sys.stderr):
        self._file, self._said = file, 0.0

    def __call__(self, done: int, of: int, name: str) -> None:
        """Say that so many are done, of so many, and what was the last."""
        now = time.monotonic()
        last = done == of
        if not self._file.isatty() and not last and now < self._said + 10:
            return
        self._said = now
        full = WIDTH * done // of
        shown = "".join(c if c.isprintable() else "?" for c in name)[:40]
        line = f"[{'#' * full}{'.' * (WIDTH - full)}] {done} of {of}  {shown}"
        if self._file.isatty():
            end = "\n" if last else ""
            self._file.write(f"\r{line}\x1b[K{end}")
        else:
            self._file.write(f"{line}\n")
        self._file.flush()
