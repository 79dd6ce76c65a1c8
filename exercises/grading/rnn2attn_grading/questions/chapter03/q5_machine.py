"""3.5: an encoder–decoder from weights alone."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
No training: build an encoder–decoder by choosing weights. It reads a string of 1 to `longest` letters out of V, says
it in reverse, and then `<eos>`, for every such string. All of it is linear, there is no tanh:

$$
\begin{aligned}
h_0 &= 0, & h_i &= W_{xh}\, x_i + W_{hh}\, h_{i-1} && \text{reads letter } x_i \text{, one-hot}\\
s_0 &= h_T, & s_t &= W_{ss}\, s_{t-1} && \text{reads nothing}\\
&& z_t &= W_o\, s_t + b_o && \text{says the largest of } V + 1
\end{aligned}
$$

The outputs 0 to V − 1 are the letters, output V is `<eos>`. What is said first is $z_1$, and the largest output must
lead by 0.01 or more. How many units there are is up to you. Checked: what the machine says. Strings of the same
letter and of one letter are among those tried, and whatever is said after `<eos>` does not matter.

Two things to see when it runs. The context is one vector, and nothing is lost in it. And the same machine copies, if
it reads backwards.
"""

HINTS = r"""
Think of the state as a shelf with a place for each letter that may still have to be said, and V numbers in each
place. What has to be said first is what was read last. So on reading, what must happen to what is on the shelf
already? And on saying?

A matrix can shift the shelf by one place, with ones on a block diagonal beside the main one. Reading shifts away
and puts the new letter into the first place; saying shifts back. $s_1$ is already one shift back from $h_T$, and
from $s_1$ the first word is said, so the letter that was read last must lie where one shift brings it to the place
that is looked at.

With `longest + 1` places of V numbers: $W_{xh}$ puts a letter into place 1; $W_{hh}$ moves place p to p + 1, and
$W_{ss}$ is its transpose; $W_o$ shows place 0 as letters, nothing for `<eos>`; and $b_o$ gives `<eos>` less than a
letter and more than nothing, 0.5.
"""

QUESTION = Question(
    "3.5",
    "An encoder–decoder, from weights alone",
    TEXT,
    minutes=45,
    difficulty=3,
    hints=HINTS,
)


def machine(V, longest):
    """A linear encoder–decoder that reverses strings.

    Args:
        V: number of letters, 2 or more.
        longest: length of the longest string, 1 or more.

    Returns:
        The tuple W_xh (d, V), W_hh (d, d), W_ss (d, d), W_o (V + 1, d) and
        b_o (V + 1,), with any d up to 1,000.
    """
    # Places 0 … longest for one letter each. A letter is put into place 1, and
    # those that are there move on; back at place 0 it is said.
    d = V * (longest + 1)
    W_hh = torch.zeros(d, d)
    W_hh[V:, :-V] = torch.eye(d - V)
    W_xh = torch.zeros(d, V)
    W_xh[V : 2 * V] = torch.eye(V)
    W_o = torch.zeros(V + 1, d)
    W_o[:V, :V] = torch.eye(V)
    b_o = torch.zeros(V + 1)
    b_o[V] = 0.5  # more than nothing, less than a letter
    return W_xh, W_hh, W_hh.T, W_o, b_o


PART = QUESTION.part(machine, 4, view="reversing")


@QUESTION.now("""
Your weights against every string. The machine reads 2,000 random strings of up to eight letters and says them in
reverse; then it reads words that you know. Then it reads strings that are longer than it was built for. Before you
run the cell: what will a string of ten letters come out as, and would a trained network fail in the same way?
""")
def reverse_everything(machine):
    from rnn2attn.tasks import strings

    alphabet = "abcdefghijklmnopqrstuvwxyz"
    W_xh, W_hh, W_ss, W_o, b_o = (W.double() for W in machine(26, 8))

    def say(word, most=14):
        h = torch.zeros(len(W_hh)).double()
        for letter in word:
            h = W_xh[:, alphabet.index(letter)] + W_hh @ h
        said = ""
        for _ in range(most):
            h = W_ss @ h
            place = (W_o @ h + b_o).argmax().item()
            if place == 26:
                return said
            said += alphabet[place]
        return said + "…"

    for longest in (8, 10):
        tried = strings.pairs(2000, strings.reverse, (1, longest), alphabet)
        right = sum(say(source) == target for source, target in tried)
        print(f"strings of 1 to {longest} letters: {right / 2000:.1%} right")
    for word in ("desserts", "drawer", "attention"):
        print(f"{word}: {say(word)}")


