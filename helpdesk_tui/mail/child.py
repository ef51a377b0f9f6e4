"""A reader of mail as a process of its own: `python -m helpdesk_tui.mail.child` reads what its parent hands it.

It has no more memory, time, files or network than reading takes; whatever a mail does to it, the parent goes on. It
greets, then answers each request in order, and ends with its parent, or by itself after `MOST_MAILS` or `MOST_SECONDS`.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, BinaryIO, get_type_hints

from helpdesk_tui.errors import MailUnreadable
from helpdesk_tui.language import speak
from helpdesk_tui.mail import frames
from helpdesk_tui.mail.authenticity import NOBODY, Trust
from helpdesk_tui.mail.parse import parse
from helpdesk_tui.mail.protocol import (
    BROKEN,
    LAST,
    NO_MEMORY,
    READ,
    READY,
    UNREADABLE,
    Greeting,
    Limits,
    Ours,
    Refusal,
    spoken,
)
from helpdesk_tui.rules.findable import found_by
from helpdesk_tui.terms import IncomingMail

#: So many mails, and seconds of work, a child does before it makes room for a new one.
MOST_MAILS = 2_000
MOST_SECONDS = 60
_PAGE = resource.getpagesize()
#: So many seconds a mail may have taken whose words are cut here as well; of the longest that takes a second.
_MOST_BEFORE_WORDS = 0.3
#: A child whose memory has grown by so much of what it may have does not go on.
_LARGEST_SHARE = 4
#: Reading stands back for the parent, which files meanwhile and is what all wait for; it has what that leaves.
_NICE = 10
#: What no reading of a mail does.
_FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "os.kill", "ctypes.")


def main() -> None:
    """Serve until the parent closes the pipe; the arguments are the limits and the language."""
    seconds, memory, language = sys.argv[1:]
    limits = Limits(float(seconds), int(memory))
    speak(language)
    reader = _Reader(limits, is_short=_confine(limits))
    with open(0, "rb", buffering=1 << 16, closefd=False) as requests, contextlib.suppress(BrokenPipeError):
        reader.greet()
        while reader.answer_next(requests):
            pass


class _Reader:
    def __init__(self, limits: Limits, *, is_short: bool) -> None:
        self._limits = limits
        self._is_short = is_short
        self._status = _open_status()
        self._most_pages = self._pages() + limits.memory // _LARGEST_SHARE // _PAGE
        self._read = 0

    def greet(self) -> None:
        """Say what is understood here."""
        _send(frames.framed(READY, *frames.dumped(Greeting(spoken(), self._is_short))))

    def answer_next(self, requests: BinaryIO) -> bool:
        """Read one mail and answer; False where there is none, or this was the last."""
        head = requests.read(frames.HEAD.size)
        if len(head) < frames.HEAD.size:
            return False
        _mark, text, size = frames.HEAD.unpack(head)
        settings, raw = requests.read(text), requests.read(size)
        if len(raw) < size:
            return False
        mark, pieces = self._answer(raw, settings)
        self._read += 1
        goes_on = mark is not NO_MEMORY and self._is_fit()
        _send(frames.framed(mark if goes_on else mark | LAST, *pieces))
        return goes_on

    def _answer(self, raw: bytes, settings: bytes) -> tuple[int, tuple[bytes, list[bytes]]]:
        signal.setitimer(signal.ITIMER_PROF, self._limits.seconds)  # ends the process, also within one long call
        try:
            return READ, frames.dumped(_read(raw, **settings_of(_read, settings)))
        except MailUnreadable as error:
            return UNREADABLE, frames.dumped(Refusal(error.message))
        except MemoryError:
            return NO_MEMORY, frames.dumped(Refusal(""))
        except Exception as error:  # noqa: BLE001  a fault of ours in one mail must not stop the next one
            return BROKEN, frames.dumped(Refusal(type(error).__name__))
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)

    def _is_fit(self) -> bool:
        return self._read < MOST_MAILS and time.process_time() < MOST_SECONDS and self._pages() < self._most_pages

    def _pages(self) -> int:
        """The pages of address space in use; 0 where the system does not say."""
        return int(os.pread(self._status, 64, 0).split()[0]) if self._status is not None else 0


def _read(raw: bytes, trust: Trust = NOBODY, ours: Ours | None = None) -> IncomingMail:
    """What a mail says, and with `ours` the words by which it is found, as long as that leaves it time enough."""
    began = time.process_time()
    mail = parse(raw, trust)
    if ours is None or time.process_time() - began > _MOST_BEFORE_WORDS:
        return mail
    with contextlib.suppress(MemoryError):  # the mail itself has been read
        return replace(mail, found_by=found_by(mail, ours.addresses))
    return mail


@lru_cache(maxsize=8)
def settings_of(read: Callable[..., IncomingMail], text: bytes) -> Mapping[str, Any]:
    """The keyword arguments for a mail, as the type hints of what reads it want them."""
    if not text:
        return {}
    hints = get_type_hints(read)
    return {name: frames.loaded(hints[name], json.dumps(value).encode()) for name, value in json.loads(text).items()}


def _confine(limits: Limits) -> bool:
    """Give up everything that reading does not need; True where there is less memory than a mail may take."""
    sys.dont_write_bytecode = True
    os.closerange(3, 1 << 10)
    os.chdir("/")
    os.nice(_NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    for limit in ("RLIMIT_CORE", "RLIMIT_FSIZE", "RLIMIT_NPROC"):
        _at_most(limit, 0)
    _at_most("RLIMIT_CPU", MOST_SECONDS + int(limits.seconds) + 2)
    sys.addaudithook(_refuse)
    used = _used_memory()
    return used > 0 and not _at_most("RLIMIT_AS", used + limits.memory)


def _refuse(event: str, _arguments: object) -> None:
    """Stop what no reading of a mail does, should a mail ever bring it about."""
    if event.startswith(_FORBIDDEN):
        raise PermissionError(event)


def _at_most(name: str, wanted: int) -> bool:
    """Lower a limit of the system for good; False where it is lower already, or there is none of this name."""
    number = getattr(resource, name, None)
    if number is None:
        return False
    _soft, hard = resource.getrlimit(number)
    is_lower = hard not in (resource.RLIM_INFINITY, -1) and hard < wanted
    resource.setrlimit(number, (hard, hard) if is_lower else (wanted, wanted))
    return not is_lower


def _open_status() -> int | None:
    try:
        return os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return None


def _used_memory() -> int:
    """Bytes of address space in use; 0 where the system does not say."""
    status = _open_status()
    if status is None:
        return 0
    try:
        return int(os.pread(status, 64, 0).split()[0]) * _PAGE
    finally:
        os.close(status)


def _send(pieces: list[bytes]) -> None:
    views = [memoryview(piece) for piece in pieces if piece]
    while views:
        sent = os.writev(1, views[:64])
        while views and sent >= len(views[0]):
            sent -= len(views.pop(0))
        if sent:
            views[0] = views[0][sent:]


if __name__ == "__main__":
    main()
