"""3.2: the loss of a padded batch."""

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Sentences of different lengths lie in one tensor. Write the loss *per token*: cross-entropy in nats, averaged over
all labels of the batch that count.

$$L = -\frac{1}{N} \sum_{b,t:\ m_{b,t}} \ln p_{b,t}(y_{b,t}), \qquad N = \text{number of True in } m$$

The labels are those that the decoder has to say, shifted already. Where the mask is False, label and logits must
change neither the loss nor the gradient. Logits can be large, and where a word is ruled out its logit is −∞.
Not allowed: `token_loss` and `sequence_loss` of the library. PyTorch's loss functions are allowed. Checked: the
value, and the gradient for the logits.
"""

HINTS = r"""
There are two ways to leave something out: multiply it by 0, or do not take it at all. What is 0 times infinity? And
what is averaged over: rows, places, or those places that count?

N is the number of True in the mask, over the whole batch. `logits[mask]` has shape (N, V), `labels[mask]` (N,): the
selected logits never see the others, neither in the value nor in the gradient.

`log_softmax` of `logits[mask]` over its last axis; `gather` from it with `labels[mask][:, None]`; minus the mean.
Or `F.cross_entropy` of the two, which averages over N by itself.
"""

QUESTION = Question(
    "3.2",
    "The loss of a padded batch",
    TEXT,
    minutes=20,
    difficulty=2,
    hints=HINTS,
)


def masked_loss(logits, labels, mask):
    """Cross-entropy, averaged over the labels that count.

    Args:
        logits: (B, T', V).
        labels: ids, int64, (B, T').
        mask: True where a label counts, bool, (B, T').

    Returns:
        A scalar.
    """
    log_p = logits[mask].log_softmax(dim=1)
    return -log_p.gather(1, labels[mask][:, None]).mean()


PART = QUESTION.part(
    masked_loss,
    3,
    gradients=("logits",),
    forbidden=(
        "rnn2attn.training.sequence_loss",
        "rnn2attn.training.token_loss",
    ),
)


@QUESTION.now("""
Your loss trains a translator into Spanish: `fit` is given your function as its loss. Afterwards a batch is made
with one very long sentence in it, so that the others are mostly padding, and your loss is taken of the short ones
alone and among the padding. Before you run the cell: by how much will the two differ?
""")
def learn_spanish(masked_loss):
    from rnn2attn import plots
    from rnn2attn.seq2seq import Decoder, Encoder, Seq2Seq
    from rnn2attn.tasks import phrases
    from rnn2attn.text import Batch, vocabularies
    from rnn2attn.training import fit

    pairs = phrases.pairs("es")
    en, es = vocabularies(pairs)
    torch.manual_seed(0)
    encoder = Encoder(len(en), d_emb=24, d_h=48, cell="GRU")
    model = Seq2Seq(en, es, encoder, Decoder(encoder, len(es)))
    batches = Batch.of(pairs, en, es).minibatches(32, 300, seed=0)
    losses = fit(model, batches, lr=0.01, loss=masked_loss)
    for sentence, _ in phrases.pairs("es", test=True)[::40]:
        (said,) = model.translate([sentence])
        print(f"{' '.join(sentence)}: {' '.join(said.tokens)}")
    short = sorted(pairs, key=lambda pair: len(pair[1]))[:8]
    for name, more in (("alone", []), ("beside 40 words", [short[0][1] * 20])):
        batch = Batch.of(
            [*short, *((short[0][0], row) for row in more)], en, es
        )
        batch_mask = batch.target_mask
        batch_mask[len(short) :] = False
        loss = masked_loss(model(batch), batch.target, batch_mask)
        print(f"eight short sentences, {name}: {loss.item():.6f}")
    return plots.lines({"": losses}, xlabel="update", ylabel="loss a word")


def inputs(draw, V, *lengths, scale=1.0, ids_from=0):
    """A padded batch; <pad> is 0, and what is said at padding is another matter than what is said before."""
    B, T = len(lengths), max(lengths)
    mask = torch.arange(T) < torch.tensor(lengths)[:, None]
    labels = ids_from + draw.integers(V - ids_from, B, T)
    return {
        "logits": draw.normal(B, T, V, scale=scale),
        "labels": labels.where(mask, 0),
        "mask": mask,
    }


@PART.cases
def cases(draw):
    ragged = inputs(draw, 7, 5, 1, 3)
    ragged["labels"][:2, 0] = torch.tensor([0, 4])
    yield "a word with the number of <pad>", ragged
    yield "one row", inputs(draw, 5, 3)
    yield "one step", inputs(draw, 5, 1, 1, 1)
    yield "as many steps as words", inputs(draw, 5, 2, 5, scale=6.0)
    ruled_out = inputs(draw, 5, 2, 4, 1, ids_from=1)
    ruled_out["logits"][..., 0] = -torch.inf
    yield "<pad> ruled out", ruled_out
    far = inputs(draw, 5, 3, 1)
    far["logits"] = far["logits"].sign() * 1000
    yield "logits of ±1000", far


@PART.edges
def edges(draw):
    wide = inputs(draw, 5, 3, 2)
    for name, fill in (("logits", 9.0), ("labels", 0), ("mask", False)):
        more = wide[name][:, :1].repeat_interleave(4, dim=1)
        wide[name] = torch.cat([wide[name], torch.full_like(more, fill)], dim=1)
    yield "columns of padding only", wide
    gaps = inputs(draw, 5, 4, 4, 4)
    gaps["mask"][0, 1:3], gaps["mask"][2] = False, False
    yield "gaps, and a row that does not count", gaps
    yield "as many rows as steps", inputs(draw, 3, 2, 4, 1, 3)


def costs(logits, labels):
    return F.cross_entropy(logits.mT, labels, reduction="none")


def finite(values):
    """Without the infinity of a label that is ruled out, as if nobody had ruled it out."""
    return values.where(values.isfinite(), 0)


@PART.mistake(
    "You average over all places, the padding among them. Count what the mask "
    "lets through, and divide by that."
)
def mean_over_all(logits, labels, mask):
    return costs(logits, labels).mean()


@PART.mistake(
    "The padding adds nothing, and is still counted: the sum has to be divided "
    "by the number of True in the mask, not by B T'. More padding would make "
    "your loss smaller."
)
def divided_by_all(logits, labels, mask):
    return costs(logits, labels).where(mask, 0).mean()


@PART.mistake(
    "That is the mean of the sentences' means: a word of a short sentence "
    "weighs more than one of a long sentence. Here all tokens weigh alike."
)
def mean_of_means(logits, labels, mask):
    summed = costs(logits, labels).where(mask, 0).sum(dim=1)
    return (summed / mask.sum(dim=1)).mean()


@PART.mistake("That is the loss per sentence: it is divided by B, not by N.")
def per_sentence(logits, labels, mask):
    return costs(logits, labels).where(mask, 0).sum() / len(labels)


@PART.mistake("That is the sum. Divide it by the number of labels that count.")
def summed(logits, labels, mask):
    return costs(logits, labels).where(mask, 0).sum()


@PART.mistake(
    "You set the logits at padding to 0. That costs ln V at each place: equal "
    "logits say that all words are alike."
)
def logits_zeroed(logits, labels, mask):
    return costs(logits.where(mask[..., None], 0), labels).mean()


@PART.mistake(
    "You set the logits at padding to 0, which costs ln V at each place, and "
    "divide by the labels that count. Take those places out of the sum."
)
def logits_zeroed_and_summed(logits, labels, mask):
    zeroed = costs(logits.where(mask[..., None], 0), labels)
    return zeroed.sum() / mask.sum()


@PART.mistake(
    "Right, except where <pad> is ruled out. There a label at padding costs "
    "infinity, and ∞ times 0 is not a number: select, don't multiply."
)
def multiplied(logits, labels, mask):
    return (costs(logits, labels) * mask).sum() / mask.sum()


@PART.mistake(
    "Every label with the number of <pad> is left out, and a word can have it. "
    "Which labels count, the mask says."
)
def by_number(logits, labels, mask):
    return F.cross_entropy(logits.mT, labels, ignore_index=0)


@PART.mistake("The mask is inverted: what you average over is the padding.")
def mask_inverted(logits, labels, mask):
    return finite(costs(logits, labels))[~mask].mean()


@PART.mistake(
    "Each place's probabilities should sum to 1 over the V words; yours sum "
    "to 1 over time."
)
def softmax_over_time(logits, labels, mask):
    log_p = logits.log_softmax(dim=1).gather(2, labels[..., None])[..., 0]
    return -log_p[mask].mean()


@PART.mistake(
    "Softmax twice: the loss applies it again to what are already "
    "probabilities."
)
def softmax_twice(logits, labels, mask):
    return costs(logits.softmax(dim=-1), labels)[mask].mean()


@PART.mistake(
    "You shift once more: the labels are those that are to be said, and "
    "logits[:, t] belongs to labels[:, t]."
)
def shifted_again(logits, labels, mask):
    return finite(costs(logits[:, :-1], labels[:, 1:]))[mask[:, 1:]].mean()


@PART.mistake(
    "Not a finite number at logits of ±1000: exp overflows, or the logarithm "
    "meets a 0. `log_softmax` does both in one."
)
def overflow(logits, labels, mask):
    p = logits.exp() / logits.exp().sum(dim=-1, keepdim=True)
    return -p.log().gather(2, labels[..., None])[..., 0][mask].mean()


@PART.mistake(
    "The sign: a loss is −ln p, and yours is negative where it should be "
    "positive."
)
def wrong_sign(logits, labels, mask):
    return -costs(logits, labels)[mask].mean()
