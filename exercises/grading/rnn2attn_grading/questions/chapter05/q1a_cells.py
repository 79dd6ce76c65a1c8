"""5.1, first part: from a grid of features to a row of cells with positions."""

import torch

from rnn2attn_grading.questions.chapter05.q1_grid import QUESTION

TEXT = r"""
**To a row.** A convolutional network gives $z$. Add to each cell the vector of its row and the vector of its column,
$z_{i,j} + p_i + q_j$, and return the cells as a row, numbered row by row: in the row, cell (i, j) is number
$i W' + j$. Checked: the values, and the gradient for all three. Not allowed: `rnn2attn.captioning`.
"""


def to_cells(z, rows, columns):
    """A grid as a row of cells that are told where they are.

    Args:
        z: features, (B, d, H', W').
        rows: p, a vector for each row of cells, (H', d).
        columns: q, a vector for each column of cells, (W', d).

    Returns:
        (B, H' W', d).
    """
    grid = z.permute(0, 2, 3, 1)
    return (grid + rows[:, None] + columns).flatten(1, 2)


PART = QUESTION.part(
    to_cells,
    2,
    gradients=("z", "rows", "columns"),
    forbidden=("rnn2attn.captioning",),
    text=TEXT,
)


def inputs(draw, B, d, H, W):
    return {
        "z": draw.normal(B, d, H, W),
        "rows": draw.normal(H, d),
        "columns": draw.normal(W, d),
    }


@PART.cases
def cases(draw):
    yield "different sizes", inputs(draw, 2, 5, 3, 7)
    yield "as many rows, columns and features", inputs(draw, 2, 3, 3, 3)
    yield "one picture", inputs(draw, 1, 3, 5, 2)


@PART.edges
def edges(draw):
    yield "one row of cells", inputs(draw, 2, 3, 1, 5)
    yield "one column of cells", inputs(draw, 3, 2, 5, 1)
    yield "all sizes equal", inputs(draw, 3, 3, 3, 3)


def variant(z, rows, columns, by_row=True, by_column=True):
    """The cells as a grid, (B, H', W', d), with the positions asked for."""
    grid = z.permute(0, 2, 3, 1)
    grid = grid + rows[:, None] if by_row else grid
    return grid + columns if by_column else grid


@PART.mistake(
    "Right shape, and features of different places are mixed: `reshape` reads "
    "z in the order in which it lies. Put the features last first."
)
def reshaped(z, rows, columns):
    positions = (rows[:, None] + columns).flatten(0, 1)
    return z.reshape(len(z), -1, z.shape[1]) + positions


@PART.mistake(
    "Your cells are numbered column by column. Row by row, the neighbour on the "
    "right comes next."
)
def column_by_column(z, rows, columns):
    return variant(z, rows, columns).transpose(1, 2).flatten(1, 2)


@PART.mistake(
    "You number cell (i, j) as i H' + j. Row i begins after i rows, and a row "
    "has W' cells."
)
def by_height(z, rows, columns):
    B, d, H, W = z.shape
    grid, out = variant(z, rows, columns), z.new_zeros(B, H * W, d)
    for i in range(H):
        for j in range(W):
            out[:, i * H + j] = grid[:, i, j]
    return out


@PART.mistake(
    "The vectors of rows and columns are exchanged: cells of one row all get "
    "the same p. Only a square grid lets that run."
)
def exchanged(z, rows, columns):
    return to_cells(z, columns, rows)


@PART.mistake(
    "Both vectors are added along the columns: a tensor (H', d) meets the last "
    "two axes, (W', d). Give `rows` an axis for the columns."
)
def both_along_columns(z, rows, columns):
    return (z.permute(0, 2, 3, 1) + rows + columns).flatten(1, 2)


@PART.mistake("The vectors of the columns are not added.")
def rows_only(z, rows, columns):
    return variant(z, rows, columns, by_column=False).flatten(1, 2)


@PART.mistake("The vectors of the rows are not added.")
def columns_only(z, rows, columns):
    return variant(z, rows, columns, by_row=False).flatten(1, 2)


@PART.mistake("The cells are in a row, and nothing tells them where they are.")
def without_positions(z, rows, columns):
    return z.flatten(2).mT


@PART.mistake(
    "The positions are set beside the features, not added: a cell has d "
    "entries, as it had."
)
def concatenated(z, rows, columns):
    grid = z.permute(0, 2, 3, 1)
    both = (rows[:, None], columns.expand(grid.shape[1], -1, -1))
    both = [p.expand_as(grid) for p in both]
    return torch.cat([grid, *both], dim=-1).flatten(1, 2)


@PART.mistake(
    "The features of a cell are multiplied by its positions. They are added."
)
def multiplied(z, rows, columns):
    grid = z.permute(0, 2, 3, 1)
    return (grid * rows[:, None] * columns).flatten(1, 2)


@PART.mistake(
    "The positions are where they belong. Then `reshape` mixes the features of "
    "different places, in the order in which they lie. Put the features last "
    "first."
)
def reshaped_afterwards(z, rows, columns):
    grid = variant(z, rows, columns).permute(0, 3, 1, 2)
    return grid.reshape(len(z), -1, z.shape[1])


def taking_turns(of_rows, of_columns):
    """Positions (H' W', d) made by `of_rows(rows, W')` and `of_columns(columns, H')`."""

    def answer(z, rows, columns):
        H, W = z.shape[2:]
        positions = of_rows(rows, W) + of_columns(columns, H)
        return z.flatten(2).mT + positions

    return answer


def stays(vectors, times):
    return vectors.repeat_interleave(times, dim=0)


def again(vectors, times):
    return vectors.repeat(times, 1)


turns_exchanged = PART.mistake(
    "Your positions take turns the wrong way round. Along a row of cells the "
    "row's vector stays and the column's changes: `repeat_interleave` stays "
    "with each, `repeat` goes through all again and again."
)(taking_turns(again, stays))
repeated = PART.mistake(
    "The columns' vectors are right. Those of the rows take turns from cell to "
    "cell, as `repeat` does; along a row of cells the row's vector stays."
)(taking_turns(again, again))
interleaved = PART.mistake(
    "The rows' vectors are right. Those of the columns stay for several cells, "
    "as `repeat_interleave` does; along a row of cells the column changes."
)(taking_turns(stays, stays))
