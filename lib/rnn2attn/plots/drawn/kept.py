"""Drawings of what is kept of what was read: in a list, in a state of one size, or in notes that are joined."""

from itertools import pairwise

import torch

from rnn2attn.plots.drawn.canvas import SMALL, Canvas
from rnn2attn.plots.drawn.drawing import Drawing

ORDERS = 2, 4, 8  # that were taken when one looks
# Days in a café: evenings of orders, each a table and the number of a drink, and the tables that are asked for.
DAYS = {
    "changes": ("a1 b2 a3 c1 b4 a2 c2 b1", "ab"),
    "evenings": ("a1 b2 c3 | d4 a2 | b1 c4 d2", "ab"),
    "both": ("a1 b2 | c3 a4 | b1 d2 b3 d1", "ab"),
}
SIGN, HIDDEN = "llanfairpwllg", "?"
CLIPS = 8
SWAPS = torch.tensor([[1, 0, 2], [0, 2, 1], [2, 1, 0]])  # where what is under each cup comes from


def pad_and_head() -> Drawing:
    """What somebody with a pad and somebody without has kept after a few orders."""

    def draw(canvas: Canvas, first: float, apart: float) -> Canvas:
        for n, x in zip(ORDERS, (first + apart * k for k in range(len(ORDERS))), strict=True):
            canvas.text(x, 12, f"{n} orders")
            for line in range(n):
                y = 36 + 15 * line
                canvas.cells(x - 19, y, [0.5], "cell", w=34, h=12, digits=None)
                canvas.cells(x + 19, y, [0.5], "output", w=34, h=12, digits=None)
            for row in range(3):
                canvas.cells(x, 196 + 16 * row, [0.3] * 3, "state", w=16, h=16, across=True, digits=None)
        canvas.text(4, 162, "the pad: a line with every order", SMALL, anchor="start")
        canvas.text(4, 250, "the head: one table of one size", SMALL, anchor="start")
        return canvas

    return Drawing(
        title="A pad, and a head",
        shows="Twice what is kept after "
        + ", ".join(map(str, ORDERS))
        + " orders. On the pad, as many lines, each a "
        "key and a value. In the head, the same square of three by three numbers every time.",
        caption="Above, the pad: a key and a value for each order, side by side, and whoever asks runs through all "
        "of them. Below, the head: a table of numbers that stays as it is in size, and is asked once. What "
        "becomes of the orders in there?",
        wide=draw(Canvas(640, 260), 100, 220),
        narrow=draw(Canvas(330, 260), 56, 109),
    )


def phone_and_sign() -> Drawing:
    """A name that is spelled to somebody, and one that stands before somebody's eyes."""
    T = len(SIGN)

    def draw(canvas: Canvas, first: float, apart: float, w: float) -> Canvas:
        xs = [first + apart * t for t in range(T + 1)]
        canvas.text(xs[0] - w / 2, 12, "on the phone", bold=True, anchor="start")
        canvas.text(xs[0] - w / 2, 126, "before the sign", bold=True, anchor="start")
        for y in (50, 222):
            for t, (x, letter) in enumerate(zip(xs, SIGN + HIDDEN, strict=True)):
                kind = "output" if t == T else "input"
                canvas.box(x, y + 36 if y == 50 else y, letter, kind, w=w, h=24)
        for t, (x, further) in enumerate(pairwise(xs)):
            canvas.arrow((x, 74), (x, 62), kind="input", head=False)
            canvas.box(x, 50, "", "state", w=w, h=24, filled=0.4)
            end = (further - w / 2, 50) if t < T - 1 else (further, 74)
            canvas.arrow((x + w / 2, 50), *([] if t < T - 1 else [(further, 50)]), end, kind="state", head=t == T - 1)
            canvas.arc(xs[-1] - 4, x, 208, 62 * (T - t + 2) / (T + 2), width=1, head=False)
        return canvas

    return Drawing(
        title="Which letter comes next, on the phone and before the sign",
        shows=f"Twice the letters {', '.join(SIGN)}, and a question mark for the next. On the phone, a row of "
        "states, one over each letter, of which only the last reaches the question mark. Before the sign, an arc "
        "from the question mark back to each of the letters.",
        caption="On the phone one state goes from letter to letter, and what comes next is said from the last. "
        "Before the sign all letters are there, and whoever is to say the next may look at each. What has to be told "
        "apart then is where they stand: the same letters come twice.",
        wide=draw(Canvas(640, 240), 26, 45, 26),
        narrow=draw(Canvas(330, 240), 15, 23, 18),
    )


