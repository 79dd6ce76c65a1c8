"""1.6, follow-up: matrices that mislead a rule of thumb."""

import torch

from rnn2attn_grading.questions.chapter01.q6_certain import QUESTION

TEXT = r"""
**What misleads.** Three rules of thumb are in use. Each says `"vanishes"` if some number is below 1, and else
`"cannot tell"`. The number is the largest $|\lambda|$ of $W$ for the rule `"radius"`, the largest $|w_{ij}|$ for
`"largest entry"`, and $\sqrt{\sum_{ij} w_{ij}^2}$ for `"frobenius"`. For each rule give a matrix about which it
says something else than a right `verdict` does, with tanh. If your own `verdict` used one of these, this is where
it fails.
"""


def counterexample(rule):
    """A matrix that misleads a rule of thumb, with tanh.

    Args:
        rule: "radius", "largest entry" or "frobenius".

    Returns:
        A square matrix with two rows or more, a tensor of floats.
    """
    if rule == "radius":
        return torch.tensor([[0.5, 10.0], [0.0, 0.5]])
    if rule == "largest entry":
        return torch.full((3, 3), 0.9)
    return 0.9 * torch.eye(4)


PART = QUESTION.part(counterexample, 1, view="misleading", text=TEXT)


RULES = ("radius", "largest entry", "frobenius")


@PART.cases
def rules(draw):
    for name in RULES:
        yield f"the rule {name!r}", {"rule": name}


@PART.edges
def rules_again(draw):
    """So many that nobody can say beforehand which rule a call is for."""
    for name in (draw.choice(*RULES) for _ in range(10)):
        yield f"the rule {name!r}", {"rule": name}


@PART.mistake("No error of the rule 'radius' shows here.")
def identity(rule):
    return 0.5 * torch.eye(2)


@PART.mistake("No error of the rule 'radius' shows here.")
def rotation(rule):
    return torch.tensor([[0.0, -2.0], [2.0, 0.0]])


@PART.mistake("No error of the rule 'largest entry' shows here.")
def one_for_all(rule):
    return torch.tensor([[0.5, 10.0], [0.0, 0.5]])


@PART.mistake("a square matrix with two rows or more")
def a_number(rule):
    return torch.tensor([[0.5]])
