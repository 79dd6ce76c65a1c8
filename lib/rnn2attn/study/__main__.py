"""`make study`: python -m rnn2attn.study [--seeds 5] [--chapter 01 …] [--notebooks notebooks].

With --try 20-39 the chapters are run as a reader runs them, at seeds that nobody has looked at, and tried.csv says
how often what is claimed held there. With --sheet nothing is run: each paragraph is printed with the rows that it is
about.
"""

import argparse
import sys
from pathlib import Path

from rnn2attn.study.results import RESULTS, TRIED
from rnn2attn.study.runner import attempt, chapter_number, page_of, study
from rnn2attn.study.sheet import sheet


def span(text: str) -> range:
    """The seeds of "20-39".

    Raises:
        argparse.ArgumentTypeError: it does not name two seeds, the smaller first.
    """
    first, _, last = text.partition("-")
    if not (first.isdigit() and last.isdigit() and int(first) <= int(last)):
        raise argparse.ArgumentTypeError(f"{text!r} does not name seeds as 20-39 does")
    return range(int(first), int(last) + 1)


def chosen(notebooks: list[Path], names: list[str]) -> list[Path]:
    """Those of the chapters and pages that are named: "1" and "01" are all pages of a chapter, "01b" is one."""
    wanted = {name.lstrip("0") for name in names}
    return [path for path in notebooks if {page_of(path), str(chapter_number(path))} & wanted]


def main() -> int:
    """Run the chapters asked for; 0 where all ran and the seeds bear every statement out, else 1."""
    parser = argparse.ArgumentParser(prog="python -m rnn2attn.study", description="Execute chapters over seeds.")
    parser.add_argument("--seeds", type=int, default=5, help="how many: 0 … SEEDS − 1 (default 5)")
    parser.add_argument(
        "--chapter", action="append", help="its number, 01, or a page of it, 01b; may be repeated (default all)"
    )
    parser.add_argument("--notebooks", type=Path, default=Path("notebooks"), help="their folder")
    parser.add_argument("--results", type=Path, help="the file to fill (default: the library's own)")
    parser.add_argument(
        "--try", dest="tried", metavar="A-B", type=span, help="run at seeds A … B, which are not stored"
    )
    parser.add_argument("--sheet", action="store_true", help="print paragraphs beside the rows that they are about")
    asked = parser.parse_args()
    found = sorted(asked.notebooks.glob("[0-9][0-9]*-*.ipynb"))
    if asked.chapter:
        found = chosen(found, asked.chapter)
    if not found or asked.seeds < 1:
        parser.error(f"there is nothing to run: {len(found)} chapters in {asked.notebooks}, {asked.seeds} seeds")
    if asked.sheet:
        print("\n\n".join(line for path in found for line in sheet(path)))
        return 0

    def say(line: str) -> None:
        print(line, flush=True)

    if asked.tried:
        wrong = attempt(found, asked.tried, asked.results or TRIED, say)
        print(f"\n{len(wrong)} did not hold.", *wrong, sep="\n  ")
        return 0
    results = asked.results or RESULTS
    wrong = study(found, range(asked.seeds), results, say)
    if wrong:
        print("\nNot borne out:", *wrong, sep="\n  ")
        return 1
    print(f"\nEvery statement is borne out. Next: git diff {results.name}, and make book.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
