"""The ticket that a mail refers to without a token of ours: by a Message-ID, a number, or its subject."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.participants import is_participant
from helpdesk_tui.desk.people import customer_at
from helpdesk_tui.rules import threading
from helpdesk_tui.rules.routing import without_detail
from helpdesk_tui.rules.subjects import alike
from helpdesk_tui.rules.threading import Link, numbered
from helpdesk_tui.store.queries.transfer import MESSAGE, NUMBER, THREAD, known, subject_tags
from helpdesk_tui.store.tables import ExternalRef, Message, Ticket
from helpdesk_tui.terms import ACTIVE, IncomingMail, MessageKind

#: So many messages of one Message-ID are looked at: a flood of forged ones does not hold up the mailroom.
_CANDIDATES = 100


def weak_link(session: Session, mail: IncomingMail) -> tuple[int | None, Link | None]:
    """The ticket a mail refers to, and how; the strongest way first."""
    ways = (
        (Link.MESSAGE_ID, _by_message_id),
        (Link.OLD_NUMBER, _by_old_number),
        (Link.NUMBER, _by_number),
        (Link.SUBJECT, _by_subject),
    )
    for link, find in ways:
        if (ticket := find(session, mail)) is not None:
            return ticket, link
    return None, None


def final(session: Session, ticket_id: int) -> Ticket:
    """The ticket, or the one it was merged into in the end."""
    ticket = session.get_one(Ticket, ticket_id)
    seen = {ticket_id}
    while ticket.merged_into and ticket.merged_into not in seen:
        seen.add(ticket.merged_into)
        ticket = session.get_one(Ticket, ticket.merged_into)
    return ticket


def _by_message_id(session: Session, mail: IncomingMail) -> int | None:
    """The ticket of an inbound message that this mail names, or of one that an older system of ours sent.

    Anybody can send a mail under the Message-ID of another: tickets where the sender belongs come first, then the
    order in which the mail names its ancestors, then who was there first.
    """
    ids = [*mail.in_reply_to, *reversed(mail.references)]
    if not ids:
        return None
    customer = customer_at(session, mail.sender.address) if mail.sender.address else None
    named = select(col(Message.ticket_id), col(Message.message_id)).join(Ticket, col(Ticket.id) == Message.ticket_id)
    is_known = or_(col(Message.kind) == MessageKind.INBOUND, _is_imported())
    named = named.where(col(Message.message_id).in_(ids), is_known)
    named = named.order_by((col(Ticket.requester_id) == customer).desc(), col(Message.id)).limit(_CANDIDATES)
    found = session.execute(named).all()
    is_strange = {ticket_id: not _belongs(session, ticket_id, mail) for ticket_id, _id in found}
    best = min(found, key=lambda row: (is_strange[row.ticket_id], ids.index(row.message_id)), default=None)
    return best.ticket_id if best else None


def _is_imported() -> ColumnElement[bool]:
    """A message that another system had: what we sent from there carries no token of ours."""
    there = select(col(ExternalRef.own_id)).where(col(ExternalRef.own_id) == col(Message.id))
    return there.where(col(ExternalRef.type) == MESSAGE).exists()


def _by_old_number(session: Session, mail: IncomingMail) -> int | None:
    """The imported ticket whose old number the subject carries; one where the sender belongs comes first."""
    found: list[int] = []
    for tag, systems in subject_tags(session).items():
        if number := threading.tagged_number(mail.subject, tag):
            for system in sorted(set(systems)):
                belongs = numbered(number, without_detail(mail.sender.address))
                found += known(session, system, THREAD, [belongs]).values()
                found += known(session, system, NUMBER, [number]).values()
    is_strange = {ticket_id: not _belongs(session, ticket_id, mail) for ticket_id in found}
    return min(found, key=lambda id: is_strange[id], default=None)


def _by_number(session: Session, mail: IncomingMail) -> int | None:
    """The ticket whose number somebody wrote into the subject."""
    number = threading.quoted_number(mail.subject)
    if number is None:
        return None
    return session.execute(select(col(Ticket.id)).where(col(Ticket.number) == number)).scalar_one_or_none()


def _by_subject(session: Session, mail: IncomingMail) -> int | None:
    """The one open ticket of this person with this subject; none where there are two."""
    customer = customer_at(session, mail.sender.address) if mail.sender.address and alike(mail.subject) else None
    if customer is None:
        return None
    theirs = select(col(Ticket.id), col(Ticket.subject)).where(
        col(Ticket.requester_id) == customer, col(Ticket.status).in_(ACTIVE), col(Ticket.merged_into).is_(None)
    )
    rows = session.execute(theirs.order_by(col(Ticket.id).desc()).limit(_CANDIDATES))
    found = [ticket_id for ticket_id, subject in rows if alike(subject) == alike(mail.subject)]
    return found[0] if len(found) == 1 else None


def _belongs(session: Session, ticket_id: int, mail: IncomingMail) -> bool:
    return is_participant(session, final(session, ticket_id), mail.sender.address)
