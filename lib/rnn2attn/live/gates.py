"""An LSTM's gates as lines over the text that it reads, each of them to be held by hand.

In a notebook PyTorch computes them. On the page ``gates.js`` does, by ``engine.js``, from the model's weights.
"""

from collections.abc import Mapping, Sequence
from html import escape

import ipywidgets
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rnn2attn.explore import ids
from rnn2attn.live import typed
from rnn2attn.live.figure import Figure
from rnn2attn.live.weights import pack, rounded
from rnn2attn.recurrent import from_torch, lstm_gates, lstm_mix
from rnn2attn.text import Vocabulary

__all__ = ["Held", "hold"]

GATES = {"i": "input gate i", "f": "forget gate f", "o": "output gate o"}
CELL = "cell, tanh c"
TABLE = "Gates, cell and answer for each sign"
VALUES = {"free": None, "0": 0.0, "1": 1.0}  # what a gate can be held at


def hold(
    cell: nn.LSTM, output: nn.Linear, *, reads: str, says: str, label: str, start: str, caption: str, bits: int = 16
) -> "Held":
    """A field to type in, the gates of an LSTM over each sign of it, and buttons that hold a gate at 0 or at 1.

    Args:
        cell: trained, of one layer; it reads signs one-hot.
        output: from its h_t to the logits of an answer after each sign.
        reads: its signs, in the order of their numbers.
        says: its answers, a sign each, in the order of their numbers.
        label: what is typed.
        start: the text that is read first, with all gates free. It is what print and a page without JavaScript show.
        caption: what to try.
        bits: of a weight, see `rnn2attn.live.weights.pack`.

    Returns:
        What a notebook shows when it is a cell's last value.

    Raises:
        ValueError: there are not as many signs or answers as the networks have inputs and outputs, start cannot be
            read, or the figure is larger than 150 kB when gzip has packed it.
    """
    for name, signs, d in (("reads", reads, cell.input_size), ("says", says, output.out_features)):
        if len(signs) != d:
            raise ValueError(f"{name} has {len(signs)} signs, but {d} were expected")
    if problem := typed.read(start, Vocabulary(reads), "characters", start).problem:
        raise ValueError(f"{start!r} cannot be an input: {problem}")
    return Held(nn.Sequential(cell, output), reads, says, label, start, caption, bits)


@torch.no_grad()
def read(model: nn.Sequential, numbers: Sequence[int], held: Mapping[str, float]) -> tuple[Tensor, Tensor]:
    """What an LSTM and its output make of signs.

    Args:
        model: both.
        numbers: of the signs.
        held: "i", "f" or "o" → the value of that gate in all units and at all steps.

    Returns:
        i, f, o and tanh c of all units, (4, T, d_h), and the share of each answer, (T, answers).
    """
    lstm, output = from_torch(model[0]).to(model[1].weight), model[1]
    h = c = output.weight.new_zeros(1, output.in_features)
    lines, shares = [], []
    for x in F.one_hot(torch.tensor(numbers), model[0].input_size).to(h):
        gates = dict(zip("ifgo", lstm_gates(x[None], h, lstm.W_x, lstm.W_h, lstm.b), strict=True))
        gates |= {name: torch.full_like(h, value) for name, value in held.items()}
        h, c = lstm_mix(c, **gates)
        lines.append(torch.cat([*(gates[name] for name in GATES), c.tanh()]))
        shares.append(output(h)[0].softmax(dim=0))
    return torch.stack(lines, dim=1), torch.stack(shares)


