"""Logging in to an IMAP server with a password or a token, and saying no more of a refusal than is safe."""

from __future__ import annotations

from typing import Any

from imapclient.exceptions import IMAPClientAbortError, LoginError

from helpdesk_tui.config import MailboxSettings
from helpdesk_tui.credentials import credential
from helpdesk_tui.errors import Temporary
from helpdesk_tui.language import _
from helpdesk_tui.mail import tls
from helpdesk_tui.mail.mailbox import LoginRefused

#: Refusals that pass (RFC 5530).
PASSING = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "[EXPUNGEISSUED]", "* BYE")


def log_in(client: Any, settings: MailboxSettings, place: str) -> None:
    """Log in as the settings say; a token that is refused is asked for anew once, and never shown a second time.

    Raises:
        Temporary: the server says that it will take it later.
        LoginRefused: it does not take it. HelpdeskError: there is no password or token.
    """
    code = _refusal(client, settings, place)
    if code is None:
        return
    words = code or _("without a reason that is safe to repeat")
    message = _("{place}: {host} refused the login: {words}.").format(place=place, host=settings.host, words=words)
    if any(code in words for code in PASSING):
        raise Temporary(message, _("It is tried again."))
    raise LoginRefused(message, _hint(settings))


def _refusal(client: Any, settings: MailboxSettings, place: str) -> str | None:
    """The code of the server's refusal, None where it accepts. Only here a secret is in a variable."""
    secret = credential(settings, place)
    code = _tried(client, settings, secret)
    if code is None or settings.auth == "password":
        return code
    fresh = credential(settings, place)
    return code if fresh == secret else _tried(client, settings, fresh)


def _tried(client: Any, settings: MailboxSettings, secret: str) -> str | None:
    try:
        if settings.auth != "password":
            client.token_login(settings.auth, settings.user, secret)
        elif client.has_capability("AUTH=PLAIN") or not secret.isascii():
            client.plain_login(settings.user, secret)
        else:
            client.login(settings.user, secret)
    except LoginError as error:
        code = tls.login_code(str(error))
        if isinstance(error.__context__, IMAPClientAbortError):
            raise IMAPClientAbortError(_("during the login {code}").format(code=code).strip()) from None
        return code
    return None


def _hint(settings: MailboxSettings) -> str:
    if settings.auth != "password":
        return _("Check user and token_command: the token may have expired, or may not be for reading mail.")
    return _("Check user and password; some providers want a password for programs.")
