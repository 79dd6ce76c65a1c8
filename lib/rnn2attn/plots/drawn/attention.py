"""Drawings of chapter 4: attention as a look-up, and the two decoders that attend."""

from itertools import pairwise

import torch
from torch import Tensor

from rnn2attn.attention import attend, dot
from rnn2attn.plots.drawn.canvas import SMALL, Canvas, number
from rnn2attn.plots.drawn.drawing import Drawing
from rnn2attn.recurrent import rnn_step

WORDS = ("I", "love", "you")
# The chapter's example: three states of an encoder, and one of a decoder that asks.
STATES = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
ASKING = [1.0, 1.0]
TOP, SOFTMAX, SCORE, HEIGHT = 66, 108, 172, 222  # heights of weights, softmax, products and states


def looked_up() -> tuple[list[float], list[float], list[float]]:
    """Scores, weights and context of the example."""
    s, h = torch.tensor([ASKING]), torch.tensor([STATES])
    context, weights = attend(s, h, h, score=dot)
    return dot(s[:, None], h)[0, 0].tolist(), weights[0].tolist(), context[0].tolist()


def _look_up(canvas: Canvas, xs: tuple[float, ...], s: float, joined: float, word: float) -> Canvas:
    """The example with its states at these places, the decoder's state and context at s, and what follows."""
    e, alpha, c = looked_up()
    left, right = xs[0] - 24, xs[-1] + 24
    with canvas.step(1):
        canvas.glow(left, HEIGHT - 26, s + 24 - left, 90)
        for x, name, state in zip(xs, WORDS, STATES, strict=True):
            canvas.box(x, HEIGHT + 50, name, "input", w=44)
            canvas.arrow((x, HEIGHT + 38), (x, HEIGHT + 20), kind="input")
            canvas.cells(x, HEIGHT, state, "state")
        canvas.cells(s, HEIGHT, ASKING, "state")
        canvas.text(s, HEIGHT + 33, "$s$")
    with canvas.step(2):
        canvas.glow(left, SOFTMAX + 16, s + 24 - left, HEIGHT - SOFTMAX - 42)
        canvas.arrow((s, HEIGHT - 20), (s, SCORE), (xs[-1] + 9, SCORE), kind="state")
        for x, further in pairwise(xs):
            canvas.arrow((further - 9, SCORE), (x + 9, SCORE), kind="state")
        for x, score in zip(xs, e, strict=True):
            canvas.node(x, SCORE, "·", "state")
            canvas.arrow((x, HEIGHT - 20), (x, SCORE + 9), kind="state")
            canvas.arrow((x, SCORE - 9), (x, SOFTMAX + 11), kind="weight")
            canvas.text(x + 8, 0.5 * (SCORE + SOFTMAX) + 1, number(score, 1), SMALL, anchor="start")
    with canvas.step(3):
        canvas.glow(left, TOP - 16, right - left, SOFTMAX - TOP + 32)
        middle, width = (xs[0] + xs[-1]) / 2, xs[-1] - xs[0] + 40
        canvas.box(middle, SOFTMAX, "softmax", "weight", w=width, h=22)
        for x, share in zip(xs, alpha, strict=True):
            canvas.arrow((x, SOFTMAX - 11), (x, TOP + 10), kind="weight")
            canvas.cells(x, TOP, [share], "weight", digits=2)
    with canvas.step(4):
        canvas.glow(left, 4, s + 24 - left, TOP - 20)
        for n, (x, share) in enumerate(zip(xs, alpha, strict=True)):
            canvas.arc(x, s - 10 + 10 * n, TOP - 20, 36 - 9 * n, kind="state", width=8 * share)
            canvas.arrow((x, TOP - 10), (x, TOP - 20), kind="state", width=8 * share, head=False)
        canvas.cells(s, TOP, c, "state")
        canvas.text(s, TOP + 33, "$c$")
    with canvas.step(5):
        canvas.glow(joined - 22, 98, word - joined + 42, 92)
        middle = (TOP + HEIGHT) / 2
        canvas.arrow((s + 19, TOP), (joined, TOP), (joined, middle - 40), kind="state")
        canvas.arrow((s + 19, HEIGHT), (joined, HEIGHT), (joined, middle + 40), kind="state")
        canvas.cells(joined, middle, [*c, *ASKING], "state", w=34)
        canvas.arrow((joined + 17, middle), (word - 18, middle), kind="output")
        canvas.box(word, middle, "너를", "output", w=36)
    return canvas


def attention_look_up() -> Drawing:
    """A decoder's state looks at three states of an encoder, in five steps."""
    e, alpha, c = looked_up()
    scores, shares = (", ".join(number(value, digits) for value in values) for values, digits in ((e, 0), (alpha, 2)))
    context = " and ".join(number(value, 1) for value in c)
    return Drawing(
        title="A decoder looks at all states of the encoder",
        shows="Three words, I, love, you, each with its state of two numbers above. On the right the decoder's state "
        f"s. A line from s meets each state in a dot product, with the scores {scores}. A softmax over all makes the "
        f"weights {shares}. Arcs as thick as the weights lead from the three to the context c, which is {context}. c "
        "and s together lead to the word 너를.",
        caption="One look. Blue numbers are states and what is mixed from them, purple ones say how much of each. "
        "The arcs are as thick as the weights.",
        steps=(
            "The encoder went through three states, one at each word. They are kept. The decoder is in state $s$, "
            "and about to say 너를, “you”.",
            f"$s$ is compared with each of them by a dot product. The scores are {scores}.",
            f"The softmax turns the scores into shares of 1: {shares}.",
            f"The context $c$ is the mean of the states with these shares. It is {context}.",
            "$c$ and $s$ side by side are what the word is said from.",
        ),
        wide=_look_up(Canvas(690, 286), (60, 180, 300), 440, 540, 640),
        narrow=_look_up(Canvas(330, 286), (24, 88, 152), 216, 265, 310),
    )


