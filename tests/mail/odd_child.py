"""A reader of mail that does what the mail says, however bad that is: `python -m tests.mail.odd_child` as the real one."""

from __future__ import annotations

import faulthandler
import os
import signal
import socket
import time
from collections.abc import Callable

from helpdesk_tui.mail import child, frames
from helpdesk_tui.mail.authenticity import NOBODY, Trust
from helpdesk_tui.mail.parse import parse
from helpdesk_tui.mail.protocol import READ
from helpdesk_tui.terms import IncomingMail


def _work_on() -> None:
    while True:
        pass


def _take_memory() -> None:
    bytearray(1 << 30)


def _crash() -> None:
    faulthandler._sigsegv()  # type: ignore[attr-defined]


def _answer(text: bytes) -> None:
    child._send(frames.framed(READ, text, []))
    time.sleep(60)


def _announce() -> None:
    child._send([frames.HEAD.pack(READ, frames.MOST_JSON + 1, 0)])
    time.sleep(60)


def _break() -> None:
    raise ZeroDivisionError


def _lack_memory() -> None:
    raise MemoryError


#: What a mail can have this reader do, by a word in it.
DEEDS: dict[bytes, Callable[[], object]] = {
    b"DO: work": _work_on,
    b"DO: sleep": lambda: time.sleep(60),
    b"DO: take memory": _take_memory,
    b"DO: crash": _crash,
    b"DO: leave": lambda: os._exit(3),
    b"DO: be killed": lambda: signal.raise_signal(signal.SIGKILL),
    b"DO: talk nonsense": lambda: _answer(b"{]"),
    b"DO: answer something else": lambda: _answer(b'["a", 1]'),
    b"DO: answer deeply": lambda: _answer(b"[" * 100_000),
    b"DO: announce too much": _announce,
    b"DO: break": _break,
    b"DO: lack memory": _lack_memory,
    b"DO: connect": lambda: socket.create_connection(("127.0.0.1", 9)),
    b"DO: start a program": lambda: os.spawnv(os.P_WAIT, "/bin/true", ["true"]),
}


def obey(raw: bytes, trust: Trust = NOBODY) -> IncomingMail:
    """Read a mail, after doing what it says."""
    for words, deed in DEEDS.items():
        if words in raw:
            deed()
    return parse(raw, trust)


if __name__ == "__main__":
    child.parse = obey  # type: ignore[attr-defined]
    child.main()
