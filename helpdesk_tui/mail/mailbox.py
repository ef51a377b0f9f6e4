"""What a polled mailbox can do, wherever it is; `open_mailbox` finds the kind that the settings name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from helpdesk_tui.config import MailboxSettings
from helpdesk_tui.errors import HelpdeskError, Temporary, Usage
from helpdesk_tui.language import _

#: A larger mail stays where it is, with a note in `problems`: it would not fit into memory several times.
MAX_MAIL_BYTES = 150 * 1024 * 1024
#: The years in which a mail can have been received, as far as a source is believed.
_YEARS = range(1970, 9000)


@dataclass(frozen=True, slots=True)
class FetchedMail:
    """A mail exactly as the mailbox holds it.

    Args:
        uidvalidity, uid: name it in its mailbox for good (RFC 3501 §2.3.1.1).
        received_at: when the server took it; aware, UTC.
    """

    uidvalidity: int
    uid: int
    received_at: datetime
    content: bytes


class LoginRefused(HelpdeskError):
    """A server took neither password nor token: to try often would lock the account."""


class RefusedForNow(Temporary):
    """A server does not do one thing at present; the connection is as good as before."""


class Mailbox(Protocol):
    """A mailbox that is polled; use it in `with`, leave it after any error, and enter it again to try again."""

    uidvalidity: int
    #: One sentence for each thing that was left alone since the last `uids()`.
    problems: list[str]
    #: What is to be known of the mailbox and is no trouble, since the last `uids()`.
    remarks: list[str]

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def uids(self) -> list[int]:
        """The mails that are there now, oldest first; `uidvalidity` may be another one afterwards."""

    def ages(self, uids: Sequence[int]) -> dict[int, datetime]:
        """When each of these mails was received, by uid: what tells whether a uid was given to another mail.

        Empty where a uid cannot be given twice.
        """

    def fetch(self, uids: Sequence[int]) -> Iterator[list[FetchedMail]]:
        """These mails in batches; those that are gone are left out. Marks nothing."""

    def done(self, uids: Sequence[int]) -> None:
        """Do with stored mails what the settings say; only uids of the present `uidvalidity`."""

    def wait(self, seconds: float) -> bool:
        """Wait at most that long; True where something may have arrived, False also after `stop_waiting`."""

    def stop_waiting(self) -> None:
        """End `wait` soon, from any thread; if nobody waits now, the next `wait` returns at once."""


def open_mailbox(settings: MailboxSettings) -> Mailbox:
    """The mailbox that these settings name; nothing is opened before `with`.

    Raises:
        Usage: neither host nor path is set, or `after` is none of the known words.
    """
    if settings.path and Path(settings.path).expanduser().is_file():
        from helpdesk_tui.mail.mbox import MboxMailbox

        return MboxMailbox(settings)
    if settings.path:
        from helpdesk_tui.mail.maildir import MaildirMailbox

        return MaildirMailbox(settings)
    if settings.host:
        from helpdesk_tui.mail.imap import ImapMailbox

        return ImapMailbox(settings)
    raise Usage(
        _("Mailbox {name} has neither a host nor a path.").format(name=settings.name),
        _("Set host for IMAP, or path for a Maildir or an mbox file."),
    )


def folder_after(settings: MailboxSettings) -> str:
    """The folder that stored mail is moved to, "" where it stays.

    Raises:
        Usage: `after` is none of `seen`, `leave` and `move:FOLDER`, or moves mail to where it is.
    """
    if settings.after in ("seen", "leave"):
        return ""
    word, _colon, folder = settings.after.partition(":")
    if word == "move" and folder and folder != settings.folder:
        return folder
    raise Usage(
        _("Mailbox {name}: after cannot be {after}.").format(name=settings.name, after=settings.after),
        _('Set after = "seen", "leave" or "move:FOLDER" with another folder.'),
    )


def in_batches(sizes: Iterable[tuple[int, int]], count: int, limit: int) -> Iterator[list[tuple[int, int]]]:
    """Pairs of uid and size in groups of at most `count` mails and `limit` bytes; a larger mail goes alone."""
    batch: list[tuple[int, int]] = []
    total = 0
    for uid, size in sizes:
        if batch and (len(batch) >= count or total + size > limit):
            yield batch
            batch, total = [], 0
        batch.append((uid, size))
        total += size
    if batch:
        yield batch


def received_at(moment: datetime | None) -> datetime:
    """When a source says it took a mail, in UTC; now, where it says nothing that can be."""
    return moment_of(moment) or datetime.now(UTC)


def moment_of(moment: datetime | None) -> datetime | None:
    """A source's word for when it took a mail, in UTC; None where that cannot be."""
    try:
        found = moment.astimezone(UTC) if moment else None
    except (ValueError, OverflowError):
        return None
    return found if found and found.year in _YEARS else None


def is_backlog(received_at: datetime, first_seen_at: datetime) -> bool:
    """True for mail that lay in the mailbox before anybody polled it: nobody waits for an answer by a program to it."""
    return received_at < first_seen_at


def too_large(what: str, size: int) -> str:
    """The note on a mail that is not fetched for its size."""
    return _("{what} is too large to take in ({size} bytes); it was left where it is.").format(what=what, size=size)
