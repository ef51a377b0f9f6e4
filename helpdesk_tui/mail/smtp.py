"""Handing outgoing mail to a submission server, and saying exactly how far it came."""

from __future__ import annotations

import base64
import contextlib
import logging
import re
import smtplib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import NamedTuple, Self

from helpdesk_tui.config import SmtpSettings
from helpdesk_tui.credentials import credential
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _
from helpdesk_tui.mail import tls
from helpdesk_tui.mail.oauth import end_of_refusal, token_words
from helpdesk_tui.rules.untrusted import clean_line
from helpdesk_tui.terms import OutboxState, OutgoingMail, Refusal

log = logging.getLogger(__name__)

#: What we call ourselves: a name asked of the network would cost time and tell where we are.
_OWN_NAME = "[127.0.0.1]"
_CHUNK = 65_536
#: The answer to a whole mail may take that much longer than others (RFC 5321 §4.5.3.2.6).
_LAST_PATIENCE = 4
_QUIT_SECONDS = 2
_ANSWER_BYTES = 65_536
_UNSENDABLE = re.compile(r"[\x00-\x1f<>\x7f\ud800-\udfff]")
#: Refusals that are about our login, not about the mail (RFC 4954 §6).
_LOGIN_CODES = (530, 534, 535, 538)
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)
_Refused = tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class SendResult:
    """How far a mail came.

    Args:
        state: SENT; QUEUED, try again later; FAILED, for good; UNSURE, it may have arrived: a person decides. It is that
            of the recipients who are not among `refused`, whose own it is to say.
        words: what the server or the network said, cleaned; "" where all is well.
        refused: the recipients whom the server did not take, others or none beside them.
    """

    state: OutboxState
    words: str = ""
    refused: tuple[Refusal, ...] = ()


