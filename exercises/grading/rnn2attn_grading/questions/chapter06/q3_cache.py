"""6.3: decoding with a cache."""

import math

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
A decoder that says one word at a time keeps the keys and values of the words it has read, and asks only the newest
word's query. In training it reads the whole sentence at once, under a causal mask. Both have to give the same. Two
functions.
"""

HINTS = r"""
`decoding_mask`: draw a row of two words in five columns and its last three queries; one of them is padding. Which
column does each query stand in? `cached_step`: the newest word is among the keys that its own query meets. Is a
mask needed?

`decoding_mask`: query j stands in column T − T′ + j. Keys from the row's first word, T − length, to the query's own
column may be used; where the query stands left of the first word, its own column alone. `cached_step`: keys (B, H,
t + 1, $d_k$), one query for each head, scores (B, H, t + 1).

`decoding_mask`: column numbers of keys as a row and of queries as a column; the first key allowed is the smaller of
the row's first word and the query's own column; compare from both sides. `cached_step`: `cat` the cache and `k[:,
:, None]` on axis 2, new tensors; scores divided by the root of $d_k$; softmax over the words; weighted sum of
values; `flatten(1)`.
"""

QUESTION = Question(
    "6.3",
    "A causal mask, and a cache",
    TEXT,
    minutes=40,
    difficulty=3,
    hints=HINTS,
)


@QUESTION.now("""
Your mask stops the leak, and your cache writes. One layer of four heads learns two lines by heart, of different
lengths and padded on the left, twice: once every letter sees all of its line, once under your mask. Then each
writes on its own, with your cache, from the first letter. Before you run the cell: which of the two will have the
lower loss, and which the better line?
""")
def stop_the_leak(decoding_mask, cached_step):
    from rnn2attn.transformer import sinusoidal

    lines = ["the mask hides what is still to come", "a cache keeps what was"]
    letters = sorted(set("".join(lines)))
    T, d, H = max(map(len, lines)) - 1, 64, 4
    lengths = torch.tensor([len(line) - 1 for line in lines])
    rows = [[letters.index(c) for c in line.rjust(T + 1)] for line in lines]
    ids = torch.tensor(rows)
    place = (torch.arange(T) - (T - lengths)[:, None]).clamp(min=0)
    P, real = (
        sinusoidal(T + 1, d).double(),
        torch.arange(T) >= T - lengths[:, None],
    )

    def cut(x):
        return x.unflatten(-1, (H, d // H)).transpose(-3, -2)

    for name in ("all is seen", "your mask"):
        torch.manual_seed(0)
        sizes = (len(letters), d), (d, d), (d, d), (d, d), (len(letters), 2 * d)
        weights = [torch.randn(s).double() * s[1] ** -0.5 for s in sizes]
        E, W_q, W_k, W_v, U = (W.requires_grad_() for W in weights)
        mask = decoding_mask(lengths, T, T)
        mask = mask if name == "your mask" else real[:, None] | mask
        adam = torch.optim.Adam(weights, lr=0.01)
        for _ in range(200):
            x = E[ids[:, :-1]] + P[place]
            q, k, v = (cut(x @ W.T) for W in (W_q, W_k, W_v))
            scores = (q @ k.mT / math.sqrt(d // H)).masked_fill(
                ~mask[:, None], -math.inf
            )
            c = (scores.softmax(3) @ v).transpose(1, 2).flatten(2)
            logits = torch.cat([c, x], dim=2) @ U.T
            loss = F.cross_entropy(logits[real], ids[:, 1:][real])
            adam.zero_grad()
            loss.backward()
            adam.step()
        print(f"{name}: loss {loss.item():.3f}")
        for line in lines:
            said, cache = line[0], (torch.zeros(1, H, 0, d // H).double(),) * 2
            for t in range(len(line) - 1):
                x = E[letters.index(said[t])][None] + P[t]
                q, k, v = (
                    (x @ W.T).unflatten(1, (H, d // H)) for W in (W_q, W_k, W_v)
                )
                c, cache = cached_step(q, k, v, cache)
                if t == len(said) - 1:
                    said += letters[(torch.cat([c, x], 1) @ U.T).argmax()]
            print(f"  {said}")
