"""3.4: decoding."""

import torch
import torch.nn.functional as F
from torch.nn.utils.rnn import pad_sequence

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
A trained decoder gives probabilities, one word at a time. Which translation it says is a matter of how one reads from
it. Two functions: greedy decoding for a batch, from a decoder's weights, and one step of a beam search.
"""

HINTS = r"""
Greedy: what is carried from step to step are two things, a state and a word, for each row. A row that has ended may
run on; what it says then is cut off at the end. Beam: how many candidates compete in one row, k or k V, and which
of those of an ended beginning may?

Greedy: `E[word]` is (B, $d_s$) where `word` is (B,), and the first word is `sos` in all rows. Beam: `log_p[...,
None]` plus `following` is (B, k, V). An ended beginning has one candidate alone, with what it had; so its row of
`following` is 0 at `eos` and −∞ elsewhere. Flattened to (B, k V), place p belongs to beginning p // V and word p %
V.

Greedy: `longest` times update state and word and collect the words; stack them to (B, longest); in each row's list,
cut before the first `eos`, if there is one. Beam: `torch.where` puts the row of 0 and −∞ in place where `ended`;
add, flatten, `topk(k)`, and take the places apart.
"""

QUESTION = Question(
    "3.4",
    "Greedy, and one step of a beam",
    TEXT,
    minutes=35,
    difficulty=2,
    hints=HINTS,
)


@QUESTION.now("""
A decoder that you run learns to write numbers in words. It is trained as the equations say, one context for each
number, and then your greedy search writes them. After that the decoder is asked for a number it never met, half-way
between two, and a beam of three, one of your steps after the other, shows what it hesitates between. Before you run
the cell: will the likeliest of the three be what greedy says?
""")
def write_numbers(greedy, beam_step):
    from rnn2attn.tasks.digits import NAMES

    names = NAMES["en"]
    letters = ["<sos>", "<eos>", *sorted(set("".join(names)))]
    rows = [[letters.index(letter) for letter in name] for name in names]
    ids = pad_sequence([torch.tensor([0, *row, 1]) for row in rows], True, -100)
    V, d = len(letters), 32
    torch.manual_seed(0)
    sizes = (10, d), (V, d), (d, d), (V, d), (V,)
    weights = [torch.randn(s).double() * 0.2 for s in sizes]
    C, E, W, U, b = (weight.requires_grad_() for weight in weights)
    adam = torch.optim.Adam(weights, lr=0.02)
    for _ in range(150):
        s, loss = C, 0
        for read, said in zip(ids[:, :-1].T, ids[:, 1:].T, strict=True):
            s = torch.tanh(E[read.clamp(min=0)] + s @ W.T)
            loss = loss + F.cross_entropy(s @ U.T + b, said)
        adam.zero_grad()
        loss.backward()
        adam.step()

    def text(row):
        return "".join(letters[i] for i in row if i > 1)

    C, E, W, U, b = (weight.detach() for weight in weights)
    print("greedy:", *map(text, greedy(C, E, W, U, b, 0, 1, 12)))
    s = ((C[6] + C[7]) / 2).repeat(3, 1)
    log_p = torch.tensor([[0, -torch.inf, -torch.inf]]).double()
    rows = torch.zeros(3, 1).long()
    for _ in range(10):
        ended = (rows == 1).any(1)
        s = torch.tanh(E[rows[:, -1]] + s @ W.T)
        following = (s @ U.T + b).log_softmax(1)
        log_p, origin, word = beam_step(log_p, following[None], ended[None], 1)
        rows = torch.cat([rows[origin[0]], word[0, :, None]], dim=1)
        s = s[origin[0]]
    between = ((C[6:7] + C[7:8]) / 2, E, W, U, b, 0, 1, 12)
    print("between six and seven, greedy:", text(greedy(*between)[0]))
    for row, value in zip(rows.tolist(), log_p[0].exp().tolist(), strict=True):
        print(f"  beam: {text(row):8} p = {value:.3f}")
