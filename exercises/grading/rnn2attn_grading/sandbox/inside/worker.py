"""The learner's side: runs the cells of a notebook, then calls its functions.

It is loaded by the fork server, see `fork_server`, and runs in a copy
of that. The learner's code runs in the same copy, so it can change the worker,
and nothing that it says is relied upon. It holds no reference and no expected
output.
"""

import ast
import bdb  # noqa: F401  A first cell would load this and the logger.
import dis
import errno
import functools
import importlib
import math
import mmap
import pkgutil
import re
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator

import IPython.core.logger  # noqa: F401
import sklearn.datasets  # noqa: F401  A notebook that draws digits would load it in each run.
import torch
from IPython.core.inputtransformer2 import PromptStripper, TransformerManager
from IPython.core.interactiveshell import InteractiveShell
from protocol import Stream, packed, receive
from traitlets.config import Config

import rnn2attn.check
from rnn2attn.check import calling
from rnn2attn.check.reading import forbidden_call

MOST = 1 << 30  # bytes of a request; the supervisor is trusted
OURS = "/site", "/jail"  # where the jail has what is installed, and this module
LONGEST = 300  # characters of what is said of an error
MOMENT = 0.1  # seconds after which no more calls are made for one request
ROOM = 1 << 20  # bytes of replies after which no more are
PLOTTING = {"explore", "live", "plots", "study", "style"}  # modules that are loaded when a notebook asks for them
RAISE = dis.opmap["RAISE_VARARGS"]
# Where one may be: a line that begins or ends with such a sign, or a value that does.
MAGIC = re.compile(r"^\s*[%!?,;/]|=[\s\\]*[%!]|\?\s*$", re.MULTILINE)
PROMPT = re.compile(r">>>|\.\.\.|In \[")  # one of them is in each prompt of Python or IPython


class Magics(TransformerManager):
    """IPython's search for magics, which is left out in what is Python already: it takes longer than most cells.

    That for prompts is left out where none can be.
    """

    def transform_cell(self, cell):
        """The cell as Python, without prompts and what is common in indentation."""
        every, prompts = self.cleanup_transforms, PROMPT.search(cell)
        try:
            self.cleanup_transforms = [one for one in every if prompts or not isinstance(one, PromptStripper)]
            return super().transform_cell(cell)
        finally:
            self.cleanup_transforms = every

    def do_token_transforms(self, lines):
        """The lines, with calls in the place of magics, commands of a shell and questions for help."""
        text = "".join(lines)
        if not MAGIC.search(text):
            return lines
        try:
            ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):  # no Python yet, or none that is read
            return super().do_token_transforms(lines)
        return lines


class Shell(InteractiveShell):
    """IPython without what needs a terminal, a front end or other programs."""

    def should_run_async(self, raw_cell, **given):
        """Whether a cell awaits something; it is compiled to find out only if it says so."""
        return ("await" in raw_cell or "async" in raw_cell) and super().should_run_async(raw_cell, **given)

    def enable_gui(self, gui=None):
        """Ignore ``%matplotlib``."""

    def system(self, command):
        """Ignore ``!command``."""

    def getoutput(self, command, split=True, depth=0):
        """Ignore ``x = !command``."""
        return []


def prepare() -> None:
    """Have all that every run needs, once."""
    torch.set_num_threads(1)
    calling.FOREIGN += OURS
    # The supervisor calls the functions itself; `check` need not.
    silent = functools.wraps(rnn2attn.check.check)(lambda *_: None)
    silent.summary = silent
    rnn2attn.check.check = silent
    for module in pkgutil.iter_modules(rnn2attn.__path__):
        if module.name not in PLOTTING:
            importlib.import_module(f"rnn2attn.{module.name}")
    shell().transform_cell("what a first cell loads")
    # Without a gradient: PyTorch's engine for these does not survive a fork.
    calling.call(torch.tanh, {"x": torch.ones(1)})


