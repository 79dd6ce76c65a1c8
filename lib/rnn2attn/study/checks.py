"""How the tests check the evidence: stored rows are measured again, and claims are seen failing under an ablation."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from rnn2attn.study.fingerprint import PACKAGE
from rnn2attn.study.results import RESULTS, read
from rnn2attn.study.runner import page_of, run


def ablated(folder: Path, module: str, code: str) -> Path:
    """A copy of the library in which one module ends with other code, to see claims fail that ought to.

    Args:
        folder: where the copy is put.
        module: "recurrent.steps".
        code: appended to the module: what it defines again replaces what was there, in the whole library.

    Returns:
        The folder, as `run` takes it.

    Raises:
        LookupError: there is no such module.
    """
    shutil.copytree(PACKAGE, folder / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    path = (folder / PACKAGE.name / module.replace(".", "/")).with_suffix(".py")
    if not path.exists():
        raise LookupError(f"{module} is no module of {PACKAGE.name}: there is no {path.relative_to(folder)}")
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n\n{code}\n")
    return folder


def reproduce(notebook: Path, seed: int, path: Path = RESULTS) -> list[str]:
    """Run a chapter again at a stored seed, and compare with its rows.

    Args:
        notebook: the chapter.
        seed: one that is stored.
        path: of results.csv.

    Returns:
        One line for each difference, as from `differences`; none if the rows stand.

    Raises:
        LookupError: the seed is not stored.
    """
    rows = read(path)
    rows = rows[rows.chapter == page_of(notebook)]
    if seed not in set(rows.seed):
        raise LookupError(f"{notebook.name} has no rows of seed {seed} in {path.name}. Next: make study")
    found, _ = run(notebook, seed)
    return differences(rows, found, seed)


def differences(
    rows: pd.DataFrame,
    found: list[dict],
    seed: int,
    rel: float = 0.05,
    spread: float = 0.25,
    whole: bool = True,
) -> list[str]:
    """Where a chapter's stored rows and what `run` found at one seed are not the same.

    Exact numbers must agree to the digits stored. Trained ones may differ between processors in their third digit:
    they must agree within a share of their size and of the range over the other seeds. Of times only the presence is
    compared; verdicts must be the same.

    Args:
        rows: of the chapter, all seeds, as from `results.read`.
        found: as from `run`.
        seed: at which they were found.
        rel: the share of a trained number.
        spread: the share of the range over the other seeds.
        whole: whether all of each curve was measured; else the points that were not are not missed.

    Returns:
        One line for each difference.
    """
    stored = {_key(row): row for _, row in rows[rows.seed == seed].iterrows()}
    others = rows[rows.seed != seed].groupby(["claim", "measure", "at"])["value"].agg(np.ptp).to_dict()
    fresh = {_key(row): row for row in found}
    # A series is called by its curve's name and its own. The one point that is measured may be of one series alone.
    sampled = {(claim, measure.partition(": ")[0]) for claim, measure, _ in fresh} if not whole else set()
    lines = [
        f"{key} is stored and no longer measured"
        for key in stored.keys() - fresh.keys()
        if not ((key[0], key[1].partition(": ")[0]) in sampled and stored[key].passed == "")
    ]
    lines += [f"{key} is measured and not stored" for key in fresh.keys() - stored.keys()]
    for key in stored.keys() & fresh.keys():
        old, new = stored[key], fresh[key]
        passed = "" if new["passed"] is None else str(new["passed"])
        room = 1e-9 + 1e-5 * abs(new["value"])
        if new["kind"] == "trained":
            room += rel * abs(new["value"]) + spread * others.get(key, 0)
        if old["passed"] != passed:
            lines.append(f"{key} is stored as passed = {old['passed']}, and gives {passed}")
        elif new["kind"] != "timed" and not np.isclose(old["value"], new["value"], rtol=0, atol=room, equal_nan=True):
            lines.append(f"{key} is stored as {old['value']:.6g}, and gives {new['value']:.6g}")
    return sorted(lines)


def _key(row: pd.Series | dict) -> tuple[str, str, str]:
    return row["claim"], row["measure"], row["at"]
