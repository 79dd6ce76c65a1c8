"""Judging an answer: what it should have been is compared with what came back, and the first difference is named.

Nothing here calls an answer. The same judge serves `check`, with stored cases, and a grading program, with hidden
ones. A sentence says where an answer is off and by how much, and never what would be right.
"""

import itertools
from dataclasses import dataclass, field, replace
from numbers import Real

import numpy as np
import torch
from torch import Tensor

from rnn2attn.check.calling import Answer
from rnn2attn.check.values import ATOL, RTOL, Other
from rnn2attn.check.views import VIEWS, UnfitError

LAST_TWO = "its last two axes"


@dataclass(frozen=True)
class Case:
    """One call that an answer has to survive.

    Attributes:
        name: what is special about it, for the learner: "a batch of one".
        inputs: argument → value, in the function's order.
        expected: the right output, or what the view sees of it.
        gradients: argument → right gradient of the functional of `calling.call`.
        view: name of a function in `views` through which outputs are looked at; "" for the output itself.
        trial: more arguments of the view: what an output is tried on that the function did not get.
    """

    name: str
    inputs: dict[str, object]
    expected: object = None
    gradients: dict[str, Tensor] = field(default_factory=dict)
    view: str = ""
    trial: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """The first thing that is wrong with an answer.

    Attributes:
        says: one sentence or two.
        certain: it explains the fault by itself, so that no list of known mistakes need be asked.
        unanswered: the function still raises NotImplementedError.
        gradient: values are right, and a gradient is a number and another one.
    """

    says: str
    certain: bool = False
    unanswered: bool = False
    gradient: bool = False


def seen(answer: Answer, case: Case) -> object:
    """The answer's value as the case's view shows it. UnfitError: the view cannot look at such a value."""
    return VIEWS[case.view](answer.value, **case.inputs, **case.trial) if case.view else answer.value


def judge(answer: Answer, case: Case) -> Fault | None:
    """The first thing wrong, or None: error, missing return, type, shape, dtype, value, changed input, gradient."""
    if answer.error is not None:
        return _raised(answer)
    if answer.value is None:
        return Fault("Your function returns None. Is `return` missing?", certain=True)
    try:
        value = seen(answer, case)
    except UnfitError as unfit:
        return Fault(str(unfit), certain=True)
    fault = compare(value, case.expected, "Your output")
    if fault is None and answer.changed:
        names = ", ".join(f"`{name}`" for name in answer.changed)
        return Fault(
            f"Your function changes its input {names} in place. The caller still needs it: work on a new tensor.",
            certain=True,
        )
    return fault or _gradients(answer, case)


def _raised(answer: Answer) -> Fault:
    error = answer.error
    if error.type == "NotImplementedError":
        return Fault("Replace `raise NotImplementedError` by your answer.", certain=True, unanswered=True)
    if error.type == "TimeoutError":
        return Fault(f"Your function was stopped: {error.message}")
    function = f" of `{error.function}`" if error.function.isidentifier() else ""
    where = f" in line {error.line}{function}: `{error.code}`" if error.code else ""
    return Fault(f"Your code stops with {error.type}{where}. Python says: {error.message or 'nothing more'}")


def gradients_of(answer: Answer, case: Case) -> dict[str, Tensor | None]:
    """The answer's gradients, zeros in place of None where the right one has nothing else: both say the same."""
    found = dict(answer.gradients)
    for name, right in case.gradients.items():
        zeros = torch.zeros_like(right)
        if found.get(name) is None and compare(zeros, right, "") is None:
            found[name] = zeros
    return found


def _gradients(answer: Answer, case: Case) -> Fault | None:
    found = gradients_of(answer, case)
    missing = [name for name in case.gradients if found.get(name) is None]
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        return Fault(
            f"The values are right, but no gradient reaches {names}. `.detach()`, `.data`, `.item()`, NumPy and "
            "`torch.no_grad()` cut the computation off from its inputs; so does overwriting in place a tensor that "
            "was used already.",
            certain=True,
        )
    for name, right in case.gradients.items():
        fault = compare(found[name], right, f"The values are right, but the gradient of `{name}`")
        if fault:
            return replace(fault, gradient=bool(found[name].isfinite().all()))
    return None


def compare(got: object, right: object, what: str) -> Fault | None:
    """How a value differs from the right one, in type, shape, dtype or value; None where it does not."""
    if isinstance(right, Tensor):
        return _compare_tensors(got, right, what)
    if isinstance(right, list | tuple):
        return _compare_rows(got, right, what)
    if isinstance(right, dict):
        return _compare_dicts(got, right, what)
    if isinstance(right, float) and isinstance(got, Tensor) and got.numel() == 1 and got.is_floating_point():
        got = got.item()
    kind = Real if isinstance(right, float) else type(right)
    if not isinstance(got, kind) or isinstance(got, bool) != isinstance(right, bool):
        return Fault(f"{what} is {_named(got)}; {_named(right)} was expected.", certain=True)
    if isinstance(right, float):
        if not abs(got) < float("inf"):
            return Fault(f"{what} is NaN or infinite.")
        return (
            None
            if abs(got - right) <= ATOL + RTOL * abs(right)
            else Fault(f"{what} is off by {abs(got - right):.3g}.")
        )
    return None if got == right else Fault(f"{what}, {got!r}, is not right.")


