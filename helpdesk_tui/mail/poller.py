"""The poller: every mailbox has its rounds; then mail goes out and timers run."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress

from helpdesk_tui.config import MailboxSettings, Settings
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.errors import HelpdeskError, Temporary
from helpdesk_tui.language import _
from helpdesk_tui.mail.copies import fill_sent_folders, keep_copies
from helpdesk_tui.mail.duties import Duties
from helpdesk_tui.mail.ingest import PIPE, file_left_over
from helpdesk_tui.mail.intake import Intake, Polled, Progress, silent
from helpdesk_tui.mail.mailbox import LoginRefused, Mailbox, open_mailbox
from helpdesk_tui.mail.readers import Readers
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store.feed import Lookout
from helpdesk_tui.store.locks import Busy, alone
from helpdesk_tui.store.signs import POLLING, sign_trouble

log = logging.getLogger(__name__)

#: Pauses after a failure, in seconds: doubled each time up to the longest.
FIRST_PAUSE = 2.0
LONGEST_PAUSE = 300.0
#: After a refused login the first pause is that long: providers lock an account after a few of them.
REFUSED_PAUSE = 60.0
#: After a round that brought nothing new the next one begins so many seconds later at the soonest, whatever a server
#: announces.
QUIET_PAUSE = 1.0
#: How often one looks for mail of the pipe that was kept and not filed, in seconds.
LOOKS_FOR_KEPT = 60.0


def poll_once(desk: Desk, settings: Settings, progress: Progress = silent) -> Polled:
    """Poll every mailbox once, then send what is due and run the timers. One mailbox's failure stops no other."""
    done = Polled()
    for mailbox in settings.mailboxes:
        try:
            with alone(desk.store, _job(mailbox)), open_mailbox(mailbox) as box, Readers() as readers:
                Intake(desk, mailbox, progress).round(box, readers, done)
        except Exception as error:  # noqa: BLE001  the edge: whatever broke, the next mailbox has its turn
            trouble = _as_ours(error)
            done.failures.append(trouble)
            _sign_trouble(desk, mailbox, trouble)
    try:
        file_left_over(desk, PIPE)
        with Duties(desk, settings) as duties:  # an open app or another poller that does them is no failure
            done.sent = duties.do()
        fill_sent_folders(desk, settings)
    except Exception as error:  # noqa: BLE001  the edge: whatever broke, what was done is told
        done.failures.append(_as_ours(error))
    return done


class Poller:
    """Polls until it is stopped: a thread a mailbox, and one that sends and runs timers."""

    def __init__(
        self, desk: Desk, settings: Settings, tell: Callable[[str], None], progress: Progress = silent
    ) -> None:
        self._desk = desk
        self._settings = settings
        self._tell = tell
        self._stop = threading.Event()
        self._boxes: dict[str, Mailbox] = {}
        self._intakes = {one.name: Intake(desk, one, progress) for one in settings.mailboxes}
        self._pauses: dict[str, float] = {}

    def run(self) -> None:
        """Poll until `stop`; a mailbox that fails is tried again, later each time."""
        jobs = [threading.Thread(target=self._watch, args=(one,), name=one.name) for one in self._settings.mailboxes]
        copies = (self._desk, self._settings, self._stop)
        for job in [*jobs, threading.Thread(target=keep_copies, args=copies, name="copies", daemon=True)]:
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
        if isinstance(error, LoginRefused):
            pause = max(pause, REFUSED_PAUSE)
        if isinstance(error, Temporary) and not isinstance(error, Busy):
            pause = min(pause, FIRST_PAUSE * 8)
        self._pauses[mailbox.name] = min(pause * 2, LONGEST_PAUSE)
        return pause

    def _watch_while_it_works(self, mailbox: MailboxSettings) -> None:
        """Poll over one connection; the mailbox stays the same over all of them and remembers its troubles."""
        box = self._boxes.get(mailbox.name) or open_mailbox(mailbox)
        self._boxes[mailbox.name] = box
        intake = self._intakes[mailbox.name]
        with alone(self._desk.store, _job(mailbox)) as still_held, box, Readers() as readers:
            intake.connected()
            while not self._stop.is_set():
                still_held()
                done = Polled()
                intake.round(box, readers, done, self._stop)
                readers.rest()
                ended_at = time.monotonic()
                if done.received:
                    self._say(f"{mailbox.name}: {in_words(done)}")
                for remark in done.remarks:
                    self._say(remark)
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
        self._say(f"{mailbox.name}: {clean_line(f'{error.message} {error.hint}')}")
        _sign_trouble(self._desk, mailbox, error)


def in_words(done: Polled) -> str:
    """What a round took in: `3 new, 1 appended`."""
    return ", ".join(f"{count} {word}" for word, count in sorted(done.received.items()))


def _as_ours(error: Exception) -> HelpdeskError:
    """An error that can be told; what we did not foresee is named and tried again."""
    if isinstance(error, HelpdeskError):
        return error
    log.error("polling broke off: %s", type(error).__name__)
    return Temporary(_("Polling broke off ({kind}).").format(kind=type(error).__name__), _("It is tried again."))


def _sign_trouble(desk: Desk, mailbox: MailboxSettings, error: HelpdeskError) -> None:
    """Let everybody see which mailbox is in trouble; that somebody else has it is none."""
    if isinstance(error, Busy):
        return
    try:
        sign_trouble(desk.store, mailbox.name, desk.clock(), clean_line(f"{error.message} {error.hint}"))
    except Exception as trouble:  # noqa: BLE001  the edge: perhaps it was the store that broke
        log.error("the store cannot be told of it: %s", _as_ours(trouble).message)


def _job(mailbox: MailboxSettings) -> str:
    return POLLING + mailbox.name
