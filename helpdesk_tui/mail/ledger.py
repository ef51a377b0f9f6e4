"""The ledger: what every mailbox holds now beside what the store knows of it. Looking changes nothing anywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from helpdesk_tui.config import MailboxSettings, SmtpSettings
from helpdesk_tui.desk.door import Desk
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.mail.ingest import file_left_over
from helpdesk_tui.mail.intake import Polled
from helpdesk_tui.mail.mailbox import Mailbox, open_mailbox
from helpdesk_tui.mail.poller import poll_once
from helpdesk_tui.store.queries.ledger import Waiting, fates_by_source, mails_ever_on, seen_by_uid, waiting
from helpdesk_tui.store.queries.mail import MailAccount, mail_account

#: So many missing mails are looked at, to say when they came and how large they are.
_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class MissingMail:
    """A mail on the server that the store does not know; the other two are None where the server did not say them."""

    uid: int
    received_at: datetime | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class MailboxLedger:
    """A mailbox beside the store.

    Args:
        on_server: how many mails it holds. fates: how many of them ended how; each has one fate or is missing.
        missing: those that the store does not know, oldest first.
        gone: mails the store knows that are no longer there: moved, or deleted by people.
        problems: what the mailbox says of itself. error: why it could not be looked into; then all else is empty.
    """

    name: str
    on_server: int = 0
    fates: dict[str, int] | None = None
    missing: tuple[MissingMail, ...] = ()
    gone: int = 0
    problems: tuple[str, ...] = ()
    error: HelpdeskError | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """All mailboxes beside the store.

    Args:
        elsewhere: how many mails ended how that other sources brought: the pipe, mailboxes of earlier times.
        waiting: what is kept and not filed, wherever it came from. account: all mail that ever came.
    """

    mailboxes: tuple[MailboxLedger, ...]
    elsewhere: dict[str, dict[str, int]]
    waiting: Waiting
    account: MailAccount

    @property
    def missing(self) -> int:
        """How many mails on servers the store does not know."""
        return sum(len(one.missing) for one in self.mailboxes)

    @property
    def is_whole(self) -> bool:
        """True where every mailbox was looked into, and every mail has its fate."""
        return not (self.missing or self.waiting.count or any(one.error for one in self.mailboxes))


def look(desk: Desk, mailboxes: Sequence[MailboxSettings]) -> Ledger:
    """Lay these mailboxes beside the store; one that cannot be looked into hides no other."""
    found = tuple(_looked_into(desk, one) for one in mailboxes)
    names = {one.name for one in desk.settings.mailboxes}
    sources = desk.ask(fates_by_source)
    elsewhere = {name: fates for name, fates in sorted(sources.items()) if name not in names}
    return Ledger(found, elsewhere, desk.ask(waiting), desk.ask(mail_account))


def fetch(desk: Desk, mailboxes: Sequence[MailboxSettings]) -> Polled:
    """Take in what is missing as the poller does, and file what waits; a mailbox that a poller has is left to it.

    What is taken in is then marked or moved on the server, as the settings say. Nothing is sent.
    """
    done = poll_once(desk, replace(desk.settings, mailboxes=tuple(mailboxes), smtp=SmtpSettings()))
    for filed in file_left_over(desk):
        done.count(filed.disposition)
    return done


def looking(mailbox: MailboxSettings) -> Mailbox:
    """A mailbox to look into, in which nothing can be marked or moved."""
    return open_mailbox(replace(mailbox, after="leave"))


def _looked_into(desk: Desk, mailbox: MailboxSettings) -> MailboxLedger:
    try:
        with looking(mailbox) as box:
            return _beside_the_store(desk, mailbox.name, box)
    except HelpdeskError as error:
        return MailboxLedger(mailbox.name, error=error)


def _beside_the_store(desk: Desk, name: str, box: Mailbox) -> MailboxLedger:
    """First the server, then the store: what is taken in meanwhile is not missing."""
    uids = box.uids()
    seen = desk.ask(seen_by_uid, name, box.uidvalidity, uids)
    missing = [uid for uid in uids if uid not in seen]
    here = len({mail.sha256 for mail in seen.values()})
    return MailboxLedger(
        name=name,
        on_server=len(uids),
        fates=dict(Counter(mail.fate for mail in seen.values())),
        missing=tuple(_named(box, missing)),
        gone=desk.ask(mails_ever_on, name) - here,
        problems=tuple(box.problems),
    )


def _named(box: Mailbox, uids: list[int]) -> list[MissingMail]:
    """The missing mails, the first of them with time and size."""
    told: dict[int, MissingMail] = {}
    for batch in box.fetch(uids[:_MOST_NAMED]) if uids else ():
        told |= {mail.uid: MissingMail(mail.uid, mail.received_at, len(mail.content)) for mail in batch}
    return [told.get(uid, MissingMail(uid)) for uid in uids]
