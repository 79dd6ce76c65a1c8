"""Honest notebooks that ask of the jail what it has not, or waste its time: right answers keep their points."""

import json
from dataclasses import replace

import pytest
from classroom import CHAPTER, FULL, NOTEBOOK, QUICK, hidden

from rnn2attn_grading.grading.grader import examine
from rnn2attn_grading.submissions.untrusted import LARGEST, cells

CELLS = cells(json.dumps(NOTEBOOK).encode())
FIRST = next(number for number, source in enumerate(CELLS) if "import torch" in source)
LAST = max(number for number, source in enumerate(CELLS) if "def " in source)
IMPORTS = CELLS[FIRST]
SHORT = replace(QUICK, cell=2, submission=12)
SLEEP = "import time\ntime.sleep(60)"
OWN = f"import torch\n{CELLS[LAST]}"
DEAF = "import time\nwhile True:\n    try:\n        time.sleep(60)\n    except BaseException:\n        pass"

# What is done → the cells: those of the right notebook, with others before or after them, or in place of some.
HONEST = {
    "four threads for PyTorch": {FIRST: f"{IMPORTS}\ntorch.set_num_threads(4)\ntorch.ones(900, 900).sum()"},
    "an experiment in an answer's cell": {LAST: f"{CELLS[LAST]}\n{SLEEP}"},
    "a package that is not here": {FIRST: f"import no_such_package\n{IMPORTS}"},
    "a use of it": {FIRST: f"import no_such_package as sns\nsns.set_theme()\n{IMPORTS}"},
    "Colab's drive": {FIRST: f"from google.colab import drive\ndrive.mount('/content/drive')\n{IMPORTS}"},
    "a front end that is not here": {FIRST: f"%matplotlib widget\n{IMPORTS}"},
    "an extension that is not here": {FIRST: f"%load_ext no_such_extension\n{IMPORTS}"},
    "magics, a command, a question, and await": {
        FIRST: f"%precision 3\nfiles = !ls\nfiles?\nimport asyncio\nawait asyncio.sleep(0.01)\n{IMPORTS}",
    },
    "a module that it writes": {FIRST: f"{IMPORTS}\nopen('own.py', 'w').write({OWN!r})", LAST: "from own import *"},
    "names that later cells use for something else": [
        *CELLS, "sum = 0\nmath: str = 'easy'", "for len in range(3): pass", "del torch",
    ],
    "60 open files": ["files = [open('/dev/null') for _ in range(60)]", *CELLS],
    "timers left on": [
        "import signal\nsignal.alarm(1)\nsignal.setitimer(signal.ITIMER_PROF, 0.05)", *CELLS,
    ],
}  # fmt: skip
SLOW = {
    "slow experiments after the answers": [*CELLS, *[SLEEP] * 8],
    "one that does not let itself be interrupted": [*CELLS, SLEEP, DEAF, *[SLEEP] * 6],
}
SPOILED = {FIRST: "raise OSError('no such data on this machine')\n" + IMPORTS}


def examined(jail, given, limits=QUICK):
    """The grades of cells, or of the right notebook's with some replaced."""
    if isinstance(given, dict):
        given = [given.get(number, source) for number, source in enumerate(CELLS)]
    return examine(given, {part: hidden(part) for part in CHAPTER.parts}, limits, jail.process)[0]


@pytest.mark.heavy
@pytest.mark.parametrize("done", HONEST)
def test_right_answers_keep_their_points(jail, done):
    grades = examined(jail, HONEST[done])
    assert sum(grade.points for grade in grades.values()) == FULL, grades


@pytest.mark.heavy
def test_two_answers_may_have_a_helper_of_one_name_and_the_last_definition_counts(jail):
    first = "steps_until"
    (n,) = (n for n, source in enumerate(CELLS) if f"def {first}(" in source)
    mine = {
        n: f"{CELLS[n]}\nright, called = {first}, 1\ndef {first}(*a): return right(*a) * called",
        LAST: f"called = 2\n{CELLS[LAST]}",
    }
    assert sum(grade.points for grade in examined(jail, mine).values()) == FULL
    lost = examined(jail, mine | {LAST: f"called = 2\n{CELLS[LAST]}\ndef {first}(*a): return 0\nright = None"})
    assert [part.name for part, grade in lost.items() if not grade.points] == [first]


