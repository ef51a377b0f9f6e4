"""Pulling the plug: app and poller die by kill -9 in mid-sentence, start again, and what was there is compared."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpdesk_tui.demo.build import (
    VISITOR,
    DemoFiles,
    actor,
    begin_the_day,
    counts,
    deliver,
    open_demo_store,
    sample_mails,
    take_in_all,
)
from helpdesk_tui.demo.run import start_poller
from helpdesk_tui.desk.door import Desk, utc_now
from helpdesk_tui.errors import Temporary
from helpdesk_tui.language import _
from helpdesk_tui.mail.ledger import Ledger
from helpdesk_tui.screens.place import Place, load_place
from helpdesk_tui.store.queries.mail import mail_account
from helpdesk_tui.store.queries.thread import drafts
from helpdesk_tui.terms import SYSTEM

#: So many mails are there before; the rest comes while the plug is pulled.
_BEFORE = 40
SENTENCE = "Guten Tag, danke für Ihre Nachricht. Wir haben den Vorgang geprüft und werden Ihnen die Geb"
#: These last characters are typed when the poller is at work, right before the kill.
_LAST_WORDS = 6
_KEY_PAUSE = 0.045
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class PlugReport:
    """What there was before and after.

    Args:
        ledger: the mailbox beside the store, in the end.
        kept_when_killed: mails kept at the moment of the kill, of those that had been delivered.
        typed, restored: the half sentence as typed, and as the draft holds it after the restart.
    """

    ledger: Ledger
    delivered: int
    kept_when_killed: int
    cursor_before: int | None
    cursor_after: int | None
    marks_before: list[int]
    marks_after: list[int]
    typed: str
    restored: str

    @property
    def characters_lost(self) -> int:
        """How much of the sentence is gone: what was typed within the last moment before the kill."""
        return len(self.typed) - len(self.restored) if self.typed.startswith(self.restored) else len(self.typed)

    @property
    def is_same_place(self) -> bool:
        """True where cursor and marks stand as before."""
        return (self.cursor_before, self.marks_before) == (self.cursor_after, self.marks_after)

    @property
    def is_kept(self) -> bool:
        """True where nothing is gone but the last second of typing."""
        typed_a_second = round(1.0 / _KEY_PAUSE) + 1
        return (
            self.is_same_place
            and self.ledger.is_whole
            and self.ledger.account.received == self.delivered
            and (0 <= self.characters_lost <= typed_a_second)
        )

    def in_words(self) -> str:
        """The report for people, without its ledger."""
        place = _("same cursor, same marks") if self.is_same_place else _("another place")
        return "\n".join(
            (
                _("killed -9 in mid-sentence, app and poller, with {kept} of {delivered} mails kept").format(
                    kept=self.kept_when_killed, delivered=self.delivered
                ),
                _("started again: {place} ({marks} marked)").format(place=place, marks=len(self.marks_after)),
                _("the half sentence: “{text}”, {n} characters short").format(
                    text=self.restored, n=self.characters_lost
                ),
            )
        )


def pull_the_plug(demo: DemoFiles, *, is_shown: bool) -> PlugReport:
    """Run the whole story; `is_shown` mirrors the app on this terminal."""
    desk = open_demo_store(demo)
    mails = sample_mails()
    deliver(demo, mails[:_BEFORE], utc_now())
    take_in_all(desk)
    begin_the_day(desk)
    visitor = desk if desk.store.is_postgres else desk.acting_as(actor(desk.store, VISITOR))
    scene = _Scene(demo, visitor, is_shown)
    try:
        before, kept = scene.until_the_kill(lambda: deliver(demo, mails[_BEFORE:], utc_now()))
        after, restored = scene.after_the_restart(len(mails))
    finally:
        scene.end()
    found = counts(desk.acting_as(SYSTEM))
    return PlugReport(
        ledger=found.ledger,
        delivered=len(mails),
        kept_when_killed=kept,
        cursor_before=before.cursor,
        cursor_after=after.cursor,
        marks_before=before.marks,
        marks_after=after.marks,
        typed=SENTENCE,
        restored=restored,
    )


class _Scene:
    """The app on a terminal of its own, and a poller beside it."""

    def __init__(self, demo: DemoFiles, desk: Desk, is_shown: bool) -> None:
        self._demo = demo
        self._desk = desk
        self._is_shown = is_shown
        self._app: subprocess.Popen[bytes] | None = None
        self._poller: subprocess.Popen[bytes] | None = None
        self._master = -1
        self._seen = b""

    def until_the_kill(self, more_mail: Callable[[], None]) -> tuple[Place, int]:
        """Work like an agent, let mail come in, and kill both in mid-sentence."""
        self._start_app()
        self._wait_on_screen(b"#")
        self._type("5", pause=0.5)
        self._wait(lambda: self._place().view == 5)
        self._type("jj", pause=0.15)
        self._type("   ", pause=0.2)
        self._wait(lambda: len(self._place().marks) == 3)
        self._type("\r", pause=0.3)
        self._wait(lambda: self._place().ticket is not None)
        self._type("r", pause=0.6)
        self._type(SENTENCE[:-_LAST_WORDS])
        self._wait(lambda: bool(self._draft()))
        before = self._place()
        more_mail()
        self._poller = start_poller(self._demo)
        self._wait(lambda: self._kept() > _BEFORE, pause=0.005)
        self._type(SENTENCE[-_LAST_WORDS:], pause=0.005)
        self._kill()
        return before, self._kept()

    def after_the_restart(self, expected: int) -> tuple[Place, str]:
        """Start both again; what stands there, and the draft."""
        self._start_app()
        self._poller = start_poller(self._demo)
        self._wait_on_screen(b"#")
        self._wait(lambda: self._accounted() >= expected)
        self._watch(3.0 if self._is_shown else 1.0)
        return self._place(), self._draft()

    def end(self) -> None:
        """Stop everything."""
        for process in (self._app, self._poller):
            if process is not None and process.poll() is None:
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=5)
                if process.poll() is None:
                    process.kill()
                    process.wait()
        if self._master >= 0:
            self._watch(0.2)
            os.close(self._master)
            self._master = -1

    def _start_app(self) -> None:
        if self._master >= 0:
            os.close(self._master)
        self._master, slave = pty.openpty()
        size = shutil.get_terminal_size((80, 24)) if self._is_shown else os.terminal_size((80, 24))
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size.lines, size.columns, 0, 0))
        login = [] if self._desk.store.is_postgres else ["--as", VISITOR]
        command = [sys.executable, "-m", "helpdesk_tui", "--config", str(self._demo.config), *login]
        environment = {**os.environ, "TERM": os.environ.get("TERM", "xterm-256color")}
        self._seen = b""
        self._app = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, env=environment
        )
        os.close(slave)

    def _kill(self) -> None:
        for process in (self._app, self._poller):
            if process is not None:
                process.send_signal(signal.SIGKILL)
                process.wait()
        if self._is_shown:
            os.write(1, b"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[0m")
            print(f"\r\n{_('kill -9: app and poller are gone. Starting them again …')}\r\n", flush=True)

    def _type(self, keys: str, pause: float = _KEY_PAUSE) -> None:
        for key in keys:
            os.write(self._master, key.encode())
            self._watch(pause)

    def _watch(self, seconds: float) -> None:
        """Read what the app draws, and mirror it where somebody looks."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            ready, _write, _error = select.select([self._master], [], [], left)
            if ready:
                try:
                    drawn = os.read(self._master, 65536)
                except OSError:
                    return
                self._seen += drawn
                if self._is_shown:
                    os.write(1, drawn)

    def _wait(self, is_so: Callable[[], bool], pause: float = 0.1) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not is_so():
            if time.monotonic() > deadline:
                raise Temporary(_("The demo did not come so far in time."), _("Try again on a less busy machine."))
            self._watch(pause)

    def _wait_on_screen(self, mark: bytes) -> None:
        self._wait(lambda: mark in self._seen)

    def _place(self) -> Place:
        found = sorted(Path(os.environ["XDG_STATE_HOME"]).glob("helpdesk-tui/*/*.json"))
        return load_place(found[0]) if found else Place()

    def _draft(self) -> str:
        me: Any = self._desk.actor.agent_id
        place = self._place()
        mine = [one for one in self._desk.ask(drafts, place.ticket) if one.agent_id == me] if place.ticket else []
        return mine[0].text if mine else ""

    def _kept(self) -> int:
        return self._desk.ask(mail_account).received

    def _accounted(self) -> int:
        return self._desk.ask(mail_account).accounted
