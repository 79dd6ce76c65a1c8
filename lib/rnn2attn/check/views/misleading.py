"""A matrix that misleads a rule of thumb."""

import torch
from torch import Tensor

from rnn2attn.check.views.unfit import UnfitError
from rnn2attn.gradients import radius, sigma_max


def misleading(W: object, rule: str) -> bool:
    """True if a rule of thumb says something else of W than its largest singular value, with tanh.

    Args:
        W: what was returned; (d, d) with d ≥ 2, float.
        rule: "radius" and "largest entry" say that gradients vanish where that is below 1, "frobenius" where the
            Frobenius norm is.

    Raises:
        UnfitError: W is no such matrix, or rule and singular value agree.
    """
    if not (isinstance(W, Tensor) and W.is_floating_point() and W.dim() == 2 and W.shape[0] == W.shape[1] > 1):
        raise UnfitError("Your output must be a tensor of floats, a square matrix with two rows or more.")
    if not W.isfinite().all():
        raise UnfitError("Your matrix holds NaN or infinity.")
    measure = {
        "radius": radius,
        "largest entry": lambda W: W.abs().max().item(),
        "frobenius": torch.linalg.matrix_norm,
    }
    size = float(measure[rule](W))
    says, true = ("vanishes" if value < 1 else "cannot tell" for value in (size, sigma_max(W)))
    name = {"radius": "spectral radius", "frobenius": "Frobenius norm"}.get(rule, rule)
    if says == true:
        raise UnfitError(
            f"No error of the rule {rule!r} shows here. The {name} of your matrix is {size:.3g}, so the rule "
            f'says "{says}", and that is right for this matrix.'
        )
    return True
