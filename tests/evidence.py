"""What every chapter's evidence is put to: compare what is stored with what the page shows, and ablate it."""

import re
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from building import ROOT
from rnn2attn.study import runner
from rnn2attn.study.checks import differences
from rnn2attn.study.fingerprint import same_code, version
from rnn2attn.study.register import register
from rnn2attn.study.results import read
from rnn2attn.study.runner import chapter_number, page_of
from rnn2attn.study.sentences import bound
from warm_kernels import warm_kernels

run = warm_kernels()(runner.run)


def page(name: str) -> Path:
    """The notebook of a page: "01" of chapter 1, and "01b" of its second page."""
    (path,) = (ROOT / "notebooks").glob(f"{name}-*.ipynb")
    return path


def shown(notebook: Path) -> list[tuple[str, str]]:
    """(claim, what stands behind "Measured") for every claim that the stored outputs show to hold."""
    cells = nbformat.read(notebook, as_version=4).cells
    texts = (o.data.get("text/plain", "") for c in cells for o in c.get("outputs", []) if "data" in o)
    pattern = r"Claim (C\d+): .*  Measured(?:, |: )(.*)\. The book's statement holds"
    found = (re.match(pattern, text, re.DOTALL) for text in texts)
    return [match.groups() for match in found if match]


def verdicts(notebook: Path) -> dict[str, str]:
    """Claim → verdict, as the page's last table has them."""
    cells = nbformat.read(notebook, as_version=4).cells
    text = "\n".join(c.source for c in cells if c.cell_type == "markdown")
    return dict(re.findall(r"^\| .*\((C\d+)\) \| (\w+) \|", text, re.MULTILINE))


def says(text: str, measure: str, at: str, value: float) -> bool:
    """Whether a text such as "dates, concat: mass ≈0.93; steps 5 at T = 10" has a stored number, near enough."""
    names = measure.split(": ")
    for cut in range(len(names) + 1):
        head, name = "".join(f"{part}: " for part in names[:cut]), ": ".join(names[cut:])
        if not text.startswith(head):
            continue
        for match in re.finditer(rf"(?:^|; ){re.escape(f'{name} ' if name else '')}([^;]*)", text.removeprefix(head)):
            for word in match[1].split(", "):
                number, _, place = word.partition(" at ")
                if place == at and near(number, value):
                    return True
    return False


def near(number: str, value: float) -> bool:
    """Whether a printed number is a stored one: to the digits stored, or, with ≈, as machines may differ."""
    if number in ("yes", "no"):
        return value == (number == "yes")
    try:
        x = float(number.removeprefix("≈"))
    except ValueError:
        return False
    return abs(x - value) <= (0.05 if number[0] == "≈" else 1e-5) * abs(value) + 1e-9


def plain(text: str) -> str:
    """A text without white space, capitals, its last stop, and the marks of Markdown and TeX."""
    for command, sign in ((r"\sigma", "σ"), (r"\sqrt", "√")):
        text = text.replace(command, sign)
    return re.sub(r"[$*`{}\\\s]", "", text).removesuffix(".").lower()


def judged(rows: list[dict]) -> dict[tuple[str, str, str], bool]:
    """(claim, measure, at) → whether it passed, of the rows that a predicate judged."""
    return {(row["claim"], row["measure"], row["at"]): row["passed"] for row in rows if row["passed"] is not None}


class Evidence:
    """Stored rows stand when measured again, and every claim fails under a named ablation.

    Attributes:
        notebook: the page of a chapter.
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

    @property
    def stored(self) -> pd.DataFrame:
        """The page's rows in results.csv."""
        rows = read()
        return rows[rows.chapter == page_of(self.notebook)]

    def test_the_last_table_gives_the_registers_verdicts(self):
        """The page's last table names each claim that is judged on it, with the verdict of the register."""
        table = verdicts(self.notebook)
        assert table == {id: register()[id].verdict for id in table}
        assert set(self.stored[self.stored.passed != ""].claim) <= table.keys()

    def test_the_pages_of_the_chapter_settle_all_of_its_claims(self):
        """Each claim of the chapter stands in the last table of one of its pages."""
        number = chapter_number(self.notebook)
        tables = [verdicts(path) for path in sorted((ROOT / "notebooks").glob(f"{number:02}*-*.ipynb"))]
        assert set().union(*tables) == {id for id, claim in register().items() if claim.chapter == number}

    def test_the_stored_rows_are_of_the_code_as_it_is(self):
        """What the chapter can reach is what it could reach when its rows were measured."""
        now = version(self.notebook)
        old = sorted({row for row in self.stored.version if not same_code(row, now)})
        assert not old, f"rows of {old}, and the code is {now}. Next: make study CHAPTER={page_of(self.notebook)}"

    def test_the_stored_numbers_are_those_on_the_page(self):
        """What nbval has just seen the chapter print, at its own seed, is what results.csv has judged."""
        texts = shown(self.notebook)
        rows = self.stored[(self.stored.seed == 0) & (self.stored.passed != "")]
        assert len(rows) and set(rows.passed) == {"True"}
        for row in rows.itertuples():
            mine = [text for id, text in texts if id == row.claim]
            assert any(says(text, row.measure, row.at, row.value) for text in mine), (row, mine)

    def test_its_sentences_are_held_by_the_stored_rows(self):
        """What the chapter says about its measurements holds for all stored seeds, or for as many as it asks."""
        stored = read()  # a sentence may be about what another page measured
        contradicted = [one for sentence in bound(self.notebook) if not (one := sentence.held(stored)).enough]
        assert not contradicted, contradicted

    def test_its_sentences_stand_in_the_chapter(self):
        """What is bound is what the reader reads: else the text could change, and its condition would not notice."""
        cells = nbformat.read(self.notebook, as_version=4).cells
        text = plain("".join(c.source for c in cells if c.cell_type == "markdown"))
        assert [sentence.text for sentence in bound(self.notebook) if plain(sentence.text) not in text] == []

    @pytest.mark.soak
    def test_the_stored_rows_stand(self, rows):
        """Measured again as a study does, one point of each curve, every row is what is stored."""
        assert set(judged(rows).values()) == {True}
        assert differences(self.stored, rows, 0, whole=False) == []

    @pytest.mark.soak
    def test_every_claim_fails_under_its_ablation(self, tmp_path):
        """With every `old` text of the ablations replaced by its `new`, no judged number passes any more."""
        rows = self.stored[(self.stored.seed == 0) & (self.stored.passed != "")]
        honest = set(zip(rows.claim, rows.measure, rows["at"], strict=True))
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
        assert broken.keys() == honest
        assert {key for key, passed in broken.items() if passed} == set()
