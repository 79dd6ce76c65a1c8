"""Drawings of the page on which a network writes."""

from rnn2attn.plots.drawn.canvas import Canvas
from rnn2attn.plots.drawn.drawing import Drawing

READ = "Santiago"  # in stretches of four letters
STRETCH = 4


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
