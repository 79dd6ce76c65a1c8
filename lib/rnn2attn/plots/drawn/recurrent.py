"""Drawings of chapter 1: the recurrent network, and the gradients that go back through it."""

import torch

from rnn2attn.gradients import jacobian, rnn_jacobians
from rnn2attn.plots.drawn.canvas import SMALL, Canvas, number
from rnn2attn.plots.drawn.drawing import Drawing
from rnn2attn.recurrent import rnn_step

# Three units that spell: weights of a network trained on *hello*, rounded to halves.
LETTERS = "helo"
W_XH = [[-1.0, 0.0, 0.5, 0.0], [-1.5, 1.0, 1.0, 0.0], [-0.5, 0.0, 0.0, 0.0]]
W_HH = [[0.5, 1.0, -0.5], [-0.5, 0.0, -1.0], [2.0, 0.5, 0.0]]
W_HY = [[0.0, -0.5, 1.0], [-1.5, -3.0, -1.0], [0.0, 2.5, -2.5], [1.5, 1.0, 3.0]]


def spelled() -> tuple[list[list[float]], list[str], list[float]]:
    """The states h_0 … h_4 on reading h, e, l, l; the likeliest letter after each, and its probability."""
    W_xh, W_hh, W_hy = (torch.tensor(rows, dtype=torch.float64) for rows in (W_XH, W_HH, W_HY))
    states = [torch.zeros(1, 3, dtype=torch.float64)]
    for letter in "hell":
        x = torch.nn.functional.one_hot(torch.tensor([LETTERS.index(letter)]), len(LETTERS)).double()
        states.append(rnn_step(x, states[-1], W_xh, W_hh, torch.zeros_like(W_hh[0])))
    p, likeliest = (torch.cat(states[1:]) @ W_hy.T).softmax(dim=1).max(dim=1)
    return [state[0].tolist() for state in states], [LETTERS[i] for i in likeliest], p.tolist()


def rnn_unrolled() -> Drawing:
    """A network of three units that spells hello, one column a letter."""
    states, said, p = spelled()

    def draw(canvas: Canvas, first: float, apart: float) -> Canvas:
        for t, state in enumerate(states):
            x = first + t * apart
            canvas.cells(x, 106, state, "state")
            if t == 0:
                canvas.text(x, 181, "reads")
                canvas.text(x, 150, "state", SMALL)
                canvas.text(x, 35, "says")
                continue
            canvas.arrow((x - apart + 19, 106), (x - 19, 106), kind="state", width=2)
            canvas.arrow((x, 168), (x, 137), kind="input")
            canvas.box(x, 181, "hell"[t - 1], "input", w=28)
            canvas.arrow((x, 75), (x, 48), kind="output")
            canvas.box(x, 35, said[t - 1], "output", w=28)
            canvas.text(x, 12, number(p[t - 1], 2), SMALL)
        return canvas

    return Drawing(
        title="A recurrent network spells hello",
        shows="Five columns from left to right. Each of the last four has a letter below it, h, e, l, l, an arrow up "
        "into three cells with numbers, the state, and an arrow from there to the next letter above, "
        + ", ".join(f"{letter} with probability {number(one, 2)}" for letter, one in zip(said, p, strict=True))
        + ". An arrow leads from each state to the next. The two states that read l hold different numbers.",
        caption="Four letters go in from below, one at a time. What the network keeps of them are three numbers, the "
        "state, which go on to the right and change with every letter; positive ones are blue, negative ones grey. "
        "From the state it says which letter comes next, above, with its probability. It reads “l” twice, and the "
        "state tells the two apart.",
        wide=draw(Canvas(640, 196), 60, 130),
        narrow=draw(Canvas(330, 196), 33, 66),
    )


