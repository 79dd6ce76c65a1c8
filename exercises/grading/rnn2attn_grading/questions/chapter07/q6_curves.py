"""7.6: which network made which curve."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Five memories are in boxes. Into each a pair is written, with a key $k$ of length 1 and the value 1, and it is read
with $k$: reading 0. Then n more pairs come, all with the value 0, and after each of them $k$ asks again. The
experiment is done twice. In the first, every new key is a *fresh* one, at a right angle to all others; in the second
it is $k$ *again* and again. The memories are

- `"linear"`: $S_t = S_{t-1} + v_t k_t^\top$,
- `"decay"`: $S_t = \gamma S_{t-1} + v_t k_t^\top$,
- `"delta"`: $S_t = S_{t-1} + \beta\,(v_t - S_{t-1} k_t)\, k_t^\top$,
- `"gated delta"`: the same with $\tilde S = \gamma S_{t-1}$ in place of $S_{t-1}$,
- `"softmax"`: nothing is thrown away, and a reading is the average of all values with the weights
  $\operatorname{softmax}_i (s\, q \cdot k_i)$.

$\gamma$ and $\beta$ lie between 0 and 1, and s is 1 or more. In the boxes of `made_by` none of them is told, and only
$\beta$ may be 1; `readings` is also asked with $\gamma = 1$. Two functions.
"""

HINTS = r"""
Take pen and paper, and follow one number: what k reads. For each memory, what does a pair with a fresh key and the
value 0 do to it, and what does one with k itself? Ten short formulas come out. Draw them.

A fresh key with value 0 adds nothing to any state. So *fresh* shows what the memory loses by itself, and *again* what
is done to a pair whose key comes back. Softmax has no state; there the new pairs are further terms of an average.

Linear: 1 and 1. Decay: $\gamma^m$ and $\gamma^m$. Delta: β and $\beta (1 - \beta)^m$. Gated delta: $\beta \gamma^m$
and $\beta (\gamma (1 - \beta))^m$. Softmax: $e^s / (e^s + m)$ and $1/(1 + m)$. Which of them are the same in both
experiments? Which stays the same among fresh keys? Which reads exactly a half after one pair?
"""

QUESTION = Question(
    "7.6",
    "Which network made which curve",
    TEXT,
    minutes=30,
    difficulty=2,
    hints=HINTS,
)


@QUESTION.now("""
Real boxes: five memories out of the library, with parameters that nobody chose, in an order that nobody knows. Your
second function names them by what they read; the picture shows the curves of the experiment with k again and again,
and your first function says beforehand what one of them should be. Before you run the cell: which of the five curves
begin below 1, and which one stays where it began?
""")
def open_the_boxes(readings, made_by):
    from rnn2attn import plots
    from rnn2attn.attention import attend, dot
    from rnn2attn.linear import delta_step, memory_step

    torch.manual_seed(0)
    n, gamma, beta = 6, *(0.5 + 0.4 * torch.rand(2)).tolist()
    one = torch.eye(n + 1).double()

    def softmax(k, v):
        return attend(3 * k[None, :1], k[None], v[None], None, dot)[0].item()

    def state(step):
        def read(keys, values):
            S = torch.zeros(1, 1, n + 1).double()
            for k, v in zip(keys, values, strict=True):
                S = step(S, k[None], v[None])
            return (S[0] @ keys[0]).item()

        return read

    boxes = [
        ("linear", state(memory_step)),
        ("decay", state(lambda S, k, v: memory_step(S, k, v, gamma))),
        ("delta", state(lambda S, k, v: delta_step(S, k, v, beta))),
        (
            "gated delta",
            state(lambda S, k, v: delta_step(S, k, v, beta, gamma)),
        ),
        ("softmax", softmax),
    ]
    values, curves, named = one[:, :1], {}, 0
    for place in torch.randperm(5).tolist():
        name, box = boxes[place]
        fresh, again = (
            [box(keys[:m], values[:m]) for m in range(1, n + 2)]
            for keys in (one, one[:1].expand(n + 1, -1))
        )
        said = made_by(fresh, again)
        named += said == name
        curves[name] = again
        three = [f"{r:.2f}" for r in (*fresh[:3], *again[:3])]
        print("fresh", *three[:3], "again", *three[3:], end=": ")
        print(f"{said}, and it was {name}")
    pairs = zip(readings(beta, gamma, n)[1], curves["gated delta"], strict=True)
    off = max(abs(a - b) for a, b in pairs)
    print(f"{named} of 5 named; your formula is off by {off:.1e}")
    return plots.lines(curves, xlabel="pairs since", ylabel="reading")
