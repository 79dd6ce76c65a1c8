"""The tables on the page for instructors: ``python exercises/grading/tests/instructors_page.py`` writes them."""

from pathlib import Path

from attacks import FILES, GROUPS
from equivalent import EQUIVALENT
from mutants import mutants

from rnn2attn_grading.chapters import CHAPTERS

PAGE = Path(__file__).resolve().parents[3] / "book/instructors.md"


def attacks() -> str:
    """What is tried, and what happens; `test_attacks.py` sees it happen."""
    heads = "| What is tried | What happens | Points | Status |\n|---|---|---|---|\n"
    text = ""
    for title, rows in [*GROUPS.items(), ("Files", FILES)]:
        text += f"\n### {title}\n\n{heads}"
        for row in rows:
            points = "all" if row.points else "none"
            text += (
                f"| {row.tries} | {row.happens} | {points} | {row.status} |\n"
            )
    return text


def questions() -> str:
    """How much stands behind each question; `test_specifications.py` sees mistakes and changes lose their points."""
    text = "\n| Question | Functions | Points | Mistakes | Changes | Right as well |\n|---|---|---|---|---|---|\n"
    sums = [0, 0, 0, 0]
    for chapter in CHAPTERS:
        for question in chapter.questions:
            names = ", ".join(f"`{part.name}`" for part in question.parts)
            row = [
                sum(part.points for part in question.parts),
                sum(len(part.mistakes) for part in question.parts),
                sum(len(mutants(part.reference)) for part in question.parts),
                sum(
                    n
                    for part in question.parts
                    for n, _ in EQUIVALENT.get(part.name, {}).values()
                ),
            ]
            text += f"| {question.number} | {names} | {' | '.join(map(str, row))} |\n"
            sums = [a + b for a, b in zip(sums, row, strict=True)]
    return f"{text}| all | | {' | '.join(map(str, sums))} |\n"


def page(text: str) -> str:
    """The text of the page, with the tables as they should be.

    Raises:
        ValueError: a table's place is not marked.
    """
    for make in (attacks, questions):
        begin, end = (
            f"<!-- {make.__name__} -->\n",
            f"<!-- end of {make.__name__} -->\n",
        )
        head, found, rest = text.partition(begin)
        _, ended, tail = rest.partition(end)
        if not (found and ended):
            raise ValueError(
                f"The page has no place for the table of {make.__name__}."
            )
        text = f"{head}{begin}{make()}\n{end}{tail}"
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
