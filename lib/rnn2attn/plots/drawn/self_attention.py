"""Drawings of chapter 6: a sentence that looks at itself, in several heads, and under a mask."""

import torch
from torch import Tensor

from rnn2attn.attention import attend, causal_mask, merge_heads, scaled_dot, split_heads
from rnn2attn.plots.drawn.canvas import SMALL, Canvas, number
from rnn2attn.plots.drawn.drawing import Drawing

WORDS = ("I", "love", "you")
TARGET = ("<sos>", "나는", "너를", "사랑해")
QUERY, KEY, VALUE = "state", "cell", "output"  # their colours
ASKS = 1  # the word whose look is drawn


def looked_at_itself() -> dict[str, list]:
    """The chapter's example: x, q, k and v of three words, and scores, weights and output of the second."""
    x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    q, k, v = (
        x @ torch.tensor(W).T for W in ([[0.0, 2.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]])
    )
    out, alpha = attend(q[None], k[None], v[None])
    e = scaled_dot(q[None], k[None])
    return {
        **{name: one.tolist() for name, one in zip("xqkv", (x, q, k, v), strict=True)},
        **{name: one[0, ASKS].tolist() for name, one in (("e", e), ("alpha", alpha), ("out", out))},
    }


def _roles(canvas: Canvas, xs: tuple[float, ...], everywhere: bool) -> Canvas:
    """Three words in columns, and the look of the second; the matrices are named in all columns or in the first."""
    found, asks = looked_at_itself(), xs[ASKS]
    bare, high, product, share = {"w": 30, "digits": 0}, 178, 128, 66
    for n, x in enumerate(xs):
        canvas.box(x, 304, WORDS[n], "input", w=44)
        canvas.arrow((x, 292), (x, 274), kind="input")
        canvas.cells(x, 254, found["x"][n], "input", **bare)
        for at, name, kind in ((x - 34, "q", QUERY), (x, "k", KEY), (x + 34, "v", VALUE)):
            canvas.arrow((x + 0.3 * (at - x), 234), (at, high + 21), kind=kind)
            canvas.cells(at, high, found[name][n], kind, **bare)
            canvas.text(at - 4, high - 29, f"${name}_{n + 1}$", SMALL, anchor="end")
        if everywhere or not n:
            canvas.text(x - 28, 222, "$W_q$", SMALL, anchor="end")
            canvas.text(x + 28, 222, "$W_v$", SMALL, anchor="start")
            canvas.text(x + 6, 207, "$W_k$", SMALL, anchor="start")
    for x in (xs[0] + 9, asks - 9):
        canvas.arrow((asks - 34, high - 20), (asks - 34, product), (x, product), kind=QUERY)
    canvas.arrow((asks + 9, product), (xs[-1] - 9, product), kind=QUERY)
    for n, x in enumerate(xs):
        canvas.node(x, product, "·", QUERY)
        canvas.arrow((x, high - 20), (x, product + 9), kind=KEY)
        canvas.arrow((x, product - 9), (x, share + 10), kind="weight")
        canvas.text(x + 6, 100, number(found["e"][n], 1), SMALL, anchor="start")
        canvas.cells(x, share, [found["alpha"][n]], "weight", digits=2)
        canvas.arrow((x + 19, share), (x + 34 - 9, share), kind="weight", head=False)
        canvas.arrow((x + 34, high - 20), (x + 34, share + 9), kind=VALUE)
        canvas.node(x + 34, share, "×", VALUE)
        width, side = 0.8 + 5 * found["alpha"][n], n - ASKS
        end = (asks + 40 * side, 20) if side else (x + 34, 30)
        line = ((x + 34, share - 9), (x + 34, 20), end) if side else ((x + 34, share - 9), end)
        canvas.arrow(*line, kind=VALUE, width=width)
    canvas.text(xs[0] - 8, 100, "softmax", 10, anchor="end")
    canvas.cells(asks, 20, found["out"], VALUE, across=True, digits=2)
    return canvas


def query_key_value() -> Drawing:
    """Query, key and value of three words, and what the second finds."""
    found = looked_at_itself()
    scores, shares, out = (
        ", ".join(number(value, digits) for value in found[name])
        for name, digits in (("e", 1), ("alpha", 2), ("out", 2))
    )
    return Drawing(
        title="Query, key and value of each word, and one look",
        shows="Three words in columns, each with a vector x of two numbers. From x three arrows, W_q, W_k and W_v, "
        "lead to a query q, a key k and a value v. The query of love meets the keys of all three words in dot "
        f"products, which divided by the root of 2 are {scores}. The softmax makes the weights {shares}. Each "
        f"multiplies the value of its word, and the sum, {out}, stands above love.",
        caption="The look of “love”. One vector plays three roles: as query it asks, blue, as key it is compared, "
        "orange, as value it is mixed. The other two words ask in the same way and at the same time, with $q_1$ and "
        "$q_3$. The scores are divided by the root of $d_k = 2$.",
        wide=_roles(Canvas(640, 320), (120, 320, 520), True),
        narrow=_roles(Canvas(330, 320), (62, 170, 278), False),
    )