def shell() -> Shell:
    """A new IPython that writes no history and prints errors in one line."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.xmode = "Minimal"
    config.InteractiveShell.colors = "NoColor"
    return Shell.instance(config=config, input_transformer_manager=Magics())


def run_cell(source: str, seconds: float = 0) -> dict:
    """Run a cell as Jupyter does; what it raised is the answer.

    When its time is over, it is interrupted, and what stands then stands. If
    this machine lacks what the learner's may have, the cell's rest is run too.
    No timer that it has set goes on.

    Args:
        source: its code.
        seconds: after which it is interrupted; 0 for never.
    """
    run = Shell.instance().run_cell
    with calling.limited(seconds):
        result = run(source)
        error = result.error_before_exec or result.error_in_exec
        if result.error_in_exec:
            for statement in after_lack(source, error):
                run(statement)
    for timer in signal.ITIMER_VIRTUAL, signal.ITIMER_PROF:
        signal.setitimer(timer, 0)
    return failed(error) if error else {"error": None}


def after_lack(source: str, error: BaseException) -> list[str]:
    """The statements of a cell after the one that failed, if that was an import of what is not here, or a magic."""
    trace, text = error.__traceback__, Shell.instance().transform_cell(source)
    while trace and not trace.tb_frame.f_code.co_filename.startswith("<ipython-input"):
        trace = trace.tb_next
    if not trace:
        return []
    lines, failed_at = text.splitlines(), trace.tb_lineno
    magic = lines[failed_at - 1].lstrip().startswith("get_ipython().run_")
    if not (magic or isinstance(error, ImportError)):
        return []
    statements = []
    for node in ast.parse(text).body:
        if node.lineno > failed_at:
            first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
            statements.append("\n".join(lines[first - 1 : node.end_lineno]))
    return statements


def look(name: str, forbidden: tuple[str, ...]) -> dict:
    """Whether there is such a function, and what it uses that is forbidden."""
    function = Shell.instance().user_ns.get(name)
    found = callable(function)
    return {"found": found, "uses": found and forbidden_call(function, forbidden)}


def call(name: str, inputs: dict, gradients: tuple, seconds: float) -> dict:
    """Call a function of the notebook, see `rnn2attn.check.calling.call`."""
    (answer,) = calls(name, [inputs], gradients, seconds)
    return answer


def calls(name: str, cases: list[dict], gradients: tuple, seconds: float) -> Iterator[dict]:
    """Call a function of the notebook on one case after the other, see `rnn2attn.check.calling.calls`."""
    function, memory = Shell.instance().user_ns[name], False

    def watched(*given: object) -> object:
        nonlocal memory
        try:
            return function(*given)
        except BaseException as error:
            memory = lacked_memory(error)
            raise

    try:
        for answer in calling.calls(watched, cases, gradients, seconds):
            yield vars(answer) | {"error": answer.error and vars(answer.error), "memory": memory}
    except NotImplementedError as error:  # not the function's: see `plain`
        raise ValueError(f"What it returns is no data. {error}") from None


def some(stream: Stream, number: int, first: int, **given: object) -> bytes:
    """The replies to calls on some cases, and before them their count: up to an error, for a moment, and ROOM.

    Args:
        stream: brings the cases.
        number: of the request.
        first: number of the case to begin with.
        given: arguments of `calls`.
    """
    with torch.device("cpu"):  # of a tensor without numbers, the notebook's default would be the device
        cases = receive(stream, MOST)[first:]
    answers, until, count, data, more = calls(cases=cases, **given), time.monotonic() + MOMENT, 0, b"", True
    while more:
        reply = tried(next, answers)
        count, data = count + 1, data + replied(number, reply)
        more = count < len(cases) and not reply["error"] and len(data) < ROOM and time.monotonic() < until
    return replied(number, count) + data


def tried(do: Callable, *given: object, **named: object) -> object:
    """What a function returns, or the reply that tells of what it raised."""
    try:
        return do(*given, **named)
    except BaseException as error:
        return failed(error)


def replied(number: int, reply: object) -> bytes:
    """A reply to a request, as it is sent; that it cannot be sent is the reply then."""
    try:
        return packed({"number": number, "reply": reply})
    except (TypeError, ValueError, MemoryError) as error:  # an integer without end
        return packed({"number": number, "reply": failed(error)})


def failed(error: BaseException) -> dict:
    """The reply that tells of an exception, and whether it is one of too little memory."""
    text = str(error)
    if isinstance(error, SyntaxError):
        text = f"{error.msg}, line {error.lineno}"
    described = {"type": type(error).__name__[:LONGEST], "message": text[:LONGEST]}
    return {"error": described, "memory": lacked_memory(error)}


def lacked_memory(error: BaseException) -> bool:
    """Whether the system had no memory to give. An exception that a line of Python raised says nothing about that."""
    last = error.__traceback__
    while last and last.tb_next:
        last = last.tb_next
    if last and last.tb_frame.f_code.co_code[last.tb_lasti] == RAISE:
        return False
    torch_had_none = type(error) is RuntimeError and "alloc_cpu.cpp" in str(error)
    refused = isinstance(error, OSError) and error.errno == errno.ENOMEM
    return isinstance(error, MemoryError) or refused or torch_had_none


def limit(cpu: int, memory: int, processes: int, file: int) -> None:
    """Bound this process for good, and with it all that it may start.

    Args:
        cpu: seconds from now.
        memory: bytes, beyond those in use now.
        processes: of this user, threads and those of the jail included.
        file: bytes of a file.
    """
    space = used() + memory
    cpu += math.ceil(time.process_time())
    for name, soft, hard in (
        ("AS", space, space),
        ("CPU", cpu, cpu + 1),  # a signal that has a name, then SIGKILL
        ("NPROC", processes, processes),
        ("FSIZE", file, file),
        ("NOFILE", 256, 256),  # as a Mac has it; pipes and sockets hold memory
        ("CORE", 0, 0),
    ):
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (soft, hard))


def used() -> int:
    """Bytes of address space in use: below that limit, no page can be had.

    There is no /proc to read it from, and PyTorch with CUDA takes gigabytes.
    """
    low, high = 0, 1 << 47
    while high - low > 1 << 20:
        middle = (low + high) // 2
        resource.setrlimit(resource.RLIMIT_AS, (middle, resource.RLIM_INFINITY))
        try:
            mmap.mmap(-1, mmap.PAGESIZE).close()
        except (OSError, MemoryError):
            low = middle
        else:
            high = middle
    return high


def serve(channel: int) -> None:
    """Do what the supervisor asks for, until it hangs up.

    Args:
        channel: file descriptor of this end of the socket.
    """
    connection = socket.socket(fileno=channel)
    stream = Stream(connection)
    sys.path.insert(0, "")  # as in Jupyter: a notebook may import what it wrote
    do = {"limit": limit, "cell": run_cell, "look": look, "call": call}
    while True:
        try:
            request = receive(stream, MOST)
        except EOFError:
            return
        number, given = request["number"], request["with"]
        if request["do"] != "calls":
            data = replied(number, tried(do[request["do"]], **given))
        else:
            try:
                data = some(stream, number, **given)
            except BaseException as error:  # a notebook may have spoiled what it needs
                data = replied(number, 1) + replied(number, failed(error))
        connection.sendall(data)
