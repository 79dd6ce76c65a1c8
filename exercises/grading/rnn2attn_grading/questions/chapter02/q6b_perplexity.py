"""2.6, second part: the perplexity of texts of different lengths."""

import math

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.chapter02.q6_memory import QUESTION

TEXT = r"""
**Priced.** How well a network foresees a text is its perplexity, $\exp(\text{nats a letter})$: the number of letters
among which it would be as undecided as it is. Texts of different lengths lie in one batch, and the mask says which
letters count; in every text one does. Return the perplexity of each text, and that of all together, which every
letter has the same part in. PyTorch's loss functions are allowed. Checked: both.

Before you begin: a text of ten letters has the perplexity 2, and one of a single letter 200. Is that of both nearer
to 2, to 101 or to 20?
"""


def perplexities(logits, labels, mask):
    """How undecided a network is, of each text and of all together.

    Args:
        logits: (B, T, V); −∞ where a letter is ruled out.
        labels: the letters to be foreseen, int64, (B, T).
        mask: True where a letter counts, bool, (B, T).

    Returns:
        The tuple of perplexities of the texts, (B,), and of all, (), both
        tensors.
    """
    nats = F.cross_entropy(logits.mT, labels, reduction="none").where(mask, 0)
    count = mask.sum(dim=1)
    each, whole = nats.sum(dim=1) / count, nats.sum() / count.sum()
    return each.exp(), whole.exp()


PART = QUESTION.part(perplexities, 1, text=TEXT, difficulty=1)


def inputs(draw, V, *lengths, T=0, scale=1.0):
    """Texts of these lengths; the number at padding is 0, which a letter may have as well."""
    T = max(T, *lengths)
    mask = torch.arange(T) < torch.tensor(lengths)[:, None]
    labels = draw.integers(V, len(lengths), T)
    labels[0, 0] = 0
    return {
        "logits": draw.normal(len(lengths), T, V, scale=scale),
        "labels": labels.where(mask, 0),
        "mask": mask,
    }


@PART.cases
def cases(draw):
    yield "texts of different lengths", inputs(draw, 5, 4, 1, 3)
    yield "one text", inputs(draw, 5, 4)
    yield (
        "as many letters as there are kinds",
        inputs(draw, 4, 4, 2, 4, scale=3.0),
    )
    ruled_out = inputs(draw, 4, 2, 3, 1)
    ruled_out["labels"] = ruled_out["labels"].clamp(min=1)
    ruled_out["labels"] = ruled_out["labels"].where(ruled_out["mask"], 0)
    ruled_out["logits"][..., 0] = -torch.inf
    yield "letter 0 ruled out", ruled_out


@PART.edges
def edges(draw):
    yield "padding behind all", inputs(draw, 5, 3, 2, T=9)
    gaps = inputs(draw, 6, 5, 5)
    gaps["mask"][0, 1:3], gaps["mask"][1, 0] = False, False
    yield "gaps", gaps
    sure = inputs(draw, 3, 4, 3)
    sure["logits"] = 1000 * F.one_hot(sure["labels"], 3).double()
    yield "sure of every letter", sure


def costs(logits, labels):
    return F.cross_entropy(logits.mT, labels, reduction="none")


def finite(values):
    return values.where(values.isfinite(), 0)


def variant(logits, labels, mask, *, each=None, whole=None, power=torch.exp):
    """The right answer with another mean over letters, of each text or of all."""
    nats = costs(logits, labels).where(mask, 0)
    count = mask.sum(dim=1)
    of_each = each(nats, count) if each else nats.sum(dim=1) / count
    of_all = whole(nats, count) if whole else nats.sum() / count.sum()
    return power(of_each), power(of_all)


@PART.mistake(
    "Right for each text. That of all is the mean of theirs in your answer: a "
    "single letter may be as much as a whole text there."
)
def mean_of_perplexities(*given):
    each, _ = variant(*given)
    return each, each.mean()


