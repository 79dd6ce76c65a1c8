"""What hostile and unlucky submissions do, and what then happens.

From these lists come the tests in `test_attacks.py` and, by `book_tables.py`, a
table on the page for instructors.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Attack:
    """A cell in place of the answer to one question, and what comes of it.

    Attributes:
        tries: what is tried.
        code: of the cell. ASKED stands for the function that is asked for,
            HONEST for a right answer. OUT, OTHERS, PORT, SUPERVISOR and
            MARK are filled in by the tests.
        happens: what comes of it, in words.
        status: of the question; N stands for a number.
        says: a pattern in the message.
        points: whether the question earns its points all the same.
        alone: whether the cell spoils the other answers of the notebook too,
            because they run in the process that it changes.
    """

    tries: str
    code: str
    happens: str
    status: str = "graded"
    says: str = ""
    points: bool = False
    alone: bool = False


def body(lines: str) -> str:
    """A function with these lines."""
    lines = lines.strip().replace("\n", "\n    ")
    return f"def ASKED(*given):\n    import os, sys\n    {lines}\n"


def trying(lines: str) -> str:
    """A function that says whether its lines came to their end."""
    lines = lines.strip().replace("\n", "\n    ")
    return body(
        f"try:\n    {lines}\nexcept Exception as error:\n"
        "    raise RuntimeError(f'held: {error!r}')\n"
        "raise RuntimeError('broken')"
    )


def writing(lines: str) -> str:
    """A function that finds the pipe to the supervisor and writes to it."""
    return body(
        "import pickle, stat, struct, time\n"
        "sockets = [n for n in range(3, 64) if is_socket(n)]\n"
        "frames = lambda *two: struct.pack('<II', *map(len, two)) + b''.join(two)\n"
        "def say(data):\n    os.write(sockets[0], data)\n"
        f"{lines}"
    ) + (
        "def is_socket(number):\n"
        "    import os, stat\n"
        "    try:\n        return stat.S_ISSOCK(os.fstat(number).st_mode)\n"
        "    except OSError:\n        return False\n"
    )


KILLED = "The process ends, and with it this question. The rest runs again without it."
LOST = "The cell is ended. The rest runs again without it."
REFUSED = "It is refused."
WRONG = "The answer is compared outside the jail, and is wrong."

TIME = [
    Attack("an endless loop in a cell", "while True:\n    pass\nHONEST", LOST, "timed out at cell N"),
    Attack(
        "an endless loop in the function",
        body("while True:\n    pass"),
        "The call is stopped.",
        "timed out",
        "Does a loop go on for ever",
    ),
    Attack(
        "a cell that swallows every exception, and goes on",
        "import time\nwhile True:\n    try:\n        time.sleep(60)\n    except BaseException:\n        pass\nHONEST",
        LOST,
        "timed out at cell N",
    ),
    Attack(
        "a function that swallows every exception, and goes on",
        body("import time\nwhile True:\n    try:\n        time.sleep(60)\n    except BaseException:\n        pass"),
        KILLED,
        "timed out",
        "In a call",
    ),
    Attack(
        "`sys.exit()` in a cell",
        "import sys\nsys.exit()\nHONEST",
        "The cell ends there, as after any exception.",
        "crashed at cell N",
        "SystemExit",
    ),
    Attack("`sys.exit()` in the function", body("sys.exit()"), "It counts as an exception.", "graded", "SystemExit"),
    Attack(
        "`os._exit(0)` in a cell",
        "import os\nos._exit(0)\nHONEST",
        LOST,
        "crashed at cell N",
        "ended itself, with status 0",
    ),
    Attack("`os._exit(0)` in the function", body("os._exit(0)"), KILLED, "crashed", "ended itself, with status 0"),
    Attack("SIGKILL to itself", body("os.kill(os.getpid(), 9)"), KILLED, "crashed", "SIGKILL"),
    Attack(
        "every signal to its parent, and SIGKILL to every process it may signal",
        "import os\nfor number in range(1, 65):\n    os.kill(os.getppid(), number)\n"
        "try:\n    os.kill(-1, 9)\nexcept OSError:\n    pass\nHONEST",
        "Its parent is deaf to that, and it sees no other process.",
        points=True,
    ),
    Attack(
        "SIGINT to itself",
        body("os.kill(os.getpid(), 2)"),
        "It counts as an exception.",
        "graded",
        "KeyboardInterrupt",
    ),
    Attack("a crash of the interpreter", body("import ctypes\nctypes.string_at(0)"), KILLED, "crashed", "SIGSEGV"),
]

RESOURCES = [
    Attack("60 GB at once, in a cell", "x = bytearray(60 * 10**9)\nHONEST", LOST, "killed (memory) at cell N"),
    Attack(
        "60 GB at once, in the function",
        body("import torch\nreturn torch.ones(60 * 10**9 // 8)"),
        KILLED,
        "killed (memory)",
    ),
    Attack(
        "6 GB piece by piece, in a cell",
        "import torch\nkept = []\nwhile len(kept) < 90:\n    kept.append(torch.ones(2**24))\nHONEST",
        LOST,
        "killed (memory) at cell N",
    ),
    Attack(
        "memory that no limit counts: shared segments, files without a name, /dev/shm, marks of files, pipes",
        body(
            "import ctypes\nlibc = ctypes.CDLL(None)\n"
            "got = [libc.shmget(0, 2**20, 0o1600), libc.memfd_create(b'x', 0)]\n"
            "page = (ctypes.c_size_t * 2)(id(libc), 1)\n"
            "got += [libc.vmsplice(os.pipe()[1], page, 1, 0)]\n"
            "with open('/tmp/marked', 'w') as file:\n"
            "    mark = file.fileno(), b'user.x', b'', 0, 0\n"
            "    got += [libc.fsetxattr(*mark)]\n"
            "os.remove('/tmp/marked')\n"
            "assert got == [-1] * 4, got\n"
            "try:\n    open('/dev/shm/x', 'w')\n"
            "except OSError as error:\n"
            "    raise RuntimeError(f'held: {error!r}')"
        ),
        REFUSED,
        says="Python says: held: .*Read-only",
    ),
    Attack(
        "another process",
        trying("if not os.fork():\n    os._exit(0)"),
        "There is one process, so that the limit of memory is that of all together.",
        says="Python says: held: BlockingIOError",
    ),
    Attack(
        "another thread",
        trying("import threading\nthreading.Thread(target=print).start()"),
        REFUSED,
        says="Python says: held: .*start new thread",
    ),
    Attack(
        "200 MB of output",
        "for _ in range(200):\n    print('x' * 10**6)\nHONEST",
        "The first part of it is kept. It costs nobody a mark.",
        points=True,
    ),
    Attack(
        "an exception whose name and text have millions of characters",
        "raise type('x' * 3_000_000, (Exception,), {})('y' * 3_000_000)\nHONEST",
        "What comes of it is cut before it is kept.",
        "crashed at cell N",
        "^x{300,}",
    ),
    Attack(
        "an exception that only says that memory is short",
        body("raise ValueError('MemoryError: cannot allocate memory')"),
        "It counts as any other exception.",
        says="Python says: MemoryError: cannot",
    ),
    Attack(
        "one large file",
        body(
            "try:\n    with open('/tmp/large', 'wb') as file:\n"
            "        file.write(bytes(12 * 2**20))\n"
            "except OSError as error:\n"
            "    raise RuntimeError(f'held: {error!r}')\n"
            "finally:\n    os.remove('/tmp/large')"
        ),
        REFUSED,
        says="Python says: held: .*File too large",
    ),
    Attack(
        "a disk full of files",
        body(
            "try:\n    for number in range(10**6):\n"
            "        with open(f'/tmp/{number}', 'wb') as file:\n"
            "            file.write(bytes(2**20))\n"
            "except OSError as error:\n"
            "    raise RuntimeError(f'held at {number} MiB: {error!r}')"
        ),
        "/tmp is the jail's own, in memory, and small.",
        says=r"Python says: held at \d\d MiB: .*No space left",
    ),
    Attack(
        "empty files without end",
        body(
            "os.mkdir('/tmp/many')\n"
            "try:\n    for number in range(10**6):\n"
            "        os.mkdir(f'/tmp/many/{number}')\n"
            "except OSError as error:\n"
            "    raise RuntimeError(f'held at {number}: {error!r}')\n"
            "finally:\n    import shutil\n    shutil.rmtree('/tmp/many')"
        ),
        "Of these, /tmp takes as many as it has pages.",
        says=r"Python says: held at \d{4}: .*No space left",
    ),
]

CHEATING = [
    Attack(
        "patched `torch.allclose`, `torch.equal` and `torch.testing.assert_close`",
        "import torch\ntorch.allclose = torch.equal = lambda *a, **k: True\n"
        "torch.testing.assert_close = lambda *a, **k: None\n" + body("return torch.zeros(2, 7).double()"),
        WRONG,
    ),
    Attack(
        "a subclass of Tensor whose `==` says yes",
        "import torch\nclass Yes(torch.Tensor):\n"
        "    __eq__ = __le__ = __ge__ = lambda *a: True\n"
        "    __torch_function__ = classmethod(lambda *a, **k: True)\n"
        + body("return torch.zeros(2, 7).double().as_subclass(Yes)"),
        "Numbers leave the jail, and no classes with them.",
    ),
    Attack(
        "patched judge, checker and reference functions of the library",
        "import rnn2attn.check.judging as judging, rnn2attn.recurrent\n"
        "judging.judge = judging.compare = lambda *a: None\n"
        "rnn2attn.recurrent.rnn_step = lambda *a: 0\n" + body("return 0"),
        "Those of the jail are patched, and judge nothing.",
    ),
    Attack(
        "a replaced worker, which says that all is right",
        "import types\nimport rnn2attn.check.calling as calling\n"
        "RIGHT = dict(value=True, gradients={}, changed=(), error=None)\n"
        "calling.call = lambda *given: types.SimpleNamespace(**RIGHT)\n" + body("return 0"),
        "What the worker says is compared all the same.",
        says="expected|must be",
        alone=True,
    ),
    Attack(
        "the outputs that `check` has stored, looked up by the inputs",
        body(
            "from rnn2attn.check.questions import chapters\n"
            "import torch\n"
            "part, = [p for p in chapters()[1] if p.name == 'ASKED']\n"
            "def same(a, b):\n"
            "    try:\n        return bool((torch.as_tensor(a) == torch.as_tensor(b)).all())\n"
            "    except Exception:\n        return False\n"
            "for case in part.cases:\n"
            "    if all(same(a, b) for a, b in zip(given, case.inputs.values())):\n"
            "        return case.expected\n"
            "raise RuntimeError('held: other inputs')"
        ),
        "The hidden cases have other inputs.",
        says="Python says: held: other inputs",
    ),
    Attack(
        "a function that stores its inputs and outputs, and replays them",
        "STORED = [[0]]\n" + body("STORED.append(given)\nreturn STORED[-2][0]"),
        "No call is made twice, and no right output is ever sent into the jail.",
    ),
    Attack(
        "reading the tests and references",
        trying("import rnn2attn_grading.questions"),
        "They are not in the jail.",
        says="Python says: held: ModuleNotFoundError",
    ),
    Attack(
        "reading the gradebook and the salt",
        trying("print(open('OUT/salt').read(), open('OUT/gradebook.sqlite', 'rb').read())"),
        "They are not in the jail.",
        says="Python says: held: FileNotFoundError",
    ),
    Attack(
        "reading other submissions",
        trying("os.listdir('OTHERS')"),
        "They are not in the jail.",
        says="Python says: held: FileNotFoundError",
    ),
    Attack(
        "writing into the results",
        trying("open('OUT/gradebook.sqlite', 'a').write('mallory,1,1,20,20')"),
        "There is no such place in the jail, and all but /tmp is read-only.",
        says="Python says: held: FileNotFoundError",
    ),
    Attack(
        "writing into the library and into PyTorch",
        trying("open(sys.modules['torch'].__file__, 'a').write('x = 1')"),
        REFUSED,
        says="Python says: held: .*(Read-only|Permission)",
    ),
    Attack(
        "reading the memory of other processes",
        body(
            "import ctypes\nlibc = ctypes.CDLL(None)\n"
            "buffer = (ctypes.c_size_t * 2)()\n"
            "for number in (1, os.getpid(), SUPERVISOR):\n"
            "    assert libc.ptrace(16, number, 0, 0) == -1\n"
            "    got = libc.process_vm_readv(number, buffer, 1, buffer, 1, 0)\n"
            "    assert got == -1\n"
            "    assert not os.path.exists(f'/proc/{number}/mem')\n"
            "raise RuntimeError('held')"
        ),
        REFUSED,
        says="Python says: held",
    ),
]

PIPE = [
    Attack(
        "a forged message: the answer, before the answer",
        writing(
            "import torch\nfrom safetensors.torch import save\n"
            "frame = sys._getframe()\n"
            "while 'request' not in frame.f_locals:\n"
            "    frame = frame.f_back\n"
            "number = frame.f_locals['request']['number']\n"
            'text = \'{"dict": {"number": %d, "reply": %s}}\'\n'
            "count = (text % (number, 1)).encode()\n"
            'reply = (text % (number, \'{"dict": {"value": {"tensor": "0"}}}\')).encode()\n'
            "tensors = save({'0': torch.zeros(2, 7).double()})\n"
            "say(frames(count, b'') + frames(reply, tensors))"
        ),
        WRONG + " The real answer then comes too late, and is dropped.",
        says="off by|shape|expected",
    ),
    Attack(
        "two messages interleaved",
        writing("say(frames(b'{\"dict\": {', b'')[:12] + frames(b'{}', b''))"),
        KILLED,
        "crashed",
        "no message|no number|none",
    ),
    Attack(
        "the pipe closed, and on",
        writing(
            "os.close(sockets[0])\nwhile True:\n    try:\n"
            "        time.sleep(60)\n    except BaseException:\n        pass"
        ),
        KILLED,
        "crashed",
        "closed its side of the pipe",
    ),
    Attack(
        "a message of 4 GB",
        writing("say(struct.pack('<II', 2**32 - 1, 0))\ntime.sleep(60)"),
        "Its length is looked at before anything is allocated. " + KILLED,
        "crashed",
        "4294967295 bytes long",
    ),
    Attack(
        "a message that never ends, one byte at a time",
        writing(
            "say(struct.pack('<II', 1000, 0))\nwhile True:\n    try:\n"
            "        say(b' ')\n        time.sleep(0.1)\n"
            "    except BaseException:\n        pass"
        ),
        KILLED,
        "timed out",
    ),
    Attack(
        "messages without end",
        writing(
            'text = b\'{"dict": {"number": 1, "reply": null}}\'\n'
            "while True:\n    try:\n"
            "        say(frames(text, b''))\n"
            "    except BaseException:\n        pass"
        ),
        KILLED,
        "timed out",
    ),
    Attack(
        "a message that is cut off",
        writing("say(struct.pack('<II', 1000, 0) + b'{')\nos._exit(0)"),
        KILLED,
        "crashed",
    ),
    Attack(
        "a pickle that makes a folder when it is read",
        writing(
            "class Evil:\n    def __reduce__(self):\n"
            "        return os.mkdir, ('OUT/owned',)\n"
            "data = pickle.dumps(Evil())\n"
            "say(frames(data, data))"
        ),
        "Nothing is ever unpickled. " + KILLED,
        "crashed",
        "cannot be read|header",
    ),
    Attack(
        "a header that claims 10^10 numbers",
        writing(
            'shape = b\'{"0":{"dtype":"F64","shape":[10000000000],\'\n'
            "shape += b'\"data_offsets\":[0,80000000000]}}'\n"
            "data = struct.pack('<Q', len(shape)) + shape + bytes(64)\n"
            'say(frames(b\'{"tensor": "0"}\', data))'
        ),
        "It is compared with the data that follow. " + KILLED,
        "crashed",
        "cannot be read",
    ),
    Attack("a list 50,000 deep", writing("say(frames(b'[' * 50_000, b''))"), KILLED, "crashed", "cannot be read"),
    Attack(
        "an answer of 80 MB",
        body("import torch\nreturn torch.zeros(10**7).double()"),
        KILLED,
        "crashed",
        "bytes long",
    ),
    Attack(
        "NaN in place of numbers",
        "HONEST\nhonest = ASKED\n"
        + body("import torch\ny = honest(*given)\nreturn y * torch.nan if torch.is_tensor(y) else torch.nan"),
        WRONG,
        says="NaN|expected",
    ),
    Attack("numbers of another dtype", body("import torch\nreturn torch.zeros(2, 7).half()"), WRONG, says="float16"),
    Attack(
        "numbers on another device",
        body("import torch\nreturn torch.zeros(2, 7, device='meta')"),
        "They are not read: that it is a tensor on that device is all that leaves the jail.",
        says="on the device meta",
    ),
    Attack(
        "an integer of 10,000 digits",
        body("return 10**10000"),
        "It cannot be sent, which counts as an exception.",
        says="ValueError",
    ),
    Attack("an integer that no float can hold", body("return [], 10**4000"), WRONG),
    Attack(
        "text that is no text: half of a surrogate pair, control characters",
        body("raise RuntimeError('\\ud800 \\x1b[2J \\x00 \\n \"quoted\",')"),
        "The message is one line, without what cannot be printed.",
        says=r"^[^\n\x00\x1b]*Python says: \[2J \(",
    ),
    Attack(
        "a message that a spreadsheet would take for a formula",
        "raise type('=HYPERLINK(1)', (Exception,), {})\nHONEST",
        "An apostrophe stands before it.",
        "crashed at cell N",
        says=r"^'=HYPERLINK",
    ),
]

WORLD = [
    Attack(
        "a socket to 127.0.0.1, where the supervisor's machine listens",
        trying("import socket\nsocket.create_connection(('127.0.0.1', PORT))"),
        "It has a network of its own, with nothing in it.",
        says="Python says: held: .*Network is unreachable",
    ),
    Attack(
        "sockets that belong to no network: to the host of a virtual machine, to the kernel",
        body(
            "import errno, socket\ngot = []\n"
            "for family in socket.AF_VSOCK, socket.AF_NETLINK, socket.AF_ALG:\n"
            "    for kind in socket.SOCK_STREAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET:\n"
            "        try:\n            socket.socket(family, kind).close()\n"
            "        except OSError as error:\n            got += [error.errno]\n"
            "held = got == [errno.EAFNOSUPPORT] * 9\n"
            "raise RuntimeError('held' if held else f'broken: {got}')"
        ),
        REFUSED,
        says="Python says: held",
    ),
    Attack(
        "a DNS look-up",
        trying("import socket\nsocket.getaddrinfo('example.org', 80)"),
        "There is nobody to ask.",
        says="Python says: held: gaierror",
    ),
    Attack(
        "deleting the results, other submissions and PyTorch",
        "import shutil, sys\n"
        "for path in ('OUT', 'OTHERS', '/jail', sys.modules['json'].__path__[0]):\n"
        "    shutil.rmtree(path, ignore_errors=True)\nHONEST",
        "Nothing of it is there, or may be changed.",
        points=True,
    ),
    Attack(
        "reading this machine's files",
        trying("open('/etc/passwd')"),
        "They are not in the jail.",
        says="Python says: held: FileNotFoundError",
    ),
    Attack(
        "the supervisor's environment",
        body(
            "found = dict(os.environ)\n"
            "for number in ('self', 1, os.getppid(), SUPERVISOR):\n"
            "    try:\n"
            "        found[number] = open(f'/proc/{number}/environ').read()\n"
            "    except OSError:\n        pass\n"
            "raise RuntimeError('broken' if 'MARK' in str(found) else 'held')"
        ),
        "The jail starts with an empty one.",
        says="Python says: held",
    ),
    Attack(
        "/proc and /sys",
        body(
            "found = os.listdir('/proc'), os.path.exists('/sys')\n"
            "held = found == (['cpuinfo'], False)\n"
            "raise RuntimeError(f'held: {found}' if held else f'broken: {found}')"
        ),
        "Of both, only /proc/cpuinfo is there.",
        says="Python says: held",
    ),
    Attack(
        "programs that give privileges (setuid)",
        body(
            "import ctypes\n"
            "forbidden = ctypes.CDLL(None).prctl(39, 0, 0, 0, 0)\n"
            "programs = os.path.exists('/usr/bin')\n"
            "try:\n    os.setuid(0)\n"
            "except OSError:\n"
            "    held = 'held' if forbidden and not programs else 'broken'\n"
            "    raise RuntimeError(held)\n"
            "raise RuntimeError('broken')"
        ),
        "No such program is there, and it could give none (no_new_privs).",
        says="Python says: held",
    ),
    Attack(
        "new namespaces and mounts",
        body(
            "import ctypes\nlibc = ctypes.CDLL(None)\n"
            "got = [libc.unshare(0x10000000), libc.unshare(0x20000)]\n"
            "got += [libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)]\n"
            "got += [libc.chroot(b'/tmp')]\n"
            'raise RuntimeError(f\'{"held" if got == [-1] * 4 else "broken"}\')'
        ),
        REFUSED,
        says="Python says: held",
    ),
    Attack(
        "a lease, for which whoever opens the file has to wait",
        trying(
            "import fcntl\nwith open('/tmp/leased', 'w') as file:\n"
            "    os.remove('/tmp/leased')\n"
            "    fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)"
        ),
        REFUSED,
        says="Python says: held: OSError",
    ),
    Attack(
        "locks that another run would see",
        body(
            "import fcntl, struct\n"
            "with open(os.__file__) as file:\n"
            "    fcntl.flock(file, fcntl.LOCK_EX)\n"
            "    fcntl.lockf(file, fcntl.LOCK_SH)\n"
            "    try:\n        fcntl.fcntl(file, fcntl.F_GETLK, struct.pack('hhqqi', fcntl.F_WRLCK, 0, 0, 0, 0))\n"
            "    except OSError as error:\n        raise RuntimeError(f'held: {error!r}')\n"
            "raise RuntimeError('broken')"
        ),
        "They are granted and lock nothing, and who else has one is not told.",
        says="Python says: held: OSError",
    ),
    Attack(
        "a signal, by which the system would tell that somebody reads in a folder",
        trying(
            "import fcntl\nfcntl.fcntl(os.open(os.path.dirname(os.__file__), 0), fcntl.F_NOTIFY, fcntl.DN_ACCESS)"
        ),
        REFUSED,
        says="Python says: held: OSError",
    ),
    Attack(
        "bits that one run leaves to the next: which pages of a file are in memory",
        body(
            "import ctypes, mmap\nlibc = ctypes.CDLL(None, use_errno=True)\n"
            "file = os.open(os.__file__, 0)\npage = ctypes.create_string_buffer(4096)\n"
            "place = (ctypes.c_size_t * 2)(ctypes.addressof(page), 1)\n"
            "mapped = mmap.mmap(file, 4096, prot=mmap.PROT_READ)\n"
            "start = libc.mmap\nstart.restype = ctypes.c_void_p\n"
            "start = ctypes.c_void_p(start(None, 4096, 1, 1, file, ctypes.c_long(0)))\n"
            "got = [libc.preadv2(file, place, 1, ctypes.c_long(0), 8), libc.mincore(start, 4096, page)]\n"
            "got += [libc.syscall(ctypes.c_long(451), file, (ctypes.c_uint64 * 2)(0, 4096), page, 0)]\n"
            "got += [libc.madvise(start, 4096, advice) for advice in (20, 21)]\n"
            "got += [-libc.posix_fadvise(file, 0, 0, 4) // 100, libc.readahead(file, 0, 4096)]\n"
            "raise RuntimeError('held' if got == [-1] * 7 else f'broken: {got}')"
        ),
        REFUSED,
        says="Python says: held",
    ),
    Attack(
        "what is mounted, and where it lies on this machine",
        body(
            "import ctypes\nlibc = ctypes.CDLL(None)\n"
            "request, found = (ctypes.c_uint64 * 4)(32, 2**64 - 1, 1, 0), (ctypes.c_uint64 * 512)()\n"
            "zero = ctypes.c_size_t(0)\n"
            "got = [libc.syscall(ctypes.c_long(428), -100, b'/', 0)]\n"
            "got += [libc.syscall(ctypes.c_long(467), -100, b'/', 0, zero, zero)]\n"
            "got += [libc.syscall(ctypes.c_long(458), request, found, 512, 0)]\n"
            "got += [libc.syscall(ctypes.c_long(457), request, found, 4096, 0)]\n"
            "raise RuntimeError('held' if got == [-1] * 4 else f'broken: {got}')"
        ),
        REFUSED,
        says="Python says: held",
    ),
    Attack(
        "a signal to its whole group",
        "import os, signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nos.kill(0, signal.SIGTERM)\nHONEST",
        "It is alone in its group.",
        points=True,
    ),
    Attack(
        "watching which files others open",
        body(
            "import ctypes\nlibc = ctypes.CDLL(None)\n"
            "watched = libc.inotify_add_watch(libc.inotify_init(), b'/usr', 32)\n"
            "raise RuntimeError('held' if watched == -1 else 'broken')"
        ),
        REFUSED,
        says="Python says: held",
    ),
    Attack(
        "a signal to the supervisor",
        trying("os.kill(SUPERVISOR, 9)"),
        "Its process does not exist for the jail.",
        says="Python says: held: ProcessLookupError",
    ),
    Attack(
        "the machine's disks and devices",
        body(
            "found = sorted(os.listdir('/dev'))\n"
            "try:\n    os.mknod('/tmp/disk', 0o60600, os.makedev(254, 0))\n"
            "except OSError as error:\n"
            "    few = not any(n.startswith(('sd', 'vd', 'mem')) for n in found)\n"
            '    raise RuntimeError(f\'{"held" if few else "broken"}: {error!r}\')\n'
            "raise RuntimeError('broken')"
        ),
        REFUSED,
        says="Python says: held",
    ),
    Attack(
        "a syntax error in the cell",
        "def ASKED(:\n    return 0",
        "The cell does not run. The others do.",
        "crashed at cell N",
        "SyntaxError",
    ),
]

GROUPS = {"Time and death": TIME, "Resources": RESOURCES, "Cheating": CHEATING, "The pipe": PIPE, "The world": WORLD}


@dataclass(frozen=True)
class Handing:
    """A way of handing in, and what comes of it.

    Attributes:
        tries: what is done.
        make: is given the path at which a notebook should be and a right
            notebook as JSON.
        happens: what comes of it, in words.
        status: of each question.
        says: a pattern in the message.
        points: whether the notebook earns all its points.
        student: the name of the folder.
        exercise: the name of the file, without .ipynb.
    """

    tries: str
    make: Callable[[Path, dict], object]
    happens: str
    status: str = "unreadable"
    says: str = ""
    points: bool = False
    student: str = "mallory"
    exercise: str = "01-rnn-gradients"


def rewritten(change: Callable[[list], list]) -> Callable[[Path, dict], object]:
    """Hand in the notebook with other cells, and no word of metadata."""

    def make(path: Path, notebook: dict) -> None:
        path.write_text(json.dumps({"cells": change(notebook["cells"])}))

    return make


def holding(data: bytes | str) -> Callable[[Path, dict], object]:
    """Hand in these bytes."""
    data = data if isinstance(data, bytes) else data.encode()
    return lambda path, notebook: path.write_bytes(data)


def bare(cells: list) -> list:
    """The code alone, as one line after the other, without ids and tags."""
    return [
        {"cell_type": "code", "source": c["source"].splitlines(keepends=True)}
        for c in cells
        if c["cell_type"] == "code" and not c["source"].startswith("check")
    ]


def boasting(cells: list) -> list:
    """The checks rewritten to say that all is right, all in reverse order."""
    said = "print('right. All points.')"
    return [c | {"source": said if c["source"].startswith("check") else c["source"]} for c in reversed(cells)]


def linked(target: str) -> Callable[[Path, dict], object]:
    """Hand in a symbolic link."""
    return lambda path, notebook: path.symlink_to(target)


def linked_folder(path: Path, notebook: dict) -> None:
    """Hand in a symbolic link to another student's folder."""
    path.parent.rmdir()
    path.parent.symlink_to("../submissions/honest")


