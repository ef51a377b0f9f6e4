"""What can be set, as frozen values; `config` reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    """A mailbox that is polled: IMAP (`host`), or a Maildir or an mbox file on this machine (`path`).

    Args:
        auth: `password`, or how the token of `token_command` is shown: `xoauth2` or `oauthbearer`.
        password_keyring: `service/user`, as the keyring of this machine names the password.
        since: what was received before this day comes in as what lay there already; None: before the first poll.
        after: what to do on the server once the ticket is stored: `seen`, `leave` or `move:FOLDER`. Never deletes.
        sent_folder: where a copy of what its queue sends is put; `auto` is the folder that the server calls so, "" none.
        queue: where mail goes that names no queue's address.
        batch_count, batch_bytes: how many messages and bytes are fetched in one round trip.
        connect_seconds, read_seconds: time limits of the connection.
        authserv_id: how our border server calls itself in Authentication-Results (RFC 8601); "": no sender is verified.
        own_hops: how many Received lines our own servers add. arc_forwarders: domains whose ARC seal counts (RFC 8617).
    """

    name: str
    host: str = ""
    port: int = 993
    security: str = "tls"
    user: str = ""
    auth: str = "password"
    password_command: tuple[str, ...] = ()
    password_env: str = ""
    password_keyring: str = ""
    token_command: tuple[str, ...] = ()
    ca_file: str = ""
    folder: str = "INBOX"
    since: date | None = None
    path: str = ""
    queue: str = ""
    after: str = "seen"
    sent_folder: str = ""
    batch_count: int = 50
    batch_bytes: int = 8_000_000
    connect_seconds: int = 10
    read_seconds: int = 60
    authserv_id: str = ""
    own_hops: int = 1
    arc_forwarders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PipeSettings:
    """Mail that a mail server hands over by `helpdesk mail receive`; its keys are those of a mailbox."""

    authserv_id: str = ""
    own_hops: int = 1
    arc_forwarders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """Where outgoing mail is handed over: a submission server (`host`), or a Maildir (`path`, for trying out).

    Args:
        per_minute: so many mails leave from one address within a minute at most; the next one waits.
    """

    host: str = ""
    port: int = 587
    security: str = "starttls"
    user: str = ""
    auth: str = "password"
    password_command: tuple[str, ...] = ()
    password_env: str = ""
    password_keyring: str = ""
    token_command: tuple[str, ...] = ()
    ca_file: str = ""
    path: str = ""
    timeout_seconds: int = 30
    per_minute: int = 600


@dataclass(frozen=True, slots=True)
class CalendarSettings:
    """Working time: `hours` like "mon-fri 09:00-12:00,13:00-17:00; sat 10:00-12:00", in `zone` (IANA name)."""

    hours: str = "mon-fri 09:00-17:00"
    zone: str = "Europe/Berlin"


@dataclass(frozen=True, slots=True)
class CallbackSettings:
    """Callbacks of all teams: `region` is where a number without a country code is (ISO 3166)."""

    region: str = "DE"


@dataclass(frozen=True, slots=True)
class CallbackTeamSettings:
    """When a team calls back; what `callback pattern apply` writes into the store, which is what holds.

    Args:
        length, horizon, notice: lengths of time such as 15m, 30d, 2h.
        hours, zone: as of the calendar, whose they are where they are empty. capacity: calls at the same time.
        attempts: so often somebody who does not answer is tried.
        exceptions: `2026-12-24 closed`, `2026-12-31 09:00-12:00` or `2027-01-04 capacity 1`.
    """

    name: str
    length: str = "15m"
    hours: str = ""
    capacity: int = 1
    zone: str = ""
    horizon: str = "30d"
    notice: str = "30m"
    attempts: int = 3
    exceptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UiSettings:
    """How the screens look and speak.

    Args:
        quotes: whether an answer brings along what it answers: `yes` or `no`.
        opener: the command that shows a file or a page, with its options.
        downloads: the folder where attachments are saved; "" is the one where the program was started.
    """

    language: str = "en"
    theme: str = "textual-dark"
    quotes: str = "yes"
    opener: str = "xdg-open"
    downloads: str = ""


@dataclass(frozen=True, slots=True)
class ReplySettings:
    """How answers leave.

    Args:
        undo_seconds: so long an answer waits, and can be taken back; 0 lets it leave at once.
        ask_back_days: after so many working days a question to the customer comes back.
    """

    undo_seconds: int = 10
    ask_back_days: int = 3


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set; `path` is the file read, None where there is none."""

    store: str
    path: Path | None = None
    poll_seconds: int = 60
    mailboxes: tuple[MailboxSettings, ...] = ()
    smtp: SmtpSettings = field(default_factory=SmtpSettings)
    calendar: CalendarSettings = field(default_factory=CalendarSettings)
    callbacks: CallbackSettings = field(default_factory=CallbackSettings)
    callback_teams: tuple[CallbackTeamSettings, ...] = ()
    ui: UiSettings = field(default_factory=UiSettings)
    replies: ReplySettings = field(default_factory=ReplySettings)
    pipe: PipeSettings = field(default_factory=PipeSettings)

    @property
    def is_shared(self) -> bool:
        """True where the store is a PostgreSQL database, which knows who one is."""
        return self.store.startswith("postgres")

    @property
    def has_smtp(self) -> bool:
        """True where outgoing mail has somewhere to go."""
        return bool(self.smtp.host or self.smtp.path)
