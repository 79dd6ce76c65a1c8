"""7.3: the delta rule."""

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Linear attention adds, and what it has once added stays in the sum. The delta rule looks first at what stands under
the key, and writes the difference. Write a step of it; then find out what it writes in T steps when you are not told
the keys. Two functions.
"""

HINTS = r"""
`delta_step`: first the memory forgets, then it is read, then it is written. Does "what stands under the key" mean the
memory before it has forgotten, or after? `written`: put the sum for $S_{t-1}$ into the equation of $u_t$. Where do
the keys come up, if not in products of two of them?

`delta_step`: call the memory that has forgotten $\tilde S$; it is in the equation twice. `written`: $u_t = \beta_t
\bigl(v_t - \sum_{i<t} (k_t \cdot k_i)\, u_i\bigr)$. The $u$ on the right are those of earlier steps. Step 1 needs
none, step 2 needs one: put them on one side, and you have a triangular system.

`delta_step`: `einsum("bvk,bk->bv", S, k)` reads; the difference times `beta[:, None]` is a column, and the key a
row. `written`: with $A = I + \mathrm{diag}(\beta)\,\mathrm{tril}(G, -1)$, $A\,U = \mathrm{diag}(\beta)\,V$;
`torch.linalg.solve_triangular(A, …, upper=False)`, or a loop over t that keeps a list of the $u$.
"""

QUESTION = Question(
    "7.3",
    "The delta rule",
    TEXT,
    minutes=35,
    difficulty=2,
    hints=HINTS,
)


@QUESTION.now("""
Your two functions read a list of who keeps which animal, and things change: Ada's cat goes, a dog comes. The memory
has room for eight numbers in a key, and there are twelve people, so keys overlap. Three memories answer: the delta
rule, by your `delta_step`; the same by your `written`, which knows the products of the keys alone; and linear
attention, which only adds. Below each stands what it reads for person 9. Before you run the cell: person 9 had a dog,
a hen and a cow, one after the other. What will the sum say, and what the delta rule?
""")
def keep_animals(delta_step, written):
    people, animals, changes = 12, ["cat", "dog", "hen", "cow", "bee"], 60
    torch.manual_seed(0)
    keys = F.normalize(torch.randn(people, 8).double(), dim=1)
    who = torch.cat([torch.arange(people), torch.randint(people, (changes,))])
    what = torch.randint(len(animals), (len(who),))
    k, v = keys[who], torch.eye(len(animals)).double()[what]
    one, S = torch.ones(1).double(), torch.zeros(1, len(animals), 8).double()
    for k_t, v_t in zip(k, v, strict=True):
        S = delta_step(S, k_t[None], v_t[None], one, one)
    u = written(v[None], (k @ k.T)[None], torch.ones(1, len(k)).double())[0]
    last = {p: animals[w] for p, w in zip(who.tolist(), what, strict=True)}
    print("person 9 had", *(animals[w] for w in what[who == 9]))
    for name, memory in (
        ("delta rule, step by step", S[0]),
        ("delta rule, at once", u.T @ k),
        ("sum", v.T @ k),
    ):
        reads = keys @ memory.T
        says = [animals[i] for i in reads.argmax(1)]
        right = sum(says[p] == last[p] for p in last)
        newest = says[who[-1]] == animals[what[-1]]
        print(f"{name}: {right} of {people} animals right,", end=" ")
        print("the newest among them" if newest else "the newest not")
        pairs = zip(animals, reads[9].tolist(), strict=True)
        print("   person 9:", *(f"{name} {read:.1f}" for name, read in pairs))
