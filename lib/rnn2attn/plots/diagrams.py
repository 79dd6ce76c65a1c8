"""Networks as drawings, with the equations' names on them."""

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from rnn2attn.plots.style import COLOURS, INK, STYLE, Figure, axes, plain


def arrow(ax: Axes, start: tuple, end: tuple, colour: str, bend: float = 0.0) -> None:
    """An arrow from one point of the drawing to another."""
    ax.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=12, color=colour, linewidth=1.6,
            connectionstyle=f"arc3,rad={bend}", shrinkA=0, shrinkB=0,
        )
    )  # fmt: skip


def unrolled(inputs: Sequence[str], outputs: Sequence[str]) -> Figure:
    """The recurrent network as a graph: above with its loop, below unrolled, with the equations' names.

    Args:
        inputs: what stands under each step.
        outputs: what stands over each step.

    Raises:
        ValueError: there are not equally many inputs and outputs.
    """
    if len(inputs) != len(outputs):
        raise ValueError(f"{len(inputs)} inputs and {len(outputs)} outputs: one of each a step was expected")
    with mpl.rc_context(STYLE | {"font.size": 14}):
        fig, ax = axes(figsize=(5.2, 5.0))

        def box(x, y, text, colour):
            ax.add_patch(
                FancyBboxPatch(
                    (x - 0.24, y - 0.2), 0.48, 0.4, boxstyle="round,pad=0,rounding_size=0.08",
                    facecolor="none", edgecolor=colour, linewidth=1.8,
                )
            )  # fmt: skip
            ax.text(x, y, text, ha="center", va="center")

        def labelled(start, end, colour, label, shift=(0.0, 0.0), bend=0.0):
            arrow(ax, start, end, colour, bend)
            x, y = (start[0] + end[0]) / 2 + shift[0], (start[1] + end[1]) / 2 + shift[1]
            ax.text(x, y, label, ha="center", va="center", color=colour, fontsize=13)

        def step(x, y, state, below, above):
            box(x, y, state, COLOURS[0])
            labelled((x, y - 0.75), (x, y - 0.2), COLOURS[2], "$W_{xh}$", (-0.29, -0.06))
            labelled((x, y + 0.2), (x, y + 0.75), COLOURS[2], "$W_{hy}$", (-0.29, 0))
            ax.text(x, y - 0.92, below, ha="center", va="center")
            ax.text(x, y + 0.92, above, ha="center", va="center")

        last = len(inputs)
        step(last / 2, 2.45, "$h_t$", "$x_t$", "$z_t$")
        labelled((last / 2 + 0.24, 2.55), (last / 2 + 0.24, 2.35), COLOURS[1], "$W_{hh}$", (0.56, 0), bend=-2.4)
        box(0, 0, "$h_0$", INK)
        for t, (below, above) in enumerate(zip(inputs, outputs, strict=True), start=1):
            step(t, 0, f"$h_{{{t}}}$", plain(below), plain(above))
            labelled((t - 0.76, 0), (t - 0.24, 0), COLOURS[1], "$W_{hh}$", (-0.02, -0.2))
        ax.set(xlim=(-0.3, last + 0.3), ylim=(-1.1, 3.5), aspect="equal")
        ax.axis("off")
    return fig


def patterns() -> Figure:
    """Five ways to read inputs and outputs off the same recurrent step, each as a row of steps."""
    rows = {  # name → (steps that get an input, steps that give an output)
        "one-to-one": ([1], [1]),
        "one-to-many": ([1], [1, 2, 3, 4]),
        "many-to-one": ([1, 2, 3, 4], [4]),
        "aligned\nmany-to-many": ([1, 2, 3, 4], [1, 2, 3, 4]),
        "encoder–\ndecoder": ([1, 2, 3], [4, 5, 6]),
    }
    with mpl.rc_context(STYLE | {"font.size": 13}):
        fig, ax = axes(figsize=(5.2, 6.6))
        for row, (name, (inputs, outputs)) in enumerate(rows.items()):
            y = -1.9 * row
            ax.text(-0.1, y, name, ha="right", va="center")
            steps = range(1, max(inputs + outputs) + 1)
            for t in steps:
                decoder = name.startswith("encoder") and t not in inputs
                ax.plot(
                    t, y, "s", color=COLOURS[3] if decoder else COLOURS[0], markersize=15, fillstyle="none", mew=2
                )
                if t in inputs:
                    arrow(ax, (t, y - 0.75), (t, y - 0.27), COLOURS[2])
                if t in outputs:
                    arrow(ax, (t, y + 0.27), (t, y + 0.75), COLOURS[2])
                if t > 1:
                    arrow(ax, (t - 0.72, y), (t - 0.28, y), COLOURS[1])
        ax.set(xlim=(-2.4, 6.5), ylim=(-1.9 * (len(rows) - 1) - 0.9, 0.9))
        ax.axis("off")
    return fig


