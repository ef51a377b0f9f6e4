"""The poller: new mail is kept, filed, and only then is the server told; then mail goes out and timers run."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field

from helpdesk_tui.config import MailboxSettings, Settings
from helpdesk_tui.desk import mailroom
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.mailroom import ArrivedMail
from helpdesk_tui.errors import HelpdeskError, Temporary
from helpdesk_tui.language import _
from helpdesk_tui.mail.duties import Duties
from helpdesk_tui.mail.ingest import PIPE, file_left_over, take_in
from helpdesk_tui.mail.mailbox import Mailbox, open_mailbox
from helpdesk_tui.mail.readers import Readers
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store.feed import Lookout
from helpdesk_tui.store.locks import Busy, alone, sign
from helpdesk_tui.terms import Disposition

log = logging.getLogger(__name__)

#: Pauses after a failure, in seconds: doubled each time up to the longest.
FIRST_PAUSE = 2.0
LONGEST_PAUSE = 300.0
#: After a round that brought nothing new the next one begins so many seconds later at the soonest, whatever a server
#: announces.
QUIET_PAUSE = 1.0
#: How often one looks for mail of the pipe that was kept and not filed, in seconds.
LOOKS_FOR_KEPT = 60.0


@dataclass
class Polled:
    """What one round did."""

    received: dict[str, int] = field(default_factory=dict)
    sent: int = 0
    failures: list[HelpdeskError] = field(default_factory=list)

    @property
    def has_news(self) -> bool:
        """True where a mail came in that was not known."""
        return bool(self.received.keys() - {Disposition.DUPLICATE})

    def count(self, disposition: str) -> None:
        """Count one mail."""
        self.received[disposition] = self.received.get(disposition, 0) + 1


def poll_once(desk: Desk, settings: Settings) -> Polled:
    """Poll every mailbox once, then send what is due and run the timers. One mailbox's failure stops no other."""
    done = Polled()
    for mailbox in settings.mailboxes:
        try:
            with alone(desk.store, _job(mailbox)), open_mailbox(mailbox) as box, Readers() as readers:
                _take_new(desk, mailbox, box, readers, done)
                sign(desk.store, _job(mailbox), desk.clock(), _state_of(box))
        except Exception as error:  # noqa: BLE001  the edge: whatever broke, the next mailbox has its turn
            done.failures.append(_as_ours(error))
    try:
        file_left_over(desk, PIPE)
        with Duties(desk, settings) as duties:  # an open app or another poller that does them is no failure
            done.sent = duties.do()
    except Exception as error:  # noqa: BLE001  the edge: whatever broke, what was done is told
        done.failures.append(_as_ours(error))
    return done


