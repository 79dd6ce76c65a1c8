"""`make bench`: time every variant, store every number, and make the tables of the page from them."""

import argparse

import pandas as pd

import caching
from tables import CACHE_RESULTS, CACHE_TABLE, RESULTS, TABLES, cache_table, tables
from timing import stamped, timed
from variants import Sizes, changes, decoder, trainer, variants


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
    return stamped(pd.DataFrame(rows).assign(tokens=sizes.batch * sizes.target))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="how often each variant is timed (default: 7)")
    rounds = parser.parse_args().rounds
    if rounds < 1:
        parser.error(f"--rounds is {rounds}, but 1 or more was expected")
    measure(rounds, Sizes(), vocabularies=(60, 8000)).to_csv(RESULTS, index=False)
    TABLES.write_text(tables(pd.read_csv(RESULTS)), encoding="utf-8")
    caching.measure(rounds, caching.Lengths()).to_csv(CACHE_RESULTS, index=False)
    CACHE_TABLE.write_text(cache_table(pd.read_csv(CACHE_RESULTS)), encoding="utf-8")
    print("Next: git diff benchmarks/*.md, and read what changed; book/speed.md says what follows from it.")