def two_heads() -> dict[str, Tensor]:
    """x, q, k and v of three words with four features, (3, 4), two heads' weights, (2, 3, 3), and what follows."""
    x = torch.tensor([[0.9, -0.4, 0.2, 0.6], [-0.5, 0.8, 0.7, -0.3], [0.3, 0.5, -0.8, 0.9]])
    W = {
        "q": [[-0.5, 1.0, 1.0, 1.5], [-1.5, -0.5, -1.5, 0.5], [0.0, -1.5, 1.0, 0.5], [1.0, 0.5, -1.5, -1.5]],
        "k": [[0.5, 0.5, 0.5, -1.0], [0.0, 0.5, 1.0, -1.0], [0.5, -1.5, 0.5, -0.5], [-0.5, 1.5, 0.0, 0.5]],
        "v": [[1.0, 0.0, 0.0, 0.5], [0.0, 1.0, 0.5, 0.0], [0.0, -0.5, 1.0, 0.0], [-0.5, 0.0, 0.0, 1.0]],
        "o": [[1.0, 0.0, -1.0, 0.0], [0.0, 1.0, 0.0, 1.0], [0.5, 0.0, 1.0, 0.0], [0.0, -1.0, 0.0, 1.0]],
    }
    q, k, v = (x @ torch.tensor(W[name]).T for name in "qkv")
    found, weights = attend(*(split_heads(one[None], 2) for one in (q, k)), split_heads(v[None], 2))
    merged = merge_heads(found)[0]
    out = merged @ torch.tensor(W["o"]).T
    return {"x": x, "q": q, "k": k, "v": v, "weights": weights[0], "found": found[0], "merged": merged, "out": out}


def _rows(canvas: Canvas, x: float, y: float, table: Tensor, kind: str, gap: float = 0, **looks) -> None:
    """A table from its left edge, with its middle at this height, and a gap in the middle of its columns."""
    half = table.shape[1] // 2 if gap else table.shape[1]
    looks = {"w": 16, "h": 15, "digits": None} | looks
    for n, row in enumerate(table.tolist()):
        at = y + (n - (len(table) - 1) / 2) * looks["h"]
        for left, part in ((0, row[:half]), (half * looks["w"] + gap, row[half:])):
            if part:
                canvas.cells(x + left + len(part) * looks["w"] / 2, at, part, kind, across=True, **looks)


def heads() -> Drawing:
    """Two heads, each with its half of the features of all words."""
    found = two_heads()
    wide, narrow = Canvas(690, 250), Canvas(330, 436)

    def projected(canvas: Canvas, x: float, y: float, word: float) -> None:
        for n, name in enumerate(WORDS):
            canvas.text(word, y + 15 * (n - 1), name, SMALL, anchor="end")
        _rows(canvas, word + 4, y, found["x"], "input")
        for n, (name, kind) in enumerate((("q", QUERY), ("k", KEY), ("v", VALUE))):
            at = y + 76 * (n - 1)
            start = (word + 70, y)
            if n == 1:
                canvas.arrow(start, (x - 4, at), kind=kind)
            else:
                canvas.arrow(start, (word + 84, y), (word + 84, at), (x - 4, at), kind=kind)
            canvas.text(x - 7, at - 15, f"$W_{name}$", SMALL, anchor="end")
            _rows(canvas, x, at, found[name], kind, 8)
        canvas.text(x + 16, y - 108, "1", SMALL)
        canvas.text(x + 56, y - 108, "2", SMALL)

    def head(canvas: Canvas, x: float, y: float, j: int) -> None:
        canvas.text(x + 51, y - 42, f"head {j + 1}")
        _rows(canvas, x, y, found["weights"][j], "weight", w=34, h=20, digits=2)

    projected(wide, 166, 136, 36)
    wide.arrow((242, 136), (262, 136), (262, 70), (286, 70), kind="weight", width=2)
    wide.arrow((242, 136), (262, 136), (262, 202), (286, 202), kind="weight", width=2)
    for j, y in enumerate((70, 202)):
        head(wide, 290, y, j)
        wide.arrow((394, y), (416, y), kind=VALUE)
        _rows(wide, 420, y, found["found"][j], VALUE)
        wide.arrow((454, y), (504 + 40 * j, y), (504 + 40 * j, 136 - 26 * (1 - 2 * j)), kind=VALUE)
    _rows(wide, 488, 136, found["merged"], VALUE, 8)
    wide.arrow((562, 136), (606, 136), kind="ink")
    wide.text(583, 122, "$W_o$", SMALL)
    _rows(wide, 610, 136, found["out"], "input")

    projected(narrow, 180, 124, 44)
    for j, x in enumerate((20, 208)):
        start = (196 + 40 * j, 226)
        narrow.arrow(start, (start[0], 244), (x + 51, 244), (x + 51, 258), kind="weight", width=2)
        head(narrow, x, 316, j)
        narrow.arrow((x + 51, 348), (x + 51, 366), (145 + 40 * j, 366), (145 + 40 * j, 384), kind=VALUE)
    _rows(narrow, 129, 410, found["merged"], VALUE, 8)
    narrow.arrow((205, 410), (246, 410), kind="ink")
    narrow.text(225, 396, "$W_o$", SMALL)
    _rows(narrow, 250, 410, found["out"], "input")
    return Drawing(
        title="Two heads",
        shows="Three words with four features each. Three matrices make q, k and v, of four features each, which "
        "are cut in two halves of two. The first halves make a table of weights, three words by three, head 1; the "
        "second halves another, head 2. The two tables differ. What the heads find, two features each, is put side "
        "by side and mixed by W_o into four features again.",
        caption="The features are cut, the sentence is not: each head has the weights of all words on all words, "
        "made of its own half of $q$ and $k$, and mixes its own half of $v$. In the tables rows ask, and columns "
        "are looked at.",
        wide=wide,
        narrow=narrow,
    )


