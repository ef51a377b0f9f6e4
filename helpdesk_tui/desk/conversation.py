"""What is said on a ticket: new requests by phone or at the counter, replies, notes."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Change, Changes, Desk
from helpdesk_tui.desk.drafts import clear_draft
from helpdesk_tui.desk.people import customer_for
from helpdesk_tui.desk.tickets import apply_status, wait_for
from helpdesk_tui.errors import NotFound, Refused, Usage
from helpdesk_tui.language import _
from helpdesk_tui.rules.routing import plain_address
from helpdesk_tui.rules.subjects import reply_subject
from helpdesk_tui.rules.untrusted import clean_line, clean_text
from helpdesk_tui.store import numbers, search
from helpdesk_tui.store.schema import FIRST_QUEUE
from helpdesk_tui.store.sight import sees
from helpdesk_tui.store.statements import add_rows
from helpdesk_tui.store.tables import (
    Agent,
    Customer,
    CustomerAddress,
    Message,
    Outbox,
    OwnToken,
    Queue,
    QueueAddress,
    Ticket,
)
from helpdesk_tui.terms import Channel, MessageKind, OutboxState, Outcome, Party, Person, Priority, Status, Verb

#: How many ancestors an answer names in References; enough for every mail program to thread it.
_REFERENCES = 20


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request that came in by phone, at the counter or by hand; a person needs a name, an address or a phone.

    Args:
        customer_id: who it is, where that is known; is_from_draft: the actor's draft of it has served.
    """

    person: Person
    subject: str
    text: str = ""
    phone: str = ""
    queue: str = FIRST_QUEUE
    channel: Channel = Channel.PHONE
    priority: Priority = Priority.NORMAL
    customer_id: int | None = None
    is_from_draft: bool = False


def create(desk: Desk, request: NewRequest) -> Outcome:
    """Make a ticket of a request."""
    if not clean_line(request.subject):
        raise Usage(_("A request needs a subject."), _("Say in a few words what it is about."))
    if not (request.person.name or request.person.address or request.phone):
        raise Usage(_("A request needs a person."), _("Give a name, an address or a phone number."))
    with desk.change(Verb.CREATE) as changes:
        change = changes.add(_new_ticket(changes, request))
        message = _log_request(changes, change, request)
        change.record("message", None, message)
        if request.is_from_draft:
            clear_draft(changes.session, desk.actor, None, "new")
        changes.say(
            _("Request #{number}: {subject}").format(number=change.ticket.number, subject=change.ticket.subject)
        )
    return changes.outcome


def reply(
    desk: Desk,
    ticket: int,
    text: str,
    *,
    then: Status | None = Status.WAITING_CUSTOMER,
    to: Sequence[Person] = (),
) -> Outcome:
    """Answer the customer; the mail leaves through the outbox after the commit.

    Args:
        then: the status afterwards; None leaves it.
        to: the recipients; default is the requester at the address they wrote from last.
    Raises:
        Refused: the queue has no address to answer from, or nobody's address is known.
    """
    body = clean_text(text).strip()
    if not body:
        raise Usage(_("The reply is empty."), _("Write something, or leave the ticket as it is."))
    with desk.change(Verb.REPLY, [ticket]) as changes:
        change = changes.only
        message = outgoing(changes, change.ticket, body, list(to))
        wait_for(change.ticket, Party.THEM, changes.now)
        change.record("message", None, message.id)
        clear_draft(changes.session, desk.actor, change.ticket.id, "reply")
        if then is not None:
            apply_status(change.ticket, then, changes.now)
        changes.say(
            _("Reply to #{number} is on its way to {people}").format(
                number=ticket, people=", ".join(Person(*one).called for one in message.to)
            )
        )
    return changes.outcome


def note(desk: Desk, ticket: int, text: str) -> Outcome:
    """Write an internal note; it never leaves the house."""
    body = clean_text(text).strip()
    if not body:
        raise Usage(_("The note is empty."), _("Write something, or leave the ticket as it is."))
    with desk.change(Verb.NOTE, [ticket]) as changes:
        change = changes.only
        message = own_message(changes, change.ticket, MessageKind.NOTE, body)
        change.record("message", None, message.id)
        clear_draft(changes.session, desk.actor, change.ticket.id, "note")
        changes.say(_("Note on #{number}").format(number=ticket))
    return changes.outcome


def cannot_reply(session: Session, ticket_id: int) -> str | None:
    """Why a ticket cannot be answered by mail; None where it can."""
    ticket = session.get_one(Ticket, ticket_id)
    if _sender_address(session, ticket.queue_id) is None:
        name = session.get_one(Queue, ticket.queue_id).name
        return _("The queue {queue} has no address to answer from.").format(queue=name)
    if answers_to(session, ticket_id) is None:
        return _("No address of the customer is known.")
    return None


def answers_to(session: Session, ticket_id: int) -> Person | None:
    """Whom an answer goes to: the requester, at the address they wrote from last; None where none is known."""
    ticket = session.get_one(Ticket, ticket_id)
    known = select(col(CustomerAddress.address)).where(col(CustomerAddress.customer_id) == ticket.requester_id)
    addresses = list(session.execute(known.order_by(col(CustomerAddress.position))).scalars())
    inbound = select(col(Message.from_address)).where(
        col(Message.ticket_id) == ticket.id, col(Message.kind) == MessageKind.INBOUND
    )
    used = session.execute(inbound.order_by(col(Message.id).desc())).scalars()
    own = next((address for address in used if plain_address(address) in addresses), None)
    if not addresses:
        return None
    return Person(session.get_one(Customer, ticket.requester_id).name, own or addresses[0])


