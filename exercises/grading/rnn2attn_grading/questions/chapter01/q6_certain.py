"""1.6: what can be said beforehand."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
What can be said of the gradients before any training, from $W_{hh}$ and the nonlinearity alone? The chapter has a
bound: going back one step multiplies a gradient by at most $\gamma\,\sigma$. There $\gamma$ is the steepest slope
of the nonlinearity, and which number of the matrix $\sigma$ is, the chapter says. Three functions.
"""

HINTS = r"""
`steps_until`: the smallest k for which something holds can be found by trying 0, 1, 2, … `verdict`: which number
says by how much a matrix can lengthen a vector at most? `counterexample`: a rule misleads in one of two ways, by
saying too much or too little; ask of each which it can do.

`steps_until`: $(\gamma\sigma)^k < \varepsilon$, and k = 0 counts. `verdict`: $\sigma$ is the largest singular
value, and $\gamma$ is 1 for tanh, ¼ for the logistic function. `counterexample`: the number of the rule and
$\sigma$ have to lie on different sides of 1.

`steps_until`: a `while` loop that raises k as long as the power is not below `eps`. `verdict`: compare $\gamma$
times `torch.linalg.matrix_norm(W, ord=2)` with 1. `counterexample`: a small diagonal with something large above it;
many entries below 1 that add up; and a diagonal of many numbers a little below 1.
"""

QUESTION = Question(
    "1.6",
    "What is certain beforehand",
    TEXT,
    minutes=25,
    difficulty=2,
    hints=HINTS,
)


@QUESTION.now("""
Your rules meet what a network does. Four matrices are multiplied into a gradient 40 times: one from `nn.RNN` before
any training, one that is orthogonal and a little short, and two of your counterexamples. The picture shows by how
much $W^k$ can lengthen a gradient; tanh at its steepest adds nothing to that. Before you run the cell: can a curve
of which your `verdict` says "cannot tell" still go down to nothing?
""")
def for_certain(steps_until, verdict, counterexample):
    from torch import nn

    from rnn2attn import plots

    torch.manual_seed(0)
    fresh = nn.RNN(8, 32).weight_hh_l0.detach().double()
    matrices = {
        "nn.RNN": fresh,
        "orthogonal": 0.8 * torch.linalg.qr(fresh).Q,
        "misleads radius": counterexample("radius").double(),
        "misleads frobenius": counterexample("frobenius").double(),
    }
    curves = {}
    for name, W in matrices.items():
        sigma = torch.linalg.matrix_norm(W, 2).item()
        says = verdict(W, "tanh")
        if says == "vanishes":
            says += f", below 0.001 after {steps_until(sigma, 1, 1e-3)} steps"
        print(f"{name}: σ = {sigma:.2f}, {says}")
        powers = [torch.linalg.matrix_power(W, k) for k in range(41)]
        curves[name] = [torch.linalg.matrix_norm(P, 2) for P in powers]
    return plots.lines(
        curves, xlabel="k", ylabel="norm of $W^k$", levels={"1": 1}, log=True
    )
