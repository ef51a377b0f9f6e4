"""The ticket that a mail refers to without a token of ours: by a Message-ID, a number, or its subject."""

from __future__ import annotations

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.participants import is_participant, is_requester
from helpdesk_tui.rules import threading
from helpdesk_tui.rules.routing import without_detail
from helpdesk_tui.rules.subjects import alike
from helpdesk_tui.rules.threading import Link, numbered
from helpdesk_tui.store.asking import answer, once
from helpdesk_tui.store.queries.transfer import MESSAGE, NUMBER, THREAD, known, subject_tags
from helpdesk_tui.store.tables import ExternalRef, Message, Ticket
from helpdesk_tui.terms import ACTIVE, IncomingMail, MessageKind

#: So many messages of one Message-ID are looked at: a flood of forged ones does not hold up the mailroom.
_CANDIDATES = 100
#: The id of no customer.
_NOBODY = 0
#: A message that another system had: what we sent from there carries no token of ours.
_IS_IMPORTED = (
    select(col(ExternalRef.own_id))
    .where(col(ExternalRef.own_id) == col(Message.id), col(ExternalRef.type) == MESSAGE)
    .exists()
)
_NAMED = (
    select(col(Message.ticket_id), col(Message.message_id))
    .join(Ticket, col(Ticket.id) == Message.ticket_id)
    .where(col(Message.message_id).in_(bindparam("ids", expanding=True)))
    .where(or_(col(Message.kind) == MessageKind.INBOUND, _IS_IMPORTED))
    .order_by((col(Ticket.requester_id) == bindparam("customer")).desc(), col(Message.id))
    .limit(_CANDIDATES)
)


def weak_link(session: Session, mail: IncomingMail, customer: int | None) -> tuple[int | None, Link | None]:
    """The ticket a mail of this customer refers to, and how; the strongest way first."""
    ways = (
        (Link.MESSAGE_ID, _by_message_id),
        (Link.OLD_NUMBER, _by_old_number),
        (Link.NUMBER, _by_number),
        (Link.SUBJECT, _by_subject),
    )
    for link, find in ways:
        if (ticket := find(session, mail, customer)) is not None:
            return ticket, link
    return None, None


def final(session: Session, ticket_id: int) -> Ticket:
    """The ticket, or the one it was merged into in the end."""
    return _line(session, ticket_id)[-1]


def belongs(session: Session, ticket_id: int, address: str) -> bool:
    """True for an address that belongs to a ticket, or to one that it was merged into."""
    return any(is_participant(session, ticket, address) for ticket in _line(session, ticket_id))


def asked(session: Session, ticket_id: int, address: str) -> bool:
    """True for an address of the person whose ticket it is, or one that it was merged into."""
    return any(is_requester(session, ticket, address) for ticket in _line(session, ticket_id))


def _line(session: Session, ticket_id: int) -> list[Ticket]:
    """The ticket, and those it was merged into, one after the other."""
    line = {ticket_id: session.get_one(Ticket, ticket_id)}
    while (into := line[next(reversed(line))].merged_into) and into not in line:
        line[into] = session.get_one(Ticket, into)
    return list(line.values())


def _by_message_id(session: Session, mail: IncomingMail, customer: int | None) -> int | None:
    """The ticket of an inbound message that this mail names, or of one that an older system of ours sent.

    Anybody can send a mail under the Message-ID of another: tickets where the sender belongs come first, then the
    order in which the mail names its ancestors, then who was there first.
    """
    ids = [*mail.in_reply_to, *reversed(mail.references)]
    if not ids:
        return None
    found = answer(session, _NAMED, {"ids": ids, "customer": customer or _NOBODY}).all()
    is_strange = {row.ticket_id: not belongs(session, row.ticket_id, mail.sender.address) for row in found}
    best = min(found, key=lambda row: (is_strange[row.ticket_id], ids.index(row.message_id)), default=None)
    return best.ticket_id if best else None


def _by_old_number(session: Session, mail: IncomingMail, _customer: int | None) -> int | None:
    """The imported ticket whose old number the subject carries; one where the sender belongs comes first."""
    found: list[int] = []
    for tag, systems in once(session, subject_tags).items():
        if number := threading.tagged_number(mail.subject, tag):
            for system in sorted(set(systems)):
                own = numbered(number, without_detail(mail.sender.address))
                found += known(session, system, THREAD, [own]).values()
                found += known(session, system, NUMBER, [number]).values()
    is_strange = {ticket_id: not belongs(session, ticket_id, mail.sender.address) for ticket_id in found}
    return min(found, key=lambda id: is_strange[id], default=None)


def _by_number(session: Session, mail: IncomingMail, _customer: int | None) -> int | None:
    """The ticket whose number somebody wrote into the subject."""
    number = threading.quoted_number(mail.subject)
    if number is None:
        return None
    return session.execute(select(col(Ticket.id)).where(col(Ticket.number) == number)).scalar_one_or_none()


def _by_subject(session: Session, mail: IncomingMail, customer: int | None) -> int | None:
    """The one open ticket of this person with this subject; none where there are two."""
    if customer is None or not alike(mail.subject):
        return None
    theirs = select(col(Ticket.id), col(Ticket.subject)).where(
        col(Ticket.requester_id) == customer, col(Ticket.status).in_(ACTIVE), col(Ticket.merged_into).is_(None)
    )
    rows = session.execute(theirs.order_by(col(Ticket.id).desc()).limit(_CANDIDATES))
    found = [ticket_id for ticket_id, subject in rows if alike(subject) == alike(mail.subject)]
    return found[0] if len(found) == 1 else None
