"""Answers to the exercises of chapter 3."""

import itertools

import numpy as np
import torch
import torch.nn.functional as F
from torch.nn.utils.rnn import pad_sequence

from answers import GENERAL, NAMES, chapter

right, wrong = chapter(3)


@right("teacher_forcing", "three lists for each row")
def _(targets, sos, eos, pad):
    longest = max(len(row) for row in targets) + 1
    inputs, labels, mask = [], [], []
    for row in targets:
        left = longest - len(row) - 1
        inputs.append([sos, *row] + [pad] * left)
        labels.append([*row, eos] + [pad] * left)
        mask.append([True] * (len(row) + 1) + [False] * left)
    return torch.tensor(inputs), torch.tensor(labels), torch.tensor(mask)


@right("teacher_forcing", "pad_sequence three times")
def _(targets, sos, eos, pad):
    inputs = [torch.tensor([sos, *row]) for row in targets]
    labels = [torch.tensor([*row, eos]) for row in targets]
    mask = [torch.ones(len(row), dtype=torch.bool) for row in labels]
    return (
        pad_sequence(inputs, batch_first=True, padding_value=pad),
        pad_sequence(labels, batch_first=True, padding_value=pad),
        pad_sequence(mask, batch_first=True, padding_value=False),
    )


@right("teacher_forcing", "full of padding, and then filled")
def _(targets, sos, eos, pad):
    T = 1 + max(map(len, targets))
    inputs = torch.full((len(targets), T), pad, dtype=torch.long)
    labels = inputs.clone()
    for b, row in enumerate(targets):
        n = len(row)
        inputs[b, 0] = sos
        inputs[b, 1 : n + 1] = torch.tensor(row, dtype=torch.long)
        labels[b, :n] = torch.tensor(row, dtype=torch.long)
        labels[b, n] = eos
    lengths = torch.tensor([len(row) for row in targets])
    return inputs, labels, torch.arange(T) <= lengths.unsqueeze(1)


@right("teacher_forcing", "zip_longest over columns")
def _(targets, sos, eos, pad):
    def tensor(rows, fill):
        return torch.tensor(list(zip(*itertools.zip_longest(*rows, fillvalue=fill), strict=True)))

    inputs = tensor([[sos, *row] for row in targets], pad)
    labels = tensor([[*row, eos] for row in targets], pad)
    return inputs, labels, tensor([[True] * (len(row) + 1) for row in targets], False)


@right("teacher_forcing", "NumPy")
def _(targets, sos, eos, pad):
    T = max(len(row) for row in targets) + 1
    inputs = np.full((len(targets), T), pad, dtype=np.int64)
    labels, mask = inputs.copy(), np.zeros(inputs.shape, dtype=bool)
    for i, row in enumerate(targets):
        inputs[i, : len(row) + 1] = [sos, *row]
        labels[i, : len(row) + 1] = [*row, eos]
        mask[i, : len(row) + 1] = True
    return tuple(torch.from_numpy(a) for a in (inputs, labels, mask))


def forced(read=lambda row, sos, eos: [sos, *row], say=lambda row, sos, eos: [*row, eos], extra=1, left=False):
    """Rows as they are read and said, with one idea of it exchanged."""

    def answer(targets, sos, eos, pad):
        T = max(len(row) for row in targets) + extra

        def filled(row, fill):
            space = [fill] * (T - len(row))
            return space + row if left else row + space

        rows = [(read(row, sos, eos), say(row, sos, eos)) for row in targets]
        return (
            torch.tensor([filled(r, pad) for r, _ in rows]),
            torch.tensor([filled(s, pad) for _, s in rows]),
            torch.tensor([filled([True] * len(s), False) for _, s in rows]),
        )

    return answer


wrong("teacher_forcing", "nobody has to say eos", NAMES, "Each row lost its last word")(
    forced(read=lambda row, s, e: [s, *row][:-1], say=lambda row, s, e: row, extra=0)
)
wrong("teacher_forcing", "read and said are the same", NAMES, "is what it has just read")(
    forced(say=lambda row, s, e: [s, *row])
)
wrong("teacher_forcing", "sos and eos in both", NAMES, "<sos> and <eos> are in both")(
    forced(read=lambda row, s, e: [s, *row, e], say=lambda row, s, e: [s, *row, e], extra=2)
)
wrong("teacher_forcing", "the decoder reads eos as well", NAMES, "<eos> is read, after each row's last word")(
    forced(read=lambda row, s, e: [s, *row, e], say=lambda row, s, e: [*row, e], extra=2)
)
wrong("teacher_forcing", "padding on the left", NAMES, "The padding lies on the left")(forced(left=True))
wrong("teacher_forcing", "what is read and what is said exchanged", NAMES, "the right values in another order")(
    forced(read=lambda row, s, e: [*row, e], say=lambda row, s, e: [s, *row])
)
wrong("teacher_forcing", "one place too many, for sos and for eos", NAMES, "The columns are one too many")(
    forced(extra=2)
)


@wrong(
    "teacher_forcing",
    "padding is known by its number",
    NAMES,
    "takes every label with the number of <pad> for padding",
)
def _(targets, sos, eos, pad):
    inputs, labels, _ = forced()(targets, sos, eos, pad)
    return inputs, labels, labels != pad


@wrong("teacher_forcing", "eos does not count", NAMES, "Your mask leaves <eos> out")
def _(targets, sos, eos, pad):
    inputs, labels, mask = forced()(targets, sos, eos, pad)
    return inputs, labels, mask & (labels != eos)


@wrong("teacher_forcing", "True where there is padding", NAMES, "Your mask is inverted")
def _(targets, sos, eos, pad):
    inputs, labels, mask = forced()(targets, sos, eos, pad)
    return inputs, labels, ~mask


@wrong("teacher_forcing", "the mask is made of zeros and ones", NAMES, "is float64; bool was expected")
def _(targets, sos, eos, pad):
    inputs, labels, mask = forced()(targets, sos, eos, pad)
    return inputs, labels, mask.double()


@wrong("teacher_forcing", "eos in the last column of all rows", NAMES, "Your <eos> stands in the last column")
def _(targets, sos, eos, pad):
    T = max(map(len, targets))
    rows = torch.tensor([row + [pad] * (T - len(row)) for row in targets])
    ends = torch.full((len(rows), 1), eos)
    counts = torch.tensor([[k <= len(row) for k in range(T + 1)] for row in targets])
    return torch.cat([torch.full_like(ends, sos), rows], 1), torch.cat([rows, ends], 1), counts


@wrong("teacher_forcing", "the rows of the caller get their eos", NAMES, "changes its input `targets` in place")
def _(targets, sos, eos, pad):
    inputs = forced()(targets, sos, eos, pad)[0]
    for row in targets:
        row.append(eos)
    labels = pad_sequence([torch.tensor(row) for row in targets], True, pad)
    return inputs, labels, torch.tensor([[k < len(row) for k in range(labels.shape[1])] for row in targets])