def rnn_same_weights() -> Drawing:
    """The network with its loop, and the same unrolled over hello, with the names of the weights."""

    def step(canvas: Canvas, x: float, y: float, state: str, below: str, above: str) -> None:
        canvas.arrow((x, y + 50), (x, y + 13), kind="input")
        canvas.text(x - 6, y + 33, "$W_xh$", anchor="end")
        canvas.arrow((x, y - 13), (x, y - 50), kind="output")
        canvas.text(x - 6, y - 32, "$W_hy$", anchor="end")
        canvas.box(x, y, state, "state", w=32, h=26)
        canvas.text(x, y + 62, below)
        canvas.text(x, y - 62, above)

    def folded(canvas: Canvas, x: float, y: float) -> None:
        step(canvas, x, y, "$h_t$", "$x_t$", "$z_t$")
        canvas.arrow((x + 16, y - 7), (x + 52, y - 26), (x + 52, y + 26), (x + 16, y + 7), kind="state", curved=True)
        canvas.text(x + 50, y, "$W_hh$", anchor="start")

    def unrolled(canvas: Canvas, x: float, y: float, apart: float) -> None:
        canvas.box(x, y, "$h_0$", "state", w=32, h=26, filled=0)
        for t, (read, said) in enumerate(zip("hell", "ello", strict=True), 1):
            canvas.arrow((x + apart * (t - 1) + 16, y), (x + apart * t - 16, y), kind="state")
            canvas.text(x + apart * (t - 0.5), y + 14, "$W_hh$")
            step(canvas, x + apart * t, y, f"$h_{t}$", read, said)

    wide, narrow = Canvas(640, 146), Canvas(330, 304)
    folded(wide, 60, 73)
    wide.text(194, 73, "=", 20)
    unrolled(wide, 250, 73, 92)
    folded(narrow, 150, 73)
    narrow.text(8, 73, "its loop", anchor="start")
    narrow.text(8, 168, "unrolled", anchor="start")
    unrolled(narrow, 28, 231, 70)
    return Drawing(
        title="The same network with its loop, and unrolled",
        shows="On one side a box h_t with an arrow W_xh from the input, an arrow W_hy to the output, and W_hh from "
        "the box back into itself. On the other the same, unrolled: h_0 to h_4 in a row joined by arrows W_hh, "
        "with the letters h, e, l, l entering below and e, l, l, o leaving above, each by an arrow of the same name.",
        caption="The loop, and what it does on four letters. Arrows of one name are one matrix.",
        wide=wide,
        narrow=narrow,
    )


def rnn_patterns() -> Drawing:
    """Five ways to use one step: which steps get an input, and which outputs are read."""
    patterns = {  # name → (steps that get an input, steps that give an output, the first step of a second network)
        "one-to-one": ([1], [1], 9),
        "one-to-many": ([1], [1, 2, 3, 4], 9),
        "many-to-one": ([1, 2, 3, 4], [4], 9),
        "aligned many-to-many": ([1, 2, 3, 4], [1, 2, 3, 4], 9),
        "encoder–decoder": ([1, 2, 3], [4, 5, 6], 4),
    }

    def pattern(canvas: Canvas, left: float, top: float, name: str) -> None:
        inputs, outputs, second = patterns[name]
        canvas.text(left, top, name, anchor="start")
        y = top + 54
        for t in range(1, max(inputs + outputs) + 1):
            x = left + 14 + 42 * (t - 1)
            canvas.box(x, y, "", "state", w=20, h=20, filled=0.4 if t < second else 0)
            if t > 1:
                canvas.arrow((x - 32, y), (x - 10, y), kind="state")
            if t in inputs:
                canvas.arrow((x, y + 34), (x, y + 10), kind="input")
            if t in outputs:
                canvas.arrow((x, y - 10), (x, y - 34), kind="output")

    wide, narrow = Canvas(640, 216), Canvas(330, 444)
    for name, x, y in zip(patterns, (12, 232, 452, 12, 282), (12, 12, 12, 124, 124), strict=True):
        pattern(wide, x, y, name)
    for name, x, y in zip(patterns, (12, 154, 12, 12, 12), (14, 14, 126, 238, 350), strict=True):
        pattern(narrow, x, y, name)
    return Drawing(
        title="Five uses of one recurrent step",
        shows="Rows of boxes joined by arrows. One-to-one: one step with input and output. One-to-many: an input at "
        "the first of four steps, an output at each. Many-to-one: four inputs, one output at the last. Aligned "
        "many-to-many: four inputs, four outputs. Encoder–decoder: three steps with inputs only, then three of a "
        "second network with outputs only.",
        caption="Inputs come from below, outputs leave above. The empty boxes are a second network.",
        wide=wide,
        narrow=narrow,
    )


