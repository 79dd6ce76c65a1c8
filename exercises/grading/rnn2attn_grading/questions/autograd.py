"""Autograd in all its forms, for questions whose answers are to be found without it."""

_DIFFERENTIATE = (
    "grad", "grad_and_value", "vjp", "jvp", "linearize", "jacrev", "jacfwd",
    "hessian",
)  # fmt: skip

# Of `torch.func` what takes gradients: `vmap`, which lies there as well, only repeats.
AUTOGRAD = (
    "torch.autograd",
    *(f"torch.func.{name}" for name in _DIFFERENTIATE),
    "torch._functorch",
    ".backward",
)
