"""Drawings of chapter 3: word order, encoder and decoder, teacher forcing and free running, beam search."""

from collections.abc import Sequence

import torch
from torch import Tensor

from rnn2attn.decoding import beam
from rnn2attn.plots.drawn.canvas import SMALL, Canvas, number
from rnn2attn.plots.drawn.drawing import Drawing
from rnn2attn.recurrent import rnn_step

SOURCE, RIGHT = ("I", "love", "you"), ("나는", "너를", "사랑해", "<eos>")

# Three units that translate two sentences: weights of a network trained on them, rounded to halves.
READ = ("I", "love", "you", "me")
SAID = ("<sos>", "나는", "너는", "너를", "나를", "사랑해", "<eos>")
ENCODER_X = [[0.5, 0.0, -1.5, 1.0], [-0.5, -1.0, 1.0, 0.5], [-0.5, 0.0, -0.5, 0.5]]
ENCODER_H = [[0.0, 0.0, -1.5], [0.0, -0.5, 0.5], [0.5, -1.0, 0.0]]
DECODER_X = [[-0.5, -2.0, 3.0, 2.0, 1.0, 1.0], [0.5, 2.0, -1.0, -1.5, -2.0, 1.0], [-0.5, -1.5, 2.0, -1.5, -3.5, 0.5]]
DECODER_H = [[0.5, -1.0, -1.0], [1.5, -0.5, -1.0], [1.0, 1.0, 1.0]]
OUTPUT = [
    [-3.5, -4.0, -0.5],
    [-2.5, 1.5, 3.5],
    [-2.5, 2.0, -3.0],
    [2.0, -2.5, 3.0],
    [2.0, -3.0, -4.0],
    [3.0, 3.0, -0.5],
]


def _step(word: str, words: Sequence[str], h: Tensor, W_x: list, W_h: list) -> Tensor:
    W_xh, W_hh = torch.tensor(W_x, dtype=torch.float64), torch.tensor(W_h, dtype=torch.float64)
    x = torch.nn.functional.one_hot(torch.tensor([words.index(word)]), W_xh.shape[1]).double()
    return rnn_step(x, h, W_xh, W_hh, torch.zeros_like(W_hh[0]))


def encoded(words: Sequence[str]) -> list[Tensor]:
    """The encoder's states h_1 … h_T, each (1, 3)."""
    states = [torch.zeros(1, 3, dtype=torch.float64)]
    for word in words:
        states.append(_step(word, READ, states[-1], ENCODER_X, ENCODER_H))
    return states[1:]


def decoded(context: Tensor, forced: Sequence[str] = ()) -> tuple[list[Tensor], list[str], list[str]]:
    """The decoder's states, what it reads and what it says, until the end; it reads its own words unless forced."""
    W_hy, s = torch.tensor(OUTPUT, dtype=torch.float64), context
    states, read, said = [], ["<sos>"], []
    while not said or read[-1] != "<eos>":
        s = _step(read[-1], SAID, s, DECODER_X, DECODER_H)
        states.append(s)
        said.append(SAID[1 + (s @ W_hy.T).argmax().item()])
        read.append(forced[len(said) - 1] if forced else said[-1])
    return states, read[:-1], said


def _word(canvas: Canvas, x: float, y: float, word: str, kind: str, filled: float = 0.12) -> None:
    canvas.box(x, y, word, kind, w=48, size=SMALL if word.startswith("<") else 13, filled=filled)


def word_order() -> Drawing:
    """What each Korean word needs of an English sentence, on the clock of one that answers word by word."""
    needs = dict(zip(RIGHT[:3], (0, 2, 1), strict=True))

    def draw(canvas: Canvas, first: float, apart: float) -> Canvas:
        for t, (english, korean) in enumerate(zip(SOURCE, needs, strict=True)):
            x = first + t * apart
            canvas.text(x, 12, f"step {t + 1}", SMALL)
            _word(canvas, x, 40, korean, "output")
            _word(canvas, x, 140, english, "input")
        for t, korean in enumerate(needs):
            early = needs[korean] > t
            start, end = (first + needs[korean] * apart, 126), (first + t * apart, 55)
            canvas.arrow(start, end, kind="gradient" if early else "ink", width=2.5 if early else 1.5)
        canvas.text(first - 36, 40, "says", anchor="end")
        canvas.text(first - 36, 140, "reads", anchor="end")
        return canvas

    return Drawing(
        title="What is needed before it is read",
        shows="Three steps from left to right. Below, I, love, you are read, one a step; above, 나는, 너를 "
        "and 사랑해 are said. Arrows lead from each English word to the Korean word that it gives: from I up to "
        "나는, from love at step 2 forward to 사랑해 at step 3, and in red from you at step 3 back to 너를.",
        caption="A network that says a word as soon as it has read one. At step 2 it has to say 너를, and “you” "
        "comes at step 3: the red arrow leads back in time.",
        wide=draw(Canvas(640, 158), 160, 180),
        narrow=draw(Canvas(330, 158), 94, 100),
    )


