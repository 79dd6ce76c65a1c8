"""Kernels that are there at once: copies (fork) of one process that has PyTorch and the like imported already.

A kernel takes two seconds of a processor before its first cell runs, and nearly all of it goes into importing what is
the same for each. The process that is copied has imported other people's packages and none of the book's: each kernel
finds its own `rnn2attn`, as its PYTHONPATH says, and has its own folder, environment and end. The chapters that nbval
compares, the studies from the command line and Colab's runtimes have kernels that were started in full.
"""

import contextlib
import functools
import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing import forkserver
from unittest import mock

IMPORTED = ["torch", "pandas", "yaml", "matplotlib.figure", "matplotlib.backends.backend_agg", "ipykernel.kernelapp"]
INLINE = "module://matplotlib_inline.backend_inline"  # as a kernel has it before anything imports Matplotlib


@contextlib.contextmanager
def warm_kernels() -> Iterator[None]:
    """Inside, the kernels that this process starts are such copies, where the system can copy a process."""
    if sys.platform != "linux":
        yield
        return
    multiprocessing.get_context("forkserver").set_forkserver_preload(IMPORTED)
    with mock.patch.dict(os.environ, MPLBACKEND=INLINE):
        forkserver.ensure_running()
    with mock.patch("jupyter_client.provisioning.local_provisioner.launch_kernel", Copy):
        yield


class Copy:
    """A running kernel, as far as Jupyter looks at the `subprocess.Popen` of one."""

    stdin = stdout = stderr = None

    def __init__(self, command, env=None, cwd=None, **_):
        sys.audit("subprocess.Popen", command[0], command, cwd, env)  # for whoever watches what is started
        server = multiprocessing.get_context("forkserver")
        ready, says = server.Pipe(duplex=False)
        arguments = command[command.index("ipykernel_launcher") + 1 :]
        given = arguments, dict(env or os.environ), str(cwd or os.getcwd()), first_path()
        self._process = server.Process(target=_kernel, args=(says, *given), daemon=True)
        self._process.start()
        says.close()
        ready.recv()  # from now on it has a process group of its own, to which Jupyter sends signals
        self.pid = self._process.pid

    def poll(self):
        """How it ended; None while it runs."""
        return self._process.exitcode

    def wait(self):
        """How it ended, once it has."""
        self._process.join()
        return self._process.exitcode

    def send_signal(self, number):
        """Send it a signal."""
        os.kill(self.pid, number)

    def terminate(self):
        """Ask it to end."""
        self._process.terminate()

    def kill(self):
        """End it."""
        self._process.kill()


@functools.cache
def first_path() -> list[str]:
    """Where a fresh Python looks for modules, without its own folder."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    line = [sys.executable, "-c", "import json, sys; print(json.dumps(sys.path))"]
    return json.loads(subprocess.run(line, env=env, capture_output=True, text=True, check=True).stdout)[1:]


def _kernel(says, arguments, env, cwd, path):
    os.setsid()
    says.send(None)
    says.close()
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.path[:] = [*filter(None, env.get("PYTHONPATH", "").split(os.pathsep)), *path]  # IPython adds ""
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance([*arguments, f"--IPKernelApp.parent_handle={os.getppid()}"])
