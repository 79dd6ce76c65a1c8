"""The study: each chapter executed at several seeds, and what its claims and curves measured stored in results.csv.

The cell tagged `parameters` is replaced in memory; nothing is written back. Rows are stored after each run, so an
interruption loses the run under way and nothing else. A run that is stored, with the code it came from unchanged, is
not repeated: its rows carry that code's fingerprint in `version`.
"""

import ast
import datetime
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from string import ascii_lowercase

import nbformat
import pandas as pd
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from rnn2attn.study.fingerprint import same_code, version
from rnn2attn.study.results import COLUMNS, RESULTS, TRIED, judged, read, write

FAILED = "ClaimFailed"
ABSENT = "needs data that are not here"  # a curve says so in a study where its seed is not stored


class RunFailed(RuntimeError):
    """A chapter did not run to its end, for another reason than a claim that does not hold."""


def page_of(notebook: Path) -> str:
    """Name a chapter's page: "1" for 01-rnn-gradients.ipynb, and "1b" for 01b-through-time.ipynb, the second.

    Raises:
        ValueError: the name does not begin with a number.
    """
    found = re.match(r"0*(\d+[a-z]?)-", notebook.name)
    if not found:
        raise ValueError(f"{notebook.name} does not begin with the number of its chapter, as in 01-name.ipynb")
    return found[1]


def chapter_number(notebook: Path) -> int:
    """1 for 01-rnn-gradients.ipynb and for 01b-through-time.ipynb. Raises as `page_of` does."""
    return int(page_of(notebook).rstrip(ascii_lowercase))


def run(
    notebook: Path,
    seed: int,
    *,
    recording: bool = True,
    whole: bool = True,
    trying: bool = False,
    library: Path | None = None,
) -> tuple[list[dict], list[str]]:
    """Execute a chapter at one seed, in its own folder, in a fresh kernel.

    Args:
        notebook: whose cell tagged `parameters` sets the seed.
        seed: that the cell is to set.
        recording: as a study does, past a claim that fails; else as a reader does, to the first error.
        whole: measure all of each curve; else the one point that a reader measures again.
        trying: measure that one point, and judge it by the stored band. What needs data that are not here
            is left out, with all that rests on it.
        library: a folder with another `rnn2attn` to use, as from `checks.ablated`.

    Returns:
        The rows recorded, and the messages of the claims that failed.

    Raises:
        RunFailed: a cell raised something else; two rows are the same measurement; or a reader meets a failure.
        ValueError: the notebook has not exactly one cell tagged `parameters`.
    """
    book = nbformat.read(notebook, as_version=4)
    tagged = [cell for cell in book.cells if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        raise ValueError(f"{notebook.name} has {len(tagged)} cells tagged `parameters`, where one was expected")
    tagged[0].source = f"seed = {seed}"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "rows.jsonl")
        # Nobody sees this run's sliders move.
        env = {name: value for name, value in os.environ.items() if name != "RNN2ATTN_FRAMES"}
        if library:
            env["PYTHONPATH"] = os.pathsep.join(filter(None, (str(library), env.get("PYTHONPATH"))))
        if recording:
            env |= {"RNN2ATTN_STUDY": str(file), "RNN2ATTN_SEED": str(seed)}
            env |= {} if whole else {"RNN2ATTN_CURVES": "one point"}
            env |= {"RNN2ATTN_CURVES": "one point, judged"} if trying else {}
        client = NotebookClient(
            book,
            timeout=None,
            allow_errors=recording,
            record_timing=False,
            extra_arguments=["--log-level=ERROR"],  # as in the book's build
            resources={"metadata": {"path": notebook.parent}},
        )
        try:
            client.execute(env=env)
        except DeadKernelError as error:
            raise RunFailed(f"{notebook.name}, seed {seed}: {error}") from error
        except CellExecutionError as error:
            raise RunFailed(f"{notebook.name}, seed {seed}: {error.ename}: {error.evalue}") from error
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
    cells = _with_their_data(book.cells) if trying else book.cells
    errors = [output for cell in cells for output in cell.get("outputs", []) if output.output_type == "error"]
    for error in errors:
        if error.ename != FAILED:
            raise RunFailed(f"{notebook.name}, seed {seed}: {error.ename}: {error.evalue}")
    keys = [(row["claim"], row["measure"], row["at"]) for row in rows]
    for key in keys:
        if keys.count(key) > 1:
            raise RunFailed(f"{notebook.name}, seed {seed}: {key} is recorded twice; name one with measure or at")
    return rows, [error.evalue for error in errors]


