"""6.1, second part: the variance of a score."""

from rnn2attn_grading.questions.chapter06.q1_scores import QUESTION

TEXT = r"""
**What the division rests on.** The chapter has it that a score $q \cdot k$ has variance $d_k$, where all entries are
independent, of mean 0 and variance 1. Nothing keeps trained queries and keys at that mean and that variance. Return
the variance of the score, before any division, where the entries are still independent, but those of the query have
one mean and variance, and those of the key another. Before you derive it: what is the variance for $d_k = 64$, means
of 0, and variances of 4 and ¼?
"""


def score_variance(d_k, mean_q, var_q, mean_k, var_k):
    """Variance of the dot product of a query and a key, all entries independent.

    Args:
        d_k: entries of each.
        mean_q: of an entry of the query.
        var_q: its variance.
        mean_k: of an entry of the key.
        var_k: its variance.

    Returns:
        The variance of q · k, a float.
    """
    return d_k * (var_q * var_k + mean_q**2 * var_k + mean_k**2 * var_q)


PART = QUESTION.part(score_variance, 1, text=TEXT)


def inputs(draw, d_k, means=True):
    """Variances far from 1; the means, if any, are as large as the spread."""
    return {
        "d_k": d_k,
        "mean_q": means * draw.choice(-1, 1) * draw.uniform(1.1, 2),
        "var_q": draw.uniform(0.3, 0.9),
        "mean_k": means * draw.choice(-1, 1) * draw.uniform(0.5, 0.9),
        "var_k": draw.uniform(1.2, 3),
    }


@PART.cases
def cases(draw):
    known = {"mean_q": 0.0, "var_q": 4.0, "mean_k": 0.0, "var_k": 0.25}
    yield "variances of 4 and ¼", {"d_k": 64, **known}
    yield "means of 0", inputs(draw, draw.choice(17, 19, 23), means=False)
    yield "other means", inputs(draw, draw.choice(5, 7, 11))
    yield (
        "a mean of 0 in the query alone",
        inputs(draw, draw.choice(5, 7, 11)) | {"mean_q": 0.0},
    )


@PART.edges
def edges(draw):
    yield "one entry", inputs(draw, 1)
    yield (
        "a mean of 0 in the key alone",
        inputs(draw, draw.choice(5, 7, 11)) | {"mean_k": 0.0},
    )
    yield "a query that does not vary", inputs(draw, 7) | {"var_q": 0.0}


@PART.mistake(
    "That is the standard deviation, the number by which scores are divided. "
    "Asked is the variance, its square."
)
def deviation(*given):
    return score_variance(*given) ** 0.5


@PART.mistake(
    "Two things. That is the standard deviation, and the variance, its square, "
    "is asked. And means other than 0 count."
)
def deviation_without_means(d_k, mean_q, var_q, mean_k, var_k):
    return (d_k * var_q * var_k) ** 0.5


@PART.mistake(
    "Right for means of 0. With others each product q_j k_j varies more: write "
    "q = mean + rest, and multiply out."
)
def without_means(d_k, mean_q, var_q, mean_k, var_k):
    return d_k * var_q * var_k


@PART.mistake(
    "That is the variance after the division by √d_k. Asked is the score "
    "itself."
)
def after_scaling(d_k, *given):
    return score_variance(1, *given)


@PART.mistake(
    "Variances of independent terms add, so that d_k of them make d_k times "
    "one. The square belongs to a constant factor."
)
def d_squared(d_k, *given):
    return d_k * score_variance(d_k, *given)


@PART.mistake(
    "Two things. Variances of independent terms add, so that d_k of them make "
    "d_k times one. And means other than 0 count."
)
def d_squared_without_means(d_k, mean_q, var_q, mean_k, var_k):
    return d_k**2 * var_q * var_k


@PART.mistake(
    "That is d_k times the mean square of a product. Its variance is less, by "
    "the square of its mean."
)
def mean_squares(d_k, mean_q, var_q, mean_k, var_k):
    return d_k * (var_q + mean_q**2) * (var_k + mean_k**2)


@PART.mistake(
    "You add the variances of the query and the key. Entries are multiplied, "
    "and only then added."
)
def variances_added(d_k, mean_q, var_q, mean_k, var_k):
    return d_k * (var_q + var_k)


@PART.mistake(
    "The means are exchanged: what one varies is multiplied by the mean of the "
    "other."
)
def means_exchanged(d_k, mean_q, var_q, mean_k, var_k):
    return score_variance(d_k, mean_k, var_q, mean_q, var_k)


@PART.mistake(
    "You squared the variances. They are the squares already, of the standard "
    "deviations."
)
def variances_squared(d_k, mean_q, var_q, mean_k, var_k):
    return score_variance(d_k, mean_q, var_q**2, mean_k, var_k**2)


@PART.mistake("You did not square the means.")
def means_not_squared(d_k, mean_q, var_q, mean_k, var_k):
    return d_k * (var_q * var_k + mean_q * var_k + mean_k * var_q)


@PART.mistake(
    "That is the variance of one product. A score is a sum of d_k of them."
)
def one_product_without_means(d_k, mean_q, var_q, mean_k, var_k):
    return var_q * var_k


@PART.mistake(
    "d_k is right where all means are 0 and the variances multiply to 1. Here "
    "they are given, and others."
)
def d_k_alone(d_k, *given):
    return float(d_k)
