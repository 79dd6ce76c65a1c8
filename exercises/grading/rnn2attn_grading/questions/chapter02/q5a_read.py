"""2.5, first part: half-lives read from biases."""

import math

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.chapter02.q5_half_life import QUESTION

TEXT = r"""
**Read.** Return the half-life of every unit, in steps, with all weights taken as zero. Some forget gates are so near
to one that a computer's σ rounds to 1, and their half-life is not infinite.
"""


def half_lives(bias_ih, bias_hh):
    """Half-lives of an LSTM's units, from the biases of their forget gates.

    Args:
        bias_ih: blocks i, f, g, o, (4 d_h,), as in nn.LSTM.
        bias_hh: the same blocks, (4 d_h,).

    Returns:
        Steps after which half of a cell is left, (d_h,).
    """
    forget = (bias_ih + bias_hh).chunk(4)[1]
    return math.log(1 / 2) / F.logsigmoid(forget)


PART = QUESTION.part(half_lives, 1, text=TEXT)


def inputs(draw, d_h, near=0.0):
    return {
        "bias_ih": draw.normal(4 * d_h) + near,
        "bias_hh": draw.normal(4 * d_h) + near,
    }


@PART.cases
def cases(draw):
    yield "twelve biases that all differ", inputs(draw, 3)
    yield "forget gates that keep", inputs(draw, 6, 1.5)
    yield "gates that round to 1", inputs(draw, 3, 21.0)


@PART.edges
def edges(draw):
    yield "forget gates that forget", inputs(draw, 6, -2.0)
    yield (
        "zeros",
        {
            "bias_ih": torch.zeros(12).double(),
            "bias_hh": torch.zeros(12).double(),
        },
    )
    yield "one unit", inputs(draw, 1)


def blocks(*biases, block=1, of=4):
    return sum(biases).chunk(of)[block]


def from_gate(f):
    return math.log(1 / 2) / torch.log(f)


@PART.mistake(
    "Right, except where the gate rounds to 1: f, or 1 + e⁻ᵃ, has no digits "
    "left there for what its logarithm is made of. What takes this logarithm "
    "in one go?"
)
def rounded(bias_ih, bias_hh):
    return from_gate(torch.sigmoid(blocks(bias_ih, bias_hh)))


@PART.mistake("You read bias_ih alone. The gate sees the sum of both biases.")
def first_only(bias_ih, bias_hh):
    return half_lives(bias_ih, 0 * bias_hh)


@PART.mistake("You read bias_hh alone. The gate sees the sum of both biases.")
def second_only(bias_ih, bias_hh):
    return half_lives(0 * bias_ih, bias_hh)


@PART.mistake("You took the mean of both biases. The gate sees their sum.")
def mean(bias_ih, bias_hh):
    return half_lives(bias_ih / 2, bias_hh / 2)


@PART.mistake("You read the first block. That is the input gate.")
def input_gate(bias_ih, bias_hh):
    a = blocks(bias_ih, bias_hh, block=0)
    return math.log(1 / 2) / F.logsigmoid(a)


@PART.mistake("You read the third block. That is the candidate.")
def third_block(bias_ih, bias_hh):
    a = blocks(bias_ih, bias_hh, block=2)
    return math.log(1 / 2) / F.logsigmoid(a)


@PART.mistake("You read the last block. That is the output gate.")
def output_gate(bias_ih, bias_hh):
    a = blocks(bias_ih, bias_hh, block=3)
    return math.log(1 / 2) / F.logsigmoid(a)


@PART.mistake(
    "You cut the biases into three blocks, as in the GRU. The LSTM has four."
)
def three_blocks(bias_ih, bias_hh):
    a = blocks(bias_ih, bias_hh, of=3)
    return math.log(1 / 2) / F.logsigmoid(a)


@PART.mistake(
    "That is the time constant, −1/ln f: after it 1/e is left. Asked is when "
    "half is left."
)
def time_constant(bias_ih, bias_hh):
    return half_lives(bias_ih, bias_hh) / math.log(2)


@PART.mistake(
    "That is 1/(1 − f): the time constant, and only for f near 1. Asked is "
    "when half is left."
)
def one_over(bias_ih, bias_hh):
    return 1 + torch.exp(blocks(bias_ih, bias_hh))


@PART.mistake("A half-life is not negative: look at the sign of ln f.")
def negative(bias_ih, bias_hh):
    return -half_lives(bias_ih, bias_hh)


@PART.mistake(
    "That is the gate itself, what one step leaves. How many steps leave half?"
)
def the_gate(bias_ih, bias_hh):
    return torch.sigmoid(blocks(bias_ih, bias_hh))


@PART.mistake("The logarithm is that of ½ to the base f; yours is upside down.")
def upside_down(bias_ih, bias_hh):
    return 1 / half_lives(bias_ih, bias_hh)


@PART.mistake(
    "You took every fourth number. A block is d_h numbers that lie together."
)
def interleaved(bias_ih, bias_hh):
    a = (bias_ih + bias_hh)[1::4]
    return math.log(1 / 2) / F.logsigmoid(a)


@PART.mistake(
    "That is ½ / (1 − f): as if every step took the same away. Each takes a "
    "share of what is left."
)
def as_on_a_line(bias_ih, bias_hh):
    return 0.5 / torch.sigmoid(-blocks(bias_ih, bias_hh))


@PART.mistake(
    "You rounded up to whole steps. A half-life may be a fraction of one."
)
def whole_steps(bias_ih, bias_hh):
    return half_lives(bias_ih, bias_hh).ceil()
