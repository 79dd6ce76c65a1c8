"""What an answer may be beside right or wrong: kinds of honest and of hostile ones, each for every function.

A kind is code behind a right answer, RIGHT; it gives NAME another meaning. The names in `TOP` are at hand.
"""

TOP = """
import torch

def each(do, value):
    if isinstance(value, torch.Tensor):
        return do(value)
    return type(value)(each(do, one) for one in value) if isinstance(value, (list, tuple)) else value

def first(value):
    if isinstance(value, (list, tuple)):
        return next((found for found in map(first, value) if found is not None), None)
    return value if isinstance(value, torch.Tensor) else None

def turned(do, value, other=1.5):
    return do(torch.tensor(other).double()) if first(value) is None else each(do, value)
"""


FUNCTION = """
class Own(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        return x.clone()
    @staticmethod
    def backward(context, g):
        BACK
"""


def returning(text: str) -> str:
    """The answer's output, `out`, made into something else."""
    return f"def NAME(*given):\n    out = RIGHT(*given)\n    return {text}"


def calling(lines: str) -> str:
    """Lines before the answer is called; the last of them says with what, as `given`."""
    lines = lines.strip().replace("\n", "\n    ")
    return f"def NAME(*given):\n    {lines}\n    return RIGHT(*given)"


def raising(error: str) -> str:
    """A function that raises."""
    return f"class Own(BaseException):\n    pass\ndef NAME(*given):\n    raise {error}"


