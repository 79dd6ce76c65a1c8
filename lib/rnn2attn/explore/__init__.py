"""Sliders over a figure that move in a live notebook, and on a static page as well.

Live, they are ipywidgets, and the kernel draws; where widgets are blocked, the first figure stands as a picture.
Where the environment variable ``RNN2ATTN_FRAMES`` is set, as it is in the book's build, every figure is drawn
beforehand, and the output is HTML that needs neither kernel nor network.
"""

import io
import itertools
import json
import os
from collections.abc import Callable, Mapping, Sequence
from html import escape
from importlib.resources import files
from numbers import Integral, Real

import ipywidgets
from matplotlib.figure import Figure

from rnn2attn.explore import dragged, ids
from rnn2attn.explore.frames import pack
from rnn2attn.explore.words import WordByWord
from rnn2attn.plots import AmongKeys
from rnn2attn.plots.svg import svg
from rnn2attn.style import printed

__all__ = ["Explorable", "WordByWord", "explore"]

BUDGET = 100_000  # bytes that one explorable may add to a page
PACE = 700  # ms from one value to the next while a button runs through them, as in page.js
PLAY = '<svg viewBox="0 0 16 16" width="12" aria-hidden="true"><path d="M3 1v14l11-7z" fill="currentColor"/></svg>'


def explore(
    draw: Callable[..., Figure],
    *,
    describe: Callable[..., str] | None = None,
    labels: Mapping[str, str] | None = None,
    start: Mapping[str, Real | str] | None = None,
    play: str = "",
    **axes: Sequence[Real | str],
) -> "Explorable":
    """A figure that follows one slider an axis; where the values are words, a row of buttons.

    ``explore(draw, describe=describe, rho=[0.5, 1.0, 1.5])`` calls ``draw(rho=1.0)`` and ``describe(rho=1.0)``, and
    again wherever the slider goes. Give the axes of the figure fixed limits, so that two places can be compared.

    Args:
        draw: takes one value of each axis by name; returns the figure, a `rnn2attn.plots.Figure`. If it is a
            `rnn2attn.plots.AmongKeys`, with x and y as its axes, the query is dragged on the static page.
        describe: takes the same; returns what the figure shows there. It stands below the figure, and is read out.
        labels: name of an axis → what is written before its slider, with the unit; the name if not given.
        start: name of an axis → its first value; the middle one if not given (of an even number, the lower).
        play: the axis that a button runs through, such as updates or words said; none if not given.
        axes: name → the slider's places, numbers or strings, in order.

    Returns:
        What a notebook shows when it is a cell's last value.

    Raises:
        TypeError: ``describe`` is missing, an axis is not a list of numbers or strings, or ``draw`` or ``describe``
            returns something else than a figure or a text.
        ValueError: there is no axis, one is empty or shows a value twice, ``labels``, ``start`` or ``play`` name what
            is not there, or the HTML is larger than 100 kB.
    """
    if not axes:
        raise ValueError("explore needs at least one axis: a name and its values, such as rho=[0.5, 1.0, 1.5]")
    for name, values in axes.items():
        if isinstance(values, str) or not hasattr(values, "__len__"):
            raise TypeError(f"{name} must be a list of numbers or strings, not {values!r}")
        for value in values:
            if not isinstance(value, Real | str):
                raise TypeError(f"{name} must hold numbers or strings, and holds {value!r}, a {type(value).__name__}")
        texts = [_text(value) for value in values]
        if len(set(texts)) != len(texts) or not texts:
            raise ValueError(f"{name} needs at least one value and each only once; it reads {texts}")
        if name in (start or {}) and _text(start[name]) not in texts:
            raise ValueError(f"{name} cannot start at {start[name]!r}: its values are {texts}")
    for argument, given in (("labels", labels or {}), ("start", start or {}), ("play", [play] if play else [])):
        for name in given:
            if name not in axes:
                raise ValueError(f"{argument} names {name!r}, which is no axis; the axes are {', '.join(axes)}")
    if not callable(describe):
        raise TypeError(
            f"describe must be a function of ({', '.join(axes)}) that returns in words what the figure shows, "
            f"not {describe!r}"
        )
    return Explorable(draw, describe, labels or {}, start or {}, play, axes)


