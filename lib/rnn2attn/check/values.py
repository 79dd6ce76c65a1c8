"""Values that are data: what goes into a question's function and what comes out, as JSON, and as a few numbers.

Data are tensors, numbers, strings, None, and lists, tuples and dicts of them. Anything else that an answer holds is
reduced to the name of its type, so that an answer can be stored, compared, or sent from another process.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
import torch
from torch import Tensor

RTOL, ATOL = 1e-7, 1e-8  # two numbers are equal where |a − b| ≤ ATOL + RTOL |b|, in float64
DECIMALS = 10  # stored after the point: far below the tolerance, and above what two processors differ in
DTYPES = {
    str(dtype).removeprefix("torch."): dtype for dtype in (torch.float64, torch.float32, torch.int64, torch.bool)
}
DEEPEST = 8  # lists within lists; what lies deeper is no answer to any question


@dataclass(frozen=True)
class Other:
    """Something that is no data; only the name of its type is kept."""

    type: str


def plain(value: object, depth: int = 0) -> object:
    """The value as data: tensors detached and copied, numbers of NumPy as Python's, everything else as `Other`."""
    if isinstance(value, Tensor):
        ordinary = value.layout == torch.strided and value.dtype in DTYPES.values()
        if value.is_meta:  # it has a shape and no numbers
            return Other("tensor on the device meta")
        return value.detach().cpu().clone() if ordinary else Other(f"tensor of {value.dtype}, {value.layout}")
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, str):
        return str.__str__(value)  # of a subclass, such as NumPy's, the text
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if depth < DEEPEST and isinstance(value, list | tuple):
        return (tuple if isinstance(value, tuple) else list)(plain(item, depth + 1) for item in value)
    if depth < DEEPEST and isinstance(value, dict):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    kind = type(value)
    return Other(
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )


def copied(value: object) -> object:
    """A copy that shares no tensor and no list with the value."""
    return mapped(value, lambda leaf: leaf.clone() if isinstance(leaf, Tensor) else leaf)


def mapped(value: object, function) -> object:
    """The value with the function applied to everything in it that is no list, tuple or dict."""
    if isinstance(value, list | tuple):
        return type(value)(mapped(item, function) for item in value)
    if isinstance(value, dict):
        return {key: mapped(item, function) for key, item in value.items()}
    return function(value)


def leaves(value: object, path: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    """(path, leaf) for everything in a value that is no list, tuple or dict; a path reads '[0]["W_hh"]'."""
    if depth > DEEPEST:
        return
    if isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from leaves(item, f"{path}[{number}]", depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f'{path}["{key}"]', depth + 1)
    else:
        yield path, value


def encode(value: object) -> object:
    """Data as JSON knows it. TypeError: the value is no data."""
    if isinstance(value, Tensor):
        dtype = str(value.dtype).removeprefix("torch.")
        return {"tensor": dtype, "shape": list(value.shape), "values": [_short(x) for x in value.flatten().tolist()]}
    if isinstance(value, tuple):
        return {"tuple": [encode(item) for item in value]}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {"dict": {key: encode(item) for key, item in value.items()}}
    if value is None or isinstance(value, bool | int | float | str):
        return _short(value)
    raise TypeError(f"{type(value).__name__} is not stored")


def decode(stored: object) -> object:
    """The value that `encode` stored."""
    if isinstance(stored, list):
        return [decode(item) for item in stored]
    if not isinstance(stored, dict):
        return stored
    if "tensor" in stored:
        return torch.tensor(stored["values"], dtype=DTYPES[stored["tensor"]]).reshape(stored["shape"])
    if "tuple" in stored:
        return tuple(decode(item) for item in stored["tuple"])
    return {key: decode(item) for key, item in stored["dict"].items()}


def _short(x: object) -> object:
    return round(x, DECIMALS) + 0.0 if isinstance(x, float) else x


def weights(shape: torch.Size, place: int = 0) -> Tensor:
    """Fixed coefficients, float64, of a linear functional of a tensor: no two of its entries count alike."""
    return torch.from_numpy(_cosines(shape.numel(), place)).reshape(shape)


@functools.lru_cache(64)
def _cosines(count: int, place: int) -> np.ndarray:
    """Kept as an array: a tensor that is made in inference mode would be one of that mode for good."""
    return torch.cos(1 + place + 0.7 * torch.arange(count, dtype=torch.float64)).numpy()


def sketch(value: object) -> dict[str, object]:
    """The leaves of a value, each tensor reduced to its shape and two linear functionals of it.

    Enough to recognise a known output, and too little to read it. A floating tensor without axes is its number. A
    tensor with NaN or ∞ is "not finite", its shape, and how many there are and at which places, added up; a float is
    just "not finite".
    """
    reduced = {}
    for path, leaf in leaves(value):
        if isinstance(leaf, Tensor) and leaf.dim() == 0 and leaf.is_floating_point():
            leaf = leaf.item()
        if isinstance(leaf, Tensor):
            x = leaf.double()
            sums = [(weights(x.shape, place) * x).sum().item() for place in (0, 2)]
            shape, lost = list(x.shape), (~x.isfinite()).flatten().nonzero()
            leaf = f"not finite {shape} {len(lost)} {lost.sum()}" if len(lost) else [shape, *map(_short, sums)]
        elif isinstance(leaf, float):
            leaf = _short(leaf) if abs(leaf) < float("inf") else "not finite"
        elif isinstance(leaf, Other):
            leaf = leaf.type
        reduced[path] = leaf
    return reduced