# Honest answers in unusual clothes, and what else their code does: all points.
UNUSUAL = {
    "an object that can be called": "class Answer:\n    def __call__(self, *given):\n        return RIGHT(*given)\n"
    "NAME = Answer()",
    "a partial of one": "import functools\nNAME = functools.partial(RIGHT)",
    "a lambda": "NAME = lambda *given: RIGHT(*given)",
    "a method": "class Model:\n    def answer(self, *given):\n        return RIGHT(*given)\nNAME = Model().answer",
    "a wrapper that times it": "import functools, time\ndef timed(function):\n    @functools.wraps(function)\n"
    "    def wrapper(*given):\n        start = time.perf_counter()\n        out = function(*given)\n"
    "        print(time.perf_counter() - start)\n        return out\n    return wrapper\nNAME = timed(RIGHT)",
    "a list in place of a tuple, where there is one": returning("list(out) if isinstance(out, tuple) else out"),
    "a named tuple, where there is one": "import collections\n"
    + returning("collections.namedtuple('Two', ['a', 'b'])(*out) if isinstance(out, tuple) else out"),
    "memory in another order": returning("each(lambda y: y.mT.contiguous().mT if y.dim() > 1 else y, out)"),
    "every other number of a longer tensor": returning("each(lambda y: torch.stack([y, -y], -1)[..., 0], out)"),
    "an expanded axis, one of it": returning("each(lambda y: y.expand(5, *y.shape)[3], out)"),
    "a subclass of Tensor": "class Mine(torch.Tensor):\n    pass\n"
    + returning("each(lambda y: y.as_subclass(Mine), out)"),
    "an output with hooks": "def look(y):\n    if y.requires_grad:\n        y.register_hook(lambda g: None)\n"
    "    return y\n" + returning("each(look, out)"),
    "an own autograd.Function": FUNCTION.replace("BACK", "return g")
    + returning("each(lambda y: Own.apply(y) if y.is_floating_point() else y, out)"),
    "float32 for a while, and its rest beside it": returning(
        "each(lambda y: y if not y.is_floating_point() else y.float().double() + (y - y.float().double()), out)"
    ),
    "changes in place, on clones": calling(
        "given = each(lambda x: x.clone().mul_(4).div_(4) if x.is_floating_point() else x, given)"
    ),
    "inputs that are changed and changed back": calling(
        "x = first(given)\nif x is not None:\n    kept = x.detach().clone()\n"
        "    x.data.zero_()\n    x.data.copy_(kept)"
    ),
    "copies of lists, sorted in place": calling(
        "lists = [list(x) for x in given if isinstance(x, list)]\n[x.sort(key=str) for x in lists]"
    ),
    "settings left as they should not be": calling(
        "import os, random, warnings\nimport numpy as np\ntorch.set_default_dtype(torch.float64)\n"
        "torch.manual_seed(1)\nrandom.seed(1)\nnp.random.seed(1)\nos.chdir('/')\nwarnings.warn('a word')\n"
        "warnings.simplefilter('error')"
    ),
    "gradients switched off in a cell": "torch.set_grad_enabled(False)\nNAME = RIGHT",
    "inference mode left on in a cell": "mode = torch.inference_mode()\nmode.__enter__()\nNAME = RIGHT",
    "another default dtype in a cell": "torch.set_default_dtype(torch.float16)\nNAME = RIGHT",
    "another default device in a cell": "torch.set_default_device('meta')\nNAME = RIGHT",
    "anomaly detection": "torch.autograd.set_detect_anomaly(True)\nNAME = RIGHT",
    "NumPy that raises at overflow": "import numpy as np\nnp.seterr(all='raise')\nNAME = RIGHT",
    "no garbage is collected": "import gc\ngc.disable()\nNAME = RIGHT",
    "a slow one": "import time\n" + calling("time.sleep(0.02)"),
    "one that talks": calling("print('x' * 3000)"),
    "one that catches what it raises": calling("try:\n    raise KeyboardInterrupt\nexcept BaseException:\n    pass"),
    "hints of types, and one argument more": "def NAME(*given: object, look: bool = False) -> object:\n"
    "    return RIGHT(*given)",
    "a context manager around it": "import contextlib\n@contextlib.contextmanager\ndef told():\n"
    "    print('begins')\n    yield\n    print('ends')\nNAME = told()(RIGHT)",
    "what it computed before is kept": "kept_NAME = []\n" + returning("kept_NAME.append(out) or kept_NAME[-1]"),
    "by way of a file": calling("torch.save(list(given), 'given.pt')\ntorch.load('given.pt')"),
    "by way of a deep copy": "import copy\n"
    + calling("copy.deepcopy([x.detach() for x in given if isinstance(x, torch.Tensor)])"),
    "a figure drawn in each call": "import matplotlib\nmatplotlib.use('agg')\nfrom matplotlib import pyplot as plt\n"
    + calling("plt.figure()\nplt.plot([1, 2])"),
    "a table of pandas in each call": "import pandas as pd\n" + calling("print(pd.DataFrame({'x': [1, 2]}))"),
    "tensors printed in another way": "torch.set_printoptions(precision=2)\n" + calling("print(given)"),
    "its output goes elsewhere": "import os, sys\nsys.stdout = open(os.devnull, 'w')\n" + calling("print('x')"),
    "its output is kept, and that for good": "import io, sys\nsys.stdout = io.StringIO()\n"
    + calling("print('x' * 9)"),
    "gradients of its own on the way": calling(
        "x = torch.ones(2).double().requires_grad_()\ntorch.autograd.grad((x * x).sum(), x)"
    ),
    "a model that is trained in a cell": "model = torch.nn.Linear(2, 2)\n"
    "adam = torch.optim.Adam(model.parameters())\n"
    "for _ in range(3):\n    adam.zero_grad()\n    model(torch.ones(1, 2)).sum().backward()\n    adam.step()\n"
    "NAME = RIGHT",
    "seeds and deterministic algorithms": "torch.manual_seed(0)\ntorch.use_deterministic_algorithms(True)\n"
    "NAME = RIGHT",
    "a worker thread that cannot be had": calling(
        "import threading\ntry:\n    threading.Thread(target=print).start()\nexcept RuntimeError:\n    pass"
    ),
    "a cell that fails behind it": "NAME = RIGHT\nraise RuntimeError('no such data')",
    "one of PyTorch's transforms of functions": "import torch.func\n"
    + calling("torch.func.vmap(torch.sin)(torch.ones(2))"),
    "checkpoints in the way back": "from torch.utils.checkpoint import checkpoint\ndef NAME(*given):\n"
    "    return checkpoint(RIGHT, *given, use_reentrant=False)",
}  # fmt: skip

