"""7.5, first part: the width that random keys need."""

import math

from rnn2attn_grading.questions.chapter07.q5_capacity import QUESTION
from rnn2attn_grading.questions.chapter07.ready_made import READY_MADE

TEXT = r"""
**How wide?** N pairs are added up, $S = \sum_i v_i k_i^\top$. Each entry of a key is $+1/\sqrt d$ or $-1/\sqrt d$,
by the throw of a coin, so that all keys have length 1; the values are any vectors of one length. Reading with $k_i$
gives $v_i$ and something of the others. Take the error's square, $\lVert S k_i - v_i \rVert^2$, as a share of $\lVert
v_i \rVert^2$, and of that the mean over the coins. Return the smallest d for which this is at most `share`. A share
that is reached exactly is small enough.
"""


def width_needed(pairs, share):
    """The smallest width of random keys for which a sum of pairs is read well.

    Args:
        pairs: how many are in the sum, 1 or more.
        share: the mean square of the error, as a share of a value's square,
            that is allowed; above 0.

    Returns:
        The number of entries of a key, an int, 1 or more.
    """
    return max(1, math.ceil((pairs - 1) / share))


PART = QUESTION.part(width_needed, 1, forbidden=READY_MADE, text=TEXT)


def inputs(draw, few, many, low=0.05, high=0.6):
    """A share at which no width fits exactly, so that the last digit of a quotient does not count."""
    pairs = few + draw.integers(many - few, 1).item()
    share = draw.uniform(100 * low, 100 * high) / 100
    while abs(round((pairs - 1) / share) - (pairs - 1) / share) < 0.05:
        share = draw.uniform(100 * low, 100 * high) / 100
    return {"pairs": pairs, "share": share}


@PART.cases
def cases(draw):
    yield "a few pairs", inputs(draw, 3, 12)
    yield "many pairs", inputs(draw, 60, 200)
    yield (
        "a share reached exactly",
        {"pairs": 2 + draw.integers(20, 1).item(), "share": 0.25},
    )
    yield "two pairs", inputs(draw, 2, 3)
    yield "one pair", {"pairs": 1, "share": draw.uniform(0.05, 0.6)}


@PART.edges
def edges(draw):
    yield "a large share", inputs(draw, 3, 6, 7.0, 9.0)
    yield "a small share", inputs(draw, 300, 900, 0.01, 0.04)


def answers(width):
    """From the quotient, rounded up, and at least 1."""

    def answer(pairs, share):
        return max(1, width(pairs, share))

    return answer


with_its_own = PART.mistake(
    "You count N disturbing pairs. The pair that is asked for disturbs nobody: "
    "its key has length 1."
)(answers(lambda N, share: math.ceil(N / share)))
nothing_for_one = PART.mistake(
    "With one pair nothing disturbs, and a key still has an entry: 1 at least."
)(lambda pairs, share: math.ceil((pairs - 1) / share))
length_for_square = PART.mistake(
    "Your share is one of lengths. Asked is the mean of squares, and there "
    "the 1/√d of a product of two keys is 1/d."
)(answers(lambda N, share: math.ceil((N - 1) / share**2)))
root = PART.mistake(
    "Your width grows like the root of the number of pairs. Errors of "
    "independent signs add up in squares, so the mean square grows like N."
)(answers(lambda N, share: math.ceil((N - 1) ** 0.5 / share)))
root_of_all = PART.mistake(
    "You take the root of (N − 1)/share. If d is four times as large, what "
    "becomes of the error's length, and what of its square?"
)(answers(lambda N, share: math.ceil(((N - 1) / share) ** 0.5)))
root_and_nothing = PART.mistake(
    "You take the root of (N − 1)/share, and of one pair no width is left. If "
    "d is four times as large, what becomes of the error's square?"
)(lambda pairs, share: math.ceil(((pairs - 1) / share) ** 0.5))
all_in_line = PART.mistake(
    "Your errors add up as if all had the same sign: (N − 1)². With signs by "
    "the throw of a coin most of that cancels."
)(answers(lambda N, share: math.ceil((N - 1) ** 2 / share)))
rounded_down = PART.mistake(
    "Rounded down: that width is a little too small, wherever the quotient is "
    "not whole."
)(answers(lambda N, share: math.floor((N - 1) / share)))
one_more = PART.mistake(
    "One more than is needed, where the share is reached exactly."
)(answers(lambda N, share: math.floor((N - 1) / share) + 1))
orthogonal = PART.mistake(
    "That is the width in which N keys can all stand at right angles. Keys "
    "that are drawn by coins do not, and need more; or less, if much error is "
    "allowed."
)(answers(lambda N, share: N))
share_forgotten = PART.mistake(
    "With your width the error is as large as the value itself, whatever "
    "share is asked for."
)(answers(lambda N, share: N - 1))
per_entry = PART.mistake(
    "You divide by √d where the width itself stands: the square of a sum of d "
    "signs is d on average, so the square of the product is d/d²."
)(answers(lambda N, share: math.ceil(((N - 1) / share) ** 2)))
rounded = PART.mistake(
    "Rounded to the nearest: where that is down, the width is too small."
)(answers(lambda N, share: round((N - 1) / share)))
pairs_of_pairs = PART.mistake(
    "You count each two of the pairs. One reading is disturbed by the others, "
    "and not by what they do to each other."
)(answers(lambda N, share: math.ceil(N * (N - 1) / 2 / share)))
