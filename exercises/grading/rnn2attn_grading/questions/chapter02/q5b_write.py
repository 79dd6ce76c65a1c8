"""2.5, second part: half-lives written into biases."""

import math

import torch

from rnn2attn_grading.questions.chapter02.q5_half_life import QUESTION

TEXT = r"""
**Write.** Return new biases with which the units have the half-lives given, again with all weights taken as zero.
Gates i and o and the candidate stay as they are. Only the sum of the two biases counts, so any split of it is right.
"""


def with_half_lives(half_lives, bias_ih, bias_hh):
    """An LSTM's biases, changed so that its units have given half-lives.

    Args:
        half_lives: in steps, above 0, (d_h,).
        bias_ih: blocks i, f, g, o, (4 d_h,), as in nn.LSTM.
        bias_hh: the same blocks, (4 d_h,).

    Returns:
        The pair of new biases (bias_ih, bias_hh), each (4 d_h,). Those given
        stay as they are.
    """
    i, _, g, o = bias_ih.chunk(4)
    wanted = -torch.log(torch.expm1(math.log(2) / half_lives))
    return torch.cat([i, wanted - bias_hh.chunk(4)[1], g, o]), bias_hh


PART = QUESTION.part(with_half_lives, 2, view="summed", text=TEXT)


def inputs(draw, *half_lives):
    d_h = len(half_lives)
    return {
        "half_lives": torch.tensor(half_lives, dtype=torch.float64),
        "bias_ih": draw.normal(4 * d_h),
        "bias_hh": draw.normal(4 * d_h),
    }


def some(draw, count, low, high):
    return [draw.uniform(low, high) for _ in range(count)]


@PART.cases
def cases(draw):
    yield "three units", inputs(draw, *some(draw, 3, 1.5, 20))
    yield "one step or less", inputs(draw, 1.0, *some(draw, 5, 0.2, 0.9))
    long = [draw.choice(1e17, 4e17, 3e18), draw.choice(2e3, 3e4)]
    yield "longer than any sequence", inputs(draw, 1e12, *long)


@PART.edges
def edges(draw):
    yield "one unit", inputs(draw, draw.uniform(30, 90))
    yield "hundreds of steps", inputs(draw, *some(draw, 6, 100, 900))


def forget_set(half_lives, bias_ih, bias_hh, wanted, block=1, of=4):
    """Biases whose sum is `wanted` in one block, and otherwise as it was."""
    parts = list((bias_ih + bias_hh).chunk(of))
    parts[block] = wanted
    return torch.cat(parts) - bias_hh, bias_hh


def right(half_lives):
    return -torch.log(torch.expm1(math.log(2) / half_lives))


def instead(formula):
    """What results from another formula for the bias."""
    return lambda *given: forget_set(*given, formula(given[0]))


def logit(f):
    return torch.log(f / (1 - f))


rounded = PART.mistake(
    "Right, except for very long half-lives: an f so near to 1 has lost the "
    "digits of 1 − f. `torch.expm1` computes eˣ − 1 without passing by 1."
)(instead(lambda T: logit(0.5 ** (1 / T))))
the_gate = PART.mistake(
    "You wrote the gate itself where its bias belongs. A gate is σ of its "
    "bias: what is the inverse of σ?"
)(instead(lambda T: 0.5 ** (1 / T)))
sign = PART.mistake(
    "The sign: your units forget the faster, the longer they are to keep."
)(instead(lambda T: -right(T)))
time_constant = PART.mistake(
    "That makes T the time constant: after T steps 1/e is left. Asked is the "
    "half-life."
)(instead(lambda T: -torch.log(torch.expm1(1 / T))))
one_minus_one_over = PART.mistake(
    "That is f = 1 − 1/T, for a T that is the time constant, and only for "
    "long ones. Asked is the half-life."
)(instead(lambda T: torch.log(T - 1)))
log_alone = PART.mistake(
    "That is ln T, the rule for spreading time constants. Asked are "
    "half-lives, exactly."
)(instead(torch.log))


@PART.mistake(
    "The gate sees the sum: with the right bias in both vectors it gets twice "
    "as much."
)
def both(half_lives, bias_ih, bias_hh):
    return forget_set(half_lives, bias_ih, bias_hh, 2 * right(half_lives))


@PART.mistake(
    "You set bias_ih and left bias_hh: the gate sees the sum, and what stood "
    "in the other vector is still there."
)
def first_only(half_lives, bias_ih, bias_hh):
    old = bias_hh.chunk(4)[1]
    return forget_set(half_lives, bias_ih, bias_hh, right(half_lives) + old)


@PART.mistake(
    "You set bias_hh and left bias_ih: the gate sees the sum, and what stood "
    "in the other vector is still there."
)
def second_only(half_lives, bias_ih, bias_hh):
    old = bias_ih.chunk(4)[1]
    return forget_set(half_lives, bias_ih, bias_hh, right(half_lives) + old)


@PART.mistake(
    "You added to what stood there. The old bias of the forget gate is to be "
    "replaced."
)
def added(half_lives, bias_ih, bias_hh):
    old = (bias_ih + bias_hh).chunk(4)[1]
    return forget_set(half_lives, bias_ih, bias_hh, right(half_lives) + old)


@PART.mistake(
    "The forget gate is right. The other blocks of bias_hh were set to zero, "
    "and should stay."
)
def others_zeroed(half_lives, bias_ih, bias_hh):
    new, _ = forget_set(
        half_lives, bias_ih, torch.zeros_like(bias_hh), right(half_lives)
    )
    return new, torch.zeros_like(bias_hh)


@PART.mistake(
    "The forget gate is right. The other three blocks were set as well, and "
    "should stay."
)
def all_blocks(half_lives, bias_ih, bias_hh):
    return right(half_lives).repeat(4) - bias_hh, bias_hh


@PART.mistake("You wrote into the first block. That is the input gate.")
def input_gate(half_lives, bias_ih, bias_hh):
    return forget_set(half_lives, bias_ih, bias_hh, right(half_lives), block=0)


@PART.mistake("You wrote into the third block. That is the candidate.")
def third_block(half_lives, bias_ih, bias_hh):
    return forget_set(half_lives, bias_ih, bias_hh, right(half_lives), block=2)


@PART.mistake(
    "The forget gate is right. The other blocks of both vectors were set to "
    "zero, and should stay."
)
def both_zeroed(half_lives, bias_ih, bias_hh):
    zeros = torch.zeros_like(bias_ih)
    return forget_set(half_lives, zeros, zeros, right(half_lives))


@PART.mistake(
    "You wrote into every fourth number. A block is d_h numbers that lie "
    "together."
)
def interleaved(half_lives, bias_ih, bias_hh):
    wanted = (bias_ih + bias_hh).clone()
    wanted[1::4] = right(half_lives)
    return wanted - bias_hh, bias_hh
