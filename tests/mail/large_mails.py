"""Mails of any size, and a process that reads one and measures itself; it loads nothing else, which would count too."""

from __future__ import annotations

import base64
import contextlib
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

from helpdesk_tui.errors import MailUnreadable
from helpdesk_tui.mail.parse import parse
from tests.mail.raw_mail import a_multipart, a_part, mail_of

MB = 1024 * 1024
CODED = "Content-Transfer-Encoding: base64\n"


def repeated(row: bytes, size: int) -> bytes:
    """One row over and over."""
    return row * (size // len(row))


def base64_of(size: int) -> bytes:
    """So many bytes of base64."""
    return repeated(base64.b64encode(bytes(range(57))) + b"\n", size)


def an_attachment(size: int) -> bytes:
    """A mail of words and one file."""
    file = a_part("application/zip; name=a.zip", base64_of(size), CODED)
    return mail_of(a_multipart("mixed", a_part("text/plain", "Words"), file))


def a_picture(size: int) -> bytes:
    """A part that is a file."""
    return a_part("image/png; name=a.png", base64_of(size), CODED)


def levels(size: int) -> bytes:
    """A mail of parts in parts around a text."""
    down = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(50))
    return b"From: a@b.example\n" + down + b"Content-Type: text/plain\n\n" + repeated(b"xy\n", size)


KINDS: dict[str, Callable[[int], bytes]] = {
    "attachment": an_attachment,
    "text": lambda size: mail_of(a_part("text/plain; charset=utf-8", repeated("schöne Wörter\n".encode(), size))),
    "many parts": lambda size: mail_of(a_multipart("mixed", *[a_picture(100_000)] * (size // 100_000))),
    "twenty files": lambda size: mail_of(a_multipart("mixed", *[a_picture(size // 20)] * 20)),
    "HTML": lambda size: mail_of(a_part("text/html", repeated(b"<p>Words and <b>more</b></p>\n", size))),
    "uuencode": lambda size: mail_of(a_part("text/plain", b"begin 644 a\n" + repeated(b"M" + b"86)C" * 15 + b"\n", size))),
    "attached mail": lambda size: mail_of(a_multipart("related", a_part("message/rfc822", an_attachment(size)))),
    "header": lambda size: b"From: a@b.example\nX-A: " + b"y" * size + b"\n\nWords",
    "no end of the header": lambda size: b"From: a@b.example\n" + repeated(b"x\n", size),
    "parts in parts": levels,
    "old Macintosh": lambda size: b"From: a@b.example\r\r" + repeated(b"words\r", size),
    "broken base64": lambda size: mail_of(a_part("image/png; name=a.png", repeated(b"QUJD!*", size) + b"A", CODED)),
}  # fmt: skip


def measure() -> None:
    """Make and read a mail of the kind and the MB that the arguments name; print CPU seconds and KB of memory."""
    raw = KINDS[sys.argv[1]](int(sys.argv[2]) * MB)
    Path("/proc/self/clear_refs").write_text("5")  # what making it took does not count
    begun = time.process_time()
    with contextlib.suppress(MailUnreadable):
        parse(raw)
    seconds = time.process_time() - begun
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    print(f"{seconds:.2f}", found[1] if found else 0)


if __name__ == "__main__":
    measure()
