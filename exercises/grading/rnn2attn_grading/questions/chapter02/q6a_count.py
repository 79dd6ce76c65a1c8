"""2.6, first part: parameters counted."""

from rnn2attn_grading.questions.chapter02.q6_cost import QUESTION

TEXT = r"""
**Counted.** Return the number of parameters of one layer, without building it. Not allowed: `torch.nn`. Checked:
all three cells, with the one bias a block of the equations, and with PyTorch's two.
"""


def count_parameters(cell, d_x, d_h, biases):
    """Parameters of a recurrent layer.

    Args:
        cell: "RNN", "GRU" or "LSTM".
        d_x: size of an input.
        d_h: size of a state.
        biases: vectors of biases a block, 1 or 2.

    Returns:
        Their number, an int, without any output layer.
    """
    blocks = {"RNN": 1, "GRU": 3, "LSTM": 4}[cell]
    return blocks * d_h * (d_x + d_h + biases)


PART = QUESTION.part(
    count_parameters, 1, forbidden=("torch.nn",), text=TEXT, difficulty=1
)


PRIMES = (5, 7, 11, 13, 17, 19, 23)


def inputs(draw, cell, biases):
    d_x = draw.choice(*PRIMES)
    d_h = draw.choice(*(d for d in PRIMES if d != d_x))
    return {"cell": cell, "d_x": d_x, "d_h": d_h, "biases": biases}


@PART.cases
def cases(draw):
    yield "LSTM, two biases", inputs(draw, "LSTM", 2)
    yield "GRU, two biases", inputs(draw, "GRU", 2)
    yield "RNN, two biases", inputs(draw, "RNN", 2)
    yield "LSTM, one bias", inputs(draw, "LSTM", 1)
    yield "GRU, one bias", inputs(draw, "GRU", 1)
    yield "RNN, one bias", inputs(draw, "RNN", 1)


@PART.edges
def edges(draw):
    for cell in ("RNN", "GRU", "LSTM"):
        size = draw.choice(*PRIMES)
        equal = {"cell": cell, "d_x": size, "d_h": size, "biases": 1}
        yield f"{cell}, as many inputs as units", equal
        one = {"cell": cell, "d_x": 1, "d_h": 1, "biases": 2}
        yield f"{cell}, one input and one unit", one


def counted(of_block, RNN=1, GRU=3, LSTM=4):
    """A count with another number of blocks, or another size of one."""

    def answer(cell, d_x, d_h, biases):
        blocks = {"RNN": RNN, "GRU": GRU, "LSTM": LSTM}[cell]
        return blocks * of_block(d_x, d_h, biases)

    return answer


def block(d_x, d_h, biases):
    return d_h * (d_x + d_h + biases)


gates_only = PART.mistake(
    "You count the gates. The candidate has a block of its own, so a cell "
    "has one more block than gates."
)(counted(block, RNN=1, GRU=2, LSTM=3))
cell_counted = PART.mistake(
    "You count a block too many for each of LSTM and GRU. The last two "
    "equations of the LSTM, and the last one of the GRU, hold no weights."
)(counted(block, RNN=1, GRU=4, LSTM=5))
one_block = PART.mistake(
    "That is one block. How many of them does each cell have?"
)(counted(block, 1, 1, 1))
one_bias = PART.mistake(
    "You count one vector of biases a block, whatever `biases` says."
)(counted(lambda d_x, d_h, biases: d_h * (d_x + d_h + 1)))
two_biases = PART.mistake(
    "You count two vectors of biases a block, whatever `biases` says."
)(counted(lambda d_x, d_h, biases: d_h * (d_x + d_h + 2)))
no_bias = PART.mistake("The matrices are right. The biases are missing.")(
    counted(lambda d_x, d_h, biases: d_h * (d_x + d_h))
)
single_biases = PART.mistake(
    "Each entry of a bias belongs to one unit: a vector has d_h of them, "
    "and not one."
)(counted(lambda d_x, d_h, biases: d_h * (d_x + d_h) + biases))
input_only = PART.mistake(
    "The matrix from the last state is missing, d_h × d_h in each block."
)(counted(lambda d_x, d_h, biases: d_h * (d_x + biases)))
state_only = PART.mistake(
    "The matrix from the input is missing, d_h × d_x in each block."
)(counted(lambda d_x, d_h, biases: d_h * (d_h + biases)))
sizes_exchanged = PART.mistake(
    "d_x and d_h are exchanged: a block has as many rows as there are units."
)(counted(lambda d_x, d_h, biases: d_x * (d_x + d_h + biases)))
cells_exchanged = PART.mistake(
    "The blocks of LSTM and GRU are exchanged. Which of the two has three "
    "gates?"
)(counted(block, 1, 4, 3))


@PART.mistake(
    "The matrices are right. Each block has biases of its own; you count "
    "those of one block."
)
def biases_once(cell, d_x, d_h, biases):
    return count_parameters(cell, d_x, d_h, 0) + biases * d_h


@PART.mistake(
    "An output layer is counted as well. What is asked for ends with the state."
)
def with_an_output_layer(cell, d_x, d_h, biases):
    layer = d_h * d_x + d_x
    return count_parameters(cell, d_x, d_h, biases) + layer


bias_of_inputs = PART.mistake(
    "The matrices are right. A bias is added to d_h sums, so it has d_h "
    "entries; yours has d_x."
)(counted(lambda d_x, d_h, biases: d_h * (d_x + d_h) + biases * d_x))
