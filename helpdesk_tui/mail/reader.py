"""One child that reads mail, as its parent sees it: what it was asked, what it answered, how it ended."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from helpdesk_tui import language
from helpdesk_tui.errors import Temporary
from helpdesk_tui.language import _
from helpdesk_tui.mail import frames
from helpdesk_tui.mail.protocol import (
    BROKEN,
    LAST,
    NO_MEMORY,
    READ,
    READY,
    UNREADABLE,
    Greeting,
    Limits,
    Refusal,
    spoken,
)
from helpdesk_tui.terms import IncomingMail

#: The program that reads.
CHILD = "helpdesk_tui.mail.child"
#: More is not asked at once; it all fits into the pipe, so that a child never waits for its parent.
MOST_ASKED = 64
MOST_BYTES = 512 << 10
_PIPE = 1 << 20
_PIECE = 256 << 10
_AT_ONCE = 64
#: What Python may need to start; nothing else of our environment is handed on.
_ENVIRONMENT = ("LD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT")
_ROOT = str(Path(__file__).resolve().parents[2])
#: Without a home Python would look for one in the directory of users, which may be a service of the network.
_OWN = {"PYTHONPATH": _ROOT, "HOME": "/nonexistent"}


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a mail could not be read, in one sentence."""

    reason: str


Reading = IncomingMail | Unread


@dataclass(slots=True)
class Job:
    """A mail to be read: its place in the order, its bytes, and how often a reader was ended from outside over it."""

    place: int
    raw: bytes | memoryview
    settings: bytes
    tries: int = 0


class NoReader(Temporary):
    """No child can be started, or it is of another version: what is kept stays kept."""

    def __init__(self, words: str) -> None:
        super().__init__(
            _("Mail cannot be read now: {words}.").format(words=words),
            _("It is kept, and filed as soon as it can be read. Start this program anew if it was upgraded."),
        )


class NoRoom(Temporary):
    """This machine has less memory than a mail may take, and one needed more than there is."""


