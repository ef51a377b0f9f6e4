"""What the customer is told about a call: a mail in the outbox with an entry for their calendar."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.door import Change, Changes
from helpdesk_tui.desk.letters import answers_to, cannot_reply, outgoing
from helpdesk_tui.language import _
from helpdesk_tui.rules.invitation import FILE_NAME, Appointment, News, entry, language_of, letter
from helpdesk_tui.store import content
from helpdesk_tui.store.tables import (
    Agent,
    Attachment,
    CallbackPlan,
    CallbackRequest,
    CallbackSlot,
    Message,
    Outbox,
    Queue,
    QueueAddress,
    Ticket,
)
from helpdesk_tui.terms import MessageKind, OutboxState, Person

#: States of a letter that has not left: it can be taken back, or be sent after all.
_HERE = (OutboxState.QUEUED, OutboxState.FAILED, OutboxState.WITHDRAWN)


def tell(changes: Changes, change: Change, request: CallbackRequest, slot_id: int, news: News) -> str:
    """Let the customer know what became of a call; returns a sentence for the agent.

    Where nobody can be written to, nothing is sent, and the sentence says so.
    """
    session = changes.session
    if reason := cannot_reply(session, change.ticket.id):
        return _("no mail goes out: {reason}").format(reason=reason)
    customer = answers_to(session, change.ticket.id) or Person("", "")
    call = _appointment(session, change.ticket, request, slot_id, customer)
    language = language_of(_last_words(session, change.ticket.id), _language_at(request.number))
    message = outgoing(changes, change.ticket, letter(news, call, language), is_automatic=True)
    _attach(session, message, *entry(news, call, language, changes.now))
    change.record("letter", None, message.id)
    return _("a mail tells {person}").format(person=customer.called)


def uid_for(session: Session, queue_id: int, token: str) -> str:
    """A name for an entry in somebody's calendar that nothing else has (RFC 7986 §5.3)."""
    return f"{token}@{_organizer(session, queue_id).address.rpartition('@')[2] or 'callback.invalid'}"


def take_back(changes: Changes, letters: Sequence[int | None]) -> bool:
    """Withdraw a letter that has not left; False where one has, or may have."""
    sent = [_of_letter(changes.session, letter_id) for letter_id in letters if letter_id]
    if any(one.state not in _HERE for one in sent):
        return False
    for one in sent:
        _mark(changes, one, OutboxState.WITHDRAWN)
    return True


def send_after_all(changes: Changes, letter_id: int | None) -> bool:
    """Put a letter that was taken back into the outbox again; False where there is none."""
    if letter_id is None:
        return False
    taken_back = _of_letter(changes.session, letter_id)
    if taken_back.state == OutboxState.WITHDRAWN:
        _mark(changes, taken_back, OutboxState.QUEUED)
    return True


def _of_letter(session: Session, message_id: int) -> Outbox:
    found = select(Outbox).where(col(Outbox.message_id) == message_id).with_for_update()
    return session.execute(found, execution_options={"populate_existing": True}).scalar_one()


def _mark(changes: Changes, sent: Outbox, state: OutboxState) -> None:
    sent.state, sent.updated_at = state, changes.now
    changes.session.get_one(Message, sent.message_id).is_withdrawn = state is OutboxState.WITHDRAWN


def _appointment(
    session: Session, ticket: Ticket, request: CallbackRequest, slot_id: int, customer: Person
) -> Appointment:
    caller = session.get(Agent, request.agent_id) if request.agent_id else None
    start, end = session.execute(
        select(col(CallbackSlot.start_at), col(CallbackSlot.end_at)).where(col(CallbackSlot.id) == slot_id)
    ).one()
    return Appointment(
        uid=request.uid,
        sequence=request.sequence,
        start=start,
        end=end,
        zone=session.get_one(CallbackPlan, request.team_id).zone,
        customer_zone=request.zone,
        organizer=_organizer(session, ticket.queue_id),
        customer=customer,
        caller=caller.name if caller else "",
        phone=request.number,
    )


def _organizer(session: Session, queue_id: int) -> Person:
    own = select(col(QueueAddress.address)).where(col(QueueAddress.queue_id) == queue_id)
    address = session.execute(own.order_by(col(QueueAddress.position)).limit(1)).scalar_one_or_none()
    return Person(session.get_one(Queue, queue_id).display_name, address or "")


def _language_at(number: str) -> str:
    """The language of who wrote nothing, by where their phone is: Germany, Austria, Switzerland, or elsewhere."""
    return "de" if number.startswith(("+49", "+43", "+41")) else "en"


def _last_words(session: Session, ticket_id: int) -> str:
    """What the customer wrote last, or what was written down of their call."""
    said = select(col(Message.subject), col(Message.text)).where(
        col(Message.ticket_id) == ticket_id,
        col(Message.kind).in_((MessageKind.INBOUND, MessageKind.CALL)),
        col(Message.is_withdrawn).is_(False),
        col(Message.is_automatic).is_(False),
    )
    found = session.execute(said.order_by(col(Message.kind).desc(), col(Message.id).desc()).limit(1)).first()
    return f"{found.subject}\n{found.text}" if found else ""


def _attach(session: Session, message: Message, content_type: str, calendar: bytes) -> None:
    session.add(
        Attachment(
            message_id=message.id,
            ticket_id=message.ticket_id,
            queue_id=message.queue_id,
            name=FILE_NAME,
            content_type=content_type,
            size=len(calendar),
            sha256=content.keep(session, calendar),
        )
    )
    session.flush()
