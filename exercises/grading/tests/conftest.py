"""Fixtures of several files."""

import pytest
from classroom import NoJail, proven

from rnn2attn_grading.grading import learner, workers
from rnn2attn_grading.grading.grader import Grade


@pytest.fixture(scope="module")
def jail():
    """A jail for the tests of a file."""
    with proven() as jail:
        yield jail


@pytest.fixture
def worth(monkeypatch):
    """Grading without a jail: each function earns its points if the notebook says `good`, and else nothing."""

    def examine(sources, hidden, limits, start):
        good = "good" in "".join(sources)
        return {part: Grade(part.points * good, "graded") for part in hidden}, b""

    monkeypatch.setattr(workers, "proven", NoJail)
    monkeypatch.setattr(learner, "examine", examine)
