"""The Transformer as a drawing: the vector of one place is a wire, and every part reads it and adds to it."""

import matplotlib as mpl
from matplotlib.patches import FancyBboxPatch

from rnn2attn.plots.diagrams import arrow
from rnn2attn.plots.style import COLOURS, INK, STYLE, Figure, axes

WIRE, PART, SOURCE = COLOURS[0], COLOURS[1], COLOURS[2]


def transformer() -> Figure:
    """Encoder and decoder in pre-norm: wires with parts that read and add, and the one connection between the two."""
    with mpl.rc_context(STYLE):
        fig, ax = axes(figsize=(5.2, 5.6))

        def text(x, y, words, colour=INK, size=9.5):
            ax.text(x, y, words, ha="center", va="center", color=colour, fontsize=size)

        def box(x, y, words, colour, width=1.75, height=0.62):
            corner = (x - width / 2, y - height / 2)
            style = "round,pad=0,rounding_size=0.08"
            ax.add_patch(FancyBboxPatch(corner, width, height, boxstyle=style, fc="none", ec=colour, lw=1.6))
            text(x, y, words)

        def part(x, y, words):
            """Read the wire at x, go through the norm and the part, and add."""
            ax.plot([x, x + 0.4], [y - 0.55, y - 0.55], color=PART, linestyle="-", marker="")
            arrow(ax, (x + 0.4, y - 0.55), (x + 0.4, y - 0.31), PART)
            box(x + 1.1, y, words, PART)
            ax.plot([x + 0.4, x + 0.4], [y + 0.31, y + 0.55], color=PART, linestyle="-", marker="")
            arrow(ax, (x + 0.4, y + 0.55), (x + 0.12, y + 0.55), PART)
            ax.plot(x, y + 0.55, "o", color=WIRE, markersize=11, markerfacecolor="none")
            text(x, y + 0.54, "+", WIRE, 11)

        def stack(x, below, parts, top, name):
            box(x, 0.0, below, INK, width=2.3)
            text(x, -0.62, name)
            heights = [1.35 + 1.5 * n for n in range(len(parts))]
            ax.plot([x, x], [0.31, top], color=WIRE, linestyle="-", marker="", linewidth=3)
            for y, words in zip(heights, parts, strict=True):
                part(x, y, words)
            bottom, height = heights[0] - 0.72, 1.5 * len(parts)
            ax.add_patch(
                FancyBboxPatch(
                    (x - 0.5, bottom), 2.75, height, boxstyle="round,pad=0,rounding_size=0.15",
                    facecolor="none", edgecolor=INK, linewidth=1, linestyle=":",
                )
            )  # fmt: skip
            text(x - 0.78, bottom + height - 0.2, "× N")
            return heights

        stack(0, "word + place", ["norm\nself-attention", "norm\nfeed-forward"], 4.2, "source")
        heights = stack(
            4.2, "word + place", ["norm, causal\nself-attention", "norm\ncross-attention", "norm\nfeed-forward"], 5.7,
            "target so far",
        )  # fmt: skip
        box(4.2, 6.0, "norm, linear, softmax", INK, width=2.6)
        text(4.2, 6.6, "next word")
        box(0, 4.5, "norm", INK, width=1.2)
        ax.plot([0.6, 3.3, 3.3], [4.5, 4.5, heights[1]], color=SOURCE, linestyle="-", marker="")
        arrow(ax, (3.3, heights[1]), (4.4, heights[1]), SOURCE)
        text(2.0, 4.75, "keys and values", SOURCE)
        ax.set(xlim=(-1.3, 6.6), ylim=(-0.9, 6.9))
        ax.axis("off")
    return fig
