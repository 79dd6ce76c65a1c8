"""`make bench`: time every variant, store every number in results.csv, and make the tables of the page from it."""

import argparse
import platform
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from time import process_time

import pandas as pd
import torch

from tables import RESULTS, TABLES, tables
from variants import Sizes, Variant, changes, decoder, trainer, variants


def processor() -> str:
    """The CPU's model as Linux names it, elsewhere as Python does."""
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if "model name" in line] if info.exists() else []
    return names[0].partition(":")[2].strip() if names else platform.processor()


def timed(jobs: dict[Variant, Callable], rounds: int) -> Iterator[tuple[Variant, int, float]]:
    """CPU seconds of each job in each round. All take turns, so that a slow minute of the machine hits all alike.

    CPU time is what this process used, and not what others on the machine did meanwhile. On one thread of an idle
    machine it is the time by the clock.
    """
    for job in jobs.values():
        job()
    for number in range(rounds):
        for variant, job in jobs.items():
            start = process_time()
            job()
            yield variant, number, process_time() - start


def measure(rounds: int, sizes: Sizes, vocabularies: tuple[int, ...]) -> pd.DataFrame:
    """One row a number, with the columns that `tables` takes."""
    rows = []
    for V in vocabularies:
        training = {variant: trainer(variant, V, sizes) for variant in (*variants(), *changes())}
        decoding = {variant: decoder(variant, V, sizes) for variant in variants()}
        for task, jobs in {"training": training, "decoding": decoding}.items():
            for variant, number, seconds in timed(jobs, rounds):
                where = {"task": task, "vocabulary": V, "cell": variant.cell, "decoder": variant.decoder}
                rows.append(where | {"way": variant.way, "round": number, "seconds": f"{seconds:.5g}"})
            print(f"{task}, V = {V}: {len(jobs)} variants, {rounds} rounds", flush=True)
    versions = {"cpu": processor(), "torch": torch.__version__, "python": platform.python_version()}
    return pd.DataFrame(rows).assign(tokens=sizes.batch * sizes.target, **versions, date=date.today().isoformat())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="how often each variant is timed (default: 7)")
    rounds = parser.parse_args().rounds
    if rounds < 1:
        parser.error(f"--rounds is {rounds}, but 1 or more was expected")
    measure(rounds, Sizes(), vocabularies=(60, 8000)).to_csv(RESULTS, index=False)
    TABLES.write_text(tables(pd.read_csv(RESULTS)), encoding="utf-8")
    print("Next: git diff benchmarks/tables.md, and read what changed; book/speed.md says what follows from it.")