def sparse(path: Path, notebook: dict) -> None:
    """Hand in 1 GB."""
    path.touch()
    os.truncate(path, 10**9)


def honest(path: Path, notebook: dict) -> None:
    """Hand in the right notebook."""
    path.write_text(json.dumps(notebook))


FILES = [
    Handing(
        "check cells deleted, metadata and cell ids lost",
        rewritten(bare),
        "Answers are found by the names of the functions.",
        "graded",
        points=True,
    ),
    Handing(
        "check cells rewritten, all cells in reverse order",
        rewritten(boasting),
        "Answers are found by the names of the functions.",
        "graded",
        points=True,
    ),
    Handing(
        "a name with quotes, HTML and a line break",
        honest,
        "The table quotes it. No program is called with it.",
        "graded",
        points=True,
        student='"O\'Hara", <img src=x onerror=alert(1)>\n; rm -rf $HOME',
    ),
    Handing(
        "a name that is not UTF-8", holding("{"), "The table shows the byte as `\\udcff`.", student="name \udcff"
    ),
    Handing(
        "two million statements in a cell more",
        rewritten(lambda cells: [{"cell_type": "code", "source": "a;" * 2_000_000}, *cells]),
        "They are not compared with other answers. The cell is ended; the rest runs again without it.",
        "graded",
        points=True,
    ),
    Handing(
        "a name as long as a disk allows, of which each sign takes three bytes",
        honest,
        "Its page has the first signs of the name, and a sum.",
        "graded",
        points=True,
        student="가" * 80,
    ),
    Handing(
        "a name that turns the direction of writing, and steers a terminal",
        honest,
        "The table shows these signs as numbers.",
        "graded",
        points=True,
        student="mallory \u202egnp\x1b[2J",
    ),
    Handing("no JSON", holding("{"), REFUSED, says="not JSON"),
    Handing("no UTF-8", holding(b"\xff" * 9), REFUSED, says="not UTF-8"),
    Handing("nothing: a file of 0 bytes", holding(""), REFUSED, says="not JSON"),
    Handing("JSON that is no notebook", holding("[]"), REFUSED, says="no notebook"),
    Handing(
        "cells of another kind",
        holding('{"cells": [3, {}, {"cell_type": "code", "source": 3}]}'),
        "What is no code is passed over, and no answer is left.",
        "empty",
    ),
    Handing("JSON nested 100,000 deep", holding("[" * 100_000), REFUSED, says="nested too deeply"),
    Handing("a file of 1 GB", sparse, "Its size is looked at first.", says="larger"),
    Handing(
        "a symbolic link to another student's notebook",
        linked("../honest/01-rnn-gradients.ipynb"),
        "Links are not followed.",
        says="symbolic link",
    ),
    Handing(
        "a folder that is a link to another student's",
        linked_folder,
        "Links are not followed.",
        says="no folder",
        exercise="",
    ),
    Handing(
        "a path with `..`",
        linked("../../out/salt"),
        "Links are not followed, and no path is read from a notebook.",
        says="symbolic link",
    ),
    Handing("a pipe", lambda path, _: os.mkfifo(path), REFUSED, says="regular"),
    Handing("a folder", lambda path, _: path.mkdir(), REFUSED, says="directory"),
    Handing(
        "a notebook of another name",
        honest,
        "It is named in the table.",
        says="No exercise has this name",
        exercise="homework",
    ),
]
