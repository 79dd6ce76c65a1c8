"""What `check` knows of the questions: public inputs, right outputs, known mistakes; one file of data a chapter."""

import functools
import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files

from rnn2attn.check.calling import Answer
from rnn2attn.check.judging import Case, gradients_of, seen
from rnn2attn.check.values import ATOL, RTOL, decode, encode, sketch
from rnn2attn.check.views import UnfitError


@dataclass(frozen=True)
class Known:
    """A mistake that people make: what it gives in each case, as `outline` reduces it, and the hint it earns."""

    hint: str
    outlines: tuple[dict, ...]


@dataclass(frozen=True)
class Part:
    """One function that a question asks for.

    Attributes:
        name: of the function, and of the check.
        points: it earns when right.
        number: of its question, "1.6".
        title: of its question.
        arguments: of the function, in order.
        forbidden: what its code must not call, see `reading`.
        cases: the public ones.
        mistakes: those that are recognised.
        version: changes when anything of the above does.
    """

    name: str
    points: int
    number: str
    title: str
    arguments: tuple[str, ...]
    forbidden: tuple[str, ...]
    cases: tuple[Case, ...]
    mistakes: tuple[Known, ...]
    version: str = ""


def store(part: Part) -> dict:
    """A part as JSON."""
    cases = [
        {"name": c.name, "inputs": encode(c.inputs), "expected": encode(c.expected), "gradients": encode(c.gradients)}
        | ({"view": c.view} if c.view else {})
        | ({"trial": encode(c.trial)} if c.trial else {})
        for c in part.cases
    ]
    known = [{"hint": m.hint, "outlines": list(m.outlines)} for m in part.mistakes]
    return {
        "name": part.name, "points": part.points, "number": part.number, "title": part.title,
        "arguments": list(part.arguments), "forbidden": list(part.forbidden), "cases": cases, "mistakes": known,
    }  # fmt: skip


def restore(stored: dict) -> Part:
    """The part that `store` wrote."""
    cases = [
        Case(
            c["name"],
            *(decode(c[key]) for key in ("inputs", "expected", "gradients")),
            c.get("view", ""),
            decode(c.get("trial", {"dict": {}})),
        )
        for c in stored["cases"]
    ]
    known = [Known(m["hint"], tuple(m["outlines"])) for m in stored["mistakes"]]
    version = hashlib.sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest()[:16]
    simple = [stored[key] for key in ("name", "points", "number", "title")]
    return Part(*simple, tuple(stored["arguments"]), tuple(stored["forbidden"]), tuple(cases), tuple(known), version)


@functools.cache
def chapters() -> dict[int, tuple[Part, ...]]:
    """The parts of every chapter that has exercises, by its number."""
    found = {}
    for path in sorted(files(__package__).iterdir(), key=lambda path: path.name):
        if path.name.endswith(".json"):
            data = json.loads(path.read_text("utf-8"))
            found[data["chapter"]] = tuple(map(restore, data["parts"]))
    return found


def outline(answer: Answer, case: Case, *, gradients: bool = True) -> dict:
    """An answer reduced to what tells mistakes apart: {"stops": true}, or the sketches of output and gradients."""
    if answer.error is not None:
        return {"stops": True}
    try:
        reduced = {"output": sketch(seen(answer, case))}
    except UnfitError as unfit:
        return {"unfit": str(unfit)}
    if gradients:
        reduced["gradients"] = sketch(gradients_of(answer, case))
    return reduced


def recognise(part: Part, answers: list[Answer]) -> str:
    """The hint of the known mistake that gives what the answers gave, "" if there is none.

    No case may contradict it. Where the answer stops and the mistake does not, where one of the two is not finite, or
    where their shapes differ, the case says nothing: something else is wrong there as well. At least one output must
    agree where the mistake is wrong, or a gradient if the mistake's are kept; of several mistakes the one that agrees
    most often is taken.
    """
    best, hint = 0, ""
    for known in part.mistakes:
        triples = list(zip(part.cases, answers, known.outlines, strict=True))
        relations = [_relation(outline(answer, case, gradients="gradients" in o), o) for case, answer, o in triples]
        telling = any(
            relation == "agrees" and "output" in o and not _right(o, case)
            for (case, _, o), relation in zip(triples, relations, strict=True)
        )
        count = relations.count("agrees")
        if "contradicts" not in relations and telling and count > best:
            best, hint = count, known.hint
    return hint


def _right(known: dict, case: Case) -> bool:
    """Whether a mistake gives in this case what is right."""
    right = {"output": sketch(case.expected)}
    if "gradients" in known:
        right["gradients"] = sketch(case.gradients)
    return _close(known, right, times=0.3)


def _relation(found: dict, known: dict) -> str:
    if "stops" in known and "stops" not in found:
        return "contradicts"
    if _broken(found) != _broken(known) or _shapes(found) != _shapes(known):
        return "says nothing"
    return "agrees" if _close(found, known) else "contradicts"


def _broken(outlined: dict) -> bool:
    leaves = outlined.get("output", {"": "not finite"}).values()
    return any(isinstance(leaf, str) and leaf.startswith("not finite") for leaf in leaves)


def _shapes(outlined: dict) -> dict:
    return {path: leaf[0] for path, leaf in outlined.get("output", {}).items() if isinstance(leaf, list)}


def _close(a: object, b: object, times: float = 10) -> bool:
    """Equal, floats within so many times the judge's tolerance."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_close(a[key], b[key], times) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_close(x, y, times) for x, y in zip(a, b, strict=True))
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= times * (ATOL + RTOL * abs(b))
    return type(a) is type(b) and a == b
