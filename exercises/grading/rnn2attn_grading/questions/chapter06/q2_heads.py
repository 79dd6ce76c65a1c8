"""6.2: heads."""

import math

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Heads can be written in two ways. In the paper (Vaswani et al., 2017, section 3.2.2) each has small matrices of its
own. In code one large matrix makes the queries of all heads, and its result is cut. Two functions go from the one way
to the other.
"""

HINTS = r"""
`pack_heads`: in PyTorch's matrix, which rows make the queries of the first head, and how many columns have they?
`shares_of_heads`: joined heads times a matrix is a sum; which columns of `W_o` meet the first head?

`pack_heads`: a head's matrix, turned around, has one row for each of the head's entries: these are its rows in
`in_proj_weight`. All heads below each other, then queries, keys and values below each other. `shares_of_heads`: the
columns of `W_o` fall into H blocks of the size of a head, and block h belongs to head h.

`pack_heads`: `W.mT.flatten(0, 1)` for each of the three, `cat`; and `W_o.T`. `shares_of_heads`: `unflatten` the
columns of `W_o` into heads and entries, and let an `einsum` sum over the entries of that and the contexts, for each
head by itself.
"""

QUESTION = Question(
    "6.2",
    "Heads, apart and together",
    TEXT,
    minutes=30,
    difficulty=2,
    hints=HINTS,
)


@QUESTION.now("""
Your functions take a layer apart. Four heads are trained the way the paper writes them, on two questions at once:
is the next letter odd, and is the one before? Then your first function packs them into `nn.MultiheadAttention`,
which has to give the same; and your second says what each head adds, so that one at a time can be left out. Before
you run the cell: will each question have a head of its own?
""")
def leave_one_out(pack_heads, shares_of_heads):
    from torch import nn

    from rnn2attn.tasks import strings

    H, T, d = 4, 8, 32

    def batch(test=False):
        pairs = strings.pairs(3000, strings.copy, (T, T), test=test)
        read = torch.tensor([[ord(c) - 97 for c in s] for s, _ in pairs])
        return read, torch.stack([read.roll(-1, 1), read.roll(1, 1)], 2) % 2

    torch.manual_seed(0)
    shapes = (10, d), (T, d), (4, d), *[(H, d, d // H)] * 3, (d, d)
    weights = [torch.randn(s).double() * d**-0.5 for s in shapes]
    E, P, W, W_q, W_k, W_v, W_o = (w.requires_grad_() for w in weights)

    def heads(x):
        q, k, v = (torch.einsum("btd,hde->bhte", x, M) for M in (W_q, W_k, W_v))
        return (q @ k.mT / math.sqrt(d // H)).softmax(3) @ v

    adam = torch.optim.Adam(weights, lr=0.01)
    read, odd = batch()
    for _ in range(300):
        rows = torch.randint(3000, (64,))
        out = heads(E[read[rows]] + P).transpose(1, 2).flatten(2) @ W_o
        logits = (out @ W.T).unflatten(2, (2, 2))
        loss = F.cross_entropy(logits.flatten(0, 2), odd[rows].flatten())
        adam.zero_grad()
        loss.backward()
        adam.step()
    read, odd = batch(test=True)
    with torch.no_grad():
        x = E[read] + P
        layer = nn.MultiheadAttention(
            d, H, bias=False, batch_first=True
        ).double()
        packed = pack_heads(W_q, W_k, W_v, W_o)
        layer.in_proj_weight.copy_(packed[0])
        layer.out_proj.weight.copy_(packed[1])
        shares = shares_of_heads(heads(x), W_o.T)
        apart = (shares.sum(1) - layer(x, x, x)[0]).abs().max()
        print(
            f"nn.MultiheadAttention and the sum of your shares: {apart:.0e} apart"
        )
        print("right:              next  before")
        for left_out in (None, *range(H)):
            kept = [h for h in range(H) if h != left_out]
            said = (shares[:, kept].sum(1) @ W.T).unflatten(2, (2, 2)).argmax(3)
            right = (said == odd).double().mean((0, 1))
            name = (
                "all heads"
                if left_out is None
                else f"without head {left_out + 1}"
            )
            print(f"{name:18} {right[0]:5.0%} {right[1]:7.0%}")