def faded(steps: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    """States h_0 … h_T of an RNN with small weights, (T+1, 3), and what reaches h_1 … h_T of a gradient, (T, 3)."""
    W_hh = torch.tensor([[0.6, 0.3, 0.0], [-0.3, 0.5, 0.3], [0.2, -0.3, 0.6]], dtype=torch.float64)
    W_xh = torch.tensor([[0.8], [-0.6], [0.4]], dtype=torch.float64)
    states = [torch.zeros(1, 3, dtype=torch.float64)]
    for x in (0.9, -0.4, 0.7, 0.2, -0.8, 0.5)[:steps]:
        states.append(rnn_step(torch.tensor([[x]]).double(), states[-1], W_xh, W_hh, torch.zeros_like(W_hh[0])))
    hs = torch.stack(states, dim=1)
    factors, last = rnn_jacobians(hs, W_hh), torch.tensor([0.8, -0.36, 0.48], dtype=torch.float64)
    return hs[0], torch.stack([last @ jacobian(factors, t)[0] for t in range(1, steps + 1)])


def gradients_fade() -> Drawing:
    """A gradient of length 1 that goes back from the last state, step by step."""
    states, gradients = faded()
    lengths = (gradients.norm(dim=1) / gradients[-1].norm()).tolist()
    T = len(lengths)

    def draw(canvas: Canvas, first: float, apart: float) -> Canvas:
        xs = [first + apart * t for t in range(T)]
        for t, x in enumerate(xs):
            if t:
                canvas.arrow((xs[t - 1] + 19, 94), (x - 19, 94), kind="state", width=2)
            canvas.cells(x, 94, states[t + 1].tolist(), "state")
            canvas.text(x, 52, f"$h_{t + 1}$")
        canvas.arrow((xs[-1], 42), (xs[-1], 28), kind="output")
        canvas.box(xs[-1], 15, "loss", "output", w=46)
        canvas.arrow(
            (xs[-1] + 23, 15), (xs[-1] + 34, 15), (xs[-1] + 34, 190), (xs[-1] + 20, 190), kind="gradient", width=3
        )
        for t in reversed(range(T)):
            with canvas.group("m", at=T - 1 - t):
                if t < T - 1:
                    width = 0.8 + 3 * lengths[t]
                    canvas.arrow((xs[t + 1] - 19, 190), (xs[t] + 19, 190), kind="gradient", width=width)
                canvas.cells(xs[t], 190, (gradients[t] / gradients.abs().max()).tolist(), "gradient", digits=None)
            canvas.text(xs[t], 234, number(lengths[t], 2))
        canvas.text(xs[0] - 19, 144, "and back", anchor="start")
        canvas.text(xs[0] - 19, 22, "forward", anchor="start")
        return canvas

    shares = ", ".join(number(length, 2) for length in reversed(lengths))
    return Drawing(
        title="A gradient goes back and fades",
        shows=f"Above, {T} states in a row with arrows to the right, and the loss at the last. Under each state the "
        "gradient of the loss by it, with arrows to the left. Its colour gets paler and the arrows thinner with "
        f"every step; its length, from the last state to the first, is {shares}.",
        caption="Forward, each state makes the next. Back, the gradient of the loss is multiplied by one Jacobian a "
        "step. The numbers are its length, with 1 at the last state; the weights are small here, and it fades.",
        wide=draw(Canvas(640, 246), 34, 106),
        narrow=draw(Canvas(330, 246), 22, 53),
        moves=True,
    )
