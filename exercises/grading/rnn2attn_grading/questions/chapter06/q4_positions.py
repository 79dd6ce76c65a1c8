"""6.4: positions."""

import math

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Position $t$ is encoded by sines and cosines that take turns, as in the chapter:

$$
\mathrm{PE}(t)_{2i} = \sin(\omega_i t) \qquad
\mathrm{PE}(t)_{2i+1} = \cos(\omega_i t) \qquad
\omega_i = 10000^{-2i/d}
$$

The paper (Vaswani et al., 2017, section 3.5) says two things of them without a proof. Two functions.
"""

HINTS = r"""
`wavelengths`: a sine with frequency ω is what it was after how many places? `moved`: which two formulas of school
give sin(a + b) and cos(a + b) from the sines and cosines of a and of b? What is a here, and what b?

`wavelengths`: $2\pi/\omega_i$ with $\omega_i = 10000^{-2i/d}$, for i = 0 … d/2 − 1. `moved`: a = ωt is in the
encoding, b = ωk is known: new sine = sine · cos b + cosine · sin b, new cosine = cosine · cos b − sine · sin b. The
angles are (N, d/2).

`wavelengths`: a list of `2 * math.pi * 10000 ** (2 * i / d)`. `moved`: sines are `p[:, ::2]`, cosines `p[:, 1::2]`,
the angle is `k[:, None] * omega`; compute both new halves from the old ones, and put them in turns by `stack(…,
dim=2).flatten(1)`.
"""

QUESTION = Question(
    "6.4",
    "What the paper says of positions",
    TEXT,
    minutes=25,
    difficulty=2,
    hints=HINTS,
)


@QUESTION.now("""
Your two functions look at the word before. Encodings of positions are made with your wavelengths. Each place asks
with its own encoding, moved back by one place by your function, and every key is an encoding as it is; the words
themselves play no part. The picture shows whom each word finds. Before you run the cell: why can the first word not
find a word before it, and whom will it find?
""")
def look_one_back(wavelengths, moved):
    from rnn2attn import plots
    from rnn2attn.attention import attend, dot

    words = ["each", "word", "asks", "who", "stands", "beside", "it"]
    T, d = len(words), 32
    lengths = wavelengths(d)
    print("wavelengths:", ", ".join(f"{w:.3g}" for w in lengths[::3]), "places")
    omega = 2 * math.pi / torch.tensor(lengths).double()
    angle = torch.arange(T)[:, None] * omega
    encoded = torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)
    for back in (3, 1):
        asks = 10 * moved(encoded, torch.full((T,), -back), omega)
        _, weights = attend(asks[None], encoded[None], encoded[None], None, dot)
        found = [words[i] for i in weights[0].argmax(1)]
        print(f"{back} back:", *found)
    return plots.heatmap(
        weights[0], words, words, xlabel="finds", ylabel="asks"
    )
