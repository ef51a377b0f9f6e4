"""Builders of bad mails, and what is expected of one: the registry of all of them is `bad_inputs`."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection
from dataclasses import dataclass

from helpdesk_tui.terms import Disposition
from tests.mail.raw_mail import a_mail, a_multipart, a_part, mail_of
from tests.mail.seen import Seen

MILLION = 1_000_000
CODED = "Content-Transfer-Encoding: base64\n"
#: Where the mail of a person is to be found.
TICKETS = (Disposition.NEW, Disposition.LINKED)


@dataclass(frozen=True, slots=True)
class BadInput:
    """A bad mail, and in what it differs from the usual: kept byte for byte, filed once, read within bounds.

    Args:
        make: its bytes.
        says: what the remarks beside it say.
        holds: what else is to be true of what people see of it.
        becomes: the dispositions it may have.
    """

    make: Callable[[], bytes]
    says: tuple[str, ...] = ()
    holds: Callable[[Seen], bool] = lambda _seen: True
    becomes: Collection[Disposition] = TICKETS


def nested(depth: int) -> bytes:
    """Multiparts in multiparts around one text."""
    down = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(depth))
    up = b"".join(b"--b%d--\n" % n for n in reversed(range(depth)))
    return b"From: a@b.example\n" + down + b"Content-Type: text/plain\n\nWords\n" + up


def embedded(depth: int) -> bytes:
    """Mails in mails around one text."""
    return b"From: a@b.example\n" + b"Content-Type: message/rfc822\n\n" * depth + b"Words"


def parts(count: int) -> bytes:
    """A mail of so many texts."""
    return mail_of(b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nWords\n" * count + b"--b--")


def mixed(*more: bytes) -> bytes:
    """A mail of a text and other parts."""
    return mail_of(a_multipart("mixed", a_part("text/plain", "Words"), *more))


def header(text: str | bytes) -> bytes:
    """A mail with more header lines."""
    return a_mail(header=text)


def subject(text: str | bytes) -> bytes:
    """A mail with this subject."""
    return header(b"Subject: " + (text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text))


def sender(text: str | bytes) -> bytes:
    """A mail with this From."""
    return a_mail(sender=text)


def plain(text: str | bytes, settings: str = "", charset: str = "utf-8") -> bytes:
    """A mail that is one plain text."""
    return mail_of(a_part(f"text/plain; charset={charset}{settings}", text))


def html(text: str | bytes) -> bytes:
    """A mail that is one HTML text."""
    return mail_of(a_part("text/html; charset=utf-8", text))


def coded(encoding: str, text: bytes) -> bytes:
    """A mail that is one text in some transfer encoding."""
    return mail_of(a_part("text/plain", text, f"Content-Transfer-Encoding: {encoding}\n"))


def report(text: bytes) -> bytes:
    """What a mail server writes in words of its own."""
    return a_mail(text, header="Subject: failure notice", sender="MAILER-DAEMON@b.example")


def listed(mark: bytes) -> bytes:
    """Every address field fifty times, each full of one mark."""
    names = (b"To", b"Cc", b"Reply-To", b"Delivered-To", b"X-Original-To")
    return a_mail(header=b"".join(name + b": " + mark * 65_000 + b"\n" for name in names for _ in range(50)))


def a_file(name: str, content: bytes = b"x", kind: str = "application/octet-stream") -> bytes:
    """A part that is a file; `name` stands in its header as it is."""
    return a_part(kind, base64.encodebytes(content), f"{CODED}Content-Disposition: attachment; filename={name}\n")


def named(*names: str) -> bytes:
    """A mail with files of these names."""
    return mixed(*(a_file(f'"{name}"') for name in names))


def word(text: str) -> str:
    """A text as one encoded word (RFC 2047)."""
    return "=?utf-8?q?" + "".join(f"={byte:02X}" for byte in text.encode("utf-8", "surrogatepass")) + "?="
