"""1.6, first part: after how many steps the bound is small."""

import math

from rnn2attn_grading.questions.chapter01.q6_certain import QUESTION

TEXT = r"""
**How soon.** After $k$ steps the bound is $(\gamma\sigma)^k$. Return the smallest whole number $k \ge 0$ for
which it is below $\varepsilon$, for $0 < \gamma\sigma < 1$. A bound that equals $\varepsilon$ is not below it.
"""


def steps_until(sigma, gamma, eps):
    """Steps after which the bound on the gradient is below eps.

    Args:
        sigma: the number of W_hh in the bound.
        gamma: steepest slope of the nonlinearity; 0 < gamma · sigma < 1.
        eps: above 0.

    Returns:
        The smallest k ≥ 0 with (gamma · sigma)^k < eps, an int.
    """
    k = 0
    while (gamma * sigma) ** k >= eps:
        k += 1
    return k


PART = QUESTION.part(steps_until, 1, text=TEXT)


def until(draw, sigma, gamma):
    bound = (sigma * gamma) ** draw.choice(2, 3, 5, 7)
    # Half-way to the next power, far from where rounding could decide.
    eps = round(bound * (1 + sigma * gamma) / 2, 6)
    return {"sigma": sigma, "gamma": gamma, "eps": eps}


@PART.cases
def until_cases(draw):
    yield "tanh", until(draw, draw.uniform(0.6, 0.9), 1.0)
    yield "the logistic function", until(draw, draw.uniform(2.0, 3.6), 0.25)
    yield "equality", {"sigma": 2.0, "gamma": 0.25, "eps": 0.125}
    yield "a slope of one half", until(draw, draw.uniform(0.5, 0.9), 0.5)
    yield "many steps", {"sigma": 0.9, "gamma": 1.0, "eps": 0.001}
    yield "eps above one", {"sigma": 0.5, "gamma": 1.0, "eps": 3.0}


@PART.edges
def until_edges(draw):
    yield "equality, tanh", {"sigma": 0.5, "gamma": 1.0, "eps": 0.0625}
    yield "eps of one", {"sigma": 0.5, "gamma": 1.0, "eps": 1.0}
    yield "very many steps", {"sigma": 3.96, "gamma": 0.25, "eps": 1e-9}


@PART.mistake("One step too early: the bound has to be below eps, strictly.")
def one_too_early(sigma, gamma, eps):
    return max(0, steps_until(sigma, gamma, eps) - 1)


@PART.mistake("One step too late: k = 0 is the bound before any step, 1.")
def one_too_late(sigma, gamma, eps):
    return steps_until(sigma, gamma, eps) + 1


@PART.mistake(
    "Right unless the bound equals eps: it has to be below. "
    "`ceil(log(eps) / log(γσ))` stops at equality."
)
def stops_at_equality(sigma, gamma, eps):
    k = 0
    while (gamma * sigma) ** k > eps:
        k += 1
    return k


@PART.mistake(
    "γ belongs to every step: the bound is (γσ)^k, and yours is γ σ^k. With "
    "σ above 1 that never comes down."
)
def gamma_once(sigma, gamma, eps):
    return math.floor(math.log(eps / gamma) / math.log(sigma)) + 1


@PART.mistake(
    "γ is missing: the slope of the nonlinearity shrinks the gradient in "
    "every step, too."
)
def no_gamma(sigma, gamma, eps):
    return math.floor(math.log(eps) / math.log(sigma)) + 1


@PART.mistake(
    "You begin at one step. Where eps is above 1, the bound is below it before "
    "any step, and k = 0."
)
def one_at_least(sigma, gamma, eps):
    return max(1, steps_until(sigma, gamma, eps))
