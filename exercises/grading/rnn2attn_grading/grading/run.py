"""Grading a class: what was handed in, what of it has no grade yet, and that through jails.

In the folder of the results lie the gradebook and the salt, from which the
hidden cases of the class are drawn. Whoever knows it can draw them too.
"""

import contextlib
import fnmatch
import glob
import re
import sqlite3
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

from rnn2attn_grading.grading import lateness, workers
from rnn2attn_grading.grading.gradebook import ASIDE, Gradebook, Result
from rnn2attn_grading.grading.learner import EXERCISES, Learner, Settings, version
from rnn2attn_grading.reports.tables import report
from rnn2attn_grading.sandbox.limits import Limits
from rnn2attn_grading.submissions.discovery import Submission, submitted
from rnn2attn_grading.submissions.owners import clean
from rnn2attn_grading.submissions.roster import Roster
from rnn2attn_grading.submissions.roster import read as read_roster


def grade(
    places: Sequence[Path],
    out: Path,
    limits: Limits,
    *,
    jobs: int = 1,
    scheduler: str = "",
    only: Sequence[str] = (),
    regrade: bool = False,
    roster: Path | None = None,
    deadlines: Path | None = None,
    say: Callable[[int, int, str], None] = lambda done, of, name: None,
    found: Callable[[int, str], None] = lambda count, name: None,
    tell: Callable[[str], None] = lambda sentence: None,
) -> None:
    """Grade what has no grade yet, and write what came of it.

    Interrupted at any moment, by Ctrl-C or worse, it goes on with the same
    call. Of a student's several versions of an exercise the newest is graded.

    Args:
        places: folders, and archives of a class; see `submissions.submitted`.
        out: where the gradebook lies and the results go; see `reports`.
        limits: of each submission.
        jobs: how many learners at a time.
        scheduler: address of a Dask cluster that does it instead.
        only: patterns of STUDENT or STUDENT/EXERCISE; none for all.
        regrade: also what has its grade.
        roster: a CSV file, see `submissions.roster`; without it, the last one.
        deadlines: a CSV file, see `lateness`; without it, the last one.
        say: is told of each submission: how many are done, of how many, and
            what it was.
        found: is told of each place and each file that is read before that:
            how many there are so far, and which it is.
        tell: is told a sentence of what brought an earlier run down.

    Raises:
        RefusedError: this machine cannot jail. Nothing is graded.
        NotADirectoryError: there is no folder of submissions.
        UnreadableError: an archive of a class is refused, or whose its files
            are cannot be told.
        OSError: the gradebook cannot be written.
        sqlite3.Error: nor can what is to be recorded.
        UnwrittenError: nor can a table or a page.
        ValueError: the results would lie among the submissions; the salt is
            empty or missing, or the gradebook none, or in use; `only` fits nobody; there are no
            jobs, or no such scheduler; the roster names nobody, or the
            deadlines are not understood.
    """
    if jobs < 1:
        raise ValueError(f"jobs is {jobs}; 1 or more are needed.")
    for place in places:
        if out.resolve().is_relative_to(place.resolve()):
            raise ValueError(f"The results, {out}, would lie among submissions.")
    with contextlib.ExitStack() as stack:
        # Opened once: to see that all of it can be read takes time. Where there is none, none is made for nothing.
        book = stack.enter_context(Gradebook(out)) if (out / "gradebook.sqlite").exists() else None
        people = read_roster(roster) if roster else Roster(tuple(book.roster()) if book else ())
        rules = lateness.read(deadlines, EXERCISES, people) if deadlines else None
        handed = []
        for place in places:
            found(len(handed), place.absolute().name)
            for one in submitted(place, list(EXERCISES), people):
                handed.append(one)
                found(len(handed), f"{one.student} {one.exercise}")
        if not handed:
            tell(f"Nothing was handed in: there is no notebook in {' or '.join(map(str, places))}.")
        patterns = [*map(clean, only), *filter(None, (_by_roster(pattern, people) for pattern in only))]
        chosen = [one for one in newest(handed) if _fits(one, patterns)]
        if only and not chosen:
            raise ValueError(f"Nothing was handed in that fits {' or '.join(only)}.")
        book = book or stack.enter_context(Gradebook(out))
        book.keep(handed, places)
        book.settle(people.people)
        if rules is not None:
            book.rule(rules)
        suspects = set(book.suspects(chosen))
        todo = [
            one for one in chosen
            if regrade or one.status or (only and one in suspects) or not book.holds(one, version(one.exercise))
        ]  # fmt: skip
        done = 0

        def record(result: Result) -> None:
            nonlocal done
            book.record(result)
            done += 1
            say(done, len(todo), f"{result.student} {result.exercise}")
            if ASIDE in {line.status for line in result.lines}:
                tell(f"{result.student} {result.exercise} is {ASIDE}. {result.lines[0].message}")

        apart = [one for one in todo if one in suspects and not one.status]
        for one in apart:
            text = "was under way when the grading came to no end. It is graded after the others, apart from them."
            tell(f"{one.student} {one.exercise} {text}")
        rest = [one for one in todo if one not in apart]
        learners = [Learner(tuple(group)) for _, group in groupby(rest, lambda one: one.student)]
        settings = Settings(book.secret, limits)
        try:
            if scheduler:
                workers.on_cluster(learners, settings, scheduler, record)
            else:
                workers.here(learners, settings, jobs, record, book.begin)
            for one in apart:
                book.begin(one)
                record(workers.apart(one, settings))
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                book.end()
            report(book, out, all_of_them=False)
            raise
        report(book, out)


def newest(handed: Sequence[Submission]) -> list[Submission]:
    """Of each student and exercise the newest, in the order of the names."""
    found = {}
    for one in handed:
        key = one.student, one.exercise
        found[key] = max(found.get(key, one), one, key=lambda o: o.age)
    return [found[key] for key in sorted(found)]


def _by_roster(pattern: str, people: Roster) -> str:
    """The pattern under the name that the roster has, where it is another name of somebody there; or ""."""
    name, slash, exercise = pattern.partition("/")
    person = None if re.search(r"[*?[]", name) else people.named(name)
    return f"{glob.escape(person.student)}{slash}{exercise}" if person else ""


def _fits(one: Submission, only: Sequence[str]) -> bool:
    names = one.student, f"{one.student}/{one.exercise}"
    return not only or any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in only)
