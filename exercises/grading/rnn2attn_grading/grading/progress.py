"""A bar on stderr: how many submissions have their grade."""

import math
import sys
import time
from typing import TextIO

from rnn2attn_grading.reports.visible import visible

WIDTH = 30


class Progress:
    """To be called with how many are done, of how many, and what was done last.

    On a terminal the line is written anew each time; elsewhere there is a new
    line at once and every 10 seconds.

    Args:
        file: where it is written.
    """

    def __init__(self, file: TextIO = sys.stderr):
        self._file, self._said = file, -math.inf

    def found(self, count: int, name: str) -> None:
        """Say that so many files are read, and whose was the last."""
        self._say(f"{count} read  {_shown(name)}")

    def tell(self, sentence: str) -> None:
        """Say something that is not to be missed, on a line of its own."""
        line = " ".join(visible(sentence).split())
        self._file.write(f"\r{line}\x1b[K\n" if self._file.isatty() else f"{line}\n")
        self._file.flush()

    def __call__(self, done: int, of: int, name: str) -> None:
        """Say that so many are done, of so many, and what was the last."""
        full = WIDTH * done // of
        line = f"[{'#' * full}{'.' * (WIDTH - full)}] {done} of {of}  {_shown(name)}"
        self._say(line, last=done == of)

    def _say(self, line: str, last: bool = False) -> None:
        now = time.monotonic()
        if not self._file.isatty() and not last and now < self._said + 10:
            return
        self._said = now
        if self._file.isatty():
            end = "\n" if last else ""
            self._file.write(f"\r{line}\x1b[K{end}")
        else:
            self._file.write(f"{line}\n")
        self._file.flush()


def _shown(name: str) -> str:
    """A name as a terminal may have it: short, and without signs that steer."""
    return "".join(c if c.isprintable() else "?" for c in name)[:40]