@pytest.mark.heavy
def test_an_answer_that_ends_the_process_on_a_special_input_keeps_the_other_points(jail):
    part = next(part for part in CHAPTER.parts if part.name == "rnn_step")
    (n,) = (n for n, source in enumerate(CELLS) if "def rnn_step(" in source)
    deadly = (
        "right = rnn_step\ndef rnn_step(x, h, *rest): return right(x, h, *rest) if h.shape[1] > 1 else os._exit(0)"
    )
    grades = examined(jail, {n: f"import os\n{CELLS[n]}\n{deadly}"})
    assert (grades[part].points, grades[part].status) == (part.points - part.on_edges, "crashed")
    assert sum(grade.points for grade in grades.values()) == FULL - part.on_edges


@pytest.mark.heavy
def test_an_answer_that_is_interrupted_half_way_keeps_the_other_points(jail):
    """As a call does whose first import takes too long: what it imports is left half there."""
    first, second = (part for part in CHAPTER.parts if part.name in ("rnn_step", "clip_by_norm"))
    places = {part: next(n for n, s in enumerate(CELLS) if f"def {part.name}(" in s) for part in (first, second)}
    mine = {
        places[first]: "begun = []\ndef rnn_step(*given):\n    begun.append(given)\n    while True: pass",
        places[
            second
        ]: f"{CELLS[places[second]]}\nright = clip_by_norm\ndef clip_by_norm(*given): return begun or right(*given)",
    }
    grades = examined(jail, mine, replace(QUICK, call=1))
    assert grades[first].status == "timed out"
    assert sum(grade.points for grade in grades.values()) == FULL - first.points


@pytest.mark.heavy
@pytest.mark.parametrize("done", SLOW)
def test_right_answers_keep_their_points_however_slow_what_follows_is(jail, done):
    grades = examined(jail, SLOW[done], SHORT)
    assert sum(grade.points for grade in grades.values()) == FULL, grades


@pytest.mark.heavy
def test_a_cell_that_failed_here_is_named_with_its_cause_to_both(jail):
    grades = examined(jail, SPOILED)
    lost = [grade for grade in grades.values() if not grade.points]
    assert lost
    cause = f"cell {FIRST + 1} failed: OSError: no such data on this machine"
    for grade in lost:
        assert cause in grade.message
        assert cause in grade.hint


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("instead", "cause"),
    [
        ("from my_answers import rnn_step", "ModuleNotFoundError: No module named 'my_answers'"),
        ("import os\nos._exit(0)", "crashed: It ended itself, with status 0."),
        ("while True: pass", "timed out: It had not come to an end after 2 s."),
    ],
)
def test_a_function_that_no_cell_came_to_define_is_missing_for_a_cause_that_is_named(jail, instead, cause):
    (n,) = (n for n, source in enumerate(CELLS) if "def rnn_step(" in source)
    grades = {part.name: grade for part, grade in examined(jail, {n: instead}, SHORT).items()}
    for said in grades["rnn_step"].message, grades["rnn_step"].hint:
        assert said == f"There is no function `rnn_step`. When it was graded, cell {n + 1} failed: {cause}"
    assert grades["rnn_step"].status == "empty"
    assert sum(grade.points for grade in grades.values()) == FULL - 2


@pytest.mark.heavy
def test_a_function_that_nobody_wrote_is_missing_and_no_more_is_said(jail):
    (n,) = (n for n, source in enumerate(CELLS) if "def rnn_step(" in source)
    (lost,) = (grade for grade in examined(jail, {n: ""}).values() if not grade.points)
    assert (lost.status, lost.message) == ("empty", "There is no function `rnn_step`.")


def test_pictures_are_no_reason_to_refuse_a_notebook():
    picture = [{"data": {"image/png": 'a"\\\n' * (4 << 20)}}]
    shown = [cell | {"outputs": picture} if cell["cell_type"] == "code" else cell for cell in NOTEBOOK["cells"][:4]]
    data = json.dumps(NOTEBOOK | {"cells": [*shown, *NOTEBOOK["cells"][4:]]}).encode()
    assert 20 << 20 < len(data) < LARGEST
    assert cells(data) == CELLS