class _Wiring:
    """What the drawings of the gated cells are made of: a wire, boxes for gates, nodes where two things meet."""

    GATE, WIRE, SHOWN = COLOURS[2], COLOURS[1], COLOURS[0]

    def __init__(self):
        self.fig, self.ax = axes(figsize=(5.2, 4.3))
        self.ax.set(xlim=(-0.75, 6.15), ylim=(-1.75, 3.7), aspect="equal")
        self.ax.axis("off")

    def text(self, x: float, y: float, text: str, colour: str = INK, size: float = 14) -> None:
        self.ax.text(x, y, text, ha="center", va="center", color=colour, fontsize=size)

    def line(self, *points: tuple[float, float], colour: str = INK, width: float = 1.6, head: bool = True) -> None:
        """A line through the points, with an arrow's head at the last."""
        *_, last_but_one, last = points
        bends = points[:-1] if head else points
        self.ax.plot(*zip(*bends, strict=True), color=colour, linewidth=width, marker="", linestyle="-")
        if head:
            self.ax.add_patch(
                FancyArrowPatch(
                    last_but_one, last, arrowstyle="-|>", mutation_scale=12, color=colour, linewidth=width,
                    shrinkA=0, shrinkB=0,
                )
            )  # fmt: skip

    def box(self, x: float, y: float, text: str, colour: str, squash: str = "") -> None:
        """A box, with the function that makes its values written under it."""
        self.ax.add_patch(
            FancyBboxPatch(
                (x - 0.3, y - 0.24), 0.6, 0.48, boxstyle="round,pad=0,rounding_size=0.08",
                facecolor="none", edgecolor=colour, linewidth=1.8,
            )
        )  # fmt: skip
        self.text(x, y, text, size=12 if len(text) == 4 else 14)
        self.text(x + (0.5 if squash == "tanh" else 0.34), y - 0.44, squash, size=11)

    def node(self, x: float, y: float, sign: str) -> None:
        """A place where two things are multiplied or added, entry by entry; its radius is 0.2."""
        self.ax.plot(x, y, "o", markersize=17, fillstyle="none", color=INK, mew=1.5)
        self.text(x, y, sign, size=15)

    def tap(self, x: float, y: float) -> None:
        """A place where the wire is read, and stays as it is."""
        self.ax.plot(x, y, "o", color=self.WIRE, markersize=6)


