"""A long text read side by side: as many rows as a batch has, and each goes on where it stopped."""

from collections.abc import Iterator

from torch import Tensor

from rnn2attn.shapes import expect


def stretches(ids: Tensor, rows: int, steps: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Cut a text into rows of one length, and read all of them forward, so many steps at a time.

    The first step of a stretch follows the last of the one before, in every row, so that a state can be carried over.
    What does not fill a row at the end of the text is left out.

    Args:
        ids: of a text's letters, (N,).
        rows: B.
        steps: T of each stretch; the last one may be shorter.

    Yields:
        The letters and those that follow them, each (B, T).

    Raises:
        ValueError: ids is no row of numbers, rows or steps are below 1, or the text is too short for so many rows.
    """
    expect(ids=(ids, "N"))
    if rows < 1 or steps < 1:
        raise ValueError(f"rows = {rows} and steps = {steps} were given, where 1 and more were expected")
    length = (len(ids) - 1) // rows
    if length < 1:
        raise ValueError(f"a text of {len(ids)} letters fills no {rows} rows: each needs one, and one that follows")
    source = ids[: rows * length].reshape(rows, length)
    target = ids[1 : rows * length + 1].reshape(rows, length)
    for start in range(0, length, steps):
        yield source[:, start : start + steps], target[:, start : start + steps]