def _compare_tensors(got: object, right: Tensor, what: str) -> Fault | None:
    if not isinstance(got, Tensor):
        kind = f"a tensor of shape {tuple(right.shape)}" if right.dim() else "a tensor with one number, shape (),"
        return Fault(f"{what} is {_named(got)}; {kind} was expected.", certain=True)
    wrong = _off(got, right)
    if wrong is not None and (exchanged := _exchanged(got, right)):
        certain = exchanged == LAST_TWO  # of others a question may say more
        return Fault(f"{what} holds the right values, transposed: {exchanged} are exchanged.", certain)
    if got.shape != right.shape:
        return Fault(f"{what} has shape {tuple(got.shape)}; {tuple(right.shape)} was expected.")
    if got.dtype != right.dtype:
        kept = " The inputs are float64; keep their precision." if right.dtype == torch.float64 else ""
        dtypes = (str(t.dtype).removeprefix("torch.") for t in (got, right))
        return Fault("{} is {}; {} was expected.{}".format(what, *dtypes, kept), certain=True)
    if wrong is None:
        return None
    index = tuple(wrong.nonzero()[0].tolist())
    at = f" at [{', '.join(map(str, index))}]" if index else ""
    if not got[wrong].isfinite().all():
        bad = (~got.isfinite()).nonzero()[0].tolist()
        return Fault(f"{what} is NaN or infinite{f' at {bad}' if bad else ''}.")
    off = (got[index].double() - right[index].double()).abs().item()
    count, all_ = int(wrong.sum()), right.numel()
    count = f"All its {all_} numbers differ." if count == all_ else f"{count} of its {all_} numbers differ."
    count = f" {count}" if all_ > 1 else ""
    return Fault(f"{what} is off by {off:.3g}{at}.{count}{_nearly(got, right)}")


def _nearly(got: Tensor, right: Tensor) -> str:
    """What a difference beyond the digits of float32 may come from."""
    if right.dtype != torch.float64:
        return ""
    largest = right.where(right.isfinite(), 0).abs().max()
    if not (got - right).abs().max() <= 1e-6 * largest:
        return ""
    return " Six digits are right: something was rounded to float32 on the way, or a small number was added."


def _exchanged(got: Tensor, right: Tensor) -> str:
    """Which two axes of the right values are exchanged in wrong ones; "" if none are."""
    if got.dim() != right.dim():
        return ""
    for i, j in sorted(itertools.combinations(range(right.dim()), 2), reverse=True):
        turned = right.transpose(i, j)
        if got.shape == turned.shape and _off(got, turned) is None:
            return LAST_TWO if i == right.dim() - 2 else f"its axes {i} and {j}"
    return ""


def _off(got: Tensor, right: Tensor) -> Tensor | None:
    """Where two tensors differ by more than the tolerance of the coarser dtype; None where nowhere."""
    if got.shape != right.shape:
        return torch.ones(right.shape, dtype=torch.bool)
    loose = 1000 if got.dtype == torch.float32 else 1
    a, b = got.double().numpy(), right.double().numpy()  # for tensors so small PyTorch takes four times as long
    with np.errstate(all="ignore"):
        close = np.abs(a - b) <= loose * (ATOL + RTOL * np.abs(b))
    return None if close.all() else torch.as_tensor(~close)


def _compare_rows(got: object, right: list | tuple, what: str) -> Fault | None:
    if not isinstance(got, list | tuple):
        return Fault(f"{what} is {_named(got)}; {_named(right)} was expected.", certain=True)
    if len(got) != len(right):
        return Fault(f"{what} has {len(got)} entries; {len(right)} were expected.")
    faults = [compare(g, r, f"{what}[{n}]") for n, (g, r) in enumerate(zip(got, right, strict=True))]
    if isinstance(right, tuple) and any(faults):
        for order in itertools.permutations(range(len(right))):
            if not any(compare(got[i], r, "") for i, r in zip(order, right, strict=True)):
                return Fault(f"{what} holds the right values in another order. Look at the docstring.", certain=True)
    return next(filter(None, faults), None)


def _compare_dicts(got: object, right: dict, what: str) -> Fault | None:
    if not isinstance(got, dict):
        return Fault(f"{what} is {_named(got)}; {_named(right)} was expected.", certain=True)
    if missing := [key for key in right if key not in got]:
        return Fault(f"{what} has no entry {', '.join(map(repr, missing))}.", certain=True)
    if extra := [key for key in got if key not in right]:
        return Fault(f"{what} has an entry {', '.join(map(repr, extra))} that was not asked for.", certain=True)
    return next(filter(None, (compare(got[key], r, f'{what}["{key}"]') for key, r in right.items())), None)


def _named(value: object) -> str:
    names = {bool: "a bool", int: "an int", float: "a float", str: "a string", type(None): "None"}
    names |= {list: "a list", tuple: "a tuple", dict: "a dict"}
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, Other):
        return f"of type {value.type}"
    name = names[type(value)]
    return f"{name} of {len(value)}" if isinstance(value, list | tuple) else name
