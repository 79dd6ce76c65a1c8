"""Drawings that ask what the second page of a chapter is about."""

import torch

from rnn2attn.gradients import jacobian_norms, step_jacobians
from rnn2attn.plots.drawn.canvas import SMALL, Canvas, number
from rnn2attn.plots.drawn.drawing import Drawing
from rnn2attn.tasks import names

READ, SAID = "gbtwomexajqcnfuzhipd", "k"  # the first was asked for
EVENING = "order", "hello", "glass", "wine", "cook"
BEGINNERS = {"lets go": 0.0, "holds on": 3.0}  # name → the bias of the gate
LETTERS = "cfajb"  # to be said backwards
NAME, HANGUL = "ingrid", "잉그리드"
COPIED, TRAINED = "cfajbehdgiacjfbhedigcafj", 16  # the longest strings of the training have so many letters
ANSWERS = (0, 1), (1, 2), (2, 2), (2, 3), (3, 5), (4, 6), (5, 7)  # places of a letter, and of one that renders it


def blame_goes_back() -> Drawing:
    """Twenty letters, a wrong answer at the end, and the way of the blame back to the first."""
    T = len(READ)

    def draw(canvas: Canvas, first: float, apart: float, w: float) -> Canvas:
        xs = [first + apart * t for t in range(T)]
        canvas.text(xs[-1] - 18, 14, f"said {SAID}, right was {READ[0]}", anchor="end")
        canvas.arrow((xs[-1], 56), (xs[-1], 28), kind="output")
        canvas.box(xs[-1], 15, SAID, "output", w=20, h=22)
        for t, x in enumerate(xs):
            if t:
                canvas.arrow((xs[t - 1] + w / 2, 68), (x - w / 2, 68), kind="state", head=False)
                canvas.arrow((x - w / 2, 134), (xs[t - 1] + w / 2, 134), kind="gradient", head=t == 1, width=2)
            canvas.box(x, 68, "", "state", w=w, h=24, filled=0.4)
            canvas.arrow((x, 98), (x, 80), kind="input")
            canvas.text(x, 107, READ[t], bold=t == 0)
            canvas.text(x, 134, "?", SMALL)
        return canvas

    return Drawing(
        title="A wrong answer, and twenty moments that had a hand in it",
        shows=f"{T} states in a row, one over each of the letters {', '.join(READ)}. At the last one the letter "
        f"{SAID} is said, where the first letter, {READ[0]}, was asked for. Below the letters a line goes back from "
        "the end to the first, with a question mark at each step.",
        caption=f"Each letter changes the state, and only the last state answers. The blame goes back the same way, "
        f"through one state after the other. The letter that was asked for lies {T - 1} steps behind the mistake. "
        "How much of the blame gets there?",
        wide=draw(Canvas(640, 148), 30, 30.4, 20),
        narrow=draw(Canvas(330, 148), 14, 15.9, 10),
    )


def left_of_an_order(bias: float) -> tuple[float, list[float]]:
    """A gate σ(bias), and the norms of ∂c_k/∂c_0 for k = 0 … 4 where each step multiplies a memory by the gate."""
    gate = torch.tensor(bias, dtype=torch.float64).sigmoid()
    steps = torch.zeros(1, len(EVENING) - 1, 1, dtype=torch.float64)
    factors = step_jacobians(lambda _, c: gate * c, steps, torch.ones(1, 1, dtype=torch.float64))
    return gate.item(), jacobian_norms(factors)[0].tolist()


def two_beginners() -> Drawing:
    """How much of an order is left at the kitchen, and how much of the cook's word reaches the order."""
    kept = {name: left_of_an_order(bias) for name, bias in BEGINNERS.items()}

    def draw(canvas: Canvas, first: float, apart: float) -> Canvas:
        xs = [first + apart * t for t in range(len(EVENING))]
        for x, moment in zip(xs, EVENING, strict=True):
            canvas.text(x, 14, moment)
        for y, (name, (gate, left)) in zip((40, 128), kept.items(), strict=True):
            canvas.text(xs[0] - 19, y, f"{name}: a step keeps {number(gate, 2)}", SMALL, anchor="start")
            for row, kind, values in ((y + 22, "cell", left), (y + 50, "gradient", left[::-1])):
                for t, value in enumerate(values):
                    canvas.cells(xs[t], row, [value], kind, digits=2)
                    if t:
                        ends = [(xs[t - 1] + 19, row), (xs[t] - 19, row)]
                        ends, width = (ends, values[t]) if kind == "cell" else (ends[::-1], values[t - 1])
                        canvas.arrow(*ends, kind=kind, width=0.8 + 3 * width)
        return canvas

    rows = {name: ", ".join(number(one, 2) for one in left) for name, (_, left) in kept.items()}
    return Drawing(
        title="Two beginners with an order",
        shows="Five moments of an evening: the order, three others, the cook. For each of two beginners a row of "
        "numbers to the right, what is left of the order, and below it the same numbers to the left, what comes back "
        "of the cook's word. " + " ".join(f"Who {name}: {row}." for name, row in rows.items()),
        caption="In orange, what is left of the order at each moment, where every step multiplies it by a gate. In "
        "red, what comes back of the cook's word: on this way it is multiplied by the same gates, so as much of it "
        "arrives at the order as there was of the order at the kitchen. Which of the two is a network that has not "
        "learned anything yet?",
        wide=draw(Canvas(640, 192), 60, 130),
        narrow=draw(Canvas(330, 192), 33, 66),
    )


