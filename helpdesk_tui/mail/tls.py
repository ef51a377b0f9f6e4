"""Connections to mail servers: verified, bounded in time and size, and explained where they fail."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
import ssl
import time
from pathlib import Path
from typing import Any

from helpdesk_tui.errors import HelpdeskError, Temporary, Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.untrusted import clean_line

#: Bytes of one answer that is not a mail: the uids of some 800,000 mails fit.
ANSWER_BYTES = 8_000_000
_WORDS = 300
_STEP_BYTES = 65_536
#: What a server says of a login in a code: words of RFC 3501 and RFC 5530, or numbers of RFC 3463.
_LOGIN_CODE = re.compile(
    r"(\[(?:ALERT|AUTHENTICATIONFAILED|AUTHORIZATIONFAILED|CANNOT|CLIENTBUG|CONTACTADMIN|EXPIRED|INUSE|LIMIT|NOPERM"
    r"|PRIVACYREQUIRED|SERVERBUG|UNAVAILABLE|WEBALERT))(?=[\] ])|\A[245]\.\d{1,3}\.\d{1,3}\b"
)
_CUT = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


def context(ca_file: str) -> ssl.SSLContext:
    """What TLS is made with: name and certificate are verified, against `ca_file` alone where one is named.

    Raises:
        HelpdeskError: the file cannot be read or holds no certificate.
    """
    file = str(Path(ca_file).expanduser()) if ca_file else None
    try:
        return ssl.create_default_context(cafile=file)
    except OSError as error:
        raise HelpdeskError(
            _("The certificate file {file} cannot be used: {words}.").format(file=file, words=words_of(error)),
            _("Name a readable PEM file in ca_file, or remove the line."),
        ) from None


def check_address(place: str, host: str, port: int) -> None:
    """Stop where host and port cannot be those of a server.

    Raises:
        Usage: the name is too long or has an empty part, or there is no such port.
    """
    with contextlib.suppress(UnicodeError):
        host.encode("idna")
        if 0 < port < 65_536:
            return
    raise Usage(
        _("{place}: {host}:{port} is no address of a server.").format(place=place, host=host, port=port),
        _("Set host to a name or an IP address, and port to a number up to 65535."),
    )


def refuse_clear_text(sock: socket.socket | None, place: str) -> None:
    """Stop before a password leaves this machine in clear text.

    Raises:
        HelpdeskError: the connection has no TLS, and its other end is not on this machine.
    """
    if sock is not None and (isinstance(sock, ssl.SSLSocket) or _is_loopback(sock)):
        return
    raise HelpdeskError(
        _("{place}: the password would travel in clear text.").format(place=place),
        _('Set security = "tls" or "starttls".'),
    )


def words_of(error: BaseException | bytes) -> str:
    """What a server or the system says, on one clean line."""
    if isinstance(error, bytes):
        text = error.decode("utf-8", "replace")
    elif isinstance(error, ssl.SSLCertVerificationError):
        text = error.verify_message
    else:
        text = getattr(error, "strerror", None) or str(error)
    return clean_line(text, _WORDS).rstrip(".")


def login_code(words: str) -> str:
    """The code in what a server says during a login, "" where there is none.

    Nothing else of it may be repeated: servers quote the command that they did not like, and the password stands in
    that, plain, quoted, folded or in base64.
    """
    found = _LOGIN_CODE.search(words)
    return (f"{found[1]}]" if found[1] else found[0]) if found else ""


def certificate_of(sock: socket.socket | None) -> str:
    """What is to be known of the verified certificate of the other end, on one clean line; "" without TLS."""
    about: dict[str, Any] | None = sock.getpeercert() if isinstance(sock, ssl.SSLSocket) else None
    if not about:
        return ""
    issuer = {key: value for part in about.get("issuer", ()) for key, value in part}
    by = issuer.get("organizationName") or issuer.get("commonName") or "?"
    return clean_line(_("issued by {issuer}, valid until {day}").format(issuer=by, day=about.get("notAfter")), _WORDS)


def explain(error: OSError, place: str, host: str, port: int, accepted: str = "") -> HelpdeskError:
    """Say what is wrong with a connection: `Temporary` where waiting may help.

    Args:
        accepted: `certificate_of` an earlier connection, so that one can see what has changed.
    """
    if isinstance(error, ssl.SSLError) and not isinstance(error, _CUT):
        return _tls_problem(error, place, host, port, accepted)
    return Temporary(
        _("{place}: {trouble}.").format(place=place, trouble=_trouble(error, f"{host}:{port}", host)),
        _("It is tried again. If it stays so, check host, port and security, and the network."),
    )


class BoundedReader:
    """Reads what a server says; `begin` starts an answer.

    No answer is longer than allowed, and none comes slower than 64 KiB in `patience` seconds: a server that sends
    one byte now and then is given up like one that sends nothing.
    """

    def __init__(self, sock: socket.socket, patience: float) -> None:
        self.sock = sock
        self._patience = patience
        self._unread = bytearray()
        self.begin()

    @property
    def has_unread(self) -> bool:
        """True where bytes came that nobody has read yet."""
        return bool(self._unread)

    def begin(self, limit: int = ANSWER_BYTES, patience: float | None = None) -> None:
        """Expect another answer, of at most `limit` bytes."""
        self._patience = patience or self._patience
        self._left = limit
        self._begin_step()
        self.sock.settimeout(self._patience)

    def readline(self, limit: int | None = None) -> bytes:
        """One line with its end, or its first `limit` bytes."""
        searched = 0
        while (end := self._unread.find(b"\n", searched)) < 0:
            searched = len(self._unread)
            if limit is not None and searched >= limit:
                return self._take(limit)
            self._read_more()
        return self._take(end + 1)

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes."""
        if size > self._left + len(self._unread):
            raise OSError(_("an answer of {size} bytes is too long").format(size=size))
        while len(self._unread) < size:
            self._read_more()
        return self._take(size)

    def has_line(self, seconds: float) -> bool:
        """Wait at most that long for more, and say whether a whole line is there."""
        if b"\n" not in self._unread:
            try:
                self._fill(seconds)
            except TimeoutError:
                return False
        return b"\n" in self._unread

    def close(self) -> None:
        """Nothing to do: whoever made the socket closes it."""

    def _take(self, size: int) -> bytes:
        with memoryview(self._unread) as view:  # slicing the array itself would copy a mail twice
            taken = bytes(view[:size])
        del self._unread[:size]
        return taken

    def _begin_step(self) -> None:
        self._in_step = 0
        self._step_ends_at = time.monotonic() + self._patience

    def _read_more(self) -> None:
        self._in_step += self._fill(self._step_ends_at - time.monotonic())
        if self._in_step >= _STEP_BYTES:
            self._begin_step()

    def _fill(self, seconds: float) -> int:
        if seconds <= 0:
            raise TimeoutError(_("no answer in time"))
        self.sock.settimeout(seconds)
        chunk = self.sock.recv(_STEP_BYTES)
        self.sock.settimeout(self._patience)
        if not chunk:
            raise ConnectionResetError(_("the server hung up"))
        self._left -= len(chunk)
        if self._left < 0:
            raise OSError(_("its answer is too long"))
        self._unread += chunk
        return len(chunk)


