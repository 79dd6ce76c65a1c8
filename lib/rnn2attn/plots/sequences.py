"""A beam that unfolds."""

from collections.abc import Sequence

import matplotlib as mpl

from rnn2attn.plots.figure import Figure, axes
from rnn2attn.style import COLOURS, INK, STYLE, plain


def search(rounds: Sequence[Sequence[tuple[int, str, float]]], *, width: int, depth: int) -> Figure:
    """Beam search as a tree: a row a step, the kept beginnings from the best on, and what each one continues.

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
        fig, ax = axes(figsize=(4.5, 0.6 + 0.34 * depth))
        ax.text(0, 0, "<sos>", ha="center", va="center")
        for step, kept in enumerate(rounds):
            for rank, (origin, token, _) in enumerate(kept):
                best = (step, rank) in path
                ax.plot(
                    [origin if step else 0, rank], [-step - 0.28, -step - 0.72],
                    color=COLOURS[1] if best else INK, linestyle="-" if best else ":", marker="",
                    linewidth=2 if best else 1.2,
                )  # fmt: skip
                ax.text(rank, -step - 1, plain(token), ha="center", va="center", color=COLOURS[1] if best else INK)
        if rounds:
            ax.text(-0.75, -len(rounds) - 1, "ln p", ha="center", va="center")
        for rank, (_, _, log_p) in enumerate(rounds[-1] if rounds else []):
            ax.text(rank, -len(rounds) - 1, f"{log_p:.2f}".replace("-", "−"), ha="center", va="center")
        ax.set(xlim=(-1.1, width - 0.5), ylim=(-depth - 1.4, 0.4))
        ax.axis("off")
    return fig
