"""A drawing with its caption, as HTML that needs no script, no network and no kernel."""

from dataclasses import dataclass
from html import escape
from importlib.resources import files

from rnn2attn.plots.drawn.canvas import KINDS, Canvas, marked


@dataclass(frozen=True)
class Drawing:
    """Two layouts of one drawing, of which CSS shows the one that fits, and what is said of it.

    Attributes:
        title: a few words that name it.
        shows: what one sees, for those who do not; no formula.
        caption: what stands below it, with formulas between dollars.
        wide: the layout from 600 px on.
        narrow: the layout for a phone, of at most 330 units.
        steps: sentences, one for each step of a drawing that is built up.
        moves: whether it moves until a reader stops it.
    """

    title: str
    shows: str
    caption: str
    wide: Canvas
    narrow: Canvas
    steps: tuple[str, ...] = ()
    moves: bool = False

    def __repr__(self) -> str:
        return f"<Drawing: {self.title}>"

    def _repr_html_(self) -> str:
        style = files(__package__).joinpath("page.css").read_text("utf-8")
        colours = "\n".join(f".rnn2attn-drawn .k-{kind} {{ --k: {colour}; }}" for kind, colour in KINDS.items())
        moves = '<label class="moves"><input type="checkbox" checked autocomplete="off"> It moves</label>'
        parts = [
            '<figure class="rnn2attn-drawn">',
            f"<style>{style}{colours}</style>",
            # A notebook that is not trusted is shown without styles and pictures; only then is this line seen.
            '<p class="unseen">Run this cell to see its figure.</p>',
            *([moves] if self.moves else []),
            *([_steps(self.steps)] if self.steps else []),
            f'<div class="drawing" role="img" aria-label="{escape(f"{self.title}. {self.shows}")}">',
            self.wide.svg("wide"),
            self.narrow.svg("narrow"),
            "</div>",
            f"<figcaption>{marked(self.caption)}</figcaption>",
            "</figure>",
        ]
        return "\n".join(parts)


def _steps(sentences: tuple[str, ...]) -> str:
    """Radio buttons, and the sentence of the one that is chosen. A form of their own keeps them apart from others."""
    buttons = "".join(
        f'<label><input type="radio" name="step" autocomplete="off"{" checked" * (n == 1)}>{n}</label>'
        for n in range(1, len(sentences) + 1)
    )
    said = "".join(f"<li>{marked(sentence)}</li>" for sentence in sentences)
    chosen = f"<fieldset><legend>Step</legend>{buttons}</fieldset>"
    return f'<form method="dialog">{chosen}<ol class="said">{said}</ol></form>'
