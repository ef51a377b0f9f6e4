"""The connection below `mail.imap`: bounded answers, and an IDLE that misses nothing.

The IDLE of imapclient looks at the socket alone, not at what was read from it before, and takes a dead connection
for a quiet one; so ours is done here.
"""

from __future__ import annotations

import contextlib
import imaplib
import itertools
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any

import imapclient
from imapclient.exceptions import IMAPClientError

from helpdesk_tui.config import MailboxSettings
from helpdesk_tui.mail import tls
from helpdesk_tui.mail.oauth import end_of_refusal, token_words

_SLICE_SECONDS = 0.2
_NEWS = re.compile(rb"\* \d+ EXISTS\b", re.IGNORECASE)


class IdleRefused(IMAPClientError):
    """The server announces IDLE, but does not do it."""


class ImapClient(imapclient.IMAPClient):
    """imapclient over our own connection."""

    def __init__(self, settings: MailboxSettings, context: ssl.SSLContext) -> None:
        self._settings = settings
        self._context = context
        timeout = imapclient.SocketTimeout(settings.connect_seconds, settings.read_seconds)
        is_tls = settings.security == "tls"
        super().__init__(settings.host, settings.port, ssl=is_tls, timeout=timeout)  # type: ignore[arg-type]
        self.normalise_times = False
        self.wire.debug = 0  # else every mail is formatted for a log that nobody reads

    def token_login(self, kind: str, user: str, token: str) -> None:
        """Log in with a token, by `xoauth2` or `oauthbearer`; a refusal costs one try, whatever the server asks."""
        words = iter([token_words(kind, user, token)])
        log_in: Any = self.sasl_login
        log_in(kind.upper(), lambda _challenge: next(words, end_of_refusal(kind)))

    def _create_IMAP4(self) -> Wire:
        self.wire = Wire(self._settings, self._context)
        return self.wire


class Wire(imaplib.IMAP4):
    """What imaplib reads from and writes to.

    Attributes:
        patience: seconds within which an answer has to go on.
    """

    def __init__(self, settings: MailboxSettings, context: ssl.SSLContext) -> None:
        self._answer_bytes = tls.ANSWER_BYTES
        self.patience = settings.read_seconds
        self._settings = settings
        self._context = context
        self._reader: tls.BoundedReader | None = None
        self._numbers = itertools.count()
        super().__init__(settings.host, settings.port)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        settings = self._settings
        plain = socket.create_connection((settings.host, settings.port), settings.connect_seconds)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # imapclient sends the end of a line by itself
        if settings.security != "tls":
            return plain
        return self._context.wrap_socket(plain, server_hostname=settings.host)

    def send(self, data: Any) -> None:
        """Send a command; its answer starts to count."""
        self._stream.begin(self._answer_bytes, self.patience)
        super().send(data)

    def readline(self) -> bytes:
        """One line of the answer."""
        return self._stream.readline()

    def read(self, size: int) -> bytes:
        """A literal of the answer."""
        return self._stream.read(size)

    @contextlib.contextmanager
    def expecting(self, size: int) -> Iterator[None]:
        """Let answers be that much longer for a while."""
        self._answer_bytes += size
        try:
            yield
        finally:
            self._answer_bytes -= size

    def forget_news(self) -> bool:
        """Say whether new mail was announced in passing, in the answer to some command, since the last time."""
        return bool(self.untagged_responses.pop("EXISTS", None))

    def wait_idle(self, seconds: float, stop: threading.Event) -> bool:
        """Wait with IDLE (RFC 2177) until `stop` is set; True where the server announced mail.

        Raises:
            IdleRefused: the server does not want to.
        """
        tag = b"idle%d" % next(self._numbers)
        self.send(tag + b" IDLE\r\n")
        has_news = self._news_until(b"+", tag)
        ends_at = time.monotonic() + seconds
        while not has_news and not stop.is_set() and (left := ends_at - time.monotonic()) > 0:
            if self._stream.has_line(min(left, _SLICE_SECONDS)):
                has_news = self._is_news(self.readline())
        self.send(b"DONE\r\n")
        return self._news_until(tag, tag) or has_news

    @property
    def _stream(self) -> tls.BoundedReader:
        """The reader of the present socket: what came before STARTTLS must not be read as if it came after it."""
        if self._reader is None or self._reader.sock is not self.sock:
            if self._reader is not None and self._reader.has_unread:
                raise self.abort("it spoke before the encryption began")
            self._reader = tls.BoundedReader(self.sock, self.patience)
        return self._reader

    def _news_until(self, start: bytes, tag: bytes) -> bool:
        """Read up to the line that starts so, and say whether mail was announced on the way."""
        has_news = False
        while not (line := self.readline()).startswith(start):
            if line.startswith(tag):
                raise IdleRefused(tls.words_of(line))
            has_news = self._is_news(line) or has_news
        return has_news

    def _is_news(self, line: bytes) -> bool:
        if line[:5].upper() == b"* BYE":
            raise self.abort(tls.words_of(line))
        return bool(_NEWS.match(line))
