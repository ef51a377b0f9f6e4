"""What changed in the store, brought to the app: after each verb of its own at once, else when somebody has written."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

from helpdesk_tui.errors import HelpdeskError

if TYPE_CHECKING:
    from helpdesk_tui.desk.door import Desk
    from helpdesk_tui.store.feed import Feed

log = logging.getLogger(__name__)
#: After a failure one looks again in so many seconds.
_AGAIN = 1.0


class Listener:
    """One reader of the change feed, asked by two threads: the database's and one that waits for others' changes."""

    def __init__(
        self, desk: Desk, feed: Feed, ended: threading.Event, tell: Callable[[set[int], set[int], set[int]], object]
    ) -> None:
        """Begin with the present.

        Args:
            ended: set when the program ends. tell: hears which tickets changed, which of them by our own hand, and at
                which others began or ceased to look or to write.
        """
        self._desk = desk
        self._feed = feed
        self._ended = ended
        self._tell = tell
        self._lock = threading.Lock()
        self._around: set[tuple[int, int, bool]] = set()

    def start(self) -> None:
        """Look for changes until the app ends, in a thread of its own."""
        threading.Thread(target=self._listen, name="feed", daemon=True).start()

    def deliver(self) -> None:
        """Hand on what the feed has; runs in either thread."""
        with self._lock:  # told while it is held: whoever finds nothing left knows that it has been told
            changes = self._feed.read()
            mine = self._desk.actor.agent_id
            own = {change.ticket_id for change in changes if change.actor_id == mine}
            tickets, moved = {change.ticket_id for change in changes}, self._with_others()
            if tickets or moved:
                self._tell(tickets, own, moved)

    def echo(self) -> None:
        """Hand on what a verb of our own has changed; the verb is done whatever becomes of that."""
        try:
            self.deliver()
        except HelpdeskError as error:  # the listener brings it later
            log.warning("the feed was interrupted: %s", error.message)

    def _with_others(self) -> set[int]:
        """The tickets that a colleague has opened or left, or where one has begun or ceased to write, since the last look."""
        from helpdesk_tui.store.queries.presence import around

        before, desk = self._around, self._desk
        self._around = {one for one in desk.ask(around, desk.clock()) if one[1] != desk.actor.agent_id}
        return {ticket for ticket, _agent, _is_writing in self._around ^ before}

    def _listen(self) -> None:
        """Look out; a lost connection is made anew."""
        from helpdesk_tui.store.feed import Lookout

        while not self._ended.is_set():
            try:
                with closing(Lookout(self._desk.store)) as lookout:
                    self.deliver()  # what was written before one looked out
                    while not self._ended.is_set():
                        if lookout.wait():
                            self.deliver()
            except Exception as error:  # noqa: BLE001  the edge: whatever broke, look again in a moment
                log.warning("the feed was interrupted: %s", type(error).__name__)
                self._ended.wait(_AGAIN)
