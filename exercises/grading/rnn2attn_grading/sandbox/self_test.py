"""Whether this machine can jail. Before anything is graded in a jail, a trial proves its walls."""

import contextlib
import os
import shutil
import socket
import sys
from importlib.resources import files

from rnn2attn_grading.sandbox import inside
from rnn2attn_grading.sandbox.bubblewrap import RefusedError, masked, mounts
from rnn2attn_grading.sandbox.jail import Jail
from rnn2attn_grading.sandbox.limits import MIB, Limits
from rnn2attn_grading.sandbox.process import KilledError, StoppedError
from rnn2attn_grading.sandbox.system_calls import NoFilterError, call_filter

MARK = "RNN2ATTN_TRIAL"
SECONDS = 60  # that the trial may take; a busy machine is no broken jail
NAMESPACES = """\
bubblewrap is here and was not allowed to make a jail. Where to look:
  Ubuntu since 23.10 keeps ordinary users from it:
      sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0
  Ubuntu since 25.04 also takes all rights from what runs in it:
      sudo apparmor_parser -R /etc/apparmor.d/bwrap-userns-restrict
  Debian and others may have it switched off:
      sudo sysctl user.max_user_namespaces=10000 kernel.unprivileged_userns_clone=1
  A container lets an ordinary user in it jail, and its root only if it is privileged:
      docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined
      docker run --privileged"""


def complaints(limits: Limits) -> list[str]:
    """Why nothing can be graded here; empty if it can.

    Args:
        limits: under which the trial runs.
    """
    try:
        proven(limits).close()
    except RefusedError as refused:
        return str(refused).splitlines()
    return []


def proven(limits: Limits) -> Jail:
    """A jail whose walls held against every attempt, to be closed.

    Args:
        limits: under which the trial runs, and all later runs.

    Raises:
        RefusedError: there is none. The text says what to do.
    """
    if reasons := missing():
        raise RefusedError("\n".join(reasons))
    os.environ[MARK] = "a secret"
    with contextlib.ExitStack() as stack:
        jail = stack.enter_context(Jail(limits))
        if reasons := trial(jail):
            raise RefusedError("\n".join(reasons))
        stack.pop_all()
    return jail


def missing() -> list[str]:
    """What a jail needs and is not here, with the line that installs it."""
    if sys.platform != "linux":
        return [f"A jail needs Linux; this is {sys.platform}."]
    lines = []
    if not shutil.which("bwrap", path="/usr/bin"):
        lines.append("bwrap is missing. On Debian or Ubuntu: apt-get install bubblewrap")
    try:
        call_filter()
    except NoFilterError as error:
        libraries = "apt-get install libseccomp2, pip install pyseccomp"
        lines.append(f"{error} On Debian or Ubuntu: {libraries}")
    return lines


def trial(jail: Jail) -> list[str]:
    """What was possible in a jail and must not be; empty if its walls hold.

    One run leaves behind what it can. Another one looks for that, and tries
    the rest.
    """
    source = files(inside).joinpath("escape_tests.py").read_text("utf-8")
    limits = jail.limits
    with socket.create_server(("127.0.0.1", 0)) as server:
        given = {
            "port": server.getsockname()[1],
            "path": __file__,
            "variable": MARK,
            "supervisor": os.getpid(),
            "processes": limits.processes,
            "memory": limits.memory * MIB,
            "disk": limits.disk * MIB,
            "covers": list(masked(mounts())),
        }
        try:
            for name, inputs in ("leave", {}), ("breaches", given):
                with jail.process() as process:
                    process.ask("cell", SECONDS, source=source)
                    reply = process.ask(
                        "call", SECONDS, name=name, inputs=inputs,
                        gradients=(), seconds=SECONDS,
                    )  # fmt: skip
        except RefusedError as refused:
            return [str(refused), NAMESPACES]
        except StoppedError as stopped:
            return [f"The trial jail: {stopped}"]
        except KilledError:
            return ["The trial jail: somebody killed it. Is the machine out of memory?"]
    if reply.get("error") or not isinstance(reply.get("value"), list):
        return [f"The trial jail: {reply.get('error') or 'no answer'}"]
    return [f"The jail does not hold: learners' code can {b}." for b in reply["value"]]