def strings(draw, V, *lengths):
    drawn = [draw.integers(V, n).tolist() for n in lengths]
    for row in drawn:
        if len(set(row)) == 1 < len(row):
            row[-1] = (row[0] + 1) % V  # else forwards and backwards are alike
    return drawn


@PART.cases
def cases(draw):
    for name, V, longest in (
        ("three letters, strings of up to five", 3, 5),
        ("five letters, strings of up to three", 5, 3),
        ("two letters, strings of up to seven", 2, 7),
    ):
        tried = strings(draw, V, longest, 2, longest - 1, longest)
        tried += [[draw.choice(0, 1)], [V - 1] * longest, [0, 0]]
        yield name, {"V": V, "longest": longest}, {"strings": tried}


@PART.edges
def edges(draw):
    one = {"strings": [[k] for k in range(7)]}
    yield "one letter", {"V": 7, "longest": 1}, one
    tried = strings(draw, 4, 11, 11, 10, 9, 1)
    yield "longer strings", {"V": 4, "longest": 11}, {"strings": tried}
    every = [[a, b] for a in range(3) for b in range(3)]
    yield "all pairs", {"V": 3, "longest": 2}, {"strings": every}


NAMES = ("W_xh", "W_hh", "W_ss", "W_o", "b_o")


def wrong(hint, change, places=0):
    """A machine with that many places more, changed in what `change` gives by name."""

    def answer(V, longest):
        weights = machine(V, longest + places)
        d = len(weights[1])
        right = dict(zip(NAMES, weights, strict=True))
        return tuple((right | change(V, d, right)).values())

    return PART.mistake(hint)(answer)


def writes_into(place, V, d):
    W = torch.zeros(d, V)
    W[V * place :][:V] = torch.eye(V)
    return W


def eos_at(height):
    def change(V, d, right):
        return {"b_o": torch.cat([right["b_o"][:-1], torch.tensor([height])])}

    return change


def around(V, d, right):
    """The last place leads to the first again."""
    W_hh = torch.eye(d).roll(V, dims=0)
    return {"W_hh": W_hh, "W_ss": W_hh.T}


READ_LAST = "The letter that was read last is missing"
READ_FIRST = "The letter that was read first is missing"
ON = "It does not stop: when all letters are said"
SILENT = "W_o shows no letter of s_1"
OUTWEIGHED = "no letter that W_o shows outweighs"
NOTHING_LEFT = "b_o has to put <eos> above the letters"
LEVEL = "has to be above what b_o gives <eos>"
STILL = "The same output comes again and again"
OTHER = "Follow one letter through the matrices"
wrong(READ_LAST, lambda V, d, right: {"W_xh": writes_into(0, V, d)})
wrong(READ_FIRST, lambda V, d, right: {}, places=-1)
wrong(ON, around, places=-1)
wrong(NOTHING_LEFT, eos_at(0.0))
wrong(LEVEL, eos_at(1.0))
wrong(OUTWEIGHED, eos_at(2.0))
wrong(SILENT, lambda V, d, right: {"W_ss": right["W_hh"]})
wrong(SILENT, lambda V, d, right: {"W_ss": torch.eye(d)})
# All letters in one place, the state as it is: a bag.
wrong(
    "do they lie in the same place of the state",
    lambda V, d, right: {
        "W_xh": writes_into(0, V, d),
        "W_hh": torch.eye(d),
        "W_ss": torch.eye(d),
    },
)
# The same, what is older being smaller.
wrong(
    STILL,
    lambda V, d, right: {
        "W_xh": writes_into(0, V, d),
        "W_hh": torch.eye(d) / 2,
        "W_ss": torch.eye(d),
    },
)
wrong(OTHER, lambda V, d, right: {"W_xh": right["W_xh"].flip(1)})


@PART.mistake("Your output must be five tensors")
def transposed(V, longest):
    return tuple(W.T if W.dim() == 2 else W for W in machine(V, longest))


@PART.mistake("Your output must be five tensors")
def without_b(V, longest):
    return machine(V, longest)[:4]