@wrong("teacher_forcing", "filled up with zeros, whatever pad is", NAMES, "You fill up with 0")
def _(targets, sos, eos, pad):
    return forced()(targets, sos, eos, 0)


@right("mix_inputs", "torch.where behind the first column")
def _(inputs, logits, use_gold):
    own = logits.argmax(dim=-1)
    return torch.cat([inputs[:, :1], torch.where(use_gold[:, 1:], inputs[:, 1:], own[:, :-1])], dim=1)


@right("mix_inputs", "a copy in which places are overwritten")
def _(inputs, logits, use_gold):
    mixed = inputs.clone()
    place = ~use_gold
    place[:, 0] = False
    mixed[place] = logits.argmax(-1).roll(1, dims=1)[place]
    return mixed


@right("mix_inputs", "word by word")
def _(inputs, logits, use_gold):
    rows = []
    for b in range(len(inputs)):
        row = [int(inputs[b, 0])]
        for t in range(1, inputs.shape[1]):
            row.append(int(inputs[b, t]) if use_gold[b, t] else int(logits[b, t - 1].argmax()))
        rows.append(row)
    return torch.tensor(rows, dtype=inputs.dtype)


@right("mix_inputs", "arithmetic with zeros and ones")
def _(inputs, logits, use_gold):
    gold = use_gold.long()
    gold[:, 0] = 1
    own = F.pad(logits.topk(1).indices.squeeze(-1), (1, 0))[:, :-1]
    return gold * inputs + (1 - gold) * own


@right("mix_inputs", "NumPy's where on what was shifted")
def _(inputs, logits, use_gold):
    own = np.concatenate([inputs[:, :1].numpy(), logits.numpy().argmax(2)[:, :-1]], axis=1)
    return torch.from_numpy(np.where(use_gold.numpy(), inputs.numpy(), own))


@wrong(
    "mix_inputs", "what is said at a place is read at that place", NAMES, "What was said at step t was put at place t"
)
def _(inputs, logits, use_gold):
    mixed = torch.where(use_gold, inputs, logits.argmax(-1))
    mixed[:, 0] = inputs[:, 0]
    return mixed


@wrong("mix_inputs", "the coin decides on sos, too", NAMES, "<sos> is gone")
def _(inputs, logits, use_gold):
    return torch.where(use_gold, inputs, logits.argmax(-1).roll(1, dims=1))


@wrong("mix_inputs", "True is where the model is read", NAMES, "The coin is inverted")
def _(inputs, logits, use_gold):
    own = logits.argmax(-1)
    return torch.cat([inputs[:, :1], torch.where(use_gold[:, 1:], own[:, :-1], inputs[:, 1:])], 1)


@wrong("mix_inputs", "the coin belongs to the step that says", NAMES, "the coin of place t decides about place t")
def _(inputs, logits, use_gold):
    own = logits.argmax(-1)
    return torch.cat([inputs[:, :1], torch.where(use_gold[:, :-1], inputs[:, 1:], own[:, :-1])], 1)


@wrong("mix_inputs", "the largest over the places", GENERAL)
def _(inputs, logits, use_gold):
    own = logits.argmax(1)[:, : inputs.shape[1]]
    own = F.pad(own, (0, inputs.shape[1] - own.shape[1]))
    return torch.cat([inputs[:, :1], torch.where(use_gold[:, 1:], inputs[:, 1:], own[:, :-1])], 1)


@wrong("mix_inputs", "a word is drawn from the model", GENERAL)
def _(inputs, logits, use_gold):
    own = torch.multinomial(logits.softmax(-1).flatten(0, 1), 1).view_as(inputs)
    return torch.cat([inputs[:, :1], torch.where(use_gold[:, 1:], inputs[:, 1:], own[:, :-1])], 1)


@wrong("mix_inputs", "one coin for the whole row, its first", NAMES, "The first coin decides for the whole row")
def _(inputs, logits, use_gold):
    own = torch.cat([inputs[:, :1], logits.argmax(-1)[:, :-1]], 1)
    return torch.where(use_gold[:, :1], inputs, own)


@wrong("mix_inputs", "written into the inputs", NAMES, "changes its input `inputs` in place")
def _(inputs, logits, use_gold):
    own = logits.argmax(-1)
    for t in range(1, inputs.shape[1]):
        inputs[:, t] = torch.where(use_gold[:, t], inputs[:, t], own[:, t - 1])
    return inputs


@wrong("mix_inputs", "the likeliest is the largest logit itself", NAMES, "You took the size of the largest logit")
def _(inputs, logits, use_gold):
    own = logits.max(-1).values.long()
    return torch.cat([inputs[:, :1], torch.where(use_gold[:, 1:], inputs[:, 1:], own[:, :-1])], 1)


@right("masked_loss", "cross_entropy of what was selected")
def _(logits, labels, mask):
    return F.cross_entropy(logits[mask], labels[mask])


@right("masked_loss", "log_softmax and gather of what was selected")
def _(logits, labels, mask):
    log_p = torch.log_softmax(logits[mask], dim=-1)
    return -log_p.gather(1, labels[mask].unsqueeze(1)).mean()


@right("masked_loss", "ignore_index")
def _(logits, labels, mask):
    return F.cross_entropy(logits.flatten(0, 1), labels.masked_fill(~mask, -100).flatten(), ignore_index=-100)


@right("masked_loss", "a loop over rows, summed")
def _(logits, labels, mask):
    total, n = 0, 0
    for z, y, m in zip(logits, labels, mask, strict=True):
        total = total + F.cross_entropy(z[m], y[m], reduction="sum")
        n += int(m.sum())
    return total / n


@right("masked_loss", "filled with zeros before, so that nothing is infinite where it does not count")
def _(logits, labels, mask):
    z = torch.where(mask[..., None], logits, torch.zeros((), dtype=logits.dtype))
    picked = z.gather(2, labels.where(mask, 0)[..., None])[..., 0]
    each = z.logsumexp(-1) - picked
    return each[mask].sum() / mask.sum()


@right("masked_loss", "place by place, in a list")
def _(logits, labels, mask):
    losses = []
    for b, t in mask.nonzero().tolist():
        z = logits[b, t]
        losses.append(torch.logsumexp(z, 0) - z[labels[b, t]])
    return torch.stack(losses).mean()


@right("masked_loss", "what is not a number where nothing counts is made 0")
def _(logits, labels, mask):
    each = F.cross_entropy(logits.mT, labels, reduction="none")
    return torch.nan_to_num(each * mask).sum() / mask.sum()


