"""Networks as drawings of the data that flows through them, as SVG in the page itself.

``drawn.show("rnn-unrolled")`` is a figure with its caption. Each is a function of a module here, by the name that its
underscores make with hyphens; what it shows is computed by the library when it is drawn.
"""

from rnn2attn.plots.drawn import (
    attention,
    gated,
    kept,
    memory,
    opening,
    recurrent,
    scanning,
    self_attention,
    spatial,
    transformer,
    translating,
    writing,
)
from rnn2attn.plots.drawn.drawing import Drawing

_MODULES = (
    *(recurrent, gated, translating, attention, spatial, self_attention, transformer, writing, memory, scanning),
    *(opening, kept),
)
FIGURES = {
    name.replace("_", "-"): function
    for module in _MODULES
    for name, function in vars(module).items()
    if getattr(function, "__annotations__", {}).get("return") is Drawing and not name.startswith("_")
}

__all__ = ["FIGURES", "Drawing", "show"]


def show(name: str) -> Drawing:
    """The figure of this name, which shows itself as a cell's last value.

    Raises:
        ValueError: there is none of this name; the message says which there are.
    """
    if name not in FIGURES:
        raise ValueError(f"there is no figure {name!r}, only {', '.join(FIGURES)}")
    return FIGURES[name]()
