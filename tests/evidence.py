"""What every chapter's evidence is put to: measure it, honest and ablated, and compare."""

import re
from pathlib import Path

import nbformat
import pytest

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


class Evidence:
    """Stored rows stand when measured again, and every claim fails under a named ablation.

    Attributes:
        notebook: the chapter.
        ablations: what the chapter says → what takes its reason away; white space does not matter. Under these every
            claim of the chapter has to fail.
        more: code that the ablations need, put behind the cell tagged `parameters`.
    """

    notebook: Path
    ablations: dict[str, str]
    more = ""

    @pytest.fixture(scope="class")
    @classmethod
    def rows(cls) -> list[dict]:
        """The rows of the chapter as a study records them at a stored seed, one point of each curve."""
        return run(cls.notebook, 0, whole=False)[0]

    def test_the_chapters_table_gives_the_registers_verdicts(self):
        """The chapter's last table names each of its claims with the verdict of the register."""
        cells = nbformat.read(self.notebook, as_version=4).cells
        text = "\n".join(c.source for c in cells if c.cell_type == "markdown")
        verdicts = dict(re.findall(r"^\| .*\((C\d+)\) \| (\w+) \|", text, re.MULTILINE))
        number = chapter_number(self.notebook)
        assert verdicts == {id: claim.verdict for id, claim in register().items() if claim.chapter == number}

    def test_the_stored_rows_stand(self, rows):
        """What was just measured is what is stored."""
        stored = read()
        stored = stored[stored.chapter == chapter_number(self.notebook)]
        assert differences(stored, rows, 0, whole=False) == []

    def test_every_claim_fails_under_its_ablation(self, rows, tmp_path):
        """With every `old` text of the ablations replaced by its `new`, no judged number passes any more."""
        honest = judged(rows)
        assert set(honest.values()) == {True}
        book = nbformat.read(self.notebook, as_version=4)
        done = set()
        for cell in book.cells:
            for old, new in self.ablations.items():
                if cell.cell_type == "code" and re.sub(r"\s+", "", old) in re.sub(r"\s+", "", cell.source):
                    cell.source = re.sub(
                        r"\s*".join(map(re.escape, old.split())), lambda _, new=new: new, cell.source
                    )
                    done.add(old)
        assert done == set(self.ablations), set(self.ablations) - done
        parameters = next(n for n, c in enumerate(book.cells) if "parameters" in c.metadata.get("tags", []))
        book.cells.insert(parameters + 1, nbformat.v4.new_code_cell(self.more))
        (tmp_path / "nb").mkdir()
        copy = tmp_path / "nb" / self.notebook.name
        nbformat.write(book, copy)
        broken = judged(run(copy, 0, whole=False)[0])
        assert broken.keys() == honest.keys()
        assert {key for key, passed in broken.items() if passed} == set()
