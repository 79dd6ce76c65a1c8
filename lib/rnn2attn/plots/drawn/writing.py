"""Drawings of the page on which a network writes."""

import math

from rnn2attn.language import Counts
from rnn2attn.plots.drawn.canvas import SMALL, Canvas, number
from rnn2attn.plots.drawn.drawing import Drawing
from rnn2attn.tasks import names

READ = "Santiago"  # in stretches of four letters
STRETCH = 4
SIGNS = "Santa Marola", "Xrqptz"
RUN = 3  # letters of a run that is counted


def road_signs() -> Drawing:
    """How much each letter of two names surprises who has counted runs of letters in names of places."""
    text = "\n" + "".join(f"{name}\n" for name in names.texts())
    letters = sorted(set(text))
    place = {letter: k for k, letter in enumerate(letters)}
    counts = Counts([place[letter] for letter in text], len(letters), RUN)

    def surprises(sign: str) -> list[float]:
        read = [place[letter] for letter in f"\n{sign}"]
        p = [counts.probabilities(read[:t])[read[t]].item() for t in range(1, len(read))]
        return [-math.log2(one) for one in p]

    bits = {sign: surprises(sign) for sign in SIGNS}
    highest = max(map(max, bits.values()))

    def draw(canvas: Canvas, places: list[tuple[float, float]], apart: float) -> Canvas:
        for (sign, found), (x, y) in zip(bits.items(), places, strict=True):
            for t, (letter, one) in enumerate(zip(sign, found, strict=True)):
                at, h = x + apart * t, 84 * one / highest
                canvas.box(at, y - h / 2, "", "output", w=apart - 6, h=h, filled=0.4)
                canvas.text(at, y - h - 9, number(one, 0), SMALL)
                canvas.text(at, y + 13, letter)
        return canvas

    means = {sign: number(sum(found) / len(found), 1) for sign, found in bits.items()}
    return Drawing(
        title="Two road signs, letter by letter",
        shows="A bar for each letter, as high as the letter is surprising, with its number of bits. "
        + " ".join(f"{sign}: " + ", ".join(number(one, 0) for one in found) + "." for sign, found in bits.items()),
        caption=f"How surprising each letter is, in bits, to who has counted which letter comes after which two in "
        f"names of places. On the mean it is {means[SIGNS[0]]} bits a letter for one sign and {means[SIGNS[1]]} for "
        f"the other. What a bit is, and how one counts, comes next.",
        wide=draw(Canvas(640, 140), [(24, 112), (454, 112)], 33),
        narrow=draw(Canvas(330, 276), [(20, 112), (20, 250)], 26),
    )


def gradient_cut() -> Drawing:
    """A network that reads a name in two stretches: the state goes on, the gradient does not."""
    T = len(READ)

    def draw(canvas: Canvas, first: float, apart: float, w: float) -> Canvas:
        xs = [first + apart * t for t in range(T)]
        for t, x in enumerate(xs):
            if t:
                canvas.arrow((xs[t - 1] + w / 2, 66), (x - w / 2, 66), kind="state", width=2)
            canvas.arrow((x, 98), (x, 79), kind="input")
            canvas.text(x, 108, READ[t])
            canvas.arrow((x, 53), (x, 33), kind="output")
            canvas.text(x, 22, f"$L_{t + 1}$")
            canvas.box(x, 66, f"$h_{t + 1}$", "state", w=w, h=26)
            if t % STRETCH:
                canvas.arrow((x - 3, 134), (xs[t - 1] + 3, 134), kind="gradient", width=2)
        for t in range(0, T, STRETCH):
            canvas.brace(xs[t] - w / 2, xs[t + STRETCH - 1] + w / 2, 150, "one update", below=True)
        cut = (xs[STRETCH - 1] + xs[STRETCH]) / 2
        canvas.arrow((cut, 82), (cut, 150), dashed=True, head=False)
        return canvas

    return Drawing(
        title="The state goes on, the gradient is cut",
        shows=f"The states h_1 to h_{T} in a row over the letters of {READ}, joined by arrows to the right, with "
        f"a loss above each. Below, arrows of the gradient to the left, within the first {STRETCH} and the last "
        f"{STRETCH}; between the two stretches is a dashed line that only the arrow of the state crosses.",
        caption="Two stretches of four letters. The state of the first is where the second begins. Back goes the "
        "gradient of the four losses of a stretch, as far as the stretch reaches, and then the weights are changed.",
        wide=draw(Canvas(640, 184), 40, 80, 36),
        narrow=draw(Canvas(330, 184), 20, 41, 28),
    )
