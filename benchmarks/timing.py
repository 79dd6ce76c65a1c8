"""How the benchmarks measure: CPU time, in turns, with the machine's name beside it."""

import platform
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from time import process_time
from typing import TypeVar

import pandas as pd
import torch

Job = TypeVar("Job")


def timed(jobs: dict[Job, Callable], rounds: int) -> Iterator[tuple[Job, int, float]]:
    """CPU seconds of each job in each round. All take turns, so that a slow minute of the machine hits all alike.

    CPU time is what this process used, and not what others on the machine did meanwhile. On one thread of an idle
    machine it is the time by the clock.
    """
    for job in jobs.values():
        job()
    for number in range(rounds):
        for name, job in jobs.items():
            start = process_time()
            job()
            yield name, number, process_time() - start


def stamped(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows, each with the processor, the versions and the day."""
    versions = {"cpu": processor(), "torch": torch.__version__, "python": platform.python_version()}
    return rows.assign(**versions, date=date.today().isoformat())


def processor() -> str:
    """The CPU's model as Linux names it, elsewhere as Python does."""
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if "model name" in line] if info.exists() else []
    return names[0].partition(":")[2].strip() if names else platform.processor()
