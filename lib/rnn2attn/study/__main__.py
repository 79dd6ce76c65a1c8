"""`make study`: python -m rnn2attn.study [--seeds 5] [--chapter 01 …] [--notebooks notebooks]."""

import argparse
import sys
from pathlib import Path

from rnn2attn.study.results import RESULTS
from rnn2attn.study.runner import study


def main() -> int:
    """Run the chapters asked for; 0 where all ran and the seeds bear every statement out, else 1."""
    parser = argparse.ArgumentParser(prog="python -m rnn2attn.study", description="Execute chapters over seeds.")
    parser.add_argument("--seeds", type=int, default=5, help="how many: 0 … SEEDS − 1 (default 5)")
    parser.add_argument("--chapter", action="append", help="its number, such as 01; may be repeated (default all)")
    parser.add_argument("--notebooks", type=Path, default=Path("notebooks"), help="their folder")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the file to fill (default: the library's own)")
    asked = parser.parse_args()
    found = sorted(asked.notebooks.glob("[0-9][0-9]-*.ipynb"))
    if asked.chapter:
        found = [path for path in found if path.name[:2] in {chapter.zfill(2) for chapter in asked.chapter}]
    if not found or asked.seeds < 1:
        parser.error(f"there is nothing to run: {len(found)} chapters in {asked.notebooks}, {asked.seeds} seeds")
    wrong = study(found, range(asked.seeds), asked.results, lambda line: print(line, flush=True))
    if wrong:
        print("\nNot borne out:", *wrong, sep="\n  ")
        return 1
    print(f"\nEvery statement is borne out. Next: git diff {asked.results.name}, and make book.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
