"""6.3, first part: a causal mask with an offset, and padding on the left."""

import torch

from rnn2attn_grading.questions.chapter06.q3_cache import QUESTION
from rnn2attn_grading.questions.chapter06.ready_made import READY_MADE

TEXT = r"""
**The mask.** A batch has T columns, and the last T′ of them ask queries: T′ = T when sentences are read at once, 1
when the next word is said, and something between when a piece of text is read. The rows differ in length. They are
padded *on the left*, so that the newest word of each stands in the last column: row $b$ has its words in the last
`lengths[b]` columns. A query may use every key that is a word and stands no further right than itself. A query can be
padding, too. There is no such key for it, and a softmax over nothing is not a number; so it may use the key of its
own place, and no other. Here is what may be used in a row of two words, *go on*, with T = 5 and T′ = 4:

| query | key 0, padding | key 1, padding | key 2, padding | key 3, *go* | key 4, *on* |
|---|---|---|---|---|---|
| 1, padding | no | **yes** | no | no | no |
| 2, padding | no | no | **yes** | no | no |
| 3, *go* | no | no | no | **yes** | no |
| 4, *on* | no | no | no | **yes** | **yes** |
"""


def decoding_mask(lengths, T_query, T):
    """Which keys the newest queries of a padded batch may use.

    Args:
        lengths: words in each row, the last ones, 1 … T, int64, (B,).
        T_query: number T′ of queries; they are the last T′ of the T columns.
        T: number of keys.

    Returns:
        Bool, True where a key may be used, (B, T′, T).
    """
    key = torch.arange(T)
    query = key[T - T_query :, None]
    first = torch.minimum(T - lengths[:, None, None], query)
    return (first <= key) & (key <= query)


PART = QUESTION.part(decoding_mask, 3, forbidden=READY_MADE[:2], text=TEXT)


def inputs(T_query, T, *lengths):
    return {"lengths": torch.tensor(lengths), "T_query": T_query, "T": T}


@PART.cases
def cases(draw):
    yield "all read at once", inputs(5, 5, 5, draw.choice(2, 3), 1)
    yield "one query", inputs(1, 5, draw.choice(2, 4), 5, 1, 3)
    yield "three queries, all of words", inputs(3, 7, 7, draw.choice(4, 5, 6))
    yield "some queries are padding", inputs(4, 7, draw.choice(5, 6), 2, 7)
    yield "one row, without padding", inputs(2, 3, 3)


@PART.edges
def edges(draw):
    lengths = (1 + draw.integers(11, 5)).tolist()
    yield "five rows", inputs(draw.choice(5, 7), 11, *lengths)
    yield "one word", inputs(1, 1, 1, 1)
    yield "nothing but padding before the last", inputs(3, 3, 1, 1)


def mask(
    lengths, T_query, T, *, aligned=0, word=None, causal=None, itself=True
):
    """The right answer with one part of it replaced; `aligned` is the column of the first query, from T − T′."""
    key = torch.arange(T)
    query = torch.arange(T_query)[:, None] + (T - T_query) + aligned
    padding = T - lengths[:, None, None]
    seen = word(key, padding) if word else key >= padding
    seen = seen & (causal(key, query) if causal else key <= query)
    return seen | (key == query) if itself else seen


def all_keys(key, query):
    return key == key


@PART.mistake(
    "Your first query stands in the first column. The queries are the newest: "
    "the last of them stands in the last column, and sees it."
)
def from_the_top(lengths, T_query, T):
    return mask(lengths, T_query, T, aligned=T_query - T)


@PART.mistake(
    "The mask is inverted. Here True means that a key may be used, as in "
    "`F.scaled_dot_product_attention`; `nn.MultiheadAttention` has it the "
    "other way round."
)
def inverted(*given):
    return ~decoding_mask(*given)


@PART.mistake(
    "The wrong triangle: each query sees itself and what comes after it, in "
    "place of what came before."
)
def other_triangle(*given):
    return mask(*given, causal=lambda key, query: key >= query)


@PART.mistake(
    "Your words do not see themselves. A query may use every key that stands "
    "no further right than itself, its own among them."
)
def not_itself(*given):
    return mask(*given, causal=lambda key, query: key < query, itself=False)