@wrong("masked_loss", "the mask is multiplied with the losses", NAMES, "∞ times 0 is not a number")
def _(logits, labels, mask):
    each = -logits.log_softmax(-1).gather(2, labels[..., None])[..., 0]
    return (each * mask).sum() / mask.sum()


@wrong("masked_loss", "averaged over all places", NAMES, "still counted")
def _(logits, labels, mask):
    each = F.cross_entropy(logits.mT, labels, reduction="none")
    return each.masked_fill(~mask, 0).mean()


@wrong("masked_loss", "the mean of the rows' means", NAMES, "the mean of the sentences' means")
def _(logits, labels, mask):
    rows = [F.cross_entropy(z[m], y[m]) for z, y, m in zip(logits, labels, mask, strict=True) if m.any()]
    return torch.stack(rows).mean()


@wrong("masked_loss", "summed over time, averaged over rows", NAMES, "divided by B, not by N")
def _(logits, labels, mask):
    return F.cross_entropy(logits[mask], labels[mask], reduction="sum") / len(logits)


@wrong("masked_loss", "the sum", NAMES, "That is the sum")
def _(logits, labels, mask):
    return F.cross_entropy(logits[mask], labels[mask], reduction="sum")


@wrong("masked_loss", "the mask is ignored", NAMES, "You average over all places")
def _(logits, labels, mask):
    return F.cross_entropy(logits.mT, labels)


@wrong("masked_loss", "the mask hides what is True", NAMES, "The mask is inverted")
def _(logits, labels, mask):
    return F.cross_entropy(logits[~mask], labels[~mask])


@wrong("masked_loss", "label 0 is padding", NAMES, "Every label with the number of <pad> is left out")
def _(logits, labels, mask):
    return F.cross_entropy(logits.mT, labels, ignore_index=0)


@wrong(
    "masked_loss", "logits of padding are set to 0, and its loss counts", NAMES, "You set the logits at padding to 0"
)
def _(logits, labels, mask):
    return F.cross_entropy((logits.masked_fill(~mask[..., None], 0)).mT, labels)


@wrong("masked_loss", "softmax, and then its logarithm", NAMES, "exp overflows, or the logarithm meets a 0")
def _(logits, labels, mask):
    p = logits[mask].softmax(-1)
    return -p.gather(1, labels[mask][:, None]).log().mean()


@wrong("masked_loss", "labels are shifted once more", NAMES, "You shift once more")
def _(logits, labels, mask):
    return F.cross_entropy(logits[:, :-1][mask[:, 1:]], labels[:, 1:][mask[:, 1:]])


@wrong("masked_loss", "softmax over the places", NAMES, "yours sum to 1 over time")
def _(logits, labels, mask):
    return -logits.log_softmax(1)[mask].gather(1, labels[mask][:, None]).mean()


@wrong("masked_loss", "cross_entropy gets probabilities", NAMES, "Softmax twice")
def _(logits, labels, mask):
    return F.cross_entropy(logits[mask].softmax(-1), labels[mask])


@right("reverse_source", "one index for each place, and gather")
def _(ids, lengths):
    place = torch.arange(ids.shape[1])
    source = lengths[:, None] - 1 - place
    return ids.gather(1, torch.where(source >= 0, source, place))


@right("reverse_source", "row by row, with flip on a copy")
def _(ids, lengths):
    out = ids.clone()
    for b, n in enumerate(lengths):
        out[b, :n] = ids[b, :n].flip(0)
    return out


@right("reverse_source", "lists, with [::-1]")
def _(ids, lengths):
    rows = []
    for row, n in zip(ids.tolist(), lengths.tolist(), strict=True):
        rows.append(row[:n][::-1] + row[n:])
    return torch.tensor(rows)


@right("reverse_source", "the whole flipped, then each row rolled back")
def _(ids, lengths):
    turned = ids.flip(1)
    rows = [torch.cat([t[len(t) - n :], row[n:]]) for t, row, n in zip(turned, ids, lengths.tolist(), strict=True)]
    return torch.stack(rows)


@right("reverse_source", "sorted by a key for each place")
def _(ids, lengths):
    place = torch.arange(ids.size(1)).expand_as(ids)
    key = torch.where(place < lengths[:, None], -place, place)
    return torch.take_along_dim(ids, key.argsort(dim=1), dim=1)


@wrong("reverse_source", "everything is turned round, padding and all", NAMES, "The whole row is turned around")
def _(ids, lengths):
    return ids.flip(1)


@wrong(
    "reverse_source",
    "from the place of the length, not one before",
    NAMES,
    "Each row begins with what stands behind its last word",
)
def _(ids, lengths):
    place = torch.arange(ids.shape[1])
    source = lengths[:, None] - place
    return ids.gather(1, torch.where((source >= 0) & (source < ids.shape[1]), source, place))


@wrong("reverse_source", "padding is zeros", NAMES, "Padding comes back as 0")
def _(ids, lengths):
    out = torch.zeros_like(ids)
    for b, n in enumerate(lengths):
        out[b, :n] = ids[b, :n].flip(0)
    return out


@wrong(
    "reverse_source",
    "all rows are as long as the longest",
    NAMES,
    "All rows are turned at the end of the longest sentence",
)
def _(ids, lengths):
    n = int(lengths.max())
    return torch.cat([ids[:, :n].flip(1), ids[:, n:]], 1)


@wrong("reverse_source", "all rows are as long as the first", NAMES, "All rows are turned at the end of the first")
def _(ids, lengths):
    n = int(lengths[0])
    return torch.cat([ids[:, :n].flip(1), ids[:, n:]], 1)


@wrong("reverse_source", "the batch is turned round", NAMES, "You turned the batch around")
def _(ids, lengths):
    return ids.flip(0)


@wrong("reverse_source", "turned round where it lies", NAMES, "changes its input `ids` in place")
def _(ids, lengths):
    for row, n in zip(ids, lengths, strict=True):
        row[:n] = row[:n].flip(0)
    return ids


@wrong("reverse_source", "words are what is not 0", NAMES, "What is not 0 is turned around")
def _(ids, lengths):
    out = ids.clone()
    for b, row in enumerate(ids):
        words = row[row != 0]
        out[b, : len(words)] = words.flip(0)
    return out


@wrong("reverse_source", "the words stand on the right, after the padding", NAMES, "its padding comes first now")
def _(ids, lengths):
    rows = [torch.cat([row[n:], row[:n].flip(0)]) for row, n in zip(ids, lengths.tolist(), strict=True)]
    return torch.stack(rows)


@wrong("reverse_source", "exchanged half-way and back again", NAMES, "The rows come back as they were")
def _(ids, lengths):
    out = ids.clone()
    for b, n in enumerate(lengths.tolist()):
        for j in range(n):
            k = n - 1 - j
            out[b, j], out[b, k] = out[b, k].clone(), out[b, j].clone()
    return out


