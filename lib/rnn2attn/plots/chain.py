"""What has been built so far, as a chain."""

from collections.abc import Collection, Mapping, Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from rnn2attn.plots.figure import Figure, axes
from rnn2attn.style import COLOURS, INK, STYLE, plain

LETTER = 0.105  # width of a letter, where the height of a line is 1
LONGEST = 58  # letters in a line


def arrow(ax: Axes, start: tuple, end: tuple, colour: str) -> None:
    """An arrow from one point of the drawing to another."""
    looks = {"arrowstyle": "-|>", "mutation_scale": 12, "color": colour, "linewidth": 1.6}
    ax.add_patch(FancyArrowPatch(start, end, shrinkA=0, shrinkB=0, **looks))


def chain(links: Mapping[str, Sequence[str]], built: Collection[str], lit: str) -> Figure:
    """Links that follow from each other, each made of pieces.

    Args:
        links: name → its pieces, in order.
        built: the pieces that are there; their boxes are filled, and the others are dashed.
        lit: the link that is drawn in colour, with thicker lines.

    Raises:
        ValueError: lit is none of the links.
    """
    if lit not in links:
        raise ValueError(f"{lit!r} is none of the links: {', '.join(map(repr, links))}")
    lines = {name: _lines(pieces) for name, pieces in links.items()}
    height = sum(0.95 + len(rows) for rows in lines.values())
    with mpl.rc_context(STYLE | {"font.size": 9}):
        fig, ax = axes(figsize=(5.2, 0.26 * height))
        y = 0.0
        for name, rows in lines.items():
            colour = COLOURS[0] if name == lit else INK
            ax.text(0, y, plain(name), va="center", color=colour, fontsize=10.5 if name == lit else 9)
            top = y
            for row in rows:
                y -= 1
                x = 0.3
                for piece in row:
                    width = LETTER * (len(piece) + 1)
                    there = piece in built
                    ax.add_patch(
                        FancyBboxPatch(
                            (x, y - 0.32), width, 0.64, boxstyle="round,pad=0,rounding_size=0.1",
                            facecolor=(*mpl.colors.to_rgb(colour), 0.25 if there else 0), edgecolor=colour,
                            linestyle="-" if there else ":", linewidth=1.6 if name == lit else 1.0,
                        )
                    )  # fmt: skip
                    ax.text(
                        x + width / 2,
                        y,
                        plain(piece),
                        ha="center",
                        va="center",
                        color=colour,
                        family="monospace",
                        size=8,
                    )
                    x += width + 0.12
            y -= 0.95
            if name != list(links)[-1]:
                arrow(ax, (0.1, top - 0.45), (0.1, y + 0.5), INK)
        ax.set(xlim=(0, LETTER * LONGEST + 0.6), ylim=(y + 0.4, 0.6))
        ax.axis("off")
    return fig


def _lines(pieces: Sequence[str]) -> list[list[str]]:
    """The pieces in lines that are not too long."""
    lines, used = [[]], 0
    for piece in pieces:
        used += len(piece) + 2
        if used > LONGEST and lines[-1]:
            lines.append([])
            used = len(piece) + 2
        lines[-1].append(piece)
    return lines