@PART.mistake(
    "Your words do not see themselves, but for the first of a row, which would "
    "have no key. Each may use its own place, as well as those before it."
)
def itself_only_if_nothing_else(*given):
    seen = not_itself(*given)
    own = mask(*given) & mask(*given, causal=lambda key, query: key >= query)
    return seen | (own & ~seen.any(dim=2, keepdim=True))


@PART.mistake(
    "A query that is padding is right. Your words do not see themselves, and "
    "the first of a row sees nothing: a word may use its own place."
)
def words_not_themselves(lengths, T_query, T):
    right = decoding_mask(lengths, T_query, T)
    query = torch.arange(T - T_query, T)[:, None]
    own = torch.arange(T) == query
    return right & ~(own & (query >= T - lengths[:, None, None]))


@PART.mistake(
    "You have the padding on the right. Row b has its words in the last "
    "lengths[b] columns."
)
def padding_on_the_right(lengths, T_query, T):
    return mask(
        lengths,
        T_query,
        T,
        word=lambda key, padding: key < T - padding,
    )


@PART.mistake(
    "Right but for the lengths: the padding of the shorter rows may be used "
    "as if it were words."
)
def padding_seen(*given):
    return mask(*given, word=lambda key, padding: key >= 0 * padding)


@PART.mistake(
    "Right but for the order: each query sees the words after it as well."
)
def future_seen(*given):
    return mask(*given, causal=all_keys)


@PART.mistake(
    "Right, except where a query is padding: it has no key at all, and its "
    "softmax would not be a number. It may use its own."
)
def padding_without_a_key(*given):
    return mask(*given, itself=False)


@PART.mistake(
    "Right, except where a query is padding: it may use all keys. Only its own "
    "was allowed."
)
def padding_sees_all(*given):
    seen = mask(*given, itself=False)
    return seen | ~seen.any(dim=2, keepdim=True)


@PART.mistake(
    "Right, except where a query is padding: it may use the row's first word, "
    "which stands to its right. Only its own place was allowed."
)
def padding_sees_the_first_word(*given):
    seen = mask(*given, itself=False)
    first = mask(
        *given,
        word=lambda key, padding: key == padding,
        causal=all_keys,
        itself=False,
    )
    return seen | (first & ~seen.any(dim=2, keepdim=True))


@PART.mistake(
    "A query that is padding is right. One that is a word sees the words after "
    "it as well."
)
def future_seen_by_words(lengths, T_query, T):
    query = torch.arange(T - T_query, T)[:, None]
    is_word = query >= T - lengths[:, None, None]
    words = mask(lengths, T_query, T, causal=all_keys, itself=False)
    return torch.where(is_word, words, decoding_mask(lengths, T_query, T))


@PART.mistake(
    "You take the first lengths[b] columns of a row for its padding. The "
    "padding is what is left of the T columns."
)
def lengths_of_padding(lengths, T_query, T):
    return mask(
        lengths,
        T_query,
        T,
        word=lambda key, padding: key >= T - padding,
        itself=False,
    )


@PART.mistake(
    "One word too few in each row: the first word is taken for padding."
)
def first_word_lost(*given):
    return mask(*given, word=lambda key, padding: key > padding)


@PART.mistake(
    "One word too many in each padded row: the last place of the padding is "
    "taken for a word."
)
def one_too_many(*given):
    return mask(*given, word=lambda key, padding: key >= padding - 1)


@PART.mistake(
    "Two things. Your first query stands in the first column, and it should "
    "stand in column T − T′. And a query that is padding has no key."
)
def from_the_top_without_a_key(lengths, T_query, T):
    return mask(lengths, T_query, T, aligned=T_query - T, itself=False)


@PART.mistake(
    "You have the padding on the right, where each query has a key. It lies on "
    "the left: row b has its words in the last lengths[b] columns."
)
def padded_right_without_a_key(lengths, T_query, T):
    return mask(
        lengths,
        T_query,
        T,
        word=lambda key, padding: key < T - padding,
        itself=False,
    )


@PART.mistake(
    "Two things. Your first query stands in the first column, and it should "
    "stand in column T − T′. And you have the padding on the right."
)
def from_the_top_padded_right(lengths, T_query, T):
    return mask(
        lengths,
        T_query,
        T,
        aligned=T_query - T,
        word=lambda key, padding: key < T - padding,
        itself=False,
    )