def study(
    notebooks: Sequence[Path], seeds: Iterable[int], path: Path = RESULTS, say: Callable[[str], None] = print
) -> list[str]:
    """Run every chapter at every seed that is not stored yet, and store what they measure.

    Args:
        notebooks: the chapters.
        seeds: the seeds.
        path: of results.csv.
        say: shows a line of progress.

    Returns:
        What went wrong: runs that broke, and statements that the stored seeds do not bear out.
    """
    seeds = list(seeds)
    wrong: list[str] = []
    for notebook in notebooks:
        page, now = page_of(notebook), version(notebook)
        broken = False
        for seed in seeds:
            rows = read(path)
            if (_of(rows, page, now) & (rows.seed == seed)).any():
                say(f"{notebook.stem}  seed {seed}  stored already")
                continue
            start = time.perf_counter()
            say(f"{notebook.stem}  seed {seed}  …")
            try:
                found, failed = run(notebook, seed)
            except RunFailed as error:
                say(f"  broken: {error}")
                wrong.append(str(error))
                broken = True
                continue
            rows = rows[(rows.chapter != page) | (rows.seed != seed)]
            write(pd.concat([rows, _table(found, page, seed, now)], ignore_index=True), path)
            say(f"  {time.perf_counter() - start:.0f} s, {len(found)} rows")
            for message in failed:
                say("  " + message.replace("\n", "\n    "))
        rows = read(path)
        if not broken:  # what other seeds measured with other code is no evidence for this one
            old = (rows.chapter == page) & ~_of(rows, page, now)
            if old.any():
                write(rows[~old], path)
            rows = rows[~old]
        wrong += [str(found) for found in judged(rows[rows.chapter == page]) if not found.enough]
    return wrong


def attempt(
    notebooks: Sequence[Path], seeds: Iterable[int], path: Path = TRIED, say: Callable[[str], None] = print
) -> list[str]:
    """Run every chapter as a reader does at seeds that are not stored, and store how often what holds there.

    Args:
        notebooks: the chapters.
        seeds: the seeds.
        path: of tried.csv.
        say: shows a line of progress.

    Returns:
        What went wrong: runs that broke, and what did not hold.
    """
    wrong: list[str] = []
    seeds = list(seeds)
    for notebook in notebooks:
        page, now = page_of(notebook), version(notebook)
        for seed in seeds:
            rows = read(path)
            if (_of(rows, page, now) & (rows.seed == seed)).any():
                say(f"{notebook.stem}  seed {seed}  tried already")
                continue
            try:
                found, _ = run(notebook, seed, trying=True)
            except RunFailed as error:
                wrong.append(str(error))
                say(f"  broken: {error}")
                continue
            found = [row for row in found if row["passed"] is not None]
            fell = [
                f"{row['claim']}, {row['measure']} {row['at']}: {row['value']:.6g}"
                for row in found
                if not row["passed"]
            ]
            say(f"{notebook.stem}  seed {seed}  {len(found)} judged, {len(fell)} did not hold")
            wrong += [f"{notebook.stem}, seed {seed}: {one}" for one in fell]
            rows = rows[(rows.chapter != page) | ((rows.seed != seed) & _of(rows, page, now))]
            write(pd.concat([rows, _table(found, page, seed, now)], ignore_index=True), path)
    return wrong


def _with_their_data(cells: Iterable[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """The cells but for those that needed data that are not here, or a name that such a cell was to make."""
    found, lost = [], set()
    for cell in cells:
        errors = [output.evalue for output in cell.get("outputs", []) if output.output_type == "error"]
        missing = {name for text in errors for name in re.findall(r"^name '(\w+)' is not defined", text)}
        if any(ABSENT in text for text in errors) or missing & lost:
            made = ast.walk(ast.parse(cell.source))
            lost |= {node.id for node in made if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        else:
            found.append(cell)
    return found


def _of(rows: pd.DataFrame, page: str, now: str) -> pd.Series:
    """Which rows are of this page, measured with the code as it is now."""
    same = [same_code(version, now) for version in rows.version]
    return (rows.chapter == page) & pd.Series(same, index=rows.index, dtype=bool)


def _table(found: list[dict], page: str, seed: int, now: str) -> pd.DataFrame:
    today = datetime.date.today().isoformat()
    rows = [
        {**row, "passed": "" if row["passed"] is None else str(row["passed"])}
        | {"chapter": page, "seed": seed, "version": now, "date": today}
        for row in found
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))
