"""Drawings of chapter 7: three orders in a list that grows, and in a matrix that does not."""

from typing import NamedTuple

import torch
from torch import Tensor

from rnn2attn.attention import attend, dot
from rnn2attn.linear import memory_step
from rnn2attn.plots.drawn.canvas import SMALL, Canvas, number
from rnn2attn.plots.drawn.drawing import Drawing

DRINKS = ("tea", "coffee", "cocoa")
QUERY, KEY, VALUE, STATE = "state", "cell", "output", "state"  # their colours
W, H = 30, 20  # of a cell
SHARP = 4.0  # the length of the query that runs down the list


class Example(NamedTuple):
    """Keys of three tables and what they ordered, (3, 3) each, and the state before and after the third, (3, 3)."""

    k: Tensor
    v: Tensor
    before: Tensor
    after: Tensor


def three_orders() -> Example:
    """The chapter's example: the third key is not orthogonal to the first."""
    k = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.6, 0.0, 0.8]], dtype=torch.float64)
    v = torch.eye(3, dtype=torch.float64)
    S = [torch.zeros(1, 3, 3, dtype=torch.float64)]
    for t in range(3):
        S.append(memory_step(S[-1], k[t : t + 1], v[t : t + 1]))
    return Example(k, v, S[2][0], S[3][0])


def _table(canvas: Canvas, left: float, y: float, values: Tensor, kind: str) -> None:
    """A matrix from its left edge, with its middle at this height."""
    for n, row in enumerate(values.tolist()):
        canvas.cells(left + 1.5 * W, y + (n - 1) * H, row, kind, across=True, w=W, h=H)


def _column(canvas: Canvas, x: float, y: float, values: Tensor, kind: str, name: str) -> None:
    canvas.cells(x, y, values.tolist(), kind, w=W, h=H)
    canvas.text(x, y - 43, name)


def _written(canvas: Canvas, left: float, y: float, one: Example) -> None:
    """S_2 + v_3 k_3ᵀ, 262 wide."""
    _table(canvas, left, y, one.before, STATE)
    canvas.text(left + 1.5 * W, y - 43, "$S_2$")
    canvas.node(left + 107, y, "+")
    _column(canvas, left + 136, y, one.v[2], VALUE, "$v_3$")
    canvas.cells(left + 201, y - 43, one.k[2].tolist(), KEY, across=True, w=W, h=H)
    canvas.text(left + 201, y - 64, "$k_3$")
    _table(canvas, left + 156, y, torch.outer(one.v[2], one.k[2]), "ink")


def _read(canvas: Canvas, left: float, y: float, one: Example) -> None:
    """S_3 q = o, 264 wide."""
    _table(canvas, left, y, one.after, STATE)
    canvas.text(left + 1.5 * W, y - 43, "$S_3$")
    canvas.text(left + 101, y, "·")
    _column(canvas, left + 127, y, one.k[0], QUERY, "$q$")
    canvas.text(left + 155, y, "=")
    _column(canvas, left + 182, y, one.after @ one.k[0], VALUE, "$o$")
    for n, drink in enumerate(DRINKS):
        canvas.text(left + 204, y + (n - 1) * H, drink, SMALL, anchor="start")


def matrix_memory() -> Drawing:
    """The third order is written into the matrix, and the first table is asked for."""
    one = three_orders()
    wide, narrow = Canvas(640, 140), Canvas(330, 272)
    _written(wide, 30, 88, one)
    wide.text(313, 88, "=")
    _read(wide, 336, 88, one)
    _written(narrow, 22, 88, one)
    narrow.text(22, 226, "=")
    _read(narrow, 44, 226, one)
    found = ", ".join(number(x, 1) for x in (one.after @ one.k[0]).tolist())
    return Drawing(
        title="A matrix is written and read",
        shows="A matrix of three rows and three columns, S_2, to which the product of a column v_3 and a row k_3 is "
        "added, another matrix of that size. The sum is S_3. Beside it the same matrix times a query q, the first "
        f"table's key: what comes out has the entries {found} for tea, coffee and cocoa.",
        caption="To write, add $v_3$ in each column, as much of it as $k_3$ has there. To read, mix the columns, as "
        "much of each as $q$ has. The keys of the third and the first table have the product 0.6, and so tea comes "
        "back with some cocoa. However many orders are written, the matrix stays of this size.",
        wide=wide,
        narrow=narrow,
    )


