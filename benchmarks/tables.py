"""The tables of the page "Speed", as Markdown, from the numbers in results.csv and cache.csv."""

from pathlib import Path

import pandas as pd

HERE = Path(__file__).resolve().parent
RESULTS, TABLES = HERE / "results.csv", HERE / "tables.md"
CACHE_RESULTS, CACHE_TABLE = HERE / "cache.csv", HERE / "cache.md"
OTHERS = ["lean loop", "tutorial shape", "limit"]


def tables(results: pd.DataFrame) -> str:
    """All tables, and the line that says where they were measured.

    A ratio is taken within a round, in which both had their turn; shown are the median and the range over rounds.

    Args:
        results: one row a number, with the columns task, vocabulary, cell, decoder, way, round, seconds, tokens (in
            the targets of the batch), cpu, torch, python and date.
    """
    turn = ["task", "vocabulary", "cell", "decoder", "round"]
    ours = results[results.way == "ours"].set_index(turn).seconds
    ratios = results.assign(ratio=results.seconds / ours.loc[pd.MultiIndex.from_frame(results[turn])].to_numpy())
    known = ratios.way.isin(["ours", *OTHERS])
    races = {of: _race(*of, found) for of, found in ratios[known].groupby(["task", "vocabulary"])}
    in_order = [races[of] for of in sorted(races, key=lambda of: (of[0] != "training", of[1]))]
    return "\n".join([*in_order, _goals(ratios), _changes(ratios[~known]), _where(results)])


def cache_table(results: pd.DataFrame) -> str:
    """The table of the Transformer's decoding, and where it was measured; ratios as in `tables`.

    Args:
        results: one row a number, with the columns model, target, round, seconds, batch, cpu, torch, python and date.
    """
    turn = ["target", "round"]
    cached = results[results.model == "cache"].set_index(turn).seconds
    ratios = results.assign(ratio=results.seconds / cached.loc[pd.MultiIndex.from_frame(results[turn])].to_numpy())
    others = ["no cache", "LSTM", "GRU"]
    rows = []
    for T, of in ratios.groupby("target"):
        ways = dict(list(of.groupby("model")))
        speed = _speed(ways["cache"].batch * T / ways["cache"].seconds)
        rows.append([f"{T}", speed, *(_spread(ways[name].ratio) for name in others)])
    table = _table("Decoding, by target length", ["Target tokens", "cache, tokens/s", *others], rows)
    return "\n".join([table, _where(results)])


def _race(task: str, V: int, ratios: pd.DataFrame) -> str:
    rows = []
    for (cell, decoder), case in ratios.groupby(["cell", "decoder"], sort=False):
        ways = dict(list(case.groupby("way")))
        speed = _speed(ways["ours"].tokens / ways["ours"].seconds)
        others = [_spread(ways[way].ratio) if way in ways else "" for way in OTHERS]
        rows.append([f"{cell}, {decoder}", speed, *others])
    return _table(f"{task.capitalize()}, V = {V:,}", ["Decoder", "ours, tokens/s", *OTHERS], rows)


def _goals(ratios: pd.DataFrame) -> str:
    chosen = (ratios.task == "training") & (ratios.cell == "LSTM") & (ratios.decoder == "attention, dot")
    medians = ratios[chosen].groupby(["vocabulary", "way"]).ratio.median()
    goals = {
        "lean loop ÷ ours, at least 1.30": lambda of: (of["lean loop"], of["lean loop"] >= 1.3),
        "tutorial shape ÷ ours, at least 2.00": lambda of: (of["tutorial shape"], of["tutorial shape"] >= 2),
        "ours ÷ limit, at most 1.10": lambda of: (1 / of["limit"], 1 / of["limit"] <= 1.1),
        "lean loop ÷ limit": lambda of: (of["lean loop"] / of["limit"], None),
        "tutorial shape ÷ limit": lambda of: (of["tutorial shape"] / of["limit"], None),
    }
    verdict = {True: ", reached", False: ", not reached", None: ""}
    columns = sorted(ratios.vocabulary.unique())
    rows = []
    for name, goal in goals.items():
        found = [goal(medians[V]) for V in columns]
        rows.append([name, *(f"{value:.2f}{verdict[reached]}" for value, reached in found)])
    return _table("LSTM, attention, dot, training: the goals", ["Goal", *(f"V = {V:,}" for V in columns)], rows)


def _changes(ratios: pd.DataFrame) -> str:
    columns = sorted(ratios.vocabulary.unique())
    rows = [
        [way, *(_spread(found.ratio[found.vocabulary == V]) for V in columns)]
        for way, found in ratios.groupby("way", sort=False)
    ]
    title = "LSTM, attention, dot, training: one thing changed"
    return _table(title, ["Change", *(f"V = {V:,}" for V in columns)], rows)


def _speed(rates: pd.Series) -> str:
    return f"{float(f'{rates.median():.3g}'):,.0f}"


def _spread(ratio: pd.Series) -> str:
    return f"{ratio.median():.2f} ({ratio.min():.2f}\u2060–\u2060{ratio.max():.2f})"  # no line ends at the dash


def _table(title: str, head: list[str], rows: list[list[str]]) -> str:
    lines = [head, [":---", *["---:"] * (len(head) - 1)], *rows]
    return f"**{title}**\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _where(results: pd.DataFrame) -> str:
    (of,) = results[["cpu", "torch", "python", "date"]].drop_duplicates().to_dict("records")
    rounds = results["round"].nunique()
    return f"{of['date']}, {of['cpu']}, one thread, PyTorch {of['torch']}, Python {of['python']}, {rounds} rounds.\n"
