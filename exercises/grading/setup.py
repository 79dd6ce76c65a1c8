"""The version, which stands in the library alone; pyproject.toml has the rest."""

import re
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).resolve().parents[2]
SOURCE = (ROOT / "lib/rnn2attn/__init__.py").read_text("utf-8")

setup(version=re.search(r'__version__ = "(.+)"', SOURCE)[1])