@right("last_states", "a pair of indices, and place 0")
def _(outputs, lengths):
    forward, backward = outputs.chunk(2, dim=2)
    return torch.cat([forward[torch.arange(len(outputs)), lengths - 1], backward[:, 0]], dim=1)


@right("last_states", "gather")
def _(outputs, lengths):
    d = outputs.shape[2] // 2
    index = (lengths - 1)[:, None, None].expand(-1, 1, d)
    last = outputs[..., :d].gather(1, index).squeeze(1)
    return torch.hstack([last, outputs[:, 0, d:]])


@right("last_states", "row by row")
def _(outputs, lengths):
    d = outputs.size(-1) // 2
    return torch.stack([torch.cat((o[n - 1, :d], o[0, d:])) for o, n in zip(outputs, lengths.tolist(), strict=True)])


@right("last_states", "a boolean mask that selects one place in each row")
def _(outputs, lengths):
    B, T, D = outputs.shape
    last = torch.arange(T) == (lengths - 1)[:, None]
    halves = outputs.view(B, T, 2, D // 2)
    return torch.stack([halves[:, :, 0][last], halves[:, 0, 1]], 1).flatten(1)


@right("last_states", "padding put to 0, and a product with one-hot places")
def _(outputs, lengths):
    place = torch.arange(outputs.shape[1])
    clean = outputs.masked_fill((place >= lengths[:, None])[..., None], 0)
    pick = F.one_hot(lengths - 1, outputs.shape[1]).to(outputs)
    d = outputs.shape[2] // 2
    return torch.cat([torch.einsum("bt,btd->bd", pick, clean[:, :, :d]), clean[:, 0, d:]], 1)


def handed(forward=lambda h, n: h[torch.arange(len(h)), n - 1], backward=lambda h, n: h[:, 0], swap=False):
    def answer(outputs, lengths):
        a, b = outputs.chunk(2, dim=2)
        halves = [forward(a, lengths), backward(b, lengths)]
        return torch.cat(halves[::-1] if swap else halves, dim=1)

    return answer


def at_last_word(h, n):
    return h[torch.arange(len(h)), n - 1]


wrong("last_states", "the last column", NAMES, "The forward half is taken at the last column")(
    handed(lambda h, n: h[:, -1])
)
wrong("last_states", "the last column for both", NAMES, "You take the last column")(
    handed(lambda h, n: h[:, -1], lambda h, n: h[:, -1])
)
wrong("last_states", "the last word for both", NAMES, "the way back has just begun at n − 1")(
    handed(backward=at_last_word)
)
wrong("last_states", "the first word for both", NAMES, "the forward half has read one word")(
    handed(forward=lambda h, n: h[:, 0])
)
wrong("last_states", "first and last exchanged", NAMES, "The halves are exchanged in time")(
    handed(forward=lambda h, n: h[:, 0], backward=at_last_word)
)
wrong("last_states", "the backward half in front", NAMES, "the halves exchanged: forward comes first")(
    handed(swap=True)
)
wrong("last_states", "place `lengths`", GENERAL)(handed(lambda h, n: h[torch.arange(len(h)), n % h.shape[1]]))
wrong("last_states", "no row but the longest matters", NAMES, "taken where the longest row ends")(
    handed(lambda h, n: h[:, n.max() - 1])
)
wrong("last_states", "the mean over the words", NAMES, "The forward half is a mean over the words")(
    handed(lambda h, n: torch.stack([row[:k].mean(0) for row, k in zip(h, n.tolist(), strict=True)]))
)
wrong("last_states", "no gradient through the encoder", NAMES, "no gradient reaches `outputs`")(
    lambda outputs, lengths: handed()(outputs.detach(), lengths)
)
wrong("last_states", "both halves in turn, entry by entry", NAMES, "You took every second entry")(
    lambda outputs, lengths: torch.cat(
        [outputs[torch.arange(len(outputs)), lengths - 1, ::2], outputs[:, 0, 1::2]], 1
    )
)
wrong("last_states", "both halves added", NAMES, "The two states were added to each other")(
    lambda outputs, lengths: sum(handed()(outputs, lengths).chunk(2, 1))
)


@right("greedy", "all steps for all rows, cut in the end")
def _(context, E, W, U, b, sos, eos, longest):
    s, word = context, torch.full((len(context),), sos)
    said = []
    for _ in range(longest):
        s = torch.tanh(E[word] + s @ W.T)
        word = (s @ U.T + b).argmax(dim=1)
        said.append(word)
    rows = torch.stack(said, 1).tolist()
    return [row[: row.index(eos)] if eos in row else row for row in rows]


@right("greedy", "row by row, until eos")
def _(context, E, W, U, b, sos, eos, longest):
    rows = []
    for s in context:
        word, row = sos, []
        while len(row) < longest:
            s = torch.tanh(E[word] + W @ s)
            word = int((U @ s + b).argmax())
            if word == eos:
                break
            row.append(word)
        rows.append(row)
    return rows


@right("greedy", "a set of rows that go on")
def _(context, E, W, U, b, sos, eos, longest):
    rows = [[] for _ in context]
    s, word = context.clone(), torch.tensor([sos] * len(rows))
    going = set(range(len(rows)))
    for _ in range(longest):
        s = (F.embedding(word, E) + F.linear(s, W)).tanh()
        word = F.linear(s, U, b).max(dim=-1).indices
        for k in sorted(going):
            if word[k].item() == eos:
                going.remove(k)
            else:
                rows[k].append(word[k].item())
        if not going:
            break
    return rows


@right("greedy", "recursion")
def _(context, E, W, U, b, sos, eos, longest):
    def rest(s, word, left):
        if left == 0:
            return []
        s = torch.tanh(E[word] + W.mv(s))
        said = torch.argmax(U.mv(s) + b).item()
        return [] if said == eos else [said, *rest(s, said, left - 1)]

    return [rest(s, sos, longest) for s in context]


@right("greedy", "a generator, and takewhile")
def _(context, E, W, U, b, sos, eos, longest):
    def words(s):
        word = sos
        while True:
            s = np.tanh(E.numpy()[word] + W.numpy() @ s)
            word = int(np.argmax(U.numpy() @ s + b.numpy()))
            yield word

    return [
        list(itertools.takewhile(lambda w: w != eos, itertools.islice(words(s.numpy()), longest))) for s in context
    ]


@right("greedy", "one-hot words, and those that ended kept at eos")
def _(context, E, W, U, b, sos, eos, longest):
    s, words = context, []
    y = F.one_hot(torch.tensor(sos), len(E)).to(E).repeat(len(context), 1)
    done = torch.zeros(len(context), dtype=torch.bool)
    for _ in range(longest):
        s = torch.tanh(y @ E + s @ W.T)
        word = torch.where(done, eos, torch.addmm(b, s, U.T).argmax(1))
        done = done | (word == eos)
        words.append(word)
        y = F.one_hot(word, len(E)).to(E)
    return [[w for w in row if w != eos] for row in torch.stack(words, 1).tolist()]


def decoded(
    update=lambda s, e, W: torch.tanh(e + s @ W.T),
    first=lambda context, sos: torch.full((len(context),), sos),
    cut=lambda row, eos: row[: row.index(eos)] if eos in row else row,
    steps=lambda longest: longest,
    stop=lambda word, eos: False,
):
    """Greedy decoding, with one idea of it exchanged."""

    def answer(context, E, W, U, b, sos, eos, longest):
        s, word, said = context, first(context, sos), []
        for _ in range(steps(longest)):
            s = update(s, E[word], W)
            word = (s @ U.T + b).argmax(1)
            said.append(word)
            if stop(word, eos):
                break
        return [cut(row, eos) for row in torch.stack(said, 1).tolist()] if said else [[] for _ in context]

    return answer


wrong("greedy", "eos is part of what was said", NAMES, "<eos> stands at the end of your rows")(
    decoded(cut=lambda row, e: row[: row.index(e) + 1] if e in row else row)
)
wrong("greedy", "rows as long as all are", NAMES, "All rows go on to the last step")(decoded(cut=lambda row, e: row))
wrong("greedy", "all stop when one has ended", NAMES, "All rows stop with the step in which the first <eos>")(
    decoded(stop=lambda word, e: (word == e).any())
)
wrong("greedy", "all stop when the first row has ended", NAMES, "All rows stop once the first row")(
    decoded(stop=lambda word, e: word[0] == e)
)
wrong("greedy", "eos is left out, and what comes after stays", NAMES, "<eos> is only taken out")(
    decoded(cut=lambda row, e: [w for w in row if w != e])
)
wrong("greedy", "the word is not read", NAMES, "does not come into the update")(
    decoded(update=lambda s, e, W: torch.tanh(s @ W.T))
)
wrong("greedy", "W is not transposed", NAMES, "it was not transposed")(
    decoded(update=lambda s, e, W: torch.tanh(e + s @ W))
)
wrong("greedy", "without the tanh", NAMES, "tanh is missing")(decoded(update=lambda s, e, W: e + s @ W.T))
wrong("greedy", "one step fewer, since sos counts", NAMES, "Cut one word too early")(
    decoded(steps=lambda longest: longest - 1)
)
wrong("greedy", "one step more, for eos", NAMES, "One step too many")(decoded(steps=lambda longest: longest + 1))
wrong("greedy", "cut at the last eos", NAMES, "is cut at the second")(
    decoded(cut=lambda row, e: row[: len(row) - 1 - row[::-1].index(e)] if e in row else row)
)
wrong("greedy", "word 0 is read first", NAMES, "Word 0 is read first")(
    decoded(first=lambda context, sos: torch.zeros(len(context)).long())
)


@wrong("greedy", "sos stands in front of the words", NAMES, "Your rows begin with <sos>")
def _(context, E, W, U, b, sos, eos, longest):
    return [[sos, *row] for row in decoded()(context, E, W, U, b, sos, eos, longest)]


@wrong("greedy", "the first word is said from the context itself", NAMES, "Your first word is said from the context")
def _(context, E, W, U, b, sos, eos, longest):
    s, said = context, []
    for _ in range(longest):
        word = (s @ U.T + b).argmax(1)
        said.append(word)
        s = torch.tanh(E[word] + s @ W.T)
    return [row[: row.index(eos)] if eos in row else row for row in torch.stack(said, 1).tolist()]


@wrong("greedy", "the state stays the context", NAMES, "Every step starts from the context again")
def _(context, E, W, U, b, sos, eos, longest):
    word, said = torch.full((len(context),), sos), []
    for _ in range(longest):
        word = (torch.tanh(E[word] + context @ W.T) @ U.T + b).argmax(1)
        said.append(word)
    return [row[: row.index(eos)] if eos in row else row for row in torch.stack(said, 1).tolist()]


@wrong("greedy", "one tensor, filled up with eos", NAMES, "a list of 4 was expected")
def _(context, E, W, U, b, sos, eos, longest):
    rows = decoded()(context, E, W, U, b, sos, eos, longest)
    return torch.tensor([row + [eos] * (longest - len(row)) for row in rows])


@wrong("greedy", "the words of all rows in one list", NAMES, "The words of all rows are in one list")
def _(context, E, W, U, b, sos, eos, longest):
    return [w for row in decoded()(context, E, W, U, b, sos, eos, longest) for w in row]


@wrong("greedy", "the bias of the output is forgotten", NAMES, "b is missing")
def _(context, E, W, U, b, sos, eos, longest):
    return decoded()(context, E, W, U, 0 * b, sos, eos, longest)


@right("beam_step", "a row of −∞ with 0 at eos, flattened, topk")
def _(log_p, following, ended, eos):
    B, k, V = following.shape
    stay = torch.full((V,), -torch.inf, dtype=following.dtype)
    stay[eos] = 0
    total = log_p[..., None] + torch.where(ended[..., None], stay, following)
    best, place = total.view(B, k * V).topk(k, dim=1)
    return best, place // V, place % V


@right("beam_step", "lists of candidates, sorted, row by row")
def _(log_p, following, ended, eos):
    out = []
    for b in range(len(log_p)):
        candidates = []
        for j in range(log_p.shape[1]):
            if ended[b, j]:
                candidates.append((log_p[b, j].item(), j, eos))
            else:
                candidates += [((log_p[b, j] + p).item(), j, w) for w, p in enumerate(following[b, j])]
        candidates.sort(key=lambda c: -c[0])
        out.append(list(zip(*candidates[: log_p.shape[1]], strict=True)))
    p, origin, word = zip(*out, strict=True)
    return torch.tensor(p, dtype=log_p.dtype), torch.tensor(origin), torch.tensor(word)


@right("beam_step", "clone, index with the mask, unravel_index")
def _(log_p, following, ended, eos):
    step = following.clone()
    step[ended] = -float("inf")
    step[..., eos][ended] = 0
    total = log_p.unsqueeze(2) + step
    order = total.flatten(1).sort(dim=1, descending=True).indices[:, : log_p.shape[1]]
    origin, word = torch.unravel_index(order, total.shape[1:])
    return total.flatten(1).gather(1, order), origin, word


@right("beam_step", "k times the largest, which is then ruled out")
def _(log_p, following, ended, eos):
    V = following.shape[-1]
    keep = F.one_hot(torch.tensor(eos), V).bool()
    total = (log_p[:, :, None] + following.masked_fill(ended[:, :, None], 0)).masked_fill(
        ended[:, :, None] & ~keep, -torch.inf
    )
    total, found = total.flatten(1), []
    for _ in range(log_p.shape[1]):
        best, place = total.max(1)
        found.append((best, place.div(V, rounding_mode="floor"), place.remainder(V)))
        total = total.scatter(1, place[:, None], -torch.inf)
    return tuple(torch.stack(each, 1) for each in zip(*found, strict=True))


@right("beam_step", "NumPy's argsort")
def _(log_p, following, ended, eos):
    p, f, e = log_p.numpy(), following.numpy().copy(), ended.numpy()
    f[e] = -np.inf
    f[e, eos] = 0
    B, k, V = f.shape
    total = (p[..., None] + f).reshape(B, -1)
    order = np.argsort(-total, axis=1, kind="stable")[:, :k]
    return (
        torch.from_numpy(np.take_along_axis(total, order, 1)),
        torch.from_numpy(order // V),
        torch.from_numpy(order % V),
    )


def beam(
    frozen=lambda V, eos: torch.full((V,), -torch.inf).double().index_fill(0, torch.tensor(eos), 0),
    join=lambda log_p, step: log_p[..., None] + step,
    apart=lambda place, k, V: (place // V, place % V),
    largest=True,
):
    """One step of a beam, with one idea of it exchanged."""

    def answer(log_p, following, ended, eos):
        _, k, V = following.shape
        step = torch.where(ended[..., None], frozen(V, eos), following) if frozen else following
        best, place = join(log_p, step).flatten(1).topk(k, largest=largest)
        return best, *apart(place, k, V)

    return answer


wrong("beam_step", "what has ended goes on like the others", NAMES, "An ended beginning was continued")(
    beam(frozen=None)
)
wrong("beam_step", "what has ended is dropped", NAMES, "An ended beginning is dropped")(
    beam(frozen=lambda V, eos: torch.full((V,), -torch.inf).double())
)
wrong("beam_step", "what has ended stays, with every word", NAMES, "An ended beginning comes V times")(
    beam(frozen=lambda V, eos: torch.zeros(V).double())
)
wrong("beam_step", "only the new word's ln p counts", NAMES, "ln p of the beginning is missing")(
    beam(join=lambda log_p, step: step)
)
wrong("beam_step", "ln p are multiplied, as probabilities are", NAMES, "You multiply logarithms")(
    beam(join=lambda log_p, step: log_p[..., None] * step)
)
wrong("beam_step", "place = word · k + beginning", NAMES, "Your places run over the beginnings first")(
    beam(apart=lambda place, k, V: (place % k, place // k))
)
wrong("beam_step", "word and origin exchanged", NAMES, "the right values in another order")(
    beam(apart=lambda place, k, V: (place % V, place // V))
)
wrong("beam_step", "the smallest, since ln p is negative", NAMES, "You keep the k least likely")(beam(largest=False))
wrong("beam_step", "an ended one has word 0 to say", NAMES, "the word of an ended beginning")(
    beam(frozen=lambda V, eos: torch.full((V,), -torch.inf).double().index_fill(0, torch.tensor(0), 0))
)


@wrong("beam_step", "each beginning is continued by its best word", NAMES, "Each beginning is continued once")
def _(log_p, following, ended, eos):
    best, word = following.max(-1)
    best, word = best.masked_fill(ended, 0), word.masked_fill(ended, eos)
    total, origin = (log_p + best).sort(descending=True)
    return total, origin, word.gather(1, origin)


@wrong("beam_step", "the beam runs over the whole batch", NAMES, "does not run over the batch")
def _(log_p, following, ended, eos):
    B, k, V = following.shape
    stay = torch.full((V,), -torch.inf).double()
    stay[eos] = 0
    total = log_p[..., None] + torch.where(ended[..., None], stay, following)
    best, place = total.flatten().topk(B * k)
    return best.view(B, k), (place // V % k).view(B, k), (place % V).view(B, k)


@wrong("beam_step", "probabilities in place of their logarithms", NAMES, "Your first output are probabilities")
def _(log_p, following, ended, eos):
    best, origin, word = beam()(log_p, following, ended, eos)
    return best.exp(), origin, word


@wrong("beam_step", "the best stands last", NAMES, "likeliest first")
def _(log_p, following, ended, eos):
    return tuple(each.flip(1) for each in beam()(log_p, following, ended, eos))


@wrong("beam_step", "kept in the order of the beginnings", NAMES, "stands in the order of the beginnings")
def _(log_p, following, ended, eos):
    best, origin, word = beam()(log_p, following, ended, eos)
    order = origin.argsort(dim=1, stable=True)
    return tuple(each.gather(1, order) for each in (best, origin, word))


@wrong("beam_step", "only the likeliest beginning is continued", NAMES, "Only the likeliest beginning is continued")
def _(log_p, following, ended, eos):
    step = following.clone()
    step[ended] = -torch.inf
    step[..., eos][ended] = 0
    first = log_p.argmax(1)
    rows = torch.arange(len(first))
    best, word = (log_p[rows, first][:, None] + step[rows, first]).topk(log_p.shape[1])
    return best, first[:, None].expand_as(word).clone(), word


@wrong("beam_step", "following is changed where it lies", NAMES, "changes its input `following` in place")
def _(log_p, following, ended, eos):
    following[ended] = -torch.inf
    following[..., eos][ended] = 0
    return beam(frozen=None)(log_p, following, ended, eos)


@right("machine", "a shelf of longest + 1 places")
def _(V, longest):
    P = longest + 1
    d = P * V
    W_xh = torch.zeros(d, V, dtype=torch.float64)
    W_xh[V : 2 * V] = torch.eye(V)
    W_hh = torch.diag(torch.ones(d - V, dtype=torch.float64), -V)
    W_o = torch.zeros(V + 1, d, dtype=torch.float64)
    W_o[:V, :V] = torch.eye(V)
    b_o = torch.zeros(V + 1, dtype=torch.float64)
    b_o[V] = 0.5
    return W_xh, W_hh, W_hh.T.clone(), W_o, b_o


@right("machine", "Kronecker products")
def _(V, longest):
    I, n = torch.eye(V).double(), longest + 1  # noqa: E741
    shift = torch.diag(torch.ones(longest), -1).double()
    second, first = torch.eye(n).double()[1:2], torch.eye(n).double()[0:1]
    W_o = torch.cat([torch.kron(first, I), torch.zeros(1, n * V).double()])
    b_o = torch.cat([torch.zeros(V), torch.tensor([0.5])]).double()
    reads, back = second.reshape(-1, 1), shift.T.contiguous()
    return torch.kron(reads, I), torch.kron(shift, I), torch.kron(back, I), W_o, b_o


@right("machine", "one loop over letters and places")
def _(V, longest):
    d = V * (longest + 1)
    W_xh, W_hh, W_ss = torch.zeros(d, V), torch.zeros(d, d), torch.zeros(d, d)
    W_o, b_o = torch.zeros(V + 1, d), torch.zeros(V + 1)

    def unit(place, letter):
        return place * V + letter

    for v in range(V):
        W_xh[unit(1, v), v] = 1
        W_o[v, unit(0, v)] = 1
        for p in range(longest):
            W_hh[unit(p + 1, v), unit(p, v)] = 1
            W_ss[unit(p, v), unit(p + 1, v)] = 1
    b_o[V] = 0.3
    return W_xh, W_hh, W_ss, W_o, b_o


@right("machine", "the state that is read from is shifted by the output")
def _(V, longest):
    d = V * longest
    W_xh = torch.cat([torch.eye(V), torch.zeros(d - V, V)]).double()
    W_hh = torch.zeros(d, d).double()
    for k in range(V, d):
        W_hh[k, k - V] = 1
    back = torch.zeros(d + V, d + V).double()
    back[:V, :V] = 0
    wide_x = torch.cat([torch.zeros(V, V).double(), W_xh])
    wide_h = torch.zeros(d + V, d + V).double()
    wide_h[V:, V:] = W_hh
    back[:d, V:] = torch.eye(d)
    W_o = torch.zeros(V + 1, d + V).double()
    W_o[:V, :V] = 2 * torch.eye(V)
    return wide_x, wide_h, back, W_o, torch.tensor([0.0] * V + [1.0]).double()


@right("machine", "a counter for eos beside the shelf, through NumPy")
def _(V, longest):
    n = longest + 1
    d = n * V
    W_xh, W_hh = np.zeros((d, V)), np.eye(d, k=-V)
    W_xh[V : 2 * V] = np.eye(V)
    W_o = np.zeros((V + 1, d))
    W_o[:V, :V] = np.eye(V)
    W_o[V, :V] = -1.0
    b_o = np.append(np.zeros(V), 0.5)
    return tuple(torch.from_numpy(np.ascontiguousarray(a)) for a in (W_xh, W_hh, W_hh.T, W_o, b_o))


def shelf(entry=1, places=1, read=-1, say=1, eos=0.5, grow=1.0, shown=0):
    """A shelf of letters, with one idea of it exchanged."""

    def answer(V, longest):
        n = longest + places
        d = n * V
        W_xh = torch.zeros(d, V).double()
        W_xh[entry * V : (entry + 1) * V] = torch.eye(V)
        W_hh = torch.zeros(d, d).double()
        W_hh += grow * torch.diag(torch.ones(d - abs(read) * V), read * V) if read else torch.eye(d)
        W_ss = torch.diag(torch.ones(d - abs(say) * V), say * V).double() / grow if say else torch.eye(d).double()
        W_o = torch.zeros(V + 1, d).double()
        W_o[:V, shown * V : (shown + 1) * V] = torch.eye(V)
        b_o = torch.zeros(V + 1).double()
        b_o[V] = eos
        return W_xh, W_hh, W_ss, W_o, b_o

    return answer


wrong(
    "machine",
    "the letter is put where it is looked at, and then shifted away",
    NAMES,
    "How often has the state moved",
)(shelf(entry=0))
wrong("machine", "as many places as letters in a string", NAMES, "Is there a place for it")(shelf(places=0))
wrong("machine", "eos has no bias", NAMES, "outputs 2 and <eos> are the largest at step 3")(shelf(eos=0.0))
wrong("machine", "eos has a bias of 1, as a letter", NAMES, "outputs 1 and <eos> are the largest at step 1")(
    shelf(eos=1.0)
)
wrong("machine", "eos is below nothing", NAMES, "b_o has to put <eos> above the letters")(shelf(eos=-0.5))
wrong("machine", "saying shifts the same way as reading", NAMES, "W_o shows no letter of s_1")(shelf(say=-1))
wrong("machine", "the decoder's state stays", NAMES, "W_o shows no letter of s_1")(shelf(say=0))
wrong("machine", "the encoder's state stays, and letters are added", NAMES, "do they lie in the same place")(
    shelf(read=0)
)
wrong("machine", "the second place is shown", NAMES, "How often has the state moved")(shelf(shown=1))
wrong("machine", "weights as (in, out)", NAMES, "W_xh of shape (d, 3)")(
    lambda V, longest: tuple(W.T.contiguous() if W.dim() > 1 else W for W in shelf()(V, longest))
)
wrong("machine", "a shelf for three letters", NAMES, "Is there a place for it")(lambda V, longest: shelf()(V, 3))
wrong("machine", "the first one read is said first", NAMES, "W_o shows no letter of s_1")(
    lambda V, longest: queue(V, longest)
)


def queue(V, longest):
    """A string is copied from where its first letter lies if it is of full length, which is what is thought of."""
    n = longest + 1
    W_xh = torch.zeros(n * V, V).double()
    W_xh[-V:] = torch.eye(V)
    W_hh = torch.diag(torch.ones(longest * V), V).double()
    _, _, _, W_o, b_o = shelf()(V, longest)
    return W_xh, W_hh, W_hh.clone(), W_o, b_o


@wrong("machine", "places as digits: one number for each letter, half as much at each step", GENERAL)
def _(V, longest):
    eye = torch.eye(V).double()
    W_o = torch.cat([eye, torch.zeros(1, V).double()])
    b_o = torch.zeros(V + 1).double()
    b_o[V] = 0.1
    return eye, 0.5 * eye, 2 * eye, W_o, b_o


@right("recovery", "two loops, counted")
def _(said, target, lengths):
    right_, all_ = 0, 0
    for k in range(said.shape[0]):
        for n in range(len(target)):
            if k + 1 < lengths[n]:
                all_ += 1
                right_ += int(said[k, n, k + 1] == target[n, k + 1])
    return right_ / all_


@right("recovery", "the diagonal")
def _(said, target, lengths):
    after = said[:, :, 1:].diagonal(dim1=0, dim2=2)
    counts = torch.arange(1, target.shape[1]) < lengths[:, None]
    return (after == target[:, 1:])[counts].double().mean().item()


@right("recovery", "a pair of indices")
def _(said, target, lengths):
    k = torch.arange(len(said))
    hits = said[k, :, k + 1] == target.T[1:]
    valid = lengths > k[:, None] + 1
    return float((hits & valid).sum() / valid.sum())


@right("recovery", "a list of hits")
def _(said, target, lengths):
    hits = [
        said[k, n, k + 1].item() == target[n, k + 1].item()
        for n, length in enumerate(lengths.tolist())
        for k in range(length - 1)
    ]
    return sum(hits) / len(hits)


@right("recovery", "gather at the place after the error")
def _(said, target, lengths):
    K, N, T = said.shape
    place = torch.arange(1, K + 1)[:, None, None].expand(K, N, 1)
    word = said.gather(2, place)[..., 0]
    wanted = target.expand(K, N, T).gather(2, place)[..., 0]
    weight = (place[..., 0] < lengths).double()
    return ((word == wanted) * weight).sum().item() / weight.sum().item()


def share(place=1, valid=lambda k, n, length: k + 1 < length, mean=None):
    """Share of right words some places after the error, with one idea of it exchanged."""

    def answer(said, target, lengths):
        hits = {}
        for k in range(len(said)):
            for n, length in enumerate(lengths.tolist()):
                if k + place < target.shape[1] and valid(k, n, length):
                    hits.setdefault(mean(k, n) if mean else 0, []).append(
                        (said[k, n, k + place] == target[n, k + place]).item()
                    )
        shares = [sum(h) / len(h) for h in hits.values()]
        return sum(shares) / len(shares)

    return answer


wrong("recovery", "the word at the error itself", NAMES, "You look at place k")(share(place=0))
wrong("recovery", "padding counts", NAMES, "What was said beyond a row's length is counted")(
    share(valid=lambda k, n, length: True)
)
wrong("recovery", "an error at the last word counts as well", NAMES, "One row too many for each k")(
    share(valid=lambda k, n, length: k < length)
)
wrong("recovery", "the mean of the sources' means", NAMES, "the mean over the sources")(share(mean=lambda k, n: n))
wrong("recovery", "the mean of the places' means", NAMES, "the mean over k of the shares")(share(mean=lambda k, n: k))
wrong("recovery", "two places after the error", GENERAL)(
    share(place=2, valid=lambda k, n, length: k + 2 < length or length < 3)
)
wrong("recovery", "the last word of each row is left out", NAMES, "The error before a row's last word is left out")(
    share(valid=lambda k, n, length: k + 2 < length or length == 2)
)


@wrong("recovery", "all words after the error", NAMES, "You average over all places after the error")
def _(said, target, lengths):
    hits = [
        (said[k, n, t] == target[n, t]).item()
        for k in range(len(said))
        for n, length in enumerate(lengths.tolist())
        for t in range(k + 1, length)
    ]
    return sum(hits) / len(hits)


@wrong("recovery", "all words, before the error and after", NAMES, "those before the error among them")
def _(said, target, lengths):
    valid = torch.arange(target.shape[1]) < lengths[:, None]
    return (said == target)[:, valid].double().mean().item()


@wrong("recovery", "the share of the wrong ones", NAMES, "That is the share of errors")
def _(said, target, lengths):
    return 1 - share()(said, target, lengths)


@wrong("recovery", "the number, not the share", NAMES, "That is a number of words")
def _(said, target, lengths):
    return float(
        sum(
            (said[k, n, k + 1] == target[n, k + 1]).item()
            for n, length in enumerate(lengths.tolist())
            for k in range(length - 1)
        )
    )


@wrong("recovery", "only rows of full length", NAMES, "Only the longest rows are counted")
def _(said, target, lengths):
    full = lengths == target.shape[1]
    return share()(said[:, full], target[full], lengths[full])


@right("next_words", "away for all, then what is right")
def _(target, V, forced, free):
    spare = [w for w in range(V) if w not in target]
    table = [spare[0]] * (V + 1)
    read = [V, *target]
    both = min(forced, free)
    for t in range(both):
        table[read[t]] = target[t]
    if forced > free:
        for t in range(both + 1, both + 1 + forced - free):
            table[read[t]] = target[t]
    for j in range(max(0, free - forced)):
        t = both + 2 * j
        table[read[t]] = spare[1 + j]
        table[spare[1 + j]] = target[t + 1]
    return table


@right("next_words", "a dictionary of what is said after a word")
def _(target, V, forced, free):
    reads = dict(enumerate([V, *target[:-1]]))
    outside = sorted(set(range(V)) - set(target), reverse=True)
    says = {}
    t = 0
    while t < min(forced, free):
        says[reads[t]] = target[t]
        t += 1
    if free > forced:
        for _ in range(free - forced):
            detour = outside.pop()
            says[reads[t]] = detour
            says[detour] = target[t + 1]
            t += 2
    else:
        for later in range(len(target) - (forced - free), len(target)):
            says[reads[later]] = target[later]
    lost = outside.pop()
    return [says.get(word, lost) for word in range(V + 1)]


def lost(away=lambda target, V, spare: spare[0], later=1, exchanged=False, detours=1):
    """A table of words, with one idea of it exchanged."""

    def answer(target, V, forced, free):
        if exchanged:
            forced, free = free, forced
        spare = [w for w in range(V) if w not in target]
        table, read, both = [away(target, V, spare)] * (V + 1), [V, *target], min(forced, free)
        for t in [*range(both), *range(both + later, both + later + forced - free)]:
            if t < len(target):
                table[read[t]] = target[t]
        for j in range(max(0, free - forced) * detours):
            t = both + 2 * j
            table[read[t]], table[spare[1 + j]] = spare[1 + j], target[t + 1]
        return table

    return answer


wrong("next_words", "whoever is lost comes back to the first word", GENERAL)(
    lost(away=lambda target, V, spare: target[0])
)
wrong("next_words", "whoever is lost says sos", NAMES, "each from 0 to 14")(lost(away=lambda target, V, spare: V))
wrong("next_words", "forced and free exchanged", GENERAL)(lost(exchanged=True))
wrong("next_words", "the entries behind the error follow at once", NAMES, "so that has to come at place 1")(
    lost(later=0)
)
wrong("next_words", "free is never more than forced", NAMES, "What may be said after them")(lost(detours=0))
wrong("next_words", "the perfect table", GENERAL)(
    lambda target, V, forced, free: lost()(target, V, len(target), len(target))
)
wrong("next_words", "the first `forced` entries are right", NAMES, "so that has to come at place 1")(
    lambda target, V, forced, free: lost()(target, V, forced, forced)
)
wrong("next_words", "the first `free` entries are right", GENERAL)(
    lambda target, V, forced, free: lost()(target, V, free, free)
)
wrong("next_words", "a table without a line for sos", NAMES, "a list of 16 words")(
    lambda target, V, forced, free: lost()(target, V, forced, free)[:-1]
)


@wrong("next_words", "sos has the first line", NAMES, "<sos> is word V, and has the last one")
def _(target, V, forced, free):
    table = lost()(target, V, forced, free)
    return [table[-1], *table[:-1]]


@wrong("next_words", "a dictionary", NAMES, "a list of 16 words")
def _(target, V, forced, free):
    return dict(enumerate(lost()(target, V, forced, free)))
