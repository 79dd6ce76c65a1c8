"""A linear encoder–decoder that reverses strings."""

import torch
from torch import Tensor

from rnn2attn.check.views.unfit import UnfitError

NAMES = ("W_xh", "W_hh", "W_ss", "W_o", "b_o")
LEAD = 0.01  # by which the largest output has to lead
MOST = 1000  # units


def reversing(weights: object, V: int, longest: int, strings: list[list[int]]) -> bool:
    """True if a linear encoder–decoder says each string in reverse, and then <eos>, which is output V.

    Args:
        weights: what was returned; the tuple W_xh (d, V), W_hh (d, d), W_ss (d, d), W_o (V + 1, d), b_o (V + 1,).
        V: number of letters.
        longest: length of the longest string; strings are no longer.
        strings: tried, those of one letter last and the shorter of the others first. Letters are 0 … V − 1.

    Raises:
        UnfitError: there are no such weights, or a string is not reversed.
    """
    W_xh, W_hh, W_ss, W_o, b_o = _checked(weights, V)
    for string in sorted(strings, key=lambda string: (len(string) == 1, len(string))):
        state = torch.zeros(len(W_hh), dtype=torch.float64)
        for letter in string:
            state = W_xh[:, letter] + W_hh @ state
        said = []
        for right in [*reversed(string), V]:
            state = W_ss @ state
            two = (W_o @ state + b_o).topk(2)
            if not two.values[0] - two.values[1] >= LEAD:
                a, b = (_named(k, V) for k in sorted(two.indices.tolist()))
                raise UnfitError(
                    f"{_after(string)}, outputs {a} and {b} are the largest at step {len(said) + 1}, and neither "
                    f"leads by {LEAD}. {_tie(two.indices.tolist(), right, V)}"
                )
            said.append(two.indices[0].item())
            if said[-1] == V != right:
                break
        if said != [*reversed(string), V]:
            words, wanted = (" ".join(_named(k, V) for k in row) for row in (said, [*reversed(string), V]))
            cause = _cause(string, said, V, silent=len(said) == 1 and not (W_o @ state)[:V].any())
            raise UnfitError(f"{_after(string)}, it says {words}; {wanted} was asked for. {cause}")
    return True


def _checked(weights: object, V: int) -> list[Tensor]:
    five = isinstance(weights, tuple | list) and len(weights) == 5 and all(isinstance(t, Tensor) for t in weights)
    d = weights[1].shape[0] if five and weights[1].dim() else 0
    shapes = ((d, V), (d, d), (d, d), (V + 1, d), (V + 1,))
    if not five or d < 1 or tuple(tuple(t.shape) for t in weights) != shapes:
        raise UnfitError(
            f"Your output must be five tensors: W_xh of shape (d, {V}), W_hh (d, d), W_ss (d, d), W_o ({V + 1}, d) "
            f"and b_o ({V + 1},)."
        )
    if d > MOST:
        raise UnfitError(f"Your machine has {d} units; {MOST} are enough.")
    for name, tensor in zip(NAMES, weights, strict=True):
        if not tensor.double().abs().max() <= 1e6:
            raise UnfitError(f"Your {name} holds NaN, infinity, or numbers above a million.")
    return [tensor.detach().double() for tensor in weights]


def _named(output: int, V: int) -> str:
    return "<eos>" if output == V else str(output)


def _after(string: list[int]) -> str:
    return f"After reading {' '.join(map(str, string))}"


def _tie(largest: list[int], right: int, V: int) -> str:
    """What may be behind two outputs that are alike, where the right one is given."""
    if right == V:
        return "All letters are said then, and nothing is left to be shown: b_o has to put <eos> above the letters."
    if V in largest:
        return "A letter that is shown has to be above what b_o gives <eos>."
    return "Two letters are shown at once: do they lie in the same place of the state?"


def _cause(string: list[int], said: list[int], V: int, *, silent: bool) -> str:
    """What may be behind it, from what was said, <eos> included where it came; silent if no letter was shown."""
    right = string[::-1]
    if said[: len(right)] == right:
        return "It does not stop: when all letters are said, <eos> has to be the largest."
    if said == [V]:
        return (
            "It stops at once, since W_o shows no letter of s_1. That is h_T, moved once by W_ss: where do "
            "the letters lie then?"
            if silent
            else "It stops at once: no letter that W_o shows outweighs what b_o gives <eos>."
        )
    if said == [*right[1:], V]:
        return "The letter that was read last is missing. How often has the state moved before z_1 is said?"
    if said == [*right[:-1], V]:
        return "The letter that was read first is missing. Is there a place for it, and is it still as large then?"
    if len(said) > 1 and len(set(said)) == 1:
        return "The same output comes again and again: what does W_ss change?"
    return "Follow one letter through the matrices."
