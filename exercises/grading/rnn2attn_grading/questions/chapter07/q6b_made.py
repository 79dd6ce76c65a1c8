"""7.6, second part: the memory is named."""

import math

from rnn2attn_grading.questions.chapter07.q6_curves import QUESTION
from rnn2attn_grading.questions.chapter07.ready_made import READY_MADE

TEXT = r"""
**Which is in the box?** You get the readings of both experiments. They are exact to nine digits, and a small
difference is a difference: a memory may forget, or write, hardly anything. (`math.isclose` compares as it is needed
here.) Return the name of the memory, one of the five.

Before you begin: take the reading after one pair with k *again*. Which values can it have for each of the five? Which
two does it never tell apart, and which one can look like one of the others by chance?
"""


def made_by(fresh, again):
    """The memory that has made two curves.

    Args:
        fresh: n + 1 readings, floats, with fresh keys; n is 1 or more.
        again: the same with k again.

    Returns:
        "linear", "decay", "delta", "gated delta" or "softmax".
    """
    if math.isclose(again[1], fresh[1]):
        return "linear" if math.isclose(fresh[1], fresh[0]) else "decay"
    if math.isclose(fresh[1], fresh[0]):
        return "delta"
    return "softmax" if math.isclose(again[1], 0.5) else "gated delta"


PART = QUESTION.part(made_by, 2, forbidden=READY_MADE, text=TEXT)


def states(n, beta, gamma, again):
    """Readings of a state: the first is β, and each pair leaves a share of it."""
    return [beta * (gamma * (1 - again)) ** m for m in range(n + 1)]


def curves(kind, n, beta=1.0, gamma=1.0, sharp=1.0):
    """The readings of a memory in both experiments."""
    if kind == "softmax":
        e = math.exp(sharp)
        return {
            "fresh": [e / (e + m) for m in range(n + 1)],
            "again": [1 / (1 + m) for m in range(n + 1)],
        }
    taken = beta if "delta" in kind else 0.0
    return {
        "fresh": states(n, beta, gamma, 0.0),
        "again": states(n, beta, gamma, taken),
    }


def memory(draw, kind, n):
    """With parameters of its own; a gate or a β that it has not is 1."""
    given = {}
    if kind in ("decay", "gated delta"):
        given["gamma"] = draw.uniform(0.3, 0.95)
    if "delta" in kind:
        given["beta"] = draw.uniform(0.2, 0.9)
    if kind == "softmax":
        given["sharp"] = draw.uniform(1.0, 4.0)
    return curves(kind, n, **given)


KINDS = ("linear", "decay", "delta", "gated delta", "softmax")


@PART.cases
def cases(draw):
    for number, kind in enumerate(draw.shuffled(list(KINDS)), start=1):
        n = 4 + draw.integers(3, 1).item()
        yield f"box {number}", memory(draw, kind, n)
    yield (
        "a box that writes all of the difference",
        curves("delta", 3 + draw.integers(3, 1).item()),
    )
    gamma = draw.uniform(0.6, 0.9)
    yield (
        "a box that does so and forgets",
        curves("gated delta", 3 + draw.integers(3, 1).item(), gamma=gamma),
    )


@PART.edges
def edges(draw):
    n = 3 + draw.integers(3, 1).item()
    slow, little = 1 - draw.uniform(1, 9) / 1e4, draw.uniform(1, 9) / 1e3
    boxes = [
        ("forgets hardly anything", curves("decay", n, gamma=slow)),
        (
            "forgets and replaces hardly anything",
            curves("gated delta", n, beta=little, gamma=slow),
        ),
        ("replaces hardly anything", curves("delta", n, beta=little)),
        ("is very sharp", curves("softmax", n, sharp=9.0)),
        (
            "replaces nearly all",
            curves("gated delta", n, beta=1 - little, gamma=slow),
        ),
    ]
    for what, box in boxes:
        yield f"a box that {what}", box
    for number, kind in enumerate(draw.shuffled(list(KINDS)), start=1):
        yield f"two readings of box {number}", memory(draw, kind, 1)
    half = curves("decay", n, gamma=0.5)
    yield "a box that forgets one half", half


def flat(curve):
    return math.isclose(curve[0], curve[1])


@PART.mistake(
    "You call a memory linear because fresh keys cost it nothing. There is "
    "another one of which that is true."
)
def flat_is_linear(fresh, again):
    return "linear" if flat(fresh) else made_by(fresh, again)


@PART.mistake(
    "You call every memory that loses something among fresh keys a decay. Some "
    "of them lose more when k comes again."
)
def falling_is_decay(fresh, again):
    kind = made_by(fresh, again)
    return kind if flat(fresh) else "decay"


@PART.mistake(
    "You call every memory in which k again costs something a delta rule. Did "
    "you look at what happens among fresh keys?"
)
def replaced_is_delta(fresh, again):
    return "linear" if flat(again) else "delta"


@PART.mistake(
    "You know a gated delta rule by its first reading, below 1. A delta rule "
    "without a gate begins there, too."
)
def below_one_is_gated(fresh, again):
    return "gated delta" if fresh[0] < 0.999 else made_by(fresh, again)


@PART.mistake(
    "You know softmax by its loss among fresh keys. A gate loses something "
    "there as well."
)
def falling_is_softmax(fresh, again):
    return made_by(fresh, again) if flat(fresh) else "softmax"


@PART.mistake(
    "You take softmax for a gated delta rule: both lose something in both "
    "experiments. How much is left of two equal keys?"
)
def no_softmax(fresh, again):
    kind = made_by(fresh, again)
    return "gated delta" if kind == "softmax" else kind


@PART.mistake(
    "You know softmax by a first reading of 1. A delta rule with β = 1 begins "
    "there, too."
)
def one_is_softmax(fresh, again):
    kind = made_by(fresh, again)
    if kind in ("linear", "decay", "delta"):
        return kind
    return "softmax" if math.isclose(fresh[0], 1) else "gated delta"


@PART.mistake(
    "You take a memory that keeps everything for softmax. A softmax shares a "
    "weight of 1 out, and every further key gets some of it."
)
def softmax_keeps(fresh, again):
    kind = made_by(fresh, again)
    return "softmax" if kind in ("linear", "softmax") else kind


@PART.mistake(
    "The two experiments are exchanged in your answer: the fresh keys are those "
    "that show the gate alone."
)
def exchanged(fresh, again):
    return made_by(again, fresh)