def masked() -> tuple[Tensor, Tensor, Tensor]:
    """Scores of four words on one another, (4, 4), the causal mask, and the weights under it."""
    q = torch.tensor([[0.5, 1.0], [1.5, -0.5], [1.0, 1.5], [-0.5, 1.5]])
    k = torch.tensor([[1.0, 0.5], [0.5, 1.5], [1.5, -1.0], [-1.0, 1.5]])
    mask = causal_mask(4)
    return scaled_dot(q[None], k[None])[0], mask[0], attend(q[None], k[None], k[None], mask)[1][0]


def causal_masking() -> Drawing:
    """Scores, what the causal mask leaves of them, and the weights."""
    scores, mask, weights = masked()
    wide, narrow = Canvas(640, 142), Canvas(330, 436)

    def table(canvas: Canvas, x: float, y: float, title: str, values: Tensor, words: bool, digits: int) -> None:
        canvas.text(x + 76, y, title, bold=True)
        for n, word in enumerate(TARGET):
            canvas.text(x + 19 + 38 * n, y + 22, word, 10)
            at = y + 43 + 22 * n
            if words:
                canvas.text(x - 6, at, word, 10, anchor="end")
            for m, value in enumerate(values[n].tolist()):
                if value == -torch.inf:
                    canvas.cells(x + 19 + 38 * m, at, [0], "weight", h=22, digits=None)
                    canvas.text(x + 19 + 38 * m, at, "−∞", SMALL)
                else:
                    canvas.cells(x + 19 + 38 * m, at, [value], "weight", h=22, digits=digits)

    tables = {"scores": (scores, 1), "masked": (scores.masked_fill(~mask, -torch.inf), 1), "weights": (weights, 2)}
    for n, (title, (values, digits)) in enumerate(tables.items()):
        table(wide, 52 + 216 * n, 12, title, values, not n, digits)
        table(narrow, 110, 12 + 148 * n, title, values, True, digits)
        if n:
            wide.arrow((216 * n - 8, 88), (216 * n + 46, 88), kind="weight", width=2)
            wide.text(216 * n + 19, 74, ("mask", "softmax")[n - 1], 10)
            narrow.arrow((186, 148 * n - 12), (186, 148 * n + 3), kind="weight", width=2)
            narrow.text(198, 148 * n - 5, ("mask", "softmax")[n - 1], 10, anchor="start")
    return Drawing(
        title="What a causal mask does to the weights",
        shows="Three tables of four words by four, a row for each word that asks. The first holds scores. In the "
        "second those above the diagonal, where the key comes after the query, are minus infinity. In the third, the "
        "weights, they are 0, and each row sums to 1; the first row has its whole weight on itself.",
        caption="Rows ask, columns are looked at. What comes later gets $−∞$ before the softmax, and so the weight "
        "0; the others share what it would have had.",
        wide=wide,
        narrow=narrow,
    )
