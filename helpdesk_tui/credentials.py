"""Passwords and tokens: where a section of the settings says that one is to be had, read anew each time."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

from helpdesk_tui.config import MailboxSettings, SmtpSettings
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _

#: A command that asks a person something has to be answered in so many seconds.
_SECONDS = 30


def credential(settings: MailboxSettings | SmtpSettings, what: str) -> str:
    """The token or the password to log in with for `what`.

    Raises:
        HelpdeskError: there is none, or the command or keyring that has it fails.
    """
    if settings.auth != "password":
        return from_command(settings.token_command, what)
    if settings.password_command:
        return from_command(settings.password_command, what)
    if settings.password_keyring:
        return _from_keyring(settings.password_keyring, what)
    if found := os.environ.get(settings.password_env, ""):
        return found
    raise HelpdeskError(
        _("There is no password for {what}.").format(what=what),
        _("Set password_command, password_keyring, or password_env and that variable."),
    )


def from_command(command: tuple[str, ...], what: str) -> str:
    """The first line that a command prints; it is run by itself, without a shell.

    Raises:
        HelpdeskError: it fails, prints nothing, or takes too long.
    """
    hint = _("Run it by hand: {command}").format(command=" ".join(command[:1]))
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)
    except (OSError, ValueError, IndexError, subprocess.SubprocessError) as error:
        words = _("The password command for {what} failed ({reason}).")
        raise HelpdeskError(words.format(what=what, reason=type(error).__name__), hint) from None
    if found := done.stdout.split("\n", 1)[0].rstrip("\r"):
        return found
    raise HelpdeskError(
        _("The password command for {what} gave no password.").format(what=what),
        _("Its first line of output is taken.") + " " + hint,
    )


def _from_keyring(entry: str, what: str) -> str:
    """What the keyring of this machine holds; asked in a process of its own, for a locked one waits for somebody."""
    service, _slash, user = entry.rpartition("/")
    if importlib.util.find_spec("keyring") is None:
        raise HelpdeskError(
            _("The keyring, which has the password for {what}, cannot be asked: keyring is not installed.").format(
                what=what
            ),
            _("Install it where helpdesk is installed: pip install 'helpdesk-tui[keyring]'."),
        )
    try:
        return from_command((sys.executable, "-m", "keyring", "get", service, user), what)
    except HelpdeskError:
        raise HelpdeskError(
            _("The keyring gives no password for {what}: {entry}.").format(what=what, entry=entry),
            _("Put it in with `keyring set SERVICE USER`, and see that the keyring is open where helpdesk runs."),
        ) from None