def looked_through() -> tuple[Tensor, Tensor, Tensor]:
    """Scores of the three keys with the first table's query, their weights, and what they mix, (3,) each."""
    one = three_orders()
    q = SHARP * one.k[:1]
    o, weights = attend(q, one.k[None], one.v[None], score=dot)
    return (one.k @ q[0]), weights[0], o[0]


def growing_list() -> Drawing:
    """Softmax attention keeps every key and every value, and runs down the list."""
    one = three_orders()
    scores, weights, o = looked_through()
    wide, narrow = Canvas(640, 218), Canvas(330, 244)

    def rows(canvas: Canvas, key: float, score: float, weight: float, value: float) -> None:
        canvas.cells(key, 34, (SHARP * one.k[0]).tolist(), QUERY, across=True, w=W, h=H)
        canvas.text(key, 14, "$q$")
        for x, name in ((score, "$q · k_i$"), (value, "$v_i$")):
            canvas.text(x, 62, name, SMALL)
        canvas.text(weight, 62, "$α_i$", SMALL)
        canvas.text(key, 62, "$k_i$", SMALL)
        for n in range(3):
            y = 86 + 32 * n
            canvas.cells(key, y, one.k[n].tolist(), KEY, across=True, w=W, h=H)
            canvas.text(score, y, number(scores[n].item(), 1), SMALL)
            canvas.cells(weight, y, [weights[n].item()], "weight", digits=2)
            canvas.cells(value, y, one.v[n].tolist(), VALUE, across=True, w=W, h=H)
        for x in (key, value):
            canvas.frame(x - 45, 172, 90, H)
        canvas.text(key, 182, "$k_4$", SMALL)
        canvas.text(value, 182, "$v_4$", SMALL)

    def mixed(canvas: Canvas, x: float, y: float) -> None:
        canvas.cells(x, y, o.tolist(), VALUE, across=True, w=36, h=H, digits=2)
        canvas.text(x, y - 20, "$o$")

    rows(wide, 90, 176, 250, 340)
    rows(narrow, 54, 130, 182, 260)
    for n in range(3):
        corners = [(410, 86 + 32 * n), (410, 118)] if n != 1 else []
        wide.arrow((389, 86 + 32 * n), *corners, (430, 118), kind=VALUE, head=False)
    wide.node(439, 118, "+", VALUE)
    wide.arrow((448, 118), (484, 118), kind=VALUE)
    mixed(wide, 544, 118)
    narrow.arrow((315, 86), (315, 222), (269, 222), kind=VALUE, head=False)
    for n in range(3):
        narrow.arrow((308, 86 + 32 * n), (315, 86 + 32 * n), kind=VALUE, head=False)
    narrow.node(260, 222, "+", VALUE)
    narrow.arrow((251, 222), (214, 222), kind=VALUE)
    mixed(narrow, 156, 222)
    said = ", ".join(number(x, 2) for x in o.tolist())
    return Drawing(
        title="A list that grows",
        shows="Three keys, one below the other, each with its value beside it. A query above the keys has with them "
        f"the scores {', '.join(number(x, 1) for x in scores.tolist())}, of which the softmax makes the weights "
        f"{', '.join(number(x, 2) for x in weights.tolist())}. The weighted values add up to {said}. Below the last "
        "key and the last value an empty place waits for the next ones.",
        caption="Softmax attention on the same three orders. The query is the first table's key, four times as long, "
        "and the softmax makes its own entry stand out. Nothing can be thrown away: the next query may want any of "
        "them, and each new word makes the list longer by a key and a value.",
        wide=wide,
        narrow=narrow,
    )
