"""Gradescope: an autograder that grades a submission there, in a jail or not at all.

What lies where in its containers, and the fields of results.json, are those of
https://gradescope-autograders.readthedocs.io/en/latest/specs/.
"""

import io
import json
import traceback
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from rnn2attn_grading.grading.gradebook import Gradebook, Line
from rnn2attn_grading.grading.learner import EXERCISES, Learner, Settings, examined, version
from rnn2attn_grading.grading.run import newest
from rnn2attn_grading.reports.feedback import told
from rnn2attn_grading.reports.tables import write
from rnn2attn_grading.sandbox.bubblewrap import RefusedError
from rnn2attn_grading.sandbox.limits import Limits
from rnn2attn_grading.sandbox.self_test import proven
from rnn2attn_grading.submissions.discovery import of_one

VISIBILITIES = ("visible", "after_due_date", "after_published", "hidden")  # what Gradescope calls them
SCRIPTS = "exercises/grading/gradescope"
PACKED = (  # of the repository: what `setup.sh` installs
    "requirements.txt", "lib/pyproject.toml", "lib/README.md", "lib/rnn2attn",
    "exercises/grading/pyproject.toml", "exercises/grading/setup.py", "exercises/grading/README.md",
    "exercises/grading/rnn2attn_grading",
)  # fmt: skip
REFUSED = "Not graded: the machine that should do it cannot run code safely. It is not your fault; tell who teaches."
FAILED = "Not graded: the grading failed. It is not your fault; tell who teaches."


def pack(root: Path, exercise: str, out: Path, visibility: str = "visible") -> Path:
    """Write the autograder of an exercise, and return its path.

    In it are the salt of the class, and the grades that submissions have by
    now; only who may configure the assignment can see it.

    Args:
        root: of the repository.
        exercise: its name.
        out: the folder of the results, in which it is written.
        visibility: when students see the tests, one of VISIBILITIES.

    Raises:
        ValueError: there is no such exercise, or see `Gradebook`.
    """
    if exercise not in EXERCISES:
        raise ValueError(f"There is no exercise {exercise!r}. There are {', '.join(EXERCISES)}.")
    with Gradebook(out) as book:
        secret, known = book.secret, book.judged(exercise, version(exercise))
    grades = {content: [asdict(line) for line in lines] for content, lines in known.items()}
    given = {"exercise": exercise, "salt": secret, "visibility": visibility, "grades": grades}
    data = io.BytesIO()
    with ZipFile(data, "w", ZIP_DEFLATED) as archive:
        for script in sorted((root / SCRIPTS).iterdir()):
            entry = ZipInfo.from_file(script, script.name)
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, script.read_bytes())
        for name in PACKED:
            for file in sorted((root / name).rglob("*")) or [root / name]:
                within = file.relative_to(root)
                if file.is_file() and not any(part.startswith((".", "__pycache__")) for part in within.parts):
                    archive.write(file, within)
        archive.writestr("autograder.json", json.dumps(given))
    path = out / "gradescope" / f"{exercise}.zip"
    write(path, data.getvalue())
    return path


def autograde(place: Path, limits: Limits) -> None:
    """Grade the submission that lies in a container of Gradescope's, and write results.json, whatever happens.

    What is printed, only the instructors see.

    Args:
        place: the folder that Gradescope calls /autograder.
        limits: of the submission.
    """
    try:
        said = _graded(place, limits)
    except RefusedError as refused:
        print(f"Nothing is graded without a jail.\n{refused}")
        said = {"score": 0, "output": REFUSED}
    except Exception:
        traceback.print_exc()
        said = {"score": 0, "output": FAILED}
    (place / "results").mkdir(exist_ok=True)
    (place / "results/results.json").write_text(json.dumps(said), "utf-8")


def _graded(place: Path, limits: Limits) -> dict:
    given = json.loads((place / "source/autograder.json").read_text("utf-8"))
    exercise = given["exercise"]
    handed = of_one(place / "submission", list(EXERCISES))
    found = [one for one in newest(handed) if one.exercise == exercise and not one.status]
    if not found:
        others = " ".join(one.message for one in handed)
        return {"score": 0, "output": f"There is no notebook {exercise}.ipynb. {others}".strip()}
    (one,) = found
    if known := given["grades"].get(one.content):
        return results([Line(**line) for line in known], given["visibility"])
    with proven(limits) as jail:
        (result,) = examined(Learner((one,)), Settings(given["salt"], limits), jail)
    for line in result.lines:
        print(f"{line.question}: {line.points} of {line.most}, {line.status}. {line.message}")
    return results(result.lines, given["visibility"])


def results(lines: Iterable[Line], visibility: str) -> dict:
    """What results.json holds: a test for each function, with what its learner is told."""
    tests = [
        {"number": number, "name": name, "score": line.points, "max_score": line.most, "output": told(asdict(line))}
        for line in lines
        for number, name in [line.question.split()]
    ]
    return {"visibility": visibility, "stdout_visibility": "hidden", "tests": tests}