class Held(Figure):
    """What `hold` returns."""

    styles = ("page.css", "gates.css")

    def __init__(self, model, reads, says, label, start, caption, bits):
        self.packed = pack({"model": model}, bits)
        self.model = rounded(model, bits).double()
        self.reads, self.says, self.vocabulary = reads, says, Vocabulary(reads)
        self.label, self.start, self.caption = label, start, caption
        self.group = f"gates-{ids.own(repr([label, start, reads, says]))[:8]}"
        self.make()

    def __repr__(self) -> str:
        return f"hold({self.label}: {self.start})"

    def answer(self, text: str, held: Mapping[str, float], before: str = "") -> tuple[str, str]:
        """A sentence on what cannot be read, or else the lines and answers as HTML."""
        signs, problem = typed.read(text, self.vocabulary, "characters", before)
        if problem:
            return problem, ""
        return "", self.draw(signs, held)

    def draw(self, signs: Sequence[str], held: Mapping[str, float]) -> str:
        """A table: for each gate a row with its lines, then the cell's, then what is read and what is said."""
        lines, shares = read(self.model, [self.vocabulary.id(sign) for sign in signs], held)
        rows = [_strip(GATES[name], signs, lines[n], held.get(name)) for n, name in enumerate(GATES)]
        said = [self.says[best] for best in shares.argmax(dim=1).tolist()]
        rows += [_strip(CELL, signs, lines[3], None), _signs("reads", signs), _signs("says", said)]
        style = f'aria-label="{TABLE}" style="--columns: {len(signs)}"'
        return f'<table class="gates" {style}><tbody>{"".join(rows)}</tbody></table>'

    def first(self) -> str:
        """The answer to ``start``, with all gates free."""
        return self.answer(self.start, {})[1]

    def form(self) -> ipywidgets.VBox:
        """Field, buttons and answer."""
        wide = {"style": {"description_width": "initial"}}
        field = ipywidgets.Text(value=self.start, description=self.label, layout={"width": "34em"}, **wide)
        buttons = {
            name: ipywidgets.ToggleButtons(options=[*VALUES], description=title, **wide)
            for name, title in GATES.items()
        }
        problem, answer, before = ipywidgets.HTML(), ipywidgets.HTML(), self.start

        def follow(_=None):
            nonlocal before
            held = {name: VALUES[one.value] for name, one in buttons.items() if one.value != "free"}
            why, found = self.answer(field.value, held, before)
            problem.value = escape(why)
            if not why:
                before, answer.value = field.value, self.framed(found)

        for one in (field, *buttons.values()):
            one.observe(follow, "value")
        follow()
        return ipywidgets.VBox([field, *buttons.values(), problem, answer, ipywidgets.HTML(escape(self.caption))])

    def page(self) -> str:
        """What is typed and chosen is hidden until the script answers to it."""
        data = {
            "reads": [*self.reads], "says": [*self.says], "gates": GATES, "cell": CELL, "table": TABLE,
            "cut": "characters", "longest": typed.LONGEST, "near": typed.NEAR, "sentences": typed.SENTENCES,
        }  # fmt: skip
        asked = f'<div class="asked">{self.field()}{"".join(map(self._buttons, GATES))}</div>'
        return self.whole("gates", data, asked, self.caption, self.packed, "gates.js")

    def _buttons(self, name: str) -> str:
        """What holds a gate. Only a script can use it, and shows it."""
        choices = "".join(
            f'<label><input type="radio" name="{self.group}-{name}" value="{"" if value is None else f"{value:g}"}" '
            f'autocomplete="off"{" checked" * (value is None)}>{word}</label>'
            for word, value in VALUES.items()
        )
        return (
            f'<fieldset class="choices" data-gate="{name}" hidden><legend>{GATES[name]}</legend>{choices}</fieldset>'
        )


def _strip(title: str, signs: Sequence[str], lines: Tensor, held: float | None) -> str:
    """A row with a line for each unit, and for a gate their mean; the cell has a mean size, in the label alone."""
    means = lines.abs().mean(dim=1).tolist()
    of_cell = title == CELL
    paths = "".join(f'<path d="{_path(line, of_cell)}"></path>' for line in lines.T.tolist())
    paths += "" if of_cell else f'<path class="mean" d="{_path(means)}"></path>'
    heading = title if held is None else f"{title} at {held:g}"
    words = ", ".join(f"{sign} {mean:.2f}" for sign, mean in zip(signs, means, strict=True))
    label = f"{heading}. {'Mean size' if of_cell else 'Mean'} of {lines.shape[1]} units: {words}."
    return (
        f'<tr><th scope="row">{heading}</th><td colspan="{len(signs)}"><svg viewBox="0 -0.06 {len(signs)} 1.12" '
        f'preserveAspectRatio="none" role="img" aria-label="{escape(label)}">{paths}</svg></td></tr>'
    )


def _path(values: Sequence[float], signed: bool = False) -> str:
    """A line through a value for each sign, from 0 to 1, or from −1 to 1, upwards."""
    heights = ((1 - value) / 2 if signed else 1 - value for value in values)
    return "M" + "L".join(f"{t + 0.5} {height:.3f}" for t, height in enumerate(heights))


def _signs(title: str, signs: Sequence[str]) -> str:
    return f'<tr><th scope="row">{title}</th>{"".join(f"<td>{escape(sign)}</td>" for sign in signs)}</tr>'
