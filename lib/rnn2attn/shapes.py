"""Shapes, checked at the door: one helper, with which a function names the sizes of its tensors."""

import re
from functools import cache

from torch import Tensor


def expect(**arguments: tuple[Tensor, str]) -> dict[str, int]:
    """Compare tensors with named shapes; a name must mean the same size wherever it occurs.

    ``expect(x=(x, "B d_x"), W_x=(W_x, "4d_h d_x"))`` returns ``{"B": 2, "d_x": 7, "d_h": 11}``. A number in front of
    a name is a factor: four blocks of d_h rows.

    Raises:
        TypeError: an argument is not a tensor.
        ValueError: a shape does not fit; the message names the argument, its shape and the one expected.
    """
    sizes: dict[str, int] = {}
    origin: dict[str, str] = {}
    for argument, (tensor, names) in arguments.items():
        if not isinstance(tensor, Tensor):
            raise TypeError(f"{argument} must be a tensor of shape ({names}), not {type(tensor).__name__}")
        expected = _parsed(names)
        seen = dict(sizes)
        fits = tensor.dim() == len(expected) and all(
            seen.setdefault(name, size // factor) * factor == size
            for (factor, name), size in zip(expected, tensor.shape, strict=True)
        )
        if not fits:
            known = {name: sizes[name] for _, name in expected if name in sizes}
            why = ", ".join(f"{name} = {size} from {origin[name]}" for name, size in known.items())
            raise ValueError(
                f"{argument} has shape {tuple(tensor.shape)}, but ({', '.join(names.split())}) was expected"
                + (f", with {why}" if why else "")
            )
        for name in seen.keys() - sizes.keys():
            origin[name] = argument
        sizes = seen
    return sizes


@cache
def _parsed(names: str) -> list[tuple[int, str]]:
    """Factor and name of each dimension: "B 4d_h" gives [(1, "B"), (4, "d_h")]."""
    found = (re.fullmatch(r"(\d*)(.+)", name).groups() for name in names.split())
    return [(int(factor or 1), name) for factor, name in found]
