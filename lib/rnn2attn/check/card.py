"""What a verdict looks like: a card in a notebook, a few lines of text in a terminal."""

import re
from dataclasses import dataclass
from html import escape

# State → sign, colour of the edge (3:1 on white and on the dark themes' ground), the same colour as a thin ground.
LOOK = {
    "right": ("✓", "#2e8b57", "rgba(46,139,87,.12)"),
    "wrong": ("✗", "#d1453b", "rgba(209,69,59,.12)"),
    "open": ("○", "#2f7fc1", "rgba(47,127,193,.12)"),
}
LINE = "margin:.2em 0;padding:0;border:0;line-height:1.5;overflow-wrap:anywhere"


@dataclass(frozen=True)
class Card:
    """A title and a few lines.

    Attributes:
        state: "right", "wrong" or "open"; the title says it in words.
        title: one sentence.
        lines: sentences; `code` in backticks.
        rows: a table under them, first its head; none if empty.
    """

    state: str
    title: str
    lines: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    def __repr__(self) -> str:
        widths = [max(map(len, column)) for column in zip(*self.rows, strict=True)]
        table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in self.rows]
        text = [f"{LOOK[self.state][0]} {self.title}", *self.lines, *table]
        return "\n  ".join(line.rstrip() for line in text)

    def _repr_html_(self) -> str:
        sign, edge, ground = LOOK[self.state]
        style = f"border-left:4px solid {edge};background:{ground};color:inherit;padding:.3em 1em;margin:.5em 0"
        body = f'<p style="{LINE}"><span aria-hidden="true">{sign} </span><strong>{_html(self.title)}</strong></p>'
        body += "".join(f'<p style="{LINE}">{_html(line)}</p>' for line in self.lines)
        if self.rows:
            head, *rest = self.rows
            cell = "text-align:left;padding:.1em 1em .1em 0;background:none;color:inherit;overflow-wrap:normal"
            # Words stay whole: on a phone the table may scroll, by keyboard too, and never widens the page.
            body += f'<div role="group" tabindex="0" aria-label="Table, scrolls sideways: {escape(", ".join(head))}" '
            body += 'style="overflow-x:auto">'
            body += f'<table style="{LINE};color:inherit;font-size:inherit;border-collapse:collapse"><thead><tr>'
            body += "".join(f'<th scope="col" style="{cell}">{_html(text)}</th>' for text in head)
            body += "</tr></thead><tbody>"
            for first, *others in rest:
                body += '<tr style="background:none">'
                body += f'<th scope="row" style="{cell};font-weight:normal">{_html(first)}</th>'
                body += "".join(f'<td style="{cell}">{_html(text)}</td>' for text in others) + "</tr>"
            body += "</tbody></table></div>"
        return f'<div class="check {self.state}" role="status" style="{style}">{body}</div>'


def _html(text: str) -> str:
    return re.sub(r"`([^`]+)`", r'<code style="background:none;color:inherit;padding:0">\1</code>', escape(text))
