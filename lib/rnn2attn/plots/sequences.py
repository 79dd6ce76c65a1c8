"""Encoder and decoder as a drawing, and a beam that unfolds."""

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from rnn2attn.plots.style import COLOURS, INK, STYLE, Figure, axes, plain


def encoder_decoder(source: Sequence[str], target: Sequence[str], start: str = "<sos>", end: str = "<eos>") -> Figure:
    """Encoder and decoder, unrolled: what each step reads below it, what it says above, the context between them.

    Args:
        source: x_1 … x_T, read by the encoder.
        target: y_1 … y_T', said by the decoder before ``end``.
        start: what the decoder reads first.
        end: what it says last.
    """
    T, said = len(source), [*target, end]
    read = [*source, start, *target]
    with mpl.rc_context(STYLE | {"font.size": 11}):
        fig, ax = axes(figsize=(0.62 + 0.85 * len(read), 2.6))
        for n, word in enumerate(read, 1):
            encoder = n <= T
            name, colour = (f"$h_{n}$", COLOURS[0]) if encoder else (f"$s_{n - T}$", COLOURS[3])
            ax.add_patch(
                FancyBboxPatch(
                    (n - 0.27, -0.24), 0.54, 0.48, boxstyle="round,pad=0,rounding_size=0.08",
                    facecolor="none", edgecolor=colour, linewidth=1.8,
                )
            )  # fmt: skip
            ax.text(n, 0, name, ha="center", va="center")
            ax.text(n, -1.0, plain(word), ha="center", va="center")
            arrows = [((n, -0.78), (n, -0.24), COLOURS[2], "-")]
            if n > 1:
                arrows.append(((n - 0.73, 0), (n - 0.27, 0), COLOURS[1], "-"))
            if not encoder:
                ax.text(n, 1.0, plain(said[n - T - 1]), ha="center", va="center")
                arrows.append(((n, 0.24), (n, 0.78), COLOURS[2], "-"))
            if n > T + 1:
                arrows.append(((n - 0.86, 0.8), (n - 0.14, -0.8), INK, ":"))
            for begin, stop, ink, dash in arrows:
                ax.add_patch(
                    FancyArrowPatch(
                        begin, stop, arrowstyle="-|>", mutation_scale=11, color=ink, linewidth=1.5,
                        linestyle=dash, shrinkA=0, shrinkB=0,
                    )
                )  # fmt: skip
        ax.text(T + 0.5, 0.26, "$c$", ha="center", va="center", color=COLOURS[1], fontsize=13)
        ax.set(xlim=(0.4, len(read) + 0.6), ylim=(-1.25, 1.25))
        ax.axis("off")
    return fig


def search(rounds: Sequence[Sequence[tuple[int, str, float]]], *, width: int, depth: int) -> Figure:
    """Beam search as a tree: a column a step, the kept beginnings from the best down, and what each one continues.

    Args:
        rounds: for each step what was kept, the best first: which of the step before it continues, its last token,
            and its ln p so far. The first step continues 0.
        width: for how many beginnings there is room.
        depth: for how many steps.

    Raises:
        ValueError: there are more steps or beginnings than there is room for.
    """
    if len(rounds) > depth or max(map(len, rounds), default=0) > width:
        raise ValueError(f"{len(rounds)} steps are given, where {depth} with up to {width} beginnings have room")
    path, place = set(), 0
    for step in range(len(rounds) - 1, -1, -1):
        path.add((step, place))
        place = rounds[step][place][0]
    with mpl.rc_context(STYLE):
        fig, ax = axes(figsize=(5.6, 0.9 + 0.42 * width))
        ax.text(-0.75, 0, "<sos>", ha="right", va="center", fontsize=7.5)
        for step, kept in enumerate(rounds):
            for rank, (origin, token, _) in enumerate(kept):
                best = (step, rank) in path
                ax.plot(
                    [step - 0.7, step - (0.3 if len(token) < 4 else 0.46)], [-origin if step else 0, -rank],
                    color=COLOURS[1] if best else INK, linestyle="-" if best else ":", marker="",
                    linewidth=2 if best else 1.2,
                )  # fmt: skip
                ax.text(
                    step, -rank, plain(token), ha="center", va="center", color=COLOURS[1] if best else INK,
                    fontsize=7.5 if len(token) > 3 else None,
                )  # fmt: skip
        for rank, (_, _, log_p) in enumerate(rounds[-1] if rounds else []):
            ax.text(
                len(rounds) - 0.4, -rank, f"ln p = {log_p:.2f}".replace("-", "−"), ha="left", va="center", fontsize=8
            )
        ax.set(xlim=(-1.5, depth + 1.2), ylim=(-width + 0.4, 0.6))
        ax.axis("off")
    return fig