class Explorable:
    """What `explore` returns. It holds a widget and is none, so it can choose what it shows.

    Attributes:
        widget: the live form, a box of one `ipywidgets.SelectionSlider` or `ipywidgets.ToggleButtons` an axis and
            the picture below; None where frames are drawn.
        html: the static form; None where none are.
    """

    def __init__(self, draw, describe, labels, start, play, axes):
        self.draw, self.describe, self.play = draw, describe, play
        self.axes = {name: list(values) for name, values in axes.items()}
        self.labels = {name: labels.get(name, name.replace("_", " ")) for name in axes}
        self.texts = {name: [_text(value) for value in values] for name, values in axes.items()}
        self.start = {
            name: texts.index(_text(start[name])) if name in start else (len(texts) - 1) // 2
            for name, texts in self.texts.items()
        }
        self.salt = ids.own(repr([self.labels, self.texts]))
        # Drawn here and not when shown: an error while a cell's value is shown does not fail the cell.
        frames = bool(os.environ.get("RNN2ATTN_FRAMES"))
        self.html, self.widget = (self._html(), None) if frames else (None, self._widget())

    def __repr__(self) -> str:
        return f"explore({', '.join(f'{name}: {len(values)} values' for name, values in self.axes.items())})"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        if self.html is not None:
            return {"text/html": self.html, "text/plain": repr(self)}
        view = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
        first = {name: values[self.start[name]] for name, values in self.axes.items()}
        png = io.BytesIO()
        self.draw(**first).savefig(png, format="png", bbox_inches="tight")
        return {
            "application/vnd.jupyter.widget-view+json": view,
            "image/png": png.getvalue(),
            "text/plain": repr(self),
        }

    def frame(self, **values: Real | str) -> tuple[str, str]:
        """The figure at these values as SVG, and its description.

        Raises:
            TypeError: ``draw`` returns no figure, or ``describe`` no text.
        """
        figure, text = self.draw(**values), self.describe(**values)
        where = ", ".join(f"{name}={value!r}" for name, value in values.items())
        if not isinstance(figure, Figure):
            raise TypeError(f"draw({where}) must return a rnn2attn.plots.Figure, not {type(figure).__name__}")
        if not isinstance(text, str) or not text.strip():
            raise TypeError(f"describe({where}) must return in words what the figure shows, not {text!r}")
        return svg(figure, self.salt), printed(text)

    def _widget(self) -> ipywidgets.VBox:
        sliders = {
            name: (ipywidgets.ToggleButtons if self._in_words(name) else ipywidgets.SelectionSlider)(
                options=list(zip(self.texts[name], values, strict=True)),
                index=self.start[name],
                description=self.labels[name],
                style={"description_width": "initial"},
                layout={"width": "auto" if self._in_words(name) else "30em", "max_width": "100%"},
            )
            for name, values in self.axes.items()
        }
        rows = list(sliders.values())
        if self.play:
            button = ipywidgets.Play(max=len(self.axes[self.play]) - 1, interval=PACE, show_repeat=False)
            ipywidgets.link((sliders[self.play], "index"), (button, "value"))
            rows[list(sliders).index(self.play)] = ipywidgets.HBox([sliders[self.play], button])
        picture = ipywidgets.HTML()

        def follow(_=None):
            try:
                picture.value = _picture(*self.frame(**{name: slider.value for name, slider in sliders.items()}))
            except Exception as error:  # a kernel keeps what its callbacks raise to itself
                picture.value = f"<pre>{escape(f'{type(error).__name__}: {error}')}</pre>"
                raise

        for slider in sliders.values():
            slider.observe(follow, "value")
        follow()
        return ipywidgets.VBox([*rows, picture])

    def _in_words(self, name: str) -> bool:
        """Whether an axis has words, which stand side by side, and not places of a slider."""
        return any(isinstance(value, str) for value in self.axes[name])

    def _html(self) -> str:
        if isinstance(self.draw, AmongKeys):
            start = [values[self.start[name]] for name, values in self.axes.items()]
            return dragged.page(self.draw, start, self.describe(*start), [*self.labels.values()])
        places = [dict(zip(self.axes, place, strict=True)) for place in itertools.product(*self.axes.values())]
        frames, texts = zip(*(self.frame(**place) for place in places), strict=True)
        first = 0
        for name, values in self.axes.items():
            first = first * len(values) + self.start[name]
        here = files(__package__)
        html = "\n".join(
            [
                '<figure class="rnn2attn-explore">',
                f"<style>{(here / 'page.css').read_text('utf-8')}</style>",
                # A notebook that is not trusted is shown without styles and pictures; only then is this line seen.
                '<p class="unseen">Run this cell to see its figure.</p>',
                '<div class="axes">',
                *(self._axis(name) for name in self.axes),
                "</div>",
                _picture(frames[first], texts[first]),
                '<p role="status"></p>',
                f'<!--drawn--><script type="text/plain" class="frames">{pack(frames, texts)}</script><!--/drawn-->',
                "</figure>",
                f'<script type="module">{(here / "page.js").read_text("utf-8")}</script>',
            ]
        )
        if len(html.encode()) > BUDGET:
            raise ValueError(
                f"the HTML of {self!r} is {len(html.encode())} bytes, and {BUDGET} are allowed: "
                f"give the axes fewer values than these {len(places)} places, or draw fewer points"
            )
        return html

    def _axis(self, name: str) -> str:
        """An axis on the static page. What moves it is hidden until the script has something to show."""
        texts, start, label = self.texts[name], self.start[name], escape(self.labels[name])
        values = escape(json.dumps(texts, ensure_ascii=False))
        if self._in_words(name):
            choices = "".join(
                f'<label><input type="radio" name="{self.salt}-{escape(name)}" value="{place}" autocomplete="off"'
                f"{' checked' if place == start else ''}>{escape(text)}</label>"
                for place, text in enumerate(texts)
            )
            group = f'<span class="choices" role="radiogroup" aria-label="{label}" hidden>{choices}</span>'
            moved = f"<span>{label}</span>{group}"
        else:
            moved = (
                f'<label>{label} <input type="range" min="0" max="{len(texts) - 1}" value="{start}" '
                f'aria-valuetext="{escape(texts[start])}" autocomplete="off" hidden></label>'
            )
        button = f'<button type="button" aria-label="Play {label}" hidden>{PLAY}</button>' * (name == self.play)
        shown = f'<output aria-live="off">{escape(texts[start])}</output>'
        return f'<div class="axis" data-values="{values}">{moved}<span class="at">{shown}{button}</span></div>'


def _picture(frame: str, text: str) -> str:
    """The figure, and what it shows in words: for those who see it as a caption, for others as its name."""
    return (
        f'<div role="img" aria-label="{escape(text)}"><!--drawn-->{frame}<!--/drawn--></div>'
        f'<p class="shows" aria-hidden="true">{escape(text)}</p>'
    )


def _text(value: Real | str) -> str:
    """A value as it is written beside its slider."""
    if not isinstance(value, Real):
        return str(value)
    return (str(int(value)) if isinstance(value, Integral) else f"{value:g}").replace("-", "−")
