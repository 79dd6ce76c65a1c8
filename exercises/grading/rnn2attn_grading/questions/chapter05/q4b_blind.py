"""5.4, second part: the cells that have seen nothing of a box."""

import torch

from rnn2attn_grading.questions.chapter05.q4_seen import QUESTION

TEXT = r"""
**The cells that are blind to a box.** Given the pixels that each row and each column of cells sees, return which
cells have seen no pixel of a box. As the mask of `attend` it leaves only features that know nothing of the box.
(A pixel is in the box if its row is and its column is.)
"""


def blind_cells(rows, columns, box):
    """Which cells have seen nothing of a box.

    Args:
        rows: for each row of cells a pair (first, last) of rows of pixels;
            last is no longer seen.
        columns: for each column of cells the same, for columns of pixels.
        box: (top, left, bottom, right) in pixels; the last two are no longer
            inside.

    Returns:
        True where a cell sees no pixel of the box, bool, (H', W').
    """
    top, left, bottom, right = box
    grid = [
        [b <= top or a >= bottom or d <= left or c >= right for c, d in columns]
        for a, b in rows
    ]
    return torch.tensor(grid)


PART = QUESTION.part(blind_cells, 2, text=TEXT)


def windows(draw, cells, step, before, behind):
    """What cells see that lie `step` pixels apart."""
    size = cells * step
    return [
        (max(0, k * step - before), min(size, (k + 1) * step + behind))
        for k in range(cells)
    ]


def inputs(draw, box, H, W, step=4, before=3, behind=2):
    return {
        "rows": windows(draw, H, step, before, behind),
        "columns": windows(draw, W, step, before, behind),
        "box": box,
    }


def placed(draw, top, left, height, width):
    """A box of this size, moved by a pixel or not."""
    top, left = top + draw.choice(0, 1), left + draw.choice(0, 1)
    return (top, left, top + height, left + width)


@PART.cases
def cases(draw):
    yield "a wide grid", inputs(draw, placed(draw, 9, 14, 5, 7), 5, 8)
    yield "a tall grid", inputs(draw, placed(draw, 17, 4, 9, 5), 9, 4)
    yield "a square grid", inputs(draw, placed(draw, 2, 13, 7, 3), 7, 7)
    # Windows end where the box begins, and begin where it ends.
    touching = inputs(draw, (6, 10, 13, 17), 6, 7)
    yield "windows that end at the box", touching
    yield "one pixel", inputs(draw, placed(draw, 10, 21, 1, 1), 5, 7)


@PART.edges
def edges(draw):
    yield "the whole picture", inputs(draw, (0, 0, 12, 20), 3, 5)
    yield "one cell", inputs(draw, (0, 0, 2, 3), 1, 1)
    patches = inputs(draw, placed(draw, 4, 8, 4, 8), 5, 7, before=0, behind=0)
    yield "no overlap", patches
    far = inputs(draw, placed(draw, 21, 3, 6, 6), 8, 6, before=1, behind=5)
    yield "a box within a corner", far


def variant(apart=None, blind=None):
    """The right answer with one part of it replaced."""
    apart = apart or (lambda a, b, first, last: b <= first or a >= last)
    blind = blind or (lambda beside, above: beside or above)

    def answer(rows, columns, box):
        top, left, bottom, right = box
        grid = [
            [
                blind(apart(a, b, top, bottom), apart(c, d, left, right))
                for c, d in columns
            ]
            for a, b in rows
        ]
        return torch.tensor(grid)

    return answer


both_needed = PART.mistake(
    "You call a cell blind only if neither its rows nor its columns meet the "
    "box. One of the two is enough: beside the box, in the same rows, it sees "
    "nothing of it."
)(variant(blind=lambda beside, above: beside and above))
inverted = PART.mistake(
    "The other way round: True where a cell has seen nothing of the box."
)(variant(blind=lambda beside, above: not (beside or above)))
touching = PART.mistake(
    "A window that ends where the box begins is counted as meeting it. Neither "
    "last row nor last column is seen any more."
)(variant(lambda a, b, first, last: b < first or a > last))
end_included = PART.mistake(
    "You count the row and the column after the box as its own. `bottom` and "
    "`right` are no longer inside."
)(variant(lambda a, b, first, last: b <= first or a > last))
window_too_long = PART.mistake(
    "You count the pixel after a window as seen. `last` is no longer seen."
)(variant(lambda a, b, first, last: b < first or a >= last))
rows_only = PART.mistake(
    "You look at the rows alone. A cell in the box's rows may lie beside it."
)(variant(blind=lambda above, beside: above))
columns_only = PART.mistake(
    "You look at the columns alone. A cell in the box's columns may lie above "
    "or below it."
)(variant(blind=lambda above, beside: beside))
contained = PART.mistake(
    "You call a cell blind unless all that it sees lies in the box. Part of the "
    "box is enough to know of it."
)(variant(lambda a, b, first, last: not (first <= a and b <= last)))
whole_box = PART.mistake(
    "You call a cell blind unless it sees the whole box. Part of the box is "
    "enough to know of it."
)(variant(lambda a, b, first, last: not (a <= first and last <= b)))
by_centre = PART.mistake(
    "You ask whether the middle of what a cell sees lies in the box. What it "
    "sees at the edge, it sees."
)(variant(lambda a, b, first, last: not first <= (a + b) / 2 < last))
by_ends = PART.mistake(
    "You ask whether what a cell sees begins or ends in the box. It may also "
    "begin before the box and end after it."
)(
    variant(
        lambda a, b, first, last: not (first <= a < last or first < b <= last)
    )
)
by_first = PART.mistake(
    "You ask whether the first pixel that a cell sees lies in the box. The "
    "others count as well."
)(variant(lambda a, b, first, last: not first <= a < last))


@PART.mistake(
    "x and y are exchanged: a box is (top, left, bottom, right), rows first."
)
def x_first(rows, columns, box):
    left, top, right, bottom = box
    return blind_cells(rows, columns, (top, left, bottom, right))


@PART.mistake(
    "You take the box for (top, left, height, width). The last two are bottom "
    "and right."
)
def as_sizes(rows, columns, box):
    top, left, height, width = box
    box = (top, left, top + height, left + width)
    return blind_cells(rows, columns, box)
