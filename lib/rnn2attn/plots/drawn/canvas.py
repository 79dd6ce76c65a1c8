"""What the drawings are made of: cells with values, boxes, arrows, labels and braces, in one SVG.

Lengths are units of the viewBox, y goes down. Text keeps the page's font, so that no width is known: each place has
room for signs three quarters as wide as high. Ink is ``currentColor``, and the colours hold on light and on dark
ground, so that a drawing follows whatever page it stands in. Nothing has an id: two drawings never clash.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from itertools import groupby

from rnn2attn.style import COLOURS

# The same thing has the same colour in every drawing. Gates and attention weights both say how much of something.
KINDS = {
    "input": COLOURS[2],
    "state": COLOURS[0],
    "cell": COLOURS[1],
    "weight": COLOURS[3],
    "output": COLOURS[4],
    "gradient": "#d1383d",
    "ink": "currentColor",
}
SIZE, SMALL = 13, 11  # of text; an index is never smaller than LEAST
LEAST = 10
DEEPEST = 0.55  # how opaque the colour of a cell with the value 1 is: ink keeps its contrast on it
GREY = 0.3  # and of one that is grey: with the value −1, or of ink
HEAD = 6  # length of an arrow's head

Point = tuple[float, float]


class Canvas:
    """A drawing of this width and height in units, to which parts are added one after the other."""

    def __init__(self, width: float, height: float):
        self.width, self.height = width, height
        self._parts: list[str] = []

    def svg(self, name: str) -> str:
        """The drawing as an SVG of this class, whose words are read elsewhere."""
        box = f"0 0 {_n(self.width)} {_n(self.height)}"
        return f'<svg class="{name}" viewBox="{box}" aria-hidden="true">{"".join(self._parts)}</svg>'

    @contextmanager
    def group(self, name: str, **properties: float) -> Iterator[None]:
        """Put what is drawn within into a group of this class, with these custom properties of CSS."""
        style = ";".join(f"--{key}:{_n(value)}" for key, value in properties.items())
        self._parts.append(f'<g class="{name}"' + (f' style="{style}">' if style else ">"))
        yield
        self._parts.append("</g>")

    @contextmanager
    def shifted(self, x: float, y: float) -> Iterator[None]:
        """Put what is drawn within further to the right and down."""
        self._parts.append(f'<g transform="translate({_n(x)} {_n(y)})">')
        yield
        self._parts.append("</g>")

    def step(self, number: int):
        """Put what is drawn within into one step of a drawing that is built up."""
        return self.group(f"s s{number}")

    def glow(self, x: float, y: float, w: float, h: float) -> None:
        """A ground, from its upper left corner, that is seen while its step is the present one."""
        self._add("rect", "glow", x=x, y=y, width=w, height=h, rx=8)

    def frame(self, x: float, y: float, w: float, h: float, kind: str = "ink") -> None:
        """An empty frame, from its upper left corner, around what is one part."""
        self._add("rect", f"c k-{kind}", x=x, y=y, width=w, height=h, rx=8, fill_opacity=0)

    def text(self, x: float, y: float, words: str, size: float = SIZE, anchor: str = "middle", bold=False) -> None:
        """Words with their middle at this height; ``$h_t$`` is set as a formula."""
        name = {"start": "l ", "end": "r ", "middle": ""}[anchor] + ("b" if bold else "")
        self._add("text", name.strip(), _marked(words, size), x=x, y=y + 0.35 * size, font_size=size)

    def cells(
        self,
        x: float,
        y: float,
        values: Sequence[float],
        kind: str,
        *,
        w=38,
        h=20,
        across=False,
        digits: int | None = 1,
    ) -> None:
        """A vector as cells, one below the other or side by side: the larger a value, the deeper its colour.

        Positive values are in the colour of their kind, negative ones in grey.

        Args:
            x: the middle of the vector.
            y: its middle.
            values: its entries.
            kind: one of `KINDS`.
            w: width of a cell.
            h: its height.
            across: whether they stand side by side.
            digits: how many behind the point are printed; None prints no numbers.
        """
        n = len(values)
        left, top = (x - n * w / 2, y - h / 2) if across else (x - w / 2, y - n * h / 2)
        for i, value in enumerate(values):
            cx, cy = (left + i * w, top) if across else (left, top + i * h)
            deepest = GREY if value < 0 or kind == "ink" else DEEPEST
            depth = 0.04 + (deepest - 0.04) * min(abs(float(value)), 1)
            sign = "" if value >= 0 else " n"
            self._add("rect", f"c k-{kind}{sign}", x=cx, y=cy, width=w, height=h, fill_opacity=depth)
            if digits is not None:
                self.text(cx + w / 2, cy + h / 2, number(value, digits), SMALL)

    def grid(self, x: float, y: float, values: Sequence[Sequence[float]], kind: str, side: float) -> None:
        """A picture or a map from its upper left corner, in squares of this side: 0 is empty, 1 the full colour."""
        paths: dict[int, str] = {}
        for i, row in enumerate(values):
            at = x
            for depth, run in groupby(round(8 * min(max(float(value), 0), 1)) for value in row):
                width = side * len(list(run))
                if depth:
                    paths[depth] = (
                        paths.get(depth, "") + f"M{_p((at, y + i * side))}h{_n(width)}v{_n(side)}h{_n(-width)}z"
                    )
                at += width
        for depth, path in sorted(paths.items()):
            self._add("path", f"d k-{kind}", d=path, fill_opacity=depth / 8)
        w, h = side * len(values[0]), side * len(values)
        self._add("rect", f"a k-{kind}", x=x, y=y, width=w, height=h, stroke_width=1)

    def box(self, x: float, y: float, words: str, kind: str = "ink", *, w=34, h=24, size=SIZE, filled=0.12) -> None:
        """A rounded box around words, both with their middle at this point."""
        self._add(
            "rect", f"c k-{kind}", x=x - w / 2, y=y - h / 2, width=w, height=h, rx=min(6, h / 2), fill_opacity=filled
        )
        if words:
            self.text(x, y, words, size)

    def node(self, x: float, y: float, sign: str, kind: str = "ink") -> None:
        """A circle in which two vectors are multiplied or added, entry by entry; its radius is 9."""
        self._add("circle", f"c k-{kind}", cx=x, cy=y, r=9, fill_opacity=0)
        self.text(x, y, sign, 14)

    def dot(self, x: float, y: float, kind: str = "ink", r: float = 3.5) -> None:
        """A full circle: a place where a line is read."""
        self._add("circle", f"d k-{kind}", cx=x, cy=y, r=r)

    def arrow(
        self, *points: Point, kind: str = "ink", width=1.5, dashed=False, head=True, curved=False, opacity=1.0
    ) -> None:
        """A line through the points with rounded corners, or a Bézier curve over them; the head is at the last."""
        (x0, y0), (x1, y1) = points[-2:]
        length = math.dist(points[-2], points[-1])
        ux, uy = (x1 - x0) / length, (y1 - y0) / length
        reach = HEAD + width
        line = [*points[:-1], (x1 - ux * reach * 0.8, y1 - uy * reach * 0.8)] if head else points
        path = _bezier(line) if curved else _rounded(line)
        more = {"opacity": opacity} if opacity != 1 else {}
        name = f"a k-{kind}" + (" dashed" if dashed else "")
        self._add("path", name, d=path, stroke_width=width, **more)
        if head:
            half = 0.5 * reach
            bx, by = x1 - ux * reach, y1 - uy * reach
            corners = (x1, y1), (bx - uy * half, by + ux * half), (bx + uy * half, by - ux * half)
            self._add("path", f"d k-{kind}", d=f"M{'L'.join(map(_p, corners))}Z", **more)

    def arc(self, x0: float, x1: float, y: float, rise: float, kind: str = "weight", width=1.5, head=True) -> None:
        """An arrow from one place of a line to another that rises above it, or falls below where rise is negative."""
        top = y - 4 / 3 * rise
        self.arrow((x0, y), (x0, top), (x1, top), (x1, y), kind=kind, width=width, head=head, curved=True)

    def brace(self, x0: float, x1: float, y: float, words: str, below=False) -> None:
        """A brace over a stretch, or below it, with words at its middle."""
        out = 1 if below else -1
        middle, r = (x0 + x1) / 2, 5
        path = f"M{_p((x0, y))}q0 {out * r} {r} {out * r}H{_n(middle - r)}q{r} 0 {r} {out * r}"
        path += f"q0 {-out * r} {r} {-out * r}H{_n(x1 - r)}q{r} 0 {r} {-out * r}"
        self._add("path", "a k-ink", d=path, stroke_width=1)
        self.text(middle, y + out * 20, words)

    def _add(self, tag: str, name: str, inside: str | None = None, **attributes: float | str) -> None:
        written = "".join(
            f' {key.replace("_", "-")}="{value if isinstance(value, str) else _n(value)}"'
            for key, value in attributes.items()
        )
        name = f' class="{name}"' if name else ""
        self._parts.append(f"<{tag}{name}{written}" + ("/>" if inside is None else f">{inside}</{tag}>"))


def number(value: float, digits: int) -> str:
    """A value with so many digits and a true minus; there is no negative zero."""
    return f"{float(value):.{digits}f}".replace("-", "−") if round(float(value), digits) else f"{0:.{digits}f}"


def marked(words: str) -> str:
    """Words with formulas between dollars as HTML."""
    return _formulas(words, lambda letter: f"<i>{letter}</i>", lambda index: f"<sub>{index}</sub>")


def _marked(words: str, size: float) -> str:
    """The same as parts of an SVG's text: an index is lowered, and what follows it is raised again."""
    drop = _n(0.25 * size)
    small = _n(max(LEAST, 0.75 * size))

    def lowered(index: str) -> str:
        return f'<tspan dy="{drop}" font-size="{small}">{index}</tspan><tspan dy="-{drop}">\u200b</tspan>'

    return _formulas(words, lambda letter: f'<tspan class="i">{letter}</tspan>', lowered)


