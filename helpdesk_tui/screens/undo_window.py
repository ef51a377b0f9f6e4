"""How long the last answer can still be taken back."""

from __future__ import annotations

import math
import time


class UndoWindow:
    """Open for some seconds after an answer was sent."""

    def __init__(self) -> None:
        self._ends_at = 0.0

    def open(self, seconds: int) -> None:
        """An answer was sent just now that leaves after so long."""
        self._ends_at = time.monotonic() + seconds

    @property
    def seconds(self) -> int:
        """How long it is still open; 0 where it is not."""
        return max(math.ceil(self._ends_at - time.monotonic()), 0)
