"""The lonely jobs beside the mailboxes: sending, and running what falls due. Whoever is there does them."""

from __future__ import annotations

import time
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from helpdesk_tui.config import Settings
from helpdesk_tui.desk.delivery import doubt_interrupted
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.desk.due import run_due
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.mail.outbox import open_transport, send_all
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.store.locks import Busy, Hold, alone, sign
from helpdesk_tui.store.queries.mail import SENDER

#: The job of running what falls due.
TIMERS = "timers"
#: How often a job that another process has is asked for, and how often one says that it is alive, in seconds.
_ASKS_AGAIN, _SIGNS_AGAIN = 10.0, 30.0


class Duties:
    """Holds what nobody else does: sending where these settings know a mail server, and the timers anywhere.

    An app without a mail server keeps no poller that has one from sending.
    """

    def __init__(self, desk: Desk, settings: Settings) -> None:
        self._desk = desk
        self._settings = settings
        self._locks = ExitStack()
        self._held: dict[str, Hold] = {}
        self._asked_at = self._signed_at = float("-inf")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.clear()
        self._locks.__exit__(kind, error, trace)

    def do(self) -> int:
        """Do what is due of the jobs held; returns how many mails were handed over.

        Raises:
            HelpdeskError: the mail server or the store cannot be used; the timers have run all the same.
        """
        self._take_what_is_free()
        for still_held in self._held.values():
            still_held()
        try:
            return self._send(self._held[SENDER]) if SENDER in self._held else 0
        finally:
            if TIMERS in self._held:
                run_due(self._desk, self._desk.clock())

    def _take_what_is_free(self) -> None:
        wanted = {TIMERS, *([SENDER] if self._settings.has_smtp else [])} - self._held.keys()
        if not wanted or time.monotonic() < self._asked_at + _ASKS_AGAIN:
            return
        self._asked_at = time.monotonic()
        for job in sorted(wanted):
            try:
                self._held[job] = self._locks.enter_context(alone(self._desk.store, job))
            except Busy:
                continue
            if job == SENDER:
                doubt_interrupted(self._desk)

    def _send(self, still_held: Hold) -> int:
        try:
            with open_transport(self._settings.smtp) as transport:
                sent = send_all(self._desk, transport, still_held)
        except HelpdeskError as error:
            self._sign(clean_line(f"{error.message} {error.hint}"))
            raise
        self._sign("ok")
        return sent

    def _sign(self, words: str) -> None:
        """Tell people that somebody sends, and how that goes."""
        if words != "ok" or time.monotonic() >= self._signed_at + _SIGNS_AGAIN:
            sign(self._desk.store, SENDER, self._desk.clock(), words)
            self._signed_at = time.monotonic() if words == "ok" else float("-inf")
