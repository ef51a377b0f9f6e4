"""Tells colleagues which ticket is open here, in a thread of its own: no key waits for that."""

from __future__ import annotations

import logging
import threading
import time

from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.presence import say_where
from helpdesk_tui.errors import HelpdeskError

log = logging.getLogger(__name__)
#: How often one looks whether there is something to say, and how often it is said again, in seconds.
_LOOK_EVERY, _AGAIN = 0.5, 20.0
#: So long the program waits at its end until colleagues have been told, in seconds.
_LAST_WORD = 0.3
#: Who has pressed no key for so long has gone for a coffee, in seconds.
_IDLE = 300.0


class Whereabouts:
    """The ticket that is open here, as colleagues are told: not one that is only passed, nor one nobody sits at."""

    def __init__(self, desk: Desk, ended: threading.Event) -> None:
        self._desk = desk
        self._ended = ended
        self._ticket: int | None = None
        self._said: int | None = None
        self._said_at = 0.0
        self._touched_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="whereabouts", daemon=True)

    def start(self) -> None:
        """Tell from now on, until the app ends."""
        self._thread.start()

    def at(self, ticket_id: int | None) -> None:
        """This ticket is open here now; None where none is."""
        self._ticket = ticket_id
        self.touched()

    def touched(self) -> None:
        """A key was pressed."""
        self._touched_at = time.monotonic()

    def end(self) -> None:
        """Give it a moment to say that one is gone; where the store does not answer, time says it."""
        if self._thread.is_alive():
            self._thread.join(_LAST_WORD)

    def _run(self) -> None:
        before = None
        while not self._ended.wait(_LOOK_EVERY):
            now, is_idle = self._ticket, time.monotonic() - self._touched_at > _IDLE
            if now == before or now is None:  # it has stood here for a moment
                self._say_if_new(None if is_idle else now)
            before = now
        self._say_if_new(None)

    def _say_if_new(self, wanted: int | None) -> None:
        is_old = wanted is not None and time.monotonic() - self._said_at > _AGAIN
        if wanted == self._said and not is_old:
            return
        left, self._said, self._said_at = self._said, wanted, time.monotonic()
        try:
            say_where(self._desk, wanted, left if left != wanted else None)
        except HelpdeskError as error:  # nothing depends on it, and it is said again
            log.info("colleagues are not told what is open here: %s", error.message)
