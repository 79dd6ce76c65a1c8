"""A model that answers: one's own text through a trained network, in a notebook and on the page.

In a notebook it is a field to type in, and PyTorch computes. On the page it is the same field without a kernel: the
reader's browser computes, by ``engine.js``, from the model's weights, and a test holds the two equal. Kept libraries
could compute it too. TensorFlow.js would need a converter and a bundler; ONNX Runtime fetches more than ten megabytes
of WebAssembly, which a page opened from a disk may not. And in neither could a reader look the equations up.
"""

from collections.abc import Sequence
from html import escape

import ipywidgets

from rnn2attn.explore import ids
from rnn2attn.live import picture, typed
from rnn2attn.live.canvas import live_canvas
from rnn2attn.live.context import live_context
from rnn2attn.live.figure import Figure
from rnn2attn.live.gates import Held, hold
from rnn2attn.live.hangul import live_names
from rnn2attn.live.letters import live_letters
from rnn2attn.live.parts import live_parts
from rnn2attn.live.recall import live_recall
from rnn2attn.live.weights import pack, rounded
from rnn2attn.seq2seq import Seq2Seq

__all__ = [
    "Held",
    "Live",
    "hold",
    "live",
    "live_canvas",
    "live_context",
    "live_letters",
    "live_names",
    "live_parts",
    "live_recall",
]


def live(
    model: Seq2Seq,
    *,
    label: str,
    start: str,
    caption: str,
    rival: Seq2Seq | None = None,
    names: tuple[str, str] = ("With attention", "Without attention"),
    cut: str = "words",
    longer: Sequence[str] = (),
    bits: int = 8,
) -> "Live":
    """A field to type in, the model's answer, and a map of where it looked for each of its tokens.

    Args:
        model: trained; its weights are rounded to what the page can carry, and it answers greedily.
        label: what is typed, such as "A date in English".
        start: the input that is answered first. It is what print and a page without JavaScript show.
        caption: what to try, and what it says about the claim beside it.
        rival: another model for the same inputs, to which a reader can change over.
        names: of the model and of its rival.
        cut: how text becomes tokens: "words" as `tasks.dates` does, or "characters".
        longer: inputs that a slider goes through, from short to long; none without a slider.
        bits: of a weight, see `rnn2attn.live.weights.pack`.

    Returns:
        What a notebook shows when it is a cell's last value.

    Raises:
        TypeError: the engine has not what a model is made of; the message names it.
        ValueError: a model cannot read ``start`` or an input of ``longer``, cut is not known, or the figure is larger
            than 150 kB when gzip has packed it.
    """
    if cut not in typed.CUT:
        raise ValueError(f"cut is {cut!r}, but one of {', '.join(map(repr, typed.CUT))} was expected")
    models = {"model": model} | ({"rival": rival} if rival is not None else {})
    for text in (start, *longer):
        for one in models.values():
            if problem := typed.read(text, one.source, cut, start).problem:
                raise ValueError(f"{text!r} cannot be an input: {problem}")
    return Live(models, label, start, caption, names, cut, list(longer), bits)


class Live(Figure):
    """What `live` returns."""

    def __init__(self, models, label, start, caption, names, cut, longer, bits):
        self.packed = pack(models, bits)
        self.models = [rounded(model, bits).double() for model in models.values()]
        self.label, self.start, self.caption, self.names = label, start, caption, names
        self.cut, self.longer = cut, longer
        self.group = f"live-{ids.own(repr([label, start, names, longer]))[:8]}"
        self.make()

    def __repr__(self) -> str:
        return f"live({self.label}: {self.start})"

    def answer(self, text: str, which: int = 0, before: str = "") -> tuple[str, str]:
        """A sentence on what cannot be read, or else the answer's HTML."""
        tokens, problem = typed.read(text, self.models[which].source, self.cut, before)
        if problem:
            return problem, ""
        return "", picture.html(picture.answer(self.models[which], tokens), self.names[which], self.group)

    def first(self) -> str:
        """The answer to ``start``."""
        return self.answer(self.start)[1]

    def form(self) -> ipywidgets.VBox:
        """Field, choices and answer."""
        field = ipywidgets.Text(
            value=self.start, description=self.label, style={"description_width": "initial"}, layout={"width": "34em"}
        )
        which = ipywidgets.ToggleButtons(options=[(name, n) for n, name in enumerate(self.names)])
        slider = ipywidgets.SelectionSlider(options=self.longer or [self.start], description="longer")
        problem, answer = ipywidgets.HTML(), ipywidgets.HTML()
        before = self.start

        def follow(_=None):
            nonlocal before
            why, found = self.answer(field.value, which.value, before)
            problem.value = escape(why)
            if not why:
                before, answer.value = field.value, self.framed(found)

        def lengthen(change):
            field.value = change["new"]

        field.observe(follow, "value")
        which.observe(follow, "value")
        slider.observe(lengthen, "value")
        follow()
        rows = [field, *([slider] if self.longer else []), *([which] if len(self.models) > 1 else [])]
        return ipywidgets.VBox([*rows, problem, answer, ipywidgets.HTML(escape(self.caption))])

    def page(self) -> str:
        """What is typed and chosen is hidden until the script answers to it."""
        data = {
            "cut": self.cut, "longest": typed.LONGEST, "near": typed.NEAR, "limit": picture.LIMIT,
            "share": picture.SHARE, "sentences": typed.SENTENCES, "names": self.names, "inputs": self.longer,
            "group": self.group,
        }  # fmt: skip
        asked = f'<div class="asked">{self.field()}{self._longer()}{self._choices()}</div>'
        return self.whole("live", data, asked, self.caption, self.packed, "page.js")

    def _longer(self) -> str:
        if not self.longer:
            return ""
        place = self.longer.index(self.start) if self.start in self.longer else 0
        return (
            f'<label class="longer" hidden>longer <input type="range" min="0" max="{len(self.longer) - 1}" '
            f'value="{place}" aria-valuetext="{escape(self.longer[place])}" autocomplete="off"></label>'
        )

    def _choices(self) -> str:
        if len(self.models) == 1:
            return ""
        labels = "".join(
            f'<label><input type="radio" name="{self.group}-which" value="{n}" autocomplete="off"'
            f"{' checked' * (n == 0)}>{escape(name)}</label>"
            for n, name in enumerate(self.names)
        )
        return f'<span class="choices" role="radiogroup" aria-label="model" hidden>{labels}</span>'
