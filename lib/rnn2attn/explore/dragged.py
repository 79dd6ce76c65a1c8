"""A query among keys that is dragged in the page, which computes its weights by a few lines of its own."""

import json
import math
import re
from html import escape
from importlib.resources import files

from rnn2attn.plots import COLOURS, AmongKeys
from rnn2attn.words import clean

UNIT = 60  # px of the drawing for one unit of the plane
RADIUS = 42  # px, of the disc of a weight of 1
STEP = 0.01  # to which a query is rounded
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def page(among: AmongKeys, start: tuple[float, float], text: str, labels: tuple[str, str]) -> str:
    """The HTML of the figure, with the query where it starts; ``dragged.js`` in it lets the query go elsewhere.

    Args:
        among: the keys.
        start: the query.
        text: what the figure shows there in words. The page puts other numbers in the places of these, so they have
            to be, in this order, the query, the weight of each key, and the context.
        labels: what the entries of the query are called.

    Raises:
        ValueError: the numbers in the text are others.
    """
    weights, names = among.weights(*start), [escape(clean(name)) for name in among.names]
    scores, context = among.keys.numpy() @ start, weights @ among.keys.numpy()
    pieces, told = NUMBER.split(text), [float(number) for number in NUMBER.findall(text)]
    numbers = [*start, *weights, *context]
    if len(told) != len(numbers) or any(abs(a - b) > 0.011 for a, b in zip(told, numbers, strict=True)):
        raise ValueError(
            f"describe must give the query, each weight and the context as its only numbers, in this order: "
            f"{', '.join(f'{number:.2f}' for number in numbers)}; it returns {text!r}"
        )
    data = {"keys": among.keys.tolist(), "unit": UNIT, "radius": RADIUS, "pieces": pieces}
    here = files(__package__)
    style = "".join(here.joinpath(name).read_text("utf-8") for name in ("page.css", "dragged.css"))
    rows = "".join(
        f'<tr><th scope="row">{name}</th><td>{_written(score)}</td>'
        f'<td style="--share: {weight:.4f}">{_written(weight)}</td></tr>'
        for name, score, weight in zip(names, scores, weights, strict=True)
    )
    inputs = "".join(
        f'<input type="range" min="{-among.extent}" max="{among.extent}" step="{STEP}" value="{entry}" '
        f'aria-label="{escape(label)}" autocomplete="off" hidden>'
        for entry, label in zip(start, labels, strict=True)
    )
    places = "".join(
        f'<p><span class="swatch" style="background: var(--{name})"></span> {name} '
        f'(<span class="place">{", ".join(map(_written, place))}</span>)</p>'
        for name, place in (("query", start), ("context", context))
    )
    colours = "; ".join(
        f"--{part}: {colour}" for part, colour in zip(("key", "query", "context"), COLOURS, strict=False)
    )
    head = "<tr><th>key</th><th>query · key</th><th>weight</th></tr>"
    drawn = (
        f'<div role="img" aria-label="{escape(text)}">{_plane(among, start, weights, context, names)}</div>{inputs}'
    )
    table = f"{places}<table><thead>{head}</thead><tbody>{rows}</tbody></table>"
    # Marked as moving, it is left alone by the script of the other explorables.
    opening = (
        f'<figure class="rnn2attn-explore" data-moves style="{colours}" data-query="{escape(json.dumps(data))}">'
    )
    return "\n".join(
        [
            opening,
            f"<style>{style}</style>",
            '<p class="unseen">Run this cell to see its figure.</p>',
            '<!--drawn--><div class="dragged">',
            f'<div class="plane">{drawn}</div>',
            f'<div class="numbers">{table}</div>',
            "</div><!--/drawn-->",
            '<p class="shows hint" hidden>Drag the arrow’s tip, or move it with the arrow keys.</p>',
            '<p role="status"></p>',
            "</figure>",
            f'<script type="module">{here.joinpath("dragged.js").read_text("utf-8")}</script>',
        ]
    )


def _plane(among, start, weights, context, names) -> str:
    """Axes, a disc for each key's weight, the keys, the context as a cross and the query as an arrow."""
    edge = UNIT * among.extent
    (x, y), (c_x, c_y) = (start[0] * UNIT, -start[1] * UNIT), (context[0] * UNIT, -context[1] * UNIT)
    turn = -math.degrees(math.atan2(start[1], start[0]))
    keys = [(f"{UNIT * a:g}", f"{-UNIT * b:g}", -UNIT * b) for a, b in among.keys.tolist()]
    return "\n".join(
        [
            f'<svg viewBox="{-edge} {-edge} {2 * edge} {2 * edge}">',
            f'<path class="axis" d="M{-edge} 0H{edge}M0 {-edge}V{edge}"/>',
            *(
                f'<circle class="share" cx="{a}" cy="{b}" r="{RADIUS * math.sqrt(weight):.1f}"/>'
                for (a, b, _), weight in zip(keys, weights, strict=True)
            ),
            *(f'<circle class="key" cx="{a}" cy="{b}" r="3.5"/>' for a, b, _ in keys),
            f'<path class="context" transform="translate({c_x:.1f} {c_y:.1f})" d="M-6 -6L6 6M6 -6L-6 6"/>',
            f'<line class="query" x2="{x:g}" y2="{y:g}"/>',
            *(f'<text x="{a}" y="{b + 22:g}">{name}</text>' for (a, _, b), name in zip(keys, names, strict=True)),
            f'<g class="tip" transform="translate({x:g} {y:g}) rotate({turn:.1f})">',
            '<circle class="grip" r="20"/><path class="head" d="M4 0L-11 8V-8z"/></g></svg>',
        ]
    )


def _written(number: float) -> str:
    """As `dragged.js` writes it."""
    return f"{round(number, 2) + 0:.2f}".replace("-", "−")
