"""Orders in a café: which table has ordered what, to be recalled at the end. Associative recall, in four kinds."""

from typing import NamedTuple

import torch
from torch import Tensor

KINDS = ("orders", "changes", "evenings", "both")
TABLES, DRINKS = 64, 32
NOTHING = DRINKS  # the answer for a table that has not ordered on the last evening


class Orders(NamedTuple):
    """B rows of T orders, and what is asked after the last of them.

    Attributes:
        tables: which table orders, (B, T), 0 … 63.
        drinks: what it orders, (B, T), 0 … 31.
        begins: 1 where an evening begins with this order, else 0, (B, T).
        asked: n tables of the last evening, each once, and where there were earlier ones n more, which ordered just
            before the last evening and not on it, (B, A).
        answers: what each of them has ordered last on the last evening, or `NOTHING`, (B, A).
    """

    tables: Tensor
    drinks: Tensor
    begins: Tensor
    asked: Tensor
    answers: Tensor


def draw(kind: str, B: int, generator: torch.Generator, n: int | None = None, T: int = 32) -> Orders:
    """Rows of orders, drawn by lot.

    Args:
        kind: "orders", n tables that order once each, and nothing else, so that a row has n orders; "changes", T
            orders by n tables; "evenings", two earlier evenings with orders of any tables, and a last one on which n
            tables order once each, T orders in all; "both", the same, with n tables that order T / 4 times at last.
        B: rows.
        generator: of the lots.
        n: how many tables the last evening has. If not given, 4 to T / 2 for "orders" and 4 to T / 4 for "evenings",
            by lot and alike in all rows, and 4 for the others.
        T: orders in a row, 16 or more.

    Raises:
        ValueError: there is no such kind, or n or T does not fit.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no kind {kind!r}, only {', '.join(KINDS)}")
    if T < 16:
        raise ValueError(f"T is {T}, where 16 or more were expected")
    if n is None:
        most = {"orders": T // 2, "evenings": T // 4}.get(kind)
        n = int(torch.randint(4, most + 1, (), generator=generator)) if most else 4
    last = {"orders": n, "changes": T, "evenings": n, "both": T // 4}[kind]
    before = 0 if kind in ("orders", "changes") else T - last
    if not 1 <= n <= min(last, TABLES) or (before and not n < before):
        raise ValueError(f"n is {n}, which is not a number of tables that {kind!r} can have with T = {T}")
    some = torch.rand(B, TABLES, generator=generator).argsort(dim=1)
    again = torch.randint(n, (B, last - n), generator=generator)
    which = torch.cat([torch.arange(n).expand(B, n), again], dim=1)
    drinks = torch.randint(DRINKS, (B, before + last), generator=generator)
    answers = torch.zeros(B, n, dtype=torch.long)
    for t in range(last):
        answers.scatter_(1, which[:, t : t + 1], drinks[:, before + t : before + t + 1])
    begins = torch.zeros(B, before + last, dtype=torch.long)
    begins[:, [0, before]] = 1
    tables, asked = some.gather(1, which), some[:, :n]
    if before:
        begins.scatter_(1, torch.randint(1, before, (B, 1), generator=generator), 1)
        gone = some[:, n : 2 * n]
        earlier = torch.randint(TABLES, (B, before - n), generator=generator)
        tables = torch.cat([earlier, gone, tables], dim=1)
        asked = torch.cat([asked, gone], dim=1)
        answers = torch.cat([answers, torch.full((B, n), NOTHING)], dim=1)
    return Orders(tables, drinks, begins, asked, answers)
