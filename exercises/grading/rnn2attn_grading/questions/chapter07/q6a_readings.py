"""7.6, first part: what a gated delta rule reads."""

from rnn2attn_grading.questions.chapter07.q6_curves import QUESTION
from rnn2attn_grading.questions.chapter07.ready_made import READY_MADE

TEXT = r"""
**One of the boxes.** Return what `"gated delta"` reads in the two experiments. Three others are contained in it. With
γ = 1 it is `"delta"`; with β = 1, among fresh keys, it reads as `"decay"` does; with both, among fresh keys, as
`"linear"`.
"""


def readings(beta, gamma, n):
    """What a gated delta rule reads, in both experiments.

    Args:
        beta: the share of the difference that is written.
        gamma: the share of the state that is kept in a step.
        n: how many pairs come after the first.

    Returns:
        The tuple of the readings with fresh keys and with k again, each a
        list of n + 1 floats.
    """
    kept = gamma * (1 - beta)
    fresh = [beta * gamma**m for m in range(n + 1)]
    return fresh, [beta * kept**m for m in range(n + 1)]


PART = QUESTION.part(readings, 1, forbidden=READY_MADE, text=TEXT, difficulty=2)


def inputs(draw, n, beta=None, gamma=None):
    return {
        "beta": beta or draw.uniform(0.2, 0.9),
        "gamma": gamma or draw.uniform(0.3, 0.95),
        "n": n,
    }


@PART.cases
def cases(draw):
    yield "some pairs", inputs(draw, 4)
    yield "more pairs", inputs(draw, 6 + draw.integers(4, 1).item())
    yield "all of the difference is written", inputs(draw, 3, beta=1.0)
    yield "nothing is lost by itself", inputs(draw, 3, gamma=1.0)


@PART.edges
def edges(draw):
    yield "no pair", inputs(draw, 0)
    yield "many pairs", inputs(draw, 20, gamma=draw.uniform(0.9, 0.99))


def variant(beta, gamma, n, *, first=None, fresh=None, again=None):
    """The right answer with the first reading, or the factor of a step, replaced."""
    start = beta if first is None else first
    return tuple(
        [start * factor**m for m in range(n + 1)]
        for factor in (
            gamma if fresh is None else fresh,
            gamma * (1 - beta) if again is None else again,
        )
    )


@PART.mistake(
    "Your readings begin with 1. The first pair, too, is written by its "
    "difference to what was there, and not whole."
)
def begins_with_one(beta, gamma, n):
    return variant(beta, gamma, n, first=1.0)


@PART.mistake(
    "Right with fresh keys. With k again you leave γ out: the state has lost "
    "its share before the difference is taken."
)
def no_gate_again(beta, gamma, n):
    return variant(beta, gamma, n, again=1 - beta)


@PART.mistake(
    "Right with k again. Among fresh keys your memory keeps what it has; what "
    "does the gate do meanwhile?"
)
def fresh_keeps(beta, gamma, n):
    return variant(beta, gamma, n, fresh=1.0)


@PART.mistake(
    "A fresh key takes something out of what k reads, in your answer. It finds "
    "0 under itself, and writes the difference between 0 and 0."
)
def fresh_takes_out(beta, gamma, n):
    return variant(beta, gamma, n, fresh=gamma * (1 - beta))


@PART.mistake(
    "Right with fresh keys. With k again you take out β of what stood there "
    "before the gate: γ − β. It is a share of what the gate has left."
)
def taken_before_the_gate(beta, gamma, n):
    return variant(beta, gamma, n, again=gamma - beta)


@PART.mistake(
    "Right with fresh keys. With k again a share β is left in your answer, "
    "and it is the share that goes."
)
def beta_stays(beta, gamma, n):
    return variant(beta, gamma, n, again=gamma * beta)


@PART.mistake(
    "Right with fresh keys. With k again nothing more is lost in your answer, "
    "as if a value of 0 changed nothing."
)
def again_as_fresh(beta, gamma, n):
    return variant(beta, gamma, n, again=gamma)


@PART.mistake("β and γ are exchanged: which of the two is the gate?")
def exchanged(beta, gamma, n):
    return variant(gamma, beta, n)


@PART.mistake(
    "Reading 0 comes before any other pair, and has lost nothing yet: yours "
    "begin one pair too late."
)
def one_late(beta, gamma, n):
    return tuple(row[1:] for row in variant(beta, gamma, n + 1))


@PART.mistake(
    "The first reading is missing: n pairs come after it, which makes n + 1 "
    "readings."
)
def one_missing(beta, gamma, n):
    return tuple(row[1:] for row in variant(beta, gamma, n))


@PART.mistake(
    "The last reading is missing: there is one before the n pairs, and one "
    "after each of them."
)
def last_missing(beta, gamma, n):
    return tuple(row[:-1] for row in variant(beta, gamma, n))


@PART.mistake(
    "The gate falls on the first reading, too: there was nothing yet for it "
    "to lose."
)
def gate_at_first(beta, gamma, n):
    return variant(beta, gamma, n, first=beta * gamma)
