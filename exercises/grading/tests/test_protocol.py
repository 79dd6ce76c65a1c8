"""The wire between supervisor and jail: data arrive as they were, and nothing else is taken."""

import json
import pickle
import socket
import struct
import time

import pytest
import torch
from classroom import CHAPTER, hidden

from rnn2attn.check.calling import Answer, call
from rnn2attn.check.judging import judge
from rnn2attn.check.values import Other
from rnn2attn_grading.grading.grader import judged
from rnn2attn_grading.sandbox.inside import protocol

MOST = 1 << 20
ONE = {"tensor": "0"}


def text(value):
    return json.dumps(value).encode()


def frames(said, tensors=b""):
    return struct.pack("<II", len(said), len(tensors)) + said + tensors


def claim(dtype="F64", shape=(1,), end=8, after=b""):
    words = {"0": dict(dtype=dtype, shape=shape, data_offsets=(0, end))}
    return header(text(words) + after)


def header(words, data=bytes(8)):
    return struct.pack("<Q", len(words)) + words + data


def sent(message):
    """A message, from one end to the other."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(protocol.packed(message))
        return protocol.receive(protocol.Stream(theirs), MOST)


def taken(data, seconds=600):
    """What is made of these bytes, with silence after them."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(data)
        return protocol.receive(protocol.Stream(theirs), MOST, time.monotonic() + seconds)


def test_data_arrive_as_they_were():
    message = {
        "x": torch.randn(2, 3, dtype=torch.float64),
        "view": torch.arange(12).reshape(3, 4).T[1:],
        "none": torch.zeros(0, 5, dtype=torch.bool),
        "scalar": torch.tensor(1.5),
        "state": (torch.ones(2), [1, -2.5, True, None, "ü\ud800"], {}),
        "huge": 1e300,
        "other": Other("module"),
    }
    got = sent(message)
    assert got.keys() == message.keys()
    for name in ("x", "view", "none", "scalar"):
        torch.testing.assert_close(got[name], message[name], rtol=0, atol=0)
    assert isinstance(got["state"], tuple)
    torch.testing.assert_close(got["state"][0], message["state"][0])
    assert got["state"][1:] == message["state"][1:]
    assert got["huge"] == message["huge"]
    assert got["other"] == message["other"]


def test_what_is_no_data_is_not_sent():
    with pytest.raises(TypeError):
        protocol.packed({"x": object()})


@pytest.mark.parametrize(
    ("said", "tensors"),
    {
        "no JSON": (b"{", b""),
        "no UTF-8": (b"\xff", b""),
        "a pickle": (pickle.dumps({}), pickle.dumps({})),
        "an unknown part": (text({"class": "x"}), b""),
        "two parts in one": (text({"tuple": [], "dict": {}}), b""),
        "another type's name": (text({"other": 3}), b""),
        "too deep": (b"[" * 20 + b"]" * 20, b""),
        "much too deep": (b"[" * 10**5, b""),
        "an integer of 5,000 digits": (b"9" * 5000, b""),
        "a tensor that did not come": (text(ONE), b""),
        "a tensor of a list": (text({"tensor": [1]}), b""),
        "a tensor used twice": (text([ONE, ONE]), claim()),
        "a tensor left over": (text([]), claim()),
        "10^10 numbers": (text(ONE), claim(shape=(10**10,), end=8 * 10**10)),
        "more numbers than bytes": (text(ONE), claim(shape=(2,))),
        "a negative size": (text(ONE), claim(shape=(-1,))),
        "sizes whose product overflows": (text(ONE), claim(shape=(2**62, 4))),
        "nine axes": (text(ONE), claim(shape=(1,) * 9)),
        "a dtype that answers do not have": (text(ONE), claim(dtype="I16", shape=(4,))),
        "a dtype that there is not": (text(ONE), claim(dtype="X")),
        "a header cut off": (text(ONE), struct.pack("<Q", 500) + b"{"),
        "a header of 100 kB": (text(ONE), claim(after=b" " * 100_000)),
        "a header that is none": (text(ONE), header(b"[]")),
        "less than a header": (text(ONE), b"abc"),
    }.values(),
    ids=str,
)
def test_what_is_no_message_is_broken(said, tensors):
    with pytest.raises(protocol.BrokenMessageError):
        taken(frames(said, tensors))


@pytest.mark.parametrize("lengths", [(2**32 - 1, 0), (2, 2**32 - 1)], ids=["the text's", "the tensors'"])
def test_a_length_is_looked_at_before_anything_is_allocated(lengths):
    with pytest.raises(protocol.BrokenMessageError, match="4294967295 bytes long, and may be"):
        taken(struct.pack("<II", *lengths))


@pytest.mark.parametrize("part", [0, [], {"dict": {}}], ids=str)
def test_parts_are_counted_before_any_is_made(part, monkeypatch):
    """Of 4 MiB of JSON, lists in lists take 100 MiB."""
    assert len(protocol.unpacked(text([part] * 1000), b"")) == 1000
    monkeypatch.setattr(protocol.json, "loads", lambda text: pytest.fail("They are made."))
    with pytest.raises(protocol.BrokenMessageError, match="more than 100000 parts"):
        protocol.unpacked(text([part] * 100_001), b"")


@pytest.mark.parametrize("data", [b"", b"\x02", frames(b"[]", b"abc")[:-1]], ids=repr)
def test_silence_has_an_end(data):
    with pytest.raises(TimeoutError):
        taken(data, seconds=0.1)


def test_what_comes_too_late_is_not_read():
    assert taken(frames(b"[]")) == []
    with pytest.raises(TimeoutError):
        taken(frames(b"[]"), seconds=0)


def test_the_end_of_the_other_side_is_noticed():
    ours, theirs = socket.socketpair()
    with theirs:
        ours.close()
        with pytest.raises(EOFError):
            protocol.receive(protocol.Stream(theirs), MOST)


ATTEMPTS = [
    (part, function) for part in CHAPTER.parts for function in (part.reference, *(m.function for m in part.mistakes))
]


@pytest.mark.parametrize(("part", "function"), ATTEMPTS, ids=[f"{part.name}-{f.__name__}" for part, f in ATTEMPTS])
def test_an_answer_is_judged_alike_on_both_sides(part, function):
    """For every mistake that is known, and the reference."""
    for case in hidden(part):
        answer = call(function, case.inputs, tuple(case.gradients))
        reply = vars(answer) | {"error": answer.error and vars(answer.error)}
        assert judged(sent(reply), case) == judge(answer, case)


@pytest.mark.parametrize(
    "reply",
    [
        None,
        [],
        {},
        {"value": 10**4000},
        {"value": ([], 10**4000)},  # of clip_by_norm, it meets a float
        {"value": torch.zeros(0)},
        {"value": torch.full((9, 9), torch.nan).double()},
        {"value": {"value": ((),)}, "gradients": 3, "changed": {"x": 1}},
        {"value": "no", "gradients": {"x": "y"}, "changed": (3, None)},
        {"error": {"type": 3, "message": ["x"], "line": "y"}},
        {"error": "all is well"},
    ],
    ids=str,
)
def test_a_reply_of_any_kind_is_judged_and_wrong(reply):
    for part in CHAPTER.parts:
        for case in hidden(part):
            assert judged(reply, case).says


def test_a_right_answer_with_a_forged_error_is_judged_by_the_error():
    (part, _), *_ = ATTEMPTS
    case = hidden(part)[0]
    right = vars(Answer(case.expected, case.gradients)) | {"error": None}
    assert judged(right, case) is None
    forged = right | {"error": {"type": "NotImplementedError"}}
    assert judged(forged, case).unanswered
