"""4.4: the two designs of a decoder that attends."""

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
The chapter has two decoders that attend, and they differ in when they look. Write both for a whole target, with a
tanh cell, and with dot products as scores, undivided. Column t of `y` is what step t reads, with $t = 1$ in column 0;
`s` is $s_0$; `h` holds the encoder's states, and the mask is True where a state may be used. Each row has one.
Not allowed: `rnn2attn.attention`, `rnn2attn.seq2seq` and `F.scaled_dot_product_attention`.
"""

HINTS = r"""
In which of the two does a state wait for a context? Only there attention has to be inside the loop. In the other
the loop is the plain recurrent network's, and attention comes once, for all steps.

`look_after`: all states, (B, T', d), are the queries of one product with `h.mT`, (B, T', T). `look_before`: at each
step one query for each row, s of the step before, (B, d), against h, (B, T, d), gives (B, T); the context, (B, d),
stands beside y, to its right, under $W_x$.

`look_after`: loop over `y.unbind(1)` with the tanh; stack; scores, mask, softmax, contexts; `cat` of contexts and
states. `look_before`: in the loop `einsum("bd,bid->bi", s, h)`, mask with −∞, softmax, `einsum("bi,bid->bd", …)`,
then `cat([y_t, c], 1) @ W_x.T + s @ W_h.T + b` through tanh; keep states and weights, and stack both.
"""

QUESTION = Question(
    "4.4", "When to look", TEXT, minutes=40, difficulty=2, hints=HINTS
)


@QUESTION.now("""
Your two decoders learn the same thing. Both read strings of six letters through the same kind of encoder, and say
them backwards; the picture shows where the second one looked in a string that it never saw. Before you run the
cell: in the second the old state asks. What does that state know of the letter that is to be said next?
""")
def look_twice(look_after, look_before):
    from torch import nn

    from rnn2attn import plots
    from rnn2attn.tasks import strings

    def ids(pairs):
        return torch.tensor([[ord(c) - 97 for c in s] for s, _ in pairs])

    sources = ids(strings.pairs(3000, strings.reverse, (6, 6)))
    test = ids(strings.pairs(200, strings.reverse, (6, 6), test=True))

    def train(look, W_x, output):
        """The weights with which the trained decoder says the test."""
        embedding, W_h = nn.Embedding(11, 16), nn.Linear(32, 32)
        rnn = nn.GRU(16, 32, batch_first=True)
        net = nn.ModuleList([embedding, rnn, W_x, W_h, output]).double()

        def run(x):
            h, s = rnn(embedding(x))
            y = torch.cat([torch.full_like(x[:, :1], 10), x.flip(1)], dim=1)
            every = torch.ones_like(x).bool()
            given = embedding(y[:, :-1]), s[0], h, every, W_x.weight, W_h.weight
            found, weights = look(*given, W_x.bias)
            return output(found), weights

        adam = torch.optim.Adam(net.parameters(), lr=0.01)
        for _ in range(200):
            x = sources[torch.randint(3000, (32,))]
            loss = F.cross_entropy(run(x)[0].mT, x.flip(1))
            adam.zero_grad()
            loss.backward()
            adam.step()
        logits, weights = run(test)
        right = (logits.argmax(2) == test.flip(1)).double().mean()
        print(f"{right:.0%} of the letters right")
        return weights

    torch.manual_seed(0)
    print("first the state, then the look: ", end="")
    train(
        lambda *g: (look_after(*g), None), nn.Linear(16, 32), nn.Linear(64, 10)
    )
    print("first the look, then the state: ", end="")
    weights = train(look_before, nn.Linear(48, 32), nn.Linear(32, 10))
    word = [chr(97 + i) for i in test[0]]
    return plots.heatmap(
        weights[0].detach(), word[::-1], word, xlabel="read", ylabel="said"
    )