def backwards() -> Drawing:
    """Letters that are said backwards, out of one vector and with a look at each."""
    T = len(LETTERS)
    states, said = LETTERS + LETTERS[::-1], 2 * T - 1  # the last place says the first letter

    def draw(canvas: Canvas, look: bool) -> None:
        xs = [18 + 32.6 * t for t in range(len(states))]
        canvas.text(4, 12, "on paper" if look else "in the head", bold=True, anchor="start")
        for t, (x, letter) in enumerate(zip(xs, states, strict=True)):
            if t:
                wide = 1 if look else 3
                canvas.arrow((xs[t - 1] + 11, 116), (x - 11, 116), kind="state", width=wide, head=not look)
            last = t == T - 1 and not look
            canvas.box(x, 116, "", "state", w=22, h=24, filled=0.5 if last else 0.15)
            way, kind = ((148, 128), "input") if t < T else ((128, 148), "output")
            canvas.arrow(*((x, y) for y in way), kind=kind)
            canvas.box(x, 160, letter, kind, w=22, h=24)
        if look:
            for t in range(T):
                rise = 80 - 16 * t
                canvas.arc(xs[t], xs[said - t], 104, rise, width=3 if t == 0 else 1.5)
        else:
            canvas.brace(xs[0], xs[said], 92, f"{said} steps from {LETTERS[0]} to {LETTERS[0]}")

    wide, narrow = Canvas(690, 176), Canvas(330, 372)
    for canvas, x, y in ((wide, 360, 0), (narrow, 0, 196)):
        draw(canvas, look=False)
        with canvas.shifted(x, y):
            draw(canvas, look=True)
    return Drawing(
        title="Letters said backwards, in the head and on paper",
        shows=f"The letters {', '.join(LETTERS)} are read and said backwards, twice. In the head: a row of states, "
        f"one over each letter, {said} steps from the first letter to the place where it is said, and all of them "
        f"lead through the state in the middle. On paper: the same row, and an arc from each letter's state to the "
        "place that says it.",
        caption=f"In the head, all that is known of the letters has to fit into one state, in the middle, and the "
        f"first letter is {said} steps away from where it is said. On paper every place can look at the letter that "
        "it needs. Which of the two differences counts?",
        wide=wide,
        narrow=narrow,
    )


def name_in_blocks() -> Drawing:
    """A name, the letters of Hangul that it is written with, and the blocks that these form."""
    letters = names.spelled(HANGUL)
    blocks = names.syllables(letters)
    nobodys = [names.alone(letter) for t, letter in enumerate(letters) if t not in {place for _, place in ANSWERS}]

    def draw(canvas: Canvas, first: float, apart: float, w: float) -> Canvas:
        below = [first + apart * t for t in range(len(letters))]
        above = [first + apart * (t * (len(letters) - 1) / (len(NAME) - 1)) for t in range(len(NAME))]
        for x, letter in zip(above, NAME, strict=True):
            canvas.box(x, 16, letter, "input", w=w, h=24)
        for t, place in ANSWERS:
            canvas.arrow((above[t], 28), (below[place], 84), kind="weight")
        for x, letter in zip(below, letters, strict=True):
            canvas.box(x, 96, names.alone(letter), "output", w=w, h=24, filled=0.15)
        for block in blocks:
            canvas.brace(below[block[0]] - w / 2, below[block[-1]] + w / 2, 116, "", below=True)
            middle = (below[block[0]] + below[block[-1]]) / 2
            canvas.text(middle, 144, names.written([letters[t] for t in block]), 22)
        return canvas

    return Drawing(
        title="A name in letters, and in blocks",
        shows=f"Above, the letters {', '.join(NAME)}. Below them the letters of Hangul, "
        f"{', '.join(map(names.alone, letters))}, with arrows from those that they render; {', '.join(nobodys)} have "
        f"none. Below these the blocks that they form, {', '.join(HANGUL)}.",
        caption=f"The letters of the name, those of Hangul, and the blocks. An arrow leads to what renders a letter. "
        f"Of the letters of Hangul, {len(nobodys)} answer to none of the name’s. Who told the clerk to write them?",
        wide=draw(Canvas(640, 164), 60, 65, 34),
        narrow=draw(Canvas(330, 164), 21, 36, 26),
    )


def beyond_training() -> Drawing:
    """A string that is longer than those of which copying was learned."""
    T = len(COPIED)

    def draw(canvas: Canvas, first: float, apart: float, w: float) -> Canvas:
        xs = [first + apart * t for t in range(T)]
        canvas.brace(xs[0] - w / 2, xs[TRAINED - 1] + w / 2, 30, f"1 to {TRAINED}, trained")
        canvas.brace(xs[TRAINED] - w / 2, xs[-1] + w / 2, 30, f"{TRAINED + 1} to {T}")
        for t, (x, letter) in enumerate(zip(xs, COPIED, strict=True)):
            known = t < TRAINED
            canvas.box(x, 48, letter, "input", w=w, h=24, size=12)
            canvas.arrow((x, 60), (x, 92), kind="weight", dashed=not known)
            canvas.box(x, 104, letter if known else "?", "output", w=w, h=24, size=12, filled=0.15 if known else 0)
        return canvas

    return Drawing(
        title="Copying further than one was trained",
        shows=f"A row of {T} letters with an arrow down from each. Below the first {TRAINED} stands the same letter, "
        f"below the last {T - TRAINED} a question mark.",
        caption=f"No string of the training is longer than {TRAINED} letters. Whoever moves a finger from letter to "
        f"letter goes on as before at the {TRAINED + 1}th. Whoever knows {TRAINED} places by heart stands there for "
        "the first time.",
        wide=draw(Canvas(640, 122), 24, 25.8, 21),
        narrow=draw(Canvas(330, 122), 10, 13.5, 12),
    )
