"""2.3: parameters in another convention."""

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
A file holds the parameters of a trained GRU, and the program that wrote it is gone. Its documentation says three
things. Matrices lie (in, out), so that it computed `x @ K_x`. The blocks stand in the order z, r, n. And $z$
takes, as in Chung et al. (2014):

$$h_t = (1 - z_t) \odot h_{t-1} + z_t \odot n_t$$

Gates and candidate are those of PyTorch's form, with $r$ after the matrix. Convert the parameters, so that
`nn.GRU`, or the step of 2.2, gives the same outputs with them. No function of the library does this, and
`negate_update_gate`, which does a part of it, is not allowed. Checked: the four tensors. Convert each by itself; do
not move anything from one bias to the other.
"""

HINTS = r"""
Three differences: how a matrix lies, in which order blocks stand, and what z means. Take them one at a time. The
third is not a matter of order: something about the numbers in one block has to change.

$1 - \sigma(a) = \sigma(-a)$. So where the other program's gate is σ(a), which takes, PyTorch's, which keeps, is
σ(−a); and $a$ is made of three things: a matrix times x, a matrix times h, and biases.

Transpose the two matrices, and then treat all four alike: cut along the first axis into z, r, n; put them together
again as r, −z, n.
"""

QUESTION = Question(
    "2.3",
    "A GRU from another program",
    TEXT,
    minutes=20,
    difficulty=2,
    hints=HINTS,
)


def import_gru(K_x, K_h, b_x, b_h):
    """A GRU's parameters, from a program with other conventions.

    Args:
        K_x: (d_x, 3 d_h), blocks of columns z, r, n; z = 1 takes the candidate.
        K_h: (d_h, 3 d_h), the same blocks.
        b_x: (3 d_h,), the same blocks.
        b_h: (3 d_h,), the same blocks.

    Returns:
        The tuple W_x (3 d_h, d_x), W_h (3 d_h, d_h), b_x and b_h (3 d_h,):
        blocks of rows r, z, n; z = 1 keeps the state.
    """
    converted = []
    for parameter in (K_x.T, K_h.T, b_x, b_h):
        z, r, n = parameter.chunk(3)
        converted.append(torch.cat([r, -z, n]))
    return tuple(converted)


PART = QUESTION.part(import_gru, 3, forbidden=("rnn2attn.recurrent",))


@QUESTION.now("""
The file of the lost program writes again. `nn.GRU` learns a sentence; its parameters are stored the way that
program stored them, z, r, n in columns, with z that takes. Then an untrained `nn.GRU` gets them, once as they lie
in the file, with nothing but the shapes put right, and once through your function. Before you run the cell: with
the shapes right, what could a reader of the file have noticed?
""")
def bring_it_back(import_gru):
    from torch import nn

    sentence = "the program is gone, its weights are not."
    letters = sorted(set(sentence))
    ids = torch.tensor([letters.index(letter) for letter in sentence])
    x, V = torch.eye(len(letters)), len(letters)
    torch.manual_seed(0)
    gru, output = nn.GRU(V, 32), nn.Linear(32, V)
    adam = torch.optim.Adam([*gru.parameters(), *output.parameters()], 1e-2)
    for _ in range(150):
        loss = F.cross_entropy(output(gru(x[ids[:-1]])[0]), ids[1:])
        adam.zero_grad()
        loss.backward()
        adam.step()
    blocks = [W.detach().chunk(3) for W in gru.parameters()]
    K_x, K_h, b_x, b_h = (torch.cat([-z, r, n]) for r, z, n in blocks)
    file = K_x.T.contiguous(), K_h.T.contiguous(), b_x, b_h
    for name, found in (
        ("as it lies there", (K_x, K_h, b_x, b_h)),
        ("by your function", import_gru(*file)),
    ):
        other, h, said = nn.GRU(V, 32), None, sentence[0]
        for mine, theirs in zip(other.parameters(), found, strict=True):
            mine.data.copy_(theirs)
        while len(said) < len(sentence):
            h = other(x[letters.index(said[-1])][None], h)[1]
            said += letters[output(h).argmax()]
        print(f"{name}: {said}")


def inputs(draw, d_x, d_h):
    return {
        "K_x": draw.normal(d_x, 3 * d_h, scale=0.5),
        "K_h": draw.normal(d_h, 3 * d_h, scale=0.5),
        "b_x": draw.normal(3 * d_h),
        "b_h": draw.normal(3 * d_h),
    }


@PART.cases
def cases(draw):
    yield "different sizes", inputs(draw, 7, 11)
    yield "as many inputs as units", inputs(draw, 5, 5)
    yield "three times as many inputs as units", inputs(draw, 6, 2)


@PART.edges
def edges(draw):
    yield "one unit", inputs(draw, 3, 1)
    yield "one input, one unit", inputs(draw, 1, 1)


def variant(
    *parameters,
    turn=lambda a: a.T,
    negate=("z", "z", "z", "z"),
    order="zrn",
    into="rzn",
):
    """The right answer with one part replaced; `negate` names blocks for each of the four parameters."""
    converted = []
    for place, parameter in enumerate(parameters):
        rows = turn(parameter) if place < 2 else parameter
        named = dict(zip(order, rows.chunk(3), strict=True))
        converted.append(
            torch.cat(
                [-named[k] if k in negate[place] else named[k] for k in into]
            )
        )
    return tuple(converted)


@PART.mistake(
    "Layout and order are right, and z still takes. Which parameters make "
    "1 − σ(a) of σ(a)?"
)
def not_negated(*given):
    return variant(*given, negate=("", "", "", ""))


@PART.mistake(
    "1 − σ(a) is not σ of 1 minus something. Write σ(−a) down, and see what "
    "it equals."
)
def one_minus(*given):
    converted = []
    for parameter in not_negated(*given):
        r, z, n = parameter.chunk(3)
        converted.append(torch.cat([r, 1 - z, n]))
    return tuple(converted)


@PART.mistake(
    "The matrices are right, and the biases belong to a as well: "
    "a = W x + b + U h + b'. All that makes a changes with it."
)
def biases_not_negated(*given):
    return variant(*given, negate=("z", "z", "", ""))


@PART.mistake(
    "The biases are right, and the matrices belong to a as well: "
    "a = W x + b + U h + b'. All that makes a changes with it."
)
def matrices_not_negated(*given):
    return variant(*given, negate=("", "", "z", "z"))


@PART.mistake(
    "What belongs to the input is right. a is a sum of two halves, and the "
    "half that comes from h changes as well."
)
def input_half_only(*given):
    return variant(*given, negate=("z", "", "z", ""))


@PART.mistake(
    "What belongs to the state is right. a is a sum of two halves, and the "
    "half that comes from x changes as well."
)
def state_half_only(*given):
    return variant(*given, negate=("", "z", "", "z"))


@PART.mistake(
    "The matrices are right, and so is b_h. PyTorch has two biases for z, and "
    "both are part of a."
)
def one_bias_not_negated(*given):
    return variant(*given, negate=("z", "z", "", "z"))


@PART.mistake(
    "The matrices are right, and so is b_x. PyTorch has two biases for z, and "
    "both are part of a."
)
def other_bias_not_negated(*given):
    return variant(*given, negate=("z", "z", "z", ""))


@PART.mistake(
    "You negated the rows of r. The gate whose meaning differs is the other "
    "one; mind which order holds before and which after."
)
def negates_r(*given):
    return variant(*given, negate=("r", "r", "r", "r"))


@PART.mistake(
    "You negated all rows. The meaning of r and of n is the same in both."
)
def negates_all(*given):
    return variant(*given, negate=("zrn",) * 4)


@PART.mistake(
    "You negated the candidate's rows. h is to be mixed in other shares, of "
    "the same two things."
)
def negates_n(*given):
    return variant(*given, negate=("n", "n", "n", "n"))


@PART.mistake(
    "The blocks stand as they did in the file, z first. PyTorch's order is "
    "another."
)
def order_kept(*given):
    return variant(*given, into="zrn")


@PART.mistake(
    "Two things are left: the blocks stand as they did in the file, z first, "
    "and z still takes."
)
def transposed_only(*given):
    return variant(*given, negate=("", "", "", ""), into="zrn")


@PART.mistake(
    "The order of the blocks was reversed. It was z, r, n, and r, z, n is "
    "asked for."
)
def order_reversed(*given):
    return variant(*given, into="nrz")


@PART.mistake(
    "Your matrices have the right shape and not the right entries: reshaping "
    "keeps the numbers in the order in which they lie. Exchange the axes."
)
def reshaped(*given):
    return variant(*given, turn=lambda a: a.reshape(a.shape[::-1]))


@PART.mistake(
    "Two things are left. Your matrices were reshaped, which keeps the numbers "
    "in the order in which they lie, where axes are to be exchanged. And z "
    "still takes."
)
def reshaped_not_negated(*given):
    return variant(
        *given,
        turn=lambda a: a.reshape(a.shape[::-1]),
        negate=("", "", "", ""),
    )


def reshaped_blocks(matrix):
    """Blocks of columns, each with its numbers in the order in which they lie."""
    d_in, d_out = matrix.shape
    blocks = matrix.chunk(3, dim=1)
    return torch.cat([block.reshape(d_out // 3, d_in) for block in blocks])


@PART.mistake(
    "The blocks were cut out of the right columns. Then each was reshaped, "
    "which keeps its numbers in the order in which they lie. Exchange its axes."
)
def block_by_block(*given):
    return variant(*given, turn=reshaped_blocks)


@PART.mistake(
    "Two things are left. Each block was cut out of the right columns and then "
    "reshaped, where its axes are to be exchanged. And z still takes."
)
def block_by_block_not_negated(*given):
    return variant(*given, turn=reshaped_blocks, negate=("", "", "", ""))


@PART.mistake(
    "The file's blocks were taken for r, z, n. Its first block is that of z."
)
def read_as_rzn(*given):
    return variant(*given, order="rzn")


@PART.mistake(
    "You negated the rows of z, which is right, and those of r as well. r means "
    "the same in both programs."
)
def negates_both_gates(*given):
    return variant(*given, negate=("zr",) * 4)


@PART.mistake(
    "You moved one bias into the other. What comes from h is multiplied by r, "
    "its bias included, so that the two do not make one sum."
)
def one_bias_for_both(*given):
    W_x, W_h, b_x, b_h = import_gru(*given)
    return W_x, W_h, b_x + b_h, 0 * b_h