def film() -> tuple[torch.Tensor, list[list[torch.Tensor]]]:
    """The swaps of eight clips, (8, 4, 3, 3), and the notes: of each clip, of every two, and so on to all."""
    draws = torch.Generator().manual_seed(0)
    swaps = torch.eye(3, dtype=torch.float64)[SWAPS[torch.randint(3, (CLIPS, 4), generator=draws)]]
    rounds = [[torch.linalg.multi_dot([*clip.flip(0)]) for clip in swaps]]
    while len(rounds[-1]) > 1:
        rounds.append([late @ early for early, late in zip(rounds[-1][::2], rounds[-1][1::2], strict=True)])
    return swaps, rounds


def notes_of_a_film() -> Drawing:
    """Notes on eight clips of a film with three cups, joined two by two."""
    _, rounds = film()

    def note(one: torch.Tensor) -> str:
        return "".join(str(place + 1) for place in one.argmax(dim=0).tolist())

    def draw(canvas: Canvas, left: float, apart: float, w: float) -> Canvas:
        xs = [left + apart * k for k in range(CLIPS)]
        for n, notes in enumerate(rounds):
            y = 40 + 62 * n
            for x, one in zip(xs, notes, strict=True):
                canvas.box(x, y, note(one), "cell" if n else "input", w=w, h=24, size=12)
            if len(notes) > 1:
                below = [(a + b) / 2 for a, b in zip(xs[::2], xs[1::2], strict=True)]
                for k, x in enumerate(xs):
                    canvas.arrow((x, y + 12), (below[k // 2] + (k % 2 * 2 - 1) * 6, y + 50), kind="cell")
                xs = below
        canvas.text(left - w / 2, 12, "eight clips, a note on each", SMALL, anchor="start")
        return canvas

    first, whole = note(rounds[0][0]), note(rounds[-1][0])
    return Drawing(
        title="Eight notes become one in three rounds",
        shows="A tree that stands on its head. In the upper row eight notes of three digits, "
        + ", ".join(map(note, rounds[0]))
        + f"; below it four, two and one, {whole}, each joined by arrows from two above it.",
        caption=f"A note says where what was under the cups 1, 2 and 3 is at the end of a clip, as “{first}”. "
        f"Two neighbours make one note of both. The last one says for the whole film that the ball under cup 1 ends "
        f"under cup {whole[0]}, and nobody has followed it.",
        wide=draw(Canvas(640, 252), 40, 80, 48),
        narrow=draw(Canvas(330, 252), 20, 41.4, 36),
    )


def counting(day: str) -> tuple[list[str], list[bool], dict[str, str]]:
    """A day's orders, which of them still count at its end, and what the tables of its last evening have."""
    evenings = [evening.split() for evening in day.split("|")]
    last = dict(evenings[-1])
    orders = [order for evening in evenings for order in evening]
    earlier = len(orders) - len(evenings[-1])
    return orders, [n >= earlier and last[order[0]] == order[1] for n, order in enumerate(orders)], last


def days_in_the_cafe() -> Drawing:
    """Three kinds of a day, which of their orders still count at the end, and what is asked."""

    def draw(canvas: Canvas, left: float, apart: float, w: float) -> Canvas:
        for row, (name, (day, asked)) in enumerate(DAYS.items()):
            y = 44 + 88 * row
            orders, counts, last = counting(day)
            canvas.text(left, y - 30, name, bold=True, anchor="start")
            ends = [len(evening.split()) for evening in day.split("|")]
            for n, (order, count) in enumerate(zip(orders, counts, strict=True)):
                x = left + w / 2 + apart * n
                canvas.box(x, y, order, "input", w=w, h=24, filled=0.4 if count else 0)
                if n in (ends[0], sum(ends[:2])):
                    canvas.arrow((x - apart / 2, y - 18), (x - apart / 2, y + 18), head=False, width=2)
            answers = ", ".join(f"{table}? {last.get(table, 'nothing')}" for table in asked)
            canvas.text(left, y + 28, f"asked at the end: {answers}", SMALL, anchor="start")
        return canvas

    rows = []
    for name, (day, _) in DAYS.items():
        orders, counts, _ = counting(day)
        filled = [order for order, count in zip(orders, counts, strict=True) if count]
        rows.append(f"{name}: {day.replace('|', 'and on a new evening')}, of which {', '.join(filled)} are filled.")
    return Drawing(
        title="Three kinds of a day",
        shows=f"Three rows of eight orders, in which a letter is a table and a number a drink. {' '.join(rows)}",
        caption="A letter is a table, a number a drink, and at a line an evening begins. Filled are the orders "
        "that still count when tables are asked for: the last one of each table on the last evening. What does a "
        "waiter have to do so that the others do not disturb?",
        wide=draw(Canvas(640, 256), 70, 62, 42),
        narrow=draw(Canvas(330, 256), 8, 39, 33),
    )
