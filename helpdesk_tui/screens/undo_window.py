"""How long the last answer can still be taken back."""

from __future__ import annotations

import math
import time
from datetime import datetime, timedelta


class UndoWindow:
    """Open for some seconds after an answer was sent."""

    def __init__(self, length: int) -> None:
        """Open for so many seconds each time; 0 is never."""
        self.length = length
        #: The ids of batches that could not be taken back: the next `u` steps over them.
        self.passed_over: set[str] = set()
        self._ends_at = 0.0

    def open(self) -> None:
        """An answer was sent just now."""
        self._ends_at = time.monotonic() + self.length

    def leaves_at(self, now: datetime) -> datetime | None:
        """When an answer leaves that is sent now; None is at once."""
        return now + timedelta(seconds=self.length) if self.length else None

    @property
    def seconds(self) -> int:
        """How long it is still open; 0 where it is not."""
        return max(math.ceil(self._ends_at - time.monotonic()), 0)
