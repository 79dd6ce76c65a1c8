"""6.1: self-attention, and the size of its scores."""

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
In self-attention every word makes a query, a key and a value of its own, and the scores are divided by $\sqrt{d_k}$.
Write it; then say what that division rests on. Two functions.
"""

HINTS = r"""
`self_attention`: chapter 4's attention, whose queries, keys and values all come from x. Which of the three sizes is
under the root? `score_variance`: a score is a sum of $d_k$ independent products, so its variance is $d_k$ times
that of one product.

`self_attention`: weights lie (out, in), so `x @ W.T`; scores are (B, T, T), rows queries; the mask is about keys
and gets an axis in the middle. `score_variance`: for independent $a$ and $b$, $\mathrm{Var}(ab) =
\mathrm{E}[a^2]\,\mathrm{E}[b^2] - (\mathrm{E}a\,\mathrm{E}b)^2$, and $\mathrm{E}[a^2] = \mathrm{Var}(a) +
(\mathrm{E}a)^2$.

`self_attention`: three products; scores divided by `math.sqrt(len(W_k))`; `masked_fill(~mask[:, None], -math.inf)`
if there is a mask; softmax over axis 2; weights times values. `score_variance`: multiply out the formula above; the
product of the squared means cancels, and three terms are left.
"""

QUESTION = Question(
    "6.1",
    "Self-attention, and the size of its scores",
    TEXT,
    minutes=25,
    difficulty=2,
    hints=HINTS,
)


@QUESTION.now("""
Your self-attention finds a neighbour. Each letter of a string has to say whether the *next* letter's number is odd,
which it can know from nowhere but there; one head of yours is all the network has. Then your second function
predicts the variance of its scores from the means and variances of its queries' and keys' entries. Before you run
the cell: the prediction holds for independent entries. Will trained ones have a larger variance than predicted, or
a smaller one?
""")
def find_the_next(self_attention, score_variance):
    from rnn2attn import plots
    from rnn2attn.tasks import strings

    T, d = 8, 32

    def batch(test=False):
        pairs = strings.pairs(3000, strings.parity, (T, T), test=test)
        read = [[ord(c) - 97 for c in source] for source, _ in pairs]
        say = [["-01".index(c) for c in answer] for _, answer in pairs]
        return torch.tensor(read), torch.tensor(say)

    torch.manual_seed(0)
    sizes = (10, d), (T, d), (16, d), (16, d), (d, d), (3, d)
    weights = [torch.randn(s).double() * d**-0.5 for s in sizes]
    E, P, W_q, W_k, W_v, W_o = (W.requires_grad_() for W in weights)
    adam = torch.optim.Adam(weights, lr=0.01)
    read, say = batch()
    for _ in range(250):
        rows = torch.randint(3000, (64,))
        c, _ = self_attention(E[read[rows]] + P, W_q, W_k, W_v, None)
        loss = F.cross_entropy((c @ W_o.T).mT, say[rows])
        adam.zero_grad()
        loss.backward()
        adam.step()
    read, say = batch(test=True)
    x = (E[read] + P).detach()
    c, found = self_attention(x, W_q, W_k, W_v, None)
    right = ((c @ W_o.T).argmax(2) == say).double().mean()
    q, k = (x @ W_q.T).detach(), (x @ W_k.T).detach()
    says = score_variance(
        16, *(f(y).item() for y in (q, k) for f in (torch.mean, torch.var))
    )
    print(f"{right:.1%} of strings that it never saw are right")
    print(
        f"variance of q · k: predicted {says:.2f}, measured {(q @ k.mT).var():.2f}"
    )
    word = [chr(97 + i) for i in read[0]]
    return plots.heatmap(
        found[0].detach(), word, word, xlabel="looks at", ylabel="letter"
    )
