"""Layer Pruning Explorer: how many layers of a pre-trained transformer can be dropped, which ones, at what cost."""

import sys
from pathlib import Path

__version__ = "0.1.0"


def program() -> str:
    """What starts this program's command line from its folder: in the environment that `make` set up, or another."""
    own = Path(__file__).parent.parent / ".venv"
    return f"{'.venv/bin/' if own.is_dir() and own.samefile(sys.prefix) else ''}python -m pruning"