# The same for functions of which no gradient is asked.
WITHOUT_GRADIENT = {
    "no_grad": "NAME = torch.no_grad()(RIGHT)",
    "inference mode": "NAME = torch.inference_mode()(RIGHT)",
    "there and back by NumPy": returning("each(lambda y: torch.from_numpy(y.detach().numpy().copy()), out)"),
    "inputs that are detached": calling("given = each(torch.Tensor.detach, given)"),
    "numbers of NumPy": "import numpy as np\n"
    + returning("np.float64(out) if type(out) is float else np.int64(out) if type(out) is int else out"),
    "text of NumPy": "import numpy as np\n" + returning("np.str_(out) if isinstance(out, str) else out"),
    "an output that wants a gradient": returning("each(lambda y: y.requires_grad_(), out)"),
    "fractions": "from fractions import Fraction\n" + returning("Fraction(out) if type(out) is float else out"),
    "a tensor in place of a float": returning("torch.tensor(out).double() if type(out) is float else out"),
    "a subclass of int": "import enum\n" + returning("enum.IntEnum('E', {'A': out}).A if type(out) is int else out"),
    "a subclass of str": "import enum\n" + returning("enum.StrEnum('E', {'A': out}).A if type(out) is str else out"),
    "a Parameter": returning("each(torch.nn.Parameter, out)"),
}