def _is_loopback(sock: socket.socket) -> bool:
    return ipaddress.ip_address(sock.getpeername()[0].partition("%")[0]).is_loopback


def _tls_problem(error: ssl.SSLError, place: str, host: str, port: int, accepted: str) -> HelpdeskError:
    words = words_of(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        before = " " + _("Until now it was one that is {accepted}.").format(accepted=accepted) if accepted else ""
        return HelpdeskError(
            _("{place}: the certificate of {host} is not accepted: {words}.").format(
                place=place, host=host, words=words
            )
            + before,
            _("Check the name in host; for a certificate authority of your own, name its file in ca_file."),
        )
    return HelpdeskError(
        _("{place}: {host}:{port} does not speak TLS as expected: {words}.").format(
            place=place, host=host, port=port, words=words
        ),
        _('Check port and security: "tls" encrypts from the first byte, "starttls" after a greeting.'),
    )


def _trouble(error: OSError, address: str, host: str) -> str:
    if isinstance(error, TimeoutError):
        return _("{address} does not answer in time").format(address=address)
    if isinstance(error, ConnectionRefusedError):
        return _("no server listens at {address}").format(address=address)
    if isinstance(error, socket.gaierror):
        return _("the name {host} cannot be found").format(host=host)
    return _("the connection to {address} failed: {words}").format(address=address, words=words_of(error))