def outgoing(
    changes: Changes, ticket: Ticket, text: str, to: Sequence[Person] = (), *, is_automatic: bool = False
) -> Message:
    """Put a mail to the customer into the outbox.

    Args:
        is_automatic: nobody wrote it; what people write goes on from what people wrote.
    Raises:
        Refused: the queue has no address to answer from, or nobody's address is known.
    """
    session = changes.session
    sender = _sender_address(session, ticket.queue_id)
    if reason := cannot_reply(session, ticket.id):
        for_queue = _("`helpdesk queue set NAME --address A` gives a queue an address.")
        raise Refused(reason, _("Call them, and write a note about it.") if sender else for_queue)
    message = own_message(changes, ticket, MessageKind.OUTBOUND, text)
    last, ancestors = _ancestors(session, ticket.id)
    token = new_token()
    message.is_automatic = is_automatic
    message.from_name = _sender_name(session, changes, ticket.queue_id)
    message.from_address = sender or ""
    recipients = to or [person for person in [answers_to(session, ticket.id)] if person]
    message.to = [[person.name, person.address] for person in recipients]
    message.subject = reply_subject(last or ticket.subject)
    message.message_id = f"{token}.hd@{message.from_address.rpartition('@')[2]}"
    message.references = ancestors
    add_rows(session, OwnToken, [_token_row(token, message, changes.now)])
    session.add(_outbox_row(message, changes.now))
    session.flush()
    return message


def own_message(changes: Changes, ticket: Ticket, kind: MessageKind, text: str) -> Message:
    """Add what the actor says to a ticket, found by its words from now on."""
    message = Message(
        ticket_id=ticket.id,
        queue_id=ticket.queue_id,
        kind=kind,
        agent_id=changes.actor.agent_id,
        from_name=changes.actor.name or changes.actor.login,
        text=text,
        received_at=changes.now,
        sent_at=changes.now,
    )
    changes.session.add(message)
    changes.session.flush()
    search.index_more(changes.session, ticket.id, [text])
    return message


def _new_ticket(changes: Changes, request: NewRequest) -> Ticket:
    session, now = changes.session, changes.now
    queue_id = session.execute(select(col(Queue.id)).where(col(Queue.name) == request.queue)).scalar_one_or_none()
    if queue_id is None:
        raise NotFound(
            _("There is no queue {name}.").format(name=clean_line(request.queue, 80)),
            _("`helpdesk queue list` shows them."),
        )
    if not sees(session, queue_id):
        raise Refused(
            _("You do not belong to {queue}.").format(queue=request.queue),
            _("Take it down in a queue of yours, then move it there."),
        )
    person = Person(clean_line(request.person.name, 200), clean_line(request.person.address, 320))
    return Ticket(
        number=numbers.draw(session),
        queue_id=queue_id,
        requester_id=request.customer_id or customer_for(session, person, now, clean_line(request.phone, 60)),
        subject=clean_line(request.subject),
        channel=request.channel,
        priority=request.priority.rank,
        waiting_for=Party.US,
        waiting_since=now,
        created_at=now,
        updated_at=now,
    )


def _log_request(changes: Changes, change: Change, request: NewRequest) -> int:
    ticket = change.ticket
    kind = MessageKind.CALL if request.channel is Channel.PHONE else MessageKind.NOTE
    text = clean_text(request.text).strip()
    known_by = search.customer_texts(changes.session, ticket.requester_id)
    search.index_new(changes.session, ticket.id, ticket.queue_id, [ticket.subject, *known_by])
    message = own_message(changes, ticket, kind, text)
    customer = changes.session.get_one(Customer, ticket.requester_id)
    message.from_name = clean_line(request.person.name, 200) or customer.name
    message.from_address = clean_line(request.person.address, 320)
    message.subject = ticket.subject
    return message.id


def new_token() -> str:
    """128 random bits in base32, lower case, since some gateways fold case."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def _token_row(token: str, message: Message, now: datetime) -> dict[str, object]:
    return {
        "token": token,
        "ticket_id": message.ticket_id,
        "queue_id": message.queue_id,
        "message_id": message.id,
        "created_at": now,
    }


def _outbox_row(message: Message, now: datetime) -> Outbox:
    return Outbox(
        ticket_id=message.ticket_id,
        queue_id=message.queue_id,
        message_id=message.id,
        state=OutboxState.QUEUED,
        header_message_id=message.message_id,
        due_at=now,
        updated_at=now,
    )


def _sender_address(session: Session, queue_id: int) -> str | None:
    addresses = select(col(QueueAddress.address)).where(col(QueueAddress.queue_id) == queue_id)
    return session.execute(addresses.order_by(col(QueueAddress.position)).limit(1)).scalar_one_or_none()


def _sender_name(session: Session, changes: Changes, queue_id: int) -> str:
    """The agent's name and the queue's: "Anna · Beispiel Support"."""
    queue = session.get_one(Queue, queue_id)
    agent = session.get(Agent, changes.actor.agent_id) if changes.actor.agent_id else None
    return " · ".join(filter(None, (agent.name if agent else "", queue.display_name)))


def _ancestors(session: Session, ticket_id: int) -> tuple[str, list[str]]:
    """The subject the customer used last, and the Message-IDs of what people wrote each other, oldest first."""
    mails = select(col(Message.message_id), col(Message.subject), col(Message.kind)).where(
        col(Message.ticket_id) == ticket_id,
        col(Message.message_id) != "",
        col(Message.is_withdrawn).is_(False),
        col(Message.is_automatic).is_(False),
    )
    rows = session.execute(mails.order_by(col(Message.id).desc()).limit(_REFERENCES)).all()
    subject = next((row.subject for row in rows if row.kind == MessageKind.INBOUND), "")
    return subject, [row.message_id for row in reversed(rows)]
