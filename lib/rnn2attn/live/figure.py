"""What the figures with a network in them have in common: a widget in a notebook, HTML on the page, and its bound."""

import gzip
import json
import os
from collections.abc import Sequence
from html import escape
from importlib.resources import files

import ipywidgets

from rnn2attn.live.weights import BUDGET


class Figure:
    """What a notebook shows as a cell's last value. It holds a widget and is none, so it can choose what it shows.

    Attributes:
        label: what is typed; of a figure into which one types.
        start: what is typed at first.
        widget: the live form; None where the page's form is made.
        html: the page's form; None where it is not made.
    """

    styles: tuple[str, ...] = ("page.css",)
    label: str
    start: str

    def make(self) -> None:
        """Make the one form that is wanted; what it is made of must be there."""
        page = bool(os.environ.get("RNN2ATTN_FRAMES"))
        self.html, self.widget = (self.page(), None) if page else (None, self.form())

    def form(self) -> ipywidgets.Widget:
        """The form for a notebook."""
        raise NotImplementedError

    def page(self) -> str:
        """The form for the page."""
        raise NotImplementedError

    def first(self) -> str:
        """The HTML of the answer to the first input."""
        raise NotImplementedError

    def framed(self, answer: str) -> str:
        """An answer's HTML with what makes it look like one."""
        return f'<figure class="rnn2attn-live">{self.style()}{answer}</figure>'

    def style(self) -> str:
        """The style sheets, as an element."""
        return f"<style>{''.join(_text(name) for name in self.styles)}</style>"

    def field(self) -> str:
        """The page's field to type in, and what stands there where no script lets anything be typed."""
        value = escape(self.start)
        return (
            f'<label>{escape(self.label)} <input type="text" value="{value}" dir="auto" autocomplete="off" '
            f'autocapitalize="off" autocorrect="off" spellcheck="false" hidden><output>{value}</output></label>'
        )

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        if self.html is not None:
            return {"text/html": self.html, "text/plain": repr(self)}
        view = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
        return {
            "application/vnd.jupyter.widget-view+json": view,
            "text/html": self.framed(self.first()),
            "text/plain": repr(self),
        }

    def whole(self, kind: str, data: dict, asked: str, caption: str, packed: str, *scripts: str) -> str:
        """The page's form.

        Args:
            kind: by which its script knows the figure, as in ``data-letters``.
            data: what the script has to know.
            asked: the HTML of what can be typed and moved.
            caption: what to try.
            packed: the weights, of `rnn2attn.live.weights.pack`.
            scripts: the names of the files of its script, after those that all figures have.

        Raises:
            ValueError: it is larger than 150 kB when gzip has packed it.
        """
        code = "\n".join(map(_text, ("engine.js", "shared.js", *scripts)))
        known = escape(json.dumps(data, ensure_ascii=False))
        return bounded(
            repr(self),
            [
                f'<figure class="rnn2attn-live" data-{kind}="{known}">',
                self.style(),
                '<p class="unseen">Run this cell to see its figure.</p>',
                asked,
                '<p class="problem" hidden></p>',
                f'<div class="answer"><!--drawn-->{self.first()}<!--/drawn--></div>',
                f'<p class="shows">{escape(caption)}</p>',
                '<div role="status"></div>',
                '<!--drawn--><script type="application/json" class="weights">'
                + packed.replace("<", "\\u003c")
                + "</script><!--/drawn-->",
                "</figure>",
                f'<script type="module">{code}</script>',
            ],
        )


def bounded(name: str, lines: Sequence[str]) -> str:
    """The lines as one text.

    Raises:
        ValueError: it is larger than 150 kB when gzip has packed it.
    """
    html = "\n".join(lines)
    if (size := len(gzip.compress(html.encode(), 9))) > BUDGET:
        raise ValueError(f"the HTML of {name} is {size} bytes with gzip, and {BUDGET} are allowed")
    return html


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")