class Reader:
    """A child and the mails it has not answered for yet, oldest first."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        command = [sys.executable, "-s", "-P", "-m", CHILD, str(limits.seconds), str(limits.memory), language.spoken()]
        try:
            self._process = subprocess.Popen(
                command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | _OWN,
            )
        except OSError as error:
            raise NoReader(error.strerror or type(error).__name__) from error
        self._requests, self.answers = (self._pipe(one) for one in (self._process.stdin, self._process.stdout))
        self._to_send: deque[memoryview] = deque()
        self._received = bytearray()
        self._buffer = bytearray(_PIECE)
        self._greeting: Greeting | None = None
        self.jobs: deque[Job] = deque()
        self.asked_bytes = 0
        self.silent_for = 0.0
        self.is_leaving = False
        self._worked = 0

    @property
    def has_room(self) -> bool:
        """True where it can be asked more."""
        is_free = len(self.jobs) < MOST_ASKED and self.asked_bytes < MOST_BYTES
        return not self.is_leaving and (not self.jobs or is_free)

    @property
    def requests(self) -> int | None:
        """Where there is something to be sent yet; None where all was sent."""
        return self._requests if self._to_send else None

    def ask(self, job: Job) -> None:
        """Have a mail read."""
        self.jobs.append(job)
        self.asked_bytes += len(job.raw)
        head = frames.HEAD.pack(0, len(job.settings), len(job.raw)) + job.settings
        self._to_send += [memoryview(head), memoryview(job.raw)]
        self.send()

    def send(self) -> None:
        """Send as much as the pipe takes. A child that has ended is found out where its answers end."""
        try:
            while self._to_send:
                sent = os.writev(self._requests, list(islice(self._to_send, _AT_ONCE)))
                self.silent_for = 0.0
                while self._to_send and sent >= len(self._to_send[0]):
                    sent -= len(self._to_send.popleft())
                if sent:
                    self._to_send[0] = self._to_send[0][sent:]
        except BlockingIOError:
            return
        except OSError:
            self._to_send.clear()

    def receive(self) -> Iterator[tuple[Job, Reading]]:
        """What it has answered by now.

        Raises:
            EOFError: it has ended. Malformed: it does not say what it should. NoReader: it is of another version.
            NoRoom: the machine has too little memory for a mail.
        """
        while size := self._received_now():
            self.silent_for = 0.0
            with memoryview(self._buffer) as view:
                self._received += view[:size]
            while frame := frames.take(self._received):
                if self._greeting is None:
                    self._greeting = _greeting(frame)
                else:
                    yield self._answered(frame)

    def has_worked(self) -> bool:
        """True where it has had the processor since this was asked last; then its silence begins anew."""
        before, self._worked = self._worked, self._work_so_far()
        if self._worked > before:
            self.silent_for = 0.0
        return self._worked > before

    def end(self) -> int:
        """End it; how it ended, as `subprocess` counts."""
        self._process.kill()
        return self._closed()

    def ended(self) -> str:
        """Why it ended by itself, "" where somebody ended it from outside."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        code = self.end()
        if self._greeting is None:
            raise NoReader(_("the reader ended as it started ({code})").format(code=code))
        if code in (-signal.SIGKILL, -signal.SIGTERM):
            return ""
        if code in (-signal.SIGPROF, -signal.SIGXCPU):
            return _("Reading it took more than {n} s.").format(n=f"{self._limits.seconds:g}")
        how = _("signal {n}").format(n=-code) if code < 0 else _("code {n}").format(n=code)
        return _("The reader ended over it ({how}).").format(how=how)

    def _closed(self) -> int:
        code = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        return code

    def _work_so_far(self) -> int:
        """Its time on the processor, in ticks of the system; 0 where that does not say."""
        try:
            status = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii")
        except OSError:
            return 0
        user, system = status.rpartition(")")[2].split()[11:13]
        return int(user) + int(system)

    def _received_now(self) -> int:
        try:
            size = os.readv(self.answers, [self._buffer])
        except BlockingIOError:
            return 0
        if not size:
            raise EOFError
        return size

    def _answered(self, frame: frames.Frame) -> tuple[Job, Reading]:
        if not self.jobs:
            raise frames.Malformed("an answer to nothing")
        self.is_leaving |= bool(frame.mark & LAST)
        reading = self._reading(frame)
        job = self.jobs.popleft()
        self.asked_bytes -= len(job.raw)
        return job, reading

    def _reading(self, frame: frames.Frame) -> Reading:
        kind = frame.mark & ~LAST
        if kind == READ:
            return frames.loaded(IncomingMail, frame.json, frame.blobs)
        words = frames.loaded(Refusal, frame.json, frame.blobs).words
        if kind == UNREADABLE:
            return Unread(words)
        if kind == BROKEN:
            return Unread(_("It cannot be read ({kind}).").format(kind=words))
        if kind == NO_MEMORY:
            return self._out_of_memory()
        raise frames.Malformed("an unknown mark")

    def _out_of_memory(self) -> Unread:
        if self._greeting is None or self._greeting.is_short:
            raise NoRoom(
                _("There is not enough memory to read a mail."),
                _("It is kept, and filed as soon as there is. Close what else runs on this machine."),
            )
        return Unread(_("Reading it needed more than {n} MB.").format(n=self._limits.memory >> 20))

    @staticmethod
    def _pipe(opened: object) -> int:
        """The number of a pipe that does not block, as wide as the system lets it be."""
        number: int = opened.fileno()  # type: ignore[attr-defined]
        os.set_blocking(number, False)
        if widen := getattr(fcntl, "F_SETPIPE_SZ", None):
            with contextlib.suppress(OSError):
                fcntl.fcntl(number, widen, _PIPE)
        return number


def _greeting(frame: frames.Frame) -> Greeting:
    """The first word of a child; one that makes no sense is of another version, too."""
    try:
        greeting = frames.loaded(Greeting, frame.json, frame.blobs)
    except frames.Malformed:
        greeting = None
    if greeting is None or frame.mark != READY or greeting.shape != spoken():
        raise NoReader(_("the reader is of another version than this program"))
    return greeting
