"""A mail to the customer on its way into the outbox, and whatever else is said on a ticket."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Changes
from helpdesk_tui.desk.participants import is_requester, let_in
from helpdesk_tui.desk.sending import AT_ONCE, Sending, attach
from helpdesk_tui.errors import Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules.routing import plain_address, without_detail
from helpdesk_tui.rules.subjects import reply_subject
from helpdesk_tui.rules.threading import FORGED_ROW
from helpdesk_tui.rules.untrusted import clean_text
from helpdesk_tui.store import search
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
    RawMessage,
    Ticket,
)
from helpdesk_tui.terms import MessageKind, OutboxState, Person

#: How many ancestors an answer names in References; enough for every mail program to thread it.
_REFERENCES = 20
#: The name, in an event, of a note that was written beside another message.
NOTE_LEFT = "note_left"


def cannot_send(session: Session, ticket_id: int) -> str | None:
    """Why no mail can leave from a ticket, to whomever; None where it can."""
    ticket = session.get_one(Ticket, ticket_id)
    if _sender_address(session, ticket.queue_id) is not None:
        return None
    name = session.get_one(Queue, ticket.queue_id).name
    return _("The queue {queue} has no address to answer from.").format(queue=name)


def cannot_reply(session: Session, ticket_id: int) -> str | None:
    """Why a ticket cannot be answered by mail; None where it can."""
    if reason := cannot_send(session, ticket_id):
        return reason
    return None if answers_to(session, ticket_id) else nobody_known()


def nobody_known() -> str:
    """Why nobody can be answered whose address is not known."""
    return _("No address of the customer is known.")


def answers_to(session: Session, ticket_id: int) -> Person | None:
    """Whom an answer goes to: the requester, at the address they wrote from last; None where none is known.

    Neither an absence note nor a mail whose sender is probably forged says where they are.
    """
    ticket = session.get_one(Ticket, ticket_id)
    known = select(col(CustomerAddress.address)).where(col(CustomerAddress.customer_id) == ticket.requester_id)
    addresses = list(session.execute(known.order_by(col(CustomerAddress.position))).scalars())
    inbound = select(col(Message.from_address)).where(
        col(Message.ticket_id) == ticket.id,
        col(Message.kind) == MessageKind.INBOUND,
        col(Message.is_automatic).is_(False),
        ~_is_doubted(),
    )
    used = session.execute(inbound.order_by(col(Message.id).desc())).scalars()
    own = next((address for address in used if plain_address(address) in addresses), None)
    if not addresses:
        return None
    return Person(session.get_one(Customer, ticket.requester_id).name, own or addresses[0])


@dataclass(frozen=True, slots=True)
class Addressees:
    """Whom an answer goes to, who is offered it as well, and where the customer asks for answers, if it is elsewhere."""

    to: Person | None
    also: tuple[Person, ...]
    elsewhere: Person | None


def addressees(session: Session, ticket_id: int) -> Addressees:
    """Whom an answer may go to."""
    first = answers_to(session, ticket_id)
    return Addressees(first, _also(session, ticket_id, first), _elsewhere(session, ticket_id, first))


def answers_also(session: Session, ticket_id: int) -> tuple[Person, ...]:
    """Who is offered an answer beside whom it goes to: whom agents let into the ticket."""
    return _also(session, ticket_id, answers_to(session, ticket_id))


def _also(session: Session, ticket_id: int, first: Person | None) -> tuple[Person, ...]:
    known = {without_detail(first.address)} if first else set()
    return tuple(one for one in let_in(session, ticket_id) if without_detail(one.address) not in known)


def _elsewhere(session: Session, ticket_id: int, first: Person | None) -> Person | None:
    mails = select(Message).where(
        col(Message.ticket_id) == ticket_id,
        col(Message.kind) == MessageKind.INBOUND,
        col(Message.is_automatic).is_(False),
    )
    last = session.execute(mails.order_by(col(Message.id).desc()).limit(1)).scalars().first()
    if (
        last is None
        or first is None
        or not is_requester(session, session.get_one(Ticket, ticket_id), last.from_address)
    ):
        return None
    people = (Person(*one) for one in last.reply_to)
    return next((one for one in people if plain_address(one.address) != plain_address(first.address)), None)


def _is_doubted() -> ColumnElement[bool]:
    """An answer to a mail of ours whose sender did not pass the check."""
    kept = select(col(RawMessage.id)).where(col(RawMessage.id) == col(Message.raw_id))
    return kept.where(col(RawMessage.why_row) == FORGED_ROW).exists()


def outgoing(
    changes: Changes,
    ticket: Ticket,
    text: str,
    to: Sequence[Person] = (),
    *,
    cc: Sequence[Person] = (),
    subject: str = "",
    is_automatic: bool = False,
    sending: Sending = AT_ONCE,
) -> Message:
    """Put a mail to the customer into the outbox.

    Args:
        subject: of its own, where it is not that of an answer.
        is_automatic: nobody wrote it; what people write goes on from what people wrote.
    Raises:
        Refused: the queue has no address to answer from, or nobody's address is known.
    """
    session = changes.session
    sender = _sender_address(session, ticket.queue_id)
    if reason := (cannot_send if to else cannot_reply)(session, ticket.id):
        for_queue = _("`helpdesk queue set NAME --address A` gives a queue an address.")
        raise Refused(reason, _("Call them, and write a note about it.") if sender else for_queue)
    named = to or [person for person in [answers_to(session, ticket.id)] if person]
    recipients, cc = _each_once(named, cc)
    people = {plain_address(one.address) for one in (*recipients, *cc)}
    last, ancestors = _ancestors(session, ticket.id, sending.answers, people)
    message = own_message(changes, ticket, MessageKind.OUTBOUND, text, is_found=not is_automatic)
    token = new_token()
    message.is_automatic = is_automatic
    message.from_name = _sender_name(session, changes, ticket.queue_id)
    message.from_address = sender or ""
    message.to = [[person.name, person.address] for person in recipients]
    message.cc = [[person.name, person.address] for person in cc]
    message.subject = subject or reply_subject(last or ticket.subject)
    message.message_id = f"{token}.hd@{message.from_address.rpartition('@')[2]}"
    message.references = [] if sending.begins_anew else ancestors
    message.quoted = clean_text(sending.quoted)
    add_rows(session, OwnToken, [_token_row(token, message, changes.now)])
    session.add(_outbox_row(message, changes.now, sending))
    session.flush()
    attach(session, message, sending.files)
    return message


def _each_once(to: Sequence[Person], cc: Sequence[Person]) -> tuple[list[Person], list[Person]]:
    """The same people, nobody of them twice."""
    known: dict[str, Person] = {}
    for one in (*to, *cc):
        known.setdefault(plain_address(one.address), one)
    first = {plain_address(one.address) for one in to}
    return [one for key, one in known.items() if key in first], [one for key, one in known.items() if key not in first]


def own_message(changes: Changes, ticket: Ticket, kind: MessageKind, text: str, *, is_found: bool = True) -> Message:
    """Add what the actor says to a ticket, found by its words from now on unless it is the same for all tickets."""
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
    if is_found:
        search.index_more(changes.session, ticket.id, [text])
    return message


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


def _outbox_row(message: Message, now: datetime, sending: Sending) -> Outbox:
    return Outbox(
        ticket_id=message.ticket_id,
        queue_id=message.queue_id,
        message_id=message.id,
        state=OutboxState.QUEUED,
        header_message_id=message.message_id,
        due_at=sending.leaves_at or now,
        is_timed=sending.is_timed,
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


def _ancestors(session: Session, ticket_id: int, answers: int | None, people: set[str]) -> tuple[str, list[str]]:
    """The subject the customer used last, and the Message-IDs of what people wrote each other, oldest first.

    Args:
        answers: the message that is answered, which is named last (RFC 5322 §3.6.4); None is the newest of `people`,
            the recipients by their plain addresses: they do not have what others wrote.
    """
    mails = select(Message).where(
        col(Message.ticket_id) == ticket_id,
        col(Message.message_id) != "",
        col(Message.is_withdrawn).is_(False),
        col(Message.is_automatic).is_(False),
    )
    newest = mails.order_by(col(Message.id).desc()).limit(_REFERENCES)
    first = mails.order_by(col(Message.id)).limit(1)  # the root, by which mail programs gather a thread (RFC 5256 §3)
    found = (*session.execute(newest).scalars(), *session.execute(first).scalars())
    rows = list({row.id: row for row in found}.values())
    subject = next((row.subject for row in rows if row.kind == MessageKind.INBOUND), "")
    theirs = next((row.id for row in rows if _is_between(row, people)), None)
    last = theirs if answers is None else answers
    named = session.execute(mails.where(col(Message.id) == last)).scalars().all() if last is not None else []
    others = [row for row in reversed(rows) if row.id != last]
    return subject, [row.message_id for row in (*others, *named)]


def _is_between(message: Message, people: set[str]) -> bool:
    """True for what one of these wrote, or got."""
    had = [message.from_address, *(address for _name, address in (*message.to, *message.cc))]
    return any(plain_address(one) in people for one in had)