@PART.mistake(
    "Right for each text. For all you take the mean of the texts' nats a "
    "letter: the letters of short texts count more than those of long ones."
)
def mean_of_means(*given):
    return variant(*given, whole=lambda nats, n: (nats.sum(dim=1) / n).mean())


@PART.mistake(
    "You divide by the length of the longest text, padding included, so that "
    "padding makes the network look better than it is."
)
def divided_by_all(*given):
    return variant(
        *given,
        each=lambda nats, n: nats.mean(dim=1),
        whole=lambda nats, n: nats.mean(),
    )


@PART.mistake(
    "The padding is foreseen, too, in your answer. It does not count."
)
def padding_counted(logits, labels, mask):
    nats = finite(costs(logits, labels))
    return nats.mean(dim=1).exp(), nats.mean().exp()


@PART.mistake(
    "Those are nats a letter. A perplexity is the number of equally likely "
    "letters that would cost as much."
)
def nats(*given):
    return variant(*given, power=lambda x: x)


@PART.mistake(
    "Those are bits a letter. A perplexity is the number of equally likely "
    "letters that would cost as much."
)
def bits(*given):
    return variant(*given, power=lambda x: x / math.log(2))


@PART.mistake(
    "You raise 2 to the power of nats. A logarithm is undone by the power of "
    "its own base."
)
def two_to_the_nats(*given):
    return variant(*given, power=torch.exp2)


@PART.mistake(
    "Yours lie below 1: that is the mean probability of a letter, so to speak. "
    "How many letters of that probability are there?"
)
def inverse(*given):
    return variant(*given, power=lambda x: torch.exp(-x))


@PART.mistake(
    "You take the exponential of the sum: that is one over the probability of "
    "the whole text, which grows with its length."
)
def of_the_sum(*given):
    return variant(
        *given,
        each=lambda nats, n: nats.sum(dim=1),
        whole=lambda nats, n: nats.sum(),
    )


@PART.mistake(
    "You average 1/p over letters. It is the costs that are averaged, and the "
    "exponential comes last."
)
def exponentials_averaged(logits, labels, mask):
    one = costs(logits, labels).exp().where(mask, 0)
    n = mask.sum(dim=1)
    return one.sum(dim=1) / n, one.sum() / n.sum()


@PART.mistake(
    "You average the probabilities of the letters, and take one over that. It "
    "is the costs that are averaged, and the exponential comes last."
)
def probabilities_averaged(logits, labels, mask):
    p = (-costs(logits, labels)).exp().where(mask, 0)
    n = mask.sum(dim=1)
    return n / p.sum(dim=1), n.sum() / p.sum()


@PART.mistake(
    "Every letter with the number 0 is left out. Which letters count, the mask "
    "says, and a letter may have that number."
)
def by_number(logits, labels, mask):
    return variant(logits, labels, mask & (labels != 0))


@PART.mistake(
    "Right, except where a letter is ruled out. There padding costs infinity, "
    "and ∞ times 0 is not a number: select, don't multiply."
)
def multiplied(logits, labels, mask):
    n = mask.sum(dim=1)
    cost = costs(logits, labels) * mask
    return (cost.sum(dim=1) / n).exp(), (cost.sum() / n.sum()).exp()


@PART.mistake(
    "Each place's probabilities should sum to 1 over the V letters; yours sum "
    "to 1 over time."
)
def softmax_over_time(logits, labels, mask):
    log_p = logits.log_softmax(dim=1).gather(2, labels[..., None])[..., 0]
    nats, n = finite(-log_p).where(mask, 0), mask.sum(dim=1)
    return (nats.sum(dim=1) / n).exp(), (nats.sum() / n.sum()).exp()


@PART.mistake(
    "Softmax twice: the loss applies it again to what are already "
    "probabilities."
)
def softmax_twice(logits, labels, mask):
    return variant(logits.softmax(dim=2), labels, mask)
