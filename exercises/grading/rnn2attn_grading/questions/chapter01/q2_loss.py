"""1.2: the loss of the next token."""

import math

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
A network read a sequence and gave logits $z_1, \dots, z_T$, one vector after each token. Each should have
announced the *next* token. Write the loss: cross-entropy in nats, summed over time, averaged over the batch.

$$L = -\frac1B \sum_{b=1}^{B} \sum_{t=1}^{T} \ln p_{b,t}(\text{next token}),
\qquad p_{b,t} = \mathrm{softmax}(z_{b,t})$$

The T+1 ids of a row are the whole sequence: the network read all but the last. Logits can be large; with ±1000
the loss must still be a finite number. Not allowed: the library's `sequence_loss`. PyTorch's loss functions are
allowed. Checked: the value, and the gradient for the logits. Most wrong losses fall during training just as
nicely as the right one.
"""

HINTS = r"""
What a row's logits at step t should announce is the id one to the right of the id that was read there. So which T
of the T+1 ids are targets?

Logits are (B, T, V), targets (B, T). Softmax runs over the V tokens, its logarithm is taken in one go so that
nothing overflows, and of each step's V numbers one is picked. Sum or mean: over which of B and T does the formula
take which?

`log_softmax` over the last axis; `gather` on that axis with `ids[:, 1:, None]`; the sum of all that, with a minus,
divided by B. Or `F.cross_entropy` with `reduction="sum"` on logits and targets that were flattened alike.
"""

QUESTION = Question(
    "1.2",
    "The loss of the next token",
    TEXT,
    minutes=20,
    difficulty=2,
    hints=HINTS,
)


def next_token_loss(logits, ids):
    """Cross-entropy of the next token, summed over time, averaged over the batch.

    Args:
        logits: what the network said after each token it read, (B, T, V).
        ids: the sequences, int64, (B, T+1).

    Returns:
        A scalar.
    """
    log_p = torch.log_softmax(logits, dim=-1)
    return -log_p.gather(-1, ids[:, 1:, None]).sum() / len(ids)


PART = QUESTION.part(
    next_token_loss,
    4,
    gradients=("logits",),
    forbidden=("rnn2attn.training.sequence_loss",),
)


@QUESTION.now("""
Your loss teaches a network to write a sentence. PyTorch's own recurrent network reads it letter by letter, your
loss is all that it is told, and every 40 updates it gets a t and goes on alone. The sentence has T+1 letters, and
the loss of uniform guesses is T ln V. Before you run the cell: which loss would a network reach that always knows
the letter but for one place in ten, where it has to choose between two?
""")
def write_on(next_token_loss):
    from torch import nn

    sentence = "the state keeps what the step has read."
    letters = sorted(set(sentence))
    ids = torch.tensor([[letters.index(letter) for letter in sentence]])
    one_hot = torch.eye(len(letters))
    torch.manual_seed(0)
    rnn = nn.RNN(len(letters), 48, batch_first=True)
    output = nn.Linear(48, len(letters))
    adam = torch.optim.Adam([*rnn.parameters(), *output.parameters()], lr=5e-3)
    for update in range(161):
        logits = output(rnn(one_hot[ids[:, :-1]])[0])
        loss = next_token_loss(logits, ids)
        if update % 40 == 0:
            said, h = "t", None
            while len(said) < len(sentence):
                x = one_hot[letters.index(said[-1])][None, None]
                h = rnn(x, h)[1]
                said += letters[output(h).argmax()]
            print(f"{update:3} updates, loss {loss.item():6.2f}: {said}")
        adam.zero_grad()
        loss.backward()
        adam.step()


def inputs(draw, B, T, V, scale=1.0):
    return {
        "logits": draw.normal(B, T, V, scale=scale),
        "ids": draw.integers(V, B, T + 1),
    }


@PART.cases
def cases(draw):
    yield "different sizes", inputs(draw, 2, 5, 7)
    yield "a batch of one", inputs(draw, 1, 3, 5)
    yield "one step", inputs(draw, 3, 1, 5)
    yield "as many steps as letters", inputs(draw, 2, 4, 4, scale=3.0)
    far = inputs(draw, 2, 3, 5)
    far["logits"] = far["logits"].sign() * 1000
    yield "logits of ±1000", far


@PART.edges
def edges(draw):
    flat = inputs(draw, 3, 4, 7)
    flat["logits"] = flat["logits"] * 0 + 0.5
    yield "all letters alike", flat
    yield "as many examples as steps", inputs(draw, 5, 5, 3)
    yield "a long sequence", inputs(draw, 2, 31, 4)


@PART.mistake(
    "You ask the network to repeat its input: the target of a step is the "
    "token one to the right."
)
def same_token(logits, ids):
    log_p = torch.log_softmax(logits, dim=-1)
    return -log_p.gather(-1, ids[:, :-1, None]).sum() / len(ids)


@PART.mistake(
    "Softmax twice: the loss applies it again to what are already "
    "probabilities. Uniform logits still look right, and confident ones "
    "cannot reach 0."
)
def softmax_twice(logits, ids):
    p = torch.softmax(logits, dim=-1)
    log_p = torch.log_softmax(p, dim=-1)
    return -log_p.gather(-1, ids[:, 1:, None]).sum() / len(ids)


@PART.mistake(
    "Your logits went through σ first and lie in (0, 1): with 4 letters no "
    "probability can pass e/(e + 3) ≈ 0.475."
)
def squashed(logits, ids):
    log_p = torch.log_softmax(torch.sigmoid(logits), dim=-1)
    return -log_p.gather(-1, ids[:, 1:, None]).sum() / len(ids)


@PART.mistake(
    "Your logits went through tanh first and lie in (−1, 1): with 4 letters "
    "no probability can pass e/(e + 3/e) ≈ 0.711."
)
def squashed_by_tanh(logits, ids):
    log_p = torch.log_softmax(torch.tanh(logits), dim=-1)
    return -log_p.gather(-1, ids[:, 1:, None]).sum() / len(ids)


@PART.mistake(
    "Yours is 1/T of it: you average over the targets of a row, the question "
    "sums over them."
)
def mean_over_time(logits, ids):
    return F.cross_entropy(logits.mT, ids[:, 1:])


@PART.mistake("Yours is B times as large: average over the batch.")
def sum_over_batch(logits, ids):
    return F.cross_entropy(logits.mT, ids[:, 1:], reduction="sum")


@PART.mistake(
    "Each step's probabilities should sum to 1 over the V tokens; yours sum "
    "to 1 over time."
)
def softmax_over_time(logits, ids):
    log_p = torch.log_softmax(logits, dim=1)
    return -log_p.gather(-1, ids[:, 1:, None]).sum() / len(ids)


@PART.mistake(
    "Not a finite number at logits of ±1000: exp overflows, or the logarithm "
    "meets a 0. Subtract the maximum first; `log_softmax` does."
)
def overflow(logits, ids):
    p = logits.exp() / logits.exp().sum(dim=-1, keepdim=True)
    return -p.log().gather(-1, ids[:, 1:, None]).sum() / len(ids)


@PART.mistake(
    "That is −p, the probability itself. Cross-entropy is −ln p: it goes to "
    "infinity where the right token gets no probability."
)
def no_logarithm(logits, ids):
    p = torch.softmax(logits, dim=-1)
    return -p.gather(-1, ids[:, 1:, None]).sum() / len(ids)


@PART.mistake(
    "The sign: a loss is −ln p, and yours is negative where it should be "
    "positive."
)
def wrong_sign(logits, ids):
    log_p = torch.log_softmax(logits, dim=-1)
    return log_p.gather(-1, ids[:, 1:, None]).sum() / len(ids)


@PART.mistake(
    "`reshape` to (B, V, T) does not move the letters to the second axis: it "
    "reads the numbers in the order in which they lie. Exchange the axes."
)
def reshaped(logits, ids):
    B, T, V = logits.shape
    turned = logits.reshape(B, V, T)
    return F.cross_entropy(turned, ids[:, 1:], reduction="sum") / B


@PART.mistake(
    "Two things. `reshape` to (B, V, T) does not move the letters to the second "
    "axis: it reads the numbers in the order in which they lie. And "
    "`cross_entropy` by itself averages over the targets of a row, too."
)
def reshaped_mean(logits, ids):
    B, T, V = logits.shape
    return F.cross_entropy(logits.reshape(B, V, T), ids[:, 1:])


@PART.mistake(
    "Shifted twice: the logits of a step are compared with the token two to "
    "the right, and the last ones with none."
)
def shifted_twice(logits, ids):
    log_p = torch.log_softmax(logits[:, :-1], dim=-1)
    return -log_p.gather(-1, ids[:, 2:, None]).sum() / len(ids)


@PART.mistake(
    "The last step is left out. A row has one id more than logits: what was "
    "said after the last token that was read has its target, too."
)
def last_step_lost(logits, ids):
    log_p = torch.log_softmax(logits[:, :-1], dim=-1)
    return -log_p.gather(-1, ids[:, 1:-1, None]).sum() / len(ids)


@PART.mistake(
    "Steps whose target is token 0 are left out, as by `ignore_index=0`. Here "
    "0 is a letter like the others."
)
def zero_ignored(logits, ids):
    log_p = torch.log_softmax(logits, dim=-1)
    taken = log_p.gather(-1, ids[:, 1:, None])[..., 0]
    return -taken[ids[:, 1:] != 0].sum() / len(ids)


@PART.mistake(
    "B and T have changed places: you average over time and sum over the "
    "batch. The formula divides by B alone."
)
def mean_over_time_sum_over_batch(logits, ids):
    return len(ids) * F.cross_entropy(logits.mT, ids[:, 1:])


@PART.mistake(
    "Only the last step counts in yours. Each of the T steps has a next token "
    "to announce."
)
def last_step_alone(logits, ids):
    return F.cross_entropy(logits[:, -1], ids[:, -1])


@PART.mistake(
    "Yours is the right one divided by ln 2: it is in bits, and asked are nats."
)
def in_bits(logits, ids):
    return next_token_loss(logits, ids) / math.log(2)


@PART.mistake(
    "A small number was added to the probabilities. It keeps the logarithm "
    "finite, and makes it a wrong one where the right token is unlikely."
)
def a_little_added(logits, ids):
    p = torch.softmax(logits, dim=-1).gather(-1, ids[:, 1:, None])
    return -(p + 1e-9).log().sum() / len(ids)
