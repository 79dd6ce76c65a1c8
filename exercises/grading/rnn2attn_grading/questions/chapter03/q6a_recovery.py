"""3.6, first part: a recovery computed."""

import torch

from rnn2attn_grading.questions.chapter03.q6_gap import QUESTION

TEXT = r"""
**Right after an error.** In an experiment the same N sources were decoded once for each place k = 1, 2, … Each time a
decoder ran freely, except that after place k it read a wrong word in place of what it had said. `said[k − 1]` is what
it said then, at every place. Here is what becomes of it for a target of four words, in a batch whose longest has
five:

| wrong word read after | place 1 | place 2 | place 3 | place 4 | place 5 |
|---|---|---|---|---|---|
| place 1 | before | **counts** | later | later | no word |
| place 2 | before | before | **counts** | later | no word |
| place 3 | before | before | before | **counts** | no word |
| place 4 | before | before | before | before | no word |

Return the share of right words at place k + 1, right after the error, over all pairs of a source and a place k that
has a word after it, so three for this one. Each such pair counts once. Lengths differ, and what was said beyond a
row's length does not count.
"""


def recovery(said, target, lengths):
    """Share of words that are right just after a planted error.

    Args:
        said: word at each place, for each place of the error, int64,
            (T' − 1, N, T').
        target: the right words, int64, (N, T').
        lengths: words in each row of target, 1 … T', one of them more than 1,
            int64, (N,).

    Returns:
        A float from 0 to 1.
    """
    right = tried = 0
    for k in range(1, target.shape[1]):
        rows = lengths > k
        right += (said[k - 1, rows, k] == target[rows, k]).sum().item()
        tried += rows.sum().item()
    return right / tried


PART = QUESTION.part(recovery, 1, text=TEXT, difficulty=2)


def inputs(draw, V, *lengths):
    """Of six words five are right before the error, two just after it, four later; beyond a row's end all are."""
    N, T = len(lengths), max(lengths)
    counts, target = torch.tensor(lengths), draw.integers(V, N, T)
    place, k = torch.arange(T), torch.arange(1, T)[:, None, None]
    sixths = 5 - 3 * (place == k).long() - (place > k).long()
    right = draw.integers(6, T - 1, N, T) < sixths
    right = right & (place < counts[:, None])
    said = target.where(right, (target + 1 + draw.integers(V - 1, N, T)) % V)
    said = said.where(place < counts[:, None], target)
    return {"said": said, "target": target, "lengths": counts}


@PART.cases
def cases(draw):
    yield "lengths from 1 to 7", inputs(draw, 10, 7, 3, 1, 5, 7, 4)
    yield "rows of one length", inputs(draw, 10, 5, 5, 5)
    yield "one source", inputs(draw, 10, 7)
    yield "two places", inputs(draw, 3, 2, 2, 1, 2, 2)


@PART.edges
def edges(draw):
    yield "many sources", inputs(draw, 10, *[11, 7, 2, 5, 9, 3, 8] * 3)
    never = inputs(draw, 10, 5, 3, 4)
    yield "never right", never | {"said": (never["said"] * 0 + 11)}
    always = inputs(draw, 10, 4, 5, 2)
    always["said"] = always["target"].expand_as(always["said"]).clone()
    yield "always right", always
    yield "as many sources as places", inputs(draw, 10, 4, 2, 4, 3)


def table(said, target, lengths):
    """Right or not, and whether it counts, by (k, row, place)."""
    place = torch.arange(target.shape[1])
    real = (place < lengths[:, None]).expand_as(said)
    k = torch.arange(1, len(place))[:, None, None].expand_as(said)
    return said == target, real, place.expand_as(said), k


def share(choose):
    """A share over the places that `choose` finds in (real, place, k)."""

    def answer(said, target, lengths):
        right, *where = table(said, target, lengths)
        return right[choose(*where)].double().mean().item()

    return answer


at_the_error = PART.mistake(
    "You look at place k itself. What was said there was said before the wrong "
    "word was read."
)(share(lambda real, place, k: real & (place == k - 1)))
one_too_late = PART.mistake(
    "You look at the second place after the error. The word just after it "
    "stands at place k + 1, and that is index k."
)(share(lambda real, place, k: real & (place == k + 1)))
all_after = PART.mistake(
    "You average over all places after the error. That counts what the first "
    "word after it does to the others as well."
)(share(lambda real, place, k: real & (place >= k)))
all_places = PART.mistake(
    "You average over all places, those before the error among them."
)(share(lambda real, place, k: real))
padding_counted = PART.mistake(
    "What was said beyond a row's length is counted. In a row of n words there "
    "is no word after place n."
)(share(lambda real, place, k: place == k))
length_counted = PART.mistake(
    "One row too many for each k: a row of k words has no place k + 1."
)(share(lambda real, place, k: (place == k) & real.roll(1, dims=-1)))
first_error = PART.mistake(
    "You look at the error after place 1 alone. It was planted after every "
    "place."
)(share(lambda real, place, k: real & (place == k) & (k == 1)))
full_rows = PART.mistake(
    "Only the longest rows are counted. A shorter one has places after an "
    "error as well."
)(share(lambda real, place, k: (place == k) & real.all(dim=-1, keepdim=True)))


@PART.mistake(
    "That is the mean over k of the shares at each k. Late places have fewer "
    "rows; each pair of a row and a place counts once."
)
def mean_of_means(said, target, lengths):
    right, real, place, k = table(said, target, lengths)
    at = (real & (place == k)).double()
    return ((right * at).sum(dim=(1, 2)) / at.sum(dim=(1, 2))).mean().item()


@PART.mistake("That is the share of errors. Asked is the share of right words.")
def share_of_errors(said, target, lengths):
    return 1 - recovery(said, target, lengths)


@PART.mistake(
    "That is a number of words. Divide it by how often an error was followed "
    "by a word."
)
def number_of_words(said, target, lengths):
    right, real, place, k = table(said, target, lengths)
    return (right & real & (place == k)).sum().item() * 1.0


@PART.mistake(
    "You divide by all pairs of a row and a place k, also by those in which no "
    "word comes after place k."
)
def divided_by_all(said, target, lengths):
    pairs = said.shape[0] * said.shape[1]
    return number_of_words(said, target, lengths) / pairs


@PART.mistake(
    "You look at place k, where the wrong word was read after. What was said "
    "there was said before; asked is the word at place k + 1."
)
def at_the_error_before_a_word(said, target, lengths):
    right, _, place, k = table(said, target, lengths)
    at = (place == k - 1) & (k < lengths[:, None])
    return right[at].double().mean().item()


@PART.mistake(
    "That is the mean over the sources of their shares. A long one has more "
    "places; each pair of a row and a place counts once."
)
def mean_over_sources(said, target, lengths):
    right, real, place, k = table(said, target, lengths)
    at = (real & (place == k)).double()
    found, pairs = (right * at).sum(dim=(0, 2)), at.sum(dim=(0, 2))
    return (found[pairs > 0] / pairs[pairs > 0]).mean().item()


@PART.mistake(
    "The error before a row's last word is left out. A word comes after it, "
    "the last one."
)
def last_word_left_out(said, target, lengths):
    right, real, place, k = table(said, target, lengths)
    at = (place == k) & ((k < lengths[:, None] - 1) | (lengths[:, None] == 2))
    return right[at & real].double().mean().item()
