"""The words around an answer: how it begins and ends, what it quotes, and what is filled in for its customer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.desk.free_slots import Writer, free_slots
from helpdesk_tui.desk.sending import Sending
from helpdesk_tui.errors import NotFound, Refused
from helpdesk_tui.language import _
from helpdesk_tui.rules.acknowledgement import language_for
from helpdesk_tui.rules.placeholders import fill
from helpdesk_tui.rules.quoting import Quoted, forwarded, quote
from helpdesk_tui.store.tables import Agent, Customer, CustomerAddress, Message, Queue, Ticket
from helpdesk_tui.terms import MessageKind, Person

#: So much of what a customer wrote tells their language, in characters.
_ENOUGH = 4_000


@dataclass(frozen=True, slots=True)
class Wording:
    """How letters of a ticket begin and end, filled in; `language` is `de` or `en`."""

    language: str
    salutation: str
    signature: str


def wording(session: Session, ticket_id: int, writer: Writer) -> Wording:
    """How an answer of this writer begins and ends, in the customer's language."""
    ticket = session.get_one(Ticket, ticket_id)
    queue = session.get_one(Queue, ticket.queue_id)
    language = language_of_ticket(session, ticket)
    begins, ends = (
        filled(session, ticket, texts.get(language, ""), writer) for texts in (queue.salutation, queue.signature)
    )
    return Wording(language, begins, ends)


def signed(session: Session, ticket_id: int, sending: Sending, writer: Writer) -> Sending:
    """The same with the signature of the ticket's queue below the text, where nothing stands there."""
    return replace(sending, quoted=sending.quoted or wording(session, ticket_id, writer).signature)


def filled(session: Session, ticket: Ticket, text: str, writer: Writer) -> str:
    """A prepared text as it reads on this ticket.

    Raises:
        Usage: it has a place that cannot be filled in.
    """
    if "{{" not in text:
        return text
    agent = session.get(Agent, writer.actor.agent_id) if writer.actor.agent_id else None
    values = {
        "customer": session.get_one(Customer, ticket.requester_id).name,
        "agent": (agent.name or agent.login) if agent else "",
        "queue": session.get_one(Queue, ticket.queue_id).display_name,
        "ticket": str(ticket.number),
        "subject": ticket.summary or ticket.subject,
    }
    language = language_of_ticket(session, ticket)
    return fill(text, values, lambda count: free_slots(session, ticket, writer, count, language))


def as_on(session: Session, ticket_id: int, text: str, writer: Writer) -> str:
    """A prepared text as it reads on the ticket of this id.

    Raises:
        NotFound: there is no such ticket. Usage: the text has a place that cannot be filled in.
    """
    ticket = session.get(Ticket, ticket_id)
    if ticket is None:
        raise NotFound(_("The ticket is not there any more."), "")
    return filled(session, ticket, text, writer)


def language_of_ticket(session: Session, ticket: Ticket) -> str:
    """The language a customer is written to in: that of what they wrote last, else by their address."""
    said = select(col(Message.text)).where(
        col(Message.ticket_id) == ticket.id,
        col(Message.kind).in_((MessageKind.INBOUND, MessageKind.CALL)),
        col(Message.is_automatic).is_(False),
    )
    text = session.execute(said.order_by(col(Message.id).desc()).limit(1)).scalar_one_or_none() or ""
    known = select(col(CustomerAddress.address)).where(col(CustomerAddress.customer_id) == ticket.requester_id)
    address = session.execute(known.order_by(col(CustomerAddress.position)).limit(1)).scalar_one_or_none() or ""
    return language_for(text[:_ENOUGH], address, {})


def quotation(session: Session, message_id: int, language: str, zone: str) -> str:
    """A message as an answer to it quotes it.

    Args:
        language: of the words around it; "" is that of the ticket.
    Raises:
        NotFound: there is no such message. Refused: it is a note or a call.
    """
    said, quoted = _quoted(session, message_id, zone)
    return quote(quoted, language or _language_of(session, said))


def passed_on(session: Session, message_id: int, language: str, zone: str) -> str:
    """A message as it is passed on.

    Args:
        language: of the words around it; "" is that of the ticket.
    Raises:
        NotFound: there is no such message. Refused: it is a note or a call.
    """
    said, quoted = _quoted(session, message_id, zone)
    return forwarded(quoted, language or _language_of(session, said))


def below_forward(session: Session, message_id: int, writer: Writer) -> str:
    """What stands below the text with which a message is passed on: the signature, and the message.

    Raises:
        NotFound: there is no such message. Refused: it is a note or a call.
    """
    whole = passed_on(session, message_id, "", writer.settings.calendar.zone)
    ticket_id = session.get_one(Message, message_id).ticket_id
    return "\n\n".join(filter(None, (wording(session, ticket_id, writer).signature, whole)))


def refuse_internal(said: Message) -> None:
    """See that what is to leave the house may: notes and what was noted of calls stay in it.

    Raises:
        Refused: it is one of these.
    """
    if said.kind not in (MessageKind.INBOUND, MessageKind.OUTBOUND):
        raise Refused(
            _("Notes and calls stay in the house."), _("Choose a mail, or copy what you mean to say into your text.")
        )


def _language_of(session: Session, said: Message) -> str:
    return language_of_ticket(session, session.get_one(Ticket, said.ticket_id))


def _quoted(session: Session, message_id: int, zone: str) -> tuple[Message, Quoted]:
    said = session.get(Message, message_id)
    if said is None:
        raise NotFound(_("There is no message {id}.").format(id=message_id), _("See `ticket show`."))
    refuse_internal(said)
    people = tuple(Person(*person) for person in said.to)
    return said, Quoted(
        Person(said.from_name, said.from_address), said.received_at, said.subject, said.text, people, zone
    )
