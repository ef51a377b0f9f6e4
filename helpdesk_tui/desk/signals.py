"""What the store knows about a mail before `rules.threading` places it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.people import customer_at
from helpdesk_tui.language import _
from helpdesk_tui.rules import robots, threading
from helpdesk_tui.rules.routing import without_detail
from helpdesk_tui.rules.sameness import digest_of, is_datable, says_same
from helpdesk_tui.rules.threading import Placement, Signals, numbered
from helpdesk_tui.store.queries.transfer import MESSAGE, NUMBER, THREAD, MailHere, imported_mails, known, subject_tags
from helpdesk_tui.store.tables import CustomerAddress, ExternalRef, Message, OwnToken, Queue, Ticket
from helpdesk_tui.terms import ENDED, Authenticity, Disposition, IncomingMail, MessageKind

#: A ticket closed for longer than this is not opened again by a late answer.
REOPENS_FOR = timedelta(days=30)
#: So many messages of one Message-ID are looked at: a flood of forged ones does not hold up the mailroom.
_CANDIDATES = 100


def signals_of(session: Session, mail: IncomingMail, now: datetime) -> Signals:
    """What the store knows about a mail."""
    ancestors = [*mail.report_ids, *mail.references] if mail.report else mail.references
    by_token = _tickets_by_token(session, threading.tokens_in_order(mail.in_reply_to, ancestors))
    weak = None if by_token else _ticket_by_message_id(session, mail)
    tagged = None if by_token or weak else _ticket_by_tag(session, mail)
    linked = by_token[0] if by_token else weak or tagged
    ticket = _final(session, linked) if linked else None
    return Signals(
        is_own_copy=_is_own_copy(session, mail),
        is_bounce=mail.report is not None,
        is_lasting=mail.report is not None and mail.report.is_permanent,
        is_robot=robots.is_robot(mail, answers_us=bool(by_token)),
        token_ticket=ticket.id if ticket and by_token else None,
        other_token_ticket=next((t for t in by_token if t != by_token[0]), None),
        weak_ticket=ticket.id if ticket and not by_token else None,
        is_by_tag=tagged is not None,
        is_participant=ticket is not None and _is_participant(session, ticket, mail),
        authenticity=Authenticity.NONE if mail.has_strict_sender else Authenticity.FAIL,
        is_confidential=ticket is not None and session.get_one(Queue, ticket.queue_id).is_confidential,
        is_closed=ticket is not None and _is_long_closed(ticket, now),
    )


def already_imported(session: Session, mail: IncomingMail) -> Placement | None:
    """Beside the ticket that has it, where an import has brought this very mail; None where none has."""
    if not is_datable(mail):
        return None  # nothing tells it from the next one that says the same
    found = imported_mails(session, digest_of(mail, b""), mail.message_id)
    same = next((one for one in found if is_same(one, mail)), None)
    if same is None:
        return None
    return Placement(Disposition.DUPLICATE, 0, _("An import has brought this mail already."), linked_to=same.ticket_id)


def is_same(here: MailHere, mail: IncomingMail) -> bool:
    """True where a mail that is here is this very one: the same words from the same sender at the same time."""
    head = (here.message_id, here.sender, here.sent_at) == (mail.message_id, mail.sender.address, mail.sent_at)
    return head and says_same(here.text, here.quoted, mail.text, mail.quoted)


def _tickets_by_token(session: Session, tokens: list[str]) -> list[int]:
    """The tickets of these tokens, in their order; unknown ones match nothing."""
    if not tokens:
        return []
    known = select(col(OwnToken.token), col(OwnToken.ticket_id)).where(col(OwnToken.token).in_(tokens))
    tickets = dict(session.execute(known).all())
    return [tickets[token] for token in tokens if token in tickets]


def _ticket_by_message_id(session: Session, mail: IncomingMail) -> int | None:
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
    tickets = {ticket_id: _final(session, ticket_id) for ticket_id, _id in found}
    is_strange = {ticket_id: not _is_participant(session, one, mail) for ticket_id, one in tickets.items()}
    best = min(found, key=lambda row: (is_strange[row.ticket_id], ids.index(row.message_id)), default=None)
    return best.ticket_id if best else None


def _is_imported() -> ColumnElement[bool]:
    """A message that another system had: what we sent from there carries no token of ours."""
    there = select(col(ExternalRef.own_id)).where(col(ExternalRef.own_id) == col(Message.id))
    return there.where(col(ExternalRef.type) == MESSAGE).exists()


def _ticket_by_tag(session: Session, mail: IncomingMail) -> int | None:
    """The imported ticket whose old number the subject carries; one where the sender belongs comes first."""
    found: list[int] = []
    for tag, systems in subject_tags(session).items():
        if number := threading.tagged_number(mail.subject, tag):
            for system in sorted(set(systems)):
                belongs = numbered(number, without_detail(mail.sender.address))
                found += known(session, system, THREAD, [belongs]).values()
                found += known(session, system, NUMBER, [number]).values()
    tickets = {ticket_id: _final(session, ticket_id) for ticket_id in found}
    return min(found, key=lambda id: not _is_participant(session, tickets[id], mail), default=None)


def _final(session: Session, ticket_id: int) -> Ticket:
    """The ticket, or the one it was merged into in the end."""
    ticket = session.get_one(Ticket, ticket_id)
    seen = {ticket_id}
    while ticket.merged_into and ticket.merged_into not in seen:
        seen.add(ticket.merged_into)
        ticket = session.get_one(Ticket, ticket.merged_into)
    return ticket


def _is_participant(session: Session, ticket: Ticket, mail: IncomingMail) -> bool:
    """The requester, or somebody an agent has written to on this ticket, also with another detail behind a plus."""
    if not mail.sender.address:
        return False
    sender = without_detail(mail.sender.address)
    own = select(col(CustomerAddress.address)).where(col(CustomerAddress.customer_id) == ticket.requester_id)
    if sender in map(without_detail, session.execute(own).scalars()):
        return True
    written = select(col(Message.to), col(Message.cc)).where(
        col(Message.ticket_id) == ticket.id,
        col(Message.kind) == MessageKind.OUTBOUND,
        col(Message.is_withdrawn).is_(False),
    )
    people = (person for row in session.execute(written) for person in [*row.to, *row.cc])
    return any(without_detail(address) == sender for _name, address in people)


def _is_long_closed(ticket: Ticket, now: datetime) -> bool:
    return ticket.status in ENDED and ticket.closed_at is not None and ticket.closed_at < now - REOPENS_FOR


def _is_own_copy(session: Session, mail: IncomingMail) -> bool:
    """A Message-ID of ours and the very words we sent under it: a forged id alone hides nothing.

    Reading a mail puts what it quotes behind the rest, so the order of the words does not count.
    """
    token = threading.own_token(mail.message_id)
    if token is None:
        return False
    ours = select(col(Message.text)).join(OwnToken, col(OwnToken.message_id) == col(Message.id))
    text = session.execute(ours.where(col(OwnToken.token) == token)).scalar_one_or_none()
    return text is not None and says_same(text, "", mail.text, mail.quoted)