def _formulas(words: str, italic: Callable[[str], str], lowered: Callable[[str], str]) -> str:
    """Words with what stands between dollars set by these two: single letters, and the index behind "_"."""

    def slanted(text: str) -> str:
        return re.sub(r"(?<![^\W\d_])[^\W\d_](?![^\W\d_])", lambda letter: italic(letter[0]), escape(text))

    plain = words.split("$")
    for i, part in enumerate(plain):
        if i % 2:
            base, *indices = re.split(r"_(\{[^}]*\}|\w+)", part)
            plain[i] = slanted(base)
            for index, after in zip(indices[::2], indices[1::2], strict=True):
                inner = re.sub(r"[^\W\d_]", lambda letter: italic(letter[0]), escape(index.strip("{}")))
                plain[i] += lowered(inner) + slanted(after)
        else:
            plain[i] = escape(part)
    return "".join(plain)


def _rounded(points: Sequence[Point], radius: float = 7) -> str:
    """A path along straight lines whose corners are round."""
    path = f"M{_p(points[0])}"
    for before, at, after in zip(points, points[1:], points[2:], strict=False):
        r = min(radius, math.dist(before, at) / 2, math.dist(at, after) / 2)
        path += f"L{_p(_toward(at, before, r))}Q{_p(at)} {_p(_toward(at, after, r))}"
    return path + f"L{_p(points[-1])}"


def _bezier(points: Sequence[Point]) -> str:
    """A quadratic curve over three points, or a cubic one over four."""
    return f"M{_p(points[0])}{'Q' if len(points) == 3 else 'C'}{' '.join(map(_p, points[1:]))}"


def _toward(start: Point, end: Point, length: float) -> Point:
    share = length / math.dist(start, end)
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])


def _p(point: Point) -> str:
    return f"{_n(point[0])} {_n(point[1])}"


def _n(value: float) -> str:
    """A number of the SVG: two digits behind the point at most, so that rounding of machines is never seen."""
    return f"{round(float(value), 2):g}"
