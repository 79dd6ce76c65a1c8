"""2.5: half-lives, read from biases and written into them."""

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
If weights and inputs count for little, the bias of a forget gate says for how long its unit keeps: after its
half-life, half is left. `nn.LSTM` keeps its biases in two vectors of blocks i, f, g, o, `bias_ih_l0` and
`bias_hh_l0`. Read half-lives from them, then write half-lives into them. Checked: units that keep for a moment, and
units that keep for longer than any sequence.
"""

HINTS = r"""
With all weights zero a forget gate is a constant f, and after k steps $f^k$ of a cell is left. Solve
$f^k = \tfrac12$, once for k and once for f. From which of the four blocks does f come, and
from which of the two vectors?

$k = \ln \tfrac12 / \ln f$ with $f = \sigma(b)$, where b is the sum of both biases. σ rounds to 1 for large b, but its
logarithm does not round to 0 if it is computed in one go. Backwards, $f = 2^{-1/k}$, and $b = \ln(f / (1 - f)) =
-\ln(2^{1/k} - 1)$.

`half_lives`: the second of four chunks of the sum, `F.logsigmoid` of it, and `math.log(0.5)` divided by that.
`with_half_lives`: the bias wanted is `-torch.log(torch.expm1(math.log(2) / half_lives))`; new vectors, in which the
forget block of one is that minus the forget block of the other.
"""

QUESTION = Question(
    "2.5",
    "Half-lives, in PyTorch's biases",
    TEXT,
    minutes=25,
    difficulty=2,
    hints=HINTS,
)


@QUESTION.now("""
Half-lives chosen before training can decide whether a memory is learned. Two `nn.LSTM`s read 40 letters and are asked
for the first; one begins as PyTorch makes it, the other with the half-lives that you write into its biases, from 10
to 200 steps. Then your other function reads out what training has made of them. Before you run the cell: which
half-life does a bias of 0 mean, and what is left of the first letter after 40 steps?
""")
def choose_half_lives(half_lives, with_half_lives):
    from torch import nn

    from rnn2attn import plots
    from rnn2attn.tasks.memory import remember

    curves = {}
    for name in ("as PyTorch begins", "with half-lives"):
        torch.manual_seed(0)
        lstm, output = nn.LSTM(4, 16, batch_first=True), nn.Linear(16, 4)
        biases = [lstm.bias_ih_l0.detach(), lstm.bias_hh_l0.detach()]
        if name == "with half-lives":
            new = with_half_lives(torch.linspace(10, 200, 16), *biases)
            for old, bias in zip(biases, new, strict=True):
                old.copy_(bias)
        begun = half_lives(*biases).median()
        adam = torch.optim.Adam(
            [*lstm.parameters(), *output.parameters()], 0.02
        )
        losses = curves[name] = []
        for _ in range(300):
            x, first = remember(32, 40)
            loss = F.cross_entropy(output(lstm(x)[0][:, -1]), first)
            losses.append(loss.item())
            adam.zero_grad()
            loss.backward()
            adam.step()
        ended = half_lives(*biases).median()
        print(f"{name}: median half-life {begun:.3g} steps, then {ended:.3g}")
    return plots.lines(curves, xlabel="update", ylabel="loss in nats")