def lstm_cell() -> Figure:
    """The LSTM as one wire, the cell c, with taps: what is kept, what is added, what is shown."""
    with mpl.rc_context(STYLE):
        draw = _Wiring()
        for x, name, squash in ((0.9, "f", "σ"), (2.0, "i", "σ"), (3.2, "g", "tanh"), (4.2, "o", "σ")):
            draw.box(x, 0.7, f"${name}_t$", draw.GATE, squash)
            draw.line((x, -0.7), (x, 0.46))
        draw.line((0.0, -0.7), (4.2, -0.7), head=False)
        draw.text(-0.4, -0.7, "$x_t$\n$h_{t-1}$")
        draw.line((0.0, 3), (0.7, 3), colour=draw.WIRE, width=3)
        draw.node(0.9, 3, "×")
        draw.line((0.9, 0.94), (0.9, 2.8), colour=draw.GATE)
        draw.line((1.1, 3), (2.4, 3), colour=draw.WIRE, width=3)
        draw.node(2.6, 3, "+")
        draw.node(2.6, 1.75, "×")
        draw.line((2.0, 0.94), (2.0, 1.75), (2.4, 1.75), colour=draw.GATE)
        draw.line((3.2, 0.94), (3.2, 1.75), (2.8, 1.75), colour=draw.GATE)
        draw.line((2.6, 1.95), (2.6, 2.8), colour=draw.GATE)
        draw.line((2.8, 3), (5.5, 3), colour=draw.WIRE, width=3)
        draw.tap(4.9, 3)
        draw.line((4.9, 3), (4.9, 2.44), colour=draw.SHOWN)
        draw.box(4.9, 2.2, "tanh", draw.SHOWN)
        draw.line((4.9, 1.96), (4.9, 1.5), colour=draw.SHOWN)
        draw.node(4.9, 1.3, "×")
        draw.line((4.2, 0.94), (4.2, 1.3), (4.7, 1.3), colour=draw.GATE)
        draw.line((5.1, 1.3), (5.5, 1.3), colour=draw.SHOWN)
        draw.text(-0.4, 3, "$c_{t-1}$")
        draw.text(5.8, 3, "$c_t$")
        draw.text(5.8, 1.3, "$h_t$")
        for x, y, word, colour in ((0.9, 3.45, "keep", draw.WIRE), (2.6, 3.45, "add", draw.WIRE)):
            draw.text(x, y, word, colour, size=11)
        draw.text(5.5, 1.7, "show", draw.SHOWN, size=11)
    return draw.fig


def gru_cell() -> Figure:
    """The GRU (PyTorch's form) as one wire, the state h: z mixes old state and candidate, r shapes the candidate."""
    with mpl.rc_context(STYLE):
        draw = _Wiring()
        for x, name, squash in ((1.5, "z", "σ"), (2.6, "r", "σ"), (4.6, "n", "tanh")):
            draw.box(x, 0.7, f"${name}_t$", draw.GATE, squash)
        for x in (1.4, 2.5, 4.6):
            draw.line((x, -1.4), (x, 0.46))
        draw.line((0.0, -1.4), (4.6, -1.4), head=False)
        draw.text(-0.4, -1.4, "$x_t$")
        draw.tap(0.5, 3)
        draw.line((0.5, 3), (0.5, -0.7), (3.6, -0.7), colour=draw.WIRE, head=False)
        for x, top in ((1.6, 0.46), (2.7, 0.46), (3.6, 0.5)):
            draw.line((x, -0.7), (x, top), colour=draw.WIRE)
        draw.node(3.6, 0.7, "×")
        draw.line((2.9, 0.7), (3.4, 0.7), colour=draw.GATE)
        draw.line((3.8, 0.7), (4.3, 0.7), colour=draw.GATE)
        draw.text(3.6, -1.02, "$W_{hn} h_{t-1} + b_{hn}$", draw.WIRE, size=10.5)
        draw.line((0.0, 3), (1.3, 3), colour=draw.WIRE, width=3)
        draw.node(1.5, 3, "×")
        draw.line((1.5, 0.94), (1.5, 2.8), colour=draw.GATE)
        draw.line((1.7, 3), (4.4, 3), colour=draw.WIRE, width=3)
        draw.node(4.6, 3, "+")
        draw.node(4.6, 1.75, "×")
        draw.line((1.5, 1.75), (4.4, 1.75), colour=draw.GATE)
        draw.text(3.0, 2.05, "$1 - z_t$", draw.GATE, size=12)
        draw.line((4.6, 0.94), (4.6, 1.55), colour=draw.GATE)
        draw.line((4.6, 1.95), (4.6, 2.8), colour=draw.GATE)
        draw.line((4.8, 3), (5.5, 3), colour=draw.WIRE, width=3)
        draw.text(-0.4, 3, "$h_{t-1}$")
        draw.text(5.8, 3, "$h_t$")
        draw.text(1.5, 3.45, "keep", draw.WIRE, size=11)
        draw.text(4.6, 3.45, "mix in", draw.WIRE, size=11)
    return draw.fig