def encoder_decoder() -> Drawing:
    """Encoder and decoder on a sentence, with the context between them."""
    h = encoded(SOURCE)
    s, read, said = decoded(h[-1])

    def reads(canvas: Canvas, xs: Sequence[float], y: float) -> None:
        for i, x in enumerate(xs):
            if i:
                canvas.arrow((xs[i - 1] + 19, y), (x - 19, y), kind="state", width=2)
            canvas.cells(x, y, h[i][0].tolist(), "state")
            canvas.arrow((x, y + 58), (x, y + 31), kind="input")
            _word(canvas, x, y + 70, SOURCE[i], "input")
            canvas.text(x, y - 41, f"$h_{i + 1}$")

    def says(canvas: Canvas, xs: Sequence[float], y: float) -> None:
        for t, x in enumerate(xs):
            if t:
                canvas.arrow((xs[t - 1] + 19, y), (x - 19, y), kind="state", width=2)
                middle = (x + xs[t - 1]) / 2
                corners = (xs[t - 1] + 24, y - 70), (middle, y - 70), (middle, y + 70), (x - 24, y + 70)
                canvas.arrow(*corners, dashed=True)
            canvas.cells(x, y, s[t][0].tolist(), "state")
            canvas.arrow((x, y + 58), (x, y + 31), kind="input")
            _word(canvas, x, y + 70, read[t], "input")
            canvas.arrow((x, y - 31), (x, y - 58), kind="output")
            _word(canvas, x, y - 70, said[t], "output")

    wide, narrow = Canvas(680, 220), Canvas(330, 396)
    for canvas, at in ((wide, (268, 90)), (narrow, (296, 62))):
        canvas.frame(at[0] - 29, at[1] - 54, 58, 94)
        canvas.text(at[0], at[1] - 41, "$c$", bold=True)
        canvas.cells(*at, h[-1][0].tolist(), "state")
    reads(wide, (30, 108, 186), 90)
    wide.arrow((205, 90), (249, 90), kind="state", width=2)
    wide.arrow((287, 90), (343, 90), kind="state", width=2)
    says(wide, (362, 456, 550, 644), 90)
    wide.brace(6, 210, 190, "encoder", below=True)
    wide.brace(338, 668, 190, "decoder", below=True)
    reads(narrow, (30, 112, 194), 62)
    narrow.arrow((213, 62), (277, 62), kind="state", width=2)
    narrow.arrow((296, 102), (296, 182), (6, 182), (6, 310), (21, 310), kind="state", width=2)
    says(narrow, (40, 122, 204, 286), 310)
    narrow.text(6, 168, "encoder above, decoder below", SMALL, anchor="start")
    return Drawing(
        title="Encoder, context, decoder",
        shows="Three columns of cells, the encoder's states, reading I, love, you. From the last an arrow leads "
        "to a framed column of the same three numbers, the context c, and from there one arrow to four columns, "
        f"the decoder's states, which read {', '.join(read)} and say {', '.join(said)}. Dotted arrows lead from "
        "each word said to the next word read.",
        caption="A small network that has learned this sentence. All that the decoder gets of the source goes "
        "through the frame: $c$ is the last state of the encoder. What the decoder says it reads at its next step.",
        wide=wide,
        narrow=narrow,
    )


def forced_and_free() -> Drawing:
    """The same decoder twice, with an error at its first word: forced, and on its own words."""
    nothing = torch.zeros(1, 3, dtype=torch.float64)  # a context that does not say which sentence it was
    runs = {"Teacher forcing": decoded(nothing, RIGHT), "Free running": decoded(nothing)}

    def panel(canvas: Canvas, name: str) -> None:
        states, read, said = runs[name]
        canvas.text(0, 12, name, anchor="start", bold=True)
        for label, y in (("right", 46), ("says", 90), ("reads", 222)):
            canvas.text(0, y, label, SMALL, anchor="start")
        source = 46 if name == "Teacher forcing" else 90
        for t, word in enumerate(RIGHT):
            x = 72 + 76 * t
            _word(canvas, x, 46, word, "ink", 0)
            if t >= len(said):
                continue
            _word(canvas, x, 90, said[t], "output" if said[t] == word else "gradient")
            canvas.arrow((x, 126), (x, 102), kind="output")
            canvas.cells(x, 156, states[t][0].tolist(), "state")
            canvas.arrow((x, 210), (x, 187), kind="input")
            _word(canvas, x, 222, read[t], "input")
            if t:
                canvas.arrow((x - 57, 156), (x - 19, 156), kind="state", width=2)
                canvas.arrow((x - 52, source), (x - 38, source), (x - 38, 222), (x - 24, 222), dashed=True)

    wide, narrow = Canvas(690, 240), Canvas(330, 500)
    panel(wide, "Teacher forcing")
    panel(narrow, "Teacher forcing")
    with wide.shifted(362, 0):
        panel(wide, "Free running")
    with narrow.shifted(0, 260):
        panel(narrow, "Free running")
    return Drawing(
        title="One wrong word, forced and free",
        shows=f"Two drawings of one decoder that should say {' '.join(RIGHT)}. Its first word is wrong in both. With "
        "teacher forcing, dotted arrows lead from the right words to what is read next, and it says "
        f"{' '.join(runs['Teacher forcing'][2])}. Running free, they lead from its own words, and it says "
        f"{' '.join(runs['Free running'][2])}.",
        caption="The decoder from above gets a context of zeros, and its first word is wrong. Forced, it reads "
        "the right word all the same and is right from there on. On its own words it goes on from the error, and "
        "every word after it stands in the wrong place. In red: what differs from the right word.",
        wide=wide,
        narrow=narrow,
    )


