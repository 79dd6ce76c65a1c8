"""A captioning model that answers to two digits: drawn with a finger on the page, or chosen, there and in a notebook.

``canvas.js`` computes and draws the same on the page. What is drawn there is made as the training's digits were: each
digit is fitted into 12 × 12 pixels.
"""

import base64
import struct
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import ipywidgets
import torch
from torch import Tensor

from rnn2attn.captioning import CNN, Captioner, shares
from rnn2attn.explore import ids
from rnn2attn.live.figure import Figure
from rnn2attn.live.picture import LIMIT, row_of, strip
from rnn2attn.live.weights import pack, rounded
from rnn2attn.tasks.digits import DIGIT, NAMES, SIZE, Box, Canvas

BITS = 8
LEVELS = 255  # of a pixel's ink, so that a picture on the page and one in PyTorch are the same
# How two chosen digits lie: (top, left) of each, and what the places are called.
PLACES = {
    "side by side": ((10, 2), (10, 18)),
    "one above the other": ((2, 10), (18, 10)),
}
CALLED = {"side by side": ("left", "right"), "one above the other": ("upper", "lower")}
SENTENCES = {
    "none": "Nothing is drawn.",
    "one": "One digit is drawn, and the model has only seen pictures with two.",
    "small": "What is drawn is too small to be a digit.",
    "still": "Below it still answers to the picture before.",
    "many": "There are {n} drawings here, and the model has only seen pictures with two. It answers all the same.",
    "equal": "The model has never seen a picture with two equal digits. It answers all the same.",
}


class Caption(NamedTuple):
    """A picture, (32, 32), its digits' boxes, what is said of it, and a map for each word, (T', H', W')."""

    picture: Tensor
    boxes: list[Box]
    said: list[str]
    maps: Tensor


def live_canvas(
    model: Captioner,
    canvases: Sequence[Canvas],
    *,
    caption: str,
    start: tuple[str, str] = ("two", "seven"),
    arrangement: str = "side by side",
) -> "Drawing":
    """A place to draw two digits, what the model says of them, and where it looked for each word.

    Args:
        model: trained on canvases of `rnn2attn.tasks.digits`, in English; its decoder attends. Its weights are
            rounded to 8 bits.
        canvases: from which the digits are taken that can be chosen, the first of each.
        caption: what to try.
        start: the digits in the first picture, which print and a page without JavaScript show.
        arrangement: how they lie, "side by side" or "one above the other".

    Returns:
        What a notebook shows when it is a cell's last value.

    Raises:
        TypeError: the model is no `Captioner` with a `CNN` and a decoder that attends.
        ValueError: the model reads pictures of another size, a digit of ``start`` is on no canvas, or the arrangement
            is another.
    """
    if not isinstance(model, Captioner) or not isinstance(model.encoder, CNN) or not hasattr(model.decoder, "score"):
        raise TypeError(f"a Captioner with a CNN and a decoder that attends was expected, not {type(model).__name__}")
    if model.encoder.size != SIZE:
        raise ValueError(f"the model reads pictures of {model.encoder.size} pixels a side, not of {SIZE}")
    if arrangement not in PLACES:
        raise ValueError(f"arrangement is {arrangement!r}, but one of {', '.join(map(repr, PLACES))} was expected")
    found = inks(canvases)
    for name in start:
        if name not in found:
            raise ValueError(f"{name!r} is on none of the canvases; there are {', '.join(found)}")
    return Drawing(model, found, caption, start, arrangement)


def inks(canvases: Sequence[Canvas]) -> dict[str, Tensor]:
    """The first digit of each name on canvases with English captions: uint8, (12, 12)."""
    found: dict[str, Tensor] = {}
    for image, words, named, boxes in canvases:
        for word, box in zip(words, named, strict=True):
            if box is not None and word not in found:
                top, left, bottom, right = boxes[box]
                found[word] = (image[0, top:bottom, left:right] * LEVELS).round().to(torch.uint8)
    return {name: found[name] for name in NAMES["en"] if name in found}


