"""The drawing of a recurrence that is put together two by two."""

from rnn2attn.plots.drawn.canvas import Canvas
from rnn2attn.plots.drawn.drawing import Drawing

STEPS = 8


def scan_rounds() -> Drawing:
    """Eight steps in three rounds: each place takes over what a place further left has put together so far."""
    rounds = []
    reach = 1
    first = list(range(1, STEPS + 1))  # the first of the steps that a place holds
    while reach < STEPS:
        rounds.append((reach, first))
        first = [first[t - reach] if t >= reach else first[t] for t in range(STEPS)]
        reach *= 2

    def held(begin: int, end: int) -> str:
        return f"{begin}" if begin == end else f"{begin}–{end}"

    def draw(canvas: Canvas, left: float, apart: float, w: float, down: float) -> Canvas:
        xs = [left + apart * t for t in range(STEPS)]
        y = 18.0
        for reach, begins in rounds:
            for t in range(STEPS):
                canvas.box(xs[t], y, held(begins[t], t + 1), "cell" if begins[t] > 1 else "state", w=w, h=24, size=12)
                canvas.arrow((xs[t], y + 12), (xs[t], y + down - 12), opacity=0.45)
                if t >= reach:
                    canvas.arrow((xs[t - reach], y + 12), (xs[t] - 3, y + down - 12), kind="cell", width=2)
            y += down
        for t in range(STEPS):
            canvas.box(xs[t], y, held(1, t + 1), "state", w=w, h=24, size=12)
        return canvas

    return Drawing(
        title="Eight steps in three rounds",
        shows="Four rows of eight boxes. Each box says which steps it holds: in the first row the steps 1 to 8, one "
        "each; in the second 1, 1–2, 2–3 and so on to 7–8; in the third up to four steps, from 5–8 at the right end; "
        "in the last row every box begins at 1, from 1 to 1–8. Slanting arrows bring to a box what stands one place "
        "to the left in the first round, two in the second and four in the third.",
        caption="Which steps each place holds. Three rounds of arrows, and the arrows of one round need not wait for "
        "each other. A box that begins at 1 is ready: it is a state.",
        wide=draw(Canvas(640, 252), 40, 80, 48, 72),
        narrow=draw(Canvas(330, 252), 20, 41.4, 34, 72),
    )
