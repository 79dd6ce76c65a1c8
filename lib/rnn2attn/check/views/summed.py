"""Two biases of which only the sum counts."""

from torch import Tensor

from rnn2attn.check.views.unfit import UnfitError


def summed(biases: object, half_lives: Tensor, bias_ih: Tensor, bias_hh: Tensor) -> Tensor:
    """The sum of two biases, which is all that a cell of PyTorch sees of them.

    Args:
        biases: what was returned; two tensors of the shape of those given.
        half_lives: of the inputs, not looked at.
        bias_ih: given.
        bias_hh: given.

    Raises:
        UnfitError: they are no such pair.
    """
    pair = isinstance(biases, tuple | list) and len(biases) == 2
    if not pair or not all(isinstance(b, Tensor) and b.shape == bias_ih.shape for b in biases):
        shape = tuple(bias_ih.shape)
        raise UnfitError(f"Your output must be a pair, bias_ih and bias_hh, each a tensor of shape {shape}.")
    return biases[0] + biases[1]
