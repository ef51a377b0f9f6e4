"""One round over a mailbox: new mail is kept, filed, and only then is the server told."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from datetime import time as time_of_day

from helpdesk_tui.config import MailboxSettings
from helpdesk_tui.desk import mailroom
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.mailroom import ArrivedMail
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.mail.ahead import one_ahead
from helpdesk_tui.mail.ingest import file_left_over, take_in
from helpdesk_tui.mail.mailbox import FetchedMail, Mailbox, is_backlog
from helpdesk_tui.mail.numbering import numbering_of
from helpdesk_tui.mail.readers import Readers
from helpdesk_tui.mail.telling import Telling
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store.signs import Sign, first_round_at, put, sign_round, words_of
from helpdesk_tui.terms import Disposition

log = logging.getLogger(__name__)

#: In a round that lasts, so many seconds pass between two signs of life.
_SIGNS_AGAIN = 10.0

#: Told of a mailbox: how many of the mails that wait in it are stored.
Progress = Callable[[str, int, int], None]


def silent(_mailbox: str, _done: int, _total: int) -> None:
    """Where nobody wants to know how far it has come."""


@dataclass
class Polled:
    """What one round did. `remarks`: what is to be known and is no trouble, said for the first time."""

    received: dict[str, int] = field(default_factory=dict)
    sent: int = 0
    failures: list[HelpdeskError] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def has_news(self) -> bool:
        """True where a mail came in that was not known."""
        return bool(self.received.keys() - {Disposition.DUPLICATE})

    def count(self, disposition: str) -> None:
        """Count one mail."""
        self.received[disposition] = self.received.get(disposition, 0) + 1


class Intake:
    """Takes in what is new in one mailbox, round after round; over all its connections it is the same."""

    def __init__(self, desk: Desk, mailbox: MailboxSettings, progress: Progress = silent) -> None:
        self._desk = desk
        self._mailbox = mailbox
        self._progress = progress
        self._telling = Telling(desk, mailbox.name)
        self._numberings: dict[int, int] = {}
        self._live_since: datetime | None = None
        self._signed_at = time.monotonic()
        self._is_said_to_wait = False

    def connected(self) -> None:
        """Trust no number any more that was given over another connection."""
        self._numberings.clear()

    def round(self, box: Mailbox, readers: Readers, done: Polled, stop: threading.Event | None = None) -> None:
        """Keep and file what is new, then tell the server of everything filed that it was not told of.

        Args:
            readers: who reads the mails.
            stop: once it is set, what is not fetched yet is left for another time.
        """
        name = self._mailbox.name
        self._beginning()
        for filed in file_left_over(self._desk, name, readers):
            done.count(filed.disposition)
        uids = box.uids()
        numbering = self._numbering(box, uids)
        known = self._desk.ask(mailroom.fates, name, numbering, uids)
        self._telling.tell(box, numbering, [uid for uid in uids if uid in known and _is_to_tell(known[uid])])
        if new := [uid for uid in uids if uid not in known]:
            self._take(box, numbering, new, readers, done, stop)
        for problem in box.problems:
            log.warning("%s: %s", name, problem)
        self._remember_remarks(box, done)
        sign_round(self._desk.store, name, self._desk.clock(), state_of(box))

    def _numbering(self, box: Mailbox, uids: list[int]) -> int:
        if box.uidvalidity not in self._numberings:
            self._numberings[box.uidvalidity] = numbering_of(self._desk, self._mailbox.name, box, uids)
        return self._numberings[box.uidvalidity]

    def _take(
        self,
        box: Mailbox,
        numbering: int,
        uids: list[int],
        readers: Readers,
        done: Polled,
        stop: threading.Event | None,
    ) -> None:
        taken = 0
        untold: list[int] = []

        def tell() -> None:
            self._telling.tell(box, numbering, untold.copy())
            untold.clear()

        with closing(one_ahead(box.fetch(uids), tell)) as batches:
            for batch in batches:
                mails = [self._arrived(one, numbering) for one in batch]
                for filed in take_in(self._desk, self._mailbox.name, mails, self._mailbox.queue, readers=readers):
                    done.count(filed.disposition)
                untold += [one.uid for one in batch]
                taken += len(batch)
                self._progress(self._mailbox.name, taken, len(uids))
                if stop is not None and stop.is_set():
                    break
                self._sign_on_the_way(batch, len(uids) - taken)
        tell()
        if self._is_said_to_wait:
            self._say_waiting(self._desk.clock(), 0)

    def _arrived(self, mail: FetchedMail, numbering: int) -> ArrivedMail:
        old = is_backlog(mail.received_at, self._beginning())
        return ArrivedMail(mail.content, mail.received_at, numbering, mail.uid, old)

    def _beginning(self) -> datetime:
        """From when on mail is new: from the day of the settings, or from the first round on, also an empty one."""
        if self._live_since is None:
            since, store = self._mailbox.since, self._desk.store
            begins = datetime.combine(since, time_of_day(), UTC) if since else None
            self._live_since = begins or first_round_at(store, self._mailbox.name, self._desk.clock())
        return self._live_since

    def _sign_on_the_way(self, batch: Sequence[FetchedMail], left: int) -> None:
        """In a long round, say that it goes on, and since when the next mail waits."""
        if not left or time.monotonic() < self._signed_at + _SIGNS_AGAIN:
            return
        self._signed_at = time.monotonic()
        sign_round(self._desk.store, self._mailbox.name, self._desk.clock())
        self._say_waiting(max(batch[-1].received_at, self._beginning()), left)

    def _say_waiting(self, since: datetime, left: int) -> None:
        words = str(left) if left else ""
        put(self._desk.store, Sign.WAITING, self._mailbox.name, since, self._desk.clock(), words)
        self._is_said_to_wait = bool(left)

    def _remember_remarks(self, box: Mailbox, done: Polled) -> None:
        """Hand on what was not remarked the last time."""
        words, name = " ".join(box.remarks), self._mailbox.name
        if words and words != self._desk.ask(words_of, Sign.REMARK, name):
            now = self._desk.clock()
            put(self._desk.store, Sign.REMARK, name, now, now, words)
            done.remarks += box.remarks


def state_of(box: Mailbox) -> str:
    """What people read of a mailbox after a round: `ok`, or what was left alone."""
    return clean_line("; ".join(box.problems[:3]), 600) or "ok"


def _is_to_tell(fate: mailroom.Fate) -> bool:
    return fate.is_filed and not fate.is_done
