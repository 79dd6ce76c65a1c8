"""The jails of a lane: one for each learner, the next one starting while this one's notebooks are judged."""

from collections.abc import Callable

from rnn2attn_grading.jail import Gone, Jail
from rnn2attn_grading.limits import Limits
from rnn2attn_grading.process import Process


class Jails:
    """To be closed: ``with Jails(Limits()) as jails``. No jail ever sees two learners.

    Args:
        limits: of each submission.
        more: whether another learner will follow.
    """

    def __init__(self, limits: Limits, more: Callable[[], bool] = bool):
        self.limits, self._more = limits, more
        self._here: Jail | None = None
        self._next: Jail | None = None
        self._stopped = False

    def __enter__(self) -> "Jails":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def process(self) -> Process:
        """A fresh process for the learner who is graded.

        Raises:
            Refused: a jail does not start.
            Gone: `stop` was called, or jails end by themselves.
        """
        for _ in range(2):
            if self._here is None:
                self._here, self._next = self._next or self._jail(), None
            try:
                process = self._here.process()
            except Gone:
                self.leave()
                continue
            if self._next is None and self._more():
                self._next = self._jail()
            return process
        raise Gone

    def leave(self) -> None:
        """End the learner's jail: the next process is in another one."""
        here, self._here = self._here, None
        if here:
            here.close()

    def stop(self) -> None:
        """End what runs, from another thread; nothing starts from now on."""
        self._stopped = True
        for jail in (self._here, self._next):
            if jail:
                jail.kill()

    def close(self) -> None:
        """End both jails."""
        self.leave()
        following, self._next = self._next, None
        if following:
            following.close()

    def _jail(self) -> Jail:
        if self._stopped:
            raise Gone
        return Jail(self.limits)
