"""What a learner's notebook may use. Each limit is an option of the command line."""

from dataclasses import dataclass, field, fields

MIB = 1 << 20


def option(default: float, text: str):
    """A field of `Limits` with what the command line says of it."""
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True)
class Limits:
    """What a submission may use.

    Raises:
        ValueError: one of them is not above 0.
    """

    cell: float = option(30, "seconds that a cell may take")
    call: float = option(10, "seconds that a call of a function may take")
    submission: float = option(300, "seconds that a submission may take")
    cpu: int = option(120, "seconds of CPU of a process")
    memory: int = option(2048, "MiB of all processes, beyond PyTorch's own")
    processes: int = option(1, "processes and threads")
    file: int = option(8, "MiB of a file")
    disk: int = option(64, "MiB of all files")
    output: int = option(100, "kB of printed output that are kept of a submission")
    answer: int = option(4, "MiB of an answer")

    def __post_init__(self):
        for limit in fields(self):
            value = getattr(self, limit.name)
            if not value > 0:
                raise ValueError(f"{limit.name} is {value}; above 0 is needed")
