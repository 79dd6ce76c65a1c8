"""`curve`: one function measured over a grid and over seeds in a study, stored, and measured again at one point."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rnn2attn.study.claims import kind_of
from rnn2attn.study.register import look_up
from rnn2attn.study.results import elsewhere, read, record, sampling, strict, studying, trying
from rnn2attn.study.shown import number

EXACT = 1e-5  # of an exact number: the stored ones have six digits
WIDER = 1.0  # the stored band is widened on either side by this share of its width …
ROOM = 0.1  # … and by this share of the largest stored number, for where all seeds agree


class OutsideBand(AssertionError):
    """A point measured again does not lie where the stored ones do. Only the build and the tests raise it."""

    def _render_traceback_(self) -> list[str]:
        return [f"OutsideBand: {self}"]


@dataclass(frozen=True)
class Curve:
    """A curve over seeds, ready for ``plots.lines(curve.series, x=curve.x, …)``.

    Attributes:
        x: the N points of the grid.
        series: name → values, (seeds, N); NaN where a run measures one point only.
        seeds: of the rows; in a study, the one of the run.
        live: what was measured again, in words; nothing in a study.
    """

    x: tuple
    series: dict[str, np.ndarray]
    seeds: tuple[int, ...]
    live: str

    def table(self) -> pd.DataFrame:
        """Medians over the seeds as text, one row for each point of the grid, one column for each series."""
        medians = {label: np.median(values, axis=0) for label, values in self.series.items()}
        return pd.DataFrame(medians, index=list(self.x)).map(lambda x: number(x, "trained"))

    def __repr__(self) -> str:
        return self.live or f"measured at {len(self.x)} points, seed {self.seeds[0]}"


def curve(
    id: str,
    measure: Callable[..., float | Mapping[str, float]],
    over: Mapping[str, Sequence],
    *,
    seed: int,
    name: str = "",
    again: object = None,
    log: bool = False,
    kind: str | None = None,
    data: bool = True,
) -> Curve:
    """In a study, measure every point at its seed and store the rows; else load them, and measure one point again.

    The point measured again must lie in the stored band: between the smallest and the largest number stored for it,
    widened on either side by the width of that band and by a tenth of its largest number. With log, both are taken of
    the logarithms, so the tenth is a factor of 1.1. An exact curve has no tenth, and at a seed that is stored it must
    give the stored number.

    Args:
        id: of the claim that the curve belongs to.
        measure: ``measure(point, seed)`` → a number, or series name → number. With two axes
            ``measure(point, series, seed)`` → a number.
        over: the name of the axis and its points, ``{"length": [5, 10, 20]}``. A second axis has the series' names,
            ``{"layers": [2, 6], "norm": ["pre-norm", "post-norm"]}``: then one series is measured again, not all.
        seed: the reader's.
        name: of the curve, where a claim has several.
        again: the point to measure again, with two axes a pair; the first if not given.
        log: whether the numbers are positive and compared by their logarithms.
        kind: which of its kinds this curve has, where the register gives the claim several.
        data: whether the data that ``measure`` needs are at hand. Without them nothing is measured: what is stored is
            shown, marked so, and a study keeps what it has for its seed.

    Raises:
        LookupError: nothing is stored for these points; `make study` stores it.
        OutsideBand: the point measured again leaves the stored band. A reader is told so, and no more.
        ValueError: the id is unknown, over has neither one axis nor two, or again is none of its points.
    """
    kind = kind_of(look_up(id), kind)
    if len(over) not in (1, 2):
        raise ValueError(f"over has {len(over)} axes, where one was expected, or two: the second makes a series each")
    (axis, points), *second = over.items()
    names = list(second[0][1]) if second else None
    if again is None:
        again = (points[0], names[0]) if second else points[0]
    again, *chosen = again if second else (again,)
    if again not in points:
        raise ValueError(f"again is {again}, which is none of the points {', '.join(map(str, points))}")
    if second and chosen[0] not in names:
        raise ValueError(f"the series to measure again is {chosen[0]}, which is none of {', '.join(map(str, names))}")

    if not data:
        return _as_stored(id, kind, name, axis, points, again, seed)

    def measured(point: object, names: Sequence[str] | None) -> dict[str, float]:
        found = measure(point, seed) if names is None else {name: measure(point, name, seed) for name in names}
        return {label: float(x) for label, x in (found if isinstance(found, Mapping) else {"": found}).items()}

    def stored_as(label: str) -> str:
        return ": ".join(part for part in (name, label) if part)

    if studying() is not None:
        if seed != studying():
            raise ValueError(f"the curve of {id} was given seed {seed} in a study of seed {studying()}")
        wanted = {again: chosen or None} if sampling() else dict.fromkeys(points, names)
        found = {point: measured(point, labels) for point, labels in wanted.items()}
        for point, row in found.items():
            for label, x in row.items():
                measure, at = stored_as(label), f"{axis}={point}"
                inside = _inside(x, _stored(id, [measure], [at])[0][at], seed, kind, log) if trying() else None
                record(id, kind, [(measure, at, x)], inside)
        nothing = dict.fromkeys(names or found[again], np.nan)
        rows = [nothing | found.get(point, {}) for point in points]
        series = {label or name or id: np.array([[row[label] for row in rows]]) for label in nothing}
        return Curve(tuple(points), series, (seed,), "")

    live = measured(again, chosen or None)
    labels = names or list(live)
    tables = _stored(id, [stored_as(label) for label in labels], [f"{axis}={point}" for point in points])
    place = list(points).index(again)
    texts = [
        f"{label} {_compare(live[label], table.iloc[:, place], seed, kind, log, (id, stored_as(label)))}".strip()
        for label, table in zip(labels, tables, strict=True)
        if label in live
    ]
    seeds = tuple(int(s) for s in tables[0].index)
    text = "\n  ".join([f"{len(seeds)} seeds stored; {axis} = {again} measured again with seed {seed}:", *texts])
    series = {label or name or id: table.to_numpy() for label, table in zip(labels, tables, strict=True)}
    return Curve(tuple(points), series, seeds, text)


def _as_stored(id: str, kind: str, name: str, axis: str, points: Sequence, again: object, seed: int) -> Curve:
    """What `curve` returns without the data: the stored rows; in a study those of its seed, recorded again."""
    rows, at, prefix = read(), [f"{axis}={point}" for point in points], f"{name}: " if name else ""
    mine = rows[(rows.claim == id) & rows["at"].isin(at) & rows.measure.str.startswith(prefix)]
    measures = list(dict.fromkeys(mine.measure))
    if studying() is not None:
        mine = mine[(mine.seed == seed) & ((mine["at"] == f"{axis}={again}") | (not sampling()))]
        if mine.empty:
            raise LookupError(f"the curve of {id} needs data that are not here, and seed {seed} is not stored")
        record(id, kind, mine[["measure", "at", "value"]].itertuples(index=False), None)
    tables = _stored(id, measures, at)
    if studying() is not None:
        tables = [table.loc[[seed]] for table in tables]
    seeds = tuple(int(s) for s in tables[0].index)
    series = {m.removeprefix(prefix) or name or id: t.to_numpy() for m, t in zip(measures, tables, strict=True)}
    text = f"{len(seeds)} seeds stored. The data are not here, so nothing was measured again."
    return Curve(tuple(points), series, seeds, text)


def _stored(id: str, labels: list[str], at: list[str]) -> list[pd.DataFrame]:
    """For each series a table (seeds, N), of the seeds that have every point of every series."""
    rows = read()
    rows = rows[(rows.claim == id) & rows.measure.isin(labels) & rows["at"].isin(at)]
    table = rows.pivot(index="seed", columns=["measure", "at"], values="value")
    table = table.reindex(columns=pd.MultiIndex.from_product([labels, at])).dropna()
    if table.empty:
        raise LookupError(
            f"no rows are stored for the curve of {id} ({', '.join(filter(None, labels)) or 'one series'}) at "
            f"{', '.join(at)}. Next: make study"
        )
    return [table[label] for label in labels]


def _compare(x: float, stored: pd.Series, seed: int, kind: str, log: bool, of: tuple[str, str]) -> str:
    """The number and its band, in words.

    Raises:
        OutsideBand: it does not lie in the band, and that stops the run.
    """
    text = f"{number(x, kind)} (stored {number(stored.min(), kind)} to {number(stored.max(), kind)})"
    if _inside(x, stored, seed, kind, log):
        return text
    low, high = band(_compared(stored, seed, kind), kind, log)
    text = f"{text}: it lies outside {number(low, kind)} … {number(high, kind)}, the stored band"
    if strict():
        raise OutsideBand(text)
    claim, measure = of
    return f"{text}. {elsewhere(claim, [measure], stored.name, '{} lay inside')}".strip()


def _inside(x: float, stored: pd.Series, seed: int, kind: str, log: bool) -> bool:
    low, high = band(_compared(stored, seed, kind), kind, log)
    return kind == "timed" or bool(low <= x <= high)


def _compared(stored: pd.Series, seed: int, kind: str) -> pd.Series:
    """The stored numbers that one is compared with: of an exact curve, its own seed's."""
    return stored.loc[[seed]] if kind == "exact" and seed in stored.index else stored


def band(stored: Sequence[float], kind: str, log: bool = False) -> tuple[float, float]:
    """Where a point measured again must lie: the stored numbers, and room on either side (see `curve`).

    Args:
        stored: what the seeds gave for one point, (seeds,).
        kind: exact, trained or timed.
        log: whether to work with logarithms; the numbers are positive then.

    Returns:
        The smallest and the largest number allowed.
    """
    stored = np.log(stored) if log else np.asarray(stored, dtype=float)
    low, high = stored.min(), stored.max()
    if kind == "exact":
        room = EXACT if log else EXACT * max(abs(low), abs(high)) + 1e-9
    else:
        room = np.log1p(ROOM) if log else ROOM * max(abs(low), abs(high))
    low, high = low - WIDER * (high - low) - room, high + WIDER * (high - low) + room
    return (float(np.exp(low)), float(np.exp(high))) if log else (float(low), float(high))