class Poller:
    """Polls until it is stopped: a thread a mailbox, and one that sends and runs timers."""

    def __init__(self, desk: Desk, settings: Settings, tell: Callable[[str], None]) -> None:
        self._desk = desk
        self._settings = settings
        self._tell = tell
        self._stop = threading.Event()
        self._boxes: dict[str, Mailbox] = {}
        self._pauses: dict[str, float] = {}

    def run(self) -> None:
        """Poll until `stop`; a mailbox that fails is tried again, later each time."""
        jobs = [threading.Thread(target=self._watch, args=(one,), name=one.name) for one in self._settings.mailboxes]
        for job in jobs:
            job.start()
        try:
            self._send_and_run_timers()
        finally:
            self.stop()
            for job in jobs:
                job.join()

    def stop(self) -> None:
        """End soon; may be called from a signal handler."""
        self._stop.set()
        for box in list(self._boxes.values()):
            box.stop_waiting()

    def _watch(self, mailbox: MailboxSettings) -> None:
        while not self._stop.is_set():
            try:
                self._watch_while_it_works(mailbox)
            except Exception as broken:  # noqa: BLE001  the edge: whatever broke, it is tried again
                error = _as_ours(broken)
                with suppress(Exception):
                    self._report(mailbox, error)
                self._stop.wait(self._pause_after(mailbox, error))

    def _pause_after(self, mailbox: MailboxSettings, error: HelpdeskError) -> float:
        """How long to wait now; the next time it is longer."""
        pause = self._pauses.get(mailbox.name, FIRST_PAUSE)
        if isinstance(error, Temporary) and not isinstance(error, Busy):
            pause = min(pause, FIRST_PAUSE * 8)
        self._pauses[mailbox.name] = min(pause * 2, LONGEST_PAUSE)
        return pause

    def _watch_while_it_works(self, mailbox: MailboxSettings) -> None:
        """Poll over one connection; the mailbox stays the same over all of them and remembers its troubles."""
        box = self._boxes.get(mailbox.name) or open_mailbox(mailbox)
        self._boxes[mailbox.name] = box
        with alone(self._desk.store, _job(mailbox)) as still_held, box, Readers() as readers:
            while not self._stop.is_set():
                still_held()
                done = Polled()
                _take_new(self._desk, mailbox, box, readers, done, self._stop)
                readers.rest()
                sign(self._desk.store, _job(mailbox), self._desk.clock(), _state_of(box))
                ended_at = time.monotonic()
                if done.received:
                    self._say(f"{mailbox.name}: {in_words(done)}")
                box.wait(self._settings.poll_seconds)
                self._pauses.pop(mailbox.name, None)
                if not done.has_news:
                    self._stop.wait(max(0.0, ended_at + QUIET_PAUSE - time.monotonic()))

    def _send_and_run_timers(self) -> None:
        """Look whenever something was written, and at least every few seconds."""
        while not self._stop.is_set():
            try:
                with Duties(self._desk, self._settings) as duties, closing(Lookout(self._desk.store)) as lookout:
                    self._do_duties(duties, lookout)
            except Exception as broken:  # noqa: BLE001  the edge: whatever broke, it is tried again
                trouble = _as_ours(broken)
                self._say(f"{trouble.message} {trouble.hint}")
                self._stop.wait(FIRST_PAUSE)

    def _do_duties(self, duties: Duties, lookout: Lookout) -> None:
        rounds, looks_at = 0, time.monotonic()
        while not self._stop.is_set():
            if rounds % 20 == 0 or lookout.wait():
                duties.do()
            if time.monotonic() >= looks_at:
                file_left_over(self._desk, PIPE)
                looks_at = time.monotonic() + LOOKS_FOR_KEPT
            rounds += 1

    def _say(self, words: str) -> None:
        """Tell people, where somebody listens: a terminal that went away ends nothing."""
        with suppress(OSError, ValueError):
            self._tell(words)

    def _report(self, mailbox: MailboxSettings, error: HelpdeskError) -> None:
        words = clean_line(f"{error.message} {error.hint}")
        self._say(f"{mailbox.name}: {words}")
        if not isinstance(error, Busy):
            try:
                sign(self._desk.store, _job(mailbox), self._desk.clock(), words)
            except Exception as trouble:  # noqa: BLE001  the edge: perhaps it was the store that broke
                log.error("the store cannot be told of it: %s", _as_ours(trouble).message)


def in_words(done: Polled) -> str:
    """What a round took in: `3 new, 1 appended`."""
    return ", ".join(f"{count} {word}" for word, count in sorted(done.received.items()))


def _as_ours(error: Exception) -> HelpdeskError:
    """An error that can be told; what we did not foresee is named and tried again."""
    if isinstance(error, HelpdeskError):
        return error
    log.error("polling broke off: %s", type(error).__name__)
    return Temporary(_("Polling broke off ({kind}).").format(kind=type(error).__name__), _("It is tried again."))


def _state_of(box: Mailbox) -> str:
    """What people read of a mailbox after a round: `ok`, or what was left alone."""
    return clean_line("; ".join(box.problems[:3]), 600) or "ok"


def _job(mailbox: MailboxSettings) -> str:
    return f"mailbox {mailbox.name}"


def _take_new(
    desk: Desk,
    mailbox: MailboxSettings,
    box: Mailbox,
    readers: Readers,
    done: Polled,
    stop: threading.Event | None = None,
) -> None:
    """Keep and file what is new, then tell the server of everything filed that it was not told of.

    Args:
        stop: once it is set, what is not fetched yet is left for another time.
    """
    for filed in file_left_over(desk, mailbox.name, readers):
        done.count(filed.disposition)
    uids = box.uids()
    known = desk.ask(mailroom.fates, mailbox.name, box.uidvalidity, uids)
    _tell_server(desk, mailbox, box, [uid for uid in uids if uid in known and _is_to_tell(known[uid])])
    for batch in box.fetch([uid for uid in uids if uid not in known]):
        mails = [ArrivedMail(one.content, one.received_at, one.uidvalidity, one.uid) for one in batch]
        for filed in take_in(desk, mailbox.name, mails, mailbox.queue, readers=readers):
            done.count(filed.disposition)
        _tell_server(desk, mailbox, box, [one.uid for one in batch])
        if stop is not None and stop.is_set():
            break
    for problem in box.problems:
        log.warning("%s: %s", mailbox.name, problem)


def _is_to_tell(fate: mailroom.Fate) -> bool:
    return fate.is_filed and not fate.is_done


def _tell_server(desk: Desk, mailbox: MailboxSettings, box: Mailbox, uids: list[int]) -> None:
    """Flag or move what is filed. A server that refuses is told again in the next round; mail comes in all the same."""
    if not uids:
        return
    try:
        box.done(uids)
    except Temporary:
        raise
    except HelpdeskError as error:
        box.problems.append(f"{error.message} {error.hint}")
        return
    mailroom.mark_done(desk, mailbox.name, box.uidvalidity, uids)
