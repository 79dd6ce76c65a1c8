"""6.4: positions that turn."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Position $t$ is encoded by sines and cosines that take turns, as in the chapter:

$$
\mathrm{PE}(t)_{2i} = \sin(\omega_i t) \qquad
\mathrm{PE}(t)_{2i+1} = \cos(\omega_i t) \qquad
\omega_i = 10000^{-2i/d}
$$

The paper (Vaswani et al., 2017, section 3.5) says of them, without a proof, that they can be moved without knowing
where they are. Do it; then use the same turn as most language models do today, on queries and keys. Two functions.
"""

HINTS = r"""
`moved`: which two formulas of school give sin(a + b) and cos(a + b) from the sines and cosines of a and of b? What is
a here, and what b? `rotated`: the formula is given; which axis do the places have, and which the frequencies?

`moved`: a = ωt is in the encoding, b = ωk is known: new sine = sine · cos b + cosine · sin b, new cosine = cosine ·
cos b − sine · sin b. The angles are (N, d/2). `rotated`: the angles are (B, 1, T, d/2), the 1 for the heads. The
features with even numbers are `x[..., ::2]`, the others `x[..., 1::2]`.

`moved`: sines are `p[:, ::2]`, cosines `p[:, 1::2]`, the angle is `k[:, None] * omega`; compute both new halves from
the old ones, and put them in turns by `stack(…, dim=2).flatten(1)`. `rotated`: the angle is `places[:, None, :,
None] * omega`; both new halves from the old ones, and `stack(…, dim=4).flatten(3)`.
"""

QUESTION = Question(
    "6.4",
    "Positions that turn",
    TEXT,
    minutes=30,
    difficulty=2,
    hints=HINTS,
)


@QUESTION.now("""
Who looks at whom, if the sentence stands at the beginning, and if it stands at place 1,000? Seven words with random
vectors attend to each other, three times: with your `rotated` on queries and keys, with the sums of words and
encodings, which your `moved` takes to place 1,000, and with no positions at all. Before you run the cell: for which
of the three will the map stay as it is? The picture is the first of them.
""")
def begin_elsewhere(moved, rotated):
    from rnn2attn import plots
    from rnn2attn.attention import attend, dot

    words = ["each", "word", "asks", "who", "stands", "beside", "it"]
    T, d = len(words), 16
    torch.manual_seed(0)
    x = torch.randn(1, T, d).double()
    omega = 10000 ** (-2 * torch.arange(d // 2).double() / d)
    angle = torch.arange(T)[:, None] * omega
    encoded = torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)

    def turn(first):
        return rotated(x[:, None], first + torch.arange(T)[None], omega)[:, 0]

    def add(first):
        return x + moved(encoded, torch.full((T,), first), omega)

    def seen(given):
        return attend(given / d**0.5, given, given, None, dot)[1][0]

    kinds = {"turned": turn, "added": add, "no positions": lambda first: x}
    for name, vectors in kinds.items():
        off = (seen(vectors(1000)) - seen(vectors(0))).abs().max()
        print(f"{name}: at place 1,000 a weight differs by up to {off:.1e}")
    return plots.heatmap(
        seen(turn(0)), words, words, xlabel="looks at", ylabel="word"
    )
