"""How far a long transfer has come: done of total, rate, time left; at most twice a second."""

from __future__ import annotations

import time
from collections.abc import Callable

from helpdesk_tui.language import _

_EVERY_SECONDS = 0.5


class Progress:
    """Says through `tell` how far something has come, as often as a person can read it; without `tell` nothing."""

    def __init__(self, total: int, unit: str, tell: Callable[[str], None] | None) -> None:
        self._total = total
        self._unit = unit
        self._tell = tell
        #: From the first call on: what lay behind then may have been done by an earlier command.
        self._since: tuple[int, float] | None = None
        self._last = time.monotonic()

    def at(self, done: int) -> None:
        """Take note that so much lies behind."""
        now = time.monotonic()
        self._since = self._since or (done, now)
        if self._tell and now - self._last >= _EVERY_SECONDS:
            self._last = now
            self._tell(self._words(done, done - self._since[0], now - self._since[1]))

    def _words(self, done: int, lately: int, seconds: float) -> str:
        rate = lately / max(seconds, 0.001)
        left = max(self._total - done, 0) / rate if rate > 0 else 0
        if self._unit == "bytes":
            sizes = (f"{done / 1e6:.1f}", f"{self._total / 1e6:.1f}", f"{rate / 1e6:.2f}")
            said = _("{done} of {total} MB · {rate} MB/s").format(done=sizes[0], total=sizes[1], rate=sizes[2])
        else:
            said = _("{done} of {total} {unit} · {rate}/s").format(
                done=done, total=self._total, unit=self._unit, rate=round(rate)
            )
        minutes, rest = divmod(round(left), 60)
        return said + " · " + _("{minutes}:{seconds} left").format(minutes=minutes, seconds=f"{rest:02d}")
