"""Attention without softmax, which is a recurrent network whose state is a matrix; and recurrences that scan."""

from rnn2attn.linear.forms import chunked, parallel, recurrent
from rnn2attn.linear.gated import at_once, differences, shares, written
from rnn2attn.linear.memory import delta_step, memory_step
from rnn2attn.linear.minimal import MinGRU, MinLSTM
from rnn2attn.linear.scan import scan
from rnn2attn.linear.state_space import as_convolution, discretised, kernel, run

__all__ = [
    "MinGRU",
    "MinLSTM",
    "as_convolution",
    "at_once",
    "chunked",
    "delta_step",
    "differences",
    "discretised",
    "kernel",
    "memory_step",
    "parallel",
    "recurrent",
    "run",
    "scan",
    "shares",
    "written",
]
