"""7.1: two forms of one computation."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Attention without the softmax can be computed in two ways, which look unlike each other and give the same. A step
keeps a share $a_t$ of the state and adds a pair to it; the other way never makes a state, and sees all pairs at once.
Here the share is another one at each step, as in networks whose gates look at their input. Two functions.
"""

HINTS = r"""
`write_and_read`: three things happen in one step, and the order is in the equations. `all_at_once`: put the equation
of $S_t$ into that of $S_{t+1}$, and that into the next one. Which factors does the pair $v_i k_i^\top$ meet on its
way to step $t$?

`write_and_read`: $v k^\top$ for each row of a batch is `v[:, :, None] * k[:, None]`, and `a` needs two more axes.
`all_at_once`: $o_t = \sum_{i \le t} P_{t,i}\,(q_t \cdot k_i)\, v_i$, where $P_{t,i} = a_{i+1} \cdots a_t$, and
$P_{t,t} = 1$. So P is (B, T, T), and 0 above its diagonal. A quotient of two products is $P_{t,i}$ only as long as
no $a$ is 0.

`write_and_read`: `einsum("bvk,bk->bv", S, q)` reads. `all_at_once`: put $a_j$ into row j of a (B, T, T) tensor where
j > i, and 1 elsewhere; `cumprod(dim=1)` down the rows, and `tril()`, make P of it. Then `(q @ k.mT * P) @ v`.
"""

QUESTION = Question(
    "7.1",
    "Two forms of one computation",
    TEXT,
    minutes=25,
    difficulty=2,
    hints=HINTS,
)


@QUESTION.now("""
Your two functions read the same story: who lives where, one sentence at a time, and one of them is that everybody
has moved out. A name is a key, a town is a value, and every sentence asks where its person lives now. Before you run
the cell: which gate is 0, and what will both say about Ada at the end?
""")
def read_a_story(write_and_read, all_at_once):
    from rnn2attn import plots

    people, towns = ["Ada", "Bo", "Cem"], ["Oslo", "Pune", "Lima"]
    story = [
        ("Ada", "Oslo"), ("Bo", "Pune"), ("Ada", None), ("all move out", None),
        ("Cem", "Lima"), ("Bo", "Oslo"), ("Ada", None), ("Bo", None),
    ]  # fmt: skip
    one = torch.eye(3).double()
    nothing = torch.zeros(3).double()
    key = [one[people.index(p)] if p in people else nothing for p, _ in story]
    value = [one[towns.index(t)] if t else nothing for _, t in story]
    k, v = torch.stack(key)[None], torch.stack(value)[None]
    a = torch.tensor([[float(p in people) for p, _ in story]]).double()
    S, steps = torch.zeros(1, 3, 3).double(), []
    for t in range(len(story)):
        o, S = write_and_read(S, k[:, t], k[:, t], v[:, t], a[:, t])
        steps.append(o)
    steps, at_once = torch.stack(steps, 1)[0], all_at_once(k, k, v, a)[0]
    for (person, town), answer in zip(story, at_once, strict=True):
        found = [t for t, x in zip(towns, answer, strict=True) if x > 0.5]
        said = f"{person}: {town or '?'}".ljust(10)
        lives = f"lives in {' and '.join(found) or 'no town'}"
        print(f"{said} {lives}" if person in people else person)
    print(f"largest difference: {(steps - at_once).abs().max():.1e}")
    return plots.heatmap(S[0], towns, people, xlabel="key", ylabel="value")