# Answers that are none, and attempts: no points.
HOSTILE = {
    "NaN": returning("turned(lambda y: y * torch.nan, out)"),
    "infinity": returning("turned(lambda y: y + torch.inf, out)"),
    "1e308": returning("turned(lambda y: y * 0 + 1e308, out)"),
    "an integer of 5,000 digits": returning("10**5000"),
    "text of 3 MB": returning("'x' * 3_000_000"),
    "40 MB of numbers": returning("torch.ones(5_000_000).double()"),
    "a list of 200,000": returning("[1] * 200_000"),
    "lists within lists": returning("(lambda f: f(f, 900))(lambda f, n: [f(f, n - 1)] if n else 1)"),
    "a list that holds itself": "own = []\nown.append(own)\n" + returning("own"),
    "a dict of 200,000": returning("{str(n): n for n in range(200_000)}"),
    "5,000 tensors": returning("[torch.ones(1).double()] * 5000"),
    "a view of 10**12 numbers": returning("torch.ones(1).double().expand(10**12)"),
    "no number, along an axis of 10**15": returning("torch.ones(0, 10**15).double()"),
    "an integer below all others": returning("-(2**63)"),
    "a truth": returning("True"),
    "-0.0": returning("-0.0"),
    "half a surrogate pair": returning("'\\ud800'"),
    "text that steers": returning("'=1+1;\\x1b[2J\\u202e<img src=x>'"),
    "complex numbers": returning("turned(lambda y: y + 0j, out)"),
    "half precision": returning("turned(lambda y: y.half(), out)"),
    "8 bits": returning("turned(lambda y: y.char(), out)"),
    "truth": returning("turned(lambda y: y > 0, out)"),
    "sparse": returning("turned(lambda y: y.to_sparse(), out)"),
    "on the device meta": returning("turned(lambda y: y.to('meta'), out)"),
    "nine axes": returning("torch.ones([1] * 9).double()"),
    "an axis too many": returning("turned(lambda y: y[None], out)"),
    "one number too few": returning("turned(lambda y: y.flatten()[:-1], out)"),
    "float32": returning("turned(lambda y: y.float(), out)"),
    "arrays of NumPy": returning("turned(lambda y: y.detach().numpy(), out)"),
    "a generator": returning("(part for part in [out])"),
    "itself": returning("NAME"),
    "a class": returning("type(out)"),
    "bytes": returning("repr(out).encode()"),
    "a set": returning("{repr(out)}"),
    "a dict": returning("{'out': out}"),
    "None": returning("None"),
    "a coroutine": "async def NAME(*given):\n    return RIGHT(*given)",
    "an object that equals everything": "class Yes:\n    __eq__ = __le__ = __ge__ = lambda *a: True\n"
    + returning("Yes()"),
    "a float that equals everything": "class Yes(float):\n    __eq__ = __le__ = __ge__ = lambda *a: True\n"
    "    __sub__ = __rsub__ = __abs__ = lambda *a: Yes(0)\n" + returning("Yes(-7.5)"),
    "text that equals everything": "class Yes(str):\n    __eq__ = lambda *a: True\n    __hash__ = str.__hash__\n"
    + returning("Yes('x')"),
    "a subclass of Tensor that says anything": "class Yes(torch.Tensor):\n"
    "    __torch_function__ = classmethod(lambda *a, **k: True)\n"
    + returning("torch.ones(2, 3).double().as_subclass(Yes)"),
    "the inputs": returning("given"),
    "the first input": returning("given[0] if len(given) > 1 else [given[0]]"),
    "the output of the last call": "NAME_last = [7]\n" + returning("NAME_last.append(out) or NAME_last[-2]"),
    "the outputs that `check` has stored, one after the other": "import itertools\n"
    "from rnn2attn.check.questions import chapters\n"
    "part, = [part for parts in chapters().values() for part in parts if part.name == 'NAME']\n"
    "NAME_stored = itertools.cycle([case.expected for case in part.cases])\n"
    "def NAME(*given):\n    return next(NAME_stored)",
    "always the first output that `check` has stored": "from rnn2attn.check.questions import chapters\n"
    "part, = [part for parts in chapters().values() for part in parts if part.name == 'NAME']\n"
    "NAME_stored = part.cases[0].expected\ndef NAME(*given):\n    return NAME_stored",
    "the output that `check` has stored for these inputs": "from rnn2attn.check.questions import chapters\n"
    "part, = [part for parts in chapters().values() for part in parts if part.name == 'NAME']\n"
    "NAME_stored = {repr(list(case.inputs.values())): case.expected for case in part.cases}\n"
    "def NAME(*given):\n    return NAME_stored[repr(list(given))]",
    "right for the first calls only": "NAME_calls = []\n"
    + returning("NAME_calls.append(0) or (out if len(NAME_calls) < 4 else 7)"),
    "an exception of 3 million characters": raising("ValueError('x' * 3_000_000)"),
    "an exception whose name has as many": raising("type('x' * 3_000_000, (ValueError,), {})"),
    "an exception that steers": raising("ValueError('=1+1;\\x1b[2J\\u202e\\n<img src=x>\\ud800')"),
    "an exception that says that it is right": raising("type('right', (Exception,), {})('All points.')"),
    "a million warnings": calling("import warnings\n[warnings.warn(str(n)) for n in range(10**6)]\nreturn 7"),
    "threads of PyTorch": calling(
        "torch.set_num_threads(64)\ntorch.ones(2000, 2000) @ torch.ones(2000, 2000)\nreturn 7"
    ),
    "StopIteration": raising("StopIteration"),
    "GeneratorExit": raising("GeneratorExit"),
    "KeyboardInterrupt": raising("KeyboardInterrupt"),
    "SystemExit": raising("SystemExit(0)"),
    "an exception of its own kind": raising("Own()"),
    "NotImplementedError": raising("NotImplementedError"),
    "TimeoutError": raising("TimeoutError('right')"),
    "an exception that has no text": "class Bad(Exception):\n    def __str__(self):\n        raise Bad()\n"
    "def NAME(*given):\n    raise Bad()",
    "a group of exceptions": raising("ExceptionGroup('x' * 10**6, [ValueError(1)] * 9)"),
    "recursion without end": "def NAME(*given):\n    return NAME(*given)",
    "a right answer, and the process ends": "import os\n" + calling("os._exit(0)"),
    "a right answer, and SIGKILL": "import os\n" + calling("os.kill(os.getpid(), 9)"),
    "the interpreter's memory": calling("import ctypes\nctypes.string_at(0)"),
    "the alarm is switched off": calling("import signal, time\nsignal.alarm(0)\ntime.sleep(60)"),
}  # fmt: skip

