"""The library of the textbook *From RNN to Attention*: small modules, each built from its equation."""

__version__ = "0.1.0"
