"""3.1, second part: inputs mixed from the reference and from what the model said."""

import torch

from rnn2attn_grading.questions.chapter03.q1_reads import QUESTION

TEXT = r"""
**With a coin for each word.** In scheduled sampling the decoder reads the reference at some places, and at the others
what it found likeliest itself at the step before. One way to do it without a loop takes two passes: the first reads
the reference everywhere, and gives logits; the second reads the mixture. Return the mixture. `logits[:, t]` is what
the model said at step t, and one word is the likeliest there; `use_gold[:, t]` is whether the coin gave the
reference at place t. There is no step before the first place, so `<sos>` stays, whatever the coin says.
"""


def mix_inputs(inputs, logits, use_gold):
    """Decoder inputs, partly the reference's and partly the model's own.

    Args:
        inputs: what is read under teacher forcing, sos first, int64, (B, T').
        logits: what the model said at each step, (B, T', V).
        use_gold: True where the reference is read, bool, (B, T').

    Returns:
        Ids, int64, (B, T').
    """
    said = logits.argmax(dim=-1)[:, :-1]
    mixed = torch.where(use_gold[:, 1:], inputs[:, 1:], said)
    return torch.cat([inputs[:, :1], mixed], dim=1)


PART = QUESTION.part(mix_inputs, 1, text=TEXT)


APART = 0.005  # by how much the likeliest word leads: no step has two of them


def inputs(draw, B, T, V, gold=None):
    """Of the reference no word is what the model finds likeliest. At the first place the coins say the model."""
    logits = draw.normal(B, T, V)
    while (logits.topk(2).values.diff() > -APART).any():
        logits = draw.normal(B, T, V)
    reference = (logits.argmax(dim=-1).roll(1, dims=1) + 1) % V
    reference[:, 0] = draw.integers(V, 1)
    use_gold = draw.integers(2, B, T) == 1
    if T > 2:
        use_gold[0, 1:3] = torch.tensor([True, False])
    use_gold[:, 0] = False
    if gold is not None:
        use_gold[:] = gold
    return {"inputs": reference, "logits": logits, "use_gold": use_gold}


@PART.cases
def cases(draw):
    yield "both kinds of place", inputs(draw, 3, 5, 7)
    yield "as many steps as words", inputs(draw, 2, 5, 5)
    yield "a batch of one", inputs(draw, 1, 4, 5)
    yield "the model everywhere", inputs(draw, 2, 4, 7, gold=False)
    yield "the reference everywhere", inputs(draw, 2, 3, 5, gold=True)


@PART.edges
def edges(draw):
    yield "one step", inputs(draw, 3, 1, 5)
    yield "as many rows as steps", inputs(draw, 5, 5, 3)
    large = inputs(draw, 2, 5, 7)
    large["logits"] = large["logits"] * 1e3
    yield "large logits", large


def variant(inputs, logits, use_gold, *, said=None, coin=None):
    """The right answer with another choice of words, or other coins; sos stays."""
    if said is None:
        said = logits.argmax(dim=-1).roll(1, dims=1)
    mixed = torch.where(use_gold if coin is None else coin, inputs, said)
    return torch.cat([inputs[:, :1], mixed[:, 1:]], dim=1)


@PART.mistake(
    "What was said at step t was put at place t. It is the input of the step "
    "after: the decoder would read its answer before it gives it."
)
def not_shifted(inputs, logits, use_gold):
    return variant(inputs, logits, use_gold, said=logits.argmax(dim=-1))


@PART.mistake(
    "Shifted the wrong way: at place t you read what is said at step t + 1, "
    "which has not been said yet."
)
def shifted_back(inputs, logits, use_gold):
    said = logits.argmax(dim=-1).roll(-1, dims=1)
    return variant(inputs, logits, use_gold, said=said)


@PART.mistake(
    "Right but for the first place: `roll` brings the last word round to it, "
    "and <sos> is gone."
)
def rolled_over_sos(inputs, logits, use_gold):
    said = logits.argmax(dim=-1).roll(1, dims=1)
    return torch.where(use_gold, inputs, said)


@PART.mistake(
    "Not shifted, and <sos> is gone: what was said at step t is the input of "
    "the step after, and there is no step before the first place."
)
def neither(inputs, logits, use_gold):
    return torch.where(use_gold, inputs, logits.argmax(dim=-1))


@PART.mistake(
    "The coin is inverted: where it is True the reference is read, so that all "
    "True is pure teacher forcing."
)
def inverted(inputs, logits, use_gold):
    return variant(inputs, logits, use_gold, coin=~use_gold)


@PART.mistake(
    "The words are shifted, and the coins with them: the coin of place t "
    "decides about place t."
)
def coins_shifted(inputs, logits, use_gold):
    return variant(inputs, logits, use_gold, coin=use_gold.roll(1, dims=1))


@PART.mistake(
    "One coin for each row: yours decides by the coin of the second place for "
    "the whole row."
)
def one_coin_a_row(inputs, logits, use_gold):
    coin = use_gold[:, 1:2].expand_as(use_gold)
    return variant(inputs, logits, use_gold, coin=coin)


@PART.mistake(
    "Your words come from an argmax over time. At each step the likeliest of "
    "the V words is wanted."
)
def argmax_over_time(inputs, logits, use_gold):
    said = logits.argmax(dim=1).roll(1, dims=1)
    return variant(inputs, logits, use_gold, said=said)


@PART.mistake("You took the least likely word, the argmin.")
def least_likely(inputs, logits, use_gold):
    said = logits.argmin(dim=-1).roll(1, dims=1)
    return variant(inputs, logits, use_gold, said=said)


@PART.mistake(
    "The reference is shifted as well. Its inputs are shifted already: they "
    "begin with <sos>."
)
def reference_shifted(inputs, logits, use_gold):
    moved = torch.cat([inputs[:, :1], inputs[:, :-1]], dim=1)
    return variant(moved, logits, use_gold)


@PART.mistake(
    "The first coin decides for the whole row in yours. There is one for each "
    "place, and the first has nothing to decide."
)
def first_coin_for_all(inputs, logits, use_gold):
    coin = use_gold[:, :1].expand_as(use_gold)
    return variant(inputs, logits, use_gold, coin=coin)


@PART.mistake(
    "You took the size of the largest logit for a word. The likeliest word is "
    "the place at which it stands."
)
def largest_itself(inputs, logits, use_gold):
    said = logits.amax(dim=-1).long().roll(1, dims=1)
    return variant(inputs, logits, use_gold, said=said)