# What can be wrong with the inputs, or with the gradient, of functions that get tensors, or of which one is asked.
OF_INPUTS = {
    "one number of an input is changed": "def NAME(*given):\n    out = RIGHT(*given)\n"
    "    x = first(given)\n    x.data.view(-1)[0] += 1\n    return out",
    "an input is emptied": "def NAME(*given):\n    out = RIGHT(*given)\n"
    "    first(given).data = torch.zeros(0).double()\n    return out",
    "an input is made NaN": "def NAME(*given):\n    out = each(lambda y: y.clone(), RIGHT(*given))\n"
    "    first(given).data.copy_(first(given).detach() * torch.nan)\n    return out",
}
OF_GRADIENTS = {
    "detached": returning("each(torch.Tensor.detach, out)"),
    "no_grad": "NAME = torch.no_grad()(RIGHT)",
    "inference mode": "NAME = torch.inference_mode()(RIGHT)",
    "there and back by NumPy": returning("each(lambda y: torch.from_numpy(y.detach().numpy()), out)"),
    "a leaf of its own": returning("each(lambda y: y.detach().clone().requires_grad_(), out)"),
    "a gradient twice as large": returning("each(lambda y: 2 * y - y.detach(), out)"),
    "a gradient with its sign changed by a hook": "def turned(y):\n    y = y * 1\n    if y.requires_grad:\n"
    "        y.register_hook(lambda g: -g)\n    return y\n" + returning("each(turned, out)"),
    "a way back that raises": FUNCTION.replace("BACK", "raise ValueError('no way')")
    + returning("each(Own.apply, out)"),
    "a way back that has no end": FUNCTION.replace("BACK", "import time; time.sleep(60)")
    + returning("each(Own.apply, out)"),
    "a right gradient of wrong values": returning("each(lambda y: y - y.detach(), out)"),
}

# What a cell spoils for all that runs in its process, wrong answers beside it: no points, for nobody.
SPOILED = {
    "a patched comparison": "torch.equal = torch.allclose = torch.isclose = lambda *a, **k: True\n",
    "patched methods of Tensor": "torch.Tensor.__sub__ = torch.Tensor.detach = torch.Tensor.cpu = lambda x, *a: x\n",
    "a patched `plain`": "import rnn2attn.check.calling as calling\ncalling.plain = lambda value: True\n",
    "patched cases": "import rnn2attn.check.calling as calling\ncalling.copied = lambda value: value\n"
    "calling._same = lambda *a: True\n",
    "time that stands": "import time\ntime.monotonic = time.time = lambda: 0\n",
    "alarms that do not ring": "import signal\nsignal.setitimer = signal.signal = signal.alarm = lambda *a: None\n",
    "no modules": "import sys\nsys.modules.clear()\n",
    "no notebook": "from IPython.core.interactiveshell import InteractiveShell\n"
    "InteractiveShell.instance().user_ns.clear()\nimport torch\n",
    "a socket that says everything twice": "import socket\nsend = socket.socket.sendall\n"
    "socket.socket.sendall = lambda s, data: send(s, data + data)\n",
    "JSON that says right": 'import json\njson.dumps = lambda *a, **k: \'{"dict": {"number": 1, "reply": true}}\'\n',
    "no builtins": "import builtins\nbuiltins.isinstance = builtins.len = lambda *a: True\n",
    "a worker that sends what it likes": "import sys\nworker = sys.modules.get('worker') or sys.modules['__main__']\n"
    "worker.replied = lambda number, reply: b'x' * 100\n",
    "a worker that says right": "import sys\nworker = sys.modules.get('worker') or sys.modules['__main__']\n"
    "worker.failed = lambda error: {'error': None, 'memory': False, 'value': True}\n",
    "a safetensors that saves ones": "import protocol, torch\nsave = protocol._saved\n"
    "protocol._saved = lambda tensors: save([torch.ones_like(t) for t in tensors])\n",
}