class SmtpTransport:
    """A connection to the submission server, for one mail or several; use it in `with`.

    Once it cannot be opened it stays closed: every further mail is QUEUED with the same words, so that a wrong
    password is tried once and not for each mail. Try again with a new one.
    """

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._place = _("Sending mail")
        self._server: _Smtp | None = None
        self._trouble = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()

    def send(self, mail: OutgoingMail) -> SendResult:
        """Hand over one mail; nothing is ever sent a second time here.

        Raises:
            HelpdeskError: settings or password are wrong on our side.
        """
        server = self._ready_server()
        if server is None:
            return SendResult(OutboxState.QUEUED, self._trouble)
        try:
            outcome = _begin_mail(server, mail)
        except Exception as error:  # noqa: BLE001  the edge: no byte of the mail has left, so it can be tried again
            server.close()
            return SendResult(OutboxState.QUEUED, self._words(error))
        return outcome if isinstance(outcome, SendResult) else self._hand_over(server, mail.content, outcome)

    def _hand_over(self, server: _Smtp, content: bytes, refused: _Refused) -> SendResult:
        """Send the content. From its first byte on, only a clear answer tells whether the server has the mail."""
        try:
            answer = _send_content(server, content)
        except OSError as error:
            server.close()
            return SendResult(OutboxState.UNSURE, self._words(error), refused)
        if answer.state is OutboxState.UNSURE:
            server.close()
            return SendResult(OutboxState.UNSURE, answer.words, refused)
        is_sent = answer.state is OutboxState.SENT
        return SendResult(answer.state, "" if is_sent else answer.words, refused)

    def _ready_server(self) -> _Smtp | None:
        """The open connection, made anew where the server hung up since the last mail."""
        if self._server is not None and not _is_alive(self._server):
            self._server.close()
            self._server = None
        if self._server is None and not self._trouble:
            try:
                self._server = self._connect()
            except HelpdeskError:
                raise
            except Exception as error:  # noqa: BLE001  the edge: no byte of the mail has left, so it can be tried again
                self._trouble = self._words(error)
        return self._server

    def _connect(self) -> _Smtp:
        settings = self._settings
        tls.check_address(self._place, settings.host, settings.port)
        context = tls.context(settings.ca_file)
        kind = partial(_Smtps, context=context) if settings.security == "tls" else _Smtp
        server = kind(settings.host, settings.port, local_hostname=_OWN_NAME, timeout=settings.timeout_seconds)
        try:
            if settings.security == "starttls":
                server.starttls(context=context)
            server.ehlo_or_helo_if_needed()
            if settings.user:
                self._log_in(server)
        except BaseException:
            server.close()
            raise
        return server

    def _log_in(self, server: _Smtp) -> None:
        """Log in by one way only: smtplib would try them all, and a wrong password would count several times."""
        settings = self._settings
        tls.refuse_clear_text(server.sock, self._place)
        secret = credential(settings, self._place)
        code, text = self._answer_to_login(server, secret)
        if code != 235 and settings.auth != "password" and (fresh := credential(settings, self._place)) != secret:
            code, text = self._answer_to_login(server, fresh)
        if code != 235:
            raise smtplib.SMTPAuthenticationError(code, tls.login_code(tls.words_of(text)).encode())

    def _answer_to_login(self, server: _Smtp, secret: str) -> tuple[int, bytes]:
        settings = self._settings
        if settings.auth != "password":
            words = base64.b64encode(token_words(settings.auth, settings.user, secret)).decode()
            code, text = server.docmd("AUTH", f"{settings.auth.upper()} {words}")
            ends = base64.b64encode(end_of_refusal(settings.auth)).decode()
            return server.docmd(ends) if code == 334 else (code, text)
        ways = server.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in ways:
            return server.docmd("AUTH", "PLAIN " + _base64(f"\0{settings.user}\0{secret}"))
        if "LOGIN" not in ways:
            raise smtplib.SMTPNotSupportedError(_("it takes no password (neither AUTH PLAIN nor AUTH LOGIN)"))
        code, text = server.docmd("AUTH", "LOGIN " + _base64(settings.user))
        return server.docmd(_base64(secret)) if code == 334 else (code, text)

    def _words(self, error: Exception) -> str:
        """What went wrong with the connection, in a sentence."""
        host = self._settings.host
        if not isinstance(error, OSError):
            kind = type(error).__name__
            log.error("sending broke off: %s", kind)
            return _("{place}: it broke off before the mail was sent ({kind}).").format(place=self._place, kind=kind)
        if not isinstance(error, smtplib.SMTPException):
            return tls.explain(error, self._place, host, self._settings.port).message
        text = _("{place}: {host}: {words}.")
        if isinstance(error, smtplib.SMTPAuthenticationError):
            text = _("{place}: {host} refused the login: {words}.")
        words = tls.words_of(error)
        if isinstance(error, smtplib.SMTPResponseException):
            words = _Answer(error.smtp_code, error.smtp_error).words
        return text.format(place=self._place, host=host, words=words)

    def _hang_up(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        with contextlib.suppress(OSError):
            server.timeout = _QUIT_SECONDS
            server.quit()
        server.close()


class _Smtp(smtplib.SMTP):
    """smtplib with bounded answers; `timeout` may be changed between them."""

    def getreply(self) -> tuple[int, bytes]:
        """The next answer."""
        if self.file is None and self.sock is not None:
            self.file = tls.BoundedReader(self.sock, self.timeout)
        if self.file is not None:
            self.file.begin(_ANSWER_BYTES, self.timeout)
        return super().getreply()


class _Smtps(_Smtp, smtplib.SMTP_SSL):
    """The same with TLS from the first byte."""


class _Answer(NamedTuple):
    """What the server says to a command."""

    code: int
    text: bytes | str

    @property
    def is_fine(self) -> bool:
        """True for 2xx."""
        return self.code // 100 == 2

    @property
    def words(self) -> str:
        """Code and text on one clean line."""
        text = self.text if isinstance(self.text, bytes) else self.text.encode()
        return f"{self.code} {tls.words_of(text)}".rstrip()

    @property
    def state(self) -> OutboxState:
        """What it means for a mail whose content was sent; 421 also comes after a relay has passed the mail on."""
        if self.code == 421:
            return OutboxState.UNSURE
        known = {2: OutboxState.SENT, 4: OutboxState.QUEUED, 5: OutboxState.FAILED}
        return known.get(self.code // 100, OutboxState.UNSURE)


def _is_alive(server: _Smtp) -> bool:
    """True where the server still listens; also ends a mail that was begun."""
    with contextlib.suppress(OSError):
        return server.sock is not None and server.rset()[0] == 250
    return False


def _begin_mail(server: _Smtp, mail: OutgoingMail) -> SendResult | _Refused:
    """Everything before the content: who was refused, or how it ended already; here no answer leaves a doubt."""
    if trouble := _unsendable(server, mail):
        return SendResult(OutboxState.FAILED, trouble)
    answer = _ask(server, f"MAIL FROM:<{mail.envelope_from}>{_options(server, mail)}")
    if not answer.is_fine:
        return _not_sent([answer], answer.words)
    answers = {address: _ask(server, f"RCPT TO:<{address}>") for address in mail.recipients}
    refused = tuple(_refusal(address, answer) for address, answer in answers.items() if not answer.is_fine)
    if len(refused) == len(answers):
        words = "; ".join(f"{one.address}: {one.words}" for one in refused)
        return replace(_not_sent(answers.values(), words), refused=refused)
    answer = _ask(server, "DATA")
    return refused if answer.code == 354 else _not_sent([answer], answer.words)


def _ask(server: _Smtp, command: str) -> _Answer:
    answer = _Answer(*server.docmd(command))
    if answer.code == 421:
        raise smtplib.SMTPResponseException(*answer)
    return answer


def _not_sent(answers: Iterable[_Answer], words: str) -> SendResult:
    is_final = all(_is_final(answer) for answer in answers)
    return SendResult(OutboxState.FAILED if is_final else OutboxState.QUEUED, clean_line(words))


def _refusal(address: str, answer: _Answer) -> Refusal:
    return Refusal(address, answer.words, _is_final(answer))


def _is_final(answer: _Answer) -> bool:
    return answer.code // 100 == 5 and answer.code not in _LOGIN_CODES


def _unsendable(server: _Smtp, mail: OutgoingMail) -> str:
    """Why this server can never be asked to take this mail; "" where it can."""
    addresses = (mail.envelope_from, *mail.recipients)
    if not mail.recipients:
        return _("The mail has no recipient.")
    if bad := next((address for address in addresses if _UNSENDABLE.search(address)), None):
        return _("{address} is no mail address.").format(address=clean_line(bad))
    if not _is_ascii(mail) and not server.has_extn("smtputf8"):
        return _("This mail server takes no addresses with letters beyond ASCII.")
    if not mail.content.isascii() and not server.has_extn("8bitmime"):
        return _("This mail server takes no 8-bit content.")
    return ""


def _options(server: _Smtp, mail: OutgoingMail) -> str:
    is_ascii = _is_ascii(mail)
    server.command_encoding = "ascii" if is_ascii else "utf-8"
    options = "" if is_ascii else " SMTPUTF8"
    if not mail.content.isascii():
        options += " BODY=8BITMIME"
    return f"{options} SIZE={len(mail.content)}" if server.has_extn("size") else options


def _is_ascii(mail: OutgoingMail) -> bool:
    return all(address.isascii() for address in (mail.envelope_from, *mail.recipients))


def _send_content(server: _Smtp, content: bytes) -> _Answer:
    """Send the content in pieces, each with its own time limit; line ends are made whole (no SMTP smuggling)."""
    lines = _LEADING_DOT.sub(b"..", _LINE_END.sub(b"\r\n", content))
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    lines += b".\r\n"
    for start in range(0, len(lines), _CHUNK):
        server.send(lines[start : start + _CHUNK])
    usual, server.timeout = server.timeout, server.timeout * _LAST_PATIENCE
    answer = _Answer(*server.getreply())
    server.timeout = usual
    return answer


def _base64(text: str) -> str:
    return base64.b64encode(_bytes(text)).decode()


def _bytes(text: str) -> bytes:
    """UTF-8; what stood in the environment in another encoding goes out as it was."""
    return text.encode("utf-8", "surrogateescape")
