"""The configuration that `helpdesk init` writes: commented, complete, without any password."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from helpdesk_tui.errors import Usage
from helpdesk_tui.language import _


@dataclass(frozen=True, slots=True)
class Answers:
    """What `init` was told; empty where nothing was said."""

    store: str = ""
    imap_host: str = ""
    smtp_host: str = ""
    user: str = ""
    password_command: str = ""
    zone: str = ""


_TEMPLATE = """\
# helpdesk-tui. Every line that begins with # shows the default or an example.
# Passwords do not belong here: name a command that prints one, or an environment variable that holds it.

# The store: a file for one machine, or a PostgreSQL database that several share.
# store = "postgresql://anna@db.example/helpdesk"
{store}
# How often mailboxes are looked at, in seconds, beside the server's own notice of new mail.
# poll_seconds = 60

[mailboxes.support]
# Mail is fetched over TLS. After the ticket is stored the mail is marked as seen; nothing is ever deleted.
{imap}
# folder = "INBOX"
# after = "seen"            # or "leave", or "move:Done"
# since = 2026-01-01        # what is older comes in as old mail, which no program answers; else what lies there now does
# queue = "support"         # for mail that names no queue's address
# authserv_id = "mx.example.org"  # whose Authentication-Results count; with own_hops = 1, arc_forwarders = []
# password_env = "HELPDESK_MAIL_PASSWORD"
# password_keyring = "service/user"
# auth = "xoauth2"          # or "oauthbearer": with a token in place of a password; goes with [smtp] as well
# token_command = ["oama", "access", "support@example.org"]
{imap_password}

[smtp]
{smtp}
# port = 587                # with security = "starttls"; "tls" is usually port 465
{smtp_password}

[calendar]
# Working time, for promises counted in hours.
# hours = "mon-fri 09:00-12:00,13:00-17:00; sat 10:00-12:00"
{zone}

# [callbacks]
# region = "DE"             # where phone numbers without a country code are
# [callbacks.support]       # a team that calls back; `helpdesk callback pattern apply` writes this into the store
# length = "15m"
# hours = "mon-fri 09:00-12:00,13:00-17:00"
# capacity = 2              # calls at the same time
# zone = "Europe/Berlin"
# horizon = "30d"
# notice = "30m"
# attempts = 3
# exceptions = ["2026-12-24 closed", "2026-12-31 09:00-12:00", "2027-01-04 capacity 1"]

[ui]
# language = "en"
"""


def write_config(path: Path, answers: Answers) -> None:
    """Write the file, readable by its owner alone.

    Raises:
        Usage: the command that prints the password cannot be read.
    """
    text = _filled(answers)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def _filled(answers: Answers) -> str:
    try:
        command = shlex.split(answers.password_command)
    except ValueError as error:
        raise Usage(
            _("The command that prints the password cannot be read."), _("A quote in it is not closed.")
        ) from error
    password = _line("password_command", command, ["pass", "show", "helpdesk"])
    return _TEMPLATE.format(
        store=_line("store", answers.store, "") if answers.store else "",
        imap="\n".join(
            (_line("host", answers.imap_host, "imap.example.org"), _line("user", answers.user, "support@example.org"))
        ),
        imap_password=password,
        smtp="\n".join(
            (_line("host", answers.smtp_host, "smtp.example.org"), _line("user", answers.user, "support@example.org"))
        ),
        smtp_password=password,
        zone=_line("zone", answers.zone, "Europe/Berlin"),
    ).replace("\n\n\n", "\n\n")


def _line(key: str, value: object, example: object) -> str:
    """A set key, or a comment that shows one. JSON's texts and lists are TOML's too."""
    return f"{key} = {json.dumps(value)}" if value else f"# {key} = {json.dumps(example)}"