class Drawing(Figure):
    """What `live_canvas` returns."""

    styles = ("page.css", "canvas.css")

    def __init__(self, model, found, caption, start, arrangement):
        self.packed = pack({"model": model}, BITS)
        self.model, self.inks = rounded(model, BITS).double(), found
        self.caption, self.start, self.arrangement = caption, start, arrangement
        self.group = f"canvas-{ids.own(repr([start, arrangement]))[:8]}"
        self.make()

    def __repr__(self) -> str:
        return f"live_canvas({self.start[0]} and {self.start[1]}, {self.arrangement})"

    def picture(self, names: Sequence[str], arrangement: str) -> tuple[Tensor, list[Box]]:
        """The picture of two digits, uint8, (32, 32), and their boxes."""
        picture = torch.zeros(SIZE, SIZE, dtype=torch.uint8)
        boxes = [(top, left, top + DIGIT, left + DIGIT) for top, left in PLACES[arrangement]]
        for name, (top, left, bottom, right) in zip(names, boxes, strict=True):
            picture[top:bottom, left:right] = self.inks[name]
        return picture, boxes

    def answer(self, picture: Tensor, boxes: Sequence[Box]) -> Caption:
        """What the model says of a picture, uint8, (32, 32)."""
        said, maps = self.model.translate([picture[None].double() / LEVELS], LIMIT)[0]
        return Caption(picture, list(boxes), said, maps)

    def first(self) -> str:
        """The answer to ``start``."""
        return html(self.answer(*self.picture(self.start, self.arrangement)), self.group)

    def form(self) -> ipywidgets.VBox:
        """Two choices of a digit and one of how they lie. Drawing is for the page."""
        options = list(self.inks)
        digits = [
            ipywidgets.Dropdown(options=options, value=name, description=f"digit {n}")
            for n, name in enumerate(self.start, 1)
        ]
        lie = ipywidgets.ToggleButtons(options=list(PLACES), value=self.arrangement)
        note, answer = ipywidgets.HTML(), ipywidgets.HTML()

        def follow(_=None):
            names = [one.value for one in digits]
            note.value = SENTENCES["equal"] if names[0] == names[1] else ""
            answer.value = self.framed(html(self.answer(*self.picture(names, lie.value)), self.group))

        for one in (*digits, lie):
            one.observe(follow, "value")
        follow()
        return ipywidgets.VBox([*digits, lie, note, answer, ipywidgets.HTML(escape(self.caption))])

    def page(self) -> str:
        """What draws and chooses is hidden until the script answers to it."""
        data = {
            "size": SIZE, "digit": DIGIT, "levels": LEVELS, "limit": LIMIT, "names": list(self.inks),
            "places": list(PLACES.values()), "called": list(CALLED.values()), "sentences": SENTENCES,
            "group": self.group,
        }  # fmt: skip
        return self.whole("canvas", data, self._asked(), self.caption, self.packed, "pictures.js", "canvas.js")

    def _asked(self) -> str:
        digits = "".join(
            f'<label><span class="where">{called}</span> <select autocomplete="off"><option value="">–</option>'
            + "".join(f"<option{' selected' * (name == chosen)}>{name}</option>" for name in self.inks)
            + "</select></label>"
            for called, chosen in zip(CALLED[self.arrangement], self.start, strict=True)
        )
        lie = "".join(
            f'<label><input type="radio" name="{self.group}-lie" value="{n}" autocomplete="off"'
            f"{' checked' * (name == self.arrangement)}>{name}</label>"
            for n, name in enumerate(PLACES)
        )
        dotted = "".join(base64.b64encode(ink.numpy().tobytes()).decode() + " " for ink in self.inks.values()).strip()
        return (
            f'<div class="asked" hidden><svg class="pad" viewBox="0 0 {SIZE} {SIZE}" role="img" '
            'aria-label="A place to draw two digits with a pointer or a finger. They can be chosen beside it."></svg>'
            f'<div class="chosen"><p>Draw two digits, or choose them:</p>{digits}'
            f'<span class="choices" role="radiogroup" aria-label="how they lie">{lie}</span>'
            '<button type="button" class="clear">Clear</button></div>'
            f'<!--drawn--><script type="text/plain" class="inks">{dotted}</script><!--/drawn--></div>'
            '<p class="note" hidden></p>'
        )


def bitmap(picture: Tensor) -> str:
    """A picture, uint8, (H, W), as the address of a bitmap that holds it; W is divisible by 4."""
    H, W = picture.shape
    head = (
        b"BM"
        + struct.pack("<IHHI", 54 + 3 * H * W, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, W, H, 1, 24, *[0] * 6)
    )
    rows = picture.flip(0).flatten().repeat_interleave(3)
    return f"data:image/bmp;base64,{base64.b64encode(head + rows.numpy().tobytes()).decode()}"


def sides(boxes: Sequence[Box]) -> dict[str, int]:
    """What two digits are called by how they lie, and the number of each box; empty if there are not two."""
    if len(boxes) != 2:
        return {}
    (top, left, *_), (other_top, other_left, *_) = boxes
    beside = abs(left - other_left) >= abs(top - other_top)
    first = int(left > other_left if beside else top > other_top)
    return dict(zip(CALLED["side by side" if beside else "one above the other"], (first, 1 - first), strict=True))


def looks(one: Caption, t: int) -> str:
    """Where the model looked for word t, in words."""
    rows, columns = one.maps.shape[1:]
    at = one.maps[t].argmax().item()
    most = (
        f"For {one.said[t]} it looks most at row {at // columns + 1}, column {at % columns + 1} "
        f"of {rows} × {columns}, with {one.maps[t].max():.2f}."
    )
    named = sides(one.boxes)
    if not named:
        return most
    share = shares(one.maps[t : t + 1], one.boxes, SIZE)[0]
    (one_side, k), (other_side, m) = named.items()
    return (
        f"{most} On the {one_side} digit lies {share[k]:.2f} of the weight, on the {other_side} one {share[m]:.2f}."
    )


def told(one: Caption) -> str:
    """The answer in words, for those who hear it."""
    return " ".join([f"It says: {' '.join(one.said) or 'nothing'}.", *(looks(one, t) for t in range(len(one.said)))])


def html(one: Caption, group: str) -> str:
    """The answer's HTML: the picture once for each word, with the word's weights laid over it.

    Args:
        one: the answer.
        group: a name that the page's radio buttons have in common nowhere else.
    """
    cut = " …" if len(one.said) == LIMIT else ""
    said = f'<p class="said">It says: <b>{escape(" ".join(one.said))}{cut}</b></p>'
    if not one.said:
        return said
    largest = one.maps.max().item()
    words = "".join(_word(t, one, largest, group) for t in range(len(one.said)))
    columns = one.maps.shape[2]
    return (
        f'{said}<fieldset class="map seen" style="--columns: {columns}; --picture: url({bitmap(one.picture)})">'
        f"<legend>What it got, and where it looked for each word</legend>{words}</fieldset>"
    )


def _word(t: int, one: Caption, largest: float, group: str) -> str:
    """A word, to be picked: the weights over the picture, and in words."""
    cells = "".join(strip(row, share=1) for row in (one.maps[t] / largest).tolist())
    return row_of(t, group, f'<span class="cells">{cells}</span><span>{escape(one.said[t])}</span>', looks(one, t))
