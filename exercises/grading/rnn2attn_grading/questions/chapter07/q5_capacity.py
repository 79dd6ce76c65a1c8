"""7.5: how many pairs a matrix holds."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
The keys and values of attention are a list that grows with what is read. A state is a matrix, and stays as large as
it is: it has to put pairs on top of each other, and what is read is right only as far as their keys do not overlap.
How large must it be? Two functions.
"""

HINTS = r"""
`width_needed`: read the sum with the key i. One term is what you want, and each of the others is a number, $k_j \cdot
k_i$, times another value. How large is the square of that number on average? `least_error`: S is applied to every
key. For a row of S, what sort of problem is that?

`width_needed`: $k_j \cdot k_i$ is a sum of d products, each $\pm 1/d$ with either sign; their variances add up to
1/d. There are N − 1 such terms, and their errors add up in squares because the signs are independent. `least_error`:
the rows of `keys` are equations and the entries of a row of S the unknowns: least squares.

`width_needed`: the error is (N − 1)/d of the square of a value's length, so d is (N − 1)/share, rounded up, and 1 at
least. `least_error`: `torch.linalg.pinv(keys) @ values` is the best $S^\top$; then the sum of the squares of `keys @
S.T - values`.
"""

QUESTION = Question(
    "7.5",
    "How many pairs a matrix holds",
    TEXT,
    minutes=25,
    difficulty=2,
    hints=HINTS,
)


@QUESTION.now("""
Your first function asks for the width that N pairs need to be read with a tenth of error; then such keys are drawn,
and the error of the sum is measured. Your second says how much of it no other way of writing avoids. Before you run
the cell: 41 pairs in a width of 40 are one too many. How much does the best matrix then misread, as a share of the
values: nearly nothing or nearly all?
""")
def fill_the_matrix(width_needed, least_error):
    torch.manual_seed(0)

    def drawn(N, d):
        signs = torch.randint(2, (N, d)).double()
        return (2 * signs - 1) / d**0.5

    for N in (2, 5, 17, 41):
        d = width_needed(N, 0.1)
        errors = []
        for _ in range(200):
            k, v = drawn(N, d), drawn(N, 16)
            errors.append(((k @ k.T @ v - v) ** 2).sum(1).mean())
        error = torch.stack(errors).mean()
        print(f"{N:2} pairs, width {d:3}: the sum misreads {error:.1%}")
    for N in (39, 40, 41, 60, 80, 160):
        k = torch.nn.functional.normalize(torch.randn(N, 40).double(), dim=1)
        v = drawn(N, 16)
        summed = ((k @ k.T @ v - v) ** 2).sum() / N
        least = least_error(k, v) / N
        print(f"{N:3} pairs, width 40: the sum misreads {summed:.0%}", end=", ")
        print(f"the best matrix {least:.0%}")
