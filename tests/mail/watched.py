"""A process and its readers as they are watched from outside: how much memory each had at its peak."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_EVERY = 0.02


@dataclass
class Peaks:
    """The most memory that was resident, in bytes: of the process, and of each of its children by their ids."""

    own: int = 0
    children: dict[int, int] = field(default_factory=dict)

    @property
    def largest_child(self) -> int:
        """The most that one child had."""
        return max(self.children.values(), default=0)

    def look(self, process: int) -> None:
        """Take in how it is now; the system itself remembers what was between two looks."""
        self.own = max(self.own, _peak(process))
        for child in _children(process):
            self.children[child] = max(self.children.get(child, 0), _peak(child))


@contextmanager
def watched(process: int) -> Iterator[Peaks]:
    """The peaks of a process for as long as the block."""
    peaks, is_over = Peaks(), threading.Event()

    def watch() -> None:
        while not is_over.wait(_EVERY):
            peaks.look(process)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peaks
    finally:
        is_over.set()
        watcher.join()


def _peak(process: int) -> int:
    """What a process had at its peak, 0 where it has ended."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) << 10 if found else 0


def _children(process: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []
