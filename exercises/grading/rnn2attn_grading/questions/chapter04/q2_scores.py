"""4.2: scores with parameters."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Two scores that take queries and keys of different sizes. Both are asked for the plain scores: no division, no mask,
no softmax. Rows belong to queries, columns to keys.
"""

HINTS = r"""
`general`: write the dot product of two mapped vectors as one product, q first, and see what stands between q and k.
`concat`: a layer on two vectors side by side is the sum of two layers, one on each. Which of them is the same for
every query?

`general`: $(W_q q)^\top (W_k k) = q^\top W_q^\top W_k\, k$. `concat`: $W [q ; k] = W_1 q + W_2 k$, where $W_1$ is
the first $d_q$ columns of W. Every query meets every key: (B, T', 1, $d_a$) plus (B, 1, T, $d_a$).

`general`: the matrix is the transposed `W_q` times `W_k`, the scores are `query` times it times the transposed
keys. `concat`: cut W by columns with `split`; map queries and keys; add them with one axis put into each by `[:, :,
None]` and `[:, None]`; tanh; times `v`.
"""

QUESTION = Question(
    "4.2", "Scores with parameters", TEXT, minutes=25, difficulty=2, hints=HINTS
)


@QUESTION.now("""
Your two scores compete. Both are put into the same decoder, which learns to write dates in Korean, once with
queries and keys of the same size and once with an encoder that reads both ways, whose keys are twice as long as a
query. Before you run the cell: could a plain dot product take part in the second?
""")
def compete(general, concat):
    from torch import nn

    from rnn2attn import plots
    from rnn2attn.seq2seq import AttentionDecoder, Encoder, Seq2Seq
    from rnn2attn.tasks import dates
    from rnn2attn.text import Batch, vocabularies
    from rnn2attn.training import evaluate, fit, token_loss

    class Scored(nn.Module):
        def __init__(self, score, *sizes):
            super().__init__()
            draw = [torch.randn(size) / size[-1] ** 0.5 for size in sizes]
            self.score, self.weights = score, nn.ParameterList(draw)

        def forward(self, query, keys):
            found = self.score(query, keys, *self.weights)
            return found[1] if isinstance(found, tuple) else found

    pairs = dates.pairs(2000, format="long")
    en, ko = vocabularies(pairs)
    curves = {}
    for direction, d in (("forward", 32), ("both", 64)):
        for name, score, sizes in (
            ("general", general, ((16, 32), (16, d))),
            ("concat", concat, ((16, 32 + d), (16,))),
        ):
            torch.manual_seed(0)
            encoder = Encoder(len(en), 16, 32, "GRU", direction)
            decoder = AttentionDecoder(encoder, len(ko), Scored(score, *sizes))
            model = Seq2Seq(en, ko, encoder, decoder).double()
            batches = Batch.of(pairs, en, ko).minibatches(32, 100, seed=0)
            losses = fit(model, batches, lr=0.02, loss=token_loss)
            curves[f"{name}, {direction}"] = losses
            right = evaluate(model, dates.pairs(100, format="long", test=True))
            print(f"{name}, {direction}: {right.exact:.0%} of dates right")
    return plots.lines(curves, xlabel="update", ylabel="loss a word")
