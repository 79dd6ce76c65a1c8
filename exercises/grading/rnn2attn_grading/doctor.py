"""Whether this machine can jail. Before anything is graded, one trial jail proves its walls."""

import os
import shutil
import socket
import sys
from importlib.resources import files

from rnn2attn_grading import jailed
from rnn2attn_grading.bubblewrap import Refused, call_filter
from rnn2attn_grading.jail import Jail
from rnn2attn_grading.limits import MIB, Limits
from rnn2attn_grading.process import Stopped

MARK = "RNN2ATTN_TRIAL"
SECONDS = 60  # that the trial may take; a busy machine is no broken jail
PROGRAMS = {"bwrap": "bubblewrap", "setpriv": "util-linux"}
NAMESPACES = """\
bubblewrap is here and was not allowed to make a jail. Three places to look:
  Ubuntu since 23.10 keeps ordinary users from it:
      sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0
  Debian and others may have it switched off:
      sudo sysctl user.max_user_namespaces=10000 kernel.unprivileged_userns_clone=1
  A container needs: docker run --privileged"""


def complaints(limits: Limits) -> list[str]:
    """Why nothing can be graded here; empty if it can.

    Args:
        limits: under which the trial jail runs.
    """
    if sys.platform != "linux":
        return [f"A jail needs Linux; this is {sys.platform}."]
    missing = [
        f"{program} is missing. On Debian or Ubuntu: apt-get install {package}"
        for program, package in PROGRAMS.items()
        if not shutil.which(program, path="/usr/bin")
    ]
    try:
        call_filter()
    except Refused as refused:
        libraries = "apt-get install libseccomp2, pip install pyseccomp"
        missing.append(f"{refused} On Debian or Ubuntu: {libraries}")
    return missing or trial(limits)


def trial(limits: Limits) -> list[str]:
    """What was possible in a jail and must not be; empty if its walls hold."""
    source = files(jailed).joinpath("walls.py").read_text("utf-8")
    os.environ[MARK] = "a secret"
    with socket.create_server(("127.0.0.1", 0)) as server:
        given = {
            "port": server.getsockname()[1],
            "path": __file__,
            "variable": MARK,
            "supervisor": os.getpid(),
            "processes": limits.processes,
            "memory": limits.memory * MIB,
            "disk": limits.disk * MIB,
        }
        try:
            with Jail(limits) as jail, jail.process() as process:
                process.ask("cell", SECONDS, source=source)
                reply = process.ask(
                    "call", SECONDS, name="breaches", inputs=given,
                    gradients=(), seconds=SECONDS,
                )  # fmt: skip
        except Refused as refused:
            return [str(refused), NAMESPACES]
        except Stopped as stopped:
            return [f"The trial jail: {stopped}"]
        finally:
            del os.environ[MARK]
    if reply.get("error") or not isinstance(reply.get("value"), list):
        return [f"The trial jail: {reply.get('error') or 'no answer'}"]
    return [
        f"The jail does not hold: learners' code can {b}."
        for b in reply["value"]
    ]
