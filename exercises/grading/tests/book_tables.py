"""The tables on the book's pages about exercises. `make exercises` writes them."""

import argparse
from pathlib import Path

from attacks import FILES, GROUPS
from equivalent import EQUIVALENT
from mutants import mutants

from rnn2attn_grading.authoring.notebooks import colab
from rnn2attn_grading.cli import repository
from rnn2attn_grading.questions.chapters import CHAPTERS
from rnn2attn_grading.questions.specification import Question

ROOT = Path(__file__).resolve().parents[3]


def attacks() -> str:
    """What is tried, and what happens; `test_attacks.py` sees it happen."""
    heads = "| What is tried | What happens | Points | Status |\n|---|---|---|---|\n"
    text = ""
    for title, rows in [*GROUPS.items(), ("Files", FILES)]:
        text += f"\n### {title}\n\n{heads}"
        for row in rows:
            points = "all" if row.points else "none"
            text += f"| {row.tries} | {row.happens} | {points} | {row.status} |\n"
    return text


def questions() -> str:
    """How much stands behind each question; `test_specifications.py` sees mistakes and changes lose their points."""
    text = "\n| Question | Functions | Points | Mistakes | Changes | Right as well |\n|---|---|---|---|---|---|\n"
    sums = [0, 0, 0]
    for chapter in CHAPTERS:
        for question in chapter.questions:
            names = ", ".join(f"`{part.name}`" for part in question.parts)
            row = [
                sum(len(part.mistakes) for part in question.parts),
                sum(len(mutants(part.reference)) for part in question.parts),
                sum(n for part in question.parts for n, _ in EQUIVALENT.get(part.name, {}).values()),
            ]
            text += f"| {question.number} | {names} | {points(question)} | {' | '.join(f'{n:,}' for n in row)} |\n"
            sums = [a + b for a, b in zip(sums, row, strict=True)]
    return f"{text}| all | | {sum(chapter.points for chapter in CHAPTERS)} | {' | '.join(f'{n:,}' for n in sums)} |\n"


def points(question: Question) -> str:
    """The points of a question, function by function."""
    return " + ".join(str(part.points) for part in question.parts)


def chapters() -> str:
    """How much each chapter asks, and where its notebook is."""
    text = "\n| Chapter | Points | Time | Notebook |\n|---|---|---|---|\n"
    for chapter in CHAPTERS:
        download = f"{{download}}`download <../exercises/{chapter.stem}.ipynb>`"
        there = f"[run it in Colab]({colab(chapter, *repository(ROOT))})"
        text += f"| {chapter.number} | {chapter.points} | {chapter.time} | {download}, or {there} |\n"
    return text


PAGES = {"instructors": (attacks, questions), "exercises": (chapters,)}


def page(name: str) -> tuple[Path, str]:
    """A page of the book, and its text with the tables as they should be.

    Raises:
        ValueError: a table's place is not marked.
    """
    path = ROOT / f"book/{name}.md"
    text = path.read_text("utf-8")
    for make in PAGES[name]:
        begin, end = (f"<!-- {make.__name__} -->\n", f"<!-- end of {make.__name__} -->\n")
        head, found, rest = text.partition(begin)
        _, ended, tail = rest.partition(end)
        if not (found and ended):
            raise ValueError(f"The page has no place for the table of {make.__name__}.")
        text = f"{head}{begin}{make()}\n{end}{tail}"
    return path, text


def main() -> None:
    """Write them."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    for path, text in map(page, PAGES):
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
