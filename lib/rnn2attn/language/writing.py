"""A network that writes: each letter is drawn from what the network says of the next one, and read in turn."""

import torch
from torch import Tensor


def tempered(logits: Tensor, temperature: float) -> Tensor:
    """softmax(logits / temperature) (Hinton et al., 2015).

    Below a temperature of 1 the likeliest letter gets more than it had, above it all become more alike.

    Args:
        logits: (…, V).
        temperature: above 0.

    Raises:
        ValueError: the temperature is not above 0.
    """
    if not temperature > 0:
        raise ValueError(f"temperature is {temperature}, where one above 0 was expected")
    return (logits / temperature).softmax(dim=-1)


@torch.no_grad()
def write(model, start: list[int], length: int, temperature: float = 1.0, stop: int | None = None, seed: int = 0):
    """Let a network go on from some letters.

    Args:
        model: maps ids (1, T) and a state to logits (1, T, V) and a state.
        start: ids of the letters that it reads first, at least one.
        length: letters to write at most.
        temperature: as for `tempered`.
        stop: the letter after which it ends, which is not returned.
        seed: of what is drawn.

    Returns:
        The ids that it wrote.

    Raises:
        ValueError: there is nothing to start from, or the temperature is not above 0.
    """
    if not start:
        raise ValueError("start is empty, where at least one letter was expected")
    generator = torch.Generator().manual_seed(seed)
    (logits, state), written = model(torch.tensor([start]), None), []
    for _ in range(length):
        p = tempered(logits[0, -1], temperature)
        letter = torch.multinomial(p, 1, generator=generator).item()
        if letter == stop:
            break
        written.append(letter)
        logits, state = model(torch.tensor([[letter]]), state)
    return written
