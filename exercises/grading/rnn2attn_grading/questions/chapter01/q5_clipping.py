"""1.5: clipping by norm."""

import math

import torch
import torch.nn.functional as F

from rnn2attn.clipping import angle
from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Write clipping by norm. The tensors of the list are one gradient $g$; its norm is taken over all entries together.
If it is larger than `max_norm`, the whole is shortened to it; if not, nothing changes.

Return the tensors after clipping and the norm before it. Tensors that are shortened are new ones. Not allowed:
`clip_grad_norm_` and its relatives in `torch.nn.utils`, and the library's `clipping`. Checked: the tensors, the
norm, and that gradients of zero stay zero. A gradient that is shortened should still point where it did.
"""

HINTS = r"""
"The norm over all entries together": neither a norm for each tensor, nor a limit for each entry. Which single
number do all tensors get multiplied by?

$\lVert g \rVert = \sqrt{\sum_k \sum_i g_{k,i}^2}$ over all tensors k and their entries i. The factor is max_norm /
‖g‖ where ‖g‖ is larger than max_norm, and else 1. What happens to your factor at ‖g‖ = 0?

Add `(g * g).sum()` of all tensors, take one root. If that norm is at most `max_norm`, return the list as it is and
the norm; if not, a new list of `g * (max_norm / norm)`, and the norm from before.
"""

QUESTION = Question(
    "1.5", "Clipping by norm", TEXT, minutes=15, difficulty=1, hints=HINTS
)


def clip_by_norm(grads, max_norm):
    """Shorten a gradient to a norm, if it is longer.

    Args:
        grads: a list of tensors of any shapes, together one gradient.
        max_norm: the largest norm allowed, above 0.

    Returns:
        The tensors after clipping, as a list, and the norm over all of them
        before clipping, a number.
    """
    norm = math.sqrt(sum((g * g).sum() for g in grads))
    if norm <= max_norm:
        return grads, norm
    return [g * (max_norm / norm) for g in grads], norm


PART = QUESTION.part(
    clip_by_norm, 3, forbidden=("torch.nn.utils", "rnn2attn.clipping")
)


@QUESTION.now("""
Clipping is for a loss that jumps. A network learns to remember the first of twelve letters, with plain gradient
descent at a rate that is too bold, once as it is and once with your function between gradient and update. Before
you run the cell: the direction of every update stays the same. So why should its length matter so much?
""")
def keep_calm(clip_by_norm):
    from torch import nn

    from rnn2attn import plots
    from rnn2attn.tasks.memory import remember

    curves = {}
    for label, clips in (("as it is", False), ("clipped", True)):
        torch.manual_seed(4)
        rnn, output = nn.RNN(4, 24, batch_first=True), nn.Linear(24, 4)
        nn.init.orthogonal_(rnn.weight_hh_l0)
        rnn.weight_hh_l0.data *= 1.4
        weights = [*rnn.parameters(), *output.parameters()]
        losses = curves[label] = []
        for _ in range(250):
            x, first = remember(32, 12)
            loss = F.cross_entropy(output(rnn(x)[1][0]), first)
            losses.append(loss.item())
            grads = list(torch.autograd.grad(loss, weights))
            if clips:
                grads, _ = clip_by_norm(grads, 0.5)
            for weight, g in zip(weights, grads, strict=True):
                weight.data -= 0.5 * g
        print(f"{label}: largest loss {max(losses):.1f}")
    return plots.lines(curves, xlabel="update", ylabel="loss in nats")


def tensors(draw, *shapes, scale=1.0):
    return [draw.normal(*shape, scale=scale) for shape in shapes]


@PART.cases
def cases(draw):
    long = [draw.normal(3, 5, scale=2.0), draw.normal(7, scale=0.6)]
    yield "a long gradient", {"grads": long, "max_norm": 1.5}
    short = tensors(draw, (2, 3), (5,), scale=0.1)
    yield "a short gradient", {"grads": short, "max_norm": 2.0}
    unequal = [draw.normal(2, 2, scale=30.0), draw.normal(3, scale=0.1)]
    yield "one tensor far larger", {"grads": unequal, "max_norm": 1.0}
    zeros = [torch.zeros(2, 3).double(), torch.zeros(5).double()]
    yield "zeros", {"grads": zeros, "max_norm": 1.0}
    yield "one tensor", {"grads": tensors(draw, (2, 3)), "max_norm": 0.5}


@PART.edges
def edges(draw):
    three_four = [torch.tensor([3.0, 0.0]), torch.tensor([[0.0], [-4.0]])]
    three_four = [g.double() for g in three_four]
    yield "the norm is the limit", {"grads": three_four, "max_norm": 5.0}
    huge = tensors(draw, (3,), (2, 2, 2), scale=1e6)
    yield "a huge gradient", {"grads": huge, "max_norm": 10.0}
    negative = [-draw.normal(5).abs(), -draw.normal(2, 2).abs()]
    yield "all negative", {"grads": negative, "max_norm": 0.7}


def norm_of(grads):
    return torch.cat([g.flatten() for g in grads]).norm()


def turned(inputs, output):
    """Degrees by which an answer turns the gradient."""
    return f"{angle(inputs['grads'], output[0]):.0f}°"


@PART.mistake(
    lambda inputs, output: (
        "Every tensor keeps its direction, and the whole does not: it turned "
        f"by {turned(inputs, output)}. Take one norm over all tensors."
    )
)
def each_by_its_own(grads, max_norm):
    clipped = [g * min(1, max_norm / (g.norm() + 1e-300)) for g in grads]
    return clipped, norm_of(grads)


@PART.mistake(
    "A short gradient was made longer. Clipping only shortens: the factor is "
    "min(1, max_norm / norm)."
)
def scaled_up(grads, max_norm):
    norm = norm_of(grads)
    return [g * max_norm / norm for g in grads], norm


@PART.mistake(
    lambda inputs, output: (
        "That is clipping by value: the whole turned by "
        f"{turned(inputs, output)}. Multiply all tensors by one factor."
    )
)
def by_value(grads, max_norm):
    return [g.clamp(-max_norm, max_norm) for g in grads], norm_of(grads)


@PART.mistake(
    "The tensors are right. As the norm, return what was measured before "
    "clipping, as PyTorch does: that is what one wants to plot."
)
def norm_after(grads, max_norm):
    norm = norm_of(grads)
    clipped = [g * min(1, max_norm / norm) for g in grads]
    return clipped, norm_of(clipped)


@PART.mistake("All-zero gradients must stay zero; yours divide 0 by 0.")
def zero_by_zero(grads, max_norm):
    norm = norm_of(grads)
    return [g / norm * min(norm, max_norm) for g in grads], norm


@PART.mistake("Your norm is the square of the norm: the root is missing.")
def no_root(grads, max_norm):
    norm = norm_of(grads) ** 2
    return [g * min(1, max_norm / norm) for g in grads], norm


@PART.mistake("Your norm is the sum of the sizes, the 1-norm. Take the 2-norm.")
def sum_of_sizes(grads, max_norm):
    norm = sum(g.abs().sum() for g in grads)
    return [g * min(1, max_norm / norm) for g in grads], norm


@PART.mistake(
    "Your norm is the sum of the tensors' norms, which is larger than that "
    "of the whole. Add the squares, then take one root."
)
def sum_of_norms(grads, max_norm):
    norm = sum(g.norm() for g in grads)
    return [g * min(1, max_norm / norm) for g in grads], norm


@PART.mistake("Your norm is the largest entry. Take the 2-norm.")
def largest_entry(grads, max_norm):
    norm = max(g.abs().max() for g in grads)
    return [g * min(1, max_norm / norm) for g in grads], norm


@PART.mistake(
    "Very nearly: you divide by the norm plus a small number, as PyTorch "
    "does. Here the clipped norm is to be max_norm itself."
)
def a_little_more(grads, max_norm):
    norm = norm_of(grads)
    return [g * min(1, max_norm / (norm + 1e-6)) for g in grads], norm


@PART.mistake(
    "What is too long comes out with the norm 1. It is to have the norm "
    "max_norm."
)
def to_length_one(grads, max_norm):
    norm = norm_of(grads)
    return [g / norm if norm > max_norm else g for g in grads], norm


@PART.mistake(
    "A gradient that is too long comes out as zeros. It is to be shortened, "
    "and to point where it did."
)
def left_out(grads, max_norm):
    norm = norm_of(grads)
    return [g * int(norm <= max_norm) for g in grads], norm


@PART.mistake(
    "Your norm is a root mean square. The norm has no mean in it: add the "
    "squares, and take the root of the sum."
)
def root_mean_square(grads, max_norm):
    norm = norm_of(grads) / math.sqrt(sum(g.numel() for g in grads))
    return [g * min(1, max_norm / norm) for g in grads], norm


@PART.mistake(
    "Your norm is that of the longest tensor. All tensors are one gradient: "
    "add the squares of all."
)
def longest_tensor(grads, max_norm):
    norm = max(g.norm() for g in grads)
    return [g * min(1, max_norm / norm) for g in grads], norm
