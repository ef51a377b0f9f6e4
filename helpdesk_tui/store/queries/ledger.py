"""Questions for the ledger: what became of each message of a mailbox, what waits, which mailboxes fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store.queries.mail import mail_health, newest_numbering
from helpdesk_tui.store.statements import is_among
from helpdesk_tui.store.tables import MailQuarantine, MailSeen, RawMessage

_MOST_WAITING = 20


@dataclass(frozen=True, slots=True)
class SeenMail:
    """A message of a mailbox that the store knows: its content, and its fate (`stored` until it is filed)."""

    sha256: str
    fate: str


@dataclass(frozen=True, slots=True)
class WaitingMail:
    """A mail that is kept and not filed; `message` names it for `mail raw`."""

    message: int
    mailbox: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """The mails that are kept and not filed: how many, and the oldest of them."""

    count: int
    oldest: tuple[WaitingMail, ...]


@dataclass(frozen=True, slots=True)
class FailingMailbox:
    """A mailbox that could not be looked into the last time: since when as far as that is known, and why."""

    name: str
    since: datetime
    words: str


def seen_by_uid(session: Session, mailbox: str, uidvalidity: int, uids: Sequence[int]) -> dict[int, SeenMail]:
    """What the store knows of these messages of a mailbox, by uid; those never seen are left out."""
    known = select(col(MailSeen.uid), col(MailSeen.sha256), col(MailSeen.fate)).where(
        col(MailSeen.mailbox) == mailbox,
        col(MailSeen.uidvalidity) == newest_numbering(session, mailbox, uidvalidity),
        is_among(session, col(MailSeen.uid), uids),
    )
    return {uid or 0: SeenMail(sha256, fate) for uid, sha256, fate in session.execute(known)}


def mails_ever_on(session: Session, mailbox: str) -> int:
    """How many different mails a mailbox has ever held."""
    ever = select(func.count(func.distinct(col(MailSeen.sha256)))).where(
        col(MailSeen.mailbox) == mailbox, col(MailSeen.uid).is_not(None)
    )
    return session.execute(ever).scalar_one()


def fates_by_source(session: Session) -> dict[str, dict[str, int]]:
    """How many mails ended how, by the mailbox or pipe that brought them."""
    counted = select(col(MailSeen.mailbox), col(MailSeen.fate), func.count(col(MailSeen.id)))
    found: dict[str, dict[str, int]] = {}
    for mailbox, fate, count in session.execute(counted.group_by(col(MailSeen.mailbox), col(MailSeen.fate))):
        found.setdefault(mailbox, {})[fate] = count
    return found


def waiting(session: Session) -> Waiting:
    """What is kept and not filed."""
    is_waiting = col(RawMessage.disposition).is_(None)
    count = session.execute(select(func.count(col(RawMessage.id))).where(is_waiting)).scalar_one()
    oldest = select(RawMessage).where(is_waiting).order_by(col(RawMessage.received_at), col(RawMessage.id))
    rows = session.execute(oldest.limit(_MOST_WAITING)).scalars()
    return Waiting(count, tuple(WaitingMail(raw.id, raw.mailbox, raw.received_at) for raw in rows))


def quarantined(session: Session) -> int:
    """How many mails of quarantine nobody has dealt with."""
    open_ones = select(func.count(col(MailQuarantine.id))).where(col(MailQuarantine.resolved_at).is_(None))
    return session.execute(open_ones).scalar_one()


def failing_mailboxes(session: Session) -> list[FailingMailbox]:
    """The mailboxes that could not be looked into, by name; those that nobody looks into any more are left out."""
    failing = (one for one in mail_health(session).mailboxes if one.words != "ok")
    found = (FailingMailbox(one.name, one.failing_since or one.looked_at, one.words) for one in failing)
    return sorted(found, key=lambda one: one.name)


def raw_of_subject(session: Session, subject: str, after: int) -> int | None:
    """The id of a mail with exactly this subject that was kept after another one."""
    found = select(col(RawMessage.id)).where(col(RawMessage.id) > after, col(RawMessage.subject) == subject)
    return session.execute(found.limit(1)).scalar_one_or_none()


def newest_kept(session: Session) -> int:
    """The id of the mail that was kept last, 0 where there is none."""
    return session.execute(select(func.max(col(RawMessage.id)))).scalar_one() or 0
