"""Confirming a new request: one mail a ticket and at most one an address and day, where the queue wants it."""

from __future__ import annotations

import logging
from collections.abc import Container
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from helpdesk_tui.config import CalendarSettings
from helpdesk_tui.desk.door import Changes
from helpdesk_tui.desk.letters import answers_to, cannot_reply, outgoing
from helpdesk_tui.errors import HelpdeskError
from helpdesk_tui.language import _
from helpdesk_tui.rules import acknowledgement
from helpdesk_tui.rules.acknowledgement import DAY, MOST_A_DAY, MOST_ALIKE, Wording
from helpdesk_tui.rules.calendar import due_at, parse_calendar
from helpdesk_tui.rules.routing import is_own, plain_address, without_detail
from helpdesk_tui.rules.subjects import alike
from helpdesk_tui.rules.threading import tokens_in_order
from helpdesk_tui.store.statements import add_rows
from helpdesk_tui.store.tables import Acknowledgement, Message, OwnToken, Queue, QueueAddress, RawMessage, Ticket
from helpdesk_tui.store.transaction import lock_name
from helpdesk_tui.terms import IncomingMail, Person

log = logging.getLogger(__name__)

YES, NO = "yes", "no"
#: So many of the tokens that a mail names are looked up.
_MOST_TOKENS = 100


def acknowledge(
    changes: Changes, raw: RawMessage, mail: IncomingMail, queues: Container[str], office: CalendarSettings
) -> None:
    """Confirm a mail that opened a ticket, unless something speaks against it; then `raw.signals` says what."""
    session, ticket_id = changes.session, raw.ticket_id or 0
    queue = session.get_one(Queue, raw.queue_id)
    if queue.acknowledges != YES:
        return
    addressed = (*mail.to, *mail.cc)
    reason = acknowledgement.refusal(
        mail,
        is_backlog=raw.is_backlog,
        is_to_us=any(is_own(one.address, queues) for one in addressed),
        is_from_us=is_own(mail.sender.address, queues),
        answers_machine=_answers_machine(session, mail),
    )
    if reason := reason or _hindrance(session, ticket_id, mail, changes.now):
        raw.signals = {**raw.signals, "unconfirmed": reason}
        return
    ticket = session.get_one(Ticket, ticket_id)
    _send(changes, ticket, queue, office, mail.sender.address, f"{mail.subject}\n{mail.text}", mail.subject)


def confirm_call(changes: Changes, ticket: Ticket, address: str, said: str, office: CalendarSettings) -> int | None:
    """Confirm a request that somebody took down, where the queue confirms; the id of the letter, None without one.

    Args:
        address: where they said that they are reached; "" takes the one they are known by.
    """
    session = changes.session
    queue = session.get_one(Queue, ticket.queue_id)
    if queue.acknowledges != YES or cannot_reply(session, ticket.id):
        return None
    known = answers_to(session, ticket.id)
    to = address or (known.address if known else "")
    if not to.isascii() or acknowledgement.is_nobody(to) or _is_ours(session, to):
        return None
    if _is_enough(session, to, ticket.subject, changes.now):
        return None
    return _send(changes, ticket, queue, office, to, said, ticket.subject)


def wording_of(queue: Queue, office: CalendarSettings, now: datetime, number: int) -> Wording:
    """How a queue would confirm a request that comes now."""
    return Wording(
        queue=queue.display_name or queue.name,
        texts=queue.acknowledgement,
        until=_promised_at(queue, office, now),
        zone=office.zone,
        number=number if queue.acknowledges_with_number else None,
    )


def _promised_at(queue: Queue, office: CalendarSettings, now: datetime) -> datetime | None:
    """By when a queue promises an answer; a calendar that cannot be read promises nothing, and stops no mail."""
    try:
        within = acknowledgement.working_time(queue.acknowledges_within)
        return due_at(now, within, parse_calendar(office.hours, office.zone)) if within else None
    except HelpdeskError as error:
        log.warning("no time is promised: %s", error.message)
        return None


def _send(
    changes: Changes, ticket: Ticket, queue: Queue, office: CalendarSettings, address: str, said: str, subject: str
) -> int:
    language = acknowledgement.language_for(said, address, queue.acknowledgement)
    title, text = acknowledgement.letter(wording_of(queue, office, changes.now, ticket.number), language)
    message = outgoing(changes, ticket, text, [Person("", address)], subject=title, is_automatic=True)
    message.from_name = queue.display_name  # no person wrote it
    row = {
        "ticket_id": ticket.id,
        "queue_id": ticket.queue_id,
        "message_id": message.id,
        "address": without_detail(address),
        "about": acknowledgement.about(alike(subject), address),
        "at": changes.now,
    }
    add_rows(changes.session, Acknowledgement, [row])
    return message.id


def _answers_machine(session: Session, mail: IncomingMail) -> bool:
    """True where a mail refers to one that the program wrote by itself."""
    addressed = [*mail.delivered_to, *(person.address for person in (*mail.to, *mail.cc))]
    tokens = tokens_in_order(mail.in_reply_to, mail.references, addressed)[:_MOST_TOKENS]
    if not tokens:
        return False
    ours = select(col(Message.id)).join(OwnToken, col(OwnToken.message_id) == col(Message.id))
    by_itself = ours.where(col(OwnToken.token).in_(tokens), col(Message.is_automatic))
    return session.execute(by_itself.limit(1)).first() is not None


def _is_ours(session: Session, address: str) -> bool:
    return is_own(address, set(session.execute(select(col(QueueAddress.address))).scalars()))


def _hindrance(session: Session, ticket_id: int, mail: IncomingMail, now: datetime) -> str:
    """What speaks against a confirmation beside the mail itself, "" where nothing does."""
    if reason := cannot_reply(session, ticket_id):
        return reason
    asks = answers_to(session, ticket_id)
    if asks and plain_address(asks.address) != plain_address(mail.sender.address):
        return _("who sent it is not who asks")
    return (
        _("its sender was confirmed enough today")
        if _is_enough(session, mail.sender.address, mail.subject, now)
        else ""
    )


def _is_enough(session: Session, address: str, subject: str, now: datetime) -> bool:
    """True where this address, or its domain about the same subject, was confirmed often enough today."""
    known_as, about = without_detail(plain_address(address)), acknowledgement.about(alike(subject), address)
    lock_name(session, f"acknowledge {known_as}", f"acknowledge {about}")
    for column, value, most in (("address", known_as, MOST_A_DAY), ("about", about, MOST_ALIKE)):
        sent = select(func.count(col(Acknowledgement.id))).where(
            getattr(Acknowledgement, column) == value, col(Acknowledgement.at) > now - DAY
        )
        if session.execute(sent).scalar_one() >= most:
            return True
    return False
