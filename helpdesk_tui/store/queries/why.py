"""The question why a mail lies where it lies: what was seen of it, what decided, and what it was counted with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.errors import NotFound
from helpdesk_tui.language import _
from helpdesk_tui.store.tables import (
    FIRST_KEPT,
    MailGroup,
    MailQuarantine,
    MailSeen,
    Message,
    Queue,
    RawMessage,
    Ticket,
)
from helpdesk_tui.terms import Disposition, MailGroupKind, Person

#: The signals that name a ticket, by its id.
_TICKETS = ("token_ticket", "other_token_ticket", "weak_ticket")
#: What is known of a ticket, and told only to who sees it: that somebody belongs there says that it is theirs.
_OF_TICKET = ("is_participant", "is_agents_token", "is_confidential", "is_closed", "is_told")
#: So many of the places where one mail lay are named.
_MOST_PLACES = 20


@dataclass(frozen=True, slots=True)
class MailPlace:
    """Where on a server a mail was seen; `uid` is None where the source gives none."""

    uidvalidity: int
    uid: int | None
    fate: str


@dataclass(frozen=True, slots=True)
class CountedIn:
    """The entry of like mails that a mail was counted in.

    Args:
        ticket: the number of the ticket in which they go on; is_open: what comes next is counted here, too.
    """

    kind: MailGroupKind
    count: int
    first_at: datetime
    last_at: datetime
    is_open: bool
    ticket: int | None


@dataclass(frozen=True, slots=True)
class Why:
    """Why a mail lies where it lies.

    Args:
        mail: its id as lists and threads give it; raw: the id under which its bytes are kept.
        disposition: None until it is filed, `outgoing` for one of ours.
        linked_to: the number of the ticket it was linked to; is_linked: it was linked, be it to one that is hidden.
        claimed_at: when it was sent by its own words.
        row, reason: the row of the decision table, and the words it was noted with.
        signals: what was seen, as `rules.threading.Signals` has it, with numbers instead of ids: None for a ticket that
            is hidden, of which nothing else is told either. Empty where the table was not asked.
        quarantined: why it could not be read, "" where it could; is_aside: it stands in a list and waits for somebody.
    """

    mail: int
    raw: int
    mailbox: str
    places: tuple[MailPlace, ...]
    queue: str
    sender: Person
    subject: str
    received_at: datetime
    claimed_at: datetime | None
    disposition: str | None
    ticket: int | None
    linked_to: int | None
    is_linked: bool
    row: int | None
    reason: str
    signals: Mapping[str, Any]
    counted_in: CountedIn | None
    quarantined: str
    is_aside: bool


def why(session: Session, mail: int) -> Why:
    """Why a mail lies where it lies, by the id of its message or the one it is kept under.

    Raises:
        NotFound: there is no such mail.
    """
    raw = session.get_one(RawMessage, raw_id_of(session, mail))
    message = session.get(Message, raw.message_id) if raw.message_id else None
    group = session.get(MailGroup, raw.group_id) if raw.group_id else None
    numbers = _numbers(session, raw, group)
    quarantine = _quarantine(session, raw.id)
    waits = quarantine is not None and quarantine.resolved_at is None
    return Why(
        mail=raw.message_id or raw.id,
        raw=raw.id,
        mailbox=raw.mailbox,
        places=_places(session, raw.id),
        queue=session.get_one(Queue, raw.queue_id).name,
        sender=Person(raw.from_name, raw.from_address),
        subject=raw.subject or (message.subject if message else ""),
        received_at=raw.received_at,
        claimed_at=message.sent_at if message else None,
        disposition=raw.disposition,
        ticket=numbers.get(raw.ticket_id or 0),
        linked_to=numbers.get(raw.linked_ticket_id or 0),
        is_linked=raw.linked_ticket_id is not None,
        row=raw.why_row,
        reason=raw.why_reason,
        signals=_signals(raw.signals, numbers),
        counted_in=_counted_in(group, numbers) if group else None,
        quarantined=quarantine.reason if quarantine else "",
        is_aside=waits or (group is not None and group.is_open and _is_kept(group, raw)),
    )


def raw_id_of(session: Session, mail: int) -> int:
    """The id a mail is kept under, from that or from the id of its message.

    Raises:
        NotFound: there is no such mail.
    """
    if mail >= FIRST_KEPT:
        wanted = select(col(RawMessage.id)).where(col(RawMessage.id) == mail)
    else:
        kept = select(col(Message.raw_id)).where(col(Message.id) == mail).scalar_subquery()
        wanted = select(col(RawMessage.id)).where(col(RawMessage.id) == kept)
    found = session.execute(wanted).scalar_one_or_none()
    if found is None:
        raise NotFound(
            _("There is no mail {id}.").format(id=mail),
            _("`helpdesk mail list` and `helpdesk ticket show` give ids; notes and calls are no mail."),
        )
    return found


def _is_kept(group: MailGroup, raw: RawMessage) -> bool:
    """True where the mail itself lies in no ticket of its own, but in the entry."""
    return group.ticket_id is None or (group.kind == MailGroupKind.FLOOD and raw.disposition == Disposition.FOLDED)


def _places(session: Session, raw_id: int) -> tuple[MailPlace, ...]:
    found = select(MailSeen).where(col(MailSeen.raw_id) == raw_id).order_by(col(MailSeen.id)).limit(_MOST_PLACES)
    return tuple(MailPlace(one.uidvalidity, one.uid, one.fate) for one in session.execute(found).scalars())


def _quarantine(session: Session, raw_id: int) -> MailQuarantine | None:
    found = select(MailQuarantine).where(col(MailQuarantine.raw_id) == raw_id)
    return session.execute(found.order_by(col(MailQuarantine.id).desc()).limit(1)).scalar_one_or_none()


def _numbers(session: Session, raw: RawMessage, group: MailGroup | None) -> dict[int, int]:
    """The numbers of all tickets that the mail has to do with, by their ids; hidden ones are left out."""
    ids = [raw.ticket_id, raw.linked_ticket_id, group.ticket_id if group else None]
    wanted = {one for one in (*ids, *(raw.signals.get(name) for name in _TICKETS)) if isinstance(one, int)}
    found = select(col(Ticket.id), col(Ticket.number)).where(col(Ticket.id).in_(wanted))
    return dict(session.execute(found).all())


def _signals(stored: Mapping[str, Any], numbers: Mapping[int, int]) -> dict[str, Any]:
    named = [stored[name] for name in _TICKETS if name in stored]
    is_hidden = any(one not in numbers for one in named)
    return {
        name: numbers.get(value) if name in _TICKETS else value
        for name, value in stored.items()
        if not (is_hidden and name in _OF_TICKET)
    }


def _counted_in(group: MailGroup, numbers: Mapping[int, int]) -> CountedIn:
    ticket = numbers.get(group.ticket_id or 0)
    return CountedIn(MailGroupKind(group.kind), group.count, group.first_at, group.last_at, group.is_open, ticket)
