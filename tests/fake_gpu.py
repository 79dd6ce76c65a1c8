"""A GPU that is not there: tensors "on" it are computed on the CPU, and what would fail on a GPU fails here.

A tensor carries a mark. An operation on marked tensors gives marked ones; one that mixes marked and others, reads a
marked one as NumPy, or draws marked random numbers from the CPU's generator raises, as PyTorch does with a real GPU.

PyTorch's own code for CUDA is never reached, so neither the build of PyTorch nor a driver matters: the pretended GPU
has no cuDNN, and no stream that could be captured.
"""

from contextlib import ExitStack
from unittest import mock

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

GPU = torch.device("cuda", 0)
MOVES = {Tensor.to: None, Tensor.cuda: "cuda", Tensor.cpu: "cpu"}
INDEXES = (Tensor.__getitem__, Tensor.__setitem__)  # take indices from the CPU as well
MIXES = (Tensor.copy_, torch._has_compatible_shallow_copy_type)


def marked(tensor: Tensor) -> bool:
    return getattr(tensor, "_on_gpu", False)


def mark(value, there: bool = True):
    for tensor in tree_leaves(value):
        if isinstance(tensor, Tensor):
            tensor._on_gpu = there
    return value


def device_of(values) -> torch.device | None:
    """The first device among some arguments: "cpu" and torch.device("cuda") are such, "ij" is not."""
    for value in values:
        if isinstance(value, torch.device) or (isinstance(value, str) and value.split(":")[0] in ("cpu", "cuda")):
            return torch.device(value)
    return None


class FakeGPU(TorchFunctionMode):
    """``with FakeGPU() as gpu:``; ``gpu.work`` counts what was computed on it."""

    work = 0

    def __enter__(self):
        with ExitStack() as pretended:
            pretended.enter_context(mock.patch.object(torch.cuda, "is_available", lambda: True))
            pretended.enter_context(
                mock.patch.object(torch.accelerator, "current_accelerator", lambda *_, **__: None)
            )
            pretended.enter_context(torch.backends.cudnn.flags(enabled=False))
            self.pretended = pretended.pop_all()
        return super().__enter__()

    def __exit__(self, *error):
        super().__exit__(*error)
        self.pretended.close()

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, Tensor)]
        there = [marked(x) for x in tensors]
        if func == Tensor.device.__get__:
            return GPU if there[0] else func(*args)
        if func == Tensor.is_cuda.__get__:
            return there[0]
        if func == Tensor.grad.__get__:
            return None if (gradient := func(*args)) is None else mark(gradient, there[0])
        if func in (Tensor.data.__set__, Tensor.grad.__set__):
            func(*args)
            return mark(args[0], there[-1]) if func == Tensor.data.__set__ else None
        if func in MOVES:
            return self.moved(func, args, kwargs)
        if any(there) and func in (Tensor.numpy, Tensor.__array__):
            raise TypeError("can't convert cuda:0 device type tensor to numpy")
        to_gpu = (device := device_of([kwargs.pop("device", None)])) is not None and device.type == "cuda"
        if to_gpu and kwargs.get("generator") is not None:
            raise RuntimeError("Expected a 'cuda' device type for generator but found 'cpu'")
        apart = [x for x, gpu in zip(tensors, there, strict=True) if not gpu and x.dim() > 0]
        if any(there) and apart and not (func in INDEXES and there[0]) and func not in MIXES:
            raise RuntimeError(
                f"Expected all tensors to be on the same device, but {func.__name__} got cpu and cuda:0"
            )
        self.work += any(there)
        return mark(func(*args, **kwargs)) if any(there) or to_gpu else func(*args, **kwargs)

    def moved(self, func, args, kwargs):
        """``to``, ``cuda`` and ``cpu``: a copy with the other mark; itself, if that is where it is."""
        x, *rest = args
        device = device_of([kwargs.pop("device", None)])
        there = marked(x)
        if func is not Tensor.to:
            there = MOVES[func] == "cuda"
        elif like := [value for value in rest if isinstance(value, Tensor)]:
            there = marked(like[0])
        elif device := device or device_of(rest):
            there = device.type == "cuda"
            rest = [None if device_of([value]) else value for value in rest]
        y = x.to(*rest, **kwargs) if func is Tensor.to and (kwargs or rest not in ([], [None])) else x
        if y is x and there != marked(x):
            y = x.clone()
        return x if y is x else mark(y, there)
