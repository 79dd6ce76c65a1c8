"""1.6, second part: what a matrix certainly does."""

import torch

from rnn2attn_grading.questions.chapter01.q6_certain import QUESTION

TEXT = r"""
**What is certain.** Return `"vanishes"` if the bound proves that gradients shrink by every step, whatever the
inputs, and `"cannot tell"` if it does not. The nonlinearity φ is tanh or the logistic function. Not allowed: the
functions of `rnn2attn.gradients`. A rule that says more than it can know is worse than none.
"""


def verdict(W, phi):
    """What is certain of the gradients of an RNN with this matrix.

    Args:
        W: W_hh, (d, d).
        phi: the nonlinearity, "tanh" or "sigmoid".

    Returns:
        "vanishes" or "cannot tell".
    """
    steepest = {"tanh": 1, "sigmoid": 1 / 4}[phi]
    longest = torch.linalg.matrix_norm(W, ord=2)
    return "vanishes" if steepest * longest < 1 else "cannot tell"


PART = QUESTION.part(verdict, 1, forbidden=("rnn2attn.gradients",), text=TEXT)


def of_norm(draw, d, norm):
    """A matrix with this largest singular value, up to rounding."""
    W = draw.normal(d, d)
    return (W * norm / torch.linalg.matrix_norm(W, ord=2)).round(decimals=3)


@PART.cases
def verdict_cases(draw):
    small, large = draw.uniform(0.6, 0.9), draw.uniform(1.2, 1.8)
    shear = torch.tensor([[0.5, 10.0], [0.0, 0.5]]).double()
    angles = torch.tensor([[0.6, 0.6], [0.6, -0.6]]).double()
    spread = torch.full((5, 5), 0.5).double()
    cases = [
        ("a small random matrix, tanh", of_norm(draw, 5, small), "tanh"),
        ("a larger random matrix, tanh", of_norm(draw, 5, large), "tanh"),
        ("[[0.5, 10], [0, 0.5]], tanh", shear, "tanh"),
        ("0.9 times the identity, tanh", 0.9 * torch.eye(6).double(), "tanh"),
        ("5 × 5, all entries 0.5, tanh", spread, "tanh"),
        ("a random matrix, σ", of_norm(draw, 4, 3 * small), "sigmoid"),
        ("a larger random matrix, σ", of_norm(draw, 4, 4 * large), "sigmoid"),
        ("nearly 1, σ", of_norm(draw, 5, 3.8), "sigmoid"),
        ("[[0.6, 0.6], [0.6, −0.6]], tanh", angles, "tanh"),
        ("the bound is 1", torch.diag(torch.tensor([1, 0.5])).double(), "tanh"),
    ]
    for name, W, phi in cases:
        yield name, {"W": W, "phi": phi}


@PART.edges
def verdict_edges(draw):
    four = torch.diag(torch.tensor([4.0, 2.0])).double()
    yield "the bound is 1, σ", {"W": four, "phi": "sigmoid"}
    turn = torch.tensor([[0.0, -0.9], [0.9, 0.0]]).double()
    yield "a rotation", {"W": turn, "phi": "tanh"}
    yield "a little above 1, σ", {"W": of_norm(draw, 5, 4.2), "phi": "sigmoid"}
    yield "between 1 and 4, tanh", {"W": of_norm(draw, 5, 2.5), "phi": "tanh"}


EXPLODES = ("vanishes", "explodes")


def rule(measure, slopes=(1, 0.25), words=("vanishes", "cannot tell")):
    """A verdict from another number of W."""

    def answer(W, phi):
        return words[int(slopes[phi == "sigmoid"] * measure(W) >= 1)]

    return answer


def longest(W):
    return torch.linalg.matrix_norm(W, ord=2)


by_radius = PART.mistake(
    "You used the spectral radius, the largest |λ|: it says what powers of "
    "one matrix do in the long run. [[0.5, 10], [0, 0.5]] has radius 0.5, "
    "and its powers grow past 10 before they fall."
)(rule(lambda W: torch.linalg.eigvals(W).abs().max()))
explodes = PART.mistake(
    'There is no verdict "explodes": a bound above 1 is necessary for '
    "explosion, not sufficient. A saturated tanh still shrinks."
)(rule(longest, words=EXPLODES))
by_radius_explodes = PART.mistake(
    "Two things. You used the spectral radius, the largest |λ|, which says "
    "what powers of one matrix do in the long run: [[0.5, 10], [0, 0.5]] has "
    "radius 0.5, and its powers grow first. And there is no verdict "
    '"explodes": a bound above 1 is necessary for explosion, not sufficient.'
)(rule(lambda W: torch.linalg.eigvals(W).abs().max(), words=EXPLODES))
by_radius_alone = PART.mistake(
    "Three things. φ makes a difference: the slope of the logistic function "
    "is at most ¼. The spectral radius, the largest |λ|, is not what bounds "
    "one step. And a bound above 1 does not prove an explosion."
)(
    rule(
        lambda W: torch.linalg.eigvals(W).abs().max(),
        slopes=(1, 1),
        words=EXPLODES,
    )
)
by_frobenius = PART.mistake(
    "The Frobenius norm is a bound too, and not the tight one: the identity "
    "of size 64 has Frobenius norm 8, and nothing grows."
)(rule(torch.linalg.matrix_norm))
by_largest_entry = PART.mistake(
    "The largest entry is no bound: many small entries together can lengthen "
    "a vector."
)(rule(lambda W: W.abs().max()))
slope_one = PART.mistake(
    "The slope of the logistic function is at most ¼, so its matrix may be "
    "four times as large."
)(rule(longest, slopes=(1, 1)))
slopes_exchanged = PART.mistake(
    "The slopes are exchanged or inverted: tanh has at most 1, the logistic "
    "function at most ¼."
)(rule(longest, slopes=(0.25, 1)))
other_way = PART.mistake(
    "The other way round: below 1 gradients shrink by every step, above 1 "
    "nothing is certain."
)(rule(longest, words=("cannot tell", "vanishes")))
smallest = PART.mistake(
    "You used the smallest singular value. What bounds a step is the most "
    "that W can lengthen a vector."
)(rule(lambda W: torch.linalg.svdvals(W)[-1]))
slope_one_half = PART.mistake(
    "The logistic function is ½ at 0, and its slope there σ(1 − σ): look at "
    "how steep it is, not at how high."
)(rule(longest, slopes=(1, 0.5)))
largest_row = PART.mistake(
    "You added up the sizes in each row. That is a bound on the largest entry "
    "of W v, and not on its length: a looser number than σ."
)(rule(lambda W: torch.linalg.matrix_norm(W, ord=torch.inf)))


@PART.mistake(
    "Where the bound is 1, nothing shrinks by every step: it proves something "
    "only below 1."
)
def at_one(W, phi):
    slope = 1 if phi == "tanh" else 0.25
    return "vanishes" if slope * longest(W) <= 1 else "cannot tell"