def designs() -> tuple[Tensor, list[Tensor], list[tuple[Tensor, Tensor, Tensor]]]:
    """Encoder states (3, 3), decoder states s_{t−1} (3,), and of both designs s_t, weights and context."""
    W_x = torch.tensor([[0.9, -0.5], [-0.8, 0.7], [0.4, 1.0]])
    W_h = torch.tensor([[0.4, -0.6, 0.0], [0.5, 0.3, 0.4], [-0.4, 0.0, 0.6]])
    W_c = torch.tensor([[0.0, 1.0, -1.0], [1.0, 0.0, 1.0], [-1.0, 0.5, 0.0]])
    zero = torch.zeros(3)
    read, states = torch.tensor([[1.0, 0.5], [-1.0, 1.0], [0.5, -1.0]]), [torch.zeros(1, 3)]
    for x in read:
        states.append(rnn_step(x[None], states[-1], W_x, W_h, zero))
    h = torch.stack(states[1:], dim=1)
    word, before = torch.tensor([[-1.0, 0.5]]), torch.tensor([[0.3, -0.6, 0.8]])
    after = rnn_step(word, before, W_x, W_h, zero)
    c, alpha = attend(after, h, h, score=dot)
    first = after, alpha, c
    c, alpha = attend(before, h, h, score=dot)
    both = torch.cat([word, c], dim=1)
    second = rnn_step(both, before, torch.cat([W_x, W_c], dim=1), W_h, zero), alpha, c
    return h[0], before[0], [tuple(part[0] for part in design) for design in (first, second)]


def _design(canvas: Canvas, after: bool) -> None:
    """A decoder's step beside three states of the encoder, on a stretch of 330 units."""
    h, before, both = designs()
    s, alpha, c = both[0 if after else 1]
    bare = {"w": 24, "h": 18, "digits": None}
    row, look, above, xs, last, now = 150, 92, 40, (24, 70, 116), 188, 282
    canvas.text(4, 12, "looks after the step" if after else "looks before the step", bold=True, anchor="start")
    for n, (x, state, share) in enumerate(zip(xs, h, alpha, strict=True)):
        canvas.cells(x, row, state.tolist(), "state", **bare)
        canvas.text(x + 5, row + 40, f"$h_{n + 1}$", SMALL, anchor="start")
        canvas.arrow((x, row + 50), (x, row + 27), kind="input")
        canvas.box(x, row + 62, WORDS[n], "input", w=42)
        if n:
            canvas.arrow((xs[n - 1] + 12, row), (x - 12, row), kind="state")
        canvas.arrow((x, row - 27), (x, look + 10), kind="state")
        canvas.cells(x, look, [share], "weight", digits=1)
        canvas.arrow((x, look - 10), (x, above), (last - 36, above), kind="state", width=6 * float(share) + 0.5)
    canvas.arrow((xs[-1] + 12, row), (last - 12, row), kind="state", dashed=True)
    canvas.cells(last, row, before.tolist(), "state", **bare)
    canvas.text(last, row + 40, "$s_{t−1}$")
    canvas.arrow((last + 12, row), (now - 12, row), kind="state", width=2)
    canvas.cells(now, row, s.tolist(), "state", **bare)
    canvas.text(now + 16, row + 22, "$s_t$", anchor="start")
    canvas.arrow((now, row + 50), (now, row + 27), kind="input")
    canvas.box(now, row + 62, "$y_{t−1}$", "input", w=44)
    canvas.cells(last, above, c.tolist(), "state", across=True, **bare)
    canvas.text(last, above + 22, "$c_t$")
    query = now if after else last
    canvas.dot(query, look, "weight")
    canvas.arrow((query, row - 27), (query, look), (xs[-1] + 19, look), kind="weight")
    canvas.text(last - 8, look + 14, "asks", SMALL, anchor="end")
    if after:
        canvas.arrow((last + 36, above), (now - 22, above), kind="state", width=2)
        canvas.arrow((now, row - 27), (now, above + 12), kind="output")
        canvas.box(now, above, "$y_t$", "output", w=44)
    else:
        canvas.arrow((last + 36, above), (now - 8, above), (now - 8, row - 27), kind="state", width=2)
        canvas.arrow((now + 8, row - 27), (now + 8, above + 12), kind="output")
        canvas.box(now + 22, above, "$y_t$", "output", w=44)


def attention_decoders() -> Drawing:
    """Both designs of a decoder that attends: the state asks after its step, or before."""
    wide, narrow = Canvas(690, 226), Canvas(330, 470)
    for canvas, x, y in ((wide, 360, 0), (narrow, 0, 244)):
        _design(canvas, after=True)
        with canvas.shifted(x, y):
            _design(canvas, after=False)
    return Drawing(
        title="Two decoders that attend",
        shows="Both show three states of an encoder over the words I, love, you, and a decoder's step from s(t−1) to "
        "s(t), which reads y(t−1). In the first s(t) asks: a line leads from it to the weights above the encoder's "
        "states, their mean c(t) goes to the output, and so does s(t). In the second s(t−1) asks, c(t) goes into "
        "s(t), and only s(t) goes to the output.",
        caption="The first design and the second. Follow the purple line, which is the query: it starts at $s_t$ or "
        "at $s_{t−1}$. And follow $c_t$: it goes to the output, or into the new state.",
        wide=wide,
        narrow=narrow,
    )
