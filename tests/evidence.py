"""What the evidence tests of all chapters share: measure a chapter, honest and ablated, and compare."""

import re
from pathlib import Path

import nbformat

from conftest import ROOT
from rnn2attn.study.checks import differences
from rnn2attn.study.register import register
from rnn2attn.study.results import read
from rnn2attn.study.runner import chapter_number, run


def chapter(number: int) -> Path:
    """The notebook of a chapter."""
    (path,) = (ROOT / "notebooks").glob(f"{number:02}-*.ipynb")
    return path


def judged(rows: list[dict]) -> dict[tuple[str, str, str], bool]:
    """(claim, measure, at) → whether it passed, of the rows that a predicate judged."""
    return {(row["claim"], row["measure"], row["at"]): row["passed"] for row in rows if row["passed"] is not None}


def measured(notebook: Path) -> list[dict]:
    """The rows of a chapter as a study records them at a stored seed, one point of each curve."""
    return run(notebook, 0, whole=False)[0]


def table_gives_the_registers_verdicts(notebook: Path) -> None:
    """The chapter's last table names each of its claims with the verdict of the register."""
    text = "\n".join(c.source for c in nbformat.read(notebook, as_version=4).cells if c.cell_type == "markdown")
    verdicts = dict(re.findall(r"^\| .*\((C\d+)\) \| (\w+) \|", text, re.MULTILINE))
    number = chapter_number(notebook)
    assert verdicts == {id: claim.verdict for id, claim in register().items() if claim.chapter == number}


def stored_rows_stand(rows: list[dict], notebook: Path) -> None:
    """What was just measured is what is stored."""
    stored = read()
    assert differences(stored[stored.chapter == chapter_number(notebook)], rows, 0, whole=False) == []


def every_claim_fails(
    rows: list[dict], notebook: Path, ablations: dict[str, str], folder: Path, more: str = ""
) -> None:
    """With every `old` text of the ablations replaced by its `new`, no judged number passes any more.

    Args:
        rows: of the honest chapter.
        notebook: the chapter.
        ablations: what the chapter says → what takes its reason away; white space does not matter.
        folder: where the ablated copy is put.
        more: code that the ablations need, appended to the cell tagged `parameters`' successor.
    """
    honest = judged(rows)
    assert set(honest.values()) == {True}
    book = nbformat.read(notebook, as_version=4)
    done = set()
    for cell in book.cells:
        for old, new in ablations.items():
            if cell.cell_type == "code" and re.sub(r"\s+", "", old) in re.sub(r"\s+", "", cell.source):
                cell.source = re.sub(r"\s*".join(map(re.escape, old.split())), lambda _, new=new: new, cell.source)
                done.add(old)
    assert done == set(ablations), set(ablations) - done
    parameters = next(n for n, c in enumerate(book.cells) if "parameters" in c.metadata.get("tags", []))
    book.cells.insert(parameters + 1, nbformat.v4.new_code_cell(more))
    (folder / "nb").mkdir()
    copy = folder / "nb" / notebook.name
    nbformat.write(book, copy)
    broken = judged(run(copy, 0, whole=False)[0])
    assert broken.keys() == honest.keys()
    assert {key for key, passed in broken.items() if passed} == set()
