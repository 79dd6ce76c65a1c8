"""4.6: reading a map of weights."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
"The weights show which word is used." First measure where they lie. Then find out how much an answer depends on
them. Two functions.
"""

HINTS = r"""
A row of `gold` may have several right words or none. Those with none do not count, and sums go over all sentences
together. For the other map, write what may not change as equations in the weights: how many are there?

Where a new map is α + δ, the context stays if $\sum_i \delta_i v_i = 0$, and the sum if $\sum_i \delta_i = 0$. So δ
is orthogonal to $d_v + 1$ vectors of T numbers, the columns of the values and one of ones. In T dimensions there is
such a direction, as $d_v + 1 < T$.

Put the values and a column of ones side by side, and take the last row of `Vh` of the SVD of the transposed matrix.
Go along it from α until the first weight is 0: over all i with a negative $\delta_i$, the smallest
$\alpha_i / |\delta_i|$ is as far as you can go.
"""

QUESTION = Question(
    "4.6", "Reading a map", TEXT, minutes=35, difficulty=3, hints=HINTS
)


@QUESTION.now("""
A picture in a paper could have looked otherwise. A decoder with random weights mixes the values of eight words, of
five numbers each. Your function finds another map, a step to the other side finds a third, and the scores of five
answers stay as they are. Before you run the cell: from which of the three could you read the word that the answer
comes from?
""")
def redraw(another_map):
    from rnn2attn import plots

    words = ["the", "old", "cat", "on", "my", "mat", "sleeps", "soundly"]
    torch.manual_seed(3)
    values = torch.randn(8, 5).double()
    W_o = torch.randn(5, 5).double()
    maps = [(torch.randn(8) / 2).softmax(dim=0).double()]
    maps.append(another_map(maps[0], values))
    way = maps[0] - maps[1]
    steps = torch.where(way < -1e-12, maps[0] / -way, torch.inf)
    maps.append(maps[0] + steps.min() * way)
    for weights in maps:
        scores = W_o @ (weights @ values)
        print("largest on", words[weights.argmax()], scores.numpy().round(6))
    rows = ["the map", "yours", "the other way"]
    return plots.heatmap(
        torch.stack(maps).clamp(0, 1), rows, words, xlabel="word", ylabel=""
    )
