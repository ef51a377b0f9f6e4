"""What is remembered of a mailbox from one process to the next, beside the sign of life of whoever polls it."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.store.engine import Store
from helpdesk_tui.store.locks import sign, whoami
from helpdesk_tui.store.statements import add_unless_there
from helpdesk_tui.store.tables import Lease, MailSeen
from helpdesk_tui.store.transaction import reading, writing
from helpdesk_tui.terms import SYSTEM

#: How the job of polling a mailbox begins, as leases name it.
POLLING = "mailbox "
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Sign(StrEnum):
    """What a sign says, in its words, of the time from `since` to `at`."""

    FIRST_ROUND = "first round"
    WELL = "last good round"
    TROUBLE = "trouble"
    REMARK = "remark"
    WAITING = "waiting"

    def of(self, mailbox: str) -> str:
        """The name of the row."""
        return f"{self} of {mailbox}"


def sign_round(store: Store, mailbox: str, now: datetime, words: str = "ok") -> None:
    """Say that a mailbox was looked into just now, and how that went."""
    sign(store, POLLING + mailbox, now, words)


def sign_trouble(store: Store, mailbox: str, now: datetime, words: str) -> None:
    """Say that a mailbox could not be looked into; since when is kept until a round goes well."""
    with reading(store, SYSTEM) as session:
        state, trouble = (session.get(Lease, name) for name in (POLLING + mailbox, Sign.TROUBLE.of(mailbox)))
    is_old = state is not None and trouble is not None and state.at == trouble.at
    if state is not None and not is_old:
        put(store, Sign.WELL, mailbox, state.at, state.at)
    put(store, Sign.TROUBLE, mailbox, trouble.since if is_old and trouble else now, now, words)
    sign(store, POLLING + mailbox, now, words)


def first_round_at(store: Store, mailbox: str, now: datetime) -> datetime:
    """When a mailbox was polled for the first time, which is now where nobody has; long ago where nobody wrote it down."""
    with reading(store, SYSTEM) as session:
        if found := session.get(Lease, Sign.FIRST_ROUND.of(mailbox)):
            return found.at
        seen = session.execute(select(col(MailSeen.id)).where(col(MailSeen.mailbox) == mailbox).limit(1)).first()
    begun = _LONG_AGO if seen else now
    put(store, Sign.FIRST_ROUND, mailbox, begun, begun)
    return begun


def put(store: Store, kind: Sign, mailbox: str, since: datetime, at: datetime, words: str = "") -> None:
    """Write a sign, in place of the last one of its kind."""
    said = {"holder": whoami(), "since": since, "at": at, "words": words}
    with writing(store, SYSTEM) as session:
        if not add_unless_there(session, Lease, {"name": kind.of(mailbox), **said}):
            session.execute(update(Lease).where(col(Lease.name) == kind.of(mailbox)).values(said))


def words_of(session: Session, kind: Sign, mailbox: str) -> str:
    """What a sign says; "" where there is none."""
    found = session.get(Lease, kind.of(mailbox))
    return found.words if found else ""
