"""Messages between the supervisor and the jail, over a socket. Never pickle.

A message is data as `rnn2attn.check.values.plain` leaves them: tensors,
numbers, strings, None, and lists, tuples and dicts of them. It travels as two
frames with their lengths in front: JSON, in which a tensor is a name, and the
tensors by their names as safetensors.

The supervisor reads what a learner's code may have written. A length is
compared with the limit before anything is allocated, and whatever is not as
it should be raises `BrokenMessageError`.
"""

import json
import socket
import struct
import time

from safetensors.torch import load
from torch import Tensor

from rnn2attn.check.values import DEEPEST, DTYPES, Other

LENGTHS = struct.Struct("<II")  # of the two frames, in bytes
HEADER = struct.Struct("<Q")  # of the names and shapes in safetensors
PIECE = 1 << 16  # bytes that are read at once, if they are there
LONGEST_HEADER = 1 << 16
MOST_DIMENSIONS = 8
MOST_PARTS = 100_000  # of a message's JSON; in Python each takes many times its bytes
WITHIN = 3  # a message's own dicts, around the value of an answer
NAMES = {DTYPES["float64"]: "F64", DTYPES["float32"]: "F32", DTYPES["int64"]: "I64", DTYPES["bool"]: "BOOL"}
COMPACT = json.JSONEncoder(separators=(",", ":")).encode


class BrokenMessageError(Exception):
    """What was received is no message; the text says why."""


def packed(message: object) -> bytes:
    """A message as it is sent.

    Raises:
        TypeError: it holds something that is no data.
    """
    tensors = []
    text = json.dumps(_packed(message, tensors)).encode()
    data = _saved(tensors) if tensors else b""
    return LENGTHS.pack(len(text), len(data)) + text + data


def _saved(tensors: list[Tensor]) -> bytes:
    """Tensors as safetensors has them, named by their numbers. Its own function takes several times as long."""
    header, data, end = {}, [], 0
    for number, tensor in enumerate(tensors):
        if tensor.dtype not in NAMES:
            raise TypeError(f"{tensor.dtype} is not sent")
        data.append(tensor.detach().numpy().tobytes())
        start, end = end, end + len(data[-1])
        header[str(number)] = {"dtype": NAMES[tensor.dtype], "shape": tensor.shape, "data_offsets": (start, end)}
    text = COMPACT(header).encode()
    return b"".join([HEADER.pack(len(text)), text, *data])


class Stream:
    """What comes through a connected socket, read in large pieces: a thread that reads lets others go first."""

    def __init__(self, channel: socket.socket):
        self._channel, self._here = channel, bytearray()

    def take(self, count: int, deadline: float | None) -> bytes:
        """The next bytes, so many. TimeoutError, EOFError: as for `receive`."""
        while (missing := count - len(self._here)) > 0:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError
            self._channel.settimeout(left)
            piece = self._channel.recv(max(missing, PIECE))
            if not piece:
                raise EOFError
            self._here += piece
        taken = bytes(memoryview(self._here)[:count])
        del self._here[:count]
        return taken


def receive(stream: Stream, max_bytes: int, deadline: float | None = None) -> object:
    """The next message.

    Args:
        stream: where it comes from.
        max_bytes: bytes of a frame.
        deadline: the time, on `time.monotonic`, at which the message must be
            complete, however slowly it drips; None for no end.

    Raises:
        BrokenMessageError: what came is no message.
        TimeoutError: the time is over.
        EOFError: the other side is gone.
    """
    lengths = LENGTHS.unpack(stream.take(LENGTHS.size, deadline))
    if max(lengths) > max_bytes:
        raise BrokenMessageError(f"it is {max(lengths)} bytes long, and may be {max_bytes}")
    text, tensors = (stream.take(length, deadline) for length in lengths)
    try:
        return unpacked(text, tensors)
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


def _packed(value: object, tensors: list[Tensor]) -> object:
    """The value as JSON knows it; its tensors go into the list."""
    if value is None or type(value) in (str, int, float, bool):
        return value
    if isinstance(value, Tensor):
        tensors.append(value)
        return {"tensor": str(len(tensors) - 1)}
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
