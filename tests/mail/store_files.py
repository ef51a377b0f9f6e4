"""The files of a store on SQLite: copied, moved, and looked into page by page."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

PARTS = ("", "-wal", "-shm")
#: The write-ahead log begins with a head; each frame is a page and a head of its own (SQLite file format, 4).
LOG_HEAD, FRAME = 32, 4096 + 24


def copied(file: Path, folder: Path) -> Path:
    """A copy of a store that nobody has open, in this folder."""
    folder.mkdir(mode=0o700, exist_ok=True)
    return Path(shutil.copy2(file, folder))


def moved_away(file: Path, folder: Path) -> Path:
    """Move a store with all its files into this folder."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for part in PARTS:
        if (one := Path(f"{file}{part}")).exists():
            one.rename(folder / one.name)
    return folder / file.name


def at(file: Path) -> Callable[[str], str]:
    """How everybody reaches this store."""
    return lambda _login: f"sqlite:///{file}"


def log_of(file: Path) -> Path:
    """The write-ahead log of a store."""
    return Path(f"{file}-wal")


def frames(log: bytes) -> int:
    """How many pages a write-ahead log holds."""
    return (len(log) - LOG_HEAD) // FRAME
