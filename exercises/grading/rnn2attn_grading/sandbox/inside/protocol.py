"""Messages between the supervisor and the jail, over a socket. Never pickle.

A message is data as `rnn2attn.check.values.plain` leaves them: tensors,
numbers, strings, None, and lists, tuples and dicts of them. It travels as two
frames, each with its length in front: JSON, in which a tensor is a name, and
the tensors by their names as safetensors.

The supervisor reads what a learner's code may have written. A length is
compared with the limit before anything is allocated, and whatever is not as
it should be raises `BrokenMessageError`.
"""

import json
import socket
import struct
import time

import numpy as np
from safetensors.numpy import save
from safetensors.torch import load
from torch import Tensor

from rnn2attn.check.values import DEEPEST, DTYPES, Other

LENGTH = struct.Struct("<I")  # of a frame, in bytes
HEADER = struct.Struct("<Q")  # of the names and shapes in safetensors
LONGEST_HEADER = 1 << 16
MOST_DIMENSIONS = 8
MOST_PARTS = 100_000  # of a message's JSON; in Python each takes many times its bytes
WITHIN = 3  # a message's own dicts, around the value of an answer


class BrokenMessageError(Exception):
    """What was received is no message; the text says why."""


def send(channel: socket.socket, message: object) -> None:
    """Send a message.

    Args:
        channel: a connected socket; its timeout holds.
        message: data.

    Raises:
        TypeError: the message holds something that is no data.
        OSError: the other side is gone, or too slow.
    """
    tensors = {}
    text = json.dumps(_packed(message, tensors)).encode()
    # As arrays: for tensors, safetensors asks whether any two share memory, which takes longer than the rest.
    frames = (text, save(tensors) if tensors else b"")
    channel.sendall(b"".join(LENGTH.pack(len(f)) + f for f in frames))


def receive(channel: socket.socket, max_bytes: int, deadline: float | None = None) -> object:
    """The next message.

    Args:
        channel: a connected socket.
        max_bytes: bytes of a frame.
        deadline: the time, on `time.monotonic`, at which the message must be
            complete, however slowly it drips; None for no end.

    Raises:
        BrokenMessageError: what came is no message.
        TimeoutError: the time is over.
        EOFError: the other side is gone.
    """
    text, tensors = (_frame(channel, max_bytes, deadline) for _ in range(2))
    try:
        return unpacked(bytes(text), bytes(tensors))
    except BrokenMessageError:
        raise
    except Exception as error:
        raise BrokenMessageError(f"it cannot be read, {type(error).__name__}") from None


def unpacked(text: bytes, tensors: bytes) -> object:
    """The message in two frames.

    Raises:
        BrokenMessageError: a tensor is missing, left over, used twice, or of another kind
            than answers are; lists within lists are too deep, or hold too much.
        Exception: JSON or safetensors say that these are none.
    """
    if tensors and HEADER.unpack_from(tensors)[0] > LONGEST_HEADER:
        raise BrokenMessageError("the header of the tensors is too long")
    named = load(tensors) if tensors else {}
    for tensor in named.values():
        known = tensor.dtype in DTYPES.values()
        if not known or tensor.dim() > MOST_DIMENSIONS:
            raise BrokenMessageError(f"a tensor of {tensor.dtype}, {tensor.dim()} axes")
    if text.count(b",") + text.count(b"[") + text.count(b"{") > MOST_PARTS:
        raise BrokenMessageError(f"it has more than {MOST_PARTS} parts")
    message = _unpacked(json.loads(text), named, DEEPEST + WITHIN)
    if named:
        raise BrokenMessageError("a tensor is left over")
    return message


def _frame(channel: socket.socket, max_bytes: int, deadline: float | None) -> bytearray:
    (length,) = LENGTH.unpack(_exactly(channel, LENGTH.size, deadline))
    if length > max_bytes:
        raise BrokenMessageError(f"it is {length} bytes long, and may be {max_bytes}")
    return _exactly(channel, length, deadline)


def _exactly(channel: socket.socket, count: int, deadline: float | None) -> bytearray:
    data = bytearray(count)
    rest = memoryview(data)
    while rest:
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise TimeoutError
        channel.settimeout(left)
        got = channel.recv_into(rest)
        if not got:
            raise EOFError
        rest = rest[got:]
    return data


def _packed(value: object, tensors: dict[str, np.ndarray]) -> object:
    """The value as JSON knows it; its tensors go into the dict."""
    if isinstance(value, Tensor):
        name = str(len(tensors))
        tensors[name] = value.detach().contiguous().numpy()
        return {"tensor": name}
    if isinstance(value, tuple):
        return {"tuple": [_packed(item, tensors) for item in value]}
    if isinstance(value, list):
        return [_packed(item, tensors) for item in value]
    if isinstance(value, dict):
        return {"dict": {k: _packed(v, tensors) for k, v in value.items()}}
    if isinstance(value, Other):
        return {"other": value.type}
    return value


def _unpacked(packed: object, tensors: dict[str, Tensor], deep: int) -> object:
    """The value; each tensor is taken out of the dict."""
    if deep < 0:
        raise BrokenMessageError("it is nested too deeply")
    if isinstance(packed, list):
        return [_unpacked(item, tensors, deep - 1) for item in packed]
    if not isinstance(packed, dict):
        return packed
    ((kind, content),) = packed.items()
    if kind == "tensor":
        return tensors.pop(content)
    if kind == "tuple":
        return tuple(_unpacked(item, tensors, deep - 1) for item in content)
    if kind == "dict":
        return {k: _unpacked(v, tensors, deep - 1) for k, v in content.items()}
    if kind == "other" and isinstance(content, str):
        return Other(content)
    raise BrokenMessageError(f"it has an unknown part, {kind!r:.40}")