# What a model might say: for each token, the probabilities of the next. It knows only the last token.
NEXT = {"<sos>": {"A": 0.6, "B": 0.4}, "A": {"C": 0.5, "D": 0.3, "E": 0.2}, "B": {"C": 0.1, "D": 0.9}}
TOKENS = ("<sos>", "A", "B", "C", "D", "E", "<eos>")


def kept(k: int, steps: int) -> list[tuple[tuple[str, ...], float]]:
    """What a beam of k keeps after so many steps, with its probability, the best first."""
    table = torch.zeros(len(TOKENS), len(TOKENS), dtype=torch.float64)
    for token, following in NEXT.items():
        for other, p in following.items():
            table[TOKENS.index(token), TOKENS.index(other)] = p
    table[3:, -1] = 1  # after two tokens it ends
    found = beam(lambda tokens, state: (table[tokens].log(), state), torch.zeros(1), torch.tensor([0]), 6, steps, k)[
        0
    ]
    return [(tuple(TOKENS[i] for i in one.ids), torch.tensor(one.score).exp().item()) for one in found]


def beam_search() -> Drawing:
    """A beam of two finds what greedy decoding does not."""
    after = [dict(kept(2, steps)) for steps in (1, 2)]
    greedy, best = kept(1, 2)[0], kept(2, 2)[0]
    ends = [(first, second) for first in NEXT["<sos>"] for second in NEXT[first]]

    def draw(canvas: Canvas, xs: tuple[float, float, float]) -> Canvas:
        rows = {ends[i]: 34 + 46 * i for i in range(len(ends))}
        firsts = {first: sum(y for end, y in rows.items() if end[0] == first) / len(NEXT[first]) for first in "AB"}
        middle = sum(firsts.values()) / 2

        def node(x: float, y: float, token: str, p: float, held: bool) -> None:
            canvas.box(x, y, token, "output" if held else "ink", w=30, filled=0.3 if held else 0)
            canvas.text(x + 22, y, number(p, 2), anchor="start", bold=held)

        def edge(start: tuple, end: tuple, p: float, held: bool, way: bool) -> None:
            kind = "output" if held else "ink"
            canvas.arrow(start, end, kind=kind, width=3 if way else 1.5, opacity=1 if held else 0.5)
            canvas.text(
                start[0] + 0.6 * (end[0] - start[0]), start[1] + 0.6 * (end[1] - start[1]) - 10, f"{p:g}", SMALL
            )

        canvas.box(xs[0], middle, "<sos>", "input", w=46, size=SMALL)
        for first, y in firsts.items():
            edge((xs[0] + 23, middle), (xs[1] - 16, y), NEXT["<sos>"][first], True, first == best[0][0])
            node(xs[1], y, first, after[0][first,], True)
        for end, y in rows.items():
            p = NEXT["<sos>"][end[0]] * NEXT[end[0]][end[1]]
            edge((xs[1] + 64, firsts[end[0]]), (xs[2] - 16, y), NEXT[end[0]][end[1]], end in after[1], end == best[0])
            node(xs[2], y, end[1], p, end in after[1])
        return canvas

    return Drawing(
        title="A beam of two",
        shows="A tree from left to right. From <sos> to A with probability 0.6 and to B with 0.4; from A to C, D "
        "and E, from B to C and D. Two nodes are filled at each step, those that are kept: A and B, then "
        f"{' and '.join(' '.join(tokens) for tokens in after[1])}. Greedy decoding finds {' '.join(greedy[0])} "
        f"with {number(greedy[1], 2)}; the thick way, {' '.join(best[0])}, has {number(best[1], 2)}.",
        caption="On each arrow the probability of the next token, beside each node that of everything so far. "
        f"Filled is what a beam of two keeps at each step. Greedy decoding takes {greedy[0][0]}, and then the best "
        f"that follows, {number(greedy[1], 2)}; the beam still has {best[0][0]}, and finds {number(best[1], 2)}.",
        wide=draw(Canvas(640, 236), (60, 260, 520)),
        narrow=draw(Canvas(330, 236), (27, 116, 268)),
    )
