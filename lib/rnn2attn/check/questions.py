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
        version: changes when anything else does.
        unseen: those of the points that it earns on special inputs, which are not here.
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
    unseen: int = 0


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
        "name": part.name, "points": part.points, "unseen": part.unseen, "number": part.number, "title": part.title,
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
    lists = tuple(stored["arguments"]), tuple(stored["forbidden"]), tuple(cases), tuple(known)
    return Part(*simple, *lists, version, stored["unseen"])


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

    No case may contradict it. Where the answer stops and the mistake does not, where they are not finite, and not at
    the same places, or where their shapes differ, something else is wrong with the answer: the case says nothing,
    unless the mistake is right in it, for then the hint leaves a fault out. At least one output must agree where the
    mistake is wrong, or a gradient if the mistake's are kept; of several mistakes the one that agrees most often is
    taken, and none if two with different hints agree as often.
    """
    best, hint = 0, ""
    for known in part.mistakes:
        relations = []
        for case, answer, of_mistake in zip(part.cases, answers, known.outlines, strict=True):
            found = outline(answer, case, gradients="gradients" in of_mistake)
            relations.append(_relation(found, of_mistake, right=_right(of_mistake, case)))
        count = sum("agrees" in relation for relation in relations)
        if "contradicts" in relations or "agrees, and is wrong" not in relations:
            continue
        if count > best:
            best, hint = count, known.hint
        elif count == best and hint != known.hint:
            hint = ""
    return hint


def _right(known: dict, case: Case) -> bool:
    """Whether a mistake gives in this case what is right."""
    right = {"output": sketch(case.expected)}
    if "gradients" in known:
        right["gradients"] = sketch(case.gradients)
    return _close(known, right, times=0.3)


def _relation(found: dict, known: dict, *, right: bool) -> str:
    """What a case says of an answer and a mistake, which is `right` in it or not."""
    if _close(found, known):
        return "agrees, and is wrong" if "output" in known and not right else "agrees"
    if right or ("stops" in known and "stops" not in found) or ("unfit" in known and "unfit" in found):
        return "contradicts"
    bare = _broken(found) or _broken(known) or _shapes(found) != _shapes(known)
    return "says nothing" if bare else "contradicts"


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
