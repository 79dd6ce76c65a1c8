"""Grading learners beside each other: threads on this machine, or the workers of a Dask cluster."""

import contextlib
import ctypes
import itertools
import multiprocessing
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from multiprocessing.connection import Connection

from rnn2attn_grading.grading.gradebook import Result
from rnn2attn_grading.grading.learner import Learner, Settings, examined, set_aside
from rnn2attn_grading.sandbox.bubblewrap import RefusedError
from rnn2attn_grading.sandbox.jail import Jail
from rnn2attn_grading.sandbox.self_test import complaints, proven
from rnn2attn_grading.submissions.discovery import Submission

PDEATHSIG = 1  # of prctl: the signal that comes when the parent has ended
TURN = 0.0001  # seconds after which a thread that judges lets one go on that has a message for its jail
AHEAD = 2  # learners that wait on the cluster, for each thread of its workers


def here(
    learners: list[Learner],
    settings: Settings,
    jobs: int,
    record: Callable[[Result], None],
    begin: Callable[[Submission], None] = lambda one: None,
) -> None:
    """Grade on this machine.

    Args:
        learners: what each handed in, in the order in which they are graded.
        settings: see `learner.Settings`.
        jobs: how many learners at a time.
        record: is given each result as soon as there is one; from one thread
            at a time, and never after an interruption.
        begin: is told of each submission before it runs, from any thread.

    Raises:
        RefusedError: this machine cannot jail, see `self_test.proven`.
    """
    waiting, jails = deque(learners), []
    stop, recording = threading.Event(), threading.Lock()

    def worker() -> None:
        with proven(settings.limits) as jail:
            jails.append(jail)
            while waiting and not stop.is_set():
                try:
                    learner = waiting.popleft()
                except IndexError:  # another worker was faster
                    return
                for result in examined(learner, settings, jail, begin):
                    with recording:
                        if stop.is_set():  # the jails were ended, not graded
                            return
                        record(result)

    sys.setswitchinterval(TURN)
    with ThreadPoolExecutor(jobs) as pool:
        running = [pool.submit(worker) for _ in range(min(jobs, len(learners)))]
        try:
            for done in as_completed(running):
                done.result()
        except BaseException:
            with recording:
                stop.set()
            for jail in jails:
                jail.stop()
            raise


def apart(one: Submission, settings: Settings) -> Result:
    """Grade one submission in a copy of this process; it is set aside if it brings that down.

    Raises:
        RefusedError: this machine cannot jail.
    """
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    copy = context.Process(target=_apart, args=(theirs, one, settings), daemon=True)
    copy.start()
    theirs.close()
    try:
        result = ours.recv()
    except EOFError:
        return set_aside(one)
    finally:
        copy.kill()
        copy.join()
        ours.close()
    if isinstance(result, Exception):
        raise result
    return result


def _apart(answer: Connection, one: Submission, settings: Settings) -> None:
    ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGKILL)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # of all processes, this one is to go first
    try:
        with proven(settings.limits) as jail:
            (result,) = examined(Learner((one,)), settings, jail)
    except Exception as error:
        result = error
    answer.send(result)


def on_cluster(learners: list[Learner], settings: Settings, address: str, record: Callable[[Result], None]) -> None:
    """Grade on the workers of a Dask cluster. What a worker had when it died, another one does again.

    Args:
        learners: as for `here`.
        settings: as for `here`.
        address: of the scheduler, tcp://….
        record: is given each result when its learner is done.

    Raises:
        ValueError: Dask is not installed, or there is no such scheduler.
        RefusedError: a worker cannot jail.
    """
    try:
        from dask.distributed import Client, KilledWorker, as_completed
    except ImportError:
        install = ".venv/bin/pip install -e ./lib -e './exercises/grading[dask]'"
        raise ValueError(f"--scheduler needs Dask, here and on each worker: {install}") from None
    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise ValueError(f"No scheduler at {address}: {error}.") from None
    with client:
        for worker, reasons in client.run(complaints, settings.limits).items():
            if reasons:
                raise RefusedError("\n".join([f"{worker} cannot jail.", *reasons]))

        whose = {}

        def submitted(learner: Learner):
            future = client.submit(_remote, learner.loaded(), settings, pure=False)
            whose[future.key] = learner
            return future

        threads = sum(client.nthreads().values())
        rest = iter(learners)
        first = itertools.islice(rest, AHEAD * max(1, threads))
        done = as_completed(map(submitted, first))
        for future in done:
            learner = whose.pop(future.key)
            try:
                results = future.result()
            except KilledWorker:  # one after the other died of it
                results = [set_aside(one) for one in learner.submissions if not one.status]
            for result in results:
                record(result)
            future.release()
            for learner in itertools.islice(rest, 1):
                done.add(submitted(learner))


def _remote(learner: Learner, settings: Settings) -> list[Result]:
    with Jail(settings.limits) as jail:
        return list(examined(learner, settings, jail))
