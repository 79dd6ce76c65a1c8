"""Drawings of chapter 2: one step of the LSTM, built up gate by gate, and the GRU beside it."""

from typing import NamedTuple

import torch
from torch import Tensor

from rnn2attn.gradients import jacobian_norms, step_jacobians
from rnn2attn.plots.drawn.canvas import SMALL, Canvas, number
from rnn2attn.plots.drawn.drawing import Drawing
from rnn2attn.plots.drawn.recurrent import faded
from rnn2attn.recurrent import gru_gates, gru_mix, lstm_gates, lstm_mix

WIRE, PRODUCT, SHOWN, GATES, FEED = 52, 122, 138, 204, 268  # heights of the rows of both cells


def _rows(*rows: list[float]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


# One example for both cells, whose first unit keeps, whose second starts afresh, and whose third is in between.
X, H, C = _rows([1.0, -0.5]), _rows([0.3, -0.6, 0.1]), _rows([0.9, -0.7, 0.4])


def adding_memory() -> Drawing:
    """A memory that is only added to, and what reaches its past of a gradient."""
    u = torch.tensor([0.6, -0.3, 0.4, 0.2], dtype=torch.float64)
    c, T = u.cumsum(dim=0), len(u)
    factors = step_jacobians(lambda u_t, c: c + u_t, u[None, :, None], torch.zeros(1, 1, dtype=torch.float64))
    stays = jacobian_norms(factors)[0, :T].flip(0).tolist()
    lengths = faded()[1].norm(dim=1)
    fades = (lengths / lengths[-1])[-T:].tolist()

    def draw(canvas: Canvas, first: float, apart: float) -> Canvas:
        for t in range(T):
            x, plus = first + apart * t, first + apart * (t - 0.45)
            if t:
                canvas.arrow((x - apart + 19, 38), (plus - 9, 38), kind="cell", width=3, head=False)
            canvas.node(plus, 38, "+")
            canvas.arrow((plus + 9, 38), (x - 19, 38), kind="cell", width=3, head=False)
            canvas.cells(x, 38, [c[t].item()], "cell")
            canvas.text(x, 14, f"$c_{t + 1}$")
            canvas.arrow((plus, 76), (plus, 47), kind="input")
            canvas.cells(plus, 86, [u[t].item()], "input")
            canvas.text(plus, 108, f"$u_{t + 1}$")
        for name, row, y in (("back, by adding", stays, 152), ("back, in the RNN of chapter 1", fades, 206)):
            canvas.text(first - 19, y - 22, name, SMALL, anchor="start")
            for t, length in enumerate(row):
                x = first + apart * t
                canvas.cells(x, y, [length], "gradient", digits=2)
                if t:
                    ends = (x - 19, y), (x - apart + 19, y)
                    canvas.arrow(*ends, kind="gradient", width=0.8 + 3 * row[t - 1])
        return canvas

    return Drawing(
        title="A memory that is only added to",
        shows="A wire on which u_1 to u_4 are added one after the other to the memory, c_1 to c_4. Below it two "
        "rows of numbers with arrows to the left, the gradient on its way back from the last step: by adding, "
        f"{', '.join(number(one, 2) for one in reversed(stays))}; in the RNN of chapter 1, "
        f"{', '.join(number(one, 2) for one in reversed(fades))}.",
        caption="Each step adds $u_t$. Going back, nothing is multiplied, and the gradient arrives whole.",
        wide=draw(Canvas(640, 222), 108, 164),
        narrow=draw(Canvas(330, 222), 64, 80),
    )


class Lstm(NamedTuple):
    """What is computed in one step of the LSTM, each (1, 3)."""

    i: Tensor
    f: Tensor
    g: Tensor
    o: Tensor
    h: Tensor
    c: Tensor


def lstm_example() -> Lstm:
    """The gates, and the new state, of the example."""
    W_x = _rows(*[[0.5, 0.0]] * 3, *[[0.5, 0.5]] * 3, [0.5, 1.0], [1.0, -1.0], [0.5, -0.5], *[[0.0, 0.5]] * 3)
    W_h = 0.5 * torch.eye(3, dtype=torch.float64).repeat(4, 1)
    b = _rows([-3.0, 2.0, 0.0, 2.0, -2.0, 0.5, 0.0, 0.0, 0.5, 2.0, 1.5, -2.0])[0]
    gates = lstm_gates(X, H, W_x, W_h, b)
    return Lstm(*gates, *lstm_mix(C, *gates))


def gru_example() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gates r and z, the candidate n and the new state of the example, each (1, 3)."""
    W_x = _rows(*[[0.5, 0.0]] * 3, *[[0.5, 0.5]] * 3, [0.5, 1.0], [1.0, -1.0], [-1.0, 0.5])
    W_h = torch.eye(3, dtype=torch.float64).repeat(3, 1)
    b = _rows([1.0, -2.0, 0.0, 2.0, -2.0, 0.0, 0.0, 0.0, 0.0])[0]
    r, z, n = gru_gates(X, H, W_x, W_h, b, torch.zeros_like(b))
    return r, z, n, gru_mix(H, z, n)


def _vector(canvas: Canvas, x: float, y: float, values: Tensor, kind: str, name: str = "", below=False) -> None:
    """A vector as cells, with its name above or below."""
    canvas.cells(x, y, values[0].tolist(), kind, w=34)
    canvas.text(x, y + (1 if below else -1) * (10 * values.shape[1] + 11), name)


def _gate(canvas: Canvas, x: float, values: Tensor, kind: str, name: str, squash: str) -> None:
    """A gate or a candidate, with its name at the line that leaves it and its function at the one that feeds it."""
    _vector(canvas, x, GATES, values, kind)
    canvas.text(x + 5, GATES - 42, name, anchor="start")
    canvas.text(x + 5, GATES + 44, squash, SMALL, anchor="start")


def _lstm(canvas: Canvas, left: float, right: float) -> None:
    """The LSTM between two places, in five steps."""
    at = {name: left + share * (right - left) for name, share in (("f", 0.22), ("i", 0.4), ("g", 0.61), ("o", 0.815))}
    start, end, plus = left + 17, right - 17, (at["i"] + at["g"]) / 2
    step = lstm_example()
    inner = {"kind": "cell", "width": 3, "head": False}
    with canvas.step(1):
        canvas.glow(left, 2, right - left, 88)
        _vector(canvas, start, WIRE, C, "cell", "$c_{t−1}$")
        canvas.arrow((start + 17, WIRE), (at["f"] - 9, WIRE), **inner)
        canvas.arrow((at["f"] + 9, WIRE), (plus - 9, WIRE), **inner)
        canvas.arrow((plus + 9, WIRE), (end - 17, WIRE), **inner | {"head": True})
    with canvas.step(2):
        canvas.glow(at["f"] - 24, WIRE - 16, 52, GATES + 72 - WIRE)
        _vector(canvas, start, GATES, H, "state", "$h_{t−1}$")
        _vector(canvas, start, GATES + 50, X, "input", "$x_t$", below=True)
        canvas.arrow((start + 17, FEED), (at["f"], FEED), (at["f"], GATES + 31))
        canvas.node(at["f"], WIRE, "×")
        canvas.arrow((at["f"], GATES - 30), (at["f"], WIRE + 9), kind="weight")
        _gate(canvas, at["f"], step.f, "weight", "$f_t$", "σ")
    with canvas.step(3):
        canvas.glow(at["i"] - 24, PRODUCT - 14, at["g"] - at["i"] + 66, GATES + 72 - PRODUCT + 14 - 16)
        canvas.node(plus, PRODUCT, "×")
        for name, kind, values, squash, side in (("i", "weight", step.i, "σ", -1), ("g", "cell", step.g, "tanh", 1)):
            x = at[name]
            canvas.arrow((at["f"], FEED), (x, FEED), (x, GATES + 31))
            canvas.arrow((x, GATES - 30), (x, PRODUCT), (plus + 9 * side, PRODUCT), kind=kind)
            _gate(canvas, x, values, kind, f"${name}_t$", squash)
    with canvas.step(4):
        canvas.glow(plus - 16, 2, right - plus + 16, 88)
        canvas.arrow((plus, PRODUCT - 9), (plus, WIRE + 9), kind="cell")
        canvas.node(plus, WIRE, "+")
        _vector(canvas, end, WIRE, step.c, "cell", "$c_t$")
    with canvas.step(5):
        canvas.glow(at["o"] - 24, 82, right - at["o"] + 24, GATES + 60 - 82)
        canvas.dot(at["o"], WIRE, "cell", 4)
        canvas.arrow((at["o"], WIRE), (at["o"], 82), kind="state")
        canvas.box(at["o"], 94, "tanh", "state", w=42, h=22)
        canvas.arrow((at["o"], 105), (at["o"], SHOWN - 9), kind="state")
        canvas.node(at["o"], SHOWN, "×")
        canvas.arrow((at["g"], FEED), (at["o"], FEED), (at["o"], GATES + 31))
        canvas.arrow((at["o"], GATES - 30), (at["o"], SHOWN + 9), kind="weight")
        _gate(canvas, at["o"], step.o, "weight", "$o_t$", "σ")
        canvas.arrow((at["o"] + 9, SHOWN), (end - 17, SHOWN), kind="state")
        _vector(canvas, end, SHOWN, step.h, "state", "$h_t$", below=True)


def _gru(canvas: Canvas, left: float, right: float) -> None:
    """The GRU between two places, PyTorch's form."""
    z, r, n = (left + share * (right - left) for share in (0.23, 0.44, 0.72))
    start, end, reset, tap = left + 17, right - 17, (r + n) / 2, left + 42
    gates = gru_example()
    _vector(canvas, start, WIRE, H, "state", "$h_{t−1}$")
    _vector(canvas, start, GATES + 50, X, "input", "$x_t$", below=True)
    for x in (z, r, n):
        canvas.arrow((start + 17, FEED - 14), (x + 4, FEED - 14), (x + 4, GATES + 31), kind="input")
    canvas.dot(tap, WIRE, "state", 4)
    for x, top in ((z - 6, GATES + 31), (r - 6, GATES + 31), (reset, GATES + 9)):
        canvas.arrow((tap, WIRE), (tap, FEED + 6), (x, FEED + 6), (x, top), kind="state")
    canvas.node(reset, GATES, "×")
    canvas.arrow((r + 17, GATES), (reset - 9, GATES), kind="weight")
    canvas.arrow((reset + 9, GATES), (n - 17, GATES), kind="state")
    canvas.text(reset, FEED + 20, "$W_hn h_{t−1} + b_hn$", SMALL)
    columns = (z, "weight", "$z_t$", "σ"), (r, "weight", "$r_t$", "σ"), (n, "state", "$n_t$", "tanh")
    for (x, kind, name, squash), values in zip(columns, (gates[1], gates[0], gates[2]), strict=True):
        _vector(canvas, x, GATES, values, kind)
        canvas.text(x + 5, GATES - 42, name, anchor="start")
        canvas.text(x + 9, GATES + 40, squash, SMALL, anchor="start")
    wire = {"kind": "state", "width": 3}
    canvas.arrow((start + 17, WIRE), (z - 9, WIRE), head=False, **wire)
    canvas.node(z, WIRE, "×")
    canvas.arrow((z, GATES - 30), (z, WIRE + 9), kind="weight")
    canvas.arrow((z + 9, WIRE), (n - 9, WIRE), head=False, **wire)
    canvas.dot(z, PRODUCT, "weight")
    canvas.arrow((z, PRODUCT), (n - 9, PRODUCT), kind="weight")
    canvas.text((z + n) / 2, PRODUCT - 12, "$1 − z_t$")
    canvas.node(n, PRODUCT, "×")
    canvas.arrow((n, GATES - 30), (n, PRODUCT + 9), kind="state")
    canvas.arrow((n, PRODUCT - 9), (n, WIRE + 9), kind="state")
    canvas.node(n, WIRE, "+")
    canvas.arrow((n + 9, WIRE), (end - 17, WIRE), **wire)
    _vector(canvas, end, WIRE, gates[3], "state", "$h_t$")


def _listed(values: Tensor) -> str:
    first, second, third = (number(value, 1) for value in values[0].tolist())
    return f"{first}, {second} and {third}"


def lstm_steps() -> Drawing:
    """One step of the LSTM on an example, built up in five."""
    step = lstm_example()
    wide, narrow = Canvas(640, 296), Canvas(330, 296)
    _lstm(wide, 20, 620)
    _lstm(narrow, 3, 327)
    return Drawing(
        title="One step of the LSTM, built up",
        shows="The LSTM as a wire. From left to right: c(t−1) is multiplied by the forget gate f, then the "
        "product of input gate i and candidate g is added, and c(t) leaves. A tap before the end goes through "
        "tanh and is multiplied by the output gate o, and h(t) leaves. The four boxes f, i, g and o are fed from "
        f"x(t) and h(t−1). In the example f is {_listed(step.f)}, and the cell goes from {_listed(C)} to "
        f"{_listed(step.c)}.",
        caption="A step of an LSTM with three units. Purple numbers lie between 0 and 1 and say how much, orange "
        "ones are what the cell holds or is given, blue ones are what is shown.",
        steps=(
            f"The cell, here {_listed(C)}, is a wire from left to right. With nothing on it, it would stay as it is.",
            f"The forget gate $f_t$, computed from $x_t$ and $h_{{t−1}}$, multiplies it: {_listed(step.f)}. The "
            "first unit keeps nearly all it has, the second almost nothing.",
            "The candidate $g_t$ is what could be written, the input gate $i_t$ how much of it is: "
            f"{_listed(step.i)}. The second unit takes what is new.",
            f"What was kept and what is written are added. The new cell is {_listed(step.c)}.",
            f"The output gate $o_t$ decides how much of the cell, squashed, is shown: {_listed(step.o)}. The third "
            "unit holds something and hardly shows it.",
        ),
        wide=wide,
        narrow=narrow,
    )


def gru_beside_lstm() -> Drawing:
    """The GRU and the LSTM on the same input."""
    _, z, _, h = gru_example()
    wide, narrow = Canvas(690, 332), Canvas(330, 662)
    for canvas, x, y in ((wide, 360, 0), (narrow, 0, 330)):
        with canvas.shifted(0, 26):
            _lstm(canvas, 3, 327)
        with canvas.shifted(x, y + 26):
            _gru(canvas, 3, 327)
        canvas.text(165, 12, "LSTM", bold=True)
        canvas.text(x + 165, y + 12, "GRU", bold=True)
    return Drawing(
        title="The LSTM and the GRU side by side",
        shows="The LSTM as before, with cell c and shown state h, and three gates. The GRU has one wire, the "
        "state h: h(t−1) is multiplied by the update gate z, then the candidate n, multiplied by 1 − z, is added, "
        "and h(t) leaves. z and r are fed from x(t) and h(t−1). The reset gate r multiplies W h(t−1) + b on its "
        f"way into n; x(t) goes into n directly. In the example z is {_listed(z)}, and h goes from {_listed(H)} to "
        f"{_listed(h)}.",
        caption="The same input and the same $h_{t−1}$ in both. Where the LSTM has two states, the GRU has one, "
        "which is memory and output at once. In place of $f_t$ and $i_t$ there are $z_t$ and what it leaves of 1.",
        wide=wide,
        narrow=narrow,
    )
