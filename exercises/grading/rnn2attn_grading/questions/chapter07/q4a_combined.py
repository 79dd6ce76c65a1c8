"""7.4, first part: two steps as one."""

import torch

from rnn2attn_grading.questions.chapter07.q4_scan import QUESTION
from rnn2attn_grading.questions.chapter07.ready_made import READY_MADE

TEXT = r"""
**Two steps.** A step is a pair $(A, b)$ and takes a state $c$ to $A c + b$. Return the step that does what the first
and then the second does. With matrices, as here, the order counts. Checked: both parts, and their gradients for all
four.
"""


def combined(first, second):
    """Two steps as one.

    Args:
        first: the pair A (B, d, d), b (B, d) of the step that comes first.
        second: the same of the step that comes after it.

    Returns:
        The tuple A, b of the step that takes c to where the two take it.
    """
    (A_1, b_1), (A_2, b_2) = first, second
    return A_2 @ A_1, torch.einsum("bij,bj->bi", A_2, b_1) + b_2


PART = QUESTION.part(
    combined,
    1,
    gradients=("first[0]", "first[1]", "second[0]", "second[1]"),
    forbidden=READY_MADE,
    text=TEXT,
    difficulty=1,
)


def step(draw, B, d):
    return draw.normal(B, d, d), draw.normal(B, d)


def inputs(draw, B, d):
    return {"first": step(draw, B, d), "second": step(draw, B, d)}


@PART.cases
def cases(draw):
    yield "a batch of steps", inputs(draw, 2, 3)
    yield "as many rows as numbers of a state", inputs(draw, 3, 3)
    yield "a batch of one", inputs(draw, 1, 4)
    yield "states of one number", inputs(draw, 3, 1)


@PART.edges
def edges(draw):
    given = inputs(draw, 2, 2)
    nothing = torch.zeros(2, 2, 2).double()
    yield (
        "a step that forgets all",
        given | {"second": (nothing, given["second"][1])},
    )


def apply(A, b):
    return torch.einsum("bij,bj->bi", A, b)


def variant(first, second, *, A=None, b=None):
    """The right answer with one of the two parts replaced."""
    (A_1, b_1), (A_2, b_2) = first, second
    return (
        A(A_1, A_2) if A else A_2 @ A_1,
        b(A_1, b_1, A_2, b_2) if b else apply(A_2, b_1) + b_2,
    )


@PART.mistake(
    "You do the second step first. Which matrix does c meet first, and on "
    "which side does it stand then?"
)
def other_order(first, second):
    return variant(second, first)


@PART.mistake(
    "b is right. The product of the matrices is in the other order: the one "
    "that acts first stands next to c, on the right."
)
def product_turned(first, second):
    return variant(first, second, A=lambda A_1, A_2: A_1 @ A_2)


@PART.mistake(
    "The matrix is right. b is the sum of both, as if the second step left "
    "alone what the first has added."
)
def terms_added(first, second):
    return variant(first, second, b=lambda A_1, b_1, A_2, b_2: b_1 + b_2)


@PART.mistake(
    "The matrix is right. In b the wrong term is multiplied by the wrong "
    "matrix: which of the two goes through a matrix afterwards, and which?"
)
def wrong_term(first, second):
    return variant(
        first, second,
        b=lambda A_1, b_1, A_2, b_2: apply(A_1, b_2) + b_1,
    )  # fmt: skip


@PART.mistake(
    "The matrix is right. In b, the first term goes through its own matrix: "
    "that one has done its work when the term is added."
)
def own_matrix(first, second):
    return variant(
        first, second,
        b=lambda A_1, b_1, A_2, b_2: apply(A_1, b_1) + b_2,
    )  # fmt: skip


@PART.mistake(
    "The matrix is right. In b both terms go through the second matrix; the "
    "second term is added after it."
)
def both_through(first, second):
    return variant(
        first, second,
        b=lambda A_1, b_1, A_2, b_2: apply(A_2, b_1 + b_2),
    )  # fmt: skip


@PART.mistake(
    "The matrix is right. In b the first term meets the second matrix "
    "transposed: A b for a column is `b @ A.T` for a row."
)
def transposed_matrix(first, second):
    return variant(
        first, second,
        b=lambda A_1, b_1, A_2, b_2: apply(A_2.mT, b_1) + b_2,
    )  # fmt: skip


@PART.mistake(
    "`A_2 @ b_1` takes the rows of b for one matrix. Each row has a matrix of "
    "its own: `b_1[:, :, None]` makes columns of them, and the axis goes again "
    "afterwards."
)
def rows_for_a_matrix(first, second):
    return variant(
        first, second,
        b=lambda A_1, b_1, A_2, b_2: A_2 @ b_1 + b_2,
    )  # fmt: skip


@PART.mistake(
    "The matrices are multiplied entry by entry. That is right where they are "
    "diagonal, which these are not."
)
def entry_by_entry(first, second):
    return variant(first, second, A=lambda A_1, A_2: A_1 * A_2)


@PART.mistake(
    "The matrices are added. Try it on a state of one number: 2 (3 c) is not "
    "5 c."
)
def matrices_added(first, second):
    return variant(first, second, A=lambda A_1, A_2: A_1 + A_2)


@PART.mistake(
    "The matrix is right. In b the second step's own term is missing."
)
def second_term_missing(first, second):
    return variant(first, second, b=lambda A_1, b_1, A_2, b_2: apply(A_2, b_1))
