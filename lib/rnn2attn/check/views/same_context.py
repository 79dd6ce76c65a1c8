"""Another map with the same context."""

from torch import Tensor

from rnn2attn.check.views.unfit import UnfitError

CLOSE = 1e-6  # how far sums may be off
MOVED = 0.1  # of the weight, at least


def same_context(other: object, weights: Tensor, values: Tensor) -> bool:
    """True if other weights give the same context, and a tenth of the weight lies elsewhere.

    Args:
        other: what was returned; none below 0, together 1, (T,).
        weights: α, (T,).
        values: v, (T, d_v).

    Raises:
        UnfitError: they are no weights, the context is another one, or the map is much the same.
    """
    if not (isinstance(other, Tensor) and other.is_floating_point() and other.shape == weights.shape):
        raise UnfitError(f"Your output must be a tensor of floats of shape {tuple(weights.shape)}.")
    other = other.double()
    if not other.isfinite().all():
        raise UnfitError("Your weights hold NaN or infinity.")
    if other.min() < -CLOSE:
        raise UnfitError(
            f"Weight {other.argmin().item()} is below 0, {other.min().item():.3g}. How far can one go before that?"
        )
    if abs(other.sum().item() - 1) > CLOSE:
        raise UnfitError(
            f"Your weights sum to {other.sum().item():.4g}. That they sum to 1 is one more equation for a new map."
        )
    off = (other @ values - weights @ values).abs().max().item()
    if off > CLOSE:
        raise UnfitError(f"The context is another one, off by {off:.3g}. {_cause(other, weights)}")
    moved = (other - weights).abs().sum().item() / 2
    if moved < MOVED - CLOSE:
        raise UnfitError(
            f"The context is the same, and {moved:.3g} of the weight has moved; {MOVED} was asked for. Which "
            "way leads from this map to others, and how far?"
        )
    return True


def _cause(other: Tensor, weights: Tensor) -> str:
    """What may be behind it that the context is another one."""
    if other.max() - other.min() <= CLOSE:
        return "Your weights are all alike, whatever the values. Which equations do values put on new weights?"
    if (other.sort().values - weights.sort().values).abs().max() <= CLOSE:
        return "Yours are the old weights on other words, and these have other values."
    if ((other == 0) & (weights > 0)).any():
        return "Some weights are 0. Cutting weights off there changes the context, and so does a division by the sum."
    return "In which directions do weights change without it?"
