"""`helpdesk --version`, without loading anything else."""

from __future__ import annotations

from importlib.metadata import version


def print_version() -> int:
    """Print the program's version; returns the exit code."""
    print(version("helpdesk-tui"))
    return 0
